//! The guard of a site: made once for each set of granted purposes, shared by all workers, put into every page.

use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderValue, VARY};
use http::{HeaderMap, Response};
use serde_json::{Value, json};

use crate::consent::PurposeSet;
use crate::notice::{self, Guard, GuardTag};
use crate::policy::{Action, Judged, Policy};

use super::visit::Visit;
use super::{Body, Config, Csp, own};

/// One place for each set a visitor can grant: filled once, then read without a lock.
#[derive(Default)]
pub(super) struct Guards(Vec<OnceLock<Guard>>);

impl Guards {
    pub(super) fn new() -> Self {
        Self((0..=u8::MAX).map(|_| OnceLock::new()).collect())
    }

    /// The guard for a visitor who agreed to these purposes of a site.
    pub(super) fn of(&self, config: &Config, policy: &Policy, granted: PurposeSet) -> &Guard {
        let place = &self.0[usize::from(granted.bits())];
        place.get_or_init(|| Guard::new(granted, &rules(config, policy, granted).to_string()))
    }
}

/// The rules as the script reads them; its `rules.js` says what each letter is.
pub(super) fn rules(config: &Config, policy: &Policy, granted: PurposeSet) -> Value {
    let purposes = policy.purposes();
    let names: Vec<_> =
        purposes.iter().filter(|(purpose, _)| granted.contains(*purpose)).map(|(_, name)| name).collect();
    let mut rules =
        json!({ "p": config.prefix, "v": config.notice.version, "g": names, "b": format!("{:02x}", granted.bits()) });
    rules["r"] = notice::release_script().name.as_str().into();
    rules["i"] = config.notice.signals.bits().into();
    // With everything granted there is nothing to keep.
    if !granted.covers(purposes.all()) {
        // A policy cannot be loosened on a page that has it: what is released needs another page.
        if config.csp == Csp::Strict {
            rules["w"] = 1.into();
        }
        let kept = policy.guard_rules(granted);
        rules["h"] = kept.hosts.into();
        rules["o"] = kept.own_paths.into();
        rules["l"] = kept.decorations.into();
        rules["c"] = judged(kept.cookies);
        rules["s"] = judged(kept.storage);
        rules["t"] = kept.tags.into_iter().flat_map(pair).collect();
    }
    rules
}

/// `[expression, hold, expression, hold, …, hold]`: the last is the verdict on what nothing matches.
fn judged(judged: Judged) -> Value {
    judged.rules.into_iter().flat_map(pair).chain([hold(judged.otherwise)]).collect()
}

fn pair((expression, action): (String, Action)) -> [Value; 2] {
    [expression.into(), hold(action)]
}

fn hold(action: Action) -> Value {
    u8::from(action == Action::Hold).into()
}

/// The tag for this page.
pub(super) fn tag(visit: &Visit) -> Vec<u8> {
    let guard = visit.site.guard(visit.granted);
    let seen = visit.is_sampled().then(|| notice::seen_script().name.as_str());
    let tag = GuardTag { name: &guard.name, decided: visit.is_settled(), nonce: Some(visit.nonce()), seen };
    notice::guard_tag(&visit.place(None), tag)
}

/// The asset of this name; `None` for a name no guard of this site can have.
///
/// A page from before a new release or a change of the rules asks for a hash that is no more: it gets the guard as it is
/// now, for a page without one would leak.
pub(super) fn asset(visit: &Visit, name: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let granted = notice::guard_set(name).filter(|set| visit.site.policy.purposes().all().covers(*set))?;
    let guard = visit.site.guard(granted);
    let (bytes, coding) = match accepted(request) {
        "br" => (guard.brotli(), Some("br")),
        "gzip" => (guard.gzip(), Some("gzip")),
        _ => (guard.plain(), None),
    };
    let mut response = own::typed(Bytes::copy_from_slice(bytes), "text/javascript; charset=utf-8");
    let headers = response.headers_mut();
    if let Some(coding) = coding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    let kept = if guard.name == name { own::FOR_EVER } else { "no-cache" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    Some(response)
}

/// The best coding that the browser takes.
fn accepted(request: &HeaderMap) -> &'static str {
    let lines = request.get_all(ACCEPT_ENCODING).iter();
    let offers: Vec<_> =
        lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    let takes = |coding: &&str| {
        offers.iter().any(|offer| {
            let mut parts = offer.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding.as_bytes()));
            named && !parts.any(|weight| matches!(weight, b"q=0" | b"q=0.0" | b"q=0.00" | b"q=0.000"))
        })
    };
    ["br", "gzip"].into_iter().find(takes).unwrap_or("identity")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_coding_that_is_taken() {
        let of =
            |line: &'static str| accepted(&[(ACCEPT_ENCODING, HeaderValue::from_static(line))].into_iter().collect());
        assert_eq!(of("gzip, deflate, br, zstd"), "br");
        assert_eq!(of("GZIP;q=0.5, br;q=0"), "gzip");
        assert_eq!(of("identity"), "identity");
        assert_eq!(accepted(&HeaderMap::new()), "identity");
    }
}
