//! A choice that was answered is recorded (promise 2), seen from outside: the gate is killed at a hundred random
//! moments while visitors choose over HTTP, always over the same ledger, and every answered choice is in the export
//! exactly once.

#[allow(dead_code, reason = "each test file uses a part of it")]
#[path = "common/ops.rs"]
mod ops;

use std::collections::{HashMap, HashSet};
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use ops::{Gate, Origin, PATIENCE, Place, Starting, objects, read_answer, run, with_config};

const KILLS: u32 = 100;
const VISITORS: u32 = 8;
/// Every so many kills hit a gate that may still be opening its ledger.
const EARLY: u32 = 10;

/// What a visitor was told: the page they chose on, and the receipt where the answer says it.
struct Acknowledged {
    page: String,
    receipt: Option<String>,
}

#[test]
fn every_answered_choice_is_recorded_once_after_a_hundred_kills() {
    let origin = Origin::plain();
    let place = Place::new(origin.address);
    let (mut acknowledged, mut choosing) = (Vec::new(), Duration::ZERO);
    for round in 0..KILLS {
        if round % EARLY == 0 {
            let starting = Starting::new(&place);
            thread::sleep(random_below(Duration::from_millis(60)));
            drop(starting);
        } else {
            choosing += choose_and_kill(&place, &mut acknowledged);
        }
    }
    let rate = acknowledged.len() as u128 * 1000 / choosing.as_millis().max(1);
    println!("{} choices answered, {rate} a second while the gate ran", acknowledged.len());
    assert!(rate >= 200, "only {rate} choices a second: the kills hit an idle gate");
    prove(&place, &acknowledged);
}

/// One gate's life, ended by SIGKILL a random time after its first answer. Gives how long visitors were choosing.
fn choose_and_kill(place: &Place, acknowledged: &mut Vec<Acknowledged>) -> Duration {
    let gate = Gate::start(place);
    let (sender, answers) = channel();
    let visitors: Vec<_> = (0..VISITORS).map(|_| visitor(gate.public, sender.clone())).collect();
    drop(sender);
    let first = answers.recv_timeout(PATIENCE).expect("a gate that is ready takes choices");
    let choosing = Instant::now();
    thread::sleep(random_below(Duration::from_millis(250)));
    // `Running` ends its process with SIGKILL.
    drop(gate);
    let choosing = choosing.elapsed();
    acknowledged.push(first);
    acknowledged.extend(answers);
    for visitor in visitors {
        visitor.join().expect("every answer makes sense");
    }
    choosing
}

/// Chooses on one connection until it breaks.
fn visitor(gate: SocketAddr, answers: Sender<Acknowledged>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let Ok(mut stream) = TcpStream::connect(gate) else { return };
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        let mut from = BufReader::new(stream.try_clone().expect("a socket"));
        for as_json in [true, false].into_iter().cycle() {
            let page = unique_page();
            if stream.write_all(choice(&page, as_json).as_bytes()).is_err() {
                return;
            }
            let Some(answer) = read_answer(&mut from).filter(|answer| answer.whole) else { return };
            assert_eq!(answer.status, if as_json { 200 } else { 303 }, "{}", answer.head);
            let receipt = as_json.then(|| receipt(&answer.body));
            answers.send(Acknowledged { page, receipt }).expect("the round takes every answer");
        }
    })
}

/// The page a choice is made on is recorded with it, so it names the choice from the visitor's side.
fn unique_page() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("/bins/{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn choice(page: &str, as_json: bool) -> String {
    let (form, accept) =
        (format!("choice=accept&return={page}"), if as_json { "application/json" } else { "text/html" });
    format!(
        "POST /.consent/choice HTTP/1.1\r\nHost: www.example.gov.uk\r\nAccept: {accept}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

fn receipt(body: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(body).expect("JSON was asked for");
    answer["receipt"].as_str().expect("an agreed choice has a receipt").to_owned()
}

fn random_below(most: Duration) -> Duration {
    most * (getrandom::u32().expect("the system has randomness") % 1000) / 1000
}

/// Compares what was answered with `ledger export`, read by the program itself from the file the last kill left.
fn prove(place: &Place, acknowledged: &[Acknowledged]) {
    let export = run(&with_config(&["ledger", "export"], &place.config()));
    assert_eq!(export.code, Some(0), "{}", export.err);
    let records = objects(&export.out);
    let text = |record: &serde_json::Value, key: &str| record[key].as_str().expect("a word").to_owned();
    let ids: HashSet<_> = records.iter().map(|record| text(record, "id")).collect();
    let by_page: HashMap<_, _> = records.iter().map(|record| (text(record, "page"), text(record, "receipt"))).collect();
    assert_eq!((ids.len(), by_page.len()), (records.len(), records.len()), "records are doubled");
    let lost = acknowledged.iter().filter(|choice| match by_page.get(&choice.page) {
        Some(recorded) => choice.receipt.as_ref().is_some_and(|told| told != recorded),
        None => true,
    });
    assert_eq!(lost.count(), 0, "of {} answered and {} recorded choices", acknowledged.len(), records.len());
}
