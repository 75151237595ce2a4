//! The demo's council site and its stand-in third parties, asked for as a browser would, without the gate.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

use std::io::Read as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use consentgate::command::demo;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const THIRD_PARTY_PORT: u16 = 8082;
const COUNTING: [&str; 5] = ["_ga", "_gid", "SC_ANALYTICS_GLOBAL_COOKIE", "CouncilStats", "ai_user"];

const NO_FIELDS: [(&str, &str); 0] = [];

/// A browser with a cookie jar of names and values, all for one server.
struct Browser {
    server: SocketAddr,
    host: String,
    jar: Vec<(String, String)>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Browser {
    async fn of_the_council() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(demo::serve_council(listener, THIRD_PARTY_PORT));
        Self { server, host: "localhost".to_owned(), jar: Vec::new() }
    }

    async fn of_the_third_parties() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        tokio::spawn(demo::serve_third_parties(listener));
        Self { server, host: demo::WATCH_HOST.to_owned(), jar: Vec::new() }
    }

    fn at(&self, host: &str) -> Self {
        Self { server: self.server, host: host.to_owned(), jar: Vec::new() }
    }

    async fn open(&mut self, path: &str) -> Page {
        self.send(Request::get(path).body(Full::default()).unwrap()).await
    }

    async fn open_with(&mut self, path: &str, name: &str, value: &str) -> Page {
        self.send(Request::get(path).header(name, value).body(Full::default()).unwrap()).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, impl AsRef<str>)]) -> Page {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = Request::builder().method(Method::POST).uri(path);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Full::from(form)).unwrap()).await
    }

    async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Page {
        let cookies: Vec<_> = self.jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
        request.headers_mut().insert(header::HOST, self.host.parse().unwrap());
        if !cookies.is_empty() {
            request.headers_mut().insert(header::COOKIE, cookies.join("; ").parse().unwrap());
        }
        let stream = TcpStream::connect(self.server).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let page = Page {
            status: head.status,
            headers: head.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        };
        self.keep(&page);
        page
    }

    fn keep(&mut self, page: &Page) {
        for (name, value) in page.cookies() {
            self.jar.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                self.jar.push((name, value));
            }
        }
    }

    fn has(&self, cookie: &str) -> bool {
        self.jar.iter().any(|(name, _)| name == cookie)
    }
}

impl Page {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn cookies(&self) -> impl Iterator<Item = (String, String)> {
        let lines = self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap());
        lines
            .filter_map(|line| line.split(';').next()?.split_once('='))
            .map(|(name, value)| (name.into(), value.into()))
    }

    /// The page as a reader sees it: decompressed, in the charset its head declares.
    fn text(&self) -> String {
        let mut bytes = self.body.clone();
        if self.header(header::CONTENT_ENCODING) == "gzip" {
            bytes.clear();
            flate2::read::GzDecoder::new(&*self.body).read_to_end(&mut bytes).unwrap();
        }
        let declared =
            self.header(header::CONTENT_TYPE).rsplit_once("charset=").map_or("windows-1252", |(_, name)| name);
        encoding_rs::Encoding::for_label(declared.as_bytes()).unwrap().decode(&bytes).0.into_owned()
    }

    /// The value of a hidden field.
    fn field(&self, name: &str) -> String {
        let text = self.text();
        let tag = text.split('<').find(|tag| tag.contains(&format!("name=\"{name}\""))).expect("the field is there");
        tag.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }
}

#[tokio::test]
async fn every_page_comes_with_cookies_and_with_tags_of_third_parties() {
    let pages = [
        "/",
        "/council-tax.aspx",
        "/bins/default.aspx",
        "/planning/search.aspx",
        "/news/default.aspx",
        "/your-council/minutes.aspx",
        "/your-council/video.aspx",
        "/jobs/default.aspx",
        "/contact-us.aspx",
        "/privacy.aspx",
        "/search.aspx",
        "/account/login.aspx",
        "/trace.axd",
    ];
    for path in pages {
        let mut browser = Browser::of_the_council().await;
        let page = browser.open(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(browser.has("ASP.NET_SessionId"), "{path}");
        assert!(COUNTING.iter().all(|name| browser.has(name)), "{path}");
        let text = page.text();
        for company in [
            "www.googletagmanager.com",
            "connect.facebook.net",
            "static.hotjar.com",
            "www.clarity.ms",
            "www.facebook.com",
        ] {
            assert!(text.contains(&format!("//{company}.localhost:{THIRD_PARTY_PORT}/")), "{path}: {company}");
        }
        assert!(text.contains("<noscript>"), "{path}");
        assert!(!text.contains("{{"), "{path}: a place was left open");
    }
}

#[tokio::test]
async fn pages_of_every_other_kind_set_cookies_too() {
    let mut browser = Browser::of_the_council().await;
    for (path, status) in [
        ("/moved-in-2012.aspx", StatusCode::NOT_FOUND),
        ("/go.aspx?to=jobs&campaign=fb", StatusCode::FOUND),
        ("/api/bins.json?postcode=AM1+1AA", StatusCode::OK),
        ("/bins/next.aspx?postcode=AM1+1AA", StatusCode::OK),
        ("/mayor/default.asp", StatusCode::OK),
        ("/old/recycling-centre.htm", StatusCode::OK),
    ] {
        browser.jar.clear();
        let page = browser.open(path).await;
        assert_eq!(page.status, status, "{path}");
        assert!(COUNTING.iter().all(|name| browser.has(name)), "{path}");
    }
}

#[tokio::test]
async fn the_council_tax_postback_works_out_a_charge_and_needs_its_view_state_unharmed() {
    let mut browser = Browser::of_the_council().await;
    let page = browser.open("/council-tax.aspx").await;
    assert!(page.field("__VIEWSTATE").len() > 4000);
    let answer = browser.post("/council-tax.aspx", &calculation(&page)).await;
    assert!(answer.text().contains("<b>£1,381.61</b>"));
    let again = browser.post("/council-tax.aspx", &calculation(&answer)).await;
    assert!(again.text().contains("worked out 2 so far"));

    let reset = [&calculation(&page)[..], &[("__EVENTTARGET", "ctl00$MainContent$lnkReset".to_owned())]].concat();
    assert!(!browser.post("/council-tax.aspx", &reset).await.text().contains("pnlResult"));

    let mut broken = calculation(&page);
    broken[0].1 = broken[0].1.replace('A', "B");
    let broken = browser.post("/council-tax.aspx", &broken).await;
    assert_eq!(broken.status, StatusCode::INTERNAL_SERVER_ERROR);
}

/// The council tax form as a browser posts it back: band D, one adult.
fn calculation(page: &Page) -> [(&'static str, String); 4] {
    [
        ("__VIEWSTATE", page.field("__VIEWSTATE")),
        ("__EVENTVALIDATION", page.field("__EVENTVALIDATION")),
        ("ctl00$MainContent$ddlBand", "D".to_owned()),
        ("ctl00$MainContent$chkSingle", "on".to_owned()),
    ]
}

#[tokio::test]
async fn the_planning_search_speaks_windows_1252_both_ways() {
    let mut browser = Browser::of_the_council().await;
    let page = browser.open("/planning/search.aspx?keywords=caf%E9").await;
    assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=windows-1252");
    assert!(page.body.windows(9).any(|bytes| bytes == b"\x93Crumb &a"), "curly quotes are single bytes");
    assert!(page.text().contains("1 application found") && page.text().contains("value=\"café\""));
    let pounds = browser.open("/planning/search.aspx?keywords=%A3").await;
    assert!(pounds.text().contains("2 applications found") && pounds.body.windows(4).any(|bytes| bytes == b"\xa3250"));
}

#[tokio::test]
async fn searches_answer_and_escape_what_they_were_asked() {
    let mut browser = Browser::of_the_council().await;
    assert!(browser.open("/bins/default.aspx?postcode=am1+2qt").await.text().contains("<b>Tuesday</b>"));
    let unknown = browser.open("/bins/default.aspx?postcode=%3Cb%3E%22").await.text();
    assert!(unknown.contains("<b>&lt;b&gt;&quot;</b>"), "{unknown}");
    assert!(browser.open("/search.aspx?q=weir+bridge").await.text().contains("<li><a href=\"/news/default.aspx\">"));
}

#[tokio::test]
async fn the_fragment_is_one_cell_and_no_page() {
    let mut browser = Browser::of_the_council().await;
    let page = browser.open_with("/bins/next.aspx?postcode=AM12QT", "x-requested-with", "XMLHttpRequest").await;
    let text = page.text();
    assert!(text.starts_with("<td>") && text.ends_with("</td>") && text.contains("Tuesday"), "{text}");
}

#[tokio::test]
async fn news_is_gzip_and_the_minutes_stream() {
    let mut browser = Browser::of_the_council().await;
    let news = browser.open("/news/default.aspx").await;
    assert_eq!(news.header(header::CONTENT_ENCODING), "gzip");
    assert!(news.text().contains("Weir Bridge to close"));
    let start = Instant::now();
    let minutes = browser.open("/your-council/minutes.aspx").await;
    assert!(start.elapsed() > Duration::from_secs(1), "it came at once");
    assert_eq!(minutes.header(header::TRANSFER_ENCODING), "chunked");
    assert!(minutes.text().contains("<li>There was no urgent business.") && minutes.text().contains("</html>"));
}

#[tokio::test]
async fn the_first_part_of_the_minutes_arrives_before_the_last_is_made() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    tokio::spawn(demo::serve_council(listener, THIRD_PARTY_PORT));
    stream.write_all(b"GET /your-council/minutes.aspx HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let start = Instant::now();
    let mut first = vec![0; 4096];
    let length = stream.read(&mut first).await.unwrap();
    assert!(length > 200 && start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_resident_signs_in_with_the_anti_forgery_cookie_and_out_again() {
    let mut browser = Browser::of_the_council().await;
    let away = browser.open("/account/default.aspx").await;
    assert!(away.header(header::LOCATION).starts_with("/account/login.aspx"));
    let token = browser.open("/account/login.aspx").await.field("__RequestVerificationToken");
    let form = [("__RequestVerificationToken", token.as_str()), ("UserName", "resident"), ("Password", "ambleford")];
    let signed_in = browser.post("/account/login.aspx", &form).await;
    assert_eq!((signed_in.status, browser.has(".ASPXAUTH")), (StatusCode::FOUND, true));
    assert!(browser.open("/account/default.aspx").await.text().contains("Hello, <b>resident</b>"));
    browser.post("/account/logout.aspx", &NO_FIELDS).await;
    assert!(!browser.has(".ASPXAUTH"));

    browser.jar.clear();
    assert_eq!(browser.post("/account/login.aspx", &form).await.status, StatusCode::BAD_REQUEST);
    browser.jar.push((".ASPXAUTH".into(), "forged".into()));
    assert_eq!(browser.open("/account/default.aspx").await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn embeds_frames_and_pages_without_a_body_are_there() {
    let mut browser = Browser::of_the_council().await;
    assert!(browser.open("/contact-us.aspx").await.text().contains("http://www.google.com.localhost:8082/maps/embed"));
    assert!(browser.open("/your-council/video.aspx").await.text().contains("www.youtube.com.localhost:8082/embed/"));
    let frames = browser.open("/mayor/default.asp").await;
    assert!(frames.text().contains("<FRAMESET") && !frames.text().contains("<BODY"));
    assert_eq!(frames.header(header::CONTENT_TYPE), "text/html");
    let welcome = browser.open("/mayor/welcome.asp").await;
    assert!(welcome.text().contains("fête") && !welcome.text().to_lowercase().contains("<body"));
    assert!(browser.open("/").await.header(header::LINK).contains("rel=preload"));
}

#[tokio::test]
async fn the_trace_page_names_the_cookies_that_reached_the_server() {
    let mut browser = Browser::of_the_council().await;
    assert!(!browser.open("/trace.axd").await.text().contains("<td>CouncilStats</td>"));
    assert!(browser.open("/trace.axd").await.text().contains("<td>CouncilStats</td>"));
}

#[tokio::test]
async fn files_have_their_types_and_the_budget_book_can_be_had_in_parts() {
    let mut browser = Browser::of_the_council().await;
    for (path, media_type) in [
        ("/css/site.css", "text/css"),
        ("/js/site.js", "application/javascript"),
        ("/img/hero.svg", "image/svg+xml"),
        ("/img/counter.gif", "image/gif"),
        ("/robots.txt", "text/plain"),
    ] {
        let file = browser.open(path).await;
        assert_eq!((file.status, file.header(header::CONTENT_TYPE)), (StatusCode::OK, media_type), "{path}");
    }
    let book = "/documents/budget-book.pdf";
    let whole = browser.open(book).await;
    assert!(whole.body.starts_with(b"%PDF-1.4") && whole.body.len() > 20_000);
    let part = browser.open_with(book, "range", "bytes=100-199").await;
    assert_eq!((part.status, &*part.body), (StatusCode::PARTIAL_CONTENT, &whole.body[100..200]));
    assert_eq!(part.header(header::CONTENT_RANGE), format!("bytes 100-199/{}", whole.body.len()));
    let same = browser.open_with(book, "if-none-match", whole.header(header::ETAG)).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    assert_eq!(browser.open_with(book, "range", "bytes=9999999-").await.status, StatusCode::RANGE_NOT_SATISFIABLE);
}

#[tokio::test]
async fn the_stand_ins_behave_like_the_companies_and_show_what_they_received() {
    let mut watch = Browser::of_the_third_parties().await;
    assert!(watch.open("/").await.text().contains("No third party has been asked"));
    let port = watch.server.port();

    let script = watch.at("www.googletagmanager.com.localhost").open("/gtag/js?id=G-1").await.text();
    assert!(
        script.contains("keep('_ga'") && script.contains(&format!("google-analytics.com.localhost:{port}/g/collect"))
    );
    let mut facebook = watch.at("www.facebook.com.localhost");
    facebook.open("/tr?ev=PageView").await;
    assert!(facebook.has("fr"));
    facebook.open("/tr?ev=Again").await;

    let log: serde_json::Value = serde_json::from_str(&watch.open("/log.json").await.text()).unwrap();
    let entries = log.as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!((&entries[0]["host"], &entries[0]["path"]), (&"www.facebook.com".into(), &"/tr?ev=Again".into()));
    assert_eq!(entries[0]["cookies"], serde_json::json!(["fr"]));
    assert!(watch.open("/").await.text().contains("<b>3</b> requests to <b>2</b>"));

    assert_eq!(watch.post("/clear", &NO_FIELDS).await.status, StatusCode::SEE_OTHER);
    assert_eq!(watch.open("/log.json").await.text(), "[]");
}

/// Every script and frame that the council's pages or other stand-ins ask for has a stand-in that answers.
#[tokio::test]
async fn no_address_of_a_third_party_leads_nowhere() {
    let mut council = Browser::of_the_council().await;
    let third_parties = Browser::of_the_third_parties().await;
    let mut found = 0;
    for path in ["/", "/bins/default.aspx", "/contact-us.aspx", "/your-council/video.aspx", "/mayor/welcome.asp"] {
        let text = council.open(path).await.text();
        for (before, after) in text.match_indices(".localhost:8082/").map(|(at, _)| text.split_at(at)) {
            let company = before.rsplit('/').next().unwrap();
            let address = after.split_once('/').unwrap().1;
            let address = address.split(['"', '\'', ' ', '>', ';']).next().unwrap().replace("&amp;", "&");
            let answer = third_parties.at(&format!("{company}.localhost")).open(&format!("/{address}")).await;
            assert!(answer.status.is_success(), "{path}: {company}/{address}");
            found += 1;
        }
    }
    assert!(found > 30, "only {found}");
}
