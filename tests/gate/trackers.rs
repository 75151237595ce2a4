//! Trackers that a site serves itself: a page's request for one never reaches the site before consent.

use crate::common::{Ask, Gate, HOST, Origin, Plan, page};

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
