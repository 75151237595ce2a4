//! Real pages of Formasaurus, as they were saved, served from an address of this machine: only their own addresses are made
//! relative. What their tags do was written by other people; which hosts they call on is read from their source.

use std::path::{Path, PathBuf};

use super::plain::found;
use super::{Council, Deed, Facts, NOTHING, Truth};
use crate::serving::{Ask, Say, empty, missing, page, script};

pub(super) fn councils() -> Vec<Council> {
    vec![redmarsh(), stanwick(), thornbury()]
}

/// Where `tests/tools/fetch-pages` leaves them.
pub(super) fn folder() -> PathBuf {
    let named = std::env::var_os("CONSENTGATE_TEST_CACHE").map(PathBuf::from);
    named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/.cache")).join("pages/html")
}

/// A saved page of this host, at home.
fn saved(ask: &Ask, number: u16, host: &str) -> Say {
    let Ok(html) = std::fs::read(folder().join(format!("{number}.html"))) else { return missing() };
    let html = String::from_utf8_lossy(&html);
    let html = ["http://www.", "https://www.", "http://", "https://"].iter().fold(html.into_owned(), |html, begin| {
        html.replace(&format!("{begin}{host}/"), "/").replace(&format!("{begin}{host}"), "")
    });
    let html = html.replace(host, &ask.host);
    Say { kind: "text/html", body: html.into_bytes(), ..page("") }
}

/// What was not saved with the page: its pictures and styles are empty, its scripts are missing.
fn rest(ask: &Ask) -> Say {
    empty(ask.file()).filter(|say| say.kind != "text/javascript").unwrap_or_else(missing)
}

/// Only the pages that were saved may be opened.
fn robots(pages: &[&str]) -> Say {
    let allowed = pages.iter().fold(String::new(), |lines, path| lines + "Allow: " + path + "$\n");
    Say { kind: "text/plain", ..script(&format!("User-agent: *\n{allowed}Disallow: /\n")) }
}

/// They ask nobody.
const TRUTH: Truth = Truth {
    untouched: NOTHING,
    chosen: None,
    declared: None,
    not_met: &[
        "cookies_before_choice",
        "trackers_before_choice",
        "reject_as_easy",
        "kept_after_reject",
        "withdraw",
        "kept_after_withdraw",
        "declared",
    ],
    score: 20,
    essential: &["PHPSESSID"],
};

/// A trader's pages with Universal Analytics, a form that searches and one that signs in; its server's part is ours.
fn redmarsh() -> Council {
    const HOST: &str = "sidneyphillips.co.uk";
    let answer = |ask: &Ask| match ask.file() {
        "/robots.txt" => robots(&["/", "/login.php"]),
        "/" => saved(ask, 840, HOST),
        "/login.php" if ask.post => page("").setting("PHPSESSID=1; Path=/; HttpOnly").leading_to("/account.php"),
        "/login.php" => saved(ask, 842, HOST),
        "/account.php" if ask.has("PHPSESSID=1") => page("<a href=/account.php>Account</a><p>Signed in as Mair.</p>"),
        "/results.php" => page(&format!("<p>Results for {}: none.</p>", ask.field("keyword"))),
        _ => rest(ask),
    };
    let untouched = Facts {
        cookies: &["_ga script 63072000", "_gid script 86400", "_gat script 60"],
        hosts: &["www.google-analytics.com"],
        ..NOTHING
    };
    Council {
        name: "Redmarsh, saved: Google Analytics, forms",
        last: 37,
        answer,
        truth: Truth { untouched, ..TRUTH },
        deeds: &[Deed::LogIn("/login.php")],
        limits: &[],
    }
}

/// A maker's first page: measuring, sharing, tests and advertising from twelve hosts.
fn stanwick() -> Council {
    const HOST: &str = "thefoundry.co.uk";
    let answer = |ask: &Ask| match ask.file() {
        "/robots.txt" => robots(&["/"]),
        "/" => saved(ask, 881, HOST),
        "/search-results/" => found(ask),
        _ => rest(ask),
    };
    let untouched = Facts {
        cookies: &["_ga script 63072000", "_gid script 86400", "_gat script 60"],
        hosts: &[
            "cdn.clicktale.net",
            "cdn.optimizely.com",
            "dnn506yrbagrg.cloudfront.net",
            "doug1izaerwt3.cloudfront.net",
            "fluidsurveys-com.fs.cm",
            "fonts.googleapis.com",
            "i.kissmetrics.com",
            "s3.amazonaws.com",
            "trackalyzer.com",
            "ws.sharethis.com",
            "www.google-analytics.com",
            "www.googleadservices.com",
        ],
        ..NOTHING
    };
    Council {
        name: "Stanwick, saved: twelve hosts",
        last: 38,
        answer,
        truth: Truth { untouched, ..TRUTH },
        deeds: &[Deed::Search("/")],
        limits: &[],
    }
}

/// A shop with the Google Analytics of 2010 and a film.
fn thornbury() -> Council {
    const HOST: &str = "stylelocker.co.uk";
    let answer = |ask: &Ask| match ask.file() {
        "/robots.txt" => robots(&["/"]),
        "/" => saved(ask, 304, HOST),
        "/search" => found(ask),
        _ => rest(ask),
    };
    let untouched = Facts {
        cookies: &["__utma script 63072000", "__utmb script 1800", "__utmc script session", "__utmz script 15768000"],
        // YouTube is asked by http: its cookies, which are for https alone, are not taken.
        storage: &["local yt-remote-device-id@www.youtube.com"],
        hosts: &["fonts.googleapis.com", "www.google-analytics.com", "www.youtube.com", "i.ytimg.com"],
    };
    Council {
        name: "Thornbury, saved: Google Analytics of 2010",
        last: 39,
        answer,
        truth: Truth { untouched, ..TRUTH },
        deeds: &[],
        limits: &[],
    }
}
