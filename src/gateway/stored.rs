//! What a site stores, as far as it is known: what the YAML names, what traffic has shown, and what the visitor's own
//! browser has sent, each as a row of the cookies page.

use std::collections::BTreeSet;

use crate::catalogue::{self, KnownCookie};
use crate::consent::{Purpose, PurposeSet, UnixSeconds};
use crate::cookie;
use crate::inventory::{Kept, Marks, Row, SeenCookie, Thing};
use crate::notice::{CookieRow, Described, Language, Lifetime, SetBy};
use crate::policy::{NameRule, Rule};

use super::Site;
use super::visit::Visit;

/// A cookie or storage key of this site, as far as it is known.
pub(super) struct Known {
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
pub(super) fn known_cookies(site: &Site) -> Vec<Known> {
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
pub(super) fn own_cookies(visit: &Visit, known: &[Known]) -> Vec<Known> {
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
pub(super) struct Told<'k> {
    pub(super) language: Language,
    pub(super) described: &'k [Described],
}

pub(super) fn rows<'k>(known: &'k [Known], purpose: Option<Purpose>, told: Told<'k>) -> Vec<CookieRow<'k>> {
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
