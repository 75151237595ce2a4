//! Prometheus text: names by convention, labels bounded by the counters themselves.

use std::fmt::Write;

use super::View;

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
    out
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
