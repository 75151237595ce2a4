//! What a site asks crawlers to leave alone (RFC 9309), and where its sitemaps are.

use std::time::Duration;

use url::Url;

/// RFC 9309 section 2.5: at least so much of a file is read.
const LONGEST: usize = 512 * 1024;
/// A site that asks for more time between requests than this asks not to be audited at all.
const LONGEST_DELAY: Duration = Duration::from_secs(30);
const OURS: &str = "consentgate-audit";

/// The rules for this program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Robots {
    rules: Vec<Rule>,
    /// `Crawl-delay`, which the RFC does not have and many sites do.
    pub(super) delay: Option<Duration>,
    /// The addresses of sitemaps.
    pub(super) sitemaps: Vec<Url>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    allow: bool,
    path: String,
}

impl Robots {
    /// What the file says; a site without one asks for nothing.
    pub(super) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(&text[..text.len().min(LONGEST)]);
        let text = text.trim_start_matches('\u{feff}');
        let lines: Vec<_> = text.lines().filter_map(field).collect();
        let maps = lines.iter().filter(|(name, _)| name == "sitemap").filter_map(|(_, value)| Url::parse(value).ok());
        let mut found = Self { sitemaps: maps.collect(), ..Self::default() };
        // The group that names this program; only where none does, the one for all.
        let named = [OURS, "*"].into_iter().find(|agent| groups(&lines).any(|(agents, _)| agents.contains(agent)));
        for (_, rules) in groups(&lines).filter(|(agents, _)| named.is_some_and(|named| agents.contains(&named))) {
            for (name, value) in rules {
                found.take(name, value);
            }
        }
        found
    }

    fn take(&mut self, name: &str, value: &str) {
        match name {
            // An empty value forbids nothing.
            "allow" | "disallow" if !value.is_empty() => {
                self.rules.push(Rule { allow: name == "allow", path: value.to_owned() });
            }
            "crawl-delay" => {
                let delay = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                self.delay = delay.map(|delay| delay.min(LONGEST_DELAY));
            }
            _ => {}
        }
    }

    /// May this page be opened? The longest rule that fits decides, and of two as long the one that allows.
    pub(super) fn allows(&self, url: &Url) -> bool {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let fitting = self.rules.iter().filter(|rule| fits(rule.path.as_bytes(), path.as_bytes()));
        fitting.max_by_key(|rule| (rule.path.len(), rule.allow)).is_none_or(|rule| rule.allow)
    }
}

fn field(line: &str) -> Option<(String, String)> {
    let line = line.split('#').next().unwrap_or_default();
    let (name, value) = line.split_once(':')?;
    Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
}

type Line = (String, String);

/// The agents of each group, lower-case, with its rules.
fn groups(lines: &[Line]) -> impl Iterator<Item = (Vec<&'static str>, &[Line])> {
    let mut rest = lines;
    std::iter::from_fn(move || {
        let is_agent = |line: &&Line| line.0 == "user-agent";
        let start = rest.iter().position(|line| is_agent(&line))?;
        rest = &rest[start..];
        let agents = rest.iter().take_while(|line| is_agent(line) || line.0 == "sitemap").count();
        let (named, after) = rest.split_at(agents);
        let end = after.iter().position(|line| is_agent(&line)).unwrap_or(after.len());
        let (rules, more) = after.split_at(end);
        rest = more;
        let known = [OURS, "*"]
            .into_iter()
            .filter(|known| named.iter().filter(is_agent).any(|(_, value)| is_named(value, known)));
        Some((known.collect(), rules))
    })
}

/// A product token stands at the beginning, in any case.
fn is_named(value: &str, token: &str) -> bool {
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || "-_*".contains(c))).unwrap_or(value.len());
    value[..end].eq_ignore_ascii_case(token)
}

/// `*` stands for any characters, a `$` at the end for the end. In time that grows with both lengths and no faster.
fn fits(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.strip_suffix(b"$") {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return !to_the_end || rest.is_empty() };
    for part in middle {
        let Some(at) = memchr::memmem::find(rest, part) else { return false };
        rest = &rest[at + part.len()..];
    }
    if to_the_end { rest.ends_with(last) } else { memchr::memmem::find(rest, last).is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(robots: &str, path: &str) -> bool {
        Robots::parse(robots.as_bytes()).allows(&Url::parse(&format!("https://example.gov.uk{path}")).unwrap())
    }

    #[test]
    fn the_longest_rule_that_fits_decides() {
        let robots = "User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.pdf$\nDisallow: /search*q=\nDisallow:\n";
        for (path, allowed) in [
            ("/", true),
            ("/private/x", false),
            ("/private/open/x", true),
            ("/a.pdf", false),
            ("/a.pdf?x", true),
            ("/search?q=1", false),
            ("/search", true),
        ] {
            assert_eq!(allows(robots, path), allowed, "{path}");
        }
        assert!(allows("User-agent: *\nDisallow: /a\nAllow: /a\n", "/a"), "of two as long, the one that allows");
        assert!(allows("", "/anything"));
    }

    #[test]
    fn the_group_that_names_this_program_counts_alone() {
        let robots = "# x\nUser-agent: other\nUser-Agent: Consentgate-Audit/1\nDisallow: /ours # why\n\nuser-agent: *\ndisallow: /\nSitemap: https://example.gov.uk/sitemap.xml\n";
        assert!(!allows(robots, "/ours") && allows(robots, "/theirs"));
        assert_eq!(Robots::parse(robots.as_bytes()).sitemaps.len(), 1);
        assert!(!allows("User-agent: *\nDisallow: /", "/x"));
        let twice =
            "User-agent: *\nDisallow: /a\nUser-agent: b\nDisallow: /c\nUser-agent: *\nDisallow: /d\nCrawl-delay: 2.5";
        assert!(!allows(twice, "/a") && allows(twice, "/c") && !allows(twice, "/d"), "groups of one name are one");
        assert_eq!(Robots::parse(twice.as_bytes()).delay, Some(Duration::from_millis(2_500)));
        assert_eq!(Robots::parse(b"User-agent: *\nCrawl-delay: 1e99").delay, None);
    }

    #[test]
    fn whatever_comes_is_read() {
        for text in [&b"\xff\xfe:\n:\nuser-agent"[..], b"User-agent:\nDisallow: *$*$\nAllow: **", &[b'*'; 10_000]] {
            let _ = Robots::parse(text).allows(&Url::parse("https://e/aaaaaaaa").unwrap());
        }
    }
}
