//! `check FILE`: says whether a file can be served, or every reason why not.

use std::io::{self, Write};
use std::path::Path;

use crate::config::{self, Faults, Resolved};
use crate::policy;

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
            resolved.sites.iter().try_for_each(|site| lists(&site.policy, out))?;
        }
        Err(faults) => write!(err, "{faults}")?,
    }
    Ok(good)
}

/// What each filter list of a site gave.
fn lists(policy: &policy::Config, out: &mut impl Write) -> io::Result<()> {
    policy.lists.counted().try_for_each(|(purpose, list)| {
        let filters = count(list.filters, "filter");
        let passed_over = count(list.passed_over, "line");
        let purpose = policy.purposes.name(purpose);
        writeln!(out, "  {}: {filters} for {purpose}, {passed_over} passed over", list.name)
    })
}

fn count(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
