//! A million sightings of 1,346 cookie names: what one costs, how much memory they take, how readable the list is, and
//! that drift is told once, also over a restart.
//!
//! `cargo bench --bench inventory`; it fails where a bound is not kept.

#![expect(clippy::unwrap_used, reason = "a bench that cannot run says so")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use consentgate::consent::PurposeSet;
use consentgate::inventory::{
    Config, CookieSight, Inventory, Kept, Marks, ScopeRef, Sites, Store, Thing, Watched, page,
};
use consentgate::policy::{self, Policy, Rule};

const SIGHTINGS: usize = 1_000_000;
const NAMES: usize = 1346;

fn main() {
    let policy = Arc::new(Policy::new(&policy::Config::default()).unwrap());
    let names: Vec<_> = (0..NAMES).map(name).collect();
    let pages: Vec<_> = (0..200).map(|n| format!("/services/area-{}/page-{n}", n % 12)).collect();

    let before = resident();
    let (inventory, at) = (Arc::<Inventory>::default(), now());
    let began = (cpu(), Instant::now());
    for n in 0..SIGHTINGS {
        let one = n.wrapping_mul(2_654_435_761) >> 7;
        see(&inventory, &policy, (names[one % NAMES].as_bytes(), &pages[one / 7 % pages.len()], at));
    }
    let (spent, took) = (cpu() - began.0, began.1.elapsed());
    let memory = resident().saturating_sub(before);
    let bare = bare(&policy, &names);
    println!("{SIGHTINGS} sightings of {NAMES} names on {} pages", pages.len());
    println!("  CPU: {} ns each ({} ns of them the verdict); {took:.2?} in all", each(spent), each(bare));
    println!("  memory: {} kB more", memory / 1024);

    let threads = several(&policy, &names, &pages);
    println!("  two workers at once on one inventory: {} ns CPU each", each(threads));

    let pattern = |name: &str| match policy.cookie(name.as_bytes(), PurposeSet::ESSENTIAL).rule {
        Rule::Site(pattern) | Rule::Catalogue(pattern, _) => Some(pattern),
        _ => None,
    };
    let rows = inventory.stock.rows(Thing::Cookie, pattern);
    let sum: u64 = rows.iter().map(|row| row.state.count).sum();
    println!(
        "  the list: {} rows, such as {:?}",
        rows.len(),
        rows.iter().take(6).map(|row| &row.name).collect::<Vec<_>>()
    );
    assert!(rows.len() <= 120, "{} rows are no readable list", rows.len());
    assert_eq!((sum, inventory.stock.left_out(Thing::Cookie)), (SIGHTINGS as u64, 0));
    assert!(memory < 16 * 1024 * 1024, "{memory} bytes");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inventory.db");
    let first = kept(&file, &inventory, &policy);
    let again = Arc::<Inventory>::default();
    let second = kept(&file, &again, &policy);
    println!("  drift: {first} told at first, {second} after a restart; the file has {} kB", size(&file) / 1024);
    assert!(first > 0 && second == 0);
    assert_eq!(again.stock.rows(Thing::Cookie, pattern), rows, "a restart forgets nothing");
}

/// As councils' sites have them: plain names, families by number, by hexadecimal digits and by UUID, and known trackers.
fn name(n: usize) -> String {
    let hash = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    match n % 10 {
        0 if n < 400 => format!("council_setting_{}", ["a", "b", "c", "d"][n / 10 % 4].repeat(1 + n / 40)),
        0 | 1 => format!("_ga_{:08X}", hash >> 32),
        2 => format!("_hjSession_{}", 1_000_000 + n),
        3 | 4 => format!("cart_{hash:016x}"),
        5 => format!("poll_{n}"),
        6 => format!("ASPSESSIONID{:08X}", (hash >> 32) | 1),
        7 => format!("form-{:08x}-{:04x}-4a4a-9b9b-{:012x}", hash >> 32, hash & 0xFFFF, hash >> 16),
        8 => format!("survey{n}"),
        _ => format!("visitor_{}", 10_000_000 + n),
    }
}

fn now() -> u64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()
}

/// What the gateway does for each `Set-Cookie` line.
fn see(inventory: &Inventory, policy: &Policy, (name, path, at): (&[u8], &str, u64)) {
    let kept = Some(Kept::Seconds(63_072_000));
    inventory.saw_cookie(name, ScopeRef { domain: None, path: "/", secure: true, partitioned: false }, (at, kept));
    let verdict = policy.cookie(name, PurposeSet::ESSENTIAL);
    let judged_by = match verdict.rule {
        Rule::Site(pattern) | Rule::Catalogue(pattern, _) => Some(pattern),
        _ => None,
    };
    inventory.stock.saw_cookie(&CookieSight {
        name,
        judged_by,
        marks: Marks::HEADER | Marks::SECURE | Marks::LAX,
        domain: None,
        path: Some("/"),
        kept,
        page: &page(path),
        at,
    });
}

fn bare(policy: &Policy, names: &[String]) -> u64 {
    let began = cpu();
    for n in 0..SIGHTINGS {
        std::hint::black_box(policy.cookie(names[n % NAMES].as_bytes(), PurposeSet::ESSENTIAL));
    }
    cpu() - began
}

fn several(policy: &Policy, names: &[String], pages: &[String]) -> u64 {
    let (inventory, at) = (Inventory::default(), now());
    let work = |worker: usize| {
        let began = cpu();
        for n in 0..SIGHTINGS / 2 {
            let one = (n + worker).wrapping_mul(2_654_435_761) >> 7;
            see(&inventory, policy, (names[one % NAMES].as_bytes(), &pages[one / 7 % pages.len()], at));
        }
        cpu() - began
    };
    std::thread::scope(|threads| {
        let other = threads.spawn(|| work(1));
        work(0) + other.join().unwrap()
    })
}

/// Starts the store, lets it write, and says how much drift it told.
fn kept(file: &Path, inventory: &Arc<Inventory>, policy: &Arc<Policy>) -> u64 {
    let (inventory, policy) = (Arc::clone(inventory), Arc::clone(policy));
    let watched = Arc::clone(&inventory);
    let sites: Sites = Box::new(move || {
        let (inventory, policy) = (Arc::clone(&watched), Arc::clone(&policy));
        vec![Watched { name: "www.example.gov.uk".into(), inventory, policy, enforces: true }]
    });
    let store = Store::start(&Config { file: Some(file.into()), ..Config::default() }, sites, None).unwrap();
    store.close();
    Thing::ALL.into_iter().map(|thing| inventory.drifts.count(thing)).sum()
}

fn each(spent: u64) -> u64 {
    spent / SIGHTINGS as u64
}

/// CPU time of this thread in nanoseconds (Linux).
fn cpu() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Bytes of this process in memory (Linux).
fn resident() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).unwrap().len()
}
