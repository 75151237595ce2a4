//! Every form in which a page names an address, runs a script or sends something: held before consent, let through after,
//! and what only looks like one left alone. The fixtures of `html_page.rs` show the same forms in whole pages.

use std::sync::Arc;

use bytes::Bytes;
use consentgate::consent::PurposeSet;
use consentgate::html::{Finding, HELD_PREFIX, INERT, Job, Page};
use consentgate::policy::{Action, Config, Policy, Unclassified};

fn job(config: &Config, all: bool) -> Job {
    let policy = Arc::new(Policy::new(config).expect("no patterns"));
    let granted = if all { policy.purposes().all() } else { PurposeSet::ESSENTIAL };
    let address = "https://www.example.gov.uk/bins/".parse().expect("an address");
    Job {
        policy,
        granted,
        address,
        head: None,
        placeholder: None,
        csp: None,
        cookies: None,
        notice: None,
        footer: None,
    }
}

fn config() -> Config {
    Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() }
}

fn rewrite(job: Job, html: &str) -> (String, Vec<Finding>) {
    let (mut page, mut out) = (Page::new(job), Vec::new());
    page.push(Bytes::copy_from_slice(html.as_bytes()), &mut out).expect("a page that can be judged");
    let mut findings = page.findings();
    findings.extend(page.finish(&mut out).expect("a page that can be judged"));
    (String::from_utf8(out.concat()).expect("ASCII insertions"), findings)
}

fn held(html: &str) -> (String, usize) {
    let (out, findings) = rewrite(job(&config(), false), html);
    (out, findings.iter().filter(|finding| finding.held).count())
}

/// `{}` is where the address stands; what must stand in front of it, or in front of the attribute's name, is said.
const FORMS: [(&str, &str); 62] = [
    ("<script src=\"{}\"></script>", "src"),
    ("<img src='{}'>", "src"),
    ("<img srcset='/a.png 1x, {} 2x'>", "srcset"),
    ("<img lowsrc={}>", "lowsrc"),
    ("<img dynsrc={}>", "dynsrc"),
    ("<input type=image src={}>", "src"),
    ("<picture><source srcset='{} 2x'></picture>", "srcset"),
    ("<video poster={}></video>", "poster"),
    ("<video src={}></video>", "src"),
    ("<audio src={}></audio>", "src"),
    ("<video><track src={}></video>", "src"),
    ("<iframe src={}></iframe>", "src"),
    ("<frameset><frame src={}></frameset>", "src"),
    ("<fencedframe src={}></fencedframe>", "src"),
    ("<portal src={}></portal>", "src"),
    ("<model src={}></model>", "src"),
    ("<embed src={}>", "src"),
    ("<object data={}></object>", "data"),
    ("<object codebase={}></object>", "codebase"),
    ("<object classid={}></object>", "classid"),
    ("<object><param name=src value={}></object>", "value"),
    ("<applet archive=/a.jar,{}></applet>", "archive"),
    ("<bgsound src={}>", "src"),
    ("<link rel=stylesheet href={}>", "href"),
    ("<link rel='shortcut icon' href={}>", "href"),
    ("<link rel=preload as=image imagesrcset='{} 2x' href=/a>", "imagesrcset"),
    ("<link rel=PRECONNECT href={}>", "href"),
    ("<link rel=dns-prefetch href={}>", "href"),
    ("<link rel=modulepreload href={}>", "href"),
    ("<link rel=prerender href={}>", "href"),
    ("<link rel=manifest href={}>", "href"),
    ("<html manifest={}>", "manifest"),
    ("<meta http-equiv=refresh content='0;url={}'>", "content"),
    ("<meta http-equiv=link content='<{}>;rel=preload'>", "content"),
    ("<body background={}>", "background"),
    ("<table background={}>", "background"),
    ("<th background={}>", "background"),
    ("<a ping={}>x</a>", "ping"),
    ("<area ping='/own {}'>", "ping"),
    ("<a attributionsrc={}>x</a>", "attributionsrc"),
    ("<form action={}></form>", "action"),
    ("<button formaction={}>x</button>", "formaction"),
    ("<input type=submit formaction={}>", "formaction"),
    ("<svg><use href={} /></svg>", "href"),
    ("<svg><image xlink:href={} /></svg>", "xlink:href"),
    ("<svg><feImage href={} /></svg>", "href"),
    ("<svg><script xlink:href={} /></svg>", "xlink:href"),
    ("<svg><animate attributeName=href values='/a;{}'/></svg>", "values"),
    ("<svg><set attributeName=xlink:href to={} /></svg>", "to"),
    ("<svg><path fill='url({}#a)'/></svg>", ""),
    ("<svg><g clip-path='url({}#a)'/></svg>", ""),
    ("<svg><style>a{mask:url({})}</style></svg>", ""),
    ("<math><mglyph src={} /></math>", "src"),
    ("<style>@import '{}';</style>", ""),
    ("<style>a{b:url({})}</style>", ""),
    ("<style>a{b:-webkit-image-set('{}' 1x)}</style>", ""),
    ("<p style='a:url({})'>", ""),
    ("<p style=\"a:url('{}')\">", ""),
    ("<script type=importmap>{\"imports\":{\"a\":\"{}\"}}</script>", "type"),
    ("<script type=speculationrules>{\"prerender\":[{\"urls\":[\"{}\"]}]}</script>", "type"),
    ("<noscript><img src={}></noscript>", "src"),
    ("<template><img src={}></template>", "src"),
];

/// As a browser takes them all for the same host.
const WRITTEN: [&str; 8] = [
    "https://www.google-analytics.com/x",
    "//www.google-analytics.com/x",
    "HTTPS://WWW.Google-Analytics.COM:443/x",
    "https://u:p@www.google-analytics.com/x",
    "https://www.google-analytics.com./x",
    "https://www%2Egoogle-analytics.com/x",
    "https://region1.google-analytics.com/x",
    "https://www.google-analytics\u{3002}com/x",
];

#[test]
fn every_form_is_held_however_its_address_is_written() {
    for (form, attribute) in FORMS {
        for address in WRITTEN {
            let html = form.replace("{}", address);
            let (out, count) = held(&html);
            assert_eq!(count, 1, "{html}\n{out}");
            let name = if attribute.is_empty() { INERT.to_owned() } else { format!("{HELD_PREFIX}{attribute}") };
            assert!(out.contains(&name), "{html}\n{out}");
            assert!(out.contains(" data-consentgate=\"analytics\""), "{html}\n{out}");
        }
    }
}

#[test]
fn every_form_passes_for_the_sites_own_and_after_consent() {
    for (form, _) in FORMS {
        for address in ["/own", "//www.example.gov.uk/own", "own.gif", "https://cdn.example.org/x"] {
            let html = form.replace("{}", address);
            let (out, count) = held(&html);
            assert_eq!((&*out, count), (&*html, 0));
        }
        let html = form.replace("{}", WRITTEN[0]);
        // What passes is told, for the inventory, and nothing is held.
        let (out, findings) = rewrite(job(&config(), true), &html);
        assert_eq!((out, findings.iter().filter(|finding| finding.held).count()), (html, 0));
    }
}

/// In attributes, with references and white space that browsers take out again.
#[test]
fn references_and_white_space_hide_nothing() {
    let attributes = FORMS.iter().filter(|(form, _)| {
        // Where the value is the whole address, and a value at all.
        ["='{}'", "=\"{}\"", "={}"].iter().any(|value| form.contains(value)) && !form.contains("archive")
    });
    for (form, _) in attributes {
        for address in [
            "https&colon;&sol;&sol;www&period;google-analytics.com/x",
            "&#x68;&#116;tps:/&#47;www.google-analytics.com/x",
            "&Tab;ht&NewLine;tps://www.google-ana&#9;lytics.com/x",
            "https:\\\\www.google-analytics.com\\x",
        ] {
            // A list of addresses is parted at white space.
            if (form.contains("ping") || form.contains("attributionsrc")) && address.contains("Tab") {
                continue;
            }
            let html = form.replace("{}", address);
            assert_eq!(held(&html).1, 1, "{html}");
        }
    }
}

#[test]
fn scripts_in_attributes_are_held_for_where_they_lead() {
    for html in [
        "<p onclick=\"new Image().src='//www.google-analytics.com/x'\">",
        "<x-y ONPOINTERENTER=\"import('https:&#47;&#47;www.google-analytics.com/x')\">",
        "<img src=/x onerror=\"this.src='https:\\/\\/www.google-analytics.com\\/x'\">",
        "<svg onload=\"fetch('\\x2f\\x2fwww.google-analytics.com/x')\">",
        "<a href=\"javascript:import('//www.google-analytics.com/x')\">x</a>",
        "<a href=\"&#x6a;avascript&colon;import('//www.google-analytics.com/x')\">x</a>",
        "<a href=\"\u{1} java\tscript:import('%2f%2fwww.google-analytics.com/x')\">x</a>",
        "<area href=\"JavaScript:import('//www.google-analytics.com/x')\">",
        "<svg><a xlink:href=\"javascript:import('//www.google-analytics.com/x')\"/></svg>",
        "<form action=\"javascript:import('//www.google-analytics.com/x')\"></form>",
        "<iframe src=\"javascript:import('//www.google-analytics.com/x')\"></iframe>",
    ] {
        assert_eq!(held(html).1, 1, "{html}");
    }
    for html in [
        "<a onclick=\"gtag('event', 'x'); return true\" href=/x>calls a tracker that is held itself</a>",
        "<button onclick=\"document.cookie='size=1'\">writes what the gate takes back</button>",
        "<a href=\"javascript:window.print()\">x</a>",
        "<a href=\"https://www.google-analytics.com/\">a link</a>",
        "<p data-onclick=\"//www.google-analytics.com/x\">",
        "<form action=\"https://public.govdelivery.com/accounts/X\"></form>",
        "<form action=\"https://www.facebook.com/x\"></form>",
        "<link rel=canonical href=https://www.google-analytics.com/x>",
        "<meta http-equiv=x-ua-compatible content='0;url=https://www.google-analytics.com/x'>",
        "<meta property=og:image content=https://www.google-analytics.com/x>",
        "<input value=https://www.google-analytics.com/x>",
        "<blockquote cite=https://www.google-analytics.com/x>",
        "<style type=text/x-template>a{b:url(https://www.google-analytics.com/x)}</style>",
        "<textarea><p style='a:url(https://www.google-analytics.com/x)'></textarea>",
        "<!-- <p style='a:url(https://www.google-analytics.com/x)'> -->",
        "<title><p onclick=\"'//www.google-analytics.com/'\"></title>",
    ] {
        assert_eq!(held(html), (html.into(), 0));
    }
}

#[test]
fn what_is_unknown_is_held_in_every_form_where_the_site_wants_it() {
    let strict = || Config { unclassified: Unclassified { tags: Action::Hold, ..Unclassified::default() }, ..config() };
    for (form, _) in FORMS.iter().filter(|(form, _)| !form.contains("action")) {
        let html = form.replace("{}", "https://unknown.example/x");
        let (out, findings) = rewrite(job(&strict(), false), &html);
        assert_eq!(findings.len(), 1, "{html}\n{out}");
        assert!(out.contains(" data-consentgate=\"unclassified\""), "{out}");
    }
}

#[test]
fn a_policy_in_the_page_is_edited_in_front_of_all_else_and_only_there() {
    let edit: consentgate::html::Csp = Arc::new(|policy: &str| {
        policy.find("script-src").map(|at| (at + 10, " 'self'".to_owned())).into_iter().collect()
    });
    let with = |html: &str, all| rewrite(Job { csp: Some(Arc::clone(&edit)), ..job(&config(), all) }, html).0;
    let html =
        "<meta http-equiv=Content-Security-Policy content=\"default-src &#39;none&#39;; script-src &#39;none&#39;\">";
    let expected = html.replace("script-src ", "script-src&#32;&#39;self&#39; ");
    assert_eq!(with(html, false), expected);
    assert_eq!(with(html, true), expected, "after consent too");
    for other in ["<meta name=x content='script-src x'>", "<meta http-equiv=content-security-policy>", "<p>script-src"]
    {
        assert_eq!(with(other, false), other);
    }
}

#[test]
fn a_style_sheet_too_long_or_torn_is_held_unread() {
    let long = format!("<style media=print type=text/css>a{{b:c}}{}</style>", "/* */".repeat(1_000_000));
    let (mut page, mut out) = (Page::new(job(&config(), false)), Vec::new());
    for piece in long.as_bytes().chunks(16 * 1024) {
        page.push(Bytes::copy_from_slice(piece), &mut out).expect("no limit is reached");
    }
    page.finish(&mut out).expect("no limit is reached");
    let begins =
        b"<style data-consentgate=\"unclassified\" type=\"text/plain\" media=print data-consentgate-type=text/css>";
    assert!(out.concat().starts_with(begins));
    assert_eq!(held("<svg><style>a{<img src=/x>}</style>").1, 1);
}

/// What carries itself is searched as deep as it goes; what goes deeper than anyone writes is held.
#[test]
fn addresses_in_addresses_end_somewhere() {
    let deep = format!("<style>{}x</style>", "@import url(data:text/css,".repeat(2000));
    assert_eq!(held(&deep).1, 1);
    let nested = |levels: usize| {
        let mut page = "<img src=//www.google-analytics.com/x>".to_owned();
        for _ in 0..levels {
            page = format!("<iframe src=\"data:text/html,{}\"></iframe>", page.replace('%', "%25").replace('"', "%22"));
        }
        page
    };
    assert_eq!(held(&nested(3)).1, 1);
}

/// In SVG a script is markup, and ends with what it stands in: what follows is judged for itself.
#[test]
fn what_stands_in_a_script_of_svg_or_behind_one_that_did_not_end_is_held() {
    for (html, fetching) in [
        ("<svg><script><image href={}></image></script></svg>", "<image "),
        ("<svg><xmp><script></xmp><image href={} /></script></svg>", "<image "),
        ("<svg><g><script></g><image href={} /></svg>", "<image "),
        ("<svg><script></svg><img src={}></script>", "<img "),
        ("<math><script><script></script><p><img src={}>", "<img "),
    ] {
        let html = html.replace("{}", WRITTEN[0]);
        let (out, count) = held(&html);
        assert!(count >= 1, "{html}\n{out}");
        let tag = out.split_once(fetching).and_then(|(_, rest)| rest.split_once('>')).expect("its tag stays").0;
        assert!(tag.contains(HELD_PREFIX), "{html}\n{out}");
    }
}
