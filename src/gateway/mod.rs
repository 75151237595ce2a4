//! (room: gateway)

mod config;

pub use config::*;
