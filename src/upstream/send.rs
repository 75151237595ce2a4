//! Sends one request to the site: waits for its turn, for a connection and for the head of the response, each within
//! its limit, and sends a second time only what cannot act twice.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, UPGRADE};
use http::uri::{Authority, PathAndQuery};
use http::{Extensions, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep_until, timeout};

use super::body::Permit;
use super::connect::{Connector, Used};
use super::failure::chain;
use super::progress::{Progress, Watched};
use super::{Body, BoxError, Cause, Config, Failure, SetupFault};

/// How long a request waits for its turn.
const LONGEST_QUEUE: Duration = Duration::from_secs(3);
/// Most servers keep an idle connection at least this long; keeping it longer invites the stale ones of promise 27.
const IDLE: Duration = Duration::from_secs(20);
/// A page may set 1,346 cookies (REQUIREMENTS.md), one line each.
const MOST_HEADERS: usize = 1_600;
/// The largest head of a response.
const HEAD_BYTES: usize = 1024 * 1024;

type Pool = Client<Connector, UnsyncBoxBody<Bytes, BoxError>>;

/// One site, as one worker reaches it.
///
/// The cap counts requests under way over all workers, until the end of the response's body; connections kept for
/// reuse come on top, at most an eighth of the cap for each worker and for 20 seconds.
#[derive(Clone)]
pub struct Upstream {
    config: Arc<Config>,
    host: Option<HeaderValue>,
    cap: Arc<Semaphore>,
    room: Arc<Room>,
    narrow: Pool,
    wide: Pool,
    /// Keeps no connection: a second try must not meet a second stale one.
    fresh: Pool,
}

impl Upstream {
    /// Reads the site's certificate authority; connects to nothing yet.
    pub fn new(config: &Config, cap: Arc<Semaphore>) -> Result<Self, SetupFault> {
        let host = config.host_header.as_deref().map(host_value).transpose()?;
        let connector = Connector::new(config)?;
        let keep = (config.max_connections / 8).max(8);
        Ok(Self {
            config: Arc::new(config.clone()),
            host,
            cap,
            room: Arc::default(),
            narrow: pool(keep).build(connector.clone()),
            wide: pool(keep).http1_max_headers(MOST_HEADERS).build(connector.clone()),
            fresh: pool(0).http1_max_headers(MOST_HEADERS).build(connector),
        })
    }

    /// Sends a request in origin form, its hop-by-hop fields already taken out ([`super::hop::clean_request`]).
    ///
    /// Must run inside a tokio runtime with timers and I/O. A 101 can be turned into a tunnel by [`super::tunnel`].
    pub async fn send<B>(&self, request: Request<B>) -> Result<Response<Body>, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let permit = self.turn().await?;
        let (request, progress) = self.prepare(request);
        let may_switch = request.headers().contains_key(UPGRADE);
        let again = repeatable(&request);
        let kept = if self.room.is_narrow() { &self.narrow } else { &self.wide };
        let response = match self.ask(kept, request, &progress).await {
            Err(Fault { again: true, failure }) => match again {
                Some(again) => self.ask(&self.fresh, again, &progress).await,
                None => return Err(failure),
            },
            other => other,
        };
        let response = response.map_err(|fault| fault.failure)?;
        if response.status() == StatusCode::SWITCHING_PROTOCOLS && !may_switch {
            let cause = "it switched protocols, and nobody had asked";
            return Err(Failure::Broken(self.cause(Some(cause.into()))));
        }
        Ok(self.counted(response, permit))
    }

    async fn turn(&self) -> Result<Permit, Failure> {
        if let Ok(permit) = self.cap.clone().try_acquire_owned() {
            return Ok(Arc::new(permit));
        }
        match timeout(LONGEST_QUEUE, self.cap.clone().acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Arc::new(permit)),
            _ => Err(Failure::Busy(self.cause(None))),
        }
    }

    fn prepare<B>(&self, request: Request<B>) -> (Request<UnsyncBoxBody<Bytes, BoxError>>, Progress)
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut head, body) = request.into_parts();
        head.uri = self.absolute(&head.uri);
        head.version = http::Version::HTTP_11;
        if let Some(host) = &self.host {
            head.headers.insert(HOST, host.clone());
        }
        let progress = Progress::new();
        let body =
            if body.is_end_stream() { empty() } else { UnsyncBoxBody::new(Watched::new(body, progress.clone())) };
        (Request::from_parts(head, body), progress)
    }

    fn absolute(&self, target: &Uri) -> Uri {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(self.config.scheme.clone());
        parts.authority = Some(self.config.authority.clone());
        parts.path_and_query = Some(target.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/")));
        Uri::from_parts(parts).expect("a scheme, an authority and a path make a URI")
    }

    /// The wait counts from the last piece of request body that the site took.
    async fn ask(
        &self,
        pool: &Pool,
        request: Request<UnsyncBoxBody<Bytes, BoxError>>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, Fault> {
        let mut asking = pool.request(request);
        let mut deadline = Instant::now() + self.config.response_timeout;
        loop {
            tokio::select! {
                answer = &mut asking => return self.judge(answer, progress),
                () = sleep_until(deadline) => {}
            }
            let later = progress.moved() + self.config.response_timeout;
            if later <= deadline {
                return Err(Fault { again: false, failure: Failure::Timeout(self.cause(None)) });
            }
            deadline = later;
        }
    }

    fn judge(
        &self,
        answer: Result<Response<Incoming>, legacy::Error>,
        progress: &Progress,
    ) -> Result<Response<Incoming>, Fault> {
        match answer {
            Ok(mut response) => {
                if let Some(used) = response.extensions_mut().remove::<Used>() {
                    used.mark();
                }
                self.room.saw(response.headers().len());
                Ok(response)
            }
            Err(error) => Err(self.fault(error, progress)),
        }
    }

    fn fault(&self, error: legacy::Error, progress: &Progress) -> Fault {
        if let Some(visitor) = progress.take_fault() {
            return Fault { again: false, failure: Failure::RequestBody(self.cause(Some(visitor))) };
        }
        if error.is_connect() {
            let failure = if timed_out(&error) { Failure::Timeout } else { Failure::Connect };
            return Fault { again: false, failure: failure(self.cause(Some(error.into()))) };
        }
        let crowded = is_crowded(&error);
        if crowded {
            self.room.overflowed();
        }
        let again = crowded || (was_used(&error) && died(&error));
        Fault { again, failure: Failure::Broken(self.cause(Some(error.into()))) }
    }

    fn cause(&self, source: Option<BoxError>) -> Cause {
        Cause { site: self.config.authority.clone(), source }
    }

    fn counted(&self, mut response: Response<Incoming>, permit: Permit) -> Response<Body> {
        let endless = response.status() == StatusCode::SWITCHING_PROTOCOLS || is_event_stream(&response);
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            response.extensions_mut().insert(permit.clone());
        }
        response.map(|body| Body::new(body, (!endless).then_some(self.config.idle_timeout), permit))
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Upstream").field(&self.config.authority).finish()
    }
}

/// How many headers to make room for. hyper clears that room for every response, and 1,600 places cost a small one a
/// third of its time: so a site that has shown few headers for a while gets hyper's own 100, and gets the room back
/// for good should a response ever not fit.
#[derive(Default)]
struct Room(AtomicU32);

impl Room {
    const FEW: usize = 64;
    /// Responses in a row with few headers.
    const A_WHILE: u32 = 64;
    const NEVER: u32 = u32::MAX;

    fn is_narrow(&self) -> bool {
        (Self::A_WHILE..Self::NEVER).contains(&self.0.load(Ordering::Relaxed))
    }

    fn saw(&self, headers: usize) {
        let seen = self.0.load(Ordering::Relaxed);
        let next = if headers > Self::FEW { 0 } else { seen.saturating_add(1).min(Self::A_WHILE) };
        if seen != Self::NEVER && next != seen {
            self.0.store(next, Ordering::Relaxed);
        }
    }

    fn overflowed(&self) {
        self.0.store(Self::NEVER, Ordering::Relaxed);
    }
}

/// A failure, and whether the same request may be sent once more: its connection had only grown old, or its response
/// had more headers than there was room for.
struct Fault {
    again: bool,
    failure: Failure,
}

/// Header names keep the case they were sent in, on their way there and back: old clients and sites look at it.
/// White space before a colon is taken out (RFC 9112 section 5.1) and folded lines are joined (section 5.2).
fn pool(keep: usize) -> legacy::Builder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(keep)
        .http1_preserve_header_case(true)
        .http1_max_buf_size(HEAD_BYTES)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true);
    builder
}

fn is_crowded(error: &legacy::Error) -> bool {
    chain(error).filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse_too_large)
}

fn host_value(host: &str) -> Result<HeaderValue, SetupFault> {
    let fault = || SetupFault::Host(host.to_owned());
    host.parse::<Authority>().map_err(|_| fault())?;
    HeaderValue::from_str(host).map_err(|_| fault())
}

fn empty() -> UnsyncBoxBody<Bytes, BoxError> {
    UnsyncBoxBody::new(Empty::new().map_err(|never| match never {}))
}

/// A copy of a request that may be sent twice: RFC 9110 section 9.2.2, and nothing of its body can be gone.
fn repeatable(request: &Request<UnsyncBoxBody<Bytes, BoxError>>) -> Option<Request<UnsyncBoxBody<Bytes, BoxError>>> {
    if !request.method().is_idempotent() || !http_body::Body::is_end_stream(request.body()) {
        return None;
    }
    let mut copy = Request::new(empty());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

fn was_used(error: &legacy::Error) -> bool {
    let mut extras = Extensions::new();
    if let Some(connected) = error.connect_info() {
        connected.get_extras(&mut extras);
    }
    extras.get::<Used>().is_some_and(Used::mark)
}

/// The connection ended before a response began; what is not HTTP would not be HTTP a second time.
fn died(error: &legacy::Error) -> bool {
    chain(error).any(|error| {
        error
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_incomplete_message() || error.is_closed() || error.is_canceled())
            || error.downcast_ref::<io::Error>().is_some_and(|error| {
                use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
                matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof)
            })
    })
}

fn timed_out(error: &legacy::Error) -> bool {
    chain(error)
        .any(|error| error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut))
}

fn is_event_stream(response: &Response<Incoming>) -> bool {
    const EVENT_STREAM: &[u8] = b"text/event-stream";
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.as_bytes().get(..EVENT_STREAM.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(EVENT_STREAM))
}
