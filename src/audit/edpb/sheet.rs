//! What one file, or one tag of an analysis, says of one state of one site, in this program's words. Both forms describe
//! a cookie, a beacon and a host alike.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use url::{Host, Url};

use super::reading::At;
use crate::audit::{CookieMet, Mode, Phase, RequestMet, SetBy, StorageKind, StorageMet};

/// One state of one site, as somebody else met it.
pub(super) struct Sheet {
    pub(super) site: Url,
    pub(super) phase: Phase,
    pub(super) mode: Mode,
    /// The program that met it.
    pub(super) by: String,
    /// When it began, for lifetimes that are written as dates.
    pub(super) began: Option<SystemTime>,
    pub(super) pages: Vec<Url>,
    /// Each with the page it was met on.
    pub(super) cookies: Vec<(Url, CookieMet)>,
    pub(super) storage: Vec<(Url, StorageMet)>,
    pub(super) requests: Vec<(Url, RequestMet)>,
    /// How often a host was asked, where that is said.
    pub(super) counts: BTreeMap<String, u64>,
    /// It says which hosts were asked for something.
    pub(super) names_hosts: bool,
    /// Cookies of which it does not say who set them.
    pub(super) set_by_nobody: usize,
    /// Tags beside it that are of no known state.
    pub(super) unplaced: Vec<String>,
}

impl Sheet {
    pub(super) fn new(site: Url, phase: Phase, mode: Mode, by: String) -> Self {
        Self {
            site,
            phase,
            mode,
            by,
            began: None,
            pages: Vec::new(),
            cookies: Vec::new(),
            storage: Vec::new(),
            requests: Vec::new(),
            counts: BTreeMap::new(),
            names_hosts: false,
            set_by_nobody: 0,
            unplaced: Vec::new(),
        }
    }

    pub(super) fn began(&mut self, at: &At, name: &str) -> Result<(), String> {
        self.began = at.key(name).map(|time| moment(&time)).transpose()?.flatten();
        Ok(())
    }

    pub(super) fn pages(&mut self, list: &[At]) -> Result<(), String> {
        for page in list {
            self.pages.push(address(page)?);
        }
        Ok(())
    }

    /// A cookie; one that was taken away in the same breath is none.
    pub(super) fn cookie(&mut self, at: &At) -> Result<(), String> {
        let name = at.needed("name")?;
        let name = name.text().and_then(|text| if text.is_empty() { Err(name.fault("is empty")) } else { Ok(text) })?;
        let log = at.key("log");
        let wire_lifetime = self.lifetime(at, log.as_ref())?;
        if wire_lifetime == Some(0) {
            return Ok(());
        }
        let met = CookieMet {
            name: name.to_owned(),
            domain: self.domain(at)?,
            path: at.text_of("path")?.filter(|path| path.starts_with('/')).unwrap_or("/").to_owned(),
            set_by: self.set_by(log.as_ref())?,
            wire_lifetime,
            secure: at.flag("secure")?.unwrap_or_default(),
            http_only: at.flag("httpOnly")?.unwrap_or_default(),
            same_site: same_site(at)?,
            kept: false,
        };
        let page = self.page(log.as_ref())?;
        self.cookies.push((page, met));
        Ok(())
    }

    fn domain(&self, at: &At) -> Result<String, String> {
        let found = at.needed("domain")?;
        let domain = found.text()?.trim_start_matches('.');
        if domain.is_empty() {
            return Ok(self.site.host_str().unwrap_or_default().to_owned());
        }
        Host::parse(domain).map(|host| host.to_string()).map_err(|_| found.fault(format!("{domain:?} is no host")))
    }

    fn set_by(&mut self, log: Option<&At>) -> Result<SetBy, String> {
        match log.map(|log| log.text_of("type")).transpose()?.flatten() {
            Some("Cookie.JS") => Ok(SetBy::Script),
            Some("Cookie.HTTP") => Ok(SetBy::Header),
            _ => {
                self.set_by_nobody += 1;
                Ok(SetBy::Header)
            }
        }
    }

    /// The page something was met on; the site's first one where that is not said.
    fn page(&self, log: Option<&At>) -> Result<Url, String> {
        let location = log.and_then(|log| log.key("location"));
        let named = location.filter(|page| page.value().as_str() != Some("")).map(|page| address(&page)).transpose()?;
        Ok(named.or_else(|| self.pages.first().cloned()).unwrap_or_else(|| self.site.clone()))
    }

    /// For how many seconds it was set, by whatever says so best; `None` where until the browser is closed.
    fn lifetime(&self, at: &At, log: Option<&At>) -> Result<Option<u64>, String> {
        if at.flag("session")? == Some(true) {
            return Ok(None);
        }
        let log_began = log.and_then(|log| log.key("timestamp")).map(|time| moment(&time)).transpose()?.flatten();
        if let Some(age) = log.and_then(|log| log.key("event")?.key("maxAge")) {
            return match age.value().as_str() {
                Some("Infinity") => Ok(None),
                Some("-Infinity") => Ok(Some(0)),
                _ => age.number().map(|seconds| Some(whole(seconds))),
            };
        }
        let until = match at.key("expires") {
            Some(expires) if expires.value().is_string() => moment(&expires)?,
            Some(expires) => Some(expires.number()?).filter(|seconds| *seconds >= 0.0).and_then(after_epoch),
            None => None,
        };
        if let (Some(until), Some(from)) = (until, log_began.or(self.began)) {
            return Ok(Some(until.duration_since(from).map_or(0, |left| whole(left.as_secs_f64()))));
        }
        let days = at.key("expiresDays").map(|days| days.number()).transpose()?;
        Ok(days.filter(|days| *days > 0.0).map(|days| whole(days * 86_400.0)))
    }

    pub(super) fn stored(&mut self, (origin, key): (&At, &str), log: Option<&At>) -> Result<(), String> {
        let text = origin.text()?;
        self.stored_of(origin, text, (key, log))
    }

    /// `origin` is text that stands at `at`, as a value or as a key.
    pub(super) fn stored_of(&mut self, at: &At, origin: &str, (key, log): (&str, Option<&At>)) -> Result<(), String> {
        let url = Url::parse(origin).map_err(|_| at.fault(format!("{origin:?} is no origin")))?;
        let page = self.page(log)?;
        let met =
            StorageMet { kind: StorageKind::Local, key: key.to_owned(), origin: url.origin().ascii_serialization() };
        self.storage.push((page, met));
        Ok(())
    }

    /// A request that a list of trackers knew.
    pub(super) fn beacon(&mut self, at: &At) -> Result<(), String> {
        let url = address(&at.needed("url")?)?;
        let times = at.key("occurrances").map(|times| times.number()).transpose()?.map_or(1, whole);
        if let Some(host) = url.host_str() {
            let count = self.counts.entry(host.to_owned()).or_default();
            *count = count.saturating_add(times);
        }
        let log = at.key("log");
        let initiator = log.as_ref().and_then(|log| asked_by(log).transpose()).transpose()?.unwrap_or_default();
        let page = self.page(log.as_ref().filter(|log| log.key("location").is_some()))?;
        self.requests.push((page, RequestMet { url, initiator }));
        Ok(())
    }

    /// The hosts that were asked for something: the site's own and others, in the two lists of the forms.
    pub(super) fn hosts(&mut self, at: &At) -> Result<(), String> {
        for list in ["firstParty", "thirdParty"] {
            for host in at.list(list)? {
                self.names_hosts = true;
                let name = host.text()?;
                let url =
                    Url::parse(&format!("https://{name}/")).map_err(|_| host.fault(format!("{name:?} is no host")))?;
                // A beacon of it says more.
                if self.requests.iter().any(|(_, known)| known.url.host_str() == url.host_str()) {
                    continue;
                }
                let page = self.page(None)?;
                self.requests.push((page, RequestMet { url, initiator: String::new() }));
            }
        }
        Ok(())
    }
}

/// An address; one without a scheme is completed as the EDPB tool does it.
pub(super) fn address(at: &At) -> Result<Url, String> {
    let text = at.text()?;
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) };
    url.ok().filter(Url::has_host).ok_or_else(|| at.fault(format!("{text:?} is no address")))
}

fn asked_by(log: &At) -> Result<Option<String>, String> {
    let frames = match log.key("stack") {
        Some(frames) => frames.items()?,
        None => log.list("stacks")?,
    };
    let Some(by) = frames.first().map(|frame| frame.text_of("fileName")).transpose()?.flatten() else {
        return Ok(None);
    };
    // What is no address, such as `(index)`, says nothing.
    Ok(Url::parse(by).ok().map(|by| crate::audit::collect::without_query(&by)))
}

fn same_site(at: &At) -> Result<Option<String>, String> {
    let said = at.text_of("sameSite")?.map(str::to_ascii_lowercase);
    Ok(said
        .map(|said| said.replace("no_restriction", "none"))
        .filter(|said| ["strict", "lax", "none"].contains(&&**said)))
}

/// A time as these forms write it. `Infinity` and nothing are no time.
fn moment(at: &At) -> Result<Option<SystemTime>, String> {
    match at.text()? {
        "" | "Infinity" => Ok(None),
        text => humantime::parse_rfc3339(text).map(Some).map_err(|_| at.fault(format!("{text:?} is no time"))),
    }
}

fn after_epoch(seconds: f64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(std::time::Duration::try_from_secs_f64(seconds).ok()?)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number out of bounds becomes the nearest bound"
)]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
