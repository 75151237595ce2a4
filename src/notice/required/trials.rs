//! Where a template is tried: in every state, with purposes of all kinds, on a page that is like none and where it will
//! stand.
//!
//! A template is tried, not proved: one that looks for what no trial has would pass. Its author is trusted; the trials find
//! slips, and make it hard to slip something past whoever reads the template.

use std::fmt::{self, Write as _};

use sha2::{Digest as _, Sha256};

use super::super::address::Place;
use super::super::banner::{Banner, BannerState};
use super::super::purpose::{AskedPurpose, ExemptPurpose};
use super::super::template;
use super::super::{Config, Language};
use crate::consent::Purpose;

const STATES: [BannerState; 5] =
    [BannerState::Ask, BannerState::Accepted, BannerState::Rejected, BannerState::Saved, BannerState::Withdrawn];

const ONE: &[AskedPurpose] =
    &[AskedPurpose { purpose: Purpose::ANALYTICS, name: "analytics", third_parties: &["Example Metrics"] }];
const SEVERAL: &[AskedPurpose] = &[
    AskedPurpose { purpose: Purpose::PREFERENCES, name: "preferences", third_parties: &[] },
    AskedPurpose { purpose: Purpose::MARKETING, name: "marketing", third_parties: OTHERS },
];
/// The site's own purposes are tried with others named: traffic may show any at any time.
const OTHERS: &[&str] = &["Example Maps", "Example Films"];
const NOBODY_ELSE: &[AskedPurpose] =
    &[AskedPurpose { purpose: Purpose::PREFERENCES, name: "preferences", third_parties: &[] }];

/// The site a template is for.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// Its notice.
    pub config: &'a Config,
    /// Its first host.
    pub host: &'a str,
    /// The reserved prefix, without a slash at its end.
    pub prefix: &'a str,
    /// Every purpose that visitors have a say in, with its name.
    pub asked: Vec<(Purpose, &'a str)>,
}

/// What the trials of one template share.
pub(super) struct Grounds<'a> {
    site: &'a Site<'a>,
    /// A path nobody could have written into the template: it follows from the whole of it.
    page: String,
    asked: Vec<AskedPurpose<'a>>,
    exempt: [ExemptPurpose; 1],
}

/// Where a template is tried.
pub(super) struct Trial<'a> {
    pub(super) view: Banner<'a>,
    /// What is asked has the site's own names.
    pub(super) own: bool,
    what: String,
}

/// What is asked, and what is used without asking.
type Asking<'a> = (&'a [AskedPurpose<'a>], &'a [ExemptPurpose]);

impl<'a> Grounds<'a> {
    pub(super) fn new(site: &'a Site<'a>, source: &str) -> Self {
        let mut digits = String::new();
        for byte in Sha256::digest(source) {
            let _ = write!(digits, "{byte:02x}");
        }
        let third_parties = vec!["Example Counters"];
        let exempt =
            ExemptPurpose { purpose: Purpose::ANALYTICS, name: "analytics".into(), third_parties, objected: false };
        let asked = site.asked.iter().map(|&(purpose, name)| AskedPurpose { purpose, name, third_parties: OTHERS });
        let page = format!("/{}/{}?{}={}", &digits[..9], &digits[9..20], &digits[20..24], &digits[24..]);
        Self { site, page, asked: asked.collect(), exempt: [exempt] }
    }

    pub(super) fn trials<'t>(&'t self, language: Language) -> impl Iterator<Item = Trial<'t>> {
        let elsewhere = Place {
            config: self.site.config,
            language,
            page_language: None,
            https: true,
            host: "www.example.gov.uk",
            prefix: "/.consent",
            return_to: "/bins?week=2&street=a",
            exempt: &[],
            nonce: "",
        };
        let here = Place { host: self.site.host, prefix: self.site.prefix, return_to: &self.page, ..elsewhere };
        let usual = self.usual().map(move |(what, asking)| (elsewhere, false, what.to_owned(), asking));
        let usual_here =
            self.usual().map(move |(what, asking)| (here, false, format!("{what}, this site's own pages"), asking));
        let own = self.own().map(move |(what, asking)| (here, true, what, asking));
        let all: Vec<_> = usual.chain(usual_here).chain(own).collect();
        STATES.into_iter().flat_map(move |state| {
            let trial = move |(place, own, what, (asked, exempt)): (Place<'t>, bool, String, Asking<'t>)| Trial {
                view: Banner { place: Place { exempt, ..place }, asked, state },
                own,
                what,
            };
            all.clone().into_iter().map(trial)
        })
    }

    fn usual(&self) -> impl Iterator<Item = (&'static str, Asking<'_>)> {
        [
            ("one purpose", (ONE, &[][..])),
            ("several purposes", (SEVERAL, &[])),
            ("no other organisation", (NOBODY_ELSE, &[])),
            ("statistics without consent", (SEVERAL, &self.exempt)),
        ]
        .into_iter()
    }

    /// In the site's own names and words.
    fn own(&self) -> impl Iterator<Item = (String, Asking<'_>)> {
        let alone = self
            .asked
            .iter()
            .map(|asked| (format!("the purpose '{}' alone", asked.name), (std::slice::from_ref(asked), &[][..])));
        let all =
            (self.asked.len() > 1).then(|| ("all of this site's purposes".to_owned(), (&self.asked[..], &[][..])));
        alone.chain(all)
    }
}

impl fmt::Display for Trial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, language) = (template::name(self.view.state), self.view.place.language.tag());
        write!(f, "state {state}, language {language}, {}", self.what)
    }
}
