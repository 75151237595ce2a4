//! Where the admin listener listens, and what it asks of those who come.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};

use crate::consent::Key;

/// The admin listener, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub address: SocketAddr,
    /// What everyone has to show who has no client certificate; where neither can be shown only this machine is answered,
    /// and only an address that no other can reach may be listened on.
    pub token: Option<Token>,
    /// https instead of plain HTTP.
    pub tls: Option<Tls>,
}

impl Config {
    /// Is anybody asked who they are?
    pub fn asks(&self) -> bool {
        self.token.is_some() || self.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some())
    }
}

/// PEM files of the admin listener's https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The chain, leaf first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// The authority whose certificates let somebody in.
    pub client_ca: Option<PathBuf>,
}

/// The admin token. What is kept can tell whether a word is the token, and cannot be printed; the token itself is not
/// kept.
#[derive(Clone)]
pub struct Token {
    key: Key,
    proof: [u8; 32],
}

impl Token {
    /// `None` for one that is short enough to be guessed, or that no header can carry. White space around it is no part
    /// of it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (32..=512).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| {
            let key = Key::new(Sha256::digest(text).into());
            let proof = key.seal(b"admin token", &[]);
            Self { key, proof }
        })
    }

    /// Is this the token? It takes as long for one wrong word as for another.
    pub(super) fn is(&self, presented: &[u8]) -> bool {
        let presented = Key::new(Sha256::digest(presented).into());
        same(&presented.seal(b"admin token", &[]), &self.proof)
    }

    /// Seals something so that only who knows the token can have made it.
    pub(super) fn seal(&self, payload: &[u8]) -> [u8; 32] {
        self.key.seal(b"admin session", payload)
    }
}

/// Looks at every byte, wherever the first difference is.
pub(super) fn same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    std::hint::black_box(one.iter().zip(other).fold(0, |different, (a, b)| different | (a ^ b))) == 0
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_knows_itself_and_is_never_shown() {
        let text = "0123456789abcdef0123456789abcdef";
        let token = Token::new(&format!(" {text}\n")).unwrap();
        assert!(token.is(text.as_bytes()));
        assert!(!token.is(b"") && !token.is(&text.as_bytes()[1..]) && !token.is(b"x123456789abcdef0123456789abcdef"));
        assert_eq!(format!("{token:?}"), "Token(…)");
    }

    #[test]
    fn what_can_be_guessed_or_cannot_be_sent_is_no_token() {
        for text in [
            "",
            "secret",
            &"a".repeat(31),
            &"a".repeat(513),
            "0123456789abcdef 0123456789abcdef",
            "ä23456789abcdef0123456789abcdef",
        ] {
            assert!(Token::new(text).is_none(), "{text}");
        }
    }
}
