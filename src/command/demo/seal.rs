//! Marks that only this server can make: view state, anti-forgery fields and login tickets carry one.
//! The key lives as long as the demo, so nothing is kept between requests and nothing has to be forgotten.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// A random value for a cookie, as text.
pub(super) fn random_text() -> String {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A random number of at most ten digits, as analytics client ids are.
pub(super) fn random_number() -> u32 {
    getrandom::u32().expect("the system gives random bytes")
}

/// The server's key.
pub(super) struct Seal([u8; 32]);

impl Seal {
    pub(super) fn random() -> Self {
        let mut key = [0; 32];
        getrandom::fill(&mut key).expect("the system gives random bytes");
        Self(key)
    }

    /// A mark over `text` for one use, so that a mark made for one field is worth nothing in another.
    pub(super) fn mark(&self, usage: &str, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(usage, text).finalize().into_bytes())
    }

    /// Was this mark made here, for this use and this text?
    pub(super) fn verify(&self, usage: &str, text: &str, mark: &str) -> bool {
        let Ok(mark) = URL_SAFE_NO_PAD.decode(mark) else { return false };
        self.mac(usage, text).verify_slice(&mark).is_ok()
    }

    /// Text sealed into one token that can be opened again: base64, as view state is.
    pub(super) fn close(&self, usage: &str, text: &str) -> String {
        STANDARD.encode(format!("{}.{text}", self.mark(usage, text)))
    }

    /// The text of a token made by [`Seal::close`] for the same use.
    pub(super) fn open(&self, usage: &str, token: &str) -> Option<String> {
        let token = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
        let (mark, text) = token.split_once('.')?;
        self.verify(usage, text, mark).then(|| text.to_owned())
    }

    fn mac(&self, usage: &str, text: &str) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(usage.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_for_the_use_it_was_made_for() {
        let seal = Seal::random();
        let token = seal.close("viewstate", "3");
        assert_eq!(seal.open("viewstate", &token).as_deref(), Some("3"));
        assert_eq!(seal.open("login", &token), None);
        assert_eq!(Seal::random().open("viewstate", &token), None);
        assert_eq!(seal.open("viewstate", "AAAA"), None);
    }
}
