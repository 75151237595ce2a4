//! The real gate in front of the saved pages, asked as a browser asks.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use bytes::Bytes;
use consentgate::config;
use consentgate::consent::{Choice, Key};
use consentgate::gateway::{Gateway, Peer, Shared, Sites};
use consentgate::ledger::Sqlite;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, COOKIE, HOST};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use url::Position;

use crate::corpus::SavedPage;
use crate::origin::{Coding, PAGE};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Visitor {
    /// Has not been asked yet.
    Undecided,
    /// Has agreed to everything; `told` when a page has confirmed it already.
    Accepted { told: bool },
}

/// A page as the visitor gets it.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) html: Vec<u8>,
}

/// What the workers share.
pub(crate) struct Gate {
    shared: Arc<Shared>,
}

impl Gate {
    /// A gate in enforce mode, by a configuration as an operator writes it, with these further lines of the site.
    pub(crate) fn new(origin: SocketAddr, folder: &Path, lines: &str) -> Self {
        let ledger = folder.join("ledger.db");
        let yaml = format!(
            "ledger: {{ url: \"sqlite:{}\" }}\nsites:\n  - hosts: [\"*\"]\n    upstream: http://{origin}\n    mode: enforce\n{lines}",
            ledger.display()
        );
        let resolved = config::parse(&yaml, &folder.join("gate.yaml")).unwrap_or_else(|faults| panic!("{faults}"));
        let sites = Sites::new(&resolved.sites, &Key::new([7; 32]), None).expect("no patterns");
        let ledger = Sqlite::start(&resolved.ledger, &Key::new([7; 32])).expect("a ledger");
        let shared =
            Shared { sites: ArcSwap::from_pointee(sites), ledger: Arc::new(ledger), token: "gate-of-the-test".into() };
        Self { shared: Arc::new(shared) }
    }

    /// One worker, with connections of its own.
    pub(crate) fn worker(&self) -> Worker {
        let gateway = Gateway::new(Arc::clone(&self.shared)).expect("an upstream");
        Worker { gateway, shared: Arc::clone(&self.shared) }
    }
}

pub(crate) struct Worker {
    gateway: Gateway,
    shared: Arc<Shared>,
}

impl Worker {
    /// Opens a page to its end; a body that breaks off is an error.
    pub(crate) async fn open(&self, at: usize, page: &SavedPage, visitor: Visitor) -> Result<Answer, String> {
        let peer = Peer { address: [192, 0, 2, 1].into(), https: page.url.scheme() == "https" };
        let response = self.gateway.handle(self.request(at, page, visitor), peer).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|fault| fault.to_string())?.to_bytes();
        let coding = Coding::read(head.headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes));
        if coding != Coding::of_page(at) {
            return Err(format!("it left as {coding:?}"));
        }
        let html = coding.decode(&body).map_err(|fault| fault.to_string())?;
        Ok(Answer { status: head.status, headers: head.headers, html })
    }

    fn request(&self, at: usize, page: &SavedPage, visitor: Visitor) -> Request<Empty<Bytes>> {
        let mut request = Request::get(&page.url[Position::BeforePath..Position::AfterQuery])
            .header(HOST, &page.url[Position::BeforeHost..Position::AfterPort])
            .header(ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
            .header(ACCEPT_ENCODING, "gzip, deflate, br, zstd")
            .header("sec-fetch-dest", "document")
            .header(PAGE, at);
        if let Visitor::Accepted { told } = visitor {
            request = request.header(COOKIE, self.cookie(page, told));
        }
        request.body(Empty::new()).expect("a request")
    }

    fn cookie(&self, page: &SavedPage, told: bool) -> String {
        let site = &self.shared.sites.load().all[0];
        let made_at = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let all = site.policy.purposes().all();
        let choice = Choice { fresh: !told, ..Choice::of(all, all, made_at) };
        format!("{}={}", site.choice.name(page.url.scheme() == "https"), site.choice.seal(&choice))
    }
}
