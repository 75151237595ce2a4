//! Trackers that a site serves itself: a page's request for one never reaches the site before consent.

use crate::common::{Ask, Gate, HOST, Origin, Plan, page, response};

fn of_a_page(gate: &Gate, target: &str) -> Ask {
    gate.get(target).with("Accept", "*/*").with("Sec-Fetch-Dest", "script").with("Referer", &format!("http://{HOST}/"))
}

#[test]
fn a_tracker_of_the_sites_own_is_not_asked_for_before_consent() {
    let origin = Origin::answering(page("x"));
    let gate = Gate::before(&origin);
    for target in ["/stats/matomo.js", "/matomo.php?idsite=1", "/g/collect?v=2"] {
        let refused = of_a_page(&gate, target).send().expect(403);
        assert_eq!(refused.value("cache-control").as_deref(), Some("no-store"));
    }
    assert!(origin.received().is_empty());
    assert_eq!(gate.counted("held", "request"), 3);
    of_a_page(&gate, "/js/menu.js").send().expect(200);
    let agreed = gate.visitor("accept");
    of_a_page(&gate, "/stats/matomo.js").from(agreed.as_ref()).send().expect(200);
    let rejected = gate.visitor("reject");
    of_a_page(&gate, "/stats/matomo.js").from(rejected.as_ref()).send().expect(403);
}

#[test]
fn a_server_that_reports_and_a_person_who_looks_are_no_tags() {
    let origin = Origin::answering(page("x"));
    let gate = Gate::before(&origin);
    gate.ask("POST", "/matomo.php").body("idsite=1").send().expect(200);
    gate.page("/piwik.php").send().expect(200);
}

#[test]
fn observing_only_counts_it() {
    let origin = Origin::answering(page("x"));
    let gate = Plan::before(origin.address).mode("observe").start();
    of_a_page(&gate, "/stats/matomo.js").send().expect(200);
    assert_eq!((gate.counted("would_hold", "request"), gate.counted("held", "request")), (1, 0));
}

#[test]
fn what_the_site_only_sends_on_is_judged_by_where_it_goes() {
    let moved = |to: &str| response("302 Found", &[("Location", to), ("Set-Cookie", "ASP.NET_SessionId=1")], "");
    let origin = Origin::telling(move |asked| {
        moved(if asked.path() == "/t.gif" { "//www.google-analytics.com/collect" } else { "/other" })
    });
    let gate = Gate::before(&origin);
    let kept = of_a_page(&gate, "/t.gif").send().expect(403);
    assert!(!kept.has("location"));
    assert_eq!(kept.set_cookies(), ["ASP.NET_SessionId=1"]);
    of_a_page(&gate, "/own.gif").send().expect(302);
    gate.page("/t.gif").send().expect(302);
    of_a_page(&gate, "/t.gif").from(gate.visitor("accept").as_ref()).send().expect(302);
}
