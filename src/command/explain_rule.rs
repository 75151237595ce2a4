//! `consentgate explain --rule`: what a rule is that somebody has met in the log, the metrics, a report or on the
//! dashboard: where it is written, what it is for, and where it comes from.
//!
//! The name of a rule is what [`crate::policy::Rule`] shows. A long one is cut there, so a beginning is enough here.

use std::io::{self, Write};
use std::path::Path;

use url::Url;

use crate::catalogue::{self, Row};
use crate::config::{Resolved, WrittenRule};
use crate::consent::{Purpose, PurposeSet};
use crate::gateway;
use crate::inventory::cookie_pattern;
use crate::policy::{Action, NameRule, Policy, Rule, TagRule};

use super::gate::mode_name;

/// What stands in a log is no longer, in bytes.
const CUT: usize = 100;

/// What is held by what it looks like, not by a rule that somebody wrote.
const FIXED: [(&str, &str); 7] = [
    ("first party", "It belongs to the site itself, and nothing says that it tracks: it passes."),
    (
        "reserved for the gate",
        "The name of the gate's own cookie: whoever sets or sends it by another way is not believed.",
    ),
    ("malformed", "A line that no browser could use, or none can be sure of. It does not pass, whatever is agreed to."),
    (
        "other",
        "Everything that found no room in the counts: there are 1,024 rules of a site, and 256 hosts that browsers report.",
    ),
    (
        "markup inside",
        "A script or a style sheet with tags in it, as in SVG: where it ends cannot be told, so it is held until everything is agreed to.",
    ),
    (
        "too long to be judged",
        "A script or a style sheet longer than the gate keeps in memory: held until everything is agreed to.",
    ),
    (
        "nested too deep to be judged",
        "Pages in addresses in pages, deeper than anybody writes: held until everything is agreed to.",
    ),
];

/// Writes what there is to say of a rule of this name.
///
/// # Errors
/// No rule has this name now, or nothing can be written.
pub(super) fn explain(config: &Resolved, file: &Path, id: &str, mut out: impl Write) -> io::Result<()> {
    let id = id.trim().trim_matches('"');
    let mut said = Vec::new();
    let asked = Asked { config, file, rules: config.written.rules() };
    asked.answer(id, &mut said)?;
    if said.is_empty() {
        let why = "in the YAML, the catalogue and the lists as they are now; it may have been changed since";
        return Err(io::Error::other(format!("no rule is called '{id}' {why}")));
    }
    writeln!(out, "rule {id}")?;
    out.write_all(&said)
}

/// The configuration that is asked about.
struct Asked<'a> {
    config: &'a Resolved,
    file: &'a Path,
    rules: Vec<WrittenRule>,
}

impl Asked<'_> {
    /// Nothing is written for a rule that there is not.
    fn answer(&self, id: &str, out: &mut Vec<u8>) -> io::Result<()> {
        if let Some((_, meaning)) = FIXED.iter().find(|(name, _)| *name == id) {
            return writeln!(out, "  {meaning}\n  source: the gate itself");
        }
        match id.split_once(": ") {
            Some(("yaml", pattern)) => self.of_site(pattern, out),
            Some(("catalogue", row)) => self.of_catalogue(row, out),
            Some(("list", filter)) => self.of_list(filter, out),
            Some(("banner", product)) => self.of_banner(product, out),
            Some(("header", name)) => of_header(name, out),
            Some(("unclassified", name)) => self.of_nothing(Some(name), out),
            None if id == "unclassified" => self.of_nothing(None, out),
            None => self.of_policy(id, out),
            Some(_) => Ok(()),
        }
    }

    fn sites(&self) -> impl Iterator<Item = (usize, &gateway::Config)> {
        self.config.sites.iter().enumerate()
    }

    /// `yaml: PATTERN`.
    fn of_site(&self, pattern: &str, out: &mut Vec<u8>) -> io::Result<()> {
        for (at, site) in self.sites() {
            let rules = &site.policy;
            let named = |rule: &NameRule| (rule.pattern.clone(), rule.purpose);
            let tag = |rule: &TagRule| (rule.pattern.clone(), rule.purpose);
            let of = |list, rules: Vec<(String, Purpose)>| rules.into_iter().map(move |rule| (list, rule));
            let all = of("cookies", rules.cookies.iter().map(named).collect())
                .chain(of("storage", rules.storage.iter().map(named).collect()))
                .chain(of("tags", rules.tags.iter().map(tag).collect()));
            for (list, (written, purpose)) in all.filter(|(_, (written, _))| is(pattern, written)) {
                writeln!(out, "  site {} ({})", site.hosts[0], mode_name(site.mode))?;
                writeln!(out, "    {list}: {written}{}", self.place((at, list), &written))?;
                writeln!(out, "    purpose: {}", for_purpose(site, purpose))?;
                writeln!(out, "    source: the site's own YAML, which goes before the catalogue and the lists")?;
            }
        }
        Ok(())
    }

    /// `catalogue: ROW (WHOSE)`.
    fn of_catalogue(&self, row: &str, out: &mut Vec<u8>) -> io::Result<()> {
        let Some((key, whose)) = row.strip_suffix(')').and_then(|row| row.rsplit_once(" (")) else { return Ok(()) };
        let rows = catalogue::rows_of(key, whose);
        let Some(first) = rows.first() else { return Ok(()) };
        for row in &rows {
            of_row(row, out)?;
        }
        let known = Purpose::built_in(first.purpose);
        for (_, site) in self.sites() {
            let said = known.map(|purpose| for_purpose(site, site.policy.purposes.of_catalogue(purpose)));
            let said =
                said.unwrap_or_else(|| "none that can be told from it: it passes, and visitors are told of it".into());
            writeln!(out, "  site {} ({})\n    purpose: {said}", site.hosts[0], mode_name(site.mode))?;
        }
        writeln!(out, "  a rule of the site's own YAML goes before it")
    }

    /// `list: NAME FILTER`.
    fn of_list(&self, rest: &str, out: &mut Vec<u8>) -> io::Result<()> {
        for (at, site) in self.sites() {
            for (purpose, list) in site.policy.lists.counted() {
                let filter = rest.strip_prefix(&*list.name).and_then(|rest| rest.strip_prefix(' '));
                let Some(filter) = filter else { continue };
                let Some((line, written)) = self.line_of(&list.name, filter) else { continue };
                writeln!(out, "  site {} ({})", site.hosts[0], mode_name(site.mode))?;
                writeln!(out, "    filter: {written}, line {line} of {}", list.name)?;
                writeln!(out, "    purpose: {}", for_purpose(site, purpose))?;
                let named = self.rules.iter().find(|rule| {
                    (rule.site, rule.list) == (at, "filter_lists") && Path::new(&rule.text).ends_with(&list.name)
                });
                let place = named.map(|rule| self.place((at, "filter_lists"), &rule.text)).unwrap_or_default();
                writeln!(out, "    source: the list {}, named{place}", list.name)?;
            }
        }
        Ok(())
    }

    /// Where the filter stands in the list's file, and how.
    fn line_of(&self, list: &str, filter: &str) -> Option<(usize, String)> {
        let files = self.config.files.iter().filter(|file| file.file_name().is_some_and(|name| name == list));
        let mut texts = files.filter_map(|file| std::fs::read_to_string(file).ok());
        texts.find_map(|text| {
            let mut lines = (1..).zip(text.lines());
            lines.find(|(_, line)| is(filter, line.trim())).map(|(at, line)| (at, line.trim().to_owned()))
        })
    }

    /// `banner: PRODUCT`.
    fn of_banner(&self, product: &str, out: &mut Vec<u8>) -> io::Result<()> {
        if product == "an answer given there" {
            writeln!(
                out,
                "  A cookie in which the banner that was replaced keeps what its visitors answered: it passes."
            )?;
        } else if let Some(row) = catalogue::banner_rows(product).first() {
            of_row(row, out)?;
        } else {
            return Ok(());
        }
        for (at, site) in self.sites().filter(|(_, site)| site.policy.replace_banner) {
            let place = self.place((at, "replace_banner"), "replace_banner");
            writeln!(out, "  site {} ({})\n    replace_banner{place}", site.hosts[0], mode_name(site.mode))?;
            writeln!(out, "    purpose: none: another product's banner is taken out, whatever is agreed to")?;
        }
        Ok(())
    }

    /// `unclassified: NAME`.
    fn of_nothing(&self, name: Option<&str>, out: &mut Vec<u8>) -> io::Result<()> {
        writeln!(out, "  Nothing knows it: neither the YAML, nor the catalogue, nor a filter list.")?;
        for (at, site) in self.sites() {
            let Ok(policy) = Policy::new(&site.policy) else { continue };
            writeln!(out, "  site {} ({})", site.hosts[0], mode_name(site.mode))?;
            let unclassified = site.policy.unclassified;
            for (list, action) in
                [("cookies", unclassified.cookies), ("storage", unclassified.storage), ("tags", unclassified.tags)]
            {
                let place = self.place((at, "unclassified"), list);
                let place = if place.is_empty() { " (the default)".to_owned() } else { place };
                let word = if action == Action::Hold { "held until everything is agreed to" } else { "runs" };
                writeln!(out, "    unclassified {list}: {word}{place}")?;
            }
            let known = name.and_then(|name| known_by_now(site, &policy, name));
            if let Some(rule) = known {
                writeln!(out, "    it is known by now: {rule}")?;
            }
        }
        let cookie = name.map_or("NAME".into(), |name| serde_json::Value::from(cookie_pattern(name)));
        let name = name.map_or("NAME".into(), serde_json::Value::from);
        let host = format!("||{}^", name.as_str().unwrap_or("HOST"));
        writeln!(out, "  purpose: none known; one of these lines classifies it:")?;
        writeln!(out, "    cookies: [ {{ name: {cookie}, purpose: CHOOSE }} ]")?;
        writeln!(out, "    storage: [ {{ key: {name}, purpose: CHOOSE }} ]")?;
        writeln!(out, "    tags: [ {{ match: {}, purpose: CHOOSE }} ]", serde_json::Value::from(host))
    }

    /// A host by itself: what browsers say the strict policy stopped, or would have.
    fn of_policy(&self, host: &str, out: &mut Vec<u8>) -> io::Result<()> {
        let address = Some(host).filter(|host| host.contains('.') && !host.contains(['/', ' ', '@', '#', '?']));
        let Some(url) = address.and_then(|host| Url::parse(&format!("https://{host}/")).ok()) else { return Ok(()) };
        writeln!(out, "  A host that browsers report: the policy of csp: learn or strict stopped it, or would have.")?;
        writeln!(out, "  source: the visitors' browsers; anybody can send such a report")?;
        for (_, site) in self.sites() {
            let Ok(policy) = Policy::new(&site.policy) else { continue };
            let verdict = policy.address(&url, &site.hosts[0], PurposeSet::ESSENTIAL);
            let said = verdict.purpose.map_or("none known".into(), |purpose| for_purpose(site, purpose));
            writeln!(out, "  site {} ({})\n    purpose: {said}", site.hosts[0], mode_name(site.mode))?;
            writeln!(out, "    rule of its address: {}", verdict.rule)?;
        }
        Ok(())
    }

    /// ` at FILE:LINE:COLUMN`, where it is written.
    fn place(&self, (site, list): (usize, &str), text: &str) -> String {
        let rule = self.rules.iter().find(|rule| (rule.site, rule.list, &*rule.text) == (site, list, text));
        rule.map(|rule| format!(" at {}:{}:{}", self.file.display(), rule.line, rule.column)).unwrap_or_default()
    }
}

/// Is this the rule that is asked for? What stands in a log may be cut.
fn is(asked: &str, written: &str) -> bool {
    asked == written || (asked.len() >= CUT && written.starts_with(asked))
}

fn of_header(name: &str, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, "  The header {name} has the browser note something for advertisers, or measure for them.")?;
    writeln!(out, "  purpose: marketing\n  source: the gate itself")
}

fn of_row(row: &Row, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, "  row: {} line {} of the built-in catalogue, as {}", row.table, row.line, row.purpose)?;
    row.reason.map_or(Ok(()), |reason| writeln!(out, "  why: {reason}"))?;
    writeln!(out, "  source: {}", row.source)
}

fn for_purpose(site: &gateway::Config, purpose: Purpose) -> String {
    let purposes = &site.policy.purposes;
    let word = |granted: PurposeSet| if granted.contains(purpose) { "pass" } else { "hold" };
    let (before, after) = (word(PurposeSet::ESSENTIAL), word(purposes.all()));
    format!("{}; before consent {before}, after accepting all {after}", purposes.name(purpose))
}

fn known_by_now(site: &gateway::Config, policy: &Policy, name: &str) -> Option<String> {
    let cookie = policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL).rule;
    let key = policy.storage(name.as_bytes(), PurposeSet::ESSENTIAL).rule;
    let url = Url::parse(&format!("https://{name}/")).ok();
    let tag = url.as_ref().map(|url| policy.address(url, &site.hosts[0], PurposeSet::ESSENTIAL).rule);
    let known = [Some(cookie), Some(key), tag].into_iter().flatten().find(|rule| *rule != Rule::Unclassified);
    known.map(|rule| rule.to_string())
}
