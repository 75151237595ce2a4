//! Tells drift to whoever the operator named: the one call the gate makes that is no visitor's.
//!
//! Names only; nothing waits for it; what cannot be told in a quarter of an hour is given up and said in the log. The
//! address may hold a secret and is never logged.

use std::io;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_rustls::rustls::ClientConfig;

use super::config::Webhook;

/// How much drift waits to be told.
const QUEUE: usize = 256;
/// How much is told at once.
const AT_ONCE: usize = 50;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited before each further try.
const WAITS: [Duration; 5] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
];

/// Where drift is handed in.
pub struct Teller(Sender<Value>);

impl Teller {
    /// Starts the thread that tells; it ends with the program.
    pub fn start(webhook: &Webhook, tls: ClientConfig) -> io::Result<Self> {
        let (queue, waiting) = channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let post = Post::new(webhook, tls);
        Builder::new().name("webhook".into()).spawn(move || runtime.block_on(post.run(waiting)))?;
        Ok(Self(queue))
    }

    /// Never waits: where the queue is full it is said in the log, and the drift is on the admin listener all the same.
    pub fn tell(&self, drift: Value) {
        if self.0.try_send(drift).is_err() {
            tracing::warn!("drift not told: too much waits for the webhook");
        }
    }
}

struct Post {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    address: Arc<str>,
}

impl Post {
    fn new(webhook: &Webhook, tls: ClientConfig) -> Self {
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        Self { client: Client::builder(TokioExecutor::new()).build(connector), address: webhook.0.as_str().into() }
    }

    async fn run(self, mut waiting: Receiver<Value>) {
        let mut some = Vec::new();
        while waiting.recv_many(&mut some, AT_ONCE).await > 0 {
            let count = some.len();
            let told = json!({ "product": concat!("consentgate ", env!("CARGO_PKG_VERSION")), "drift": std::mem::take(&mut some) });
            if let Err(why) = self.told(told.to_string().into()).await {
                tracing::warn!(count, "drift not told: the webhook {why}");
            }
        }
    }

    async fn told(&self, body: Bytes) -> Result<(), String> {
        let mut waits = WAITS.into_iter();
        loop {
            let why = match self.once(body.clone()).await {
                Ok(status) if status.is_success() => return Ok(()),
                // It was understood and refused: the same words again would be, too.
                Ok(status) if status.is_client_error() && !matches!(status.as_u16(), 408 | 429) => {
                    return Err(format!("answered {status}"));
                }
                Ok(status) => format!("answered {status}"),
                Err(why) => why,
            };
            let Some(wait) = waits.next() else { return Err(why) };
            tokio::time::sleep(wait).await;
        }
    }

    async fn once(&self, body: Bytes) -> Result<StatusCode, String> {
        let request = Request::post(&*self.address)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("consentgate/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|_| "has an address that cannot be used".to_owned())?;
        // A fault of the connection may name the address: only its kind is said.
        match tokio::time::timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(response)) => Ok(response.status()),
            Ok(Err(fault)) if fault.is_connect() => Err("cannot be reached".into()),
            Ok(Err(_)) => Err("broke off".into()),
            Err(_) => Err("did not answer in time".into()),
        }
    }
}
