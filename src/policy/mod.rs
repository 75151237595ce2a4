//! (room: policy)

mod config;

pub use config::*;
