//! Which addresses are pages of a site, and which of those are worth one of the pages that an audit opens.

use url::Url;

/// Endings of what is no page.
const FILES: [&str; 26] = [
    ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".csv", ".zip", ".jpg", ".jpeg", ".png", ".gif", ".svg",
    ".webp", ".mp3", ".mp4", ".avi", ".mov", ".css", ".js", ".xml", ".json", ".ics", ".rtf", ".odt",
];
/// A link with one of these in it may do something when it is followed.
const DEEDS: [&str; 7] = ["logout", "log-out", "signout", "sign-out", "logoff", "delete", "unsubscribe"];

/// A gate's cookies page is one page, from wherever it is asked for; its others are about the visitor, and no pages of the site.
/// They are known by the way back that they carry, whatever prefix they are under.
pub(super) fn worth(link: &Url) -> Option<Url> {
    let leads_back = link.query_pairs().next().is_some_and(|(name, to)| name == "return" && to.starts_with('/'));
    let name = link.path().rsplit('/').next().unwrap_or_default();
    let is_gates = link.path().starts_with("/.consent/") || leads_back && matches!(name, "cookies" | "record");
    let mut page = link.clone();
    if is_gates {
        page.set_query(None);
    }
    (!is_gates || name == "cookies").then_some(page)
}

/// Can it be opened without doing anything?
pub(super) fn is_page(url: &Url) -> bool {
    let path = url.path().to_lowercase();
    let acts = DEEDS
        .iter()
        .any(|deed| path.contains(deed) || url.query().is_some_and(|query| query.to_lowercase().contains(deed)));
    matches!(url.scheme(), "http" | "https") && !acts && !FILES.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_gates_own_pages_only_the_cookies_page_is_one_and_only_once() {
        let worth = |path: &str| {
            let url = Url::parse(&format!("https://a.gov.uk{path}")).unwrap();
            super::worth(&url).map(|url| url[url::Position::BeforePath..].to_owned())
        };
        for (path, expected) in [
            ("/.consent/cookies?return=%2Fbins&lang=cy", Some("/.consent/cookies")),
            ("/-/cookies?return=%2Fbins%3Fa", Some("/-/cookies")),
            ("/.consent/record?return=%2F", None),
            ("/-/record?return=%2F", None),
            ("/.consent/record", None),
            ("/record?id=1", Some("/record?id=1")),
            ("/library/record?return=yes", Some("/library/record?return=yes")),
            ("/bins?return=%2F", Some("/bins?return=%2F")),
        ] {
            assert_eq!(worth(path).as_deref(), expected, "{path}");
        }
    }
}
