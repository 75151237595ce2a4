//! `init URL`: looks at a site and writes a YAML to begin with.

use std::io::{self, Write as _};
use std::time::{Duration, SystemTime};

use clap::Args;
use url::Url;

use crate::audit::{self, Client, Mode, Plain, Plan};

use super::audit::{Fault, PATIENCE};

/// The command line of `init`.
#[derive(Args)]
pub(super) struct Init {
    /// The site's first page, as it is reached without the gate
    #[arg(value_name = "URL")]
    url: Url,
    /// At most so many pages
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pages: u32,
    /// At least so long between two pages; robots.txt can make it longer
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = humantime::parse_duration)]
    delay: Duration,
}

/// Writes the YAML to the standard output, and what could not be looked at to the standard error.
pub(super) fn init(line: &Init) -> Result<(), Fault> {
    if !matches!(line.url.scheme(), "http" | "https") || line.url.host().is_none() {
        return Err(Fault::new(format!(
            "{}: write the whole address of a site, such as https://www.example.gov.uk/",
            line.url
        )));
    }
    let client = Client::new(PATIENCE).map_err(Fault::new)?;
    let plan = Plan { pages: line.pages as usize, delay: line.delay, list: Vec::new(), mode: Mode::Http };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Fault::new)?;
    let found = runtime.block_on(audit::audit(&line.url, &plan, (&client, Plain::new(client.clone())), |_| ()));
    for gap in &found.gaps {
        let _ = writeln!(io::stderr().lock(), "not seen: {gap}");
    }
    if found.score.is_none() {
        return Err(Fault::new(format!("{}: no page could be opened, so there is nothing to write", line.url)));
    }
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let day = now.split('T').next().unwrap_or_default();
    let yaml = audit::starting_yaml(&line.url, &found, (Mode::Http, day));
    io::stdout().lock().write_all(yaml.as_bytes()).or_else(|fault| super::audit::told_enough(&fault))
}
