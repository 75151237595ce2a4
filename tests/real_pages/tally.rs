//! What came of the pages: the faults, which must not be, and the figures.

use std::collections::BTreeMap;
use std::fmt;

use crate::dom::{self, Dom, Reference};
use crate::judge::Judge;
use crate::undo::{Undone, undo};
use crate::{Answer, SavedPage, Scene};

/// One page and both its answers.
pub(crate) struct Page<'s> {
    pub(crate) scene: &'s Scene,
    pub(crate) at: usize,
    pub(crate) saved: &'s SavedPage,
    pub(crate) undecided: Result<Answer, String>,
    pub(crate) accepted: Result<Answer, String>,
}

/// A figure before holding and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Figure {
    pub(crate) before: usize,
    pub(crate) after: usize,
}

type Hosts = BTreeMap<String, usize>;

/// All pages together.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pages: usize,
    bytes: usize,
    framesets: usize,
    /// Pages whose end, and so the footer, a browser takes for text.
    swallowed: usize,
    edits: usize,
    controls: usize,
    references: Figure,
    easyprivacy: Figure,
    easyprivacy_pages: Figure,
    easylist: Figure,
    scripts: Figure,
    tracking_scripts: Figure,
    /// `EasyPrivacy` blocks it, and it is still there.
    left: Hosts,
    left_scripts: Hosts,
    /// `EasyList` blocks it, `EasyPrivacy` does not, and it is still there.
    left_ads: Hosts,
    /// Neither list blocks it, and it is held.
    held_beyond: Hosts,
    faults: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, page: &Page<'_>) {
        self.pages += 1;
        self.bytes += page.saved.html.len();
        let before = dom::read(&page.saved.html, &page.saved.url);
        let frameset = before.shape.iter().any(|tag| tag.starts_with("<frameset"));
        self.framesets += usize::from(frameset);
        let notices = usize::from(!frameset);
        match &page.undecided {
            Err(fault) => self.fault(page, &format!("undecided: {fault}")),
            Ok(answer) => {
                let undone = self.whole(page, answer, "undecided");
                let found = (undone.banners, undone.footers);
                self.expect(page, found == (notices, notices), &format!("one banner and one footer: {found:?}"));
                self.edits += undone.held;
                let after = dom::read(&answer.html, &page.saved.url);
                self.same_page(page, &before, &after, notices);
                self.figures(page, &before, &after);
            }
        }
        match &page.accepted {
            Err(fault) => self.fault(page, &format!("accepted: {fault}")),
            Ok(answer) => {
                let undone = self.whole(page, answer, "accepted");
                let banners = if page.at.is_multiple_of(2) { 0 } else { notices };
                let added = (undone.banners, undone.footers, undone.held);
                self.expect(
                    page,
                    added == (banners, notices, 0),
                    &format!("accepted: nothing but the notice is added: {added:?}"),
                );
            }
        }
    }

    /// Nothing but the gate's own edits, and no fence.
    fn whole(&mut self, page: &Page<'_>, answer: &Answer, who: &str) -> Undone {
        let fenced = answer.headers.contains_key(http::header::CONTENT_SECURITY_POLICY);
        self.expect(page, answer.status == http::StatusCode::OK && !fenced, &format!("{who}: the page was rewritten"));
        let undone = undo(&answer.html);
        self.expect(page, undone.html == page.saved.html, &format!("{who}: undone, the page is the site's"));
        undone
    }

    /// A browser's reader finds the same page, apart from what the gate adds.
    fn same_page(&mut self, page: &Page<'_>, before: &Dom, after: &Dom, notices: usize) {
        self.controls += before.controls.len();
        self.expect(page, before.controls == after.controls, "the forms are intact");
        let swallowed = usize::from(before.ends_as_text());
        self.swallowed += swallowed;
        self.expect(page, after.notices + swallowed == 2 * notices, "a browser finds the notice and the footer");
        if let Some(at) =
            (0..before.shape.len().max(after.shape.len())).find(|at| before.shape.get(*at) != after.shape.get(*at))
        {
            let short = |dom: &Dom| dom.shape.get(at).map(|node| node.chars().take(60).collect::<String>());
            self.fault(page, &format!("a browser finds another page: {:?} was {:?}", short(after), short(before)));
        }
    }

    fn figures(&mut self, page: &Page<'_>, before: &Dom, after: &Dom) {
        let blocked = |judge: &Judge, dom: &Dom| -> Vec<Reference> {
            let all = dom.references.iter();
            all.filter(|found| judge.blocks(&found.address, &page.saved.url, found.kind)).cloned().collect()
        };
        let (private, ads) = (&page.scene.easyprivacy, &page.scene.easylist);
        let (was, left) = (blocked(private, before), blocked(private, after));
        self.references.add(before.references.len(), after.references.len());
        self.easyprivacy.add(was.len(), left.len());
        self.easyprivacy_pages.add(usize::from(!was.is_empty()), usize::from(!left.is_empty()));
        let left_ads = blocked(ads, after);
        self.easylist.add(blocked(ads, before).len(), left_ads.len());
        let only_ads = left_ads.iter().filter(|found| !left.contains(found));
        only_ads.for_each(|found| count(&mut self.left_ads, named(found, page)));
        for found in &left {
            count(&mut self.left, named(found, page));
        }
        let mut remaining = after.references.clone();
        for found in &before.references {
            if let Some(at) = remaining.iter().position(|kept| kept == found) {
                remaining.swap_remove(at);
            } else if !private.blocks(&found.address, &page.saved.url, found.kind)
                && !ads.blocks(&found.address, &page.saved.url, found.kind)
            {
                count(&mut self.held_beyond, format!("{} {}", found.kind, named(found, page)));
            }
        }
        self.scripts.add(before.scripts.len(), after.scripts.len());
        let tracking = |script: &String| {
            let blocked = dom::addresses_in(script)
                .into_iter()
                .find(|address| private.blocks(address, &page.saved.url, "script"))?;
            Some(blocked.host_str().unwrap_or_default().to_owned())
        };
        let left: Vec<_> = after.scripts.iter().filter_map(tracking).collect();
        self.tracking_scripts.add(before.scripts.iter().filter_map(tracking).count(), left.len());
        for host in left {
            count(&mut self.left_scripts, host);
        }
    }

    fn expect(&mut self, page: &Page<'_>, holds: bool, what: &str) {
        if !holds {
            self.fault(page, &format!("not so: {what}"));
        }
    }

    fn fault(&mut self, page: &Page<'_>, what: &str) {
        self.faults.push(format!("{}: {what}", page.saved.name));
    }

    pub(crate) fn with(mut self, other: Self) -> Self {
        self.pages += other.pages;
        self.bytes += other.bytes;
        self.framesets += other.framesets;
        self.swallowed += other.swallowed;
        self.edits += other.edits;
        self.controls += other.controls;
        for (mine, theirs) in [
            (&mut self.references, other.references),
            (&mut self.easyprivacy, other.easyprivacy),
            (&mut self.easyprivacy_pages, other.easyprivacy_pages),
            (&mut self.easylist, other.easylist),
            (&mut self.scripts, other.scripts),
            (&mut self.tracking_scripts, other.tracking_scripts),
        ] {
            mine.add(theirs.before, theirs.after);
        }
        for (mine, theirs) in [
            (&mut self.left, other.left),
            (&mut self.left_scripts, other.left_scripts),
            (&mut self.left_ads, other.left_ads),
            (&mut self.held_beyond, other.held_beyond),
        ] {
            for (host, times) in theirs {
                *mine.entry(host).or_default() += times;
            }
        }
        self.faults.extend(other.faults);
        self
    }

    pub(crate) fn check(&self) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        // Judges that have nothing to say would make everything below true.
        assert!(self.pages >= 950 && self.easyprivacy.before >= 1_300 && self.tracking_scripts.before >= 950);
        // What is left, and why, is in docs/real-pages.md.
        assert!(self.easyprivacy.is_at_most_after(3), "references: {:?}", self.easyprivacy);
        assert!(self.tracking_scripts.is_at_most_after(4), "inline scripts: {:?}", self.tracking_scripts);
        assert!(self.easylist.is_at_most_after(8), "EasyList's references: {:?}", self.easylist);
        self.check_held();
    }

    /// The same with the judges' lists in the configuration.
    pub(crate) fn check_with_lists(&self) {
        assert!(self.faults.is_empty(), "{} faults:\n{}", self.faults.len(), self.faults.join("\n"));
        assert!(self.pages >= 950 && self.easyprivacy.before >= 1_300 && self.tracking_scripts.before >= 950);
        assert_eq!(
            (self.easyprivacy.after, self.easylist.after),
            (0, 0),
            "references: {:?} {:?}",
            self.left,
            self.left_ads
        );
        assert!(self.tracking_scripts.is_at_most_after(1), "inline scripts: {:?}", self.left_scripts);
        self.check_held();
    }

    /// Holding everything would pass all the others.
    fn check_held(&self) {
        let lost = self.references.before - self.references.after;
        assert!(lost * 100 <= self.references.before * 4, "{lost} references are held");
    }
}

impl Figure {
    fn add(&mut self, before: usize, after: usize) {
        self.before += before;
        self.after += after;
    }

    fn is_at_most_after(self, percent: usize) -> bool {
        self.after * 100 <= self.before * percent
    }
}

fn count(hosts: &mut Hosts, host: String) {
    *hosts.entry(host).or_default() += 1;
}

/// The host; of the site's own, the end of the path as well, because the host says nothing there.
fn named(found: &Reference, page: &Page<'_>) -> String {
    let host = found.address.host_str().unwrap_or_default();
    if page.saved.url.host_str() == Some(host) {
        format!("(own) {}", found.address.path().rsplit('/').next().unwrap_or_default())
    } else {
        host.to_owned()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let megabytes = self.bytes / 1_000_000;
        writeln!(
            f,
            "pages {} ({megabytes} MB, {} framesets, {} with an end that is swallowed), faults {}",
            self.pages,
            self.framesets,
            self.swallowed,
            self.faults.len()
        )?;
        writeln!(f, "form controls compared {}; tags held {}", self.controls, self.edits)?;
        for (name, figure) in [
            ("references", self.references),
            ("EasyPrivacy would block", self.easyprivacy),
            ("pages with any of these", self.easyprivacy_pages),
            ("EasyList would block", self.easylist),
            ("inline scripts that run", self.scripts),
            ("… naming what EasyPrivacy blocks", self.tracking_scripts),
        ] {
            writeln!(f, "{name:>34}: {:>7} before {:>7} after", figure.before, figure.after)?;
        }
        let most = if std::env::var_os("CONSENTGATE_PAGES_ALL").is_some() { usize::MAX } else { 40 };
        for (name, hosts) in [
            ("left of what EasyPrivacy would block", &self.left),
            ("left inline scripts naming what EasyPrivacy would block", &self.left_scripts),
            ("left of what only EasyList would block", &self.left_ads),
            ("held, though neither list would block it", &self.held_beyond),
        ] {
            let mut hosts: Vec<_> = hosts.iter().collect();
            hosts.sort_by_key(|(host, times)| (std::cmp::Reverse(**times), *host));
            writeln!(f, "\n{name}: {} hosts", hosts.len())?;
            for (host, times) in hosts.into_iter().take(most) {
                writeln!(f, "{times:>7} {host}")?;
            }
        }
        Ok(())
    }
}
