//! Content-Security-Policy: what the site's own policies say, the least that lets the gate's own parts work under them,
//! and the policy of a consent state.
//!
//! A second policy "can only further restrict" (CSP3), so where a site's policy shuts the gate's script, its stylesheet
//! or its form out, that very policy has to be edited. An edit is an insertion, never a removal, and never lets in more
//! than one nonce or one exact address of the gate's own; a policy that lets the gate's parts in already stays as it is.

mod allow;
mod matching;
mod read;
mod reports;
mod state;

pub use allow::{Own, allow};
pub use reports::without_reports;
pub use state::{first_party, of_hosts, tag_host};
