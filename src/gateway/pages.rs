//! The cookies page: what is really there, put into words by `notice`.

use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use crate::catalogue::{self, KnownCookie};
use crate::consent::{Choice, Purpose, PurposeSet, UnixSeconds};
use crate::cookie;
use crate::html;
use crate::inventory::{Kept, Marks, Row, SeenCookie, Thing};
use crate::notice::{
    self, AskedPurpose, CookieRow, CookiesPage, Described, Language, Lifetime, PageState, PurposeSection, SetBy,
};
use crate::policy::{Action, NameRule, Rule};

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

/// A cookie or storage key of this site, as far as it is known.
struct Known {
    name: String,
    kind: Kind,
    /// `None` where nobody has classified it.
    purpose: Option<Purpose>,
    catalogue: Option<&'static KnownCookie>,
    /// The day it was last seen, and for how long it was set.
    seen: Option<(UnixSeconds, Option<Kept>)>,
}

/// A cookie and a storage key may share a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Cookie,
    Storage,
    /// A cookie that only this visitor's browser has shown.
    Sent,
}

/// What the YAML names, and what traffic has shown.
fn known_cookies(site: &Site) -> Vec<Known> {
    let policy = &site.config.policy;
    let declared = policy.cookies.iter().map(declared_cookie).chain(policy.storage.iter().map(declared_key));
    let seen = site.inventory.cookies(|name| pattern(site, name)).into_iter().map(|seen| seen_cookie(site, seen));
    let keys = site.inventory.stock.rows(Thing::StorageKey, |key| key_pattern(site, key));
    let keys = keys.into_iter().filter_map(|row| reported_key(site, row));
    let mut all: Vec<Known> = declared.chain(seen).chain(keys).filter(|known| !is_own(&known.name)).collect();
    all.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    // What is declared comes first, and learns from what was seen.
    all.dedup_by(|next, first| {
        let same = (&next.name, next.kind) == (&first.name, first.kind);
        if same {
            first.seen = first.seen.or(next.seen);
        }
        same
    });
    all
}

/// Longer lists help nobody.
const MOST_OWN: usize = 64;

/// What this visitor's browser has sent and nobody has classified: a script has set it, or it was set before the gate was
/// here. Any visitor can send any name, so each is told of their own, and nothing is kept for others to read.
fn own_cookies(visit: &Visit, known: &[Known]) -> Vec<Known> {
    let classified = |name: &[u8]| visit.site.policy.cookie(name, PurposeSet::ESSENTIAL).rule != Rule::Unclassified;
    let names = visit.sent.iter().flat_map(cookie::names_in);
    let names = names.filter(|name| !name.is_empty() && !classified(name));
    let names: BTreeSet<_> = names.take(MOST_OWN).map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let unseen = |name: &String| !known.iter().any(|known| known.kind == Kind::Cookie && known.name == *name);
    let own = |name| Known { name, kind: Kind::Sent, purpose: None, catalogue: None, seen: Some((visit.now, None)) };
    names.into_iter().filter(unseen).map(own).collect()
}

/// Generated names (`_ga_ABC123`) as the pattern that decides on them.
fn pattern<'s>(site: &'s Site, name: &[u8]) -> Option<&'s str> {
    match site.policy.cookie(name, PurposeSet::ESSENTIAL).rule {
        Rule::Site(pattern) | Rule::Catalogue(pattern, _) => Some(pattern),
        _ => None,
    }
}

fn seen_cookie(site: &Site, SeenCookie { name, day, kept }: SeenCookie) -> Known {
    let purpose = site.policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL).purpose;
    Known { catalogue: in_catalogue(&name), name, kind: Kind::Cookie, purpose, seen: Some((day, kept)) }
}

fn key_pattern<'s>(site: &'s Site, key: &str) -> Option<&'s str> {
    match site.policy.storage(key.as_bytes(), PurposeSet::ESSENTIAL).rule {
        Rule::Site(pattern) => Some(pattern),
        _ => None,
    }
}

/// What browsers of several networks have reported, of the keys that the YAML names: others read it, and one visitor alone
/// could report anything.
fn reported_key(site: &Site, Row { name, state }: Row) -> Option<Known> {
    let purpose = site.policy.storage(name.as_bytes(), PurposeSet::ESSENTIAL).purpose;
    let shown = state.marks.has(Marks::BELIEVED) && key_pattern(site, &name).is_some();
    shown.then_some(Known { name, kind: Kind::Storage, purpose, catalogue: None, seen: Some((state.last, None)) })
}

/// A pattern of the YAML may be wider than the catalogue's: `_ga*` beside `_ga` and `_ga_*`.
fn in_catalogue(name: &str) -> Option<&'static KnownCookie> {
    catalogue::cookie(name.as_bytes()).or_else(|| catalogue::cookie(name.replace('*', "").as_bytes()))
}

fn declared_cookie(rule: &NameRule) -> Known {
    let (name, purpose) = (rule.pattern.clone(), Some(rule.purpose));
    Known { catalogue: in_catalogue(&name), name, kind: Kind::Cookie, purpose, seen: None }
}

/// The catalogue knows cookies only: a storage key of the same name may be something else.
fn declared_key(rule: &NameRule) -> Known {
    Known { name: rule.pattern.clone(), kind: Kind::Storage, purpose: Some(rule.purpose), catalogue: None, seen: None }
}

fn is_own(name: &str) -> bool {
    crate::consent::ChoiceCookie::is_own(name.as_bytes())
}

/// The language of the page, and what the configuration says in it.
#[derive(Clone, Copy)]
struct Told<'k> {
    language: Language,
    described: &'k [Described],
}

fn rows<'k>(known: &'k [Known], purpose: Option<Purpose>, told: Told<'k>) -> Vec<CookieRow<'k>> {
    known.iter().filter(|known| known.purpose == purpose).map(|known| row(known, told)).collect()
}

fn row<'k>(known: &'k Known, told: Told<'k>) -> CookieRow<'k> {
    let Known { name, kind, catalogue, seen, .. } = known;
    let company = catalogue.map(|known| known.platform).filter(|platform| *platform != "-");
    let unknown = if *kind == Kind::Sent { SetBy::Unknown } else { SetBy::Site };
    CookieRow {
        name,
        set_by: company.map_or(unknown, SetBy::Company),
        description: description(known, told),
        storage: *kind == Kind::Storage,
        seen: seen.map(|(day, _)| day),
        lifetime: match kind {
            Kind::Cookie | Kind::Sent => match seen.and_then(|(_, kept)| kept) {
                Some(Kept::Session) => Lifetime::Session,
                Some(Kept::Seconds(seconds)) => Lifetime::Seconds(seconds),
                None => catalogue.map_or(Lifetime::Unknown, |known| lifetime(known.retention)),
            },
            Kind::Storage => Lifetime::UntilDeleted,
        },
    }
}

/// The site's own words first. The catalogue speaks English alone: a page in another language says what the purpose does instead: a sentence that is
/// not in its language does not belong on it (REQUIREMENTS B17).
fn description<'k>(known: &'k Known, told: Told<'k>) -> Option<&'k str> {
    let storage = known.kind == Kind::Storage;
    let said = |said: &&Described| said.storage == storage && said.name == known.name && said.language == told.language;
    if let Some(said) = told.described.iter().find(said) {
        return Some(&said.text);
    }
    let english = told.language.tag().split('-').next() == Some("en");
    known.catalogue.map(|known| known.reason).filter(|reason| english && !reason.is_empty())
}

/// The catalogue's words for a lifetime: `session`, `2 years`, `30 minutes`.
fn lifetime(words: &str) -> Lifetime {
    let words = words.trim().to_ascii_lowercase();
    if words.contains("session") {
        return Lifetime::Session;
    }
    let mut parts = words.split_ascii_whitespace();
    let number = parts.next().and_then(|number| number.parse::<u64>().ok());
    let unit = parts.next().map(|unit| unit.trim_end_matches('s')).and_then(seconds);
    match (number, unit) {
        (Some(number), Some(unit)) => Lifetime::Seconds(number.saturating_mul(unit)),
        _ if words.contains("persistent") || words.contains("never") => Lifetime::UntilDeleted,
        _ => Lifetime::Unknown,
    }
}

fn seconds(unit: &str) -> Option<u64> {
    const DAY: u64 = 86_400;
    Some(match unit {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => DAY,
        "week" => 7 * DAY,
        "month" => 30 * DAY,
        "year" => 365 * DAY,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD: Told = Told { language: Language::English, described: &[] };

    #[test]
    fn a_pattern_wider_than_the_catalogues_has_its_lifetime() {
        for (pattern, purpose) in [("_ga*", Purpose::ANALYTICS), ("_hj*", Purpose::ANALYTICS)] {
            let known = [declared_cookie(&NameRule { pattern: pattern.into(), purpose })];
            assert!(matches!(rows(&known, Some(purpose), TOLD)[0].lifetime, Lifetime::Seconds(_)), "{pattern}");
        }
    }

    #[test]
    fn a_storage_key_stays_until_it_is_deleted() {
        let rule = NameRule { pattern: "_ga".into(), purpose: Purpose::PREFERENCES };
        let known = [declared_key(&rule)];
        assert_eq!(rows(&known, Some(Purpose::PREFERENCES), TOLD)[0].lifetime, Lifetime::UntilDeleted);
        assert!(rows(&known, Some(Purpose::ANALYTICS), TOLD).is_empty());
    }

    #[test]
    fn the_catalogues_words_become_lifetimes() {
        assert_eq!(lifetime("Session"), Lifetime::Session);
        assert_eq!(lifetime("2 years"), Lifetime::Seconds(2 * 365 * 86_400));
        assert_eq!(lifetime("1 day"), Lifetime::Seconds(86_400));
        assert_eq!(lifetime("30 minutes"), Lifetime::Seconds(1_800));
        assert_eq!(lifetime("-"), Lifetime::Unknown);
        assert_eq!(lifetime("Persistent"), Lifetime::UntilDeleted);
    }
}
