//! What filter lists cost: `cargo bench --bench lists`, with the lists that tests/tools/fetch-pages has fetched.
//!
//! No framework, as in `catalogue.rs`: the fastest of several rounds says what the code can do.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use consentgate::consent::{Purpose, PurposeSet};
use consentgate::policy::{Compiled, Config, FilterLists, Kind, Policy, Request};
use url::Url;

const ROUNDS: u32 = 10;
const LOOKUPS: u32 = 300;

fn main() {
    let Some(texts) = texts() else { return };
    for workers in [1, 2, 8] {
        let (before, start) = (resident(), Instant::now());
        let lists = compiled(&texts, workers);
        let took = start.elapsed().as_secs_f64() * 1e3;
        let counted: Vec<_> = lists.counted().map(|(_, list)| (&*list.name, list.filters, list.passed_over)).collect();
        println!("{workers} workers: {took:.0} ms, {} KiB more; {counted:?}", resident().saturating_sub(before));
        black_box(lists);
    }
    let policy = |lists| Policy::new(&Config { lists, ..Config::default() }).expect("no patterns");
    look_ups("without", &policy(FilterLists::default()));
    let (own, shared) = (policy(compiled(&texts, 2)), policy(compiled(&texts, 1)));
    look_ups("with   ", &own);
    println!("two threads, an engine each: {:.0} ns; one engine: {:.0} ns", together(&own), together(&shared));
}

fn texts() -> Option<[(Purpose, String, String); 2]> {
    let named = std::env::var_os("CONSENTGATE_TEST_CACHE").map(PathBuf::from);
    let cache = named.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/.cache"));
    let read = |purpose, name: &str| {
        let text = std::fs::read_to_string(cache.join("lists").join(name)).ok()?;
        Some((purpose, name.to_owned(), text))
    };
    let texts = read(Purpose::ANALYTICS, "easyprivacy.txt").zip(read(Purpose::MARKETING, "easylist.txt"));
    if texts.is_none() {
        println!("no lists in {}: run tests/tools/fetch-pages", cache.display());
    }
    texts.map(|(privacy, ads)| [privacy, ads])
}

fn compiled(texts: &[(Purpose, String, String)], workers: usize) -> FilterLists {
    let group = |(purpose, name, text): &(Purpose, String, String)| {
        (*purpose, Arc::new(Compiled::new([(name.clone(), &**text)], workers)))
    };
    FilterLists(texts.iter().map(group).collect())
}

/// Resident memory of this process in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

const ADDRESSES: [(&str, &str, Kind); 5] = [
    ("own script", "https://www.example.gov.uk/scripts/jquery-1.4.2.min.js?v=20130401", Kind::Script),
    ("own picture", "https://www.example.gov.uk/images/uploads/2013/04/town-hall.jpg", Kind::Image),
    ("unknown elsewhere", "https://widgets.example.net/embed/v2/loader.min.js?site=1234", Kind::Script),
    ("blocked by a list", "https://cdn.example.net/fingerprint2.min.js", Kind::Script),
    ("unknown, any kind", "https://widgets.example.net/embed/v2/loader.min.js?site=1234", Kind::Any),
];

fn look_ups(lists: &str, policy: &Policy) {
    for (what, address, kind) in ADDRESSES {
        let url: Url = address.parse().expect("an address");
        time(&format!("{lists} lists: {what}"), || ask(policy, &url, kind));
    }
}

fn ask(policy: &Policy, url: &Url, kind: Kind) -> bool {
    let request = Request { url: black_box(url), own: "www.example.gov.uk", kind };
    policy.request(&request, PurposeSet::ESSENTIAL).is_hold()
}

/// Nanoseconds for one look-up while another thread does the same.
fn together(policy: &Policy) -> f64 {
    let work = || {
        let url: Url = ADDRESSES[2].1.parse().expect("an address");
        (0..ROUNDS).map(|_| round(&mut || ask(policy, &url, Kind::Script))).fold(f64::INFINITY, f64::min)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let one = work();
        one.max(other.join().expect("it ends"))
    })
}

/// Prints the fastest round's time for one look-up.
fn time(what: &str, mut look_up: impl FnMut() -> bool) {
    let fastest = (0..ROUNDS).map(|_| round(&mut look_up)).fold(f64::INFINITY, f64::min);
    println!("{fastest:10.1} ns  {what}");
}

fn round(look_up: &mut impl FnMut() -> bool) -> f64 {
    let start = Instant::now();
    for _ in 0..LOOKUPS {
        black_box(look_up());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS)
}
