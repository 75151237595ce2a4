//! What an operator reads before a site is enforced, and what has come since: by page, by purpose, and drift.

use super::super::Site;
use super::super::report::{self, Numbers};
use super::super::table::{Cell, Table, moment};
use super::super::unknown::{is_held_now, is_unknown_still};
use crate::inventory::Deed;

pub(in crate::admin) fn pages(site: &Site) -> Table {
    let caption = "Held, or would be held, by page: those with the most";
    deeds(site, ("pages", caption), ("Page", "page"), report::by_page(site))
}

pub(in crate::admin) fn purposes(site: &Site) -> Table {
    let caption = "Held, or would be held, by purpose";
    deeds(site, ("purposes", caption), ("Purpose", "purpose"), report::by_purpose(site))
}

fn deeds(
    site: &Site,
    (path, caption): (&str, &str),
    first: (&'static str, &'static str),
    rows: Vec<(String, Numbers)>,
) -> Table {
    let columns = [first, ("Held", "held"), ("Would be held", "would_hold"), ("Unclassified, runs", "passed")];
    let mut table = Table::new(format!("sites/{}/{path}", site.name), caption, &columns);
    for (name, numbers) in rows {
        let of = |deed: Deed| Cell::Number(numbers[deed as usize]);
        table.row(vec![name.into(), of(Deed::Held), of(Deed::WouldHold), of(Deed::Passed)]);
    }
    table
}

/// The latest, newest first, as the rules in force judge it: what has been classified since is known.
pub(in crate::admin) fn drift(site: &Site) -> Table {
    let columns = [
        ("New", "name"),
        ("What", "kind"),
        ("Whose", "company"),
        ("Known", "classified"),
        ("Held", "held"),
        ("Since", "at"),
        ("YAML", "yaml"),
    ];
    let mut table = Table::new(format!("sites/{}/drift", site.name), "New on the site, the latest first", &columns);
    let said = |yes: bool| Cell::from(if yes { "yes" } else { "no" });
    for drift in site.inventory.drifts.latest() {
        let (known, held) = (!is_unknown_still(site, &drift), is_held_now(site, &drift));
        table.row(vec![
            drift.name.into(),
            drift.thing.name().replace('_', " ").into(),
            drift.company.map_or(Cell::Nothing, Cell::from),
            said(known),
            said(held),
            moment(drift.at).into(),
            drift.yaml.into(),
        ]);
    }
    table
}
