//! What a visitor sees of the gate: the banner in the site's pages, the cookies page, their own record, error pages.
//!
//! Plain data in, bytes out: no sockets, no clock, no decisions. It must never ask before it has named every purpose,
//! never make one answer easier than the other, never need JavaScript, never let a service name, a host or an address
//! break out of its place, and never put a byte outside ASCII into a page (the page's charset is not ours).
//! The gateway hands in the site's config, the language, what is asked and what is granted; `html` splices the banner
//! and the footer into pages, the gateway serves the rest under the reserved prefix.

mod address;
mod banner;
mod config;
mod contact;
mod cookies_page;
mod document;
mod elsewhere;
mod embed_page;
mod error_page;
mod exempt;
mod format;
mod guard;
mod html;
mod language;
mod left_out;
mod logo;
mod outline;
mod placeholder;
mod purpose;
mod receipt_page;
mod required;
mod rights;
mod strings;
mod style;
mod stylesheet;
mod table;
mod template;
mod words;

pub use address::{Place, cookies_address};
pub use banner::{Banner, BannerState, banner, footer};
pub use config::*;
pub use cookies_page::{CookieRow, CookiesPage, PageState, PurposeSection, SetBy, cookies_page, embedded_cookies};
pub use document::CONTENT_SECURITY_POLICY;
pub use embed_page::{EmbedPage, embed_page, embed_policy};
pub use error_page::{ErrorPage, error_page};
pub use guard::{GUARD_PREFIX, Guard, GuardTag, guard_set, guard_tag};
pub use language::{Direction, Language, LanguageRule, language_for};
pub use left_out::LeftOut;
pub use logo::{LONGEST_LOGO, logo};
pub use placeholder::{Held, Placeholder, placeholder};
pub use purpose::{AskedPurpose, ExemptPurpose};
pub use receipt_page::{ChosenPurpose, Receipt, ReceiptPage, receipt_page, receipt_text};
pub use required::Site;
pub use strings::{Added, Misfit, Misfits, OwnWords, sentences};
pub use style::{Colour, Corners, FooterPlace, Look, Palette, Part, Poor, Style};
pub use stylesheet::{Asset, held_stylesheet, release_script, seen_script, stylesheet};
pub use template::{Flaw, LONGEST_TEMPLATE, Template};
pub use words::Lifetime;

#[cfg(test)]
mod testing;
