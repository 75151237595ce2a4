//! What can go wrong between the gate and the site, and whose fault it is: that decides the visitor's status.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use http::StatusCode;
use http::uri::Authority;

use super::BoxError;

/// Why there is no response. Printing one names the site, never a header's value.
#[derive(Debug)]
pub enum Failure {
    /// Too many requests under way: 503, worth trying again after [`Failure::RETRY_AFTER`].
    Busy(Cause),
    /// No connection to the site: 502.
    Connect(Cause),
    /// The site was silent for too long: 504.
    Timeout(Cause),
    /// The site broke off, or what it sent is not HTTP: 502.
    Broken(Cause),
    /// The visitor's own request body ended too early, too late or too large: 400, 408 or 413.
    RequestBody(Cause),
}

/// The site, and what went wrong underneath.
#[derive(Debug)]
pub struct Cause {
    /// Host and port of the site.
    pub site: Authority,
    /// `None` where the failure's own name says it all.
    pub source: Option<BoxError>,
}

impl Failure {
    /// For `Retry-After`, beside a 503.
    pub const RETRY_AFTER: Duration = Duration::from_secs(5);

    /// What the visitor is told (RFC 9110 sections 15.5 and 15.6).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Connect(_) | Self::Broken(_) => StatusCode::BAD_GATEWAY,
            Self::Timeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::RequestBody(cause) => match cause.io_kind() {
                Some(io::ErrorKind::FileTooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
                Some(io::ErrorKind::TimedOut) => StatusCode::REQUEST_TIMEOUT,
                _ => StatusCode::BAD_REQUEST,
            },
        }
    }

    fn parts(&self) -> (&Cause, &'static str) {
        match self {
            Self::Busy(cause) => (cause, "has too many requests under way"),
            Self::Connect(cause) => (cause, "cannot be reached"),
            Self::Timeout(cause) => (cause, "did not answer in time"),
            Self::Broken(cause) => (cause, "broke off its answer"),
            Self::RequestBody(cause) => (cause, "could not be sent the visitor's request body"),
        }
    }
}

impl Cause {
    fn io_kind(&self) -> Option<io::ErrorKind> {
        let source: &(dyn Error + 'static) = self.source.as_deref()?;
        chain(source).find_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cause, what) = self.parts();
        write!(f, "{} {what}", cause.site)?;
        let source = cause.source.as_deref().map(|source| -> &(dyn Error + 'static) { source });
        source.into_iter().flat_map(chain).try_for_each(|error| write!(f, ": {error}"))
    }
}

impl Error for Failure {}

/// The error and everything underneath it, outermost first.
pub(super) fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(source: Option<io::ErrorKind>) -> Cause {
        let site = Authority::from_static("10.0.0.5:8080");
        Cause { site, source: source.map(|kind| io::Error::from(kind).into()) }
    }

    #[test]
    fn each_failure_has_the_status_of_whoever_caused_it() {
        assert_eq!(Failure::Busy(cause(None)).status(), 503);
        assert_eq!(Failure::Connect(cause(None)).status(), 502);
        assert_eq!(Failure::Timeout(cause(None)).status(), 504);
        assert_eq!(Failure::Broken(cause(Some(io::ErrorKind::TimedOut))).status(), 502);
        assert_eq!(Failure::RequestBody(cause(Some(io::ErrorKind::FileTooLarge))).status(), 413);
        assert_eq!(Failure::RequestBody(cause(Some(io::ErrorKind::TimedOut))).status(), 408);
        assert_eq!(Failure::RequestBody(cause(None)).status(), 400);
    }

    #[test]
    fn a_failure_names_the_site_and_the_cause() {
        let printed = Failure::Connect(cause(Some(io::ErrorKind::ConnectionRefused))).to_string();
        assert_eq!(printed, "10.0.0.5:8080 cannot be reached: connection refused");
    }
}
