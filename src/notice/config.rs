//! What a site's notice says and in which languages.

use super::Style;

/// A language the notice speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// Welsh.
    Welsh,
}

impl Language {
    /// Its tag (BCP 47): `en`, `cy`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Welsh => "cy",
        }
    }

    /// The language of a tag such as `cy` or `en-GB`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        [Self::English, Self::Welsh].into_iter().find(|language| primary.eq_ignore_ascii_case(language.tag()))
    }
}

/// A site's notice, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service's name in headings: `notice.service`, else the organisation's name, else the first host.
    pub service: String,
    /// Who is responsible: `organisation.name`.
    pub organisation: Option<String>,
    /// Whom to write to: `organisation.contact`.
    pub contact: Option<String>,
    /// At least one; the first is the default.
    pub languages: Vec<Language>,
    /// `notice.version`: a choice made for another version is asked again; at most 20 bytes.
    pub version: String,
    /// How long an agreement is kept, in days (default 365, at most 400).
    pub days: u32,
    /// How long a refusal is kept before the visitor is asked again, in days (default and least 182, at most 400).
    pub refusal_days: u32,
    /// `signals:` — who is told what is granted.
    pub signals: Signals,
    /// `notice.style` — how it looks.
    pub style: Style,
}

/// The interfaces through which tags are told what is granted (REQUIREMENTS S1, S7, S8, S9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals {
    /// Google consent mode v2.
    pub google: bool,
    /// Microsoft UET consent mode and Clarity.
    pub microsoft: bool,
    /// Matomo's cookie consent.
    pub matomo: bool,
}

impl Signals {
    /// Everyone is told: the default.
    pub const ALL: Self = Self { google: true, microsoft: true, matomo: true };
    /// Nobody is.
    pub const NONE: Self = Self { google: false, microsoft: false, matomo: false };

    /// As the script reads them: `script/signals.js`.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.google) | u8::from(self.microsoft) << 1 | u8::from(self.matomo) << 2
    }
}
