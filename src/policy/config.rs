//! What the rules of one site are, as resolved from the YAML.

use crate::consent::{Purpose, PurposeSet, Purposes};

use super::FilterLists;

/// The rules of one site. Rules are tried in the order they are written; the first that matches decides. The default has
/// none: the catalogue decides, then [`Unclassified`].
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The site's purposes.
    pub purposes: Purposes,
    /// Lower-case host names of the site itself (`*.` at the front allowed): their tags are first-party.
    pub hosts: Vec<String>,
    /// `prefix:` — the gate's own pages and files are never judged; empty where it has none.
    pub prefix: String,
    /// `cookies:` — names with `*` as the only wildcard.
    pub cookies: Vec<NameRule>,
    /// `tags:` — adblock syntax.
    pub tags: Vec<TagRule>,
    /// `storage:` — keys with `*` as the only wildcard.
    pub storage: Vec<NameRule>,
    /// `filter_lists:` — compiled.
    pub lists: FilterLists,
    /// `paths:` — what is held on some paths even after consent, and where the gate keeps out.
    pub paths: Vec<PathRule>,
    /// What happens to what nothing knows.
    pub unclassified: Unclassified,
    /// `replace_banner:` — the site's other consent banners are taken out.
    pub replace_banner: bool,
    /// Who vouched for the exceptions that purposes rest on.
    pub attested: Vec<Attested>,
}

/// What an operator vouched for, so that a purpose may rest on an exception (REQUIREMENTS A4, A7). It decides nothing: it is
/// kept for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// The purpose.
    pub purpose: Purpose,
    /// Each point, by its name in the rule-set.
    pub points: Vec<Box<str>>,
    /// Who did.
    pub who: String,
    /// The day, as it is written.
    pub date: String,
}

/// One `cookies:` or `storage:` rule.
#[derive(Clone, Debug)]
pub struct NameRule {
    /// The name or key as written, `*` standing for any run of characters.
    pub pattern: String,
    /// Why it is stored.
    pub purpose: Purpose,
}

/// One `tags:` rule.
#[derive(Clone, Debug)]
pub struct TagRule {
    /// An adblock network pattern: `||host^`, `|https://…`, `*`, `^`, or a plain part of an address.
    pub pattern: String,
    /// Why the tag is there.
    pub purpose: Purpose,
}

/// One `paths:` rule.
#[derive(Clone, Debug)]
pub struct PathRule {
    /// The path as written, `*` standing for any run of characters.
    pub pattern: String,
    /// The purposes held there whatever the visitor chose.
    pub hold: PurposeSet,
    /// The gate does nothing there, in either direction: for webhooks and APIs.
    pub bypass: bool,
    /// The rule acts only on requests that carry a cookie of this name (`*` as in names): for areas behind a login.
    pub cookie: Option<String>,
}

/// Pass or hold what neither the YAML nor the catalogue knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Let it through.
    Pass,
    /// Keep it back until consent.
    Hold,
}

/// `unclassified:` — the one deliberate exception to "deny is a value" is `tags`: holding an unknown payment or
/// address look-up script breaks a service. What it stores on the site
/// is held all the same.
#[derive(Clone, Copy, Debug)]
pub struct Unclassified {
    /// Cookies nobody has classified.
    pub cookies: Action,
    /// Storage keys nobody has classified.
    pub storage: Action,
    /// Third-party tags nobody has classified.
    pub tags: Action,
}

impl Default for Unclassified {
    fn default() -> Self {
        Self { cookies: Action::Hold, storage: Action::Hold, tags: Action::Pass }
    }
}
