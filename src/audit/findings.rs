//! The outcome of an audit as it is written to `report.json`: these names and shapes are published (`consentgate audit
//! --schema`).
//!
//! Times are RFC 3339 in UTC, lifetimes whole seconds. A list is sorted, so that the same input gives the same file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::method::{ListUsed, Method};
pub use super::seen::{Control, NoticeSeen};

/// The version of this form.
pub const SCHEMA: &str = "consentgate-audit-1";

/// An audit of one site or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The form of this file: `consentgate-audit-1`.
    pub schema: String,
    /// Which program wrote it: `consentgate 0.1.0`.
    pub product: String,
    /// When it was finished.
    pub made_at: String,
    /// How the sites were looked at.
    pub mode: Mode,
    /// The version of the criteria: their file says what each of them is.
    pub criteria_version: String,
    /// One for each site, in the order they were asked for.
    pub sites: Vec<SiteReport>,
    /// What is needed to make it again; absent in reports of earlier versions.
    #[serde(default)]
    pub method: Option<Method>,
}

/// How a site is looked at. Without a browser no script runs: what scripts set is not seen, and is not said to be absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Requests and responses alone.
    #[default]
    Http,
    /// Chromium, with a new profile for each state.
    Browser,
}

/// One site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SiteReport {
    /// The address that was asked for.
    pub url: String,
    /// 0 to 100; absent where the site could not be looked at.
    #[schemars(extend("x-unit" = "points of 100"))]
    pub score: Option<u8>,
    /// What would be left if every criterion that could not be looked at took its points away too.
    #[schemars(extend("x-unit" = "points of 100"))]
    pub score_at_least: Option<u8>,
    /// Each criterion with what it found.
    pub criteria: Vec<Outcome>,
    /// What was found in each state.
    pub states: States,
    /// What the site's own cookies page says, beside what is there; absent where no such page was found.
    pub declared: Option<Declared>,
    /// The notice that was found.
    pub notice: Option<NoticeSeen>,
    /// The pages that were looked at, in order.
    pub pages: Vec<PageSeen>,
    /// How many pages its links and sitemaps named that may be opened; absent where that is not known.
    #[serde(default)]
    pub pages_known: Option<u32>,
    /// What could not be looked at, and why.
    pub gaps: Vec<String>,
}

/// The four states of consent. A state that could not be reached is absent, and `gaps` says why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct States {
    /// A new visitor who has chosen nothing.
    pub untouched: State,
    /// After Reject.
    pub rejected: Option<State>,
    /// After Accept.
    pub accepted: Option<State>,
    /// After taking back what was agreed to.
    pub withdrawn: Option<State>,
}

impl States {
    /// The state of a phase.
    pub fn of(&self, phase: Phase) -> Option<&State> {
        match phase {
            Phase::Untouched => Some(&self.untouched),
            Phase::Rejected => self.rejected.as_ref(),
            Phase::Accepted => self.accepted.as_ref(),
            Phase::Withdrawn => self.withdrawn.as_ref(),
        }
    }
}

/// Which state a page is opened in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before any choice.
    #[default]
    Untouched,
    /// After Reject.
    Rejected,
    /// After Accept.
    Accepted,
    /// After taking it back.
    Withdrawn,
}

impl Phase {
    /// In the order they are looked at.
    pub const ALL: [Self; 4] = [Self::Untouched, Self::Rejected, Self::Accepted, Self::Withdrawn];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Untouched => "untouched",
            Self::Rejected => "rejected",
            Self::Accepted => "accepted",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What was found in one state, over all pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// Cookies, by domain, name and path.
    pub cookies: Vec<CookieFound>,
    /// Storage keys, databases, caches, service workers.
    pub storage: Vec<StorageFound>,
    /// Other companies' hosts that were asked for something, or (without a browser) would be by a tag of the page.
    pub third_parties: Vec<ThirdParty>,
    /// Interfaces used that can tell one device from others; in browser mode only.
    pub fingerprinting: Vec<Fingerprinting>,
    /// Parameters that carry an identity to another host; in browser mode only.
    pub decorations: Vec<Decoration>,
}

/// A cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CookieFound {
    /// Its name as it was set.
    pub name: String,
    /// The pattern of generated names that it falls under: `_ga_*`. Equal to the name where there is none.
    pub pattern: String,
    /// Where it is sent to.
    pub domain: String,
    /// Below which path.
    pub path: String,
    /// What for, by the catalogue: `essential`, `preferences`, `analytics`, `marketing`; absent where nobody knows.
    pub purpose: Option<String>,
    /// Whose it is, by the catalogue.
    pub company: Option<String>,
    /// By a response or by a script.
    pub set_by: SetBy,
    /// It is sent to the site itself, not only to others.
    pub first_party: bool,
    /// For how many seconds it was set; absent: until the browser is closed.
    #[schemars(extend("x-unit" = "seconds"))]
    pub wire_lifetime: Option<u64>,
    /// For how many seconds a browser keeps it: at most 400 days.
    #[schemars(extend("x-unit" = "seconds"))]
    pub effective_lifetime: Option<u64>,
    /// Only sent over https.
    pub secure: bool,
    /// Not readable by scripts.
    pub http_only: bool,
    /// `strict`, `lax`, `none`; absent where it does not say.
    pub same_site: Option<String>,
    /// On which pages, at most ten of them.
    pub pages: Vec<String>,
}

/// Who sets a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetBy {
    /// A line of a response's head.
    #[default]
    Header,
    /// A script in the page.
    Script,
}

/// Something stored that is no cookie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorageFound {
    /// Of which kind.
    pub kind: StorageKind,
    /// Its key, or its name.
    pub key: String,
    /// Whose page stores it: scheme and host.
    pub origin: String,
    /// What for, by the catalogue.
    pub purpose: Option<String>,
    /// Whose it is, by the catalogue.
    pub company: Option<String>,
    /// On which pages, at most ten of them.
    pub pages: Vec<String>,
}

/// Where something is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StorageKind {
    /// `localStorage`.
    #[default]
    Local,
    /// `sessionStorage`.
    Session,
    /// A database.
    IndexedDb,
    /// A cache.
    Cache,
    /// A service worker: its script's address.
    ServiceWorker,
}

/// A host of somebody else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ThirdParty {
    /// The host.
    pub host: String,
    /// Whose it is, by the catalogue.
    pub company: Option<String>,
    /// What for, by the catalogue; absent where nobody knows.
    pub purpose: Option<String>,
    /// How many requests, over all pages.
    pub requests: u64,
    /// What asked: the addresses of scripts or pages, without their queries, at most ten.
    pub initiators: Vec<String>,
    /// What was asked for, as examples: addresses without their queries, at most ten.
    pub examples: Vec<String>,
    /// On which pages, at most ten of them.
    pub pages: Vec<String>,
}

/// A use of an interface that can tell one device from others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Fingerprinting {
    /// The interface: `canvas`, `webgl`, `audio`, `fonts`, …
    pub interface: String,
    /// The script that used it.
    pub script: String,
    /// On which page.
    pub page: String,
}

/// A parameter that carries an identity to another host.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Decoration {
    /// The parameter's name: `_gl`, `fbclid`.
    pub parameter: String,
    /// The host it is carried to.
    pub host: String,
    /// On which page.
    pub page: String,
}

/// A page that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PageSeen {
    /// Its address.
    pub url: String,
    /// The status it was answered with.
    pub status: u16,
    /// In which states it was opened.
    pub phases: Vec<Phase>,
}

/// The site's own cookies page beside what is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Declared {
    /// The page's address.
    pub page: String,
    /// What it names: names or patterns.
    pub named: Vec<String>,
    /// Found, and not named there.
    pub missing: Vec<String>,
    /// Named there, and not found.
    pub unseen: Vec<String>,
    /// Named with another lifetime than it is set with.
    pub lifetimes: Vec<LifetimeDiffers>,
}

/// A lifetime that is not what the page says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LifetimeDiffers {
    /// The cookie.
    pub name: String,
    /// What the page says, as it is written there.
    pub declared: String,
    /// For how many seconds it was set; absent: until the browser is closed.
    #[schemars(extend("x-unit" = "seconds"))]
    pub found: Option<u64>,
}

/// What one criterion found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// The criterion.
    pub id: String,
    /// What came of it.
    pub verdict: Verdict,
    /// How many points it took away, of 100.
    #[schemars(extend("x-unit" = "points of 100"))]
    pub deducted: u8,
    /// What shows it: one sentence for each thing found.
    pub evidence: Vec<String>,
}

/// What came of a criterion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is met.
    Met,
    /// It is not.
    NotMet,
    /// There is nothing it could be about.
    #[default]
    NotApplicable,
    /// It could not be looked at: it takes nothing away, and the report says so.
    NotSeen,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not_met",
            Self::NotApplicable => "not_applicable",
            Self::NotSeen => "not_seen",
        }
    }
}
