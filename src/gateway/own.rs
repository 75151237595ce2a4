//! The gate's own pages, under the site's reserved prefix. In observe mode and off there are none: every byte is the
//! site's.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderMap, Method, Request, Response};

use crate::ledger::Ledger;
use crate::notice;
use crate::upstream::BoxError;

use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Cleared, Csp, Mode, Site, choose, csp_report, embed, fence, guard, pages, receipt, seen, verdict};

/// For what has a name that changes with its content.
pub(super) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// An SVG is a document when its address is opened: what runs in it was refused, and would not run.
const PICTURE: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/// The day this version began to honour Global Privacy Control as it does now (GPC specification, section 3.3).
const GPC: &str = r#"{"gpc":true,"lastUpdate":"2026-11-23"}"#;

/// Is this request for the gate itself?
pub(super) fn is_own(visit: &Visit) -> bool {
    visit.enforces() && is_reserved(&visit.site, &visit.path) || takes_reports(visit)
}

/// Reports are taken in observe mode too, where they are asked for.
fn takes_reports(visit: &Visit) -> bool {
    let asks = match visit.site.config.csp {
        Csp::Fence => false,
        Csp::Learn => visit.mode() != Mode::Off,
        Csp::Strict => visit.enforces(),
    };
    asks && under_prefix(&visit.site, &visit.path) == Some(fence::REPORTS)
}

/// Is this path the gate's own, in a mode in which it has any?
pub(super) fn is_reserved(site: &Site, path: &str) -> bool {
    under_prefix(site, path).is_some() || path == "/.well-known/gpc.json"
}

/// The part of the path behind the prefix.
pub(super) fn under_prefix<'p>(site: &Site, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(site.config.prefix.as_str())?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// Answers from the gate itself.
pub(super) async fn answer<B>(visit: &Visit, request: Request<B>, ledger: &dyn Ledger) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let page = under_prefix(&visit.site, &visit.path);
    if page == Some("choice") {
        return match visit.method {
            Method::POST => choose::choose(visit, request, ledger).await,
            _ => Err(Problem::Method("POST")),
        };
    }
    if takes_reports(visit) {
        return match visit.method {
            Method::POST => Ok(csp_report::take(visit, request).await),
            _ => Err(Problem::Method("POST")),
        };
    }
    if matches!(page, Some("embed" | "verdict" | seen::PATH)) && visit.method != Method::POST {
        return Err(Problem::Method("POST"));
    }
    match page {
        Some("record") if visit.method == Method::POST => return receipt::delete(visit, request, ledger).await,
        Some("embed") => return embed::once(visit, request).await,
        Some("verdict") => return verdict::verdict(visit, request).await,
        Some(seen::PATH) => return seen::take(visit, request).await,
        _ => {}
    }
    if !matches!(visit.method, Method::GET | Method::HEAD) {
        return Err(Problem::Method(if page == Some("record") { "GET, HEAD, POST" } else { "GET, HEAD" }));
    }
    match page {
        None => Ok(Cleared::own(json(GPC))),
        Some("cookies") => Ok(pages::cookies(visit)),
        Some("record") => receipt::record(visit, request.headers(), ledger).await,
        Some(name) => file(visit, name, request.headers()).map(Cleared::own).ok_or(Problem::NoSuchPage),
    }
}

/// A page of the gate's own: nobody keeps it, nothing from elsewhere can be in it.
pub(super) fn html(page: String) -> Response<Body> {
    let mut response = typed(page, "text/html; charset=utf-8");
    let headers = response.headers_mut();
    headers.insert(http::header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(notice::CONTENT_SECURITY_POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(VARY, HeaderValue::from_static("Cookie, Accept-Language"));
    response
}

pub(super) fn json(body: impl Into<Bytes>) -> Response<Body> {
    let mut response = typed(body, "application/json");
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn file(visit: &Visit, name: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let style = &visit.site.config.notice.style;
    let assets =
        [style.stylesheet(), notice::held_stylesheet(), notice::release_script(), notice::seen_script()].into_iter();
    let found = assets.chain(style.logo()).find(|asset| asset.name == name);
    found.map(asset).or_else(|| guard::asset(visit, name, request))
}

fn asset(asset: &notice::Asset) -> Response<Body> {
    let mut response = typed(asset.bytes.clone(), asset.content_type);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(FOR_EVER));
    if asset.content_type.starts_with("image/") {
        response.headers_mut().insert(http::header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PICTURE));
    }
    response
}

pub(super) fn typed(body: impl Into<Bytes>, content_type: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::whole(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
