//! The one stylesheet, of the banner and of the gate's own pages.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

const STYLES: &str = include_str!("notice.css");
/// 64 bits of the hash: enough that no two releases share a name.
const NAME_BYTES: usize = 8;

/// A file of the gate's own whose name changes with its content: browsers may keep it for ever.
#[derive(Debug)]
pub struct Asset {
    /// `notice-<hash>.css`, served under the reserved prefix.
    pub name: String,
    /// Its content.
    pub bytes: &'static [u8],
    /// Its `Content-Type`.
    pub content_type: &'static str,
}

/// The stylesheet.
pub fn stylesheet() -> &'static Asset {
    static STYLESHEET: LazyLock<Asset> = LazyLock::new(|| {
        let mut name = "notice-".to_owned();
        for byte in &Sha256::digest(STYLES)[..NAME_BYTES] {
            let _ = write!(name, "{byte:02x}");
        }
        name.push_str(".css");
        Asset { name, bytes: STYLES.as_bytes(), content_type: "text/css; charset=utf-8" }
    });
    &STYLESHEET
}
