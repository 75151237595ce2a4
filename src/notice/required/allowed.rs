//! What may stand in a template: plain elements, their attributes, the classes that the docs name, and visible text.

use super::super::banner::{Banner, BannerState, logo_address};
use super::super::format::is_format;
use super::super::outline::{Node, Outline};
use super::Found;

/// The stylesheet's other classes would move, cover or hide what they are put on.
const STYLESHEET: &str = include_str!("../notice.css");

/// Elements a notice is made of, and what they may carry beside `EVERYWHERE`.
const ELEMENTS: [(&str, &[&str]); 28] = [
    ("div", &[]),
    ("section", &[]),
    ("p", &[]),
    ("span", &[]),
    ("strong", &[]),
    ("b", &[]),
    ("em", &[]),
    ("i", &[]),
    ("abbr", &[]),
    ("bdi", &[]),
    ("br", &[]),
    ("wbr", &[]),
    ("hr", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("ul", &[]),
    ("ol", &[]),
    ("li", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("dd", &[]),
    ("blockquote", &[]),
    ("address", &[]),
    ("form", &["method", "action", "accept-charset", "target"]),
    ("input", &["type", "name", "value"]),
    ("button", &["type", "name", "value"]),
    ("a", &["href", "target", "rel"]),
    ("img", &["src", "alt", "width", "height"]),
];
const EVERYWHERE: [&str; 8] = ["class", "id", "lang", "dir", "title", "role", "aria-label", "aria-describedby"];
/// Roles that take nothing from what is required.
const ROLES: [&str; 3] = ["alert", "group", "note"];
/// What each of the classes for a template may stand on.
const CLASSES: [(&str, &str); 4] = [("buttons", "div"), ("button", "button"), ("logo", "img"), ("hide", "a")];

pub(super) fn forbidden(made: &Outline, usual: &Outline, view: &Banner) -> Found {
    let logo = logo_address(&view.place).map(|(address, _)| address);
    let mut found = Vec::new();
    for node in &made.nodes {
        let needle = Some(format!("<{}", node.tag));
        let Some((_, own)) = ELEMENTS.iter().find(|(tag, _)| *tag == node.tag) else {
            found.push((format!("<{}> may not stand in a notice", node.tag), needle));
            continue;
        };
        for (name, value) in &node.attributes {
            let (what, needle) = match &**name {
                "class" => (classes(node, value, view.state), format!("\"{value}\"")),
                _ => (unfit(node, (name, value), own, logo.as_deref()), format!(" {name}")),
            };
            found.extend(what.map(|what| (what, Some(needle))));
        }
    }
    // A value may have one of its own: then the built-in notice has it too.
    if let Some(odd) = made.text.chars().find(|&c| is_format(c) && !usual.text.contains(c)) {
        found.push((format!("U+{:04X} is a character that nobody sees", u32::from(odd)), Some(odd.to_string())));
    }
    found
}

/// In a page without a doctype the case of a class does not count.
fn classes(node: &Node, classes: &str, state: BannerState) -> Option<String> {
    let known = |class: &str| {
        let named = |at: usize| STYLESHEET[at + 1..].strip_prefix(class);
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
        STYLESHEET.match_indices('.').any(|(at, _)| named(at).is_some_and(ends))
    };
    let unfit = |class: &&str| match CLASSES.iter().find(|(allowed, _)| allowed == class) {
        // The script takes the whole message away when it is pressed: no answer by closing.
        Some(("hide", "a")) if state == BannerState::Ask => true,
        Some((_, tag)) => *tag != node.tag,
        None => known(&class.to_ascii_lowercase()),
    };
    let class = classes.split_ascii_whitespace().find(unfit)?;
    Some(format!("class=\"{class}\" may not stand on <{}> here", node.tag))
}

/// What is wrong with an attribute.
fn unfit(node: &Node, (name, value): (&str, &str), own: &[&str], logo: Option<&str>) -> Option<String> {
    if !EVERYWHERE.contains(&name) && !own.contains(&name) {
        return Some(format!("{name}= may not stand on <{}>", node.tag));
    }
    match name {
        "role" if !ROLES.contains(&value) => Some(format!("role=\"{value}\" may not stand in a notice")),
        "src" if Some(value) != logo => Some("<img> may show {{ logo.address }} alone".to_owned()),
        "href" if !["https://", "http://", "//", "mailto:", "tel:"].iter().any(|start| value.starts_with(start)) => {
            Some("a link needs the whole address, with https://".to_owned())
        }
        _ => None,
    }
}
