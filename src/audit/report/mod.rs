//! An audit as files: `report.json` for programs, `report.csv` for spreadsheets, `findings.json` for builds, `report.html` for
//! people.

mod csv;
mod findings;
mod html;

pub use self::csv::csv;
pub use findings::findings;
pub use html::html;

use super::Report;

/// `report.json`.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has nothing that JSON has not");
    text.push('\n');
    text
}

/// The JSON Schema of `report.json`.
pub fn schema() -> String {
    let schema = schemars::schema_for!(Report);
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
