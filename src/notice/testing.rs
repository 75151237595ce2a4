//! What the tests of this room show their pages with, and how they read them back.

use http::StatusCode;
use lol_html::{RewriteStrSettings, element, rewrite_str, text};

use super::{
    AskedPurpose, Banner, BannerState, ChosenPurpose, Config, Controller, CookieRow, CookiesPage, Direction, EmbedPage,
    ErrorPage, ExemptPurpose, Held, Language, LeftOut, Lifetime, PageState, Place, Placeholder, PurposeSection,
    Receipt, ReceiptPage, SetBy, banner, cookies_page, embed_page, embedded_cookies, error_page, footer, placeholder,
    receipt_page, sentences,
};
use crate::consent::Purpose;

/// A council that speaks both languages.
pub(super) fn config() -> Config {
    Config {
        service: "Example Council".into(),
        organisation: Some("Example County Council".into()),
        contact: Some("dpo@example.gov.uk".into()),
        controller: Controller {
            address: Some("County Hall, Exampletown".into()),
            dpo: Some("officer@example.gov.uk".into()),
            complaints: Some("https://www.example.gov.uk/complaints".into()),
            privacy_notice: Some("/privacy".into()),
        },
        languages: vec![Language::English, Language::Welsh],
        language_rules: Vec::new(),
        descriptions: Vec::new(),
        version: "2026-11".into(),
        days: 365,
        refusal_days: 182,
        signals: crate::notice::Signals::ALL,
        style: crate::notice::Style::default(),
        template: None,
    }
}

pub(super) fn place(config: &Config, language: Language) -> Place<'_> {
    Place {
        config,
        language,
        page_language: Some(Language::English),
        https: false,
        host: "www.example.gov.uk",
        prefix: "/.consent",
        return_to: "/council-tax?band=a&year=2026",
        exempt: &[],
        nonce: "r4nd0m",
    }
}

pub(super) const ANALYTICS: AskedPurpose =
    AskedPurpose { purpose: Purpose::ANALYTICS, name: "analytics", third_parties: &["Google", "Microsoft"] };
pub(super) const MARKETING: AskedPurpose =
    AskedPurpose { purpose: Purpose::MARKETING, name: "marketing", third_parties: &["Google", "YouTube"] };

const ROWS: &[CookieRow] = &[
    CookieRow {
        name: "_ga",
        set_by: SetBy::Company("Google"),
        description: Some("Tells visitors apart to count them"),
        lifetime: Lifetime::Seconds(2 * 365 * 86_400),
        storage: false,
        seen: Some(1_795_449_900),
    },
    CookieRow {
        name: "visitor-count",
        set_by: SetBy::Site,
        description: None,
        lifetime: Lifetime::Session,
        storage: false,
        seen: None,
    },
    CookieRow {
        name: "averyveryverylongcookienamewithoutanyplacetobreakit_*",
        set_by: SetBy::Site,
        description: None,
        lifetime: Lifetime::UntilDeleted,
        storage: true,
        seen: None,
    },
];

pub(super) fn sections(granted: bool) -> [PurposeSection<'static>; 4] {
    let section = |purpose, name, rows| PurposeSection {
        purpose,
        name,
        granted,
        until_objected: false,
        third_parties: &[],
        hosts: &[],
        rows,
    };
    [
        section(Purpose::ESSENTIAL, "essential", &ROWS[1..2]),
        section(Purpose::PREFERENCES, "preferences", &[]),
        PurposeSection {
            third_parties: ANALYTICS.third_parties,
            hosts: &["www.google-analytics.com"],
            ..section(Purpose::ANALYTICS, "analytics", ROWS)
        },
        section(Purpose::MARKETING, "marketing", &ROWS[..1]),
    ]
}

pub(super) fn page<'a>(config: &'a Config, language: Language, sections: &'a [PurposeSection]) -> CookiesPage<'a> {
    CookiesPage {
        config,
        language,
        origin: "",
        prefix: "/.consent",
        return_to: "/council-tax?band=a&year=2026",
        purposes: sections,
        unclassified: &ROWS[1..2],
        unclassified_held: true,
        unclassified_own: false,
        elsewhere: &[],
        state: PageState::Looking,
        gpc: false,
        receipt: None,
        choice_cookie: "consentgate",
        choice_cookie_seen: None,
    }
}

/// Everything the room can make in one language, each with a name for a file.
pub(super) fn everything(language: Language) -> Vec<(String, String)> {
    let config = config();
    let mut made = banners(&config, language);
    made.extend(pages(&config, language));
    made.extend(errors(&config, language));
    made.extend(placeholders(&config, language));
    made
}

fn banners(config: &Config, language: Language) -> Vec<(String, String)> {
    use BannerState::{Accepted, Ask, Rejected, Saved, Withdrawn};
    let place = place(config, language);
    let ascii = |bytes| String::from_utf8(bytes).expect("ASCII");
    let one: &[AskedPurpose] = &[ANALYTICS];
    let mut made = Vec::new();
    for (what, asked) in [("one", one), ("several", &[ANALYTICS, MARKETING])] {
        for state in [Ask, Accepted, Rejected, Saved, Withdrawn] {
            made.push((format!("banner-{what}-{state:?}"), ascii(banner(&Banner { place, asked, state }))));
        }
    }
    made.push(("footer".into(), ascii(footer(&place, true, false, &[]))));
    let company = "Facebook";
    let left_out = [LeftOut { company, purpose: Purpose::MARKETING, name: "marketing" }];
    made.push(("footer-left-out".into(), ascii(footer(&place, false, false, &left_out))));
    for objected in [false, true] {
        let exempt = [exempt(objected)];
        let place = Place { exempt: &exempt, ..place };
        let state = Ask;
        made.push((format!("banner-exempt-{objected}"), ascii(banner(&Banner { place, asked: &[MARKETING], state }))));
        made.push((format!("footer-exempt-{objected}"), ascii(footer(&place, false, false, &[]))));
    }
    made
}

fn exempt(objected: bool) -> ExemptPurpose {
    let third_parties = vec!["Matomo"];
    ExemptPurpose { purpose: Purpose::ANALYTICS, name: "analytics".into(), third_parties, objected }
}

fn placeholders(config: &Config, language: Language) -> Vec<(String, String)> {
    let place = place(config, language);
    let address = "https://www.youtube.com/embed/dQw4w9WgXcQ";
    let (tag, company, seal) = ("iframe", Some("YouTube"), "c2VhbA");
    let named = |name: &str, held| {
        let size = [Some("560"), Some("315")];
        let view = Placeholder { place, tag, address, company, held, title: Some("Bins"), size, seal };
        (name.to_owned(), String::from_utf8(placeholder(&view)).expect("ASCII"))
    };
    let address = &address.parse().expect("an address");
    let embed = EmbedPage { config, language, prefix: "/.consent", return_to: "/", address, company };
    vec![
        named("placeholder", Held::For(Purpose::MARKETING, "marketing", &["analytics"])),
        named("placeholder-unclassified", Held::Unclassified),
        named("placeholder-here", Held::Here),
        ("embed".into(), embed_page(&embed)),
    ]
}

fn pages(config: &Config, language: Language) -> Vec<(String, String)> {
    let (fresh, granted) = (sections(false), sections(true));
    let looking = page(config, language, &fresh);
    let elsewhere = ["fonts.example (A Foundry)".to_owned()];
    let saved = CookiesPage {
        elsewhere: &elsewhere,
        state: PageState::Saved,
        unclassified_held: false,
        unclassified_own: true,
        gpc: true,
        receipt: Some("0af1"),
        ..page(config, language, &granted)
    };
    let mut exempt = sections(true);
    exempt[2].until_objected = true;
    let until_objected = page(config, language, &exempt);
    let withdrawn = CookiesPage { state: PageState::Withdrawn, ..looking };
    let purposes = [
        ChosenPurpose { purpose: Purpose::ANALYTICS, name: "analytics", granted: true },
        ChosenPurpose { purpose: Purpose::MARKETING, name: "marketing", granted: false },
    ];
    let id = Some("0123456789abcdef0123456789abcdef");
    let receipt = Some(Receipt {
        id,
        made_at: 1_795_449_900,
        kept_until: 1_826_985_900,
        notice_version: "2026-11",
        purposes: &purposes,
    });
    let record = ReceiptPage { config, language, prefix: "/.consent", return_to: "/", receipt, deleted: false };
    vec![
        ("cookies-looking".into(), cookies_page(&looking)),
        ("cookies-saved".into(), cookies_page(&saved)),
        ("cookies-withdrawn".into(), cookies_page(&withdrawn)),
        ("cookies-exempt".into(), cookies_page(&until_objected)),
        ("cookies-embedded".into(), embedded(config, language, &granted)),
        ("record".into(), receipt_page(&record)),
        ("record-none".into(), receipt_page(&ReceiptPage { receipt: None, ..record })),
        ("record-deleted".into(), receipt_page(&ReceiptPage { receipt: None, deleted: true, ..record })),
    ]
}

fn embedded(config: &Config, language: Language, sections: &[PurposeSection]) -> String {
    let view = CookiesPage { origin: "//www.example.gov.uk", ..page(config, language, sections) };
    String::from_utf8(embedded_cookies(&view, &place(config, language))).expect("ASCII")
}

/// The English sentences behind an Arabic letter each: not a translation, but it runs from right to left.
pub(super) fn mirrored() -> Language {
    let texts = sentences().into_iter().map(|(name, english)| (name, format!("\u{639} {english}"))).collect();
    Language::added("ar", Direction::Rtl, texts).expect("every sentence")
}

fn errors(config: &Config, language: Language) -> Vec<(String, String)> {
    let statuses: [u16; 14] = [400, 403, 404, 405, 409, 413, 414, 421, 429, 431, 500, 502, 503, 504];
    let page = |code| {
        let status = StatusCode::from_u16(code).expect("a status");
        let (service, prefix) = (Some(config.service.as_str()), Some("/.consent"));
        error_page(&ErrorPage { status, language, service, prefix, style: None, choice_lost: code == 503 })
    };
    statuses.into_iter().map(|code| (format!("error-{code}"), page(code))).collect()
}

/// An element as a browser would read it: its tag and its attributes, decoded.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    pub(super) tag: String,
    pub(super) attributes: Vec<(String, String)>,
}

impl Element {
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Every element, in order.
pub(super) fn elements(html: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let collect = element!("*", |element| {
        let decoded = |value: String| htmlize::unescape_attribute(value.as_str()).into_owned();
        let attributes = element.attributes().iter().map(|a| (a.name(), decoded(a.value()))).collect();
        found.push(Element { tag: element.tag_name(), attributes });
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(collect);
    rewrite_str(html, settings).expect("HTML that can be read");
    found
}

/// The text in everything a selector matches, decoded.
pub(super) fn text_in(html: &str, selector: &str) -> String {
    let mut found = String::new();
    let collect = text!(selector, |chunk| {
        found.push_str(chunk.as_str());
        Ok(())
    });
    let settings = RewriteStrSettings::new().append_element_content_handler(collect);
    rewrite_str(html, settings).expect("HTML that can be read");
    htmlize::unescape(found.as_str()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::strings::Strings;
    use super::super::stylesheet;
    use super::*;

    /// The parts of a sentence between its places and links.
    fn fragments(sentence: &str) -> impl Iterator<Item = &str> {
        sentence.split(['{', '}', '[', ']']).map(str::trim)
    }

    #[test]
    fn every_byte_is_ascii_and_nothing_is_styled_or_scripted_inline() {
        for language in [Language::English, Language::Welsh] {
            for (name, html) in everything(language) {
                assert!(html.is_ascii(), "{name}");
                for element in elements(&html) {
                    let inline =
                        |(attribute, _): &(String, String)| attribute == "style" || attribute.starts_with("on");
                    assert!(!element.attributes.iter().any(inline), "{name}: {element:?}");
                    assert!(!matches!(element.tag.as_str(), "script" | "style"), "{name}: {element:?}");
                }
            }
        }
    }

    #[test]
    fn no_english_sentence_in_welsh_and_no_welsh_one_in_english() {
        for (shown, other) in [(Language::Welsh, Language::English), (Language::English, Language::Welsh)] {
            let pages = everything(shown);
            let sentences = Strings::of(other).all();
            // The link to the other language is written in it on purpose.
            for (key, sentence) in sentences.into_iter().filter(|(key, _)| *key != "available" && *key != "gpc_heading")
            {
                for fragment in fragments(sentence).filter(|part| part.split_whitespace().count() > 3) {
                    for (name, html) in &pages {
                        let read = htmlize::unescape(html.as_str());
                        assert!(!read.contains(fragment), "{name} in {shown:?} has {key}: {fragment}");
                    }
                }
            }
        }
    }

    #[test]
    fn every_sentence_is_said_somewhere() {
        // Said only by a site's own purpose, by other lifetimes, or by a site that names no organisation.
        let elsewhere = [
            // Said by the pages of the other languages.
            "available",
            "own_cookies",
            "about_own",
            "use_preferences",
            "lifetime_unknown",
            "under_a_minute",
            "responsible_service",
            // Said in the record's plain text.
            "record_as_kept",
        ];
        for language in [Language::English, Language::Welsh] {
            let all: String = everything(language).into_iter().map(|(_, html)| html).collect();
            let read = htmlize::unescape(all.as_str()).to_lowercase();
            for (key, sentence) in Strings::of(language).all().into_iter().filter(|(key, _)| !elsewhere.contains(key)) {
                for fragment in fragments(sentence) {
                    assert!(read.contains(&fragment.to_lowercase()), "{language:?}: {key} is never said: {fragment}");
                }
            }
        }
    }

    #[test]
    fn every_own_page_says_its_language_title_and_one_heading() {
        for language in [Language::English, Language::Welsh] {
            for (name, html) in everything(language).into_iter().filter(|(_, html)| html.starts_with("<!DOCTYPE html>"))
            {
                let found = elements(&html);
                assert_eq!(found[0].value("lang"), Some(language.tag()), "{name}");
                let count = |tag: &str| found.iter().filter(|element| element.tag == tag).count();
                assert_eq!((count("h1"), count("main"), count("title")), (1, 1, 1), "{name}");
                assert!(text_in(&html, "title").contains("Example Council"), "{name}");
                let first_link = found.iter().find(|element| element.tag == "a").expect("a skip link");
                assert_eq!(first_link.value("href"), Some("#main"), "{name}");
            }
        }
    }

    #[test]
    fn a_language_from_right_to_left_says_so_wherever_it_stands() {
        for (name, html) in everything(mirrored()) {
            let found = elements(&html);
            let outer = found.iter().filter(|element| {
                matches!(element.tag.as_str(), "html") || matches!(element.value("role"), Some("region" | "group"))
            });
            for element in outer.filter(|element| element.tag != "table") {
                assert_eq!((element.value("lang"), element.value("dir")), (Some("ar"), Some("rtl")), "{name}");
            }
            assert!(html.is_ascii() && html.contains("&#1593;"), "{name}");
        }
    }

    #[test]
    fn ids_are_unique_and_whatever_points_to_one_finds_it() {
        for (name, html) in everything(Language::English) {
            let found = elements(&html);
            let ids: Vec<_> = found.iter().filter_map(|element| element.value("id")).collect();
            let mut unique = ids.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), ids.len(), "{name}");
            for element in &found {
                let fragment = element.value("href").and_then(|href| href.strip_prefix('#'));
                let pointers = [
                    fragment,
                    element.value("for"),
                    element.value("aria-describedby"),
                    element.value("aria-labelledby"),
                ];
                for id in pointers.into_iter().flatten() {
                    assert!(ids.contains(&id), "{name}: {id}");
                }
            }
        }
    }

    #[test]
    #[ignore = "writes every page into the folder named by NOTICE_PAGES, to be looked at"]
    fn pages_to_look_at() {
        let folder = std::path::PathBuf::from(std::env::var("NOTICE_PAGES").expect("NOTICE_PAGES names a folder"));
        let style = stylesheet();
        std::fs::write(folder.join(&style.name), &style.bytes).expect("a folder that can be written");
        for language in [Language::English, Language::Welsh] {
            for (name, html) in everything(language) {
                let html = html.replace("//www.example.gov.uk/.consent/", "").replace("/.consent/", "");
                let file = folder.join(format!("{name}.{}.html", language.tag()));
                std::fs::write(file, html).expect("a folder that can be written");
            }
        }
    }
}
