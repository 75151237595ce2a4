//! `report.csv`: one line for each thing found, in each state; safe to open in a spreadsheet.

use super::columns::Column;
use crate::audit::{CookieFound, Phase, Report, SetBy, State, StorageFound, StorageKind, ThirdParty};

/// What is known of one thing found, column by column.
type Cells = [String; 14];

const fn column(name: &'static str, kind: &'static str, meaning: &'static str) -> Column<&'static str> {
    Column { name, kind, unit: "", meaning, value: "" }
}

const fn counted(name: &'static str, unit: &'static str, meaning: &'static str) -> Column<&'static str> {
    Column { name, kind: "whole number", unit, meaning, value: "" }
}

/// In the order of the cells.
pub(super) const COLUMNS: [Column<&'static str>; 14] = [
    column("site", "text", "The address that was asked for."),
    counted("score", "points of 100", "What is left of 100 at most; empty where no page could be opened."),
    column("state", "one of: untouched, rejected, accepted, withdrawn", "The state it was found in."),
    column(
        "kind",
        "one of: cookie, local, session, indexed_db, cache, service_worker, third_party",
        "What was found: a cookie, something else that is stored, or a host of somebody else.",
    ),
    column("name", "text", "The name of a cookie, the key of what is stored; empty for hosts."),
    column(
        "host",
        "text",
        "Where a cookie is sent to, whose page stores something (scheme and host), or the host itself.",
    ),
    column("path", "text", "Below which path a cookie is sent."),
    column("purpose", "text", "What for, by the catalogue; empty where nobody knows."),
    column("company", "text", "Whose it is, by the catalogue; empty where nobody knows."),
    column("set_by", "one of: header, script", "Who sets a cookie."),
    counted("wire_lifetime", "seconds", "For how long a cookie was set; `session`: until the browser is closed."),
    counted("effective_lifetime", "seconds", "For how long a browser keeps it: at most 400 days."),
    counted("requests", "requests", "How often a host was asked for something, over all pages."),
    column("page", "text", "A page it was met on."),
];

/// A table as it is written: lines end as RFC 4180 has it, and no cell is a formula.
pub(super) struct Table(::csv::Writer<Vec<u8>>);

impl Table {
    pub(super) fn new() -> Self {
        Self(::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new()))
    }

    pub(super) fn put(&mut self, cells: impl IntoIterator<Item = String>) {
        self.0.write_record(cells.into_iter().map(plain)).expect("memory takes every line");
    }

    pub(super) fn text(self) -> String {
        String::from_utf8(self.0.into_inner().expect("memory takes every line")).expect("every cell was text")
    }
}

/// The whole table.
pub fn csv(report: &Report) -> String {
    let mut table = Table::new();
    table.put(COLUMNS.map(|column| column.name.to_owned()));
    for site in &report.sites {
        let score = site.score.map(|score| score.to_string()).unwrap_or_default();
        for phase in Phase::ALL {
            let Some(state) = site.states.of(phase) else { continue };
            rows(state).for_each(|row| table.put(cells((&site.url, &score, phase.name()), row)));
        }
    }
    table.text()
}

fn cells((site, score, state): (&str, &str, &str), row: Row) -> Cells {
    let [kind, name, host, path, purpose, company, set_by, wire, effective, requests, page] = row;
    let (site, score, state) = (site.to_owned(), score.to_owned(), state.to_owned());
    [site, score, state, kind, name, host, path, purpose, company, set_by, wire, effective, requests, page]
}

type Row = [String; 11];

fn rows(state: &State) -> impl Iterator<Item = Row> {
    let cookies = state.cookies.iter().map(cookie);
    cookies.chain(state.storage.iter().map(storage)).chain(state.third_parties.iter().map(third_party))
}

fn cookie(found: &CookieFound) -> Row {
    let number = |seconds: Option<u64>| seconds.map_or_else(|| "session".to_owned(), |seconds| seconds.to_string());
    [
        "cookie".into(),
        found.name.clone(),
        found.domain.clone(),
        found.path.clone(),
        found.purpose.clone().unwrap_or_default(),
        found.company.clone().unwrap_or_default(),
        if found.set_by == SetBy::Header { "header" } else { "script" }.into(),
        number(found.wire_lifetime),
        number(found.effective_lifetime),
        String::new(),
        found.pages.first().cloned().unwrap_or_default(),
    ]
}

fn storage(found: &StorageFound) -> Row {
    let kind = match found.kind {
        StorageKind::Local => "local",
        StorageKind::Session => "session",
        StorageKind::IndexedDb => "indexed_db",
        StorageKind::Cache => "cache",
        StorageKind::ServiceWorker => "service_worker",
    };
    let mut row = Row::default();
    row[0] = kind.into();
    row[1].clone_from(&found.key);
    row[2].clone_from(&found.origin);
    row[4] = found.purpose.clone().unwrap_or_default();
    row[5] = found.company.clone().unwrap_or_default();
    row[10] = found.pages.first().cloned().unwrap_or_default();
    row
}

fn third_party(found: &ThirdParty) -> Row {
    let mut row = Row::default();
    row[0] = "third_party".into();
    row[2].clone_from(&found.host);
    row[4] = found.purpose.clone().unwrap_or_default();
    row[5] = found.company.clone().unwrap_or_default();
    row[9] = found.requests.to_string();
    row[10] = found.pages.first().cloned().unwrap_or_default();
    row
}

/// A cell that a spreadsheet could take for a formula begins with a quote.
fn plain(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{SiteReport, States};

    #[test]
    fn every_thing_found_is_a_line_and_no_cell_a_formula() {
        let untouched = State {
            cookies: vec![CookieFound { name: "=cmd()".into(), wire_lifetime: Some(5), ..CookieFound::default() }],
            storage: vec![StorageFound { key: "a,\"b".into(), ..StorageFound::default() }],
            third_parties: vec![ThirdParty { host: "x.example".into(), requests: 3, ..ThirdParty::default() }],
            ..State::default()
        };
        let states = States { rejected: Some(State::default()), untouched, ..States::default() };
        let site = SiteReport { url: "https://e/".into(), score: Some(90), states, ..SiteReport::default() };
        let text = csv(&Report { sites: vec![site], ..Report::default() });
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
        assert_eq!(rows.iter().map(|row| &row[3]).collect::<Vec<_>>(), ["cookie", "local", "third_party"]);
        assert_eq!((&rows[0][4], &rows[0][10], &rows[1][4], &rows[2][12]), ("'=cmd()", "5", "a,\"b", "3"));
    }
}
