//! The table of what is stored for one purpose.
//!
//! On a narrow screen the rows become blocks (WCAG 1.4.10). Browsers of today still tell assistive technology of a table;
//! for older ones `data-label` lets the stylesheet repeat the column's name beside each value, so that a list of blocks
//! says as much. Roles that would say "table" again are not allowed here (ARIA in HTML, `tr`, `th` and `td`).

use super::cookies_page::{CookieRow, SetBy};
use super::html::{Html, capital, fill};
use super::strings::Strings;
use super::words;
use super::{Direction, Language};

/// `cookies` is what the table lists, as it stands in a sentence.
pub(super) fn table(html: &mut Html, rows: &[CookieRow], language: Language, cookies: &str) {
    let strings = Strings::of(language);
    html.raw("<table class=\"cookies\">");
    html.element("caption", &[], &fill(strings.cookies_we_use, &[&capital(cookies)]));
    html.raw("<thead><tr>");
    let what = [strings.column_name, strings.column_what, strings.column_set_by];
    for column in what.into_iter().chain([strings.column_lifetime, strings.column_seen]) {
        html.element("th", &[("scope", "col")], column);
    }
    html.raw("</tr></thead><tbody>");
    for entry in rows {
        row(html, entry, language);
    }
    html.raw("</tbody></table>");
}

fn row(html: &mut Html, row: &CookieRow, language: Language) {
    let strings = Strings::of(language);
    html.raw("<tr><th scope=\"row\">");
    match language.direction() {
        Direction::Ltr => html.text(row.name),
        // In a line that runs from right to left `_ga` would be shown as `ga_`.
        Direction::Rtl => html.element("bdi", &[("dir", "ltr")], row.name),
    };
    if row.storage {
        html.raw(" ").element("span", &[("class", "kind")], &format!("({})", strings.browser_storage));
    }
    html.raw("</th>");
    cell(html, strings.column_what, row.description.unwrap_or(strings.not_described));
    let set_by = match row.set_by {
        SetBy::Site => strings.this_site,
        SetBy::Company(name) => name,
        SetBy::Unknown => strings.lifetime_unknown,
    };
    cell(html, strings.column_set_by, set_by);
    cell(html, strings.column_lifetime, &words::lifetime(strings, row.lifetime));
    let seen = row.seen.map(|at| words::day(strings, at));
    cell(html, strings.column_seen, seen.as_deref().unwrap_or(strings.not_seen));
    html.raw("</tr>");
}

fn cell(html: &mut Html, label: &str, text: &str) {
    html.element("td", &[("data-label", label)], text);
}
