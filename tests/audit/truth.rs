//! What an audit says of a council beside what is true: facts in the words that the truth is written in, and how many of
//! them were found, missed or made up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use crate::councils::{Council, Facts};

pub(crate) const KINDS: [&str; 3] = ["cookies", "storage", "third parties"];
pub(crate) const STATES: [&str; 4] = ["untouched", "rejected", "accepted", "withdrawn"];

/// Of each kind, the facts.
pub(crate) type Known = [BTreeSet<String>; 3];

/// What is true of a state; `None` where it cannot be reached.
pub(crate) fn true_of(council: &Council, state: &str) -> Option<Known> {
    let chosen = council.truth.chosen.as_ref();
    let facts = match state {
        "untouched" => Some(&council.truth.untouched),
        "rejected" => chosen.map(|chosen| &chosen.rejected),
        "accepted" => chosen.map(|chosen| &chosen.accepted),
        _ => chosen.map(|chosen| &chosen.withdrawn),
    };
    facts.map(|Facts { cookies, storage, hosts }| {
        let set = |facts: &[&str]| facts.iter().map(|fact| (*fact).to_owned()).collect();
        [cookies.iter().map(|fact| rounded(fact)).collect(), set(storage), set(hosts)]
    })
}

/// What the audit found in a state; `None` where it did not reach it.
pub(crate) fn found_in(council: &Council, site: &Value, state: &str) -> Option<Known> {
    let own = council.host();
    let state = site["states"].get(state).filter(|state| !state.is_null())?;
    let list = |name: &str| state[name].as_array().expect("a list").iter();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let at = |host: &str| if host == own { String::new() } else { format!("@{host}") };
    let cookie = |one: &Value| {
        let lifetime = one["wire_lifetime"].as_u64().map_or("session".to_owned(), |seconds| seconds.to_string());
        let (name, domain) = (text(one, "name"), text(one, "domain"));
        rounded(&format!("{name}{} {} {lifetime}", at(&domain), text(one, "set_by")))
    };
    let stored = |one: &Value| {
        let origin = url::Url::parse(&text(one, "origin")).expect("an origin");
        format!("{} {}{}", text(one, "kind"), text(one, "key"), at(origin.host_str().unwrap_or_default()))
    };
    let names = council.truth.untouched;
    Some([
        list("cookies").map(cookie).map(|fact| folded(fact, names.cookies)).collect(),
        list("storage").map(stored).map(|fact| folded(fact, names.storage)).collect(),
        list("third_parties").map(|one| text(one, "host")).collect(),
    ])
}

/// A name that is made up anew each time is written with a `*` where it is known.
fn folded(fact: String, known: &[&str]) -> String {
    let fits = |pattern: &str| {
        let (begin, rest) = pattern.split_once('*')?;
        let rest = if rest.is_empty() { String::new() } else { rounded(rest) };
        (fact.starts_with(begin) && fact.ends_with(&rest)).then(|| format!("{begin}*{rest}"))
    };
    known.iter().find_map(|pattern| fits(pattern)).unwrap_or(fact)
}

/// A date that was written is a second off, or on a busy machine some: to the hour where it is days, else to ten seconds.
fn rounded(fact: &str) -> String {
    let (begin, lifetime) = fact.rsplit_once(' ').expect("a fact has a lifetime");
    let Ok(seconds) = lifetime.parse::<u64>() else { return fact.to_owned() };
    let step = if seconds > 80_000 { 3_600 } else { 10 };
    format!("{begin} {}", (seconds + step / 2) / step * step)
}

#[derive(Clone, Copy, Default)]
struct Count {
    right: usize,
    made_up: usize,
    missed: usize,
}

impl Count {
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    fn shares(self) -> (f64, f64) {
        let share = |of: usize| if of == 0 { 1.0 } else { self.right as f64 / of as f64 };
        (share(self.right + self.made_up), share(self.right + self.missed))
    }

    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.made_up += other.made_up;
        self.missed += other.missed;
    }
}

/// Precision and recall, by state and kind.
#[derive(Default)]
pub(crate) struct Score {
    counts: BTreeMap<(&'static str, &'static str), Count>,
    /// Each fact that was missed or made up.
    pub(crate) wrong: Vec<String>,
}

impl Score {
    pub(crate) fn add(&mut self, council: &Council, site: &Value) {
        let nothing = || [BTreeSet::new(), BTreeSet::new(), BTreeSet::new()];
        for state in STATES {
            let is = true_of(council, state);
            let found = found_in(council, site, state);
            if is.is_some() != found.is_some() {
                let what = if is.is_some() { "not reached" } else { "cannot be reached, and was" };
                self.wrong.push(format!("{}: {state}: {what}: {}", council.name, site["gaps"]));
            }
            let (is, found) = (is.unwrap_or_else(nothing), found.unwrap_or_else(nothing));
            for (at, kind) in KINDS.into_iter().enumerate() {
                let (missed, made_up): (Vec<_>, Vec<_>) =
                    (is[at].difference(&found[at]).collect(), found[at].difference(&is[at]).collect());
                let count = Count {
                    right: is[at].intersection(&found[at]).count(),
                    made_up: made_up.len(),
                    missed: missed.len(),
                };
                self.counts.entry((state, kind)).or_default().add(count);
                let say = |what: &str, fact: &String| format!("{}: {state}: {kind}: {what}: {fact}", council.name);
                self.wrong.extend(missed.iter().map(|fact| say("missed", fact)));
                self.wrong.extend(made_up.iter().map(|fact| say("made up", fact)));
            }
        }
    }

    fn of(&self, state: Option<&str>, kind: &str) -> Count {
        let mut sum = Count::default();
        let counts =
            self.counts.iter().filter(|((of, what), _)| state.is_none_or(|state| state == *of) && *what == kind);
        counts.for_each(|(_, count)| sum.add(*count));
        sum
    }

    /// The least share of all, over all sites and in each state.
    pub(crate) fn least(&self) -> f64 {
        let states = STATES.into_iter().map(Some).chain([None]);
        let all = states.flat_map(|state| KINDS.map(|kind| self.of(state, kind).shares()));
        all.map(|(precision, recall)| precision.min(recall)).fold(1.0, f64::min)
    }

    /// For people: facts there, precision and recall.
    pub(crate) fn table(&self) -> String {
        let mut table = format!("{:<12}", "");
        for kind in KINDS {
            let _ = write!(table, "{:>16} {:>6} {:>6} {:>7}", kind, "there", "prec.", "recall");
        }
        for state in STATES.into_iter().map(Some).chain([None]) {
            let _ = write!(table, "\n{:<12}", state.unwrap_or("all"));
            for kind in KINDS {
                let count = self.of(state, kind);
                let (precision, recall) = count.shares();
                let _ = write!(table, "{:>16} {:>6} {precision:>6.3} {recall:>7.3}", "", count.right + count.missed);
            }
        }
        table
    }
}
