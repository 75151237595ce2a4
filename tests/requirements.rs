//! `docs/requirements.md` names the tests that prove each requirement: every name in it is a test that exists, and every
//! requirement has a row.

use std::fs;
use std::path::Path;

/// The groups of the page, and how many points each has.
const GROUPS: [(char, usize); 6] = [('A', 24), ('B', 18), ('S', 10), ('C', 18), ('E', 10), ('F', 6)];

fn page() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/requirements.md");
    fs::read_to_string(&file).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()))
}

/// The text of all files of an ending below these folders of the project.
fn sources(folders: &[&str], ending: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    folders.iter().map(|folder| texts(&root.join(folder), ending)).collect()
}

fn texts(folder: &Path, ending: &str) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display())) {
        let path = entry.expect("a folder of the project is readable").path();
        if path.is_dir() && !path.ends_with("node_modules") && !path.ends_with(".cache") {
            text += &texts(&path, ending);
        } else if path.extension().is_some_and(|found| found == ending) {
            text += &fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        }
    }
    text
}

/// What stands between back-quotes in the rows of the tables.
fn names(page: &str) -> Vec<&str> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let proofs = rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit_once(" | ")).map(|(_, proof)| proof);
    proofs.flat_map(|proof| proof.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn every_test_that_the_page_names_exists() {
    let (page, rust, browser) = (page(), sources(&["src", "tests"], "rs"), sources(&["tests"], "mjs"));
    let exists = |name: &&str| {
        let is_rust = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_rust {
            return rust.contains(&format!("fn {name}("));
        }
        let quoted = name.replace('\'', "\\'");
        // A name that a test is made of several times begins so, and ends in what differs.
        browser.contains(&format!("'{quoted}'"))
            || browser.contains(&format!("`{name}`"))
            || browser.contains(&format!("`{name}, in ${{"))
    };
    let named = names(&page);
    let missing: Vec<_> = named.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "no test has these names: {missing:#?}");
    assert!(named.len() > 100, "{} names: the page has lost its tables", named.len());
}

#[test]
fn every_requirement_has_a_row() {
    let page = page();
    let wanted = GROUPS.iter().flat_map(|(group, points)| (1..=*points).map(move |point| format!("{group}{point}")));
    let missing: Vec<_> =
        wanted.filter(|id| !page.lines().any(|line| line.starts_with(&format!("| {id} |")))).collect();
    assert!(missing.is_empty(), "no row for {missing:?}");
}
