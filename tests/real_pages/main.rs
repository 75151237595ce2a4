//! Real pages through the real gate: 954 pages that nobody in this project wrote, and filter lists that nobody in
//! this project wrote as the judges of what is left.
//!
//! The pages and the lists are fetched by `tests/tools/fetch-pages`. What comes out is a table of figures; the
//! figures of the day it was written are in `docs/real-pages.md`.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

mod corpus;
mod dom;
mod gate;
mod judge;
mod origin;
mod requests;
mod tally;
mod undo;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use corpus::{Corpus, SavedPage};
use gate::{Answer, Gate, Visitor};
use judge::Judge;
use tally::{Page, Tally};

/// What all threads look at.
struct Scene {
    pages: Arc<Vec<SavedPage>>,
    gate: Gate,
    easyprivacy: Judge,
    easylist: Judge,
}

#[test]
fn every_real_page_comes_through_whole_and_without_its_trackers() {
    let Some(tally) = measure("", |_| String::new()) else { return };
    tally.check();
}

/// The judges' own lists in the gate's configuration: nothing they name is left, and no more is held than they say.
#[test]
fn with_the_lists_configured_nothing_they_name_is_left() {
    let lists = |cache: &std::path::Path| {
        let list = |name: &str, purpose: &str| {
            format!("      - {{ file: \"{}\", purpose: {purpose} }}\n", cache.join("lists").join(name).display())
        };
        let both = [list("easyprivacy.txt", "analytics"), list("easylist.txt", "marketing")];
        format!("    filter_lists:\n{}", both.concat())
    };
    let Some(tally) = measure("with the lists: ", lists) else { return };
    tally.check_with_lists();
}

/// Sends all pages through a gate; `lines` makes the further lines of its site, from the folder of pages and lists.
fn measure(name: &str, lines: impl Fn(&std::path::Path) -> String) -> Option<Tally> {
    let corpus = Corpus::load()?;
    let begun = std::time::Instant::now();
    let folder = tempfile::tempdir().unwrap();
    let pages = Arc::new(corpus.pages);
    let gate = Gate::new(origin::start(&pages), folder.path(), &lines(&corpus.cache));
    let scene =
        Scene { gate, pages, easyprivacy: Judge::new(&corpus.easyprivacy), easylist: Judge::new(&corpus.easylist) };
    println!("{name}lists read: {:?}", begun.elapsed());
    let tally = run(&scene);
    println!("{name}{tally}\n{name}took {:?}", begun.elapsed());
    Some(tally)
}

/// All pages, on as many threads as there are cores.
fn run(scene: &Scene) -> Tally {
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| work(scene, &next))).collect();
        workers.into_iter().fold(Tally::default(), |all, worker| all.with(worker.join().unwrap()))
    })
}

fn work(scene: &Scene, next: &AtomicUsize) -> Tally {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let worker = scene.gate.worker();
    let mut tally = Tally::default();
    loop {
        let at = next.fetch_add(1, Ordering::Relaxed);
        let Some(saved) = scene.pages.get(at) else { return tally };
        let open = |visitor| {
            catch_unwind(AssertUnwindSafe(|| runtime.block_on(worker.open(at, saved, visitor))))
                .unwrap_or_else(|_| Err("it panicked".into()))
        };
        let undecided = open(Visitor::Undecided);
        let accepted = open(Visitor::Accepted { told: at.is_multiple_of(2) });
        tally.add(&Page { scene, at, saved, undecided, accepted });
    }
}
