//! Caches and conditions: no page of one visitor's choice for another's, and everything that is no page as it was
//! (promises 23, 24; C15, C16).

use crate::common::{Ask, Gate, HTML, Origin, head, page, response};

const PAGE: &str = "<!doctype html><html><body><script src=//stats.example/a.js></script><p>x</body></html>";
const CONDITIONS: [(&str, &str); 6] = [
    ("If-None-Match", "\"1\""),
    ("If-Modified-Since", "Wed, 01 Jan 2025 00:00:00 GMT"),
    ("If-Match", "\"1\""),
    ("If-Unmodified-Since", "Wed, 01 Jan 2025 00:00:00 GMT"),
    ("If-Range", "\"1\""),
    ("Range", "bytes=0-2"),
];

#[test]
fn no_cache_may_keep_a_page_whoever_asked_for_it() {
    let cached = [
        HTML,
        ("Cache-Control", "public, max-age=86400"),
        ("Expires", "Wed, 01 Jan 2031 00:00:00 GMT"),
        ("Vary", "Accept-Encoding"),
    ];
    let origin = Origin::answering(response("200 OK", &cached, PAGE));
    let gate = Gate::before(&origin);
    for choice in ["undecided", "reject", "accept"] {
        let shown = gate.page("/").from(gate.visitor(choice).as_ref()).send().expect(200);
        assert_eq!(shown.value("cache-control").as_deref(), Some("private, no-store"), "{choice}");
        assert!(!shown.has("expires"));
        assert_eq!(shown.values("vary"), ["Accept-Encoding"]);
    }
    for own in ["/.consent/cookies", "/.consent/record"] {
        let shown = gate.page(own).send().expect(200);
        assert_eq!(shown.value("cache-control").as_deref(), Some("private, no-store"));
        assert!(shown.value("vary").unwrap().contains("Cookie"));
    }
}

#[test]
fn each_flip_of_the_choice_shows_in_the_next_page() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    for flip in 0..20 {
        let choice = ["accept", "withdraw", "reject"][flip % 3];
        let visitor = gate.visitor(choice);
        let live = gate.page("/").from(visitor.as_ref()).send().expect(200).text().contains("<script src=//stats");
        assert_eq!(live, choice == "accept", "flip {flip}");
    }
}

#[test]
fn a_page_is_always_asked_for_whole_and_unconditionally() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let ask = |ask: Ask| CONDITIONS.iter().fold(ask, |ask, (name, value)| ask.with(name, value));
    for dest in ["document", "iframe"] {
        assert!(
            ask(gate.page("/").with("Sec-Fetch-Dest", dest)).send().expect(200).text().contains("data-consentgate")
        );
        for (name, _) in CONDITIONS {
            assert!(!origin.last().head.has(name), "{name} for {dest}");
        }
    }
}

#[test]
fn conditions_on_anything_else_go_to_the_site_and_its_answer_comes_back_byte_for_byte() {
    let origin = Origin::telling(|request| {
        let told = [("ETag", "\"1\""), ("Cache-Control", "public, max-age=60"), ("Vary", "Accept")];
        let png = ("Content-Type", "image/png");
        if request.head.has("range") {
            response(
                "206 Partial Content",
                &[&told[..], &[png, ("Content-Range", "bytes 0-2/9")]].concat(),
                "\x00\x01\x02",
            )
        } else if request.head.has("if-none-match") {
            head("304 Not Modified", &told).into_bytes()
        } else {
            response("412 Precondition Failed", &told, "no")
        }
    });
    let gate = Gate::before(&origin);
    for (name, value) in CONDITIONS {
        let ask = gate.get("/crest.png").with("Sec-Fetch-Dest", "image").with(name, value);
        let direct = ask.clone().send_to(origin.address);
        let answer = ask.send();
        assert_eq!(origin.last().head.value(name).as_deref(), Some(value));
        assert_eq!((answer.status, &answer.body), (direct.status, &direct.body), "{name}");
        for header in ["etag", "cache-control", "vary", "content-range", "content-type", "content-length"] {
            assert_eq!(answer.value(header), direct.value(header), "{name}: {header}");
        }
    }
}

#[test]
fn a_part_of_a_page_nobody_asked_for_is_fenced() {
    let origin =
        Origin::answering(response("206 Partial Content", &[HTML, ("Content-Range", "bytes 10-95/200")], PAGE));
    let answer = Gate::before(&origin).page("/").send().expect(206);
    assert_eq!(answer.text(), PAGE);
    assert!(answer.is_fenced());
}

#[test]
fn a_redirect_keeps_where_it_leads_and_its_own_caching() {
    let away = [("Location", "https://payments.example/x?return=%2F"), ("Cache-Control", "max-age=60")];
    let origin = Origin::answering(response("301 Moved Permanently", &away, ""));
    let answer = Gate::before(&origin).page("/old").send().expect(301);
    assert_eq!(answer.value("location").as_deref(), Some(away[0].1));
    assert_eq!(answer.value("cache-control").as_deref(), Some("max-age=60"));
}

/// A script's fetch, `<link rel=prefetch>` or anybody who says `X-Requested-With` gets the page as the site wrote it. Were
/// it kept, by the browser or by a cache in front, the next visitor would be shown it as a page.
#[test]
fn no_cache_may_keep_a_page_that_was_handed_to_a_script_unchanged() {
    let cached = [HTML, ("Cache-Control", "public, max-age=600"), ("CDN-Cache-Control", "max-age=600")];
    let origin = Origin::answering(response("200 OK", &cached, PAGE));
    let gate = Gate::before(&origin);
    for (name, value) in [("Sec-Fetch-Dest", "empty"), ("X-Requested-With", "XMLHttpRequest"), ("Accept", "image/png")]
    {
        let raw = gate.get("/").with(name, value).send().expect(200);
        assert_eq!(raw.text(), PAGE);
        assert_eq!(raw.value("cache-control").as_deref(), Some("private, no-store"), "{name}");
        assert!(!raw.has("cdn-cache-control"), "{name}");
    }
}
