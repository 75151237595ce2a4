//! Making a choice: accepting, refusing, saving, withdrawing, and everyone who must not make it for the visitor
//! (A9–A14, A20, B4, B7, B11, E7; promise 3).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::common::{Answer, Gate, HOST, HTML, Origin, Plan, page, response, wait_until};

const PAGE: &str = "<!doctype html><html lang=en><head><title>x</title></head><body><script src=//stats.example/a.js></script><p>x</body></html>";

fn gate() -> (Origin, Gate) {
    let origin = Origin::answering(page(PAGE));
    let gate = Gate::before(&origin);
    (origin, gate)
}

fn runs_the_tag(answer: &Answer) -> bool {
    answer.text().contains("<script src=//stats.example/a.js>")
}

/// What the gate set that is no expiry.
fn kept(answer: &Answer) -> Vec<String> {
    answer.set_cookies().into_iter().filter(|line| !line.contains("Max-Age=0")).collect()
}

#[test]
fn accepting_leads_back_to_the_page_and_lets_its_tags_run() {
    let (_origin, gate) = gate();
    let before = gate.page("/bins?week=2").send().expect(200);
    assert!(before.asks() && !runs_the_tag(&before));
    let answer = gate.choose("choice=accept&return=%2Fbins%3Fweek%3D2").send().expect(303);
    assert_eq!(answer.value("location").as_deref(), Some("/bins?week=2"));
    assert_eq!(answer.value("cache-control").as_deref(), Some("no-store"));
    let cookie = answer.choice_cookie().unwrap();
    let after = gate.page("/bins?week=2").cookie(&cookie).send().expect(200);
    assert!(runs_the_tag(&after) && !after.asks());
    let records = gate.records();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["event"], "given", "{records:?}");
}

#[test]
fn rejecting_is_one_press_too_and_nothing_runs_or_is_asked_again() {
    let (_origin, gate) = gate();
    let answer = gate.choose("choice=reject&return=/").send().expect(303);
    let shown = gate.page("/").cookie(&answer.choice_cookie().unwrap()).send().expect(200);
    assert!(!runs_the_tag(&shown) && !shown.asks());
    let records = gate.records();
    assert_eq!((records.len(), &records[0]["event"]), (1, &"refused".into()));
    assert_eq!(records[0]["receipt"], serde_json::Value::Null, "a refusal leaves no id behind");
}

#[test]
fn the_two_buttons_differ_in_their_value_alone() {
    let (_origin, gate) = gate();
    let text = gate.page("/").send().text();
    let button = |choice: &str| {
        let end = text.find(&format!("value=\"{choice}\"")).unwrap();
        let start = text[..end].rfind("<button").unwrap();
        let close = end + text[end..].find('>').unwrap();
        text[start..close].replace(choice, "")
    };
    assert_eq!(button("accept"), button("reject"));
}

#[test]
fn saving_takes_the_radios_of_the_cookies_page_and_leads_back() {
    let (_origin, gate) = gate();
    let form = "choice=save&purpose.analytics=yes&purpose.marketing=no&purpose.preferences=no&return=/shop";
    let answer = gate.choose(form).send().expect(303);
    let shown = gate.page("/shop").cookie(&answer.choice_cookie().unwrap()).send().expect(200);
    assert!(runs_the_tag(&shown));
    let form = "choice=save&purpose=marketing&purpose=preferences";
    let answer = gate.choose(form).send().expect(303);
    let shown = gate.page("/shop").cookie(&answer.choice_cookie().unwrap()).send().expect(200);
    assert!(!runs_the_tag(&shown));
    let decisions = |n: usize| gate.records()[n]["decisions"].clone();
    let of = |analytics: bool, marketing: bool, preferences: bool| serde_json::json!({ "preferences": preferences, "analytics": analytics, "marketing": marketing });
    assert_eq!(decisions(0), of(true, false, false));
    assert_eq!(decisions(1), of(false, true, true));
}

#[test]
fn saving_nothing_is_a_refusal() {
    let (_origin, gate) = gate();
    let answer = gate.choose("choice=save&purpose.analytics=no").send().expect(303);
    assert!(!runs_the_tag(&gate.page("/").cookie(&answer.choice_cookie().unwrap()).send()));
    assert_eq!(gate.records()[0]["event"], "refused");
}

#[test]
fn nothing_is_ticked_before_the_visitor_does_it() {
    let (_origin, gate) = gate();
    let text = gate.page("/.consent/cookies").send().expect(200).text();
    assert!(text.contains("name=\"purpose.analytics\""), "{text}");
    for input in text.split("<input").filter(|input| input.contains("value=\"yes\"")) {
        assert!(!input.split('>').next().unwrap().contains("checked"), "{input}");
    }
}

#[test]
fn the_cookies_page_says_of_an_unknown_cookie_that_nobody_has_classified_it() {
    let origin = Origin::answering(response("200 OK", &[HTML, ("Set-Cookie", "zzqx_seen=1")], PAGE));
    let gate = Gate::before(&origin);
    gate.page("/").send().expect(200);
    let text = gate.page("/.consent/cookies").send().expect(200).text();
    let (classified, apart) = text.split_once("Cookies we have not classified yet").expect("a section of its own");
    assert!(apart.contains("zzqx_seen") && apart.contains("kept off your device unless"), "{apart}");
    assert!(!classified.contains("zzqx_seen"), "{classified}");
}

#[test]
fn withdrawing_is_one_press_from_any_page_and_works_at_once() {
    let (_origin, gate) = gate();
    let accepted = gate.visitor("accept").unwrap();
    let shown = gate.page("/anywhere").cookie(&accepted).send().expect(200);
    assert!(shown.text().contains("value=\"withdraw\""), "{}", shown.text());
    let answer =
        gate.choose("choice=withdraw&return=/anywhere").cookie(&format!("{accepted}; _ga=1")).send().expect(303);
    assert!(answer.set_cookies().iter().any(|line| line.starts_with("_ga=; Max-Age=0")), "{:?}", answer.set_cookies());
    let after = gate.page("/anywhere").cookie(&answer.choice_cookie().unwrap()).send().expect(200);
    assert!(!runs_the_tag(&after) && !after.asks());
    let records = gate.records();
    assert_eq!(
        records.iter().map(|record| record["event"].as_str().unwrap()).collect::<Vec<_>>(),
        ["given", "withdrawn"]
    );
    assert_eq!(records[0]["receipt"], records[1]["receipt"], "one chain of records");
    assert_ne!(records[0]["receipt"], serde_json::Value::Null);
}

#[test]
fn a_choice_is_confirmed_once_and_then_the_page_is_quiet() {
    let (_origin, gate) = gate();
    for (choice, role) in [("accept", "role=\"alert\""), ("reject", "role=\"alert\""), ("withdraw", "role=\"alert\"")] {
        let fresh = gate.choose(&format!("choice={choice}")).send().expect(303).choice_cookie().unwrap();
        let told = gate.page("/").cookie(&fresh).send().expect(200);
        assert!(told.text().contains(role) && told.banners() == 1 && !told.asks(), "{choice}: {}", told.text());
        let settled = told.choice_cookie().expect("the visitor has been told");
        let quiet = gate.page("/").cookie(&settled).send().expect(200);
        assert_eq!((quiet.banners(), quiet.set_cookies()), (0, Vec::new()), "{choice}");
    }
}

#[test]
fn script_gets_the_new_state_as_json() {
    let (_origin, gate) = gate();
    let ask = gate.choose("choice=save&purpose=analytics").with("Accept", "application/json");
    let answer = ask.cookie("ad_id=1").send().expect(200);
    assert_eq!(answer.value("content-type").as_deref(), Some("application/json"));
    let state: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(state["choice"], serde_json::json!({ "preferences": false, "analytics": true, "marketing": false }));
    assert_eq!(kept(&answer).len(), 1);
    assert!(answer.set_cookies().len() > 1, "what is refused is expired: {:?}", answer.set_cookies());
}

#[test]
fn another_site_cannot_choose_for_a_visitor() {
    let (_origin, gate) = gate();
    let ask = || gate.choose("choice=accept").without("Origin");
    let refused = [
        ask().with("Origin", "https://evil.example"),
        ask().with("Origin", &format!("http://{HOST}.evil.example")),
        ask().with("Origin", &format!("http://{HOST}:8081")),
        ask().with("Origin", &format!("http://sub.{HOST}")),
        ask().with("Origin", "null"),
        ask().with("Origin", "null").with("Sec-Fetch-Site", "cross-site"),
        ask().with("Origin", "null").with("Sec-Fetch-Site", "same-site"),
        ask().with("Sec-Fetch-Site", "cross-site"),
        ask().with("Origin", &format!("http://{HOST}")).adding("Origin", "https://evil.example"),
    ];
    for (n, ask) in refused.into_iter().enumerate() {
        let answer = ask.send().expect(403);
        assert_eq!(answer.set_cookies(), [""; 0], "{n}");
    }
    assert_eq!(gate.records().len(), 0);
    for ask in [ask(), ask().with("Origin", "null").with("Sec-Fetch-Site", "same-origin")] {
        ask.send().expect(303);
    }
}

#[test]
fn nobody_is_led_to_another_site() {
    let (_origin, gate) = gate();
    for elsewhere in [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\n/evil.example",
        "javascript:alert(1)",
        "",
        "evil.example",
        "/%0d%0aSet-Cookie:x=y",
        "/..//evil.example",
        "/.//evil.example",
    ] {
        let form = url::form_urlencoded::Serializer::new("choice=reject&".to_owned())
            .append_pair("return", elsewhere)
            .finish();
        let answer = gate.choose(&form).send().expect(303);
        let location = answer.value("location").unwrap();
        let base = url::Url::parse(&format!("http://{HOST}/.consent/choice")).unwrap();
        let led = base.join(&location).unwrap();
        assert_eq!(led.host_str(), Some(HOST), "{elsewhere:?} leads to {location:?}");
        assert!(!answer.has("x"), "{:?}", answer.head);
    }
}

#[test]
fn the_cookies_page_leads_back_to_this_site_only() {
    let (_origin, gate) = gate();
    let back = |to: &str| gate.page(&format!("/.consent/cookies?return={to}")).send().expect(200).text();
    assert!(!back("//evil.example/").contains("evil.example"));
    assert!(!back("https://evil.example/").contains("evil.example"));
    assert!(!back("/%22%3E%3Cscript%3Ealert(1)%3C/script%3E").contains("<script>"));
    assert!(back("/bins%3Fweek%3D2").contains("%2Fbins%3Fweek%3D2"));
    let saved = gate.choose("choice=save&return=/.consent/cookies%3Freturn%3D%252Fbins").send().expect(303);
    let location = saved.value("location").unwrap();
    let told = gate.page(&location).cookie(&saved.choice_cookie().unwrap()).send().expect(200);
    assert!(told.text().contains("href=\"/bins\"") && told.text().contains("role=\"alert\""), "{}", told.text());
}

#[test]
fn only_a_well_made_form_by_post_is_a_choice() {
    let (_origin, gate) = gate();
    let get = gate.page("/.consent/choice?choice=accept").send().expect(405);
    assert_eq!((get.value("allow").as_deref(), get.set_cookies().len()), (Some("POST"), 0));
    let large = format!("choice=accept&return=/{}", "a".repeat(20_000));
    let cases = [
        (gate.choose("choice=accept").with("Content-Type", "text/plain"), 400),
        (gate.choose("choice=accept").with("Content-Type", "multipart/form-data; boundary=x"), 400),
        (gate.choose("choice=accept").without("Content-Type"), 400),
        (gate.choose("{\"choice\":\"accept\"}").with("Content-Type", "application/json"), 400),
        (gate.choose("choice=maybe"), 400),
        (gate.choose("choice="), 400),
        (gate.choose("return=/"), 400),
        (gate.choose(""), 400),
        (gate.choose("choice=save&purpose=world-domination"), 400),
        (gate.choose("choice=save&purpose.world-domination=yes"), 400),
        (gate.choose(&large), 413),
        (gate.ask("PUT", "/.consent/choice").body("choice=accept"), 405),
        (gate.ask("DELETE", "/.consent/choice"), 405),
        (gate.ask("POST", "/.consent/cookies").body("choice=accept"), 405),
    ];
    for (n, (ask, status)) in cases.into_iter().enumerate() {
        let answer = ask.send();
        assert_eq!((answer.status, answer.set_cookies().len()), (status, 0), "case {n}: {answer:?}");
    }
    assert_eq!(gate.records().len(), 0);
}

#[test]
fn without_the_ledger_no_choice_is_taken_and_pages_stay_held() {
    let (_origin, gate) = gate();
    let accepted = gate.visitor("accept").unwrap();
    gate.take_the_ledger_away();
    for ask in [
        gate.choose("choice=accept"),
        gate.choose("choice=withdraw").cookie(&accepted),
        gate.choose("choice=accept").with("Accept", "application/json"),
    ] {
        let answer = ask.send().expect(503);
        assert_eq!(answer.set_cookies(), [""; 0], "nothing is set");
        assert!(answer.has("retry-after"));
    }
    let shown = gate.page("/").send().expect(200);
    assert!(shown.asks() && !runs_the_tag(&shown), "the page is served, held");
    gate.give_the_ledger_back();
    wait_until("the ledger is written again", || gate.choose("choice=accept").send().status == 303);
    assert_eq!(gate.records().len(), 2, "what was answered with 303 or 200, and nothing else");
}

#[test]
fn a_choice_that_is_not_the_gates_own_work_counts_as_none() {
    let (_origin, gate) = gate();
    let (_other_origin, elsewhere) = self::gate();
    let good = gate.visitor("accept").unwrap();
    let value = good.strip_prefix("consentgate=").unwrap().to_owned();
    let flipped: String =
        value.chars().enumerate().map(|(n, c)| if n == 5 { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
    let mut forged: Vec<String> = (0..value.len()).map(|end| value[..end].to_owned()).collect();
    forged.extend([
        flipped,
        "accept".into(),
        value.to_uppercase(),
        format!("{value}A"),
        format!("\"{value}\""),
        "A".repeat(5000),
        elsewhere.visitor("accept").unwrap().split_once('=').unwrap().1.to_owned(),
    ]);
    assert!(runs_the_tag(&gate.page("/").cookie(&good).send()), "the good one does count");
    for value in forged {
        let shown = gate.page("/").cookie(&format!("consentgate={value}")).send().expect(200);
        assert!(shown.asks() && !runs_the_tag(&shown), "{value}");
    }
}

#[test]
fn a_choice_for_one_site_says_nothing_on_another_of_the_same_gate() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).another_site("[other.example.gov.uk]", origin.address).start();
    let accepted = gate.visitor("accept").unwrap();
    let there = gate.page("/").with("Host", "other.example.gov.uk").cookie(&accepted).send().expect(200);
    assert!(there.asks() && !runs_the_tag(&there));
}

#[test]
fn a_second_cookie_of_the_choices_name_neither_hides_nor_makes_a_choice() {
    let (_origin, gate) = gate();
    let accepted = gate.visitor("accept").unwrap();
    for line in [format!("consentgate=junk; {accepted}"), format!("{accepted}; consentgate=junk")] {
        assert!(runs_the_tag(&gate.page("/").cookie(&line).send()), "{line}");
    }
    assert!(runs_the_tag(&gate.page("/").cookie("consentgate=junk").cookie(&accepted).send()));
    assert!(!runs_the_tag(&gate.page("/").cookie("consentgate=junk; consentgate=junk").send()));
}

#[test]
fn a_new_notice_version_asks_everyone_again() {
    let (origin, gate) = gate();
    let accepted = gate.visitor("accept").unwrap();
    let yaml = std::fs::read_to_string(&gate.file).unwrap();
    std::fs::write(&gate.file, yaml + "    notice: { version: \"2027-01\" }\n").unwrap();
    gate.read_again();
    gate.log_line("configuration reloaded");
    let shown = gate.page("/").cookie(&accepted).send().expect(200);
    assert!(shown.asks() && !runs_the_tag(&shown));
    drop(origin);
}

#[test]
fn every_route_stays_open_to_whoever_refused() {
    let origin = Origin::telling(|request| match request.head.first.split(' ').next() {
        Some("POST") => response("200 OK", &[HTML], [b"<!doctype html><p>".as_slice(), &request.body].concat()),
        _ => page("<!doctype html><form method=post action=/pay><input name=amount></form>"),
    });
    let gate = Gate::before(&origin);
    for choice in ["undecided", "reject"] {
        let visitor = gate.visitor(choice);
        let form = gate.page("/pay").from(visitor.as_ref()).send().expect(200).text();
        assert!(form.contains("<form method=post action=/pay><input name=amount></form>"), "{form}");
        let paid = gate.ask("POST", "/pay").with("Accept", "text/html").from(visitor.as_ref()).body("amount=5").send();
        assert!(paid.expect(200).text().contains("amount=5"));
    }
}

#[test]
fn a_visitor_can_read_their_own_record() {
    let (_origin, gate) = gate();
    let accepted = gate.visitor("accept").unwrap();
    let answer = gate.get("/.consent/record").with("Accept", "application/json").cookie(&accepted).send().expect(200);
    let own: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(own["records"].as_array().unwrap().len(), 1);
    assert_eq!(own["receipt"], gate.records()[0]["receipt"]);
    let shown = gate.page("/.consent/record").cookie(&accepted).send().expect(200);
    assert!(shown.text().contains(own["receipt"].as_str().unwrap()));
    let nobody = gate.get("/.consent/record").with("Accept", "application/json").send().expect(200);
    assert!(nobody.text().contains("\"receipt\":null"), "{}", nobody.text());
}

#[test]
fn the_ledger_holds_nothing_that_tells_who_a_visitor_is() {
    let (_origin, gate) = gate();
    let ask = gate.choose("choice=accept&return=/bins%3Femail%3Djane%40example.org");
    ask.with("User-Agent", "Mozilla/5.0 (Jane)")
        .with("Referer", "http://x.example/?jane")
        .cookie("user=jane")
        .send()
        .expect(303);
    let records = serde_json::to_string(&gate.records()).unwrap();
    for personal in ["127.0.0.1", "Mozilla", "jane", "Jane", "email"] {
        assert!(!records.contains(personal), "{records}");
    }
    assert!(records.contains("/bins"), "{records}");
}

#[test]
fn global_privacy_control_is_passed_on_and_is_no_choice_by_itself() {
    let (origin, gate) = gate();
    let shown = gate.page("/").with("Sec-GPC", "1").send().expect(200);
    assert!(!runs_the_tag(&shown));
    assert_eq!(origin.last().head.value("sec-gpc").as_deref(), Some("1"));
    gate.choose("choice=reject").with("Sec-GPC", "1").send().expect(303);
    gate.choose("choice=reject").send().expect(303);
    let records = gate.records();
    assert_eq!((&records[0]["gpc"], &records[1]["gpc"]), (&true.into(), &false.into()));
    let support = gate.get("/.well-known/gpc.json").send().expect(200);
    assert_eq!(support.value("content-type").as_deref(), Some("application/json"));
    let support: serde_json::Value = serde_json::from_slice(&support.body).unwrap();
    assert_eq!(support["gpc"], true);
    let day = support["lastUpdate"].as_str().unwrap();
    assert!(day.len() == 10 && day.as_bytes()[4] == b'-' && day.as_bytes()[7] == b'-', "{day}");
}

#[test]
fn the_reserved_prefix_is_the_sites_to_choose() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).line("prefix: /_cookies").start();
    let shown = gate.page("/").send().expect(200);
    assert!(shown.text().contains(&format!("action=\"//{HOST}/_cookies/choice\"")), "{}", shown.text());
    gate.page("/_cookies/cookies").send().expect(200);
    gate.page("/_cookies/nothing").send().expect(404);
    assert!(origin.received().iter().all(|request| !request.path().starts_with("/_cookies")), "the site never sees it");
    gate.page("/.consent/cookies").send().expect(200);
    assert_eq!(origin.last().path(), "/.consent/cookies", "what is not the prefix is the site's");
    gate.page("/_cookiesx").send().expect(200);
    assert_eq!(origin.last().path(), "/_cookiesx");
}

#[test]
fn the_notice_comes_with_its_stylesheet_which_may_be_kept_for_ever() {
    let (_origin, gate) = gate();
    let text = gate.page("/").send().text();
    let start = text.find(&format!("//{HOST}/.consent/notice-")).unwrap() + "//".len() + HOST.len();
    let name = text[start..].split('"').next().unwrap();
    let style = gate.get(name).send().expect(200);
    assert_eq!(style.value("content-type").as_deref(), Some("text/css; charset=utf-8"));
    assert!(style.value("cache-control").unwrap().contains("immutable"));
}

#[test]
fn hosts_that_share_a_choice_ask_once() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).line("share: example.gov.uk").start();
    let answer = gate.choose("choice=accept").send().expect(303);
    let line = answer.set_cookies().remove(0);
    assert!(line.contains("; Domain=example.gov.uk"), "{line}");
    let there = gate.page("/").with("Host", "example.gov.uk").cookie(&answer.choice_cookie().unwrap()).send();
    assert!(runs_the_tag(&there) && !there.asks());
}

#[test]
fn without_receipts_no_choice_has_an_id_anywhere() {
    let origin = Origin::answering(page(PAGE));
    let gate = Plan::before(origin.address).line("receipts: none").start();
    let answer = gate.choose("choice=accept").with("Accept", "application/json").send().expect(200);
    let state: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&state["receipt"], &gate.records()[0]["receipt"]),
        (&serde_json::Value::Null, &serde_json::Value::Null)
    );
    assert!(runs_the_tag(&gate.page("/").cookie(&answer.choice_cookie().unwrap()).send()));
}

#[test]
fn the_gates_own_pages_let_nothing_from_elsewhere_in() {
    let (_origin, gate) = gate();
    for path in ["/.consent/cookies", "/.consent/record"] {
        let shown = gate.page(path).send().expect(200);
        let policy = shown.value("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert_eq!(shown.value("x-content-type-options").as_deref(), Some("nosniff"));
        for live in ["<script", "<img", "<iframe", " src=", " style=", " onclick=", " onload="] {
            assert!(!shown.text().contains(live), "{live} in {path}");
        }
    }
}

/// A neighbour host can put its own visitor's choice beside this one's where the cookie is not bound to the host (plain
/// http, `share`), and a browser sends the one with the longer path first.
#[test]
fn of_two_choices_only_what_both_agreed_to_is_granted() {
    let origin = Origin::answering(page("<body><script src=//stats.example/a.js></script>"));
    let gate = Gate::before(&origin);
    let [accept, reject] = ["accept", "reject"].map(|choice| gate.visitor(choice).expect("a cookie"));
    for both in [format!("{accept}; {reject}"), format!("{reject}; {accept}")] {
        let shown = gate.page("/").cookie(&both).send().expect(200);
        assert!(shown.text().contains("data-consentgate-src"), "{}", shown.text());
    }
}

#[test]
fn a_page_that_comes_late_does_not_bring_back_what_was_taken_back() {
    let (asked, may_answer) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (noted, waited) = (Arc::clone(&asked), Arc::clone(&may_answer));
    let origin = Origin::telling(move |request| {
        if request.path() == "/slow" {
            noted.store(true, SeqCst);
            wait_until("the visitor has taken it back", || waited.load(SeqCst));
        }
        page("<!doctype html><title>x</title><body><p>x")
    });
    let gate = Gate::before(&origin);
    for (form, path) in [("choice=withdraw", "/.consent/choice"), ("record=delete", "/.consent/record")] {
        let accepted = gate.choose("choice=accept&return=/slow").send().expect(303).choice_cookie().unwrap();
        let late = std::thread::scope(|scope| {
            let late = scope.spawn(|| gate.page("/slow").cookie(&accepted).send());
            wait_until("the page is asked for", || asked.load(SeqCst));
            let form = gate.ask("POST", path).with("Content-Type", "application/x-www-form-urlencoded").body(form);
            form.cookie(&accepted).send().expect(303);
            may_answer.store(true, SeqCst);
            late.join().unwrap()
        });
        assert_eq!(late.expect(200).choice_cookie(), None, "{path}");
        asked.store(false, SeqCst);
        may_answer.store(false, SeqCst);
    }
    let accepted = gate.choose("choice=accept").send().expect(303).choice_cookie().unwrap();
    assert!(gate.page("/").cookie(&accepted).send().choice_cookie().is_some(), "a page in time confirms");
    // The same once more, within the second mostly: it is in force, and confirmed like any other.
    let again = gate.choose("choice=accept").cookie(&accepted).send().expect(303).choice_cookie().unwrap();
    assert!(gate.page("/").cookie(&again).send().choice_cookie().is_some());
}

#[test]
fn the_record_lists_what_was_answered_and_nothing_else() {
    let origin = Origin::answering(page("<!doctype html><title>x</title><body><p>x"));
    let gate = Gate::before(&origin);
    let some = gate.choose("choice=accept&asked=marketing").send().expect(303).choice_cookie().unwrap();
    let record = gate.page("/.consent/record?lang=en").cookie(&some).send().expect(200).text();
    assert!(record.contains("arketing cookies") && !record.contains("nalytics cookies"), "{record}");
    let nobody = gate.page("/.consent/record?lang=en&deleted=").send().expect(200).text();
    assert!(nobody.contains("You have not made a choice") && !nobody.contains("Only essential"), "{nobody}");
}

#[test]
fn who_says_yes_and_no_has_not_said_yes_and_who_is_not_named_is_not_decided() {
    let origin = Origin::answering(page("<!doctype html><title>x</title><body><p>x"));
    let gate = Gate::before(&origin);
    let choose = |form: &str| {
        let saved = gate.choose(form).with("Accept", "application/json").send().expect(200);
        serde_json::from_slice::<serde_json::Value>(&saved.body).unwrap()["choice"].clone()
    };
    assert_eq!(choose("choice=save&purpose.analytics=yes&purpose.analytics=no")["analytics"], false);
    let accepted = gate.choose("choice=accept").send().expect(303).choice_cookie().unwrap();
    let saved =
        gate.choose("choice=save&purpose.analytics=no").cookie(&accepted).send().expect(303).choice_cookie().unwrap();
    let text = gate.page("/.consent/cookies?lang=en").cookie(&saved).send().text();
    let radio = text.split("id=\"marketing-yes\"").nth(1).and_then(|rest| rest.split('>').next()).unwrap_or_default();
    assert!(radio.contains("checked"), "{text}");
}

#[test]
fn neighbours_who_flood_keep_nobody_from_taking_it_back() {
    let origin = Origin::answering(page("<!doctype html><title>x</title><body><p>x"));
    let gate =
        Plan::before(origin.address).limits("choices: { at_once: 3, a_minute: 1 }").behind_a_terminator().start();
    let from = |address: &str, form: &str| gate.choose(form).with("X-Forwarded-For", address);
    let accepted = from("198.51.100.7", "choice=accept").send().expect(303).choice_cookie().unwrap();
    for _ in 0..5 {
        from("198.51.100.9", "choice=reject").send();
    }
    from("198.51.100.9", "choice=reject").send().expect(429);
    from("198.51.100.7", "choice=withdraw").cookie(&accepted).send().expect(303);
    let again = from("198.51.100.7", "choice=withdraw").cookie(&accepted);
    assert_eq!(again.send().status, 429, "once: an agreement sent again and again would fill the ledger");
    let deletes = gate.ask("POST", "/.consent/record").with("Content-Type", "application/x-www-form-urlencoded");
    let deletes = deletes.body("record=delete").with("X-Forwarded-For", "198.51.100.7").cookie(&accepted);
    assert_eq!(deletes.send().status, 429);
}
