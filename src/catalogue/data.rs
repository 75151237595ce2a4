//! Reads the tables compiled into the program: one row a line, fields apart by tabs, `# ` lines for people.
//!
//! The tables are part of the source: a row of the wrong shape is a fault of ours, found by the tests, and never
//! a reason to stop a running gate. Such a row is passed over.

use crate::consent::Purpose;

/// Generated: pattern, purpose, platform, retention.
pub(super) const COOKIES: &str = include_str!("data/cookies.tsv");
/// By hand: pattern, purpose, platform, retention, reason.
pub(super) const ESTATE: &str = include_str!("data/estate.tsv");
/// Generated: domain, company, purpose, kind.
pub(super) const COMPANIES: &str = include_str!("data/companies.tsv");
/// By hand: `host` or `host/path`, company, purpose, kind.
pub(super) const HOSTS: &str = include_str!("data/hosts.tsv");
/// By hand: path ending, company, purpose.
pub(super) const PATHS: &str = include_str!("data/paths.tsv");
/// By hand: product, `file` or `inline` or `element`, what it is known by.
pub(super) const BANNERS: &str = include_str!("data/banners.tsv");
/// By hand: needle, company, purpose.
pub(super) const SIGNATURES: &str = include_str!("data/signatures.tsv");

/// The rows of a table of `N` columns.
pub(super) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with("# ")).filter_map(fields)
}

fn fields<const N: usize>(line: &'static str) -> Option<[&'static str; N]> {
    let mut parts = line.split('\t');
    let mut row = [""; N];
    for field in &mut row {
        *field = parts.next().filter(|part| !part.is_empty())?;
    }
    parts.next().is_none().then_some(row)
}

/// A company's purpose as written: `-` is "nothing can be said".
pub(super) fn purpose(written: &str) -> Option<Purpose> {
    Purpose::built_in(written)
}

/// A cookie's or a script's purpose, which is always written. Were it not, the strictest one holds.
pub(super) fn sure_purpose(written: &str) -> Purpose {
    Purpose::built_in(written).unwrap_or(Purpose::MARKETING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_whole<const N: usize>(name: &str, table: &'static str) {
        let written: Vec<_> = table.lines().filter(|line| !line.starts_with("# ")).collect();
        for line in &written {
            assert_eq!(line.split('\t').count(), N, "{name}: {line:?}");
            assert!(line.split('\t').all(|field| field.trim() == field && !field.is_empty()), "{name}: {line:?}");
        }
        assert_eq!(rows::<N>(table).count(), written.len(), "{name}");
        let mut keys: Vec<_> = rows::<N>(table).map(|row| row[0]).collect();
        keys.sort_unstable();
        for pair in keys.windows(2) {
            assert_ne!(pair[0], pair[1], "{name} has it twice");
        }
    }

    #[test]
    fn every_table_is_whole_and_says_nothing_twice() {
        assert_whole::<4>("cookies", COOKIES);
        assert_whole::<5>("estate", ESTATE);
        assert_whole::<4>("companies", COMPANIES);
        assert_whole::<4>("hosts", HOSTS);
        assert_whole::<3>("paths", PATHS);
        assert_whole::<3>("signatures", SIGNATURES);
    }

    #[test]
    fn every_purpose_written_is_one_of_ours() {
        let sure = rows::<4>(COOKIES).chain(rows::<5>(ESTATE).map(|[a, b, c, d, _]| [a, b, c, d])).map(|row| row[1]);
        let sure = sure.chain(rows::<3>(PATHS).chain(rows::<3>(SIGNATURES)).map(|row| row[2]));
        for written in sure {
            assert!(Purpose::built_in(written).is_some(), "{written}");
        }
        for [address, _, written, _] in rows::<4>(COMPANIES).chain(rows::<4>(HOSTS)) {
            assert!(written == "-" || Purpose::built_in(written).is_some(), "{address}: {written}");
        }
    }

    #[test]
    fn only_the_estate_knows_essential_things() {
        assert!(rows::<4>(COOKIES).all(|row| row[1] != "essential"));
        assert!(rows::<4>(COMPANIES).chain(rows::<4>(HOSTS)).all(|row| row[2] != "essential"));
        assert!(rows::<3>(PATHS).chain(rows::<3>(SIGNATURES)).all(|row| row[2] != "essential"));
    }
}
