//! What traffic really showed about one site: the cookies seen and their scopes, and how often what was held.
//!
//! In memory, shared by all workers. What is known already is read and counted without a lock and without an allocation;
//! only something new takes a lock, and the tables are bounded, because names come from outside.
//! It must never keep a value, an address, or anything else about one visitor: names, scopes and numbers only.
//! Sightings come from `gateway`; they go to the expiries of left-overs, the cookies page and the admin listener.

mod counters;
mod fold;
mod histogram;
mod seen;
mod table;
mod tags;
mod traffic;

pub use counters::{Count, Counters, Deed, Kind};
pub use fold::folded;
pub use histogram::{Histogram, Taken};
pub use seen::{Inventory, Kept, SCOPES_PER_NAME, ScopeRef, SeenCookie, SeenScope};
pub use tags::Tags;
pub use traffic::{Day, Failed, Traffic};
