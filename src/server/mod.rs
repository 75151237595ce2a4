//! The public side: listeners, TLS, HTTP/1.1, limits, and a stop that lets requests under way end.
//!
//! One worker thread per core, each with its own runtime and its own handler value, all accepting from the same
//! sockets. A connection is taken in ([`bind()`], worker, TLS handshake), its requests are checked for what a
//! forwarding server must not pass on, and each one goes to a [`Handle`]; the handler's response goes out as it is.
//! This room decides nothing about cookies or consent, never lets a client hold a connection without a time limit,
//! and never writes a whole address into a log ([`redact`]).

mod answer;
mod bind;
mod body;
mod certificates;
mod config;
mod connection;
mod peer;
mod request;
mod socket;
mod worker;

use std::future::Future;

use bytes::Bytes;
use http::{Request, Response};

pub use bind::{Bound, Reloader, StartFault, bind, run};
pub use body::RequestBody;
pub use config::*;
pub use peer::{Peer, redact};

/// Whatever went wrong underneath.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Answers requests. One value is made for each worker; it is cloned for each request, so a clone must be cheap.
///
/// What arrives has exactly one valid `Host` (HTTP/1.0: at most one), an origin-form target, and forwarded headers
/// only from trusted proxies. Its hop-by-hop fields are still there: an upgrade is decided on by them.
pub trait Handle: Clone + Send + 'static {
    /// The response's body; an error in it breaks the connection off, so that the client sees an incomplete message.
    type Body: http_body::Body<Data = Bytes, Error = BoxError> + Send + 'static;

    /// One request, one response. A panic in here becomes a 500 and ends nothing else.
    fn handle(&self, request: Request<RequestBody>, peer: Peer) -> impl Future<Output = Response<Self::Body>> + Send;
}
