//! What happens in one tab while it is open: its requests, what its responses set, and what its scripts tell.
//!
//! No value is kept: of a cookie's line its name and attributes, of storage the key, of a request its address.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use url::Url;

use super::cookies::{Wire, header_line, script_line};
use super::protocol::Event;
use crate::audit::collect::without_query;
use crate::audit::{Fingerprinting, RequestMet, StorageKind, StorageMet};

/// The name of the world our own scripts run in, apart from the page's.
pub(super) const WORLD: &str = "consentgate-audit";
/// A page that asks for more than this is looked at in part.
const MOST_REQUESTS: usize = 20_000;

/// A frame's own place for our scripts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct World {
    pub(super) session: String,
    pub(super) context: i64,
    pub(super) frame: String,
}

/// What has happened since it was last taken.
#[derive(Debug)]
pub(super) struct Log {
    /// The frame of the tab itself.
    pub(super) frame: String,
    /// The name by which the recording script reaches us.
    pub(super) binding: String,
    pub(super) status: u16,
    pub(super) kind: String,
    /// Which document the tab shows: a navigation that was answered may not have got there yet.
    pub(super) shown: String,
    /// When its load ended.
    pub(super) loaded: Option<Instant>,
    pub(super) crashed: bool,
    pub(super) requests: Vec<RequestMet>,
    pub(super) storage: BTreeSet<(StorageKind, String, String)>,
    pub(super) fingerprinting: BTreeSet<(String, String)>,
    pub(super) worlds: Vec<World>,
    pub(super) waiting: HashSet<String>,
    pub(super) last: Instant,
    /// A script has made a shadow root that scripts cannot reach.
    pub(super) closed_roots: bool,
    /// Something is there that may ask and cannot be heard until it does: a worker, an open socket.
    pub(super) unheard: bool,
    /// Timers of its frames, by frame and number, and when they end.
    timers: HashMap<(i64, String), Instant>,
    hops: HashMap<String, Hops>,
    scripted: Vec<Wire>,
}

/// A request and where it was sent on to.
#[derive(Debug, Default)]
struct Hops {
    /// The address, and whether its response's head was told apart, as far as it is known.
    asked: Vec<(Url, bool)>,
    /// Of each such head the lines, in order.
    heads: Vec<(Vec<String>, u64)>,
}

/// What has to be done about an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    Nothing,
    /// A frame or a worker waits for us before it runs.
    Attached {
        session: String,
        page: bool,
    },
    /// A window of the page's own asks something.
    Dialog {
        leaving: bool,
    },
}

impl Log {
    pub(super) fn new(frame: &str, binding: &str) -> Self {
        Self {
            frame: frame.to_owned(),
            binding: binding.to_owned(),
            status: 0,
            kind: String::new(),
            shown: String::new(),
            loaded: None,
            crashed: false,
            requests: Vec::new(),
            storage: BTreeSet::new(),
            fingerprinting: BTreeSet::new(),
            worlds: Vec::new(),
            waiting: HashSet::new(),
            last: Instant::now(),
            closed_roots: false,
            unheard: false,
            timers: HashMap::new(),
            hops: HashMap::new(),
            scripted: Vec::new(),
        }
    }

    /// A new page begins.
    pub(super) fn begin(&mut self) {
        let worlds = std::mem::take(&mut self.worlds);
        *self = Self::new(&self.frame, &self.binding);
        self.worlds = worlds;
    }

    /// Takes an event.
    pub(super) fn take(&mut self, event: &Event) -> Todo {
        let params = &event.params;
        match &*event.method {
            "Network.requestWillBeSent" => self.request(params),
            "Network.webSocketCreated" => {
                self.unheard = true;
                self.asked(text(&params["url"]), initiator(params));
            }
            "Network.responseReceived" => self.response(params),
            "Network.responseReceivedExtraInfo" => self.head(params),
            "Network.loadingFinished" | "Network.loadingFailed" => {
                self.waiting.remove(text(&params["requestId"]));
                self.last = Instant::now();
            }
            "Network.requestServedFromCache" => {
                if let Some(hop) = self.hops.get_mut(text(&params["requestId"])).and_then(|hops| hops.asked.last_mut())
                {
                    hop.1 = false;
                }
            }
            "Page.loadEventFired" => self.loaded = Some(Instant::now()),
            "Page.frameNavigated" if params["frame"]["id"] == *self.frame => {
                text(&params["frame"]["loaderId"]).clone_into(&mut self.shown);
            }
            "Inspector.targetCrashed" => self.crashed = true,
            "Page.javascriptDialogOpening" => return Todo::Dialog { leaving: params["type"] == "beforeunload" },
            "DOMStorage.domStorageItemAdded" | "DOMStorage.domStorageItemUpdated" => self.stored(params),
            "Runtime.bindingCalled" if params["name"] == *self.binding => {
                self.told(text(&params["payload"]), params["executionContextId"].as_i64().unwrap_or_default());
            }
            "Runtime.executionContextCreated" => self.world(&event.session, &params["context"]),
            "Runtime.executionContextDestroyed" => {
                let id = params["executionContextId"].as_i64();
                self.worlds.retain(|world| world.session != event.session || Some(world.context) != id);
                self.timers.retain(|(context, _), _| Some(*context) != id);
            }
            "Runtime.executionContextsCleared" => {
                self.worlds.retain(|world| world.session != event.session);
                self.timers.clear();
            }
            "Target.detachedFromTarget" => {
                let gone = text(&params["sessionId"]);
                self.worlds.retain(|world| world.session != gone);
            }
            "Target.attachedToTarget" => {
                let kind = text(&params["targetInfo"]["type"]);
                let session = text(&params["sessionId"]).to_owned();
                let page = matches!(kind, "page" | "iframe" | "webview" | "tab");
                self.unheard |= !page;
                return Todo::Attached { session, page };
            }
            _ => {}
        }
        Todo::Nothing
    }

    fn request(&mut self, params: &Value) {
        let id = text(&params["requestId"]).to_owned();
        let redirected = &params["redirectResponse"];
        let hops = self.hops.entry(id.clone()).or_default();
        let mut from = initiator(params);
        if redirected.is_object() {
            if let Some(last) = hops.asked.last_mut() {
                last.1 = params["redirectHasExtraInfo"].as_bool().unwrap_or(true);
            }
            from = plain(text(&redirected["url"]));
        }
        let address = text(&params["request"]["url"]);
        if let Ok(url) = Url::parse(address) {
            hops.asked.push((url, true));
        }
        self.waiting.insert(id);
        self.last = Instant::now();
        let the_page = params["type"] == "Document" && params["frameId"] == *self.frame && redirected.is_null();
        if the_page {
            self.loaded = None;
        } else {
            self.asked(address, from);
        }
    }

    fn asked(&mut self, address: &str, initiator: String) {
        let Ok(url) = Url::parse(address) else { return };
        if matches!(url.scheme(), "http" | "https" | "ws" | "wss") && self.requests.len() < MOST_REQUESTS {
            self.requests.push(RequestMet { url, initiator });
        }
    }

    fn response(&mut self, params: &Value) {
        if let Some(hop) = self.hops.get_mut(text(&params["requestId"])).and_then(|hops| hops.asked.last_mut()) {
            hop.1 = params["hasExtraInfo"].as_bool().unwrap_or(true);
        }
        if params["type"] == "Document" && params["frameId"] == *self.frame {
            let status = params["response"]["status"].as_u64().unwrap_or(0);
            self.status = u16::try_from(status).unwrap_or(0);
            text(&params["response"]["mimeType"]).clone_into(&mut self.kind);
        }
    }

    /// The lines that set cookies, less those that the browser did not take.
    fn head(&mut self, params: &Value) {
        let headers = params["headers"].as_object();
        let named = headers.into_iter().flatten().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let blocked = params["blockedCookies"].as_array();
        let blocked: Vec<_> = blocked.into_iter().flatten().map(|one| text(&one["cookieLine"])).collect();
        let lines = named.flat_map(|(_, lines)| text(lines).split('\n'));
        let lines = lines.filter(|line| !blocked.contains(line)).map(str::to_owned).collect();
        self.hops.entry(text(&params["requestId"]).to_owned()).or_default().heads.push((lines, now()));
    }

    fn stored(&mut self, params: &Value) {
        let place = &params["storageId"];
        let origin = place["securityOrigin"].as_str().or(place["storageKey"].as_str()).unwrap_or_default();
        let kind = if place["isLocalStorage"] == true { StorageKind::Local } else { StorageKind::Session };
        let origin = origin.split('^').next().unwrap_or_default().trim_end_matches('/');
        self.storage.insert((kind, text(&params["key"]).to_owned(), origin.to_owned()));
    }

    /// What the recording script tells: a kind and its fields, a line each.
    fn told(&mut self, payload: &str, context: i64) {
        let mut fields = payload.split('\n');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some("cookie"), Some(line), Some(address), Some(there)) => {
                self.scripted.extend(script_line(line, address, (now(), there == "true")));
            }
            (Some("used"), Some(interface), Some(script), _) => {
                self.fingerprinting.insert((interface.to_owned(), plain(script)));
            }
            (Some("due"), Some(id), Some(wait), _) => {
                let wait = Duration::from_millis(wait.parse().unwrap_or_default());
                self.timers.insert((context, id.to_owned()), Instant::now() + wait);
            }
            (Some("never"), Some(id), ..) => {
                self.timers.remove(&(context, id.to_owned()));
            }
            (Some(told @ ("made" | "gone")), Some(kind), Some(name), Some(origin)) => {
                let kind = if kind == "cache" { StorageKind::Cache } else { StorageKind::IndexedDb };
                let thing = (kind, name.to_owned(), origin.to_owned());
                if told == "made" {
                    self.storage.insert(thing)
                } else {
                    self.storage.remove(&thing)
                };
            }
            (Some("closed"), ..) => self.closed_roots = true,
            (Some("worker"), Some(script), Some(origin), _) => {
                self.storage.insert((StorageKind::ServiceWorker, plain(script), origin.to_owned()));
            }
            _ => {}
        }
    }

    /// When it last did something, or set out to: of its timers those count that end before `horizon`.
    pub(super) fn last_stir(&self, horizon: Instant) -> Instant {
        let due = self.timers.values().copied().filter(|due| *due <= horizon);
        due.fold(self.last, Instant::max)
    }

    fn world(&mut self, session: &str, context: &Value) {
        if context["name"] != WORLD {
            return;
        }
        let Some(id) = context["id"].as_i64() else { return };
        let frame = text(&context["auxData"]["frameId"]).to_owned();
        self.worlds.push(World { session: session.to_owned(), context: id, frame });
    }

    /// The worlds of all frames, the page's own first.
    pub(super) fn worlds(&self) -> Vec<World> {
        let (mut first, others): (Vec<_>, Vec<_>) =
            self.worlds.iter().cloned().partition(|world| world.frame == self.frame);
        first.extend(others);
        first
    }

    /// The cookies that were set, by responses and by scripts.
    pub(super) fn wires(&mut self) -> Vec<Wire> {
        let mut wires = std::mem::take(&mut self.scripted);
        for hops in self.hops.values() {
            let answered = hops.asked.iter().filter(|(_, told)| *told);
            for ((url, _), (lines, at)) in answered.zip(&hops.heads) {
                wires.extend(lines.iter().filter_map(|line| header_line(line, url, *at)));
            }
        }
        wires
    }

    pub(super) fn stored_things(&self) -> Vec<StorageMet> {
        let made = self.storage.iter();
        made.map(|(kind, key, origin)| StorageMet { kind: *kind, key: key.clone(), origin: origin.clone() }).collect()
    }

    pub(super) fn used(&self, page: &Url) -> Vec<Fingerprinting> {
        let page = without_query(page);
        let made = self.fingerprinting.iter().map(|(interface, script)| Fingerprinting {
            interface: interface.clone(),
            script: script.clone(),
            page: page.clone(),
        });
        made.collect()
    }
}

/// The script, or else the page, that asked.
fn initiator(params: &Value) -> String {
    let initiator = &params["initiator"];
    let by_stack = std::iter::successors(Some(&initiator["stack"]), |stack| Some(&stack["parent"]))
        .take_while(|stack| stack.is_object())
        .flat_map(|stack| stack["callFrames"].as_array().into_iter().flatten())
        .map(|frame| text(&frame["url"]))
        .find(|address| !address.is_empty());
    let address = by_stack.or(initiator["url"].as_str()).unwrap_or_else(|| text(&params["documentURL"]));
    plain(address)
}

/// An address for a report; what is none stays what it is.
fn plain(address: &str) -> String {
    Url::parse(address).map_or_else(|_| address.to_owned(), |url| without_query(&url))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::SetBy;
    use serde_json::json;

    fn event(method: &str, params: Value) -> Event {
        Event { session: "s".into(), method: method.into(), params }
    }

    #[test]
    fn lines_of_redirects_belong_to_the_address_that_sent_them() {
        let mut log = Log::new("f", "b");
        let ask =
            |url: &str| json!({ "requestId": "1", "frameId": "f", "type": "Document", "request": { "url": url } });
        log.take(&event("Network.requestWillBeSent", ask("http://a.example/x/y?q=1")));
        let head = |lines: &str, blocked: Value| json!({ "requestId": "1", "headers": { "set-cookie": lines }, "blockedCookies": blocked });
        log.take(&event(
            "Network.responseReceivedExtraInfo",
            head(
                "one=v; Max-Age=10\ntwo=v; Domain=evil.example",
                json!([{ "cookieLine": "two=v; Domain=evil.example" }]),
            ),
        ));
        let mut second = ask("http://b.example/");
        second["redirectResponse"] = json!({ "url": "http://a.example/x/y?q=1" });
        second["redirectHasExtraInfo"] = true.into();
        log.take(&event("Network.requestWillBeSent", second));
        log.take(&event("Network.responseReceivedExtraInfo", head("three=v", json!([]))));
        log.take(&event(
            "Network.responseReceived",
            json!({ "requestId": "1", "frameId": "f", "type": "Document", "hasExtraInfo": true, "response": { "status": 404, "mimeType": "text/html" } }),
        ));
        let wires = log.wires();
        let met: Vec<_> = wires
            .iter()
            .map(|wire| (&*wire.met.name, &*wire.met.domain, &*wire.met.path, wire.met.wire_lifetime))
            .collect();
        assert_eq!(met, [("one", "a.example", "/x", Some(10)), ("three", "b.example", "/", None)]);
        assert_eq!(log.status, 404);
        let [hop] = &log.requests[..] else { panic!("{:?}", log.requests) };
        assert_eq!((hop.url.as_str(), &*hop.initiator), ("http://b.example/", "http://a.example/x/y"));
    }

    #[test]
    fn what_scripts_tell_is_read_and_nonsense_is_not() {
        let mut log = Log::new("f", "b");
        let tell = |payload: &str| event("Runtime.bindingCalled", json!({ "name": "b", "payload": payload }));
        log.take(&tell("cookie\n_ga=; Max-Age=63072000; path=/\nhttp://www.a.example/p?x=1\ntrue"));
        log.take(&tell("used\ncanvas\nhttps://t.example/fp.js?id=2\n"));
        log.take(&tell("cookie"));
        log.take(&tell("what\never\nelse\n"));
        log.take(&event("Runtime.bindingCalled", json!({ "name": "other", "payload": "used\nx\ny\n" })));
        let wires = log.wires();
        let [wire] = &wires[..] else { panic!("{wires:?}") };
        assert_eq!((wire.met.set_by, wire.met.wire_lifetime, wire.there), (SetBy::Script, Some(63_072_000), true));
        assert_eq!(log.used(&Url::parse("http://a.example/?s").unwrap())[0].script, "https://t.example/fp.js");
        assert_eq!(log.fingerprinting.len(), 1);
    }

    #[test]
    fn timers_that_end_before_the_horizon_are_waited_for_until_their_frame_is_gone() {
        let mut log = Log::new("f", "b");
        let tell = |payload: &str| {
            event("Runtime.bindingCalled", json!({ "name": "b", "executionContextId": 7, "payload": payload }))
        };
        let horizon = Instant::now() + Duration::from_secs(6);
        let ahead = |log: &Log| log.last_stir(horizon).saturating_duration_since(Instant::now()).as_secs();
        log.take(&tell("due\n1\n9000\n"));
        assert_eq!(ahead(&log), 0, "it ends too late");
        log.take(&tell("due\n2\n4900\n"));
        log.take(&tell("due\n3\n2900\n"));
        assert_eq!(ahead(&log), 4);
        log.take(&tell("never\n2\n\n"));
        assert_eq!(ahead(&log), 2);
        log.take(&event("Runtime.executionContextDestroyed", json!({ "executionContextId": 7 })));
        assert_eq!(ahead(&log), 0);
    }

    #[test]
    fn databases_are_told_as_they_are_made_and_not_when_they_are_taken_away_again() {
        let mut log = Log::new("f", "b");
        let tell = |payload: &str| event("Runtime.bindingCalled", json!({ "name": "b", "payload": payload }));
        for payload in [
            "made\nindexed_db\nkept\nhttp://a",
            "made\nindexed_db\ntried\nhttp://a",
            "gone\nindexed_db\ntried\nhttp://a",
        ] {
            log.take(&tell(payload));
        }
        let names: Vec<_> = log.stored_things().into_iter().map(|thing| (thing.kind, thing.key)).collect();
        assert_eq!(names, [(StorageKind::IndexedDb, "kept".to_owned())]);
    }
}
