//! Accept and Reject: as the built-in ones, in their words, with nothing between them.

use super::super::outline::{Node, Outline};
use super::words;

pub(super) fn answers(made: &Outline, usual: &Outline) -> Vec<String> {
    let mut missing = Vec::new();
    let sorted = |node: &Node| {
        let mut attributes = node.attributes.clone();
        attributes.sort();
        attributes
    };
    let buttons: Vec<_> = made.tagged("button").collect();
    let needed: Vec<_> = usual.tagged("button").collect();
    for button in &needed {
        let value = button.value("value").unwrap_or_default();
        let fits = |other: &&Node| sorted(other) == sorted(button) && made.inside(other, "form");
        match *buttons.iter().copied().filter(fits).collect::<Vec<_>>() {
            // Whoever could word one answer could make both alike, or one of them empty.
            [one] if words(&one.text) != words(&button.text) => missing.push(format!(
                "the {value} button must say {{{{ {value} }}}} and nothing else (notice.strings has other words for both)"
            )),
            [_] => {}
            _ => missing.push(format!(
                "the form needs one <button type=\"submit\" name=\"choice\" value=\"{value}\" class=\"button\">, with \
                 these attributes alone"
            )),
        }
    }
    if buttons.len() > needed.len() {
        missing.push("there are more buttons than Accept and Reject".to_owned());
    }
    if buttons.iter().any(|button| made.has_children(button)) {
        missing.push("a button needs words, and plain words alone".to_owned());
    }
    if !side_by_side(made) {
        missing.push(
            "Accept and Reject must stand side by side: Reject right after Accept, in the same element".to_owned(),
        );
    }
    missing
}

/// Whatever stood between them could push one of them out of sight.
fn side_by_side(made: &Outline) -> bool {
    let places: Vec<_> = (0..made.nodes.len()).filter(|&at| made.nodes[at].tag == "button").collect();
    let [first, .., last] = *places else { return true };
    let (one, other) = (&made.nodes[first], &made.nodes[last]);
    let in_order = one.value("value") == Some("accept") && other.value("value") == Some("reject");
    in_order && last == first + 1 && one.parent == other.parent && other.before.trim().is_empty()
}
