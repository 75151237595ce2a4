//! The audit as it is run on councils: with a browser to which every name but theirs leads to the same stub server.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Where a browser is, as `tests/run` installs it; `None` says why a test did nothing.
pub(crate) fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    let places =
        std::env::split_paths(&path).flat_map(|folder| ["chromium", "google-chrome"].map(|name| folder.join(name)));
    let found = named.into_iter().chain(places).find(|place| place.is_file());
    if found.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no Chromium, and tests/run installs one");
        eprintln!("NOT TESTED: there is no Chromium on this machine (apt install chromium, or tests/run)");
    }
    found
}

/// A browser, and where every other company's host leads to.
pub(crate) struct Eyes {
    pub(crate) chromium: PathBuf,
    pub(crate) port: u16,
}

impl Eyes {
    /// A command that looks with this browser.
    pub(crate) fn command(&self, word: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentgate"));
        command.args([word, "--mode", "browser", "--delay", "0ms", "--pages", "3", "--chromium"]).arg(&self.chromium);
        command.args(self.flags().map(|flag| format!("--chromium-flag={flag}")));
        command
    }

    /// Everybody's names are this machine's, and what they prove is believed.
    pub(crate) fn flags(&self) -> [String; 3] {
        let mapped = format!("--host-resolver-rules=MAP * 127.0.0.1:{}, EXCLUDE 127.0.0.*", self.port);
        ["--no-sandbox".to_owned(), "--ignore-certificate-errors".to_owned(), mapped]
    }

    /// Audits these sites, many at once.
    pub(crate) fn audit(&self, urls: &[String]) -> Value {
        let folder = tempfile::tempdir().expect("a folder");
        self.audit_into(urls, folder.path())
    }

    pub(crate) fn audit_into(&self, urls: &[String], out: &Path) -> Value {
        let at_once = std::env::var("AT_ONCE").unwrap_or_else(|_| "10".to_owned());
        let done = self.command("audit").args(["--at-once", &at_once, "--out"]).arg(out).args(urls).output();
        let done = done.expect("it runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&std::fs::read(out.join("report.json")).expect("a report")).expect("JSON")
    }
}
