//! What the demo servers send: a status, header lines, and a body that is ready or still being made.

use std::convert::Infallible;
use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{Either, Full};
use tokio::sync::mpsc;

/// A body of the demo: ready, or made piece by piece.
pub(super) type Body = Either<Full<Bytes>, Pieces>;

/// A body made piece by piece; without a length it leaves chunked.
pub(super) struct Pieces(pub(super) mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|piece| piece.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A response being put together.
pub(super) struct Reply(Response<Body>);

impl Reply {
    pub(super) fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Either::Left(Full::new(body.into())));
        *response.status_mut() = status;
        Self(response).with(header::CONTENT_TYPE, media_type)
    }

    pub(super) fn html(page: impl Into<Bytes>) -> Self {
        Self::new(StatusCode::OK, "text/html; charset=utf-8", page)
    }

    pub(super) fn plain(status: StatusCode, text: &'static str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    /// An answer with no body, such as 204 or 304.
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut response = Response::new(Either::Left(Full::default()));
        *response.status_mut() = status;
        Self(response)
    }

    /// 302, as ASP.NET's `Response.Redirect` sends, little page included.
    pub(super) fn redirect(to: &str) -> Self {
        let page = format!(
            "<html><head><title>Object moved</title></head><body>\r\n<h2>Object moved to <a href=\"{to}\">here</a>.</h2>\r\n</body></html>\r\n"
        );
        let mut reply = Self::html(page).with(header::LOCATION, to);
        *reply.0.status_mut() = StatusCode::FOUND;
        reply
    }

    /// A gzip page whose pieces arrive from elsewhere.
    pub(super) fn pieces(media_type: &'static str, pieces: Pieces) -> Self {
        Self(Response::new(Either::Right(pieces))).with(header::CONTENT_TYPE, media_type)
    }

    pub(super) fn status(mut self, status: StatusCode) -> Self {
        *self.0.status_mut() = status;
        self
    }

    /// Adds a header line; a value no header can carry is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers_mut().append(name, value);
        }
        self
    }

    pub(super) fn set_cookie(self, line: &str) -> Self {
        self.with(header::SET_COOKIE, line)
    }

    pub(super) fn into_response(self) -> Response<Body> {
        self.0
    }
}

/// The whole of a page, gzip.
pub(super) fn gzip(page: &[u8]) -> Vec<u8> {
    let mut gzip = Gzip::default();
    let mut coded = gzip.piece(page);
    coded.extend(gzip.end());
    coded
}

/// Gzip made piece by piece; each piece can be read as soon as it arrives.
pub(super) struct Gzip(GzEncoder<Vec<u8>>);

impl Default for Gzip {
    fn default() -> Self {
        Self(GzEncoder::new(Vec::new(), Compression::default()))
    }
}

impl Gzip {
    const TO_MEMORY: &'static str = "writing to memory cannot fail";

    pub(super) fn piece(&mut self, text: &[u8]) -> Vec<u8> {
        self.0.write_all(text).expect(Self::TO_MEMORY);
        self.0.flush().expect(Self::TO_MEMORY);
        std::mem::take(self.0.get_mut())
    }

    pub(super) fn end(self) -> Vec<u8> {
        self.0.finish().expect(Self::TO_MEMORY)
    }
}
