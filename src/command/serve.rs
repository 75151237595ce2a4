//! `consentgate serve --config FILE`: the main job.

use std::path::Path;
use std::process::ExitCode;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config;

use super::gate::{Gate, mode_name};
use super::{cannot, done, wrong};

/// Serves until SIGTERM or SIGINT.
pub(super) fn serve(file: &Path) -> ExitCode {
    log_to_stderr();
    let config = match config::load(file) {
        Ok(config) => config,
        Err(faults) => return wrong(&faults),
    };
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(warning) = too_few_files(config.server.limits.connections) {
        tracing::warn!("{warning}");
    }
    let gate = match Gate::new(&config, file) {
        Ok(gate) => gate,
        Err(fault) => return cannot(&fault),
    };
    for site in &config.sites {
        tracing::info!(site = site.hosts[0], mode = mode_name(site.mode), upstream = %site.upstream.authority, "site");
    }
    done(gate.run())
}

/// A visitor's connection is a file handle, and the one to the site another: without them visitors are kept waiting at
/// the door long before `limits.connections` is reached. `None` also where the system does not say (not Linux).
fn too_few_files(connections: usize) -> Option<String> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let files: usize =
        limits.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_whitespace().next()?.parse().ok()?;
    (files < connections.saturating_mul(2)).then(|| {
        let enough = files / 2;
        format!(
            "this process may open {files} files, too few for {connections} connections: raise the limit (LimitNOFILE= or \
             ulimit -n), or set limits.connections to {enough} or less"
        )
    })
}

/// One line an event, on the standard error: journald and container logs take it from there.
pub(super) fn log_to_stderr() {
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // hyper warns of every idle connection that it ends, as it should.
    let levels = Targets::new().with_default(LevelFilter::INFO).with_target("hyper", LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(levels)).init();
}
