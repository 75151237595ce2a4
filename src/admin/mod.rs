//! The admin listener: health, metrics, and what was held, on an address of its own.
//!
//! It changes nothing but whether a site is off, and is never on the public side. It must never show a secret or anything about one visitor: it knows only
//! counts, rules and cookie names. What it shows comes from `inventory` and `ledger`, handed in by start-up wiring.

mod answer;
mod known;
mod metrics;
mod report;
mod switch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::inventory::{Counters, Inventory};
use crate::policy::Policy;

/// A client that does not finish its request in this time is gone.
const LONGEST_HEAD: Duration = Duration::from_secs(5);

/// Switches the site of this name; false where there is none.
pub type Switch = Box<dyn Fn(&str, bool) -> bool + Send + Sync>;

/// What there is to see.
pub struct View {
    /// The sites of the configuration in force.
    pub sites: Box<dyn Fn() -> Vec<Site> + Send + Sync>,
    /// Can choices be recorded?
    pub ledger_healthy: Box<dyn Fn() -> bool + Send + Sync>,
    /// Switches a site off (true) or on again, until the next reload.
    pub switch: Switch,
    /// Has the gate been told to stop?
    pub stopping: Box<dyn Fn() -> bool + Send + Sync>,
}

/// One site.
pub struct Site {
    /// Its first host.
    pub name: String,
    /// `observe`, `enforce` or `off`.
    pub mode: &'static str,
    /// What was held, or would have been.
    pub counters: Arc<Counters>,
    /// What traffic showed.
    pub inventory: Arc<Inventory>,
    /// The rules in force.
    pub policy: Arc<Policy>,
}

/// Listening, not yet answering.
pub struct Bound(std::net::TcpListener);

/// Takes the address, exclusively.
pub fn bind(address: SocketAddr) -> io::Result<Bound> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(Bound(listener))
}

impl Bound {
    /// Where it really listens.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// Answers on a thread of its own, which ends with the program.
    pub fn serve(self, view: View) -> io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let serve = move || match runtime.block_on(accept(self.0, Arc::new(view))) {
            Ok(never) => match never {},
            Err(fault) => tracing::error!("the admin listener has ended: {fault}"),
        };
        Builder::new().name("admin".into()).spawn(serve)
    }
}

async fn accept(listener: std::net::TcpListener, view: Arc<View>) -> io::Result<std::convert::Infallible> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((socket, _)) => drop(tokio::spawn(connection(socket, Arc::clone(&view)))),
            // A full file table, mostly: give it time to empty instead of spinning.
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn connection(socket: TcpStream, view: Arc<View>) {
    let service = service_fn(move |request| {
        let response = answer::answer(&request, &view);
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEAD);
    if let Err(fault) = server.serve_connection(TokioIo::new(socket), service).await {
        tracing::debug!("admin: {fault}");
    }
}
