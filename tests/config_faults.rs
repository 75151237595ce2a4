//! Every file in `tests/fixtures/config/` is a configuration, a line `--- expect`, and exactly what `check` says about
//! it. Files named `good-…` can be served, all others cannot. `UPDATE_FIXTURES=1 cargo test --test config_faults`
//! writes what is said now, to be read before it is committed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use consentgate::command::check::report;
use consentgate::config::{Faults, Resolved, load, parse, schema, strings_template};
use proptest::prelude::*;

const FOLDER: &str = "tests/fixtures/config/";
/// The promise (30) is a second; code that is not optimised, beside other tests on two cores, gets five.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });
const MARK: &str = "--- expect\n";

fn in_repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixtures() -> Vec<PathBuf> {
    let folder = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER)).expect("the fixtures");
    let files = folder.map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "yaml")).collect()
}

/// Standard error, then standard output, and whether the file is good.
fn said(file: &Path, read: Result<Resolved, Faults>) -> (String, bool) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let good = report(file, read, &mut out, &mut err).expect("memory takes everything");
    err.extend(out);
    (String::from_utf8(err).expect("UTF-8"), good)
}

/// Reads a file that is made from others; `UPDATE_FIXTURES=1 cargo test --test config_faults` writes it anew.
fn made(path: &str, content: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&file, content).expect("written");
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == content, "{path}: UPDATE_FIXTURES=1 cargo test --test config_faults writes it anew");
}

/// Translators start from it: a sentence that it lacks would be a fault in every file made from it.
#[test]
fn the_file_for_translators_has_every_sentence() {
    made("config/strings.en.yaml", &strings_template());
}

/// One Hebrew letter for each of the alphabet: no words of any language, but they run from right to left.
const HEBREW: [char; 26] = [
    'א', 'ב', 'ג', 'ד', 'ה', 'ו', 'ז', 'ח', 'ט', 'י', 'כ', 'ל', 'מ', 'נ', 'ס', 'ע', 'פ', 'צ', 'ק', 'ר', 'ש', 'ת', 'א',
    'ב', 'ג', 'ז',
];

/// A line of the template with what is quoted in Hebrew letters; an address stays one.
fn in_hebrew(line: &str) -> String {
    let hebrew = |c: char| {
        let place = c.is_ascii_alphabetic().then(|| usize::from(c.to_ascii_lowercase() as u8 - b'a'));
        place.map_or(c, |place| HEBREW[place])
    };
    match line.split_once('"') {
        Some((name, text)) if !text.starts_with("https:") => {
            format!("{name}\"{}", text.chars().map(hebrew).collect::<String>())
        }
        _ => line.to_owned(),
    }
}

/// What the tests speak Hebrew with, and a translation with slips in it.
#[test]
fn the_translations_of_the_tests_have_every_sentence() {
    let template = strings_template();
    let (_, strings) = template.split_once("strings:\n").expect("the sentences");
    let hebrew: Vec<_> = strings.lines().map(in_hebrew).collect();
    let head = "# For tests: English letters replaced by Hebrew ones, one for one. These are no words of any language.";
    let hebrew = format!("{head}\nlanguage: he\ndirection: rtl\nstrings:\n{}\n", hebrew.join("\n"));
    made("tests/fixtures/config/strings/he.yaml", &hebrew);
    let mut polish = format!("# For tests: English, with faults.\nlanguage: pl\nstrings:\n{strings}");
    for (right, slip) in [
        ("  yes: \"Yes\"\n", "  yess: \"Tak\"\n"),
        ("  no: \"No\"\n", ""),
        ("accept: \"Accept {}\"", "accept: \"Akceptuj\""),
        ("save: \"Save cookie settings\"", "save: \" \""),
        ("rejected: \"You've", "rejected: \"\\u200bYou've"),
        ("back_to_cookies: \"[Change your cookie settings]\"", "back_to_cookies: \"x [] y\""),
        ("record_text: \"You can [see what you chose and when].\"", "record_text: \"Zapis\""),
    ] {
        assert_eq!(polish.matches(right).count(), 1, "{right}");
        polish = polish.replace(right, slip);
    }
    made("tests/fixtures/config/strings/pl.yaml", &polish);
}

#[test]
fn every_broken_file_is_refused_with_its_faults_and_every_good_one_is_taken() {
    let (mut wrong, mut broken) = (Vec::new(), 0);
    for path in fixtures() {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let content = fs::read_to_string(&path).expect("UTF-8");
        let (text, expected) = content.split_once(MARK).unwrap_or_else(|| panic!("{name} has no '--- expect'"));
        let file = Path::new(FOLDER).join(&name);
        let start = Instant::now();
        let (said, good) = said(&file, parse(text, &file));
        assert!(start.elapsed() < LONGEST, "{name} took {:?}", start.elapsed());
        assert_eq!(good, name.starts_with("good-"), "{name}:\n{said}");
        broken += usize::from(!good);
        let said = said.replace(FOLDER, "");
        if said != expected {
            wrong.push(format!("=== {name}, expected:\n{expected}--- but it says:\n{said}"));
            if std::env::var_os("UPDATE_FIXTURES").is_some() {
                fs::write(&path, format!("{text}{MARK}{said}")).expect("written");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(broken >= 40, "only {broken} broken files");
}

#[test]
fn what_no_fixture_can_hold_is_refused_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("consentgate.yaml");
    let long = format!("sites: []\n#{}\n", "x".repeat(1024 * 1024));
    let nested = "- ".repeat(10_000);
    let many = format!("sites:\n{}", "  - {}\n".repeat(60_000));
    for (bytes, expected) in [
        (&b"sites:\n  - hosts: [\xff\xfe]\n"[..], ":2:13: is not UTF-8\n"),
        (&b"s\0i\0t\0e\0s\0:\0"[..], ":1:2: a character that cannot be printed\n"),
        (long.as_bytes(), ": is longer than 1 MiB\n"),
        (nested.as_bytes(), ":1:65: nested deeper than 32 levels\n"),
        (many.as_bytes(), "more faults\n"),
    ] {
        fs::write(&file, bytes).expect("written");
        let start = Instant::now();
        let (said, good) = said(&file, load(&file));
        assert!(start.elapsed() < LONGEST, "{expected} took {:?}", start.elapsed());
        assert!(!good && said.contains(expected), "expected {expected:?}, said {said}");
    }
}

#[test]
fn the_largest_file_is_read_in_time() {
    let mut text = "sites:\n  - hosts: [www.example.gov.uk]\n    upstream: http://10.0.0.5\n    cookies:\n".to_owned();
    let rules = 20_000;
    for number in 0..rules {
        writeln!(text, "      - {{ name: \"c{number}*\", purpose: analytics }}").expect("memory takes everything");
    }
    assert!(text.len() > 900_000 && text.len() < 1024 * 1024);
    let start = Instant::now();
    let resolved = parse(&text, Path::new("large.yaml")).unwrap_or_else(|faults| panic!("{faults}"));
    assert!(start.elapsed() < LONGEST, "took {:?}", start.elapsed());
    assert_eq!(resolved.rules(), rules);
}

#[test]
fn no_message_has_a_secret_in_it() {
    for path in fixtures() {
        let content = fs::read_to_string(&path).expect("UTF-8");
        let (_, expected) = content.split_once(MARK).expect("a fixture");
        assert!(!expected.contains("hunter2"), "{}", path.display());
    }
}

/// Every key of the schema, wherever it stands.
fn keys() -> BTreeSet<String> {
    let schema = schema();
    let maps = schema["$defs"].as_object().expect("definitions").values().chain([&schema]);
    let properties = maps.filter_map(|map| map["properties"].as_object());
    properties.flat_map(|properties| properties.keys().cloned()).collect()
}

#[test]
fn the_example_names_every_key_and_can_be_served() {
    let text = in_repository("config/consentgate.yaml");
    for key in keys() {
        assert!(text.contains(&format!("{key}:")), "{key} is not in the example");
    }
    let file = Path::new("config/consentgate.yaml");
    let (said, good) = said(file, parse(&text, file));
    assert!(good, "{said}");
    assert_eq!(said, "config/consentgate.yaml: ok (1 site, 10 rules)\n");
}

#[test]
fn the_reference_names_every_key_and_no_other() {
    let text = in_repository("docs/configuration.md");
    let mut named = BTreeSet::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cell = row.split('`').next().expect("a first part");
        named.insert(cell.rsplit('.').next().expect("a last part").to_owned());
    }
    assert_eq!(named, keys());
}

#[test]
fn the_published_commands_are_the_ones_the_program_has() {
    let unit = in_repository("deploy/consentgate.service");
    let command = "/usr/bin/consentgate serve --config /etc/consentgate/consentgate.yaml";
    assert!(unit.lines().any(|line| line == format!("ExecStart={command}")));
    let container = in_repository("deploy/Containerfile");
    let words = |start: &str| -> Vec<String> {
        let line = container.lines().find_map(|line| line.strip_prefix(start)).expect("the line");
        serde_json::from_str(line).expect("the exec form")
    };
    let both: Vec<String> = [words("ENTRYPOINT "), words("CMD ")].concat();
    assert_eq!(both.join(" "), command);
}

#[test]
fn systemd_finds_nothing_wrong_with_the_unit() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/consentgate.service");
    let Ok(output) = std::process::Command::new("systemd-analyze").arg("verify").arg(unit).output() else {
        eprintln!("no systemd-analyze on this machine: not checked");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    let mut lines = said.lines().filter(|line| !line.contains("Command /usr/bin/consentgate is not executable"));
    assert_eq!(lines.find(|line| line.contains("consentgate.service")), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// A slip anywhere in the example is taken or explained; nothing panics, and no fault stands outside the file.
    #[test]
    fn any_slip_in_the_example_is_taken_or_explained(
        slips in prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, "[\\[\\]{}:,&*#|>'\"%@`! \n\t\\-é\u{0}0a~?<]{0,4}"), 1..4),
    ) {
        let mut characters: Vec<char> = in_repository("config/consentgate.yaml").chars().collect();
        for (at, removed, added) in slips {
            let at = at.index(characters.len());
            let end = (at + removed).min(characters.len());
            characters.splice(at..end, added.chars());
        }
        let text: String = characters.into_iter().collect();
        if let Err(faults) = parse(&text, Path::new("slip.yaml")) {
            prop_assert!(!faults.faults.is_empty());
            let lines = text.lines().count();
            for fault in &faults.faults {
                let summary = fault.summary();
                let line = summary.split(':').nth(1).and_then(|line| line.parse::<usize>().ok());
                prop_assert!(line.is_some_and(|line| line <= lines), "{faults}");
            }
        }
    }

    /// One slip in or beside a line that holds a password does not print it.
    #[test]
    fn no_slip_prints_the_password(at in 0..64usize, removed in 0..3usize, added in "[ :@\"'\n\\[{}*&!|#x-]{0,2}") {
        let mut text = "ledger: { url: \"postgres://gate:hunter2@db.example/consent\" }\nsites: []\n".to_owned();
        let end = (at + removed).min(text.len());
        text.replace_range(at..end, &added);
        let faults = parse(&text, Path::new("slip.yaml")).expect_err("there is no site").to_string();
        prop_assert!(!faults.contains("hunter2"), "{}\n{}", text, faults);
    }
}
