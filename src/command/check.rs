//! `check FILE`: says whether a file can be served, or every reason why not.

use std::io::{self, Write};
use std::path::Path;

use crate::config::{self, Faults, Resolved};

/// Checks the file and prints the result. True: the file can be served.
pub fn check(file: &Path) -> io::Result<bool> {
    report(file, config::load(file), &mut io::stdout().lock(), &mut io::stderr().lock())
}

/// One line on `out` when the file is good; warnings and faults on `err`.
pub fn report(
    file: &Path,
    read: Result<Resolved, Faults>,
    out: &mut impl Write,
    err: &mut impl Write,
) -> io::Result<bool> {
    let good = read.is_ok();
    match read {
        Ok(resolved) => {
            resolved.warnings.iter().try_for_each(|warning| write!(err, "{warning}"))?;
            let (sites, rules) = (count(resolved.sites.len(), "site"), count(resolved.rules(), "rule"));
            writeln!(out, "{}: ok ({sites}, {rules})", file.display())?;
        }
        Err(faults) => write!(err, "{faults}")?,
    }
    Ok(good)
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
