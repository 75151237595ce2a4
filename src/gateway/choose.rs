//! `POST {prefix}/choice`: a visitor decides. The answer is sent after the ledger has it on disk, never before.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use serde_json::json;

use crate::consent::{Choice, Purpose, PurposeSet, ReceiptId};
use crate::cookie;
use crate::ledger::{Event, Ledger, Method, Page, Record, Refused};
use crate::upstream::BoxError;

use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Cleared, clear, origin, own, shown};

/// No form of the gate is larger.
const LARGEST_FORM: usize = 16 * 1024;
/// A disk that hangs is a ledger that is down.
pub(super) const LONGEST_COMMIT: std::time::Duration = std::time::Duration::from_secs(10);
const DAY: u64 = 86_400;

/// Takes a choice, records it, and only then tells the visitor.
pub(super) async fn choose<B>(visit: &Visit, request: Request<B>, ledger: &dyn Ledger) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    let pace = visit.site.paces.take(visit.site.config.choices, visit.peer.address, visit.now_ms);
    pace.map_err(Problem::TooMany)?;
    let (head, body) = request.into_parts();
    let form = Form::read(visit, &head.headers, body).await?;
    let choice = form.choice(visit);
    let record = record(visit, &form, &choice);
    match tokio::time::timeout(LONGEST_COMMIT, ledger.record(record, shown::shown(visit))).await {
        Ok(Ok(())) => {}
        Ok(Err(refused)) => return Err(Problem::Ledger(refused)),
        Err(_) => return Err(Problem::Ledger(Refused::Down("the commit takes too long".into()))),
    }
    Ok(Cleared::own(if form.wants_json {
        state(visit, &choice, &head.headers)
    } else {
        back(visit, &form, &choice, &head.headers)
    }))
}

/// What the visitor pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pressed {
    Accept,
    Reject,
    Save,
    Withdraw,
}

struct Form {
    pressed: Pressed,
    /// With [`Pressed::Save`]: the purposes that were ticked.
    ticked: PurposeSet,
    return_to: String,
    wants_json: bool,
}

impl Form {
    async fn read<B>(visit: &Visit, headers: &HeaderMap, body: B) -> Result<Self, Problem>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self::parse(visit, headers, &form(headers, body).await?).ok_or(Problem::BadChoice)
    }

    fn parse(visit: &Visit, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let (mut pressed, mut ticked, mut return_to) = (None, PurposeSet::ESSENTIAL, None);
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "choice" => pressed = Some(press(&value)?),
                "return" => return_to = Some(value.into_owned()),
                "purpose" => ticked = ticked.with(purpose(visit, &value)?),
                // The radios of the cookies page: each purpose is a group of its own.
                name => {
                    if let Some(name) = name.strip_prefix("purpose.")
                        && value == "yes"
                    {
                        ticked = ticked.with(purpose(visit, name)?);
                    }
                }
            }
        }
        let return_to = origin::safe_return(return_to.as_deref(), &visit.host);
        Some(Self { pressed: pressed?, ticked, return_to, wants_json: wants_json(headers) })
    }

    fn choice(&self, visit: &Visit) -> Choice {
        let granted = match self.pressed {
            Pressed::Accept => visit.site.policy.purposes().all(),
            Pressed::Save => self.ticked,
            Pressed::Reject | Pressed::Withdraw => PurposeSet::ESSENTIAL,
        };
        Choice {
            granted,
            made_at: visit.now,
            receipt: (granted != PurposeSet::ESSENTIAL && visit.site.config.receipts).then(|| receipt(visit)),
            fresh: !self.wants_json,
        }
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
        _ => return None,
    })
}

fn purpose(visit: &Visit, name: &str) -> Option<Purpose> {
    visit.site.policy.purposes().find(name)
}

fn too_large_or_broken(fault: &(dyn std::error::Error + 'static)) -> Problem {
    if fault.is::<http_body_util::LengthLimitError>() { Problem::ChoiceTooLarge } else { Problem::BadChoice }
}

/// A visitor who changes their mind keeps the receipt they have: one chain of records.
fn receipt(visit: &Visit) -> ReceiptId {
    visit.visitor.choice.as_ref().and_then(|choice| choice.receipt).unwrap_or_else(|| ReceiptId(random()))
}

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the machine has random numbers: the signing key came from them");
    bytes
}

fn wants_json(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT).iter().any(|line| memchr::memmem::find(line.as_bytes(), b"application/json").is_some())
}

fn record(visit: &Visit, form: &Form, choice: &Choice) -> Record {
    let purposes = visit.site.policy.purposes();
    Record {
        id: random(),
        event: event(visit, form, choice),
        time_ms: visit.now_ms,
        site: visit.site.name().into(),
        page: Page::of(&form.return_to),
        language: visit.language().tag().into(),
        notice_version: visit.site.config.notice.version.clone(),
        decisions: purposes.asked().map(|(purpose, name)| (name.into(), choice.granted.contains(purpose))).collect(),
        method: match form.pressed {
            _ if form.wants_json => Method::Json,
            Pressed::Accept | Pressed::Reject => Method::BannerForm,
            Pressed::Save | Pressed::Withdraw => Method::CookiesPage,
        },
        gpc: visit.visitor.gpc,
        expires_at: visit.now + u64::from(visit.site.config.notice.days) * DAY,
    }
}

fn event(visit: &Visit, form: &Form, choice: &Choice) -> Event {
    let earlier = visit.visitor.choice.as_ref();
    let agreed_before = earlier.is_some_and(|earlier| earlier.granted != PurposeSet::ESSENTIAL);
    let earlier_receipt = earlier.and_then(|earlier| earlier.receipt);
    if choice.granted == PurposeSet::ESSENTIAL {
        return if agreed_before || form.pressed == Pressed::Withdraw {
            Event::Withdrawn(earlier_receipt)
        } else {
            Event::Refused
        };
    }
    match earlier {
        Some(earlier) if earlier.granted != choice.granted => Event::Changed(choice.receipt),
        _ if choice.granted.covers(visit.site.policy.purposes().all()) => Event::Given(choice.receipt),
        _ => Event::Partial(choice.receipt),
    }
}

/// 303 to the page the visitor was on, with the choice cookie and what expires the cookies refused.
fn back(visit: &Visit, form: &Form, choice: &Choice, request: &HeaderMap) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    let location = HeaderValue::from_str(&form.return_to).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    store(visit, choice, request, headers);
    response
}

fn state(visit: &Visit, choice: &Choice, request: &HeaderMap) -> Response<Body> {
    let purposes = visit.site.policy.purposes();
    let decided: serde_json::Map<_, _> =
        purposes.asked().map(|(purpose, name)| (name.to_owned(), choice.granted.contains(purpose).into())).collect();
    let body = json!({
        "choice": decided,
        "notice_version": visit.site.config.notice.version,
        "receipt": choice.receipt.map(|receipt| receipt.to_string()),
        "expires_in_days": visit.site.config.notice.days,
    });
    let mut response = own::json(body.to_string());
    store(visit, choice, request, response.headers_mut());
    response
}

/// Sets the choice cookie and expires what is refused from now on (A14), wherever on the site it was set.
fn store(visit: &Visit, choice: &Choice, request: &HeaderMap, headers: &mut HeaderMap) {
    set(visit, choice, headers);
    expire_refused(visit, choice.granted, request, headers);
}

pub(super) fn expire_refused(visit: &Visit, granted: PurposeSet, request: &HeaderMap, headers: &mut HeaderMap) {
    let refused = |name: &[u8]| visit.site.policy.cookie(name, granted).is_hold();
    let mut held = cookie::strip_request(&mut request.clone(), refused);
    let more: Vec<_> = unsent(visit).filter(|name| refused(name) && !held.contains(name)).collect();
    held.extend(more);
    clear::expire_left_overs(visit, headers, &held);
}

/// Cookies seen on paths below the root: a browser that has them does not send them here, nor perhaps ever again with
/// a page, so they are expired unasked.
fn unsent(visit: &Visit) -> impl Iterator<Item = Vec<u8>> {
    let inventory = &visit.site.inventory;
    let narrow = |name: &String| inventory.scopes(name.as_bytes()).iter().any(|scope| &*scope.path != "/");
    inventory.names().into_iter().filter(narrow).map(String::into_bytes)
}

fn set(visit: &Visit, choice: &Choice, headers: &mut HeaderMap) {
    let line = visit.site.choice.set(choice, visit.peer.https);
    headers.append(SET_COOKIE, HeaderValue::from_str(&line).expect("base64url and attributes are ASCII"));
}

/// This page confirms the choice: the next one need not.
pub(super) fn confirmed(visit: &Visit, headers: &mut HeaderMap) {
    if let Some(choice) = &visit.visitor.choice {
        set(visit, &Choice { fresh: false, ..choice.clone() }, headers);
    }
}
