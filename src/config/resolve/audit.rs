//! Which audits the gate makes by itself.

use std::time::Duration;

use url::Url;

use super::super::excerpt::quoted;
use super::super::written::{self, AuditMode, Found, Key};
use super::{Resolver, items, text};
use crate::audit::{Config, Mode};
use crate::gateway;

/// An audit asks for every page four times over: more often is a load that nobody asked for.
const SHORTEST: Duration = Duration::from_hours(1);
const LONGEST: Duration = Duration::from_hours(24 * 400);

impl Resolver<'_, '_> {
    pub(super) fn audit(&mut self, found: Option<&Found<written::Audit>>, sites: &[gateway::Config]) -> Config {
        let Some(Found(_, written)) = found else { return Config::default() };
        let default = Config::default();
        let path = |key: &Key<String>| text(key).map(Into::into);
        Config {
            every: self.between_audits(&written.every),
            sites: match &written.sites {
                Some(_) => items(&written.sites).iter().filter_map(|site| self.audited(site)).collect(),
                None => sites.iter().filter_map(by_its_first_host).collect(),
            },
            mode: match written.mode {
                Some(Found(_, AuditMode::Browser)) => Mode::Browser,
                _ => Mode::Http,
            },
            pages: written.pages.as_ref().map_or(default.pages, |found| found.1),
            folder: path(&written.folder).unwrap_or(default.folder),
            keep: written.keep.as_ref().map_or(default.keep, |found| found.1),
            chromium: path(&written.chromium),
            chromium_flags: items(&written.chromium_flags).iter().filter_map(|flag| self.browser_flag(flag)).collect(),
            axe: path(&written.axe),
        }
    }

    fn between_audits(&mut self, key: &Key<String>) -> Option<Duration> {
        let found = key.as_ref()?;
        let hint = "write a number and its unit, from 1h to 400d: 7d";
        match humantime::parse_duration(&found.1) {
            Ok(every) if (SHORTEST..=LONGEST).contains(&every) => return Some(every),
            Ok(_) => self.fault(found, "audits are made at most every hour and at least every 400 days", hint),
            Err(_) => self.fault(found, format!("{} is not a time", quoted(&found.1)), hint),
        }
        None
    }

    fn audited(&mut self, found: &Found<String>) -> Option<Url> {
        let url = Url::parse(&found.1).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let secret = |url: &Url| !url.username().is_empty() || url.password().is_some();
        match url {
            Some(url) if secret(&url) => {
                self.fault(found, "an audited site's address holds no user or password", "a report would show it");
                None
            }
            Some(url) => Some(url),
            None => {
                let hint = "write the whole address of its first page, such as https://www.example.gov.uk/";
                self.fault(found, format!("{} is no address of a site", quoted(&found.1)), hint);
                None
            }
        }
    }

    fn browser_flag(&mut self, found: &Found<String>) -> Option<String> {
        if !found.1.starts_with("--") {
            self.fault(found, "not a flag of the browser", "flags begin with --, such as --no-sandbox");
            return None;
        }
        Some(found.1.clone())
    }
}

/// Visitors of a council's site come by https, whether the gate itself ends it or a load balancer.
fn by_its_first_host(site: &gateway::Config) -> Option<Url> {
    let host = site.hosts.iter().find(|host| !host.starts_with('*'))?;
    Url::parse(&format!("https://{host}/")).ok()
}
