//! Councils whose truth is known: what `consentgate audit --mode browser` finds of it, in each state and every time the same;
//! and the whole circle, from `init` to the audit of the gate that keeps its YAML.
//!
//! `COUNCIL_RUNS=5 cargo test --test audit_councils -- --nocapture` looks five times, prints the figures, and goes round the
//! circle with every council; two runs and thirteen councils are usual.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "audit/circle.rs"]
mod circle;
#[path = "audit/councils/mod.rs"]
mod councils;
#[path = "audit/looking.rs"]
mod looking;
#[expect(dead_code, reason = "other tests use the rest")]
#[path = "common/ops.rs"]
mod ops;
#[expect(dead_code, reason = "the stubs of `audit_browser.rs` use the rest")]
#[path = "audit/serving.rs"]
mod serving;
#[path = "audit/truth.rs"]
mod truth;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use circle::Gated;
use councils::Council;
use looking::{Eyes, chromium};
use serde_json::Value;
use truth::{Score, found_in};

/// Of every hundred facts at most two may be missed, and at most two made up.
const LEAST: f64 = 0.98;

/// Both look with browsers, and are told apart by what these find, not by who had the processor.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn runs() -> usize {
    std::env::var("COUNCIL_RUNS").map_or(2, |text| text.parse().expect("a number"))
}

#[test]
fn what_is_there_is_found_in_every_state_and_every_time_the_same() {
    let Some(chromium) = chromium() else { return };
    let _alone = alone();
    let councils = councils::all();
    let eyes = Eyes { chromium, port: councils::serve() };
    let urls: Vec<_> = councils.iter().map(|council| council.url(eyes.port)).collect();
    let mut before: Vec<String> = Vec::new();
    for run in 1..=runs() {
        let started = std::time::Instant::now();
        let report = eyes.audit(&urls);
        let sites = report["sites"].as_array().unwrap();
        let mut score = Score::default();
        councils.iter().zip(sites).for_each(|(council, site)| score.add(council, site));
        println!("run {run}: {} councils, {:.0?}\n{}", councils.len(), started.elapsed(), score.table());
        score.wrong.iter().for_each(|wrong| println!("{wrong}"));
        let judged: Vec<_> =
            councils.iter().zip(sites).filter_map(|(council, site)| misjudged(council, site)).collect();
        assert!(score.least() >= LEAST && judged.is_empty(), "{}\n{}", score.wrong.join("\n"), judged.join("\n"));
        let outcome: Vec<_> = councils.iter().zip(sites).map(|(council, site)| outcome(council, site)).collect();
        if run == 1 {
            before.clone_from(&outcome);
        }
        assert_eq!(before, outcome, "run {run} is not as the first");
    }
}

/// Score, criteria that are not met, and the cookies page: exactly as they are written.
fn misjudged(council: &Council, site: &Value) -> Option<String> {
    let not_met = site["criteria"].as_array().unwrap().iter().filter(|one| one["verdict"] == "not_met");
    let not_met: BTreeSet<_> = not_met.map(|one| one["id"].as_str().unwrap()).collect();
    let strings = |list: &Value, name: &str| -> BTreeSet<String> {
        let of = |one: &Value| if name.is_empty() { one.clone() } else { one[name].clone() };
        list.as_array().unwrap().iter().map(|one| of(one).as_str().unwrap().to_owned()).collect()
    };
    let said = Some(&site["declared"]).filter(|said| !said.is_null());
    let said = said
        .map(|said| [strings(&said["missing"], ""), strings(&said["unseen"], ""), strings(&said["lifetimes"], "name")]);
    let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<BTreeSet<_>>();
    let truth = &council.truth;
    let declared = truth.declared.as_ref().map(|said| [own(said.missing), own(said.unseen), own(said.lifetimes)]);
    let found = (not_met, site["score"].as_u64(), said);
    let is = (truth.not_met.iter().copied().collect(), Some(u64::from(truth.score)), declared);
    (found != is).then(|| format!("{}:\n  found {found:?}\n  is    {is:?}\n{:#}", council.name, site["criteria"]))
}

/// What has to hold of every site behind a gate.
const HOLD: [&str; 9] = [
    "cookies_before_choice",
    "trackers_before_choice",
    "storage_before_choice",
    "reject_as_easy",
    "kept_after_reject",
    "withdraw",
    "kept_after_withdraw",
    "no_wall",
    "ticked_beforehand",
];

/// Each of them is much like another that stays: they go round when all do.
const MUCH_ALIKE: [&str; 6] = ["Cawdale", "Eastwick", "Farnleigh", "Oakcombe", "Kelbrook", "Thornbury"];

#[test]
fn a_yaml_of_init_makes_the_next_audit_clean_and_breaks_nothing() {
    let Some(chromium) = chromium() else { return };
    let _alone = alone();
    let mut councils = councils::all();
    if runs() <= 2 {
        councils.retain(|council| !MUCH_ALIKE.iter().any(|name| council.name.starts_with(name)));
    }
    let eyes = Eyes { chromium, port: councils::serve() };
    let started = std::time::Instant::now();
    let yamls = circle::init(&eyes, &councils);
    println!("init of {} councils: {:.0?}", councils.len(), started.elapsed());
    let gated: Vec<_> = councils.iter().zip(yamls).map(|(council, yaml)| Gated::start(council, yaml)).collect();
    let urls: Vec<_> = gated.iter().map(|gated| gated.url.clone()).collect();
    let report = eyes.audit(&urls);
    println!("audited through the gate: {:.0?}", started.elapsed());
    let sites = report["sites"].as_array().unwrap();
    let all = councils.iter().zip(&gated).zip(sites);
    let mut wrong: Vec<_> = all.filter_map(|((council, gated), site)| unclean(council, gated, site)).collect();
    let pages: Vec<Vec<String>> = sites.iter().map(paths).collect();
    for (council, [direct, untouched, refused]) in councils.iter().zip(circle::walk(&eyes, &councils, &gated, &pages)) {
        wrong.extend(circle::broken(council, &direct, &untouched));
        wrong.extend(circle::broken(council, &direct, &refused).into_iter().map(|broken| format!("refused: {broken}")));
    }
    println!("walked: {:.0?}", started.elapsed());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What there is that may not be, with the YAML that let it.
fn unclean(council: &Council, gated: &Gated, site: &Value) -> Option<String> {
    let states = ["untouched", "rejected", "withdrawn"];
    let mut faults: Vec<_> = states.iter().flat_map(|state| circle::too_much(council, site, state)).collect();
    let criteria = site["criteria"].as_array().unwrap().iter();
    let broken = criteria.filter(|one| HOLD.iter().any(|id| one["id"] == *id) && one["verdict"] != "met");
    faults.extend(broken.map(|one| format!("{} is {}: {}", one["id"], one["verdict"], one["evidence"])));
    if site["notice"]["product"] != "Consentgate" {
        faults.push(format!("another notice: {}", site["notice"]));
    }
    let say = || format!("{}: {}\n{}\n{}", council.name, faults.join("\n"), site["gaps"], gated.yaml);
    (!faults.is_empty()).then(say)
}

/// The pages of a site that the audit has opened, without the gate's own.
fn paths(site: &Value) -> Vec<String> {
    let pages = site["pages"].as_array().unwrap().iter();
    let paths = pages.map(|page| url::Url::parse(page["url"].as_str().unwrap()).unwrap().path().to_owned());
    paths.filter(|path| !path.starts_with("/.consent/")).collect()
}

/// All that has to be the same the next time.
fn outcome(council: &Council, site: &Value) -> String {
    let states = truth::STATES.map(|state| found_in(council, site, state));
    let verdicts = site["criteria"].as_array().unwrap().iter();
    let verdicts: Vec<_> =
        verdicts.map(|one| format!("{} {} {}", one["id"], one["verdict"], one["deducted"])).collect();
    format!("{}: {} {verdicts:?} {states:?}", council.name, site["score"])
}
