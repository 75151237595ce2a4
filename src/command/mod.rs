//! The commands, one file each; start-up wiring lives here.

pub mod check;
pub mod schema;

use std::process::ExitCode;

/// Reads the command line and runs the command.
pub fn run() -> ExitCode {
    ExitCode::SUCCESS
}
