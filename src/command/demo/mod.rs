//! `consentgate demo`: a bundled legacy council site and stand-ins for the third parties it calls on, to put the
//! gate in front of with nothing else installed.
//!
//! It must never reach beyond this machine, and never be served as anything but a demonstration: its login is
//! printed on its pages. Pages and scripts come from `site/`, embedded in the program; the configuration is
//! `config/demo.yaml`, embedded too. Start-up wiring (ports, gate, ledger) hands in the listeners.

mod account;
mod bins;
mod council;
mod council_tax;
mod files;
mod guide;
mod listen;
mod minutes;
mod pages;
mod pdf;
mod planning;
mod reply;
mod seal;
mod third_parties;
mod third_party_log;
mod tracking;

pub use council::serve_council;
pub use guide::{Ports, config, what_to_try};
pub use third_parties::{WATCH_HOST, serve_third_parties};
