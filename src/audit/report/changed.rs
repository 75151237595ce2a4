//! What has changed since an earlier audit, as a part of a page: one site in full, many in a table with the details behind
//! each.

use std::cmp::Ordering;

use minijinja::{Value, context};
use serde::Serialize;

use super::html::says;
use super::look;
use crate::audit::{Changes, Verdict, criteria};

const TEMPLATE: &str = include_str!("changed.html");
const OF_A_SITE: &str = include_str!("changed_site.html");

/// The part; empty where nothing was compared.
pub(super) fn changed(changes: &[Changes], table: bool) -> Value {
    if changes.is_empty() {
        return Value::from("");
    }
    let (both, sites) = (changes.len(), changes.iter().map(Site::of).collect::<Vec<_>>());
    // A site that could not be looked at then or now went neither up nor down.
    let ways: Vec<_> = changes.iter().filter_map(|change| Some(change.score_now?.cmp(&change.score_before?))).collect();
    let moved = |way| ways.iter().filter(|known| **known == way).count();
    let (up, same, down) = (moved(Ordering::Greater), moved(Ordering::Equal), moved(Ordering::Less));
    Value::from_safe_string(look::page(TEMPLATE, context! { sites, both, table, up, down, same }))
}

#[derive(Serialize)]
struct Site<'c> {
    changes: &'c Changes,
    before: String,
    now: String,
    /// With its sign; nothing where one of the two has no score.
    by: Option<String>,
    nothing: bool,
    /// What came, what went, and what that did, as a part of a page.
    details: Value,
}

#[derive(Serialize)]
struct Row<'c> {
    title: &'c str,
    before: &'static str,
    now: &'static str,
    before_verdict: Verdict,
    now_verdict: Verdict,
    by: String,
}

impl<'c> Site<'c> {
    fn of(changes: &'c Changes) -> Self {
        let by =
            changes.score_before.zip(changes.score_now).map(|(before, now)| signed(i16::from(now) - i16::from(before)));
        let rows = changes.criteria.iter().map(|change| Row {
            title: title(&change.id),
            before: says(change.before),
            now: says(change.now),
            before_verdict: change.before,
            now_verdict: change.now,
            by: signed(i16::from(change.deducted_before) - i16::from(change.deducted_now)),
        });
        let nothing = changes.came.is_empty() && changes.went.is_empty() && changes.criteria.is_empty();
        let with = context! { nothing, changes, criteria => rows.collect::<Vec<_>>() };
        Self {
            before: bounds(changes.score_at_least_before, changes.score_before),
            now: bounds(changes.score_at_least_now, changes.score_now),
            by,
            nothing,
            details: Value::from_safe_string(look::page(OF_A_SITE, with)),
            changes,
        }
    }
}

fn title(id: &str) -> &str {
    criteria().criteria.iter().find(|criterion| criterion.id == id).map_or(id, |criterion| &criterion.title)
}

/// Both numbers where they differ.
pub(super) fn bounds(least: Option<u8>, most: Option<u8>) -> String {
    match (least, most) {
        (Some(least), Some(most)) if least < most => format!("{least}\u{2013}{most}"),
        (_, Some(most)) => most.to_string(),
        _ => "\u{2013}".into(),
    }
}

fn signed(points: i16) -> String {
    match points {
        0 => "0".into(),
        more @ 1.. => format!("+{more}"),
        less => format!("\u{2212}{}", less.unsigned_abs()),
    }
}
