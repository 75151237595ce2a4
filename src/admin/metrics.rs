//! Prometheus text: names by convention, labels bounded by the counters themselves.

use std::fmt::Write;

use crate::inventory::Thing;

use super::{Site, View};

pub(super) fn render(view: &View) -> String {
    let mut out = String::new();
    let healthy = u8::from((view.ledger_healthy)());
    head(&mut out, "consentgate_ledger_up", "gauge", "Choices can be recorded.");
    line(&mut out, "consentgate_ledger_up", "", u64::from(healthy));
    head(&mut out, "consentgate_judged_total", "counter", "Cookies and tags held, or that would have been held.");
    let sites = (view.sites)();
    for site in &sites {
        for count in site.counters.snapshot() {
            let (deed, kind) = (count.deed.name(), count.kind.name());
            let labels =
                format!("{{site={},deed=\"{deed}\",kind=\"{kind}\",rule={}}}", quoted(&site.name), quoted(&count.rule));
            line(&mut out, "consentgate_judged_total", &labels, count.count);
        }
    }
    head(&mut out, "consentgate_rewrites_abandoned_total", "counter", "Pages that could not be rewritten, by reason.");
    for site in &sites {
        for (why, count) in site.counters.abandonments() {
            let labels = format!("{{site={},reason={}}}", quoted(&site.name), quoted(&why));
            line(&mut out, "consentgate_rewrites_abandoned_total", &labels, count);
        }
    }
    seen(&mut out, &sites);
    out
}

/// What is new, what found no room, and how a canary is asked.
fn seen(out: &mut String, sites: &[Site]) {
    head(out, "consentgate_drift_total", "counter", "New on the site, by kind.");
    for (site, thing) in sites.iter().flat_map(|site| Thing::ALL.map(|thing| (site, thing))) {
        let labels = format!("{{site={},kind=\"{}\"}}", quoted(&site.name), thing.name());
        line(out, "consentgate_drift_total", &labels, site.inventory.drifts.count(thing));
    }
    head(out, "consentgate_inventory_left_out_total", "counter", "Sightings that found no room in the inventory.");
    for (site, thing) in sites.iter().flat_map(|site| Thing::ALL.map(|thing| (site, thing))) {
        let labels = format!("{{site={},kind=\"{}\"}}", quoted(&site.name), thing.name());
        line(out, "consentgate_inventory_left_out_total", &labels, site.inventory.stock.left_out(thing));
    }
    head(out, "consentgate_canary_pages_total", "counter", "Pages asked for inside a site's canary, and outside.");
    for site in sites {
        let (inside, outside) = site.counters.visits();
        for (side, count) in [("inside", inside), ("outside", outside)] {
            let labels = format!("{{site={},side=\"{side}\"}}", quoted(&site.name));
            line(out, "consentgate_canary_pages_total", &labels, count);
        }
    }
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(out: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(out, "{name}{labels} {value}");
}

/// A label's value (Prometheus text format 0.0.4): backslash, quote and line feed escaped.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
