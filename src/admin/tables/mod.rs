//! Every table there is, made from the counts of this moment: for the page, the CSV and the JSON alike.
//!
//! What a table may show is names, rules and numbers; never a value, and nothing about one visitor. The counts come from
//! `inventory` and, by the day, from the ledger (`proof`).

mod gate;
mod observed;
mod site;

use crate::inventory::{Deed, Kind};

pub(super) use gate::*;
pub(super) use observed::*;
pub(super) use site::*;

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::CookieResponse => "cookie set by the site",
        Kind::CookieRequest => "cookie sent to the site",
        Kind::CookieExpired => "left-over cookie expired",
        Kind::Tag => "tag",
        Kind::Script => "inline script",
        Kind::Hint => "header or hint",
        Kind::Storage => "storage key",
        Kind::Request => "request for a tracker",
        Kind::Csp => "stopped by the policy",
    }
}

fn was(deed: Deed) -> &'static str {
    match deed {
        Deed::Held => "held",
        Deed::WouldHold => "would be held",
        Deed::Passed => "unclassified, runs",
    }
}
