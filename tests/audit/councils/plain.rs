//! Councils that ask nobody: two clean ones, and five that set, store and ask in all the ways there are.

use super::{Council, Deed, Facts, NOTHING, Truth};
use crate::serving::{Ask, Say, missing, page, script};

pub(super) fn councils() -> Vec<Council> {
    vec![ambleford(), brockstead(), dunmere(), eastwick(), farnleigh(), glenham()]
}

const CLEAN: Truth =
    Truth { untouched: NOTHING, chosen: None, declared: None, not_met: &[], score: 100, essential: &[] };

/// A council's page: a way to the others, and something to read.
pub(super) fn site(links: &[&str], body: &str) -> Say {
    let link = |path: &str| format!("<a href='{path}'>{}</a> ", path.rsplit('/').next().unwrap_or(path));
    let links = links.iter().fold(String::new(), |links, path| links + &link(path));
    page(&format!("<nav>{links}</nav><main><h1>Council</h1><p>Bins are emptied on Tuesdays.</p>{body}</main>"))
}

const SEARCH: &str =
    "<form action=/search role=search><label>Search <input name=q></label><button>Search</button></form>";

/// What a form that searches leads to.
pub(super) fn found(ask: &Ask) -> Say {
    let asked = ask.path.split_once('=').map(|(_, asked)| asked).unwrap_or_default();
    site(&[], &format!("<p>Results for {asked}: none.</p>"))
}

fn ambleford() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&["/bins"], SEARCH),
        "/bins" => site(&["/"], "<p>Paper: every second week.</p>"),
        "/search" => found(ask),
        _ => missing(),
    };
    Council { name: "Ambleford, clean", last: 21, answer, truth: CLEAN, deeds: &[Deed::Search("/")], limits: &[] }
}

/// A session, a token against forgery and a log-in, and a library from elsewhere: all of it needs nobody's consent.
fn brockstead() -> Council {
    let answer = |ask: &Ask| {
        let jquery = "<script src='https://ajax.googleapis.com/ajax/libs/jquery/3.7.1/jquery.min.js'></script>";
        let form = "<form action=/login method=post><input type=hidden name=token value=t0k3n>
            <label>Name <input name=name></label><label>Password <input name=password type=password></label><button>Log in</button></form>";
        let signed_in = ask.has(".ASPXAUTH=1");
        let say = match ask.file() {
            "/login" if ask.post => {
                let honest = ask.field("token") == "t0k3n"
                    && ask.has("__RequestVerificationToken=t0k3n")
                    && ask.has("PHPSESSID");
                let say = site(&[], "<p>Wrong.</p>");
                if honest { say.setting(".ASPXAUTH=1; Path=/; HttpOnly").leading_to("/account") } else { say }
            }
            "/" => site(&["/login"], &format!("{SEARCH}{jquery}")),
            "/login" => site(&["/"], form).setting("__RequestVerificationToken=t0k3n; Path=/; HttpOnly"),
            "/account" if signed_in => site(&["/login"], "<p>Signed in as Mair.</p>"),
            "/account" => site(&["/login"], "<p>Log in first.</p>"),
            "/search" => found(ask),
            _ => return missing(),
        };
        say.setting("PHPSESSID=abc; Path=/; HttpOnly")
    };
    let untouched = Facts {
        cookies: &["PHPSESSID header session", "__RequestVerificationToken header session"],
        hosts: &["ajax.googleapis.com"],
        ..NOTHING
    };
    Council {
        name: "Brockstead, session and log-in",
        last: 22,
        answer,
        truth: Truth { untouched, essential: &["PHPSESSID", "__RequestVerificationToken", ".ASPXAUTH"], ..CLEAN },
        deeds: &[Deed::Search("/"), Deed::LogIn("/login")],
        limits: &[],
    }
}

/// Storage of every kind, its own and Hotjar's.
fn dunmere() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&["/plan"], "<script src='https://static.hotjar.com/c/hotjar-123456.js'></script>"),
        "/plan" => site(
            &["/"],
            "<script>localStorage.setItem('dunmere_theme', 'dark'); sessionStorage.setItem('plan_step', '2');
             const opened = indexedDB.open('plan_drafts', 1);
             opened.onupgradeneeded = () => opened.result.createObjectStore('drafts');</script>",
        ),
        _ => missing(),
    };
    Council {
        name: "Dunmere, storage",
        last: 24,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &["_hjSessionUser_123456 script 31536000", "_hjSession_123456 script 1800"],
                storage: &[
                    "local _hjUserAttributes",
                    "local dunmere_theme",
                    "session plan_step",
                    "indexed_db plan_drafts",
                ],
                hosts: &["static.hotjar.com", "script.hotjar.com", "content.hotjar.io"],
            },
            // Nothing names the two cookies: no cookies page.
            not_met: &[
                "cookies_before_choice",
                "trackers_before_choice",
                "storage_before_choice",
                "reject_as_easy",
                "kept_after_reject",
                "withdraw",
                "kept_after_withdraw",
                "declared",
            ],
            score: 15,
            ..CLEAN
        },
        deeds: &[], // A held database cannot be opened, and this page takes no care of it.
        limits: &["\"SecurityError\""],
    }
}

/// Cookies on hops, the site's own and those of three hosts that hand a visitor on.
fn eastwick() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&[], "").setting("first_hop=1; Path=/").leading_to("/home"),
        "/home" => site(&["/services"], "<img src='https://bat.bing.com/action/0?ti=1' alt=''>"),
        "/services" => site(&[], "").setting("route=1; Path=/; Max-Age=600; HttpOnly").leading_to("/go/services"),
        "/go/services" => site(&[], "").setting("from_hop=1; Path=/; Max-Age=86400").leading_to("/all-services"),
        "/all-services" => site(&["/home"], "<p>Parking, planning, bins.</p>"),
        _ => missing(),
    };
    Council {
        name: "Eastwick, redirects",
        last: 25,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &[
                    "first_hop header session",
                    "route header 600",
                    "from_hop header 86400",
                    "MUID@bing.com header 33696000",
                    "SM@c.clarity.ms header session",
                    "SRM_B@c.bing.com header 33696000",
                ],
                hosts: &["bat.bing.com", "c.clarity.ms", "c.bing.com"],
                ..NOTHING
            },
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
            ..CLEAN
        },
        deeds: &[],
        limits: &[],
    }
}

/// Nothing in the page: everything comes a second later, one thing after another.
fn farnleigh() -> Council {
    let answer = |ask: &Ask| {
        match ask.file() {
        "/" => site(&["/news"], "<script src=/site.js></script>"),
        "/news" => site(&["/"], ""),
        "/site.js" => script(
            "addEventListener('load', () => setTimeout(() => {
               document.cookie = 'farnleigh_late=1; Path=/; Max-Age=7200'; localStorage.setItem('farnleigh_seen', '1');
               setTimeout(() => {
                 const tag = document.createElement('script'); tag.src = 'https://connect.facebook.net/en_US/fbevents.js';
                 document.body.append(tag);
               }, 900);
             }, 300));",
        ),
        _ => missing(),
    }
    };
    Council {
        name: "Farnleigh, late tags",
        last: 26,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &["farnleigh_late script 7200", "_fbp script 7776000", "fr@facebook.com header 7776000"],
                storage: &["local farnleigh_seen"],
                hosts: &["connect.facebook.net", "www.facebook.com"],
            },
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
            ..CLEAN
        },
        deeds: &[],
        limits: &[],
    }
}

/// A film, a map, and a film in a frame of a frame.
fn glenham() -> Council {
    let answer = |ask: &Ask| match ask.file() {
        "/" => site(&["/find-us"], "<iframe src='https://www.youtube.com/embed/1' title=Film></iframe>"),
        "/find-us" => site(
            &["/"],
            "<iframe src='https://www.google.com/maps/embed?pb=1' title=Map></iframe><iframe src=/inner title=More></iframe>",
        ),
        "/inner" => page(
            "<script>document.cookie = 'glenham_frame=1; Path=/'</script>
             <iframe src='https://player.vimeo.com/video/1' title=Film></iframe>",
        ),
        _ => missing(),
    };
    Council {
        name: "Glenham, frames",
        last: 27,
        answer,
        truth: Truth {
            untouched: Facts {
                cookies: &[
                    "YSC@youtube.com header session",
                    "VISITOR_INFO1_LIVE@youtube.com header 15552000",
                    "NID@google.com header 15811200",
                    "vuid@vimeo.com header 63072000",
                    "glenham_frame script session",
                ],
                storage: &["local yt-remote-device-id@www.youtube.com"],
                hosts: &["www.youtube.com", "i.ytimg.com", "www.google.com", "maps.googleapis.com", "player.vimeo.com"],
            },
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
            ..CLEAN
        },
        deeds: &[],
        limits: &[],
    }
}
