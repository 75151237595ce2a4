//! What traffic really showed about one site: its cookies, the third parties and companies its pages call on, how often
//! what was held, and what is new (drift).
//!
//! In memory, shared by all workers. What is known already is read and counted without a lock and without an allocation;
//! only something new takes a lock, and the tables are bounded, because names come from outside. One thread keeps it in a
//! file beside the ledger and looks for drift.
//! It must never keep a value, an address, or anything else about one visitor: names, scopes, pages, days and numbers only.
//! Sightings come from `gateway`; they go to the expiries of left-overs, the cookies page, the admin listener and, where
//! one is configured, the drift to a webhook.

mod config;
mod counters;
mod drift;
mod few;
mod fold;
mod generated;
mod histogram;
mod item;
mod page;
mod reported;
mod sample;
mod seen;
mod sighting;
mod stock;
mod store;
mod table;
mod tags;
mod traffic;
mod webhook;

pub use config::{Config, Webhook};
pub use counters::{Count, Counters, Deed, Judged, Kind, OnPages};
pub use drift::{Drift, Drifts, MOST_DRIFTS, cookie_pattern};
pub use fold::folded;
pub use generated::{Families, pattern};
pub use histogram::{Histogram, Taken};
pub use item::{MOST_PAGES, Marks, State};
pub use page::page;
pub use reported::{NETWORKS, Reported};
pub use sample::{Minute, Sample};
pub use seen::{Inventory, Kept, SCOPES_PER_NAME, ScopeRef, SeenCookie, SeenScope};
pub use stock::{CookieSight, KeySight, Row, Stock, TagSight, Thing};
pub use store::{Sites, Store, Watched, kept_cookies};
pub use tags::Tags;
pub use traffic::{Day, Failed, Traffic};
pub use webhook::Teller;
