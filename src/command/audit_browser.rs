//! `--mode browser` of `audit` and `init`: which browser, how it is started, and that it ends with the command.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::audit::{Browsers, Chromium, Settings};

/// A browser grows with the pages it has shown; starting one takes a second.
const PAGES_EACH: usize = 2_000;

/// What the command line says of the browser.
#[derive(Args)]
pub(super) struct Browser {
    /// The browser of --mode browser; else chromium, chromium-browser or google-chrome from PATH
    #[arg(long, value_name = "PATH")]
    chromium: Option<PathBuf>,
    /// A flag for the browser, such as --chromium-flag=--no-sandbox in a container; can be given again
    #[arg(long, value_name = "FLAG", allow_hyphen_values = true)]
    chromium_flag: Vec<String>,
    /// axe.min.js of axe-core, to look at the accessibility of notices in browser mode
    #[arg(long, value_name = "FILE")]
    axe: Option<PathBuf>,
}

impl Browser {
    /// Starts it, with pictures into this folder, where there is one.
    pub(super) async fn start(&self, folder: Option<&Path>) -> Result<Arc<Browsers>, String> {
        let axe = self.axe.as_ref().map(fs::read_to_string).transpose();
        let axe = axe.map_err(|fault| format!("--axe: {fault}"))?;
        let browsers = Browsers::new(Settings {
            chromium: Chromium { program: self.chromium.clone(), flags: self.chromium_flag.clone() },
            axe,
            folder: folder.map(Path::to_owned),
            pages_each: PAGES_EACH,
        });
        tokio::select! {
            ready = browsers.ready() => ready.map(|()| browsers.clone()),
            () = told_to_end() => Err("stopped before the browser had started".into()),
        }
    }
}

/// Somebody wants the audit to end: a browser that nobody ended would run on.
pub(super) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
