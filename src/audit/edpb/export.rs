//! A site in the auditors' forms: an analysis of all its states, and an inspection of each.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};
use url::Url;

use super::STATE;
use crate::audit::{CookieFound, Mode, Phase, Report, SetBy, SiteReport, State, StorageFound, StorageKind, ThirdParty};

/// By which a tracker was told from other hosts.
const LIST: &str = "consentgate catalogue";
/// No auditor has judged it.
const NOT_JUDGED: &str = "pending";

/// The files of one site with their names: `analysis.json` for the EDPB tool, and `STATE/inspection.json` for whatever reads
/// those of the Website Evidence Collector. (Its name is what the EDPB tool knows that file by.)
pub fn files(report: &Report, site: &SiteReport) -> Vec<(String, String)> {
    let states = Phase::ALL.into_iter().filter_map(|phase| Some((phase, site.states.of(phase)?)));
    let sheets: Vec<_> = states.map(|(phase, state)| Sheet { report, site, phase, state }).collect();
    let mut files = vec![("analysis.json".to_owned(), text(&analysis(report, site, &sheets)))];
    files.extend(
        sheets.iter().map(|sheet| (format!("{}/inspection.json", sheet.phase.name()), text(&sheet.inspection()))),
    );
    files
}

fn text(value: &Value) -> String {
    format!("{value:#}\n")
}

fn analysis(report: &Report, site: &SiteReport, sheets: &[Sheet]) -> Value {
    let name = Url::parse(&site.url).ok().and_then(|url| url.host_str().map(str::to_owned));
    json!({
        "name": name.unwrap_or_else(|| site.url.clone()),
        "url": site.url,
        "source": "wec",
        "created_at": report.made_at,
        "updated_at": report.made_at,
        "evaluation": null,
        "tags": sheets.iter().map(Sheet::tag).collect::<Vec<_>>(),
    })
}

/// One state of one site.
struct Sheet<'r> {
    report: &'r Report,
    site: &'r SiteReport,
    phase: Phase,
    state: &'r State,
}

// === The Website Evidence Collector's form ===

impl Sheet<'_> {
    fn inspection(&self) -> Value {
        json!({
            "title": format!("Cookie audit of {}, {}", self.site.url, self.phase.name()),
            "task_description": { STATE: self.phase.name() },
            "uri_ins": self.site.url,
            "uri_refs": [self.site.url],
            "uri_dest": self.pages().first().unwrap_or(&self.site.url.as_str()),
            "uri_redirects": [],
            "host": self.host(),
            "script": { "host": "", "version": { "npm": self.report.product, "commit": null }, "config": {}, "cmd_args": "", "environment": {}, "node_version": "" },
            "browser": self.browser(),
            "start_time": self.report.made_at,
            "end_time": self.report.made_at,
            "browsing_history": self.pages(),
            "cookies": self.state.cookies.iter().map(|cookie| self.cookie(cookie, "stack")).collect::<Vec<_>>(),
            "localStorage": self.local_storage(),
            "beacons": self.trackers().map(|other| self.beacon(other, "stack")).collect::<Vec<_>>(),
            "hosts": self.hosts(),
            "links": { "firstParty": [], "thirdParty": [], "social": [], "keywords": [] },
            "unsafeForms": [],
            "websockets": {},
        })
    }

    /// Absent without a browser: whoever reads it shall not take what was not seen for absent.
    fn browser(&self) -> Value {
        if self.report.mode == Mode::Http {
            return Value::Null;
        }
        json!({ "name": "Chromium", "version": "", "user_agent": "", "platform": { "name": "", "version": "" }, "extra_headers": {}, "preset_cookies": {} })
    }

    fn host(&self) -> String {
        Url::parse(&self.site.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    fn pages(&self) -> Vec<&str> {
        let answered = |status| (200..400).contains(&status);
        let opened = self.site.pages.iter().filter(|page| answered(page.status) && page.phases.contains(&self.phase));
        opened.map(|page| &*page.url).collect()
    }

    fn trackers(&self) -> impl Iterator<Item = &ThirdParty> {
        let tracks = |other: &&ThirdParty| matches!(other.purpose.as_deref(), Some("analytics" | "marketing"));
        self.state.third_parties.iter().filter(tracks)
    }

    /// `frames`: the Collector's word for what led to something is `stack`, the EDPB tool's `stacks`.
    fn cookie(&self, cookie: &CookieFound, frames: &str) -> Value {
        let until =
            cookie.effective_lifetime.and_then(|seconds| self.made()?.checked_add(Duration::from_secs(seconds)));
        let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        json!({
            "name": cookie.name,
            "value": "",
            "domain": cookie.domain,
            "path": cookie.path,
            "expires": until.map_or(json!(-1), |until| json!(since(until))),
            "expiresUTC": until.map(|until| humantime::format_rfc3339_seconds(until).to_string()).unwrap_or_default(),
            "expiresDays": cookie.effective_lifetime.map(|seconds| json!(days(seconds))),
            "httpOnly": cookie.http_only,
            "secure": cookie.secure,
            "session": cookie.effective_lifetime.is_none(),
            "sameSite": cookie.same_site.as_deref().map(capitalised).unwrap_or_default(),
            "firstPartyStorage": cookie.first_party,
            "log": self.cookie_log(cookie, frames),
        })
    }

    fn cookie_log(&self, cookie: &CookieFound, frames: &str) -> Value {
        let page = cookie.pages.first().map_or("", String::as_str);
        let by_header = cookie.set_by == SetBy::Header;
        json!({
            frames: [{ "fileName": page, "source": if by_header { "set by a response" } else { "set by a script" } }],
            "type": if by_header { "Cookie.HTTP" } else { "Cookie.JS" },
            "timestamp": self.report.made_at,
            "location": page,
            "event": {
                "key": cookie.name,
                "value": "",
                "maxAge": cookie.wire_lifetime.map_or(json!("Infinity"), |seconds| json!(seconds)),
                "domain": cookie.domain,
                "path": cookie.path,
                "secure": cookie.secure,
                "httpOnly": cookie.http_only,
                "sameSite": cookie.same_site,
            },
        })
    }

    fn made(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(&self.report.made_at).ok()
    }

    fn stored(&self) -> impl Iterator<Item = &StorageFound> {
        self.state.storage.iter().filter(|stored| stored.kind == StorageKind::Local)
    }

    fn local_storage(&self) -> Value {
        let mut origins = Map::new();
        for stored in self.stored() {
            let page = stored.pages.first().map_or("", String::as_str);
            let log = json!({ "stack": [], "type": "Storage.LocalStorage", "timestamp": self.report.made_at, "location": page });
            let entry = json!({ "value": "", "firstPartyStorage": self.is_own(&stored.origin), "log": log });
            let keys = origins.entry(stored.origin.clone()).or_insert_with(|| json!({}));
            keys[&stored.key] = entry;
        }
        Value::Object(origins)
    }

    fn is_own(&self, origin: &str) -> bool {
        let own = Url::parse(&self.site.url).map(|site| crate::audit::collect::registrable(site.host()));
        Url::parse(origin).is_ok_and(|origin| own.is_ok_and(|own| crate::audit::collect::is_own(&origin, &own)))
    }

    fn beacon(&self, other: &ThirdParty, frames: &str) -> Value {
        let purpose = other.purpose.as_deref().unwrap_or_default();
        let asked_by: Vec<_> = other.initiators.iter().map(|by| json!({ "fileName": by, "source": by })).collect();
        let page = other.pages.first().map_or("", String::as_str);
        json!({
            "url": other.examples.first().cloned().unwrap_or_else(|| format!("https://{}/", other.host)),
            "filter": format!("{purpose}: {}", other.company.as_deref().unwrap_or("an unnamed company")),
            "listName": LIST,
            "query": null,
            "occurrances": other.requests,
            "log": { frames: asked_by, "type": "Request.Tracking", "timestamp": self.report.made_at, "location": page },
        })
    }

    /// Each of them beside the site's own host: the Collector has two lists of each kind.
    fn hosts(&self) -> Value {
        let both = |own: Vec<String>, others: Vec<String>| json!({ "firstParty": own, "thirdParty": others });
        let all = |hosts: &mut dyn Iterator<Item = &ThirdParty>| hosts.map(|other| other.host.clone()).collect();
        let domains = |own| {
            let mut domains: Vec<_> = self.state.cookies.iter().filter(|cookie| cookie.first_party == own).collect();
            domains.dedup_by_key(|cookie| &cookie.domain);
            domains.into_iter().map(|cookie| cookie.domain.clone()).collect()
        };
        let origins = |own| {
            let mut origins: Vec<_> = self.stored().filter(|stored| self.is_own(&stored.origin) == own).collect();
            origins.dedup_by_key(|stored| &stored.origin);
            origins
                .into_iter()
                .filter_map(|stored| Url::parse(&stored.origin).ok()?.host_str().map(str::to_owned))
                .collect()
        };
        json!({
            "requests": both(vec![self.host()], all(&mut self.state.third_parties.iter())),
            "beacons": both(Vec::new(), all(&mut self.trackers())),
            "cookies": both(domains(true), domains(false)),
            "localStorage": both(origins(true), origins(false)),
            "links": both(Vec::new(), Vec::new()),
        })
    }
}

// === The EDPB tool's form ===

impl Sheet<'_> {
    fn tag(&self) -> Value {
        json!({
            "name": self.phase.name(),
            "source": "wec",
            "created_at": self.report.made_at,
            "updated_at": self.report.made_at,
            "evaluation": null,
            "cards": [self.about_card(), self.traffic_card(), self.cookie_card(), self.storage_card(), self.beacon_card()],
        })
    }

    fn about_card(&self) -> Value {
        card(
            "info",
            "Browser informations",
            json!({
                "url": self.site.url,
                "tool_version": self.report.product,
                "chrome_version": if self.report.mode == Mode::Browser { "Chromium" } else { "" },
                "user_agent": "",
                "visited_urls": self.pages(),
                "start_time": self.report.made_at,
                "end_time": self.report.made_at,
            }),
        )
    }

    fn traffic_card(&self) -> Value {
        card("traffic", "Traffic Analysis", self.hosts())
    }

    fn cookie_card(&self) -> Value {
        let lines = self.state.cookies.iter().map(|cookie| self.cookie(cookie, "stacks"));
        card("cookie", "Cookies", json!({ "cookieLines": numbered("cookie", lines) }))
    }

    fn storage_card(&self) -> Value {
        let lines = self.stored().map(|stored| {
            json!({ "host": stored.origin, "key": stored.key, "value": "", "firstPartyStorage": self.is_own(&stored.origin), "log": null })
        });
        card("localstorage", "Local Storage", json!({ "localStorageLines": numbered("localstorage", lines) }))
    }

    fn beacon_card(&self) -> Value {
        let lines = self.trackers().map(|other| self.beacon(other, "stacks"));
        card("beacons", "Beacons", json!({ "beaconLines": numbered("beacon", lines) }))
    }
}

fn card(kind: &str, name: &str, with: Value) -> Value {
    let mut card = json!({ "kind": kind, "name": name, "evaluation": null });
    merge(&mut card, with);
    card
}

/// A line of a card has a number and an auditor's verdict, which is still to come.
fn numbered(kind: &str, lines: impl Iterator<Item = Value>) -> Vec<Value> {
    let number = |(idx, line)| {
        let mut whole = json!({ "kind": kind, "status": NOT_JUDGED, "idx": idx });
        merge(&mut whole, line);
        whole
    };
    lines.enumerate().map(number).collect()
}

fn merge(to: &mut Value, from: Value) {
    if let (Value::Object(to), Value::Object(from)) = (to, from) {
        to.extend(from);
    }
}

/// With two decimals, as the Collector rounds them.
#[expect(clippy::cast_precision_loss, reason = "at most 400 days of seconds")]
fn days(seconds: u64) -> f64 {
    (seconds as f64 / 864.0).round() / 100.0
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
