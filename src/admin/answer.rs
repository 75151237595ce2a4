//! What the admin listener answers.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::{Value, json};

use super::access::{Access, Entry, is_own_form};
use super::proof::{Numbers, Proof};
use super::table::Table;
use super::{Client, LONGEST_HEAD, Site, View, audits, known, metrics, pages, pages::Pages, report, switch, tables};

pub(super) type Answer = Response<Full<Bytes>>;

/// Nothing runs, loads or frames a page of the dashboard but what this listener itself serves.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
/// The report of an audit has its style in itself.
const REPORT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; \
                             frame-ancestors 'none'; base-uri 'none'";
type BoxError = Box<dyn std::error::Error + Send + Sync>;
const HTML: &str = "text/html; charset=utf-8";
/// A form with the token is shorter.
const LONGEST_FORM: usize = 4096;

/// Everything an answer is made from.
pub(super) struct Desk {
    pub(super) view: View,
    pub(super) access: Access,
    pub(super) pages: Pages,
    pub(super) proof: Arc<Proof>,
}

pub(super) async fn answer<B>(request: Request<B>, desk: &Desk, client: Client) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let path = request.uri().path().to_owned();
    let entry = desk.access.entry(request.headers(), client);
    if entry == Entry::Elsewhere {
        return text(StatusCode::FORBIDDEN, "the admin listener is asked by address or as localhost\n");
    }
    if matches!(&*path, "/login" | "/logout") && desk.access.asks() {
        return session(request, desk, client.peer).await;
    }
    if entry != Entry::Open && !is_open(&path) {
        return refused(&entry, request.headers());
    }
    if let Some((status, said)) = switch::switched(request.method(), &path, request.headers(), &desk.view) {
        return text(status, said);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return allowing("GET, HEAD");
    }
    let csv = wants_csv(request.uri().query());
    page(&path, csv, desk).await
}

/// What says nothing about the gate but whether it can serve, and what the log-in form needs.
fn is_open(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/dashboard.css")
}

async fn page(path: &str, csv: bool, desk: &Desk) -> Answer {
    let view = &desk.view;
    match path {
        "/healthz" => text(StatusCode::OK, "ok\n"),
        // Whoever spreads visitors over several gates must send no more of them here (promise 29).
        "/readyz" if (view.stopping)() => text(StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
        "/readyz" if (view.ledger_healthy)() => text(StatusCode::OK, "ready\n"),
        "/readyz" => text(StatusCode::SERVICE_UNAVAILABLE, "the ledger cannot be written: choices are refused\n"),
        "/metrics" => typed("text/plain; version=0.0.4; charset=utf-8", metrics::render(view, &desk.proof)),
        "/dashboard.css" => typed("text/css; charset=utf-8", pages::STYLE),
        "/dashboard.js" => typed("text/javascript; charset=utf-8", pages::SCRIPT),
        "/api/stats" => json_answer(&stats(view)),
        "/api/report" => json_answer(&report::report(view)),
        "/api/inventory" => json_answer(&known::inventory(view)),
        "/" => typed(HTML, desk.pages.overview(view, &*numbers(desk).await)),
        "/audits" => typed(HTML, desk.pages.audits(view)),
        "/config" => typed(HTML, desk.pages.config(view)),
        "/ledger" => typed(HTML, desk.pages.ledger(view, &desk.proof, &*numbers(desk).await)),
        _ => named(path, csv, desk).await,
    }
}

/// Pages and tables that are called after a site, and the tables of the gate.
async fn named(path: &str, csv: bool, desk: &Desk) -> Answer {
    let view = &desk.view;
    if let Some(name) = path.strip_prefix("/sites/") {
        let Some(site) = site(view, name) else { return nowhere() };
        return typed(HTML, desk.pages.site(view, &site, &*numbers(desk).await));
    }
    if let Some((audit, name)) = path.strip_prefix("/audits/").and_then(|rest| rest.split_once('/')) {
        return audit_file(audit, name, view);
    }
    let Some(name) = path.strip_prefix("/api/") else { return nowhere() };
    let found = match name.strip_prefix("sites/") {
        Some(rest) => site_table(rest, desk).await,
        None => gate_table(name, desk).await,
    };
    match found {
        Some(table) if csv => csv_answer(&table),
        Some(table) => json_answer(&table.json()),
        None => nowhere(),
    }
}

/// A report, what is beside it, and the pictures it names.
fn audit_file(audit: &str, name: &str, view: &View) -> Answer {
    let found = audits::media_type(name).and_then(|kind| Some((kind, (view.audit_file)(audit, name)?)));
    let Some((kind, body)) = found else { return nowhere() };
    let mut answer = typed(kind, body);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(REPORT_POLICY));
    answer
}

async fn gate_table(name: &str, desk: &Desk) -> Option<Table> {
    let view = &desk.view;
    Some(match name {
        "sites" => tables::sites(view),
        "held" => tables::held_everywhere(view),
        "abandoned" => tables::abandoned(view),
        "audits" => (view.audits)().table(),
        "audits/new" => (view.audits)().news_table(),
        "config/settings" => tables::settings(view),
        "ledger/events" => tables::ledger_events(&*numbers(desk).await),
        "ledger/months" => tables::ledger_months(&*numbers(desk).await),
        _ => return None,
    })
}

async fn site_table(rest: &str, desk: &Desk) -> Option<Table> {
    let (name, table) = rest.rsplit_once('/')?;
    let site = &site(&desk.view, name)?;
    Some(match table {
        "choices" => tables::choices(site, &*numbers(desk).await),
        "asked" => tables::asked(site),
        "held" => tables::held(site),
        "unclassified" => tables::unclassified(site),
        "drift" => tables::drift(site),
        "pages" => tables::pages(site),
        "purposes" => tables::purposes(site),
        "cookies" => tables::cookies(site),
        "storage" => tables::storage(site),
        "third-parties" => tables::third_parties(site),
        "companies" => tables::companies(site),
        "upstream" => tables::upstream(site),
        "speed" => tables::speed(site),
        _ => return None,
    })
}

fn site(view: &View, name: &str) -> Option<Site> {
    (view.sites)().into_iter().find(|site| site.name == name)
}

/// Counting may take a while: not on the thread that answers `/readyz`.
async fn numbers(desk: &Desk) -> Arc<Numbers> {
    let proof = Arc::clone(&desk.proof);
    tokio::task::spawn_blocking(move || proof.numbers()).await.unwrap_or_default()
}

fn wants_csv(query: Option<&str>) -> bool {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.any(|(name, value)| name == "format" && value == "csv")
}

// === Who may look ===

async fn session<B>(request: Request<B>, desk: &Desk, peer: IpAddr) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let log_in = request.uri().path() == "/login";
    match *request.method() {
        Method::GET | Method::HEAD if log_in => typed(HTML, desk.pages.log_in("")),
        Method::POST if !is_own_form(request.headers()) => text(StatusCode::FORBIDDEN, "the form of another site\n"),
        Method::POST if log_in => tried(&form_token(request).await, desk, peer),
        Method::POST => to("/login", Some(&desk.access.log_out())),
        _ => allowing(if log_in { "GET, HEAD, POST" } else { "POST" }),
    }
}

fn tried(token: &str, desk: &Desk, peer: IpAddr) -> Answer {
    let (status, wrong) = match desk.access.log_in(token, peer) {
        Ok(cookie) => return to("/", Some(&cookie)),
        Err(Entry::Wait(seconds)) => {
            let page = desk.pages.log_in("There were too many wrong tokens. Wait a minute, then try again.");
            return waiting(seconds, with_status(StatusCode::TOO_MANY_REQUESTS, typed(HTML, page)));
        }
        Err(_) => (StatusCode::UNAUTHORIZED, "That is not the token. It is in the file that admin.token_file names."),
    };
    challenging(with_status(status, typed(HTML, desk.pages.log_in(wrong))))
}

async fn form_token<B>(request: Request<B>) -> String
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    let body = Limited::new(Box::pin(request.into_body()), LONGEST_FORM);
    let Ok(Ok(body)) = tokio::time::timeout(LONGEST_HEAD, body.collect()).await else { return String::new() };
    let body = body.to_bytes();
    let mut pairs = url::form_urlencoded::parse(&body);
    pairs.find(|(name, _)| name == "token").map(|(_, token)| token.into_owned()).unwrap_or_default()
}

/// A browser is shown the form, a program is told what is missing.
fn refused(entry: &Entry, headers: &HeaderMap) -> Answer {
    if let Entry::Wait(seconds) = entry {
        return waiting(*seconds, text(StatusCode::TOO_MANY_REQUESTS, "too many wrong tokens: wait\n"));
    }
    if *entry == Entry::Uncertified {
        return text(StatusCode::FORBIDDEN, "show a certificate of the authority that admin.client_ca names\n");
    }
    let accepts = headers.get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    if memchr::memmem::find(accepts, b"text/html").is_some() {
        return to("/login", None);
    }
    challenging(text(StatusCode::UNAUTHORIZED, "show the admin token: Authorization: Bearer ...\n"))
}

fn challenging(mut answer: Answer) -> Answer {
    answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"consentgate\""));
    answer
}

fn waiting(seconds: u64, mut answer: Answer) -> Answer {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

fn to(path: &'static str, cookie: Option<&str>) -> Answer {
    let mut answer = text(StatusCode::SEE_OTHER, "");
    answer.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(cookie).ok()) {
        answer.headers_mut().insert(SET_COOKIE, cookie);
    }
    answer
}

// === Answers for programs ===

fn stats(view: &View) -> Value {
    let site = |site: &Site| {
        let counts: Vec<_> = site.counters.snapshot().iter().map(|count| {
            json!({ "deed": count.deed.name(), "kind": count.kind.name(), "rule": &*count.rule, "count": count.count })
        }).collect();
        let abandoned: serde_json::Map<_, _> =
            site.counters.abandonments().iter().map(|(why, count)| (why.to_string(), (*count).into())).collect();
        json!({ "site": site.name, "mode": site.mode, "held": counts, "abandoned": abandoned })
    };
    json!({ "ledger_healthy": (view.ledger_healthy)(), "sites": (view.sites)().iter().map(site).collect::<Vec<_>>() })
}

fn json_answer(value: &Value) -> Answer {
    typed("application/json", format!("{value:#}\n"))
}

fn csv_answer(table: &Table) -> Answer {
    let mut answer = typed("text/csv; charset=utf-8", table.csv());
    let name: String =
        table.path.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        answer.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    answer
}

fn nowhere() -> Answer {
    text(StatusCode::NOT_FOUND, "no such page\n")
}

fn allowing(methods: &'static str) -> Answer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, "read only\n");
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    answer
}

fn text(status: StatusCode, words: &'static str) -> Answer {
    with_status(status, typed("text/plain; charset=utf-8", words.to_owned()))
}

fn with_status(status: StatusCode, mut answer: Answer) -> Answer {
    *answer.status_mut() = status;
    answer
}

fn typed(content_type: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut response = Response::new(Full::new(body.into()));
    let headers = [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: a form's `Origin` would be "null" then, and no longer tell ours from another site's.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    response.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}
