//! The cookies that the council's site sets on nearly every answer, whatever its status and type.

use std::time::{SystemTime, UNIX_EPOCH};

use super::listen::Visit;
use super::reply::Reply;
use super::seal::{random_number, random_text};

/// Adds the session cookie where there is none yet, and the counting ones on every answer: each visit prolongs them.
pub(super) fn add(visit: &Visit, reply: Reply) -> Reply {
    let reply = if visit.cookie("ASP.NET_SessionId").is_none() {
        reply.set_cookie(&format!("ASP.NET_SessionId={}; path=/; HttpOnly", random_text()))
    } else {
        reply
    };
    let client = kept(visit, "_ga", || format!("GA1.1.{}.{}", random_number(), now()));
    let day = kept(visit, "_gid", || format!("GA1.1.{}.{}", random_number(), now()));
    let person = kept(visit, "SC_ANALYTICS_GLOBAL_COOKIE", || format!("{}|False", random_text()));
    let count = kept(visit, "CouncilStats", || format!("v=4&u={}", random_text()));
    let insights = kept(visit, "ai_user", random_text);
    reply
        .set_cookie(&format!("_ga={client}; Max-Age=63072000; Path=/"))
        .set_cookie(&format!("_gid={day}; Max-Age=86400; Path=/"))
        .set_cookie(&format!(
            "SC_ANALYTICS_GLOBAL_COOKIE={person}; expires=Mon, 18-Jan-2038 03:14:07 GMT; path=/; HttpOnly"
        ))
        .set_cookie(&format!("CouncilStats={count}; expires=Fri, 31-Dec-2038 23:59:59 GMT; path=/"))
        .set_cookie(&format!("ai_user={insights}; max-age=31536000; path=/"))
}

/// The value the browser sent back, else a new one. What cannot stand in a cookie is made anew.
fn kept(visit: &Visit, name: &str, fresh: impl FnOnce() -> String) -> String {
    let sent =
        visit.cookie(name).filter(|value| value.len() <= 120 && value.bytes().all(|byte| byte.is_ascii_graphic()));
    sent.map_or_else(fresh, str::to_owned)
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
