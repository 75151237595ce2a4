//! What is known about cookie names and tag addresses, before any site says a word about itself.
//!
//! Data comes from the tables in `data/`: two generated from public collections of facts, the others written by hand
//! for the UK public sector. They are compiled into the program, read once, and never change while it runs. What is
//! known goes to `policy`, which decides; to the notice and the inventory, which name the company behind a cookie.
//!
//! This room must never decide whether something passes, and must never call anything essential that measures,
//! advertises, tests, chats or shares: such a row stops the tests. A name nobody knows is `None`, not a guess.

mod addresses;
mod cookies;
mod data;
pub mod pattern;
mod scripts;

pub use addresses::{Company, address, own_path};
pub use cookies::{KnownCookie, cookie};
pub use scripts::{Signature, signatures};

/// How much the catalogue knows, for the dashboard and for `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Cookie name patterns.
    pub cookie_patterns: usize,
    /// Different companies behind the domains.
    pub companies: usize,
    /// Domains, hosts and host paths.
    pub domains: usize,
    /// Pieces of text that give away an inline script; the domains looked for in scripts are not counted again.
    pub signatures: usize,
}

/// Counts the tables.
pub fn counts() -> Counts {
    let (companies, domains) = addresses::counts();
    Counts { cookie_patterns: cookies::count(), companies, domains, signatures: scripts::count() }
}
