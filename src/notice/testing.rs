//! What the tests of this room show their pages with.

use super::{Config, Language};

/// A council that speaks both languages.
pub(super) fn config() -> Config {
    Config {
        service: "Example Council".into(),
        organisation: Some("Example County Council".into()),
        contact: Some("dpo@example.gov.uk".into()),
        languages: vec![Language::English, Language::Welsh],
        version: "2026-11".into(),
        days: 365,
    }
}
