//! `audit`: measures one site or many, shows how far it is, and writes the report's files.
//!
//! Each site's outcome is kept in `DIR/sites/` as soon as it is known: an audit that was stopped goes on where it was
//! when it is started again with the same `--out`.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;
use url::Url;

use crate::audit::{
    self, Browsed, Browsers, Changes, Client, Mode, Plain, Plan, Report, SiteReport, Verdict, criteria, report,
};

use super::audit_browser::{Browser, end_with_input, told_to_end};
use super::audit_progress::Shown;

/// An answer that takes longer is none.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// The command line of `audit`.
#[derive(Args)]
pub(super) struct Audit {
    /// Sites, each by the address of its first page
    #[arg(value_name = "URL", required_unless_present_any = ["sites", "schema", "criteria"])]
    urls: Vec<Url>,
    /// A file with an address a line (or in the first column of a CSV): a benchmark of many sites
    #[arg(long, value_name = "FILE")]
    sites: Option<PathBuf>,
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
    out: PathBuf,
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
    while_input: bool,
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
    let sites = sites(line)?;
    at(&line.out, fs::create_dir_all(line.out.join("sites")))?;
    let reports = look(line, &sites)?;
    let report = Report {
        schema: audit::SCHEMA.into(),
        product: concat!("consentgate ", env!("CARGO_PKG_VERSION")).into(),
        made_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        mode: line.mode.into(),
        criteria_version: criteria().version.clone(),
        sites: reports,
    };
    write(&line.out, &report)?;
    let changes = line.against.as_deref().map(|file| against(file, &report, &line.out)).transpose()?;
    say(&report, &line.out, &changes.unwrap_or_default()).or_else(|fault| told_enough(&fault))?;
    Ok(!fails(&report, &line.fail_on))
}

/// Whoever reads the output has seen enough.
pub(super) fn told_enough(fault: &io::Error) -> Result<(), Fault> {
    if fault.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(Fault(fault.to_string())) }
}

fn at<T>(path: &Path, done: io::Result<T>) -> Result<T, Fault> {
    done.map_err(|fault| Fault(format!("{}: {fault}", path.display())))
}

// === Which sites ===

fn sites(line: &Audit) -> Result<Vec<Url>, Fault> {
    let mut sites = line.urls.clone();
    if let Some(file) = &line.sites {
        sites.extend(listed(file, &at(file, fs::read_to_string(file))?)?);
    }
    if let Some(wrong) = sites.iter().find(|url| !matches!(url.scheme(), "http" | "https") || url.host().is_none()) {
        return Err(Fault(format!("{wrong}: write the whole address of a site, such as https://www.example.gov.uk/")));
    }
    let mut seen = std::collections::HashSet::new();
    sites.retain(|url| seen.insert(url.to_string()));
    Ok(sites)
}

/// A line is an address, or a row whose first cell is one; `#` begins a comment. A heading may come first.
fn listed(file: &Path, text: &str) -> Result<Vec<Url>, Fault> {
    let mut sites = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let cell = line.split(',').next().unwrap_or_default().trim().trim_matches('"');
        if cell.is_empty() || cell.starts_with('#') {
            continue;
        }
        let url = if cell.contains("://") { Url::parse(cell) } else { Url::parse(&format!("https://{cell}/")) };
        match url {
            Ok(url) if url.host_str().is_some_and(|host| host.contains(['.', ':']) || host == "localhost") => {
                sites.push(url);
            }
            _ if number == 1 => {}
            _ => return Err(Fault(format!("{}:{number}: {cell:?} is no address of a site", file.display()))),
        }
    }
    Ok(sites)
}

/// Its own file: `www.example.gov.uk-1f0c…json`, the digits telling two addresses of one host apart.
fn kept_in(folder: &Path, url: &Url, mode: Mode) -> PathBuf {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::digest(format!("{url} {mode:?} {}", criteria().version));
    let digits = crate::ledger::hex(&digest[..6]);
    folder
        .join("sites")
        .join(format!("{}-{digits}.json", url.host_str().unwrap_or_default().replace([':', '[', ']'], "_")))
}

// === Looking ===

/// One thread: an audit waits for others nearly all of its time.
fn look(line: &Audit, sites: &[Url]) -> Result<Vec<SiteReport>, Fault> {
    let client = Client::new(PATIENCE).map_err(|fault| Fault(fault.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|fault| Fault(fault.to_string()))?;
    let browsers = match line.mode {
        Looks::Http => None,
        Looks::Browser => Some(runtime.block_on(line.browser.start(Some(&line.out))).map_err(Fault)?),
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
            let file = kept_in(&line.out, &site, plan.mode);
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

fn write(folder: &Path, report: &Report) -> Result<(), Fault> {
    let files = [
        ("report.html", report::html(report)),
        ("report.json", report::json(report)),
        ("report.csv", report::csv(report)),
        ("findings.json", report::findings(report)),
        ("criteria.json", audit::CRITERIA_FILE.to_owned()),
    ];
    files.into_iter().try_for_each(|(name, text)| at(&folder.join(name), fs::write(folder.join(name), text)))
}

fn against(file: &Path, report: &Report, folder: &Path) -> Result<Vec<Changes>, Fault> {
    let before: Report = serde_json::from_slice(&at(file, fs::read(file))?)
        .map_err(|fault| Fault(format!("{}: not the report.json of an audit: {fault}", file.display())))?;
    let changes = audit::changes(&before, report);
    let text = serde_json::to_string_pretty(&changes).expect("changes are plain values");
    let to = folder.join("changes.json");
    at(&to, fs::write(&to, text + "\n")).map(|()| changes)
}

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
    writeln!(out, "{}", folder.join("report.html").display())
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
    fn lists_of_sites_are_read_with_their_places() {
        let file = Path::new("sites.csv");
        let urls = listed(file, "url,name\nhttps://a.gov.uk/x,A\n# note\n\nb.gov.uk\n").unwrap();
        assert_eq!(urls.iter().map(Url::as_str).collect::<Vec<_>>(), ["https://a.gov.uk/x", "https://b.gov.uk/"]);
        assert_eq!(
            listed(file, "a.gov.uk\nnothing here\n").unwrap_err().to_string(),
            "sites.csv:2: \"nothing here\" is no address of a site"
        );
    }

    #[test]
    fn a_site_that_could_not_be_looked_at_has_not_passed() {
        let report = Report { sites: vec![SiteReport::default()], ..Report::default() };
        assert!(fails(&report, &["declared".into()]) && !fails(&report, &[]));
    }
}
