//! The commands, one file each; start-up wiring lives here.
//!
//! Exit codes: 0 done, 1 it could not be done (a port in use, a ledger that cannot be read), 2 the command line or
//! the configuration is wrong.

pub mod check;
pub mod demo;
pub mod explain;
mod gate;
mod key;
pub mod ledger;
mod run_demo;
pub mod schema;
mod serve;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};

use crate::config::{self, Resolved};
use crate::consent::ReceiptId;
use crate::ledger::{Format, receipt_from_hex};

/// A reverse proxy that makes an existing website ask before it tracks, without touching the site.
#[derive(Parser)]
#[command(name = "consentgate", version, about, propagate_version = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gate (SIGHUP or a changed file reloads; SIGTERM lets requests end, then stops)
    Serve {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Run a bundled legacy council site with the gate in front; nothing else to install
    Demo {
        /// Where the gate listens on this machine
        #[arg(long, value_name = "N", default_value_t = 8080)]
        port: u16,
    },
    /// Read a YAML file and report every fault with its `file:line:column`; exit code 0 or 2
    Check {
        /// The YAML file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Say which rule decides about a page's cookies and tags, and why
    #[command(group(ArgGroup::new("what").required(true).multiple(true).args(["cookie", "tag"])))]
    Explain {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A page of the site
        #[arg(value_name = "URL")]
        url: url::Url,
        /// A cookie's name
        #[arg(long, value_name = "NAME")]
        cookie: Vec<String>,
        /// The address a tag fetches
        #[arg(long, value_name = "URL")]
        tag: Vec<String>,
    },
    /// The record of choices
    Ledger {
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Print the JSON Schema of the YAML, for editors
    Schema {
        /// Print every sentence of the notice instead, as a file to translate
        #[arg(long)]
        strings: bool,
    },
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// What the ledger holds in numbers, and its latest records
    Show {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only the records of this receipt
        #[arg(long, value_name = "ID", value_parser = receipt)]
        receipt: Option<ReceiptId>,
        /// How many of the latest records
        #[arg(long, value_name = "N", default_value_t = 20)]
        last: u32,
    },
    /// Every record, oldest first, to the standard output
    Export {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The form of the export
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// One JSON object a line
    Jsonl,
    /// A table for spreadsheets
    Csv,
}

const CANNOT: u8 = 1;
const WRONG: u8 = 2;

/// Reads the command line and runs the command.
pub fn run() -> ExitCode {
    match Line::parse().command {
        Command::Serve { config } => serve::serve(&config),
        Command::Demo { port } => run_demo::demo(port),
        Command::Check { file } => match check::check(&file) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(WRONG),
            Err(fault) => printed(Err(fault)),
        },
        Command::Explain { config, url, cookie, tag } => {
            with_config(&config, |config| explain::explain(config, &url, &cookie, &tag, io::stdout().lock()))
        }
        Command::Ledger { command } => ledger(command),
        Command::Schema { strings } => printed(schema::schema(strings)),
    }
}

fn ledger(command: LedgerCommand) -> ExitCode {
    match command {
        LedgerCommand::Show { config, receipt, last } => with_config(&config, |config| {
            ledger::show(&config.ledger.file, &ledger::Filter { receipt, last }, io::stdout().lock())
        }),
        LedgerCommand::Export { config, format } => with_config(&config, |config| {
            let format = match format {
                ExportFormat::Jsonl => Format::Jsonl,
                ExportFormat::Csv => Format::Csv,
            };
            ledger::export(&config.ledger.file, format, io::stdout().lock()).map(drop)
        }),
    }
}

fn receipt(text: &str) -> Result<ReceiptId, String> {
    receipt_from_hex(text).ok_or_else(|| "a receipt is 32 hexadecimal digits".into())
}

/// Runs a command that needs a configuration; a faulty one is reported whole.
fn with_config<E: Error + 'static>(file: &Path, run: impl FnOnce(&Resolved) -> Result<(), E>) -> ExitCode {
    match config::load(file) {
        Ok(config) => printed(run(&config)),
        Err(faults) => wrong(&faults),
    }
}

/// The end of a command whose work is its output. Whoever reads it may have seen enough (`| head`): that is no fault,
/// and there is nobody to tell.
fn printed<E: Error + 'static>(result: Result<(), E>) -> ExitCode {
    match result {
        Err(fault) if nobody_reads(&fault) => ExitCode::SUCCESS,
        other => done(other),
    }
}

fn nobody_reads(fault: &(dyn Error + 'static)) -> bool {
    let here = fault.downcast_ref::<io::Error>().is_some_and(|fault| fault.kind() == io::ErrorKind::BrokenPipe);
    here || fault.source().is_some_and(nobody_reads)
}

fn done<E: Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => cannot(&fault),
    }
}

fn wrong(faults: &impl Display) -> ExitCode {
    let _ = write!(io::stderr().lock(), "{faults}");
    ExitCode::from(WRONG)
}

fn cannot(fault: &impl Display) -> ExitCode {
    let _ = writeln!(io::stderr().lock(), "consentgate: {fault}");
    ExitCode::from(CANNOT)
}
