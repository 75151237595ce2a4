//! The audits that the gate has made by itself.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::Mode;

/// When, of which sites, and where the reports go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// From the end of one to the beginning of the next; `None`: never.
    pub every: Option<Duration>,
    /// Each by the address of its first page.
    pub sites: Vec<Url>,
    /// With a browser or without.
    pub mode: Mode,
    /// At most so many of each site.
    pub pages: u32,
    /// A directory for each audit, named by its time.
    pub folder: PathBuf,
    /// How many audits stay there.
    pub keep: usize,
    /// The browser, where it is not found by itself.
    pub chromium: Option<PathBuf>,
    /// Flags for it.
    pub chromium_flags: Vec<String>,
    /// axe-core's script, to look at the accessibility of notices.
    pub axe: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            every: None,
            sites: Vec::new(),
            mode: Mode::Http,
            pages: 20,
            folder: "audits".into(),
            keep: 26,
            chromium: None,
            chromium_flags: Vec::new(),
            axe: None,
        }
    }
}
