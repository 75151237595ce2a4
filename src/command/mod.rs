//! The commands, one file each; start-up wiring lives here.
//!
//! Exit codes: 0 done, 1 it could not be done (a port in use, a ledger that cannot be read), 2 the command line or
//! the configuration is wrong.

mod audit;
mod audit_browser;
mod audit_files;
mod audit_progress;
mod audit_sites;
mod audits;
mod board;
pub mod check;
pub mod demo;
pub mod explain;
mod explain_rule;
mod gate;
mod init;
mod key;
pub mod ledger;
mod pack;
mod run_demo;
pub mod schema;
mod serve;
mod switches;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgGroup, Parser, Subcommand, ValueEnum};

use crate::config::{self, Resolved};
use crate::consent::ReceiptId;
use crate::ledger::{Format, ReadFault, receipt_from_hex};

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
    /// Say which rule decides about a page's cookies and tags, and why; or what a rule is, by its name in a log
    #[command(group(ArgGroup::new("what").required(true).multiple(true).args(["cookie", "tag", "rule"])))]
    Explain {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// A page of the site; not needed for a rule
        #[arg(value_name = "URL", required_unless_present = "rule", value_parser = page)]
        url: Option<url::Url>,
        /// A cookie's name
        #[arg(long, value_name = "NAME")]
        cookie: Vec<String>,
        /// The address a tag fetches
        #[arg(long, value_name = "URL")]
        tag: Vec<String>,
        /// A rule, as it is called in the log, the metrics and on the dashboard
        #[arg(long, value_name = "ID", conflicts_with_all = ["cookie", "tag", "url"])]
        rule: Vec<String>,
    },
    /// Look at a site and write a YAML to begin with, to the standard output
    Init(init::Init),
    /// Measure sites the way a regulator would, by published criteria; write a report
    Audit(audit::Audit),
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
        /// The YAML file; not needed with --schema
        #[arg(long, value_name = "FILE", required_unless_present = "schema")]
        config: Option<PathBuf>,
        /// The form of the export
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
        format: ExportFormat,
        /// Print the JSON Schema of the 27560 form instead
        #[arg(long)]
        schema: bool,
        /// Write the data protection officer's pack into this new directory instead: ten answers, and the evidence
        #[arg(long, value_name = "DIR", conflicts_with = "schema")]
        pack: Option<PathBuf>,
    },
    /// Walk the hash chain: exit code 0 when every record is as it was written, 1 with the first that is not
    Verify {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Delete records; their tombstones stay in the chain
    #[command(group(ArgGroup::new("which").required(true).args(["before", "receipt", "kept"])))]
    Purge {
        /// The YAML file
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Everything from before this day (UTC), such as 2026-01-31
        #[arg(long, value_name = "DATE", value_parser = day)]
        before: Option<u64>,
        /// The records of this receipt
        #[arg(long, value_name = "ID", value_parser = receipt)]
        receipt: Option<ReceiptId>,
        /// What is older than `ledger.keep`, now rather than at the next daily look
        #[arg(long)]
        kept: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ExportFormat {
    /// One JSON object a line
    Jsonl,
    /// A table for spreadsheets
    Csv,
    /// ISO/IEC TS 27560:2023, one JSON object a line
    #[value(name = "27560")]
    Iso27560,
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
        Command::Explain { config: file, url, cookie, tag, rule } => with_config(&file, |config| match url {
            Some(url) => explain::explain(config, &url, &cookie, &tag, io::stdout().lock()),
            None => rule.iter().try_for_each(|id| explain_rule::explain(config, &file, id, io::stdout().lock())),
        }),
        Command::Audit(line) => match audit::audit(&line) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::from(CANNOT),
            Err(fault) => cannot(&fault),
        },
        Command::Init(line) => printed(init::init(&line)),
        Command::Ledger { command } => ledger(command),
        Command::Schema { strings } => printed(schema::schema(strings)),
    }
}

fn ledger(command: LedgerCommand) -> ExitCode {
    match command {
        LedgerCommand::Show { config, receipt, last } => with_config(&config, |config| {
            ledger::show(&config.ledger.file, &ledger::Filter { receipt, last }, io::stdout().lock())?;
            let Some(receipt) = receipt else { return Ok(()) };
            ledger::proof(&config.ledger.file, receipt, &key(config)?, io::stdout().lock())
        }),
        LedgerCommand::Export { config: Some(config), format, schema: false, pack } => export(&config, format, pack),
        LedgerCommand::Export { .. } => printed(io::stdout().lock().write_all(crate::ledger::SCHEMA_27560.as_bytes())),
        LedgerCommand::Verify { config } => with_config(&config, |config| {
            ledger::verify(&config.ledger.file, &key(config)?, (io::stdout().lock(), io::stderr().lock()))
        }),
        LedgerCommand::Purge { config, before, receipt, kept: _ } => with_config(&config, |config| {
            let removal = ledger::removal(&config.ledger, before, receipt)?;
            ledger::purge(&config.ledger, &key(config)?, removal, io::stdout().lock())
        }),
    }
}

fn export(config: &Path, format: ExportFormat, pack: Option<PathBuf>) -> ExitCode {
    let format = match format {
        ExportFormat::Jsonl => Format::Jsonl,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Iso27560 => Format::Iso27560,
    };
    with_config(config, |config| match pack {
        Some(folder) => pack::write(config, &key(config)?, &folder, io::stdout().lock()),
        None => ledger::export(&config.ledger.file, format, io::stdout().lock()).map(drop),
    })
}

fn key(config: &Resolved) -> Result<crate::consent::Key, ReadFault> {
    key::read(&config.signing_key_file).map_err(ReadFault::Ledger)
}

/// A page by its whole address: the host says which site is meant.
fn page(text: &str) -> Result<url::Url, String> {
    let url = url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let path = if text.starts_with('/') { text } else { "/" };
    url.ok_or_else(|| format!("write the whole address of a page, such as https://www.example.gov.uk{path}"))
}

/// The midnight a day begins with, in milliseconds since 1970.
fn day(text: &str) -> Result<u64, String> {
    let midnight = humantime::parse_rfc3339(&format!("{text}T00:00:00Z")).map_err(|_| "write it as 2026-01-31")?;
    let since = midnight.duration_since(std::time::UNIX_EPOCH).map_err(|_| "the first day is 1970-01-01")?;
    u64::try_from(since.as_millis()).map_err(|_| "too late a day".into())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_about_by_its_whole_address() {
        assert!(page("https://www.example.gov.uk/login").is_ok());
        for (wrong, hint) in [
            ("/login", "such as https://www.example.gov.uk/login"),
            ("www.example.gov.uk", "such as https://www.example.gov.uk/"),
            ("mailto:a@example.gov.uk", "write the whole address of a page"),
        ] {
            let said = page(wrong).unwrap_err();
            assert!(said.contains(hint), "{said}");
        }
    }
}
