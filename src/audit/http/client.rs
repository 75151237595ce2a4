//! Requests without a browser: redirects one by one, so that no cookie of a hop is missed; bodies of a bounded size.

use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderValue, LOCATION, ORIGIN, USER_AGENT,
};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower_service::Service;
use url::Url;

use super::jar::Jar;
use crate::audit::{CookieMet, Reach};
use crate::html::Coding;
use crate::upstream::{self, SetupFault};

/// Says who asks and where to read about it; nobody is made to believe in a browser.
pub const AGENT: &str =
    concat!("consentgate-audit/", env!("CARGO_PKG_VERSION"), " (cookie audit; respects robots.txt)");
/// No page that anybody reads is larger.
const LARGEST: usize = 8 * 1024 * 1024;
const MOST_HOPS: usize = 10;

/// Asks, for one visitor or for many.
#[derive(Clone)]
pub struct Client {
    inner: legacy::Client<HttpsConnector<Reaching>, Full<Bytes>>,
    patience: Duration,
}

/// What came of asking, the redirects followed.
#[derive(Debug)]
pub(in crate::audit) struct Fetched {
    pub(in crate::audit) url: Url,
    pub(in crate::audit) status: StatusCode,
    pub(in crate::audit) headers: HeaderMap,
    /// Decoded.
    pub(in crate::audit) body: Vec<u8>,
    /// Everything asked for on the way, the last included.
    pub(in crate::audit) hops: Vec<Url>,
    /// The cookies set on the way.
    pub(in crate::audit) cookies: Vec<CookieMet>,
}

/// What is asked.
pub(super) struct Ask<'a> {
    pub(super) url: &'a Url,
    /// A form's fields.
    pub(super) form: Option<String>,
    pub(super) now: u64,
}

impl Client {
    /// A client that waits so long for each answer, and reaches some hosts where it is told.
    ///
    /// # Errors
    /// Where this machine has no certificate authorities that it trusts.
    pub fn new(patience: Duration, reach: Option<Reach>) -> Result<Self, SetupFault> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_connect_timeout(Some(patience));
        let tls = HttpsConnectorBuilder::new().with_tls_config(upstream::machine_tls()?).https_or_http();
        let inner = legacy::Client::builder(TokioExecutor::new())
            .build(tls.enable_http1().wrap_connector(Reaching { tcp, reach }));
        Ok(Self { inner, patience })
    }

    /// A file that is no page: `robots.txt`, a sitemap. Nobody's cookies are sent.
    pub(in crate::audit) async fn file(&self, url: &Url) -> Result<Fetched, String> {
        self.fetch(Ask { url, form: None, now: 0 }, &mut Jar::default()).await
    }

    pub(super) async fn fetch(&self, ask: Ask<'_>, jar: &mut Jar) -> Result<Fetched, String> {
        let (mut url, mut form, now) = (ask.url.clone(), ask.form, ask.now);
        let (mut hops, mut cookies) = (Vec::new(), Vec::new());
        loop {
            if hops.len() > MOST_HOPS {
                return Err(format!("{url}: redirected more than {MOST_HOPS} times"));
            }
            hops.push(url.clone());
            let asked = tokio::time::timeout(self.patience, self.once(&url, form.as_ref(), jar)).await;
            let (status, headers, body) =
                asked.map_err(|_| format!("{url}: no answer within {:?}", self.patience))??;
            for line in headers.get_all(http::header::SET_COOKIE) {
                cookies.extend(jar.take(line.as_bytes(), &url, now));
            }
            let Some(next) = redirect(status, &headers, &url) else {
                return Ok(Fetched { url, status, headers, body, hops, cookies });
            };
            if !matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT) {
                form = None;
            }
            url = next;
        }
    }

    async fn once(
        &self,
        url: &Url,
        form: Option<&String>,
        jar: &Jar,
    ) -> Result<(StatusCode, HeaderMap, Vec<u8>), String> {
        let request = request(url, form, jar).ok_or_else(|| format!("{url}: not an address that can be asked"))?;
        let response = self.inner.request(request).await.map_err(|fault| format!("{url}: {}", causes(&fault)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|fault| format!("{url}: {fault}"))?.to_bytes();
        let body =
            decoded(&head.headers, &body).ok_or_else(|| format!("{url}: its content coding cannot be undone"))?;
        Ok((head.status, head.headers, body))
    }
}

/// Connects, to another address where that is asked for; certificate and `Host` stay those of the site.
#[derive(Clone)]
struct Reaching {
    tcp: HttpConnector,
    reach: Option<Reach>,
}

impl Service<Uri> for Reaching {
    type Response = <HttpConnector as Service<Uri>>::Response;
    type Error = <HttpConnector as Service<Uri>>::Error;
    type Future = <HttpConnector as Service<Uri>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.tcp.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let instead = self.reach.as_ref().and_then(|reach| reach.instead(to.host()?));
        let uri = instead.and_then(|address| format!("http://{address}/").parse().ok());
        self.tcp.call(uri.unwrap_or(to))
    }
}

fn request(url: &Url, form: Option<&String>, jar: &Jar) -> Option<Request<Full<Bytes>>> {
    let mut plain = url.clone();
    plain.set_fragment(None);
    let method = if form.is_some() { Method::POST } else { Method::GET };
    let mut request = Request::builder().method(method).uri(plain.as_str());
    let headers = request.headers_mut()?;
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"));
    headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static("en-GB,en;q=0.9"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
    if let Some(line) = jar.line(url) {
        headers.insert(COOKIE, HeaderValue::from_bytes(&line).ok()?);
    }
    if form.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ORIGIN, HeaderValue::from_str(&url.origin().ascii_serialization()).ok()?);
    }
    request.body(Full::new(Bytes::from(form.cloned().unwrap_or_default()))).ok()
}

fn redirect(status: StatusCode, headers: &HeaderMap, url: &Url) -> Option<Url> {
    let followed = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let to = headers.get(LOCATION).filter(|_| followed)?;
    let next = url.join(std::str::from_utf8(to.as_bytes()).ok()?.trim()).ok()?;
    matches!(next.scheme(), "http" | "https").then_some(next)
}

fn decoded(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let coding = Coding::of(headers).ok()?;
    let mut preview = coding.preview();
    let out = preview.push(body, LARGEST);
    (!preview.failed()).then_some(out)
}

/// A fault with what caused it: `connection refused` is at the end of the chain.
fn causes(fault: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(fault), |fault| fault.source());
    let mut all: Vec<_> = all.map(ToString::to_string).collect();
    all.dedup();
    all.join(": ")
}
