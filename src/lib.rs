//! # Consentgate
//!
//! A reverse proxy that makes an existing website ask before it tracks, without touching the site.
//!
//! ## The life of a request
//!
//! ```text
//! visitor ──> server ──> gateway ──────────────────────────────> upstream ──> the legacy site
//!                          │  1 who is this, what have they agreed to?     (consent)
//!                          │  2 take cookies they refused out of the request   (cookie)
//!                          │  3 fetch the page                              (upstream)
//!                          │  4 for each cookie, tag, hint: may it pass?    (policy ← catalogue)
//!                          │  5 take refused cookies out of the response, expire left-overs   (cookie)
//!                          │  6 rewrite the page as it streams: hold tags, add the notice  (html ← notice)
//!                          │  7 only a Cleared response can leave
//! visitor <── page ────────┘      what was seen goes to the inventory; what was chosen goes to the ledger
//! ```
//!
//! ## The words
//!
//! | word | means |
//! |---|---|
//! | **site** | one upstream website with its hosts and its rules |
//! | **purpose** | why something is stored or read: `essential`, `preferences`, `analytics`, `marketing`, a site's own |
//! | **choice** | what one visitor decided, purpose by purpose, for one notice version |
//! | **choice cookie** | the signed first-party cookie that carries the choice; the gate's only cookie |
//! | **tag** | anything in a page that makes the browser fetch or run something |
//! | **catalogue** | what is known about cookie names and tag addresses |
//! | **verdict** | `Pass` or `Hold`, always with the rule that decided |
//! | **notice** | the banner; the **cookies page** lists everything and takes the detailed choice |
//! | **inventory** | what has really been seen on this site |
//! | **ledger** | the durable record of choices: proof |
//! | **observe / enforce / off** | a site's mode: report only, act, or pass everything |
//!
//! ## The rooms, and who may use whom
//!
//! One way only; `tests/architecture.rs` fails on any other `use crate::`.
//!
//! ```text
//! pure       consent → –        catalogue → consent        policy → consent, catalogue
//! mechanism  cookie → consent, policy      notice → consent, catalogue      html → consent, policy, notice
//! I/O        ledger → consent   inventory → consent, catalogue, policy      upstream → –
//!            gateway → everything above    server → gateway
//! beside     admin → ledger, inventory, policy, catalogue, consent
//!            audit → consent, catalogue, policy, cookie, html, upstream
//!            config → the rooms' own Config types      command → anything: start-up wiring lives there
//! ```

pub mod catalogue;
pub mod consent;
pub mod policy;

pub mod cookie;
pub mod html;
pub mod notice;

pub mod gateway;
pub mod inventory;
pub mod ledger;
pub mod server;
pub mod upstream;

pub mod admin;
pub mod audit;
pub mod command;
pub mod config;
