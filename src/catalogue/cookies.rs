//! Cookie names: what they are for, whose they are, how long they stay.
//!
//! Names are matched whole and case-sensitively (RFC 6265bis section 5.6: `Foo` and `foo` are two cookies). The rows
//! written by hand come before the generated ones; within each, an exact name before a prefix, a long prefix before
//! a short one, and any other wildcard last.

use std::cmp::Reverse;
use std::sync::LazyLock;

use super::data::{self, COOKIES, ESTATE};
use super::pattern::NamePatterns;
use crate::consent::Purpose;

/// What is known of the cookies of one name or pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownCookie {
    /// The name, `*` standing for any run of characters.
    pub pattern: &'static str,
    /// Why it is stored.
    pub purpose: Purpose,
    /// The product that sets it; `-` where no single one does.
    pub platform: &'static str,
    /// How long it usually stays, in words; `-` where unknown.
    pub retention: &'static str,
    /// Why it has this purpose, for the rows written by hand; empty for the others.
    pub reason: &'static str,
}

impl KnownCookie {
    /// Does it keep what a visitor answered to another banner than the gate's? An audit finds no fault in one that
    /// remembers a refusal. The rows by hand say so in these words.
    pub fn keeps_an_answer(&self) -> bool {
        self.reason.contains("another cookie banner")
    }
}

static KNOWN: LazyLock<NamePatterns<KnownCookie>> = LazyLock::new(|| {
    let known = by_rank(estate()).into_iter().chain(by_rank(collected()));
    NamePatterns::new(known.map(|known| (known.pattern, known)))
});

/// What is known of a cookie of this name, as it stands in the header.
pub fn cookie(name: &[u8]) -> Option<&'static KnownCookie> {
    KNOWN.find(name).map(|(_, known)| known)
}

/// Everything that is known, in the order it is tried.
pub fn cookies() -> impl Iterator<Item = &'static KnownCookie> {
    KNOWN.iter().map(|(_, known)| known)
}

pub(super) fn count() -> usize {
    KNOWN.len()
}

fn estate() -> Vec<KnownCookie> {
    let row = |[pattern, purpose, platform, retention, reason]: [&'static str; 5]| KnownCookie {
        pattern,
        purpose: data::sure_purpose(purpose),
        platform,
        retention,
        reason,
    };
    data::rows(ESTATE).map(row).collect()
}

fn collected() -> Vec<KnownCookie> {
    let row = |[pattern, purpose, platform, retention]: [&'static str; 4]| KnownCookie {
        pattern,
        purpose: data::sure_purpose(purpose),
        platform,
        retention,
        reason: "",
    };
    data::rows(COOKIES).map(row).collect()
}

fn by_rank(mut known: Vec<KnownCookie>) -> Vec<KnownCookie> {
    known.sort_by_key(|known| (rank(known.pattern), Reverse(known.pattern.len())));
    known
}

fn rank(pattern: &str) -> u8 {
    match pattern.find('*') {
        None => 0,
        Some(at) if at + 1 == pattern.len() => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn purpose(name: &str) -> Option<Purpose> {
        cookie(name.as_bytes()).map(|known| known.purpose)
    }

    #[test]
    fn an_answer_is_known_for_one() {
        for (name, is) in
            [("CookieControl", true), ("cc_cookie", true), ("OptanonAlertBoxClosed", true), ("_ga", false)]
        {
            assert_eq!(cookie(name.as_bytes()).expect("known").keeps_an_answer(), is, "{name}");
        }
    }

    #[test]
    fn the_cookies_every_council_meets_are_known() {
        for (name, expected) in [
            ("ASP.NET_SessionId", Purpose::ESSENTIAL),
            (".ASPXAUTH", Purpose::ESSENTIAL),
            (".AspNet.ApplicationCookie", Purpose::ESSENTIAL),
            ("__RequestVerificationToken_L3B0", Purpose::ESSENTIAL),
            (".AspNetCore.Antiforgery.9fXoN5jHCXs", Purpose::ESSENTIAL),
            ("JSESSIONID", Purpose::ESSENTIAL),
            ("PHPSESSID", Purpose::ESSENTIAL),
            ("CFID", Purpose::ESSENTIAL),
            ("SSESSa3f0c1d2e4b5968778695a4b3c2d1e0f", Purpose::ESSENTIAL),
            ("BIGipServer~web~pool_443", Purpose::ESSENTIAL),
            ("TS01a2b3c4", Purpose::ESSENTIAL),
            ("ARRAffinitySameSite", Purpose::ESSENTIAL),
            ("AWSALBCORS", Purpose::ESSENTIAL),
            ("visid_incap_1234567", Purpose::ESSENTIAL),
            ("NSC_ESNS", Purpose::ESSENTIAL),
            ("__cf_bm", Purpose::ESSENTIAL),
            ("SC_ANALYTICS_GLOBAL_COOKIE", Purpose::ANALYTICS),
            ("_ga", Purpose::ANALYTICS),
            ("_ga_G12345", Purpose::ANALYTICS),
            ("_gid", Purpose::ANALYTICS),
            ("_hjSessionUser_1234", Purpose::ANALYTICS),
            ("_hjTLDTest", Purpose::ANALYTICS),
            ("_clck", Purpose::ANALYTICS),
            ("nmstat", Purpose::ANALYTICS),
            ("_fbp", Purpose::MARKETING),
            ("YSC", Purpose::MARKETING),
            ("mp_0123456789abcdef_mixpanel", Purpose::ANALYTICS),
        ] {
            assert_eq!(purpose(name), Some(expected), "{name}");
        }
    }

    #[test]
    fn names_are_whole_and_case_sensitive() {
        assert_eq!(purpose("_GA"), None);
        assert_eq!(purpose("x_ga"), None);
        assert_eq!(purpose("jsessionid"), None);
        assert_eq!(purpose(""), None);
        assert_eq!(cookie(b"\xff\xfe"), None);
    }

    #[test]
    fn names_any_site_may_use_are_nobodys() {
        for name in
            ["id", "uid", "lang", "token", "session_track", "SESSION_ADS", "SRcampaign", "CTx", "_sale", "tpx", "capx"]
        {
            assert_eq!(purpose(name), None, "{name}");
        }
    }

    #[test]
    fn ours_beat_collected_ones_then_an_exact_name_a_prefix_and_a_long_prefix_a_short_one() {
        assert_eq!(cookie(b"_gat").map(|known| known.pattern), Some("_gat*"));
        assert_eq!(cookie(b"_gat_gtag_UA_1").map(|known| known.pattern), Some("_gat*"));
        assert_eq!(cookie(b"_ga").map(|known| known.pattern), Some("_ga"));
        assert_eq!(cookie(b"QSI_SI_1_intercept").map(|known| known.pattern), Some("QSI_SI_*"));
    }

    /// REQUIREMENTS A6: were a lenient pattern of ours to cover a known tracker, the tracker would pass too early.
    #[test]
    fn no_row_of_ours_is_milder_than_what_it_covers() {
        for known in collected().iter().chain(&estate()).filter(|known| known.purpose >= Purpose::ANALYTICS) {
            for name in
                [known.pattern.replace('*', ""), known.pattern.replace('*', "1a"), known.pattern.replace('*', "-X.y")]
            {
                let found = cookie(name.as_bytes()).expect("every row matches its own names");
                let by_hand = !found.reason.is_empty();
                assert_ne!(found.purpose, Purpose::ESSENTIAL, "{name} of {}", known.platform);
                assert!(!by_hand || found.purpose >= known.purpose, "{name} of {}", known.platform);
            }
        }
    }

    #[test]
    fn everything_essential_says_why() {
        for known in estate() {
            assert!(known.reason.len() > 15, "{} gives no reason", known.pattern);
        }
        assert!(collected().iter().all(|known| known.purpose != Purpose::ESSENTIAL));
    }

    #[test]
    fn the_catalogue_is_as_large_as_promised() {
        assert!(collected().len() >= 2_200, "{}", collected().len());
    }
}
