//! What a site's own cookies page says, read from its tables and lists, beside what was found.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use lol_html::html_content::Element;
use lol_html::{HtmlRewriter, Settings, element, text};

use super::duration::{fits, said};
use super::{CookieFound, Declared, LifetimeDiffers, States};
use crate::catalogue;

/// A page that names more cookies than this names something else.
const MOST: usize = 2_000;
const LONGEST_NAME: usize = 100;
/// Beginnings of the headings of columns, English and Welsh.
const NAME_HEADINGS: [&str; 5] = ["name", "cookie", "enw", "cwci", "key"];
const LIFETIME_HEADINGS: [&str; 11] = [
    "expir",
    "duration",
    "how long",
    "lifetime",
    "lifespan",
    "retention",
    "stored for",
    "dod i ben",
    "yn dod i ben",
    "hyd",
    "am ba",
];
/// What a name in a list may be followed by.
const STOPS: [char; 4] = [':', '\u{2013}', '\u{2014}', '('];

/// A cookie as the page names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// Its name, `*` standing for what changes.
    pub(super) pattern: String,
    /// Its lifetime in the page's words; empty where there are none.
    pub(super) lifetime: String,
}

/// The cookies a page names, each once, in its order.
pub(super) fn named(html: &[u8]) -> Vec<Named> {
    let cells = cells(html);
    let mut found: Vec<Named> = Vec::new();
    let rows = cells.tables.iter().flat_map(|rows| from_table(rows));
    for cookie in rows.chain(cells.items.iter().filter_map(|item| from_item(item))) {
        if found.len() < MOST && !found.iter().any(|known| known.pattern == cookie.pattern) {
            found.push(cookie);
        }
    }
    found
}

/// Compares a page with what was found in any state.
pub(super) fn compare(page: &str, named: &[Named], states: &States) -> Declared {
    let all = [Some(&states.untouched), states.rejected.as_ref(), states.accepted.as_ref(), states.withdrawn.as_ref()];
    let cookies: Vec<&CookieFound> = all.into_iter().flatten().flat_map(|state| &state.cookies).collect();
    let keys = [Some(&states.untouched), states.accepted.as_ref()];
    let keys: BTreeSet<&str> =
        keys.into_iter().flatten().flat_map(|state| &state.storage).map(|stored| &*stored.key).collect();
    let by = |cookie: &CookieFound| named.iter().find(|named| matches(&named.pattern, &cookie.name));
    let missing: BTreeSet<&str> =
        cookies.iter().filter(|cookie| by(cookie).is_none()).map(|cookie| &*cookie.pattern).collect();
    let seen = |named: &&Named| {
        cookies.iter().any(|cookie| matches(&named.pattern, &cookie.name))
            || keys.iter().any(|key| matches(&named.pattern, key))
    };
    let mut lifetimes: Vec<_> = cookies.iter().filter_map(|cookie| differs(by(cookie)?, cookie)).collect();
    lifetimes.sort_by(|one, other| one.name.cmp(&other.name));
    lifetimes.dedup();
    Declared {
        page: page.to_owned(),
        named: named.iter().map(|named| named.pattern.clone()).collect(),
        missing: missing.into_iter().map(str::to_owned).collect(),
        unseen: named.iter().filter(|named| !seen(named)).map(|named| named.pattern.clone()).collect(),
        lifetimes,
    }
}

fn differs(named: &Named, cookie: &CookieFound) -> Option<LifetimeDiffers> {
    let said = said(&named.lifetime)?;
    // A page may say what was sent or what a browser makes of it: both are true.
    let true_word = fits(said, cookie.wire_lifetime) || fits(said, cookie.effective_lifetime);
    (!true_word).then(|| LifetimeDiffers {
        name: cookie.pattern.clone(),
        declared: named.lifetime.clone(),
        found: cookie.wire_lifetime,
    })
}

// === What the page says ===

#[derive(Default)]
struct Cells {
    tables: Vec<Vec<Vec<String>>>,
    items: Vec<String>,
}

fn cells(html: &[u8]) -> Cells {
    let found = Rc::new(RefCell::new(Cells::default()));
    let of = || Rc::clone(&found);
    let (tables, rows, cells, items, cell_texts, item_texts) = (of(), of(), of(), of(), of(), of());
    let handlers = vec![
        element!("table", move |_: &mut Element<'_, '_>| {
            tables.borrow_mut().tables.push(Vec::new());
            Ok(())
        }),
        element!("tr", move |_| {
            if let Some(table) = rows.borrow_mut().tables.last_mut() {
                table.push(Vec::new());
            }
            Ok(())
        }),
        element!("td, th", move |_| {
            if let Some(row) = cells.borrow_mut().tables.last_mut().and_then(|table| table.last_mut()) {
                row.push(String::new());
            }
            Ok(())
        }),
        element!("li, dt", move |_| {
            items.borrow_mut().items.push(String::new());
            Ok(())
        }),
        text!("td, th", move |chunk| {
            let mut found = cell_texts.borrow_mut();
            let row = found.tables.last_mut().and_then(|table| table.last_mut());
            if let Some(cell) = row.and_then(|row| row.last_mut()) {
                cell.push_str(&htmlize::unescape(chunk.as_str()));
            }
            Ok(())
        }),
        text!("li, dt", move |chunk| {
            if let Some(item) = item_texts.borrow_mut().items.last_mut() {
                item.push_str(&htmlize::unescape(chunk.as_str()));
            }
            Ok(())
        }),
    ];
    let settings =
        handlers.into_iter().fold(Settings::new().with_strict(false), Settings::append_element_content_handler);
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    // What was read until a fault is what the page says as far as it can be read.
    if rewriter.write(html).is_ok() {
        let _ = rewriter.end();
    }
    std::mem::take(&mut *found.borrow_mut())
}

fn from_table(rows: &[Vec<String>]) -> Vec<Named> {
    let Some(head) = rows.first() else { return Vec::new() };
    let column = |headings: &[&str]| {
        head.iter().position(|cell| {
            let cell = cell.trim().to_lowercase();
            headings.iter().any(|heading| cell.starts_with(heading))
        })
    };
    let Some(names) = column(&NAME_HEADINGS) else { return Vec::new() };
    let lifetimes = column(&LIFETIME_HEADINGS).filter(|lifetimes| *lifetimes != names);
    let rows = rows[1..].iter().flat_map(|row| {
        let lifetime = lifetimes.and_then(|at| row.get(at)).map(|cell| plain(cell)).unwrap_or_default();
        let cell = row.get(names).map(String::as_str).unwrap_or_default();
        // One cell may name several.
        let patterns: Vec<_> =
            cell.split([',', '\n', ';']).flat_map(|part| part.split(" and ")).filter_map(pattern).collect();
        patterns.into_iter().map(move |pattern| Named { pattern, lifetime: lifetime.clone() })
    });
    rows.collect()
}

/// `_ga: used to …`. A word alone is a name only if somebody knows it.
fn from_item(item: &str) -> Option<Named> {
    let item = plain(item);
    let (name, rest) = item.split_once(&STOPS[..]).or_else(|| item.split_once(" - ")).unwrap_or((&item, ""));
    let pattern = pattern(name)?;
    catalogue::cookie(pattern.replace('*', "0").as_bytes()).or_else(|| catalogue::cookie(pattern.as_bytes()))?;
    let lifetime = if said(rest).is_some() { rest.trim().to_owned() } else { String::new() };
    Some(Named { pattern, lifetime })
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The name that a cell or an item begins with; what stands for something that changes becomes `*`.
fn pattern(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['"', '\'', '`', '\u{201c}', '\u{201d}']);
    let text = text.split_once(" (").map_or(text, |(name, _)| name).trim();
    let mut pattern = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '<' | '[' | '{' => {
                let close = match c {
                    '<' => '>',
                    '[' => ']',
                    _ => '}',
                };
                rest.by_ref().find(|inner| *inner == close)?;
                pattern.push('*');
            }
            '\u{2026}' | '#' => pattern.push('*'),
            c if c.is_ascii_graphic() && !"(),;\"".contains(c) => pattern.push(c),
            _ => return None,
        }
    }
    let pattern = pattern.replace("...", "*");
    let pattern = starred(&pattern);
    let named = (2..=LONGEST_NAME).contains(&pattern.len()) && pattern.bytes().any(|byte| byte.is_ascii_alphanumeric());
    named.then_some(pattern)
}

/// `_ga_XXXXXX` stands for any ending; `XSRF-TOKEN` does not.
fn starred(pattern: &str) -> String {
    let bytes = pattern.as_bytes();
    let tail = bytes.iter().rev().take_while(|byte| matches!(byte, b'X' | b'x')).count();
    let cut = if tail >= 3 { format!("{}*", &pattern[..bytes.len() - tail]) } else { pattern.to_owned() };
    let mut starred = String::new();
    for c in cut.chars().filter(|c| !c.is_whitespace()) {
        if c != '*' || !starred.ends_with('*') {
            starred.push(c);
        }
    }
    starred
}

/// `*` stands for any run of characters.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::State;

    fn patterns(html: &str) -> Vec<String> {
        named(html.as_bytes()).into_iter().map(|named| named.pattern).collect()
    }

    #[test]
    fn tables_and_lists_are_read() {
        let html = "<table><caption>x</caption><thead><tr><th>Cookie <b>name</b><th>Purpose<th>Expires</thead>
            <tr><td><code>_ga</code>, _gid</td><td>counts</td><td>2 years</td></tr>
            <tr><td>_ga_&lt;container-id&gt;<td>x<td>13 months<tr><td>_hjSessionUser_XXXXX<td>x<td>Session</table>
            <table><tr><th>Meeting<th>Date<tr><td>council<td>1 May</table>
            <ul><li>fbm_[id]: kept for 90 days</li><li>Bins (weekly)</li><li>PHPSESSID \u{2013} session</li></ul>";
        assert_eq!(patterns(html), ["_ga", "_gid", "_ga_*", "_hjSessionUser_*", "fbm_*", "PHPSESSID"]);
        assert_eq!(named(html.as_bytes())[2].lifetime, "13 months");
    }

    #[test]
    fn names_in_every_dress() {
        for (text, name) in [
            ("\u{201c}_ga\u{201d}", Some("_ga")),
            ("_gat_UA-{id}", Some("_gat_UA-*")),
            ("ASPSESSIONIDxxxxxxxx", Some("ASPSESSIONID*")),
            ("XSRF-TOKEN", Some("XSRF-TOKEN")),
            ("_pk_id.#", Some("_pk_id.*")),
            ("NID (Google)", Some("NID")),
            ("Google Analytics", None),
            ("x", None),
            ("<", None),
        ] {
            assert_eq!(pattern(text).as_deref(), name, "{text}");
        }
        assert!(
            matches("_ga_*", "_ga_ABC") && !matches("_ga", "_ga_ABC") && matches("*", "x") && !matches("a*c", "ab")
        );
    }

    #[test]
    fn what_is_missing_unseen_or_untrue_is_told() {
        let cookie = |name: &str, pattern: &str, seconds| CookieFound {
            name: name.into(),
            pattern: pattern.into(),
            wire_lifetime: seconds,
            effective_lifetime: seconds,
            ..CookieFound::default()
        };
        let untouched = State {
            cookies: vec![
                cookie("_ga_AB", "_ga_*", Some(34_560_000)),
                cookie("secret", "secret", None),
                cookie("theme", "theme", Some(60)),
            ],
            ..State::default()
        };
        let states = States { untouched, ..States::default() };
        let named = named(b"<table><tr><th>Name<th>Expiry<tr><td>_ga_*<td>400 days<tr><td>theme<td>1 year<tr><td>old<td>1 day</table>");
        let declared = compare("https://example.gov.uk/cookies", &named, &states);
        assert_eq!(
            (&declared.missing[..], &declared.unseen[..]),
            (&["secret".to_owned()][..], &["old".to_owned()][..])
        );
        assert_eq!(declared.lifetimes.iter().map(|differs| &*differs.name).collect::<Vec<_>>(), ["theme"]);
    }
}
