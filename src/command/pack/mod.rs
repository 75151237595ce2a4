//! `consentgate ledger export --pack DIR`: what a data protection officer asks, answered from the configuration and the
//! ledger, with the evidence beside it.
//!
//! The page says only what this program can know. What somebody else has to show (an audit of the site, a test with
//! people) is named as that.

use std::fs::{self, DirBuilder, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value};

use crate::config::Resolved;
use crate::consent::Key;
use crate::ledger::{Format, Kept, ReadFault, Reader, Summary, Use, Verified, export, hex, rfc3339, verify};

use super::ledger::verified;

mod evidence;
mod html;
mod page;
mod running;

/// What the page is made of.
pub(super) struct Facts<'c> {
    pub(super) config: &'c Resolved,
    pub(super) summary: Summary,
    /// Month, event, how many.
    pub(super) months: Vec<(String, String, u64)>,
    pub(super) documents: Vec<Kept>,
    pub(super) uses: Vec<Use>,
    pub(super) verified: Verified,
    pub(super) made_at: String,
}

/// Writes the pack into a directory of its own.
pub(super) fn write(config: &Resolved, key: &Key, folder: &Path, mut out: impl Write) -> Result<(), ReadFault> {
    let file = &config.ledger.file;
    let found = verify(file, key, |_, _| {})?;
    let reader = Reader::open(file)?;
    let facts = Facts {
        config,
        summary: reader.summary()?,
        months: reader.months()?,
        documents: reader.documents()?,
        uses: reader.uses()?,
        verified: found,
        made_at: now(),
    };
    make(folder)?;
    put(folder, "index.html", page::page(&facts).as_bytes())?;
    put(folder, "verify.txt", verified(file, &facts.verified).as_bytes())?;
    put(folder, "rules.json", rules(&facts.documents).as_bytes())?;
    for (name, format) in
        [("events.csv", Format::Csv), ("events.jsonl", Format::Jsonl), ("records-27560.jsonl", Format::Iso27560)]
    {
        export(file, format, BufWriter::new(at(folder, name, File::create(folder.join(name)))?))?;
    }
    for kept in facts.documents.iter().filter(|kept| kept.kind == "notice") {
        put(folder, &notice_name(kept), kept.text.as_bytes())?;
    }
    writeln!(out, "{}: open index.html, or print it", folder.display())?;
    match facts.verified.fault {
        None => Ok(out.flush()?),
        // The pack is written all the same, and says it on its first page.
        Some(fault) => Err(ReadFault::Ledger(format!("{}: {fault}", file.display()))),
    }
}

impl Facts<'_> {
    /// The newest rules that a choice on this site was made under.
    fn newest_rules(&self, site: &str) -> Option<Value> {
        let newest = self.uses.iter().rev().find(|used| used.site == site)?.rules?;
        let kept = self.documents.iter().find(|kept| kept.sha256 == newest)?;
        serde_json::from_str(&kept.text).ok()
    }

    /// The newest notice that a choice was made on.
    fn newest_notice(&self) -> Option<&Kept> {
        let newest = self.uses.last()?.notice?;
        self.documents.iter().find(|kept| kept.sha256 == newest)
    }
}

/// The file of a notice: its name is the hash of its bytes.
pub(super) fn notice_name(kept: &Kept) -> String {
    format!("notices/{}.html", hex(&kept.sha256))
}

/// The pack has receipt numbers in it: it is its owner's alone, and never mixed with another one.
fn make(folder: &Path) -> Result<(), ReadFault> {
    let text = "name a directory that is not there yet";
    let made = DirBuilder::new().mode(0o700).create(folder);
    made.map_err(|fault| ReadFault::Ledger(format!("{}: {fault}; {text}", folder.display())))?;
    at(folder, "notices", fs::create_dir(folder.join("notices")))
}

fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), ReadFault> {
    at(folder, name, fs::write(folder.join(name), bytes))
}

fn at<T>(folder: &Path, name: &str, done: io::Result<T>) -> Result<T, ReadFault> {
    done.map_err(|fault| ReadFault::Ledger(format!("{}: {fault}", folder.join(name).display())))
}

/// Every set of rules that was in force, by its hash.
fn rules(documents: &[Kept]) -> String {
    let rules = documents.iter().filter(|kept| kept.kind == "rules");
    let rules: Map<_, _> =
        rules.map(|kept| (hex(&kept.sha256), serde_json::from_str(&kept.text).unwrap_or(Value::Null))).collect();
    format!("{:#}\n", Value::Object(rules))
}

fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    rfc3339(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::consent::ReceiptId;
    use crate::ledger::{Document, Event, Ledger as _, Method, Page, Record, Shown, Sqlite};

    fn record(n: u8) -> Record {
        Record {
            id: [n; 16],
            event: if n.is_multiple_of(2) { Event::Refused } else { Event::Given(Some(ReceiptId([n; 16]))) },
            time_ms: 1_795_426_200_000 + u64::from(n) * 86_400_000,
            site: "www.example.gov.uk".into(),
            page: Page::of("/bins"),
            language: "en".into(),
            notice_version: "2026-11".into(),
            decisions: vec![("analytics".into(), !n.is_multiple_of(2))],
            method: Method::BannerForm,
            gpc: false,
            expires_at: 1_826_962_200,
        }
    }

    fn packed(tamper: &str) -> (tempfile::TempDir, Result<(), ReadFault>) {
        let folder = tempfile::tempdir().unwrap();
        let yaml = format!(
            "organisation: {{ name: Example <Council>, contact: dpo@example.gov.uk }}\nledger: {{ url: \"sqlite:{}\", keep: 730d }}\n\
             sites:\n  - hosts: [www.example.gov.uk]\n    upstream: http://127.0.0.1:1\n    mode: enforce\n\
             \x20   notice: {{ languages: [en, cy] }}\n    cookies:\n      - {{ name: _ga*, purpose: analytics }}\n",
            folder.path().join("ledger.db").display()
        );
        let config = config::parse(&yaml, &folder.path().join("gate.yaml")).unwrap_or_else(|faults| panic!("{faults}"));
        let ledger = Sqlite::start(&config.ledger, &Key::new([7; 32])).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told =
            Shown { notice: Document::new("<p>May we?</p>"), rules: Document::new("{\"controller\":\"Example\"}") };
        for n in 1..=20 {
            runtime.block_on(ledger.record(record(n), told.clone().into())).unwrap();
        }
        ledger.close();
        rusqlite::Connection::open(&config.ledger.file).unwrap().execute_batch(tamper).unwrap();
        let outcome = write(&config, &Key::new([7; 32]), &folder.path().join("pack"), io::sink());
        (folder, outcome)
    }

    fn read(folder: &tempfile::TempDir, name: &str) -> String {
        fs::read_to_string(folder.path().join("pack").join(name)).unwrap_or_else(|fault| panic!("{name}: {fault}"))
    }

    #[test]
    fn a_pack_answers_ten_questions_and_has_the_evidence() {
        let (folder, outcome) = packed("");
        outcome.unwrap();
        let page = read(&folder, "index.html");
        let parsed = scraper::Html::parse_document(&page);
        let all = |selector: &str| parsed.select(&scraper::Selector::parse(selector).unwrap()).count();
        assert_eq!((all("main section"), all("main section h2"), all("h1")), (10, 10, 1));
        assert_eq!((all("script"), all("link"), all("img"), all("[style]")), (0, 0, 0, 0), "self-contained");
        assert_eq!(all("svg[role=img] title"), 1);
        assert!(page.contains("Example &lt;Council&gt;") && !page.contains("<Council>"));
        for fact in ["_ga*", "730 days", "20 records", "every record is as it was written", "dpo@example.gov.uk"] {
            assert!(page.contains(fact), "{fact}");
        }
        let notice = Document::new("<p>May we?</p>");
        assert_eq!(read(&folder, &format!("notices/{}.html", hex(&notice.sha256))), &*notice.text);
        assert!(page.contains(&hex(&notice.sha256)));
        assert_eq!(read(&folder, "events.jsonl").lines().count(), 20);
        assert_eq!(read(&folder, "events.csv").lines().count(), 21);
        assert_eq!(read(&folder, "records-27560.jsonl").lines().count(), 20);
        assert!(read(&folder, "rules.json").contains("\"controller\": \"Example\""));
        assert!(read(&folder, "verify.txt").contains("records: 20"));
    }

    #[test]
    fn a_ledger_that_was_changed_is_said_to_be_on_the_first_page() {
        let (folder, outcome) =
            packed("DROP TRIGGER record_is_never_changed; UPDATE record SET page = '/x' WHERE seq = 3");
        assert!(outcome.unwrap_err().to_string().contains("seq 3: edited"));
        assert!(read(&folder, "index.html").contains("seq 3: edited"));
    }
}
