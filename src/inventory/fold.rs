//! Generated names (`_ga_ABC123`) shown as what they are: one pattern.

use std::borrow::Cow;

/// The pattern a name belongs to, where `pattern_of` knows one with a wildcard; otherwise the name itself.
///
/// For showing and counting only: a cookie is expired by its real name.
pub fn folded(name: &[u8], pattern_of: impl Fn(&[u8]) -> Option<&'static str>) -> Cow<'_, [u8]> {
    match pattern_of(name) {
        Some(pattern) if pattern.contains('*') => Cow::Borrowed(pattern.as_bytes()),
        _ => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn only_a_pattern_with_a_wildcard_stands_for_a_name() {
        let catalogue = |name: &[u8]| match name {
            b"_ga" => Some("_ga"),
            _ if name.starts_with(b"_ga_") => Some("_ga_*"),
            _ => None,
        };
        for (name, shown) in [("_ga", "_ga"), ("_ga_ABC123", "_ga_*"), ("theme", "theme")] {
            assert_eq!(&*folded(name.as_bytes(), catalogue), shown.as_bytes());
        }
    }
}
