//! Councils that ask, with consent tools from npm as their makers say they are put into a page, with the government's banner,
//! and with a notice of their own.

use super::plain::site;
use super::{Chosen, Council, Deed, Facts, NOTHING, Said, Truth};
use crate::serving::{Ask, Say, missing};

pub(super) fn councils() -> Vec<Council> {
    vec![hartwold(), inverdale(), kelbrook(), larkhill(), pendle()]
}

const GOOGLE: [&str; 2] = ["www.googletagmanager.com", "region1.google-analytics.com"];

/// vanilla-cookieconsent 3, with Google's tag as a script of a category.
fn hartwold() -> Council {
    const NOTICE: &str = r#"<link rel="stylesheet" href="/npm/vanilla-cookieconsent/dist/cookieconsent.css">
      <script type="text/plain" data-category="analytics" async data-src="https://www.googletagmanager.com/gtag/js?id=G-HART"></script>
      <button type="button" data-cc="show-preferencesModal">Cookie settings</button>
      <script src="/npm/vanilla-cookieconsent/dist/cookieconsent.umd.js"></script>
      <script>CookieConsent.run({ categories: { necessary: { enabled: true, readOnly: true },
        analytics: { autoClear: { cookies: [{ name: /^_ga/ }], reloadPage: true } } },
        language: { default: 'en', translations: { en: {
          consentModal: { title: 'We use cookies', description: 'May we count visits?', acceptAllBtn: 'Accept all',
            acceptNecessaryBtn: 'Reject all', showPreferencesBtn: 'Manage' },
          preferencesModal: { title: 'Cookies', acceptAllBtn: 'Accept all', acceptNecessaryBtn: 'Reject all',
            savePreferencesBtn: 'Save', sections: [{ title: 'Analytics', linkedCategory: 'analytics' }] } } } } });</script>"#;
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&["/bins"], NOTICE),
        "/bins" => site(&["/"], NOTICE),
        _ => missing(),
    };
    let kept = Facts { cookies: &["cc_cookie script 15724800"], ..NOTHING };
    Council {
        name: "Hartwold, vanilla-cookieconsent",
        last: 28,
        answer,
        truth: Truth {
            untouched: NOTHING,
            chosen: Some(Chosen {
                rejected: kept,
                accepted: Facts {
                    cookies: &["cc_cookie script 15724800", "_ga script 63072000", "_ga_HART script 63072000"],
                    hosts: &GOOGLE,
                    ..NOTHING
                },
                withdrawn: kept,
            }),
            declared: None,
            not_met: &["declared"],
            score: 95,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}

/// tarteaucitron, with its own service for Google's tag. As its makers set it, Google's consent mode is on: the tag is called
/// on before an answer and after a refusal, and keeps nothing then.
fn inverdale() -> Council {
    const NOTICE: &str = r#"<script src="/npm/tarteaucitronjs/tarteaucitron.js"></script>
      <script>tarteaucitron.init({ privacyUrl: '', bodyPosition: 'bottom', hashtag: '#tarteaucitron', cookieName: 'tarteaucitron',
        orientation: 'bottom', showAlertSmall: false, showIcon: true, iconPosition: 'BottomRight', cookieslist: false,
        highPrivacy: true, AcceptAllCta: true, DenyAllCta: true });
        tarteaucitron.user.gtagUa = 'G-INVER'; (tarteaucitron.job = tarteaucitron.job || []).push('gtag');</script>"#;
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&[], NOTICE),
        _ => missing(),
    };
    let kept = Facts { cookies: &["tarteaucitron script 31536000"], hosts: &GOOGLE, ..NOTHING };
    Council {
        name: "Inverdale, tarteaucitron",
        last: 29,
        answer,
        truth: Truth {
            untouched: kept,
            chosen: Some(Chosen {
                rejected: kept,
                accepted: Facts {
                    cookies: &["tarteaucitron script 31536000", "_ga script 63072000", "_ga_INVER script 63072000"],
                    hosts: &GOOGLE,
                    ..NOTHING
                },
                withdrawn: kept,
            }),
            declared: None,
            not_met: &["trackers_before_choice", "kept_after_reject", "kept_after_withdraw", "declared"],
            score: 60,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}

/// Osano's cookieconsent 3, opt-in; the site loads the tag itself when it may.
fn kelbrook() -> Council {
    const NOTICE: &str = r#"<link rel="stylesheet" href="/npm/cookieconsent/build/cookieconsent.min.css">
      <script src="/npm/cookieconsent/build/cookieconsent.min.js" data-cfasync="false"></script>
      <script>const may = function () {
          if (this.hasConsented()) {
            const tag = document.createElement('script'); tag.src = 'https://www.googletagmanager.com/gtag/js?id=G-KELB';
            document.head.append(tag);
          } else for (const name of ['_ga', '_ga_KELB']) document.cookie = name + '=; Path=/; Max-Age=0';
        };
        window.cookieconsent.initialise({ type: 'opt-in', revokable: true, onInitialise: may, onStatusChange: may });</script>"#;
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&[], NOTICE),
        _ => missing(),
    };
    let kept = Facts { cookies: &["cookieconsent_status script 31536000"], ..NOTHING };
    Council {
        name: "Kelbrook, Osano cookieconsent",
        last: 30,
        answer,
        truth: Truth {
            untouched: NOTHING,
            chosen: Some(Chosen {
                rejected: kept,
                accepted: Facts {
                    cookies: &[
                        "cookieconsent_status script 31536000",
                        "_ga script 63072000",
                        "_ga_KELB script 63072000",
                    ],
                    hosts: &GOOGLE,
                    ..NOTHING
                },
                withdrawn: kept,
            }),
            declared: None,
            not_met: &["declared"],
            score: 95,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}

/// The GOV.UK Design System's banner and cookies page, both answered by the server.
fn larkhill() -> Council {
    const BANNER: &str = r#"<form action="/cookies" method="post"><div class="govuk-cookie-banner" data-nosnippet role="region" aria-label="Cookies on Larkhill">
      <div class="govuk-cookie-banner__message govuk-width-container"><h2 class="govuk-cookie-banner__heading govuk-heading-m">Cookies on Larkhill</h2>
      <p class="govuk-body">We would like to set analytics cookies.</p><div class="govuk-button-group">
      <button value="yes" type="submit" name="analytics" class="govuk-button" data-module="govuk-button">Accept analytics cookies</button>
      <button value="no" type="submit" name="analytics" class="govuk-button" data-module="govuk-button">Reject analytics cookies</button>
      <a class="govuk-link" href="/cookies">View cookies</a></div></div></div></form>"#;
    const PAGE: &str = r#"<h2>Cookies</h2><table class="govuk-table"><thead><tr><th>Name</th><th>Purpose</th><th>Expires</th></tr></thead><tbody>
      <tr><td>_ga</td><td>Counts</td><td>2 years</td></tr><tr><td>larkhill_policy</td><td>Saves your settings</td><td>1 year</td></tr></tbody></table>
      <form action="/cookies" method="post"><fieldset><legend>Do you want to accept analytics cookies?</legend>
      <input type="radio" name="analytics" id="y" value="yes" checked><label for="y">Yes</label>
      <input type="radio" name="analytics" id="n" value="no"><label for="n">No</label></fieldset><button class="govuk-button">Save cookie settings</button></form>"#;
    let answer = |ask: &Ask| {
        let head = r#"<link rel="stylesheet" href="/npm/govuk-frontend/dist/govuk/govuk-frontend.min.css">"#;
        let banner = if ask.has("larkhill_policy") { "" } else { BANNER };
        let tag = if ask.has("larkhill_policy=yes") {
            "<script async src='https://www.googletagmanager.com/gtag/js?id=G-LARK'></script>"
        } else {
            ""
        };
        match ask.file() {
            "/cookies" if ask.post => chosen(&ask.field("analytics")),
            "/" => site(&["/cookies"], &format!("{head}{banner}{tag}")),
            "/cookies" => site(&["/"], &format!("{head}{PAGE}{tag}")),
            _ => missing(),
        }
    };
    let kept = Facts { cookies: &["larkhill_policy header 31536000"], ..NOTHING };
    Council {
        name: "Larkhill, GOV.UK Frontend",
        last: 31,
        answer,
        truth: Truth {
            untouched: NOTHING,
            chosen: Some(Chosen {
                rejected: kept,
                accepted: Facts {
                    cookies: &["larkhill_policy header 31536000", "_ga script 63072000", "_ga_LARK script 63072000"],
                    hosts: &GOOGLE,
                    ..NOTHING
                },
                withdrawn: kept,
            }),
            declared: Some(Said { missing: &["_ga_*"], ..Said::default() }),
            not_met: &["declared"],
            score: 98,
            essential: &[],
        },
        deeds: &[],
        limits: &[],
    }
}

fn chosen(answer: &str) -> Say {
    let policy = if answer == "yes" { "yes" } else { "no" };
    let say = site(&[], "").setting(&format!("larkhill_policy={policy}; Path=/; Max-Age=31536000")).leading_to("/");
    if policy == "yes" { say } else { say.setting("_ga=; Path=/; Max-Age=0").setting("_ga_LARK=; Path=/; Max-Age=0") }
}

const PENDLE: &str = r#"<div id="cookie-notice" role="region" aria-label="Cookies" hidden style="position:fixed;bottom:0;left:0;right:0;background:#fff;color:#000">
  <p>Pendle would like to use cookies to count visits and to measure advertisements.</p>
  <button type="button" onclick="choose('all')">Accept all cookies</button>
  <button type="button" onclick="choose('none')">Reject all cookies</button></div>
  <button type="button" id="again" onclick="document.getElementById('cookie-notice').hidden = false">Cookie settings</button>
  <script>
    const chosen = () => /pendle_choice=(\w+)/.exec(document.cookie)?.[1];
    const add = (src) => { const tag = document.createElement('script'); tag.src = src; document.body.append(tag); };
    function choose(what) {
      document.cookie = 'pendle_choice=' + what + '; Path=/; Max-Age=15552000';
      if (what === 'none') {
        for (const name of ['_fbp', '_hjSessionUser_123456', '_hjSession_123456']) document.cookie = name + '=; Path=/; Max-Age=0';
        localStorage.removeItem('_hjUserAttributes');
      }
      location.reload();
    }
    if (!chosen()) document.getElementById('cookie-notice').hidden = false;
    if (chosen() === 'all') {
      add('https://connect.facebook.net/en_US/fbevents.js'); add('https://static.hotjar.com/c/hotjar-123456.js');
    }</script>"#;

/// A notice that a council wrote itself; Hotjar and Facebook wait for it, and a log-in does not.
fn pendle() -> Council {
    let answer = |ask: &Ask| {
        let form = "<form action=/login method=post><label>Name <input name=name></label>
            <label>Password <input name=password type=password></label><button>Log in</button></form>";
        match ask.file() {
            "/login" if ask.post => site(&[], "").setting("JSESSIONID=1; Path=/; HttpOnly").leading_to("/account"),
            "/" => site(&["/login"], PENDLE),
            "/login" => site(&["/"], &format!("{form}{PENDLE}")),
            "/account" if ask.has("JSESSIONID=1") => site(&["/login"], &format!("<p>Signed in as Mair.</p>{PENDLE}")),
            "/account" => site(&["/login"], "<p>Log in first.</p>"),
            _ => missing(),
        }
    };
    let kept = Facts { cookies: &["pendle_choice script 15552000"], ..NOTHING };
    Council {
        name: "Pendle, a notice of its own",
        last: 35,
        answer,
        truth: Truth {
            untouched: NOTHING,
            chosen: Some(Chosen {
                rejected: kept,
                accepted: Facts {
                    cookies: &[
                        "pendle_choice script 15552000",
                        "_fbp script 7776000",
                        "fr@facebook.com header 7776000",
                        "_hjSessionUser_123456 script 31536000",
                        "_hjSession_123456 script 1800",
                    ],
                    storage: &["local _hjUserAttributes"],
                    hosts: &[
                        "connect.facebook.net",
                        "www.facebook.com",
                        "static.hotjar.com",
                        "script.hotjar.com",
                        "content.hotjar.io",
                    ],
                },
                // Facebook's own cookie stays: the council cannot take it away.
                withdrawn: Facts {
                    cookies: &["pendle_choice script 15552000", "fr@facebook.com header 7776000"],
                    ..NOTHING
                },
            }),
            declared: None,
            not_met: &["declared"],
            score: 95,
            essential: &["JSESSIONID"],
        },
        deeds: &[Deed::LogIn("/login")],
        limits: &[],
    }
}
