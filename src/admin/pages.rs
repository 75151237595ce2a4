//! The dashboard's pages: sections of facts, charts and tables, drawn by one template.
//!
//! The template escapes everything; nothing of a page depends on a script, and nothing comes from elsewhere.

use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::audits::{self, Audits};
use super::chart::{self, Chart, Name};
use super::proof::{Numbers, Proof};
use super::table::{Shown, Table, bytes, how_long, moment, thousands};
use super::unknown::{Unknown, is_unknown_still, unknown};
use super::{Site, View, tables};

pub(super) const STYLE: &str = include_str!("dashboard.css");
pub(super) const SCRIPT: &str = include_str!("dashboard.js");
const PAGE: &str = include_str!("page.html");
const LOGIN: &str = include_str!("login.html");
/// More are in the CSV and the JSON.
const MOST_SNIPPETS: usize = 50;
/// Of sites that are audited.
const MOST_CHARTS: usize = 12;

/// The templates, compiled once.
pub(super) struct Pages(Environment<'static>);

#[derive(Serialize)]
struct Page {
    title: String,
    here: String,
    sites: Vec<String>,
    asks: bool,
    version: &'static str,
    made: String,
    sections: Vec<Section>,
}

#[derive(Serialize, Default)]
struct Section {
    id: &'static str,
    title: &'static str,
    about: String,
    facts: Vec<Fact>,
    charts: Vec<Chart>,
    table: Option<Shown>,
    snippets: Vec<Snippet>,
    /// How many more there are.
    more: usize,
    code: Option<String>,
}

#[derive(Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    /// Something is wrong with it.
    bad: bool,
}

#[derive(Serialize)]
struct Snippet {
    name: String,
    what: String,
    count: String,
    /// Where it was seen first; empty where no page is known.
    pages: String,
    yaml: String,
}

fn fact(name: &'static str, value: impl Into<String>) -> Fact {
    Fact { name, value: value.into(), bad: false }
}

impl Section {
    fn of(id: &'static str, title: &'static str, table: &Table) -> Self {
        Self { id, title, table: Some(table.shown()), ..Self::default() }
    }

    fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }
}

impl Pages {
    pub(super) fn new() -> Self {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        for (name, source) in [("page", PAGE), ("login", LOGIN)] {
            environment.add_template(name, source).expect("the templates are checked by a test");
        }
        Self(environment)
    }

    /// `wrong`: why the last try was refused.
    pub(super) fn log_in(&self, wrong: &str) -> String {
        self.render("login", context! { wrong })
    }

    fn page(&self, view: &View, (title, here): (&str, &str), sections: Vec<Section>) -> String {
        let page = Page {
            title: title.to_owned(),
            here: here.to_owned(),
            sites: (view.sites)().into_iter().map(|site| site.name).collect(),
            asks: view.asks,
            version: env!("CARGO_PKG_VERSION"),
            made: moment(now()),
            sections,
        };
        self.render("page", context! { page })
    }

    fn render(&self, name: &str, context: minijinja::Value) -> String {
        let rendered = self.0.get_template(name).and_then(|template| template.render(context));
        // A test renders every page with everything in it; should one fail all the same, the numbers are in /api.
        rendered.unwrap_or_else(|fault| {
            tracing::error!("admin: {fault}");
            "<!DOCTYPE html><title>Consentgate</title><p>This page cannot be shown; the log says why.".into()
        })
    }

    pub(super) fn overview(&self, view: &View, numbers: &Numbers) -> String {
        let facts = Section { id: "gate", title: "The gate", facts: gate_facts(view, numbers), ..Section::default() };
        let sections = vec![
            facts,
            Section::of("sites", "Sites", &tables::sites(view)),
            Section::of("held", "What is held now", &tables::held_everywhere(view)).about(
                "In observe mode nothing is held: the numbers say what would be. Each site's page names the rules.",
            ),
            Section::of("abandoned", "Pages not rewritten", &tables::abandoned(view))
                .about("Such a page went out behind the fence: only the site itself may be fetched on it."),
        ];
        self.page(view, ("Overview", "/"), sections)
    }

    pub(super) fn site(&self, view: &View, site: &Site, numbers: &Numbers) -> String {
        let here = format!("/sites/{}", site.name);
        self.page(view, (&site.name, &here), site_sections(site, numbers))
    }

    pub(super) fn audits(&self, view: &View) -> String {
        self.page(view, ("Audits", "/audits"), audits(&(view.audits)()))
    }

    pub(super) fn config(&self, view: &View) -> String {
        let config = (view.config)();
        let mut facts = vec![fact("File", &*config.file), fact("Read", moment(config.read_at))];
        if config.needs_restart {
            let value = "listeners, limits, workers, the admin listener, the ledger or the signing key's file";
            facts.push(Fact { name: "Changed, in force after a restart", value: value.into(), bad: true });
        }
        let sections = vec![
            Section { id: "file", title: "The file", facts, ..Section::default() },
            Section::of("settings", "Settings", &tables::settings(view)),
            Section {
                id: "yaml",
                title: "The YAML",
                about: "As it was read, without its comments. What looks like a secret is shown as ****.".into(),
                code: Some(config.yaml.clone()),
                ..Section::default()
            },
        ];
        self.page(view, ("Configuration in force", "/config"), sections)
    }

    pub(super) fn ledger(&self, view: &View, proof: &Proof, numbers: &Numbers) -> String {
        let records: u64 = numbers.days.iter().map(|daily| daily.count).sum();
        let mut facts = vec![
            ledger_fact(view),
            fact("File", proof.file().display().to_string()),
            fact("Size", bytes(numbers.bytes)),
            fact("Records", thousands(records)),
            fact("Chain", "verified by consentgate ledger verify, not by the running gate"),
        ];
        if let Some(fault) = &numbers.fault {
            facts.push(Fact { name: "Cannot be read", value: fault.clone(), bad: true });
        }
        let sections = vec![
            Section { id: "state", title: "State", facts, ..Section::default() },
            Section::of("events", "By event", &tables::ledger_events(numbers)),
            Section::of("months", "By month", &tables::ledger_months(numbers)),
        ];
        self.page(view, ("Ledger", "/ledger"), sections)
    }
}

fn gate_facts(view: &View, numbers: &Numbers) -> Vec<Fact> {
    let sites = (view.sites)();
    let requests: u64 = sites.iter().map(|site| site.traffic.requests()).sum();
    let stopping = (view.stopping)();
    vec![
        fact("Version", env!("CARGO_PKG_VERSION")),
        fact("Running for", how_long(now().saturating_sub(view.started))),
        Fact { name: "State", value: if stopping { "stopping" } else { "serving" }.into(), bad: stopping },
        ledger_fact(view),
        fact("Records", thousands(numbers.days.iter().map(|daily| daily.count).sum())),
        fact("Ledger file", bytes(numbers.bytes)),
        fact("Sites", thousands(sites.len() as u64)),
        fact("Requests", thousands(requests)),
    ]
}

fn ledger_fact(view: &View) -> Fact {
    let healthy = (view.ledger_healthy)();
    let value = if healthy { "choices are recorded" } else { "cannot be written: choices are refused" };
    Fact { name: "Ledger", value: value.into(), bad: !healthy }
}

fn site_sections(site: &Site, numbers: &Numbers) -> Vec<Section> {
    let facts = vec![
        fact("Mode", site.mode),
        fact("Hosts", site.hosts.join(", ")),
        fact("Requests", thousands(site.traffic.requests())),
        fact("Answers", statuses(site)),
        fact("Rewritten pages", tables::rewritten(site)),
        new_this_week(site),
    ];
    vec![
        Section { id: "site", title: "The site", facts, ..Section::default() },
        choices(site, numbers),
        asked(site),
        unclassified(site),
        Section::of("drift", "New on the site", &tables::drift(site))
            .about("Each was told once, in the log and to the webhook. A new cookie is held already where the site is enforced."),
        Section::of("held", "What is held, by rule", &tables::held(site))
            .about("consentgate explain --rule says where a rule is written, what for, and where it comes from."),
        Section::of("purposes", "By purpose", &tables::purposes(site)),
        Section::of("pages", "By page", &tables::pages(site)),
        Section::of("cookies", "Cookies", &tables::cookies(site)),
        Section::of("storage", "Storage keys", &tables::storage(site)).about(
            "What the scripts of a few page views have written, as browsers report it: a key that the YAML names at once, \
             any other once browsers of several networks have.",
        ),
        Section::of("third-parties", "Third parties", &tables::third_parties(site)),
        Section::of("companies", "Companies", &tables::companies(site)),
        Section::of("upstream", "The site behind", &tables::upstream(site)),
        Section::of("speed", "Speed", &tables::speed(site))
            .about("Since the start; the times are steps of a histogram, so \"within 5 ms\" may be less."),
    ]
}

fn new_this_week(site: &Site) -> Fact {
    let week_ago = now().saturating_sub(7 * 86_400);
    let new: Vec<_> = site.inventory.drifts.latest().into_iter().filter(|drift| drift.at >= week_ago).collect();
    // What has been classified since needs nobody to look.
    let bad = new.iter().any(|drift| is_unknown_still(site, drift));
    Fact { name: "New within seven days", value: thousands(new.len() as u64), bad }
}

fn statuses(site: &Site) -> String {
    let seen = site.traffic.statuses().filter(|(_, count)| *count > 0);
    let seen: Vec<_> = seen.map(|(name, count)| format!("{} {name}", thousands(count))).collect();
    if seen.is_empty() { "none yet".into() } else { seen.join(", ") }
}

fn choices(site: &Site, numbers: &Numbers) -> Section {
    let days = tables::decided(&site.name, numbers);
    let names = [
        Name { text: "agreed to all", class: "agreed" },
        Name { text: "agreed in part", class: "in-part" },
        Name { text: "refused", class: "refused" },
        Name { text: "withdrawn", class: "withdrawn" },
    ];
    let chart = chart::columns(("choices-chart", "Choices"), names, now() / 86_400, |day| {
        let day = days.get(&day).copied().unwrap_or_default();
        [day.agreed, day.in_part, day.refused, day.withdrawn]
    });
    let section = Section::of("choices", "Choices", &tables::choices(site, numbers));
    Section { charts: chart.into_iter().collect(), ..section }
}

fn asked(site: &Site) -> Section {
    let days = site.traffic.days();
    let names = [Name { text: "answered", class: "agreed" }, Name { text: "not answered", class: "refused" }];
    let chart = chart::columns(("asked-chart", "Visits that were asked"), names, now() / 86_400, |day| {
        let day = days.iter().find(|known| known.day == day).cloned().unwrap_or_default();
        [day.answered, day.arrived.saturating_sub(day.answered)]
    });
    let section = Section::of("asked", "Asked and answered", &tables::asked(site)).about(
        "The gate counts pages, not people: an arrival is a page with the notice that a browser came to from \
         elsewhere, so a visitor who comes twice without answering is two, and a robot is one too.",
    );
    Section { charts: chart.into_iter().collect(), ..section }
}

fn unclassified(site: &Site) -> Section {
    let unknown = unknown(site);
    let snippet = |one: &Unknown| Snippet {
        name: one.name.clone(),
        what: one.what().to_owned(),
        count: thousands(one.count),
        pages: one.pages.join(", "),
        yaml: one.yaml(site),
    };
    let snippets = unknown.iter().take(MOST_SNIPPETS).map(snippet).collect();
    let held = match site.mode {
        "enforce" => "Cookies and storage keys among them are held, tags run unless the site holds them.",
        "observe" => {
            "Nothing of it is held while the site is observed; once it is enforced, cookies and storage keys among them would be held, and tags would run unless the site holds them."
        }
        _ => "Nothing of it is held: the site is off.",
    };
    let about = format!(
        "Nothing knows what these are for. {held} Write what each is for in the place of CHOOSE, paste the lines below the site (where it \
         has such a list already, the last line alone), and let the gate read its configuration again. Pages are the first it was seen on."
    );
    let section = Section::of("unclassified", "Unclassified", &tables::unclassified(site)).about(about);
    Section { snippets, more: unknown.len().saturating_sub(MOST_SNIPPETS), ..section }
}

fn audits(audits: &Audits) -> Vec<Section> {
    let sites = audits.latest();
    let charts = sites.iter().enumerate().filter_map(|(at, (_, site))| audits.chart(at, &site.url));
    let facts = Section { id: "schedule", title: "When", facts: audit_facts(audits), ..Section::default() };
    let about = "Each is made from outside, as consentgate audit would; its time leads to the report.";
    vec![
        facts,
        Section { charts: charts.take(MOST_CHARTS).collect(), ..Section::of("audits", "Audits", &audits.table()) }.about(about),
        Section::of("new", "New", &audits.news_table())
            .about("Found by the latest audit of a site, and not by the one before. On a site that is enforced a cookie among it is held already."),
    ]
}

fn audit_facts(audits: &Audits) -> Vec<Fact> {
    let Some(every) = audits.every else {
        return vec![fact("Every", "never: the YAML has no audit: { every: 7d }")];
    };
    let mut facts = vec![fact("Every", how_long(every.as_secs()))];
    match audits.next {
        _ if audits.under_way => facts.push(fact("Now", "one is being made")),
        Some(next) => facts.push(fact("Next", moment(audits::seconds(next)))),
        None => {}
    }
    if let Some(fault) = &audits.failed {
        facts.push(Fact { name: "The last one could not be made", value: fault.clone(), bad: true });
    }
    facts
}

pub(super) fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
