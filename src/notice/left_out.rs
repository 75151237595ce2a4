//! What was left out of a page and has no place of its own to say so: a widget that is a script, a picture.
//!
//! Closed, at the end of the footer, below the way to change it. A script of the gate's own takes away what has been
//! released (`script/release.js`): it knows a line by the name of its purpose.

use super::html::{Html, fill};
use super::purpose;
use super::strings::Strings;
use crate::consent::Purpose;

/// A longer list nobody reads.
const MOST: usize = 20;

/// A company whose tags the page lacks, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut<'a> {
    /// Whose they are, in words people know.
    pub company: &'a str,
    /// What agreeing to would bring them back.
    pub purpose: Purpose,
    /// Its name on this site: `marketing`.
    pub name: &'a str,
}

/// Sorted as people sort, each line once; nothing where nothing was left out.
pub(super) fn list(html: &mut Html, left_out: &[LeftOut], strings: &Strings) {
    if left_out.is_empty() {
        return;
    }
    let mut lines = left_out.to_vec();
    lines.sort_by_cached_key(|line| (line.company.to_lowercase(), line.name.to_owned()));
    lines.dedup();
    html.raw("<details>").element("summary", &[], strings.left_out).raw("<ul>");
    for line in lines.iter().take(MOST) {
        let cookies = purpose::cookies(strings, line.purpose, line.name);
        html.element("li", &[("data-purpose", line.name)], &format!("{} \u{2013} {cookies}", line.company));
    }
    if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
        let words = strings.more.form(strings, u64::try_from(more).unwrap_or(u64::MAX));
        html.element("li", &[], &fill(words, &[&more.to_string()]));
    }
    html.raw("</ul></details>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Language;
    use crate::notice::testing::{elements, text_in};

    const FACEBOOK: LeftOut = LeftOut { company: "Facebook", purpose: Purpose::MARKETING, name: "marketing" };

    fn made(left_out: &[LeftOut], language: Language) -> String {
        let mut html = Html::default();
        list(&mut html, left_out, Strings::of(language));
        html.into_string()
    }

    #[test]
    fn it_names_each_company_once_with_what_would_bring_it_back() {
        let map = LeftOut { company: "bMaps", purpose: Purpose::PREFERENCES, name: "preferences" };
        let html = made(&[FACEBOOK, map, FACEBOOK], Language::English);
        assert_eq!(text_in(&html, "summary"), "Left out of this page until you agree");
        assert_eq!(text_in(&html, "li"), "bMaps \u{2013} preference cookiesFacebook \u{2013} marketing cookies");
        let purposes = elements(&html).into_iter().filter_map(|e| e.value("data-purpose").map(str::to_owned));
        assert_eq!(purposes.collect::<Vec<_>>(), ["preferences", "marketing"]);
        assert!(text_in(&made(&[FACEBOOK], Language::Welsh), "li").ends_with("cwcis marchnata"));
    }

    #[test]
    fn it_is_nothing_where_nothing_was_left_out() {
        assert_eq!(made(&[], Language::English), "");
    }

    #[test]
    fn a_long_list_ends_in_a_number() {
        let names: Vec<String> = (10..10 + MOST + 3).map(|number| format!("Company {number}")).collect();
        let all: Vec<_> = names.iter().map(|company| LeftOut { company, ..FACEBOOK }).collect();
        let html = made(&all[..MOST], Language::English);
        assert!(!html.contains("more"), "{html}");
        let html = made(&all, Language::English);
        assert_eq!(html.matches("<li").count(), MOST + 1);
        assert!(html.ends_with("<li>and 3 more</li></ul></details>"), "{html}");
        assert!(made(&all, Language::Welsh).contains("3 arall hefyd"));
    }

    #[test]
    fn a_name_cannot_break_out() {
        let html =
            made(&[LeftOut { company: "\"></ul><script>\u{175}", name: "\"><x", ..FACEBOOK }], Language::English);
        assert!(html.is_ascii() && !html.contains("<script") && !html.contains("<x"), "{html}");
    }
}
