//! (room: upstream)

mod config;

pub use config::*;
