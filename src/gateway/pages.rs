//! The cookies page: what is really there, put into words by `notice`.

use std::iter;
use std::sync::Arc;

use crate::consent::{Choice, Purpose, PurposeSet};
use crate::html;
use crate::notice::{self, AskedPurpose, CookieRow, CookiesPage, Language, PageState, PurposeSection};
use crate::policy::Action;

use super::stored::{Known, Told, known_cookies, own_cookies, rows};
use super::visit::Visit;
use super::{Cleared, Site, choose, origin, own};

/// The companies whose tags were seen on this site, for each purpose that is asked about: the notice names them
/// (REQUIREMENTS A12, B3).
pub(super) fn third_parties(site: &Site) -> Vec<Vec<&'static str>> {
    site.policy.purposes().asked().map(|(purpose, _)| site.inventory.companies(purpose)).collect()
}

/// Those of these purposes that the site has, in its order, with what [`third_parties`] gave.
pub(super) fn asked<'s>(
    site: &'s Site,
    third_parties: &'s [Vec<&'static str>],
    which: PurposeSet,
) -> Vec<AskedPurpose<'s>> {
    let purposes =
        site.policy.purposes().asked().zip(third_parties).filter(|((purpose, _), _)| which.contains(*purpose));
    purposes.map(|((purpose, name), third_parties)| AskedPurpose { purpose, name, third_parties }).collect()
}

/// The hosts of others that pages load from whatever the visitor chooses, with their companies.
fn elsewhere(site: &Site) -> Vec<String> {
    let named = |(host, company): (Arc<str>, Option<&str>)| match company {
        Some(company) => format!("{host} ({company})"),
        None => host.to_string(),
    };
    site.inventory.tags.free().into_iter().map(named).collect()
}

/// `GET {prefix}/cookies`.
pub(super) fn cookies(visit: &Visit) -> Cleared {
    told(visit, cookies_html(visit))
}

/// The cookies page as this visitor reads it.
pub(super) fn cookies_html(visit: &Visit) -> String {
    let listed = Listed::of(visit);
    let shown = Shown { origin: "", return_to: &return_to(visit), state: state(visit) };
    with_view(visit, &listed, (visit.language(), &shown), notice::cookies_page)
}

/// The cookies page for the place that a page of the site's own has for it, made when that place is met.
pub(super) fn embedded(visit: &Arc<Visit>) -> html::Cookies {
    let path = format!("{}/cookies", visit.site.config.prefix);
    let visit = Arc::clone(visit);
    let content: html::Notice = Box::new(move |page_language| {
        let place = visit.place(page_language);
        let listed = Listed::of(&visit);
        let shown = Shown { origin: &place.origin(), return_to: &visit.target, state: PageState::Looking };
        with_view(&visit, &listed, (place.language, &shown), |view| notice::embedded_cookies(view, &place))
    });
    html::Cookies { path, content }
}

/// Where the cookies page is shown.
struct Shown<'s> {
    origin: &'s str,
    return_to: &'s str,
    state: PageState,
}

/// What the site stores and whom it brings in, as far as it is known now.
struct Listed {
    known: Vec<Known>,
    /// For each purpose that is asked about.
    third_parties: Vec<Vec<&'static str>>,
    hosts: Vec<Vec<Arc<str>>>,
    /// What pages load from others whatever the visitor chooses.
    elsewhere: Vec<String>,
    /// Some of what nobody has classified only this visitor's browser has shown.
    own: bool,
}

impl Listed {
    fn of(visit: &Visit) -> Self {
        let site = &*visit.site;
        let mut known = known_cookies(site);
        let own = own_cookies(visit, &known);
        let some = !own.is_empty();
        known.extend(own);
        let hosts = site.policy.purposes().asked().map(|(purpose, _)| site.inventory.tags.of(purpose)).collect();
        Self { known, third_parties: third_parties(site), hosts, elsewhere: elsewhere(site), own: some }
    }
}

fn with_view<R>(
    visit: &Visit,
    listed: &Listed,
    (language, shown): (Language, &Shown),
    make: impl FnOnce(&CookiesPage) -> R,
) -> R {
    let told = Told { language, described: &visit.site.config.notice.descriptions };
    let rows_of = |(purpose, _)| rows(&listed.known, Some(purpose), told);
    let rows_by_purpose: Vec<_> = visit.site.policy.purposes().iter().map(rows_of).collect();
    let hosts: Vec<Vec<&str>> = listed.hosts.iter().map(|hosts| hosts.iter().map(|host| &**host).collect()).collect();
    let sections = sections(visit, &rows_by_purpose, (&listed.third_parties, &hosts));
    let choice = visit.visitor.choice.as_ref();
    let receipt = choice.and_then(|choice| choice.receipt).map(|receipt| receipt.to_string());
    make(&CookiesPage {
        config: &visit.site.config.notice,
        language,
        origin: shown.origin,
        prefix: &visit.site.config.prefix,
        return_to: shown.return_to,
        purposes: &sections,
        unclassified: &rows(&listed.known, None, told),
        unclassified_own: listed.own,
        elsewhere: &listed.elsewhere,
        unclassified_held: visit.site.config.policy.unclassified.cookies == Action::Hold,
        state: shown.state,
        gpc: visit.visitor.gpc,
        receipt: receipt.as_deref(),
        choice_cookie: visit.site.choice.name(visit.peer.https),
        choice_cookie_seen: choice.map(|_| visit.now),
    })
}

/// `rows` has every purpose; `others` the asked ones only: `essential`, which comes first, has none.
fn sections<'s>(
    visit: &'s Visit,
    rows: &'s [Vec<CookieRow<'s>>],
    (companies, hosts): (&'s [Vec<&'static str>], &'s [Vec<&'s str>]),
) -> Vec<PurposeSection<'s>> {
    let purposes = visit.site.policy.purposes();
    let granted = visit.visitor.granted(purposes);
    // Every set holds essential, and nobody objects to that.
    let objectable = |purpose| purpose != Purpose::ESSENTIAL && purposes.until_objected().contains(purpose);
    let others = companies.iter().map(Vec::as_slice).zip(hosts.iter().map(Vec::as_slice));
    let others = iter::once((&[][..], &[][..])).chain(others);
    let purposes = purposes.iter().zip(rows).zip(others);
    let section = |(((purpose, name), rows), (third_parties, hosts)): (((Purpose, &'s str), &'s Vec<_>), _)| {
        let (granted, until_objected) = (granted.contains(purpose), objectable(purpose));
        PurposeSection { purpose, name, granted, until_objected, third_parties, hosts, rows }
    };
    purposes.map(section).collect()
}

/// A page of the gate's own that tells the visitor what they chose: the next one need not.
fn told(visit: &Visit, page: String) -> Cleared {
    let mut response = own::html(page);
    if visit.visitor.choice.as_ref().is_some_and(|choice| choice.fresh) {
        choose::confirmed(visit, response.headers_mut());
    }
    Cleared::own(response)
}

/// A refusal and a withdrawal leave the same choice behind: which it was says the form that was sent.
fn state(visit: &Visit) -> PageState {
    let withdrew = || visit.query("done").is_some_and(|done| done == "withdrawn");
    match &visit.visitor.choice {
        Some(Choice { fresh: true, granted: PurposeSet::ESSENTIAL, .. }) if withdrew() => PageState::Withdrawn,
        Some(Choice { fresh: true, .. }) => PageState::Saved,
        _ => PageState::Looking,
    }
}

/// Where `return=` leads, if it leads anywhere on this site.
pub(super) fn return_to(visit: &Visit) -> String {
    origin::safe_return(visit.query("return").as_deref(), &visit.host)
}
