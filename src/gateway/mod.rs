//! One request, one response: the whole life of a page view is in `handle.rs`.
//!
//! Here the rooms meet: consent says who is asking, upstream fetches, cookie strips, html rewrites, ledger proves.
//! What it must never do is send a response that nobody checked: only a [`Cleared`] one can leave, and only
//! `clear.rs` can make one. Requests come from `server`, already well-formed; responses go back to it.

mod ask;
mod body;
mod canary;
mod choose;
mod clear;
mod config;
mod csp_report;
mod document;
mod embed;
mod fence;
mod form;
mod guard;
mod handle;
mod leads;
mod origin;
mod own;
mod pace;
mod pages;
mod problem;
mod receipt;
mod replaced;
mod report;
mod seen;
mod shown;
mod site;
mod stored;
mod tracker;
mod verdict;
mod visit;
mod worker;

pub use body::Body;
pub use clear::Cleared;
pub use config::*;
pub use handle::{Gateway, Shared, reachable};
pub use site::{SetupFault, Site, Sites};
pub use visit::Peer;
