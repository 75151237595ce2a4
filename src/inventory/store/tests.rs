//! The kept inventory, over restarts, between nodes, and on files that cannot be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use super::super::item::Marks;
use super::super::stock::{CookieSight, Row, TagSight, Thing};
use super::*;
use crate::policy;

const DAY: u64 = 86_400;
/// A day that is past, and not for long: what is old is forgotten.
static AT: LazyLock<u64> = LazyLock::new(|| {
    let now = UNIX_EPOCH.elapsed().unwrap().as_secs();
    now - now % DAY - 10 * DAY
});

/// A site and its keeper, without the thread: a test says when it writes.
struct Node {
    inventory: Arc<Inventory>,
    keeper: Keeper,
}

fn node(file: Option<&Path>, after: Duration) -> Node {
    let inventory = Arc::<Inventory>::default();
    let policy = Arc::new(Policy::new(&policy::Config::default()).unwrap());
    let watched = Arc::clone(&inventory);
    let sites = move || {
        let (inventory, policy) = (Arc::clone(&watched), Arc::clone(&policy));
        vec![Watched { name: "www.example.gov.uk".into(), inventory, policy, enforces: true }]
    };
    let config = Config { file: file.map(Path::to_owned), after, ..Config::default() };
    let mut keeper = Keeper::new(config, Box::new(sites), None);
    keeper.load();
    Node { inventory, keeper }
}

const WEEK: Duration = Duration::from_hours(7 * 24);

impl Node {
    fn set(&self, name: &str, page: &str, at: u64) {
        let marks = Marks::HEADER | Marks::SECURE;
        let (name, path) = (name.as_bytes(), Some("/"));
        self.inventory.stock.saw_cookie(&CookieSight {
            name,
            judged_by: None,
            marks,
            domain: None,
            path,
            kept: None,
            page,
            at,
        });
    }

    fn cookies(&self) -> Vec<Row> {
        self.inventory.stock.rows(Thing::Cookie, |_| None)
    }

    fn drift(&self) -> Vec<String> {
        self.inventory.drifts.latest().into_iter().map(|drift| drift.name).collect()
    }
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("inventory.db");
    (folder, file)
}

#[test]
fn a_restart_keeps_what_was_seen_and_tells_no_drift_again() {
    let (_folder, file) = place();
    let mut node1 = node(Some(&file), WEEK);
    node1.set("mystery", "/a", *AT);
    node1.set("mystery", "/b", *AT + DAY);
    node1.keeper.keep();
    assert_eq!((node1.inventory.drifts.count(Thing::Cookie), node1.drift()), (1, vec!["mystery".to_owned()]));
    node1.keeper.keep();
    assert_eq!(node1.inventory.drifts.count(Thing::Cookie), 1, "once");
    let before = node1.cookies();
    drop(node1);

    let mut node2 = node(Some(&file), WEEK);
    assert_eq!(node2.cookies(), before);
    assert_eq!((node2.inventory.drifts.count(Thing::Cookie), node2.drift()), (0, vec!["mystery".to_owned()]));
    node2.set("mystery", "/c", *AT + 2 * DAY);
    node2.keeper.keep();
    let [row] = &node2.cookies()[..] else { panic!("one cookie") };
    assert_eq!((row.state.first, row.state.last, row.state.count), (*AT, *AT + 2 * DAY, 3));
    assert_eq!(row.state.pages, ["/a", "/b", "/c"]);
    assert_eq!(node2.inventory.drifts.count(Thing::Cookie), 0);
}

#[test]
fn two_nodes_write_one_file_and_tell_once() {
    let (_folder, file) = place();
    let (mut one, mut other) = (node(Some(&file), WEEK), node(Some(&file), WEEK));
    for _ in 0..5 {
        one.set("mystery", "/one", *AT);
        other.set("mystery", "/other", *AT + DAY);
        one.keeper.keep();
        other.keeper.keep();
    }
    one.keeper.keep();
    for node in [&one, &other] {
        let [row] = &node.cookies()[..] else { panic!("one cookie") };
        assert_eq!((row.state.first, row.state.last, row.state.count), (*AT, *AT + DAY, 10));
        assert_eq!(row.state.pages.len(), 2);
        assert_eq!(node.drift(), ["mystery"]);
    }
    let told = one.inventory.drifts.count(Thing::Cookie) + other.inventory.drifts.count(Thing::Cookie);
    assert_eq!(told, 1);
}

#[test]
fn what_the_catalogue_knows_is_drift_once_the_site_has_been_learnt() {
    let (_folder, file) = place();
    let mut learning = node(Some(&file), WEEK);
    learning.set("_ga", "/", *AT);
    learning.keeper.keep();
    drop(learning);
    let mut learnt = node(Some(&file), Duration::ZERO);
    learnt.set("_ga", "/", *AT);
    learnt.set("_fbp", "/", *AT);
    let tag = TagSight {
        host: Some("connect.facebook.net"),
        tag: "script",
        company: Some("Meta"),
        purpose: Some("marketing"),
        marks: Marks::KNOWN | Marks::HOLDS | Marks::IN_PAGE,
        page: "/",
        at: *AT,
    };
    learnt.inventory.stock.saw_tag(&tag);
    learnt.keeper.keep();
    let mut told = learnt.drift();
    told.sort();
    assert_eq!(told, ["_fbp", "connect.facebook.net"]);
    assert!(learnt.inventory.drifts.latest().iter().all(|drift| drift.held && !drift.unclassified));
}

#[test]
fn what_no_browser_can_still_have_is_forgotten() {
    let (_folder, file) = place();
    let mut node1 = node(Some(&file), WEEK);
    node1.set("old", "/", *AT - 400 * DAY);
    node1.set("new", "/", *AT);
    node1.keeper.keep();
    drop(node1);
    let names: Vec<_> = node(Some(&file), WEEK).cookies().into_iter().map(|row| row.name).collect();
    assert_eq!(names, ["new"]);
}

#[test]
fn many_numbered_names_are_told_as_one() {
    let mut node = node(None, WEEK);
    (0..300).for_each(|n| node.set(&format!("poll_{n}"), "/", *AT));
    node.keeper.keep();
    assert_eq!(node.drift(), ["poll_*"]);
    node.set("poll_300", "/", *AT);
    node.keeper.keep();
    assert_eq!(node.inventory.drifts.count(Thing::Cookie), 1);
}

#[test]
fn a_damaged_file_is_put_aside_and_the_gate_goes_on() {
    let (folder, file) = place();
    for junk in [&b"this is no database, and never was one; it is only long enough"[..], &[0; 5000]] {
        fs::write(&file, junk).unwrap();
        let mut node = node(Some(&file), WEEK);
        node.set("mystery", "/", *AT);
        node.keeper.keep();
        drop(node);
        assert_eq!(super::tests::node(Some(&file), WEEK).cookies().len(), 1, "the new file is good");
    }
    let aside = fs::read_dir(folder.path()).unwrap().filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    assert!(aside.filter(|name| name.contains(".damaged-") && !name.contains("-wal")).count() >= 1);
}

#[test]
fn a_file_that_is_damaged_while_it_is_used_loses_nothing_that_is_known() {
    let (_folder, file) = place();
    let mut node1 = node(Some(&file), WEEK);
    (0..200).for_each(|n| node1.set(&format!("c{n}x"), "/a-page-with-a-name", *AT));
    node1.keeper.keep();
    node1.keeper.breaks(&file);
    node1.set("c0x", "/", *AT);
    node1.keeper.keep();
    node1.keeper.keep();
    assert_eq!(node1.inventory.drifts.count(Thing::Cookie), 200, "nothing is told again");
    drop(node1);
    let rows = node(Some(&file), WEEK).cookies();
    assert_eq!((rows.len(), rows.iter().map(|row| row.state.count).sum::<u64>()), (200, 201));
}

#[test]
fn another_programs_file_is_left_as_it_is() {
    let (_folder, file) = place();
    let other = rusqlite::Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE choices (x); PRAGMA user_version = 7").unwrap();
    drop(other);
    let before = fs::read(&file).unwrap();
    let mut node = node(Some(&file), WEEK);
    node.set("mystery", "/", *AT);
    node.keeper.keep();
    assert_eq!(node.drift(), ["mystery"], "it is told all the same");
    drop(node);
    assert!(fs::read(&file).unwrap() == before);
}

#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, file) = place();
    let mut node = node(Some(&file), WEEK);
    node.set("mystery", "/", *AT);
    node.keeper.keep();
    for entry in fs::read_dir(folder.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
