//! The bodies that leave: the site's own as it streams, a page being rewritten, or bytes of the gate's.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::html::{Abandoned, Finding, Rewriter};
use crate::inventory::Traffic;
use crate::upstream::{self, BoxError};

/// What happens to findings and to abandoned pages.
pub(super) type Report = Box<dyn Fn(Seen) + Send>;

/// What a body came upon on its way.
pub(super) enum Seen {
    Held(Vec<Finding>),
    Abandoned(Abandoned),
}

/// A response body on its way to the visitor.
pub struct Body(Kind);

enum Kind {
    Whole(Option<Bytes>),
    Site(upstream::Body),
    /// What was looked at before the head left, then the rest.
    Peeked(VecDeque<Bytes>, upstream::Body),
    Page(Box<PageBody>),
}

impl Body {
    pub(super) fn empty() -> Self {
        Self(Kind::Whole(None))
    }

    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(Some(bytes.into())))
    }

    pub(super) fn site(body: upstream::Body) -> Self {
        Self(Kind::Site(body))
    }

    pub(super) fn peeked(first: VecDeque<Bytes>, rest: upstream::Body) -> Self {
        Self(Kind::Peeked(first, rest))
    }

    pub(super) fn rewritten(first: VecDeque<Bytes>, rest: upstream::Body, rewriter: Rewriter, report: Report) -> Self {
        let page = PageBody { first, rest, rewriter: Some(rewriter), report, changes: true, meter: Meter::default() };
        Self(Kind::Page(Box::new(page)))
    }

    pub(super) fn observed(first: VecDeque<Bytes>, rest: upstream::Body, rewriter: Rewriter, report: Report) -> Self {
        let page = PageBody { first, rest, rewriter: Some(rewriter), report, changes: false, meter: Meter::default() };
        Self(Kind::Page(Box::new(page)))
    }

    /// What the rewriting costs is counted here, once the page has ended or been abandoned.
    pub(super) fn measured(mut self, traffic: &Arc<Traffic>) -> Self {
        if let Kind::Page(page) = &mut self.0 {
            page.meter.traffic = Some(Arc::clone(traffic));
        }
        self
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.get_mut().0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Site(body) => Pin::new(body).poll_frame(cx),
            Kind::Peeked(first, rest) => match first.pop_front() {
                Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
                None => Pin::new(rest).poll_frame(cx),
            },
            Kind::Page(page) => page.poll(cx).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Kind::Site(body) => body.is_end_stream(),
            Kind::Peeked(first, rest) => first.is_empty() && rest.is_end_stream(),
            Kind::Page(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Site(body) => body.size_hint(),
            Kind::Peeked(first, rest) => {
                let more = first.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
                rest.size_hint().exact().map_or_else(SizeHint::new, |rest| SizeHint::with_exact(rest + more))
            }
            Kind::Page(_) => SizeHint::new(),
        }
    }
}

/// A page on its way through its rewriter; when it only observes, the site's own bytes go on.
struct PageBody {
    first: VecDeque<Bytes>,
    rest: upstream::Body,
    /// `None` when the page has ended or could not be judged further.
    rewriter: Option<Rewriter>,
    report: Report,
    changes: bool,
    meter: Meter,
}

/// What the rewriting of one page takes.
#[derive(Default)]
struct Meter {
    traffic: Option<Arc<Traffic>>,
    took: Duration,
    read: u64,
    written: u64,
}

impl Meter {
    fn add(&mut self, began: Instant, read: usize, written: usize) {
        self.took += began.elapsed();
        self.read += read as u64;
        self.written += written as u64;
    }

    fn close(&mut self) {
        if let Some(traffic) = self.traffic.take() {
            traffic.rewrote((self.read, self.written), self.took);
        }
    }
}

impl PageBody {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        loop {
            let Some(chunk) = ready!(self.poll_site(cx)) else { return Poll::Ready(self.end()) };
            let chunk = chunk?;
            match self.pass(chunk)? {
                out if out.is_empty() => {}
                out => return Poll::Ready(Some(Ok(out))),
            }
        }
    }

    fn poll_site(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BoxError>>> {
        if let Some(chunk) = self.first.pop_front() {
            return Poll::Ready(Some(Ok(chunk)));
        }
        let frame = ready!(Pin::new(&mut self.rest).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }

    /// A page that cannot be judged to its end is cut there: the connection breaks, and nobody takes it for whole.
    fn pass(&mut self, chunk: Bytes) -> Result<Bytes, BoxError> {
        let Some(rewriter) = &mut self.rewriter else {
            return if self.changes { Err(Abandoned::Handler.into()) } else { Ok(chunk) };
        };
        let began = Instant::now();
        let pushed = rewriter.push(chunk.clone());
        self.meter.add(began, chunk.len(), pushed.as_ref().map_or(0, Bytes::len));
        match pushed {
            Ok(out) => {
                let findings = rewriter.findings();
                self.report(findings);
                Ok(if self.changes { out } else { chunk })
            }
            Err(abandoned) => self.abandon(abandoned).map(|()| chunk),
        }
    }

    fn end(&mut self) -> Option<Result<Bytes, BoxError>> {
        let rewriter = self.rewriter.take()?;
        let began = Instant::now();
        let finished = rewriter.finish();
        self.meter.add(began, 0, finished.as_ref().map_or(0, |(out, _)| out.len()));
        self.meter.close();
        match finished {
            Ok((out, findings)) => {
                self.report(findings);
                (self.changes && !out.is_empty()).then_some(Ok(out))
            }
            Err(abandoned) => self.abandon(abandoned).err().map(Err),
        }
    }

    fn report(&self, findings: Vec<Finding>) {
        if !findings.is_empty() {
            (self.report)(Seen::Held(findings));
        }
    }

    fn abandon(&mut self, abandoned: Abandoned) -> Result<(), BoxError> {
        self.rewriter = None;
        self.meter.close();
        (self.report)(Seen::Abandoned(abandoned));
        if self.changes { Err(abandoned.into()) } else { Ok(()) }
    }
}
