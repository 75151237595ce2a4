//! (room: server)

mod config;

pub use config::*;
