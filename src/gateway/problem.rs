//! What the gate answers when it cannot give the page, and whose fault it was: the visitor's, the site's, our own.

use std::sync::Once;

use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Response, StatusCode};

use crate::inventory::Failed;
use crate::ledger::Refused;
use crate::notice::{self, ErrorPage, Language};
use crate::upstream::{BoxError, Failure};

use super::visit::Visit;
use super::{Body, Cleared};

/// Why there is no page.
pub(super) enum Problem {
    /// No site answers to this host.
    NoSuchSite(String),
    /// The gate has no such page of its own.
    NoSuchPage,
    /// The request has been here before.
    Loop,
    /// The site did not answer as it should.
    Upstream(Failure),
    /// The site broke off before the first byte of its page.
    Broken(BoxError),
    /// The choice could not be recorded: nothing was set.
    Ledger(Refused),
    /// The choice came from another site.
    CrossSite,
    /// The form makes no sense.
    BadChoice,
    /// The form is larger than any choice.
    ChoiceTooLarge,
    /// Too many choices came from this network: wait so many seconds.
    TooMany(u64),
    /// The record is kept for legal reasons and cannot be deleted.
    Held,
    /// The question about addresses makes no sense, or is too long.
    BadQuestion,
    /// Only these methods.
    Method(&'static str),
    /// A fault of our own.
    Setup(String),
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        Self::Upstream(failure)
    }
}

impl Problem {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoSuchSite(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::Upstream(failure) => failure.status(),
            Self::Broken(_) => StatusCode::BAD_GATEWAY,
            Self::Ledger(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::BadChoice | Self::BadQuestion => StatusCode::BAD_REQUEST,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Held => StatusCode::CONFLICT,
            Self::ChoiceTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Setup(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The answer: a plain page in the visitor's language that says what to do, and nothing about our insides.
    pub(super) fn cleared(self, visit: Option<&Visit>) -> Cleared {
        self.log(visit);
        let page = notice::error_page(&ErrorPage {
            status: self.status(),
            language: visit.map_or(Language::English, Visit::language),
            service: visit.map(|visit| visit.site.config.notice.service.as_str()),
            prefix: visit.map(|visit| visit.site.config.prefix.as_str()),
            choice_lost: matches!(self, Self::Ledger(_) | Self::TooMany(_)),
            style: visit.map(|visit| &visit.site.config.notice.style),
        });
        let mut response = Response::new(Body::whole(page));
        *response.status_mut() = self.status();
        self.headers(response.headers_mut());
        Cleared::own(response)
    }

    /// Counts what the site behind is to blame for, and bodies that visitors did not finish.
    pub(super) fn count(&self, visit: &Visit) {
        let why = match self {
            Self::Upstream(Failure::Busy(_)) => Failed::Busy,
            Self::Upstream(Failure::Connect(_)) => Failed::Connect,
            Self::Upstream(Failure::Timeout(_)) => Failed::Timeout,
            Self::Upstream(Failure::Broken(_)) | Self::Broken(_) => Failed::Broken,
            Self::Upstream(Failure::RequestBody(_)) => Failed::RequestBody,
            _ => return,
        };
        visit.site.traffic.failed(why, visit.now);
    }

    fn headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(notice::CONTENT_SECURITY_POLICY));
        match self {
            Self::Ledger(_) | Self::Upstream(Failure::Busy(_)) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(Failure::RETRY_AFTER.as_secs()));
            }
            Self::TooMany(seconds) => {
                headers.insert(RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::Method(allowed) => {
                headers.insert(ALLOW, HeaderValue::from_static(allowed));
            }
            _ => {}
        }
    }

    fn log(&self, visit: Option<&Visit>) {
        let site = visit.map_or("", |visit| visit.site.name());
        match self {
            Self::Upstream(failure) => tracing::warn!(site, "{failure}"),
            Self::Broken(fault) => tracing::warn!(site, "the site broke off: {fault}"),
            Self::Ledger(refused) => tracing::error!(site, "a choice was not recorded: {refused}"),
            Self::Setup(fault) => tracing::error!(site, "{fault}"),
            Self::Loop => tracing::warn!(site, "a request came back to the gate: does the upstream point here?"),
            Self::NoSuchSite(host) => log_host(host),
            _ => tracing::debug!(site, status = self.status().as_u16(), "refused"),
        }
    }
}

/// Said once: whoever forgot a name under `hosts:` learns of it, and whoever asks for invented names cannot fill the log.
fn log_host(host: &str) {
    static FIRST: Once = Once::new();
    FIRST.call_once(|| {
        let host = presentable(host);
        tracing::warn!(host, "no site answers to this host: it gets 421; see hosts: in the YAML (said once)");
    });
}

/// As it may stand in a log line; no host name is longer (RFC 1035 section 2.3.4).
fn presentable(host: &str) -> String {
    const LONGEST: usize = 255;
    host.chars().take(LONGEST).map(|c| if c.is_ascii_graphic() { c } else { '\u{fffd}' }).collect()
}

#[cfg(test)]
mod tests {
    use super::presentable;

    #[test]
    fn a_host_cannot_write_to_the_log_what_it_likes() {
        assert_eq!(presentable("www.example.gov.uk"), "www.example.gov.uk");
        assert_eq!(presentable("a\tb\u{1b}[2J\u{202e}"), "a\u{fffd}b\u{fffd}[2J\u{fffd}");
        assert_eq!(presentable(&"a".repeat(5000)).len(), 255);
    }
}
