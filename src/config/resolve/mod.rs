//! From what was written to what it means: each room's own `Config`, defaults filled in, names looked up.
//!
//! A value that cannot stand is reported and replaced by its default, so that the rest is still checked; a report with
//! a fault never becomes a `Resolved`.

#![expect(clippy::ref_option, reason = "a key is handed on as it was written, there or not")]

mod audit;
mod descriptions;
mod exempt;
mod languages;
mod lists;
mod observe;
mod organisation;
mod proof;
mod purpose_texts;
mod purposes;
mod rules;
mod server;
mod site;
mod strings;
mod style;
mod template;
mod upstream;

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Resolved;
use super::excerpt::quoted;
use super::fault::{Place, Report};
use super::mask::Written;
use super::written::{self, Found, Key, List};
use crate::gateway::Choices;

const DAY: Duration = Duration::from_hours(24);

/// Every sentence of the notice in English, as a file to translate.
pub fn strings_template() -> String {
    strings::template()
}

/// Resolves the whole file; `None` after a fault has been reported.
pub(super) fn file(
    written: &Found<written::File>,
    folder: &Path,
    places: &[Place],
    report: &mut Report,
) -> Option<Resolved> {
    let (own, hosts, lists) = (Vec::new(), Vec::new(), lists::Known::default());
    let choices = Choices::default();
    let mut resolver = Resolver { folder, places, report, own, hosts, lists, workers: 1, choices };
    let Found(_, written) = written;
    let admin = resolver.admin(written.admin.as_ref());
    let server = resolver.server(written);
    resolver.workers = server.workers;
    resolver.choices = proof::choices(written.limits.as_ref().and_then(|found| found.1.choices.as_ref()));
    let organisation = written.organisation.as_ref().map(|found| &found.1);
    let mut sites = Vec::new();
    for site in items(&written.sites) {
        sites.extend(resolver.site(&site.1, organisation));
    }
    let longest = sites.iter().map(|site| site.notice.days.max(site.notice.refusal_days)).max().unwrap_or(0);
    let ledger = resolver.ledger(written.ledger.as_ref(), longest);
    let inventory = resolver.inventory(written, &ledger.file);
    let audit = resolver.audit(written.audit.as_ref(), &sites);
    resolver.same_where_shared(&sites, items(&written.sites));
    let signing_key_file = text(&written.signing_key_file).unwrap_or_else(|| "consentgate.key".into()).into();
    let complete = !sites.is_empty();
    complete.then_some(Resolved {
        server,
        admin,
        ledger,
        inventory,
        audit,
        signing_key_file,
        sites,
        warnings: Vec::new(),
        files: Vec::new(),
        written: Written::default(),
    })
}

struct Resolver<'r, 's> {
    /// Where relative paths of certificates start.
    folder: &'r Path,
    places: &'r [Place],
    report: &'r mut Report<'s>,
    /// Where the gate itself listens: an upstream there is a loop.
    own: Vec<SocketAddr>,
    /// Hosts so far and where they are written.
    hosts: Vec<(String, Place)>,
    /// Filter lists compiled so far.
    lists: lists::Known,
    /// How many threads will ask them.
    workers: usize,
    /// How fast choices may come, at every site.
    choices: Choices,
}

impl Resolver<'_, '_> {
    fn place<T>(&self, found: &Found<T>) -> Place {
        self.places.get(found.0).cloned().unwrap_or_default()
    }

    fn fault<T>(&mut self, found: &Found<T>, message: impl Into<String>, hint: impl Into<String>) {
        let place = self.place(found);
        self.report.fault(&place, message, hint);
    }

    fn duration(&mut self, key: &Key<String>, default: Duration) -> Duration {
        let Some(found) = key else { return default };
        match humantime::parse_duration(&found.1) {
            Ok(duration) if !duration.is_zero() && duration <= DAY => duration,
            Ok(_) => {
                self.fault(found, "a time must be above 0 and at most a day", "write it as 500ms, 10s or 2m");
                default
            }
            Err(_) => {
                let hint = "write a number and its unit: 500ms, 10s or 2m";
                self.fault(found, format!("{} is not a time", quoted(&found.1)), hint);
                default
            }
        }
    }

    /// `allowed` in bytes.
    fn size(&mut self, key: &Key<String>, default: u64, allowed: std::ops::RangeInclusive<u64>) -> u64 {
        let Some(found) = key else { return default };
        match bytes(&found.1) {
            Some(size) if allowed.contains(&size) => size,
            Some(_) => {
                let hint = format!("write a size from {} to {}", binary(*allowed.start()), binary(*allowed.end()));
                self.fault(found, "too small or too large", hint);
                default
            }
            None => {
                let hint = "write a whole number and its unit: 64KiB, 256MiB or 1GiB";
                self.fault(found, format!("{} is not a size", quoted(&found.1)), hint);
                default
            }
        }
    }

    /// A PEM file, relative to the YAML's folder, in which `check` finds what it looks for.
    fn pem(&mut self, found: &Found<String>, what: &str, check: fn(&[u8]) -> bool) -> PathBuf {
        let path = self.folder.join(&found.1);
        match read_pem(&path) {
            Ok(content) if check(&content) => {}
            Ok(_) => {
                let hint = "the file must be PEM, with '-----BEGIN …' lines";
                self.fault(found, format!("no {what} in this file"), hint);
            }
            Err(error) => {
                let hint =
                    "the path is relative to the folder of the YAML file; the gate's user must be able to read it";
                self.fault(found, format!("cannot be read: {error}"), hint);
            }
        }
        path
    }
}

/// A bundle of all public authorities is below 1 MiB.
fn read_pem(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)?.take(4 * 1024 * 1024).read_to_end(&mut content)?;
    Ok(content)
}

fn items<T>(list: &List<T>) -> &[Found<T>] {
    list.as_ref().map_or(&[], |found| &found.1)
}

fn text(key: &Key<String>) -> Option<String> {
    key.as_ref().map(|found| found.1.clone())
}

const UNITS: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];

fn bytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].trim_start();
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
    digits.parse::<u64>().ok()?.checked_mul(*factor)
}

fn binary(bytes: u64) -> impl fmt::Display {
    let (unit, factor) =
        UNITS.iter().find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor)).unwrap_or(&("", 1));
    format!("{}{unit}", bytes / factor)
}
