//! `POST {prefix}/seen`: which cookies and storage keys the scripts of a page have written, by name, told by the few page
//! views that are sampled (`notice/script/seen.js`).
//!
//! Anybody can send one, from anywhere, so what is told is believed of nobody alone: a name that the YAML or the catalogue
//! knows is noted as reported, any other only once several networks have told it. Values are not sent, nothing is logged,
//! and the page counts only if the gate has seen it.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde::Deserialize;

use crate::consent::PurposeSet;
use crate::inventory::{CookieSight, KeySight, Marks, Minute, Thing, page, pattern};
use crate::policy::{Rule, Verdict};
use crate::upstream::BoxError;

use super::pace::Paces;
use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Choices, Cleared, origin, report};

/// Under the reserved prefix.
pub(super) const PATH: &str = "seen";

const LARGEST: usize = 8 * 1024;
const MOST_NAMES: usize = 64;
const LONGEST_NAME: usize = 256;
/// From one network. A visitor is asked now and then, an office of many has more.
const FROM_ONE: Choices = Choices { at_once: 6, a_minute: 6 };
/// From everywhere: thrice what the sample asks for.
const A_MINUTE: u8 = 60;

/// How fast reports come.
#[derive(Default)]
pub(super) struct Pace {
    networks: Paces,
    all: Minute,
}

impl Pace {
    fn takes(&self, visit: &Visit) -> bool {
        self.networks.take(FROM_ONE, visit.peer.address, visit.now_ms).is_ok() && self.all.takes(A_MINUTE, visit.now)
    }
}

/// What a page view tells.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    page: String,
    #[serde(default)]
    cookie: Vec<String>,
    #[serde(default)]
    local: Vec<String>,
    #[serde(default)]
    session: Vec<String>,
    #[serde(default)]
    indexed_db: Vec<String>,
    #[serde(default)]
    cache: Vec<String>,
}

impl Told {
    fn keys(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let kinds = [
            ("local", &self.local),
            ("session", &self.session),
            ("indexed_db", &self.indexed_db),
            ("cache", &self.cache),
        ];
        kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |name| (kind, name.as_str())))
    }

    fn is_sound(&self) -> bool {
        let names = || self.keys().map(|(_, name)| name).chain(self.cookie.iter().map(String::as_str));
        names().count() <= MOST_NAMES && names().all(|name| (1..=LONGEST_NAME).contains(&name.len()))
    }
}

/// Takes a report.
pub(super) async fn take<B>(visit: &Visit, request: Request<B>) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    if !visit.site.seen.takes(visit) {
        return Ok(answer(StatusCode::TOO_MANY_REQUESTS));
    }
    let body = match Limited::new(request.into_body(), LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(fault) if fault.is::<http_body_util::LengthLimitError>() => {
            return Ok(answer(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(_) => return Ok(answer(StatusCode::BAD_REQUEST)),
    };
    let Some(told) = serde_json::from_slice(&body).ok().filter(Told::is_sound) else {
        return Ok(answer(StatusCode::BAD_REQUEST));
    };
    note(visit, &told);
    Ok(answer(StatusCode::NO_CONTENT))
}

fn note(visit: &Visit, told: &Told) {
    let path = page(&told.page);
    let granted = visit.granted_at(&told.page);
    let page = if visit.site.inventory.sample.knows(&path) { &*path } else { "" };
    for name in &told.cookie {
        cookie(visit, name, (page, granted));
    }
    for (kind, key) in told.keys() {
        storage_key(visit, (kind, key), (page, granted));
    }
}

fn cookie(visit: &Visit, name: &str, (page, granted): (&str, PurposeSet)) {
    let verdict = visit.site.policy.cookie(name.as_bytes(), granted);
    let Some(marks) = marks(visit, Thing::Cookie, name, &verdict) else { return };
    let (judged_by, at) = (report::pattern(&verdict.rule), visit.now);
    if let Some(pattern) = judged_by.filter(|_| marks.has(Marks::BELIEVED)) {
        visit.site.inventory.saw_sent(pattern, at);
    }
    let name = name.as_bytes();
    let sight = CookieSight { name, judged_by, marks, domain: None, path: None, kept: None, page, at };
    visit.site.inventory.stock.saw_cookie(&sight);
}

fn storage_key(visit: &Visit, (kind, key): (&str, &str), (page, granted): (&str, PurposeSet)) {
    let verdict = visit.site.policy.storage(key.as_bytes(), granted);
    let Some(marks) = marks(visit, Thing::StorageKey, key, &verdict) else { return };
    let judged_by = report::pattern(&verdict.rule);
    visit.site.inventory.stock.saw_key(&KeySight { name: key.as_bytes(), judged_by, kind, marks, page, at: visit.now });
}

/// What there is to say of it; `None` for what only this visitor has told, and for what is the gate's own.
fn marks(visit: &Visit, thing: Thing, name: &str, verdict: &Verdict<'_>) -> Option<Marks> {
    let (inventory, judged_by) = (&visit.site.inventory, report::pattern(&verdict.rule));
    let shown = pattern(name.as_bytes(), judged_by);
    if verdict.rule == Rule::Reserved {
        return None;
    }
    let is_believed = inventory.reported.is_believable(thing, &shown, visit.peer.address);
    let is_known = judged_by.is_some() || inventory.stock.has(thing, name.as_bytes(), judged_by);
    let holds = Marks::HOLDS.when(verdict.is_hold());
    (is_known || is_believed).then(|| Marks::REPORTED | Marks::BELIEVED.when(is_believed) | holds)
}

fn answer(status: StatusCode) -> Cleared {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    Cleared::own(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(text: &str) -> bool {
        serde_json::from_str::<Told>(text).is_ok_and(|told| told.is_sound())
    }

    #[test]
    fn only_so_many_names_that_are_no_longer_than_so_much() {
        assert!(sound(
            r#"{ "page": "/", "local": ["theme"], "cookie": ["_ga"], "indexed_db": ["x"], "cache": ["y"] }"#
        ));
        let many = |count: usize| format!(r#"{{ "page": "/", "local": {:?}, "cookie": ["a"] }}"#, vec!["k"; count]);
        assert!(sound(&many(MOST_NAMES - 1)) && !sound(&many(MOST_NAMES)));
        let long = |length: usize| format!(r#"{{ "page": "/", "session": ["{}"] }}"#, "k".repeat(length));
        assert!(sound(&long(LONGEST_NAME)) && !sound(&long(LONGEST_NAME + 1)) && !sound(&long(0)));
        for wrong in ["", "[]", r#"{ "page": 1 }"#, r#"{ "local": [] }"#, r#"{ "page": "/", "values": ["x"] }"#] {
            assert!(!sound(wrong), "{wrong}");
        }
    }
}
