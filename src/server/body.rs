//! The visitor's request body as it streams: bounded in size and in silence.

use std::fmt;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use super::socket::Linger;
use super::{BoxError, Limits};

/// A request body. An error is an [`io::Error`]: `FileTooLarge` past the limit, `TimedOut` after too long a silence,
/// anything else broken off or malformed. Trailers are dropped (RFC 9110 section 6.5.1): nobody asked for them.
pub struct RequestBody {
    inner: Incoming,
    left: u64,
    longest: Duration,
    /// Runs only while the client is waited for: a site that reads slowly is not the client's silence.
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
    fault: BodyFault,
    linger: Linger,
}

/// What went wrong with the body, for the one who answers; `None` for a request without one.
pub(super) type BodyFault = Option<Arc<OnceLock<StatusCode>>>;

impl RequestBody {
    pub(super) fn new(inner: Incoming, limits: &Limits, linger: Linger) -> (Self, BodyFault) {
        let fault: BodyFault = (!inner.is_end_stream()).then(Arc::default);
        let (left, longest) = (limits.body_bytes, limits.idle);
        (Self { inner, left, longest, timer: None, armed: false, fault: fault.clone(), linger }, fault)
    }

    fn fail(&self, kind: ErrorKind, cause: impl Into<BoxError>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Some(fault) = &self.fault {
            let _ = fault.set(match kind {
                ErrorKind::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                ErrorKind::TimedOut => StatusCode::REQUEST_TIMEOUT,
                _ => StatusCode::BAD_REQUEST,
            });
        }
        Poll::Ready(Some(Err(io::Error::new(kind, cause).into())))
    }

    fn take(&mut self, frame: Frame<Bytes>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.armed = false;
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Poll::Ready(Some(Ok(frame)))
            }
            None => self.fail(ErrorKind::FileTooLarge, "the request body is larger than allowed"),
        }
    }

    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !self.armed {
            timer.as_mut().reset(Instant::now() + longest);
            self.armed = true;
        }
        match timer.as_mut().poll(cx) {
            Poll::Ready(()) => self.fail(ErrorKind::TimedOut, "the request body stopped coming"),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {}
                Poll::Ready(Some(Ok(frame))) => return this.take(frame),
                Poll::Ready(Some(Err(error))) => return this.fail(ErrorKind::InvalidData, error),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return this.wait(cx),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Answered before it was read: the client may still be sending, and should see the answer all the same.
impl Drop for RequestBody {
    fn drop(&mut self) {
        if !self.inner.is_end_stream() {
            self.linger.store(true, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequestBody")
    }
}
