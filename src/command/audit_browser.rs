//! `--mode browser` of `audit` and `init`: which browser, how it is started, and that it ends with the command.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::{fs, io};

use clap::Args;
use tokio::sync::watch;

use crate::audit::{Browsers, Chromium, Reach, Settings};

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
    pub(super) async fn start(&self, folder: Option<&Path>, reach: Option<&Reach>) -> Result<Arc<Browsers>, String> {
        let axe = self.axe.as_ref().map(fs::read_to_string).transpose();
        let axe = axe.map_err(|fault| format!("--axe: {fault}"))?;
        let flags = reach.map(Reach::flag).into_iter().chain(self.chromium_flag.iter().cloned()).collect();
        let browsers = Browsers::new(Settings {
            chromium: Chromium { program: self.chromium.clone(), flags },
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

/// Said once the standard input is closed.
static CLOSED: OnceLock<watch::Receiver<bool>> = OnceLock::new();

/// From now on an audit ends when nobody writes to its input any more: whoever started it may have been killed.
pub(super) fn end_with_input() {
    let (tell, told) = watch::channel(false);
    // A thread that nobody waits for: tokio's own reader of the input would keep the program from ending.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        tell.send(true)
    });
    let _ = CLOSED.set(told);
}

/// Somebody wants the audit to end: a browser that nobody ended would run on.
pub(super) async fn told_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = input_closed() => {}
    }
}

async fn input_closed() {
    let Some(mut closed) = CLOSED.get().cloned() else { return std::future::pending().await };
    let _ = closed.wait_for(|closed| *closed).await;
}
