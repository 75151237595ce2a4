//! `consentgate ledger show|export`: the proof, for whoever has to show it. Works while the gate runs.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::consent::{Key, ReceiptId};
use crate::ledger::{Config, Entry, Format, ReadFault, Reader, Refused, Removal, Summary, Verified, hex, rfc3339};

/// What `show` shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// `--receipt ID`: only the records of this receipt.
    pub receipt: Option<ReceiptId>,
    /// `--last N`: how many of the latest records.
    pub last: u32,
}

impl Default for Filter {
    fn default() -> Self {
        Self { receipt: None, last: 20 }
    }
}

/// Writes what the ledger holds in numbers and its latest records, or all records of one receipt.
pub fn show(file: &Path, filter: &Filter, mut out: impl Write) -> Result<(), ReadFault> {
    let reader = Reader::open(file)?;
    if let Some(receipt) = filter.receipt {
        let found = reader.find(receipt)?;
        if found.is_empty() {
            let text = "no record has the receipt";
            return Err(ReadFault::Ledger(format!("{}: {text} {receipt}; check the id", file.display())));
        }
        table(&mut out, &rows(&found))?;
    } else {
        numbers(&mut out, file, &reader.summary()?)?;
        table(&mut out, &rows(&reader.latest(filter.last)?))?;
    }
    Ok(out.flush()?)
}

/// Writes every record, oldest first; says how many there were.
pub fn export(file: &Path, format: Format, out: impl Write) -> Result<u64, ReadFault> {
    crate::ledger::export(file, format, out)
}

/// What belongs to a receipt's records: the chain's verdict, and the notice as it was shown.
pub fn proof(file: &Path, receipt: ReceiptId, key: &Key, mut out: impl Write) -> Result<(), ReadFault> {
    let found = crate::ledger::verify(file, key, |_, _| {})?;
    let reader = Reader::open(file)?;
    let told: Vec<_> = reader.find(receipt)?.into_iter().filter_map(|entry| entry.notice).collect();
    write!(out, "\n{}", verified(file, &found))?;
    for kept in reader.documents()?.into_iter().filter(|kept| told.contains(&kept.sha256)) {
        writeln!(
            out,
            "\nthe notice as it was shown, SHA-256 {}:\n\n{}",
            hex(&kept.sha256),
            printable_text(&kept.text)
        )?;
    }
    Ok(out.flush()?)
}

fn printable_text(text: &str) -> String {
    text.lines().map(printable).collect::<Vec<_>>().join("\n")
}

/// Walks the chain and says what it found; a fault names the first record that is not as it was written.
pub fn verify(file: &Path, key: &Key, (mut out, mut progress): (impl Write, impl Write)) -> Result<(), ReadFault> {
    let found = crate::ledger::verify(file, key, |done, all| {
        let _ = writeln!(progress, "{done} of {all}");
    })?;
    write!(out, "{}", verified(file, &found))?;
    out.flush()?;
    match found.fault {
        None => Ok(()),
        Some(fault) => Err(ReadFault::Ledger(format!("{}: {fault}", file.display()))),
    }
}

/// What `verify` says, also in the pack.
pub(super) fn verified(file: &Path, found: &Verified) -> String {
    let verdict = if found.fault.is_none() { "every record is as it was written" } else { "NOT as it was written" };
    let mut text = format!("{}: {verdict}\n", file.display());
    let mut line = |what: &str, value: &dyn std::fmt::Display| {
        let _ = writeln!(text, "{what}: {value}");
    };
    if let Some(fault) = &found.fault {
        line("first fault", fault);
    }
    line("records", &found.records);
    line("deleted on purpose, with a tombstone", &found.deleted);
    line("texts (notices and rules)", &found.documents);
    if found.unused > 0 {
        line("texts that no record points to", &found.unused);
    }
    line("signed checkpoints", &found.checkpoints);
    if found.other_key > 0 {
        line("checkpoints signed with another key, which prove nothing", &found.other_key);
    }
    line("end of the chain", &format_args!("seq {}, hash {}", found.end.0, hex(&found.end.1)));
    text
}

/// What `purge` is asked to delete: by a day, by a receipt, or by `ledger.keep`.
pub fn removal(config: &Config, before: Option<u64>, receipt: Option<ReceiptId>) -> Result<Removal, ReadFault> {
    if let Some(before) = before {
        return Ok(Removal::Before(before));
    }
    if let Some(receipt) = receipt {
        return Ok(Removal::Receipt(receipt));
    }
    let Some(keep) = config.keep else {
        return Err(ReadFault::Ledger("`ledger.keep` is not set: nothing is too old (or write --before DATE)".into()));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Removal::Retention(u64::try_from(now.saturating_sub(keep).as_millis()).unwrap_or(0)))
}

/// Deletes; says how many records went.
pub fn purge(config: &Config, key: &Key, removal: Removal, mut out: impl Write) -> Result<(), ReadFault> {
    let fault = |refused: Refused| ReadFault::Ledger(refused.to_string());
    let removed = crate::ledger::remove(config, key, removal).map_err(fault)?;
    writeln!(out, "{}: {removed} {} deleted", config.file.display(), noun(removed))?;
    Ok(out.flush()?)
}

fn numbers(out: &mut impl Write, file: &Path, summary: &Summary) -> io::Result<()> {
    let records = summary.records();
    writeln!(out, "{}: {records} {}, {}", file.display(), noun(records), size(summary.bytes))?;
    if let Some((first, last)) = summary.span_ms {
        writeln!(out, "from {} to {}", rfc3339(first), rfc3339(last))?;
    }
    if summary.audits > 0 {
        writeln!(out, "{} of them by audits; these are not in the numbers below", summary.audits)?;
    }
    counts(out, "event", &summary.events)?;
    counts(out, "site", &summary.sites)?;
    writeln!(out)
}

fn noun(records: u64) -> &'static str {
    if records == 1 { "record" } else { "records" }
}

fn counts(out: &mut impl Write, what: &str, counted: &BTreeMap<String, u64>) -> io::Result<()> {
    let mut rows = vec![vec![what.to_owned(), "records".into()]];
    rows.extend(counted.iter().map(|(name, records)| vec![name.clone(), records.to_string()]));
    writeln!(out)?;
    table(out, &rows)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes.div_ceil(1024)),
        _ => format!("{} MiB", bytes.div_ceil(1_048_576)),
    }
}

/// As many characters of a path as `show` shows; exports have the whole of it.
const LONGEST_PAGE: usize = 40;
const HEADINGS: [&str; 9] = ["time", "event", "site", "page", "language", "notice", "decisions", "method", "receipt"];

fn rows(entries: &[Entry]) -> Vec<Vec<String>> {
    let heading = HEADINGS.map(str::to_owned).to_vec();
    std::iter::once(heading).chain(entries.iter().map(row)).collect()
}

fn row(entry: &Entry) -> Vec<String> {
    let record = &entry.record;
    vec![
        rfc3339(record.time_ms),
        record.event.name().into(),
        record.site.clone(),
        short(&record.page.to_string()),
        record.language.clone(),
        record.notice_version.clone(),
        record.decisions_text(),
        record.method.name().into(),
        record.event.receipt().map_or_else(|| "-".into(), |receipt| receipt.to_string()),
    ]
}

/// Every row is as wide as the longest path: without an end to it one visitor could make the table unreadable.
fn short(page: &str) -> String {
    match page.char_indices().nth(LONGEST_PAGE) {
        None => page.to_owned(),
        // The mark counts too.
        Some(_) => page.chars().take(LONGEST_PAGE - 1).chain(['…']).collect(),
    }
}

/// Columns as wide as their widest cell; one row for the heading alone is no table.
fn table(out: &mut impl Write, rows: &[Vec<String>]) -> io::Result<()> {
    let Some(columns) = rows.first().map(Vec::len).filter(|_| rows.len() > 1) else {
        return Ok(());
    };
    let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..columns).map(width).collect();
    for row in &rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

/// A visitor wrote the path: a control character in it could write over the operator's terminal, and a direction
/// mark could make one record read like another.
fn printable(cell: &str) -> Cow<'_, str> {
    let harmful = |c: char| {
        c.is_control() || matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if cell.contains(harmful) { cell.replace(harmful, "\u{fffd}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Document, Event, Ledger as _, Method, Page, Record, Shown, Sqlite};

    fn record(n: u8, event: Event, page: &str) -> Record {
        Record {
            id: [n; 16],
            event,
            time_ms: 1_795_426_200_000 + u64::from(n),
            site: "www.example.gov.uk".into(),
            page: Page::of(page),
            language: "en".into(),
            notice_version: "2026-11".into(),
            decisions: vec![("analytics".into(), event != Event::Refused)],
            method: Method::BannerForm,
            gpc: false,
            expires_at: 1_826_962_200,
        }
    }

    fn shown(records: Vec<Record>, filter: &Filter) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        let ledger = Sqlite::start(&Config::at(&file), &Key::new([7; 32])).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for record in records {
            let told = Shown { notice: Document::new("May we?"), rules: Document::new("{}") };
            runtime.block_on(ledger.record(record, told.into())).unwrap();
        }
        let mut out = Vec::new();
        let outcome = show(&file, filter, &mut out).map_err(|fault| fault.to_string());
        let place = format!("{}/", folder.path().display());
        outcome.map(|()| String::from_utf8(out).unwrap()).map(|text| text.replace(&place, ""))
    }

    #[test]
    fn numbers_come_first_and_the_latest_records_line_up() {
        let given = Event::Given(Some(ReceiptId([0xab; 16])));
        let records = vec![record(1, given, "/"), record(2, Event::Refused, "/a"), record(3, Event::Refused, "/bins")];
        let text = shown(records, &Filter { last: 2, ..Filter::default() }).unwrap();
        let (first, rest) = text.split_once('\n').unwrap();
        assert!(first.starts_with("ledger.db: 3 records, "), "{first}");
        let expected = "\
from 2026-11-23T09:30:00.001Z to 2026-11-23T09:30:00.003Z

event    records
given    1
refused  2

site                records
www.example.gov.uk  3

time                      event    site                page   language  notice   decisions     method       receipt
2026-11-23T09:30:00.002Z  refused  www.example.gov.uk  /a     en        2026-11  analytics=no  banner-form  -
2026-11-23T09:30:00.003Z  refused  www.example.gov.uk  /bins  en        2026-11  analytics=no  banner-form  -
";
        assert_eq!(rest, expected);
    }

    #[test]
    fn one_record_is_one_record() {
        let text = shown(vec![record(1, Event::Refused, "/")], &Filter::default()).unwrap();
        assert!(text.starts_with("ledger.db: 1 record, "), "{text}");
    }

    #[test]
    fn a_receipt_shows_its_own_records_only() {
        let mine = ReceiptId([1; 16]);
        let other = Event::Given(Some(ReceiptId([2; 16])));
        let records = vec![
            record(1, Event::Given(Some(mine)), "/mine"),
            record(2, other, "/theirs"),
            record(3, Event::Withdrawn(Some(mine)), "/mine-too"),
        ];
        let text = shown(records, &Filter { receipt: Some(mine), ..Filter::default() }).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("/mine ") && text.contains("/mine-too") && !text.contains("/theirs"), "{text}");
    }

    #[test]
    fn an_unknown_receipt_is_a_fault_that_names_it() {
        let fault = shown(vec![], &Filter { receipt: Some(ReceiptId([9; 16])), last: 1 }).unwrap_err();
        assert!(fault.contains("ledger.db") && fault.contains(&"09".repeat(16)), "{fault}");
    }

    #[test]
    fn an_empty_ledger_has_no_tables() {
        let text = shown(vec![], &Filter::default()).unwrap();
        assert_eq!(text.lines().skip(1).filter(|line| !line.is_empty()).count(), 0, "{text}");
    }

    #[test]
    fn a_long_path_does_not_make_every_row_long() {
        let long = format!("/{}", "é".repeat(500));
        let (fits, over) = (format!("/{}", "b".repeat(39)), format!("/{}", "c".repeat(40)));
        let pages = ["/", &long, &fits, &over];
        let records = (1..).zip(pages).map(|(n, page)| record(n, Event::Refused, page)).collect();
        let text = shown(records, &Filter::default()).unwrap();
        assert!(text.lines().all(|line| line.chars().count() < 160), "{text}");
        assert!(text.contains(&format!(" {fits} ")) && text.contains(&format!(" /{}…", "c".repeat(38))), "{text}");
    }

    #[test]
    fn a_path_cannot_write_to_the_terminal() {
        let text = shown(vec![record(1, Event::Refused, "/\u{1b}[2J\u{202e}x")], &Filter::default()).unwrap();
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
    }
}
