//! Councils with a cookies page: one that says everything, one that says too little, too much and what is not true, and one in
//! Welsh, in a list.

use super::plain::site;
use super::{Council, Facts, NOTHING, Said, Truth};
use crate::serving::{Ask, missing};

pub(super) fn councils() -> Vec<Council> {
    vec![cawdale(), millbeck(), oakcombe()]
}

/// Nothing is asked, and everything is told.
fn cawdale() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(
            &["/cookies"],
            "<script async src='https://www.googletagmanager.com/gtag/js?id=G-AB12CD34EF'></script>
             <script>document.cookie = 'cawdale_seen=1; Path=/; Max-Age=31536000'</script>",
        ),
        "/cookies" => site(
            &["/"],
            "<table><caption>Cookies we use</caption>
             <thead><tr><th>Name</th><th>Purpose</th><th>Expires</th></tr></thead><tbody>
             <tr><td><code>_ga</code></td><td>Counts visitors</td><td>2 years</td></tr>
             <tr><td>_ga_&lt;container-id&gt;</td><td>Keeps the count</td><td>730 days</td></tr>
             <tr><td>cawdale_seen</td><td>Remembers a message</td><td>One year</td></tr></tbody></table>",
        ),
        _ => missing(),
    };
    Council {
        name: "Cawdale, tells everything",
        last: 23,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &["_ga script 63072000", "_ga_AB12CD34EF script 63072000", "cawdale_seen script 31536000"],
                hosts: &["www.googletagmanager.com", "region1.google-analytics.com"],
                ..NOTHING
            },
            chosen: None,
            declared: Some(Said::default()),
            not_met: &[
                "cookies_before_choice",
                "trackers_before_choice",
                "reject_as_easy",
                "kept_after_reject",
                "withdraw",
                "kept_after_withdraw",
            ],
            score: 25,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}

/// Cookies of responses, and a page written for the site before this one.
fn millbeck() -> Council {
    let answer = |ask: &Ask| {
        let say = match ask.file() {
            "/" => site(&["/about/cookie-policy"], ""),
            "/about/cookie-policy" => site(
                &["/"],
                "<h2>Ours</h2><table><tr><th scope=col>Cookie<th scope=col>What it does<th scope=col>How long it lasts
                 <tr><td>PHPSESSID<td>Keeps your visit together<td>When you close your browser
                 <tr><td>_ga, _gid<td>Count visitors<td>24 hours</table>
                 <h2>Theirs</h2><ul><li>__utma \u{2013} counts visitors, for 2 years</li><li>Meetings (monthly)</li>
                 <li>_hjSessionUser_[site]: 365 days</li></ul>
                 <table><tr><th>Meeting<th>Held<tr><td>planning<td>weekly</table>",
            ),
            _ => return missing(),
        };
        say.setting("PHPSESSID=abc; Path=/; HttpOnly")
            .setting("_ga=1; Path=/; Max-Age=63072000")
            .setting("_gid=1; Path=/; Max-Age=86400")
            .setting("millbeck_lang=en; Path=/; Max-Age=31536000")
    };
    Council {
        name: "Millbeck, tells what is not so",
        last: 32,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &[
                    "PHPSESSID header session",
                    "_ga header 63072000",
                    "_gid header 86400",
                    "millbeck_lang header 31536000",
                ],
                ..NOTHING
            },
            chosen: None,
            declared: Some(Said {
                missing: &["millbeck_lang"],
                unseen: &["__utma", "_hjSessionUser_*"],
                lifetimes: &["_ga"],
            }),
            // One of the three that need naming is not named: a third of five points, rounded up.
            not_met: &[
                "cookies_before_choice",
                "reject_as_easy",
                "kept_after_reject",
                "withdraw",
                "kept_after_withdraw",
                "declared",
            ],
            score: 38,
            essential: &["PHPSESSID"],
        },
        deeds: &[],
        limits: &[],
    }
}

/// Facebook's measuring, told of in Welsh.
fn oakcombe() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&["/cwcis"], "<script src='https://connect.facebook.net/en_US/fbevents.js'></script>"),
        "/cwcis" => site(
            &["/"],
            "<dl><dt>_fbp: 3 mis</dt><dd>Yn mesur hysbysebion.</dd><dt>fr: 90 diwrnod</dt><dd>Facebook.</dd>
             <dt>ASP.NET_SessionId: pan fyddwch yn cau eich porwr</dt><dd>Eich ymweliad.</dd></dl>",
        ),
        _ => missing(),
    };
    Council {
        name: "Oakcombe, in Welsh",
        last: 34,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &["_fbp script 7776000", "fr@facebook.com header 7776000"],
                hosts: &["connect.facebook.net", "www.facebook.com"],
                ..NOTHING
            },
            chosen: None,
            declared: Some(Said { unseen: &["ASP.NET_SessionId"], ..Said::default() }),
            not_met: &[
                "cookies_before_choice",
                "trackers_before_choice",
                "reject_as_easy",
                "kept_after_reject",
                "withdraw",
                "kept_after_withdraw",
            ],
            score: 25,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}
