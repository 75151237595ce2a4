//! Puts the rooms together into a running gate: ledger, sites, workers, admin listener, reload, stop.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Request, Response};
use tokio::signal::unix::{SignalKind, signal};

use crate::admin;
use crate::config::{self, Resolved, Watch, Written};
use crate::consent::Key;
use crate::gateway::{self, Gateway, Mode, Shared, Sites};
use crate::inventory::{self, Store, Teller, Watched};
use crate::ledger::Sqlite;
use crate::server::{self, Bound, Handle, RequestBody};
use crate::upstream;

use super::audits::Audits;
use super::board::{self, Board};
use super::key;
use super::switches;

/// How often the configuration file is looked at, where nobody sends SIGHUP.
const LOOK: Duration = Duration::from_secs(1);

/// A gate that has taken its addresses and its files, and serves when it is run.
pub(super) struct Gate {
    bound: Bound,
    admin: admin::Bound,
    board: Board,
    audits: Arc<Audits>,
    teller: Option<Teller>,
    shared: Arc<Shared>,
    ledger: Arc<Sqlite>,
    store: Store,
    key: Key,
    file: PathBuf,
    watch: Watch,
    fixed: String,
    written: Written,
}

impl Gate {
    /// Takes everything the gate needs, or says what cannot be had.
    pub(super) fn new(config: &Resolved, file: &Path) -> Result<Self, String> {
        let key = key::read_or_make(&config.signing_key_file)?;
        let sites = Sites::new(&config.sites, &key, None).map_err(|fault| fault.to_string())?;
        let bound = server::bind(&config.server).map_err(|fault| listening_fault(&fault))?;
        let address = config.admin.address;
        let admin =
            admin::bind(&config.admin).map_err(|fault| admin_fault(&server::StartFault::Address(address, fault)))?;
        let ledger =
            Arc::new(Sqlite::start(&config.ledger, &key).map_err(|fault| format!("the ledger cannot start: {fault}"))?);
        let shared = Shared { sites: ArcSwap::from_pointee(sites), ledger: ledger.clone(), token: token() };
        let shared = Arc::new(shared);
        gateway::reachable(&shared.sites.load()).map_err(|fault| fault.to_string())?;
        let watch = Watch::new(file, &config.files);
        let (fixed, written) = (fixed(config), config.written.clone());
        let in_force = Arc::new(ArcSwap::from_pointee(board::in_force(config, file)));
        let audits = Audits::new(&config.audit);
        let ledger_file = config.ledger.file.clone();
        let board = Board { shared: Arc::clone(&shared), in_force, ledger: ledger_file, audits: Arc::clone(&audits) };
        let store = kept(&config.inventory, &shared)?;
        let teller = teller(&config.inventory)?;
        let file = file.into();
        Ok(Self { bound, admin, board, audits, teller, shared, ledger, store, key, file, watch, fixed, written })
    }

    /// Serves until told to stop; returns when the last request has ended or the time for that is over.
    pub(super) fn run(self) -> Result<(), String> {
        let Self { bound, admin, board, audits, teller, shared, ledger, store, key, file, watch, fixed, written } =
            self;
        let (listening, admin_address, stopping) = (bound.addresses(), admin.address(), Arc::default());
        let in_force = Arc::clone(&board.in_force);
        let view = board.view(&stopping, admin.asks());
        let of_admin = admin.reloader();
        let _admin = admin.serve(view).map_err(|fault| format!("the admin listener cannot start: {fault}"))?;
        let reload = Reload {
            shared: Arc::clone(&shared),
            ledger: Arc::clone(&ledger),
            key,
            file,
            fixed,
            written: ArcSwap::from_pointee(written),
            in_force,
            audits: Arc::clone(&audits),
            certificates: bound.reloader(),
            admin: of_admin,
        };
        let (end_audits, end) = mpsc::channel();
        let audited = audits.start(teller, end).map_err(|fault| format!("audits cannot start: {fault}"))?;
        // Said only once signals are watched: whoever waits for this line may send one at once.
        let ready = move || tracing::info!(?listening, admin = %admin_address, "consentgate is ready");
        let make = move || {
            let gateway = Gateway::new(Arc::clone(&shared)).expect("the same configuration was tried at the start");
            Worker(Arc::new(gateway))
        };
        let served = bound.serve(make, async move {
            stop(reload, watch, ready).await;
            stopping.store(true, Ordering::Relaxed);
        });
        ledger.close();
        store.close();
        drop(end_audits);
        let _ = audited.join();
        served.map_err(|fault| fault.to_string())
    }
}

/// The same of where visitors connect; what is wrong with a certificate is said with its file.
fn listening_fault(fault: &server::StartFault) -> String {
    match fault {
        server::StartFault::Address(..) => format!("{fault} (set listeners: [{{ address: … }}] in the YAML)"),
        _ => fault.to_string(),
    }
}

/// Nothing in the file need name this address: it has a default, so where to change it is said too.
fn admin_fault(fault: &server::StartFault) -> String {
    format!("admin: {fault} (set admin: {{ address: … }} in the YAML)")
}

/// What a reload does not change, in a form that can be compared.
fn fixed(config: &Resolved) -> String {
    let ledger = (&config.ledger.file, config.ledger.keep);
    let webhook = config.inventory.webhook.as_ref().map(|webhook| webhook.0.as_str());
    format!("{:?}", (&config.server, &config.admin, ledger, &config.signing_key_file, &config.inventory, webhook))
}

/// Reads what was seen before this start, and keeps what is seen from now on.
fn kept(config: &inventory::Config, shared: &Arc<Shared>) -> Result<Store, String> {
    let shared = Arc::clone(shared);
    let sites = move || shared.sites.load().all.iter().map(|site| watched(site)).collect();
    Store::start(config, Box::new(sites), teller(config)?).map_err(|fault| format!("the inventory: {fault}"))
}

/// Who tells the webhook, if there is one.
fn teller(config: &inventory::Config) -> Result<Option<Teller>, String> {
    let start = |webhook| {
        let tls = upstream::machine_tls().map_err(|fault| format!("drift.webhook: {fault}"))?;
        Teller::start(webhook, tls).map_err(|fault| format!("drift.webhook: {fault}"))
    };
    config.webhook.as_ref().map(start).transpose()
}

fn watched(site: &gateway::Site) -> Watched {
    Watched {
        name: site.name().into(),
        inventory: Arc::clone(&site.inventory),
        policy: Arc::clone(&site.policy),
        enforces: site.mode() == Mode::Enforce,
    }
}

/// Marks this installation; another gate in front of or behind this one has another name.
fn token() -> String {
    let mut bytes = [0_u8; 4];
    getrandom::fill(&mut bytes).expect("the signing key came from the same source");
    format!("consentgate-{:08x}", u32::from_be_bytes(bytes))
}

/// As the YAML has it.
pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
        Mode::Off => "off",
    }
}

#[derive(Clone)]
struct Worker(Arc<Gateway>);

impl Handle for Worker {
    type Body = gateway::Body;

    async fn handle(&self, request: Request<RequestBody>, peer: server::Peer) -> Response<gateway::Body> {
        self.0.handle(request, gateway::Peer { address: peer.address, https: peer.https }).await
    }
}

/// Everything a reload needs.
struct Reload {
    shared: Arc<Shared>,
    ledger: Arc<Sqlite>,
    key: Key,
    file: PathBuf,
    fixed: String,
    /// What is in force, as it was read.
    written: ArcSwap<Written>,
    in_force: Arc<ArcSwap<admin::InForce>>,
    audits: Arc<Audits>,
    certificates: server::Reloader,
    admin: admin::Reloader,
}

impl Reload {
    /// Reads the file again and swaps the whole configuration in; a bad file changes nothing (promise 30). Returns the
    /// other files that the YAML names now.
    fn reload(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        match self.read(&mut files) {
            Ok((sites, in_force, written)) => {
                let same = written == **self.written.load();
                let modes = switches::carried(&self.shared.sites.load(), &sites, same);
                let count = sites.all.len();
                self.shared.sites.store(Arc::new(sites));
                self.in_force.store(Arc::new(in_force));
                self.written.store(Arc::new(written));
                tracing::info!(sites = count, modes, "configuration reloaded");
            }
            Err(fault) => tracing::error!("configuration not reloaded, the old one stays in force:\n{fault}"),
        }
        if let Err(fault) = self.certificates.reload() {
            tracing::error!("certificates not reloaded, the old ones stay in force: {fault}");
        }
        if let Err(fault) = self.admin.reload() {
            tracing::error!("certificates of the admin listener not reloaded, the old ones stay in force: {fault}");
        }
        files
    }

    fn read(&self, files: &mut Vec<PathBuf>) -> Result<(Sites, admin::InForce, Written), String> {
        let config = config::load(&self.file).map_err(|faults| {
            files.clone_from(&faults.files);
            faults.to_string()
        })?;
        files.clone_from(&config.files);
        for warning in &config.warnings {
            tracing::warn!("{warning}");
        }
        let needs_restart = fixed(&config) != self.fixed;
        if needs_restart {
            let what = "listeners, limits, workers, the admin listener, the ledger's url and keep, the inventory, drift, and the signing key's file";
            tracing::warn!("changes of {what} take effect after a restart");
        }
        let sites =
            Sites::new(&config.sites, &self.key, Some(&self.shared.sites.load())).map_err(|fault| fault.to_string())?;
        gateway::reachable(&sites).map_err(|fault| fault.to_string())?;
        self.ledger.hold(config.ledger.legal_hold);
        self.audits.follow(&config.audit);
        let in_force = admin::InForce { needs_restart, ..board::in_force(&config, &self.file) };
        Ok((sites, in_force, config.written))
    }
}

/// Resolves when the gate is to stop; reloads until then.
async fn stop(reload: Reload, mut watch: Watch, ready: impl FnOnce()) {
    let signals = || -> io::Result<_> {
        Ok((signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?))
    };
    let Ok((mut terminate, mut interrupt, mut hangup)) = signals() else {
        tracing::error!("signals cannot be watched: stopping");
        return;
    };
    let mut look = tokio::time::interval(LOOK);
    ready();
    notify(&[sd_notify::NotifyState::Ready]);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => {
                watch.changed();
                watch.follow(&reloading(&reload));
            }
            _ = look.tick() => {
                if watch.changed() {
                    watch.follow(&reloading(&reload));
                }
            }
        }
    }
    notify(&[sd_notify::NotifyState::Stopping]);
    tracing::info!("stopping: requests under way may end");
}

fn reloading(reload: &Reload) -> Vec<PathBuf> {
    if let Ok(now) = sd_notify::NotifyState::monotonic_usec_now() {
        notify(&[sd_notify::NotifyState::Reloading, now]);
    }
    let files = reload.reload();
    notify(&[sd_notify::NotifyState::Ready]);
    files
}

/// Outside systemd there is nobody to notify, and that is fine.
fn notify(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(fault) = sd_notify::notify(states) {
        tracing::debug!("systemd was not notified: {fault}");
    }
}
