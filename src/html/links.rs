//! `Link:` header lines: hints that make a browser fetch or connect before the page has begun (RFC 8288).

use http::header::{HeaderMap, HeaderValue, LINK};
use url::Url;

use crate::consent::PurposeSet;
use crate::policy::Policy;

use super::attributes::srcset;
use super::hold::Finding;
use super::judge::Judge;
use super::tags::fetches;

/// Takes the links out whose address must be held. Kept ones keep their bytes and their order; a line that cannot
/// be read goes, since a browser may read it all the same.
pub fn hold_links(headers: &mut HeaderMap, policy: &Policy, granted: PurposeSet, page: &Url) -> Vec<Finding> {
    let host = page.host_str().unwrap_or_default();
    let judge = Judge { policy, granted, host, bases: std::slice::from_ref(page), depth: 0 };
    let mut findings = Vec::new();
    let lines: Vec<_> = headers.get_all(LINK).iter().cloned().collect();
    let kept: Vec<_> = lines.iter().filter_map(|line| keep(line, &judge, &mut findings)).collect();
    if !findings.is_empty() {
        headers.remove(LINK);
        headers.extend(kept.into_iter().map(|line| (LINK, line)));
    }
    findings
}

/// The line without what is held; `None` when nothing is left of it.
fn keep(line: &HeaderValue, judge: &Judge<'_>, findings: &mut Vec<Finding>) -> Option<HeaderValue> {
    let before = findings.len();
    let kept: Vec<_> = links(line.as_bytes()).filter(|link| passes(link, judge, findings)).collect();
    if findings.len() == before {
        return Some(line.clone());
    }
    if kept.is_empty() { None } else { HeaderValue::from_bytes(&kept.join(&b", "[..])).ok() }
}

fn passes(link: &[u8], judge: &Judge<'_>, findings: &mut Vec<Finding>) -> bool {
    let Some(addresses) = addresses(link) else {
        let (tag, address, rule) = ("Link".into(), "unreadable".into(), "malformed".into());
        findings.push(Finding { held: true, whose: None, purpose: None, company: None, tag, address, rule });
        return false;
    };
    addresses.iter().find_map(|address| judge.link(address)).map(|finding| findings.push(finding)).is_none()
}

/// The addresses a line of links makes a browser fetch.
pub(super) fn fetched(line: &[u8]) -> Vec<String> {
    links(line).filter_map(addresses).flatten().collect()
}

/// What a browser fetches for one link: without a relation nothing; with several, any of them may. `None`: unreadable.
fn addresses(link: &[u8]) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(link);
    let (address, rest) = text.strip_prefix('<')?.split_once('>')?;
    let parameters = parameters(rest);
    let named = |wanted: &'static str| {
        parameters.iter().filter(move |(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| &**value)
    };
    if !fetches(&named("rel").collect::<Vec<_>>().join(" ")) {
        return Some(Vec::new());
    }
    let images = named("imagesrcset").flat_map(srcset).map(str::to_owned);
    Some([address.trim().to_owned()].into_iter().chain(images).collect())
}

/// The parameters of a link; a backslash in quotes makes the next byte a plain one (RFC 9110 section 5.6.4).
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let (mut part, mut quoted, mut plain) = (String::new(), false, false);
    let mut end = |part: &mut String| {
        if let Some((name, value)) = std::mem::take(part).split_once('=') {
            parameters.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    };
    for c in text.chars() {
        match c {
            _ if plain => {
                plain = false;
                part.push(c);
            }
            '\\' if quoted => plain = true,
            '"' => quoted = !quoted,
            ';' if !quoted => end(&mut part),
            _ => part.push(c),
        }
    }
    end(&mut part);
    parameters
}

/// The link-values of a line: separated by commas, save inside `<…>` and quotes.
fn links(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut in_address, mut in_quotes, mut plain) = (false, false, false);
    let separates = move |byte: &u8| {
        let escaped = std::mem::take(&mut plain);
        match byte {
            b'\\' if in_quotes => plain = !escaped,
            b'<' if !in_quotes => in_address = true,
            b'>' if !in_quotes => in_address = false,
            b'"' if !in_address && !escaped => in_quotes = !in_quotes,
            _ => {}
        }
        *byte == b',' && !in_address && !in_quotes
    };
    line.split(separates).map(<[u8]>::trim_ascii).filter(|link| !link.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Config;

    fn hold(lines: &[&'static str]) -> (Vec<String>, usize) {
        let config = Config { hosts: vec!["www.example.gov.uk".into()], ..Config::default() };
        let policy = Policy::new(&config).expect("no patterns");
        let page = Url::parse("https://www.example.gov.uk/").expect("an address");
        let mut headers: HeaderMap = lines.iter().map(|line| (LINK, HeaderValue::from_static(line))).collect();
        let findings = hold_links(&mut headers, &policy, PurposeSet::ESSENTIAL, &page);
        let left = headers.get_all(LINK).iter().map(|line| line.to_str().expect("ASCII").to_owned());
        (left.collect(), findings.len())
    }

    #[test]
    fn hints_to_trackers_go_and_the_rest_keeps_its_bytes() {
        let tracker = "<https://www.google-analytics.com/a.js>; rel=preload; as=script";
        assert_eq!(hold(&[tracker]), (vec![], 1));
        assert_eq!(
            hold(&["</css/site.css>;rel=preload ;as=style"]),
            (vec!["</css/site.css>;rel=preload ;as=style".into()], 0)
        );
        let mixed = "</a.css>; rel=\"preload\"; title=\"a,b\" , <//www.google-analytics.com>; rel=\"x preconnect\", </next>; rel=next";
        assert_eq!(hold(&[mixed]), (vec!["</a.css>; rel=\"preload\"; title=\"a,b\", </next>; rel=next".into()], 1));
        let license = "<https://www.google-analytics.com/terms>; rel=license";
        assert_eq!(hold(&[license]), (vec![license.into()], 0));
    }

    #[test]
    fn what_cannot_be_read_goes() {
        assert_eq!(
            hold(&["https://www.google-analytics.com/; rel=preload", "</ok>; rel=preload"]),
            (vec!["</ok>; rel=preload".into()], 1)
        );
    }

    #[test]
    fn images_of_a_set_and_escaped_quotes_hide_nothing() {
        let set =
            "</a.png>; rel=preload; as=image; imagesrcset=\"/a.png 1x, https://www.google-analytics.com/b.png 2x\"";
        assert_eq!(hold(&[set]), (vec![], 1));
        let quoted = "</a>; title=\"\\\", <x>; rel=\\\"\"; rel=next, <//www.google-analytics.com/>; rel=preload";
        assert_eq!(hold(&[quoted]), (vec!["</a>; title=\"\\\", <x>; rel=\\\"\"; rel=next".into()], 1));
        let backslash = "</a>; title=\"x\\\\\", <//www.google-analytics.com/>; rel=preload";
        assert_eq!(hold(&[backslash]), (vec!["</a>; title=\"x\\\\\"".into()], 1));
        let semicolon = "<https://www.google-analytics.com/>; title=\"a;b\"; REL = \"preload\"";
        assert_eq!(hold(&[semicolon]), (vec![], 1));
    }
}
