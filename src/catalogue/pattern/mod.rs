//! Patterns as people write them, compiled once: names with `*`, adblock addresses, paths.
//!
//! They come from the YAML and from the catalogue's tables; a compiled pattern only answers whether it matches, never
//! what follows from it. Nothing here allocates while matching an ordinary name or address.

mod address;
mod glob;
mod name;
mod path;

use std::fmt;

pub use address::AddressPattern;
pub use name::NamePatterns;
pub use path::{ExactPath, PathPattern};

/// Why a pattern was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternFault {
    /// Nothing is left once the anchors are taken off.
    Empty,
    /// `@@`: an exception.
    Exception,
    /// `##` and its relatives: hides elements of a page.
    ElementHiding,
    /// `$…`: options.
    Options,
    /// `/…/`: a regular expression.
    Regex,
    /// `!` or `[`: a comment or a list's heading.
    Comment,
    /// A space, a control character or one outside ASCII: no address has one.
    BadCharacter(char),
    /// A path that starts with neither `/` nor `*`.
    NoSlash,
}

impl fmt::Display for PatternFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the pattern is empty: it would match everything or nothing"),
            Self::Exception => {
                f.write_str("exceptions (@@…) are not understood here: write a rule with the purpose it has")
            }
            Self::ElementHiding => {
                f.write_str("element hiding (##…) is not understood here: only addresses are matched")
            }
            Self::Options => f.write_str("options ($…) are not understood here: write the address only"),
            Self::Regex => f.write_str("regular expressions (/…/) are not understood here: use * and ^"),
            Self::Comment => f.write_str("this is a comment or a heading, not a pattern"),
            Self::BadCharacter(c) => {
                write!(f, "{c:?} never stands in an address: write it percent-encoded, hosts as xn--…")
            }
            Self::NoSlash => f.write_str("a path starts with / or *"),
        }
    }
}

impl std::error::Error for PatternFault {}
