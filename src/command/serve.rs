//! `consentgate serve --config FILE`: the main job.

use std::path::Path;
use std::process::ExitCode;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::config;

use super::gate::Gate;
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
    let gate = match Gate::new(&config, file) {
        Ok(gate) => gate,
        Err(fault) => return cannot(&fault),
    };
    for site in &config.sites {
        tracing::info!(site = site.hosts[0], mode = ?site.mode, upstream = %site.upstream.authority, "site");
    }
    done(gate.run())
}

/// One line an event, on the standard error: journald and container logs take it from there.
pub(super) fn log_to_stderr() {
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    // hyper warns of every idle connection that it ends, as it should.
    let levels = Targets::new().with_default(LevelFilter::INFO).with_target("hyper", LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false);
    tracing_subscriber::registry().with(lines.with_filter(levels)).init();
}
