//! Response headers that lead a browser to a held address, or past the gate: taken out before the head leaves.
//!
//! `Link` is read in `html`. `Location` is not touched: a redirect takes the visitor away from the page, openly, and is not
//! something the page fetches. What cannot be read goes, since a browser may read it all the same.

use http::header::{ALT_SVC, CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, LINK, REFRESH};
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use url::Url;

use crate::consent::Purpose;
use crate::html;
use crate::policy::csp;

use super::visit::Visit;
use super::{document, fence, report};

const REPORT_TO: HeaderName = HeaderName::from_static("report-to");
const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");
const NEL: HeaderName = HeaderName::from_static("nel");
const SPECULATION_RULES: HeaderName = HeaderName::from_static("speculation-rules");
/// The headers that can name an address of another's.
const LEADS: [HeaderName; 7] = [
    LINK,
    REFRESH,
    REPORT_TO,
    REPORTING_ENDPOINTS,
    SPECULATION_RULES,
    CONTENT_SECURITY_POLICY,
    CONTENT_SECURITY_POLICY_REPORT_ONLY,
];
/// They have the browser remember for advertisers what was seen on this site; without a purpose granted nothing is kept.
const ADVERTISING: [&str; 7] = [
    "attribution-reporting-register-source",
    "attribution-reporting-register-trigger",
    "attribution-reporting-register-os-source",
    "attribution-reporting-register-os-trigger",
    "observe-browsing-topics",
    "shared-storage-write",
    "ad-auction-signals",
];

/// Reports what would be taken out; nothing is.
pub(super) fn observe(visit: &Visit, headers: &HeaderMap) {
    if LEADS.iter().any(|name| headers.contains_key(name)) || ADVERTISING.iter().any(|name| headers.contains_key(*name))
    {
        let mut copy = headers.clone();
        document::hold_links(visit, &mut copy);
        hold(visit, &mut copy);
    }
}

/// Takes out what leads to a held address.
pub(super) fn hold(visit: &Visit, headers: &mut HeaderMap) {
    // `h3=":443"` is the site's own port, or another host: there nobody would hold anything.
    headers.remove(ALT_SVC);
    if !visit.granted.contains(Purpose::MARKETING) {
        let taken = ADVERTISING.iter().filter(|name| headers.remove(**name).is_some());
        taken.for_each(|name| report::advertising(visit, name));
    }
    if visit.all_granted() || !LEADS.iter().any(|name| headers.contains_key(name)) {
        return;
    }
    let judge = Judge { visit, page: document::address(visit) };
    fence::edit(headers, &REFRESH, |line| judge.refresh(line));
    fence::edit(headers, &SPECULATION_RULES, |line| judge.strings(line, "speculation-rules", quoted));
    fence::edit(headers, &REPORTING_ENDPOINTS, |line| {
        judge.strings(line, "reporting-endpoints", |member| quoted(member.split_once('=')?.1))
    });
    for name in [CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY] {
        fence::edit(headers, &name, |line| csp::without_reports(line, |address| judge.holds(address, "report-uri")));
    }
    let before = headers.get_all(REPORT_TO).iter().cloned().collect::<Vec<_>>();
    fence::edit(headers, &REPORT_TO, |line| judge.groups(line));
    if headers.get_all(REPORT_TO).iter().ne(&before) {
        forget_errors(headers);
    }
}

struct Judge<'v> {
    visit: &'v Visit,
    page: Url,
}

impl Judge<'_> {
    /// Is this address held? One that is none leads nowhere.
    fn holds(&self, address: &str, header: &str) -> bool {
        let Some(url) = html::resolve(&self.page, address) else { return false };
        if !matches!(url.scheme(), "http" | "https") {
            return false;
        }
        let own = self.page.host_str().unwrap_or_default();
        let verdict = self.visit.site.policy.address(&url, own, self.visit.granted);
        if verdict.is_hold() {
            let shown = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
            report::header(self.visit, header, &verdict, &shown);
        }
        verdict.is_hold()
    }

    /// `5; url=https://…`: nothing of it is left where its address is held.
    fn refresh(&self, line: &[u8]) -> Option<Vec<u8>> {
        let line = String::from_utf8_lossy(line);
        refresh_address(&line).filter(|address| self.holds(address, "refresh")).map(|_| Vec::new())
    }

    /// A list whose members hold an address in quotes (RFC 9651), without the held ones.
    fn strings(&self, line: &[u8], name: &str, address: impl Fn(&str) -> Option<String>) -> Option<Vec<u8>> {
        without(line, |member| match address(member) {
            Some(address) => self.holds(&address, name),
            None => true,
        })
    }

    /// `Report-To`: JSON objects, separated by commas; a group goes if any of its endpoints is held.
    fn groups(&self, line: &[u8]) -> Option<Vec<u8>> {
        without(line, |member| match serde_json::from_str::<Value>(member) {
            Ok(group) => endpoints(&group).any(|address| self.holds(address, "report-to")),
            Err(_) => true,
        })
    }
}

/// A list without the members that go; `None` where none does.
fn without(line: &[u8], goes: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(line);
    let all = members(&text);
    let kept: Vec<_> = all.iter().copied().filter(|member| !goes(member)).collect();
    (kept.len() < all.len()).then(|| kept.join(", ").into_bytes())
}

fn endpoints(group: &Value) -> impl Iterator<Item = &str> {
    let endpoints = group.get("endpoints").and_then(Value::as_array).into_iter().flatten();
    endpoints.filter_map(|endpoint| endpoint.get("url").and_then(Value::as_str))
}

/// Takes `NEL` (network errors, reported to a group of `Report-To`) out where its group has gone.
fn forget_errors(headers: &mut HeaderMap) {
    let read = |line: &[u8]| serde_json::from_slice::<Value>(line).ok();
    let lines = headers.get_all(REPORT_TO).iter();
    let groups: Vec<Value> = lines
        .flat_map(|line| {
            members(&String::from_utf8_lossy(line.as_bytes())).into_iter().map(str::to_owned).collect::<Vec<_>>()
        })
        .filter_map(|group| read(group.as_bytes()))
        .collect();
    let name = |group: &Value| group.get("group").and_then(Value::as_str).unwrap_or("default").to_owned();
    let stays = |line: &[u8]| {
        let wanted = read(line).and_then(|nel| Some(nel.get("report_to")?.as_str()?.to_owned()));
        wanted.is_some_and(|wanted| groups.iter().any(|group| name(group) == wanted))
    };
    fence::edit(headers, &NEL, |line| (!stays(line)).then(Vec::new));
}

/// The members of a list, split at commas that stand in no quotes, brackets or braces.
fn members(line: &str) -> Vec<&str> {
    let (mut depth, mut in_quotes, mut escaped) = (0_u32, false, false);
    let separates = move |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_quotes => escaped = true,
            '"' => in_quotes = !in_quotes,
            _ if in_quotes => {}
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth = depth.saturating_sub(1),
            ',' => return depth == 0,
            _ => {}
        }
        false
    };
    line.split(separates).map(str::trim).filter(|member| !member.is_empty()).collect()
}

/// The string an item begins with, its quotes and escapes undone (RFC 9651 section 4.2.5).
fn quoted(item: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = item.trim_start().strip_prefix('"')?.chars();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => text.push(rest.next()?),
            c => text.push(c),
        }
    }
}

/// The address of a `Refresh` (HTML standard, "shared declarative refresh steps").
fn refresh_address(line: &str) -> Option<&str> {
    let space = |c: char| c.is_ascii_whitespace();
    let rest = line.trim_start_matches(space).trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start_matches(space);
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(space);
    let named = rest.get(..3).filter(|name| name.eq_ignore_ascii_case("url"));
    let value = named.and_then(|_| rest[3..].trim_start_matches(space).strip_prefix('='));
    let value = value.unwrap_or(rest).trim_start_matches(space);
    let unquoted = value.strip_prefix(['"', '\'']).map(|inner| {
        let quote = value.chars().next().unwrap_or_default();
        inner.split(quote).next().unwrap_or_default()
    });
    Some(unquoted.unwrap_or(value).trim()).filter(|address| !address.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_is_read_as_browsers_read_it() {
        for (line, address) in [
            ("5; url=https://a.example/x", Some("https://a.example/x")),
            ("0;URL='//a.example'", Some("//a.example")),
            (" 3.5 , url = \"/x\" y", Some("/x")),
            ("1;https://a.example", Some("https://a.example")),
            ("0 url=/x", Some("/x")),
            ("300", None),
            ("5;", None),
            ("5; url=", None),
        ] {
            assert_eq!(refresh_address(line), address, "{line}");
        }
    }

    #[test]
    fn a_list_is_split_where_its_members_end() {
        assert_eq!(
            members(r#"a="x,\"y" , {"b": [1, 2], "c": "}"}, ("d" "e");f=1,,"#),
            [r#"a="x,\"y""#, r#"{"b": [1, 2], "c": "}"}"#, r#"("d" "e");f=1"#]
        );
        assert_eq!(quoted(r#" "https://a.example/\"x";p=1"#).as_deref(), Some("https://a.example/\"x"));
        assert_eq!(quoted("token"), None);
        assert_eq!(quoted("\"open"), None);
    }
}
