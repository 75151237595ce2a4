//! The operator's own template in place of the notice's built-in inside.
//!
//! It is compiled once, when the configuration is read, and rendered where a notice is shown. It reads no file, includes
//! nothing, and cannot turn escaping off; what it renders was compared with the built-in notice before a visitor sees it
//! (`required.rs`). Everything it may use is named in `Words`: docs/notice.md says what each is.

use std::fmt;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};
use serde::Serialize;

use super::banner::{Banner, BannerState, done, third_parties};
use super::html::{Html, fill};
use super::strings::Strings;
use super::{Site, banner, exempt, purpose, required};

/// A notice of this size is a page.
pub const LONGEST_TEMPLATE: usize = 64 * 1024;
const NAME: &str = "notice";
/// What a notice needs is below a tenth of it; a loop that runs away does not hold a page up.
const FUEL: u64 = 100_000;

/// A template that keeps everything the built-in notice has to have.
#[derive(Clone)]
pub struct Template(Arc<Environment<'static>>);

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The line of the template, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong, as the end of a sentence.
    pub what: String,
}

impl Template {
    /// Compiles it and tries it in every language and state; every flaw that was found.
    pub fn new(source: &str, site: &Site) -> Result<Self, Vec<Flaw>> {
        let template = Self::compiled(source).map_err(|error| vec![Flaw::of(&error)])?;
        match required::flaws(&template, source, site) {
            flaws if flaws.is_empty() => Ok(template),
            flaws => Err(flaws),
        }
    }

    /// Strict: a word nobody knows is a mistake, not an empty place.
    pub(super) fn compiled(source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        environment.set_trim_blocks(true);
        environment.set_lstrip_blocks(true);
        environment.remove_filter("safe");
        // A file of another system may begin with a mark, and end its lines with two characters.
        let source = source.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        environment.add_template_owned(NAME, source)?;
        Ok(Self(Arc::new(environment)))
    }

    /// What the template makes of a notice in this state.
    pub(super) fn render(&self, view: &Banner) -> Result<String, Error> {
        let words = Words::of(view, Strings::of(view.place.language));
        self.0.get_template(NAME)?.render(Value::from_serialize(&words))
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template")
    }
}

impl Flaw {
    pub(super) fn of(error: &Error) -> Self {
        let what = match (error.kind(), error.detail()) {
            (ErrorKind::OutOfFuel, _) => "runs too long".to_owned(),
            (kind, Some(detail)) => format!("{kind}: {detail}"),
            (kind, None) => kind.to_string(),
        };
        Self { line: error.line(), what }
    }
}

/// What a template may use.
#[derive(Serialize)]
struct Words<'a> {
    state: &'static str,
    language: &'static str,
    direction: &'static str,
    service: &'a str,
    organisation: Option<&'a str>,
    logo: Option<Picture<'a>>,
    heading: String,
    essential: &'static str,
    also: String,
    purposes: Vec<Purpose<'a>>,
    third_parties: Option<String>,
    exempt: Vec<String>,
    action: String,
    fields: Value,
    accept: String,
    reject: String,
    view_cookies: &'static str,
    cookies: String,
    said: String,
    change: [&'static str; 3],
    hide: &'static str,
    back: String,
}

#[derive(Serialize)]
struct Purpose<'a> {
    name: &'a str,
    wish: String,
    third_parties: &'a [&'a str],
}

#[derive(Serialize)]
struct Picture<'a> {
    address: String,
    name: &'a str,
}

impl<'a> Words<'a> {
    fn of(view: &Banner<'a>, strings: &Strings) -> Self {
        let (place, config) = (&view.place, view.place.config);
        let what = purpose::together(strings, view.asked);
        let named = |asked: &super::AskedPurpose<'a>| Purpose {
            name: asked.name,
            wish: asked.wish(strings),
            third_parties: asked.third_parties,
        };
        let mut fields = Html::default();
        banner::fields(&mut fields, view);
        Self {
            state: name(view.state),
            language: place.language.tag(),
            direction: place.language.direction().name(),
            service: &config.service,
            organisation: config.organisation.as_deref(),
            logo: banner::logo_address(place).map(|(address, name)| Picture { address, name }),
            heading: fill(strings.cookies_on, &[&config.service]),
            essential: strings.essential_use,
            also: match view.asked {
                [only] => fill(strings.also_one, &[&only.wish(strings)]),
                _ => strings.also_several.to_owned(),
            },
            purposes: view.asked.iter().map(named).collect(),
            third_parties: third_parties(view.asked, strings),
            exempt: exempt::mentions(place.exempt, strings),
            action: place.own("choice"),
            fields: Value::from_safe_string(fields.into_string()),
            accept: fill(strings.accept, &[&what]),
            reject: fill(strings.reject, &[&what]),
            view_cookies: strings.view_cookies,
            cookies: place.cookies(),
            said: done(view, strings),
            change: parts(strings.change_settings),
            hide: strings.hide,
            back: banner::back(place),
        }
    }
}

/// A sentence before its link, the link, and the rest.
fn parts(sentence: &'static str) -> [&'static str; 3] {
    let (before, rest) = sentence.split_once('[').unwrap_or((sentence, ""));
    let (link, after) = rest.split_once(']').unwrap_or((rest, ""));
    [before, link, after]
}

pub(super) fn name(state: BannerState) -> &'static str {
    match state {
        BannerState::Ask => "ask",
        BannerState::Accepted => "accepted",
        BannerState::Rejected => "rejected",
        BannerState::Saved => "saved",
        BannerState::Withdrawn => "withdrawn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::Config;
    use crate::notice::Language;
    use crate::notice::testing::{ANALYTICS, MARKETING, config, place};

    const SOURCE: &str = "\u{feff}<p>{{ service }}</p>\r\n{{ fields }}";

    #[test]
    fn whatever_a_template_can_use_is_in_the_reference() {
        let config = config();
        let view = Banner {
            place: place(&config, Language::English),
            asked: &[ANALYTICS, MARKETING],
            state: BannerState::Ask,
        };
        let words = serde_json::to_value(Words::of(&view, Strings::of(Language::English))).expect("plain values");
        let reference = include_str!("../../docs/notice.md");
        let (_, table) = reference.split_once("### What it can use").expect("the table");
        let (table, _) = table.split_once("\n### ").expect("its end");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
        let mut named: Vec<_> = rows
            .flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches(['`', ' ']).to_owned()))
            .collect();
        named.sort_unstable();
        let mut known: Vec<_> = words.as_object().expect("names").keys().cloned().collect();
        known.sort_unstable();
        assert_eq!(named, known);
    }

    #[test]
    fn a_template_is_plain_text_of_any_system() {
        let config = Config { service: "<Council & Co>".into(), ..config() };
        let template = Template::compiled(SOURCE).expect("compiled");
        let view = Banner { place: place(&config, Language::English), asked: &[ANALYTICS], state: BannerState::Ask };
        let made = template.render(&view).expect("rendered");
        assert!(made.starts_with("<p>&lt;Council &amp; Co&gt;</p>\n<input type=\"hidden\" name=\"return\""), "{made}");
        assert_eq!(made.matches("<input").count(), 2, "{made}");
    }

    #[test]
    fn a_template_that_fails_on_a_page_after_all_leaves_the_built_in_notice() {
        let template = Template::compiled("{{ no_such_word }}").expect("compiled");
        let (usual, config) = (config(), Config { template: Some(template), ..config() });
        let made = |config| {
            banner::banner(&Banner {
                place: place(config, Language::Welsh),
                asked: &[ANALYTICS],
                state: BannerState::Ask,
            })
        };
        assert_eq!(made(&config), made(&usual));
    }
}
