//! Drift: something on the site that was not there before. Each one is told once, and kept with the inventory.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::generated::{Families, numbered};
use super::item::{Marks, State};
use super::stock::{Stock, Thing};
use crate::consent::{PurposeSet, UnixSeconds};
use crate::policy::{Policy, Rule};

/// So many of a site are listed, the latest first.
pub const MOST_DRIFTS: usize = 200;

/// Something new on a site: names only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// What it is.
    pub thing: Thing,
    /// The cookie's pattern, the host, the company.
    pub name: String,
    /// Whose it is, where that is known.
    pub company: Option<String>,
    /// Neither the YAML nor the catalogue knows it.
    pub unclassified: bool,
    /// The gate holds it: it is new, and has done nothing to anybody.
    pub held: bool,
    /// When it was noticed.
    pub at: UnixSeconds,
    /// The line of YAML that classifies it.
    pub yaml: String,
}

impl Drift {
    /// What is told of it; no visitor is in it.
    pub fn json(&self, site: &str) -> Value {
        json!({
            "site": site,
            "kind": self.thing.name(),
            "name": self.name,
            "company": self.company,
            "unclassified": self.unclassified,
            "held": self.held,
            "at": self.at,
            "yaml": self.yaml,
        })
    }
}

/// The drift of one site.
#[derive(Default)]
pub struct Drifts {
    counts: [AtomicU64; Thing::ALL.len()],
    latest: Mutex<VecDeque<Drift>>,
}

impl Drifts {
    /// How often something of this kind was new since the start.
    pub fn count(&self, thing: Thing) -> u64 {
        self.counts[thing as usize].load(Relaxed)
    }

    /// The latest, newest first.
    pub fn latest(&self) -> Vec<Drift> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    pub(super) fn fired(&self, drift: Drift) {
        self.counts[drift.thing as usize].fetch_add(1, Relaxed);
        self.remember(drift);
    }

    /// One that was told before, perhaps by another node.
    pub(super) fn remember(&self, drift: Drift) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if latest.iter().any(|known| known.thing == drift.thing && known.name == drift.name) {
            return;
        }
        let place = latest.iter().position(|known| known.at <= drift.at).unwrap_or(latest.len());
        latest.insert(place, drift);
        latest.truncate(MOST_DRIFTS);
    }
}

/// What something new is judged by.
pub(super) struct Eye<'e> {
    pub(super) policy: &'e Policy,
    pub(super) stock: &'e Stock,
    /// The site acts on its verdicts.
    pub(super) enforces: bool,
    /// Since when the site has been looked at.
    pub(super) since: UnixSeconds,
    pub(super) after: Duration,
    pub(super) now: UnixSeconds,
}

impl Eye<'_> {
    /// Is this new thing drift? Unclassified, it is; classified by the catalogue, it is once the site has been looked at for
    /// long enough. What the site's own YAML names was expected. What only browsers have shown proves nothing: any visitor
    /// can send it. Several networks together prove something, where nobody has classified it.
    pub(super) fn drift(&self, thing: Thing, name: &str, state: &State) -> Option<Drift> {
        let name = &*self.family(thing, name)?;
        let (unclassified, holds, purpose) = match thing {
            Thing::Cookie => self.cookie(name, state)?,
            Thing::StorageKey => self.storage_key(name, state)?,
            Thing::ThirdParty | Thing::Company if !state.marks.has(Marks::IN_PAGE) => return None,
            Thing::ThirdParty | Thing::Company if state.marks.has(Marks::DECLARED) => return None,
            Thing::ThirdParty | Thing::Company => {
                let purpose = state.purposes.first().cloned();
                (!state.marks.has(Marks::KNOWN), state.marks.has(Marks::HOLDS), purpose)
            }
        };
        let learnt = self.now.saturating_sub(self.since) >= self.after.as_secs();
        (unclassified || learnt).then(|| Drift {
            thing,
            name: plain(name),
            company: state.company.as_deref().map(plain),
            unclassified,
            held: holds && self.enforces,
            at: self.now,
            yaml: yaml(thing, name, purpose.as_deref()),
        })
    }

    fn cookie(&self, name: &str, state: &State) -> Option<(bool, bool, Option<String>)> {
        let verdict = self.policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL);
        let believed = state.marks.has(Marks::BELIEVED) && verdict.rule == Rule::Unclassified;
        if !state.marks.has(Marks::HEADER) && !believed {
            return None;
        }
        let purpose = verdict.purpose.map(|purpose| self.policy.purposes().name(purpose).to_owned());
        match verdict.rule {
            Rule::Site(_) | Rule::Reserved | Rule::Banner(_) => None,
            Rule::Unclassified => Some((true, verdict.is_hold(), purpose)),
            _ if self.has_members(name) => None,
            _ => Some((false, verdict.is_hold(), purpose)),
        }
    }

    fn storage_key(&self, key: &str, state: &State) -> Option<(bool, bool, Option<String>)> {
        let verdict = self.policy.storage(key.as_bytes(), PurposeSet::ESSENTIAL);
        let new = state.marks.has(Marks::BELIEVED) && verdict.rule == Rule::Unclassified;
        new.then(|| (true, verdict.is_hold(), None))
    }

    /// The name, or what many numbered ones have in common: the ninth `poll_9` is nothing new.
    fn family(&self, thing: Thing, name: &str) -> Option<String> {
        let all = self.stock.register(thing).all();
        let families = Families::of(all.iter().map(|(known, _)| &**known));
        if !thing.folds() || !families.has(name) {
            return Some(name.to_owned());
        }
        let stem = numbered(name);
        let is_known = all.iter().any(|(known, item)| numbered(known) == stem && !item.is_new());
        (!is_known).then(|| families.folded(name))
    }

    /// A catalogue that has learnt a pattern makes nothing new of the names that are known.
    fn has_members(&self, pattern: &str) -> bool {
        let Some((stem, _)) = pattern.split_once('*').filter(|(stem, _)| stem.len() > 1) else { return false };
        let all = self.stock.register(Thing::Cookie).all();
        all.iter().any(|(known, item)| **known != *pattern && known.starts_with(stem) && !item.is_new())
    }
}

/// The line that classifies it; whoever pastes it decides what it is for, where nothing says so.
fn yaml(thing: Thing, name: &str, purpose: Option<&str>) -> String {
    let purpose = purpose.unwrap_or("CHOOSE");
    let quoted = Value::from(plain(name));
    match thing {
        Thing::Cookie => {
            let pattern = Value::from(cookie_pattern(name));
            format!("cookies: [ {{ name: {pattern}, purpose: {purpose} }} ]")
        }
        Thing::StorageKey => format!("storage: [ {{ key: {quoted}, purpose: {purpose} }} ]"),
        Thing::ThirdParty => {
            let address = Value::from(format!("||{}^", plain(name)));
            format!("tags: [ {{ match: {address}, purpose: {purpose} }} ]")
        }
        Thing::Company => format!("# scripts of {quoted} stand in the pages; the catalogue knows them as {purpose}"),
    }
}

/// A cookie's name as a rule of the YAML may have it: `*` for a sign that `check` refuses there, or that cannot be shown.
pub fn cookie_pattern(name: &str) -> String {
    plain(name).chars().map(|c| if matches!(c, '"' | '\\' | ';' | '=' | '\u{fffd}') { '*' } else { c }).collect()
}

/// A name from outside as it may stand in a log and in a file: no control characters, no direction marks.
fn plain(name: &str) -> String {
    let odd = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    name.chars().map(|c| if odd(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::Purpose;
    use crate::policy::{Config, NameRule};

    const DAY: u64 = 86_400;

    fn policy() -> Policy {
        let cookies = vec![NameRule { pattern: "own*".into(), purpose: Purpose::ESSENTIAL }];
        Policy::new(&Config { cookies, ..Config::default() }).unwrap()
    }

    fn drift(policy: &Policy, (thing, name): (Thing, &str), marks: Marks, days: u64) -> Option<Drift> {
        let stock = Stock::default();
        let after = Duration::from_secs(7 * DAY);
        let eye = Eye { policy, stock: &stock, enforces: true, since: 0, after, now: days * DAY };
        eye.drift(thing, name, &State { marks, ..State::default() })
    }

    #[test]
    fn unclassified_is_drift_at_once_and_known_things_after_the_learning_time() {
        let policy = policy();
        let cookie = |name, days| drift(&policy, (Thing::Cookie, name), Marks::HEADER, days);
        let new = cookie("mystery", 0).expect("drift");
        assert!(new.unclassified && new.held);
        assert_eq!(new.yaml, "cookies: [ { name: \"mystery\", purpose: CHOOSE } ]");
        assert_eq!(cookie("_ga", 6), None);
        let known = cookie("_ga", 7).expect("drift");
        assert_eq!((known.unclassified, &*known.yaml), (false, "cookies: [ { name: \"_ga\", purpose: analytics } ]"));
        assert_eq!(cookie("own_basket", 99), None, "the YAML names it");
        assert_eq!(drift(&policy, (Thing::Cookie, "_fbp"), Marks::SENT, 99), None, "any visitor could send it");
        assert_eq!(cookie("a\"b\\c", 0).expect("drift").yaml, "cookies: [ { name: \"a*b*c\", purpose: CHOOSE } ]");
    }

    #[test]
    fn a_third_party_nobody_knows_is_drift_though_it_runs() {
        let policy = policy();
        let host = |marks, days| drift(&policy, (Thing::ThirdParty, "new.example"), Marks::IN_PAGE | marks, days);
        let new = host(Marks::default(), 0).expect("drift");
        assert!(new.unclassified && !new.held);
        assert_eq!(new.yaml, "tags: [ { match: \"||new.example^\", purpose: CHOOSE } ]");
        assert_eq!(host(Marks::KNOWN | Marks::HOLDS, 1), None);
        assert!(host(Marks::KNOWN | Marks::HOLDS, 8).expect("drift").held);
        assert_eq!(host(Marks::KNOWN | Marks::DECLARED, 99), None);
        let asked = drift(&policy, (Thing::ThirdParty, "new.example"), Marks::ASKED, 99);
        assert_eq!(asked, None, "any visitor could ask");
    }

    #[test]
    fn what_browsers_report_is_drift_once_it_is_believed_and_nobody_has_classified_it() {
        let policy = policy();
        let believed = Marks::REPORTED | Marks::BELIEVED;
        for (thing, yaml) in [
            (Thing::StorageKey, "storage: [ { key: \"mystery\", purpose: CHOOSE } ]"),
            (Thing::Cookie, "cookies: [ { name: \"mystery\", purpose: CHOOSE } ]"),
        ] {
            assert_eq!(drift(&policy, (thing, "mystery"), Marks::REPORTED, 99), None, "any visitor could report it");
            let new = drift(&policy, (thing, "mystery"), believed, 0).expect("drift");
            assert!(new.unclassified && new.held);
            assert_eq!(new.yaml, yaml);
        }
        assert_eq!(drift(&policy, (Thing::Cookie, "_fbp"), believed, 99), None);
        assert_eq!(drift(&policy, (Thing::Cookie, "own_basket"), believed, 99), None);
    }

    #[test]
    fn the_latest_are_listed_first_and_no_more_than_so_many() {
        let drifts = Drifts::default();
        let policy = policy();
        let new = drift(&policy, (Thing::Cookie, "x"), Marks::HEADER, 0).expect("drift");
        for n in 0..=MOST_DRIFTS as u64 {
            drifts.fired(Drift { name: format!("c{n}"), at: n, ..new.clone() });
        }
        drifts.remember(Drift { name: "c7".into(), at: 7, ..new });
        let latest = drifts.latest();
        assert_eq!((latest.len(), &*latest[0].name, drifts.count(Thing::Cookie)), (MOST_DRIFTS, "c200", 201));
    }
}
