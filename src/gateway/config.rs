//! One site as the gateway sees it: the rooms' own configs side by side.

use crate::notice;
use crate::policy;
use crate::upstream;

/// What the gate does for a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// Change no byte; log and count what would be held.
    #[default]
    Observe,
    /// Act.
    Enforce,
    /// Pass everything.
    Off,
}

/// What the Content-Security-Policy of the gate's own does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Csp {
    /// Sent where a page could not be rewritten.
    #[default]
    Fence,
    /// The strict policy, for reports only.
    Learn,
    /// On every page, for visitors who have not agreed to everything.
    Strict,
}

/// Who is held from on a site that is observed otherwise: whoever fits one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Canary {
    /// Of ten thousand visitors so many, by a keyed hash of their network; 0 is nobody.
    pub visitors: u32,
    /// Requests with this header and value.
    pub header: Option<(http::HeaderName, http::HeaderValue)>,
    /// Pages of these paths, and what they load.
    pub paths: Vec<String>,
}

/// How many choices one network may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// At once.
    pub at_once: u32,
    /// A minute, for as long as it goes on.
    pub a_minute: u32,
}

impl Default for Choices {
    fn default() -> Self {
        Self { at_once: 30, a_minute: 60 }
    }
}

/// One site, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// Lower-case hosts without port; `*.example.gov.uk` and `*` allowed. The first names the site.
    pub hosts: Vec<String>,
    /// Observe, enforce or off.
    pub mode: Mode,
    /// In observe mode: for whom the gate acts all the same.
    pub canary: Option<Canary>,
    /// Fence, learn or strict.
    pub csp: Csp,
    /// The reserved prefix, without a slash at its end (default `/.consent`).
    pub prefix: String,
    /// `share:` — the domain whose hosts share one choice.
    pub share: Option<String>,
    /// `receipts:` — false keeps no receipt id, in the ledger or the cookie (default true).
    pub receipts: bool,
    /// `limits.choices` — how fast one network may choose.
    pub choices: Choices,
    /// The site behind.
    pub upstream: upstream::Config,
    /// Its rules.
    pub policy: policy::Config,
    /// Its notice.
    pub notice: notice::Config,
}
