//! Chromium as a process of its own, with a new and empty profile that goes when it goes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::protocol::Connection;

/// What it is called where it is installed.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// A busy machine takes so long to start it.
const PATIENCE: Duration = Duration::from_mins(1);
/// For the children of a browser that was ended.
const FAREWELL: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// Its own voice on the network would be taken for the site's, and a tab that nobody looks at has to run as one that
/// somebody does. A frame of another site in a process of its own would only be slower to look at.
const FLAGS: [&str; 20] = [
    "--headless",
    "--remote-debugging-port=0",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-blink-features=AutomationControlled",
    "--disable-site-isolation-trials",
    "--disable-dev-shm-usage",
    "--mute-audio",
    "--password-store=basic",
    "--window-size=1280,900",
];
const FEATURES: &str =
    "--disable-features=IsolateOrigins,site-per-process,Translate,OptimizationHints,MediaRouter,HttpsUpgrades";
/// A new browser keeps other sites' cookies; the throw-away profiles that a visitor is given would not.
const PREFERENCES: &str = r#"{"profile":{"cookie_controls_mode":0,"block_third_party_cookies":false}}"#;

/// For whoever gave the command, and for whoever has the gate give it.
const NO_SANDBOX: &str = " (in a container: --chromium-flag=--no-sandbox; for the gate's own audits in the YAML: \
    audit: { chromium_flags: [\"--no-sandbox\"] })";

/// Which browser, and how it is started.
#[derive(Clone, Debug, Default)]
pub struct Chromium {
    /// The program; found on `PATH` where it is not given.
    pub program: Option<PathBuf>,
    /// Further flags, as its own command line has them.
    pub flags: Vec<String>,
}

/// A browser that runs. It ends, and its profile is deleted, when this is dropped.
pub(super) struct Running {
    pub(super) connection: Connection,
    /// What it says it is.
    pub(super) agent: String,
    #[cfg_attr(not(test), expect(dead_code, reason = "it ends the browser when it is dropped"))]
    process: Process,
}

impl Running {
    /// Starts one.
    pub(super) async fn start(chromium: &Chromium) -> Result<Self, String> {
        let program = program(chromium)?;
        let mut process = Process::start(&program, &chromium.flags)?;
        let address = process.address().await.map_err(|why| format!("{}: {why}", program.display()))?;
        let connection = Connection::open(&address).await?;
        let version = connection.call("", "Browser.getVersion", serde_json::json!({})).await;
        let version = version.map_err(|fault| fault.to_string())?;
        // Notices hide from a browser that says nobody looks at it; the owner's log still tells who asked.
        let own = version["userAgent"].as_str().unwrap_or_default().replace("HeadlessChrome", "Chrome");
        let agent = format!("{own} consentgate-audit/{}", env!("CARGO_PKG_VERSION"));
        Ok(Self { connection, agent, process })
    }

    /// The process, for whoever looks after it.
    #[cfg(test)]
    pub(super) fn process(&mut self) -> &mut Child {
        &mut self.process.child
    }

    /// Where its profile is.
    #[cfg(test)]
    pub(super) fn profile(&self) -> PathBuf {
        self.process.profile.clone()
    }
}

struct Process {
    child: Child,
    profile: PathBuf,
}

impl Process {
    fn start(program: &Path, flags: &[String]) -> Result<Self, String> {
        let profile = profile().map_err(|fault| format!("a new profile for the browser: {fault}"))?;
        let started = begin(program, flags, &profile);
        match started {
            Ok(child) => Ok(Self { child, profile }),
            Err(fault) => {
                let _ = fs::remove_dir_all(&profile);
                Err(format!("{}: {fault}", program.display()))
            }
        }
    }

    /// Where it listens: it writes the port and the path into its profile.
    async fn address(&mut self) -> Result<String, String> {
        let file = self.profile.join("DevToolsActivePort");
        let until = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < until {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if let Some((port, path)) = text.split_once('\n').filter(|(_, path)| path.starts_with('/')) {
                return Ok(format!("ws://127.0.0.1:{}{}", port.trim(), path.trim()));
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("ended at once ({status}): {}", self.last_words()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Err(format!("did not start within {PATIENCE:?}: {}", self.last_words()))
    }

    fn last_words(&self) -> String {
        let said = fs::read(self.profile.join("said.log")).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let mut lines: Vec<_> = said.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
        lines.reverse();
        let hint = if said.contains("sandbox") { NO_SANDBOX } else { "" };
        format!("{}{hint}", lines.join(" / "))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Its own children notice a moment later, and until then write, or make the folder anew.
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            let _ = fs::remove_dir_all(&self.profile);
            std::thread::sleep(LOOK_AGAIN);
            if !self.profile.exists() {
                return;
            }
        }
        tracing::warn!("the browser's profile could not be deleted: {}", self.profile.display());
    }
}

fn begin(program: &Path, flags: &[String], profile: &Path) -> std::io::Result<Child> {
    let said = fs::File::create(profile.join("said.log"))?;
    let mut command = Command::new(program);
    command.args(FLAGS).arg(FEATURES).arg(format!("--user-data-dir={}", profile.display()));
    command.args(flags).arg("about:blank");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said);
    command.spawn()
}

/// A folder that nobody else on this machine can have made, or read.
fn profile() -> std::io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|fault| std::io::Error::other(fault.to_string()))?;
    let name = format!("consentgate-audit-{:016x}", u64::from_ne_bytes(random));
    let folder = std::env::temp_dir().join(name);
    fs::DirBuilder::new().mode(0o700).create(&folder)?;
    fs::create_dir(folder.join("Default"))?;
    fs::write(folder.join("Default/Preferences"), PREFERENCES)?;
    Ok(folder)
}

fn program(chromium: &Chromium) -> Result<PathBuf, String> {
    if let Some(program) = &chromium.program {
        return Ok(program.clone());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place| place.is_file()).ok_or_else(|| {
        format!(
            "no browser: none of {} is on PATH. Install Chromium (Debian and Ubuntu: apt install chromium), or say where \
             it is with --chromium PATH (in the YAML: audit: {{ chromium: PATH }}); --mode http needs none",
            NAMES.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::audit::browser::protocol::Fault;

    #[tokio::test]
    async fn a_browser_that_dies_is_an_error_and_leaves_nothing_behind() {
        let chromium = Chromium { flags: vec!["--no-sandbox".into()], ..Chromium::default() };
        if program(&chromium).is_err() {
            eprintln!("NOT TESTED: there is no Chromium on this machine");
            return;
        }
        let mut running = Running::start(&chromium).await.unwrap();
        assert!(running.agent.contains("Chrome/") && !running.agent.contains("Headless"), "{}", running.agent);
        let (connection, profile) = (running.connection.clone(), running.profile());
        assert!(profile.join("DevToolsActivePort").is_file());
        let no = connection.call("", "No.suchMethod", json!({})).await;
        assert!(matches!(no, Err(Fault::Refused("No.suchMethod", _))), "{no:?}");
        let page = connection.call("", "Target.createTarget", json!({ "url": "about:blank" })).await.unwrap();
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let session = connection.call("", "Target.attachToTarget", attach).await.unwrap();
        let never = json!({ "expression": "new Promise(() => {})", "awaitPromise": true });
        let session = session["sessionId"].as_str().unwrap();
        let late = connection.call_within(session, ("Runtime.evaluate", never), Duration::from_millis(200)).await;
        assert_eq!(late, Err(Fault::Late("Runtime.evaluate")));
        running.process().kill().unwrap();
        let said = connection.call("", "Target.createTarget", json!({ "url": "about:blank" })).await;
        assert_eq!(said, Err(Fault::Gone));
        assert!(connection.has_ended());
        drop(running);
        assert!(!profile.exists());
    }
}
