//! What a visitor hands over of one page, in one state: facts as they were met, not yet judged.

use url::Url;

use super::{Fingerprinting, NoticeSeen, Phase, SetBy, StorageKind};

/// One page, opened once.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The address that was asked for.
    pub url: Url,
    /// Where it led to in the end.
    pub landed: Url,
    /// The status of the page, 0 where there was no answer.
    pub status: u16,
    /// The state it was opened in.
    pub phase: Phase,
    /// The cookies set while it was open, one for each time.
    pub cookies: Vec<CookieMet>,
    /// What was stored while it was open.
    pub storage: Vec<StorageMet>,
    /// What was asked for while it was open, the site's own included.
    pub requests: Vec<RequestMet>,
    /// Interfaces used that can tell one device from others.
    pub fingerprinting: Vec<Fingerprinting>,
    /// The links to other pages of the site, as absolute addresses without fragments.
    pub links: Vec<Url>,
    /// The notice, where the page shows one.
    pub notice: Option<NoticeSeen>,
    /// A picture of it, by its file name in the report's folder.
    pub screenshot: Option<String>,
    /// What went wrong: the page counts as looked at in part.
    pub gaps: Vec<String>,
}

impl Visit {
    /// Nothing met yet.
    pub fn new(url: Url, phase: Phase) -> Self {
        Self {
            landed: url.clone(),
            url,
            status: 0,
            phase,
            cookies: Vec::new(),
            storage: Vec::new(),
            requests: Vec::new(),
            fingerprinting: Vec::new(),
            links: Vec::new(),
            notice: None,
            screenshot: None,
            gaps: Vec::new(),
        }
    }
}

/// A cookie as it was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieMet {
    /// Its name.
    pub name: String,
    /// The host it belongs to: without a leading dot.
    pub domain: String,
    /// Its path.
    pub path: String,
    /// By a response or by a script.
    pub set_by: SetBy,
    /// For how many seconds it was set; `None`: until the browser is closed.
    pub wire_lifetime: Option<u64>,
    /// Only sent over https.
    pub secure: bool,
    /// Not readable by scripts.
    pub http_only: bool,
    /// `strict`, `lax` or `none`.
    pub same_site: Option<String>,
    /// It was there before this page was opened.
    pub kept: bool,
}

/// Something stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StorageMet {
    /// Of which kind.
    pub kind: StorageKind,
    /// Its key or name.
    pub key: String,
    /// Scheme and host of the page or frame.
    pub origin: String,
}

/// A request, or without a browser a tag that would make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMet {
    /// What was asked for.
    pub url: Url,
    /// What asked: a script's or a page's address, without its query.
    pub initiator: String,
}

/// Whoever opens pages: without a browser, or with one.
pub trait Visitor {
    /// Opens a page as the visitor is now.
    fn visit(&mut self, url: &Url) -> impl Future<Output = Visit> + Send;

    /// Goes into another state: a new visitor who presses what leads there on this page. `Err` says why it cannot be
    /// reached.
    fn enter(&mut self, phase: Phase, page: &Url) -> impl Future<Output = Result<(), String>> + Send;
}
