//! What the configuration asks of the catalogue, in one place.

use crate::catalogue;
use crate::catalogue::pattern::{AddressPattern, PathPattern};
use crate::consent::Purpose;

/// The purpose a cookie name, or the family a wildcard stands for, is known to have, whatever the YAML says about it.
pub(super) fn known_purpose(name: &str) -> Option<Purpose> {
    catalogue::cookie(name.replace('*', "").as_bytes()).map(|known| known.purpose)
}

/// Why a tag pattern cannot be used; `None` when it can.
pub(super) fn tag_pattern_fault(pattern: &str) -> Option<String> {
    if !pattern.is_empty() && pattern.chars().all(|c| matches!(c, '*' | '^' | '|')) {
        return Some("the pattern matches every address".to_owned());
    }
    AddressPattern::parse(pattern).err().map(|fault| fault.to_string())
}

/// Why a path cannot be used; `None` when it can.
pub(super) fn path_pattern_fault(pattern: &str) -> Option<String> {
    PathPattern::parse(pattern).err().map(|fault| fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_hosts_and_parts_of_addresses_stand_and_the_rest_is_refused() {
        for good in ["||maps.example.com^", "|https://cdn.example/", "/gtag/js?id=", "*analytics*", "/piwik.js"] {
            assert_eq!(tag_pattern_fault(good), None, "{good}");
        }
        let wrong =
            ["", "*", "||^", "example.com##.banner", "@@||x.example^", "/ads[0-9]/", "||x.example^$script", "! x"];
        for bad in wrong {
            assert!(tag_pattern_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn wildcards_of_known_families_are_known() {
        assert_eq!(known_purpose("_ga*"), Some(Purpose::ANALYTICS));
        assert_eq!(known_purpose("_fbp"), Some(Purpose::MARKETING));
        assert_eq!(known_purpose("a-name-nobody-has-used"), None);
    }
}
