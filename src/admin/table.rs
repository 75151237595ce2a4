//! A table of the dashboard, and the same as CSV and JSON: what is on the page and what a program gets are one thing.

use serde::Serialize;
use serde_json::{Map, Value};

/// Rows beyond are in the CSV and the JSON alone.
const MOST_SHOWN: usize = 200;

/// One table. The first cell of a row names it.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Its address below `/api`.
    pub(super) path: String,
    pub(super) caption: String,
    /// What each column is called on the page, and by a program.
    pub(super) columns: Vec<(&'static str, &'static str)>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// A text that leads somewhere.
    Link(String, String),
    Number(u64),
    /// A number with its unit, for people; for programs in that unit.
    Measure(f64, String),
    /// Several lines to be copied.
    Code(String),
    Nothing,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

/// A table as the template shows it.
#[derive(Serialize)]
pub(super) struct Shown {
    path: String,
    caption: String,
    headings: Vec<Heading>,
    rows: Vec<Vec<ShownCell>>,
    left_out: usize,
}

#[derive(Serialize)]
struct Heading {
    text: &'static str,
    number: bool,
}

#[derive(Serialize)]
struct ShownCell {
    text: String,
    href: Option<String>,
    number: bool,
}

impl Table {
    pub(super) fn new(path: impl Into<String>, caption: &str, columns: &[(&'static str, &'static str)]) -> Self {
        Self { path: path.into(), caption: caption.to_owned(), columns: columns.to_vec(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.caption);
        self.rows.push(row);
    }

    /// For a spreadsheet.
    pub(super) fn csv(&self) -> String {
        let mut out = csv::Writer::from_writer(Vec::new());
        let headings = self.columns.iter().map(|(_, name)| (*name).to_owned());
        let written = out.write_record(headings).and_then(|()| {
            self.rows.iter().try_for_each(|row| out.write_record(row.iter().map(|cell| harmless(cell.for_programs()))))
        });
        let bytes = written.ok().and_then(|()| out.into_inner().ok()).unwrap_or_default();
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// For programs: a list of objects.
    pub(super) fn json(&self) -> Value {
        let row = |row: &Vec<Cell>| -> Value {
            let cells = self.columns.iter().zip(row).map(|((_, name), cell)| ((*name).to_owned(), cell.json()));
            cells.collect::<Map<_, _>>().into()
        };
        self.rows.iter().map(row).collect()
    }

    pub(super) fn shown(&self) -> Shown {
        let numbers: Vec<_> = (0..self.columns.len()).map(|at| self.is_of_numbers(at)).collect();
        let heading = |((text, _), number): (&(&'static str, &'static str), &bool)| Heading { text, number: *number };
        let cells = |row: &Vec<Cell>| row.iter().zip(&numbers).map(|(cell, number)| cell.shown(*number)).collect();
        Shown {
            path: self.path.clone(),
            caption: self.caption.clone(),
            headings: self.columns.iter().zip(&numbers).map(heading).collect(),
            rows: self.rows.iter().take(MOST_SHOWN).map(cells).collect(),
            left_out: self.rows.len().saturating_sub(MOST_SHOWN),
        }
    }

    fn is_of_numbers(&self, at: usize) -> bool {
        let mut cells =
            self.rows.iter().filter_map(|row| row.get(at)).filter(|cell| **cell != Cell::Nothing).peekable();
        cells.peek().is_some() && cells.all(Cell::is_number)
    }
}

impl Cell {
    fn is_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Measure(..))
    }

    fn shown(&self, number: bool) -> ShownCell {
        let (text, href) = match self {
            Self::Text(text) | Self::Code(text) | Self::Measure(_, text) => (text.clone(), None),
            Self::Link(text, href) => (text.clone(), Some(href.clone())),
            Self::Number(number) => (thousands(*number), None),
            Self::Nothing => ("\u{2013}".to_owned(), None),
        };
        ShownCell { text, href, number }
    }

    fn for_programs(&self) -> String {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Link(text, _) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Measure(number, _) => number.to_string(),
            Self::Nothing => String::new(),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Text(text) | Self::Code(text) | Self::Link(text, _) => text.as_str().into(),
            Self::Number(number) => (*number).into(),
            Self::Measure(number, _) => (*number).into(),
            Self::Nothing => Value::Null,
        }
    }
}

/// A spreadsheet runs a cell that begins like this as a formula; the quote makes it text.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { format!("'{cell}") } else { cell }
}

// === Words for numbers ===

/// 1234567 as 1,234,567.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// So many of so many, in per cent.
#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub(super) fn percent(part: u64, whole: u64) -> Cell {
    if whole == 0 {
        return Cell::Nothing;
    }
    let percent = (part as f64 * 1000.0 / whole as f64).round() / 10.0;
    Cell::Measure(percent, format!("{percent} %"))
}

/// A time of so many microseconds, in seconds for programs.
#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub(super) fn time(micros: Option<u64>) -> Cell {
    let Some(micros) = micros else { return Cell::Nothing };
    let seconds = micros as f64 / 1e6;
    let text = match micros {
        0..1_000 => format!("{micros} \u{b5}s"),
        1_000..1_000_000 => format!("{} ms", rounded(seconds * 1e3)),
        _ => format!("{} s", rounded(seconds)),
    };
    Cell::Measure(seconds, text)
}

/// So many bytes.
#[expect(clippy::cast_precision_loss, reason = "what is shown has three digits")]
pub(super) fn bytes(bytes: u64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let bytes = bytes as f64;
    let unit = units.iter().find(|(_, size)| bytes >= *size);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, size)| format!("{} {unit}", rounded(bytes / size)))
}

fn rounded(number: f64) -> f64 {
    let step = if number < 10.0 { 10.0 } else { 1.0 };
    (number * step).round() / step
}

/// How long, in the two largest units.
pub(super) fn how_long(seconds: u64) -> String {
    let units = [("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (unit, size) in units {
        let count = left / size;
        left %= size;
        if count > 0 && parts.len() < 2 {
            parts.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if parts.is_empty() { "0 seconds".into() } else { parts.join(" ") }
}

/// A day since 1970 as 2026-11-23.
pub(super) fn date(day: u64) -> String {
    moment(day.saturating_mul(86_400)).split('T').next().unwrap_or_default().to_owned()
}

/// Seconds since 1970 as RFC 3339 has them.
pub(super) fn moment(seconds: u64) -> String {
    let time = crate::ledger::rfc3339(seconds.saturating_mul(1000));
    time.split('.').next().map(|time| format!("{}Z", time.trim_end_matches('Z'))).unwrap_or(time.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_runs_nothing_of_a_table() {
        let mut table = Table::new("x", "X", &[("Name", "name"), ("Times", "times")]);
        table.row(vec!["=HYPERLINK(\"http://evil.example\")".into(), 3.into()]);
        table.row(vec!["a \"quoted\", name\nand more".into(), Cell::Nothing]);
        let csv = table.csv();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(&rows[0], &vec!["'=HYPERLINK(\"http://evil.example\")", "3"][..]);
        assert_eq!(&rows[1][0], "a \"quoted\", name\nand more");
        assert_eq!(table.json()[0]["times"], 3);
        assert_eq!(table.json()[1]["times"], Value::Null);
    }

    #[test]
    fn a_long_table_is_cut_on_the_page_and_nowhere_else() {
        let mut table = Table::new("x", "X", &[("Name", "name")]);
        (0..MOST_SHOWN as u64 + 5).for_each(|n| table.row(vec![n.into()]));
        let shown = table.shown();
        assert_eq!((shown.rows.len(), shown.left_out), (MOST_SHOWN, 5));
        assert_eq!(table.csv().lines().count(), MOST_SHOWN + 6);
    }

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!([0, 999, 1_500, 12_345_678].map(bytes), ["0 bytes", "999 bytes", "1.5 kB", "12 MB"]);
        assert_eq!([0, 61, 90_061].map(how_long), ["0 seconds", "1 minute 1 second", "1 day 1 hour"]);
        assert_eq!((date(20_780), moment(1_795_392_000)), ("2026-11-23".into(), "2026-11-23T00:00:00Z".into()));
        assert_eq!(percent(1, 3), Cell::Measure(33.3, "33.3 %".into()));
        assert_eq!(percent(1, 0), Cell::Nothing);
        assert_eq!(time(Some(2_500)), Cell::Measure(0.0025, "2.5 ms".into()));
    }
}
