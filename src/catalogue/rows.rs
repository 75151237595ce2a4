//! The rows behind a rule of the catalogue, for whoever asks why something was held: which table, which line, whose fact.

use super::data::{BANNERS, COMPANIES, COOKIES, ESTATE, HOSTS, PATHS, SIGNATURES};

/// One row of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The table, under `src/catalogue/data/`.
    pub table: &'static str,
    /// Its line there, from 1.
    pub line: usize,
    /// What it is for, as written; `-` where nothing can be said.
    pub purpose: &'static str,
    /// Where the fact is from.
    pub source: &'static str,
    /// Why, where somebody has written it down.
    pub reason: Option<&'static str>,
}

const BY_HAND: &str = "written by hand for this product";
const OF_COOKIES: &str = "the Open Cookie Database (see NOTICE)";
const OF_COMPANIES: &str = "third-party-web (see NOTICE)";

/// A table and its columns: key, whose, purpose, reason.
struct Shape {
    table: &'static str,
    text: &'static str,
    whose: usize,
    purpose: usize,
    reason: Option<usize>,
    source: &'static str,
}

const fn shape(table: &'static str, text: &'static str, columns: (usize, usize), source: &'static str) -> Shape {
    Shape { table, text, whose: columns.0, purpose: columns.1, reason: None, source }
}

/// What is written by hand goes first, as in every look-up.
const SHAPES: [Shape; 6] = [
    Shape { reason: Some(4), ..shape("estate.tsv", ESTATE, (2, 1), BY_HAND) },
    shape("cookies.tsv", COOKIES, (2, 1), OF_COOKIES),
    shape("hosts.tsv", HOSTS, (1, 2), BY_HAND),
    shape("companies.tsv", COMPANIES, (1, 2), OF_COMPANIES),
    shape("paths.tsv", PATHS, (1, 2), BY_HAND),
    shape("signatures.tsv", SIGNATURES, (1, 2), BY_HAND),
];

/// The rows of this key (a cookie's pattern, a domain, a path's ending, a piece of a script) and this company, the one that
/// decides first.
pub fn rows_of(key: &str, whose: &str) -> Vec<Row> {
    let rows = SHAPES.iter().flat_map(|shape| lines(shape.text).map(move |(line, fields)| (shape, line, fields)));
    let named = rows.filter(|(shape, _, fields)| fields[0] == key && fields.get(shape.whose) == Some(&whose));
    let row = |(shape, line, fields): (&Shape, usize, Vec<&'static str>)| Row {
        table: shape.table,
        line,
        purpose: fields.get(shape.purpose).copied().unwrap_or("-"),
        source: shape.source,
        reason: shape.reason.and_then(|reason| fields.get(reason).copied()),
    };
    named.map(row).collect()
}

/// The rows by which another product's banner is known.
pub fn banner_rows(product: &str) -> Vec<Row> {
    let named = lines(BANNERS).filter(|(_, fields)| fields[0] == product);
    named.map(|(line, _)| Row { table: "banners.tsv", line, purpose: "-", source: BY_HAND, reason: None }).collect()
}

fn lines(text: &'static str) -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    let rows = (1..).zip(text.lines()).filter(|(_, line)| !line.starts_with("# "));
    rows.map(|(line, row)| (line, row.split('\t').collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn everything_the_catalogue_can_answer_has_its_row() {
        let found = |key: &str, whose: &str| assert!(!rows_of(key, whose).is_empty(), "{key} ({whose})");
        catalogue::cookies().step_by(37).for_each(|known| found(known.pattern, known.platform));
        catalogue::companies().step_by(37).for_each(|known| found(known.domain, known.name));
        catalogue::own_paths().for_each(|known| found(known.domain, known.name));
        let script = b"window.dataLayer; ga('create', 'UA-1'); fbq('init', '1');";
        assert!(catalogue::signatures(script).inspect(|known| found(known.needle, known.company)).count() > 1);
    }

    #[test]
    fn what_is_written_by_hand_decides_and_says_why() {
        let row = rows_of("ASP.NET_SessionId", "ASP.NET")[0];
        assert_eq!((row.table, row.line, row.purpose), ("estate.tsv", 2, "essential"));
        assert!(row.reason.is_some_and(|reason| reason.contains("session") || reason.contains("visit")));
        assert!(rows_of("nobody-knows", "-").is_empty());
        assert_eq!(banner_rows("Civic Cookie Control")[0].line, 2);
    }
}
