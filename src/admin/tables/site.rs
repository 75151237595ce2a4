//! The tables of one site.

use std::collections::BTreeMap;

use url::Url;

use super::super::Site;
use super::super::known::{rows, verdict};
use super::super::proof::Numbers;
use super::super::table::{Cell, Table, bytes, date, how_long, moment, percent, time};
use super::{was, what};
use crate::consent::{Purpose, PurposeSet};
use crate::inventory::{Count, Families, Kept, Kind, Marks, Row, Thing};
use crate::policy::Rule;

/// What stands before the name of what nothing knows, in the rule it was counted by.
const UNCLASSIFIED: &str = "unclassified: ";
const COOKIE: &str = "cookie";
const STORAGE_KEY: &str = "storage key";

/// What was decided on one day.
#[derive(Clone, Copy, Default)]
pub(in crate::admin) struct Decided {
    pub(in crate::admin) agreed: u64,
    pub(in crate::admin) in_part: u64,
    pub(in crate::admin) refused: u64,
    pub(in crate::admin) withdrawn: u64,
    pub(in crate::admin) other: u64,
}

/// By the day, from the ledger.
pub(in crate::admin) fn decided(site: &str, numbers: &Numbers) -> BTreeMap<u64, Decided> {
    let mut days: BTreeMap<u64, Decided> = BTreeMap::new();
    for daily in numbers.days.iter().filter(|daily| daily.site == site) {
        let day = days.entry(daily.day).or_default();
        let count = match &*daily.event {
            "given" => &mut day.agreed,
            "partial" => &mut day.in_part,
            "refused" => &mut day.refused,
            "withdrawn" => &mut day.withdrawn,
            _ => &mut day.other,
        };
        *count += daily.count;
    }
    days
}

pub(in crate::admin) fn choices(site: &Site, numbers: &Numbers) -> Table {
    let columns = [
        ("Day", "day"),
        ("Agreed to all", "agreed"),
        ("Agreed in part", "in_part"),
        ("Refused", "refused"),
        ("Withdrawn", "withdrawn"),
        ("Other", "other"),
        ("Agreed, of first choices", "agreed_percent"),
    ];
    let mut table = Table::new(of(site, "choices"), "Choices by day, from the ledger", &columns);
    for (day, Decided { agreed, in_part, refused, withdrawn, other }) in decided(&site.name, numbers).into_iter().rev()
    {
        let share = percent(agreed + in_part, agreed + in_part + refused);
        let [agreed, in_part, refused, withdrawn, other] =
            [agreed, in_part, refused, withdrawn, other].map(Cell::Number);
        table.row(vec![date(day).into(), agreed, in_part, refused, withdrawn, other, share]);
    }
    table
}

pub(in crate::admin) fn asked(site: &Site) -> Table {
    let columns = [
        ("Day", "day"),
        ("Pages that asked", "asked"),
        ("Of them, arrivals", "arrived"),
        ("First answers", "answered"),
        ("Arrivals without an answer", "unanswered_percent"),
    ];
    let mut table = Table::new(of(site, "asked"), "Asked and answered by day, since the start", &columns);
    for day in site.traffic.days().into_iter().rev() {
        let silent = day.arrived.saturating_sub(day.answered);
        let share = percent(silent, day.arrived);
        table.row(vec![date(day.day).into(), day.asked.into(), day.arrived.into(), day.answered.into(), share]);
    }
    table
}

pub(in crate::admin) fn held(site: &Site) -> Table {
    let columns = [("Rule", "rule"), ("What", "kind"), ("Was", "deed"), ("Times", "count")];
    let mut table = Table::new(of(site, "held"), "Held, or would be held, by rule", &columns);
    let mut counts = site.counters.snapshot();
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    for Count { deed, kind, rule, count } in counts {
        table.row(vec![rule.to_string().into(), what(kind).into(), was(deed).into(), count.into()]);
    }
    table
}

/// What nothing knows now: what has been classified since is gone from here.
pub(in crate::admin) fn unclassified(site: &Site) -> Table {
    let columns = [("Name", "name"), ("What", "kind"), ("Times", "count"), ("YAML", "yaml")];
    let mut table = Table::new(of(site, "unclassified"), "Unclassified", &columns);
    for ((what, name), count) in counted(site).into_iter().chain(reported(site)) {
        let yaml = Cell::Code(snippet(what, &name));
        table.row(vec![name.into(), what.into(), count.into(), yaml]);
    }
    table
}

/// What passed through the gate; what a program makes up, or numbers, is one row.
fn counted(site: &Site) -> BTreeMap<(&'static str, String), u64> {
    let counts = site.counters.snapshot();
    let named = counts.iter().filter_map(|count| Some((count, count.rule.strip_prefix(UNCLASSIFIED)?)));
    let unknown = named.filter_map(|(count, name)| Some((still_unknown(site, count.kind, name)?, name, count.count)));
    let unknown: Vec<_> = unknown.collect();
    let families = Families::of(unknown.iter().filter(|(what, ..)| *what == COOKIE).map(|(_, name, _)| *name));
    let mut seen = BTreeMap::new();
    for (what, name, count) in unknown {
        let name = if what == COOKIE { families.folded(name) } else { name.to_owned() };
        *seen.entry((what, name)).or_default() += count;
    }
    seen
}

/// What browsers have reported that scripts write.
fn reported(site: &Site) -> Vec<((&'static str, String), u64)> {
    let unknown = |thing| {
        let rows = rows(site, thing).into_iter();
        rows.filter(move |row| verdict(site, thing, &row.name).rule == Rule::Unclassified)
    };
    let keys = unknown(Thing::StorageKey).map(|row| ((STORAGE_KEY, row.name), row.state.count));
    // What the site sets itself passed through the gate.
    let by_script = unknown(Thing::Cookie).filter(|row| !row.state.marks.has(Marks::HEADER));
    keys.chain(by_script.map(|row| ((COOKIE, row.name), row.state.count))).collect()
}

fn still_unknown(site: &Site, kind: Kind, name: &str) -> Option<&'static str> {
    let none = PurposeSet::ESSENTIAL;
    match kind {
        Kind::CookieResponse => {
            (site.policy.cookie(name.as_bytes(), none).rule == Rule::Unclassified).then_some(COOKIE)
        }
        Kind::Tag | Kind::Hint => {
            let url = Url::parse(&format!("https://{name}/")).ok()?;
            let verdict = site.policy.address(&url, &site.name, none);
            matches!(verdict.rule, Rule::Unclassified).then_some("tag")
        }
        _ => None,
    }
}

/// To be pasted under the site; held until agreed to, until whoever knows better says so.
fn snippet(what: &str, name: &str) -> String {
    let (list, key, text) = match what {
        COOKIE => ("cookies", "name", name.to_owned()),
        STORAGE_KEY => ("storage", "key", name.to_owned()),
        _ => ("tags", "match", format!("||{name}^")),
    };
    let text = serde_json::Value::from(text);
    format!("{list}:\n  # or analytics, preferences, essential\n  - {{ {key}: {text}, purpose: marketing }}")
}

pub(in crate::admin) fn cookies(site: &Site) -> Table {
    let columns = [
        ("Name", "name"),
        ("Purpose", "purpose"),
        ("Rule", "rule"),
        ("Set by", "set_by"),
        ("Kept", "kept_seconds"),
        ("Last seen", "day"),
    ];
    let mut table = Table::new(of(site, "cookies"), "Cookies seen", &columns);
    for Row { name, state } in rows(site, Thing::Cookie) {
        let (purpose, rule) = judged(site, Thing::Cookie, &name);
        // A browser that has what the site was never seen to set has it from a script.
        let set_by = if state.marks.has(Marks::HEADER) { "header" } else { "script" };
        table.row(vec![name.into(), purpose, rule, set_by.into(), kept(state.kept()), day(state.last)]);
    }
    table
}

pub(in crate::admin) fn storage(site: &Site) -> Table {
    let columns = [
        ("Key", "key"),
        ("Where", "kinds"),
        ("Purpose", "purpose"),
        ("Rule", "rule"),
        ("Several networks", "believed"),
        ("First seen", "first_day"),
        ("Last seen", "day"),
        ("Pages", "pages"),
    ];
    let mut table = Table::new(of(site, "storage"), "Storage keys that browsers have reported", &columns);
    for Row { name, state } in rows(site, Thing::StorageKey) {
        let (purpose, rule) = judged(site, Thing::StorageKey, &name);
        let believed = if state.marks.has(Marks::BELIEVED) { "yes" } else { "no" };
        let (kinds, pages) = (state.tags.join(", "), state.pages.join(" "));
        let (first, last) = (day(state.first), day(state.last));
        table.row(vec![name.into(), kinds.into(), purpose, rule, believed.into(), first, last, pages.into()]);
    }
    table
}

fn judged(site: &Site, thing: Thing, name: &str) -> (Cell, Cell) {
    let verdict = verdict(site, thing, name);
    let purpose = verdict.purpose.map_or("not known", |purpose| site.policy.purposes().name(purpose));
    (purpose.into(), verdict.rule.to_string().into())
}

fn day(seconds: u64) -> Cell {
    date(seconds / 86_400).into()
}

#[expect(clippy::cast_precision_loss, reason = "seconds of a cookie's life, for people")]
fn kept(kept: Option<Kept>) -> Cell {
    match kept {
        None => Cell::Nothing,
        Some(Kept::Session) => "until the browser is closed".into(),
        Some(Kept::Seconds(seconds)) => Cell::Measure(seconds as f64, how_long(seconds)),
    }
}

pub(in crate::admin) fn third_parties(site: &Site) -> Table {
    let columns = [("Host", "host"), ("Whose", "company"), ("For", "purposes"), ("Before a choice", "before_choice")];
    let mut table = Table::new(of(site, "third-parties"), "Other hosts in the site's pages", &columns);
    let mut hosts: BTreeMap<String, (Vec<&str>, bool, Option<&str>)> = BTreeMap::new();
    for (purpose, name) in site.policy.purposes().asked() {
        for host in site.inventory.tags.of(purpose) {
            hosts.entry(host.to_string()).or_default().0.push(name);
        }
    }
    for (host, company) in site.inventory.tags.free() {
        let entry = hosts.entry(host.to_string()).or_default();
        (entry.1, entry.2) = (true, company);
    }
    for (host, (purposes, free, company)) in hosts {
        let company = company.or_else(|| whose(site, &host));
        let purposes = if purposes.is_empty() { Cell::Nothing } else { purposes.join(", ").into() };
        let before = if !free {
            "held"
        } else if site.mode == "enforce" {
            "asked"
        } else {
            "asked (not enforced)"
        };
        table.row(vec![host.into(), company.map_or(Cell::Nothing, Cell::from), purposes, before.into()]);
    }
    table
}

fn whose(site: &Site, host: &str) -> Option<&'static str> {
    let url = Url::parse(&format!("https://{host}/")).ok()?;
    site.policy.address(&url, &site.name, PurposeSet::ESSENTIAL).rule.whose()
}

pub(in crate::admin) fn companies(site: &Site) -> Table {
    let mut table = Table::new(of(site, "companies"), "Companies seen", &[("Company", "company"), ("For", "purposes")]);
    let mut companies: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let asked: Vec<(Purpose, &str)> = site.policy.purposes().asked().collect();
    for (purpose, name) in asked {
        site.inventory
            .companies(purpose)
            .into_iter()
            .for_each(|company| companies.entry(company).or_default().push(name));
    }
    for (company, purposes) in companies {
        table.row(vec![company.into(), purposes.join(", ").into()]);
    }
    table
}

pub(in crate::admin) fn upstream(site: &Site) -> Table {
    let mut table = Table::new(of(site, "upstream"), "The site behind", &[("What", "what"), ("Value", "value")]);
    let [failed, answered] = site.traffic.last().map(|time| time.map_or(Cell::Nothing, |time| moment(time).into()));
    table.row(vec!["address".into(), site.upstream.clone().into()]);
    table.row(vec!["requests under way".into(), (site.under_way as u64).into()]);
    table.row(vec!["most at once".into(), (site.most_under_way as u64).into()]);
    table.row(vec!["last answer".into(), answered]);
    table.row(vec!["last failure".into(), failed]);
    for (why, count) in site.traffic.failures() {
        table.row(vec![format!("failures: {}", why.name()).into(), count.into()]);
    }
    table
}

pub(in crate::admin) fn speed(site: &Site) -> Table {
    let columns = [
        ("What", "what"),
        ("Times", "count"),
        ("Average", "mean_seconds"),
        ("50 % within", "p50_seconds"),
        ("95 % within", "p95_seconds"),
        ("99 % within", "p99_seconds"),
    ];
    let mut table = Table::new(of(site, "speed"), "How long it takes", &columns);
    let timed = [
        ("until the answer's head, all in all", &site.traffic.answers),
        ("of that, the site behind", &site.traffic.upstream),
        ("rewriting one page", &site.traffic.rewrites),
    ];
    for (what, histogram) in timed {
        let taken = histogram.taken();
        let within = |percent| match taken.percent_within(percent) {
            Some(u64::MAX) => "more than 10 s".into(),
            step => time(step),
        };
        table.row(vec![what.into(), taken.count.into(), time(taken.mean()), within(50), within(95), within(99)]);
    }
    table
}

/// What rewriting does to the size of pages, in words.
pub(in crate::admin) fn rewritten(site: &Site) -> String {
    let (read, written) = site.traffic.rewritten();
    format!("{} in, {} out", bytes(read), bytes(written))
}

fn of(site: &Site, name: &str) -> String {
    format!("sites/{}/{name}", site.name)
}
