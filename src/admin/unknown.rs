//! What nobody has classified on a site, by the rules in force: of the kept inventory, so that a restart forgets none of
//! it, and of what was judged since the start and found no room there.

use std::collections::BTreeMap;

use url::Url;

use super::Site;
use super::known::{rows, verdict};
use crate::consent::PurposeSet;
use crate::inventory::{Counters, Drift, Families, Kind, Marks, OnPages, Thing, cookie_pattern};
use crate::policy::{Rule, Verdict};

/// What stands before the name of what nothing knows, in the rule it was counted by.
const UNCLASSIFIED: &str = "unclassified: ";

/// One thing, or what many names have in common.
pub(super) struct Unknown {
    pub(super) thing: Thing,
    pub(super) name: String,
    /// Sightings as far as the inventory goes back; of what it has no room for, since the start.
    pub(super) count: u64,
    /// The first few.
    pub(super) pages: Vec<String>,
}

/// Everything that nothing knows now: what has been classified since is gone from here.
pub(super) fn unknown(site: &Site) -> Vec<Unknown> {
    let kept = [Thing::Cookie, Thing::StorageKey, Thing::ThirdParty].into_iter().flat_map(|thing| {
        let rows = rows(site, thing).into_iter();
        rows.filter(move |row| !row.state.marks.has(Marks::KNOWN) && is_unknown(site, thing, &row.name))
            .map(move |row| Unknown { thing, name: row.name, count: row.state.count, pages: row.state.pages })
    });
    kept.chain(left_out(site)).collect()
}

/// So many of a kind.
pub(super) fn count(unknown: &[Unknown], thing: Thing) -> u64 {
    unknown.iter().filter(|one| one.thing == thing).count() as u64
}

/// Do the rules in force say nothing of it?
pub(super) fn is_unknown(site: &Site, thing: Thing, name: &str) -> bool {
    judged(site, thing, name).is_some_and(|verdict| verdict.rule == Rule::Unclassified)
}

/// Is something that was new unknown still? The rules know no companies: of those it is as it was told.
pub(super) fn is_unknown_still(site: &Site, drift: &Drift) -> bool {
    drift.unclassified && (drift.thing == Thing::Company || is_unknown(site, drift.thing, &drift.name))
}

/// Is it held by the rules in force, for someone who has not agreed?
pub(super) fn is_held_now(site: &Site, drift: &Drift) -> bool {
    let holds = judged(site, drift.thing, &drift.name).map_or(drift.held, |verdict| verdict.is_hold());
    site.mode == "enforce" && holds
}

fn judged<'s>(site: &'s Site, thing: Thing, name: &str) -> Option<Verdict<'s>> {
    match thing {
        Thing::Cookie | Thing::StorageKey => Some(verdict(site, thing, name)),
        Thing::ThirdParty => {
            let url = Url::parse(&format!("https://{name}/")).ok()?;
            Some(site.policy.address(&url, &site.name, PurposeSet::ESSENTIAL))
        }
        Thing::Company => None,
    }
}

/// What passed through the gate and the inventory has no room for; what a program makes up, or numbers, is one row.
fn left_out(site: &Site) -> impl Iterator<Item = Unknown> {
    let (counts, on_pages) = (site.counters.snapshot(), site.counters.on_pages());
    let mut seen: BTreeMap<(Thing, String), (u64, Vec<String>)> = BTreeMap::new();
    let named = counts.iter().filter_map(|count| {
        let name = count.rule.strip_prefix(UNCLASSIFIED)?;
        let thing = match count.kind {
            Kind::CookieResponse => Thing::Cookie,
            Kind::Tag | Kind::Hint => Thing::ThirdParty,
            _ => return None,
        };
        let is_kept = site.inventory.stock.has(thing, name.as_bytes(), None);
        (!is_kept && is_unknown(site, thing, name)).then_some((thing, name, count))
    });
    let named: Vec<_> = named.collect();
    let families = Families::of(named.iter().filter(|(thing, ..)| *thing == Thing::Cookie).map(|(_, name, _)| *name));
    for (thing, name, count) in named {
        let shown = if thing == Thing::Cookie { families.folded(name) } else { name.to_owned() };
        let (sum, pages) = seen.entry((thing, shown)).or_default();
        *sum += count.count;
        *pages = pages_of(&on_pages, &count.rule);
    }
    seen.into_iter().map(|((thing, name), (count, pages))| Unknown { thing, name, count, pages })
}

/// On which pages a rule decided; those with the most first.
pub(super) fn pages_of(on_pages: &[OnPages], rule: &str) -> Vec<String> {
    let of_rule = on_pages.iter().find(|on| *on.rule == *rule && rule != Counters::OTHER);
    of_rule.into_iter().flat_map(|on| on.pages.iter().map(|(page, _)| page.clone())).collect()
}

impl Unknown {
    /// What it is, in a word.
    pub(super) fn what(&self) -> &'static str {
        match self.thing {
            Thing::Cookie => "cookie",
            Thing::StorageKey => "storage key",
            Thing::ThirdParty | Thing::Company => "tag",
        }
    }

    /// To be pasted below the site. The purpose is left open, and `check` refuses it until somebody has chosen: a guess
    /// would be a rule, and hold what people log in with.
    pub(super) fn yaml(&self, site: &Site) -> String {
        let (list, key, text) = match self.thing {
            Thing::Cookie => ("cookies", "name", cookie_pattern(&self.name)),
            Thing::StorageKey => ("storage", "key", self.name.clone()),
            Thing::ThirdParty | Thing::Company => ("tags", "match", format!("||{}^", self.name)),
        };
        let text = serde_json::Value::from(text);
        let purposes: Vec<_> = site.policy.purposes().iter().map(|(_, name)| name).collect();
        let choice = format!("# {}", purposes.join(", "));
        format!("    {list}:\n      {choice}\n      - {{ {key}: {text}, purpose: CHOOSE }}")
    }
}
