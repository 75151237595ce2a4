//! One worker: a thread with a runtime of its own, accepting from every listener until the gate stops.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, timeout};

use super::Handle;
use super::connection::{Client, Door, Stop, serve, stopped};
use super::socket::Open;

/// After an error that the next `accept` would meet again: no file handles left, most often.
const PAUSE: Duration = Duration::from_millis(100);
/// Said again after this time: whoever holds the gate at its limit must not fill the disk with its log.
const SAY_AGAIN: Duration = Duration::from_secs(30);

/// What one worker works with.
pub(super) struct Worker {
    pub(super) doors: Vec<(std::net::TcpListener, Arc<Door>)>,
    pub(super) permits: Arc<Semaphore>,
    pub(super) drain: Duration,
    pub(super) stop: Stop,
}

impl Worker {
    /// Returns when the gate has stopped and every connection has ended, or the time to end has.
    pub(super) fn work<H: Handle>(self, make: impl Fn() -> H) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let worked = runtime.block_on(async { self.accept_all(make()).await });
        // A name lookup that hangs must not hold the process.
        runtime.shutdown_background();
        worked
    }

    async fn accept_all<H: Handle>(mut self, handler: H) -> io::Result<()> {
        let (drain, mut all_ended) = mpsc::channel::<Infallible>(1);
        for (listener, door) in self.doors {
            let (permits, stop) = (self.permits.clone(), self.stop.clone());
            let entrance = Entrance { door, permits, drain: drain.clone(), stop, said: None };
            tokio::spawn(entrance.accept(TcpListener::from_std(listener)?, handler.clone()));
        }
        drop((drain, handler));
        stopped(&mut self.stop).await;
        if timeout(self.drain, all_ended.recv()).await.is_err() {
            tracing::warn!("connections still open after the time to end were cut off");
        }
        Ok(())
    }
}

/// One listener in one worker.
struct Entrance {
    door: Arc<Door>,
    permits: Arc<Semaphore>,
    drain: mpsc::Sender<Infallible>,
    stop: Stop,
    /// When the last fault was logged.
    said: Option<Instant>,
}

impl Entrance {
    /// Past the cap on connections the one just accepted waits for a place, and nobody behind it is accepted.
    async fn accept<H: Handle>(mut self, listener: TcpListener, handler: H) {
        let mut stop = self.stop.clone();
        loop {
            let next = async {
                let (tcp, address) = self.next(&listener).await;
                let permit = self.permits.clone().acquire_owned().await.expect("this semaphore is never closed");
                (tcp, address, Open { _permit: permit, _drain: self.drain.clone() })
            };
            let (tcp, address, open) = tokio::select! {
                next = next => next,
                () = stopped(&mut stop) => return,
            };
            let client = Client { door: self.door.clone(), address, linger: Arc::default() };
            tokio::spawn(serve(handler.clone(), client, tcp, open, self.stop.clone()));
        }
    }

    async fn next(&mut self, listener: &TcpListener) -> (TcpStream, SocketAddr) {
        loop {
            match listener.accept().await {
                Ok((tcp, address)) => {
                    // Without it a response's last packet can wait for the client's acknowledgement.
                    let _ = tcp.set_nodelay(true);
                    return (tcp, address);
                }
                Err(error) if is_the_client_s(&error) => {}
                Err(error) => {
                    if self.said.is_none_or(|said| said.elapsed() > SAY_AGAIN) {
                        tracing::error!(%error, "no connection can be accepted");
                        self.said = Some(Instant::now());
                    }
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

fn is_the_client_s(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
