//! One tab of one visitor: opens pages, waits until they are quiet, and asks their frames.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

use super::launch::Running;
use super::protocol::{Connection, Event, Fault};
use super::watch::{Log, Todo, WORLD, World};

const RECORDER: &str = include_str!("inject.js");
const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// Something is on its way into the picture, and will be there: a notice that slides in.
const MOVES: &str = "document.getAnimations().some((one) => one.playState === 'running' && \
    Number.isFinite(one.effect?.getComputedTiming().endTime))";
/// What a page's own scripts may keep a question waiting.
const ANSWER: Duration = Duration::from_secs(10);
/// A connection that never ends (a stream, a long poll) is not waited for when nothing else has happened for so long.
const UNENDING: Duration = Duration::from_secs(4);
/// A page that is left may still tell somebody.
const FAREWELL: Duration = Duration::from_millis(60);
/// What its own scripts do on leaving takes no longer.
const GONE: Duration = Duration::from_secs(5);
const STEP: Duration = Duration::from_millis(5);

/// How long a page is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Nothing was asked for so long, and no timer ended.
    quiet: Duration,
    /// The same where something may stir that gives no sign before: a worker, a socket, a picture that moves.
    wary: Duration,
    /// Timers are waited for that end so long after the load, or after what was pressed.
    horizon: Duration,
    /// It is not waited for longer.
    pub(super) longest: Duration,
}

impl Pace {
    /// The first page in each state: what a tag that comes late would do it does here too.
    pub(super) const FIRST: Self = Self { horizon: Duration::from_secs(6), ..Self::PAGE };
    /// Tags that come a second after the page are still seen.
    pub(super) const PAGE: Self = Self {
        quiet: Duration::from_millis(500),
        wary: Duration::from_millis(1_500),
        horizon: Duration::from_millis(1_500),
        longest: Duration::from_secs(15),
    };
    /// After a press that leads on.
    pub(super) const STEP: Self = Self {
        quiet: Duration::from_millis(250),
        wary: Duration::from_millis(250),
        horizon: Duration::ZERO,
        longest: Duration::from_secs(5),
    };
    /// After a press that chooses.
    pub(super) const CHOICE: Self = Self {
        quiet: Duration::from_millis(400),
        wary: Duration::from_millis(800),
        horizon: Duration::from_secs(1),
        longest: Duration::from_secs(10),
    };
}

/// A tab. It is closed with the profile it belongs to.
pub(super) struct Tab {
    connection: Connection,
    session: String,
    log: Arc<Mutex<Log>>,
}

/// What every frame and worker gets before it runs.
struct Setup {
    recorder: String,
    binding: String,
    agent: String,
}

impl Tab {
    /// Opens one in a profile.
    pub(super) async fn open(running: &Running, profile: &str) -> Result<Self, Fault> {
        let connection = running.connection.clone();
        let asked = json!({ "url": "about:blank", "browserContextId": profile, "width": 1280, "height": 900 });
        let target = connection.call("", "Target.createTarget", asked).await?;
        let target = target["targetId"].as_str().unwrap_or_default().to_owned();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = connection.call("", "Target.attachToTarget", attach).await?;
        let session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        let binding = format!("_{}", target.to_ascii_lowercase());
        let log = Arc::new(Mutex::new(Log::new(&target, &binding)));
        let recorder = RECORDER.replace("__NAME__", &binding);
        let setup = Setup { recorder, binding, agent: running.agent.clone() };
        let events = connection.listen(&session);
        setup.prepare(&connection, &session, true);
        tokio::spawn(follow(events, connection.clone(), Arc::clone(&log), setup));
        let tab = Self { connection, session, log };
        let picture = json!({ "width": 1280, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        tab.call("Emulation.setDeviceMetricsOverride", picture).await?;
        tab.call("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })).await?;
        Ok(tab)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(super) async fn call(&self, method: &'static str, params: Value) -> Result<Value, Fault> {
        self.connection.call(&self.session, method, params).await
    }

    /// The same in the session of a frame, which is another one where the frame has a process of its own.
    pub(super) async fn call_in(&self, world: &World, method: &'static str, params: Value) -> Result<Value, Fault> {
        self.connection.call_within(&world.session, (method, params), ANSWER).await
    }

    /// A command whose answer nobody needs.
    pub(super) fn post(&self, method: &'static str) {
        self.connection.post(&self.session, method, &json!({}));
    }

    /// Opens a page.
    pub(super) async fn go(&self, url: &Url) -> Result<(), String> {
        self.log().begin();
        let asked = self.call("Page.navigate", json!({ "url": url.as_str() })).await;
        let answer = asked.map_err(|fault| fault.to_string())?;
        match answer["errorText"].as_str() {
            Some(why) if !why.is_empty() => Err(why.to_owned()),
            _ => Ok(()),
        }
    }

    /// Waits until it is quiet; `false` where it never was.
    pub(super) async fn settle(&self, pace: Pace) -> Result<bool, String> {
        let begun = std::time::Instant::now();
        let until = Instant::now() + pace.longest;
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            if let Some((last, wary)) = self.still(pace, begun)? {
                // On a busy machine what was due is late: an answer comes after all of it.
                let moves = match self.main_world() {
                    Some(main) => self.evaluate(&main, MOVES).await.is_ok_and(|moves| moves == true),
                    None => false,
                };
                if self.log().last == last && (wary || !moves) {
                    return Ok(true);
                }
            }
            if Instant::now() >= until {
                return Ok(false);
            }
        }
    }

    /// When something was last asked for, where that was long enough ago, and whether it was also for the wary.
    fn still(&self, pace: Pace, begun: std::time::Instant) -> Result<Option<(std::time::Instant, bool)>, String> {
        if self.connection.has_ended() {
            return Err(Fault::Gone.to_string());
        }
        let log = self.log();
        if log.crashed {
            return Err("the page has crashed".into());
        }
        let Some(loaded) = log.loaded else { return Ok(None) };
        let stir = log.last_stir(begun.max(loaded) + pace.horizon);
        let now = std::time::Instant::now();
        // A timer that is still to end lies ahead: nothing is quiet before it.
        let still = now.saturating_duration_since(stir);
        let wary = still >= pace.wary;
        let quiet = stir <= now && if log.unheard { wary } else { still >= pace.quiet };
        let enough = quiet && log.waiting.is_empty() || still >= UNENDING.max(pace.wary);
        Ok(enough.then_some((log.last, wary)))
    }

    /// Leaves the page, so that what it says on leaving is heard.
    pub(super) async fn leave(&self) -> Result<(), Fault> {
        // What a page sends while the browser takes it away is told to nobody, so it is told of its end before.
        if let Some(main) = self.main_world() {
            let _ = self.evaluate(&main, "dispatchEvent(new PageTransitionEvent('pagehide')); 0").await;
            tokio::time::sleep(FAREWELL).await;
        }
        let answer = self.call("Page.navigate", json!({ "url": "about:blank" })).await?;
        // The browser answers before the page is gone; asked for the next one meanwhile it answers never.
        let until = Instant::now() + GONE;
        while self.log().shown != answer["loaderId"] && !self.connection.has_ended() && Instant::now() < until {
            tokio::time::sleep(STEP).await;
        }
        Ok(())
    }

    /// What an expression gives in a frame.
    pub(super) async fn evaluate(&self, world: &World, expression: &str) -> Result<Value, String> {
        let params = json!({
            "expression": expression, "contextId": world.context, "returnByValue": true, "awaitPromise": true,
        });
        let answer = self.call_in(world, "Runtime.evaluate", params).await.map_err(|fault| fault.to_string())?;
        match answer["exceptionDetails"].as_object() {
            None => Ok(answer["result"]["value"].clone()),
            Some(details) => {
                let exception =
                    details.get("exception").map_or("", |one| one["description"].as_str().unwrap_or_default());
                Err(format!("a script of the audit failed: {}", exception.lines().next().unwrap_or_default()))
            }
        }
    }

    /// The frame of the page itself.
    pub(super) fn main_world(&self) -> Option<World> {
        let log = self.log();
        log.worlds().into_iter().next().filter(|world| world.frame == log.frame)
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let frame = self.log().frame.clone();
        self.connection.post("", "Target.closeTarget", &json!({ "targetId": frame }));
        self.connection.forget(&self.session);
    }
}

/// Nothing that panics runs while it is held.
fn lock(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads what happens until the tab is closed.
async fn follow(
    mut events: mpsc::UnboundedReceiver<Event>,
    connection: Connection,
    log: Arc<Mutex<Log>>,
    setup: Setup,
) {
    while let Some(event) = events.recv().await {
        let todo = lock(&log).take(&event);
        match todo {
            Todo::Nothing => {}
            Todo::Attached { session, page } => setup.prepare(&connection, &session, page),
            // Nothing is agreed to in a window of the browser, but leaving is.
            Todo::Dialog { leaving } => {
                connection.post(&event.session, "Page.handleJavaScriptDialog", &json!({ "accept": leaving }));
            }
        }
    }
}

impl Setup {
    /// Commands of a session are carried out in order: what waits runs on when all is there.
    fn prepare(&self, connection: &Connection, session: &str, page: bool) {
        let post = |method, params: Value| connection.post(session, method, &params);
        post("Network.enable", json!({ "maxTotalBufferSize": 1_000_000, "maxResourceBufferSize": 100_000 }));
        post("Network.setUserAgentOverride", json!({ "userAgent": self.agent, "acceptLanguage": "en-GB,en" }));
        if page {
            post("Page.enable", json!({}));
            post("Runtime.enable", json!({}));
            post("DOMStorage.enable", json!({}));
            post("Runtime.addBinding", json!({ "name": self.binding }));
            post("Page.addScriptToEvaluateOnNewDocument", json!({ "source": self.recorder }));
            post("Page.addScriptToEvaluateOnNewDocument", json!({ "source": "0", "worldName": WORLD }));
        }
        post("Target.setAutoAttach", json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true }));
        post("Runtime.runIfWaitingForDebugger", json!({}));
    }
}
