//! The configuration: the YAML as written becomes what it means, or a list of every fault in it.
//!
//! It must never accept a key this version does not act on, never print a secret, and never let a hostile file cost
//! more than a moment. The file comes from `command`; each room's own `Config` goes back there, to be handed to the
//! rooms. In order: `tree` (YAML with places), `shape` (keys and types, against the schema derived from `written`),
//! `resolve` (what it means).

mod excerpt;
mod fault;
mod known;
mod mask;
mod resolve;
mod rules;
mod schema;
mod shape;
mod syntax;
mod tree;
mod watch;
mod written;

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::admin;
use crate::audit;
use crate::gateway;
use crate::inventory;
use crate::ledger;
use crate::server;

pub use fault::{Fault, Faults, Place};
pub use mask::Written;
pub use resolve::strings_template;
pub use rules::WrittenRule;
pub use schema::schema;
pub use watch::Watch;

use fault::Report;
use written::Found;

/// The longest file that is read, in bytes.
const LONGEST: usize = 1024 * 1024;

/// What the file means: every default filled in, every name looked up.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The public side.
    pub server: server::Config,
    /// The admin listener.
    pub admin: admin::Config,
    /// The ledger.
    pub ledger: ledger::Config,
    /// What was seen on the sites, and who is told of drift.
    pub inventory: inventory::Config,
    /// The audits that are made by themselves.
    pub audit: audit::Config,
    /// The key the choice cookie is signed with; relative to the working directory.
    pub signing_key_file: PathBuf,
    /// At least one.
    pub sites: Vec<gateway::Config>,
    /// What is allowed and still looks wrong.
    pub warnings: Vec<Fault>,
    /// The other files it was read from.
    pub files: Vec<PathBuf>,
    /// The YAML, for whoever is to be shown it.
    pub written: Written,
}

impl Resolved {
    /// How many rules the sites have together.
    pub fn rules(&self) -> usize {
        let policies = self.sites.iter().map(|site| &site.policy);
        policies.map(|rules| rules.cookies.len() + rules.tags.len() + rules.storage.len() + rules.paths.len()).sum()
    }
}

/// Reads and resolves a file.
pub fn load(file: &Path) -> Result<Resolved, Faults> {
    let mut bytes = Vec::new();
    // One byte more than allowed is enough to see that there is more: the file may be a device without an end.
    File::open(file).and_then(|opened| opened.take(LONGEST as u64 + 1).read_to_end(&mut bytes)).map_err(|error| {
        Fault::of_file(file, format!("cannot be read: {error}"), "give the path of a readable YAML file")
    })?;
    match bytes.utf8_chunks().next() {
        Some(chunk) if chunk.valid().len() < bytes.len() => Err(not_utf8(file, chunk.valid())),
        chunk => parse(chunk.map_or("", |chunk| chunk.valid()), file),
    }
}

/// Resolves a file's text. `file` names it in faults, and its folder is where relative certificate paths start.
pub fn parse(text: &str, file: &Path) -> Result<Resolved, Faults> {
    if text.len() > LONGEST {
        let hint = "a configuration this long is more likely another file; split it over several gates";
        return Err(Fault::of_file(file, "is longer than 1 MiB", hint).into());
    }
    let text = text.trim_start_matches('\u{feff}');
    let mut report = Report::new(file, text);
    let resolved = read(text, file, &mut report);
    let (warnings, files) = report.close()?;
    let written = Written::of(text);
    resolved.map(|resolved| Resolved { warnings, files, written, ..resolved }).ok_or_else(|| {
        Fault::of_file(file, "cannot be resolved, for no reason known", "report this file as a bug").into()
    })
}

/// `None` after a fault has been reported.
fn read(text: &str, file: &Path, report: &mut Report) -> Option<Resolved> {
    if syntax::report_characters(text, report) {
        return None;
    }
    let tree = tree::read(text, report)?;
    let start = tree.place.clone();
    let shaped = shape::check(tree, &schema(), report);
    let typed: Found<written::File> = match serde_yaml::from_value(shaped.value?) {
        Ok(typed) => typed,
        Err(error) => {
            report.fault(&start, format!("cannot be read: {error}"), "compare it with the annotated example");
            return None;
        }
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    resolve::file(&typed, folder, &shaped.places, report)
}

/// `valid` is the part before the first byte that is not UTF-8.
fn not_utf8(file: &Path, valid: &str) -> Faults {
    let (line, last) = (1..).zip(valid.split('\n')).last().unwrap_or((1, ""));
    let place = Place { line, column: last.chars().count() + 1, width: 1, ..Place::default() };
    let mut report = Report::new(file, valid);
    report.fault(&place, "is not UTF-8", "save the file as UTF-8");
    report.close().err().unwrap_or_else(|| Fault::of_file(file, "is not UTF-8", "save the file as UTF-8").into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::consent::Purpose;
    use crate::gateway::Mode;
    use crate::notice::{Language, Signals};

    const SMALLEST: &str = "sites:\n  - hosts: [www.example.gov.uk]\n    upstream: http://10.0.0.5:80\n";

    fn resolved(text: &str) -> Resolved {
        parse(text, Path::new("consentgate.yaml")).unwrap_or_else(|faults| panic!("{faults}"))
    }

    #[test]
    fn the_smallest_file_has_safe_defaults() {
        let resolved = resolved(SMALLEST);
        let [listener] = &resolved.server.listeners[..] else { panic!("one listener") };
        assert_eq!(listener.address.to_string(), "0.0.0.0:8080");
        assert_eq!(resolved.admin.address.to_string(), "127.0.0.1:9901");
        assert_eq!(resolved.ledger.file, Path::new("consentgate.db"));
        assert_eq!(resolved.signing_key_file, Path::new("consentgate.key"));
        let [site] = &resolved.sites[..] else { panic!("one site") };
        assert_eq!(site.mode, Mode::Observe);
        assert_eq!((&*site.prefix, site.receipts), ("/.consent", true));
        assert_eq!(site.upstream.authority, "10.0.0.5:80");
        assert_eq!((&*site.notice.service, site.notice.days), ("www.example.gov.uk", 365));
        assert_eq!(site.notice.languages, [Language::English]);
        assert_eq!(site.notice.signals, Signals::ALL);
        assert!(resolved.warnings.is_empty());
    }

    #[test]
    fn numbers_and_words_are_read_as_what_the_key_holds() {
        let text = SMALLEST.to_owned()
            + "    mode: off\n    receipts: none\n    signals: [matomo]\n    notice: { version: 1.10 }\n    purposes: [on]\n"
            + "limits: { header_bytes: 65536, idle: 1m 30s }\n";
        let resolved = resolved(&text);
        let site = &resolved.sites[0];
        assert_eq!((site.mode, site.receipts, &*site.notice.version), (Mode::Off, false, "1.10"));
        assert!(site.policy.purposes.find("on").is_some());
        assert_eq!(site.notice.signals, Signals { matomo: true, ..Signals::NONE });
        assert_eq!(resolved.server.limits.header_bytes, 65_536);
        assert_eq!(resolved.server.limits.idle, Duration::from_secs(90));
    }

    #[test]
    fn an_alias_is_a_copy_and_a_site_may_use_its_own_purposes() {
        let text = "sites:\n  - hosts: [a.example]\n    upstream: http://10.0.0.5\n    purposes: [video]\n    cookies: &known\n      \
                    - { name: \"_ga*\", purpose: analytics }\n    storage: [{ key: player, purpose: video }]\n  - hosts: [b.example]\n    \
                    upstream: [https://10.0.0.6]\n    cookies: *known\n";
        let resolved = resolved(text);
        let [first, second] = &resolved.sites[..] else { panic!("two sites") };
        assert_eq!(first.policy.cookies[0].purpose, Purpose::ANALYTICS);
        assert_eq!(second.policy.cookies[0].pattern, "_ga*");
        assert_eq!(first.policy.purposes.name(first.policy.storage[0].purpose), "video");
        assert_eq!(second.upstream.authority, "10.0.0.6:443");
    }

    #[test]
    fn all_faults_of_a_file_are_found_in_one_run() {
        let text = "admn: 1\nworkers: many\nsites:\n  - hosts: [a:80]\n    mode: enforced\n    cookies: [{ name: x, purpose: analytic }]\n";
        let faults = parse(text, Path::new("x.yaml")).expect_err("six faults");
        let paths: Vec<&str> = faults.faults.iter().map(Fault::path).collect();
        let expected =
            ["admn", "workers", "sites[0]", "sites[0].hosts[0]", "sites[0].mode", "sites[0].cookies[0].purpose"];
        assert_eq!(paths, expected, "{faults}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_a_fault() {
        let faults = load(Path::new("/nonexistent/consentgate.yaml")).expect_err("no file");
        assert!(faults.to_string().starts_with("/nonexistent/consentgate.yaml: cannot be read: "));
        let endless = load(Path::new("/dev/zero")).expect_err("too long");
        assert!(endless.to_string().contains("longer than 1 MiB"), "{endless}");
    }
}
