//! What was held, or would have been, page by page: what an operator reads before a site is enforced.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::inventory::{Deed, OnPages};

use super::{Site, View};

/// So many pages are listed, by how much there is on them.
const MOST: usize = 100;

/// How often each deed was done.
pub(super) type Numbers = [u64; Deed::ALL.len()];

/// `/api/report`.
pub(super) fn report(view: &View) -> Value {
    json!({ "sites": (view.sites)().iter().map(site).collect::<Vec<_>>() })
}

fn site(site: &Site) -> Value {
    let (inside, outside) = site.counters.visits();
    let rules = site.counters.on_pages();
    let mut rules: Vec<_> = rules.iter().collect();
    rules.sort_by_key(|rule| std::cmp::Reverse(total(rule).iter().sum::<u64>()));
    let each = |what, all: Vec<(String, Numbers)>| -> Vec<_> {
        all.iter().map(|(name, numbers)| named(what, name, numbers)).collect()
    };
    json!({
        "site": site.name,
        "mode": site.mode,
        // What is held on a site in observe mode is held in its canary.
        "canary": { "pages_inside": inside, "pages_outside": outside },
        "pages": each("page", by_page(site)),
        "purposes": each("purpose", by_purpose(site)),
        "rules": rules.into_iter().map(rule).collect::<Vec<_>>(),
    })
}

/// The pages with the most on them, those first.
pub(super) fn by_page(site: &Site) -> Vec<(String, Numbers)> {
    let mut pages = BTreeMap::<String, Numbers>::new();
    for rule in site.counters.on_pages() {
        for (page, numbers) in &rule.pages {
            add(pages.entry(page.clone()).or_default(), numbers);
        }
    }
    let mut pages: Vec<_> = pages.into_iter().collect();
    pages.sort_by_key(|(_, numbers)| std::cmp::Reverse(numbers.iter().sum::<u64>()));
    pages.truncate(MOST);
    pages
}

/// What nobody has classified is a purpose of its own.
pub(super) fn by_purpose(site: &Site) -> Vec<(String, Numbers)> {
    let mut purposes = BTreeMap::<String, Numbers>::new();
    for rule in site.counters.on_pages() {
        let purpose = if rule.purposes.is_empty() { "unclassified".to_owned() } else { rule.purposes.join(", ") };
        add(purposes.entry(purpose).or_default(), &total(&rule));
    }
    purposes.into_iter().collect()
}

fn rule(rule: &OnPages) -> Value {
    let mut value = named("rule", &rule.rule, &total(rule));
    value["purposes"] = rule.purposes.clone().into();
    value["pages"] = rule.pages.iter().map(|(page, numbers)| named("page", page, numbers)).collect();
    value["elsewhere"] = numbers(&rule.elsewhere).into();
    value
}

fn total(rule: &OnPages) -> Numbers {
    let mut total = rule.elsewhere;
    rule.pages.iter().for_each(|(_, numbers)| add(&mut total, numbers));
    total
}

fn add(sum: &mut Numbers, more: &Numbers) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

fn named(what: &str, name: &str, all: &Numbers) -> Value {
    let mut value = json!({ what: name });
    for (deed, number) in numbers(all) {
        value[deed] = number;
    }
    value
}

fn numbers(all: &Numbers) -> Map<String, Value> {
    Deed::ALL.into_iter().map(|deed| (deed.name().to_owned(), all[deed as usize].into())).collect()
}
