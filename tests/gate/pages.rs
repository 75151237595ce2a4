//! Pages: held tag by tag, rewritten in the coding they came in, or fenced off untouched where that cannot be
//! (promises 5–8, 20–22, 25, 26; B13, B14, C16).

use std::io::{Read as _, Write as _};

use crate::common::{Answer, Gate, HTML, Origin, Plan, head, page, response, undone};

const TAGGED: &str = concat!(
    "<!doctype html><html lang=en><head><title>x</title>",
    "<link rel=preconnect href=https://stats.example><script async SRC='https://stats.example/a.js?id=1'></script>",
    "<script src=/own.js></script></head><body>",
    "<noscript><img src=//ads.example/pixel height=1></noscript>",
    "<iframe src=\"//ads.example/frame\"></iframe><img src=/crest.png alt=Crest srcset=\"/a.png 1x, //ads.example/b.png 2x\">",
    "<form action=/pay method=post><input name=card></form></body></html>",
);

fn typed(headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Origin {
    Origin::answering(response("200 OK", headers, body))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn encode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    match coding {
        "gzip" | "x-gzip" => gzip(bytes),
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        "br" => {
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(bytes).unwrap();
            out
        }
        "zstd" => zstd::encode_all(bytes, 3).unwrap(),
        "identity" => bytes.to_vec(),
        other => panic!("no encoder for {other}"),
    }
}

fn decode(coding: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    match coding {
        "gzip" | "x-gzip" => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut out).map(drop),
        "deflate" => flate2::read::ZlibDecoder::new(bytes).read_to_end(&mut out).map(drop),
        "br" => brotli::Decompressor::new(bytes, 4096).read_to_end(&mut out).map(drop),
        "zstd" => zstd::Decoder::new(bytes).unwrap().read_to_end(&mut out).map(drop),
        "identity" => out.write_all(bytes),
        other => panic!("no decoder for {other}"),
    }
    .unwrap_or_else(|error| panic!("{coding} came out damaged: {error}"));
    out
}

fn is_untouched_behind_a_fence(answer: &Answer, body: &[u8]) {
    assert!(answer.body == body, "the body was changed: {}", answer.text());
    assert!(answer.is_fenced(), "{:?}", answer.head);
}

#[test]
fn tags_that_need_consent_are_held_and_everything_else_is_as_it_was() {
    let origin = typed(&[HTML], TAGGED);
    let gate = Gate::before(&origin);
    for choice in ["undecided", "reject"] {
        let shown = gate.page("/").from(gate.visitor(choice).as_ref()).send().expect(200);
        let text = shown.text();
        for live in [
            " SRC='https://stats",
            " src=//ads.example",
            " src=\"//ads.example",
            " href=https://stats",
            " srcset=\"/a.png",
        ] {
            assert!(!text.contains(live), "{live} is live in {text}");
        }
        assert!(
            text.contains("<script src=/own.js></script>")
                && text.contains("<form action=/pay method=post><input name=card></form>")
        );
        assert_eq!(undone(&shown.body), TAGGED.as_bytes(), "{choice}");
    }
}

#[test]
fn with_everything_granted_the_page_is_the_sites_own_but_for_the_guard_and_the_footer() {
    let origin = typed(&[HTML], TAGGED);
    let gate = Gate::before(&origin);
    let text = gate.page("/").from(gate.visitor("accept").as_ref()).send().expect(200).text();
    let (head, rest) = TAGGED.trim_end_matches("</body></html>").split_once("<title>").expect("a title");
    let (start, end) = text.split_once("<title>").expect("a title");
    assert!(start.starts_with(&format!("{head}<script src=\"")) && end.starts_with(rest), "{text}");
    assert_eq!(undone(text.as_bytes()), TAGGED.as_bytes());
    assert!(!text.contains("data-consentgate"));
}

#[test]
fn what_is_granted_runs_and_what_is_not_stays_held() {
    let origin = typed(&[HTML], TAGGED);
    let gate = Gate::before(&origin);
    let saved = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json").send().expect(200);
    let text = gate.page("/").from(saved.choice_cookie().as_ref()).send().expect(200).text();
    assert!(text.contains("<script async SRC='https://stats.example/a.js?id=1'></script>"), "{text}");
    assert!(!text.contains(" src=\"//ads.example/frame\""), "{text}");
}

#[test]
fn where_the_yaml_says_so_a_path_is_held_after_consent_too() {
    let origin = typed(&[HTML, ("Set-Cookie", "_ga=1"), ("Set-Cookie", "theme=dark")], TAGGED);
    let gate = Plan::before(origin.address)
        .line("paths: [ { match: \"/benefits/*\", hold: [analytics, marketing] } ]")
        .start();
    let accepted = gate.visitor("accept").unwrap();
    let open = gate.page("/news").cookie(&accepted).send().expect(200);
    assert_eq!((open.set_cookies().len(), undone(&open.body)), (2, TAGGED.as_bytes().to_vec()));
    assert!(open.text().contains(" SRC='https://stats"));
    let held = gate.page("/benefits/housing").cookie(&accepted).cookie("_ga=1; theme=dark").send().expect(200);
    assert!(!held.text().contains(" SRC='https://stats"), "{}", held.text());
    assert!(held.set_cookies().contains(&"theme=dark".to_owned()) && !held.set_cookies().contains(&"_ga=1".to_owned()));
    assert_eq!(origin.last().head.values("cookie").join("; "), format!("{accepted}; theme=dark"));
}

#[test]
fn hints_in_the_head_of_a_response_are_held_like_tags() {
    let links = [
        ("Link", "<https://stats.example/a.js>; rel=preload; as=script"),
        ("Link", "</own.css>; rel=preload; as=style, <//ads.example>; rel=preconnect"),
    ];
    let origin = typed(&[&[HTML], &links[..]].concat(), TAGGED);
    let gate = Gate::before(&origin);
    let shown = gate.page("/").send().expect(200);
    assert_eq!(shown.values("link"), ["</own.css>; rel=preload; as=style"]);
    let accepted = gate.page("/").from(gate.visitor("accept").as_ref()).send().expect(200);
    assert_eq!(accepted.values("link"), links.map(|(_, value)| value));
}

#[test]
fn a_page_leaves_in_the_coding_it_came_in() {
    for coding in ["identity", "gzip", "x-gzip", "deflate", "br", "zstd"] {
        let origin = typed(&[HTML, ("Content-Encoding", coding)], encode(coding, TAGGED.as_bytes()));
        let gate = Gate::before(&origin);
        let shown = gate.page("/").with("Accept-Encoding", "gzip, deflate, br, zstd").send().expect(200);
        assert_eq!(shown.value("content-encoding").as_deref(), Some(coding));
        let text = decode(coding, &shown.body);
        assert!(
            String::from_utf8_lossy(&text).contains("value=\"accept\""),
            "{coding}: {}",
            String::from_utf8_lossy(&text)
        );
        assert!(!String::from_utf8_lossy(&text).contains(" src=\"//ads.example/frame\""), "{coding}");
        assert_eq!(undone(&text), TAGGED.as_bytes(), "{coding}");
        assert!(!shown.is_fenced());
    }
}

#[test]
fn a_gzip_body_of_several_members_is_one_page() {
    let (first, second) = TAGGED.split_at(200);
    let origin =
        typed(&[HTML, ("Content-Encoding", "gzip")], [gzip(first.as_bytes()), gzip(second.as_bytes())].concat());
    let shown = Gate::before(&origin).page("/").send().expect(200);
    let text = decode("gzip", &shown.body);
    assert!(String::from_utf8_lossy(&text).contains("value=\"accept\""));
    assert_eq!(undone(&text), TAGGED.as_bytes());
}

#[test]
fn a_coding_that_cannot_be_undone_is_fenced_and_untouched() {
    let plain = TAGGED.as_bytes();
    for (codings, body) in [
        (vec!["dcb"], b"\xff\xfe anything".to_vec()),
        (vec!["aws-chunked"], plain.to_vec()),
        (vec!["gzip, br"], gzip(plain)),
        (vec!["gzip", "gzip"], gzip(&gzip(plain))),
        (vec!["gzip"], plain.to_vec()),
        (vec!["br"], b"\xff\xff\xff\xff\xff no brotli \xff\xff".to_vec()),
        (vec!["zstd"], plain.to_vec()),
    ] {
        let headers: Vec<_> =
            [HTML].into_iter().chain(codings.iter().map(|coding| ("Content-Encoding", *coding))).collect();
        let origin = typed(&headers, &body);
        let gate = Gate::before(&origin);
        is_untouched_behind_a_fence(&gate.page("/").send().expect(200), &body);
        let accepted = gate.page("/").from(gate.visitor("accept").as_ref()).send().expect(200);
        assert!(accepted.body == body && !accepted.is_fenced(), "nothing is fenced from who agreed to everything");
    }
}

#[test]
fn gzip_that_does_not_say_so_is_fenced_and_untouched() {
    let body = gzip(TAGGED.as_bytes());
    let origin = typed(&[HTML], &body);
    is_untouched_behind_a_fence(&Gate::before(&origin).get("/").with("Accept", "text/html").send().expect(200), &body);
}

#[test]
fn a_damaged_or_shortened_body_never_ends_cleanly() {
    // Enough that the first kilobyte, by which a page is known, leaves before the damage is met.
    let noise: String = (0..40_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string() + " ").collect();
    let html = format!("<!doctype html><html><body><p>{noise}</body></html>");
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let whole = encode(coding, html.as_bytes());
        for cut in [whole.len() / 2, whole.len() - 1] {
            let origin = typed(&[HTML, ("Content-Encoding", coding)], &whole[..cut]);
            let answer = Gate::before(&origin).page("/").send();
            assert!(!answer.whole, "{coding} cut at {cut} of {} came as a whole message", whole.len());
        }
    }
    let mut wrong = gzip(html.as_bytes());
    let crc = wrong.len() - 8;
    wrong[crc] ^= 1;
    let origin = typed(&[HTML, ("Content-Encoding", "gzip")], wrong);
    assert!(!Gate::before(&origin).page("/").send().whole, "a wrong checksum");
}

#[test]
fn no_transform_leaves_the_page_alone_behind_a_fence() {
    for directives in
        [vec!["no-transform"], vec!["max-age=60, No-Transform"], vec!["max-age=60", "no-transform,public"]]
    {
        let lines = directives.iter().map(|value| ("Cache-Control", *value));
        let headers: Vec<_> = [HTML, ("Set-Cookie", "_ga=1"), ("ETag", "\"1\"")].into_iter().chain(lines).collect();
        let origin = typed(&headers, TAGGED);
        let answer = Gate::before(&origin).page("/").send().expect(200);
        is_untouched_behind_a_fence(&answer, TAGGED.as_bytes());
        assert_eq!(answer.set_cookies(), [""; 0]);
        let control = answer.value("cache-control").unwrap();
        assert!(control.contains("no-transform") && control.contains("no-store"), "{control}");
    }
}

#[test]
fn what_gives_up_is_counted_by_its_reason() {
    let origin = Origin::telling(|request| match request.path() {
        "/no-transform" => response("200 OK", &[HTML, ("Cache-Control", "no-transform")], TAGGED),
        "/coding" => response("200 OK", &[HTML, ("Content-Encoding", "dcb")], TAGGED),
        "/charset" => response("200 OK", &[("Content-Type", "text/html; charset=utf-16le")], TAGGED),
        "/partial" => response("206 Partial Content", &[HTML, ("Content-Range", "bytes 0-9/99")], "<html><p>x"),
        "/not_a_page" => page("{}"),
        "/decode" => response("200 OK", &[HTML, ("Content-Encoding", "gzip")], TAGGED),
        "/xml" => response(
            "200 OK",
            &[("Content-Type", "application/xhtml+xml")],
            "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>",
        ),
        other => panic!("{other}"),
    });
    let gate = Gate::before(&origin);
    for why in ["no_transform", "coding", "charset", "partial", "not_a_page", "decode", "xml"] {
        let path = format!("/{}", why.replace("no_transform", "no-transform"));
        let answer = gate.page(&path).send();
        assert!(answer.is_fenced(), "{why}: {:?}", answer.head);
        assert_eq!(gate.abandoned(why), 1, "{why}");
    }
}

#[test]
fn pages_in_any_charset_with_ascii_in_its_place_keep_their_bytes() {
    let bytes: Vec<u8> = [
        TAGGED.trim_end_matches("</body></html>").as_bytes(),
        b"<p>caf\xe9 \x93quoted\x94 \x83\x5c\x82\xa0 \x80\xff",
        b"</body></html>",
    ]
    .concat();
    for charset in ["windows-1252", "shift_jis", "iso-8859-1", "gbk", "big5", "euc-kr", "koi8-r", "utf-8", "nonsense"] {
        let kind = format!("text/html; charset={charset}");
        let origin = typed(&[("Content-Type", &kind)], &bytes);
        let shown = Gate::before(&origin).page("/").send().expect(200);
        assert!(undone(&shown.body) == bytes, "{charset}");
        assert_eq!(shown.value("content-type"), Some(kind));
        assert!(shown.asks());
        let notice: Vec<u8> = shown.body.iter().copied().filter(|byte| !byte.is_ascii()).collect();
        assert_eq!(notice.len(), bytes.iter().filter(|byte| !byte.is_ascii()).count(), "what was put in is ASCII");
    }
}

#[test]
fn a_charset_that_only_the_page_names_is_named_in_the_head_too() {
    let html = b"<!doctype html><html><head><meta http-equiv=Content-Type content='text/html; charset=windows-1252'><title>caf\xe9</title></head><body><p>x</body></html>";
    let origin = typed(&[("Content-Type", "text/html")], html);
    let shown = Gate::before(&origin).page("/").send().expect(200);
    assert_eq!(shown.value("content-type").as_deref(), Some("text/html; charset=windows-1252"));
    assert!(undone(&shown.body) == html);
}

#[test]
fn utf_16_and_its_like_are_fenced_and_untouched() {
    let utf16: Vec<u8> = TAGGED.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (kind, body) in [
        ("text/html; charset=utf-16le", utf16.clone()),
        ("text/html", [b"\xff\xfe".as_slice(), &utf16].concat()),
        ("text/html; charset=iso-2022-jp", TAGGED.as_bytes().to_vec()),
        ("application/xhtml+xml", TAGGED.as_bytes().to_vec()),
    ] {
        let origin = typed(&[("Content-Type", kind)], &body);
        is_untouched_behind_a_fence(&Gate::before(&origin).page("/").send().expect(200), &body);
    }
}

#[test]
fn what_was_true_of_the_sites_bytes_is_not_said_of_the_pages() {
    let claims = [
        ("ETag", "\"strong\""),
        ("Last-Modified", "Wed, 01 Jan 2025 00:00:00 GMT"),
        ("Accept-Ranges", "bytes"),
        ("Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ=="),
        ("Digest", "sha-256=x"),
        ("Content-Digest", "sha-256=:x=:"),
        ("Repr-Digest", "sha-256=:x=:"),
        ("Expires", "Wed, 01 Jan 2031 00:00:00 GMT"),
        ("Cache-Control", "public, s-maxage=600"),
        ("Surrogate-Control", "max-age=600"),
        ("CDN-Cache-Control", "max-age=600"),
    ];
    let origin = typed(&[&[HTML], &claims[..]].concat(), TAGGED);
    let gate = Gate::before(&origin);
    for choice in ["undecided", "accept"] {
        let visitor = gate.visitor(choice);
        for ask in [gate.page("/"), gate.ask("HEAD", "/").with("Accept", "text/html")] {
            let shown = ask.from(visitor.as_ref()).send().expect(200);
            for (name, _) in claims.iter().filter(|(name, _)| *name != "Cache-Control") {
                assert!(!shown.has(name), "{name}: {:?}", shown.head);
            }
            assert_eq!(shown.value("cache-control").as_deref(), Some("private, no-store"));
            assert!(
                !shown.has("content-length") || shown.value("content-length") == Some(shown.body.len().to_string())
            );
        }
    }
}

#[test]
fn a_head_request_gets_no_body_and_no_length_that_is_wrong() {
    let origin = Origin::telling(|request| match request.head.first.split(' ').next() {
        Some("HEAD") => head("200 OK", &[HTML, ("Content-Length", "12345")]).into_bytes(),
        _ => page(TAGGED),
    });
    let gate = Gate::before(&origin);
    let answer = gate.ask("HEAD", "/").with("Accept", "text/html").send().expect(200);
    assert_eq!((answer.body.len(), answer.value("content-length")), (0, None));
    let image = gate.ask("HEAD", "/x.png").with("Accept", "image/png").send().expect(200);
    assert_eq!(image.value("content-length").as_deref(), Some("12345"), "what is not a page keeps its length");
}

#[test]
fn the_sites_own_policies_stay_as_they_are() {
    let policies = [
        ("Content-Security-Policy", "default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'"),
        ("Content-Security-Policy", "frame-ancestors 'none'"),
        ("Content-Security-Policy-Report-Only", "default-src 'none'; report-uri /csp"),
    ];
    let origin = typed(&[&[HTML], &policies[..]].concat(), TAGGED);
    let shown = Gate::before(&origin).page("/").send().expect(200);
    let lines = shown.values("content-security-policy");
    let added = lines[0].strip_prefix(policies[0].1).expect("the site's own words stay");
    assert!(added.starts_with(" 'nonce-") && !added[1..].contains(' '), "one nonce and no more: {added}");
    assert_eq!(lines[1..], [policies[1].1]);
    assert_eq!(shown.value("content-security-policy-report-only").as_deref(), Some(policies[2].1));
    let fenced = [&[HTML, ("Content-Encoding", "dcb")], &policies[..]].concat();
    let shown = Gate::before(&typed(&fenced, TAGGED)).page("/").send().expect(200);
    let lines = shown.values("content-security-policy");
    assert_eq!(lines[..2], [policies[0].1, policies[1].1], "a fence is one more policy, never another one");
    assert_eq!(lines.len(), 3);
}

#[test]
fn the_gate_asks_the_site_only_for_codings_it_can_undo() {
    let origin = typed(&[HTML], TAGGED);
    let gate = Gate::before(&origin);
    gate.page("/").with("Accept-Encoding", "gzip;q=0.8, dcb, br, dcz, *;q=0.1").send();
    assert_eq!(origin.last().head.value("accept-encoding").as_deref(), Some("gzip;q=0.8, br"));
    gate.get("/x.png").with("Sec-Fetch-Dest", "image").with("Accept-Encoding", "dcb").send();
    assert_eq!(origin.last().head.value("accept-encoding").as_deref(), Some("dcb"), "an image is none of its business");
}

#[test]
fn a_page_in_many_small_pieces_is_the_same_page() {
    let origin = Origin::acting(|_, wire| {
        wire.say(head("200 OK", &[HTML, ("Transfer-Encoding", "chunked")]));
        for byte in TAGGED.bytes() {
            wire.say([b"1\r\n".as_slice(), &[byte], b"\r\n"].concat());
        }
        wire.say("0\r\n\r\n");
    });
    let shown = Gate::before(&origin).page("/").send().expect(200);
    assert_eq!(undone(&shown.body), TAGGED.as_bytes());
    assert!(shown.asks() && !shown.text().contains(" SRC='https://stats"));
}

#[test]
fn a_page_that_ends_with_its_connection_is_a_page() {
    let origin = Origin::acting(|_, wire| {
        wire.say(format!("HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{TAGGED}"));
        wire.close();
    });
    let shown = Gate::before(&origin).page("/").send().expect(200);
    assert_eq!(undone(&shown.body), TAGGED.as_bytes());
    assert!(shown.asks());
}

#[test]
fn an_empty_page_stays_empty() {
    let origin = typed(&[HTML], "");
    let shown = Gate::before(&origin).page("/").send().expect(200);
    assert_eq!(shown.body, b"");
}

/// Browsers end the type at the first space or bracket too: `text/html charset=utf-8` is a page to all of them.
#[test]
fn a_type_written_without_its_semicolon_is_still_a_page() {
    for kind in ["text/html charset=utf-8", "text/html\tcharset=utf-8", "text/html(x)", " TEXT/html charset"] {
        let origin = typed(&[("Content-Type", kind)], TAGGED);
        let shown = Gate::before(&origin).page("/").send().expect(200);
        assert!(shown.asks(), "{kind}");
        assert!(!shown.text().contains(" SRC='https://stats"), "{kind}");
    }
}

/// Browsers follow five statuses, and only to somewhere; the body of anything else is shown.
#[test]
fn a_redirect_to_nowhere_is_a_page() {
    for (status, location) in [("302 Found", ""), ("301 Moved Permanently", "  "), ("300 Multiple Choices", "/a")] {
        let origin = Origin::answering(response(status, &[HTML, ("Location", location)], TAGGED));
        let shown = Gate::before(&origin).page("/").send();
        assert!(!shown.text().contains(" SRC='https://stats"), "{status} {location:?}");
    }
}

#[test]
fn pages_of_blank_lines_in_front_do_not_hide_a_page() {
    let mut html = b"\xEF\xBB\xBF".to_vec();
    html.extend(b" \t\r\n".repeat(1_500));
    html.extend(b"<!doctype html><title>x</title><body><p>x");
    for coding in ["identity", "gzip", "br"] {
        let origin = typed(&[("Content-Type", "text/html"), ("Content-Encoding", coding)], encode(coding, &html));
        let answer = Gate::before(&origin).page("/").with("Accept-Encoding", coding).send().expect(200);
        assert!(!answer.has("content-security-policy"), "{coding}: no fence");
        let back = decode(coding, &answer.body);
        assert!(String::from_utf8_lossy(&back).contains("<body><consent-notice>"), "{coding}");
    }
    let origin = typed(&[("Content-Type", "text/html")], b" ".repeat(200_000));
    is_untouched_behind_a_fence(&Gate::before(&origin).page("/").send().expect(200), &b" ".repeat(200_000));
}
