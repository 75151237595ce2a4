//! Prometheus text (format 0.0.4): names by convention, labels bounded by the counters themselves.

use std::fmt::Write;

use super::audits::{self, Audit, Audited, Audits};
use super::proof::{Proof, bytes};
use super::unknown::{count, unknown};
use super::{Site, View};
use crate::inventory::{Histogram, Taken, Thing};

pub(super) fn render(view: &View, proof: &Proof) -> String {
    let mut out = String::new();
    let sites = (view.sites)();
    gate(&mut out, view, proof);
    traffic(&mut out, &sites);
    upstream(&mut out, &sites);
    rewriting(&mut out, &sites);
    consent(&mut out, &sites);
    seen(&mut out, &sites);
    audited(&mut out, &(view.audits)());
    out
}

fn gate(out: &mut String, view: &View, proof: &Proof) {
    let version = format!("{{version={}}}", quoted(env!("CARGO_PKG_VERSION")));
    one(out, ("consentgate_build_info", "gauge", "The version that runs."), &version, 1);
    let help = "When the gate started, in seconds since 1970.";
    one(out, ("consentgate_start_time_seconds", "gauge", help), "", view.started);
    let config = (view.config)();
    let help = "When the configuration in force was read, in seconds since 1970.";
    one(out, ("consentgate_config_read_time_seconds", "gauge", help), "", config.read_at);
    let healthy = u64::from((view.ledger_healthy)());
    one(out, ("consentgate_ledger_up", "gauge", "Choices can be recorded."), "", healthy);
    let help = "Size of the ledger's file with its write-ahead log.";
    one(out, ("consentgate_ledger_file_bytes", "gauge", help), "", bytes(proof.file()));
}

fn traffic(out: &mut String, sites: &[Site]) {
    let metric = ("consentgate_requests_total", "counter", "Requests, by the first digit of the answer's status.");
    each(out, metric, sites, |site| {
        site.traffic.statuses().map(|(status, count)| (label("status", status), count)).collect()
    });
    let metric = ("consentgate_request_duration_seconds", "From a request's head to its answer's.");
    histograms(out, metric, sites, |site| &site.traffic.answers);
}

fn upstream(out: &mut String, sites: &[Site]) {
    let metric = ("consentgate_upstream_duration_seconds", "From the request to the site behind to its answer's head.");
    histograms(out, metric, sites, |site| &site.traffic.upstream);
    let metric = ("consentgate_upstream_failures_total", "counter", "Requests without an answer of the site, by kind.");
    each(out, metric, sites, |site| {
        site.traffic.failures().map(|(why, count)| (label("kind", why.name()), count)).collect()
    });
    let metric = ("consentgate_upstream_requests_in_flight", "gauge", "Requests under way at the site behind.");
    each(out, metric, sites, |site| vec![(String::new(), site.under_way as u64)]);
}

fn rewriting(out: &mut String, sites: &[Site]) {
    let metric = ("consentgate_rewrite_duration_seconds", "Processor time that rewriting one page took.");
    histograms(out, metric, sites, |site| &site.traffic.rewrites);
    let metric =
        ("consentgate_rewrite_bytes_total", "counter", "Bytes of rewritten pages, as they came and as they left.");
    each(out, metric, sites, |site| {
        let (read, written) = site.traffic.rewritten();
        vec![(label("direction", "in"), read), (label("direction", "out"), written)]
    });
    let metric = ("consentgate_rewrites_abandoned_total", "counter", "Pages that could not be rewritten, by reason.");
    each(out, metric, sites, |site| {
        site.counters.abandonments().iter().map(|(why, count)| (label("reason", why), *count)).collect()
    });
}

fn consent(out: &mut String, sites: &[Site]) {
    let metric = ("consentgate_judged_total", "counter", "Cookies and tags held, or that would have been held.");
    each(out, metric, sites, |site| {
        let labels = |count: &crate::inventory::Count| {
            let (deed, kind) = (count.deed.name(), count.kind.name());
            (format!("deed=\"{deed}\",kind=\"{kind}\",{}", label("rule", &count.rule)), count.count)
        };
        site.counters.snapshot().iter().map(labels).collect()
    });
    let help = "Pages that went out with the notice asking; arrival: the visitor came from elsewhere.";
    each(out, ("consentgate_notices_shown_total", "counter", help), sites, |site| {
        let (arrivals, further) = site.traffic.notices();
        vec![(label("arrival", "yes"), arrivals), (label("arrival", "no"), further)]
    });
    let metric = ("consentgate_choices_total", "counter", "Choices recorded, by the ledger's name of the event.");
    each(out, metric, sites, |site| {
        site.traffic.choices().map(|(event, count)| (label("event", event), count)).collect()
    });
    let metric = ("consentgate_audit_choices_total", "counter", "Choices that audits made; in no other count.");
    each(out, metric, sites, |site| vec![(String::new(), site.traffic.audits())]);
}

/// What is new, what found no room, and how a canary is asked.
fn seen(out: &mut String, sites: &[Site]) {
    let things = |of: &dyn Fn(Thing) -> u64| Thing::ALL.map(|thing| (label("kind", thing.name()), of(thing))).to_vec();
    let metric = ("consentgate_drift_total", "counter", "New on the site, by kind.");
    each(out, metric, sites, |site| things(&|thing| site.inventory.drifts.count(thing)));
    // A gauge of the rules in force: what somebody has classified is gone from it at the next reload.
    let metric = ("consentgate_unclassified", "gauge", "What nothing knows on the site now, by kind.");
    each(out, metric, sites, |site| {
        let all = unknown(site);
        let kinds = [Thing::Cookie, Thing::ThirdParty, Thing::StorageKey];
        kinds.map(|thing| (label("kind", thing.name()), count(&all, thing))).to_vec()
    });
    let metric = ("consentgate_inventory_left_out_total", "counter", "Sightings that found no room in the inventory.");
    each(out, metric, sites, |site| things(&|thing| site.inventory.stock.left_out(thing)));
    let metric = ("consentgate_canary_pages_total", "counter", "Pages shown inside a site's canary, and outside.");
    each(out, metric, sites, |site| {
        let (inside, outside) = site.counters.visits();
        vec![(label("side", "inside"), inside), (label("side", "outside"), outside)]
    });
}

/// The latest audit of each site that the YAML names.
fn audited(out: &mut String, audits: &Audits) {
    if audits.every.is_none() {
        return;
    }
    let help = "1: the last audit could not be made.";
    one(out, ("consentgate_audit_failed", "gauge", help), "", audits.failed.is_some().into());
    let help = "Found by an audit and not by the one before, and criteria no longer met.";
    one(out, ("consentgate_audit_new_total", "counter", help), "", audits.news);
    let latest = audits.latest();
    let mut gauge = |name: &str, help: &str, of: &dyn Fn(&Audit, &Audited) -> Option<u64>| {
        head(out, (name, "gauge", help));
        for (audit, site) in &latest {
            if let Some(value) = of(audit, site) {
                line(out, name, &format!("{{{}}}", label("url", &site.url)), value);
            }
        }
    };
    let help = "When a site was last audited, in seconds since 1970.";
    gauge("consentgate_audit_time_seconds", help, &|audit, _| Some(audits::seconds(audit.at)));
    let help = "Its score at most: what was not seen takes nothing away.";
    gauge("consentgate_audit_score", help, &|_, site| site.score.map(Into::into));
    let help = "Its score at least: as if what was not seen were not met.";
    gauge("consentgate_audit_score_at_least", help, &|_, site| site.score_at_least.map(Into::into));
    let help = "Criteria that it does not meet.";
    gauge("consentgate_audit_criteria_not_met", help, &|_, site| site.score.map(|_| site.not_met.len() as u64));
}

/// The metric of every site, with what distinguishes its values.
fn each(out: &mut String, metric: (&str, &str, &str), sites: &[Site], of: impl Fn(&Site) -> Vec<(String, u64)>) {
    head(out, metric);
    for site in sites {
        for (more, value) in of(site) {
            let comma = if more.is_empty() { "" } else { "," };
            line(out, metric.0, &format!("{{{}{comma}{more}}}", label("site", &site.name)), value);
        }
    }
}

fn histograms(out: &mut String, (name, help): (&str, &str), sites: &[Site], of: impl Fn(&Site) -> &Histogram) {
    head(out, (name, "histogram", help));
    for site in sites {
        histogram(out, name, &label("site", &site.name), &of(site).taken());
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus' numbers are floats")]
fn histogram(out: &mut String, name: &str, site: &str, taken: &Taken) {
    let mut seen = 0;
    for (step, count) in &taken.counts {
        seen += count;
        let le = if *step == u64::MAX { "+Inf".to_owned() } else { (*step as f64 / 1e6).to_string() };
        line(out, &format!("{name}_bucket"), &format!("{{{site},le=\"{le}\"}}"), seen);
    }
    let _ = writeln!(out, "{name}_sum{{{site}}} {}", taken.micros as f64 / 1e6);
    line(out, &format!("{name}_count"), &format!("{{{site}}}"), seen);
}

fn one(out: &mut String, metric: (&str, &str, &str), labels: &str, value: u64) {
    head(out, metric);
    line(out, metric.0, labels, value);
}

fn head(out: &mut String, (name, kind, help): (&str, &str, &str)) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn line(out: &mut String, name: &str, labels: &str, value: u64) {
    let _ = writeln!(out, "{name}{labels} {value}");
}

fn label(name: &str, value: &str) -> String {
    format!("{name}={}", quoted(value))
}

/// A label's value (Prometheus text format 0.0.4): backslash, quote and line feed escaped.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
