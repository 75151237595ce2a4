//! The inventory between starts: a `SQLite` file, and one thread that writes it and looks for drift.
//!
//! No request waits for it. What it cannot write it keeps in memory and tries again; a damaged file is put aside. Two
//! nodes may write one file: counts add up, and what one of them has told as drift the other does not tell again.

mod database;
mod keeper;

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::config::Config;
use super::seen::Inventory;
use super::webhook::Teller;
use crate::policy::Policy;

use self::keeper::Keeper;

/// One site whose inventory is kept.
pub struct Watched {
    /// Its name.
    pub name: String,
    /// What was seen.
    pub inventory: Arc<Inventory>,
    /// What it is judged by.
    pub policy: Arc<Policy>,
    /// The site acts on its verdicts.
    pub enforces: bool,
}

/// The sites as they are at the moment of asking: a reload changes them.
pub type Sites = Box<dyn Fn() -> Vec<Watched> + Send>;

/// The kept inventory.
pub struct Store {
    stop: Mutex<Option<(SyncSender<()>, JoinHandle<()>)>>,
}

impl Store {
    /// Reads what is kept into the sites' inventories, and starts the thread.
    ///
    /// # Errors
    /// Only where no thread can be made: a file that cannot be used is said in the log, and what is seen stays in memory.
    pub fn start(config: &Config, sites: Sites, teller: Option<Teller>) -> io::Result<Self> {
        let (stop, stopped) = sync_channel(1);
        let mut keeper = Keeper::new(config.clone(), sites, teller);
        keeper.load();
        let thread = Builder::new().name("inventory".into()).spawn(move || keeper.run(&stopped))?;
        Ok(Self { stop: Mutex::new(Some((stop, thread))) })
    }

    /// Writes what has been seen since the last time, and ends the thread.
    pub fn close(&self) {
        let running = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = running {
            // Neither can fail in a way that matters: a thread that has ended is what is asked for.
            drop(stop);
            drop(thread.join());
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
