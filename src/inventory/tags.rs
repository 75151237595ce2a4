//! The hosts of others that the site's pages have tags of: what each is for, and whose it is.
//!
//! Only what a page of the site's own said counts here. A browser's report on a policy can be anybody's invention, and what
//! is here every visitor reads.

use std::sync::Arc;

use super::table::Table;
use crate::consent::{Purpose, PurposeSet};

/// More hosts than a page can name usefully.
const MOST_HOSTS: usize = 256;
/// No host is longer.
const LONGEST_HOST: usize = 253;

/// The hosts, bounded; shared by all workers.
pub struct Tags(Table<str, Use>);

/// What the tags of one host are for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Use {
    purposes: PurposeSet,
    /// Some are asked for whatever the visitor chooses.
    free: bool,
    company: Option<&'static str>,
}

impl Default for Tags {
    fn default() -> Self {
        Self(Table::new(MOST_HOSTS))
    }
}

impl Tags {
    /// Notes a tag of this host, held for a purpose or for none, and whose it is where that is known. No lock and no
    /// allocation where that is known already.
    pub fn saw(&self, host: &str, held: Option<Option<Purpose>>, company: Option<&'static str>) {
        let with = |known: Option<&Use>| {
            let Use { purposes, free, company: before } =
                known.copied().unwrap_or(Use { purposes: PurposeSet::ESSENTIAL, free: false, company: None });
            Use {
                purposes: held.flatten().map_or(purposes, |purpose| purposes.with(purpose)),
                free: free || held.is_none(),
                company: before.or(company),
            }
        };
        let knows = |known: &Use| with(Some(known)) == *known;
        let fits = (1..=LONGEST_HOST).contains(&host.len());
        if fits && !self.0.read(host, knows).unwrap_or_else(|| self.0.is_full()) {
            self.0.change(host, |known| Some(with(known)));
        }
    }

    /// The hosts whose tags serve this purpose, sorted.
    pub fn of(&self, purpose: Purpose) -> Vec<Arc<str>> {
        let all = self.0.all().into_iter().filter(|(_, known)| known.purposes.contains(purpose));
        let mut hosts: Vec<_> = all.map(|(host, _)| host).collect();
        hosts.sort_unstable();
        hosts
    }

    /// The hosts that are asked whatever the visitor chooses, each with its company where that is known, sorted.
    pub fn free(&self) -> Vec<(Arc<str>, Option<&'static str>)> {
        let all = self.0.all().into_iter().filter(|(_, known)| known.free);
        let mut hosts: Vec<_> = all.map(|(host, known)| (host, known.company)).collect();
        hosts.sort_unstable();
        hosts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(hosts: &[Arc<str>]) -> Vec<&str> {
        hosts.iter().map(|host| &**host).collect()
    }

    #[test]
    fn the_hosts_of_a_purpose_are_those_that_serve_it() {
        let tags = Tags::default();
        tags.saw("ads.example", Some(Some(Purpose::MARKETING)), Some("Ads"));
        tags.saw("pay.example", None, None);
        tags.saw("unknown.example", Some(None), None);
        assert_eq!(names(&tags.of(Purpose::MARKETING)), ["ads.example"]);
        assert!(tags.of(Purpose::ANALYTICS).is_empty());
        assert_eq!(tags.free(), [("pay.example".into(), None)]);
    }

    #[test]
    fn a_host_can_serve_more_than_one_thing_and_learns_its_name() {
        let tags = Tags::default();
        tags.saw("both.example", None, None);
        tags.saw("both.example", Some(Some(Purpose::ANALYTICS)), Some("Both"));
        assert_eq!(names(&tags.of(Purpose::ANALYTICS)), ["both.example"]);
        assert_eq!(tags.free(), [("both.example".into(), Some("Both"))]);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let tags = Tags::default();
        tags.saw("", None, None);
        tags.saw(&"x".repeat(LONGEST_HOST + 1), None, None);
        assert!(tags.free().is_empty());
        for n in 0..MOST_HOSTS + 9 {
            tags.saw(&format!("h{n}.example"), None, None);
        }
        assert_eq!(tags.free().len(), MOST_HOSTS);
    }
}
