//! Held frames and players: what stands in for them, and the page that loads one of them once.
//!
//! `POST {prefix}/embed` shows only an address that this gate has sealed itself, to a visitor who pressed the button on
//! a page of this host: nobody else can have something framed under the council's name, and no link, crawler or
//! prefetch loads anything (A18).

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_SECURITY_POLICY;
use http::{HeaderMap, Request};
use url::{Position, Url};

use crate::catalogue;
use crate::consent::Purpose;
use crate::html::{self, HeldTag};
use crate::notice::{self, EmbedPage, Held};
use crate::upstream::BoxError;

use super::problem::Problem;
use super::visit::Visit;
use super::{Cleared, form, origin, own};

/// Makes the placeholders of this page.
pub(super) fn placeholder(visit: &Arc<Visit>) -> html::Placeholder {
    let visit = Arc::clone(visit);
    Arc::new(move |tag| made(&visit, tag))
}

/// Nothing stands in for what could never be shown to a person: data of another scheme.
fn made(visit: &Visit, tag: &HeldTag) -> Option<Vec<u8>> {
    let address = shown(&tag.address)?;
    let purposes = visit.site.policy.purposes();
    let purpose = purposes.find(&tag.purpose);
    let granted: Vec<_> = purposes
        .asked()
        .filter(|(purpose, _)| visit.visitor.granted(purposes).contains(*purpose))
        .map(|(_, name)| name)
        .collect();
    Some(notice::placeholder(&notice::Placeholder {
        // In a frame too: what is held there cannot be told from outside it.
        place: visit.place(tag.language.as_deref()),
        tag: &tag.tag,
        address: address.as_str(),
        company: tag.company.or_else(|| company(&address)),
        held: held(visit, purpose, &granted),
        title: tag.title.as_deref(),
        size: [tag.size[0].as_deref(), tag.size[1].as_deref()],
        seal: &visit.site.choice.seal_address(address.as_str()),
    }))
}

fn held<'h>(visit: &'h Visit, purpose: Option<Purpose>, granted: &'h [&'h str]) -> Held<'h> {
    let policy = &visit.site.policy;
    let could = visit.grantable();
    match purpose {
        Some(purpose) if could.contains(purpose) => Held::For(purpose, policy.purposes().name(purpose), granted),
        None if could.covers(policy.purposes().all()) => Held::Unclassified,
        _ => Held::Here,
    }
}

fn company(address: &Url) -> Option<&'static str> {
    catalogue::address(address.host_str()?, &address[Position::BeforePath..Position::AfterQuery])
        .map(|company| company.name)
}

/// The address as it is sealed and loaded: absolute, of a scheme that shows pages.
fn shown(address: &str) -> Option<Url> {
    Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// `POST {prefix}/embed`.
pub(super) async fn once<B>(visit: &Visit, request: Request<B>) -> Result<Cleared, Problem>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    if !origin::is_same_site(request.headers(), &visit.host) {
        return Err(Problem::CrossSite);
    }
    let (head, body) = request.into_parts();
    let form = form::form(&head.headers, body).await?;
    let value = |name| url::form_urlencoded::parse(&form).find(|(known, _)| known == name).map(|(_, value)| value);
    let (address, seal) = value("address").zip(value("seal")).ok_or(Problem::BadChoice)?;
    if !visit.site.choice.is_sealed(&address, &seal) {
        return Err(Problem::BadChoice);
    }
    let address = shown(&address).ok_or(Problem::BadChoice)?;
    Ok(page(visit, &address, &origin::safe_return(value("return").as_deref(), &visit.host)))
}

fn page(visit: &Visit, address: &Url, return_to: &str) -> Cleared {
    let page = notice::embed_page(&EmbedPage {
        config: &visit.site.config.notice,
        language: visit.language(),
        prefix: &visit.site.config.prefix,
        return_to,
        address,
        company: company(address),
    });
    let mut response = own::html(page);
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, notice::embed_policy(address));
    Cleared::own(response)
}
