//! What the dashboard shows of the running gate, as it is at the moment of asking.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;

use crate::admin::{self, InForce};
use crate::audit;
use crate::config::Resolved;
use crate::gateway::{self, Csp, Shared};

use super::audits::Audits;
use super::gate::mode_name;

/// What the views are made from.
pub(super) struct Board {
    pub(super) shared: Arc<Shared>,
    pub(super) in_force: Arc<ArcSwap<InForce>>,
    pub(super) ledger: PathBuf,
    pub(super) audits: Arc<Audits>,
}

impl Board {
    pub(super) fn view(self, stopping: &Arc<AtomicBool>, asks: bool) -> admin::View {
        let Self { shared, in_force, ledger, audits } = self;
        let files = Arc::clone(&audits);
        let (sites, switched, stopping) = (Arc::clone(&shared), Arc::clone(&shared), Arc::clone(stopping));
        admin::View {
            sites: Box::new(move || sites.sites.load().all.iter().map(|site| shown(site)).collect()),
            ledger_healthy: Box::new(move || shared.ledger.healthy()),
            switch: Box::new(move |name, off| switch(&switched, name, off)),
            stopping: Box::new(move || stopping.load(Ordering::Relaxed)),
            config: Box::new(move || in_force.load_full()),
            audits: Box::new(move || audits.shown()),
            audit_file: Box::new(move |audit, name| files.file(audit, name)),
            ledger,
            started: now(),
            asks,
        }
    }
}

/// It is said in the log: whoever looks for the reason why nothing is held must find it.
fn switch(shared: &Shared, name: &str, off: bool) -> bool {
    let sites = shared.sites.load();
    let Some(site) = sites.all.iter().find(|site| site.name() == name) else { return false };
    site.switch_off(off);
    tracing::warn!(site = name, "switched {} on the admin listener", if off { "off" } else { "on again" });
    true
}

fn shown(site: &gateway::Site) -> admin::Site {
    let most = site.config.upstream.max_connections;
    admin::Site {
        name: site.name().into(),
        hosts: site.config.hosts.clone(),
        mode: mode_name(site.mode()),
        upstream: address(site),
        under_way: most.saturating_sub(site.cap.available_permits()),
        most_under_way: most,
        counters: Arc::clone(&site.counters),
        inventory: Arc::clone(&site.inventory),
        traffic: Arc::clone(&site.traffic),
        policy: Arc::clone(&site.policy),
    }
}

fn address(site: &gateway::Site) -> String {
    format!("{}://{}", site.config.upstream.scheme, site.config.upstream.authority)
}

/// The configuration as it may be shown.
pub(super) fn in_force(config: &Resolved, file: &Path) -> InForce {
    let mut settings = of_the_gate(config);
    config.sites.iter().for_each(|site| settings.extend(of_site(site)));
    InForce {
        file: file.display().to_string(),
        read_at: now(),
        yaml: config.written.shown(),
        settings,
        needs_restart: false,
    }
}

fn of_the_gate(config: &Resolved) -> Vec<[String; 3]> {
    let (server, ledger) = (&config.server, &config.ledger);
    let limits = &server.limits;
    let mut settings: Vec<_> = server.listeners.iter().map(listener).collect();
    let more = [
        ("workers", server.workers.to_string()),
        ("limits.connections", limits.connections.to_string()),
        ("limits.header_bytes", binary(limits.header_bytes as u64)),
        ("limits.uri_bytes", binary(limits.uri_bytes as u64)),
        ("limits.body_bytes", binary(limits.body_bytes)),
        ("limits.handshake", time(limits.handshake)),
        ("limits.header", time(limits.header)),
        ("limits.idle", time(limits.idle)),
        ("limits.drain", time(limits.drain)),
        ("admin.address", config.admin.address.to_string()),
        ("admin.token_file", if config.admin.token.is_some() { "set" } else { "none" }.into()),
        ("admin.tls", if config.admin.tls.is_some() { "https" } else { "plain HTTP" }.into()),
        ("admin.client_ca", client_ca(&config.admin)),
        ("ledger.url", format!("sqlite:{}", ledger.file.display())),
        ("ledger.keep", ledger.keep.map_or("everything is kept".into(), time)),
        ("ledger.legal_hold", ledger.legal_hold.to_string()),
        ("signing_key_file", config.signing_key_file.display().to_string()),
    ];
    settings.extend(more.map(|(name, value)| ["the gate".into(), name.into(), value]));
    settings.extend(of_audits(&config.audit));
    settings
}

fn of_audits(audit: &audit::Config) -> Vec<[String; 3]> {
    let Some(every) = audit.every else { return vec![["the gate".into(), "audit".into(), "none".into()]] };
    let sites: Vec<_> = audit.sites.iter().map(url::Url::as_str).collect();
    let settings = [
        ("audit.every", time(every)),
        ("audit.sites", sites.join(", ")),
        ("audit.mode", if audit.mode == audit::Mode::Browser { "browser" } else { "http" }.into()),
        ("audit.pages", audit.pages.to_string()),
        ("audit.folder", audit.folder.display().to_string()),
        ("audit.keep", audit.keep.to_string()),
    ];
    settings.map(|(name, value)| ["the gate".into(), name.into(), value]).into()
}

fn client_ca(admin: &admin::Config) -> String {
    let file = admin.tls.as_ref().and_then(|tls| tls.client_ca.as_ref());
    let none = if admin.asks() { "none" } else { "none: this machine only" };
    file.map_or_else(|| none.into(), |file| file.display().to_string())
}

fn listener(listener: &crate::server::Listener) -> [String; 3] {
    let tls = if listener.tls.is_empty() { "plain HTTP" } else { "https" };
    let redirects = if listener.redirect_to_https { ", redirects to https" } else { "" };
    let trusted: Vec<_> = listener.trusted_proxies.iter().map(ToString::to_string).collect();
    let trusted = if trusted.is_empty() { String::new() } else { format!(", believes {}", trusted.join(", ")) };
    ["the gate".into(), "listener".into(), format!("{} {tls}{redirects}{trusted}", listener.address)]
}

fn of_site(site: &gateway::Config) -> Vec<[String; 3]> {
    let languages: Vec<_> = site.notice.languages.iter().map(|language| language.tag()).collect();
    let csp = match site.csp {
        Csp::Fence => "fence",
        Csp::Learn => "learn",
        Csp::Strict => "strict",
    };
    let policy = &site.policy;
    let purposes: Vec<_> = policy.purposes.iter().map(|(_, name)| name).collect();
    let settings = [
        ("mode", mode_name(site.mode).to_owned()),
        ("csp", csp.into()),
        ("prefix", site.prefix.clone()),
        ("share", site.share.clone().unwrap_or_else(|| "none".into())),
        ("receipts", site.receipts.to_string()),
        ("upstream", format!("{}://{}", site.upstream.scheme, site.upstream.authority)),
        ("upstream.connect_timeout", time(site.upstream.connect_timeout)),
        ("upstream.response_timeout", time(site.upstream.response_timeout)),
        ("upstream.idle_timeout", time(site.upstream.idle_timeout)),
        ("upstream.max_connections", site.upstream.max_connections.to_string()),
        ("notice.version", site.notice.version.clone()),
        ("notice.languages", languages.join(", ")),
        ("notice.days", site.notice.days.to_string()),
        ("notice.refusal_days", site.notice.refusal_days.to_string()),
        ("purposes", purposes.join(", ")),
        ("rules", rules(policy)),
        ("replace_banner", policy.replace_banner.to_string()),
    ];
    settings.map(|(name, value)| [site.hosts[0].clone(), name.into(), value]).into()
}

fn rules(policy: &crate::policy::Config) -> String {
    let (cookies, tags) = (policy.cookies.len(), policy.tags.len());
    format!("{cookies} cookies, {tags} tags, {} storage, {} paths", policy.storage.len(), policy.paths.len())
}

/// As the YAML writes sizes.
fn binary(bytes: u64) -> String {
    let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("", 1)];
    let fits = |size: u64| bytes >= size && bytes.is_multiple_of(size);
    let (unit, size) = units.into_iter().find(|(_, size)| fits(*size)).unwrap_or(("", 1));
    format!("{}{unit}", bytes / size)
}

fn time(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
