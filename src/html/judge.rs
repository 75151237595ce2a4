//! Verdicts on tags: what a start tag fetches, brings in or runs, asked of the policy.

use url::{Position, Url};

use crate::consent::{Purpose, PurposeSet};
use crate::policy::{Policy, Request, Rule, Verdict};

use super::any_tag::{Use, acting};
use super::attributes::{StartTag, resolve, srcset, tag_name};
use super::banner;
use super::css;
use super::embedded::{self, Data, Media, without_references};
use super::hold::{Edit, Finding, HELD_PREFIX};
use super::kind::kind;
use super::links;
use super::meta::Pragma;
use super::names::fetching_attributes;
use super::scan::Kind;
use super::tags::{fetches, is_list, is_sheet, runs, shows_pages};
use super::value::{Place, Value};

/// `data:` in `data:` …: deeper than this nobody nests by accident.
const DEEPEST: u8 = 4;

/// What a start tag comes to.
pub(super) enum Judged {
    /// It may stay as it is.
    Pass,
    /// Hold it: the rule says why.
    Hold { purpose: String, finding: Finding },
    /// A script without an address, or a style sheet: its text decides.
    Inline,
    /// It may stay, and is worth a mention.
    Noted(Finding),
    /// Pages in attributes (`srcdoc`, `data:`), to be searched first.
    Documents(Vec<String>),
}

/// One attribute, held for itself: insertions by their place in the tag.
pub(super) struct Part {
    pub(super) edits: Vec<Edit>,
    /// The purpose's name; none where nothing is held.
    pub(super) purpose: Option<String>,
    pub(super) finding: Finding,
}

/// Judges tags for one page and one visitor.
#[derive(Clone, Copy)]
pub(super) struct Judge<'p> {
    pub(super) policy: &'p Policy,
    pub(super) granted: PurposeSet,
    /// The page's own host.
    pub(super) host: &'p str,
    /// What relative addresses may be relative to: held by any of them is held.
    pub(super) bases: &'p [Url],
    /// How many addresses this stands in.
    pub(super) depth: u8,
}

impl Judge<'_> {
    /// The verdict on a start tag from its own bytes.
    pub(super) fn tag(&self, kind: Kind, raw: &[u8]) -> Judged {
        let tag = StartTag::new(raw);
        match kind {
            Kind::Script => self.script(tag, raw),
            Kind::Style if is_sheet(tag) => Judged::Inline,
            Kind::Link if !fetches(&tag.value("rel").unwrap_or_default()) => Judged::Pass,
            Kind::Link | Kind::Fetching | Kind::Html => self.fetching(tag, raw),
            Kind::Meta => self.meta(tag, raw),
            Kind::Style | Kind::Opaque | Kind::Base | Kind::Any => Judged::Pass,
        }
    }

    /// The verdict on the text of an inline script that begins with this tag.
    pub(super) fn script_content(&self, raw: &[u8], text: &[u8]) -> Judged {
        let all = if is_list(StartTag::new(raw)) { self.list(text, raw) } else { Judged::Pass };
        // In SVG the text has character references; whether it stands there is not asked.
        let decoded = without_references(text).map_or(Judged::Pass, |text| self.script_text(&text, "script"));
        all.or(self.script_text(text, "script")).or(decoded)
    }

    /// Whose script files the text of an inline script names that would be held: it may run, and brings nothing.
    pub(super) fn loads(&self, text: &[u8]) -> Vec<(&'static str, Purpose)> {
        let held = self.policy.loaded_scripts(text, self.host, self.granted).filter(Verdict::is_hold);
        held.filter_map(|verdict| verdict.rule.whose().zip(verdict.purpose)).collect()
    }

    fn script_text(&self, text: &[u8], tag: &str) -> Judged {
        self.judged(&self.policy.script_on(text, self.host, self.granted), tag, "inline")
    }

    /// An import map or speculation rules: JSON, whose strings may be addresses.
    fn list(&self, text: &[u8], raw: &[u8]) -> Judged {
        fn strings(value: &serde_json::Value, found: &mut Vec<String>) {
            match value {
                serde_json::Value::String(text) => found.push(text.clone()),
                serde_json::Value::Array(list) => list.iter().for_each(|value| strings(value, found)),
                serde_json::Value::Object(map) => map.iter().for_each(|(key, value)| {
                    found.push(key.clone());
                    strings(value, found);
                }),
                _ => {}
            }
        }
        let mut found = Vec::new();
        // What is no JSON is nothing to a browser.
        strings(&serde_json::from_slice(text).unwrap_or_default(), &mut found);
        let addresses = found.iter().filter(|text| text.contains('/') || text.contains('\\'));
        addresses.map(|address| self.address(address, raw)).fold(Judged::Pass, Judged::or)
    }

    fn script(&self, tag: StartTag<'_>, raw: &[u8]) -> Judged {
        if !runs(tag) {
            return Judged::Pass;
        }
        match self.fetching(tag, raw) {
            // An `href` is an address in SVG alone: elsewhere it is the text that runs.
            Judged::Pass | Judged::Noted(_) if tag.value("src").is_none() => Judged::Inline,
            judged => judged,
        }
    }

    fn meta(&self, tag: StartTag<'_>, raw: &[u8]) -> Judged {
        match Pragma::of(tag) {
            Pragma::Refresh(address) => self.address(&address, raw),
            Pragma::Link(line) => {
                let all = links::fetched(line.as_bytes()).into_iter();
                all.map(|address| self.address(&address, raw)).fold(Judged::Pass, Judged::or)
            }
            Pragma::Cookie(name) => match self.policy.cookie(name.as_bytes(), self.granted) {
                verdict if verdict.is_hold() => self.judged(&verdict, "meta", "set-cookie"),
                _ => Judged::Pass,
            },
            Pragma::Policy | Pragma::None => Judged::Pass,
        }
    }

    fn fetching(&self, tag: StartTag<'_>, raw: &[u8]) -> Judged {
        let mut all = Judged::Pass;
        for name in fetching_attributes(tag_name(raw)) {
            let Some(value) = tag.value(name) else { continue };
            let each = |addresses: &mut dyn Iterator<Item = &str>| {
                addresses.map(|address| self.address(address, raw)).fold(Judged::Pass, Judged::or)
            };
            let judged = match *name {
                "srcdoc" => Judged::Documents(vec![value.into_owned()]),
                "srcset" | "imagesrcset" => each(&mut srcset(&value)),
                "archive" => each(&mut value.split([',', ' '])),
                "values" | "to" | "from" | "by" if !super::tags::animates_address(tag) => Judged::Pass,
                "values" => each(&mut value.split(';')),
                "value" if !super::tags::is_address_parameter(tag) => Judged::Pass,
                _ => self.address(&value, raw),
            };
            all = all.or(judged);
            if all.is_hold() {
                return all;
            }
        }
        all
    }

    /// The attributes that act by themselves, in a tag of any name.
    pub(super) fn parts(&self, raw: &[u8]) -> Vec<Part> {
        let mut parts = Vec::new();
        let known = fetching_attributes(tag_name(raw));
        for (attribute, value, used) in acting(raw) {
            let name = String::from_utf8_lossy(&raw[attribute.name.clone()]).to_ascii_lowercase();
            let value_at = value.start;
            let value = Value::decode(&raw[value], Place::Attribute);
            let judged = match used {
                Use::Style => {
                    parts.extend(self.sheet(&value.text, raw, |at| value_at + value.written(at)));
                    continue;
                }
                Use::Link if known.contains(&&*name) => continue,
                Use::Handler => self.judged(&self.handler(&value.text), tag_name(raw), "inline"),
                Use::Address => self.address(&value.text, raw),
                Use::Addresses => {
                    let all = value.text.split_ascii_whitespace();
                    all.map(|address| self.address(address, raw)).fold(Judged::Pass, Judged::or)
                }
                Use::Action | Use::Link => self.followed(&value.text, raw),
            };
            let prefix = Edit { at: attribute.name.start, text: HELD_PREFIX.as_bytes().into() };
            parts.extend(Part::of(judged, prefix));
        }
        parts
    }

    /// The addresses of a style sheet, one by one; `place` leads back to what was written.
    pub(super) fn sheet(&self, css: &str, raw: &[u8], place: impl Fn(usize) -> usize) -> Vec<Part> {
        let addresses = css::addresses(css.as_bytes()).into_iter();
        let part = |address: css::Address| {
            let inert = Edit { at: place(address.at), text: css::INERT.as_bytes().into() };
            Part::of(self.address(&address.text, raw), inert)
        };
        addresses.filter(|address| !address.text.starts_with('#')).filter_map(part).collect()
    }

    fn handler(&self, text: &str) -> Verdict<'_> {
        self.policy.handler_text(text.as_bytes(), self.granted)
    }

    /// Where a form goes, or a link that is a script: nothing before the visitor presses it. Then it is what he asks for
    /// (a newsletter of govDelivery, a search), and is held only where it leads to what does nothing but measure and
    /// advertise, or where the site's own rules say so.
    fn followed(&self, address: &str, raw: &[u8]) -> Judged {
        let followed = |base: &Url| {
            let Some(url) = resolve(base, address) else { return Judged::Pass };
            let (text, address) = match url.scheme() {
                "javascript" => (embedded::script(&url), "inline".to_owned()),
                "http" | "https" => (plainly(&url), shown(&url)),
                _ => return Judged::Pass,
            };
            let verdict = self.handler(&text);
            if verdict.is_hold() { self.judged(&verdict, tag_name(raw), &address) } else { Judged::Pass }
        };
        self.bases.iter().map(followed).fold(Judged::Pass, Judged::or)
    }

    /// What holds an address of a `Link` header.
    pub(super) fn link(&self, address: &str) -> Option<Finding> {
        match self.address(address, b"<link>") {
            Judged::Hold { finding, .. } => Some(finding),
            _ => None,
        }
    }

    /// An address that is none (`http://[`) fetches nothing.
    pub(super) fn address(&self, address: &str, raw: &[u8]) -> Judged {
        self.bases.iter().map(|base| self.address_from(base, address, raw)).fold(Judged::Pass, Judged::or)
    }

    fn address_from(&self, base: &Url, address: &str, raw: &[u8]) -> Judged {
        let Some(url) = resolve(base, address) else { return Judged::Pass };
        match url.scheme() {
            "http" | "https" => {
                let request = Request { url: &url, own: self.host, kind: kind(raw) };
                self.judged(&self.policy.request(&request, self.granted), tag_name(raw), &shown(&url))
            }
            "data" => self.data(&url, raw),
            "javascript" => self.script_text(embedded::script(&url).as_bytes(), tag_name(raw)),
            // Other schemes fetch no third party.
            _ => Judged::Pass,
        }
    }

    fn data(&self, url: &Url, raw: &[u8]) -> Judged {
        let name = tag_name(raw);
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        let Some(data) = Data::of(url) else { return Judged::Pass };
        match data.media {
            _ if self.depth == DEEPEST => self.unread(name, "nested too deep to be judged"),
            _ if is("script") => self.script_text(data.text().as_bytes(), name),
            Media::Page if shows_pages(name) => Judged::Documents(vec![data.text()]),
            Media::Css if is("link") || is("style") => {
                let inner = Judge { depth: self.depth + 1, ..*self };
                let parts = inner.sheet(&data.text(), b"<style>", |at| at).into_iter();
                parts.map(Judged::from).fold(Judged::Pass, Judged::or)
            }
            _ => Judged::Pass,
        }
    }

    /// Held because it cannot be judged; where everything is granted there is nothing to judge.
    pub(super) fn unread(&self, tag: &str, rule: &str) -> Judged {
        if self.granted.covers(self.policy.purposes().all()) {
            return Judged::Pass;
        }
        let tag = tag.to_ascii_lowercase();
        let (address, rule) = ("inline".into(), rule.into());
        let finding = Finding { held: true, whose: None, purpose: None, company: None, tag, address, rule };
        Judged::Hold { purpose: "unclassified".into(), finding }
    }

    fn judged(&self, verdict: &Verdict<'_>, tag: &str, address: &str) -> Judged {
        let unclassified = verdict.rule == Rule::Unclassified;
        // What a rule lets pass, or the visitor's agreement, belongs into the inventory. A font of another organisation's
        // needs nobody's agreement, but visitors are told of it (REQUIREMENTS A19).
        let known = matches!(verdict.rule, Rule::Site(_) | Rule::Catalogue(..) | Rule::List { .. });
        if !verdict.is_hold() && !unclassified && !known {
            return Judged::Pass;
        }
        let host = address.split('/').next().unwrap_or_default();
        let rule = if unclassified { format!("{}: {host}", verdict.rule) } else { verdict.rule.to_string() };
        let whose = verdict.purpose.zip(verdict.rule.whose());
        let tag = tag.to_ascii_lowercase();
        let (held, purpose, company) = (verdict.is_hold(), verdict.purpose, verdict.rule.whose());
        let finding = Finding { held, whose, purpose, company, tag, address: address.into(), rule };
        if !verdict.is_hold() {
            return Judged::Noted(finding);
        }
        let none = if matches!(verdict.rule, Rule::Banner(_)) { banner::MARK } else { "unclassified" };
        let purpose = verdict.purpose.map_or(none, |purpose| self.policy.purposes().name(purpose));
        Judged::Hold { purpose: purpose.into(), finding }
    }
}

impl Judged {
    fn is_hold(&self) -> bool {
        matches!(self, Self::Hold { .. })
    }

    /// Both together: held if one is, searched if one must be, mentioned if one is.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (first @ Self::Hold { .. }, _) | (first, Self::Pass) => first,
            (Self::Documents(first), Self::Documents(second)) => Self::Documents([first, second].concat()),
            (Self::Pass, second) | (_, second @ (Self::Hold { .. } | Self::Documents(_))) => second,
            (first, _) => first,
        }
    }
}

impl From<Part> for Judged {
    fn from(part: Part) -> Self {
        match part.purpose {
            Some(purpose) => Self::Hold { purpose, finding: part.finding },
            None => Self::Noted(part.finding),
        }
    }
}

impl Part {
    fn of(judged: Judged, edit: Edit) -> Option<Self> {
        match judged {
            Judged::Hold { purpose, finding } => Some(Self { edits: vec![edit], purpose: Some(purpose), finding }),
            Judged::Noted(finding) => Some(Self { edits: Vec::new(), purpose: None, finding }),
            Judged::Pass | Judged::Inline | Judged::Documents(_) => None,
        }
    }
}

/// As a script would name it: without a user and a port.
fn plainly(url: &Url) -> String {
    let target = &url[Position::BeforePath..Position::AfterQuery];
    format!("'//{}{target}'", url.host_str().unwrap_or_default())
}

fn shown(url: &Url) -> String {
    format!("{}{}", url.host_str().unwrap_or_default(), url.path())
}
