//! Where the inventory is kept, who is told of drift, and the canary of a site.

use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use url::Url;

use super::super::excerpt::quoted;
use super::super::known::path_pattern_fault;
use super::super::written::{self, Found, Key, Mode, Site};
use super::{Resolver, items};
use crate::gateway::Canary;
use crate::inventory::{Config, Webhook};

/// A learning time beyond says nothing any more.
const LONGEST: Duration = Duration::from_hours(24 * 400);

impl Resolver<'_, '_> {
    pub(super) fn inventory(&mut self, written: &written::File, ledger: &Path) -> Config {
        let default = Config { file: Some(beside(ledger)), ..Config::default() };
        let inventory = written.inventory.as_ref().map(|found| &found.1);
        let drift = written.drift.as_ref().map(|found| &found.1);
        let url = inventory.and_then(|written| written.url.as_ref());
        Config {
            file: url.map_or_else(|| default.file.clone(), |url| self.inventory_file(url, ledger)),
            every: inventory.map_or(default.every, |written| self.duration(&written.every, default.every)),
            after: drift.map_or(default.after, |written| self.learning(&written.after, default.after)),
            webhook: drift.and_then(|written| self.webhook(written.webhook.as_ref()?)),
        }
    }

    fn inventory_file(&mut self, url: &Found<String>, ledger: &Path) -> Option<PathBuf> {
        if url.1 == "none" {
            return None;
        }
        let Some(file) = url.1.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file)) else {
            let hint = "write sqlite:FILE, such as sqlite:consentgate-inventory.db, or none";
            self.fault(url, "not an inventory", hint);
            return None;
        };
        if file.is_empty() || file.starts_with(':') || file.contains('?') {
            self.fault(url, "not the name of a file", "write none to keep it in memory alone");
        }
        if Path::new(file) == ledger {
            self.fault(url, "this is the ledger's file", "give the inventory a file of its own");
        }
        Some(file.into())
    }

    fn learning(&mut self, key: &Key<String>, default: Duration) -> Duration {
        let Some(found) = key else { return default };
        let hint = "write a number and its unit, from 0s to 400d: 7d";
        match humantime::parse_duration(&found.1) {
            Ok(after) if after <= LONGEST => return after,
            Ok(_) => self.fault(found, "too long to learn", hint),
            Err(_) => self.fault(found, format!("{} is not a time", quoted(&found.1)), hint),
        }
        default
    }

    /// The address may be a secret: it is not said again.
    fn webhook(&mut self, found: &Found<String>) -> Option<Webhook> {
        let url = Url::parse(&found.1).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = url else {
            self.fault(found, "not an address that can be posted to", "write https://, a host and a path");
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.fault(found, "a webhook's address holds no user or password", "put its token into the path");
        }
        Some(Webhook(url))
    }

    pub(super) fn canary(&mut self, site: &Site) -> Option<Canary> {
        let found = site.canary.as_ref()?;
        let Found(_, written) = found;
        let canary = Canary {
            visitors: written.visitors.as_ref().map_or(0, |share| self.share_of_visitors(share)),
            header: written.header.as_ref().and_then(|header| self.canary_header(header)),
            paths: items(&written.paths).iter().filter_map(|path| self.canary_path(path)).collect(),
        };
        let place = self.place(found);
        if canary == Canary::default() && !self.report.has_fault_in(&place) {
            self.fault(found, "the canary is empty", "add 'visitors: 5%', 'header: \"X-Canary: 1\"' or 'paths:'");
        }
        if let Some(Found(_, Mode::Enforce | Mode::Off)) = site.mode {
            let hint = "take 'canary' out, or write 'mode: observe'";
            self.report.warn(&place, "does nothing: the gate does the same for every visitor in this mode", hint);
        }
        Some(canary)
    }

    fn share_of_visitors(&mut self, found: &Found<String>) -> u32 {
        let number = found.1.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let share = number.map(|number| number * 100.0).filter(|share| (1.0..=10_000.0).contains(share));
        let Some(share) = share else {
            self.fault(
                found,
                format!("{} is not a share", quoted(&found.1)),
                "write it from 0.01% to 100%, such as 5%",
            );
            return 0;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 10,000, as was just seen"
        )]
        let share = share.round() as u32;
        share
    }

    fn canary_header(&mut self, found: &Found<String>) -> Option<(HeaderName, HeaderValue)> {
        let header = found.1.split_once(':').and_then(|(name, value)| {
            Some((name.trim().parse::<HeaderName>().ok()?, value.trim().parse::<HeaderValue>().ok()?))
        });
        if header.is_none() {
            self.fault(found, format!("{} is not a header", quoted(&found.1)), "write it as \"X-Canary: 1\"");
        }
        header
    }

    fn canary_path(&mut self, found: &Found<String>) -> Option<String> {
        if let Some(why) = path_pattern_fault(&found.1) {
            self.fault(found, why, "write a path such as \"/news/*\"");
            return None;
        }
        Some(found.1.clone())
    }
}

/// `consentgate.db` has `consentgate-inventory.db` beside it.
fn beside(ledger: &Path) -> PathBuf {
    let stem = ledger.file_stem().unwrap_or_default().to_string_lossy();
    ledger.with_file_name(format!("{stem}-inventory.db"))
}

#[cfg(test)]
mod tests {
    use super::beside;
    use std::path::Path;

    #[test]
    fn the_inventory_stands_beside_the_ledger() {
        for (ledger, inventory) in [
            ("consentgate.db", "consentgate-inventory.db"),
            ("/var/lib/consentgate/ledger.sqlite", "/var/lib/consentgate/ledger-inventory.db"),
        ] {
            assert_eq!(beside(Path::new(ledger)), Path::new(inventory));
        }
    }
}
