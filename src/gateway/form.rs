//! The forms of the gate: what was pressed, which purposes it is about, and where it came from.
//!
//! A form decides what the visitor read and nothing else: the buttons of the notice what it asked about, a purpose that can
//! be objected to only where it is named.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http_body_util::{BodyExt, Limited};

use crate::consent::{Purpose, PurposeSet};
use crate::upstream::BoxError;

use super::origin;
use super::problem::Problem;
use super::visit::Visit;

/// No form of the gate is larger.
const LARGEST_FORM: usize = 16 * 1024;

/// What the visitor pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pressed {
    Accept,
    Reject,
    Save,
    Withdraw,
    Object,
}

pub(super) struct Form {
    pub(super) pressed: Pressed,
    /// With [`Pressed::Save`]: the purposes that were ticked.
    ticked: PurposeSet,
    /// The purposes the form is about: those it names in any way.
    named: PurposeSet,
    /// Each purpose is asked about by its own name: the others are not decided.
    radios: bool,
    /// The purposes the visitor was asked about, where the form says so.
    asked: PurposeSet,
    pub(super) return_to: String,
    pub(super) wants_json: bool,
}

impl Form {
    pub(super) async fn read<B>(visit: &Visit, headers: &HeaderMap, body: B) -> Result<Self, Problem>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::parse(visit, headers, &form(headers, body).await?).ok_or(Problem::BadChoice)
    }

    fn parse(visit: &Visit, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let [mut ticked, mut named, mut asked, mut refused] = [PurposeSet::ESSENTIAL; 4];
        let (mut pressed, mut return_to) = (None, None);
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "choice" => pressed = Some(press(&value)?),
                "return" => return_to = Some(value.into_owned()),
                "purpose" => ticked = ticked.with(purpose(visit, &value)?),
                "asked" => asked = asked.with(purpose(visit, &value)?),
                // The radios of the cookies page: each purpose is a group of its own.
                name => {
                    if let Some(name) = name.strip_prefix("purpose.") {
                        let purpose = purpose(visit, name)?;
                        named = named.with(purpose);
                        // Who says both has not said yes.
                        let said = if value == "yes" { &mut ticked } else { &mut refused };
                        *said = said.with(purpose);
                    }
                }
            }
        }
        let return_to = origin::safe_return(return_to.as_deref(), &visit.host);
        let (radios, named) = (named != PurposeSet::ESSENTIAL, named.union(ticked));
        let ticked = ticked.without(refused);
        Some(Self { pressed: pressed?, ticked, named, radios, asked, return_to, wants_json: wants_json(headers) })
    }

    /// Which purposes this decides, and which of those it grants. What may be objected to is decided only by its own
    /// name: neither button of the notice is about it.
    pub(super) fn decides(&self, visit: &Visit) -> (PurposeSet, PurposeSet) {
        let purposes = visit.site.policy.purposes();
        let (by_consent, until_objected) = (purposes.by_consent(), purposes.until_objected());
        let none = PurposeSet::ESSENTIAL;
        let or_all = |named: PurposeSet, all: PurposeSet| if named == none { all } else { named.both(all) };
        match self.pressed {
            Pressed::Accept => (self.asked(visit), by_consent),
            // The page may be from before a purpose was rested on an exception: to have said no is to object to it.
            Pressed::Reject => (self.asked(visit).union(self.asked.both(until_objected)), none),
            Pressed::Save if self.radios => (by_consent.union(until_objected).both(self.named), self.ticked),
            Pressed::Save => (by_consent.union(until_objected.both(self.named)), self.ticked),
            Pressed::Withdraw if self.named == none => (by_consent, none),
            Pressed::Withdraw => (self.named, none),
            Pressed::Object => (or_all(self.named, until_objected), none),
        }
    }

    /// What the visitor read is what they answer. A form that does not say is about all that needs consent, save what the
    /// browser's signal refuses and nobody has asked about (S4).
    fn asked(&self, visit: &Visit) -> PurposeSet {
        let purposes = visit.site.policy.purposes();
        if self.asked != PurposeSet::ESSENTIAL {
            return self.asked.both(purposes.by_consent());
        }
        let decided = visit.visitor.choice.as_ref().map_or(PurposeSet::ESSENTIAL, |choice| choice.decided);
        let signalled = if visit.visitor.gpc { purposes.refused_by_gpc() } else { PurposeSet::ESSENTIAL };
        purposes.by_consent().without(signalled.without(decided))
    }
}

/// The bytes of a form sent to the gate.
pub(super) async fn form<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let content_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if !content_type.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded") {
        return Err(Problem::BadChoice);
    }
    let body = Limited::new(body, LARGEST_FORM).collect().await.map_err(|fault| too_large_or_broken(&*fault))?;
    Ok(body.to_bytes())
}

fn press(value: &str) -> Option<Pressed> {
    Some(match value {
        "accept" => Pressed::Accept,
        "reject" => Pressed::Reject,
        "save" => Pressed::Save,
        "withdraw" => Pressed::Withdraw,
        "object" => Pressed::Object,
        _ => return None,
    })
}

fn purpose(visit: &Visit, name: &str) -> Option<Purpose> {
    visit.site.policy.purposes().find(name)
}

fn too_large_or_broken(fault: &(dyn std::error::Error + 'static)) -> Problem {
    if fault.is::<http_body_util::LengthLimitError>() { Problem::ChoiceTooLarge } else { Problem::BadChoice }
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|line| memchr::memmem::find(line.as_bytes(), b"application/json").is_some())
}
