//! `report.csv`: one line for each thing found, in each state; safe to open in a spreadsheet.

use crate::audit::{CookieFound, Phase, Report, SetBy, State, StorageFound, StorageKind, ThirdParty};

const COLUMNS: [&str; 14] = [
    "site",
    "score",
    "state",
    "kind",
    "name",
    "host",
    "path",
    "purpose",
    "company",
    "set_by",
    "wire_lifetime",
    "effective_lifetime",
    "requests",
    "page",
];

/// The whole table.
pub fn csv(report: &Report) -> String {
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    let mut put = |row: [String; 14]| writer.write_record(row.map(plain)).expect("memory takes every line");
    put(COLUMNS.map(str::to_owned));
    for site in &report.sites {
        let score = site.score.map(|score| score.to_string()).unwrap_or_default();
        for phase in Phase::ALL {
            let Some(state) = site.states.of(phase) else { continue };
            for row in rows(state) {
                let [kind, name, host, path, purpose, company, set_by, wire, effective, requests, page] = row;
                let (site, state) = (site.url.clone(), phase.name().to_owned());
                put([
                    site,
                    score.clone(),
                    state,
                    kind,
                    name,
                    host,
                    path,
                    purpose,
                    company,
                    set_by,
                    wire,
                    effective,
                    requests,
                    page,
                ]);
            }
        }
    }
    String::from_utf8(writer.into_inner().expect("memory takes every line")).expect("every cell was text")
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
