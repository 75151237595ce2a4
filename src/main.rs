//! The `consentgate` program: reads the command line, runs one command, answers with its exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    consentgate::command::run()
}
