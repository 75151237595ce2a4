//! Files of other programs become sites: classified by the catalogue, scored by what they show.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use url::Url;

use super::STATE;
use super::reading::At;
use super::sheet::{Sheet, address};
use crate::audit::collect::without_query;
use crate::audit::criteria::judge_what_was_seen;
use crate::audit::{Collector, Criterion, Mode, PageSeen, Phase, SiteReport, Visit};

/// The whole address of a page, its status unknown: these programs list the pages they could open.
const OPENED: u16 = 200;

/// A file and what stands in it.
pub struct Given {
    /// Its name, for messages and for the report.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Reads `inspection.json`s of the Website Evidence Collector and analyses of the EDPB tool. Files of one site become one
/// site, each file a state of it. `Err` names the file and what is wrong in it.
pub fn import(files: &[Given]) -> Result<Vec<(SiteReport, Mode)>, String> {
    let mut sites: Vec<(Url, Vec<(&str, Sheet)>)> = Vec::new();
    for file in files {
        let sheets = read(&file.bytes).map_err(|fault| format!("{}: {fault}", file.name))?;
        for sheet in sheets {
            let place = sites.iter().position(|(site, _)| *site == sheet.site).unwrap_or_else(|| {
                sites.push((sheet.site.clone(), Vec::new()));
                sites.len() - 1
            });
            sites[place].1.push((&file.name, sheet));
        }
    }
    Ok(sites.into_iter().map(|(site, sheets)| added_up(&site, &sheets)).collect())
}

fn read(bytes: &[u8]) -> Result<Vec<Sheet>, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let value: Value = serde_json::from_slice(bytes).map_err(|fault| format!("is no JSON: {fault}"))?;
    let at = At::whole(&value);
    if at.value().get("schema").and_then(Value::as_str).is_some_and(|form| form.starts_with("consentgate-audit")) {
        return Err("is a report.json, which needs no importing: --against compares with it".into());
    }
    if at.key("tags").is_some() {
        return analysis(&at);
    }
    if ["uri_ins", "uri_dest", "cookies", "hosts"].iter().any(|key| at.key(key).is_some()) {
        return inspection(&at).map(|sheet| vec![sheet]);
    }
    Err("is neither an inspection.json of the Website Evidence Collector (it has no \"uri_ins\") nor an analysis of the EDPB \
         Website Auditing Tool (it has no \"tags\")"
        .into())
}

// === The Website Evidence Collector's form ===

fn inspection(at: &At) -> Result<Sheet, String> {
    let site = address(&at.needed("uri_ins")?)?;
    let version = at.key("script").and_then(|script| script.key("version")?.key("npm"));
    let version = version.map(|version| version.text()).transpose()?.unwrap_or("of an unnamed version");
    let ours = version.starts_with("consentgate");
    let by = if ours { version.to_owned() } else { format!("Website Evidence Collector {version}") };
    // This program's own without a browser have none.
    let mode = if ours && at.key("browser").is_none() { Mode::Http } else { Mode::Browser };
    let mut sheet = Sheet::new(site, state(at)?, mode, by);
    sheet.began(at, "start_time")?;
    sheet.pages(&at.list("browsing_history")?)?;
    if sheet.pages.is_empty() {
        sheet
            .pages
            .push(at.key("uri_dest").map(|page| address(&page)).transpose()?.unwrap_or_else(|| sheet.site.clone()));
    }
    at.needed("cookies")?.items()?.iter().try_for_each(|cookie| sheet.cookie(cookie))?;
    at.list("beacons")?.iter().try_for_each(|beacon| sheet.beacon(beacon))?;
    at.key("hosts").and_then(|hosts| hosts.key("requests")).map_or(Ok(()), |hosts| sheet.hosts(&hosts))?;
    for (origin, keys) in at.entries("localStorage")? {
        for (key, entry) in keys.fields()? {
            sheet.stored_of(&keys, origin, (key, entry.key("log").as_ref()))?;
        }
    }
    Ok(sheet)
}

/// The Collector presses nothing: what it meets is met before a choice, unless `task_description` says another state.
fn state(at: &At) -> Result<Phase, String> {
    let Some(named) = at.key("task_description").and_then(|task| task.key(STATE)) else { return Ok(Phase::Untouched) };
    let text = named.text()?;
    Phase::ALL.into_iter().find(|phase| phase.name() == text).ok_or_else(|| {
        named.fault(format!("{text:?} is no state: there are untouched, rejected, accepted and withdrawn"))
    })
}

// === The EDPB tool's form ===

fn analysis(at: &At) -> Result<Vec<Sheet>, String> {
    let site = address(&at.needed("url")?)?;
    let tags = at.needed("tags")?.items()?;
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut unplaced = Vec::new();
    for tag in &tags {
        let name = tag.needed("name")?;
        match meant(name.text()?).or_else(|| (tags.len() == 1).then_some(Phase::Untouched)) {
            Some(phase) => sheets.push(of_tag(tag, &site, phase)?),
            None => unplaced.push(format!("{:?}", name.text()?)),
        }
    }
    if sheets.is_empty() {
        let names = if unplaced.is_empty() { "there is none".to_owned() } else { unplaced.join(", ") };
        return Err(format!(
            "tags: no tag whose name says which state it is: untouched, rejected, accepted or withdrawn ({names})"
        ));
    }
    sheets[0].unplaced = unplaced;
    Ok(sheets)
}

/// Which state an auditor's name for a tag means, by the words that are usual.
fn meant(name: &str) -> Option<Phase> {
    let name = name.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if says(&["withdr", "revok", "taken back"]) => Some(Phase::Withdrawn),
        () if says(&[
            "untouched",
            "before",
            "no choice",
            "no action",
            "no interaction",
            "without choice",
            "initial",
        ]) =>
        {
            Some(Phase::Untouched)
        }
        () if says(&["reject", "refus", "declin", "deny", "denied"]) => Some(Phase::Rejected),
        () if says(&["accept", "agree", "allow"]) => Some(Phase::Accepted),
        () => None,
    }
}

fn of_tag(tag: &At, site: &Url, phase: Phase) -> Result<Sheet, String> {
    let cards = tag.needed("cards")?.items()?;
    let of_kind = |kind: &str| -> Result<Vec<&At>, String> {
        let mut found = Vec::new();
        for card in &cards {
            if card.needed("kind")?.text()? == kind {
                found.push(card);
            }
        }
        Ok(found)
    };
    let mut sheet = Sheet::new(site.clone(), phase, Mode::Browser, "EDPB Website Auditing Tool".into());
    for about in of_kind("info")? {
        read_about(&mut sheet, about)?;
    }
    if sheet.pages.is_empty() {
        sheet.pages.push(site.clone());
    }
    for card in of_kind("cookie")? {
        card.list("cookieLines")?.iter().try_for_each(|line| sheet.cookie(line))?;
    }
    for card in of_kind("beacons")? {
        card.list("beaconLines")?.iter().try_for_each(|line| sheet.beacon(line))?;
    }
    for card in of_kind("traffic")? {
        card.key("requests").map_or(Ok(()), |hosts| sheet.hosts(&hosts))?;
    }
    for card in of_kind("localstorage")? {
        for line in card.list("localStorageLines")? {
            let key = line.needed("key")?;
            sheet.stored((&line.needed("host")?, key.text()?), line.key("log").as_ref())?;
        }
    }
    Ok(sheet)
}

fn read_about(sheet: &mut Sheet, about: &At) -> Result<(), String> {
    let version = about.text_of("tool_version")?.unwrap_or_default();
    if version.starts_with("consentgate") {
        version.clone_into(&mut sheet.by);
        if about.text_of("chrome_version")?.is_none_or(str::is_empty) {
            sheet.mode = Mode::Http;
        }
    }
    // The EDPB tool writes this one as a browser prints it, which is no time that others could read.
    if about.text_of("start_time")?.is_some_and(|time| humantime::parse_rfc3339(time).is_ok()) {
        sheet.began(about, "start_time")?;
    }
    sheet.pages(&about.list("visited_urls")?)
}

// === One site ===

fn added_up(site: &Url, sheets: &[(&str, Sheet)]) -> (SiteReport, Mode) {
    let mut collector = Collector::new(site);
    sheets.iter().flat_map(|(_, sheet)| visits(sheet)).for_each(|visit| collector.add(&visit));
    let untouched = collector.has(Phase::Untouched);
    let mut report = SiteReport {
        url: site.to_string(),
        states: collector.states(),
        pages: pages(sheets),
        gaps: gaps(sheets),
        ..SiteReport::default()
    };
    for (_, sheet) in sheets {
        count(&mut report, sheet);
    }
    let names_hosts = sheets.iter().any(|(_, sheet)| sheet.phase == Phase::Untouched && sheet.names_hosts);
    let mode = sheets.iter().map(|(_, sheet)| sheet.mode).max().unwrap_or_default();
    judge_what_was_seen(&mut report, mode, |site, criterion| unseen(site, criterion, (untouched, names_hosts)));
    (report, mode)
}

/// One for each page, so that each thing has the pages it was met on.
fn visits(sheet: &Sheet) -> Vec<Visit> {
    let mut visits: BTreeMap<&Url, Visit> = BTreeMap::new();
    let empty = |page: &Url| Visit { status: OPENED, ..Visit::new(page.clone(), sheet.phase) };
    for page in &sheet.pages {
        visits.entry(page).or_insert_with(|| empty(page));
    }
    for (page, cookie) in &sheet.cookies {
        visits.entry(page).or_insert_with(|| empty(page)).cookies.push(cookie.clone());
    }
    for (page, stored) in &sheet.storage {
        visits.entry(page).or_insert_with(|| empty(page)).storage.push(stored.clone());
    }
    for (page, request) in &sheet.requests {
        visits.entry(page).or_insert_with(|| empty(page)).requests.push(request.clone());
    }
    visits.into_values().collect()
}

/// A host is listed once however often it was asked; its beacons say how often.
fn count(report: &mut SiteReport, sheet: &Sheet) {
    let states = &mut report.states;
    let state = match sheet.phase {
        Phase::Untouched => Some(&mut states.untouched),
        Phase::Rejected => states.rejected.as_mut(),
        Phase::Accepted => states.accepted.as_mut(),
        Phase::Withdrawn => states.withdrawn.as_mut(),
    };
    let others = state.into_iter().flat_map(|state| &mut state.third_parties);
    others.for_each(|other| other.requests = sheet.counts.get(&other.host).copied().unwrap_or(other.requests));
}

fn pages(sheets: &[(&str, Sheet)]) -> Vec<PageSeen> {
    let mut pages: Vec<PageSeen> = Vec::new();
    for (_, sheet) in sheets {
        for url in sheet.pages.iter().map(without_query) {
            let place = pages.iter().position(|page| page.url == url).unwrap_or_else(|| {
                pages.push(PageSeen { url, status: OPENED, phases: Vec::new() });
                pages.len() - 1
            });
            if !pages[place].phases.contains(&sheet.phase) {
                pages[place].phases.push(sheet.phase);
            }
        }
    }
    pages
}

fn gaps(sheets: &[(&str, Sheet)]) -> Vec<String> {
    let mut gaps = BTreeSet::from(["pages of imported files count as answered: their form names no status".to_owned()]);
    if sheets.iter().all(|(_, sheet)| sheet.phase != Phase::Untouched) {
        gaps.insert("no imported file is of the state before a choice: it was not looked at".to_owned());
    }
    for (name, sheet) in sheets {
        gaps.insert(format!(
            "{name}: imported from {}: it says nothing of the notice, nor of any storage but localStorage",
            sheet.by
        ));
        for tag in &sheet.unplaced {
            gaps.insert(format!("{name}: the tag {tag} was not read: its name does not say which state it is"));
        }
        if sheet.set_by_nobody > 0 {
            gaps.insert(format!(
                "{name}: nothing says who set {} of the cookies: they are listed as set by a response",
                sheet.set_by_nobody
            ));
        }
        if !sheet.names_hosts {
            gaps.insert(format!("{name}: it does not say which hosts were asked for something"));
        }
    }
    gaps.into_iter().collect()
}

/// Why a criterion cannot be judged by what these forms say: nobody is accused of what nobody looked at.
fn unseen(site: &SiteReport, criterion: &Criterion, (untouched, names_hosts): (bool, bool)) -> Option<&'static str> {
    let stores = || {
        site.states
            .untouched
            .storage
            .iter()
            .any(|stored| stored.purpose.as_deref().is_some_and(|purpose| purpose != "essential"))
    };
    match &*criterion.id {
        "cookies_before_choice" | "trackers_before_choice" | "storage_before_choice" if !untouched => {
            Some("no imported file is of the state before a choice")
        }
        "trackers_before_choice" if !names_hosts => Some("no imported file says which hosts were asked for something"),
        "storage_before_choice" if !stores() => Some("of storage, imported files name localStorage alone"),
        "cookies_before_choice" | "trackers_before_choice" | "storage_before_choice" => None,
        "kept_after_reject" if site.states.rejected.is_some() => None,
        "kept_after_withdraw" if site.states.withdrawn.is_some() => None,
        _ => Some("imported files do not say it"),
    }
}
