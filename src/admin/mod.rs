//! The admin listener: dashboard, health, metrics, and what was held, on an address of its own.
//!
//! It changes nothing but whether a site is off, and is never on the public side. It must never show a secret or anything about one visitor: it knows only
//! counts, rules and cookie names. What it shows comes from `inventory` and `ledger`, handed in by start-up wiring.
//! Off loopback everybody has to show a token or a certificate (`access`, `tls`). A table is made once, for the page, the CSV and the JSON.

mod access;
mod answer;
mod audits;
mod chart;
mod config;
mod known;
mod metrics;
mod pages;
mod proof;
mod report;
mod switch;
mod table;
mod tables;
mod tls;
mod unknown;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::inventory::{Counters, Inventory, Traffic};
use crate::policy::Policy;

pub use audits::{Audit, Audited, Audits};
pub use config::{Config, Tls, Token};
pub use tls::Reloader;

use answer::Desk;

/// A client that does not finish its request in this time is gone.
const LONGEST_HEAD: Duration = Duration::from_secs(5);
/// Connections at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 256;

/// Switches the site of this name; false where there is none.
pub type Switch = Box<dyn Fn(&str, bool) -> bool + Send + Sync>;

/// Reads a file of an audit.
pub type AuditFile = Box<dyn Fn(&str, &str) -> Option<Vec<u8>> + Send + Sync>;

/// What there is to see.
pub struct View {
    /// The sites of the configuration in force.
    pub sites: Box<dyn Fn() -> Vec<Site> + Send + Sync>,
    /// Can choices be recorded?
    pub ledger_healthy: Box<dyn Fn() -> bool + Send + Sync>,
    /// Switches a site off (true) or on again, until the YAML changes.
    pub switch: Switch,
    /// Has the gate been told to stop?
    pub stopping: Box<dyn Fn() -> bool + Send + Sync>,
    /// The configuration in force.
    pub config: Box<dyn Fn() -> Arc<InForce> + Send + Sync>,
    /// The audits that are made by themselves.
    pub audits: Box<dyn Fn() -> Audits + Send + Sync>,
    /// A file of an audit, by the audit's name and its own; `None` where there is none.
    pub audit_file: AuditFile,
    /// The ledger's file.
    pub ledger: PathBuf,
    /// When the gate started, in seconds since 1970.
    pub started: u64,
    /// Whoever comes has to log in.
    pub asks: bool,
}

/// The configuration in force, as it may be shown.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// The file it was read from.
    pub file: String,
    /// When, in seconds since 1970.
    pub read_at: u64,
    /// The YAML without comments and secrets.
    pub yaml: String,
    /// Where, what, and its value, with the defaults.
    pub settings: Vec<[String; 3]>,
    /// What has changed in the file since the start takes effect after a restart only.
    pub needs_restart: bool,
}

/// One site.
pub struct Site {
    /// Its first host.
    pub name: String,
    /// All of them.
    pub hosts: Vec<String>,
    /// `observe`, `enforce` or `off`.
    pub mode: &'static str,
    /// The address of the site behind.
    pub upstream: String,
    /// Requests under way there now.
    pub under_way: usize,
    /// How many may be.
    pub most_under_way: usize,
    /// What was held, or would have been.
    pub counters: Arc<Counters>,
    /// What traffic showed.
    pub inventory: Arc<Inventory>,
    /// How much went through, and how fast.
    pub traffic: Arc<Traffic>,
    /// The rules in force.
    pub policy: Arc<Policy>,
}

/// Listening, not yet answering.
pub struct Bound {
    listener: std::net::TcpListener,
    token: Option<Token>,
    keys: Option<Arc<tls::Keys>>,
    by_certificate: bool,
}

/// Takes the address, exclusively. One that other machines can reach, and nothing to ask them for, is not taken.
pub fn bind(config: &Config) -> io::Result<Bound> {
    if !config.asks() && !config.address.ip().to_canonical().is_loopback() {
        return Err(io::Error::other(
            "other machines can reach it, and there is neither an admin token nor a client CA",
        ));
    }
    let keys = config.tls.as_ref().map(tls::Keys::load).transpose()?;
    let by_certificate = config.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let listener = std::net::TcpListener::bind(config.address)?;
    listener.set_nonblocking(true)?;
    Ok(Bound { listener, token: config.token.clone(), keys, by_certificate })
}

impl Bound {
    /// Where it really listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// Exchanges the certificates while the gate runs.
    pub fn reloader(&self) -> Reloader {
        Reloader(self.keys.clone())
    }

    /// Can somebody log in with a token?
    pub fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Answers on a thread of its own, which ends with the program.
    pub fn serve(self, view: View) -> io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let desk = Arc::new(Desk {
            proof: Arc::new(proof::Proof::new(view.ledger.clone())),
            view,
            access: access::Access::new(self.token, self.by_certificate, self.keys.is_some()),
            pages: pages::Pages::new(),
        });
        let serve = move || match runtime.block_on(accept((self.listener, self.keys), desk)) {
            Ok(never) => match never {},
            Err(fault) => tracing::error!("the admin listener has ended: {fault}"),
        };
        Builder::new().name("admin".into()).spawn(serve)
    }
}

async fn accept(
    (listener, keys): (std::net::TcpListener, Option<Arc<tls::Keys>>),
    desk: Arc<Desk>,
) -> io::Result<std::convert::Infallible> {
    let listener = TcpListener::from_std(listener)?;
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let permit = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
        match listener.accept().await {
            Ok((socket, peer)) => {
                let (desk, keys) = (Arc::clone(&desk), keys.clone());
                drop(tokio::spawn(async move {
                    match keys {
                        None => connection(socket, desk, Client { peer: peer.ip(), certified: false }).await,
                        Some(keys) => encrypted(socket, &keys, desk, peer.ip()).await,
                    }
                    drop(permit);
                }));
            }
            // A full file table, mostly: give it time to empty instead of spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

/// Who is at the other end.
#[derive(Clone, Copy)]
struct Client {
    peer: IpAddr,
    /// They have shown a certificate of the client CA.
    certified: bool,
}

async fn encrypted(socket: TcpStream, keys: &tls::Keys, desk: Arc<Desk>, peer: IpAddr) {
    match tokio::time::timeout(LONGEST_HEAD, keys.acceptor().accept(socket)).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates();
            let certified = shown.is_some_and(|chain| !chain.is_empty());
            connection(stream, desk, Client { peer, certified }).await;
        }
        Ok(Err(fault)) => tracing::debug!("admin: no TLS: {fault}"),
        Err(_) => tracing::debug!("admin: no TLS in time"),
    }
}

async fn connection(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, desk: Arc<Desk>, client: Client) {
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, std::convert::Infallible>(answer::answer(request, &desk, client).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
    if let Err(fault) = server.serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!("admin: {fault}");
    }
}
