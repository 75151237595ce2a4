//! An audit as files: `report.json` for programs, `report.csv` for spreadsheets, `findings.json` for builds, `report.html` for
//! people; of many sites `benchmark.html` and `benchmark.csv`; and what anybody needs to check or repeat it: `method.html`
//! and the data dictionary.

mod benchmark;
mod changed;
mod columns;
mod csv;
mod dictionary;
mod findings;
mod html;
mod league;
mod look;
mod method;
mod pictures;
mod published;

pub use self::csv::csv;
pub use benchmark::benchmark;
pub use dictionary::{dictionary_csv, dictionary_html};
pub use findings::findings;
pub use html::html;
pub use method::method;

use super::{Changes, Report};

/// What a page shows beside the audit itself.
#[derive(Default)]
pub struct Beside<'b> {
    /// What has changed since an earlier one; empty where nothing was compared.
    pub changes: &'b [Changes],
    /// Pictures by their file names, to be put into the page; those that are not here are linked to.
    pub pictures: &'b [(String, Vec<u8>)],
}

/// `benchmark.csv`: one line for each site.
pub fn benchmark_csv(report: &Report) -> String {
    columns::benchmark_csv(report)
}

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
