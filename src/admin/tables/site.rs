//! The tables of one site.

use std::collections::BTreeMap;

use url::Url;

use super::super::Site;
use super::super::known::{rows, verdict};
use super::super::proof::Numbers;
use super::super::table::{Cell, Table, bytes, date, how_long, moment, percent, time};
use super::super::unknown::{pages_of, unknown};
use super::{was, what};
use crate::consent::{Purpose, PurposeSet};
use crate::inventory::{Count, Kept, Marks, Row, Thing};

/// So many pages of a rule are named; `/api/report` has more.
const MOST_PAGES: usize = 5;

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
    let columns = [("Rule", "rule"), ("What", "kind"), ("Was", "deed"), ("Times", "count"), ("Pages", "pages")];
    let mut table = Table::new(of(site, "held"), "Held, or would be held, by rule", &columns);
    let (mut counts, on_pages) = (site.counters.snapshot(), site.counters.on_pages());
    counts.sort_by_key(|count| std::cmp::Reverse(count.count));
    for Count { deed, kind, rule, count } in counts {
        let mut pages = pages_of(&on_pages, &rule);
        if pages.len() > MOST_PAGES {
            pages.truncate(MOST_PAGES);
            pages.push("\u{2026}".into());
        }
        let (rule, pages) = (rule.to_string().into(), pages.join(" ").into());
        table.row(vec![rule, what(kind).into(), was(deed).into(), count.into(), pages]);
    }
    table
}

pub(in crate::admin) fn unclassified(site: &Site) -> Table {
    let columns = [("Name", "name"), ("What", "kind"), ("Times", "count"), ("Pages", "pages"), ("YAML", "yaml")];
    let mut table = Table::new(of(site, "unclassified"), "Unclassified", &columns);
    for one in unknown(site) {
        let (what, yaml) = (one.what(), Cell::Code(one.yaml(site)));
        table.row(vec![one.name.into(), what.into(), one.count.into(), one.pages.join(" ").into(), yaml]);
    }
    table
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
        // A number too: whoever reads the JSON computes with it.
        Some(Kept::Session) => Cell::Measure(0.0, "until the browser is closed".into()),
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
        let before = match (free, site.mode) {
            (false, "enforce") => "held",
            (false, "observe") => "would be held",
            _ => "runs",
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
