//! The only place where a response that may leave is made.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::header::{HeaderName, SET_COOKIE};
use http::{HeaderMap, Response, StatusCode};

use crate::consent::UnixSeconds;
use crate::cookie::{self, Place, Scope, SetCookie};
use crate::inventory::{Kept, Kind, ScopeRef, SeenScope};
use crate::upstream;

use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Mode, document, leads, report, tracker};

/// A response that has been checked: refused cookies are out, and its body is decided on.
///
/// There is no other way to send one, and no way to make one outside this file: "a response nobody checked" does
/// not compile.
pub struct Cleared(Response<Body>);

impl Cleared {
    /// A response of the gate's own making: what it sets is its own cookie and expiries.
    pub(super) fn own(response: Response<Body>) -> Self {
        Self(response)
    }

    /// Lets it leave.
    pub fn into_response(self) -> Response<Body> {
        self.0
    }
}

/// Clears a site's response for this visitor. `held` are the cookies that were taken out of the request.
pub(super) async fn clear(
    visit: &Arc<Visit>,
    response: Response<upstream::Body>,
    held: &[Vec<u8>],
) -> Result<Cleared, Problem> {
    let is_lost = response.status().is_client_error() || response.status().is_server_error();
    visit.is_lost.store(is_lost, Ordering::Relaxed);
    report::shown_page(visit, response.status(), response.headers());
    match visit.mode() {
        Mode::Off => Ok(Cleared(response.map(Body::site))),
        Mode::Observe => {
            remember(visit, response.headers());
            leads::observe(visit, response.headers());
            let holds = |name: &[u8]| report::holds(visit, Kind::CookieResponse, name);
            cookie::judge_response(response.headers(), &visit.path, visit.now, holds);
            Ok(Cleared(document::observe(visit, response).await?))
        }
        Mode::Enforce => {
            let mut response = response;
            strip(visit, response.headers_mut());
            document::hold_links(visit, response.headers_mut());
            leads::hold(visit, response.headers_mut());
            if tracker::is_sent_on(visit, response.status(), response.headers()) {
                return Ok(Cleared(tracker::kept(response)));
            }
            if visit.asked.may_be_document() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                expire_left_overs(visit, response.headers_mut(), &refused(visit, held));
            }
            Ok(Cleared(document::enforce(visit, response).await?))
        }
    }
}

fn strip(visit: &Visit, headers: &mut HeaderMap) {
    // Every cookie is remembered with its scope, also one that passes: it may have to be expired one day.
    remember(visit, headers);
    let holds = |name: &[u8]| report::holds(visit, Kind::CookieResponse, name);
    cookie::strip_response(headers, &visit.path, visit.now, holds);
    // `Set-Cookie2` (RFC 2965) is read by no browser any more; it is not worth a verdict.
    headers.remove(HeaderName::from_static("set-cookie2"));
}

fn remember(visit: &Visit, headers: &HeaderMap) {
    report::sent(visit);
    for set in cookie::set_cookies(headers).filter(|set| !set.name.is_empty()) {
        if let Some(scope) = set.scope(&visit.path) {
            visit.site.inventory.saw_cookie(set.name, seen(&scope), (visit.now, kept(&set, visit.now)));
            report::set(visit, &set, &scope);
        }
    }
}

/// How long it is set for, by `Max-Age` before `Expires` as browsers do (RFC 6265bis section 5.7); a deletion says nothing.
pub(super) fn kept(set: &SetCookie<'_>, now: UnixSeconds) -> Option<Kept> {
    (!set.is_deletion(now)).then(|| set.declared_lifetime(now).map_or(Kept::Session, Kept::Seconds))
}

fn seen(scope: &Scope) -> ScopeRef<'_> {
    ScopeRef {
        domain: scope.domain.as_deref(),
        path: &scope.path,
        secure: scope.secure,
        partitioned: scope.partitioned,
    }
}

/// Those the visitor has not agreed to at all. Held on this path alone is not refused: what was agreed to for the rest of
/// the site stays, or a look at a quiet page would undo it.
fn refused<'h>(visit: &Visit, held: &'h [Vec<u8>]) -> Vec<&'h [u8]> {
    let refused =
        |name: &&[u8]| visit.site.policy.cookie(name, visit.visitor.granted(visit.site.policy.purposes())).is_hold();
    held.iter().map(Vec::as_slice).filter(refused).collect()
}

/// Expires cookies the visitor still has and has not agreed to, with the scopes they were seen with; where nothing
/// was seen, with every scope they could have been set with (REQUIREMENTS C5).
pub(super) fn expire_left_overs(visit: &Visit, headers: &mut HeaderMap, held: &[impl AsRef<[u8]>]) {
    if held.is_empty() {
        return;
    }
    let host = visit.host_name();
    let place = Place { host: &host, path: &visit.path, https: visit.peer.https };
    let lookup = |name: &[u8]| visit.site.inventory.scopes(name).into_iter().map(scope).collect();
    for line in cookie::expire_all(held, lookup, &place, cookie::MOST_LINES) {
        headers.append(SET_COOKIE, line);
    }
}

fn scope(seen: SeenScope) -> Scope {
    Scope { domain: seen.domain, path: seen.path, secure: seen.secure, partitioned: seen.partitioned }
}
