//! What the admin listener answers.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::{Site, View, known, metrics, report, switch};

type Answer = Response<Full<Bytes>>;

pub(super) fn answer<B>(request: &Request<B>, view: &View) -> Answer {
    if !names_this_machine(request.headers().get(HOST)) {
        return text(StatusCode::FORBIDDEN, "the admin listener is asked by address or as localhost\n");
    }
    if let Some((status, said)) = switch::switched(request.method(), request.uri().path(), request.headers(), view) {
        return text(status, said);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return text(StatusCode::METHOD_NOT_ALLOWED, "read only\n");
    }
    match request.uri().path() {
        "/" => text(
            StatusCode::OK,
            "consentgate\n\n/metrics\n/healthz\n/readyz\n/api/stats\n/api/report\n/api/inventory\n",
        ),
        "/healthz" => text(StatusCode::OK, "ok\n"),
        // Whoever spreads visitors over several gates must send no more of them here (promise 29).
        "/readyz" if (view.stopping)() => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        "/readyz" if (view.ledger_healthy)() => text(StatusCode::OK, "ready\n"),
        "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be written: choices are refused\n"),
        "/metrics" => typed(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics::render(view)),
        "/api/stats" => json_answer(&stats(view)),
        "/api/report" => json_answer(&report::report(view)),
        "/api/inventory" => json_answer(&known::inventory(view)),
        _ => text(StatusCode::NOT_FOUND, "no such page\n"),
    }
}

/// A page elsewhere can point a name of its own at this address and read the answer (DNS rebinding): only an address
/// or `localhost` is taken (promise 17).
fn names_this_machine(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.and_then(|host| host.to_str().ok()) else { return false };
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    name.eq_ignore_ascii_case("localhost") || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

fn stats(view: &View) -> Value {
    let site = |site: &Site| {
        let counts: Vec<_> = site.counters.snapshot().iter().map(|count| {
            json!({ "deed": count.deed.name(), "kind": count.kind.name(), "rule": &*count.rule, "count": count.count })
        }).collect();
        let abandoned: serde_json::Map<_, _> =
            site.counters.abandonments().iter().map(|(why, count)| (why.to_string(), (*count).into())).collect();
        json!({ "site": site.name, "mode": site.mode, "held": counts, "abandoned": abandoned })
    };
    json!({ "ledger_healthy": (view.ledger_healthy)(), "sites": (view.sites)().iter().map(site).collect::<Vec<_>>() })
}

fn json_answer(value: &Value) -> Answer {
    typed(StatusCode::OK, "application/json", format!("{value:#}\n"))
}

fn text(status: StatusCode, words: &'static str) -> Answer {
    typed(status, "text/plain; charset=utf-8", words.to_owned())
}

fn typed(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_own_names_are_answered() {
        let named = |host: &'static str| names_this_machine(Some(&HeaderValue::from_static(host)));
        assert!(named("127.0.0.1:9901") && named("localhost") && named("[::1]:9901") && named("10.0.0.5"));
        assert!(!named("evil.example:9901") && !named("127.0.0.1.evil.example") && !named(""));
        assert!(!names_this_machine(None));
    }
}
