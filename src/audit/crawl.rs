//! One site, from its first page to its report: which pages, in which states, at which pace.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use url::Url;

use super::collect::{registrable, without_query};
use super::declared::{compare, named};
use super::pages::{is_page, worth};
use super::robots::Robots;
use super::sitemap::{DEEPEST, Sitemap};
use super::{Client, Collector, Control, Mode, NoticeSeen, PageSeen, Phase, SiteReport, Visit, Visitor, judge};

/// What an address of a cookies page has in it.
const COOKIES_PAGES: [&str; 3] = ["cookie", "cwcis", "cwci"];

/// How a site is looked at.
#[derive(Clone, Debug)]
pub struct Plan {
    /// At most so many pages.
    pub pages: usize,
    /// At least so long between two pages; `Crawl-delay` makes it longer.
    pub delay: Duration,
    /// Pages that are looked at first.
    pub list: Vec<Url>,
    /// How the visitor looks.
    pub mode: Mode,
}

/// How far it is: the state, how many pages are done in it, and how many there are so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which state.
    pub phase: Phase,
    /// Pages opened in it.
    pub done: usize,
    /// Pages known.
    pub of: usize,
}

/// Looks at a site. Nothing that goes wrong ends it: what could not be looked at is in the report.
pub async fn audit<V: Visitor + Send>(
    site: &Url,
    plan: &Plan,
    (client, mut visitor): (&Client, V),
    progress: impl Fn(Progress) + Send + Sync,
) -> SiteReport {
    let mut crawl = Crawl::new(site, plan, client).await;
    crawl.discover(&mut visitor, &progress).await;
    crawl.choose(&mut visitor, &progress).await;
    crawl.finish().await
}

struct Crawl<'c> {
    plan: &'c Plan,
    client: &'c Client,
    site: Url,
    own: String,
    /// The host whose pages are looked at: that of the site's address, or where it leads to.
    host: Option<String>,
    robots: Robots,
    delay: Duration,
    queue: VecDeque<Url>,
    /// Pages of the sitemaps: they are opened when the links have run out.
    listed: VecDeque<Url>,
    known: BTreeSet<String>,
    pages: Vec<(Url, u16)>,
    phases: BTreeMap<String, Vec<Phase>>,
    collector: Collector,
    notice: Option<(Url, NoticeSeen)>,
    withdraw: bool,
    /// What refuses beyond the first layer, once it was pressed.
    refused_with: Option<Control>,
    screenshots: Vec<String>,
    cookies_page: Option<Url>,
    gaps: Vec<String>,
}

impl<'c> Crawl<'c> {
    async fn new(site: &Url, plan: &'c Plan, client: &'c Client) -> Self {
        let mut crawl = Self {
            plan,
            client,
            site: site.clone(),
            own: registrable(site.host()),
            host: site.host_str().map(str::to_owned),
            robots: Robots::default(),
            delay: plan.delay,
            queue: VecDeque::new(),
            listed: VecDeque::new(),
            known: BTreeSet::new(),
            pages: Vec::new(),
            phases: BTreeMap::new(),
            collector: Collector::new(site),
            notice: None,
            withdraw: false,
            refused_with: None,
            screenshots: Vec::new(),
            cookies_page: None,
            gaps: Vec::new(),
        };
        if crawl.read_robots(site).await {
            crawl.read_sitemaps(site).await;
            for page in std::iter::once(site).chain(&plan.list) {
                crawl.offer(page);
            }
        }
        crawl
    }

    /// False where the site may not be crawled at all (RFC 9309 section 2.3.1.4: the file is there and cannot be read).
    async fn read_robots(&mut self, from: &Url) -> bool {
        let Ok(url) = from.join("/robots.txt") else { return false };
        match self.client.file(&url).await {
            Ok(file) if file.status.is_success() => {
                self.robots = Robots::parse(&file.body);
                self.delay = self.robots.delay.unwrap_or_default().max(self.plan.delay);
            }
            Ok(file) if file.status.is_server_error() => {
                self.gaps.push(format!("{url}: answered with {}: nothing was crawled", file.status));
                return false;
            }
            Ok(_) => {}
            Err(fault) => {
                self.gaps.push(format!("{fault}: nothing was crawled"));
                return false;
            }
        }
        true
    }

    /// `https://example.gov.uk/` leads to `https://www.example.gov.uk/`: that is the site, with rules of its own. Where it leads
    /// to somebody else's, nothing more is looked at.
    async fn follow(&mut self, landed: &Url) {
        if landed.host_str() == self.host.as_deref() {
            return;
        }
        if registrable(landed.host()) != self.own {
            self.gaps.push(format!(
                "{}: leads to {}, which is another site: audit that",
                self.site,
                without_query(landed)
            ));
            return;
        }
        self.host = landed.host_str().map(str::to_owned);
        if self.read_robots(landed).await {
            self.read_sitemaps(landed).await;
        }
    }

    async fn read_sitemaps(&mut self, from: &Url) {
        let mut waiting: VecDeque<_> = self.robots.sitemaps.iter().cloned().map(|url| (url, 0)).collect();
        if waiting.is_empty() {
            waiting.extend(from.join("/sitemap.xml").ok().map(|url| (url, 0)));
        }
        while let Some((url, depth)) = waiting.pop_front() {
            let Ok(file) = self.client.file(&url).await else { continue };
            if !file.status.is_success() {
                continue;
            }
            let found = Sitemap::parse(&file.body);
            self.listed.extend(found.pages);
            if depth < DEEPEST {
                waiting.extend(found.sitemaps.into_iter().map(|url| (url, depth + 1)));
            }
            if self.listed.len() >= self.plan.pages {
                return;
            }
        }
    }

    /// Takes a page into the queue, once, if it is one of the site's and may be opened.
    fn offer(&mut self, url: &Url) {
        let mut url = url.clone();
        url.set_fragment(None);
        if url.host_str() == self.host.as_deref()
            && is_page(&url)
            && self.robots.allows(&url)
            && self.known.insert(url.to_string())
        {
            self.queue.push_back(url);
        }
    }

    fn next(&mut self) -> Option<Url> {
        while self.queue.is_empty() {
            let listed = self.listed.pop_front()?;
            self.offer(&listed);
        }
        self.queue.pop_front()
    }

    /// The pages, as somebody sees them who has chosen nothing.
    async fn discover<V: Visitor + Send>(&mut self, visitor: &mut V, progress: &(impl Fn(Progress) + Sync)) {
        while self.pages.len() < self.plan.pages {
            let Some(page) = self.next() else { break };
            let visit = self.open(visitor, &page).await;
            if self.pages.is_empty() && visit.status != 0 {
                self.follow(&visit.landed).await;
            }
            for link in visit.links.iter().filter_map(worth) {
                self.note_cookies_page(&link);
                self.offer(&link);
            }
            if let (None, Some(notice)) = (&self.notice, visit.notice.clone().filter(|notice| notice.accept.is_some()))
            {
                self.notice = Some((page.clone(), notice));
            }
            self.pages.push((page, visit.status));
            let of = self.pages.len() + self.queue.len() + self.listed.len();
            progress(Progress { phase: Phase::Untouched, done: self.pages.len(), of: of.min(self.plan.pages) });
        }
    }

    fn note_cookies_page(&mut self, link: &Url) {
        let names = |url: &Url| COOKIES_PAGES.iter().any(|name| url.path().to_lowercase().contains(name));
        if self.cookies_page.is_none() && registrable(link.host()) == self.own && names(link) {
            self.cookies_page = Some(link.clone());
        }
    }

    async fn open<V: Visitor + Send>(&mut self, visitor: &mut V, page: &Url) -> Visit {
        if !self.phases.is_empty() {
            tokio::time::sleep(self.delay).await;
        }
        let visit = visitor.visit(page).await;
        self.collector.add(&visit);
        self.phases.entry(page.to_string()).or_default().push(visit.phase);
        self.gaps.extend(visit.gaps.iter().cloned());
        self.withdraw |= visit.phase == Phase::Accepted && visit.notice.as_ref().is_some_and(|notice| notice.withdraw);
        self.screenshots.extend(visit.screenshot.clone());
        let pressed = visit.notice.as_ref().and_then(|notice| notice.reject.clone());
        if visit.phase == Phase::Rejected && self.refused_with.is_none() {
            self.refused_with = pressed;
        }
        visit
    }

    /// The same pages after each choice, where there is a notice that can be answered.
    async fn choose<V: Visitor + Send>(&mut self, visitor: &mut V, progress: &(impl Fn(Progress) + Sync)) {
        let Some((asking, _)) = self.notice.clone() else { return };
        let pages: Vec<_> =
            self.pages.iter().filter(|(_, status)| *status != 0).map(|(page, _)| page.clone()).collect();
        for phase in [Phase::Rejected, Phase::Accepted, Phase::Withdrawn] {
            if phase == Phase::Withdrawn && !self.collector.has(Phase::Accepted) {
                continue;
            }
            if let Err(why) = visitor.enter(phase, &asking).await {
                self.gaps.push(why);
                continue;
            }
            // It has been done: there is a way.
            self.withdraw |= phase == Phase::Withdrawn;
            for (done, page) in pages.iter().enumerate() {
                self.open(visitor, page).await;
                progress(Progress { phase, done: done + 1, of: pages.len() });
            }
        }
    }

    async fn finish(mut self) -> SiteReport {
        let declared_page = self.read_cookies_page().await;
        let states = self.collector.states();
        let declared = declared_page.map(|(page, html)| compare(&page, &named(&html), &states));
        let (withdraw, screenshots) = (self.withdraw, self.screenshots);
        let beyond = self.refused_with.filter(|control| control.presses > 1);
        let notice = self.notice.map(|(_, notice)| NoticeSeen {
            withdraw: notice.withdraw || withdraw,
            reject: notice.reject.or(beyond),
            screenshots,
            ..notice
        });
        let mut phases = self.phases;
        let pages = self.pages.into_iter().map(|(url, status)| PageSeen {
            phases: phases.remove(url.as_str()).unwrap_or_default(),
            url: without_query(&url),
            status,
        });
        let pages: Vec<_> = pages.collect();
        self.gaps.extend(unanswered(&pages));
        self.gaps.sort_unstable();
        self.gaps.dedup();
        // Pages of the sitemaps that nobody came to are known too.
        let listed = self.listed.iter().map(Url::to_string).filter(|page| !self.known.contains(page));
        let known = self.known.len() + listed.collect::<BTreeSet<_>>().len();
        let mut report = SiteReport {
            url: self.site.to_string(),
            states,
            declared,
            notice,
            pages,
            pages_known: u32::try_from(known).ok(),
            gaps: self.gaps,
            ..SiteReport::default()
        };
        judge(&mut report, self.plan.mode);
        report
    }

    async fn read_cookies_page(&mut self) -> Option<(String, Vec<u8>)> {
        let page = self.cookies_page.clone().filter(|page| self.robots.allows(page))?;
        match self.client.file(&page).await {
            Ok(file) if file.status.is_success() => Some((without_query(&file.url), file.body)),
            Ok(file) => {
                self.gaps.push(format!("{}: answered with {}", without_query(&page), file.status));
                None
            }
            Err(fault) => {
                self.gaps.push(fault);
                None
            }
        }
    }
}

/// Why a site has no score: no page of it was answered well. What could not be asked at all is a gap already.
fn unanswered(pages: &[PageSeen]) -> Option<String> {
    let first = pages.first().filter(|page| page.status >= 400)?;
    let none = pages.iter().all(|page| !(200..400).contains(&page.status));
    let hint = match first.status {
        421 => ": no site of the gate has this host; ask by the site's own name, with --connect-to",
        _ => "",
    };
    none.then(|| format!("{}: answered with {}{hint}", first.url, first.status))
}
