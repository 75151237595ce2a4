//! The choice and the signed cookie that carries it: the gate's only cookie.
//!
//! Value: base64url of `format, flags, time, notice version, decisions, receipt id, MAC`, at most 200 bytes; the budget is
//! the built-in purposes and four of a site's own. The MAC (HMAC-SHA-256 cut to 128 bits, RFC 2104 section 5) also covers
//! the site's name, or the domain that several share, so that a choice made on one site says nothing on another that has
//! the same key. A decision carries the purpose's name and the version it was made for, each of a site's own names and
//! every version as the beginning of its SHA-256: changing the order in the YAML can never turn a consent for one purpose
//! into a consent for another, and a version that changed leaves exactly that purpose undecided.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cookie::{Cookie, SameSite};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::bytes::{
    Decision, EXEMPT, GRANTED, PLACE, Reader, TAG_BYTES, TIMED, VERSIONED, cut, push_decision, push_name, tag, time,
    version_tag,
};
use super::{Basis, Choice, Purpose, Purposes, UnixSeconds};

/// Browsers keep no cookie longer than 400 days (RFC 6265bis section 5.5).
pub const MAX_AGE_DAYS: u32 = 400;
/// The longest value a choice cookie can have.
pub const MAX_VALUE_BYTES: usize = 200;

const FORMAT: u8 = 2;
const HAS_RECEIPT: u8 = 1;
const FRESH: u8 = 2;
const MAC_BYTES: usize = 16;
/// The longest notice version, in bytes; the YAML refuses a longer one.
pub const LONGEST_VERSION: usize = 20;
const DAY: u64 = 86_400;
/// A refusal holds at least this long before the visitor is asked again (ICO's guideline of six months; REQUIREMENTS A15).
pub const LEAST_REFUSAL_DAYS: u32 = 182;

/// The random id a visitor can quote to find their own record; only where something was agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptId(pub [u8; 16]);

impl fmt::Display for ReceiptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
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
    /// The notice version in force: what was decided for another one does not count.
    pub notice_version: Box<str>,
    /// How long an agreement is kept, in days, at most [`MAX_AGE_DAYS`].
    pub days: u32,
    /// How long a refusal is kept before the visitor is asked again, in days, at most [`MAX_AGE_DAYS`].
    pub refusal_days: u32,
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
            .max_age(cookie::time::Duration::seconds(i64::try_from(self.lasts(choice)).unwrap_or(0)));
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

    /// For how many seconds after it was made something in the choice still counts.
    #[must_use]
    pub fn lasts(&self, choice: &Choice) -> u64 {
        let ends =
            self.purposes.asked().filter(|(purpose, _)| choice.decided.contains(*purpose)).map(|(purpose, _)| {
                choice.decided_at(purpose) + self.days_of(purpose, choice.granted.contains(purpose)) * DAY
            });
        ends.max()
            .unwrap_or(choice.made_at + u64::from(self.days.min(MAX_AGE_DAYS)) * DAY)
            .saturating_sub(choice.made_at)
    }

    /// An objection is kept as long as a browser keeps anything: whoever objected is not asked again, so when it is
    /// forgotten the purpose is granted again (REQUIREMENTS A8).
    fn days_of(&self, purpose: Purpose, granted: bool) -> u64 {
        let days = match self.purposes.terms(purpose).map(|terms| &terms.basis) {
            Some(Basis::UntilObjected(_)) => MAX_AGE_DAYS,
            _ if granted => self.days,
            _ => self.refusal_days,
        };
        days.min(MAX_AGE_DAYS).into()
    }

    /// The signed value of a choice.
    #[must_use]
    pub fn seal(&self, choice: &Choice) -> String {
        let mut payload = vec![FORMAT, flags(choice)];
        payload.extend(time(choice.made_at));
        push_name(&mut payload, &self.notice_version);
        for (purpose, name) in self.purposes.asked().filter(|(purpose, _)| choice.decided.contains(*purpose)) {
            let terms = self.purposes.terms(purpose).cloned().unwrap_or_default();
            push_decision(&mut payload, choice, (purpose, name, &terms));
        }
        payload.push(0);
        payload.extend(choice.receipt.iter().flat_map(|receipt| receipt.0));
        let mac = self.mac(&payload).finalize().into_bytes();
        payload.extend(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// Reads a value back: `None` for anything damaged, unsigned, of another site, or too old in every part. What was
    /// decided for another version of the notice, or of a purpose, is undecided, and the choice is outdated.
    #[must_use]
    pub fn open(&self, value: &[u8], now: UnixSeconds) -> Option<Choice> {
        if value.len() > MAX_VALUE_BYTES {
            return None;
        }
        let sealed = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (payload, mac) = sealed.split_at_checked(sealed.len().checked_sub(MAC_BYTES)?)?;
        self.mac(payload).verify_truncated_left(mac).ok()?;
        let choice = self.read(payload, now)?;
        (choice.decides() || choice.outdated).then_some(choice)
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

    fn read(&self, payload: &[u8], now: UnixSeconds) -> Option<Choice> {
        let mut rest = Reader(payload);
        // Format 1 named what was agreed to and not what had been asked: no choice can be read from it.
        if rest.byte()? != FORMAT {
            return None;
        }
        let flags = rest.byte()?;
        let mut choice = Choice { fresh: flags & FRESH != 0, ..Choice::none(rest.time()?) };
        let length = rest.byte()?;
        let same_notice = rest.take(length.into())? == cut(&self.notice_version).as_bytes();
        let mut count = |decision: &Decision| self.count(&mut choice, decision, same_notice, now);
        self.read_decisions(&mut rest, &mut count)?;
        if flags & HAS_RECEIPT != 0 {
            choice.receipt = Some(ReceiptId(rest.take(16)?.try_into().ok()?));
        }
        Some(choice)
    }

    /// Adds a decision that still counts.
    fn count(&self, choice: &mut Choice, decision: &Decision, same_notice: bool, now: UnixSeconds) {
        let Some(terms) = self.purposes.terms(decision.purpose) else { return };
        let at = decision.at.unwrap_or(choice.made_at);
        if now.saturating_sub(at) > self.days_of(decision.purpose, decision.granted) * DAY {
            return;
        }
        let exempt = matches!(terms.basis, Basis::UntilObjected(_));
        let stands = same_notice && decision.version == version_tag(&terms.version);
        match decision.granted {
            // Who has not objected to an exception has agreed to nothing.
            true if stands && (exempt || !decision.exempt) => choice.decide(decision.purpose, true, at),
            // An objection outlives what it was made for: nobody would ask again.
            false if stands || exempt => choice.decide(decision.purpose, false, at),
            _ => choice.outdated = true,
        }
    }

    /// A purpose the site no longer has is passed over: nobody can be asked to honour it.
    fn read_decisions(&self, rest: &mut Reader<'_>, count: &mut dyn FnMut(&Decision)) -> Option<()> {
        loop {
            let head = rest.byte()?;
            if head == 0 {
                return Some(());
            }
            let purpose = match head & PLACE {
                place @ 1..=3 => Some(Purpose::BUILT_IN[usize::from(place)]),
                _ => self.named(rest.take(TAG_BYTES)?),
            };
            let version = if head & VERSIONED != 0 { Some(rest.take(TAG_BYTES)?.try_into().ok()?) } else { None };
            let at = if head & TIMED != 0 { Some(rest.time()?) } else { None };
            if let Some(purpose) = purpose {
                count(&Decision { purpose, granted: head & GRANTED != 0, exempt: head & EXEMPT != 0, version, at });
            }
        }
    }

    fn named(&self, wanted: &[u8]) -> Option<Purpose> {
        self.purposes.asked().find(|(_, name)| tag(name) == wanted).map(|(purpose, _)| purpose)
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

fn flags(choice: &Choice) -> u8 {
    (u8::from(choice.receipt.is_some()) * HAS_RECEIPT) | (u8::from(choice.fresh) * FRESH)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{PurposeSet, Terms};
    use super::*;

    const NOW: UnixSeconds = 1_795_400_000;

    fn site() -> ChoiceCookie {
        ChoiceCookie {
            key: Key::new([7; 32]),
            site: "www.example.gov.uk".into(),
            share: None,
            notice_version: "2026-11".into(),
            days: 365,
            refusal_days: 182,
            purposes: Purposes::with_own(["video"]).expect("a good name"),
        }
    }

    fn on_terms(mut site: ChoiceCookie, name: &str, version: &str, basis: Basis) -> ChoiceCookie {
        let purpose = site.purposes.find(name).expect("one of the site's");
        site.purposes = site.purposes.on_terms(purpose, Terms { version: version.into(), basis });
        site
    }

    fn granting(cookie: &ChoiceCookie, granted: PurposeSet) -> Choice {
        Choice::of(cookie.purposes.all(), granted, NOW)
    }

    fn choice(cookie: &ChoiceCookie) -> Choice {
        Choice { receipt: Some(ReceiptId([9; 16])), fresh: true, ..granting(cookie, cookie.purposes.all()) }
    }

    fn names(cookie: &ChoiceCookie, set: PurposeSet) -> Vec<&str> {
        cookie.purposes.asked().filter(|(purpose, _)| set.contains(*purpose)).map(|(_, name)| name).collect()
    }

    #[test]
    fn what_was_sealed_opens_as_it_was() {
        let site = site();
        for granted in [PurposeSet::ESSENTIAL, site.purposes.all(), PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS)] {
            for (receipt, fresh) in [(None, false), (Some(ReceiptId([9; 16])), true)] {
                let choice = Choice { receipt, fresh, ..granting(&site, granted) };
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
    fn another_site_or_key_is_no_choice() {
        let site = site();
        let sealed = site.seal(&choice(&site));
        let other = |change: fn(&mut ChoiceCookie)| {
            let mut other = site.clone();
            change(&mut other);
            other.open(sealed.as_bytes(), NOW)
        };
        assert_eq!(other(|site| site.site = "other.gov.uk".into()), None);
        assert_eq!(other(|site| site.key = Key::new([8; 32])), None);
    }

    #[test]
    fn another_notice_version_leaves_everything_undecided_and_keeps_the_chain_of_records() {
        let site = site();
        let sealed = site.seal(&choice(&site));
        let new = ChoiceCookie { notice_version: "2027-01".into(), ..site.clone() };
        let opened = new.open(sealed.as_bytes(), NOW).expect("signed by this site");
        assert!(opened.outdated && !opened.decides());
        assert_eq!((opened.granted, opened.receipt), (PurposeSet::ESSENTIAL, Some(ReceiptId([9; 16]))));
    }

    #[test]
    fn a_new_version_of_one_purpose_leaves_that_one_undecided_and_the_others_as_they_were() {
        let site = site();
        let refused_marketing = site.purposes.all().without(PurposeSet::ESSENTIAL.with(Purpose::MARKETING));
        let sealed = site.seal(&granting(&site, refused_marketing));
        for (purpose, others) in
            [("analytics", vec!["preferences", "video"]), ("video", vec!["preferences", "analytics"])]
        {
            let new = on_terms(site.clone(), purpose, "2", Basis::Consent);
            let opened = new.open(sealed.as_bytes(), NOW + 90 * DAY).expect("the others stand");
            assert!(opened.outdated && !opened.decided.contains(new.purposes.find(purpose).expect("it is there")));
            assert_eq!(names(&new, opened.granted), others);
            assert_eq!(names(&new, opened.refused()), ["marketing"], "a refusal stays a refusal");
            let again = opened.again(NOW + 90 * DAY).deciding(
                new.purposes.all().without(opened.decided),
                PurposeSet::ESSENTIAL,
                &new.purposes,
            );
            let kept = new.open(new.seal(&again).as_bytes(), NOW + 91 * DAY).expect("just made");
            assert!(!kept.outdated && kept.decided == new.purposes.all());
            assert_eq!(names(&new, kept.granted), others);
        }
    }

    #[test]
    fn a_version_that_went_back_is_the_version_it_was() {
        let second = on_terms(site(), "analytics", "2", Basis::Consent);
        let sealed = second.seal(&granting(&second, second.purposes.all()));
        assert!(!site().open(sealed.as_bytes(), NOW).expect("signed").granted.contains(Purpose::ANALYTICS));
        assert!(second.open(sealed.as_bytes(), NOW).expect("signed").granted.contains(Purpose::ANALYTICS));
    }

    #[test]
    fn a_purpose_nobody_was_asked_about_is_undecided() {
        let before = ChoiceCookie { purposes: Purposes::default(), ..site() };
        let sealed = before.seal(&granting(&before, before.purposes.all()));
        let opened = site().open(sealed.as_bytes(), NOW).expect("signed");
        let video = site().purposes.find("video").expect("new");
        assert!(!opened.decided.contains(video) && opened.granted.contains(Purpose::MARKETING) && !opened.outdated);
    }

    #[test]
    fn to_have_left_an_exception_alone_is_no_consent_and_an_objection_outlives_its_version() {
        let exempt = |version| on_terms(site(), "analytics", version, Basis::UntilObjected("statistical".into()));
        let left_alone = exempt("").seal(&granting(&site(), site().purposes.all()));
        assert!(exempt("").open(left_alone.as_bytes(), NOW).expect("signed").granted.contains(Purpose::ANALYTICS));
        assert!(!site().open(left_alone.as_bytes(), NOW).expect("signed").decided.contains(Purpose::ANALYTICS));
        let objected = exempt("").seal(&granting(&site(), PurposeSet::ESSENTIAL));
        for (site, what) in [(exempt("2"), "another version"), (site(), "consent instead")] {
            assert!(
                site.open(objected.as_bytes(), NOW).expect("signed").refused().contains(Purpose::ANALYTICS),
                "{what}"
            );
        }
        let refused = site().seal(&granting(&site(), PurposeSet::ESSENTIAL));
        assert!(exempt("2").open(refused.as_bytes(), NOW).expect("signed").refused().contains(Purpose::ANALYTICS));
    }

    /// With a good seal, as this site would have made it.
    fn signed(site: &ChoiceCookie, mut payload: Vec<u8>) -> String {
        let mac = site.mac(&payload).finalize().into_bytes();
        payload.extend(&mac[..MAC_BYTES]);
        URL_SAFE_NO_PAD.encode(payload)
    }

    /// As versions before this one wrote it: `1, flags, time, notice version, names of what was agreed to, MAC`.
    #[test]
    fn the_older_form_is_undecided_and_never_consent() {
        let site = site();
        let older = |format: u8| {
            let mut payload = vec![format, HAS_RECEIPT];
            payload.extend(time(NOW));
            push_name(&mut payload, "2026-11");
            payload.extend([2, 3]);
            payload.push(3 + 5);
            payload.extend(b"video");
            payload.push(0);
            payload.extend([9; 16]);
            signed(&site, payload)
        };
        for format in (0..=u8::MAX).filter(|format| *format != FORMAT) {
            assert_eq!(site.open(older(format).as_bytes(), NOW), None, "format {format}");
        }
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
    fn an_agreement_lasts_its_days_and_no_longer() {
        let site = site();
        let sealed = site.seal(&choice(&site));
        assert!(site.open(sealed.as_bytes(), NOW + 365 * DAY).is_some());
        assert!(site.open(sealed.as_bytes(), NOW + 365 * DAY + 1).is_none());
    }

    #[test]
    fn a_refusal_is_kept_its_own_days_beside_an_agreement() {
        let site = site();
        let sealed = site.seal(&granting(&site, PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS)));
        let at = |days: u64, seconds: u64| {
            site.open(sealed.as_bytes(), NOW + days * DAY + seconds).expect("agreed to analytics")
        };
        assert_eq!(names(&site, at(182, 0).refused()), ["preferences", "marketing", "video"]);
        assert_eq!(names(&site, at(182, 1).decided), ["analytics"]);
        let refused = granting(&site, PurposeSet::ESSENTIAL);
        assert!(site.open(site.seal(&refused).as_bytes(), NOW + 182 * DAY + 1).is_none());
        assert!(site.set(&refused, true).contains("; Max-Age=15724800"), "182 days");
    }

    #[test]
    fn an_objection_is_kept_as_long_as_a_browser_keeps_anything() {
        let site = on_terms(site(), "analytics", "", Basis::UntilObjected("statistical".into()));
        let sealed = site.seal(&granting(&site, PurposeSet::ESSENTIAL));
        let opened = site.open(sealed.as_bytes(), NOW + 400 * DAY).expect("the objection");
        assert_eq!(names(&site, opened.refused()), ["analytics"]);
    }

    #[test]
    fn being_asked_about_one_purpose_does_not_lengthen_the_agreement_to_another() {
        let site = site();
        let first = Choice::of(PurposeSet::ESSENTIAL.with(Purpose::ANALYTICS), site.purposes.all(), NOW);
        let later = NOW + 300 * DAY;
        let second = first.again(later).deciding(
            PurposeSet::ESSENTIAL.with(Purpose::MARKETING),
            site.purposes.all(),
            &site.purposes,
        );
        let sealed = site.seal(&second);
        assert_eq!(
            names(&site, site.open(sealed.as_bytes(), NOW + 365 * DAY).expect("both").granted),
            ["analytics", "marketing"]
        );
        assert_eq!(names(&site, site.open(sealed.as_bytes(), NOW + 366 * DAY).expect("one").granted), ["marketing"]);
        assert!(site.open(sealed.as_bytes(), later + 366 * DAY).is_none());
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
        let all: Vec<_> = site.purposes.asked().map(|(_, name)| name.to_owned()).collect();
        for name in all {
            site = on_terms(site, &name, &"v".repeat(20), Basis::Consent);
        }
        let choice =
            Choice { receipt: Some(ReceiptId([9; 16])), ..granting(&site, site.purposes.all()) }.again(NOW + DAY);
        let choice = Choice { receipt: Some(ReceiptId([9; 16])), ..choice };
        let sealed = site.seal(&choice);
        assert!(sealed.len() <= MAX_VALUE_BYTES, "{}", sealed.len());
        let opened = site.open(sealed.as_bytes(), NOW + DAY).expect("just made");
        assert_eq!((opened.granted, opened.decided, opened.receipt), (choice.granted, choice.decided, choice.receipt));
        assert!(site.purposes.asked().all(|(purpose, _)| opened.decided_at(purpose) == NOW), "each has its own time");
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

    proptest! {
        /// What anybody can send: nothing of it is a choice, and nothing panics.
        #[test]
        fn bytes_nobody_signed_are_no_choice(value in prop::collection::vec(any::<u8>(), 0..300), now in any::<u64>()) {
            prop_assert_eq!(site().open(&value, now), None);
            prop_assert_eq!(site().open(URL_SAFE_NO_PAD.encode(&value).as_bytes(), now), None);
        }

        /// What another version of the gate could have signed with the same key: nothing panics, and nothing is granted
        /// but what a decision in format 2 grants.
        #[test]
        fn signed_bytes_of_any_shape_never_panic(
            start in prop::sample::select(vec![vec![], vec![1], vec![FORMAT, 0], vec![FORMAT, HAS_RECEIPT]]),
            more in prop::collection::vec(any::<u8>(), 0..120),
            now in any::<u64>(),
        ) {
            let site = on_terms(site(), "analytics", "2", Basis::UntilObjected("statistical".into()));
            let payload = [start, more].concat();
            let formed = payload.first() == Some(&FORMAT);
            let opened = site.open(signed(&site, payload).as_bytes(), now);
            prop_assert!(opened.is_none() || formed);
        }

        /// Whatever was decided, when, and under which terms: it is read back as it was written.
        #[test]
        fn every_choice_is_read_back_as_it_was(decided in any::<u8>(), granted in any::<u8>(), days in 0..180u64) {
            let site = site();
            let decided = PurposeSet::from_bits(decided).both(site.purposes.all());
            let choice = Choice::of(decided, PurposeSet::from_bits(granted), NOW);
            let opened = site.open(site.seal(&choice).as_bytes(), NOW + days * DAY);
            prop_assert_eq!(opened, choice.decides().then_some(choice));
        }
    }
}
