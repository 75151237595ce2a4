//! The whole ledger as JSON lines or CSV, written as it is read.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::{Entry, ReadFault, Reader, iso27560};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated with a header, safe to open in a spreadsheet.
    Csv,
    /// ISO/IEC TS 27560:2023: one JSON object a line, each record with all that belongs to it.
    Iso27560,
}

/// Writes every record, oldest first; says how many there were.
pub fn export(file: &Path, format: Format, out: impl Write) -> Result<u64, ReadFault> {
    let reader = Reader::open(file)?;
    match format {
        Format::Jsonl => jsonl(&reader, out),
        Format::Csv => csv(&reader, out),
        Format::Iso27560 => iso(&reader, out),
    }
}

fn iso(reader: &Reader, mut out: impl Write) -> Result<u64, ReadFault> {
    let documents = reader.documents()?.into_iter().filter(|kept| kept.kind == "rules");
    let rules: HashMap<_, Value> =
        documents.map(|kept| (kept.sha256, serde_json::from_str(&kept.text).unwrap_or_default())).collect();
    let mut written = 0;
    reader.each(|entry| {
        written += 1;
        let rules = entry.rules.and_then(|hash| rules.get(&hash)).unwrap_or(&Value::Null);
        writeln!(out, "{}", iso27560::record(entry, rules)).map_err(ReadFault::Output)
    })?;
    out.flush()?;
    Ok(written)
}

fn jsonl(reader: &Reader, mut out: impl Write) -> Result<u64, ReadFault> {
    let mut written = 0;
    reader.each(|entry| {
        written += 1;
        writeln!(out, "{}", entry.json()).map_err(ReadFault::Output)
    })?;
    out.flush()?;
    Ok(written)
}

fn csv(reader: &Reader, out: impl Write) -> Result<u64, ReadFault> {
    let mut out = ::csv::Writer::from_writer(out);
    let mut written = 0;
    out.write_record(COLUMNS).map_err(failed)?;
    reader.each(|entry| {
        written += 1;
        let object = entry.json();
        out.write_record(COLUMNS.map(|column| harmless(cell(entry, column, &object[column])))).map_err(failed)
    })?;
    out.flush()?;
    Ok(written)
}

/// The keys of [`Entry::json`], in its order.
const COLUMNS: [&str; 19] = [
    "seq",
    "id",
    "event",
    "time",
    "site",
    "page",
    "language",
    "notice_version",
    "decisions",
    "method",
    "receipt",
    "gpc",
    "expires_at",
    "product",
    "schema",
    "previous",
    "notice_sha256",
    "rules_sha256",
    "hash",
];

fn cell(entry: &Entry, column: &str, value: &Value) -> String {
    match value {
        _ if column == "decisions" => entry.record.decisions_text(),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A spreadsheet runs a cell that begins like this as a formula; the quote makes it text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

/// The error underneath stays what it is: a closed pipe is no fault to report.
fn failed(error: ::csv::Error) -> ReadFault {
    ReadFault::Output(match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ReceiptId;
    use crate::ledger::record::tests::{key, sample, shown};
    use crate::ledger::{Config, Event, Ledger as _, Page, Record, Sqlite, hex};

    fn exported(records: impl IntoIterator<Item = Record>, format: Format) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ledger.db");
        let ledger = Sqlite::start(&Config::at(&file), &key()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let answers: Vec<_> = records.into_iter().map(|record| ledger.record(record, shown())).collect();
        for answer in answers {
            runtime.block_on(answer).unwrap();
        }
        let mut out = Vec::new();
        export(&file, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_of_json_holds_the_whole_record_in_a_fixed_order() {
        let expected = format!(
            concat!(
                r#"{{"seq":1,"id":"00000000000000010707070707070707","event":"partial","time":"2026-11-23T09:30:00.126Z","#,
                r#""site":"www.example.gov.uk","page":"/benefits","language":"cy","notice_version":"2026-11","#,
                r#""decisions":{{"marketing":false,"analytics":true}},"method":"cookies-page","#,
                r#""receipt":"03030303030303030303030303030303","gpc":true,"expires_at":"2027-11-23T09:30:00.000Z","#,
                r#""product":"consentgate {}","schema":2,"previous":null,"notice_sha256":"{}","rules_sha256":"{}","hash":""#,
            ),
            env!("CARGO_PKG_VERSION"),
            hex(&shown().notice.sha256),
            hex(&shown().rules.sha256),
        );
        let text = exported([sample(1)], Format::Jsonl);
        let hash = text.strip_prefix(&expected).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(hash.len(), 64 + "\"}\n".len());
    }

    #[test]
    fn csv_has_the_same_columns_and_decisions_in_words() {
        let text = exported([Record { event: Event::Refused, ..sample(1) }], Format::Csv);
        let (heading, row) = text.split_once('\n').unwrap();
        assert_eq!(heading, COLUMNS.join(","));
        let receipt = row.split(',').nth(10);
        assert_eq!(receipt, Some(""), "{row}");
        assert!(row.contains(",marketing=no;analytics=yes,cookies-page,"), "{row}");
    }

    #[test]
    fn columns_are_the_keys_of_the_json() {
        let entry = Entry {
            seq: 1,
            schema: 1,
            product: String::new(),
            record: sample(1),
            previous: None,
            notice: None,
            rules: None,
            hash: [0; 32],
        };
        let keys: Vec<_> = entry.json().as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, COLUMNS);
    }

    /// The part of JSON Schema that our own schema uses; an unknown word in it is a fault of this test.
    fn faults(schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let mut found = Vec::new();
        for (word, rule) in schema.as_object().unwrap() {
            let holds = match word.as_str() {
                "$schema" | "title" => true,
                "type" => {
                    [rule].into_iter().chain(rule.as_array().into_iter().flatten()).any(|kind| match kind.as_str() {
                        Some("object") => value.is_object(),
                        Some("array") => value.is_array(),
                        Some("string") => value.is_string(),
                        Some("integer") => value.is_u64(),
                        Some("boolean") => value.is_boolean(),
                        Some("null") => value.is_null(),
                        _ => false,
                    })
                }
                "const" => value == rule,
                "enum" => rule.as_array().unwrap().contains(value),
                "pattern" => {
                    value.as_str().is_none_or(|text| regex::Regex::new(rule.as_str().unwrap()).unwrap().is_match(text))
                }
                "required" => rule.as_array().unwrap().iter().all(|key| value.get(key.as_str().unwrap()).is_some()),
                "additionalProperties" => {
                    let known = schema["properties"].as_object().unwrap();
                    value.as_object().into_iter().flatten().all(|(key, _)| known.contains_key(key))
                }
                "properties" => {
                    for (key, inner) in rule.as_object().unwrap() {
                        if let Some(value) = value.get(key) {
                            found.extend(faults(inner, value, &format!("{place}.{key}")));
                        }
                    }
                    true
                }
                "items" => {
                    value.as_array().into_iter().flatten().for_each(|item| found.extend(faults(rule, item, place)));
                    true
                }
                _ => false,
            };
            if !holds {
                found.push(format!("{place}: {word}"));
            }
        }
        found
    }

    #[test]
    fn the_27560_export_is_what_its_schema_says() {
        let schema: Value = serde_json::from_str(crate::ledger::SCHEMA_27560).unwrap();
        let refused = Record { event: Event::Refused, ..sample(2) };
        let text = exported([sample(1), refused], Format::Iso27560);
        let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(records.len(), 2);
        for record in &records {
            assert_eq!(faults(&schema, record, "$"), Vec::<String>::new(), "{record:#}");
        }
        let state = |at: usize| records[at]["events"][0]["event_state"].clone();
        assert_eq!((state(0), state(1)), ("given".into(), "refused".into()));
        assert_eq!(records[1]["pii_principal_id"], Value::Null);
        let mut wrong = records[0].clone();
        wrong["events"][0]["event_type"] = "invented".into();
        wrong["pii_processing"].as_object_mut().unwrap().remove("language");
        assert_eq!(faults(&schema, &wrong, "$"), ["$.pii_processing: required", "$.events.event_type: enum"]);
    }

    #[test]
    fn no_cell_is_a_formula() {
        for site in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            let text = exported([Record { site: site.into(), ..sample(1) }], Format::Csv);
            let mut rows = ::csv::Reader::from_reader(text.as_bytes());
            let row = rows.records().next().unwrap().unwrap();
            assert_eq!(&row[4], &format!("'{site}"));
        }
    }

    #[test]
    fn pages_follow_one_another_without_a_gap_or_a_repeat() {
        let text = exported((0..2501).map(sample), Format::Jsonl);
        let seqs: Vec<u64> =
            text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["seq"].as_u64().unwrap()).collect();
        assert_eq!(seqs, (1..=2501).collect::<Vec<_>>());
    }

    #[test]
    fn an_export_knows_nothing_of_who_and_from_where() {
        let record = Record {
            page: Page::of("/apply?ip=192.0.2.7&ua=Mozilla/5.0"),
            event: Event::Given(Some(ReceiptId([0x5a; 16]))),
            ..sample(1)
        };
        for format in [Format::Jsonl, Format::Csv] {
            let text = exported([record.clone()], format);
            assert!(!text.contains("192.0.2.7") && !text.contains("Mozilla"), "{text}");
        }
    }

    #[test]
    fn faults_name_the_file_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("nothing.db");
        let garbage = folder.path().join("garbage.db");
        std::fs::write(&garbage, "not a database ".repeat(500)).unwrap();
        let other = folder.path().join("other.db");
        rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
        for (file, advice) in [(missing, "ledger.url"), (garbage, "backup"), (other, "no ledger")] {
            let fault = export(&file, Format::Jsonl, Vec::new()).unwrap_err().to_string();
            assert!(fault.contains(&file.display().to_string()) && fault.contains(advice), "{fault}");
        }
    }
}
