//! Reaches the site behind the gate: connections kept for reuse, TLS, time limits, and a cap on requests under way.
//!
//! The gateway hands in a request whose hop-by-hop fields are gone ([`hop`]) and gets the site's response as it
//! came, its body still streaming, or a [`Failure`] that knows which status the visitor should see.
//! An accepted upgrade is joined to the visitor's connection by [`tunnel::join`].
//! Informational responses other than 101 end here (promise 37): hyper's server side has no way to send them.
//! This room never looks at cookies, bodies or rules, never sends a request twice that could act twice, and never
//! puts a header's value into an error.

mod body;
mod config;
mod connect;
mod failure;
pub mod hop;
mod progress;
mod send;
pub mod tunnel;

pub use body::Body;
pub use config::*;
pub use connect::{SetupFault, machine_tls};
pub use failure::{Cause, Failure};
pub use send::Upstream;

/// Whatever went wrong underneath.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
