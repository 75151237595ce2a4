//! What a visitor reads when the gate cannot give them the page: what happened and what to do, never how it works.

use http::StatusCode;

use super::document::{Frame, document};
use super::strings::Strings;
use super::{Language, Style};

/// An answer without a page.
#[derive(Clone, Copy, Debug)]
pub struct ErrorPage<'a> {
    /// The status of the answer.
    pub status: StatusCode,
    /// The language to speak.
    pub language: Language,
    /// The service's name; `None` where no site answers to the host.
    pub service: Option<&'a str>,
    /// The reserved prefix, for the stylesheet; `None` where no site answers to the host.
    pub prefix: Option<&'a str>,
    /// How the site's notice looks; `None` where no site answers to the host.
    pub style: Option<&'a Style>,
    /// A choice was being made and was not stored: say so.
    pub choice_lost: bool,
}

/// The whole page.
pub fn error_page(view: &ErrorPage) -> String {
    let (happened, to_do) = fault(view, Strings::of(view.language));
    let frame = Frame {
        language: view.language,
        title: happened,
        service: view.service,
        prefix: view.prefix,
        style: view.style,
        listed: false,
        others: &[],
    };
    document(&frame, |html, strings| {
        html.element("h1", &[], happened);
        if view.choice_lost {
            html.element("p", &[], strings.choice_not_saved);
        }
        html.element("p", &[], to_do);
    })
}

fn fault(view: &ErrorPage, strings: &Strings) -> (&'static str, &'static str) {
    match view.status {
        StatusCode::FORBIDDEN => (strings.not_accepted, strings.not_accepted_todo),
        // The site is there, the page below its reserved prefix is not.
        StatusCode::NOT_FOUND if view.service.is_some() => (strings.no_page, strings.no_page_todo),
        StatusCode::NOT_FOUND | StatusCode::MISDIRECTED_REQUEST => (strings.no_site, strings.no_site_todo),
        StatusCode::TOO_MANY_REQUESTS => (strings.too_many, strings.too_many_todo),
        StatusCode::CONFLICT => (strings.record_held, strings.record_held_todo),
        StatusCode::PAYLOAD_TOO_LARGE => (strings.too_large, strings.too_large_todo),
        StatusCode::URI_TOO_LONG => (strings.address_too_long, strings.address_too_long_todo),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (strings.head_too_large, strings.head_too_large_todo),
        StatusCode::BAD_GATEWAY => (strings.bad_answer, strings.bad_answer_todo),
        StatusCode::SERVICE_UNAVAILABLE => (strings.unavailable, strings.unavailable_todo),
        StatusCode::GATEWAY_TIMEOUT => (strings.too_slow, strings.too_slow_todo),
        other if other.is_client_error() => (strings.bad_request, strings.bad_request_todo),
        _ => (strings.went_wrong, strings.went_wrong_todo),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notice::testing::text_in;

    fn shown(code: u16) -> String {
        let status = StatusCode::from_u16(code).unwrap();
        error_page(&ErrorPage {
            status,
            language: Language::English,
            service: None,
            prefix: None,
            style: None,
            choice_lost: false,
        })
    }

    #[test]
    fn each_status_has_its_own_words() {
        let codes = [400, 403, 404, 409, 413, 414, 429, 431, 500, 502, 503, 504];
        let headings: std::collections::BTreeSet<_> =
            codes.map(|code| text_in(&shown(code), "h1")).into_iter().collect();
        assert_eq!(headings.len(), codes.len());
    }

    #[test]
    fn a_status_without_words_of_its_own_gets_those_of_its_class() {
        assert_eq!(text_in(&shown(418), "h1"), text_in(&shown(400), "h1"));
        assert_eq!(text_in(&shown(507), "h1"), text_in(&shown(500), "h1"));
    }

    #[test]
    fn nothing_of_a_site_where_there_is_none() {
        assert!(!shown(404).contains("stylesheet"));
        assert!(!shown(404).contains("<header>"));
    }

    #[test]
    fn a_page_that_is_missing_is_not_a_site_that_is_missing() {
        let of_a_site = |status| {
            let service = Some("Example");
            let view = ErrorPage {
                status,
                language: Language::English,
                service,
                prefix: None,
                style: None,
                choice_lost: false,
            };
            text_in(&error_page(&view), "h1")
        };
        assert_eq!(of_a_site(StatusCode::NOT_FOUND), "Page not found");
        assert_eq!(text_in(&shown(404), "h1"), "There is no website at this address");
        assert_eq!(of_a_site(StatusCode::MISDIRECTED_REQUEST), text_in(&shown(421), "h1"));
    }

    #[test]
    fn a_lost_choice_is_said() {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let html = error_page(&ErrorPage {
            status,
            language: Language::Welsh,
            service: Some("Example"),
            prefix: Some("/.consent"),
            style: None,
            choice_lost: true,
        });
        assert!(text_in(&html, "main p").starts_with("Ni chafodd eich dewis am gwcis ei gadw."));
    }
}
