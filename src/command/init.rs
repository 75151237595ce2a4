//! `init URL`: looks at a site and writes a YAML to begin with.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use url::Url;

use crate::audit::{self, Browsed, Client, Mode, Plain, Plan, SiteReport};

use super::audit::{Fault, Looks, PATIENCE};
use super::audit_browser::{Browser, told_to_end};
use super::audit_progress::Shown;

/// The command line of `init`.
#[derive(Args)]
pub(super) struct Init {
    /// The site's first page, as it is reached without the gate
    #[arg(value_name = "URL")]
    url: Url,
    /// How to look: without a browser no script runs, and what scripts do is not seen
    #[arg(long, value_enum, default_value_t = Looks::Http)]
    mode: Looks,
    /// At most so many pages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pages: u32,
    /// At least so long between two pages; robots.txt can make it longer
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = humantime::parse_duration)]
    delay: Duration,
    /// Write it to this file, which may not be there yet; else to the standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    browser: Browser,
}

/// Writes the YAML; how far it is and what could not be looked at go to the standard error.
pub(super) fn init(line: &Init) -> Result<(), Fault> {
    if !matches!(line.url.scheme(), "http" | "https") || line.url.host().is_none() {
        return Err(Fault::new(format!(
            "{}: write the whole address of a site, such as https://www.example.gov.uk/",
            line.url
        )));
    }
    if let Some(there) = line.out.as_deref().filter(|file| file.exists()) {
        return Err(is_there(there));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::new)?;
    let found = runtime.block_on(async {
        tokio::select! {
            found = look(line) => found,
            () = told_to_end() => Err(Fault::new("stopped")),
        }
    })?;
    for gap in &found.gaps {
        let _ = writeln!(io::stderr().lock(), "not seen: {gap}");
    }
    if found.score.is_none() {
        return Err(Fault::new(format!("{}: no page could be opened, so there is nothing to write", line.url)));
    }
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = now.split('T').next().unwrap_or_default();
    let yaml = audit::starting_yaml(&line.url, &found, (Mode::from(line.mode), day));
    match &line.out {
        None => io::stdout().lock().write_all(yaml.as_bytes()).or_else(|fault| super::audit::told_enough(&fault)),
        Some(file) => write(file, &yaml),
    }
}

async fn look(line: &Init) -> Result<SiteReport, Fault> {
    let client = Client::new(PATIENCE, None).map_err(Fault::new)?;
    let mode = line.mode.into();
    let plan = Plan { pages: line.pages as usize, delay: line.delay, list: Vec::new(), mode };
    let shown = Shown::new(1);
    let bar = shown.begin(&line.url);
    let found = match line.mode {
        Looks::Http => audit::audit(&line.url, &plan, (&client, Plain::new(client.clone())), |at| bar.at(at)).await,
        Looks::Browser => {
            let browsers = line.browser.start(None, None).await.map_err(Fault::new)?;
            audit::audit(&line.url, &plan, (&client, Browsed::new(browsers, &line.url)), |at| bar.at(at)).await
        }
    };
    bar.end();
    shown.ended();
    Ok(found)
}

/// Somebody's work may be in it.
fn is_there(file: &Path) -> Fault {
    Fault::new(format!("{}: is there already, and is not written over", file.display()))
}

fn write(file: &Path, yaml: &str) -> Result<(), Fault> {
    let made = OpenOptions::new().write(true).create_new(true).open(file);
    let mut made = made.map_err(|fault| match fault.kind() {
        io::ErrorKind::AlreadyExists => is_there(file),
        _ => Fault::new(format!("{}: {fault}", file.display())),
    })?;
    made.write_all(yaml.as_bytes()).map_err(|fault| Fault::new(format!("{}: {fault}", file.display())))?;
    let name = file.display();
    let _ = writeln!(io::stderr().lock(), "{name}: written; read it, then: consentgate check {name}");
    Ok(())
}
