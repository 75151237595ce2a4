//! What is known about cookie names and tag addresses, before any site says a word about itself.
//!
//! Data comes from the tables in `data/`: two generated from public collections of facts, the others written by hand
//! for the UK public sector. They are compiled into the program, read once, and never change while it runs. What is
//! known goes to `policy`, which decides; to the notice and the inventory, which name the company behind a cookie.
//!
//! This room must never decide whether something passes, and must never call anything essential that measures,
//! advertises, tests, chats or shares: such a row stops the tests. A name nobody knows is `None`, not a guess.

mod addresses;
mod banners;
mod cookies;
mod data;
mod kinds;
pub mod pattern;
mod rows;
mod scripts;

pub use addresses::{Company, address, companies, differs_by_path, own_path, own_paths};
pub use banners::{banner_address, banner_element, banner_script, names_banner};
pub use cookies::{KnownCookie, cookie, cookies};
pub use kinds::is_seen;
pub use rows::{Row, banner_rows, rows_of};
pub use scripts::{Signature, addresses_in, signatures};

/// How much the catalogue knows, for the admin listener and for `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Cookie name patterns.
    pub cookie_patterns: usize,
    /// Different companies behind the domains.
    pub companies: usize,
    /// Domains, hosts and host paths.
    pub domains: usize,
    /// Pieces of text that give away an inline script; the domains looked for in scripts are not counted again.
    pub signatures: usize,
}

/// Counts the tables.
pub fn counts() -> Counts {
    let (companies, domains) = addresses::counts();
    Counts { cookie_patterns: cookies::count(), companies, domains, signatures: scripts::count() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consent::Purpose;

    #[test]
    fn the_catalogue_is_as_large_as_promised() {
        let counts = counts();
        assert!(counts.cookie_patterns >= 2_400, "{counts:?}");
        assert!(counts.companies >= 2_000, "{counts:?}");
        assert!(counts.domains >= 3_100, "{counts:?}");
        assert!(counts.signatures >= 120, "{counts:?}");
    }

    /// What the collected facts get wrong or lack, and what a held payment or address look-up would break.
    #[test]
    fn rows_by_hand_put_the_collected_ones_right() {
        for (host, purpose) in [
            ("cc.cdn.civiccomputing.com", None),
            ("consent.cookiebot.com", None),
            ("analytics.silktide.com", Some(Purpose::ANALYTICS)),
            ("www.clarity.ms", Some(Purpose::ANALYTICS)),
            ("public.govdelivery.com", Some(Purpose::MARKETING)),
            ("app-script.monsido.com", Some(Purpose::ANALYTICS)),
            ("cdn.userway.org", Some(Purpose::PREFERENCES)),
            ("app.powerbi.com", Some(Purpose::PREFERENCES)),
            ("api.reciteme.com", Some(Purpose::PREFERENCES)),
            ("www.payments.service.gov.uk", None),
            ("secure.worldpay.com", None),
            ("services.postcodeanywhere.co.uk", None),
            ("ajax.googleapis.com", None),
            ("js.hcaptcha.com", None),
        ] {
            assert_eq!(address(host, "/").expect("known by hand").purpose, purpose, "{host}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), text in ".{0,80}") {
            let _ = (cookie(&bytes), signatures(&bytes).count(), address(&text, &text), own_path(&text));
            let script = [b"//".as_slice(), text.as_bytes(), br"\/\/", &bytes].concat();
            let _ = signatures(&script).count();
            if let Ok(pattern) = pattern::PathPattern::parse(&format!("/{text}")) {
                let _ = pattern.matches(&text);
            }
            for pattern in ["||a.b^", "||a*b", "a^|"].into_iter().chain([&*text]) {
                if let Ok(pattern) = pattern::AddressPattern::parse(pattern) {
                    let _ = (pattern.matches(&text), pattern.matches(&format!("https://{text}")));
                }
            }
        }
    }
}
