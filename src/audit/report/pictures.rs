//! The pictures of a site's pages as evidence: in the page itself where there is one site, so that the report stays one
//! file, and as links where there are many.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Beside;
use crate::audit::{Phase, SiteReport};

/// A report that no mail server takes helps nobody.
const LARGEST: usize = 3 << 20;

#[derive(Serialize)]
pub(super) struct Picture {
    name: String,
    /// `before a choice`.
    when: &'static str,
    says: &'static str,
    /// As a `data:` address; absent where it is too large or was not handed over.
    data: Option<String>,
    width: u32,
    height: u32,
}

pub(super) fn pictures(site: &SiteReport, beside: &Beside) -> Vec<Picture> {
    let names = site.notice.iter().flat_map(|notice| &notice.screenshots);
    names.map(|name| picture(name, beside)).collect()
}

fn picture(name: &str, beside: &Beside) -> Picture {
    let (when, says) = when(name);
    let given = beside.pictures.iter().find(|(given, _)| given == name).map(|(_, bytes)| bytes);
    let sized = given.filter(|bytes| bytes.len() <= LARGEST).and_then(|bytes| Some((bytes, size(bytes)?)));
    let (width, height) = sized.map_or((0, 0), |(_, size)| size);
    let data = sized.map(|(bytes, _)| format!("data:image/png;base64,{}", STANDARD.encode(bytes)));
    Picture { name: name.to_owned(), when, says, data, width, height }
}

/// Which state it was taken in: its name ends with it.
fn when(name: &str) -> (&'static str, &'static str) {
    let phase = Phase::ALL.into_iter().find(|phase| name.ends_with(&format!("-{}.png", phase.name())));
    match phase {
        Some(Phase::Untouched) => ("before a choice", "Before a choice"),
        Some(Phase::Rejected) => ("after refusing", "After refusing"),
        Some(Phase::Accepted) => ("after agreeing", "After agreeing"),
        Some(Phase::Withdrawn) => ("after taking it back", "After taking it back"),
        None => ("in this state", "The page"),
    }
}

/// Width and height of a PNG (RFC 2083 section 4.1.1); nothing where it is none.
fn size(bytes: &[u8]) -> Option<(u32, u32)> {
    let number = |from: usize| bytes.get(from..from + 4)?.try_into().ok().map(u32::from_be_bytes);
    bytes.starts_with(b"\x89PNG\r\n\x1a\n").then_some(())?;
    number(16).zip(number(20))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::NoticeSeen;

    #[test]
    fn a_picture_that_was_handed_over_is_in_the_page() {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend([0, 0, 5, 0, 0, 0, 3, 32]);
        let screenshots = vec!["screenshots/e-untouched.png".into(), "screenshots/e-accepted.png".into()];
        let site =
            SiteReport { notice: Some(NoticeSeen { screenshots, ..NoticeSeen::default() }), ..SiteReport::default() };
        let given = [
            ("screenshots/e-untouched.png".to_owned(), png),
            ("screenshots/e-accepted.png".to_owned(), b"no picture".to_vec()),
        ];
        let [first, second] = &pictures(&site, &Beside { pictures: &given, changes: &[] })[..] else { panic!() };
        assert!(first.data.as_ref().is_some_and(|data| data.starts_with("data:image/png;base64,iVBOR")));
        assert_eq!((first.width, first.height, first.says), (1280, 800, "Before a choice"));
        assert!(second.data.is_none(), "linked to");
    }
}
