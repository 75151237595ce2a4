//! The cookies of a page: what the browser keeps, beside the lines that set it. A browser says only what it made of a
//! line: it cuts lifetimes at 400 days and does not tell a response from a script.

use std::collections::HashMap;

use serde_json::Value;
use url::Url;

use crate::audit::{CookieMet, SetBy};
use crate::cookie::{SameSite, SetCookie, default_path};

/// A line that set a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wire {
    pub(super) met: CookieMet,
    /// It only took the cookie away.
    pub(super) deletes: bool,
    /// It was there when the line had been taken.
    pub(super) there: bool,
}

/// Name, domain, path.
type Key = (String, String, String);

/// What this visitor's cookies were set with, on every page so far.
#[derive(Debug, Default)]
pub(super) struct Memory(HashMap<Key, CookieMet>);

/// A line of a response of this address.
pub(super) fn header_line(line: &str, url: &Url, now: u64) -> Option<Wire> {
    wire(line, url, (SetBy::Header, now, true))
}

/// What a script of this address wrote, without its value.
pub(super) fn script_line(line: &str, address: &str, (now, there): (u64, bool)) -> Option<Wire> {
    let wire = wire(line, &Url::parse(address).ok()?, (SetBy::Script, now, there))?;
    // A script cannot set one that scripts cannot read: browsers drop it.
    (!wire.met.http_only).then_some(wire)
}

fn wire(line: &str, url: &Url, (set_by, now, there): (SetBy, u64, bool)) -> Option<Wire> {
    let cookie = SetCookie::parse(line.as_bytes())?;
    let default = default_path(url.path());
    let path = cookie.path.map_or_else(|| default.into(), String::from_utf8_lossy).into_owned();
    let host = url.host_str()?.to_ascii_lowercase();
    let met = CookieMet {
        name: String::from_utf8_lossy(cookie.name).into_owned(),
        domain: cookie.domain.as_deref().map_or(host, str::to_owned),
        path,
        set_by,
        wire_lifetime: cookie.declared_lifetime(now),
        secure: cookie.secure,
        http_only: cookie.http_only,
        same_site: cookie.same_site.map(|same| same_site(same).to_owned()),
        kept: false,
    };
    Some(Wire { met, deletes: cookie.is_deletion(now), there })
}

fn same_site(value: SameSite) -> &'static str {
    match value {
        SameSite::Strict => "strict",
        SameSite::Lax => "lax",
        SameSite::None => "none",
    }
}

impl Memory {
    /// The cookies of a page: those that are there now, and those that were set and are gone again.
    pub(super) fn resolve(&mut self, jar: &[Value], wires: &[Wire], now: u64) -> Vec<CookieMet> {
        let mut set: HashMap<Key, CookieMet> = HashMap::new();
        let mut there: HashMap<Key, bool> = HashMap::new();
        for wire in wires.iter().filter(|wire| !wire.deletes) {
            let key = key(&wire.met);
            *there.entry(key.clone()).or_default() |= wire.there;
            set.entry(key).and_modify(|met| merge(met, &wire.met)).or_insert_with(|| wire.met.clone());
        }
        let mut found = Vec::new();
        for kept in jar.iter().map(|cookie| kept(cookie, now)) {
            let key = key(&kept);
            let met = match (set.remove(&key), self.0.get(&key)) {
                // The browser knows best what it made of the attributes.
                (Some(line), _) => {
                    CookieMet { set_by: line.set_by, wire_lifetime: line.wire_lifetime, kept: false, ..kept }
                }
                (None, Some(known)) => CookieMet { kept: true, ..known.clone() },
                (None, None) => kept,
            };
            self.0.insert(key, met.clone());
            found.push(met);
        }
        found.extend(set.into_iter().filter(|(key, _)| there[key]).map(|(_, met)| met));
        found.sort_by_cached_key(key);
        found.dedup_by(|one, other| key(one) == key(other));
        found
    }
}

/// Set more than once: by a response if ever by one, for as long as ever.
fn merge(met: &mut CookieMet, again: &CookieMet) {
    if again.set_by == SetBy::Header {
        met.set_by = SetBy::Header;
    }
    met.wire_lifetime = met.wire_lifetime.max(again.wire_lifetime);
}

fn key(met: &CookieMet) -> Key {
    (met.name.clone(), met.domain.clone(), met.path.clone())
}

/// A cookie as the browser keeps it. One whose line nobody saw was set by a script, unless scripts cannot.
fn kept(cookie: &Value, now: u64) -> CookieMet {
    let text = |name: &str| cookie[name].as_str().unwrap_or_default();
    let flag = |name: &str| cookie[name].as_bool().unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "a time in seconds; out of range saturates")]
    let expires = cookie["expires"].as_f64().filter(|_| !flag("session")).map(|end| end.round() as i64);
    let lifetime = expires.map(|end| end.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX)));
    CookieMet {
        name: text("name").to_owned(),
        domain: text("domain").trim_start_matches('.').to_owned(),
        path: text("path").to_owned(),
        set_by: if flag("httpOnly") { SetBy::Header } else { SetBy::Script },
        wire_lifetime: lifetime.map(|seconds| u64::try_from(seconds).unwrap_or(0)),
        secure: flag("secure"),
        http_only: flag("httpOnly"),
        same_site: cookie["sameSite"].as_str().map(str::to_ascii_lowercase),
        kept: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_say_what_the_browser_does_not() {
        let url = Url::parse("http://www.a.example/p/q").unwrap();
        let jar = [
            json!({ "name": "long", "domain": "www.a.example", "path": "/", "expires": 1000.0 + 34_560_000.0, "httpOnly": true, "secure": false, "session": false, "sameSite": "Lax" }),
            json!({ "name": "unseen", "domain": ".a.example", "path": "/", "expires": -1, "httpOnly": false, "secure": false, "session": true }),
        ];
        let wires = [
            header_line("long=v; Max-Age=63072000; Path=/; HttpOnly", &url, 1000).unwrap(),
            script_line("gone=; Path=/", "http://www.a.example/", (1000, true)).unwrap(),
            script_line("refused=; Domain=b.example", "http://www.a.example/", (1000, false)).unwrap(),
            script_line("deleted=; Max-Age=0", "http://www.a.example/", (1000, false)).unwrap(),
        ];
        let mut memory = Memory::default();
        let met = memory.resolve(&jar, &wires, 1000);
        let said: Vec<_> = met.iter().map(|met| (&*met.name, met.set_by, met.wire_lifetime, met.kept)).collect();
        assert_eq!(
            said,
            [
                ("gone", SetBy::Script, None, false),
                ("long", SetBy::Header, Some(63_072_000), false),
                ("unseen", SetBy::Script, None, true)
            ]
        );
        // On the next page nothing sets it: what it was set with is remembered.
        let met = memory.resolve(&jar[..1], &[], 2000);
        assert_eq!((met[0].set_by, met[0].wire_lifetime, met[0].kept), (SetBy::Header, Some(63_072_000), true));
        assert_eq!(script_line("h=; HttpOnly", "http://a.example/", (0, true)), None);
    }
}
