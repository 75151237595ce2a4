//! `POST {prefix}/csp-report`: what browsers say that the strict policy stopped, or would have stopped.
//!
//! Anybody can send one, from anywhere, so a report counts a host and nothing else follows from it; the hosts are
//! bounded, and so are the reports that are read at all. A report names a visitor's page: nothing of that is kept.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::Value;
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Rule;
use crate::upstream::BoxError;

use super::visit::Visit;
use super::{Body, Cleared, report};

const LARGEST: usize = 64 * 1024;
/// Browsers send several in one body; more than a page can have is somebody's game.
const MOST: usize = 50;
/// What all visitors of a site may send in a second; beyond, reports are not read.
const A_SECOND: u64 = 100;

/// How many reports came in this second.
#[derive(Default)]
pub struct Pace(AtomicU64);

impl Pace {
    /// One more: is there room for it? The second and the count share a number, so that no lock is needed.
    fn takes(&self, now: u64) -> bool {
        const COUNT: u64 = 0xFFFF;
        let next = |packed: u64| {
            let count = if packed >> 16 == now { packed & COUNT } else { 0 };
            (count < A_SECOND).then_some((now << 16) | (count + 1))
        };
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// Takes reports.
pub(super) async fn take<B>(visit: &Visit, request: Request<B>) -> Cleared
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !is_report(request.headers()) {
        return answer(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if !visit.site.reports.takes(visit.now) {
        return answer(StatusCode::TOO_MANY_REQUESTS);
    }
    let body = match Limited::new(request.into_body(), LARGEST).collect().await {
        Ok(body) => body.to_bytes(),
        Err(fault) if fault.is::<http_body_util::LengthLimitError>() => return answer(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return answer(StatusCode::BAD_REQUEST),
    };
    let Ok(told) = serde_json::from_slice::<Value>(&body) else { return answer(StatusCode::BAD_REQUEST) };
    for stopped in blocked(&told).take(MOST) {
        note(visit, stopped);
    }
    answer(StatusCode::NO_CONTENT)
}

fn is_report(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    [&b"application/csp-report"[..], b"application/reports+json"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// The addresses that were blocked: of the one report CSP2 browsers send, or of the list the Reporting API sends.
fn blocked(told: &Value) -> impl Iterator<Item = &str> {
    let one = told.pointer("/csp-report/blocked-uri");
    let many = told.as_array().into_iter().flatten().filter(|report| report["type"] == "csp-violation");
    one.into_iter().chain(many.filter_map(|report| report.pointer("/body/blockedURL"))).filter_map(Value::as_str)
}

/// `inline`, `eval` and `data` are no hosts. What the catalogue, a list or a rule knows is remembered, so that the policy of a
/// visitor who has agreed to its purpose, and only theirs, names it from now on.
fn note(visit: &Visit, stopped: &str) {
    let Ok(mut url) = Url::parse(stopped) else { return };
    let of_socket = match url.scheme() {
        "http" | "https" => None,
        "ws" => Some("http"),
        "wss" => Some("https"),
        _ => return,
    };
    if of_socket.is_some_and(|scheme| url.set_scheme(scheme).is_err()) {
        return;
    }
    let Some(host) = url.host_str() else { return };
    let verdict = visit.site.policy.address(&url, &visit.host_name(), PurposeSet::ESSENTIAL);
    if matches!(verdict.rule, Rule::Site(_) | Rule::Catalogue(..) | Rule::List { .. }) {
        visit.site.inventory.saw_host(host, verdict.purpose);
    }
    report::stopped(visit, host, url.path());
}

fn answer(status: StatusCode) -> Cleared {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    Cleared::own(response)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_kinds_of_report_are_read() {
        let read = |told: &Value| blocked(told).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(read(&json!({ "csp-report": { "blocked-uri": "https://a.example/x" } })), ["https://a.example/x"]);
        let list = json!([
            { "type": "csp-violation", "body": { "blockedURL": "https://b.example/" } },
            { "type": "deprecation", "body": { "blockedURL": "https://c.example/" } },
            { "type": "csp-violation", "body": {} },
            7,
        ]);
        assert_eq!(read(&list), ["https://b.example/"]);
        for nothing in
            [json!(null), json!([]), json!({ "csp-report": 1 }), json!({ "csp-report": { "blocked-uri": 1 } })]
        {
            assert!(read(&nothing).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn a_second_has_room_for_so_many() {
        let pace = Pace::default();
        assert_eq!((0..300).filter(|_| pace.takes(1_700_000_000)).count(), 100);
        assert!(pace.takes(1_700_000_001));
    }
}
