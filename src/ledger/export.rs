//! The whole ledger as JSON lines or CSV, written as it is read.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use super::{Entry, ReadFault, Reader};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated with a header, safe to open in a spreadsheet.
    Csv,
}

/// Writes every record, oldest first; says how many there were.
pub fn export(file: &Path, format: Format, out: impl Write) -> Result<u64, ReadFault> {
    let reader = Reader::open(file)?;
    match format {
        Format::Jsonl => jsonl(&reader, out),
        Format::Csv => csv(&reader, out),
    }
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
const COLUMNS: [&str; 15] = [
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

fn failed(error: ::csv::Error) -> ReadFault {
    ReadFault::Output(error.into())
}
