//! Both demo servers take connections the same way: HTTP/1.1, one task a connection, small bodies only.
//! They listen on loopback for one person trying the gate; they make no claim to be production servers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use super::reply::{Body, Reply};

/// Larger than any form of the demo, view state included.
const LARGEST_BODY: usize = 256 * 1024;
/// A full file table is the usual cause of a failed accept: give it time to empty instead of spinning.
const AFTER_FAILED_ACCEPT: Duration = Duration::from_millis(50);

/// What answers requests.
pub(super) trait Answer: Send + Sync + 'static {
    /// One request, one reply.
    fn answer(&self, visit: &Visit) -> Reply;
}

/// Takes connections until the task is dropped.
pub(super) async fn serve(listener: TcpListener, server: impl Answer) {
    let server = Arc::new(server);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&server)))),
            Err(_) => tokio::time::sleep(AFTER_FAILED_ACCEPT).await,
        }
    }
}

async fn connection(stream: TcpStream, server: Arc<impl Answer>) {
    let service = service_fn(|request| respond(request, Arc::clone(&server)));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new());
    // A visitor who goes away mid-page is everyday, and there is nobody to tell.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, server: Arc<impl Answer>) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST_BODY).collect().await else {
        return Ok(Reply::plain(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large.").into_response());
    };
    let visit = Visit {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    Ok(server.answer(&visit).into_response())
}

/// A request, body and all.
pub(super) struct Visit {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Visit {
    /// A header as text; nothing if it is missing or not text.
    pub(super) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Every cookie sent, in the order sent.
    pub(super) fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
    }

    /// The value of the first cookie of this name.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// A value of the query, empty if it is not there.
    pub(super) fn asked(&self, name: &str) -> String {
        value(self.query.as_bytes(), name)
    }

    /// A value of a posted form, empty if it is not there.
    pub(super) fn posted(&self, name: &str) -> String {
        value(&self.body, name)
    }

    /// Was a form posted?
    pub(super) fn is_post(&self) -> bool {
        self.method == Method::POST
    }
}

fn value(form: &[u8], name: &str) -> String {
    let mut pairs = url::form_urlencoded::parse(form);
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}
