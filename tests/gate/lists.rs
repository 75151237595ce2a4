//! Filter lists at work: a tag that only a list knows is held, and a list that changes is read again.

use std::fs;

use crate::common::{Gate, Origin, Plan, page, wait_until};

const PAGE: &str = "<!DOCTYPE html><html lang=en><head><title>Bins</title></head><body>\
    <script src=\"https://cdn.nobody-knows.example/t.js\"></script><script src=/usertracking.js></script>\
    <script>i = new Image(); i.src = '//px.other.example/hit.gif?' + page;</script>\
    <a href=\"https://nobody-knows.example/about\">About</a></body></html>";

fn with_list(origin: &Origin, text: &str) -> (Gate, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("own.txt");
    fs::write(&list, text).unwrap();
    let line = format!("filter_lists: [{{ file: \"{}\", purpose: marketing }}]", list.display());
    (Plan::before(origin.address).line(&line).start(), folder)
}

fn held(gate: &Gate) -> usize {
    gate.page("/").send().expect(200).text().matches("data-consentgate=\"marketing\"").count()
}

#[test]
fn what_only_a_list_knows_is_held_until_its_purpose_is_granted() {
    let origin = Origin::answering(page(PAGE));
    let list = "||nobody-knows.example^$third-party\n/usertracking.js$script\n||other.example^$image\n";
    let (gate, _folder) = with_list(&origin, list);
    assert_eq!(held(&gate), 3);
    let rules = gate.stats().to_string();
    assert!(rules.contains("list: own.txt ||nobody-knows.example^$third-party"), "{rules}");
    let agreed = gate.visitor("accept");
    let html = gate.page("/").from(agreed.as_ref()).send().expect(200).text();
    assert!(!html.contains("data-consentgate=\"marketing\""), "{html}");
}

#[test]
fn a_list_that_changes_is_read_again_and_a_bad_one_changes_nothing() {
    let origin = Origin::answering(page(PAGE));
    let (gate, folder) = with_list(&origin, "||nobody-knows.example^\n");
    assert_eq!(held(&gate), 1);
    let list = folder.path().join("own.txt");
    fs::write(&list, "||nobody-knows.example^\n/usertracking.js\n").unwrap();
    wait_until("the list is read again", || held(&gate) == 2);
    fs::write(&list, "! nothing\n").unwrap();
    wait_until("the fault is said", || gate.log().contains("no usable filter"));
    assert_eq!(held(&gate), 2, "the old configuration stays");
    fs::write(&list, "||nobody-knows.example^\n").unwrap();
    wait_until("it is mended", || held(&gate) == 1);
}
