//! The cookies page: what is really there, put into words by `notice`.

use std::iter;

use crate::catalogue::{self, KnownCookie};
use crate::consent::{Choice, Purpose, PurposeSet};
use crate::notice::{
    self, AskedPurpose, CookieRow, CookiesPage, Language, Lifetime, PageState, PurposeSection,
};
use crate::policy::{Action, NameRule};

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

/// The cookies traffic has shown, generated names folded to their pattern.
pub(super) fn seen(site: &Site) -> Vec<String> {
    site.inventory.patterns(|name| catalogue::cookie(name).map(|known| known.pattern))
}

/// `GET {prefix}/cookies`.
pub(super) fn cookies(visit: &Visit) -> Cleared {
    told(visit, cookies_html(visit))
}

/// The cookies page as this visitor reads it.
pub(super) fn cookies_html(visit: &Visit) -> String {
    let known = known_cookies(&visit.site);
    let listed: Vec<_> = visit.site.policy.purposes().iter().map(|(purpose, _)| rows(&known, Some(purpose))).collect();
    let third_parties = third_parties(&visit.site);
    let sections = sections(visit, &listed, &third_parties);
    let receipt = visit.visitor.choice.as_ref().and_then(|choice| choice.receipt).map(|receipt| receipt.to_string());
    notice::cookies_page(&CookiesPage {
        config: &visit.site.config.notice,
        language: visit.language(),
        prefix: &visit.site.config.prefix,
        return_to: &return_to(visit),
        purposes: &sections,
        unclassified: &rows(&known, None),
        unclassified_held: visit.site.config.policy.unclassified.cookies == Action::Hold,
        state: state(visit),
        gpc: visit.visitor.gpc,
        receipt: receipt.as_deref(),
        choice_cookie: visit.site.choice.name(visit.peer.https),
    })
}

/// `listed` has every purpose; `third_parties` the asked ones only: `essential`, which comes first, has none.
fn sections<'s>(
    visit: &'s Visit,
    listed: &'s [Vec<CookieRow<'s>>],
    third_parties: &'s [Vec<&'static str>],
) -> Vec<PurposeSection<'s>> {
    let granted = visit.visitor.granted(visit.site.policy.purposes());
    let until_objected = visit.site.policy.purposes().until_objected().without(PurposeSet::ESSENTIAL);
    let third_parties = iter::once(&[][..]).chain(third_parties.iter().map(Vec::as_slice));
    let purposes = visit.site.policy.purposes().iter().zip(listed).zip(third_parties);
    let section = |(((purpose, name), rows), third_parties): (((Purpose, &'s str), &'s Vec<_>), _)| PurposeSection {
        purpose,
        name,
        granted: granted.contains(purpose),
        until_objected: until_objected.contains(purpose),
        third_parties,
        rows,
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

fn state(visit: &Visit) -> PageState {
    let until_objected = visit.site.policy.purposes().until_objected();
    match &visit.visitor.choice {
        Some(choice) if choice.fresh && choice.decides_now(until_objected, visit.site.policy.purposes()) => {
            PageState::Saved
        }
        Some(Choice { fresh: true, granted: PurposeSet::ESSENTIAL, .. }) => PageState::Withdrawn,
        Some(Choice { fresh: true, .. }) => PageState::Saved,
        _ => PageState::Looking,
    }
}

/// Where `return=` leads, if it leads anywhere on this site.
pub(super) fn return_to(visit: &Visit) -> String {
    let query = visit.target.split_once('?').map_or("", |(_, query)| query);
    let wish = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "return");
    origin::safe_return(wish.as_ref().map(|(_, back)| &**back), &visit.host)
}

/// A cookie or storage key of this site, as far as it is known.
struct Known {
    name: String,
    kind: Kind,
    /// `None` where nobody has classified it.
    purpose: Option<Purpose>,
    catalogue: Option<&'static KnownCookie>,
}

/// A cookie and a storage key may share a name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Cookie,
    Storage,
}

/// What the YAML names, and what traffic has shown.
fn known_cookies(site: &Site) -> Vec<Known> {
    let policy = &site.config.policy;
    let seen = seen(site).into_iter().map(|name| {
        let purpose = site.policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL).purpose;
        Known { catalogue: in_catalogue(&name), name, kind: Kind::Cookie, purpose }
    });
    let declared = policy.cookies.iter().map(declared_cookie).chain(policy.storage.iter().map(declared_key));
    let mut all: Vec<Known> = declared.chain(seen).filter(|known| !is_own(&known.name)).collect();
    all.sort_by(|a, b| (&a.name, a.kind).cmp(&(&b.name, b.kind)));
    all.dedup_by(|a, b| (&a.name, a.kind) == (&b.name, b.kind));
    all
}

/// A pattern of the YAML may be wider than the catalogue's: `_ga*` beside `_ga` and `_ga_*`.
fn in_catalogue(name: &str) -> Option<&'static KnownCookie> {
    catalogue::cookie(name.as_bytes()).or_else(|| catalogue::cookie(name.replace('*', "").as_bytes()))
}

fn declared_cookie(rule: &NameRule) -> Known {
    let (name, purpose) = (rule.pattern.clone(), Some(rule.purpose));
    Known { catalogue: in_catalogue(&name), name, kind: Kind::Cookie, purpose }
}

/// The catalogue knows cookies only: a storage key of the same name may be something else.
fn declared_key(rule: &NameRule) -> Known {
    Known { name: rule.pattern.clone(), kind: Kind::Storage, purpose: Some(rule.purpose), catalogue: None }
}

fn is_own(name: &str) -> bool {
    crate::consent::ChoiceCookie::is_own(name.as_bytes())
}

fn rows(known: &[Known], purpose: Option<Purpose>) -> Vec<CookieRow<'_>> {
    known.iter().filter(|known| known.purpose == purpose).map(row).collect()
}

fn row(known: &Known) -> CookieRow<'_> {
    let Known { name, kind, catalogue, .. } = known;
    let reason = catalogue.map(|known| known.reason).filter(|reason| !reason.is_empty());
    CookieRow {
        name,
        set_by: catalogue.map(|known| known.platform).filter(|platform| *platform != "-"),
        description: reason.map(|reason| (reason, Language::English)),
        lifetime: match kind {
            Kind::Cookie => catalogue.map_or(Lifetime::Unknown, |known| lifetime(known.retention)),
            Kind::Storage => Lifetime::UntilDeleted,
        },
    }
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

    #[test]
    fn a_pattern_wider_than_the_catalogues_has_its_lifetime() {
        for (pattern, purpose) in [("_ga*", Purpose::ANALYTICS), ("_hj*", Purpose::ANALYTICS)] {
            let known = [declared_cookie(&NameRule { pattern: pattern.into(), purpose })];
            assert!(matches!(rows(&known, Some(purpose))[0].lifetime, Lifetime::Seconds(_)), "{pattern}");
        }
    }

    #[test]
    fn a_storage_key_stays_until_it_is_deleted() {
        let rule = NameRule { pattern: "_ga".into(), purpose: Purpose::PREFERENCES };
        let known = [declared_key(&rule)];
        assert_eq!(rows(&known, Some(Purpose::PREFERENCES))[0].lifetime, Lifetime::UntilDeleted);
        assert!(rows(&known, Some(Purpose::ANALYTICS)).is_empty() && rows(&known, None).is_empty());
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
