//! What a site's notice says and in which languages.

use super::language::{Language, LanguageRule};
use super::{Style, Template};

/// A site's notice, resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The service's name in headings: `notice.service`, else the organisation's name, else the first host.
    pub service: String,
    /// Who is responsible: `organisation.name`.
    pub organisation: Option<String>,
    /// Whom to write to: `organisation.contact`.
    pub contact: Option<String>,
    /// What else is said of the organisation.
    pub controller: Controller,
    /// At least one; the first is the default.
    pub languages: Vec<Language>,
    /// `notice.language_rules`: the first that fits decides.
    pub language_rules: Vec<LanguageRule>,
    /// `description` of `cookies` and `storage`.
    pub descriptions: Vec<Described>,
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
    /// `notice.template` — what takes the place of the notice's inside.
    pub template: Option<Template>,
}

/// Who is responsible, beyond a name and a contact (REQUIREMENTS A22). Each is shown where it is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controller {
    /// `organisation.address`: by post.
    pub address: Option<String>,
    /// `organisation.dpo`: how to reach the data protection officer.
    pub dpo: Option<String>,
    /// `organisation.complaints`: where a complaint goes.
    pub complaints: Option<String>,
    /// `organisation.privacy_notice`: the address of a page.
    pub privacy_notice: Option<String>,
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

/// What the site's configuration says that a cookie or a storage key does.
#[derive(Clone, Debug)]
pub struct Described {
    /// The name as its rule has it, perhaps with `*`.
    pub name: String,
    /// It is a key in the browser's storage.
    pub storage: bool,
    /// The language of the text.
    pub language: Language,
    /// What it does.
    pub text: String,
}
