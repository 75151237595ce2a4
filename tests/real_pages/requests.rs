//! Judges what a browser really asked for on the pages, as `tests/browser/real-pages.mjs` wrote it down.

use std::path::Path;
use std::{env, fs};

use consentgate::catalogue;
use serde_json::Value;
use url::{Position, Url};

use crate::corpus::Corpus;
use crate::judge::Judge;

/// The folder with one file of JSON lines for each way to the pages; beside each comes one with the judgements.
const FOLDER: &str = "CONSENTGATE_REQUESTS";

#[test]
#[ignore = "judges files that real-pages.mjs writes; see docs/leaks.md"]
fn judge_what_the_browser_asked_for() {
    let folder = env::var(FOLDER).expect("the folder that real-pages.mjs wrote");
    let corpus = Corpus::load().expect("the lists");
    let judges = [("easyprivacy", Judge::new(&corpus.easyprivacy)), ("easylist", Judge::new(&corpus.easylist))];
    for entry in fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_some_and(|kind| kind == "jsonl") {
            judge_file(&file, &judges);
        }
    }
}

fn judge_file(file: &Path, lists: &[(&str, Judge)]) {
    let lines = fs::read_to_string(file).unwrap();
    let judged: Vec<String> = lines.lines().map(|line| judge_page(line, lists)).collect();
    assert!(!judged.is_empty(), "{} says nothing", file.display());
    fs::write(file.with_extension("judged"), judged.join("\n")).unwrap();
}

/// Gives each request the first list that would block it, whose it is as far as the catalogue knows, and says whether it
/// goes to another company.
fn judge_page(line: &str, judges: &[(&str, Judge)]) -> String {
    let mut visit: Value = serde_json::from_str(line).expect("a line of JSON");
    let page: Url = visit["page"].as_str().unwrap().parse().expect("the page's address");
    for request in visit["requests"].as_array_mut().into_iter().flatten() {
        let (address, kind) = (request["url"].as_str().unwrap(), request["kind"].as_str().unwrap());
        let Ok(address) = Url::parse(address) else { continue };
        let by = judges.iter().find(|(_, judge)| judge.blocks(&address, &page, kind)).map(|(name, _)| *name);
        request["blocked"] = by.into();
        let path = &address[Position::BeforePath..Position::AfterQuery];
        let known = catalogue::address(address.host_str().unwrap_or_default(), path);
        request["company"] = known.map(|company| company.name).into();
        request["company_kind"] = known.map(|company| company.kind).into();
        request["third"] = (registrable(&address) != registrable(&page)).into();
    }
    visit.to_string()
}

fn registrable(address: &Url) -> String {
    let host = address.host_str().unwrap_or_default();
    psl::domain_str(host).unwrap_or(host).to_owned()
}
