//! The notice: once, first in the body, in documents and nowhere else (promise 9, B1, B7, B12).

use crate::common::{Answer, Gate, HOST, HTML, Origin, Plan, page, response, undone};

const PAGE: &str =
    "<!doctype html><html lang=en><head><title>x</title></head><body class=a><a href=#c>Skip</a><p>x</body></html>";

fn served(html: &'static str) -> (Origin, Gate) {
    let origin = Origin::answering(page(html));
    let gate = Gate::before(&origin);
    (origin, gate)
}

#[test]
fn the_notice_is_the_first_thing_in_the_body_and_stands_there_once() {
    let (_origin, gate) = served(PAGE);
    let shown = gate.page("/").send().expect(200);
    let text = shown.text();
    assert_eq!((shown.banners(), text.matches("value=\"accept\"").count()), (1, 1));
    assert!(text.contains("<body class=a><consent-notice>"), "{text}");
    assert!(text.find("<consent-notice>") < text.find("<a href=#c>Skip"), "before the skip link");
    assert_eq!(undone(&shown.body), PAGE.as_bytes());
}

#[test]
fn pages_without_the_usual_tags_have_one_notice_too() {
    for html in [
        "<p>no head, no body",
        "<!doctype html><title>x</title><p>x",
        "<html><head></head><p>x",
        "<head><!-- <body> --><script>var s='<body>'</script></head><body><p>x",
        "<BODY BGCOLOR=white><P>x</BODY></HTML>",
        "<body><p>x</body><body class=two><p>y</body>",
        "<!doctype html><html><body>",
        "<!doctype html>\n\n words only",
        "<html><body><table><tr><td>x",
        "Warning: mysql_connect() failed<html><body><p>x",
    ] {
        let origin = Origin::answering(page(html));
        let shown = Gate::before(&origin).page("/").send().expect(200);
        assert_eq!(shown.banners(), 1, "{html}\n{}", shown.text());
        assert_eq!(undone(&shown.body), html.as_bytes());
    }
}

#[test]
fn only_a_document_gets_the_notice() {
    let (_origin, gate) = served(PAGE);
    assert!(gate.get("/").with("Sec-Fetch-Dest", "document").send().asks());
    for dest in ["empty", "image", "script", "style", "font", "worker", "manifest", "report", "audio", "unheard-of"] {
        let answer = gate.get("/").with("Accept", "text/html").with("Sec-Fetch-Dest", dest).send().expect(200);
        assert_eq!(answer.text(), PAGE, "{dest}");
    }
    for dest in ["iframe", "frame", "embed", "object", "fencedframe"] {
        let answer = gate.get("/").with("Accept", "text/html").with("Sec-Fetch-Dest", dest).send().expect(200);
        assert!(!answer.text().contains("consent-notice"), "{dest}: {}", answer.text());
    }
    assert!(gate.get("/").with("Accept", "text/html").send().asks(), "an older browser");
    assert!(gate.get("/").send().asks(), "who says nothing gets the page as a document, if it is a whole one");
    assert_eq!(gate.get("/").with("Accept", "application/json").send().text(), PAGE);
}

#[test]
fn a_page_in_a_frame_is_held_but_asks_nothing() {
    let html = "<!doctype html><html><body><script src=//stats.example/a.js></script></body></html>";
    let (_origin, gate) = served(html);
    let framed = gate.get("/").with("Sec-Fetch-Dest", "iframe").send().expect(200);
    assert!(framed.text().contains("data-consentgate-src=//stats.example/a.js"), "{}", framed.text());
    assert_eq!(undone(&framed.body), html.as_bytes());
    assert!(!framed.asks());
}

#[test]
fn a_frameset_has_no_body_and_no_notice() {
    let html = "<html><head><title>x</title></head><frameset cols=*,*><frame src=a.html><frame src=//stats.example/b></frameset></html>";
    let (_origin, gate) = served(html);
    let shown = gate.page("/").send().expect(200);
    assert!(!shown.text().contains("consent-notice"), "{}", shown.text());
    assert_eq!(undone(&shown.body), html.as_bytes());
}

#[test]
fn what_a_script_asked_for_keeps_every_byte() {
    let fragment = "<tr><td><script src=//stats.example/a.js></script></td></tr>";
    let (_origin, gate) = served(fragment);
    for ask in [
        gate.get("/").with("X-Requested-With", "XMLHttpRequest"),
        gate.page("/").without("Sec-Fetch-Dest").with("X-Requested-With", "xmlhttprequest"),
        gate.page("/").with("X-MicrosoftAjax", "Delta=true"),
        gate.get("/").with("Sec-Fetch-Dest", "empty").with("Accept", "*/*"),
        gate.get("/").with("Accept", "*/*"),
    ] {
        let answer = ask.send().expect(200);
        assert_eq!(answer.text(), fragment);
        assert_eq!(answer.value("content-length"), Some(fragment.len().to_string()));
    }
}

#[test]
fn a_partial_postback_arrives_with_its_lengths_right() {
    let delta = "1|#||4|52|updatePanel|grid|<table><tr><td><img src=//stats.example/p.gif></td></tr></table>|0|hiddenField|__EVENTTARGET||";
    let origin = Origin::answering(response("200 OK", &[("Content-Type", "text/plain; charset=utf-8")], delta));
    let gate = Gate::before(&origin);
    let post = || gate.ask("POST", "/search.aspx").body("ScriptManager1=x&__ASYNCPOST=true");
    for ask in [post(), post().with("X-MicrosoftAjax", "Delta=true"), post().with("Sec-Fetch-Dest", "empty")] {
        assert_eq!(ask.send().expect(200).text(), delta);
    }
    let origin = Origin::answering(page(delta));
    let gate = Gate::before(&origin);
    let answer = gate.ask("POST", "/search.aspx").with("Accept", "*/*").body("__ASYNCPOST=true").send().expect(200);
    assert_eq!(answer.text(), delta, "also where it is called html and nothing says that a script asked");
}

#[test]
fn json_and_script_that_are_called_html_keep_every_byte() {
    for body in [
        "{\"html\":\"<body><p>x\"}",
        "[1,2,\"<html>\"]",
        "var x = '<html><body>';",
        ")]}',\n{\"a\":\"<p>\"}",
        "callback({})",
    ] {
        let origin = Origin::answering(page(body));
        let gate = Gate::before(&origin);
        for ask in [gate.get("/"), gate.get("/").with("Accept", "text/html, */*"), gate.get("/").with("Accept", "*/*")]
        {
            let answer = ask.send().expect(200);
            assert_eq!(answer.text(), body);
            assert!(answer.is_fenced(), "should a browser show it as a page, it is held back");
        }
    }
}

#[test]
fn xml_shown_as_a_page_is_fenced_and_xml_in_a_page_is_not() {
    let xml = "<?xml version=\"1.0\"?><svg><script href=\"//stats.example/a.js\"/></svg>";
    for kind in
        ["application/xhtml+xml", "image/svg+xml", "application/rss+xml", "text/xml", "multipart/x-mixed-replace"]
    {
        let origin = Origin::answering(response("200 OK", &[("Content-Type", kind)], xml));
        let gate = Gate::before(&origin);
        let shown = gate.page("/").send().expect(200);
        assert_eq!(shown.text(), xml, "{kind}");
        assert!(shown.is_fenced(), "{kind}");
        let agreed = gate.visitor("accept").unwrap();
        assert!(!gate.page("/").cookie(&agreed).send().expect(200).is_fenced(), "{kind}");
        let image = gate.get("/").with("Sec-Fetch-Dest", "image").send().expect(200);
        assert!(!image.is_fenced() && image.text() == xml, "{kind}");
    }
}

#[test]
fn other_types_pass_as_they_are_also_when_a_page_was_asked_for() {
    let xml = "<?xml version=\"1.0\"?><rss><body><script src=\"//stats.example/a.js\"/></body></rss>";
    for kind in ["text/plain", "application/pdf", "text/css", "application/octet-stream"] {
        let origin = Origin::answering(response(
            "200 OK",
            &[
                ("Content-Type", kind),
                ("ETag", "\"1\""),
                ("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT"),
                ("Accept-Ranges", "bytes"),
                ("Cache-Control", "public, max-age=60"),
            ],
            xml,
        ));
        let answer = Gate::before(&origin).page("/").send().expect(200);
        assert_eq!(answer.text(), xml, "{kind}");
        for (name, value) in [
            ("etag", "\"1\""),
            ("accept-ranges", "bytes"),
            ("cache-control", "public, max-age=60"),
            ("last-modified", "Wed, 01 Jan 2025 00:00:00 GMT"),
        ] {
            assert_eq!(answer.value(name).as_deref(), Some(value), "{kind}");
        }
    }
}

#[test]
fn a_page_without_any_type_is_not_taken_for_something_it_does_not_say() {
    let origin = Origin::answering(response("200 OK", &[], PAGE));
    let answer = Gate::before(&origin).page("/").send().expect(200);
    assert!(answer.text() == PAGE || answer.asks());
}

#[test]
fn error_pages_of_the_site_have_the_notice_too() {
    for status in
        ["401 Unauthorized", "403 Forbidden", "404 Not Found", "500 Internal Server Error", "503 Service Unavailable"]
    {
        let origin = Origin::answering(response(status, &[HTML], PAGE));
        let answer = Gate::before(&origin).page("/").send();
        assert_eq!(answer.head.first, format!("HTTP/1.1 {status}"));
        assert!(answer.asks() && answer.whole);
    }
}

#[test]
fn a_download_is_never_changed() {
    let attached = ("Content-Disposition", "attachment; filename=\"export.html\"");
    let origin = Origin::answering(response("200 OK", &[HTML, attached], PAGE));
    let answer: Answer = Gate::before(&origin).page("/export").send().expect(200);
    assert_eq!(answer.text(), PAGE);
}

#[test]
fn the_notices_addresses_hold_where_the_page_has_another_base() {
    let html = "<!doctype html><html><head><base href=\"http://cdn.example/a/\"></head><body><p>x</body></html>";
    let (_origin, gate) = served(html);
    let text = gate.page("/bins?a=1&copy='2'").send().expect(200).text();
    assert!(text.contains(&format!("action=\"//{HOST}/.consent/choice\"")), "{text}");
    assert!(text.contains("value=\"/bins?a=1&amp;copy="), "{text}");
}

#[test]
fn the_notice_stands_before_the_form_that_spans_a_web_forms_page() {
    let html = "<!doctype html><html><body><form method=post action=./ id=aspnetForm><input type=hidden name=__VIEWSTATE value=x><p>x</form></body></html>";
    let (_origin, gate) = served(html);
    let shown = gate.page("/").send().expect(200);
    let text = shown.text();
    let (banner, form) = (text.find("</consent-notice>").unwrap(), text.find("id=aspnetForm").unwrap());
    assert!(banner < form);
    let after = &text[form..];
    assert!(after.find("</form>") < after.find("<consent-notice>"), "the footer is not inside it: {after}");
    assert_eq!(undone(&shown.body), html.as_bytes());
}

#[test]
fn every_page_leads_to_the_cookies_page() {
    let (_origin, gate) = served(PAGE);
    for choice in ["undecided", "reject", "accept"] {
        let visitor = gate.visitor(choice);
        let text = gate.page("/a?b=c").from(visitor.as_ref()).send().expect(200).text();
        assert!(text.contains(&format!("//{HOST}/.consent/cookies?return=%2Fa%3Fb%3Dc")), "{choice}: {text}");
    }
    let shown = gate.page("/.consent/cookies").send().expect(200);
    assert_eq!(shown.banners(), 0, "the cookies page asks by itself");
}

#[test]
fn the_notice_speaks_the_language_of_the_page() {
    let origin = Origin::telling(|request| match request.path() {
        "/cy" => page("<!doctype html><html lang=\"cy-GB\"><body><p>x</body></html>"),
        _ => page(PAGE),
    });
    let gate = Plan::before(origin.address).line("notice: { languages: [en, cy] }").start();
    let welsh = gate.page("/cy").with("Accept-Language", "en").send().text();
    let english = gate.page("/").with("Accept-Language", "cy").send().text();
    assert!(welsh.contains("Cwcis") || welsh.contains("cwcis") || welsh.contains("gwcis"), "{welsh}");
    assert!(english.contains("Cookies on"), "{english}");
}
