//! From a config to listening sockets, and from those to workers that serve until told to stop.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use tokio::net::TcpSocket;
use tokio::runtime::Builder;
use tokio::sync::{Notify, Semaphore, watch};

use super::certificates::Certificates;
use super::connection::{Door, Stop};
use super::worker::Worker;
use super::{Config, Handle, Limits, Listener};

/// Connections the kernel holds until a worker takes them.
const BACKLOG: u32 = 4096;

/// Why the gate cannot start, or a reload not happen.
#[derive(Debug)]
pub enum StartFault {
    /// The address is taken, or not one of this machine's.
    Address(SocketAddr, io::Error),
    /// A certificate or key file cannot be read, or they do not belong together.
    Certificate(PathBuf, String),
    /// A worker thread or its runtime cannot be made.
    Worker(io::Error),
}

impl fmt::Display for StartFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address, error) if error.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "{address}: another program is listening there already")
            }
            Self::Address(address, error) => write!(f, "{address}: {error}"),
            Self::Certificate(file, why) => write!(f, "{}: {why}", file.display()),
            Self::Worker(error) => write!(f, "a worker cannot start: {error}"),
        }
    }
}

impl std::error::Error for StartFault {}

/// Binds, serves, and returns when `shutdown` has resolved and the connections have ended. Blocks: call it outside
/// any runtime.
pub fn run<H: Handle>(
    config: &Config,
    make: impl Fn() -> H + Clone + Send + 'static,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartFault> {
    bind(config)?.serve(make, shutdown)
}

/// Takes every address, or none: exclusively, so that a stale process cannot share a port unnoticed.
pub fn bind(config: &Config) -> Result<Bound, StartFault> {
    let mut sockets = Vec::new();
    for listener in &config.listeners {
        let socket = listen(listener.address).map_err(|error| StartFault::Address(listener.address, error))?;
        sockets.push(socket);
    }
    let https_port = https_port(&config.listeners, &sockets);
    let mut bound = Bound { doors: Vec::new(), reloader: Reloader::default(), config: config.clone() };
    for (listener, socket) in config.listeners.iter().zip(sockets) {
        let (door, certificates) = door(listener, &config.limits, https_port)?;
        bound.reloader.0.extend(certificates);
        bound.doors.push((socket, Arc::new(door)));
    }
    Ok(bound)
}

/// Of the first listener with certificates; without one, whatever stands in front listens where browsers expect it.
fn https_port(listeners: &[Listener], sockets: &[TcpListener]) -> u16 {
    let encrypted = listeners.iter().position(|listener| !listener.tls.is_empty());
    encrypted.and_then(|place| sockets[place].local_addr().ok()).map_or(443, |address| address.port())
}

fn door(config: &Listener, limits: &Limits, https_port: u16) -> Result<(Door, Option<Arc<Certificates>>), StartFault> {
    let certificates = if config.tls.is_empty() { None } else { Some(Certificates::load(&config.tls)?) };
    let tls = certificates.as_ref().map(Certificates::acceptor);
    Ok((Door { config: config.clone(), limits: limits.clone(), tls, https_port }, certificates))
}

/// The standard library would listen with a backlog of 128, which a burst of connections overflows; tokio's socket
/// takes a number but wants a runtime around it.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let listening = {
        let _inside = runtime.enter();
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // Only lets a restart pass connections that are still closing; two listeners stay impossible.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    runtime.shutdown_background();
    listening
}

/// Listening, not yet serving: connections wait in the kernel.
pub struct Bound {
    doors: Vec<(TcpListener, Arc<Door>)>,
    reloader: Reloader,
    config: Config,
}

impl Bound {
    /// Where it really listens, in the order of the config: port 0 has become a port.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let address = |(socket, door): &(TcpListener, Arc<Door>)| socket.local_addr().unwrap_or(door.config.address);
        self.doors.iter().map(address).collect()
    }

    /// Exchanges certificates while the gate runs.
    pub fn reloader(&self) -> Reloader {
        self.reloader.clone()
    }

    /// Serves until `shutdown` resolves; then nothing new is accepted, requests under way may end within
    /// `limits.drain`, and it returns. A worker that ends by itself ends the others in the same way and is the error.
    /// `make` is called once in each worker. Blocks: call it outside any runtime.
    pub fn serve<H: Handle>(
        self,
        make: impl Fn() -> H + Clone + Send + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), StartFault> {
        let (stop, stopping) = watch::channel(false);
        let (mut workers, ended) = (Vec::new(), Arc::new(Notify::new()));
        let permits = Arc::new(Semaphore::new(self.config.limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
        for number in 0..self.config.workers.max(1) {
            let worker = self.worker(permits.clone(), stopping.clone()).map_err(StartFault::Worker)?;
            let (make, name, ending) = (make.clone(), format!("worker-{number}"), Ending(ended.clone()));
            let thread = thread::Builder::new().name(name).spawn(move || {
                let _ending = ending;
                worker.work(make)
            });
            workers.push(thread.map_err(StartFault::Worker)?);
        }
        drop(self);
        wait(shutdown, &ended)?;
        let _ = stop.send(true);
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(worked) => worked.map_err(StartFault::Worker),
            Err(_) => Err(StartFault::Worker(io::Error::other("a worker panicked"))),
        })
    }

    fn worker(&self, permits: Arc<Semaphore>, stop: Stop) -> io::Result<Worker> {
        let shared = |(socket, door): &(TcpListener, Arc<Door>)| Ok((socket.try_clone()?, door.clone()));
        let doors = self.doors.iter().map(shared).collect::<io::Result<_>>()?;
        Ok(Worker { doors, permits, drain: self.config.limits.drain, stop })
    }
}

/// Until told to stop, or until a worker has ended without being told: a gate that says it is ready and serves nobody
/// is worse than one that ends and is started again.
fn wait(shutdown: impl Future<Output = ()>, ended: &Notify) -> Result<(), StartFault> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(StartFault::Worker)?;
    runtime.block_on(async {
        tokio::select! {
            () = shutdown => {}
            () = ended.notified() => {}
        }
    });
    Ok(())
}

/// Tells that a worker has ended, also where it panicked.
struct Ending(Arc<Notify>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Bound").field(&self.addresses()).finish()
    }
}

/// Reads certificate files again.
#[derive(Clone, Debug, Default)]
pub struct Reloader(Vec<Arc<Certificates>>);

impl Reloader {
    /// Each listener whose files are all good gets its new certificates; the first fault is reported, and where one
    /// file is bad the listener keeps all its old ones.
    pub fn reload(&self) -> Result<(), StartFault> {
        let mut faults = self.0.iter().filter_map(|certificates| certificates.reload().err());
        let first = faults.next();
        faults.for_each(drop);
        first.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::super::{Peer, RequestBody};
    use super::*;

    #[derive(Clone)]
    struct Nobody;

    impl Handle for Nobody {
        type Body = http_body_util::combinators::UnsyncBoxBody<bytes::Bytes, crate::server::BoxError>;

        async fn handle(&self, _: http::Request<RequestBody>, _: Peer) -> http::Response<Self::Body> {
            pending().await
        }
    }

    #[test]
    fn a_worker_that_ends_by_itself_ends_the_gate() {
        let listener = Listener {
            address: ([127, 0, 0, 1], 0).into(),
            tls: Vec::new(),
            trusted_proxies: Vec::new(),
            redirect_to_https: false,
        };
        let config = Config { listeners: vec![listener], limits: Limits::default(), workers: 2 };
        let make = || -> Nobody {
            assert_ne!(thread::current().name(), Some("worker-1"), "one worker fails");
            Nobody
        };
        let served = bind(&config).expect("a free port").serve(make, pending());
        assert!(matches!(served, Err(StartFault::Worker(_))), "{served:?}");
    }
}
