//! One audit as a process of its own.

use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::audit::{Config, Mode};

/// What is read of its complaints.
const LONGEST: u64 = 4096;
/// No audit takes longer.
const PATIENCE: Duration = Duration::from_hours(12);
/// After it was told to end: it takes its browser with it.
const FAREWELL: Duration = Duration::from_secs(15);

pub(super) struct Running {
    child: Child,
    complaints: thread::JoinHandle<String>,
}

impl Running {
    /// `before`: the report it is compared with.
    pub(super) fn start(config: &Config, folder: &Path, before: Option<&Path>) -> Result<Self, String> {
        let mut command = Command::new(program());
        command.args(arguments(config, folder, before));
        // It ends when this end of its input is closed, be it because the gate was killed.
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| format!("it cannot be started: {fault}"))?;
        let stderr = child.stderr.take();
        let complaints = thread::spawn(move || stderr.map(heard).unwrap_or_default());
        Ok(Self { child, complaints })
    }

    /// Waits until it has ended; false when it was ended, because the gate stops.
    pub(super) fn ended(mut self, every: Duration, goes_on: impl Fn() -> bool) -> Result<bool, String> {
        let end = Instant::now() + every.min(PATIENCE);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(true),
                Ok(Some(status)) => {
                    let said = self.complaints.join().unwrap_or_default();
                    return Err(if said.is_empty() { format!("it ended with {status}") } else { said });
                }
                Ok(None) if Instant::now() > end => {
                    self.end();
                    return Err("it took too long and was ended".into());
                }
                Ok(None) => {}
                Err(fault) => return Err(fault.to_string()),
            }
            if !goes_on() {
                self.end();
                return Ok(false);
            }
        }
    }

    fn end(&mut self) {
        drop(self.child.stdin.take());
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The file may have been replaced since the start: the same version is meant.
fn program() -> PathBuf {
    let same = PathBuf::from("/proc/self/exe");
    if same.exists() { same } else { std::env::current_exe().unwrap_or_else(|_| "consentgate".into()) }
}

fn arguments(config: &Config, folder: &Path, before: Option<&Path>) -> Vec<OsString> {
    let mode = match config.mode {
        Mode::Http => "http",
        Mode::Browser => "browser",
    };
    let mut all: Vec<OsString> = ["audit", "--while-input", "--mode", mode, "--pages"].map(Into::into).into();
    all.push(config.pages.to_string().into());
    let files = [("--out", Some(folder)), ("--against", before)];
    let browser = [("--chromium", config.chromium.as_deref()), ("--axe", config.axe.as_deref())];
    for (flag, path) in files.into_iter().chain(browser) {
        all.extend(path.into_iter().flat_map(|path| [flag.into(), path.into()]));
    }
    all.extend(config.chromium_flags.iter().map(|flag| format!("--chromium-flag={flag}").into()));
    all.extend(config.sites.iter().map(|site| site.as_str().into()));
    all
}

/// The first lines of what it says; the rest is taken and thrown away, so that it never waits for a reader.
fn heard(mut from: impl std::io::Read) -> String {
    let mut text = Vec::new();
    let _ = from.by_ref().take(LONGEST).read_to_end(&mut text);
    let _ = std::io::copy(&mut from, &mut std::io::sink());
    String::from_utf8_lossy(&text).trim().trim_start_matches("consentgate: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_is_the_command_anyone_can_repeat() {
        let config = Config {
            sites: vec!["https://www.example.gov.uk/".parse().unwrap()],
            mode: Mode::Browser,
            chromium: Some("/opt/chromium".into()),
            chromium_flags: vec!["--no-sandbox".into()],
            ..Config::default()
        };
        let all = arguments(&config, Path::new("audits/under-way"), Some(Path::new("audits/a/report.json")));
        let line: Vec<_> = all.iter().map(|word| word.to_string_lossy()).collect();
        assert_eq!(
            line.join(" "),
            "audit --while-input --mode browser --pages 20 --out audits/under-way --against audits/a/report.json \
             --chromium /opt/chromium --chromium-flag=--no-sandbox https://www.example.gov.uk/"
        );
    }
}
