//! The `DevTools` protocol, as much of it as an audit needs: a command and its answer by number, events by session.
//!
//! Nothing waits for ever: every command has its time, and a browser that ends answers everything that still waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// No command of an audit takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
/// A picture of a page comes in one message.
const LARGEST: usize = 256 * 1024 * 1024;

/// Why a command has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The browser has ended.
    Gone,
    /// It took too long.
    Late(&'static str),
    /// The browser says no.
    Refused(&'static str, String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the browser has ended"),
            Self::Late(method) => write!(f, "the browser did not answer {method} in time"),
            Self::Refused(method, why) => write!(f, "the browser refused {method}: {why}"),
        }
    }
}

/// Something that happened in a tab, or in a frame or worker that belongs to it.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) session: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// A browser that is spoken to. Copies speak to the same one.
#[derive(Clone)]
pub(super) struct Connection(Arc<Inner>);

struct Inner {
    out: mpsc::UnboundedSender<String>,
    next: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ended: bool,
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    sessions: HashMap<String, mpsc::UnboundedSender<Event>>,
}

#[derive(Deserialize)]
struct Incoming {
    id: Option<u64>,
    method: Option<String>,
    #[serde(rename = "sessionId", default)]
    session: String,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl Connection {
    /// Speaks to the browser that listens at this address.
    pub(super) async fn open(address: &str) -> Result<Self, String> {
        let config = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
        let opened = tokio_tungstenite::connect_async_with_config(address, Some(config), true);
        let (socket, _) = tokio::time::timeout(PATIENCE, opened)
            .await
            .map_err(|_| "the browser does not answer".to_owned())?
            .map_err(|fault| format!("the browser does not answer: {fault}"))?;
        let (out, mut commands) = mpsc::unbounded_channel::<String>();
        let connection = Self(Arc::new(Inner { out, next: AtomicU64::new(1), state: Mutex::default() }));
        let reader = connection.clone();
        let (mut write, mut read) = socket.split();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    message = read.next() => match message {
                        Some(Ok(Message::Text(text))) => reader.0.take(&text),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                        Some(Ok(_)) => {}
                    },
                    command = commands.recv() => {
                        let Some(command) = command else { break };
                        if write.send(Message::text(command)).await.is_err() {
                            break;
                        }
                    }
                }
            }
            reader.0.end();
        });
        Ok(connection)
    }

    /// Sends a command and waits for its answer. An empty session is the browser itself.
    pub(super) async fn call(&self, session: &str, method: &'static str, params: Value) -> Result<Value, Fault> {
        self.call_within(session, (method, params), PATIENCE).await
    }

    /// The same with a time of its own.
    pub(super) async fn call_within(
        &self,
        session: &str,
        (method, params): (&'static str, Value),
        patience: Duration,
    ) -> Result<Value, Fault> {
        let (answer, waiting) = oneshot::channel();
        let id = self.0.next.fetch_add(1, Ordering::Relaxed);
        {
            let mut state = self.0.state();
            if state.ended {
                return Err(Fault::Gone);
            }
            state.waiting.insert(id, answer);
        }
        self.0.send(id, session, method, &params);
        match tokio::time::timeout(patience, waiting).await {
            Ok(Ok(Ok(result))) => Ok(result),
            Ok(Ok(Err(why))) => Err(Fault::Refused(method, why)),
            Ok(Err(_)) => Err(Fault::Gone),
            Err(_) => {
                self.0.state().waiting.remove(&id);
                Err(Fault::Late(method))
            }
        }
    }

    /// Sends a command whose answer nobody needs.
    pub(super) fn post(&self, session: &str, method: &'static str, params: &Value) {
        self.0.send(self.0.next.fetch_add(1, Ordering::Relaxed), session, method, params);
    }

    /// The events of a session, and of what is attached below it.
    pub(super) fn listen(&self, session: &str) -> mpsc::UnboundedReceiver<Event> {
        let (sender, events) = mpsc::unbounded_channel();
        let mut state = self.0.state();
        if !state.ended {
            state.sessions.insert(session.to_owned(), sender);
        }
        events
    }

    /// Nobody listens to this session any more.
    pub(super) fn forget(&self, session: &str) {
        let mut state = self.0.state();
        if let Some(gone) = state.sessions.remove(session) {
            state.sessions.retain(|_, sender| !sender.same_channel(&gone));
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.0.state().ended
    }
}

impl Inner {
    /// Nothing that panics runs while it is held.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, id: u64, session: &str, method: &str, params: &Value) {
        let mut command = json!({ "id": id, "method": method, "params": params });
        if !session.is_empty() {
            command["sessionId"] = session.into();
        }
        // A browser that has ended: whoever waits for the answer is told by `end`.
        let _ = self.out.send(command.to_string());
    }

    fn take(&self, text: &str) {
        let Ok(incoming) = serde_json::from_str::<Incoming>(text) else { return };
        let mut state = self.state();
        if let Some(id) = incoming.id {
            if let Some(waiting) = state.waiting.remove(&id) {
                let answer = incoming.error.map_or(Ok(incoming.result), |refusal| Err(refusal.message));
                let _ = waiting.send(answer);
            }
            return;
        }
        let Some(method) = incoming.method else { return };
        let Some(sender) = state.sessions.get(&incoming.session).cloned() else { return };
        // From here on the events of a frame or a worker are those of its tab: none may be lost until it is known.
        let child = incoming.params["sessionId"].as_str();
        match (&*method, child) {
            ("Target.attachedToTarget", Some(child)) => {
                state.sessions.insert(child.to_owned(), sender.clone());
            }
            ("Target.detachedFromTarget", Some(child)) => {
                state.sessions.remove(child);
            }
            _ => {}
        }
        let _ = sender.send(Event { session: incoming.session, method, params: incoming.params });
    }

    fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.waiting.clear();
        state.sessions.clear();
    }
}
