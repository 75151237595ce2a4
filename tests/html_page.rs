//! Every HTML fixture through the rewriter, cut at every byte and at random: the same page comes out, taking the
//! gate's insertions away gives the site's bytes back, and nothing that tracks is left alive.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use consentgate::consent::PurposeSet;
use consentgate::html::{Abandoned, Finding, INERT, Job, Page};
use consentgate::policy::{Config, Policy};
use proptest::prelude::*;

const NOTICE: &str = "<consent-notice>ASK</consent-notice>";
const HEAD: &str = "<script src=GUARD></script>";
const PLACEHOLDER: &str = "<consent-placeholder></consent-placeholder>";
const FOOTER: &str = "<consent-notice>FOOTER</consent-notice>";
const TRACKER: &str = "google-analytics.com";

fn policy() -> Arc<Policy> {
    let config = Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() };
    Arc::new(Policy::new(&config).expect("no patterns"))
}

fn job(policy: &Arc<Policy>, granted: PurposeSet) -> Job {
    Job {
        policy: Arc::clone(policy),
        granted,
        address: "https://www.example.gov.uk/bins/".parse().expect("an address"),
        head: Some(HEAD.as_bytes().to_vec()),
        csp: None,
        cookies: None,
        placeholder: Some(Arc::new(|_| Some(PLACEHOLDER.as_bytes().to_vec()))),
        notice: Some(Box::new(|_| NOTICE.as_bytes().to_vec())),
        footer: Some(Box::new(|_| FOOTER.as_bytes().to_vec())),
    }
}

fn rewrite_with(job: Job, pieces: &[&[u8]]) -> Result<(Vec<u8>, Vec<Finding>), Abandoned> {
    let (mut page, mut out) = (Page::new(job), Vec::new());
    let mut findings = Vec::new();
    for piece in pieces {
        page.push(Bytes::copy_from_slice(piece), &mut out)?;
        findings.extend(page.findings());
    }
    findings.extend(page.finish(&mut out)?);
    Ok((out.concat(), findings))
}

fn rewrite(pieces: &[&[u8]]) -> (Vec<u8>, Vec<Finding>) {
    rewrite_with(job(&policy(), PurposeSet::ESSENTIAL), pieces).expect("a page that can be judged")
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/html");
    let mut found: Vec<_> = fs::read_dir(folder)
        .expect("the fixtures")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.display().to_string(), fs::read(&path).expect("a fixture")))
        .collect();
    found.sort();
    found
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/html").join(name)).expect("a fixture")
}

fn replace(page: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

fn without_ours(page: &[u8]) -> Vec<u8> {
    let ours = [HEAD, PLACEHOLDER, NOTICE, FOOTER];
    ours.iter().fold(page.to_vec(), |page, text| replace(&page, text.as_bytes(), b""))
}

/// Behind a script's purpose stands what it would have defined.
fn without_names(mut page: Vec<u8>, purpose: &str) -> Vec<u8> {
    const END: &[u8] = b"\" type=\"text/plain\"";
    let mark = format!(" data-consentgate=\"{purpose} ");
    while let Some(start) = memchr::memmem::find(&page, mark.as_bytes()) {
        let end = start + memchr::memmem::find(&page[start..], END).expect("a script") + END.len();
        page.drain(start..end);
    }
    page
}

/// Takes the gate's insertions out again.
fn undo(page: &[u8]) -> Vec<u8> {
    let mut page = without_ours(page);
    for purpose in ["analytics", "marketing", "preferences", "unclassified", "embedded"] {
        let mark = format!(" data-consentgate=\"{purpose}\"");
        page = replace(&page, format!("{mark} type=\"text/plain\"").as_bytes(), b"");
        page = replace(&page, format!("{mark} hidden").as_bytes(), b"");
        page = replace(&page, mark.as_bytes(), b"");
        page = without_names(page, purpose);
    }
    replace(&replace(&page, b"data-consentgate-", b""), INERT.as_bytes(), b"")
}

#[test]
fn every_fixture_cut_anywhere_comes_out_the_same_and_can_be_undone() {
    for (name, source) in fixtures() {
        let (whole, findings) = rewrite(&[&source]);
        assert_eq!(undo(&whole), source, "{name}: taking the insertions out gives the page back");
        for cut in 0..=source.len() {
            let (out, found) = rewrite(&[&source[..cut], &source[cut..]]);
            assert!(out == whole, "{name} cut at {cut}:\n{}", String::from_utf8_lossy(&out));
            assert_eq!(found, findings, "{name} cut at {cut}");
        }
        let bytes: Vec<&[u8]> = source.chunks(1).collect();
        assert!(rewrite(&bytes).0 == whole, "{name} byte by byte");
    }
}

proptest! {
    #[test]
    fn fixtures_cut_at_random(which in 0..100_usize, mut cuts in proptest::collection::vec(0..4000_usize, 0..12)) {
        let fixtures = fixtures();
        let (name, source) = &fixtures[which % fixtures.len()];
        for cut in &mut cuts {
            *cut %= source.len() + 1;
        }
        cuts.sort_unstable();
        let mut pieces = Vec::new();
        let mut from = 0;
        for cut in cuts {
            pieces.push(&source[from..cut]);
            from = cut;
        }
        pieces.push(&source[from..]);
        prop_assert!(rewrite(&pieces).0 == rewrite(&[source]).0, "{}", name);
    }

    #[test]
    fn whatever_bytes_come_nothing_panics_and_nothing_is_lost(
        tokens in proptest::collection::vec(
            proptest::sample::select(vec![
                "<script", "</script>", "<!--", "-->", ">", " src=", "\"", "'", "https://www.google-analytics.com/",
                "<noscript>", "</noscript>", "<svg>", "<math>", "</svg>", "<![CDATA[", "]]>", "<select>", "<xmp>",
                "<body>", "<head>", "<template>", "</template>", "<p>", "x", "\n", "=", "/", "<iframe srcdoc=",
                "<frameset>", "<plaintext>", "<textarea>", "<style>", "</style>", "<p style=", "a:url(", " onclick=", "&quot;",
                "<meta http-equiv=refresh content=", "0;url=", "data:text/html,", "javascript:", "<form action=", "\u{e9}", "<html lang=cy>", "<base href=", "<img srcset=",
            ]), 0..40),
        cut in 0..200_usize,
    ) {
        let source = tokens.concat().into_bytes();
        let cut = cut % (source.len() + 1);
        let nested = tokens.iter().filter(|token| ["<noscript>", "<iframe srcdoc="].contains(token)).count();
        match rewrite_with(job(&policy(), PurposeSet::ESSENTIAL), &[&source[..cut], &source[cut..]]) {
            Ok((out, _)) => prop_assert_eq!(undo(&out), source),
            Err(fault) => prop_assert!(fault == Abandoned::Ambiguity && nested > 16, "{fault:?}, {nested} nested"),
        }
    }
}

/// The page as a browser would act on it: held tags and data blocks cannot fetch.
fn alive(page: &[u8]) -> Vec<String> {
    let page = String::from_utf8_lossy(page).into_owned();
    let inert = |piece: &&str| {
        let blocks = ["data-consentgate", "{\"u\":", "canonical", "data-src"];
        !blocks.iter().any(|block| piece.contains(block))
    };
    page.split_inclusive('>')
        .filter(|tag| tag.to_ascii_lowercase().contains(TRACKER))
        .filter(inert)
        .map(str::to_owned)
        .collect()
}

#[test]
fn nothing_that_tracks_is_left_alive() {
    for (name, source) in fixtures() {
        if name.ends_with("plain.html") || name.ends_with("upper.html") || name.ends_with("select.html") {
            assert_eq!(alive(&rewrite(&[&source]).0), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn each_form_of_tag_is_held() {
    for (name, held) in [
        ("plain.html", 6), // script src, inline, dns-prefetch, noscript img, iframe, srcset
        ("upper.html", 8), // three scripts, img with a reference, object, embed, video poster, source
        ("no-head-no-body.html", 1),
        ("frameset.html", 1),
        ("frameset-hiding.html", 1),
        ("body-in-strings.html", 1),
        ("embedded.html", 3),
        ("select.html", 2),
        ("base.html", 1),
        ("noscript-unclosed.html", 2),
        ("text-only.html", 0),
        ("windows-1252.html", 1),
        ("unclosed-script.html", 1),
        ("odd-tags.html", 0),
        ("styles.html", 21),
        ("any-tag.html", 18),
        ("old-forms.html", 21),
        ("svg.html", 12),
        ("carried.html", 14),
        ("hidden.html", 20),
    ] {
        let (_, findings) = rewrite(&[&fixture(name)]);
        assert_eq!(findings.len(), held, "{name}: {findings:#?}");
    }
}

#[test]
fn the_notice_stands_once_in_each_document_and_first_in_its_body() {
    for (name, source) in fixtures() {
        let out = String::from_utf8_lossy(&rewrite(&[&source]).0).into_owned();
        let expected = usize::from(!name.contains("frameset"));
        assert_eq!(out.matches(NOTICE).count(), expected, "{name}");
        assert_eq!(out.matches(FOOTER).count(), expected, "{name}");
        let before_the_end = out.rfind("</body>").map_or(out.as_str(), |at| &out[..at]);
        assert!(expected == 0 || before_the_end.ends_with(FOOTER), "{name}");
    }
    let place = |name: &str| {
        let out = String::from_utf8_lossy(&rewrite(&[&fixture(name)]).0).into_owned();
        let at = out.find(NOTICE).expect("a notice");
        (out[..at].to_owned(), out[at + NOTICE.len()..].to_owned())
    };
    assert!(place("plain.html").0.ends_with("<body class=\"home\">"));
    assert!(place("upper.html").0.ends_with("ONLOAD=\"x()\">"));
    assert!(place("no-head-no-body.html").1.starts_with("<p>First"));
    assert!(place("body-in-strings.html").0.ends_with("<body>"));
    assert_eq!(place("text-only.html").1, FOOTER);
    assert!(place("odd-tags.html").0.ends_with("b='<script>'>"));
}

#[test]
fn with_everything_granted_only_the_gates_own_is_added() {
    let policy = policy();
    for (name, source) in fixtures() {
        let (out, findings) = rewrite_with(job(&policy, policy.purposes().all()), &[&source]).expect("a page");
        assert_eq!(without_ours(&out), source, "{name}");
        assert!(findings.iter().all(|finding| !finding.held), "{name}");
    }
}

#[test]
fn the_guard_stands_once_and_in_front_of_all_that_runs() {
    for (name, source) in fixtures() {
        let out = String::from_utf8_lossy(&rewrite(&[&source]).0).into_owned();
        let marks = out.matches(HEAD).count();
        assert!(marks <= 1, "{name}: {marks}");
        let first = ["<script", "<img", "<link", "<meta", "<iframe", "<style", "<base", "<noscript", "<template"];
        let tag = first.iter().filter_map(|tag| out.to_ascii_lowercase().find(tag)).min();
        assert!(
            tag.is_none_or(|at| name.ends_with("conditional.html") || out[at..].starts_with(HEAD)),
            "{name}: {out}"
        );
    }
}

#[test]
fn what_is_added_at_the_end_does_not_end_a_tag_that_the_page_left_open() {
    let (out, _) = rewrite(&[b"<body><p>x", b"<script src=https://www.google-analytics.com/ga.js"]);
    let out = String::from_utf8_lossy(&out);
    assert!(out.ends_with(&format!("<p>x{FOOTER}<script src=https://www.google-analytics.com/ga.js")), "{out}");
}

#[test]
fn what_nobody_sees_has_no_placeholder() {
    let made = |html: &str| {
        let (out, _) = rewrite(&[html.as_bytes()]);
        String::from_utf8_lossy(&out).matches(PLACEHOLDER).count()
    };
    let video = "src=https://www.youtube.com/embed/x";
    assert_eq!(made(&format!("<body><iframe {video} width=560></iframe><EMBED {video}>")), 2);
    for hidden in ["width=0", "height='1px'", "style='Display: none'", "hidden"] {
        assert_eq!(made(&format!("<body><iframe {video} {hidden}></iframe>")), 0, "{hidden}");
    }
    assert_eq!(made("<body><script src=https://www.google-analytics.com/ga.js></script>"), 0);
}

#[test]
fn the_page_leaves_as_it_comes_and_only_what_waits_for_its_verdict_stays() {
    let (mut page, mut out) = (Page::new(job(&policy(), PurposeSet::ESSENTIAL)), Vec::new());
    page.push(Bytes::from_static(b"<body><p>one</p><script>ga("), &mut out).expect("fine");
    assert!(out.concat().ends_with(b"<p>one</p>"), "the paragraph does not wait");
    page.push(Bytes::from_static(b"'create')</script><p>two</p>"), &mut out).expect("fine");
    assert!(out.concat().ends_with(b"ga('create')</script><p>two</p>"));
}

#[test]
fn pathological_pages_end_by_a_limit_and_not_by_time() {
    let begun = std::time::Instant::now();
    for source in [
        "<a></b>".repeat(50_000),
        "<div>".repeat(20_000),
        "<p>x".repeat(50_000),
        format!("<img alt=\"{}\">", "x".repeat(10_000_000)),
        format!("<!--{}-->", "x".repeat(10_000_000)),
        format!("<img {}>", "a ".repeat(500_000)),
        format!("<body><script>{}", "x".repeat(10_000_000)),
        format!("<body><noscript>{}</noscript>", "<p>".repeat(200_000)),
    ] {
        let pieces: Vec<&[u8]> = source.as_bytes().chunks(16 * 1024).collect();
        let outcome = rewrite_with(job(&policy(), PurposeSet::ESSENTIAL), &pieces);
        assert!(matches!(outcome, Ok(_) | Err(Abandoned::MemoryLimit)), "{:?}", outcome.err());
    }
    assert!(begun.elapsed().as_secs() < 60, "promise 31 even in a debug build: {:?}", begun.elapsed());
}

/// Every encoding browsers know (Encoding standard), by name.
const ENCODINGS: [&str; 40] = [
    "UTF-8",
    "IBM866",
    "ISO-8859-2",
    "ISO-8859-3",
    "ISO-8859-4",
    "ISO-8859-5",
    "ISO-8859-6",
    "ISO-8859-7",
    "ISO-8859-8",
    "ISO-8859-8-I",
    "ISO-8859-10",
    "ISO-8859-13",
    "ISO-8859-14",
    "ISO-8859-15",
    "ISO-8859-16",
    "KOI8-R",
    "KOI8-U",
    "macintosh",
    "windows-874",
    "windows-1250",
    "windows-1251",
    "windows-1252",
    "windows-1253",
    "windows-1254",
    "windows-1255",
    "windows-1256",
    "windows-1257",
    "windows-1258",
    "x-mac-cyrillic",
    "GBK",
    "gb18030",
    "Big5",
    "EUC-JP",
    "ISO-2022-JP",
    "Shift_JIS",
    "EUC-KR",
    "replacement",
    "UTF-16BE",
    "UTF-16LE",
    "x-user-defined",
];

/// `replacement` has no label of its own: browsers take these for it.
fn label(encoding: &str) -> &str {
    if encoding == "replacement" { "iso-2022-kr" } else { encoding }
}

#[test]
fn each_encoding_is_rewritten_by_the_byte_or_left_alone() {
    use consentgate::html::{Charset, detect};

    for encoding in ENCODINGS {
        let has_ascii = !["ISO-2022-JP", "replacement", "UTF-16BE", "UTF-16LE"].contains(&encoding);
        let by_header = detect(format!("text/html; charset={}", label(encoding)).as_bytes(), b"<p>");
        assert_eq!(by_header != Charset::Other, has_ascii, "{encoding} in the header");
        let meta = format!("<meta charset=\"{}\">", label(encoding));
        let by_meta = detect(b"text/html", meta.as_bytes());
        // A page that says in ASCII that it is UTF-16 is not: browsers take UTF-8.
        assert_eq!(by_meta != Charset::Other, has_ascii || encoding.starts_with("UTF-16"), "{encoding} in the page");
        let conflict = detect(b"text/html; charset=windows-1252", meta.as_bytes());
        assert_eq!(conflict, Charset::Ascii { from_meta: None }, "{encoding}: the header decides");
        let marked = [b"\xFF\xFE".as_slice(), meta.as_bytes()].concat();
        assert_eq!(detect(b"text/html; charset=utf-8", &marked), Charset::Other, "{encoding}: the mark decides");
    }
}

#[test]
fn whatever_the_charset_no_byte_changes_wherever_the_page_is_cut() {
    // Every byte, and every lead byte before every trail byte that could be taken for markup or a quote.
    let text: Vec<u8> = (0x80..=0xFF_u8).flat_map(|lead| [lead, 0x40, lead, 0x5C, lead, 0x7C, lead]).collect();
    let begin = b"<!doctype html><body><p title=\"".to_vec();
    let script = b"\"><script>var a='".to_vec();
    let end = b"'; ga('create')</script><img src=https://www.google-analytics.com/".to_vec();
    let source = [begin, text.clone(), script, text.clone(), end, text, b">".to_vec()].concat();
    let (whole, findings) = rewrite(&[&source]);
    assert_eq!(undo(&whole), source);
    assert_eq!(findings.len(), 2, "{findings:?}");
    for cut in 0..=source.len() {
        assert!(rewrite(&[&source[..cut], &source[cut..]]).0 == whole, "cut at {cut}");
    }
}

/// Browsers take the first base and pass over `data:` and `javascript:`; one in a template or for visitors without
/// script is none for others. Whichever it is, an address is held if any of them leads to a tracker.
#[test]
fn no_base_hides_where_an_address_leads() {
    let tracker = "https://www.google-analytics.com/";
    let own = "https://www.example.gov.uk/";
    for html in [
        format!("<base href={tracker}><base href={own}><script src=analytics.js></script>"),
        format!("<template><base href={own}></template><base href={tracker}><script src=analytics.js></script>"),
        format!("<noscript><base href={tracker}></noscript><img src=x.gif>"),
        "<base href=data:text/html,x><script src=//www.google-analytics.com/a.js></script>".into(),
        "<base href=javascript:1><script src=//www.google-analytics.com/a.js></script>".into(),
    ] {
        let (out, findings) = rewrite(&[html.as_bytes()]);
        assert_eq!(findings.len(), 1, "{html}");
        assert_eq!(undo(&out), html.as_bytes());
    }
    let harmless = format!("<base href={own}a/><base target=_top><img src=x.gif><script src=/own.js></script>");
    assert!(rewrite(&[harmless.as_bytes()]).1.is_empty());
}

/// What a browser prefetches or maps for the page's scripts is judged by its text, as a script's is.
#[test]
fn lists_of_addresses_in_script_tags_and_new_kinds_of_link_are_judged() {
    for html in [
        "<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"https://www.google-analytics.com/collect\"]}]}</script>",
        "<script type=importmap>{\"imports\":{\"a\":\"https://www.google-analytics.com/x.js\"}}</script>",
        "<link rel=compression-dictionary href=https://www.google-analytics.com/x>",
        "<link rel=apple-touch-icon-precomposed href=https://www.google-analytics.com/x>",
        "<svg><feImage xlink:href=https://www.google-analytics.com/x></svg>",
    ] {
        let (out, findings) = rewrite(&[html.as_bytes()]);
        assert_eq!(findings.len(), 1, "{html}");
        assert_eq!(undo(&out), html.as_bytes());
    }
}
