//! The ledger's file and how long records stay; how fast choices may come.

use std::time::Duration;

use super::super::written::{self, Found, Key};
use super::{DAY, Resolver};
use crate::config::excerpt::quoted;
use crate::gateway::Choices;
use crate::ledger;

const DEFAULT: &str = "consentgate.db";

impl Resolver<'_, '_> {
    /// `longest` is how long a choice is kept, in days: its proof must not go before it.
    pub(super) fn ledger(&mut self, written: Option<&Found<written::Ledger>>, longest: u32) -> ledger::Config {
        let Some(Found(_, written)) = written else { return ledger::Config::at(DEFAULT) };
        let file = written.url.as_ref().map_or_else(|| DEFAULT.into(), |url| self.ledger_file(url));
        ledger::Config {
            keep: self.keep(&written.keep, longest),
            legal_hold: written.legal_hold.as_ref().is_some_and(|found| found.1),
            ..ledger::Config::at(file)
        }
    }

    fn ledger_file(&mut self, url: &Found<String>) -> String {
        let Some(file) = url.1.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file)) else {
            let message =
                if url.1.starts_with("postgres") { "PostgreSQL is not in this version yet" } else { "not a ledger" };
            self.fault(url, message, "write sqlite:FILE, such as sqlite:consentgate.db");
            return DEFAULT.into();
        };
        if file.is_empty() || file.starts_with(':') || file.contains('?') {
            self.fault(url, "not the name of a file", "the proof must outlive the gate: write sqlite:consentgate.db");
        }
        file.into()
    }

    fn keep(&mut self, key: &Key<String>, longest: u32) -> Option<Duration> {
        let found = key.as_ref()?;
        let Ok(keep) = humantime::parse_duration(&found.1) else {
            let hint = "write a number of days, such as 730d";
            self.fault(found, format!("{} is not a time", quoted(&found.1)), hint);
            return None;
        };
        if keep < DAY * longest {
            let hint = format!("a choice is kept for {longest} days: write {longest}d or more");
            self.fault(found, "the proof of a choice would go before the choice", hint);
        }
        Some(keep)
    }
}

pub(super) fn choices(written: Option<&Found<written::Choices>>) -> Choices {
    let default = Choices::default();
    let Some(Found(_, written)) = written else { return default };
    Choices {
        at_once: written.at_once.as_ref().map_or(default.at_once, |found| found.1),
        a_minute: written.a_minute.as_ref().map_or(default.a_minute, |found| found.1),
    }
}
