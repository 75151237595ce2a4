//! The gate end to end: the built program between a site and a visitor, over real sockets.
//!
//! One file for each subject; the words of the tests are in `tests/common/gate.rs`.

#![expect(clippy::unwrap_used, reason = "a helper that fails is a test that fails")]

#[path = "../common/gate.rs"]
mod common;

mod admin_tls;
mod audit;
mod banners;
mod bases;
mod caches;
mod canary;
mod choice;
mod cookies;
mod cookies_page;
mod dashboard;
mod documents;
mod durations;
mod explain;
mod guard;
mod inventory;
mod languages;
mod lists;
mod notice;
mod observe;
mod pages;
mod paths;
mod placeholder;
mod policies;
mod proof;
mod running;
mod scheduled;
mod seen;
mod streams;
mod trackers;
