//! How long a choice counts, when it is asked again and about what (A15, A16), and over which hosts (issue: many hosts).
//!
//! The gate has no clock to shift, so choices of earlier days are sealed here, with the gate's own key.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use consentgate::consent::{Choice, ChoiceCookie, Key, Purpose, PurposeSet, Purposes, UnixSeconds};

use crate::common::{Answer, Ask, Gate, HOST, Origin, Plan, page};

const PAGE: &str = "<!doctype html><html lang=en><body><script src=//stats.example/a.js></script><p>x</body></html>";
const DAY: u64 = 86_400;

fn runs_the_tag(answer: &Answer) -> bool {
    answer.text().contains("<script src=//stats.example/a.js>")
}

fn asked_about(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let fields = text.split("name=\"asked\" value=\"").skip(1);
    fields.map(|field| field.split('"').next().unwrap().to_owned()).collect()
}

fn now() -> UnixSeconds {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The key the gate signs with.
fn key(gate: &Gate) -> Key {
    let text = std::fs::read_to_string(gate.file.with_file_name("signing.key")).unwrap();
    let mut key = [0; 32];
    for (byte, at) in key.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    }
    Key::new(key)
}

/// The cookie of a visitor who chose so many days ago.
fn days_ago(gate: &Gate, granted: PurposeSet, days: u64) -> String {
    let cookie = ChoiceCookie {
        key: key(gate),
        site: HOST.into(),
        share: None,
        notice_version: "1".into(),
        days: 365,
        refusal_days: 182,
        purposes: Purposes::default(),
    };
    let choice = Choice::of(cookie.purposes.all(), granted, now() - days * DAY);
    format!("consentgate={}", cookie.seal(&choice))
}

#[test]
fn an_agreement_counts_for_a_year_and_a_refusal_is_not_asked_again_for_half_of_one() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let everything = Purposes::default().all();
    let shown = |granted, days| gate.page("/").cookie(&days_ago(&gate, granted, days)).send().expect(200);
    let (kept, lapsed) = (shown(everything, 364), shown(everything, 366));
    assert!(runs_the_tag(&kept) && !kept.asks());
    assert!(!runs_the_tag(&lapsed) && lapsed.asks());
    let (kept, lapsed) = (shown(PurposeSet::ESSENTIAL, 181), shown(PurposeSet::ESSENTIAL, 183));
    assert!(!kept.asks() && lapsed.asks() && !runs_the_tag(&lapsed));
    let mixed = shown(PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS), 183);
    assert!(runs_the_tag(&mixed), "the agreement stands");
    assert_eq!(asked_about(&mixed), ["preferences", "marketing"], "what was refused half a year ago is asked again");
}

#[test]
fn the_days_of_the_yaml_are_the_days_that_count() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).line("notice: { days: 30, refusal_days: 400 }").start();
    let shown = |granted, days| gate.page("/").cookie(&days_ago(&gate, granted, days)).send().expect(200);
    assert!(!runs_the_tag(&shown(Purposes::default().all(), 31)));
    assert!(!shown(PurposeSet::ESSENTIAL, 399).asks());
    let set = gate.choose("choice=accept").send().expect(303).set_cookies().remove(0);
    assert!(set.contains("Max-Age=2592000"), "{set}");
}

#[test]
fn a_changed_purpose_is_asked_about_alone_and_the_rest_stands() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let form = "choice=save&purpose.preferences=yes&purpose.analytics=yes&purpose.marketing=no";
    let before = gate.choose(form).send().expect(303).choice_cookie().unwrap();
    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml + "    purposes: [{ name: analytics, version: 2 }]\n").unwrap();
    gate.read_again();
    gate.log_line("configuration reloaded");
    let shown = gate.page("/").cookie(&before).send().expect(200);
    assert!(!runs_the_tag(&shown), "not until they have agreed again");
    let shown = gate.page("/").cookie(shown.choice_cookie().as_ref().unwrap_or(&before)).send().expect(200);
    assert_eq!(asked_about(&shown), ["analytics"]);
    assert!(shown.text().contains("Accept analytics cookies"), "{}", shown.text());
    let after = gate.choose("choice=reject&asked=analytics").cookie(&before).send().expect(303);
    let record = gate.records().remove(1);
    assert_eq!(record["event"], "superseded", "{record}");
    assert_eq!(record["decisions"], serde_json::json!({ "preferences": true, "marketing": false, "analytics": false }));
    let quiet = gate.page("/").cookie(&after.choice_cookie().unwrap()).send().expect(200);
    assert!(!quiet.asks() && !runs_the_tag(&quiet));
}

#[test]
fn a_choice_for_an_older_notice_is_superseded_and_keeps_its_receipt() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let before = gate.visitor("accept").unwrap();
    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml + "    notice: { version: \"2027-01\" }\n").unwrap();
    gate.read_again();
    gate.log_line("configuration reloaded");
    gate.choose("choice=accept").cookie(&before).send().expect(303);
    let records = gate.records();
    assert_eq!((&records[0]["event"], &records[1]["event"]), (&"given".into(), &"superseded".into()));
    assert_eq!(records[0]["receipt"], records[1]["receipt"]);
}

/// Versions before this one wrote what was agreed to and not what had been asked: whoever has such a cookie is asked.
#[test]
fn a_choice_in_an_older_form_is_none_and_is_asked_for() {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    let since = u32::try_from(now() - DAY).unwrap().to_be_bytes();
    let sealed = |format: u8| {
        let payload = [&[format, 0][..], &since, &[1, b'1'], &[1, 2, 3, 0]].concat();
        let seal = key(&gate).seal(HOST.as_bytes(), &payload);
        format!("consentgate={}", URL_SAFE_NO_PAD.encode([&payload, &seal[..16]].concat()))
    };
    for format in [0, 1, 3, 255] {
        let shown = gate.page("/").cookie(&sealed(format)).send().expect(200);
        assert!(shown.asks() && !runs_the_tag(&shown), "format {format}");
    }
    let answered = gate.choose("choice=accept").cookie(&sealed(1)).send().expect(303);
    assert_eq!(answered.set_cookies().len(), 1, "the new one takes its place: {:?}", answered.set_cookies());
    assert_eq!(gate.records().remove(0)["event"], "given");
}

// Many hosts.

fn two_sites(share: &str) -> (Origin, Gate) {
    let origin = Origin::answering(page(PAGE));
    let line = if share.is_empty() { String::new() } else { format!("share: {share}") };
    let other = format!("[planning.example.gov.uk]\n    {line}");
    let plan = Plan::before(origin.address).another_site(&other, origin.address);
    let gate = if line.is_empty() { plan } else { plan.line(&line) }.start();
    (origin, gate)
}

#[test]
fn one_choice_holds_over_all_hosts_and_sites_that_say_they_share_it() {
    let (_origin, gate) = two_sites("example.gov.uk");
    let made = gate.choose("choice=accept").send().expect(303);
    assert!(made.set_cookies()[0].contains("; Domain=example.gov.uk"), "{:?}", made.set_cookies());
    let cookie = made.choice_cookie().unwrap();
    for host in ["example.gov.uk", "planning.example.gov.uk", HOST] {
        let there = gate.page("/").with("Host", host).cookie(&cookie).send().expect(200);
        assert!(runs_the_tag(&there), "{host}");
        let told = there.choice_cookie().unwrap_or_else(|| cookie.clone());
        assert!(!gate.page("/").with("Host", host).cookie(&told).send().asks(), "{host}");
    }
    let withdrawn = gate
        .choose("choice=withdraw")
        .with("Host", "planning.example.gov.uk")
        .with("Origin", "http://planning.example.gov.uk")
        .cookie(&cookie)
        .send()
        .expect(303);
    let here = gate.page("/").cookie(&withdrawn.choice_cookie().unwrap()).send().expect(200);
    assert!(!runs_the_tag(&here) && !here.asks(), "taken back there is taken back here");
}

#[test]
fn a_refusal_on_one_host_counts_on_the_others_and_no_page_redirects_or_sets_it_again() {
    let (_origin, gate) = two_sites("example.gov.uk");
    let hosts = ["planning.example.gov.uk", "example.gov.uk", HOST];
    for refusing in hosts {
        let made = gate
            .choose("choice=reject&return=/x")
            .with("Host", refusing)
            .with("Origin", &format!("http://{refusing}"))
            .send()
            .expect(303);
        assert_eq!(made.value("location").as_deref(), Some("/x"), "back on the same host: {refusing}");
        assert_eq!(made.set_cookies().len(), 1, "{:?}", made.set_cookies());
        let mut cookie = made.choice_cookie().unwrap();
        for (first, host) in hosts.iter().enumerate() {
            let there = gate.page("/").with("Host", host).cookie(&cookie).send().expect(200);
            assert!(!there.asks() && !runs_the_tag(&there), "refused on {refusing}, seen on {host}");
            // The first page confirms; from then on nothing is set.
            assert_eq!(there.set_cookies().len(), usize::from(first == 0), "{:?}", there.set_cookies());
            assert!(there.set_cookies().iter().all(|line| line.contains("; Domain=example.gov.uk")));
            cookie = there.choice_cookie().unwrap_or(cookie);
        }
    }
}

#[test]
fn without_share_each_host_asks_for_itself() {
    let (_origin, gate) = two_sites("");
    let made = gate.choose("choice=accept").send().expect(303);
    assert!(!made.set_cookies()[0].contains("Domain"), "a browser sends it to this host alone");
    let there = gate.page("/").with("Host", "planning.example.gov.uk").cookie(&made.choice_cookie().unwrap()).send();
    assert!(there.asks() && !runs_the_tag(&there));
}

/// A sibling that is not behind the gate, or another product on it, sets a cookie of the same name for the whole domain.
#[test]
fn a_siblings_cookie_of_the_same_name_neither_answers_nor_keeps_on_asking() {
    let (_origin, gate) = two_sites("example.gov.uk");
    let theirs = "consentgate=theirs";
    assert!(gate.page("/").cookie(theirs).send().expect(200).asks());
    let ours = gate.choose("choice=accept").cookie(theirs).send().expect(303);
    assert_eq!(
        ours.set_cookies().iter().filter(|line| line.starts_with("consentgate=;")).count(),
        0,
        "theirs is not ours to take away"
    );
    let ours = ours.choice_cookie().unwrap();
    for line in [format!("{theirs}; {ours}"), format!("{ours}; {theirs}")] {
        let shown = gate.page("/").cookie(&line).send().expect(200);
        assert!(runs_the_tag(&shown) && !shown.asks(), "{line}");
    }
}

/// What was chosen before hosts shared a choice counts for nothing while they do, and must not come back when they stop.
#[test]
fn a_choice_from_before_hosts_shared_one_is_asked_again_and_taken_away() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).behind_a_terminator().start();
    let https = |ask: Ask| ask.with("X-Forwarded-Proto", "https");
    let choose =
        |choice: &str| https(gate.choose(&format!("choice={choice}"))).with("Origin", &format!("https://{HOST}"));
    let before = choose("accept").send().expect(303).choice_cookie().unwrap();
    assert!(runs_the_tag(&https(gate.page("/")).cookie(&before).send().expect(200)));
    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml + "    share: example.gov.uk\n").unwrap();
    gate.read_again();
    gate.log_line("configuration reloaded");
    let asked = https(gate.page("/")).cookie(&before).send().expect(200);
    assert!(asked.asks() && !runs_the_tag(&asked));
    let lines = choose("reject").cookie(&before).send().expect(303).set_cookies();
    assert!(lines[0].starts_with("consentgate=") && lines[0].contains("; Domain=example.gov.uk"), "{lines:?}");
    assert_eq!(lines[1], "__Host-consentgate=; Max-Age=0; Path=/; Secure");
}

/// One cookie for the host and one for the domain, both signed: a sibling that shares the key can have planted one.
/// The stricter counts, and the next choice leaves one of them.
#[test]
fn of_two_signed_cookies_the_stricter_counts_until_the_visitor_chooses_again() {
    let (_origin, gate) = two_sites("example.gov.uk");
    let [accept, reject] = ["accept", "reject"].map(|choice| gate.visitor(choice).expect("a cookie"));
    let both = format!("{reject}; {accept}");
    assert!(!runs_the_tag(&gate.page("/").cookie(&both).send().expect(200)));
    let again = gate.choose("choice=accept").cookie(&both).send().expect(303);
    let lines = again.set_cookies();
    assert!(lines[0].contains("; Domain=example.gov.uk") && !lines[0].contains("Max-Age=0"), "{lines:?}");
    assert!(lines.contains(&"consentgate=; Max-Age=0; Path=/".to_owned()), "{lines:?}");
    assert!(!lines[1..].iter().any(|line| line.starts_with("consentgate=;") && line.contains("Domain=example.gov.uk")));
    assert!(!lines.iter().any(|line| line.contains("Domain=gov.uk")), "nobody owns it");
}
