//! An accepted upgrade (a WebSocket, mostly): bytes both ways, nobody looks at them.
//!
//! Not one byte of the visitor's reaches the site before the site has said 101: the visitor's side of the tunnel
//! exists only once the 101 has been written to it (promise 11, CVE-2026-2833).

use std::time::Duration;

use http::{Response, StatusCode};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, ReadHalf, WriteHalf, copy};
use tokio::time::timeout;

use super::Body;
use super::body::Permit;

/// One side has ended: the other may still say what is on its way, for this long.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Joins a visitor's connection (taken from the request with [`hyper::upgrade::on`] before it was sent) with the
/// site's, and returns at once; the bytes flow on a task of their own until one side ends.
///
/// Does nothing unless the response is a 101.
pub fn join(visitor: OnUpgrade, response: &mut Response<Body>) {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return;
    }
    let permit = response.extensions_mut().remove::<Permit>();
    let site = hyper::upgrade::on(response);
    tokio::spawn(async move {
        if let (Ok(visitor), Ok(site)) = tokio::join!(visitor, site) {
            carry(visitor, site).await;
        }
        drop(permit);
    });
}

async fn carry(visitor: Upgraded, site: Upgraded) {
    let (from_visitor, to_visitor) = tokio::io::split(TokioIo::new(visitor));
    let (from_site, to_site) = tokio::io::split(TokioIo::new(site));
    let there = one_way(from_visitor, to_site);
    let back = one_way(from_site, to_visitor);
    tokio::pin!(there, back);
    let rest = tokio::select! {
        () = &mut there => timeout(LAST_WORDS, back).await,
        () = &mut back => timeout(LAST_WORDS, there).await,
    };
    if rest.is_err() {
        tracing::debug!("a tunnel's second side did not end and was cut off");
    }
}

/// A read or write error ends this way like a close does: there is no one to tell.
async fn one_way(mut from: ReadHalf<TokioIo<Upgraded>>, mut to: WriteHalf<TokioIo<Upgraded>>) {
    let _ = copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}
