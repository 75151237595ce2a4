//! `POST {prefix}/verdict`: the guard asks about addresses that a page's scripts want to load.
//!
//! The first line is the path of the page that asks (some paths hold more), each further line an absolute address.
//! `{"granted":["essential"],"all":false,"decided":false,"verdicts":"phPH"}`: `h` is held, `p` passes, in capitals so for
//! the whole host. A question without an address asks for the state, and gets the rules that go with it. The addresses say what a visitor does: they are judged
//! and forgotten, never logged. Of a host that a rule, the catalogue or a list knows, the inventory has the name.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Limited};
use serde_json::json;
use url::Url;

use crate::consent::PurposeSet;
use crate::upstream::BoxError;

use super::problem::Problem;
use super::visit::Visit;
use super::{Cleared, guard, origin, own, report};

/// The guard asks in smaller pieces.
const LARGEST: usize = 64 * 1024;
const MOST_LINES: usize = 200;

/// Judges the addresses for this visitor.
pub(super) async fn verdict<B>(visit: &Visit, request: Request<B>) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    // What was agreed to is nobody else's business.
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    let body = Limited::new(request.into_body(), LARGEST).collect().await.map_err(|_| Problem::BadQuestion)?;
    let body = body.to_bytes();
    let lines = std::str::from_utf8(&body).map_err(|_| Problem::BadQuestion)?.lines();
    if lines.clone().count() > MOST_LINES {
        return Err(Problem::BadQuestion);
    }
    Ok(Cleared::own(own::json(answer(visit, lines).to_string())))
}

fn answer<'l>(visit: &Visit, mut lines: impl Iterator<Item = &'l str>) -> serde_json::Value {
    let policy = &visit.site.policy;
    let granted = visit.granted_at(lines.next().unwrap_or("/"));
    let own_host = visit.host_name();
    let names = policy.purposes().iter().filter(|(purpose, _)| granted.contains(*purpose)).map(|(_, name)| name);
    let mut lines = lines.peekable();
    // A choice made on this very page: the guard goes on by the rules of the new state.
    let rules = lines.peek().is_none().then(|| guard::rules(&visit.site.config, policy, granted));
    json!({
        "rules": rules,
        "granted": names.collect::<Vec<_>>(),
        "all": granted.covers(policy.purposes().all()),
        "decided": visit.is_settled(),
        "verdicts": lines.map(|line| judge(visit, line, (&own_host, granted))).collect::<String>(),
    })
}

/// What is no address of the web goes nowhere: nothing to hold.
fn judge(visit: &Visit, line: &str, (own_host, granted): (&str, PurposeSet)) -> char {
    let Ok(url) = Url::parse(line) else { return 'h' };
    if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
        return 'p';
    }
    let verdict = visit.site.policy.address(&url, own_host, granted);
    report::asked(visit, &url, &verdict);
    match (verdict.is_hold(), visit.site.policy.whole_host(&url, &verdict)) {
        (true, true) => 'H',
        (true, false) => 'h',
        (false, true) => 'P',
        (false, false) => 'p',
    }
}
