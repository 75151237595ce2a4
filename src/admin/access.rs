//! Who may look (promise 17): on loopback whoever asks for this machine by its own name; elsewhere whoever shows the
//! token, in a header or once in a form, or a certificate of the client CA.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue, ORIGIN};

use super::Client;
use super::config::{Token, same};

/// Wrong words from one address in [`WINDOW`].
const MOST_FAILURES: u32 = 10;
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are remembered; when there are more, nobody else gets in until a window has passed.
const MOST_ADDRESSES: usize = 1024;
/// How long a browser stays logged in.
const SESSION: u64 = 8 * 60 * 60;
const NAME: &str = "consentgate-admin";

/// What is asked of those who come.
pub(super) struct Access {
    token: Option<Token>,
    /// A client certificate lets in too.
    by_certificate: bool,
    /// The listener speaks https.
    https: bool,
    failures: Mutex<HashMap<IpAddr, (Instant, u32)>>,
}

/// May they look?
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Open,
    /// Not by this name.
    Elsewhere,
    /// Who are they?
    Unknown,
    /// A certificate is the only way in.
    Uncertified,
    /// Too many wrong words: wait so many seconds.
    Wait(u64),
}

impl Access {
    pub(super) fn new(token: Option<Token>, by_certificate: bool, https: bool) -> Self {
        Self { token, by_certificate, https, failures: Mutex::default() }
    }

    /// Does anybody have to log in here?
    pub(super) fn asks(&self) -> bool {
        self.token.is_some()
    }

    /// Names that point at this address by somebody's own making need not be looked for where a certificate was shown: the
    /// browser has compared the name with the listener's.
    pub(super) fn entry(&self, headers: &HeaderMap, Client { peer, certified }: Client) -> Entry {
        if certified {
            return Entry::Open;
        }
        let Some(token) = &self.token else {
            if self.by_certificate {
                return Entry::Uncertified;
            }
            return if names_this_machine(headers.get(HOST)) { Entry::Open } else { Entry::Elsewhere };
        };
        if sessions(headers).any(|value| is_session(token, value, now())) {
            return Entry::Open;
        }
        match bearer(headers) {
            Some(presented) => self.try_token(token, presented, peer),
            None => Entry::Unknown,
        }
    }

    /// A form with the token: the line that sets the session's cookie.
    pub(super) fn log_in(&self, presented: &str, peer: IpAddr) -> Result<String, Entry> {
        let Some(token) = &self.token else { return Err(Entry::Elsewhere) };
        match self.try_token(token, presented.trim().as_bytes(), peer) {
            Entry::Open => Ok(self.set(&session(token, now()), SESSION)),
            refused => Err(refused),
        }
    }

    /// The line that takes the session's cookie away.
    pub(super) fn log_out(&self) -> String {
        self.set("", 0)
    }

    fn set(&self, value: &str, seconds: u64) -> String {
        let secure = if self.https { "; Secure" } else { "" };
        format!("{NAME}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}")
    }

    fn try_token(&self, token: &Token, presented: &[u8], peer: IpAddr) -> Entry {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let network = network(peer);
        if let Some(wait) = waits(&mut failures, network) {
            return Entry::Wait(wait);
        }
        if token.is(presented) {
            return Entry::Open;
        }
        let failed = failures.entry(network).or_insert((Instant::now(), 0));
        failed.1 += 1;
        if failed.1 == MOST_FAILURES {
            // Not the address: whoever runs the machine finds it by other means, and it may be a person's.
            tracing::warn!("admin: {MOST_FAILURES} wrong tokens within a minute from one address: it has to wait");
        }
        Entry::Unknown
    }
}

/// A form that another site posts says so (Fetch standard, "append a request `Origin` header").
pub(super) fn is_own_form(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let origin = headers.get(ORIGIN).map(HeaderValue::as_bytes);
    origin.is_none_or(|origin| {
        [&b"http://"[..], b"https://"].iter().any(|scheme| origin.strip_prefix(*scheme) == Some(host))
    })
}

/// A page elsewhere can point a name of its own at this address and read the answer (DNS rebinding): only an address
/// or `localhost` is taken (promise 17).
fn names_this_machine(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host.and_then(|host| host.to_str().ok()) else { return false };
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host });
    name.eq_ignore_ascii_case("localhost") || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// One household has many addresses of version 6: a /64 is one.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

/// For how long this address has to wait.
fn waits(failures: &mut HashMap<IpAddr, (Instant, u32)>, peer: IpAddr) -> Option<u64> {
    failures.retain(|_, (since, _)| since.elapsed() < WINDOW);
    let full = failures.len() >= MOST_ADDRESSES && !failures.contains_key(&peer);
    let left = |since: Instant| WINDOW.saturating_sub(since.elapsed()).as_secs() + 1;
    match failures.get(&peer) {
        Some((since, count)) if *count >= MOST_FAILURES => Some(left(*since)),
        _ => full.then_some(WINDOW.as_secs()),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let line = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, word) = line.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| word.trim_ascii())
}

fn sessions(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

/// When it ends, and a seal that only the token makes: nothing has to be remembered here, and a new token ends them all.
fn session(token: &Token, now: u64) -> String {
    let end = now + SESSION;
    format!("{end}.{}", BASE64_URL_SAFE_NO_PAD.encode(token.seal(&end.to_be_bytes())))
}

fn is_session(token: &Token, value: &str, now: u64) -> bool {
    let read = || {
        let (end, seal) = value.split_once('.')?;
        let seal: [u8; 32] = BASE64_URL_SAFE_NO_PAD.decode(seal).ok()?.try_into().ok()?;
        Some((end.parse::<u64>().ok()?, seal))
    };
    read().is_some_and(|(end, seal)| now < end && end <= now + SESSION && same(&seal, &token.seal(&end.to_be_bytes())))
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

    const NOBODY: Client = Client { peer: PEER, certified: false };

    fn guarded() -> Access {
        Access::new(Token::new(TOKEN), false, false)
    }

    fn with(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn only_this_machines_own_names_are_answered() {
        let named = |host: &'static str| names_this_machine(Some(&HeaderValue::from_static(host)));
        assert!(named("127.0.0.1:9901") && named("localhost") && named("[::1]:9901") && named("10.0.0.5"));
        assert!(!named("evil.example:9901") && !named("127.0.0.1.evil.example") && !named(""));
        assert!(!names_this_machine(None));
    }

    #[test]
    fn the_token_opens_and_nothing_else_does() {
        let access = guarded();
        assert_eq!(access.entry(&HeaderMap::new(), NOBODY), Entry::Unknown);
        assert_eq!(access.entry(&with(AUTHORIZATION, &format!("Bearer {TOKEN}")), NOBODY), Entry::Open);
        for wrong in
            ["Bearer", "Bearer ", "Basic 0123456789abcdef0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdee"]
        {
            assert_eq!(access.entry(&with(AUTHORIZATION, wrong), NOBODY), Entry::Unknown, "{wrong}");
        }
        assert_eq!(access.entry(&with(HOST, "localhost"), NOBODY), Entry::Unknown, "a name is no proof");
    }

    #[test]
    fn a_certificate_opens_and_without_one_only_a_token_does() {
        let somebody = Client { certified: true, ..NOBODY };
        let local = with(HOST, "localhost");
        let alone = Access::new(None, true, true);
        assert_eq!((alone.entry(&local, NOBODY), alone.entry(&local, somebody)), (Entry::Uncertified, Entry::Open));
        assert!(!alone.asks(), "there is nothing to log in with");
        let both = Access::new(Token::new(TOKEN), true, true);
        assert_eq!((both.entry(&local, NOBODY), both.entry(&local, somebody)), (Entry::Unknown, Entry::Open));
        assert_eq!(both.entry(&with(AUTHORIZATION, &format!("Bearer {TOKEN}")), NOBODY), Entry::Open);
        assert!(both.log_in(TOKEN, PEER).unwrap().ends_with("; SameSite=Strict; Secure"));
    }

    #[test]
    fn a_session_lasts_its_time_and_cannot_be_made_without_the_token() {
        let (token, other) = (Token::new(TOKEN).unwrap(), Token::new(&TOKEN.replace('0', "1")).unwrap());
        let made = session(&token, 1000);
        assert!(is_session(&token, &made, 1000) && is_session(&token, &made, 1000 + SESSION - 1));
        assert!(!is_session(&token, &made, 1000 + SESSION) && !is_session(&token, &made, 999), "too late, too early");
        assert!(!is_session(&other, &made, 1000));
        let later = made.replacen(&(1000 + SESSION).to_string(), &(1001 + SESSION).to_string(), 1);
        assert!(!is_session(&token, &later, 1001));
        for value in ["", ".", "29800.", "29800.AAAA"] {
            assert!(!is_session(&token, value, 1000), "{value}");
        }
    }

    #[test]
    fn a_log_in_sets_a_cookie_that_opens() {
        let access = guarded();
        let line = access.log_in(TOKEN, PEER).unwrap();
        assert!(line.ends_with("; HttpOnly; SameSite=Strict") && !line.contains(TOKEN), "{line}");
        let pair = line.split(';').next().unwrap();
        assert_eq!(access.entry(&with(COOKIE, &format!("other=1; {pair}")), NOBODY), Entry::Open);
        assert_eq!(access.log_in("wrong", PEER), Err(Entry::Unknown));
    }

    #[test]
    fn after_ten_wrong_words_even_the_right_one_has_to_wait() {
        let access = guarded();
        for _ in 0..MOST_FAILURES {
            assert_eq!(access.log_in("wrong", PEER), Err(Entry::Unknown));
        }
        assert!(matches!(access.log_in(TOKEN, PEER), Err(Entry::Wait(1..=61))));
        assert!(matches!(access.entry(&with(AUTHORIZATION, &format!("Bearer {TOKEN}")), NOBODY), Entry::Wait(_)));
        assert!(access.log_in(TOKEN, "192.0.2.8".parse().unwrap()).is_ok(), "another address need not");
    }

    #[test]
    fn a_house_with_many_addresses_is_one_and_a_flood_of_houses_is_bounded() {
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff".parse().unwrap()));
        let access = guarded();
        for n in 0..2 * MOST_ADDRESSES {
            let _ = access.log_in("wrong", IpAddr::V4((0x0a00_0000 + u32::try_from(n).unwrap()).into()));
        }
        assert_eq!(access.failures.lock().unwrap().len(), MOST_ADDRESSES);
    }

    #[test]
    fn a_form_of_another_site_is_not_taken() {
        let from = |origin: &str| {
            let mut headers = with(HOST, "gate.example:9901");
            headers.insert(ORIGIN, origin.parse().unwrap());
            is_own_form(&headers)
        };
        assert!(from("http://gate.example:9901") && from("https://gate.example:9901"));
        assert!(!from("null") && !from("http://evil.example") && !from("http://gate.example"));
        assert!(is_own_form(&with(HOST, "gate.example")), "no browser sent it");
    }
}
