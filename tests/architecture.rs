//! The rooms of `src/` and their arrows (one way only), and what the pure rooms must never touch.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may use whom. A room not named here may not exist.
fn arrows() -> BTreeMap<&'static str, &'static [&'static str]> {
    let everything: &[&str] = &[
        "consent",
        "catalogue",
        "policy",
        "cookie",
        "notice",
        "html",
        "ledger",
        "inventory",
        "upstream",
        "gateway",
        "server",
        "admin",
        "audit",
        "config",
    ];
    BTreeMap::from([
        ("consent", &[] as &[&str]),
        ("catalogue", &["consent"]),
        ("policy", &["consent", "catalogue"]),
        ("cookie", &["consent", "policy"]),
        ("notice", &["consent", "catalogue"]),
        ("html", &["consent", "policy", "notice"]),
        ("ledger", &["consent"]),
        ("inventory", &["consent", "catalogue", "policy"]),
        ("upstream", &[]),
        ("gateway", &["consent", "catalogue", "policy", "cookie", "notice", "html", "ledger", "inventory", "upstream"]),
        ("server", &["gateway"]),
        ("admin", &["ledger", "inventory", "policy", "catalogue", "consent"]),
        // What a page would make a browser ask is read by the same eyes as in the gate.
        ("audit", &["consent", "catalogue", "policy", "cookie", "html", "upstream"]),
        // Rooms' own Config types only; no room uses config.
        ("config", &everything[..everything.len() - 1]),
        ("command", everything),
    ])
}

const PURE: [&str; 3] = ["consent", "catalogue", "policy"];
const IMPURE: [&str; 9] =
    ["tokio", "hyper", "async ", "std::fs", "std::net", "SystemTime", "Instant::now", "getrandom", "Mutex"];

fn source(room: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a room is a folder of src/") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("UTF-8 source");
                found.push((path, text));
            }
        }
    }
    found
}

/// The file without its tests: they end the file.
fn body(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    body(text).lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn every_room_uses_only_the_rooms_it_may() {
    let arrows = arrows();
    let mut wrong = Vec::new();
    for (room, may_use) in &arrows {
        for (path, text) in source(room) {
            for (number, line) in code_lines(&text) {
                for used in line.split("crate::").skip(1) {
                    let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
                    if used != *room && !may_use.contains(&used) && (arrows.contains_key(used) || used.is_empty()) {
                        wrong.push(format!("{}:{}: {room} may not use {used}", path.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn src_has_no_room_without_an_arrow() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).expect("src/") {
        let path = entry.expect("a readable entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        assert!(!path.is_dir() || arrows().contains_key(name.as_str()), "src/{name} has no place in the design");
    }
}

#[test]
fn the_pure_rooms_do_no_io_and_know_no_clock() {
    for room in PURE {
        for (path, text) in source(room) {
            for (number, line) in code_lines(&text) {
                for word in IMPURE {
                    assert!(!line.contains(word), "{}:{}: a pure room speaks of {word}", path.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for_and_stays_readable() {
    for room in arrows().keys() {
        for (path, text) in source(room) {
            assert!(text.starts_with("//!"), "{} does not say what it is for", path.display());
            let lines = body(&text).lines().count();
            assert!(lines <= 350, "{} has {lines} lines without its tests", path.display());
        }
    }
    let main = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).expect("main.rs");
    assert!(main.lines().count() <= 40);
}
