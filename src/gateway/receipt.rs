//! The visitor's own record under `{prefix}/record`: to see, to download, to delete.
//!
//! Deleting it ends the agreement too: whoever relies on consent must be able to show it (UK GDPR Article 7(1)), and
//! nothing would be left to show it with. So the choice cookie goes, what was refused from then on is expired, and the
//! visitor is asked again.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION, HeaderValue, LOCATION, SET_COOKIE};
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::json;

use crate::consent::{PurposeSet, ReceiptId, Visitor};
use crate::cookie;
use crate::ledger::{Entry, Ledger, Refused};
use crate::notice::{self, ChosenPurpose, Receipt, ReceiptPage};
use crate::upstream::BoxError;

use super::problem::Problem;
use super::visit::Visit;
use super::{Body, Cleared, choose, form, origin, own, pages};

/// `GET {prefix}/record`, and with `as=json` or `as=text` the same to keep.
pub(super) async fn record(visit: &Visit, headers: &HeaderMap, ledger: &dyn Ledger) -> Result<Cleared, Problem> {
    match asked(visit, "as").as_deref() {
        Some("json") => {
            let kept = kept(visit, ledger).await?;
            Ok(Cleared::own(attached(own::json(kept.to_string()), "attachment; filename=\"cookie-record.json\"")))
        }
        Some("text") => {
            let entries = entries(visit, ledger).await?;
            let text = with_view(visit, notice::receipt_text) + &lines(&entries);
            let response = own::typed(text, "text/plain; charset=utf-8");
            Ok(Cleared::own(attached(response, "attachment; filename=\"cookie-record.txt\"")))
        }
        _ if wants_json(headers) => Ok(Cleared::own(own::json(kept(visit, ledger).await?.to_string()))),
        _ => Ok(Cleared::own(own::html(with_view(visit, notice::receipt_page)))),
    }
}

/// `POST {prefix}/record`: the form that deletes it.
pub(super) async fn delete<B>(visit: &Visit, request: Request<B>, ledger: &dyn Ledger) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    let (head, body) = request.into_parts();
    let form = form::form(&head.headers, body).await?;
    if !url::form_urlencoded::parse(&form).any(|(name, value)| (&*name, &*value) == ("record", "delete")) {
        return Err(Problem::BadChoice);
    }
    choose::pace(visit, true)?;
    let mut removed = 0;
    for receipt in receipts(visit, &head.headers) {
        removed += match tokio::time::timeout(choose::LONGEST_COMMIT, ledger.forget(receipt)).await {
            Ok(Ok(removed)) => removed,
            Ok(Err(Refused::Held)) => return Err(Problem::Held),
            Ok(Err(refused)) => return Err(Problem::Ledger(refused)),
            Err(_) => return Err(Problem::Ledger(Refused::Down("the deletion takes too long".into()))),
        };
    }
    choose::replace(visit, None);
    Ok(Cleared::own(deleted(visit, &head.headers, removed > 0)))
}

/// Of every choice cookie that was sent and is one of ours: what one of them had agreed to may not go on by another.
fn receipts(visit: &Visit, request: &HeaderMap) -> Vec<ReceiptId> {
    let site = &visit.site.choice;
    let sent = cookie::values(request, site.name(visit.peer.https).as_bytes());
    let mut receipts: Vec<_> = sent.filter_map(|value| site.open(value, visit.now)?.receipt).collect();
    receipts.dedup();
    receipts
}

fn deleted(visit: &Visit, request: &HeaderMap, removed: bool) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("return", &pages::return_to(visit)).append_pair("lang", visit.language().tag());
    if removed {
        query.append_pair("deleted", "yes");
    }
    let location = format!("{}/record?{}", visit.site.config.prefix, query.finish());
    let headers = response.headers_mut();
    headers.insert(LOCATION, HeaderValue::from_str(&location).unwrap_or(HeaderValue::from_static("/")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let line = visit.site.choice.clear(visit.peer.https);
    headers.append(SET_COOKIE, HeaderValue::from_str(&line).expect("a name and attributes are ASCII"));
    choose::forget_doubles(visit, request, headers);
    let undecided = Visitor { choice: None, gpc: visit.visitor.gpc };
    choose::expire_refused(visit, &undecided, request, headers);
    response
}

async fn entries(visit: &Visit, ledger: &dyn Ledger) -> Result<Vec<Entry>, Problem> {
    match visit.visitor.choice.as_ref().and_then(|choice| choice.receipt) {
        Some(receipt) => ledger.find(receipt).await.map_err(Problem::Ledger),
        None => Ok(Vec::new()),
    }
}

async fn kept(visit: &Visit, ledger: &dyn Ledger) -> Result<serde_json::Value, Problem> {
    let entries: Vec<_> = entries(visit, ledger).await?.iter().map(Entry::json).collect();
    let receipt = visit.visitor.choice.as_ref().and_then(|choice| choice.receipt);
    Ok(json!({ "receipt": receipt.map(|receipt| receipt.to_string()), "records": entries }))
}

/// Every record as the ledger has it, a line for each of its values.
fn lines(entries: &[Entry]) -> String {
    let mut text = String::new();
    for entry in entries {
        text.push('\n');
        for (name, value) in entry.json().as_object().into_iter().flatten() {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            text.extend([name.as_str(), ": ", &value, "\n"]);
        }
    }
    text
}

fn with_view(visit: &Visit, write: impl FnOnce(&ReceiptPage) -> String) -> String {
    let choice = visit.visitor.choice.as_ref();
    let id = choice.and_then(|choice| choice.receipt).map(|receipt| receipt.to_string());
    let chosen: Vec<_> = chosen(visit).collect();
    write(&ReceiptPage {
        config: &visit.site.config.notice,
        language: visit.language(),
        prefix: &visit.site.config.prefix,
        return_to: &pages::return_to(visit),
        receipt: choice.filter(|choice| choice.decides()).map(|choice| Receipt {
            id: id.as_deref(),
            made_at: choice.made_at,
            kept_until: choice.made_at + visit.site.choice.lasts(choice),
            notice_version: &visit.site.config.notice.version,
            purposes: &chosen,
        }),
        deleted: asked(visit, "deleted").is_some(),
    })
}

fn chosen(visit: &Visit) -> impl Iterator<Item = ChosenPurpose<'_>> {
    let purposes = visit.site.policy.purposes();
    let granted = visit.visitor.granted(purposes);
    // What nobody was asked about, or has answered, is no choice of theirs.
    let decided = visit.visitor.choice.as_ref().map_or(PurposeSet::ESSENTIAL, |choice| choice.decided);
    let asked = purposes.asked().filter(move |(purpose, _)| decided.contains(*purpose));
    asked.map(move |(purpose, name)| ChosenPurpose { purpose, name, granted: granted.contains(purpose) })
}

fn asked(visit: &Visit, name: &str) -> Option<String> {
    let query = visit.target.split_once('?').map_or("", |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn attached(mut response: Response<Body>, how: &'static str) -> Response<Body> {
    response.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(how));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

fn wants_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(ACCEPT).iter().map(HeaderValue::as_bytes);
    lines.any(|line| memchr::memmem::find(line, b"application/json").is_some())
}
