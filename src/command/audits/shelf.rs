//! The directory of the audits: one for each, called after its end, and one for the audit that is under way.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::admin;
use crate::audit::{Changes, Report, SiteReport, Verdict};

/// An audit that was broken off longer ago than this is begun anew: the site has changed.
const STALE: Duration = Duration::from_hours(24);
const UNDER_WAY: &str = "under-way";

pub(super) struct Shelf<'f>(&'f Path);

impl<'f> Shelf<'f> {
    pub(super) fn new(folder: &'f Path) -> Self {
        Self(folder)
    }

    /// Where the next one is made. What is left of one that was broken off is gone on with.
    pub(super) fn under_way(&self) -> Result<PathBuf, String> {
        let folder = self.0.join(UNDER_WAY);
        let begun = fs::metadata(&folder).and_then(|about| about.modified()).ok();
        if begun.and_then(|begun| begun.elapsed().ok()).is_some_and(|age| age > STALE) {
            fs::remove_dir_all(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
        }
        fs::create_dir_all(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
        Ok(folder)
    }

    /// The one under way has been made: it gets its name, and the oldest ones go.
    pub(super) fn keep(&self, now: SystemTime, most: usize) -> Result<(), String> {
        let (from, to) = (self.0.join(UNDER_WAY), self.0.join(name(now)));
        // What an audit goes on with is in the report now.
        let _ = fs::remove_dir_all(from.join("sites"));
        fs::rename(&from, &to).map_err(|fault| format!("{}: {fault}", to.display()))?;
        let mut names = self.names();
        names.truncate(names.len().saturating_sub(most));
        for old in names {
            let folder = self.0.join(&old);
            if let Err(fault) = fs::remove_dir_all(&folder) {
                tracing::warn!("an old audit cannot be deleted: {}: {fault}", folder.display());
            }
        }
        Ok(())
    }

    /// The report of one of them.
    pub(super) fn report(&self, audit: &str) -> PathBuf {
        self.0.join(audit).join("report.json")
    }

    /// All there are, the oldest first.
    pub(super) fn read(&self) -> Vec<admin::Audit> {
        self.names().iter().filter_map(|name| self.one(name)).collect()
    }

    fn one(&self, name: &str) -> Option<admin::Audit> {
        let read = |file: &str| fs::read(self.0.join(name).join(file));
        let report: Report = match serde_json::from_slice(&read("report.json").ok()?) {
            Ok(report) => report,
            Err(fault) => {
                tracing::warn!("{}: not the report of an audit: {fault}", self.0.join(name).display());
                return None;
            }
        };
        let changes: Vec<Changes> =
            read("changes.json").ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let of = |site: &SiteReport| changes.iter().find(|changed| changed.url == site.url).cloned();
        let sites = report.sites.iter().map(|site| audited(site, of(site))).collect();
        Some(admin::Audit { name: name.to_owned(), at: time(name)?, sites })
    }

    /// A file of an audit, by a name that could be anybody's.
    pub(super) fn file(&self, audit: &str, name: &str) -> Option<Vec<u8>> {
        time(audit)?;
        let plain = |part: &str| {
            !part.starts_with('.') && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        let few = name.split('/').count() <= 2;
        let path = self.0.join(audit).join(name);
        (few && name.split('/').all(plain) && path.is_file()).then(|| fs::read(path).ok())?
    }

    /// The oldest first.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut names: Vec<_> = names.filter(|name| time(name).is_some()).collect();
        names.sort();
        names
    }
}

fn audited(site: &SiteReport, changes: Option<Changes>) -> admin::Audited {
    let changes = changes.unwrap_or_default();
    let not_met = site.criteria.iter().filter(|outcome| outcome.verdict == Verdict::NotMet);
    admin::Audited {
        url: site.url.clone(),
        score: site.score,
        score_at_least: site.score_at_least,
        pages: site.pages.len() as u64,
        not_met: not_met.map(|outcome| outcome.id.clone()).collect(),
        came: changes.came,
        went: changes.went,
        not_met_now: changes.not_met_now,
    }
}

/// `20261123T164712Z`: the order of the names is that of the times.
fn name(at: SystemTime) -> String {
    humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "")
}

fn time(name: &str) -> Option<SystemTime> {
    let (date, clock) = name.strip_suffix('Z')?.split_once('T')?;
    let digits = |text: &str, many| text.len() == many && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(date, 8) || !digits(clock, 6) {
        return None;
    }
    let text =
        format!("{}-{}-{}T{}:{}:{}Z", &date[..4], &date[4..6], &date[6..], &clock[..2], &clock[2..4], &clock[4..]);
    humantime::parse_rfc3339(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_time_and_nothing_else_is_a_name() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_449_912);
        assert_eq!(time(&name(at)), Some(at));
        for wrong in ["", "under-way", "..", "20261123T164712", "20261323T164712Z", "2026112éT164712Z"] {
            assert_eq!(time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn files_come_from_audits_alone_and_the_oldest_audits_go() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        for second in 0..4 {
            let under_way = shelf.under_way().unwrap();
            fs::create_dir(under_way.join("screenshots")).unwrap();
            fs::write(under_way.join("screenshots/a.png"), "picture").unwrap();
            shelf.keep(SystemTime::UNIX_EPOCH + Duration::from_secs(second), 2).unwrap();
        }
        assert_eq!(shelf.names(), ["19700101T000002Z", "19700101T000003Z"]);
        fs::write(folder.path().join("secret"), "key").unwrap();
        assert_eq!(shelf.file("19700101T000003Z", "screenshots/a.png").unwrap(), b"picture");
        for (audit, name) in [
            ("19700101T000003Z", "../secret"),
            ("19700101T000003Z", "../../etc/passwd"),
            ("19700101T000003Z", "screenshots/../../secret"),
            ("19700101T000003Z", "screenshots"),
            ("19700101T000003Z", ""),
            ("19700101T000003Z", "/etc/passwd"),
            ("..", "secret"),
            (".", "secret"),
        ] {
            assert_eq!(shelf.file(audit, name), None, "{audit}/{name}");
        }
    }

    #[test]
    fn what_was_broken_off_yesterday_is_gone_on_with_and_no_later() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::new(folder.path());
        let under_way = shelf.under_way().unwrap();
        fs::write(under_way.join("half"), "").unwrap();
        assert!(shelf.under_way().unwrap().join("half").exists());
        let long_ago = SystemTime::now() - STALE - Duration::from_mins(1);
        fs::File::open(&under_way).unwrap().set_modified(long_ago).unwrap();
        assert!(!shelf.under_way().unwrap().join("half").exists());
    }
}
