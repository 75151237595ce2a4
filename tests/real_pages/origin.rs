//! The site behind the gate: sends the saved page that a header asks for, coded and cut into pieces.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use crate::corpus::SavedPage;

/// Which page, by its place in the corpus.
pub(crate) const PAGE: &str = "x-saved-page";

/// How a body is compressed on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Brotli,
}

impl Coding {
    /// The pages take turns.
    pub(crate) fn of_page(at: usize) -> Self {
        [Self::Identity, Self::Gzip, Self::Brotli][at % 3]
    }

    pub(crate) fn read(name: Option<&[u8]>) -> Self {
        match name {
            None => Self::Identity,
            Some(b"gzip") => Self::Gzip,
            Some(b"br") => Self::Brotli,
            Some(other) => panic!("nobody sent {:?}", String::from_utf8_lossy(other)),
        }
    }

    fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    fn encode(self, plain: &[u8]) -> Vec<u8> {
        match self {
            Self::Identity => plain.to_vec(),
            Self::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(plain).expect("memory takes it");
                encoder.finish().expect("memory takes it")
            }
            Self::Brotli => {
                let mut coded = Vec::new();
                let mut encoder = brotli::CompressorWriter::new(&mut coded, 16 * 1024, 1, 18);
                encoder.write_all(plain).expect("memory takes it");
                drop(encoder);
                coded
            }
        }
    }

    /// The whole plain body; a body that was cut is an error.
    pub(crate) fn decode(self, coded: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        match self {
            Self::Identity => plain.extend_from_slice(coded),
            Self::Gzip => drop(flate2::read::MultiGzDecoder::new(coded).read_to_end(&mut plain)?),
            Self::Brotli => drop(brotli::Decompressor::new(coded, 16 * 1024).read_to_end(&mut plain)?),
        }
        Ok(plain)
    }
}

/// Starts on a free port; ends with the test's process.
pub(crate) fn start(pages: &Arc<Vec<SavedPage>>) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("a bound socket");
    let pages = Arc::clone(pages);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio::task::LocalSet::new().block_on(&runtime, serve(listener, pages));
    });
    address
}

async fn serve(listener: std::net::TcpListener, pages: Arc<Vec<SavedPage>>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("a runtime");
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let pages = Arc::clone(&pages);
        let service = service_fn(move |request| {
            let answer = answer(&pages, &request);
            async move { Ok::<_, Infallible>(answer) }
        });
        let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::task::spawn_local(connection);
    }
}

/// What the pages' own servers said of their charset was not saved: `text/html` and no more.
fn answer(pages: &[SavedPage], request: &Request<hyper::body::Incoming>) -> Response<Pieces> {
    let header = request.headers()[PAGE].to_str().expect("a number");
    let at: usize = header.parse().expect("a number");
    let coding = Coding::of_page(at);
    let mut response = Response::new(Pieces::of(&coding.encode(&pages[at].html), at));
    response.headers_mut().insert(CONTENT_TYPE, http::HeaderValue::from_static("text/html"));
    if let Some(name) = coding.name() {
        response.headers_mut().insert(CONTENT_ENCODING, http::HeaderValue::from_static(name));
    }
    response
}

/// A body in pieces whose sizes differ from page to page.
struct Pieces(VecDeque<Bytes>);

impl Pieces {
    fn of(body: &[u8], at: usize) -> Self {
        Self(body.chunks(1_361 + 97 * (at % 89)).map(Bytes::copy_from_slice).collect())
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}
