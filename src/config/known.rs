//! What the configuration asks of the catalogue, in one place.

use crate::consent::Purpose;

/// The purpose a cookie name is known to have, whatever the YAML says about it.
pub(super) fn known_purpose(name: &str) -> Option<Purpose> {
    let starts = |known: &[&str]| known.iter().any(|known| name.starts_with(known));
    match name {
        "IDE" | "fr" | "MUID" => Some(Purpose::MARKETING),
        _ if starts(&["_ga", "_gid", "_gat", "_pk_", "__utm", "_hj", "_clck", "_clsk"]) => Some(Purpose::ANALYTICS),
        _ if starts(&["_fbp", "_fbc", "_gcl_", "__gads", "_uet"]) => Some(Purpose::MARKETING),
        _ => None,
    }
}

/// Why a tag pattern cannot be used; `None` when it can.
pub(super) fn tag_pattern_fault(pattern: &str) -> Option<String> {
    let refused = [
        (pattern.is_empty(), "is empty"),
        (pattern.contains(char::is_whitespace), "has a space in it"),
        (
            pattern.contains("##") || pattern.contains("#@#") || pattern.contains("#?#"),
            "hides elements: only addresses can be matched",
        ),
        (pattern.starts_with("@@"), "is an exception: write a rule with the purpose that is right instead"),
        (pattern.starts_with('!'), "is a comment"),
        (
            pattern.len() > 1 && pattern.starts_with('/') && pattern.ends_with('/'),
            "is a regular expression: use '*' and '^'",
        ),
        (pattern.contains('$'), "has options after '$': only the address can be matched"),
        (pattern.chars().all(|c| matches!(c, '*' | '^' | '|')), "matches every address"),
    ];
    refused.iter().find(|(refused, _)| *refused).map(|(_, why)| (*why).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_hosts_and_parts_of_addresses_stand_and_the_rest_is_refused() {
        for good in ["||maps.example.com^", "|https://cdn.example/", "/gtag/js?id=", "*analytics*", "/piwik.js"] {
            assert_eq!(tag_pattern_fault(good), None, "{good}");
        }
        for bad in
            ["", "*", "||^", "example.com##.banner", "@@||x.example^", "/ads[0-9]/", "||x.example^$script", "! x"]
        {
            assert!(tag_pattern_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn wildcards_of_known_families_are_known() {
        assert_eq!(known_purpose("_ga*"), Some(Purpose::ANALYTICS));
        assert_eq!(known_purpose("_fbp"), Some(Purpose::MARKETING));
        assert_eq!(known_purpose("ASP.NET_SessionId"), None);
    }
}
