//! What was seen on the sites, as JSON: cookies, storage keys, third parties, companies, drift.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::consent::{PurposeSet, UnixSeconds};
use crate::inventory::{Drift, Kept, Marks, Row, State, Thing};
use crate::ledger;
use crate::policy::{Rule, Verdict};

use super::unknown::{is_held_now, is_unknown, is_unknown_still};
use super::{Site, View};

/// Browsers keep no cookie longer (RFC 6265bis section 5.5).
const LONGEST_LIFETIME: u64 = 400 * 86_400;

/// `/api/inventory`.
pub(super) fn inventory(view: &View) -> Value {
    json!({ "sites": (view.sites)().iter().map(site).collect::<Vec<_>>() })
}

fn site(site: &Site) -> Value {
    let stock = &site.inventory.stock;
    let rows = |thing| rows(site, thing);
    let left_out: Map<_, _> =
        Thing::ALL.into_iter().map(|thing| (thing.name().to_owned(), stock.left_out(thing).into())).collect();
    json!({
        "site": site.name,
        "mode": site.mode,
        "cookies": rows(Thing::Cookie).iter().map(|row| cookie(site, row)).collect::<Vec<_>>(),
        "third_parties": rows(Thing::ThirdParty).iter().map(|row| host(site, row)).collect::<Vec<_>>(),
        "companies": rows(Thing::Company).iter().map(tag).collect::<Vec<_>>(),
        "storage": rows(Thing::StorageKey).iter().map(|row| storage_key(site, row)).collect::<Vec<_>>(),
        "left_out": left_out,
        "drift": drift(site),
    })
}

/// What was seen of one kind, by the patterns of the rules in force.
pub(super) fn rows(site: &Site, thing: Thing) -> Vec<Row> {
    site.inventory.stock.rows(thing, |name| match verdict(site, thing, name).rule {
        Rule::Site(pattern) | Rule::Catalogue(pattern, _) => Some(pattern),
        _ => None,
    })
}

/// What is said of a cookie or key of this name for a visitor who has agreed to nothing.
pub(super) fn verdict<'s>(site: &'s Site, thing: Thing, name: &str) -> Verdict<'s> {
    match thing {
        Thing::StorageKey => site.policy.storage(name.as_bytes(), PurposeSet::ESSENTIAL),
        _ => site.policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL),
    }
}

fn cookie(site: &Site, Row { name, state }: &Row) -> Value {
    let verdict = verdict(site, Thing::Cookie, name);
    let mark = |mark| state.marks.has(mark);
    let said: Vec<_> =
        [(Marks::STRICT, "strict"), (Marks::LAX, "lax"), (Marks::NONE, "none"), (Marks::NO_SAME_SITE, "not given")]
            .into_iter()
            .filter_map(|(one, name)| mark(one).then_some(name))
            .collect();
    let mut cookie = json!({
        "name": name,
        "purpose": verdict.purpose.map(|purpose| site.policy.purposes().name(purpose)),
        "rule": verdict.rule.to_string(),
        "classified": verdict.rule != Rule::Unclassified,
        // A browser that sends what the site was never seen to set has it from a script.
        "set_by": if mark(Marks::HEADER) { "header" } else { "script" },
        "sent": mark(Marks::SENT),
        "reported": mark(Marks::REPORTED),
        "believed": mark(Marks::BELIEVED),
        "secure": always(state, Marks::SECURE, Marks::NOT_SECURE),
        "http_only": always(state, Marks::HTTP_ONLY, Marks::NOT_HTTP_ONLY),
        "partitioned": mark(Marks::PARTITIONED),
        "same_site": said,
        "domains": state.domains,
        "paths": state.paths,
        "declared_lifetime": state.kept().map(|kept| lifetime(kept, u64::MAX)),
        "effective_lifetime": state.kept().map(|kept| lifetime(kept, LONGEST_LIFETIME)),
    });
    extend(&mut cookie, state);
    cookie
}

fn storage_key(site: &Site, Row { name, state }: &Row) -> Value {
    let verdict = verdict(site, Thing::StorageKey, name);
    let mut key = json!({
        "name": name,
        "kinds": state.tags,
        "purpose": verdict.purpose.map(|purpose| site.policy.purposes().name(purpose)),
        "rule": verdict.rule.to_string(),
        "classified": verdict.rule != Rule::Unclassified,
        "found": ["reported"],
        "believed": state.marks.has(Marks::BELIEVED),
    });
    extend(&mut key, state);
    key
}

/// A host is classified where a tag of it was, or where the rules in force know it as a whole.
fn host(site: &Site, row: &Row) -> Value {
    let mut host = tag(row);
    let is_known = row.state.marks.has(Marks::KNOWN) || !is_unknown(site, Thing::ThirdParty, &row.name);
    host["classified"] = is_known.into();
    host
}

fn tag(Row { name, state }: &Row) -> Value {
    let found = [(Marks::IN_PAGE, "page"), (Marks::ASKED, "script")];
    let found: Vec<_> = found.into_iter().filter_map(|(mark, name)| state.marks.has(mark).then_some(name)).collect();
    let mut tag = json!({
        "name": name,
        "company": state.company,
        "purposes": state.purposes,
        "classified": state.marks.has(Marks::KNOWN),
        "tags": state.tags,
        "found": found,
    });
    extend(&mut tag, state);
    tag
}

/// What is known of everything.
fn extend(value: &mut Value, state: &State) {
    value["holds"] = state.marks.has(Marks::HOLDS).into();
    value["first_seen"] = day(state.first).into();
    value["last_seen"] = day(state.last).into();
    value["count"] = state.count.into();
    value["pages"] = state.pages.clone().into();
}

/// True, false, or null where it was set now with and now without.
fn always(state: &State, with: Marks, without: Marks) -> Option<bool> {
    match (state.marks.has(with), state.marks.has(without)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

fn lifetime(kept: Kept, longest: u64) -> Value {
    match kept {
        Kept::Session => "session".into(),
        Kept::Seconds(seconds) => seconds.min(longest).into(),
    }
}

fn drift(site: &Site) -> Vec<Value> {
    let told = |drift: &Drift| {
        let mut value = drift.json(&site.name);
        value["at"] = ledger::rfc3339(drift.at * 1000).into();
        value["unclassified"] = is_unknown_still(site, drift).into();
        value["held"] = is_held_now(site, drift).into();
        value
    };
    site.inventory.drifts.latest().iter().map(told).collect()
}

fn day(seconds: UnixSeconds) -> String {
    let day = Duration::from_secs(seconds);
    ledger::rfc3339(u64::try_from(day.as_millis()).unwrap_or_default()).chars().take(10).collect()
}
