//! docs/accessibility.md claims no more than is tested: each test it names is there, each criterion of WCAG 2.2 at levels A and
//! AA is in it, and its tools are the ones that run (B15, B16).

use std::fs;
use std::path::Path;

/// WCAG 2.2, levels A and AA. 4.1.1 is gone.
const CRITERIA: [&str; 55] = [
    "1.1.1", "1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.3.1", "1.3.2", "1.3.3", "1.3.4", "1.3.5", "1.4.1",
    "1.4.2", "1.4.3", "1.4.4", "1.4.5", "1.4.10", "1.4.11", "1.4.12", "1.4.13", "2.1.1", "2.1.2", "2.1.4", "2.2.1",
    "2.2.2", "2.3.1", "2.4.1", "2.4.2", "2.4.3", "2.4.4", "2.4.5", "2.4.6", "2.4.7", "2.4.11", "2.5.1", "2.5.2",
    "2.5.3", "2.5.4", "2.5.7", "2.5.8", "3.1.1", "3.1.2", "3.2.1", "3.2.2", "3.2.3", "3.2.4", "3.2.6", "3.3.1",
    "3.3.2", "3.3.3", "3.3.4", "3.3.7", "3.3.8", "4.1.2", "4.1.3",
];

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Criterion, level, how it is known.
fn rows(statement: &str) -> Vec<(&str, &str, &str)> {
    let numbered = statement.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"));
    let cells = numbered.filter(|row| row.starts_with(|c: char| c.is_ascii_digit())).map(|row| {
        let mut cells = row.split(" | ");
        let mut next = || cells.next().expect("three cells");
        (next(), next(), next())
    });
    cells.map(|(criterion, level, known)| (criterion.split(' ').next().expect("a number"), level, known)).collect()
}

/// The tests named in a cell: file, and words of a title or a function's name.
fn tests(known: &str) -> impl Iterator<Item = (&str, &str)> {
    known.split('`').skip(1).step_by(2).map(|named| named.split_once(": ").expect("a file and a test"))
}

fn is_there(file: &str, words: &str) -> bool {
    let title = |line: &str| line.trim_start().starts_with("it(") || line.contains(&format!("fn {words}("));
    read(file).lines().any(|line| line.contains(words) && title(line))
}

#[test]
fn every_criterion_is_there_once_and_says_how_it_is_known() {
    let statement = read("docs/accessibility.md");
    let rows = rows(&statement);
    assert_eq!(rows.iter().map(|(criterion, ..)| *criterion).collect::<Vec<_>>(), CRITERIA);
    for (criterion, level, known) in rows {
        assert!(["A", "AA"].contains(&level), "{criterion}: {level}");
        let judged = known.starts_with("Read: ") || known.starts_with("Does not apply: ");
        assert!(judged || tests(known).next().is_some(), "{criterion}: {known}");
    }
}

#[test]
fn every_test_it_names_is_there() {
    let statement = read("docs/accessibility.md");
    let rows = rows(&statement);
    let named: Vec<_> =
        rows.iter().flat_map(|(criterion, _, known)| tests(known).map(move |t| (criterion, t))).collect();
    assert!(named.len() > 30, "{}", named.len());
    for (criterion, (file, words)) in named {
        assert!(is_there(file, words), "{criterion}: {file} has no test '{words}'");
    }
    assert!(!is_there("tests/browser/reach.test.mjs", "no such test"));
    assert!(!is_there("tests/browser/reach.test.mjs", "support"), "a word of the file is no title");
}

#[test]
fn the_tools_are_the_ones_that_run() {
    let statement = read("docs/accessibility.md");
    let packages: serde_json::Value = serde_json::from_str(&read("tests/browser/package.json")).expect("JSON");
    let version = |name: &str| {
        let groups = ["dependencies", "devDependencies"];
        groups.iter().find_map(|group| packages[group][name].as_str()).unwrap_or_else(|| panic!("{name} is not used"))
    };
    for tool in ["axe-core", "vnu-jar", "playwright-core"] {
        assert!(statement.contains(&format!("| {tool} | {} |", version(tool))), "{tool} is {}", version(tool));
    }
    let helper = read("tests/browser/support/accessibility.mjs");
    let rules = helper.split_once("const RULES = [").and_then(|(_, rest)| rest.split_once(']')).expect("the rules").0;
    let rules: Vec<_> = rules.split(',').map(|rule| rule.trim().trim_matches('\'')).collect();
    let row = statement.lines().find(|line| line.starts_with("| axe-core")).expect("a row");
    let said: Vec<_> = row.split('`').skip(1).step_by(2).collect();
    assert_eq!(said, rules);
}
