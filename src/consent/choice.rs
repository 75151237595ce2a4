//! The choice and the signed cookie that carries it: the gate's only cookie.
//!
//! Value: base64url of `format, flags, time, notice version, purposes, receipt id, MAC`, at most 200 bytes.
//! The MAC (HMAC-SHA-256 cut to 128 bits, RFC 2104 section 5) also covers the site's name, so that a choice made
//! on one site says nothing on another that shares the key. Purposes travel by name: changing their order in the
//! YAML can never turn a consent for one into a consent for another.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::{Purpose, PurposeSet, Purposes, UnixSeconds};

/// Browsers keep no cookie longer than 400 days (RFC 6265bis section 5.5).
pub const MAX_AGE_DAYS: u32 = 400;
/// The longest value a choice cookie can have.
pub const MAX_VALUE_BYTES: usize = 200;

const FORMAT: u8 = 1;
const HAS_RECEIPT: u8 = 1;
const FRESH: u8 = 2;
const MAC_BYTES: usize = 16;
/// The longest notice version, in bytes; the YAML refuses a longer one.
pub const LONGEST_VERSION: usize = 20;
const DAY: u64 = 86_400;

/// The random id a visitor can quote to find their own record; only where something was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptId(pub [u8; 16]);

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What one visitor decided, for the notice version in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The purposes agreed to; every other one is refused.
    pub granted: PurposeSet,
    /// When, by the gate's clock.
    pub made_at: UnixSeconds,
    /// Ties the choice to its record in the ledger.
    pub receipt: Option<ReceiptId>,
    /// The visitor has not been told yet: the next page confirms the choice.
    pub fresh: bool,
}

/// The secret the choice cookie is signed with; shared by all nodes of a cluster. Never printed.
#[derive(Clone)]
pub struct Key([u8; 32]);

impl Key {
    /// A key of 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA-256 of something that is no choice; `about` says what, so that one seal is never taken for another.
    #[must_use]
    pub fn seal(&self, about: &[u8], payload: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(about);
        mac.update(&[0]);
        mac.update(payload);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// How one site writes and reads its choice cookie.
#[derive(Clone, Debug)]
pub struct ChoiceCookie {
    /// Signs and checks the value.
    pub key: Key,
    /// The site's name: a choice is valid on this site only.
    pub site: Box<str>,
    /// `share:` — the domain whose hosts share one choice.
    pub share: Option<Box<str>>,
    /// The notice version in force: a choice made for another one is no choice.
    pub notice_version: Box<str>,
    /// How long a choice is kept, in days, at most [`MAX_AGE_DAYS`].
    pub days: u32,
    /// The site's purposes.
    pub purposes: Purposes,
}

impl ChoiceCookie {
    /// The names it can have: on plain http, and on https.
    pub const NAMES: [&'static str; 2] = ["consentgate", "__Host-consentgate"];

    /// The cookie's name: `__Host-` needs https and no Domain (RFC 6265bis section 4.1.3.2).
    #[must_use]
    pub fn name(&self, https: bool) -> &'static str {
        if https && self.share.is_none() { "__Host-consentgate" } else { "consentgate" }
    }

    /// Is this one of the names the gate keeps for itself, whatever the scheme?
    #[must_use]
    pub fn is_own(name: &[u8]) -> bool {
        Self::NAMES.iter().any(|own| own.as_bytes() == name)
    }

    /// The whole `Set-Cookie` value that stores the choice.
    #[must_use]
    pub fn set(&self, choice: &Choice, https: bool) -> String {
        let mut cookie = Cookie::build((self.name(https), self.seal(choice)))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(https)
            .max_age(cookie::time::Duration::days(i64::from(self.days.min(MAX_AGE_DAYS))));
        if let Some(domain) = &self.share {
            cookie = cookie.domain(domain.to_string());
        }
        cookie.build().to_string()
    }

    /// The whole `Set-Cookie` value that takes the choice away: the visitor is asked again.
    #[must_use]
    pub fn clear(&self, https: bool) -> String {
        let mut cookie = Cookie::build((self.name(https), ""))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(https)
            .max_age(cookie::time::Duration::ZERO);
        if let Some(domain) = &self.share {
            cookie = cookie.domain(domain.to_string());
        }
        cookie.build().to_string()
    }

    /// The signed value of a choice.
    #[must_use]
    pub fn seal(&self, choice: &Choice) -> String {
        let mut payload = vec![FORMAT, flags(choice)];
        payload.extend(u32::try_from(choice.made_at).unwrap_or(u32::MAX).to_be_bytes());
        push_name(&mut payload, &self.notice_version);
        for (purpose, name) in self.purposes.asked() {
            if choice.granted.contains(purpose) {
                push_purpose(&mut payload, purpose, name);
            }
        }
        payload.push(0);
        payload.extend(choice.receipt.iter().flat_map(|receipt| receipt.0));
        let mac = self.mac(&payload).finalize().into_bytes();
        payload.extend(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// Reads a value back: `None` for anything damaged, unsigned, of another site or notice version, or too old.
    #[must_use]
    pub fn open(&self, value: &[u8], now: UnixSeconds) -> Option<Choice> {
        if value.len() > MAX_VALUE_BYTES {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (payload, mac) = sealed.split_at_checked(sealed.len().checked_sub(MAC_BYTES)?)?;
        self.mac(payload).verify_truncated_left(mac).ok()?;
        let choice = self.read(payload)?;
        let age = now.saturating_sub(choice.made_at);
        (age <= u64::from(self.days) * DAY).then_some(choice)
    }

    /// Says that this site put an address into a page of its own: nothing else may be loaded at its word.
    #[must_use]
    pub fn seal_address(&self, address: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.mac(&about_address(address)).finalize().into_bytes()[..MAC_BYTES])
    }

    /// Is this the seal of this address, on this site?
    #[must_use]
    pub fn is_sealed(&self, address: &str, seal: &str) -> bool {
        let seal = URL_SAFE_NO_PAD.decode(seal).ok().filter(|seal| seal.len() == MAC_BYTES);
        seal.is_some_and(|seal| self.mac(&about_address(address)).verify_truncated_left(&seal).is_ok())
    }

    fn read(&self, payload: &[u8]) -> Option<Choice> {
        let mut rest = Reader(payload);
        if rest.byte()? != FORMAT {
            return None;
        }
        let flags = rest.byte()?;
        let made_at = u32::from_be_bytes(rest.take(4)?.try_into().ok()?);
        let length = rest.byte()?;
        if rest.take(length.into())? != cut(&self.notice_version).as_bytes() {
            return None;
        }
        Some(Choice {
            granted: self.read_purposes(&mut rest)?,
            made_at: made_at.into(),
            receipt: if flags & HAS_RECEIPT != 0 { Some(ReceiptId(rest.take(16)?.try_into().ok()?)) } else { None },
            fresh: flags & FRESH != 0,
        })
    }

    /// A purpose the site no longer has is passed over: nobody can be asked to honour it.
    fn read_purposes(&self, rest: &mut Reader<'_>) -> Option<PurposeSet> {
        let mut granted = PurposeSet::ESSENTIAL;
        loop {
            match rest.byte()? {
                0 => return Some(granted),
                place @ 1..=3 => granted = granted.with(Purpose::BUILT_IN[usize::from(place)]),
                length => {
                    let name = std::str::from_utf8(rest.take(usize::from(length - OWN_NAME))?).ok()?;
                    granted = self.purposes.find(name).map_or(granted, |purpose| granted.with(purpose));
                }
            }
        }
    }

    fn mac(&self, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0).expect("HMAC takes a key of any length");
        mac.update(self.site.as_bytes());
        mac.update(&[0]);
        mac.update(payload);
        mac
    }
}

/// A choice begins with its format, a number: no seal of an address can be one, nor the other way round.
fn about_address(address: &str) -> Vec<u8> {
    [b"address\0", address.as_bytes()].concat()
}

/// A site's own purpose is written as its length plus this, then its name; 1 to 3 are the built-in ones, 0 ends the list.
const OWN_NAME: u8 = 3;

fn push_purpose(payload: &mut Vec<u8>, purpose: Purpose, name: &str) {
    if let Some(place) = Purpose::BUILT_IN.iter().position(|known| *known == purpose) {
        payload.push(u8::try_from(place).unwrap_or(0));
    } else {
        payload.push(u8::try_from(name.len()).unwrap_or(0) + OWN_NAME);
        payload.extend(name.as_bytes());
    }
}

fn push_name(payload: &mut Vec<u8>, name: &str) {
    let name = cut(name);
    payload.push(u8::try_from(name.len()).unwrap_or(0));
    payload.extend(name.as_bytes());
}

fn cut(version: &str) -> &str {
    let end = (0..=LONGEST_VERSION.min(version.len())).rev().find(|at| version.is_char_boundary(*at));
    &version[..end.unwrap_or(0)]
}

fn flags(choice: &Choice) -> u8 {
    (u8::from(choice.receipt.is_some()) * HAS_RECEIPT) | (u8::from(choice.fresh) * FRESH)
}

/// Takes bytes off the front; `None` when there are too few.
struct Reader<'p>(&'p [u8]);

impl<'p> Reader<'p> {
    fn take(&mut self, count: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = 1_795_400_000;

    fn site() -> ChoiceCookie {
        ChoiceCookie {
            key: Key::new([7; 32]),
            site: "www.example.gov.uk".into(),
            share: None,
            notice_version: "2026-11".into(),
            days: 365,
            purposes: Purposes::with_own(["video"]).expect("a good name"),
        }
    }

    fn choice(cookie: &ChoiceCookie) -> Choice {
        Choice { granted: cookie.purposes.all(), made_at: NOW, receipt: Some(ReceiptId([9; 16])), fresh: true }
    }

    #[test]
    fn what_was_sealed_opens_as_it_was() {
        let site = site();
        for granted in [PurposeSet::ESSENTIAL, site.purposes.all(), PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS)] {
            for (receipt, fresh) in [(None, false), (Some(ReceiptId([9; 16])), true)] {
                let choice = Choice { granted, made_at: NOW, receipt, fresh };
                assert_eq!(site.open(site.seal(&choice).as_bytes(), NOW + 5), Some(choice));
            }
        }
    }

    #[test]
    fn one_changed_byte_anywhere_is_no_choice() {
        let site = site();
        let sealed = site.seal(&choice(&site)).into_bytes();
        for at in 0..sealed.len() {
            let mut forged = sealed.clone();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(site.open(&forged, NOW), None, "byte {at}");
        }
        for length in 0..sealed.len() {
            assert_eq!(site.open(&sealed[..length], NOW), None, "cut to {length}");
        }
    }

    #[test]
    fn another_site_key_or_notice_version_is_no_choice() {
        let site = site();
        let sealed = site.seal(&choice(&site));
        let other = |change: fn(&mut ChoiceCookie)| {
            let mut other = site.clone();
            change(&mut other);
            other.open(sealed.as_bytes(), NOW)
        };
        assert_eq!(other(|site| site.site = "other.gov.uk".into()), None);
        assert_eq!(other(|site| site.key = Key::new([8; 32])), None);
        assert_eq!(other(|site| site.notice_version = "2027-01".into()), None);
    }

    #[test]
    fn an_address_is_sealed_for_itself_and_its_site() {
        let site = site();
        let address = "https://video.example/embed/1";
        let seal = site.seal_address(address);
        assert!(site.is_sealed(address, &seal));
        assert!(!site.is_sealed("https://video.example/embed/2", &seal));
        assert!(!ChoiceCookie { site: "other.gov.uk".into(), ..site.clone() }.is_sealed(address, &seal));
        for forged in ["", "AAAA", &seal[..20], &site.seal(&choice(&site))] {
            assert!(!site.is_sealed(address, forged), "{forged}");
        }
        assert_eq!(site.open(seal.as_bytes(), NOW), None);
    }

    #[test]
    fn a_choice_lasts_its_days_and_no_longer() {
        let site = site();
        let sealed = site.seal(&choice(&site));
        assert!(site.open(sealed.as_bytes(), NOW + 365 * DAY).is_some());
        assert!(site.open(sealed.as_bytes(), NOW + 365 * DAY + 1).is_none());
    }

    #[test]
    fn a_purpose_that_moved_or_went_away_never_grants_another() {
        let mut site = site();
        let sealed = site.seal(&choice(&site));
        site.purposes = Purposes::with_own(["maps"]).expect("a good name");
        let maps = site.purposes.find("maps").expect("just added");
        let granted = site.open(sealed.as_bytes(), NOW).expect("still signed").granted;
        assert!(!granted.contains(maps));
        assert!(granted.contains(Purpose::MARKETING));
    }

    #[test]
    fn the_longest_value_fits() {
        let mut site = site();
        site.purposes = Purposes::with_own([
            "aaaaaaaaaaaaaaaaaaaa",
            "bbbbbbbbbbbbbbbbbbbb",
            "cccccccccccccccccccc",
            "dddddddddddddddddddd",
        ])
        .expect("good names");
        site.notice_version = "v".repeat(99).into();
        let sealed = site.seal(&choice(&site));
        assert!(sealed.len() <= MAX_VALUE_BYTES, "{}", sealed.len());
        assert!(site.open(sealed.as_bytes(), NOW).is_some());
    }

    #[test]
    fn the_cookie_is_host_bound_on_https_and_shared_only_where_told() {
        let mut site = site();
        let choice = choice(&site);
        let set = site.set(&choice, true);
        assert!(set.starts_with("__Host-consentgate="), "{set}");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/", "; Max-Age=31536000"] {
            assert!(set.contains(attribute), "{attribute} in {set}");
        }
        assert!(!set.contains("Domain"));
        assert!(site.set(&choice, false).starts_with("consentgate="));
        site.share = Some("example.gov.uk".into());
        assert!(site.set(&choice, true).starts_with("consentgate="));
        assert!(site.set(&choice, true).contains("; Domain=example.gov.uk"));
    }
}
