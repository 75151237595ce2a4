//! A visitor with a browser: Chromium, with a new and empty profile for each state.
//!
//! It sees what somebody's browser would keep and ask for, also what scripts do, and it answers notices by pressing them.
//! Of what is kept it takes names, never values. One browser serves all sites at once, each visitor in a profile of its
//! own; it is started anew after so many pages, and when it has ended by itself.
//!
//! `launch` starts it, `protocol` speaks to it; a `tab` opens pages while `watch` writes down what happens; `cookies` puts
//! the browser's cookies beside the lines that set them; `notice` looks, `press` chooses, `effect` sees whether that did anything.
//! In the page: `reach`, `measure`, `rules`, `notice` (`.js`), in a world of their own; `inject` records in the page's.

mod cookies;
mod effect;
mod launch;
mod notice;
mod pool;
mod press;
mod tab;
mod visitor;
mod watch;

mod protocol;

pub use launch::Chromium;
pub use pool::{Browsers, Settings};
pub use visitor::Browsed;
