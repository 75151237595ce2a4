//! The sites, compiled from their configs and found by host.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Semaphore;

use crate::catalogue::pattern::PatternFault;
use crate::consent::{ChoiceCookie, Key, PurposeSet};
use crate::inventory::{Counters, Inventory, Traffic};
use crate::notice::Guard;
use crate::policy::{Policy, csp};

use super::canary::Canary;
use super::guard::Guards;
use super::{Config, Mode};

/// One site, ready to serve.
pub struct Site {
    /// What was configured.
    pub config: Config,
    /// Its rules, compiled.
    pub policy: Arc<Policy>,
    /// How its choice cookie is written and read.
    pub choice: ChoiceCookie,
    /// What traffic showed.
    pub inventory: Arc<Inventory>,
    /// What was held, or would have been.
    pub counters: Arc<Counters>,
    /// How much went through, how fast, and what failed.
    pub traffic: Arc<Traffic>,
    /// Requests under way at the site behind, over all workers.
    pub cap: Arc<Semaphore>,
    /// Sent with a page that could not be rewritten: only the site itself may be fetched.
    pub fence: http::HeaderValue,
    /// How many reports of browsers came lately.
    pub reports: super::csp_report::Pace,
    /// How fast choices come.
    pub paces: super::pace::Paces,
    /// How fast browsers tell what was written on a page.
    pub(super) seen: super::seen::Pace,
    /// Choices that were replaced a moment ago.
    pub replaced: super::replaced::Replaced,
    /// The notice and the rules as records point to them.
    pub(super) shown: super::shown::Texts,
    /// Of a site in observe mode.
    pub(super) canary: Option<Canary>,
    /// Somebody has switched the gate off here, until the file changes.
    is_off: AtomicBool,
    guards: Guards,
}

/// Why a site cannot be served.
#[derive(Debug)]
pub struct SetupFault {
    site: String,
    fault: PatternFault,
}

impl fmt::Display for SetupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "site {}: {}", self.site, self.fault)
    }
}

impl std::error::Error for SetupFault {}

impl Site {
    /// Compiles a site. What `earlier` (the same site before a reload) has seen and counted is kept.
    pub fn new(config: Config, key: &Key, earlier: Option<&Self>) -> Result<Self, SetupFault> {
        let fault = |fault| SetupFault { site: config.hosts[0].clone(), fault };
        let policy = Arc::new(Policy::new(&config.policy).map_err(fault)?);
        let canary = config.canary.as_ref().filter(|_| config.mode == Mode::Observe);
        let canary = canary.map(Canary::new).transpose().map_err(fault)?;
        let choice = ChoiceCookie {
            key: key.clone(),
            site: config.share.as_deref().unwrap_or(&config.hosts[0]).into(),
            share: config.share.as_deref().map(Into::into),
            notice_version: config.notice.version.as_str().into(),
            days: config.notice.days,
            refusal_days: config.notice.refusal_days,
            purposes: policy.purposes().clone(),
        };
        Ok(Self {
            policy,
            choice,
            inventory: earlier.map_or_else(Arc::default, |site| Arc::clone(&site.inventory)),
            counters: earlier.map_or_else(Arc::default, |site| Arc::clone(&site.counters)),
            traffic: earlier.map_or_else(Arc::default, |site| Arc::clone(&site.traffic)),
            cap: Arc::new(Semaphore::new(config.upstream.max_connections)),
            fence: fence(&config.hosts),
            reports: super::csp_report::Pace::default(),
            paces: super::pace::Paces::default(),
            seen: super::seen::Pace::default(),
            replaced: super::replaced::Replaced::default(),
            shown: super::shown::Texts::default(),
            canary,
            is_off: AtomicBool::new(false),
            guards: Guards::new(),
            config,
        })
    }

    /// The guard for pages on which these purposes are granted.
    pub fn guard(&self, granted: PurposeSet) -> &Guard {
        self.guards.of(&self.config, &self.policy, granted)
    }

    /// Switches the gate off on this site, or on again, for every request from now on. What a reload makes of it is for
    /// whoever reloads.
    pub fn switch_off(&self, off: bool) {
        self.is_off.store(off, Ordering::Relaxed);
    }

    /// Has somebody switched it off?
    pub fn is_switched_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// What the gate does for visitors outside a canary: as configured, or off.
    pub fn mode(&self) -> Mode {
        if self.is_switched_off() { Mode::Off } else { self.config.mode }
    }

    /// The site's name: its first host.
    pub fn name(&self) -> &str {
        &self.config.hosts[0]
    }
}

fn fence(hosts: &[String]) -> http::HeaderValue {
    let policy = csp::first_party(hosts.iter().map(String::as_str));
    http::HeaderValue::from_str(&policy).unwrap_or(http::HeaderValue::from_static("default-src 'self'"))
}

/// All sites of one configuration. A reload makes a new one and swaps it in.
pub struct Sites {
    /// Tells one configuration from the next, so that workers know when to make new connections.
    pub generation: u64,
    /// In the order of the YAML.
    pub all: Vec<Arc<Site>>,
    by_host: HashMap<String, usize>,
    /// `.example.gov.uk` → site; the empty ending is `*`. Longest first.
    by_ending: Vec<(String, usize)>,
}

impl Sites {
    /// Compiles all sites; `earlier` is the configuration they replace.
    pub fn new(configs: &[Config], key: &Key, earlier: Option<&Self>) -> Result<Self, SetupFault> {
        static GENERATION: AtomicU64 = AtomicU64::new(0);
        let before =
            |config: &Config| earlier.and_then(|sites| sites.all.iter().find(|site| site.name() == config.hosts[0]));
        let site = |config: &Config| Site::new(config.clone(), key, before(config).map(|site| &**site)).map(Arc::new);
        let all: Vec<_> = configs.iter().map(site).collect::<Result<_, _>>()?;
        let hosts =
            || all.iter().enumerate().flat_map(|(at, site)| site.config.hosts.iter().map(move |host| (host, at)));
        let mut by_ending: Vec<_> =
            hosts().filter_map(|(host, at)| Some((host.strip_prefix('*')?.to_owned(), at))).collect();
        by_ending.sort_by_key(|(ending, _)| std::cmp::Reverse(ending.len()));
        let by_host = hosts().filter(|(host, _)| !host.starts_with('*')).map(|(host, at)| (host.clone(), at)).collect();
        Ok(Self { generation: GENERATION.fetch_add(1, Ordering::Relaxed), all, by_host, by_ending })
    }

    /// The place of the site that answers to this host (lower-case, without port).
    pub fn find(&self, host: &str) -> Option<usize> {
        let by_ending = || self.by_ending.iter().find(|(ending, _)| host.ends_with(ending)).map(|(_, at)| *at);
        self.by_host.get(host).copied().or_else(by_ending)
    }
}
