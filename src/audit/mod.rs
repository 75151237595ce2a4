//! A site measured the way a regulator would: which cookies, storage and third parties there are before a choice, after
//! Reject, after Accept and after Withdraw, page by page, with the evidence.
//!
//! Beside the path: nothing here touches the traffic of the gate. It asks only the site it is told to audit, as slowly as
//! it is told, and keeps to its `robots.txt`. It never says of a site what it has not seen: what could not be looked at is
//! named as that. Addresses come from `command`; the [`Report`] goes to its files.
//!
//! Life of an audit: `crawl` finds the pages; a visitor (`http` or `browser`) opens each of them in each [`Phase`] and
//! hands over a [`Visit`]; `collect` adds the visits up to a [`State`] each; `criteria` scores; `report` writes.

mod browser;
mod changes;
mod collect;
mod config;
mod crawl;
mod criteria;
mod declared;
mod duration;
pub mod edpb;
mod findings;
mod http;
mod method;
mod pages;
mod reach;
pub mod report;
mod robots;
mod seen;
mod sitemap;
mod starting;
mod visit;

pub use browser::{Browsed, Browsers, Chromium, Settings};
pub use changes::{Changes, CriterionChange, changes};
pub use collect::Collector;
pub use config::Config;
pub use crawl::{Plan, Progress, audit};
pub use criteria::{Criteria, Criterion, FILE as CRITERIA_FILE, criteria, judge};
pub use findings::*;
pub use http::{AGENT, Client, Plain};
pub use reach::Reach;
pub use starting::starting_yaml;
pub use visit::*;
