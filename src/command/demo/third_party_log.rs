//! What the stand-ins were asked for: the latest few hundred requests, short, and only in memory.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::listen::Visit;
use super::pages::{escape, percent_decode};

/// With [`LONGEST_TEXT`] this keeps the whole log below half a megabyte.
const MOST_ENTRIES: usize = 300;
/// In characters; addresses of reports can be as long as a request line.
const LONGEST_TEXT: usize = 300;

/// One request to a stand-in.
pub(super) struct Entry {
    at: Instant,
    method: String,
    company: String,
    address: String,
    cookies: Vec<String>,
}

impl Entry {
    pub(super) fn of(company: &str, visit: &Visit) -> Self {
        let address =
            if visit.query.is_empty() { visit.path.clone() } else { format!("{}?{}", visit.path, visit.query) };
        Self {
            at: Instant::now(),
            method: visit.method.to_string(),
            company: short(company),
            address: short(&address),
            cookies: visit.cookies().map(|(name, _)| short(name)).take(20).collect(),
        }
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "seconds_ago": self.at.elapsed().as_secs(),
            "method": self.method,
            "host": self.company,
            "path": self.address,
            "cookies": self.cookies,
        })
    }

    fn row(&self) -> String {
        format!(
            "<tr><td>{} s ago<td>{}<td>{} {}<td>{}\n",
            self.at.elapsed().as_secs(),
            escape(&self.company),
            escape(&self.method),
            escape(&String::from_utf8_lossy(&percent_decode(&self.address))),
            escape(&self.cookies.join(", ")),
        )
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

/// The log, newest last.
#[derive(Default)]
pub(super) struct Log(Mutex<VecDeque<Entry>>);

impl Log {
    pub(super) fn add(&self, entry: Entry) {
        let mut entries = self.entries();
        if entries.len() == MOST_ENTRIES {
            entries.pop_front();
        }
        entries.push_back(entry);
    }

    pub(super) fn clear(&self) {
        self.entries().clear();
    }

    /// Newest first.
    pub(super) fn json(&self) -> serde_json::Value {
        self.entries().iter().rev().map(Entry::json).collect()
    }

    /// Newest first, as the part of the page that changes.
    pub(super) fn html(&self) -> String {
        let entries = self.entries();
        if entries.is_empty() {
            return "<p id=\"quiet\">Nothing. No third party has been asked for anything.</p>".to_owned();
        }
        let rows: String = entries.iter().rev().map(Entry::row).collect();
        format!(
            "<p><b>{}</b> requests to <b>{}</b> companies' servers.</p><ul id=\"hosts\">{}</ul>\n<div class=\"scroll\"><table>\
             <tr><th>When<th>Server<th>Asked for<th>With its cookies\n{rows}</table></div>",
            entries.len(),
            hosts(&entries).len(),
            chips(&entries),
        )
    }

    /// A panic while the lock was held left whole entries behind: adding is one step.
    fn entries(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each server and how often it was asked, most often first.
fn hosts(entries: &VecDeque<Entry>) -> Vec<(&str, usize)> {
    let mut hosts: Vec<(&str, usize)> = Vec::new();
    for entry in entries {
        match hosts.iter_mut().find(|(host, _)| *host == entry.company) {
            Some((_, times)) => *times += 1,
            None => hosts.push((&entry.company, 1)),
        }
    }
    hosts.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    hosts
}

fn chips(entries: &VecDeque<Entry>) -> String {
    hosts(entries).iter().fold(String::new(), |mut chips, (host, times)| {
        let _ = write!(chips, "<li>{} × {times}</li>", escape(host));
        chips
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderMap, Method, header};

    use super::*;

    fn visit(path: &str) -> Visit {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "fr=secret; datr=1".parse().unwrap());
        Visit { method: Method::GET, path: path.to_owned(), query: String::new(), headers, body: Bytes::new() }
    }

    #[test]
    fn the_log_stays_small_and_shows_the_newest_first_without_values() {
        let log = Log::default();
        for number in 0..MOST_ENTRIES + 5 {
            log.add(Entry::of("www.facebook.com", &visit(&format!("/tr/{number}{}", "x".repeat(1000)))));
        }
        let json = log.json();
        let entries = json.as_array().unwrap();
        assert_eq!(entries.len(), MOST_ENTRIES);
        assert!(entries[0]["path"].as_str().unwrap().starts_with("/tr/304"));
        assert_eq!(entries[0]["path"].as_str().unwrap().len(), LONGEST_TEXT);
        assert_eq!(entries[0]["cookies"], serde_json::json!(["fr", "datr"]));
        assert!(!log.html().contains("secret"));
    }

    #[test]
    fn what_was_asked_for_is_shown_as_text() {
        let log = Log::default();
        log.add(Entry::of("<script>", &visit("/")));
        assert!(log.html().contains("&lt;script&gt;"));
        log.clear();
        assert!(log.html().contains("No third party"));
    }
}
