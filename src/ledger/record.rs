//! One record: what was decided, on what the visitor was told, and nothing that says who they are.
//!
//! REQUIREMENTS E2 lists what a record needs, E4 what it must not hold. Two rules are in the types, because a later
//! caller would break them without noticing: a refusal has no place for a receipt (E5), and a [`Page`] has no query.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::chain::{Hash, hex};
use crate::consent::{ReceiptId, UnixSeconds};

/// The form of the records written today; kept with each one, so that an old record is read as what it was.
pub(super) const SCHEMA: u32 = 2;
/// The version that writes the record.
pub(super) const PRODUCT: &str = concat!("consentgate ", env!("CARGO_PKG_VERSION"));

/// The last millisecond RFC 3339 can write: 9999-12-31T23:59:59.999Z.
const END_OF_TIME_MS: u64 = 253_402_300_799_999;

/// One choice of one visitor, as it will be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Random; the same id twice is one record.
    pub id: [u8; 16],
    /// What happened, and the receipt it can be found by.
    pub event: Event,
    /// When, by the gate's clock, in milliseconds since 1970 (E10: never the client's time).
    pub time_ms: u64,
    /// The site's name.
    pub site: String,
    /// The page the choice was made on.
    pub page: Page,
    /// The language the notice was shown in (BCP 47).
    pub language: String,
    /// Which notice the visitor saw.
    pub notice_version: String,
    /// Every purpose that was asked about, and whether it was agreed to.
    pub decisions: Vec<(String, bool)>,
    /// How the choice was made.
    pub method: Method,
    /// `Sec-GPC: 1` was sent.
    pub gpc: bool,
    /// When the choice lapses.
    pub expires_at: UnixSeconds,
}

/// What happened. A refusal, an objection and a signal have no place for a receipt: an id for someone who said no would
/// be a new identifier (E5). Without a receipt (`receipts: none`) a record counts, and cannot be found by its visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Everything was agreed to.
    Given(Option<ReceiptId>),
    /// Everything was refused.
    Refused,
    /// Some purposes were agreed to.
    Partial(Option<ReceiptId>),
    /// An earlier choice became another one.
    Changed(Option<ReceiptId>),
    /// An earlier agreement was taken back.
    Withdrawn(Option<ReceiptId>),
    /// Something that is on without being asked for (statistical, appearance) was objected to (A8).
    Objected,
    /// An objection was taken back.
    ObjectionRemoved,
    /// A choice lost its force because what it was about has changed (A15).
    Superseded(Option<ReceiptId>),
    /// The browser's own signal (Global Privacy Control) was taken for the visitor's word.
    Signal,
}

/// How the choice was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The buttons of the notice.
    BannerForm,
    /// The form on the cookies page.
    CookiesPage,
    /// A script that asked for JSON.
    Json,
    /// A program that says it is an audit: kept as proof like any other, and counted as nobody's choice.
    Audit,
}

/// The path of a page: no query, no fragment, and no session id in the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page(Box<str>);

/// A record as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the ledger: later records have higher ones.
    pub seq: u64,
    /// The form it was written in.
    pub schema: u32,
    /// The version that wrote it.
    pub product: String,
    /// What was recorded.
    pub record: Record,
    /// The id of the record before it under the same receipt.
    pub previous: Option<[u8; 16]>,
    /// The SHA-256 of the notice as it was shown; a record of schema 1 has none.
    pub notice: Option<Hash>,
    /// The SHA-256 of the rules in force; a record of schema 1 has none.
    pub rules: Option<Hash>,
    /// Its place in the chain.
    pub hash: Hash,
}

// === impl Record ===

impl Record {
    /// What keeps this record, and no other, from being written.
    pub(super) fn unfit(&self) -> Option<&'static str> {
        let late = self.time_ms > END_OF_TIME_MS || self.expires_at > END_OF_TIME_MS / 1000;
        late.then_some("its time is past the year 9999")
    }

    /// The decisions in one word each: `analytics=yes;marketing=no`.
    pub fn decisions_text(&self) -> String {
        let text = |(name, yes): &(String, bool)| format!("{name}={}", if *yes { "yes" } else { "no" });
        self.decisions.iter().map(text).collect::<Vec<_>>().join(";")
    }

    /// The decisions as one object, in the order they were asked.
    pub(super) fn decisions_json(&self) -> Value {
        Value::Object(self.decisions.iter().map(|(name, yes)| (name.clone(), (*yes).into())).collect())
    }
}

// === impl Event ===

impl Event {
    /// Its name in the ledger and in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given(_) => "given",
            Self::Refused => "refused",
            Self::Partial(_) => "partial",
            Self::Changed(_) => "changed",
            Self::Withdrawn(_) => "withdrawn",
            Self::Objected => "objected",
            Self::ObjectionRemoved => "objection-removed",
            Self::Superseded(_) => "superseded",
            Self::Signal => "signal",
        }
    }

    /// The receipt the record can be found by.
    pub fn receipt(self) -> Option<ReceiptId> {
        match self {
            Self::Refused | Self::Objected | Self::ObjectionRemoved | Self::Signal => None,
            Self::Given(receipt)
            | Self::Partial(receipt)
            | Self::Changed(receipt)
            | Self::Withdrawn(receipt)
            | Self::Superseded(receipt) => receipt,
        }
    }

    /// Reads an event back; one that has no place for a receipt and comes with one is none.
    pub(super) fn stored(name: &str, receipt: Option<ReceiptId>) -> Option<Self> {
        let event = match name {
            "given" => Self::Given(receipt),
            "refused" => Self::Refused,
            "partial" => Self::Partial(receipt),
            "changed" => Self::Changed(receipt),
            "withdrawn" => Self::Withdrawn(receipt),
            "objected" => Self::Objected,
            "objection-removed" => Self::ObjectionRemoved,
            "superseded" => Self::Superseded(receipt),
            "signal" => Self::Signal,
            _ => return None,
        };
        (event.receipt() == receipt).then_some(event)
    }
}

// === impl Method ===

impl Method {
    /// Its name in the ledger and in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::BannerForm => "banner-form",
            Self::CookiesPage => "cookies-page",
            Self::Json => "json",
            Self::Audit => "audit",
        }
    }

    pub(super) fn stored(name: &str) -> Option<Self> {
        let all = [Self::BannerForm, Self::CookiesPage, Self::Json, Self::Audit];
        all.into_iter().find(|method| method.name() == name)
    }
}

// === impl Page ===

impl Page {
    /// The most of a path that is kept, in bytes: the visitor writes it, so it is bounded (E10).
    pub const LONGEST: usize = 1024;

    /// The path of a request target such as `/benefits/apply?ref=123`; `/` for anything that is no path.
    ///
    /// Older frameworks put the session id in the path: `/page;jsessionid=…` (or `%3b`) and `/(S(…))/page`. They go (E4).
    pub fn of(target: &str) -> Self {
        let path = target.split(['?', '#', ';']).next().unwrap_or_default();
        // What the `;` is for some servers when it comes written so.
        let path = &path[..path.to_ascii_lowercase().find("%3b").unwrap_or(path.len())];
        if !path.starts_with('/') {
            return Self("/".into());
        }
        let is_session = |segment: &&str| segment.starts_with('(') && segment.ends_with("))");
        let mut path = path.split('/').filter(|segment| !is_session(segment)).collect::<Vec<_>>().join("/");
        path.truncate(path.floor_char_boundary(Self::LONGEST));
        Self(if path.is_empty() { "/".into() } else { path.into() })
    }

    pub(super) fn stored(path: String) -> Self {
        Self(path.into())
    }

    /// The path, from its first slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Entry ===

impl Entry {
    /// The whole record as one JSON object: a line of the export, and the visitor's own copy (E8).
    pub fn json(&self) -> Value {
        let record = &self.record;
        json!({
            "seq": self.seq,
            "id": hex(&record.id),
            "event": record.event.name(),
            "time": rfc3339(record.time_ms),
            "site": record.site,
            "page": record.page.as_str(),
            "language": record.language,
            "notice_version": record.notice_version,
            "decisions": record.decisions_json(),
            "method": record.method.name(),
            "receipt": record.event.receipt().map(|receipt| receipt.to_string()),
            "gpc": record.gpc,
            "expires_at": rfc3339(record.expires_at.saturating_mul(1000)),
            "product": self.product,
            "schema": self.schema,
            "previous": self.previous.map(|id| hex(&id)),
            "notice_sha256": self.notice.map(|hash| hex(&hash)),
            "rules_sha256": self.rules.map(|hash| hex(&hash)),
            "hash": hex(&self.hash),
        })
    }
}

/// UTC with milliseconds, such as `2026-11-23T09:30:00.125Z`; what lies past the year 9999 is written as its end.
pub fn rfc3339(time_ms: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_millis(time_ms.min(END_OF_TIME_MS));
    humantime::format_rfc3339_millis(time).to_string()
}

/// Reads a receipt as a visitor may quote it: 32 hexadecimal digits, in any case, with or without dashes and spaces.
pub fn receipt_from_hex(text: &str) -> Option<ReceiptId> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != '-' && !c.is_whitespace())
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
    (digits.len() == 32).then(|| bytes.try_into().ok().map(ReceiptId)).flatten()
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::consent::Key;
    use crate::ledger::{Document, Shown};

    /// A record of its own: `n` makes the id.
    pub(in crate::ledger) fn sample(n: u64) -> Record {
        let mut id = [7; 16];
        id[..8].copy_from_slice(&n.to_be_bytes());
        Record {
            id,
            event: Event::Partial(Some(ReceiptId([3; 16]))),
            time_ms: 1_795_426_200_125 + n,
            site: "www.example.gov.uk".into(),
            page: Page::of("/benefits"),
            language: "cy".into(),
            notice_version: "2026-11".into(),
            decisions: vec![("marketing".into(), false), ("analytics".into(), true)],
            method: Method::CookiesPage,
            gpc: true,
            expires_at: 1_826_962_200,
        }
    }

    pub(in crate::ledger) fn key() -> Key {
        Key::new([7; 32])
    }

    pub(in crate::ledger) fn shown() -> Arc<Shown> {
        Arc::new(Shown { notice: Document::new("<p>May we?</p>"), rules: Document::new("{}") })
    }

    #[test]
    fn a_page_keeps_no_query_no_fragment_and_no_session() {
        for (target, kept) in [
            ("/benefits/apply?nino=QQ123456C", "/benefits/apply"),
            ("/a#nino=QQ", "/a"),
            ("/a;jsessionid=1A2B?x=1", "/a"),
            ("/a%3Bjsessionid=1A2B?x=1", "/a"),
            ("/é/a%3bjsessionid%3D1A2B", "/é/a"),
            ("/(S(lit3py55t21z5v55vlm25s55))/default.aspx", "/default.aspx"),
            ("/(S(abc))", "/"),
            ("/parking/(zones)/", "/parking/(zones)/"),
            ("?q=1", "/"),
            ("", "/"),
            ("https://user:secret@example.gov.uk/", "/"),
        ] {
            assert_eq!(Page::of(target).as_str(), kept, "{target}");
        }
    }

    #[test]
    fn a_page_is_cut_between_characters() {
        let page = Page::of(&format!("/{}", "ŵ".repeat(Page::LONGEST)));
        assert_eq!(page.as_str().len(), Page::LONGEST - 1);
    }

    #[test]
    fn a_refusal_with_a_receipt_is_not_read_as_a_refusal() {
        assert_eq!(Event::stored("refused", None), Some(Event::Refused));
        assert_eq!(Event::stored("refused", Some(ReceiptId([1; 16]))), None);
        assert_eq!(Event::stored("invented", None), None);
    }

    #[test]
    fn every_event_is_read_back_as_it_was_stored() {
        let receipt = Some(ReceiptId([1; 16]));
        let with_a_place = [Event::Given, Event::Partial, Event::Changed, Event::Withdrawn, Event::Superseded];
        for event in with_a_place.map(|event| event(receipt)).into_iter().chain(WITHOUT_A_PLACE) {
            assert_eq!(Event::stored(event.name(), event.receipt()), Some(event));
        }
        for event in WITHOUT_A_PLACE {
            assert_eq!(Event::stored(event.name(), receipt), None, "{}", event.name());
        }
    }

    const WITHOUT_A_PLACE: [Event; 4] = [Event::Refused, Event::Objected, Event::ObjectionRemoved, Event::Signal];

    #[test]
    fn a_receipt_is_read_as_it_is_quoted() {
        let receipt = ReceiptId([0xab; 16]);
        assert_eq!(receipt_from_hex(&receipt.to_string()), Some(receipt));
        assert_eq!(receipt_from_hex("ABABABAB-abab-abab ABAB-abababababab"), Some(receipt));
        for wrong in ["", "ab", &"a".repeat(31), &"a".repeat(33), &"g".repeat(32), &"é".repeat(16)] {
            assert_eq!(receipt_from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_written_in_utc_and_never_panic() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_426_200_125), "2026-11-23T09:30:00.125Z");
        assert_eq!(rfc3339(u64::MAX), "9999-12-31T23:59:59.999Z");
    }
}
