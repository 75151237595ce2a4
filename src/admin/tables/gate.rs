//! The tables of the gate as a whole.

use std::collections::BTreeMap;

use super::super::View;
use super::super::proof::Numbers;
use super::super::table::{Cell, Table, date, time};
use super::super::unknown::unknown;
use super::{was, what};
use crate::inventory::{Count, Deed, Kind};

pub(in crate::admin) fn sites(view: &View) -> Table {
    let columns = [
        ("Site", "site"),
        ("Mode", "mode"),
        ("Requests", "requests"),
        ("Errors (5xx)", "errors"),
        ("95 % within", "p95_seconds"),
        ("Notices shown", "notices"),
        ("Agreed", "agreed"),
        ("Refused", "refused"),
        ("Held", "held"),
        ("Unclassified", "unclassified"),
        ("New", "drift"),
    ];
    let mut table = Table::new("sites", "Sites since the start", &columns);
    for site in (view.sites)() {
        let counts = site.counters.snapshot();
        let (arrivals, further) = site.traffic.notices();
        let chose = |events: &[&str]| -> u64 {
            site.traffic.choices().filter(|(name, _)| events.contains(name)).map(|(_, count)| count).sum()
        };
        let errors = site.traffic.statuses().find(|(name, _)| *name == "5xx").map_or(0, |(_, count)| count);
        table.row(vec![
            Cell::Link(site.name.clone(), format!("/sites/{}", site.name)),
            site.mode.into(),
            site.traffic.requests().into(),
            errors.into(),
            time(site.traffic.answers.taken().percent_within(95)),
            (arrivals + further).into(),
            chose(&["given", "partial"]).into(),
            chose(&["refused"]).into(),
            counts.iter().filter(|count| count.deed != Deed::Passed).map(|count| count.count).sum::<u64>().into(),
            (unknown(&site).len() as u64).into(),
            (site.inventory.drifts.latest().len() as u64).into(),
        ]);
    }
    table
}

pub(in crate::admin) fn abandoned(view: &View) -> Table {
    let columns = [("Site", "site"), ("Reason", "reason"), ("Pages", "pages")];
    let mut table = Table::new("abandoned", "Pages that could not be rewritten, by reason", &columns);
    for site in (view.sites)() {
        for (why, count) in site.counters.abandonments() {
            table.row(vec![site.name.clone().into(), why.to_string().into(), count.into()]);
        }
    }
    table
}

pub(in crate::admin) fn held_everywhere(view: &View) -> Table {
    let columns = [("Site", "site"), ("What", "kind"), ("Was", "deed"), ("Rules", "rules"), ("Times", "count")];
    let mut table = Table::new("held", "Held, or would be held, by kind", &columns);
    for site in (view.sites)() {
        let mut kinds: BTreeMap<(Deed, Kind), (u64, u64)> = BTreeMap::new();
        for Count { deed, kind, count, .. } in site.counters.snapshot() {
            let sums = kinds.entry((deed, kind)).or_default();
            *sums = (sums.0 + 1, sums.1 + count);
        }
        for ((deed, kind), (rules, count)) in kinds {
            table.row(vec![site.name.clone().into(), what(kind).into(), was(deed).into(), rules.into(), count.into()]);
        }
    }
    table
}

pub(in crate::admin) fn ledger_months(numbers: &Numbers) -> Table {
    let columns = [("Month", "month"), ("Event", "event"), ("Records", "records")];
    let mut table = Table::new("ledger/months", "Records by month and event", &columns);
    let mut months: BTreeMap<(String, &str), u64> = BTreeMap::new();
    for daily in &numbers.days {
        let month = date(daily.day).chars().take(7).collect();
        *months.entry((month, &daily.event)).or_default() += daily.count;
    }
    for ((month, event), count) in months.into_iter().rev() {
        table.row(vec![month.into(), event.into(), count.into()]);
    }
    table
}

pub(in crate::admin) fn ledger_events(numbers: &Numbers) -> Table {
    let mut table = Table::new("ledger/events", "Records by event", &[("Event", "event"), ("Records", "records")]);
    let mut events: BTreeMap<&str, u64> = BTreeMap::new();
    numbers.days.iter().for_each(|daily| *events.entry(&daily.event).or_default() += daily.count);
    for (event, count) in events {
        table.row(vec![event.into(), count.into()]);
    }
    table
}

pub(in crate::admin) fn settings(view: &View) -> Table {
    let columns = [("Where", "where"), ("Setting", "setting"), ("Value", "value")];
    let mut table = Table::new("config/settings", "Settings in force, defaults included", &columns);
    for [place, name, value] in &(view.config)().settings {
        table.row(vec![place.clone().into(), name.clone().into(), value.clone().into()]);
    }
    table
}
