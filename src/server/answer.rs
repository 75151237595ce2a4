//! One request on one connection: checked, its visitor known, handed on, and answered whatever happens.

use std::convert::Infallible;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, LOCATION};
use http::uri::Authority;
use http::{HeaderValue, Request, Response, StatusCode, Version};
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;

use super::connection::Client;
use super::request::OwnAnswer::{self, Refuse};
use super::request::admit;
use super::{Handle, Peer, RequestBody, peer, redact};

/// What goes out: the handler's body, or a short text of the server's own.
type Answer<B> = Response<Either<B, Full<Bytes>>>;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");

/// Never fails: what cannot be handled has an answer too.
pub(super) async fn answer<H: Handle>(
    handler: H,
    client: Client,
    mut request: Request<Incoming>,
) -> Result<Answer<H::Body>, Infallible> {
    let own = match receive(&client, &mut request) {
        Ok(peer) => match hand_on(handler, &client, request, peer).await {
            Ok(mut response) => {
                // A site that speaks HTTP/1.0 would otherwise be imitated: RFC 9110 section 6.2 wants our own version.
                *response.version_mut() = Version::HTTP_11;
                return Ok(response.map(Either::Left));
            }
            Err(own) => own,
        },
        Err(own) => {
            // The client may still be sending what nobody will read.
            client.linger.fetch_or(!request.body().is_end_stream(), Ordering::Relaxed);
            own
        }
    };
    Ok(written(own).map(Either::Right))
}

/// Everything before the handler: who asks, and may it be asked like this?
fn receive(client: &Client, request: &mut Request<Incoming>) -> Result<Peer, OwnAnswer> {
    let door = &client.door;
    let peer = peer::meet(request.headers_mut(), client.address, door.is_tls(), &door.config.trusted_proxies);
    admit(request, door.limits.uri_bytes)?;
    if door.config.redirect_to_https && !peer.https {
        return Err(to_https(request, door.https_port));
    }
    if declared_length(request).is_some_and(|bytes| bytes > door.limits.body_bytes) {
        return Err(Refuse(StatusCode::PAYLOAD_TOO_LARGE, "The request is larger than allowed."));
    }
    Ok(peer)
}

fn declared_length(request: &Request<Incoming>) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The handler's response, or the server's own where the visitor's body or the handler failed.
async fn hand_on<H: Handle>(
    handler: H,
    client: &Client,
    request: Request<Incoming>,
    peer: Peer,
) -> Result<Response<H::Body>, OwnAnswer> {
    let (head, body) = request.into_parts();
    let (body, fault) = RequestBody::new(body, &client.door.limits, client.linger.clone());
    let outcome = caught(async move { handler.handle(Request::from_parts(head, body), peer).await }).await;
    if let Some(status) = fault.and_then(|fault| fault.get().copied()) {
        return Err(Refuse(status, "The request's body did not arrive as it should."));
    }
    outcome.map_err(|Panicked| {
        tracing::error!(visitor = redact(peer.address), "a request ended in a panic and was answered with 500");
        Refuse(StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong here.")
    })
}

struct Panicked;

/// A panic in one request must not take the connection's other bytes, or the worker, with it (promise 35). The
/// future is dropped right after and never polled again, so nothing half-done is looked at.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut future = pin!(future);
    poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => std::task::Poll::Ready(Err(Panicked)),
    })
    .await
}

/// 308 keeps the method, so a form posted to http arrives. The Host has been checked: it cannot break the line.
fn to_https(request: &Request<Incoming>, port: u16) -> OwnAnswer {
    let host = request.headers().get(HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let location = host.and_then(|host| HeaderValue::from_str(&format!("https://{}{port}{target}", host.host())).ok());
    location.map_or(Refuse(StatusCode::BAD_REQUEST, "A request needs a Host header here."), OwnAnswer::Redirect)
}

fn written(own: OwnAnswer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    match own {
        Refuse(status, why) => refuse(&mut response, status, why),
        OwnAnswer::Options => {
            response.headers_mut().insert(ALLOW, METHODS);
        }
        OwnAnswer::Redirect(location) => {
            *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
            response.headers_mut().insert(LOCATION, location);
        }
    }
    response
}

/// A short plain answer; the connection ends with it, as nothing after a bad request can be trusted.
fn refuse(response: &mut Response<Full<Bytes>>, status: StatusCode, why: &'static str) {
    *response.body_mut() = Full::from(format!("{} {why}\n", status.as_u16()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, METHODS);
    }
}
