//! One visitor of one site: opens its pages, in the state that was chosen for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::notice::{accessibility, ask, look};
use super::pool::{Browsers, Profile};
use super::press::{Wish, choose};
use super::tab::{Pace, Tab};
use super::watch::{World, now};
use crate::audit::collect::without_query;
use crate::audit::{Control, NoticeSeen, Phase, StorageKind, StorageMet, Visit, Visitor};

/// A page that takes longer than this, with all that is asked of it, is given up.
const PATIENCE: Duration = Duration::from_secs(90);
/// What the browser says to a tab that is gone.
const NO_TAB: &str = "Session with given id not found";
/// It refuses commands before its connection closes.
const ENDS: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// A visitor with a browser.
pub struct Browsed {
    browsers: Arc<Browsers>,
    /// Tells its pictures from those of other sites.
    name: String,
    phase: Phase,
    /// The page on which it chose.
    asking: Option<Url>,
    profile: Option<Profile>,
    /// What it pressed to refuse, for the next page's report.
    refused_with: Option<Control>,
    /// States whose first page was waited for.
    settled: BTreeSet<Phase>,
    pictured: BTreeSet<Phase>,
    examined: bool,
}

#[derive(Deserialize)]
struct Stored {
    origin: String,
    found: Vec<(StorageKind, String)>,
}

impl Browsed {
    /// A new visitor of this site who has chosen nothing.
    pub fn new(browsers: Arc<Browsers>, site: &Url) -> Self {
        use sha2::{Digest as _, Sha256};
        let host = site.host_str().unwrap_or_default().replace([':', '[', ']'], "_");
        let digest = Sha256::digest(site.as_str());
        let digits = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
        Self {
            browsers,
            name: format!("{host}-{digits:08x}"),
            phase: Phase::Untouched,
            asking: None,
            profile: None,
            refused_with: None,
            settled: BTreeSet::new(),
            pictured: BTreeSet::new(),
            examined: false,
        }
    }

    /// The profile of the state it is in. Where the browser has ended, a new visitor chooses again.
    async fn ensure(&mut self) -> Result<(), String> {
        if self.profile.as_ref().is_some_and(|profile| !profile.has_ended()) {
            return Ok(());
        }
        self.begin().await?;
        let Some(asking) = self.asking.clone() else { return Ok(()) };
        match self.phase {
            Phase::Untouched => Ok(()),
            Phase::Rejected => self.press(&asking, Wish::Reject).await,
            Phase::Accepted => self.press(&asking, Wish::Accept).await,
            Phase::Withdrawn => {
                self.press(&asking, Wish::Accept).await?;
                self.press(&asking, Wish::Withdraw).await
            }
        }
    }

    /// Has its browser ended? Of one that ends, the tabs go first.
    async fn has_ended(&self, no_tab: bool) -> bool {
        let ended = || self.profile.as_ref().is_none_or(Profile::has_ended);
        let until = tokio::time::Instant::now() + ENDS;
        while no_tab && !ended() && tokio::time::Instant::now() < until {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        no_tab || ended()
    }

    async fn begin(&mut self) -> Result<(), String> {
        self.profile = None;
        let running = self.browsers.running().await?;
        self.profile = Some(Profile::new(running).await.map_err(|fault| fault.to_string())?);
        Ok(())
    }

    /// Opens the page and makes the choice there.
    async fn press(&mut self, page: &Url, wish: Wish) -> Result<(), String> {
        let Some(profile) = &mut self.profile else { return Err("the browser has ended".into()) };
        self.browsers.one_page_more();
        let tab = profile.tab().await.map_err(|fault| fault.to_string())?;
        tab.go(page).await?;
        tab.settle(Pace::PAGE).await?;
        let pressed = choose(tab, wish).await?;
        tab.leave().await.map_err(|fault| fault.to_string())?;
        // What was set on the way is remembered with the lines that set it.
        let wires = tab.log().wires();
        let jar = profile.jar().await.map_err(|fault| fault.to_string())?;
        profile.memory.resolve(&jar, &wires, now());
        self.refused_with = (wish == Wish::Reject).then_some(pressed);
        Ok(())
    }

    async fn open(&mut self, url: &Url) -> Result<Visit, String> {
        self.ensure().await?;
        let Some(profile) = &mut self.profile else { return Err("the browser has ended".into()) };
        self.browsers.one_page_more();
        let mut visit = Visit::new(url.clone(), self.phase);
        let tab = profile.tab().await.map_err(|fault| fault.to_string())?;
        if let Err(why) = tab.go(url).await {
            if why.contains(NO_TAB) {
                return Err(why);
            }
            visit.gaps.push(format!("{}: {why}", without_query(url)));
        } else {
            let pace = if self.settled.insert(self.phase) { Pace::FIRST } else { Pace::PAGE };
            if !tab.settle(pace).await? {
                visit.gaps.push(format!("{}: never quiet: looked at for {:?}", without_query(url), Pace::PAGE.longest));
            }
            if tab.log().kind.contains("html") {
                let with = With {
                    axe: self.browsers.settings.axe.as_deref().filter(|_| !self.examined),
                    picture: self.browsers.settings.folder.as_deref().filter(|_| self.pictured.insert(self.phase)),
                    name: &self.name,
                };
                read(tab, &mut visit, &with).await?;
            }
            visit.status = tab.log().status;
        }
        tab.leave().await.map_err(|fault| fault.to_string())?;
        let wires = harvest(tab, &mut visit);
        let jar = profile.jar().await.map_err(|fault| fault.to_string())?;
        visit.cookies = profile.memory.resolve(&jar, &wires, now());
        self.finish(&mut visit);
        Ok(visit)
    }

    fn finish(&mut self, visit: &mut Visit) {
        if let Some(control) = self.refused_with.take() {
            let notice = visit.notice.get_or_insert_default();
            notice.reject = Some(control);
        }
        let asks = visit.notice.as_ref().is_some_and(|notice| notice.accept.is_some());
        if asks && self.browsers.settings.axe.is_none() && !self.examined {
            visit.gaps.push("the accessibility of the notice was not looked at: there is no --axe FILE".into());
        }
        self.examined |= asks;
    }
}

/// What comes to the facts of a page where it is wanted.
struct With<'w> {
    axe: Option<&'w str>,
    picture: Option<&'w Path>,
    name: &'w str,
}

/// What the page that is open shows and keeps.
async fn read(tab: &Tab, visit: &mut Visit, with: &With<'_>) -> Result<(), String> {
    if let Some(main) = tab.main_world() {
        let page = ask(tab, &main, "({ links: consentgate.links(), at: location.href })").await?;
        visit.landed = page["at"].as_str().and_then(|at| Url::parse(at).ok()).unwrap_or_else(|| visit.url.clone());
        visit.links = links(page["links"].as_array().into_iter().flatten().filter_map(|link| link.as_str()));
    }
    match look(tab, visit.phase == Phase::Untouched).await {
        Ok(Some((world, mut notice))) => {
            if notice.accept.is_some() {
                examine(tab, &world, (&mut notice, &mut visit.gaps), with.axe).await;
            }
            visit.notice = Some(notice);
        }
        Ok(None) => {}
        Err(why) => visit.gaps.push(format!("{}: {why}", without_query(&visit.url))),
    }
    if let Some(folder) = with.picture {
        match picture(tab, folder, &format!("screenshots/{}-{}.png", with.name, visit.phase.name())).await {
            Ok(name) => visit.screenshot = Some(name),
            Err(why) => visit.gaps.push(format!("{}: no picture: {why}", without_query(&visit.url))),
        }
    }
    let worlds = tab.log().worlds();
    for world in worlds {
        let asked = ask(tab, &world, "consentgate.stored()").await;
        let Some(stored) = asked.ok().and_then(|stored| serde_json::from_value::<Stored>(stored).ok()) else {
            continue;
        };
        let origin = stored.origin;
        let found = stored.found.into_iter().map(|(kind, key)| StorageMet { kind, key, origin: origin.clone() });
        visit.storage.extend(found);
    }
    Ok(())
}

async fn examine(tab: &Tab, world: &World, (notice, gaps): (&mut NoticeSeen, &mut Vec<String>), axe: Option<&str>) {
    let Some(axe) = axe else { return };
    match accessibility(tab, world, axe).await {
        Ok(broken) => {
            notice.accessibility = broken;
            notice.accessibility_checked = true;
        }
        Err(why) => gaps.push(format!("the accessibility of the notice was not looked at: {why}")),
    }
}

/// What happened while the page was open; the lines that set cookies are handed back.
fn harvest(tab: &Tab, visit: &mut Visit) -> Vec<super::cookies::Wire> {
    let mut log = tab.log();
    visit.requests = std::mem::take(&mut log.requests);
    visit.fingerprinting = log.used(&visit.url);
    visit.storage.extend(log.stored_things());
    for stored in &mut visit.storage {
        if stored.kind == StorageKind::ServiceWorker {
            stored.key = Url::parse(&stored.key).map_or_else(|_| stored.key.clone(), |url| without_query(&url));
        }
    }
    visit.storage.sort_by(|one, other| (one.kind, &one.origin, &one.key).cmp(&(other.kind, &other.origin, &other.key)));
    visit.storage.dedup();
    log.wires()
}

fn links<'l>(found: impl Iterator<Item = &'l str>) -> Vec<Url> {
    let mut seen = BTreeSet::new();
    let urls = found.filter_map(|link| Url::parse(link).ok()).filter(|url| matches!(url.scheme(), "http" | "https"));
    let plain = urls.map(|mut url| {
        url.set_fragment(None);
        url
    });
    plain.filter(|url| seen.insert(url.to_string())).collect()
}

async fn picture(tab: &Tab, folder: &Path, name: &str) -> Result<String, String> {
    let taken = tab.call("Page.captureScreenshot", json!({ "format": "png" })).await;
    let taken = taken.map_err(|fault| fault.to_string())?;
    let bytes = STANDARD.decode(taken["data"].as_str().unwrap_or_default()).map_err(|fault| fault.to_string())?;
    let file = folder.join(name);
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&file, bytes));
    made.map(|()| name.to_owned()).map_err(|fault| fault.to_string())
}

impl Visitor for Browsed {
    async fn visit(&mut self, url: &Url) -> Visit {
        for last in [false, true] {
            let why = match tokio::time::timeout(PATIENCE, self.open(url)).await {
                Ok(Ok(visit)) => return visit,
                Ok(Err(why)) => why,
                Err(_) => format!("not done within {PATIENCE:?}"),
            };
            // A browser that has ended, or a tab that is gone, is not the page's fault, the first time.
            let ended = self.has_ended(why.contains(NO_TAB)).await;
            if let Some(profile) = &mut self.profile {
                profile.close_tab();
            }
            if last || !ended {
                let mut visit = Visit::new(url.clone(), self.phase);
                visit.gaps.push(format!("{}: {why}", without_query(url)));
                return visit;
            }
        }
        Visit::new(url.clone(), self.phase)
    }

    async fn enter(&mut self, phase: Phase, page: &Url) -> Result<(), String> {
        self.phase = phase;
        self.asking = Some(page.clone());
        // Withdrawing goes on from what was agreed to; every other state begins with a new visitor.
        let goes_on = phase == Phase::Withdrawn && self.profile.as_ref().is_some_and(|profile| !profile.has_ended());
        let entered = async {
            if goes_on {
                return self.press(page, Wish::Withdraw).await;
            }
            self.profile = None;
            self.ensure().await
        };
        let entered = tokio::time::timeout(PATIENCE, entered).await;
        let entered = entered.unwrap_or_else(|_| Err(format!("not done within {PATIENCE:?}")));
        entered.map_err(|why| format!("{}: {}: {why}", without_query(page), phase.name()))
    }
}
