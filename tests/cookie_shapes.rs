//! Every shape of `Set-Cookie` and `Cookie` we know, over the public surface of `cookie`: a table, a reference reading of
//! RFC 6265bis to compare with, and the sizes seen on real sites (PROMISES 1 and 38).

use consentgate::cookie::{
    MOST_LINES, Place, SetCookie, cookie_date, expire_all, join, judge_response, strip_request, strip_response, values,
};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use proptest::prelude::*;

const NOW: u64 = 1_795_400_000; // 2026-11-23
const SESSION: &str = "ASP.NET_SessionId";

fn hold(name: &[u8]) -> bool {
    name != SESSION.as_bytes()
}

/// One line, what a browser makes of it, and whether it may leave when only `ASP.NET_SessionId` passes.
struct Shape {
    line: Vec<u8>,
    /// The name under which a browser stores it; `None` when it stores nothing.
    name: Option<Vec<u8>>,
    deletion: bool,
    held: bool,
}

fn shape(line: impl Into<Vec<u8>>, name: Option<&str>, deletion: bool, held: bool) -> Shape {
    Shape { line: line.into(), name: name.map(|name| name.as_bytes().to_vec()), deletion, held }
}

const NAMES: [(&str, bool); 9] = [
    (SESSION, false),
    ("_ga", true),
    ("asp.net_sessionid", true),
    ("ASP.NET_SessionId2", true),
    ("ASP.NET_SessionI", true),
    ("\u{2000}ASP.NET_SessionId", true),
    ("\u{a0}__Host-id", true),
    ("__Host-id", true),
    ("ASP.NET%5FSessionId", true),
];
const VALUES: [&str; 8] =
    ["x", "", "\"a b\"", "a=b==", "%3B%20Max-Age=0", "Wed, 09 Jun 2027", "{\"a\":1,\"b\":2}", "\u{e9}\u{2603}"];
const ATTRIBUTES: [(&str, bool); 16] = [
    ("", false),
    (";", false),
    ("; Path=/", false),
    (";path = /a/b ;DOMAIN=.Example.gov.uk", false),
    ("; Expires=Wed, 09 Jun 2027 10:18:14 GMT", false),
    ("; expires=Wednesday, 09-Jun-27 10:18:14 GMT; path=/", false),
    ("; Expires=Thu, 01 Jan 1970 00:00:00 GMT", true),
    ("; EXPIRES=Thu, 01-Jan-1970 00:00:01 GMT; path=/", true),
    ("; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax", true),
    ("; max-age=-1; Expires=Wed, 09 Jun 2027 10:18:14 GMT", true),
    ("; Max-Age=31536000; Expires=Thu, 01 Jan 1970 00:00:00 GMT", false),
    ("; Max-Age=0x; SameSite=None; Secure; Partitioned", false),
    ("; Expires=0", false),
    ("; Expires=; Max-Age=", false),
    ("; Priority=High; Max-Age =0 0", false),
    ("\t;\tHttpOnly\t;\tSecure\t", false),
];

/// Every name with every value and every set of attributes.
fn combined() -> impl Iterator<Item = Shape> {
    NAMES.iter().flat_map(|(name, held)| {
        VALUES.iter().flat_map(move |value| {
            ATTRIBUTES.iter().map(move |(attributes, deletion)| {
                shape(format!("{name}={value}{attributes}"), Some(name), *deletion, *held && !deletion)
            })
        })
    })
}

/// The nasty ones, one by one.
fn singular() -> Vec<Shape> {
    let long = |bytes: usize| "v".repeat(bytes);
    vec![
        // Nothing a browser stores.
        shape("", None, false, true),
        shape("   ", None, false, true),
        shape("=", None, false, true),
        shape(" = ; Path=/", None, false, true),
        shape(format!(";{SESSION}=x"), None, false, true),
        shape(format!("{SESSION}=x\u{1}"), None, false, true),
        shape(format!("{SESSION}=x\r\nSet-Cookie: _ga=1"), None, false, true),
        shape(format!("{SESSION}=x; Path=/\0"), None, false, true),
        shape(format!("{SESSION}=x\u{7f}"), None, false, true),
        shape(format!("{SESSION}=x; Domain=\u{e9}xample.uk"), None, false, true),
        shape(format!("{SESSION}={}", long(4096 - SESSION.len() + 1)), None, false, true),
        shape(format!("_ga={}; Max-Age=0", long(5000)), None, false, true),
        shape(format!("{}=x", long(4096)), None, false, true),
        // At the edge of the sizes.
        shape(format!("{SESSION}={}", long(4096 - SESSION.len())), Some(SESSION), false, false),
        shape(format!("  {SESSION}  =  {}  ", long(4096 - SESSION.len())), Some(SESSION), false, false),
        shape(format!("{SESSION}=x; Path=/{}", long(2000)), Some(SESSION), false, false),
        shape(format!("_ga=x; Max-Age={}", "0".repeat(1024)), Some("_ga"), true, false),
        shape(format!("_ga=x; Max-Age={}", "0".repeat(1025)), Some("_ga"), false, true),
        shape(format!("_ga=x; {} Max-Age=0", "Path=/; ".repeat(500)), Some("_ga"), true, false),
        // A comma that folds nothing.
        shape(format!("{SESSION}=a,b,c=d"), Some(SESSION), false, false),
        shape(format!("{SESSION}=a, b; Expires=Wed, 09 Jun 2027 10:18:14 GMT"), Some(SESSION), false, false),
        // The name is what stands before the first `=`, trimmed of space and tab only.
        shape(format!("\t {SESSION}\t=x"), Some(SESSION), false, false),
        shape(format!("\"{SESSION}\"=x"), Some("\"ASP.NET_SessionId\""), false, true),
        shape(format!("_ga {SESSION}=x"), Some("_ga ASP.NET_SessionId"), false, true),
        shape(format!("Set-Cookie: {SESSION}=x"), Some("Set-Cookie: ASP.NET_SessionId"), false, true),
        shape(format!("$Version=1; {SESSION}=x"), Some("$Version"), false, true),
        shape(format!("{SESSION}\u{3000}=x"), Some("ASP.NET_SessionId\u{3000}"), false, true),
        shape(format!("_g%61=x; {SESSION}=x"), Some("_g%61"), false, true),
        // A quoted value ends at its first semicolon all the same.
        shape(format!("{SESSION}=\"x; Max-Age=0; y\""), Some(SESSION), true, false),
        shape("_ga=\"x; Max-Age=0; y\"", Some("_ga"), true, false),
        shape("_ga=\"x; Max-Age=0\"", Some("_ga"), false, true),
        shape(format!("{SESSION}=\"x; _ga=1\""), Some(SESSION), false, false),
        // Which lifetime counts.
        shape("_ga=; Max-Age=0; Max-Age=60", Some("_ga"), false, true),
        shape("_ga=; Max-Age=60; Max-Age=0", Some("_ga"), true, false),
        shape("_ga=; Max-Age=0; Max-Age=bad", Some("_ga"), false, true),
        shape("_ga=; Max-Age=\"0\"", Some("_ga"), false, true),
        shape("_ga=; Expires=Mon, 23 Nov 2026 04:53:20 GMT", Some("_ga"), false, true),
        shape("_ga=; Expires=Sun, 22 Nov 2026 00:00:00 GMT", Some("_ga"), true, false),
        shape("_ga=; Expires=31 Dec 69 23:59:59", Some("_ga"), false, true),
        shape("_ga=; Expires=1 Jan 1600 00:00:00", Some("_ga"), false, true),
        shape("_ga=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Expires=never", Some("_ga"), false, true),
        // The gate's own names, however they come.
        shape("__Host-consentgate=forged; Secure; Path=/", Some("__Host-consentgate"), false, true),
        shape("consentgate=forged", Some("consentgate"), false, true),
        shape("consentgate=; Max-Age=0", Some("consentgate"), true, true),
        shape("=consentgate=forged", Some(""), false, true),
    ]
}

/// Lines that carry a second name, or none.
fn hiding() -> Vec<Shape> {
    vec![
        // Nameless: judged by what comes back in the Cookie line.
        shape("token", Some(""), false, true),
        shape("token; Max-Age=0", Some(""), true, false),
        shape(SESSION, Some(""), false, true),
        shape(format!("={SESSION}"), Some(""), false, true),
        shape(format!("={SESSION}=x"), Some(""), false, false),
        shape(format!(" = {SESSION} = x"), Some(""), false, false),
        shape(format!("=={SESSION}=x"), Some(""), false, true),
        shape("=_ga=GA1.2.3", Some(""), false, true),
        shape("\t=\t_ga=GA1.2.3", Some(""), false, true),
        shape("=_ga=GA1.2.3; Max-Age=0", Some(""), true, false),
        shape("=__Host-sid=1", None, false, true),
        shape("__secure-sid; Secure", None, false, true),
        shape("=__HTTP-sid=1", None, false, true),
        // Folded by an intermediary: one unknown cookie, whatever comes first.
        shape("a=b, c=d", Some("a"), false, true),
        shape(format!("{SESSION}=b, _ga=d"), Some(SESSION), false, true),
        shape(format!("{SESSION}=b; path=/; HttpOnly, _ga=d; path=/"), Some(SESSION), false, true),
        shape(format!("{SESSION}=b; Expires=Wed, 09 Jun 2027 10:18:14 GMT, _ga=d"), Some(SESSION), false, true),
        shape(format!("{SESSION}, _ga=d"), Some("ASP.NET_SessionId, _ga"), false, true),
        shape("_ga=b; Max-Age=0, _gid=d; Max-Age=0", Some("_ga"), false, true),
    ]
}

fn shapes() -> Vec<Shape> {
    combined().chain(singular()).chain(hiding()).collect()
}

fn bytes(headers: &HeaderMap) -> Vec<Vec<u8>> {
    headers.get_all(SET_COOKIE).iter().map(|line| line.as_bytes().to_vec()).collect()
}

#[test]
fn browsers_and_the_gate_read_the_same_name_and_deletion() {
    let shapes = shapes();
    assert!(shapes.len() >= 1000, "{} shapes", shapes.len());
    for Shape { line, name, deletion, .. } in shapes {
        let text = String::from_utf8_lossy(&line);
        let cookie = SetCookie::parse(&line);
        assert_eq!(cookie.as_ref().map(|cookie| cookie.name), name.as_deref(), "{text}");
        assert_eq!(cookie.is_some_and(|cookie| cookie.is_deletion(NOW)), deletion, "{text}");
    }
}

#[test]
fn each_shape_alone_is_held_or_leaves_byte_for_byte() {
    for Shape { line, held, .. } in shapes() {
        let text = String::from_utf8_lossy(&line).into_owned();
        // A line with a control character cannot reach a header map at all.
        let Ok(value) = HeaderValue::from_bytes(&line) else {
            assert!(held && SetCookie::parse(&line).is_none(), "{text}");
            continue;
        };
        let mut headers = HeaderMap::from_iter([(SET_COOKIE, value)]);
        let observed = judge_response(&headers, "/", NOW, hold);
        let stripped = strip_response(&mut headers, "/", NOW, hold);
        assert_eq!(observed, stripped, "{text}");
        assert_eq!((stripped.held.len(), stripped.kept), if held { (1, 0) } else { (0, 1) }, "{text}");
        assert_eq!(bytes(&headers), if held { vec![] } else { vec![line] }, "{text}");
    }
}

#[test]
fn all_shapes_together_leave_what_passes_in_order_whatever_the_status() {
    let shapes: Vec<_> = shapes().into_iter().filter(|shape| HeaderValue::from_bytes(&shape.line).is_ok()).collect();
    let kept: Vec<_> = shapes.iter().filter(|shape| !shape.held).map(|shape| shape.line.clone()).collect();
    for status in [103, 200, 204, 206, 301, 302, 304, 401, 404, 418, 500, 503] {
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        for shape in &shapes {
            let line = HeaderValue::from_bytes(&shape.line).expect("filtered above");
            response.headers_mut().append(SET_COOKIE, line);
        }
        let stripped = strip_response(response.headers_mut(), "/a/b", NOW, hold);
        assert_eq!(bytes(response.headers()), kept, "{status}");
        assert_eq!(stripped.held.len() + stripped.kept, shapes.len(), "{status}");
    }
}

#[test]
fn the_worst_page_ever_counted_sets_1346_cookies() {
    let mut headers = HeaderMap::new();
    for n in 0..1346 {
        let name = if n % 100 == 7 { SESSION.to_owned() } else { format!("track{n}") };
        let line = format!("{name}={n}; Expires=Wed, 09 Jun 2027 10:18:14 GMT; Domain=.a{}.uk", n % 7);
        headers.append(SET_COOKIE, HeaderValue::from_str(&line).expect("a header value"));
    }
    let stripped = strip_response(&mut headers, "/", NOW, hold);
    assert_eq!((stripped.held.len(), stripped.kept), (1332, 14));
    let order: Vec<_> = bytes(&headers);
    assert!(order.iter().zip(0..).all(|(line, n)| line.starts_with(format!("{SESSION}={};", n * 100 + 7).as_bytes())));
    assert_eq!(order.len(), 14);
}

#[test]
fn a_visitor_with_180_left_overs_is_cleaned_response_by_response() {
    let place = Place { host: "www.example.gov.uk", path: "/bins", https: true };
    let mut jar: Vec<String> = (0..180).map(|n| format!("old{n}")).collect();
    for round in 1.. {
        let mut headers = HeaderMap::new();
        for crumbs in jar.chunks(50) {
            let pairs = crumbs.iter().map(|name| format!("{name}=1")).collect::<Vec<_>>().join("; ");
            let line = format!("{pairs}; {SESSION}=s; consentgate=c");
            headers.append(COOKIE, HeaderValue::from_str(&line).expect("a header value"));
        }
        let lines = headers.get_all(COOKIE).iter().count();
        let names = strip_request(&mut headers, hold);
        assert_eq!(names.len(), jar.len());
        let left: Vec<_> = headers.get_all(COOKIE).iter().collect();
        assert_eq!(left, vec![&format!("{SESSION}=s; consentgate=c"); lines]);
        assert_eq!(values(&headers, b"consentgate").count(), lines);
        join(&mut headers);
        assert_eq!(headers.get_all(COOKIE).iter().count(), 1);

        let expiries = expire_all(&names, |_| Vec::new(), &place, MOST_LINES);
        assert!(!expiries.is_empty() && expiries.len() <= MOST_LINES);
        jar.retain(|name| !expiries.iter().any(|line| line.as_bytes().starts_with(format!("{name}=;").as_bytes())));
        if jar.is_empty() {
            assert!(round <= 60, "{round} responses");
            return;
        }
    }
}

/// The consumer algorithm as plainly as it can be written: RFC 6265bis sections 5.6 and 5.7, step by step.
#[derive(Debug, PartialEq)]
struct Reference {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: Option<String>,
    path: Option<Vec<u8>>,
    flags: [bool; 3],
    max_age: Option<i128>,
    expires: Option<i64>,
    /// `Max-Age` and `Expires` attributes, good or bad.
    lifetimes: usize,
}

fn trimmed(text: &[u8]) -> Vec<u8> {
    let blank = |byte: &u8| *byte == 0x20 || *byte == 0x09;
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    text[start..end].to_vec()
}

fn name_and_value(text: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let at = text.iter().position(|byte| *byte == b'=')?;
    Some((trimmed(&text[..at]), trimmed(&text[at + 1..])))
}

fn reference(line: &[u8]) -> Option<Reference> {
    if line.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
        return None;
    }
    let parts: Vec<&[u8]> = line.split(|byte| *byte == b';').collect();
    let (name, value) = name_and_value(parts[0]).unwrap_or((Vec::new(), trimmed(parts[0])));
    let lower = String::from_utf8_lossy(&value).to_ascii_lowercase();
    let imitates = ["__secure-", "__host-", "__http-", "__host-http-"].iter().any(|prefix| lower.starts_with(prefix));
    if name.len() + value.len() > 4096 || (name.is_empty() && (value.is_empty() || imitates)) {
        return None;
    }
    let mut list: Vec<(String, Vec<u8>)> = Vec::new();
    let mut lifetimes = 0;
    for part in &parts[1..] {
        let (name, value) = name_and_value(part).unwrap_or((trimmed(part), Vec::new()));
        let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
        lifetimes += usize::from(name == "max-age" || name == "expires");
        if value.len() <= 1024 {
            list.push((name, value));
        }
    }
    let newest = |wanted: &str| list.iter().rev().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let max_age = list.iter().rev().filter(|(name, _)| name == "max-age").find_map(|(_, value)| {
        let text = std::str::from_utf8(value).ok()?;
        digits(text.strip_prefix('-').unwrap_or(text)).then(|| {
            let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
            text.parse::<i128>().map_or(most.into(), |seconds| seconds.clamp(i64::MIN.into(), i64::MAX.into()))
        })
    });
    let domain = newest("domain").unwrap_or_default();
    if !domain.is_ascii() {
        return None;
    }
    let domain = String::from_utf8(domain).expect("just checked").to_lowercase();
    let domain = domain.strip_prefix('.').unwrap_or(&domain).to_owned();
    Some(Reference {
        domain: Some(domain).filter(|domain| !domain.is_empty()),
        path: newest("path").filter(|path| path.first() == Some(&b'/')),
        flags: ["secure", "httponly", "partitioned"].map(|flag| newest(flag).is_some()),
        max_age,
        expires: list.iter().rev().filter(|(name, _)| name == "expires").find_map(|(_, value)| cookie_date(value)),
        lifetimes,
        name,
        value,
    })
}

impl Reference {
    fn is_deletion(&self) -> bool {
        match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds <= 0,
            (None, Some(end)) => end <= i64::try_from(NOW).expect("small"),
            (None, None) => false,
        }
    }
}

/// A line put together from what has meaning to a parser, and from what has none.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let meaning = prop::sample::select(vec![
        ";",
        ";",
        ";",
        "=",
        "=",
        " ",
        "\t",
        ",",
        ", ",
        ".",
        "-",
        "\"",
        "_ga",
        SESSION,
        "Max-Age=",
        "max-age",
        "Expires=",
        "0",
        "-1",
        "60",
        "99999999999999999999",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Wed, 09 Jun 2027 10:18:14 GMT",
        "Domain=",
        ".Example.UK",
        "Path=",
        "/x",
        "Secure",
        "secure=",
        "HttpOnly",
        "Partitioned",
        "SameSite=Lax",
        "__Host-",
        "__secure-",
        "\u{2000}",
        "\u{1}",
        "\u{7f}",
        "consentgate",
    ]);
    let piece = prop_oneof![
        20 => meaning.prop_map(|text| text.as_bytes().to_vec()),
        2 => prop::collection::vec(any::<u8>(), 0..4),
        1 => (1020_usize..1030).prop_map(|length| vec![b'0'; length]),
        1 => (4070_usize..4100).prop_map(|length| vec![b'v'; length]),
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_line_is_read_as_the_reference_reads_it(line in lines()) {
        let ours = SetCookie::parse(&line);
        let theirs = reference(&line);
        prop_assert_eq!(ours.is_some(), theirs.is_some());
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            if ours.is_deletion(NOW) || (theirs.lifetimes < 2 && !line.contains(&b',')) {
                prop_assert_eq!(ours.is_deletion(NOW), theirs.is_deletion());
            }
            let read = Reference {
                name: ours.name.to_vec(),
                value: ours.value.to_vec(),
                domain: ours.domain.map(String::from),
                path: ours.path.map(<[u8]>::to_vec),
                flags: [ours.secure, ours.http_only, ours.partitioned],
                max_age: ours.max_age.map(i128::from),
                expires: ours.expires,
                lifetimes: theirs.lifetimes,
            };
            prop_assert_eq!(read, theirs);
        }
    }

    #[test]
    fn no_line_leaves_that_stores_what_is_held(lines in prop::collection::vec(lines(), 0..50)) {
        let mut headers = HeaderMap::new();
        for line in lines.iter().filter_map(|line| HeaderValue::from_bytes(line).ok()) {
            headers.append(SET_COOKIE, line);
        }
        let before = bytes(&headers);
        let stripped = strip_response(&mut headers, "/", NOW, hold);
        let after = bytes(&headers);
        prop_assert_eq!(stripped.kept, after.len());
        prop_assert_eq!(stripped.held.len() + after.len(), before.len());
        let mut rest = before.iter();
        prop_assert!(after.iter().all(|line| rest.any(|came| came == line)), "order or bytes changed");
        for line in after {
            let stored = reference(&line).expect("a line browsers ignore was kept");
            let pair = if stored.name.is_empty() { stored.value.clone() } else { [&stored.name[..], b"="].concat() };
            let sent = name_and_value(&pair).unwrap_or_default().0;
            prop_assert!(sent == SESSION.as_bytes() || stored.is_deletion());
        }
    }

    #[test]
    fn a_cookie_line_loses_the_held_pairs_and_nothing_else(lines in prop::collection::vec(lines(), 0..6)) {
        // Commas can hide a name: those are judged in the table.
        let lines = lines.into_iter().map(|line| line.into_iter().filter(|byte| *byte != b',').collect::<Vec<_>>());
        let values: Vec<_> = lines.filter_map(|line| HeaderValue::from_bytes(&line).ok()).collect();
        let mut headers: HeaderMap = values.iter().map(|value| (COOKIE, value.clone())).collect();
        let held = |name: &[u8]| name == b"_ga" || name == b"0";
        let names = strip_request(&mut headers, held);
        let mut expected = Vec::new();
        for value in &values {
            let pairs: Vec<_> = value.as_bytes().split(|byte| *byte == b';').map(trimmed).collect();
            let judged = |pair: &[u8]| name_and_value(pair).map(|(name, _)| name).unwrap_or_default();
            let kept: Vec<_> = pairs.iter().filter(|p| !p.is_empty() && !held(&judged(p))).cloned().collect();
            if !pairs.iter().any(|pair| held(&judged(pair))) {
                expected.push(value.as_bytes().to_vec());
            } else if !kept.is_empty() {
                expected.push(kept.join(&b"; "[..]));
            }
        }
        let left: Vec<_> = headers.get_all(COOKIE).iter().map(|line| line.as_bytes().to_vec()).collect();
        prop_assert_eq!(left, expected);
        prop_assert!(names.windows(2).all(|two| two[0] < two[1]) && names.iter().all(|name| held(name)));
    }
}
