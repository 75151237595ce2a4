//! What allows a purpose: the exceptions of PECR Schedule A1 as data, dated and versioned (REQUIREMENTS A5).
//!
//! The law is in `data/bases.json`, so that a change of it is a change of that file. What stands here is how it is read,
//! and what it never covers, whatever a site says: recordings of visits, advertising, and measuring whether that worked
//! (A7).

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalogue::pattern::NamePatterns;
use crate::catalogue::{self, Company, KnownCookie};
use crate::consent::{Purpose, Purposes};

static RULES: LazyLock<RuleSet> =
    LazyLock::new(|| serde_json::from_str(include_str!("data/bases.json")).expect("a test reads the same file"));

/// The exceptions of one law at one time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    /// Which law.
    pub id: Box<str>,
    /// The date of this file.
    pub version: Box<str>,
    /// Its full name.
    pub law: Box<str>,
    /// The day from which it holds.
    pub in_force_since: Box<str>,
    /// Where it can be read.
    pub source: Box<str>,
    /// What a reader should know of the file.
    pub note: Box<str>,
    /// Every basis there is.
    pub bases: Vec<BasisRule>,
    never_exempt: NeverExempt,
}

/// One thing that allows a purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasisRule {
    /// Its name in the YAML.
    pub id: Box<str>,
    /// The paragraph of the Schedule.
    pub paragraph: Box<str>,
    /// The regulator's name for it.
    pub name: Box<str>,
    /// When it applies, in a sentence.
    pub conditions: Box<str>,
    /// Visitors must be told.
    pub information: bool,
    /// Visitors must be able to object, simply and free of charge.
    pub objection: bool,
    /// A site may rest a purpose on it.
    pub selectable: bool,
    /// What the operator must vouch for, each by its key in the YAML.
    pub attest: Vec<Box<str>>,
    /// The purposes of known cookies and companies that it does not cover, beside those no exception covers.
    never_covers: Vec<Box<str>>,
    /// The day from which it holds.
    pub in_force_since: Box<str>,
    /// Where it can be read.
    pub source: Box<str>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NeverExempt {
    purposes: Vec<Box<str>>,
    kinds: Vec<Box<str>>,
    recorders: Vec<Box<str>>,
    cookies: Vec<Box<str>>,
}

/// The rule-set in force.
pub fn rule_set() -> &'static RuleSet {
    &RULES
}

impl RuleSet {
    /// The basis of this name.
    pub fn find(&self, id: &str) -> Option<&BasisRule> {
        self.bases.iter().find(|basis| &*basis.id == id)
    }

    /// Id and date in one: for reports and records.
    pub fn name(&self) -> String {
        format!("{}/{}", self.id, self.version)
    }

    /// The known cookie that a name or pattern of the YAML stands for, or takes in, and that this basis does not cover.
    pub fn cookie_not_covered(&self, basis: &str, written: &str) -> Option<&str> {
        let bare = written.replace('*', "");
        let meets = |pattern: &str| {
            let takes_in =
                |pattern: &str, name: &str| NamePatterns::new([(pattern, ())]).find(name.as_bytes()).is_some();
            takes_in(written, &pattern.replace('*', "")) || (!bare.is_empty() && takes_in(pattern, &bare))
        };
        let listed = self.never_exempt.cookies.iter().map(|pattern| &**pattern);
        let is_not =
            |known: &&KnownCookie| !self.covers(basis, known.purpose) || self.never_exempt.records(known.platform);
        let known = catalogue::cookies().filter(is_not).map(|known| known.pattern);
        listed.chain(known).find(|pattern| meets(pattern))
    }

    /// Does this basis cover what this company's addresses bring?
    pub fn covers_company(&self, basis: &str, company: &Company) -> bool {
        let never = &self.never_exempt;
        company.purpose.is_none_or(|purpose| self.covers(basis, purpose))
            && !never.kinds.iter().any(|kind| **kind == *company.kind)
            && !never.records(company.name)
    }

    /// Does this basis cover what is known to be for a built-in purpose?
    pub fn covers(&self, basis: &str, purpose: Purpose) -> bool {
        let purposes = Purposes::default();
        let name = purposes.name(purpose);
        let never = self.find(basis).into_iter().flat_map(|rule| &rule.never_covers).chain(&self.never_exempt.purposes);
        !never.into_iter().any(|never| **never == *name)
    }
}

impl NeverExempt {
    fn records(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.recorders.iter().any(|recorder| name.contains(&**recorder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_basis_of_the_schedule_is_there_with_its_duties() {
        let rules = rule_set();
        let duties =
            |id| rules.find(id).map(|basis| (&*basis.paragraph, basis.information, basis.objection, basis.selectable));
        assert_eq!(duties("consent"), Some(("2", true, false, true)));
        assert_eq!(duties("communication"), Some(("3", false, false, false)));
        assert_eq!(duties("strictly_necessary"), Some(("4", false, false, false)));
        assert_eq!(duties("statistical"), Some(("5", true, true, true)));
        assert_eq!(duties("appearance"), Some(("6", true, true, true)));
        assert_eq!(duties("emergency"), Some(("7", false, false, false)));
        assert_eq!(rules.find("legitimate_interest").map(|basis| &basis.id), None);
    }

    #[test]
    fn what_is_excepted_and_can_be_chosen_has_to_be_vouched_for() {
        for basis in rule_set().bases.iter().filter(|basis| basis.selectable) {
            assert_eq!(basis.objection, !basis.attest.is_empty(), "{}", basis.id);
        }
        assert_eq!(rule_set().find("statistical").map(|basis| basis.attest.len()), Some(7), "REQUIREMENTS A7");
    }

    #[test]
    fn every_basis_says_since_when_and_where_it_can_be_read() {
        let is_date = |text: &str| text.len() == 10 && text.bytes().filter(|byte| *byte == b'-').count() == 2;
        assert!(is_date(&rule_set().version) && rule_set().name().starts_with("uk-pecr-schedule-a1/2026-"));
        for basis in &rule_set().bases {
            assert!(is_date(&basis.in_force_since) && basis.source.starts_with("https://"), "{}", basis.id);
            assert!(!basis.name.is_empty() && basis.conditions.ends_with('.'), "{}", basis.id);
        }
    }

    #[test]
    fn recordings_and_advertising_are_covered_by_no_exception() {
        let rules = rule_set();
        for name in ["_gcl_au", "_gac_*", "_fbp", "_hjSessionUser_1", "_clck", "_mf_user", "IDE", "_g*", "*"] {
            assert!(rules.cookie_not_covered("statistical", name).is_some(), "{name}");
        }
        for name in ["_pk_id*", "_pk_*", "_ga", "_ga_*", "text-size", "matomo_sessid", "a-name-nobody-has-used"] {
            assert_eq!(rules.cookie_not_covered("statistical", name), None, "{name}");
        }
        for (host, never) in [
            ("www.clarity.ms", true),
            ("static.hotjar.com", true),
            ("edge.fullstory.com", true),
            ("cdn.mouseflow.com", true),
            ("connect.facebook.net", true),
            ("www.googletagmanager.com", true),
            ("googleads.g.doubleclick.net", true),
            ("cdn.matomo.cloud", false),
        ] {
            let company = catalogue::address(host, "/").expect("known");
            assert_eq!(!rules.covers_company("statistical", company), never, "{host}: {company:?}");
        }
        let words = rules.never_exempt.purposes.iter().chain(rules.bases.iter().flat_map(|basis| &basis.never_covers));
        assert!(words.clone().all(|name| Purpose::built_in(name).is_some()), "{:?}", words.collect::<Vec<_>>());
    }

    #[test]
    fn the_page_about_bases_names_the_rule_set_every_basis_and_what_is_to_be_vouched_for() {
        const PAGE: &str = include_str!("../../docs/bases.md");
        let rules = rule_set();
        assert!(
            PAGE.contains(&format!("id: `{}`, version `{}`", rules.id, rules.version)) && PAGE.contains(&*rules.source)
        );
        for basis in &rules.bases {
            let row = format!("| `{}` | {} |", basis.id, basis.paragraph);
            assert!(PAGE.contains(&row), "{row}");
            assert_eq!(basis.attest.iter().find(|point| !PAGE.contains(&***point)), None);
        }
    }

    /// REQUIREMENTS A5: the exceptions can be changed by regulations, and are then a change of the file alone.
    #[test]
    fn another_basis_is_a_change_of_the_file_alone() {
        let mut file: serde_json::Value = serde_json::from_str(include_str!("data/bases.json")).expect("JSON");
        let mut added = file["bases"][3].clone();
        added["id"] = "weather".into();
        added["never_covers"] = serde_json::json!(["analytics"]);
        file["bases"].as_array_mut().expect("a list").push(added);
        let changed: RuleSet = serde_json::from_value(file.clone()).expect("the same form");
        assert!(changed.find("weather").is_some_and(|basis| basis.selectable && basis.objection));
        assert!(!changed.covers("weather", Purpose::ANALYTICS) && changed.covers("statistical", Purpose::ANALYTICS));
        file["bases"][0]["atest"] = serde_json::json!([]);
        assert!(serde_json::from_value::<RuleSet>(file).is_err(), "a slip in the file is found");
    }

    #[test]
    fn what_measures_is_no_matter_of_appearance() {
        let rules = rule_set();
        for name in ["_ga", "_pk_id*", "_clck"] {
            assert!(rules.cookie_not_covered("appearance", name).is_some(), "{name}");
        }
        assert_eq!(rules.cookie_not_covered("appearance", "text-size"), None);
        let matomo = catalogue::address("cdn.matomo.cloud", "/").expect("known");
        assert!(rules.covers_company("statistical", matomo) && !rules.covers_company("appearance", matomo));
        assert!(rules.covers("statistical", Purpose::ANALYTICS) && !rules.covers("statistical", Purpose::MARKETING));
    }

    /// REQUIREMENTS A6, of the data as it is shipped: what the product calls strictly necessary is on no list of what
    /// measures, advertises, tests, chats or belongs to a social network, and says why it is necessary.
    #[test]
    fn what_is_shipped_as_essential_measures_advertises_tests_and_chats_nothing() {
        const NEVER: [&str; 24] = [
            "analytics",
            "statistic",
            "measur",
            "advert",
            "marketing",
            "campaign",
            "experiment",
            "a/b",
            "ab test",
            "optimizely",
            "chat",
            "intercom",
            "zendesk",
            "social",
            "facebook",
            "twitter",
            "linkedin",
            "tiktok",
            "google ads",
            "google analytics",
            "matomo",
            "recording",
            "profil",
            "personali",
        ];
        let rules = rule_set();
        let essential: Vec<_> = catalogue::cookies().filter(|known| known.purpose == Purpose::ESSENTIAL).collect();
        assert!(essential.len() > 100, "{}", essential.len());
        for known in essential {
            let said = format!("{} {} {}", known.pattern, known.platform, known.reason).to_ascii_lowercase();
            assert!(known.reason.ends_with('.'), "{} is essential, and nobody says why", known.pattern);
            assert_eq!(NEVER.iter().find(|word| said.contains(**word)), None, "{said}");
            assert!(!rules.never_exempt.records(known.platform), "{said}");
            let listed = rules.never_exempt.cookies.iter();
            let takes_in = |pattern: &str| NamePatterns::new([(pattern, ())]).find(known.pattern.as_bytes()).is_some();
            assert_eq!(listed.map(|listed| &**listed).find(|listed| takes_in(listed)), None, "{said}");
        }
        for (name, expected) in
            [("_ga", Purpose::ANALYTICS), ("_fbp", Purpose::MARKETING), ("_hjid", Purpose::ANALYTICS)]
        {
            assert_eq!(catalogue::cookie(name.as_bytes()).map(|known| known.purpose), Some(expected), "{name}");
        }
    }
}
