//! One site as it is written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Canary, Description, Found, Key, LanguageRule, List, Purpose, Style};

/// One website, its hosts and its rules. The first rule that matches decides.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Site {
    /// The host names it answers to, without port. '*.example.gov.uk' is every host below, '*' every other host. The
    /// first one names the site in the ledger.
    #[schemars(required, length(min = 1), example = ["www.example.gov.uk"])]
    pub(in crate::config) hosts: List<String>,
    /// The website behind the gate: its address, or a map with more settings.
    #[schemars(required, example = "http://10.0.0.5:80")]
    pub(in crate::config) upstream: Key<Upstream>,
    /// What the gate does. Default: observe.
    pub(in crate::config) mode: Key<Mode>,
    /// In observe mode: for whom the gate acts all the same. Default: nobody.
    pub(in crate::config) canary: Key<Canary>,
    /// The Content-Security-Policy behind the verdicts. Default: fence.
    pub(in crate::config) csp: Key<Csp>,
    /// The path prefix the gate keeps for itself. Default: /.consent.
    #[schemars(example = "/.consent")]
    pub(in crate::config) prefix: Key<String>,
    /// A domain that covers every host of the site: they share one choice. Default: each host asks for itself.
    #[schemars(example = "example.gov.uk")]
    pub(in crate::config) share: Key<String>,
    /// Whether an agreed choice gets a random receipt id, in the ledger and the choice cookie. Default: kept.
    pub(in crate::config) receipts: Key<Receipts>,
    /// The site's own purposes beside essential, preferences, analytics and marketing: at most four. A map says more of a
    /// purpose, also of a built-in one. They are shown in this order, after those not named here.
    #[schemars(example = ["video"])]
    pub(in crate::config) purposes: List<Purpose>,
    /// Take out the site's other consent banners, so that a visitor is asked once. Default: false.
    pub(in crate::config) replace_banner: Key<bool>,
    /// The notice.
    pub(in crate::config) notice: Key<Notice>,
    /// The interfaces through which tags are told what is granted. Default: all; [] tells nobody.
    pub(in crate::config) signals: List<Signal>,
    /// What the site's cookies are for.
    pub(in crate::config) cookies: List<CookieRule>,
    /// What scripts, frames, images and styles from elsewhere are for.
    pub(in crate::config) tags: List<TagRule>,
    /// What keys in localStorage and sessionStorage are for, and what databases, caches and service workers
    /// (by their address as the script writes it) are for.
    pub(in crate::config) storage: List<StorageRule>,
    /// What happens to cookies, keys and tags that neither a rule nor the catalogue knows.
    pub(in crate::config) unclassified: Key<Unclassified>,
    /// Tag rules from files in adblock syntax. They are asked after tags: and the catalogue.
    pub(in crate::config) filter_lists: List<FilterList>,
    /// Paths on which purposes are held even after consent, or where the gate keeps out.
    pub(in crate::config) paths: List<PathRule>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(in crate::config) enum Upstream {
    Url(String),
    Full(Box<FullUpstream>),
    Many(Vec<Found<Upstream>>),
}

/// The website behind the gate.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct FullUpstream {
    /// http:// or https://, host and port; no path.
    #[schemars(required, example = "http://10.0.0.5:80")]
    pub(in crate::config) url: Key<String>,
    /// Sent as Host. Default: what the visitor asked for.
    #[schemars(length(min = 1))]
    pub(in crate::config) host_header: Key<String>,
    /// PEM file of the authority that signed the upstream's certificate, relative to the folder of this file.
    /// Default: the machine's own list.
    #[schemars(length(min = 1))]
    pub(in crate::config) ca_file: Key<String>,
    /// The longest wait for a connection. Default: 3s.
    #[schemars(example = "3s")]
    pub(in crate::config) connect_timeout: Key<String>,
    /// The longest wait for the head of a response. Default: 60s.
    #[schemars(example = "60s")]
    pub(in crate::config) response_timeout: Key<String>,
    /// The longest silence inside a response. Default: 60s.
    #[schemars(example = "60s")]
    pub(in crate::config) idle_timeout: Key<String>,
    /// Requests under way at once; more wait for a short time. Default: 1024.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(in crate::config) max_connections: Key<usize>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Mode {
    /// Change nothing; report what would be held.
    Observe,
    /// Hold what the visitor has not agreed to.
    Enforce,
    /// Pass everything.
    Off,
}

#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Csp {
    /// A policy only where a page could not be rewritten.
    Fence,
    /// The strict policy for reports only, in observe mode too: shows what strict would block.
    Learn,
    /// A policy on every page for visitors who have not agreed to everything.
    Strict,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Receipts {
    /// A visitor who agreed to something can quote a receipt id.
    Kept,
    /// No id anywhere: the ledger still counts choices.
    None,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Signal {
    /// Google consent mode v2.
    Google,
    /// Microsoft: UET consent mode and Clarity.
    Microsoft,
    /// Matomo's cookie consent.
    Matomo,
}

/// The notice of one site.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Notice {
    /// The service's name in headings. Default: the organisation's name, else the first host.
    #[schemars(length(min = 1))]
    pub(in crate::config) service: Key<String>,
    /// The languages it speaks; the first is the default. en and cy are built in, others come with strings. Default: en.
    #[schemars(length(min = 1), example = ["en", "cy"])]
    pub(in crate::config) languages: List<String>,
    /// Files with every sentence of a language, relative to the folder of this file. One for en or cy takes the place of
    /// the built-in sentences. 'consentgate schema --strings' prints one to translate.
    #[schemars(example = ["strings.pl.yaml"])]
    pub(in crate::config) strings: List<String>,
    /// Which language where; the first rule that fits decides. Default: the page's own language, else the browser's.
    pub(in crate::config) language_rules: List<LanguageRule>,
    /// Change it when the notice's meaning changes: every visitor is asked again. At most 20 bytes. Default: 1.
    #[schemars(extend("type" = ["string", "number"]), length(min = 1), example = "2026-11")]
    pub(in crate::config) version: Key<String>,
    /// How many days an agreement is kept. Default: 365.
    #[schemars(range(min = 1, max = 400))]
    pub(in crate::config) days: Key<u32>,
    /// How many days a refusal is kept before the visitor is asked again. Default: 182, which is the least.
    #[schemars(range(min = 182, max = 400))]
    pub(in crate::config) refusal_days: Key<u32>,
    /// How it looks.
    pub(in crate::config) style: Key<Style>,
    /// A template of your own in place of what stands in the notice, relative to the folder of this file. At most 64 KiB;
    /// read again when it changes; refused where something required is missing. Default: the built-in notice.
    #[schemars(length(min = 1), example = "notice.html")]
    pub(in crate::config) template: Key<String>,
}

/// What one cookie, or a family of them, is for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct CookieRule {
    /// The cookie's name; * stands for any characters.
    #[schemars(required, length(min = 1), example = "_ga*")]
    pub(in crate::config) name: Key<String>,
    /// Why it is stored.
    #[schemars(required, example = &"analytics")]
    pub(in crate::config) purpose: Key<String>,
    /// What it does, in the notice's languages. Default: what the catalogue says, else what the purpose is for.
    pub(in crate::config) description: List<Description>,
}

/// What tags with some address are for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct TagRule {
    /// An address pattern in adblock syntax.
    #[schemars(required, example = "||maps.example.com^")]
    pub(in crate::config) r#match: Key<String>,
    /// Why the tag is there.
    #[schemars(required, example = &"preferences")]
    pub(in crate::config) purpose: Key<String>,
}

/// What one storage key, or a family of them, is for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct StorageRule {
    /// The key; * stands for any characters.
    #[schemars(required, length(min = 1), example = "site-theme")]
    pub(in crate::config) key: Key<String>,
    /// Why it is stored.
    #[schemars(required, example = &"preferences")]
    pub(in crate::config) purpose: Key<String>,
    /// What it does, in the notice's languages. Default: what the purpose is for.
    pub(in crate::config) description: List<Description>,
}

/// What happens to what nobody has classified.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct Unclassified {
    /// Cookies. Default: hold.
    pub(in crate::config) cookies: Key<Action>,
    /// Storage keys. Default: hold.
    pub(in crate::config) storage: Key<Action>,
    /// Tags from other hosts. Default: pass, because an unknown payment or address look-up script may be one of them.
    /// What such a script stores on the site is held all the same.
    pub(in crate::config) tags: Key<Action>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::config) enum Action {
    /// Let it through.
    Pass,
    /// Keep it back until consent.
    Hold,
}

/// A file of tag rules.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct FilterList {
    /// The file, in adblock syntax, relative to the folder of this file. At most 32 MiB; read again when it changes.
    #[schemars(required, length(min = 1), example = "easyprivacy.txt")]
    pub(in crate::config) file: Key<String>,
    /// Why the tags it matches are there.
    #[schemars(required, example = &"analytics")]
    pub(in crate::config) purpose: Key<String>,
}

/// What is held on some paths even after consent, or a path the gate keeps out of.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::config) struct PathRule {
    /// A path that starts with '/'; * stands for any characters.
    #[schemars(required, example = "/benefits/*")]
    pub(in crate::config) r#match: Key<String>,
    /// The purposes held there.
    #[schemars(length(min = 1), example = ["analytics", "marketing"])]
    pub(in crate::config) hold: List<String>,
    /// The rule acts only on requests that carry a cookie of this name; * stands for any characters. For areas behind a
    /// login. Default: it acts on every request.
    #[schemars(length(min = 1), example = &".ASPXAUTH")]
    pub(in crate::config) cookie: Key<String>,
    /// The gate does nothing there, in either direction: for webhooks and APIs. Default: false.
    pub(in crate::config) bypass: Key<bool>,
}
