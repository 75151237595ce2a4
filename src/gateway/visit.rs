//! What is known about one request once its headers are read: whose site, who asks, what they agreed to.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{ACCEPT_LANGUAGE, COOKIE, HOST, REFERER};
use http::{HeaderMap, HeaderValue, Method, Request};

use crate::consent::{self, Choice, PurposeSet, UnixSeconds, Visitor};
use crate::cookie;
use crate::html::Asked;
use crate::inventory::page;
use crate::notice::{self, ExemptPurpose, Language, Place};

use super::canary::Asking;
use super::{Mode, Site, worker};

/// Who is at the other end, after trusted proxies.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// The visitor's address; it goes to the site and nowhere else.
    pub address: IpAddr,
    /// The visitor came by https.
    pub https: bool,
}

/// One request as the gate sees it.
#[expect(clippy::struct_excessive_bools, reason = "each says one thing of the request")]
pub(super) struct Visit {
    pub(super) site: Arc<Site>,
    pub(super) peer: Peer,
    pub(super) method: Method,
    /// Host and port as the visitor wrote them.
    pub(super) host: String,
    pub(super) path: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) asked: Asked,
    pub(super) visitor: Visitor,
    /// What may be stored and run on this path.
    pub(super) granted: PurposeSet,
    /// Held from, though the site is observed.
    in_canary: bool,
    /// The gate keeps out of this path.
    pub(super) bypassed: bool,
    /// The `Cookie` lines they sent, for the page that tells them.
    pub(super) sent: Vec<HeaderValue>,
    /// The names of the cookies they sent, where a rule of the site asks for them.
    cookies: Vec<Vec<u8>>,
    /// The answer is a worker's program: it fetches under its own policy, not the page's.
    pub(super) starts_worker: bool,
    pub(super) accept_language: Option<Vec<u8>>,
    /// They come from elsewhere, as far as their browser says: a visit begins here.
    pub(super) arrives: bool,
    /// A program that says it is an audit: what it chooses is recorded, and counted as nobody's choice.
    pub(super) audits: bool,
    pub(super) now: UnixSeconds,
    /// The same moment in milliseconds since 1970.
    pub(super) now_ms: u64,
    /// The site has no such page.
    pub(super) is_lost: AtomicBool,
    /// Of what is posted: the page of the site's that it was sent from, as it may be kept.
    sent_from: Option<Box<str>>,
    /// The path as it may be kept, where that is not the path itself.
    page: OnceLock<Option<Box<str>>>,
    nonce: OnceLock<String>,
    /// The page is asked what its scripts write.
    sampled: OnceLock<bool>,
    exempt: OnceLock<Vec<ExemptPurpose>>,
}

impl Visit {
    pub(super) fn new<B>(site: Arc<Site>, request: &Request<B>, peer: Peer) -> Self {
        let now_ms = now_ms();
        let now = now_ms / 1000;
        let headers = request.headers();
        let (visitor, has_chosen) = visitor(&site, headers, peer.https, now);
        let path = request.uri().path().to_owned();
        let cookies = sent(&site, headers);
        let mut visit = Self {
            peer,
            now,
            now_ms,
            method: request.method().clone(),
            host: host(headers).to_owned(),
            target: request.uri().path_and_query().map_or_else(|| path.clone(), ToString::to_string),
            asked: Asked::read(headers),
            in_canary: in_canary(&site, request, peer, has_chosen),
            granted: PurposeSet::ESSENTIAL,
            bypassed: site.policy.bypasses(&path) && !super::own::is_reserved(&site, &path),
            cookies,
            sent: headers.get_all(COOKIE).iter().cloned().collect(),
            starts_worker: worker::starts(headers),
            is_lost: AtomicBool::new(false),
            sent_from: super::origin::sent_from(request),
            page: OnceLock::new(),
            nonce: OnceLock::new(),
            sampled: OnceLock::new(),
            exempt: OnceLock::new(),
            arrives: arrives(headers),
            audits: super::origin::is_audit(headers),
            accept_language: headers.get(ACCEPT_LANGUAGE).map(|value| value.as_bytes().to_vec()),
            visitor,
            path,
            site,
        };
        visit.granted = visit.granted_at(&visit.path);
        visit
    }

    /// What may be stored and run for this visitor on a page of this path.
    pub(super) fn granted_at(&self, path: &str) -> PurposeSet {
        self.site.policy.granted_on(path, &self.cookies, self.visitor.granted(self.site.policy.purposes()))
    }

    /// What would be granted here to someone who has agreed to everything.
    pub(super) fn grantable(&self) -> PurposeSet {
        self.site.policy.granted_on(&self.path, &self.cookies, self.site.policy.purposes().all())
    }

    /// The site's mode, or off where the gate keeps out.
    pub(super) fn mode(&self) -> Mode {
        match self.site.mode() {
            _ if self.bypassed => Mode::Off,
            Mode::Observe if self.in_canary => Mode::Enforce,
            mode => mode,
        }
    }

    /// Inside the site's canary, or outside; nothing where the site has none.
    pub(super) fn canary(&self) -> Option<bool> {
        self.site.canary.as_ref().map(|_| self.in_canary)
    }

    /// The path as it may be kept and shown: it names no visitor. Empty for what is no page of the site's: anybody can ask
    /// for anything. What is posted (a log-in, a search) counts under its path where that is a page that the site has
    /// shown, else under the page it was sent from.
    pub(super) fn page(&self) -> &str {
        if self.is_lost.load(Ordering::Relaxed) || super::own::is_reserved(&self.site, &self.path) {
            return "";
        }
        let is_known = |page: &&str| self.site.inventory.has_page(page);
        if self.is_asked_for() {
            return self.own_page();
        }
        Some(self.own_page()).filter(is_known).or(self.sent_from.as_deref().filter(is_known)).unwrap_or("")
    }

    /// Asked for, not posted to.
    pub(super) fn is_asked_for(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    fn own_page(&self) -> &str {
        let own = |path| match page(path) {
            Cow::Borrowed(same) if same.len() == path.len() => None,
            other => Some(other.into()),
        };
        self.page.get_or_init(|| own(&self.path)).as_deref().unwrap_or(&self.path)
    }

    pub(super) fn enforces(&self) -> bool {
        self.mode() == Mode::Enforce
    }

    /// Nothing is held from this visitor here.
    pub(super) fn all_granted(&self) -> bool {
        self.granted.covers(self.site.policy.purposes().all())
    }

    /// They agreed to something that needed agreement.
    pub(super) fn has_agreed(&self) -> bool {
        self.visitor.agreed(self.site.policy.purposes()) != PurposeSet::ESSENTIAL
    }

    /// The purposes they are still to be asked about.
    pub(super) fn undecided(&self) -> PurposeSet {
        self.visitor.undecided(self.site.policy.purposes())
    }

    /// They chose, or something that can be objected to is granted: tags are told what is granted, not to wait.
    pub(super) fn is_settled(&self) -> bool {
        let purposes = self.site.policy.purposes();
        let silent = self.visitor.granted(purposes) != PurposeSet::ESSENTIAL;
        silent || self.visitor.choice.as_ref().is_some_and(Choice::decides)
    }

    pub(super) fn scheme(&self) -> &'static str {
        if self.peer.https { "https" } else { "http" }
    }

    /// The nonce of this response: 128 random bits, made when it is first asked for, another one for every response
    /// (CSP3, "nonces"; REQUIREMENTS B13).
    pub(super) fn nonce(&self) -> &str {
        self.nonce.get_or_init(|| {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).expect("the machine has random numbers: the signing key came from them");
            BASE64_URL_SAFE_NO_PAD.encode(bytes)
        })
    }

    /// Is this page view one of the few that are asked what their scripts write? Where everything is granted the guard
    /// touches nothing, and knows nothing.
    pub(super) fn is_sampled(&self) -> bool {
        *self.sampled.get_or_init(|| {
            let is_page = matches!(self.asked, Asked::Page | Asked::Likely) && !self.page().is_empty();
            is_page && !self.all_granted() && self.site.inventory.sample.takes(self.page(), self.now)
        })
    }

    /// What is used on this site until its visitors object, and whether this one has.
    fn exempt(&self) -> &[ExemptPurpose] {
        self.exempt.get_or_init(|| {
            let purposes = self.site.policy.purposes();
            let (until_objected, objects) = (purposes.until_objected(), self.visitor.objects(purposes));
            let exempt = purposes.asked().filter(|(purpose, _)| until_objected.contains(*purpose));
            let exempt = exempt.map(|(purpose, name)| ExemptPurpose {
                purpose,
                name: name.to_owned(),
                third_parties: self.site.inventory.companies(purpose),
                objected: objects.contains(purpose),
            });
            exempt.collect()
        })
    }

    /// The host without its port, lower-case.
    pub(super) fn host_name(&self) -> String {
        without_port(&self.host).to_ascii_lowercase()
    }

    /// The language for a page of the gate's own. `?lang=` is a link that the visitor followed there: it goes before the
    /// site's rules, or the way to the other language would lead nowhere.
    pub(super) fn language(&self) -> Language {
        let notice = &self.site.config.notice;
        let wished = self.query("lang").and_then(|tag| notice.language(&tag));
        let own = super::own::is_reserved(&self.site, &self.path);
        let said = if own { wished.or_else(|| self.ruled()) } else { self.ruled().or(wished) };
        said.unwrap_or_else(|| notice::language_for(None, self.accept_language.as_deref(), notice))
    }

    /// The language for a notice on a page that says it is in this one.
    pub(super) fn language_of(&self, page: Option<&str>) -> Language {
        let said = || notice::language_for(page, self.accept_language.as_deref(), &self.site.config.notice);
        self.ruled().unwrap_or_else(said)
    }

    /// What a rule of the site says; a page of the gate's own counts as the one the visitor came from.
    fn ruled(&self) -> Option<Language> {
        let own = super::own::is_reserved(&self.site, &self.path);
        let came_from = own.then(|| self.query("return")).flatten();
        let path = came_from.as_deref().filter(|path| path.starts_with('/')).unwrap_or(&self.path);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        self.site.config.notice.ruled_language(&self.host_name(), path)
    }

    /// The first value of this name in the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// Where the notice stands on a page that says it is in this language.
    pub(super) fn place<'p>(&'p self, page_language: Option<&str>) -> Place<'p> {
        Place {
            config: &self.site.config.notice,
            language: self.language_of(page_language),
            page_language: page_language.and_then(|tag| self.site.config.notice.language(tag)),
            https: self.peer.https,
            host: &self.host,
            prefix: &self.site.config.prefix,
            return_to: &self.target,
            exempt: self.exempt(),
            nonce: self.nonce(),
        }
    }
}

/// The `Host` line; `server` has made sure that there is one and that it can be one.
pub(super) fn host(headers: &HeaderMap) -> &str {
    headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

pub(super) fn without_port(host: &str) -> &str {
    let port = host.rfind(':').filter(|at| host[at + 1..].bytes().all(|byte| byte.is_ascii_digit()));
    port.map_or(host, |at| &host[..at])
}

/// Browsers say so over https and to localhost (Fetch Metadata); elsewhere the page they came from has to do.
fn arrives(headers: &HeaderMap) -> bool {
    if let Some(from) = headers.get("sec-fetch-site") {
        return from.as_bytes() != b"same-origin";
    }
    let own = host(headers).as_bytes();
    let from = headers.get(REFERER).map(HeaderValue::as_bytes).unwrap_or_default();
    let authority = from.splitn(4, |byte| *byte == b'/').nth(2).unwrap_or_default();
    own.is_empty() || authority != own
}

fn sent(site: &Site, headers: &HeaderMap) -> Vec<Vec<u8>> {
    if site.policy.looks_at_cookies() { cookie::names(headers).map(<[u8]>::to_vec).collect() } else { Vec::new() }
}

fn in_canary<B>(site: &Site, request: &Request<B>, peer: Peer, has_chosen: bool) -> bool {
    let Some(canary) = &site.canary else { return false };
    let (headers, path) = (request.headers(), request.uri().path());
    let host = without_port(host(headers)).to_ascii_lowercase();
    let (asked, is_own) = (Asked::read(headers), super::own::under_prefix(site, path).is_some());
    let asking = Asking { headers, address: peer.address, host: &host, path, asked, is_own, has_chosen };
    canary.takes(&asking, site.name(), &site.choice.key)
}

/// Who asks, and whether they have chosen here.
fn visitor(site: &Site, headers: &HeaderMap, https: bool, now: UnixSeconds) -> (Visitor, bool) {
    let name = site.choice.name(https).as_bytes();
    // A neighbour host can put a second cookie of this name beside ours, and one that is signed too: a choice of its
    // own. What both agreed to counts, or it could agree for a visitor who refused.
    let made = cookie::values(headers, name).filter_map(|value| site.choice.open(value, now)).reduce(Choice::stricter);
    let gpc = headers.get_all("sec-gpc").iter().map(HeaderValue::as_bytes);
    let has_chosen = made.is_some();
    let choice = made.or_else(|| refused_elsewhere(site, headers, now));
    (Visitor { choice, gpc: consent::gpc(gpc) }, has_chosen)
}

/// The banner that this one replaces has asked already, and the visitor has refused everything. Nothing was chosen here:
/// there is no record of it and no receipt, and no cookie is set.
fn refused_elsewhere(site: &Site, headers: &HeaderMap, now: UnixSeconds) -> Option<Choice> {
    let refused = site.policy.replaces_banner()
        && headers.contains_key(COOKIE)
        && consent::refused_elsewhere(|name| cookie::values(headers, name.as_bytes()).collect());
    refused.then(|| Choice::of(site.policy.purposes().all(), PurposeSet::ESSENTIAL, now))
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    u64::try_from(since).unwrap_or(u64::MAX)
}
