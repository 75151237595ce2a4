//! Councils' sites whose truth is known because it is written here: what each of them sets, stores and asks for in each
//! state, what its cookies page says, and which criteria it does not meet. They are told apart by address, 127.0.0.21 and on;
//! everything else that a browser asks for is another company's (`others`).

mod asking;
mod declaring;
mod others;
mod plain;
mod saved;
mod trackers;

use crate::serving::{Ask, Say, missing, package, start};

/// A site and the truth about it.
pub(crate) struct Council {
    pub(crate) name: &'static str,
    /// The last part of its address.
    pub(crate) last: u8,
    answer: fn(&Ask) -> Say,
    pub(crate) truth: Truth,
    /// What a visitor can do there besides reading.
    pub(crate) deeds: &'static [Deed],
    /// Errors of its scripts that come with the gate: limits that docs/guard.md names.
    pub(crate) limits: &'static [&'static str],
}

/// Something that has to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// A form that searches, on this page: what is typed is found again in the answer.
    Search(&'static str),
    /// A form that signs in, on this page: `Signed in as` follows, and still on the next page.
    LogIn(&'static str),
}

/// What there is in each state; a state that cannot be reached is `None`.
pub(crate) struct Truth {
    pub(crate) untouched: Facts,
    pub(crate) chosen: Option<Chosen>,
    pub(crate) declared: Option<Said>,
    pub(crate) not_met: &'static [&'static str],
    pub(crate) score: u8,
    /// Cookies and keys that may be there before a choice, with the gate in front too.
    pub(crate) essential: &'static [&'static str],
}

/// After each answer to the site's own notice.
pub(crate) struct Chosen {
    pub(crate) rejected: Facts,
    pub(crate) accepted: Facts,
    pub(crate) withdrawn: Facts,
}

/// `name[@domain] header|script seconds|session`, `kind key[@host]`, hosts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Facts {
    pub(crate) cookies: &'static [&'static str],
    pub(crate) storage: &'static [&'static str],
    pub(crate) hosts: &'static [&'static str],
}

/// The cookies page beside what there is.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) missing: &'static [&'static str],
    pub(crate) unseen: &'static [&'static str],
    /// Named with a lifetime that is not true.
    pub(crate) lifetimes: &'static [&'static str],
}

const NOTHING: Facts = Facts { cookies: &[], storage: &[], hosts: &[] };

/// All that can be served here: packages and saved pages may not have been fetched. `COUNCILS=Pendle,Norwell` names some.
pub(crate) fn all() -> Vec<Council> {
    let wanted = std::env::var("COUNCILS").unwrap_or_default();
    let wanted: Vec<_> = wanted.split(',').filter(|name| !name.is_empty()).collect();
    let is_wanted = |council: &Council| wanted.is_empty() || wanted.iter().any(|name| council.name.starts_with(name));
    every().into_iter().filter(is_wanted).collect()
}

fn every() -> Vec<Council> {
    let mut all = plain::councils();
    all.extend(declaring::councils());
    if there("the npm packages", crate::serving::packages().join("vanilla-cookieconsent").is_dir()) {
        all.extend(asking::councils());
        all.extend(trackers::councils());
    }
    if there("the saved pages", saved::folder().is_dir()) {
        all.extend(saved::councils());
    }
    all
}

fn there(what: &str, is: bool) -> bool {
    let required = std::env::var_os("CI").is_some()
        || std::env::var_os("CONSENTGATE_REQUIRE_PAGES").is_some_and(|value| value == "1");
    assert!(is || !required, "{what} are not there, and tests/run fetches them");
    if !is {
        println!("NOT TESTED: {what} are not there (tests/run)");
    }
    is
}

/// Serves all of them on one port.
pub(crate) fn serve() -> u16 {
    start(answer)
}

impl Council {
    /// Its first page, by this port.
    pub(crate) fn url(&self, port: u16) -> String {
        format!("http://{}:{port}/", self.host())
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.{}", self.last)
    }
}

fn answer(ask: &Ask) -> Say {
    let Some(last) = ask.host.strip_prefix("127.0.0.").and_then(|last| last.parse::<u8>().ok()) else {
        return others::answer(ask);
    };
    if let Some(file) = ask.file().strip_prefix("/npm/") {
        return package(file);
    }
    let found = ANSWERS.iter().find(|(known, _)| *known == last);
    match (found, ask.file()) {
        (_, "/sitemap.xml" | "/favicon.ico") | (None, _) => missing(),
        (Some((_, answer)), _) => answer(ask),
    }
}

type Answer = (u8, fn(&Ask) -> Say);

static ANSWERS: std::sync::LazyLock<Vec<Answer>> =
    std::sync::LazyLock::new(|| all().into_iter().map(|council| (council.last, council.answer)).collect());
