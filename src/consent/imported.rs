//! What another consent banner's cookie says, where it says that the visitor refused everything.
//!
//! A site that had another banner before this gate has visitors who have said no there. They need not be asked again. Only
//! a refusal is ever taken over: consent given to another notice, for purposes in other words, is no consent to this one
//! (UK GDPR article 7(1), REQUIREMENTS A8). What cannot be read, what was never answered and what agrees to anything at all is
//! `false`, and the visitor is asked.
//!
//! The forms are those the products write; where one writes its cookie before it has an answer, a sign of the answer is
//! asked for as well. Values are bytes from a browser: anything may stand in them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// No product writes a longer one.
const LONGEST: usize = 8 * 1024;

/// Does any other banner's cookie say that everything was refused? `values` gives the values of a cookie, by its name.
pub fn refused<'c>(values: impl Fn(&str) -> Vec<&'c [u8]>) -> bool {
    let read =
        |name: &str| values(name).into_iter().filter(|value| value.len() <= LONGEST).map(decoded).collect::<Vec<_>>();
    let says = |name: &str, rule: fn(&str) -> bool| read(name).iter().any(|value| rule(value));
    let yes = |name: &str| says(name, |value| matches!(value, "true" | "yes" | "1"));
    let answered =
        || ["cookies_preferences_set", "cookie_preferences_set", "seen_cookie_message"].iter().any(|name| yes(name));
    RULES.iter().any(|(name, rule)| says(name, *rule))
        || (says("OptanonConsent", onetrust) && !read("OptanonAlertBoxClosed").is_empty())
        || (["cookies_policy", "cookie_policy"].iter().any(|name| says(name, govuk)) && answered())
        || (says("cookie-agreed", |value| matches!(value, "1" | "2"))
            && says("cookie-agreed-categories", |value| value == "[]"))
        || (says("cmplz_banner-status", |value| value == "dismissed") && complianz(says))
}

/// Is this a cookie that [`refused`] reads? It has to stay where it is, or the visitor would be asked again.
pub fn is_answer(name: &[u8]) -> bool {
    const WITH_OTHERS: [&str; 9] = [
        "OptanonConsent",
        "OptanonAlertBoxClosed",
        "cookies_policy",
        "cookie_policy",
        "cookies_preferences_set",
        "cookie_preferences_set",
        "seen_cookie_message",
        "cookie-agreed-categories",
        "cmplz_banner-status",
    ];
    let mut all = RULES.iter().map(|(name, _)| *name).chain(WITH_OTHERS).chain(COMPLIANZ);
    all.any(|known| known.as_bytes() == name)
}

type Rule = fn(&str) -> bool;

/// Cookies that say it by themselves.
const RULES: [(&str, Rule); 13] = [
    ("CookieControl", civic),
    ("civicAllowCookies", |value| value == "no"),
    ("CookieConsent", cookiebot),
    ("klaro", klaro),
    ("tarteaucitron", tarteaucitron),
    ("cookieconsent_status", |value| value == "deny"),
    ("cc_cookie", cookie_consent),
    ("nhsuk-cookie-consent", nhs),
    ("cookie-agreed", |value| value == "0"),
    ("cookieyes-consent", cookieyes),
    ("borlabs-cookie", borlabs),
    ("didomi_token", didomi),
    ("CookieScriptConsent", |value| json(value).is_some_and(|all| all["action"] == "reject")),
];

/// `{"optionalCookies":{"analytics":"revoked"},"interactedWith":true,…}`; also without an answer.
fn civic(value: &str) -> bool {
    let Some(all) = json(value) else { return false };
    all["interactedWith"] == true && every(&all["optionalCookies"], |_, state| state == "revoked")
}

/// `{stamp:'…',necessary:true,preferences:false,statistics:false,marketing:false,method:'explicit',…}`, which is no JSON;
/// `0` for a visitor who declined. React's component of the same cookie name writes `false`.
fn cookiebot(value: &str) -> bool {
    let says = |what: &str| value.contains(what);
    let refused = ["preferences:false", "statistics:false", "marketing:false"].into_iter().all(says);
    matches!(value, "0" | "false") || (refused && !says("method:'implied'"))
}

/// `groups=C0001:1,C0002:0,C0004:0&…`: the necessary group is the first in each of its numberings.
fn onetrust(value: &str) -> bool {
    let groups = value.split('&').find_map(|pair| pair.strip_prefix("groups="));
    // Its own value is encoded once more.
    let groups = decoded(groups.unwrap_or_default().as_bytes());
    let mut all = groups.split(',').filter_map(|group| group.split_once(':')).peekable();
    all.peek().is_some() && all.all(|(name, state)| state == "0" || matches!(name, "C0001" | "1"))
}

/// `{"matomo":false,"youtube":false}`. Which services need no consent it does not say: one `true` is no refusal here.
fn klaro(value: &str) -> bool {
    json(value).is_some_and(|all| every(&all, |_, state| state == false))
}

/// `!gtag=false!facebook=false`; `wait` is no answer.
fn tarteaucitron(value: &str) -> bool {
    let mut services = value.split('!').filter(|service| !service.is_empty()).peekable();
    services.peek().is_some() && services.all(|service| service.ends_with("=false"))
}

/// `{"categories":["necessary"],…}`, with an answer's time.
fn cookie_consent(value: &str) -> bool {
    let Some(all) = json(value) else { return false };
    let answered = ["consentTimestamp", "consent_date", "lastConsentTimestamp"].iter().any(|key| all[key].is_string());
    let categories = all["categories"].as_array().or_else(|| all["level"].as_array());
    answered && categories.is_some_and(|all| all.iter().all(|name| name.as_str().is_some_and(is_necessary)))
}

/// `{"essential":true,"settings":false,"usage":false,"campaigns":false}`; written before an answer too.
fn govuk(value: &str) -> bool {
    json(value).is_some_and(|all| every(&all, |name, state| state == false || is_necessary(name)))
}

/// `{"necessary":true,"preferences":false,"statistics":false,"marketing":false,"consented":true,"version":4}`
fn nhs(value: &str) -> bool {
    let Some(all) = json(value) else { return false };
    all["consented"] == true && ["preferences", "statistics", "marketing"].iter().all(|name| all[name] == false)
}

/// `consentid:…,consent:no,action:yes,necessary:yes,functional:no,analytics:no,…`
fn cookieyes(value: &str) -> bool {
    let all = || value.split(',').filter_map(|pair| pair.split_once(':'));
    let is = |name: &str, state: &str| all().any(|pair| pair == (name, state));
    let told = |name: &str| matches!(name, "consentid" | "consent" | "action" | "lastRenewedDate");
    let asked = || all().filter(|(name, _)| !told(name) && !is_necessary(name));
    is("action", "yes") && asked().count() > 0 && asked().all(|(_, state)| state == "no")
}

/// A cookie for each category: `cmplz_marketing=deny`.
fn complianz(says: impl Fn(&str, Rule) -> bool) -> bool {
    says(COMPLIANZ[0], |value| value == "deny") && !COMPLIANZ.iter().any(|name| says(name, |value| value != "deny"))
}

const COMPLIANZ: [&str; 4] = ["cmplz_marketing", "cmplz_statistics", "cmplz_statistics-anonymous", "cmplz_preferences"];

/// `{"consents":{"essential":["borlabs-cookie"],"statistics":[]},…}`
fn borlabs(value: &str) -> bool {
    json(value).is_some_and(|all| {
        every(&all["consents"], |name, list| is_necessary(name) || list.as_array().is_some_and(Vec::is_empty))
    })
}

/// JSON in base64: `{"purposes":{"enabled":[],"disabled":["cookies",…]},…}`
fn didomi(value: &str) -> bool {
    let value = value.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(value).or_else(|_| URL_SAFE_NO_PAD.decode(value)).unwrap_or_default();
    let all: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let list = |name: &str| all["purposes"][name].as_array();
    list("disabled").is_some_and(|names| !names.is_empty()) && list("enabled").is_none_or(Vec::is_empty)
}

fn is_necessary(name: &str) -> bool {
    matches!(
        name,
        "necessary" | "essential" | "strictly-necessary" | "strictlyNecessary" | "required" | "functional-necessary"
    )
}

/// Does it hold for every entry, and is there one?
fn every(value: &Value, holds: impl Fn(&str, &Value) -> bool) -> bool {
    value.as_object().is_some_and(|map| !map.is_empty() && map.iter().all(|(name, state)| holds(name, state)))
}

fn json(value: &str) -> Option<Value> {
    serde_json::from_str(value).ok()
}

/// Without percent codes, however often they were written, and without the quotes some servers put around a value.
fn decoded(value: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(value).into_owned();
    for _ in 0..3 {
        if !text.contains('%') {
            break;
        }
        text = percent(text.as_bytes());
    }
    let quoted =
        text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).map(|inside| inside.replace("\\\"", "\""));
    quoted.unwrap_or(text)
}

fn percent(value: &[u8]) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::with_capacity(value.len()), 0);
    while let Some(byte) = value.get(at) {
        let code = (*byte == b'%').then(|| hex(value.get(at + 1)).zip(hex(value.get(at + 2)))).flatten();
        let decoded = code.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        bytes.push(decoded.unwrap_or(*byte));
        at += if decoded.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn says(cookies: &[(&str, &str)]) -> bool {
        refused(|name| cookies.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_bytes()).collect())
    }

    /// Written as each product writes it when everything but the necessary is refused.
    #[test]
    fn a_refusal_is_read_in_the_form_of_each_product() {
        let all: [&[(&str, &str)]; 8] = [
            &[(
                "CookieControl",
                "{%22necessaryCookies%22:[%22PHPSESSID%22]%2C%22optionalCookies%22:{%22analytics%22:%22revoked%22%2C%22social%22:%22revoked%22}%2C%22statement%22:{%22shown%22:true%2C%22updated%22:%2225/04/2018%22}%2C%22consentDate%22:1700000000000%2C%22consentExpiry%22:90%2C%22interactedWith%22:true%2C%22user%22:%22A%22}",
            )],
            &[("CookieControl", r#"{"optionalCookies":{"analytics":"revoked"},"interactedWith":true}"#)],
            &[("civicAllowCookies", "no")],
            &[(
                "CookieConsent",
                "{stamp:%27x==%27%2Cnecessary:true%2Cpreferences:false%2Cstatistics:false%2Cmarketing:false%2Cmethod:%27explicit%27%2Cver:1%2Cutc:1700000000000%2Cregion:%27gb%27}",
            )],
            &[("CookieConsent", "0")],
            &[("CookieConsent", "false")],
            &[
                (
                    "OptanonConsent",
                    "isGpcEnabled=0&datestamp=Mon+Nov+20+2023&version=202310.1.0&groups=C0001%3A1%2CC0002%3A0%2CC0003%3A0%2CC0004%3A0&interactionCount=1",
                ),
                ("OptanonAlertBoxClosed", "2023-11-20T10:00:00.000Z"),
            ],
            &[("OptanonConsent", "groups=1:1,2:0,4:0"), ("OptanonAlertBoxClosed", "2023-11-20T10:00:00.000Z")],
        ];
        for cookies in all {
            assert!(says(cookies), "{cookies:?}");
        }
    }

    #[test]
    fn a_refusal_is_read_in_the_form_of_each_further_product() {
        let didomi = STANDARD_NO_PAD.encode(r#"{"user_id":"x","purposes":{"enabled":[],"disabled":["cookies"]}}"#);
        let all: [&[(&str, &str)]; 14] = [
            &[("klaro", "%7B%22matomo%22%3Afalse%2C%22youtube%22%3Afalse%7D")],
            &[("tarteaucitron", "!gtag=false!facebook=false")],
            &[("cookieconsent_status", "deny")],
            &[(
                "cc_cookie",
                "%7B%22categories%22%3A%5B%22necessary%22%5D%2C%22revision%22%3A0%2C%22data%22%3Anull%2C%22consentTimestamp%22%3A%222023-11-20T10%3A00%3A00.000Z%22%2C%22consentId%22%3A%22x%22%2C%22services%22%3A%7B%22necessary%22%3A%5B%5D%7D%7D",
            )],
            &[(
                "cc_cookie",
                r#"{"categories":[],"level":[],"revision":0,"data":null,"rfc_cookie":false,"consent_date":"2023-11-20T10:00:00.000Z","consent_uuid":"x"}"#,
            )],
            &[
                (
                    "cookies_policy",
                    "%7B%22essential%22%3Atrue%2C%22settings%22%3Afalse%2C%22usage%22%3Afalse%2C%22campaigns%22%3Afalse%7D",
                ),
                ("cookies_preferences_set", "true"),
            ],
            &[("cookies_policy", r#""{\"essential\":true,\"usage\":false}""#), ("cookies_preferences_set", "true")],
            &[(
                "nhsuk-cookie-consent",
                "%7B%22necessary%22%3Atrue%2C%22preferences%22%3Afalse%2C%22statistics%22%3Afalse%2C%22marketing%22%3Afalse%2C%22consented%22%3Atrue%2C%22version%22%3A4%7D",
            )],
            &[("cookie-agreed", "0"), ("cookie-agreed-version", "1.0.0")],
            &[("cookie-agreed", "2"), ("cookie-agreed-categories", "%5B%5D")],
            &[(
                "cookieyes-consent",
                "consentid:abc,consent:no,action:yes,necessary:yes,functional:no,analytics:no,performance:no,advertisement:no,other:no",
            )],
            &[
                ("cmplz_banner-status", "dismissed"),
                ("cmplz_marketing", "deny"),
                ("cmplz_statistics", "deny"),
                ("cmplz_functional", "allow"),
            ],
            &[(
                "borlabs-cookie",
                "%7B%22consents%22%3A%7B%22essential%22%3A%5B%22borlabs-cookie%22%5D%7D%2C%22uid%22%3A%22x%22%7D",
            )],
            &[("didomi_token", &didomi)],
        ];
        for cookies in all {
            assert!(says(cookies), "{cookies:?}");
        }
    }

    #[test]
    fn an_acceptance_of_anything_is_never_taken() {
        let all: [&[(&str, &str)]; 15] = [
            &[(
                "CookieControl",
                r#"{"optionalCookies":{"analytics":"accepted","social":"revoked"},"interactedWith":true}"#,
            )],
            &[("civicAllowCookies", "yes")],
            &[(
                "CookieConsent",
                "{necessary:true,preferences:true,statistics:false,marketing:false,method:'explicit'}",
            )],
            &[("CookieConsent", "true")],
            &[("OptanonConsent", "groups=C0001%3A1%2CC0002%3A1%2CC0004%3A0"), ("OptanonAlertBoxClosed", "x")],
            &[("klaro", r#"{"matomo":true,"youtube":false}"#)],
            &[("tarteaucitron", "!gtag=true!facebook=false")],
            &[("cookieconsent_status", "allow")],
            &[("cc_cookie", r#"{"categories":["necessary","analytics"],"consentTimestamp":"x"}"#)],
            &[("cookies_policy", r#"{"essential":true,"usage":true}"#), ("cookies_preferences_set", "true")],
            &[(
                "nhsuk-cookie-consent",
                r#"{"necessary":true,"preferences":false,"statistics":true,"marketing":false,"consented":true}"#,
            )],
            &[("cookie-agreed", "2")],
            &[("cookie-agreed", "2"), ("cookie-agreed-categories", "%5B%22analytics%22%5D")],
            &[("cookieyes-consent", "consent:yes,action:yes,necessary:yes,analytics:yes,advertisement:no")],
            &[("cmplz_banner-status", "dismissed"), ("cmplz_marketing", "deny"), ("cmplz_statistics", "allow")],
        ];
        for cookies in all {
            assert!(!says(cookies), "{cookies:?}");
        }
    }

    #[test]
    fn what_nobody_has_answered_is_no_refusal() {
        let all: [&[(&str, &str)]; 11] = [
            &[],
            &[("CookieControl", r#"{"optionalCookies":{"analytics":"revoked"},"interactedWith":false}"#)],
            &[("CookieControl", r#"{"optionalCookies":{},"interactedWith":true}"#)],
            &[("CookieConsent", "-1")],
            &[("OptanonConsent", "groups=C0001%3A1%2CC0002%3A0")],
            &[("OptanonConsent", "version=1"), ("OptanonAlertBoxClosed", "x")],
            &[("tarteaucitron", "!gtag=wait")],
            &[("cookieconsent_status", "dismiss")],
            &[("cookies_policy", r#"{"essential":true,"usage":false}"#)],
            &[("cookieyes-consent", "consentid:x,consent:,action:,necessary:yes,analytics:no")],
            &[("klaro", "{}")],
        ];
        for cookies in all {
            assert!(!says(cookies), "{cookies:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_makes_it_panic(value in prop::collection::vec(any::<u8>(), 0..80), code in "[%0-9a-f\"{}\\[\\]:,!=]{0,40}") {
            let _ = refused(|_| vec![&*value, code.as_bytes()]);
        }
    }
}
