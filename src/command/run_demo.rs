//! `consentgate demo`: starts the bundled council site, the stand-ins for other companies, and the gate in front.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::config;

use super::demo::{self, Ports};
use super::gate::Gate;
use super::{cannot, done, wrong};

/// Where a gate in service on this machine has its admin listener: the demo leaves it alone.
const IN_SERVICE: u16 = 9901;

/// Runs the demo until Ctrl+C.
pub(super) fn demo(port: u16) -> ExitCode {
    match prepare(port) {
        Ok(prepared) => prepared.run(),
        Err(fault) => cannot(&fault),
    }
}

struct Prepared {
    ports: Ports,
    council: TcpListener,
    third_parties: TcpListener,
    file: PathBuf,
}

fn prepare(port: u16) -> Result<Prepared, String> {
    let port = free(port)?;
    let council = listen(port.saturating_add(1))?;
    let third_parties = listen(port.saturating_add(2))?;
    let admin = listen(port.checked_add(3).filter(|port| *port != IN_SERVICE).unwrap_or(0))?;
    let ports = Ports { gate: port, council: own(&council)?, third_parties: own(&third_parties)?, admin: own(&admin)? };
    let file = write(ports).map_err(|fault| format!("the demo's files cannot be written: {fault}"))?;
    Ok(Prepared { ports, council, third_parties, file })
}

/// Asked before anything is written: the files of a demo that runs on this port must not be swept from under it.
fn free(port: u16) -> Result<u16, String> {
    let fault = |fault| format!("127.0.0.1:{port}: {fault} (choose another with --port)");
    own(&TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(fault)?)
}

/// The port if it is free, else any.
fn listen(port: u16) -> Result<TcpListener, String> {
    let at = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    at(port).or_else(|_| at(0)).map_err(|fault| format!("no free port on this machine: {fault}"))
}

fn own(listener: &TcpListener) -> Result<u16, String> {
    listener.local_addr().map(|address| address.port()).map_err(|fault| fault.to_string())
}

/// The configuration, the ledger and the key of a demo live in a folder of its own, fresh for each port.
fn write(ports: Ports) -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("consentgate-demo-{}", ports.gate));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    private_folder(&folder)?;
    let file = folder.join("demo.yaml");
    fs::write(&file, demo::config(&ports, &folder))?;
    Ok(file)
}

/// Others on this machine have no business in it; making it fails where somebody else has made it already.
fn private_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(folder)
}

impl Prepared {
    fn run(self) -> ExitCode {
        let Self { ports, council, third_parties, file } = self;
        super::serve::log_to_stderr();
        let config = match config::load(&file) {
            Ok(config) => config,
            Err(faults) => return wrong(&faults),
        };
        let gate = match Gate::new(&config, &file) {
            Ok(gate) => gate,
            Err(fault) => return cannot(&format!("{fault} (choose another with --port)")),
        };
        std::thread::spawn(move || legacy(council, third_parties, ports.third_parties));
        let program = std::env::current_exe().unwrap_or_else(|_| "consentgate".into());
        println!("{}", demo::what_to_try(&ports, &file, &program));
        done(gate.run())
    }
}

/// The site behind the gate and the other companies, on a thread of their own; it ends with the program.
fn legacy(council: TcpListener, third_parties: TcpListener, third_party_port: u16) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let Ok(runtime) = runtime else { return tracing::error!("the demo's sites cannot start") };
    runtime.block_on(async move {
        let listener = |listener: TcpListener| {
            listener.set_nonblocking(true)?;
            tokio::net::TcpListener::from_std(listener)
        };
        match (listener(council), listener(third_parties)) {
            (Ok(council), Ok(third_parties)) => {
                tokio::join!(demo::serve_council(council, third_party_port), demo::serve_third_parties(third_parties));
            }
            (Err(fault), _) | (_, Err(fault)) => tracing::error!("the demo's sites cannot start: {fault}"),
        }
    });
}
