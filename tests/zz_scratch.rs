use bytes::Bytes;
use consentgate::consent::PurposeSet;
use consentgate::html::{Job, Page};
use consentgate::policy::{Config, Policy};
use std::sync::Arc;
#[test]
fn show() {
    for name in ["styles", "any-tag", "old-forms", "svg", "carried", "hidden"] {
        let html = std::fs::read(format!("tests/fixtures/html/{name}.html")).unwrap();
        let policy =
            Arc::new(Policy::new(&Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() }).unwrap());
        let mut page = Page::new(Job {
            policy,
            granted: PurposeSet::ESSENTIAL,
            address: "https://www.example.gov.uk/".parse().unwrap(),
            head: None,
            placeholder: None,
            csp: None,
            notice: None,
            footer: None,
        });
        let mut out = vec![];
        page.push(Bytes::from(html), &mut out).unwrap();
        let f = page.findings();
        let g = page.finish(&mut out).unwrap();
        println!("== {name}: {}", f.len() + g.len());
        for f in f.iter().chain(&g) {
            println!("  {} {} {} {}", f.held, f.tag, f.address, f.rule);
        }
        if std::env::var("OUT").is_ok() {
            println!("{}", String::from_utf8_lossy(&out.concat()));
        }
    }
}
