//! The files of an audit: what is written, what is compared with, and what other programs wrote.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use url::Url;

use crate::audit::report::{self, Beside};
use crate::audit::{self, Changes, Mode, Report, SiteReport, edpb};

use super::audit::{Audit, Fault, at};

/// Writes them all.
pub(super) fn write(folder: &Path, report: &Report, changes: &[Changes]) -> Result<(), Fault> {
    let pictures = pictures(folder, report);
    let beside = Beside { changes, pictures: &pictures };
    let mut files = vec![
        ("report.html", report::html(report, &beside)),
        ("report.json", report::json(report)),
        ("report.csv", report::csv(report)),
        ("findings.json", report::findings(report)),
        ("criteria.json", audit::CRITERIA_FILE.to_owned()),
        ("method.html", report::method(report)),
        ("dictionary.html", report::dictionary_html()),
        ("dictionary.csv", report::dictionary_csv()),
    ];
    if report.sites.len() > 1 {
        files.push(("benchmark.html", report::benchmark(report, &beside)));
        files.push(("benchmark.csv", report::benchmark_csv(report)));
    }
    files.into_iter().try_for_each(|(name, text)| put(&folder.join(name), &text))?;
    report.sites.iter().try_for_each(|site| for_auditors(folder, report, site))
}

fn put(file: &Path, text: &str) -> Result<(), Fault> {
    at(file, fs::write(file, text))
}

/// `edpb/HOST-DIGITS/`, with an analysis and an inspection of each state. The EDPB tool knows an inspection by that name
/// alone, so that each needs a folder.
fn for_auditors(folder: &Path, report: &Report, site: &SiteReport) -> Result<(), Fault> {
    let Ok(url) = Url::parse(&site.url) else { return Ok(()) };
    let of_site = folder.join("edpb").join(super::audit::file_stem(&url, &url));
    // A state that an earlier audit into this folder reached and this one did not would look like one of this audit's.
    if of_site.exists() {
        at(&of_site, fs::remove_dir_all(&of_site))?;
    }
    if site.score.is_none() {
        return Ok(());
    }
    for (name, text) in edpb::files(report, site) {
        let file = of_site.join(name);
        if let Some(parent) = file.parent() {
            at(parent, fs::create_dir_all(parent))?;
        }
        put(&file, &text)?;
    }
    Ok(())
}

/// Those of one site; a report of many links to them instead.
fn pictures(folder: &Path, report: &Report) -> Vec<(String, Vec<u8>)> {
    let [site] = &report.sites[..] else { return Vec::new() };
    let names = site.notice.iter().flat_map(|notice| &notice.screenshots);
    names.filter_map(|name| Some((name.clone(), fs::read(folder.join(name)).ok()?))).collect()
}

/// Compares with the report of an earlier audit.
pub(super) fn against(file: &Path, report: &Report, line: &Audit) -> Result<Vec<Changes>, Fault> {
    let before: Report = serde_json::from_slice(&at(file, fs::read(file))?)
        .map_err(|fault| Fault::new(format!("{}: not the report.json of an audit: {fault}", file.display())))?;
    // The gate's own audits are compared address by address: whoever names another site there means another site.
    let before = if line.while_input { before } else { before.under_the_address_of(report) };
    let changes = audit::changes(&before, report);
    if changes.is_empty() && !report.sites.is_empty() {
        eprintln!("{}: no site in common with this audit, so nothing is compared", file.display());
    }
    let text = serde_json::to_string_pretty(&changes).expect("changes are plain values");
    put(&line.out.join("changes.json"), &(text + "\n"))?;
    Ok(changes)
}

/// Sites as other programs met them. A folder stands for the `inspection.json` in it.
pub(super) fn imported(files: &[PathBuf]) -> Result<(Vec<SiteReport>, Mode), Fault> {
    let read = |file: &PathBuf| {
        let file = if file.is_dir() { &file.join("inspection.json") } else { file };
        let bytes = fs::read(file).map_err(|fault| match fault.kind() {
            ErrorKind::NotFound => Fault::new(format!("{}: there is no such file", file.display())),
            _ => Fault::new(format!("{}: {fault}", file.display())),
        })?;
        Ok(edpb::Given { name: file.display().to_string(), bytes })
    };
    let given = files.iter().map(read).collect::<Result<Vec<_>, Fault>>()?;
    let sites = edpb::import(&given).map_err(Fault::new)?;
    let mode = sites.iter().map(|(_, mode)| *mode).max().unwrap_or_default();
    Ok((sites.into_iter().map(|(site, _)| site).collect(), mode))
}
