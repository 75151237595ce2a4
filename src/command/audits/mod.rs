//! The audits that `serve` has made: `consentgate audit` run as a process of its own at its times, its reports kept,
//! and what is new since the last one told.
//!
//! A process of its own: what an audit needs of memory, and what breaks in it, is not the gate's. It ends with the gate.
//! Nothing here touches a visitor's request.

mod news;
mod run;
mod shelf;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;

use crate::admin;
use crate::audit::Config;
use crate::inventory::Teller;

use run::Running;
use shelf::Shelf;

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_millis(500);
/// After the start: whoever spreads visitors must have found the gate first.
const FIRST: Duration = Duration::from_secs(10);
/// After one that could not be made.
const AGAIN: Duration = Duration::from_hours(1);

/// What there is to know of them, for the dashboard and for whoever changes the configuration.
pub(super) struct Audits {
    config: ArcSwap<Config>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    kept: Arc<Vec<admin::Audit>>,
    /// When the next one begins.
    next: Option<SystemTime>,
    under_way: bool,
    failed: Option<String>,
    /// What was new, since the start of the gate.
    news: u64,
}

impl Audits {
    pub(super) fn new(config: &Config) -> Arc<Self> {
        Arc::new(Self { config: ArcSwap::from_pointee(config.clone()), state: Mutex::default() })
    }

    /// The configuration has changed.
    pub(super) fn follow(&self, config: &Config) {
        self.config.store(Arc::new(config.clone()));
    }

    /// Makes them on a thread of its own until the sender is dropped.
    pub(super) fn start(
        self: &Arc<Self>,
        teller: Option<Teller>,
        stop: Receiver<()>,
    ) -> std::io::Result<JoinHandle<()>> {
        let clerk = Clerk { audits: Arc::clone(self), teller, stop };
        thread::Builder::new().name("audits".into()).spawn(move || clerk.work())
    }

    pub(super) fn shown(&self) -> admin::Audits {
        let config = self.config.load();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        admin::Audits {
            every: config.every,
            kept: Arc::clone(&state.kept),
            next: state.next,
            under_way: state.under_way,
            failed: state.failed.clone(),
            news: state.news,
        }
    }

    /// A file of a kept audit.
    pub(super) fn file(&self, audit: &str, name: &str) -> Option<Vec<u8>> {
        Shelf::new(&self.config.load().folder).file(audit, name)
    }

    fn has_failed(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).failed.is_some()
    }

    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

struct Clerk {
    audits: Arc<Audits>,
    teller: Option<Teller>,
    stop: Receiver<()>,
}

impl Clerk {
    fn work(self) {
        let earliest = SystemTime::now() + FIRST;
        let (mut read, mut not_before) = (None, earliest);
        let mut failed_with = None;
        loop {
            let config = self.audits.config.load_full();
            if read.as_ref() != Some(&config.folder) {
                self.read(&config);
                read = Some(config.folder.clone());
            }
            // What it failed by may have been mended.
            if failed_with.as_ref().is_some_and(|failed| *failed != config) {
                (failed_with, not_before) = (None, SystemTime::now());
            }
            let next = self.due(&config, not_before);
            self.audits.set(|state| state.next = next);
            if next.is_some_and(|next| next <= SystemTime::now()) {
                not_before = self.make(&config);
                failed_with = self.audits.has_failed().then_some(config);
            }
            if !self.goes_on() {
                return;
            }
        }
    }

    /// False once the gate stops.
    fn goes_on(&self) -> bool {
        matches!(self.stop.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout))
    }

    fn read(&self, config: &Config) {
        let kept = Arc::new(Shelf::new(&config.folder).read());
        self.audits.set(|state| state.kept = kept);
    }

    fn due(&self, config: &Config, not_before: SystemTime) -> Option<SystemTime> {
        let every = config.every.filter(|_| !config.sites.is_empty())?;
        let last = self.audits.shown().kept.last().map(|audit| audit.at);
        let due = last.map_or(not_before, |last| last + every);
        Some(due.max(not_before))
    }

    /// Makes one, and says when the next may be made at the earliest.
    fn make(&self, config: &Config) -> SystemTime {
        self.audits.set(|state| state.under_way = true);
        let made = self.one(config);
        self.audits.set(|state| {
            state.under_way = false;
            state.failed = made.as_ref().err().cloned();
        });
        if let Err(fault) = &made {
            tracing::error!(
                "the audit could not be made, and is tried again in an hour, or once `audit:` in the YAML changes: {fault}"
            );
            return SystemTime::now() + AGAIN;
        }
        SystemTime::now()
    }

    fn one(&self, config: &Config) -> Result<(), String> {
        let folder = Shelf::new(&config.folder);
        // One that can be read: a damaged report must not keep all further audits from being made.
        let before = self.audits.shown().kept.last().map(|audit| folder.report(&audit.name));
        let running = Running::start(config, &folder.under_way()?, before.as_deref())?;
        if !running.ended(config.every.unwrap_or(AGAIN), || self.goes_on())? {
            return Ok(());
        }
        folder.keep(SystemTime::now(), config.keep)?;
        self.read(config);
        let kept = self.audits.shown().kept;
        let Some(audit) = kept.last() else { return Err("its report cannot be read".into()) };
        let told = news::tell(audit, self.teller.as_ref());
        self.audits.set(|state| state.news += told);
        Ok(())
    }
}
