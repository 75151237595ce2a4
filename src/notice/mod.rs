//! (room: notice)

mod config;

pub use config::*;
