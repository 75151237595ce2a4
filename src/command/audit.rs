//! `audit`: measures one site or many, shows how far it is, and writes the report's files.
//!
//! Each site's outcome is kept in `DIR/sites/` as soon as it is known: an audit that was stopped goes on where it was
//! when it is started again with the same `--out`.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;
use url::Url;

use crate::audit::{
    self, Browsed, Browsers, Changes, Client, ListUsed, Method, Mode, Plain, Plan, Reach, Report, SiteReport, Verdict,
    criteria, report,
};

use super::audit_browser::{Browser, end_with_input, told_to_end};
use super::audit_progress::Shown;
use super::{audit_files, audit_sites};

/// An answer that takes longer is none.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The command line of `audit`.
#[derive(Args)]
pub(super) struct Audit {
    /// Sites, each by the address of its first page
    #[arg(value_name = "URL", required_unless_present_any = ["sites", "import", "schema", "criteria"])]
    urls: Vec<Url>,
    /// A file with an address a line (or in the first column of a CSV): a benchmark of many sites
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
    /// Look at no site: read what another program met instead, an inspection.json of the EDPS Website Evidence Collector or
    /// an analysis of the EDPB Website Auditing Tool; can be given again
    #[arg(long, value_name = "FILE", conflicts_with_all = ["urls", "sites"])]
    import: Vec<PathBuf>,
    /// How to look: without a browser no script runs, and what scripts do is not seen
    #[arg(long, value_enum, default_value_t = Looks::Http)]
    mode: Looks,
    /// At most so many pages of each site
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pages: u32,
    /// At least so long between two pages of one site; robots.txt can make it longer
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = humantime::parse_duration)]
    delay: Duration,
    /// How many sites at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=256))]
    at_once: u32,
    /// The directory of the report; one that is there already is gone on with
    #[arg(long, value_name = "DIR", default_value = "audit")]
    pub(super) out: PathBuf,
    /// Reach the sites' hosts at this address, whatever their names lead to: a gate, before DNS has moved
    #[arg(long, value_name = "IP:PORT", conflicts_with = "import")]
    connect_to: Option<SocketAddr>,
    #[command(flatten)]
    browser: Browser,
    /// Exit code 1 where this criterion is not met, on any site; `any` for all of them
    #[arg(long, value_name = "CRITERION", value_parser = criterion)]
    fail_on: Vec<String>,
    /// The report.json of an earlier audit: say what has changed, and write it to changes.json
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// End when the standard input is closed: whoever started it has ended
    #[arg(long, hide = true)]
    pub(super) while_input: bool,
    /// Print the JSON Schema of report.json instead
    #[arg(long)]
    schema: bool,
    /// Print the criteria instead, as the published JSON
    #[arg(long)]
    criteria: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Looks {
    /// Requests and responses alone: fast, everywhere
    Http,
    /// Chromium, with a new profile for each state
    Browser,
}

impl From<Looks> for Mode {
    fn from(looks: Looks) -> Self {
        match looks {
            Looks::Http => Self::Http,
            Looks::Browser => Self::Browser,
        }
    }
}

fn criterion(text: &str) -> Result<String, String> {
    let known: Vec<_> = criteria().criteria.iter().map(|criterion| &*criterion.id).collect();
    if text == "any" || known.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("no criterion has this name; there are any, {}", known.join(", ")))
}

/// What kept an audit from being made.
#[derive(Debug)]
pub(super) struct Fault(String);

impl Fault {
    pub(super) fn new(fault: impl std::fmt::Display) -> Self {
        Self(fault.to_string())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

/// Makes it. `Ok(false)`: a criterion of `--fail-on` is not met.
pub(super) fn audit(line: &Audit) -> Result<bool, Fault> {
    if line.schema || line.criteria {
        let text = if line.schema { report::schema() } else { audit::CRITERIA_FILE.to_owned() };
        return io::stdout().write_all(text.as_bytes()).or_else(|fault| told_enough(&fault)).map(|()| true);
    }
    if line.while_input {
        end_with_input();
    }
    let (sites, list) = audit_sites::sites(&line.urls, line.sites.as_deref())?;
    at(&line.out, fs::create_dir_all(line.out.join("sites")))?;
    let (reports, mode) = match &line.import[..] {
        [] => (look(line, &sites)?, line.mode.into()),
        files => audit_files::imported(files)?,
    };
    let report = Report {
        schema: audit::SCHEMA.into(),
        product: concat!("consentgate ", env!("CARGO_PKG_VERSION")).into(),
        made_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        mode,
        criteria_version: criteria().version.clone(),
        sites: reports,
        method: Some(method(line, list)),
    };
    let changes = line.against.as_deref().map(|file| audit_files::against(file, &report, line)).transpose()?;
    let changes = changes.unwrap_or_default();
    audit_files::write(&line.out, &report, &changes)?;
    say(&report, &line.out, &changes).or_else(|fault| told_enough(&fault))?;
    Ok(!fails(&report, &line.fail_on))
}

/// What anybody needs to make this audit again.
fn method(line: &Audit, list: Option<ListUsed>) -> Method {
    let words = std::env::args().skip(1).map(|word| quoted(&word));
    Method {
        command: std::iter::once("consentgate".to_owned()).chain(words).collect::<Vec<_>>().join(" "),
        list,
        pages: line.pages,
        delay_ms: u64::try_from(line.delay.as_millis()).unwrap_or(u64::MAX),
        at_once: line.at_once,
        agent: audit::AGENT.to_owned(),
        imported: line.import.iter().map(|file| file.display().to_string()).collect(),
    }
}

/// As a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Whoever reads the output has seen enough.
pub(super) fn told_enough(fault: &io::Error) -> Result<(), Fault> {
    if fault.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(Fault(fault.to_string())) }
}

pub(super) fn at<T>(path: &Path, done: io::Result<T>) -> Result<T, Fault> {
    done.map_err(|fault| Fault(format!("{}: {fault}", path.display())))
}

// === Looking ===

/// Its own file: `www.example.gov.uk-1f0c…json`.
fn kept_in(line: &Audit, url: &Url, mode: Mode) -> PathBuf {
    // By another way it is another site: what was found without the gate is not what is found through it.
    let way = line.connect_to.map(|address| format!(" {address}")).unwrap_or_default();
    let stem = file_stem(url, format!("{url} {mode:?} {}{way}", criteria().version));
    line.out.join("sites").join(format!("{stem}.json"))
}

/// The host and a few digits: they tell two addresses of one host apart, and what else is in `of`.
pub(super) fn file_stem(url: &Url, of: impl std::fmt::Display) -> String {
    use sha2::{Digest as _, Sha256};
    let digits = crate::ledger::hex(&Sha256::digest(of.to_string())[..6]);
    format!("{}-{digits}", url.host_str().unwrap_or_default().replace([':', '[', ']'], "_"))
}

/// One thread: an audit waits for others nearly all of its time.
fn look(line: &Audit, sites: &[Url]) -> Result<Vec<SiteReport>, Fault> {
    let reach = line.connect_to.map(|address| Reach::of(sites, address));
    let client = Client::new(PATIENCE, reach.clone()).map_err(|fault| Fault(fault.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|fault| Fault(fault.to_string()))?;
    let browsers = match line.mode {
        Looks::Http => None,
        Looks::Browser => Some(runtime.block_on(line.browser.start(Some(&line.out), reach.as_ref())).map_err(Fault)?),
    };
    let shown = Arc::new(Shown::new(sites.len()));
    let gate = Arc::new(Semaphore::new(line.at_once as usize));
    let local = LocalSet::new();
    let tasks: Vec<_> = sites
        .iter()
        .map(|site| {
            let (site, client, shown, gate) = (site.clone(), client.clone(), Arc::clone(&shown), Arc::clone(&gate));
            let browsers = browsers.clone();
            let plan = Plan { pages: line.pages as usize, delay: line.delay, list: Vec::new(), mode: line.mode.into() };
            let file = kept_in(line, &site, plan.mode);
            local.spawn_local(async move {
                let _turn = gate.acquire().await;
                one(&site, &plan, (&client, browsers, &shown), &file).await
            })
        })
        .collect();
    let done = async {
        let mut reports = Vec::with_capacity(tasks.len());
        for task in tasks {
            reports.push(task.await.map_err(|fault| Fault(fault.to_string()))??);
        }
        Ok(reports)
    };
    runtime.block_on(local.run_until(async {
        tokio::select! {
            done = done => done,
            () = told_to_end() => Err(Fault("stopped; the same command goes on where it was".into())),
        }
    }))
}

async fn one(
    site: &Url,
    plan: &Plan,
    (client, browsers, shown): (&Client, Option<Arc<Browsers>>, &Shown),
    file: &Path,
) -> Result<SiteReport, Fault> {
    let kept = fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<SiteReport>(&bytes).ok());
    if let Some(kept) = kept {
        shown.ended();
        return Ok(kept);
    }
    let bar = shown.begin(site);
    let progress = |at| bar.at(at);
    let found = match browsers {
        None => audit::audit(site, plan, (client, Plain::new(client.clone())), progress).await,
        Some(browsers) => audit::audit(site, plan, (client, Browsed::new(browsers, site)), progress).await,
    };
    bar.end();
    let text = serde_json::to_vec(&found).expect("a report has nothing that JSON has not");
    // Written whole under another name first: one that was stopped half-way is not taken for an outcome.
    let half = file.with_extension("half");
    at(file, fs::write(&half, text).and_then(|()| fs::rename(&half, file)))?;
    shown.ended();
    Ok(found)
}

// === What came of it ===

fn say(report: &Report, folder: &Path, changes: &[Changes]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for site in &report.sites {
        let score = match (site.score, site.score_at_least) {
            (None, _) => "no score".to_owned(),
            (Some(most), Some(least)) if least < most => format!("{least} to {most} of 100"),
            (Some(score), _) => format!("{score} of 100"),
        };
        let not_met: Vec<_> = site
            .criteria
            .iter()
            .filter(|outcome| outcome.verdict == Verdict::NotMet)
            .map(|outcome| &*outcome.id)
            .collect();
        let not_met = if not_met.is_empty() { String::new() } else { format!("; not met: {}", not_met.join(", ")) };
        writeln!(out, "{}: {score}, {} pages{not_met}", site.url, site.pages.len())?;
        site.gaps.iter().take(3).try_for_each(|gap| writeln!(out, "  not seen: {gap}"))?;
        if let Some(changed) = changes.iter().find(|changed| changed.url == site.url) {
            changed.came.iter().try_for_each(|thing| writeln!(out, "  new: {thing}"))?;
            changed.went.iter().try_for_each(|thing| writeln!(out, "  gone: {thing}"))?;
        }
        if site.gaps.len() > 3 {
            writeln!(out, "  not seen: {} more, in report.json", site.gaps.len() - 3)?;
        }
    }
    let first = if report.sites.len() > 1 { "benchmark.html" } else { "report.html" };
    writeln!(out, "{}", folder.join(first).display())
}

fn fails(report: &Report, fail_on: &[String]) -> bool {
    let named = |id: &str| fail_on.iter().any(|name| name == id || name == "any");
    let outcomes = report.sites.iter().flat_map(|site| &site.criteria);
    let not_met = outcomes.filter(|outcome| outcome.verdict == Verdict::NotMet).any(|outcome| named(&outcome.id));
    // A site that could not be looked at is no site that passed.
    not_met || !fail_on.is_empty() && report.sites.iter().any(|site| site.score.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("https://a.gov.uk/"), "https://a.gov.uk/");
        assert_eq!(quoted("a b's $HOME"), "'a b'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_site_that_could_not_be_looked_at_has_not_passed() {
        let report = Report { sites: vec![SiteReport::default()], ..Report::default() };
        assert!(fails(&report, &["declared".into()]) && !fails(&report, &[]));
    }
}
