//! The visitor's request body on its way to the site: what it tells the one who waits for the response.
//!
//! A large upload may take longer than the site may take to answer. The wait for the response therefore counts from
//! the last piece of body that was taken, and an error of the visitor's side is kept apart from one of the site's.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

use super::BoxError;

/// What is known about the request body so far.
#[derive(Debug)]
struct State {
    moved: Instant,
    fault: Option<BoxError>,
}

/// Read by the one who waits for the response.
#[derive(Clone, Debug)]
pub(super) struct Progress(Arc<Mutex<State>>);

impl Progress {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State { moved: Instant::now(), fault: None })))
    }

    /// When the last piece was taken.
    pub(super) fn moved(&self) -> Instant {
        self.with(|state| state.moved)
    }

    /// The visitor's error, once.
    pub(super) fn take_fault(&self) -> Option<BoxError> {
        self.with(|state| state.fault.take())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The request body, watched.
#[derive(Debug)]
pub(super) struct Watched<B> {
    inner: Pin<Box<B>>,
    progress: Progress,
}

impl<B> Watched<B> {
    pub(super) fn new(inner: B, progress: Progress) -> Self {
        Self { inner: Box::pin(inner), progress }
    }
}

impl<B> Body for Watched<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.inner.as_mut().poll_frame(cx));
        Poll::Ready(match frame {
            Some(Err(error)) => {
                self.progress.with(|state| state.fault = Some(error.into()));
                Some(Err("the visitor's request body failed".into()))
            }
            Some(Ok(frame)) => {
                self.progress.with(|state| state.moved = Instant::now());
                Some(Ok(frame))
            }
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
