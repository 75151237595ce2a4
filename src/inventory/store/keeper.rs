//! The one thread that writes the inventory, and the one place where something new is found to be drift.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::config::Config;
use super::super::drift::{Drift, Eye};
use super::super::item::Item;
use super::super::stock::Thing;
use super::super::webhook::Teller;
use super::database::{Change, Database, is_damage};
use super::{Sites, Watched};
use crate::consent::UnixSeconds;

/// As long as a browser keeps a cookie (RFC 6265bis section 5.5): 400 days.
const LONGEST: u64 = 400 * 86_400;

/// The thread's own.
pub(super) struct Keeper {
    config: Config,
    sites: Sites,
    teller: Option<Teller>,
    database: Option<Database>,
    /// What the file was like when it was last read.
    stamp: Option<i64>,
    /// Which sites have been read.
    read: Vec<String>,
    in_trouble: bool,
}

impl Keeper {
    pub(super) fn new(config: Config, sites: Sites, teller: Option<Teller>) -> Self {
        let database = opened(&config);
        Self { config, sites, teller, database, stamp: None, read: Vec::new(), in_trouble: false }
    }

    pub(super) fn run(mut self, stopped: &Receiver<()>) {
        while stopped.recv_timeout(self.config.every) == Err(RecvTimeoutError::Timeout) {
            self.keep();
        }
        self.keep();
        self.database.into_iter().for_each(Database::close);
    }

    /// Reads what is kept of every site, before anything is seen.
    pub(super) fn load(&mut self) {
        let sites = (self.sites)();
        let old = self.database.as_ref().map_or(Ok(()), |database| database.forget(now().saturating_sub(LONGEST)));
        let outcome = old.and_then(|()| self.read_again(&sites));
        self.said(outcome);
    }

    /// Writes what was seen since the last time, and tells what is new.
    pub(super) fn keep(&mut self) {
        let sites = (self.sites)();
        let outcome = self.read_again(&sites).and_then(|()| self.write(&sites));
        match outcome {
            Ok(told) => {
                for (site, drift) in told {
                    self.tell(&sites[site], drift);
                }
                self.said(Ok(()));
            }
            Err(fault) => self.said(Err(fault)),
        }
    }

    /// What another node has written is everybody's; a site that a reload has added may have been here before.
    fn read_again(&mut self, sites: &[Watched]) -> rusqlite::Result<()> {
        let Some(database) = &self.database else { return Ok(()) };
        let stamp = database.stamp()?;
        let changed = self.stamp != Some(stamp);
        for site in sites {
            if !changed && self.read.contains(&site.name) {
                continue;
            }
            for (thing, name, state) in database.items(&site.name)? {
                let register = site.inventory.stock.register(thing);
                register.with(&name, state.first, |item| {
                    item.absorb(&state, 0);
                    item.looked_at();
                });
            }
            database.drifts(&site.name)?.into_iter().rev().for_each(|drift| site.inventory.drifts.remember(drift));
        }
        self.read = sites.iter().map(|site| site.name.clone()).collect();
        self.stamp = Some(stamp);
        Ok(())
    }

    /// Everything in one transaction. Gives the drift that nobody has told of, by the place of its site.
    fn write(&mut self, sites: &[Watched]) -> rusqlite::Result<Vec<(usize, Drift)>> {
        let (now, after) = (now(), self.config.after);
        let Some(database) = &mut self.database else { return Ok(Vec::new()) };
        let (told, written) = database.change(|change| {
            let (mut told, mut written) = (Vec::new(), Vec::new());
            for (place, site) in sites.iter().enumerate() {
                let since = change.since(&site.name, now)?;
                let Watched { policy, inventory, enforces, .. } = site;
                let eye = Eye { policy, stock: &inventory.stock, enforces: *enforces, since, after, now };
                for thing in Thing::ALL {
                    for (name, item) in inventory.stock.register(thing).all() {
                        let Some(one) = put(change, (&site.name, thing, &name), &item)? else { continue };
                        let drift = item.is_new().then(|| one.is_first.then(|| eye.drift(thing, &name, &one.state)));
                        if let Some(drift) = drift.flatten().flatten()
                            && change.tells(&site.name, &drift)?
                        {
                            told.push((place, drift));
                        }
                        written.push((item, one));
                    }
                }
            }
            Ok((told, written))
        })?;
        for (item, one) in written {
            item.absorb(&one.state, one.count);
            item.looked_at();
        }
        Ok(told)
    }

    /// The file is broken while it is open.
    #[cfg(test)]
    pub(super) fn breaks(&mut self, file: &std::path::Path) {
        self.database.take().into_iter().for_each(Database::close);
        std::fs::write(file, [0xA5; 8192]).expect("a file that can be written");
        self.database = Some(Database::unchecked(file));
    }

    /// Once, and never again: it stands in the file now.
    fn tell(&self, site: &Watched, drift: Drift) {
        let state = match (site.enforces, drift.held) {
            (_, true) => "it is held already",
            (true, false) => "it runs, as the site's rules have it",
            (false, _) => "nothing is held: the site is observed",
        };
        let Drift { name, unclassified, yaml, .. } = &drift;
        let kind = drift.thing.name();
        // As it is, for it is there to be pasted: an escaped quote would make another name of it, one that never comes.
        tracing::warn!(site = site.name, kind, name, unclassified, %yaml, "drift: new on the site; {state}");
        if let Some(teller) = &self.teller {
            teller.tell(drift.json(&site.name));
        }
        site.inventory.drifts.fired(drift);
    }

    /// A fault is said when it begins, not every few seconds. A broken file is put aside, and the new one hears everything.
    fn said(&mut self, outcome: rusqlite::Result<()>) {
        let Err(fault) = outcome else {
            self.in_trouble = false;
            return;
        };
        if !self.in_trouble {
            tracing::error!("the inventory cannot be written, and stays in memory meanwhile: {fault}");
        }
        self.in_trouble = true;
        if is_damage(&fault) {
            self.database = None;
            self.database = opened(&self.config);
            (self.stamp, self.in_trouble) = (None, false);
            for site in (self.sites)() {
                for thing in Thing::ALL {
                    site.inventory.stock.register(thing).all().iter().for_each(|(_, item)| item.store_again());
                }
            }
        }
    }
}

/// One thing as it stands in the file now.
struct Put {
    state: super::super::item::State,
    /// How many sightings of this node's were added.
    count: u64,
    /// No node had written it.
    is_first: bool,
}

/// Adds what the file has not heard of; `None` where that is nothing.
fn put(change: &Change<'_>, key: (&str, Thing, &str), item: &Item) -> rusqlite::Result<Option<Put>> {
    let count = item.unstored();
    if count == 0 {
        return Ok(None);
    }
    let mut state = super::super::item::State { count, ..item.state() };
    let before = change.item(key)?;
    if let Some(before) = &before {
        let newer = std::mem::replace(&mut state, before.clone());
        state.merge(&newer);
    }
    change.put(key, &state)?;
    Ok(Some(Put { state, count, is_first: before.is_none() }))
}

/// The file, or memory where there is none that can be used: what was seen is still shown, and drift still told.
fn opened(config: &Config) -> Option<Database> {
    let in_memory = || Database::in_memory().inspect_err(|fault| tracing::error!("no inventory: {fault}")).ok();
    let Some(file) = &config.file else { return in_memory() };
    match Database::open(file, now()) {
        Ok((open, None)) => Some(open),
        Ok((open, Some(aside))) => {
            let (file, aside) = (file.display(), aside.display());
            tracing::warn!("the inventory {file} was damaged: it was put aside as {aside}, and a new one begun");
            Some(open)
        }
        Err(why) => {
            let file = file.display();
            tracing::error!("the inventory {file} cannot be used, and is kept in memory until the next start: {why}");
            in_memory()
        }
    }
}

fn now() -> UnixSeconds {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
