//! The site's response body as it streams: bounded in silence, and counted as under way until it ends.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};

use super::BoxError;

/// A response body. Trailers are dropped, as RFC 9110 section 6.5.1 allows: a `Set-Cookie` in them would come past
/// the gate unseen (promise 1).
pub struct Body {
    inner: Incoming,
    /// `None` where silence is normal: an event stream.
    silence: Option<Silence>,
    permit: Option<Permit>,
}

/// One request under way; shared with the tunnel that an upgrade becomes.
pub(super) type Permit = Arc<OwnedSemaphorePermit>;

impl Body {
    pub(super) fn new(inner: Incoming, longest: Option<Duration>, permit: Permit) -> Self {
        let permit = (!inner.is_end_stream()).then_some(permit);
        Self { inner, silence: longest.map(Silence::new), permit }
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        loop {
            match Pin::new(&mut this.inner).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {}
                Poll::Ready(Some(Ok(frame))) => {
                    this.moved();
                    return Poll::Ready(Some(Ok(frame)));
                }
                Poll::Ready(end) => {
                    this.permit = None;
                    return Poll::Ready(end.map(|last| last.map_err(Into::into)));
                }
                Poll::Pending => return this.silent(cx),
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

impl Body {
    fn moved(&mut self) {
        if self.inner.is_end_stream() {
            self.permit = None;
        }
        if let Some(silence) = &mut self.silence {
            silence.armed = false;
        }
    }

    fn silent(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let over = self.silence.as_mut().is_some_and(|silence| silence.poll(cx).is_ready());
        if !over {
            return Poll::Pending;
        }
        self.permit = None;
        let fault = io::Error::new(io::ErrorKind::TimedOut, "the site fell silent inside its response");
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("upstream::Body")
    }
}

/// A timer that runs only while the body is waited for: a visitor who reads slowly is not the site's silence.
struct Silence {
    longest: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl Silence {
    fn new(longest: Duration) -> Self {
        Self { longest, timer: None, armed: false }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let longest = self.longest;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(longest)));
        if !self.armed {
            timer.as_mut().reset(Instant::now() + longest);
            self.armed = true;
        }
        timer.as_mut().poll(cx)
    }
}
