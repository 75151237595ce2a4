//! Whether a press had an effect: the notice that stood there is gone, or a choice was stored.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::notice::{ask, open_closed_roots};
use super::tab::Tab;
use crate::catalogue;
use crate::consent::Purpose;

/// Notices fade, and slide away.
const FADES: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A page before something is pressed. Values are kept as digests, and no longer than it takes to compare them.
pub(super) struct Standing {
    notices: BTreeSet<String>,
    kept: BTreeSet<(String, u64)>,
}

impl Standing {
    pub(super) async fn of(tab: &Tab) -> Result<Self, String> {
        Ok(Self { notices: notices(tab).await?, kept: kept(tab).await })
    }

    /// A way that was followed to its end has to make the notice go; one that was not may have put it out of sight only.
    pub(super) async fn has_changed(&self, tab: &Tab, whole: bool) -> Result<bool, String> {
        let until = Instant::now() + FADES;
        while whole && !self.notices.is_empty() {
            if notices(tab).await?.is_disjoint(&self.notices) {
                return Ok(true);
            }
            if Instant::now() >= until {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(whole && self.notices.is_empty()
            || kept(tab).await.difference(&self.kept).any(|(name, _)| may_be_a_choice(name)))
    }
}

/// What asks on this page, in all its frames.
async fn notices(tab: &Tab) -> Result<BTreeSet<String>, String> {
    if tab.log().closed_roots {
        open_closed_roots(tab).await?;
    }
    let mut found = BTreeSet::new();
    let worlds = tab.log().worlds();
    for world in worlds {
        // A frame that goes while it is asked asks nothing.
        let Ok(Value::String(stands)) = ask(tab, &world, "consentgate.stands()").await else { continue };
        found.insert(stands);
    }
    Ok(found)
}

/// Cookies and keys of the page's own, each with a digest of its value.
async fn kept(tab: &Tab) -> BTreeSet<(String, u64)> {
    let mut kept = BTreeSet::new();
    let cookies = tab.call("Network.getCookies", json!({})).await.unwrap_or_default();
    for cookie in cookies["cookies"].as_array().into_iter().flatten() {
        let mut digest = DefaultHasher::new();
        cookie["value"].as_str().unwrap_or_default().hash(&mut digest);
        kept.insert((cookie["name"].as_str().unwrap_or_default().to_owned(), digest.finish()));
    }
    let Some(main) = tab.main_world() else { return kept };
    let stored = ask(tab, &main, "consentgate.kept()").await.unwrap_or_default();
    let pairs = stored.as_array().into_iter().flatten();
    kept.extend(pairs.filter_map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_u64()?))));
    kept
}

/// What counts visitors writes all the time, whatever is pressed.
fn may_be_a_choice(name: &str) -> bool {
    catalogue::cookie(name.as_bytes())
        .is_none_or(|known| ![Purpose::ANALYTICS, Purpose::MARKETING].contains(&known.purpose))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_ticks_is_no_choice() {
        assert!(!may_be_a_choice("_ga") && !may_be_a_choice("_gid"));
        assert!(may_be_a_choice("cookie_choice_of_this_site") && may_be_a_choice("CookieConsent"));
    }
}
