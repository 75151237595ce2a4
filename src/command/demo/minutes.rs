//! The council's minutes, sent as slowly as the old database finds them: a page that streams.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::pages::escape;
use super::reply::Gzip;

const BETWEEN_ITEMS: Duration = Duration::from_millis(150);
const PLACE: &str = "{{items}}";

/// Sends the page with the items one by one in their place; stops when the visitor has gone.
pub(super) async fn send(page: String, sender: mpsc::Sender<Bytes>) {
    let (before, after) = page.split_once(PLACE).unwrap_or((&page, ""));
    let mut gzip = Gzip::default();
    if sender.send(gzip.piece(before.as_bytes()).into()).await.is_err() {
        return;
    }
    for item in include_str!("site/minutes.txt").lines() {
        tokio::time::sleep(BETWEEN_ITEMS).await;
        let item = format!("<li>{}\n", escape(item));
        if sender.send(gzip.piece(item.as_bytes()).into()).await.is_err() {
            return;
        }
    }
    let mut end = gzip.piece(after.as_bytes());
    end.extend(gzip.end());
    // Nobody is left to tell if this fails: the visitor has gone.
    let _ = sender.send(end.into()).await;
}
