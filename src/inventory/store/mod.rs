//! The inventory between starts: a `SQLite` file, and one thread that writes it and looks for drift.
//!
//! No request waits for it. What it cannot write it keeps in memory and tries again; a damaged file is put aside. Two
//! nodes may write one file: counts add up, and what one of them has told as drift the other does not tell again.

mod database;
mod keeper;

use std::io;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::config::Config;
use super::item::{Marks, State};
use super::seen::Inventory;
use super::stock::Thing;
use super::webhook::Teller;
use crate::policy::Policy;

use self::database::Database;
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

/// The names of the cookies that the site itself was seen to set, as they were last written; the file is only read, also
/// while a gate writes it.
///
/// # Errors
/// Where there is no such file, or it is no inventory.
pub fn kept_cookies(file: &Path, site: &str) -> Result<Vec<String>, String> {
    let items = Database::to_read(file).and_then(|kept| kept.items(site)).map_err(|fault| fault.to_string())?;
    let set = |(thing, _, state): &(Thing, String, State)| *thing == Thing::Cookie && state.marks.has(Marks::HEADER);
    Ok(items.into_iter().filter(set).map(|(_, name, _)| name).collect())
}

#[cfg(test)]
mod tests;
