//! `POST {prefix}/choice`: a visitor decides. The answer is sent after the ledger has it on disk, never before.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::json;

use crate::consent::{Choice, ChoiceCookie, PurposeSet, ReceiptId, Visitor};
use crate::cookie;
use crate::ledger::{Event, Ledger, Method, Page, Record, Refused};
use crate::upstream::BoxError;

use super::form::{Form, Pressed};
use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Cleared, clear, origin, own, shown};

/// A disk that hangs is a ledger that is down.
pub(super) const LONGEST_COMMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// Takes a choice, records it, and only then tells the visitor.
pub(super) async fn choose<B>(visit: &Visit, request: Request<B>, ledger: &dyn Ledger) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    let (head, body) = request.into_parts();
    let form = Form::read(visit, &head.headers, body).await?;
    if form.decides(visit).0 == PurposeSet::ESSENTIAL {
        return Ok(Cleared::own(unchanged(visit, &form)));
    }
    pace(visit, form.pressed == Pressed::Withdraw)?;
    let choice = choice(visit, &form);
    let record = record(visit, &form, &choice);
    let event = record.event.name();
    match tokio::time::timeout(LONGEST_COMMIT, ledger.record(record, shown::shown(visit))).await {
        Ok(Ok(())) if visit.audits => visit.site.traffic.audited(),
        Ok(Ok(())) => visit.site.traffic.chose(event, visit.now),
        Ok(Err(refused)) => return Err(Problem::Ledger(refused)),
        Err(_) => return Err(Problem::Ledger(Refused::Down("the commit takes too long".into()))),
    }
    replace(visit, Some(&choice));
    Ok(Cleared::own(if form.wants_json {
        state(visit, &choice, &head.headers)
    } else {
        back(visit, &form, &choice, &head.headers)
    }))
}

/// Nobody waits to take back what they agreed to because of their neighbours (A13). Once: an agreement that was taken back
/// already is no way round the limit, however often it is sent (E10).
pub(super) fn pace(visit: &Visit, takes_back: bool) -> Result<(), Problem> {
    let agreed = visit.visitor.agreed(visit.site.policy.purposes()) != PurposeSet::ESSENTIAL;
    let pace = visit.site.paces.take(visit.site.config.choices, visit.peer.address, visit.now_ms);
    let in_force = || {
        let mut sealed = visit.visitor.choice.iter().flat_map(|choice| seals(visit, choice));
        sealed.all(|sealed| !visit.site.replaced.has(&sealed, visit.now))
    };
    if takes_back && agreed && in_force() { Ok(()) } else { pace.map_err(Problem::TooMany) }
}

/// What this visitor came with counts no more, unless they chose the very same again.
pub(super) fn replace(visit: &Visit, now: Option<&Choice>) {
    if let Some(choice) = &visit.visitor.choice {
        let same = now.map(|now| seals(visit, now));
        let sealed = seals(visit, choice);
        if same.as_ref() != Some(&sealed) {
            visit.site.replaced.note(&sealed, visit.now);
        }
    }
}

/// Its values as a choice cookie, before it is confirmed and after.
fn seals(visit: &Visit, choice: &Choice) -> [String; 2] {
    [true, false].map(|fresh| visit.site.choice.seal(&Choice { fresh, ..choice.clone() }))
}

fn choice(visit: &Visit, form: &Form) -> Choice {
    let purposes = visit.site.policy.purposes();
    let earlier = visit.visitor.choice.as_ref();
    let before = earlier.map_or_else(|| Choice::none(visit.now), |earlier| earlier.again(visit.now));
    let (decided, granted) = form.decides(visit);
    let choice = before.deciding(decided, granted, purposes);
    let agreed = choice.granted.both(purposes.by_consent()) != PurposeSet::ESSENTIAL;
    Choice {
        receipt: (agreed && visit.site.config.receipts).then(|| receipt(visit)),
        fresh: !form.wants_json,
        ..choice
    }
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

fn record(visit: &Visit, form: &Form, choice: &Choice) -> Record {
    let purposes = visit.site.policy.purposes();
    let decided = purposes.asked().filter(|(purpose, _)| choice.decided.contains(*purpose));
    Record {
        id: random(),
        event: event(visit, form, choice),
        time_ms: visit.now_ms,
        site: visit.site.name().into(),
        page: Page::of(&form.return_to),
        language: visit.language().tag().into(),
        notice_version: visit.site.config.notice.version.clone(),
        decisions: decided.map(|(purpose, name)| (name.into(), choice.granted.contains(purpose))).collect(),
        method: match form.pressed {
            _ if visit.audits => Method::Audit,
            _ if form.wants_json => Method::Json,
            Pressed::Accept | Pressed::Reject => Method::BannerForm,
            Pressed::Save | Pressed::Withdraw | Pressed::Object => Method::CookiesPage,
        },
        gpc: visit.visitor.gpc,
        expires_at: visit.now + visit.site.choice.lasts(choice),
    }
}

fn event(visit: &Visit, form: &Form, choice: &Choice) -> Event {
    let purposes = visit.site.policy.purposes();
    let (by_consent, (decided, _)) = (purposes.by_consent(), form.decides(visit));
    if decided.both(by_consent) == PurposeSet::ESSENTIAL || only_an_objection(visit, choice) {
        let objects = after(visit, choice).objects(purposes).covers(decided.both(purposes.until_objected()));
        return if objects { Event::Objected } else { Event::ObjectionRemoved };
    }
    let earlier = visit.visitor.choice.as_ref();
    let earlier_receipt = earlier.and_then(|earlier| earlier.receipt);
    let agreed = choice.granted.both(by_consent);
    let agreed_before = visit.visitor.agreed(purposes);
    if agreed == PurposeSet::ESSENTIAL {
        return match form.pressed {
            Pressed::Withdraw => Event::Withdrawn(earlier_receipt),
            _ if agreed_before != PurposeSet::ESSENTIAL => Event::Withdrawn(earlier_receipt),
            _ if earlier.is_some_and(|earlier| earlier.outdated) => Event::Superseded(earlier_receipt),
            _ => Event::Refused,
        };
    }
    match earlier {
        Some(earlier) if earlier.outdated => Event::Superseded(choice.receipt),
        Some(_) if agreed_before != agreed => Event::Changed(choice.receipt),
        _ if agreed.covers(by_consent) => Event::Given(choice.receipt),
        _ => Event::Partial(choice.receipt),
    }
}

/// The cookies page was saved as it was but for what can be objected to.
fn only_an_objection(visit: &Visit, choice: &Choice) -> bool {
    let purposes = visit.site.policy.purposes();
    let by_consent = purposes.by_consent();
    let earlier = visit.visitor.choice.as_ref().filter(|earlier| earlier.decides() && !earlier.outdated);
    let same = |earlier: &Choice| {
        (earlier.granted.both(by_consent), earlier.decided.both(by_consent))
            == (choice.granted.both(by_consent), choice.decided.both(by_consent))
    };
    earlier.is_some_and(same) && after(visit, choice).objects(purposes) != visit.visitor.objects(purposes)
}

/// Who has made this choice.
fn after(visit: &Visit, choice: &Choice) -> Visitor {
    Visitor { choice: Some(choice.clone()), gpc: visit.visitor.gpc }
}

/// 303 to the page the visitor was on, with the choice cookie and what expires the cookies refused.
fn back(visit: &Visit, form: &Form, choice: &Choice, request: &HeaderMap) -> Response<Body> {
    let mut response = redirect(form);
    store(visit, choice, request, response.headers_mut());
    response
}

fn redirect(form: &Form) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    let location = HeaderValue::from_str(&form.return_to).unwrap_or(HeaderValue::from_static("/"));
    headers.insert(LOCATION, location);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A form that decides nothing, such as one from before the site's purposes changed: there is nothing to record, and the
/// next page asks what is to be asked now.
fn unchanged(visit: &Visit, form: &Form) -> Response<Body> {
    let choice = visit.visitor.choice.clone().unwrap_or_else(|| Choice::none(visit.now));
    if form.wants_json { own::json(told(visit, &choice)) } else { redirect(form) }
}

fn state(visit: &Visit, choice: &Choice, request: &HeaderMap) -> Response<Body> {
    let mut response = own::json(told(visit, choice));
    store(visit, choice, request, response.headers_mut());
    response
}

fn told(visit: &Visit, choice: &Choice) -> String {
    let purposes = visit.site.policy.purposes();
    let granted = after(visit, choice).granted(purposes);
    let decided: serde_json::Map<_, _> =
        purposes.asked().map(|(purpose, name)| (name.to_owned(), granted.contains(purpose).into())).collect();
    let body = json!({
        "choice": decided,
        "notice_version": visit.site.config.notice.version,
        "receipt": choice.receipt.map(|receipt| receipt.to_string()),
        "expires_in_days": visit.site.choice.lasts(choice) / 86_400,
    });
    body.to_string()
}

/// Sets the choice cookie and expires what is refused from now on (A14), wherever on the site it was set.
fn store(visit: &Visit, choice: &Choice, request: &HeaderMap, headers: &mut HeaderMap) {
    set(visit, choice, headers);
    forget_doubles(visit, request, headers);
    expire_refused(visit, &after(visit, choice), request, headers);
}

pub(super) fn expire_refused(visit: &Visit, visitor: &Visitor, request: &HeaderMap, headers: &mut HeaderMap) {
    let granted = visitor.granted(visit.site.policy.purposes());
    let refused = |name: &[u8]| visit.site.policy.cookie(name, granted).is_hold();
    let mut held = cookie::strip_request(&mut request.clone(), refused);
    let more: Vec<_> = unsent(visit).filter(|name| refused(name) && !held.contains(name)).collect();
    held.extend(more);
    clear::expire_left_overs(visit, headers, &held);
}

/// A second cookie of this name, for this host or for a domain above it, would go on speaking for the visitor, and the
/// stricter of the two counts: without this an old refusal there could never be changed here.
pub(super) fn forget_doubles(visit: &Visit, request: &HeaderMap, headers: &mut HeaderMap) {
    let (host, name) = (visit.host_name(), visit.site.choice.name(visit.peer.https));
    forget_host_choice(name, request, headers);
    // Another site's choice is none here, does no harm, and is not ours to take away.
    let ours = |value: &&[u8]| visit.site.choice.open(value, visit.now).is_some();
    if cookie::values(request, name.as_bytes()).filter(ours).nth(1).is_none() {
        return;
    }
    let share = visit.site.config.share.as_deref();
    let host_only = share.map(|_| String::new());
    let above = domains_above(&host).filter(|domain| Some(*domain) != share).map(|domain| format!("; Domain={domain}"));
    for domain in host_only.into_iter().chain(above) {
        let line = format!("{name}=; Max-Age=0; Path=/{domain}");
        headers.extend(HeaderValue::from_str(&line).ok().map(|line| (SET_COOKIE, line)));
    }
}

/// From before hosts shared a choice. It counts for nothing while they do, and would count again once they no longer
/// do: an agreement taken back meanwhile. Only this host can have set it.
fn forget_host_choice(name: &str, request: &HeaderMap, headers: &mut HeaderMap) {
    const HOST_BOUND: &str = ChoiceCookie::NAMES[1];
    if name != HOST_BOUND && cookie::values(request, HOST_BOUND.as_bytes()).next().is_some() {
        headers.append(SET_COOKIE, HeaderValue::from_static("__Host-consentgate=; Max-Age=0; Path=/; Secure"));
    }
}

/// The host and what is above it, down to the domain an organisation owns: nobody can set a cookie higher.
fn domains_above(host: &str) -> impl Iterator<Item = &str> {
    let owned = psl::domain_str(host).map_or(0, str::len);
    let below = move |domain: &&str| owned > 0 && domain.len() >= owned;
    std::iter::successors(Some(host), |domain| domain.split_once('.').map(|(_, rest)| rest)).take_while(below)
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

/// This page confirms the choice: the next one need not. A page that comes late must not bring back what was taken back
/// meanwhile.
pub(super) fn confirmed(visit: &Visit, headers: &mut HeaderMap) {
    let Some(choice) = &visit.visitor.choice else { return };
    let confirmed = Choice { fresh: false, ..choice.clone() };
    if !visit.site.replaced.has(&visit.site.choice.seal(&confirmed), visit.now) {
        set(visit, &confirmed, headers);
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::Traffic;
    use crate::ledger::Event;

    #[test]
    fn the_counters_know_every_event_of_the_ledger_by_its_name() {
        let events = [
            Event::Given(None),
            Event::Refused,
            Event::Partial(None),
            Event::Changed(None),
            Event::Withdrawn(None),
            Event::Objected,
            Event::ObjectionRemoved,
            Event::Superseded(None),
            Event::Signal,
        ];
        assert_eq!(events.map(Event::name), Traffic::EVENTS);
    }
}
