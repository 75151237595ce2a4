//! What the visitor was told, and the rules that were in force: each text kept once, by its SHA-256.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::chain::Hash;

/// A text that many records point to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Of the text's bytes.
    pub sha256: Hash,
    /// As it was.
    pub text: Arc<str>,
}

/// What a choice was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The notice, its confirmations and the cookies page: the bytes a visitor gets.
    pub notice: Document,
    /// Who is responsible, what is asked, and the rules of the site, as JSON.
    pub rules: Document,
}

impl Document {
    /// Names a text by its hash.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self { sha256: Sha256::digest(text.as_bytes()).into(), text }
    }
}
