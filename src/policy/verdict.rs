//! A verdict and the rule it came from.

use std::fmt;

use crate::consent::{Purpose, PurposeSet};

use super::Action;

/// Pass or hold, always with the rule that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict<'p> {
    /// What to do.
    pub action: Action,
    /// Why it is there, where anything says so.
    pub purpose: Option<Purpose>,
    /// What decided.
    pub rule: Rule<'p>,
}

/// What decided a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule<'p> {
    /// A rule of the site's YAML, as written.
    Site(&'p str),
    /// The catalogue: the pattern, and whose it is.
    Catalogue(&'static str, &'static str),
    /// A filter list: its name, and the filter as written.
    List {
        /// The list's file.
        list: &'p str,
        /// The line that decided.
        filter: String,
    },
    /// A part of another consent banner of this product, which the site has replaced: held for ever.
    Banner(&'static str),
    /// It belongs to the site itself and nothing says that it tracks.
    FirstParty,
    /// Nothing knows it: the site's `unclassified` action.
    Unclassified,
    /// A name the gate keeps for itself.
    Reserved,
    /// A header line no browser could use.
    Malformed,
}

impl<'p> Verdict<'p> {
    /// Pass exactly when the purpose is granted.
    pub fn of(purpose: Purpose, granted: PurposeSet, rule: Rule<'p>) -> Self {
        let action = if granted.contains(purpose) { Action::Pass } else { Action::Hold };
        Self { action, purpose: Some(purpose), rule }
    }

    /// Pass, whatever is granted.
    pub fn pass(purpose: Option<Purpose>, rule: Rule<'p>) -> Self {
        Self { action: Action::Pass, purpose, rule }
    }

    /// Hold, whatever is granted.
    pub fn hold(purpose: Option<Purpose>, rule: Rule<'p>) -> Self {
        Self { action: Action::Hold, purpose, rule }
    }

    /// Must it be held?
    pub fn is_hold(&self) -> bool {
        self.action == Action::Hold
    }
}

impl Rule<'_> {
    /// Whose it is, where the catalogue says so.
    pub fn whose(&self) -> Option<&'static str> {
        match self {
            Self::Catalogue(_, whose) => Some(whose),
            _ => None,
        }
    }
}

impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(written) => write!(f, "yaml: {written}"),
            Self::Catalogue(pattern, whose) => write!(f, "catalogue: {pattern} ({whose})"),
            Self::List { list, filter } => write!(f, "list: {list} {filter}"),
            Self::Banner(product) => write!(f, "banner: {product}"),
            Self::FirstParty => f.write_str("first party"),
            Self::Unclassified => f.write_str("unclassified"),
            Self::Reserved => f.write_str("reserved for the gate"),
            Self::Malformed => f.write_str("malformed"),
        }
    }
}
