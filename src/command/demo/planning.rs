//! Planning applications, from the system that still speaks windows-1252: its pages and its search words alike.

use std::fmt::Write as _;

use encoding_rs::WINDOWS_1252;
use http::StatusCode;

use super::council::Council;
use super::listen::Visit;
use super::pages::{Page, escape, percent_decode};
use super::reply::Reply;

/// Reference, address, proposal, status.
const APPLICATIONS: [[&str; 4]; 7] = [
    ["13/0412", "2 Market Place", "Change of use from shop to café; hanging sign reading “Crumb & Co”", "Granted"],
    ["13/0415", "Weir Bridge", "Repairs to listed parapet (estimated cost £410,000)", "Granted"],
    ["13/0421", "The Old Bakehouse, Mill Bank", "Two-storey side extension – amended plans", "Pending"],
    ["13/0428", "14 Station Approach", "Loft conversion with ‘Juliet’ balcony", "Refused"],
    ["13/0433", "Long Meadow Lane", "Flood relief bund; contribution of £250,000 by the developer", "Pending"],
    ["13/0440", "Corn Exchange Yard", "Replacement of the town clock’s hands", "Granted"],
    ["13/0446", "7 Market Place", "Cash machine in shop front… and removal of the old one", "Pending"],
];

/// The form and what was found; everything while nothing was asked.
pub(super) fn page(council: &Council, visit: &Visit) -> Reply {
    let keywords = keywords(&visit.query);
    let found: Vec<_> = APPLICATIONS.iter().filter(|application| fits(application, &keywords)).collect();
    let count = match found.len() {
        1 => "1 application found".to_owned(),
        many => format!("{many} applications found"),
    };
    let content = council.pages.fill(
        include_str!("site/planning.html"),
        &[("keywords", &escape(&keywords)), ("count", &count), ("rows", &rows(&found))],
    );
    let page = Page { charset: "windows-1252", ..Page::new("Search planning applications", &content) };
    // What windows-1252 lacks (a snowman among the keywords) becomes a character reference, as browsers do.
    let page = council.pages.page(page);
    let (bytes, _, _) = WINDOWS_1252.encode(&page);
    Reply::new(StatusCode::OK, "text/html; charset=windows-1252", bytes.into_owned())
}

fn rows(found: &[&[&str; 4]]) -> String {
    found.iter().fold(String::new(), |mut rows, [reference, address, proposal, status]| {
        let proposal = escape(proposal);
        let _ = writeln!(rows, "<TR><TD NOWRAP>{reference}<TD>{address}<TD>{proposal}<TD>{status}");
        rows
    })
}

fn fits(application: &[&str; 4], keywords: &str) -> bool {
    let text = application.join(" ").to_lowercase();
    keywords.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

/// A form on a windows-1252 page is sent in windows-1252, which no decoder of UTF-8 forms can read.
fn keywords(query: &str) -> String {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("keywords=")).unwrap_or_default();
    WINDOWS_1252.decode(&percent_decode(value)).0.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_arrive_in_windows_1252() {
        assert_eq!(keywords("x=1&keywords=caf%E9+%93two%94%A3"), "café “two”£");
        assert_eq!(keywords("keywords=100%&y"), "100%");
        assert_eq!(keywords(""), "");
    }

    #[test]
    fn an_application_fits_when_it_has_every_keyword() {
        assert!(fits(&APPLICATIONS[0], "CAFÉ market"));
        assert!(!fits(&APPLICATIONS[1], "café"));
    }
}
