//! `consentgate explain`: which rule decides about a cookie or a tag on a page, and why.

use std::io::{self, Write};

use url::Url;

use crate::config::Resolved;
use crate::consent::{Purpose, PurposeSet};
use crate::gateway;
use crate::policy::{PathRule, Policy, Verdict};

use super::gate::mode_name;

/// Writes, for a page, what each cookie and tag asked about comes to before any choice and once its purpose is agreed to.
pub fn explain(
    config: &Resolved,
    page: &Url,
    cookies: &[String],
    tags: &[String],
    mut out: impl Write,
) -> io::Result<()> {
    let host = page.host_str().unwrap_or_default();
    let fits = |known: &String| known == host || known.strip_prefix('*').is_some_and(|ending| host.ends_with(ending));
    let Some(site) = config.sites.iter().find(|site| site.hosts.iter().any(fits)) else {
        return Err(io::Error::other(format!("no site answers to '{host}': see hosts: in the YAML")));
    };
    let policy = Policy::new(&site.policy).map_err(io::Error::other)?;
    let asked = Page { site, policy: &policy, path: page.path() };
    let bypass = asked.bypass();
    writeln!(out, "site {} ({}), page {}", site.hosts[0], mode_name(site.mode), page.path())?;
    if let Some(pattern) = bypass {
        writeln!(out, "  paths: {pattern} (bypass: the gate does nothing here, and everything below passes)")?;
    }
    for name in cookies {
        asked.line(&mut out, &format!("cookie {name}"), &|granted| policy.cookie(name.as_bytes(), granted))?;
    }
    for tag in tags {
        match address(page, tag) {
            Ok(url) => asked.line(&mut out, &format!("tag {tag}"), &|granted| policy.address(&url, host, granted))?,
            Err(fault) => return Err(io::Error::other(format!("tag {tag}: {fault}"))),
        }
    }
    Ok(())
}

/// `tracker.example` is a file of the page's own folder by RFC 3986, and hardly ever meant: the verdict would be another's.
fn address(page: &Url, tag: &str) -> Result<Url, String> {
    if !tag.starts_with('/') && Url::parse(tag).is_err() {
        return Err(format!("write https://{tag}, or for a file of the site its whole path from /"));
    }
    page.join(tag).map_err(|fault| format!("no address: {fault}"))
}

/// The page asked about, and the rules it is under.
struct Page<'p> {
    site: &'p gateway::Config,
    policy: &'p Policy,
    path: &'p str,
}

impl Page<'_> {
    fn line<'v>(
        &self,
        out: &mut impl Write,
        what: &str,
        verdict: &dyn Fn(PurposeSet) -> Verdict<'v>,
    ) -> io::Result<()> {
        let (purposes, everything) = (self.policy.purposes(), self.policy.purposes().all());
        let before = verdict(self.granted(&[], PurposeSet::ESSENTIAL));
        let after = verdict(self.granted(&[], everything));
        let purpose = before.purpose.map_or("no purpose known", |purpose| purposes.name(purpose));
        let bypassed = self.bypass().is_some();
        let word = |verdict: &Verdict<'_>| if verdict.is_hold() && !bypassed { "hold" } else { "pass" };
        writeln!(out, "{what}: {purpose}; before consent {}, after accepting all {}", word(&before), word(&after))?;
        writeln!(out, "  rule: {}", before.rule)?;
        // Held by its path alone: elsewhere on the site it would pass.
        let elsewhere = verdict(everything).is_hold();
        let for_some = verdict(self.granted(&self.named_cookies(), everything));
        if bypassed || elsewhere || !for_some.is_hold() {
            return Ok(());
        }
        let rule = self.path_rule(before.purpose, after.is_hold());
        match rule.map(|rule| (&rule.pattern, &rule.cookie)) {
            Some((pattern, None)) => writeln!(out, "  paths: {pattern} (held here even after consent)"),
            Some((pattern, Some(cookie))) => {
                writeln!(out, "  paths: {pattern} (held here even after consent from who sends the cookie {cookie})")
            }
            None => Ok(()),
        }
    }

    fn granted(&self, cookies: &[&str], granted: PurposeSet) -> PurposeSet {
        self.policy.granted_on(self.path, cookies, granted)
    }

    /// What the site's rules name: as a name, each pattern matches itself.
    fn named_cookies(&self) -> Vec<&str> {
        self.site.policy.paths.iter().filter_map(|rule| rule.cookie.as_deref()).collect()
    }

    fn bypass(&self) -> Option<&str> {
        let rule = self.policy.path_rules(self.path, &[""; 0]).find(|rule| rule.bypass);
        rule.map(|rule| &*rule.pattern)
    }

    /// The first `paths:` rule that takes the purpose away here, from everybody or from some. What has none passes only
    /// where nothing is taken away.
    fn path_rule(&self, purpose: Option<Purpose>, from_all: bool) -> Option<&PathRule> {
        let cookies = if from_all { Vec::new() } else { self.named_cookies() };
        let takes = |rule: &PathRule| !rule.bypass && purpose.is_none_or(|purpose| rule.hold.contains(purpose));
        let mut rules = self.policy.path_rules(self.path, &cookies);
        rules.find(|rule| takes(rule))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const FILE: &str = "\
sites:
  - hosts: [www.example.gov.uk]
    upstream: http://10.0.0.5:80
    mode: enforce
    paths:
      - { match: '/account/*', hold: [marketing] }
      - { match: '/*/letters', hold: [analytics] }
      - { match: '/my/*', cookie: '.ASPXAUTH', hold: [analytics] }
      - { match: '/api/*', bypass: true }
";

    fn explained(page: &str, cookies: &[&str], tags: &[&str]) -> String {
        let config = crate::config::parse(FILE, Path::new("gate.yaml")).expect("it can be served");
        let (mut out, owned) = (Vec::new(), |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        explain(&config, &page.parse().expect("a page"), &owned(cookies), &owned(tags), &mut out).expect("memory");
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn the_mode_is_written_as_in_the_yaml() {
        let text = explained("https://www.example.gov.uk/bins", &["_ga"], &[]);
        assert!(text.starts_with("site www.example.gov.uk (enforce), page /bins\n"), "{text}");
        assert!(text.contains("cookie _ga: analytics; before consent hold, after accepting all pass\n"), "{text}");
        assert!(!text.contains("paths:"), "{text}");
    }

    #[test]
    fn a_filter_list_is_named_with_its_filter() {
        let file = FILE.to_owned() + "    filter_lists: [{ file: lists/own.txt, purpose: marketing }]\n";
        let config =
            crate::config::parse(&file, Path::new("tests/fixtures/config/gate.yaml")).expect("it can be served");
        let page = "https://www.example.gov.uk/".parse().expect("a page");
        let mut out = Vec::new();
        explain(&config, &page, &[], &["https://cdn.tracker.example/t.js".to_owned()], &mut out).expect("memory");
        let text = String::from_utf8(out).expect("UTF-8");
        let said = "marketing; before consent hold, after accepting all pass\n  rule: list: own.txt ||tracker.example^$third-party\n";
        assert!(text.ends_with(said), "{text}");
    }

    #[test]
    fn a_path_that_takes_the_purpose_away_is_named() {
        let page = "https://www.example.gov.uk/account/letters";
        let after = |cookie: &str| explained(page, &[cookie], &[]).lines().skip(1).collect::<Vec<_>>().join("\n");
        let ga = after("_ga");
        assert!(ga.contains("after accepting all hold\n"), "{ga}");
        assert!(ga.ends_with("\n  paths: /*/letters (held here even after consent)"), "{ga}");
        assert!(after("_fbp").contains("  paths: /account/* (held"), "{}", after("_fbp"));
        assert!(after("NobodyKnows").contains("  paths: /account/* (held"), "held while anything is taken away");
        assert!(!after("consentgate").contains("paths:"), "reserved on every path");
        let logged_in = explained("https://www.example.gov.uk/my/bills", &["_ga", "_fbp"], &[]);
        assert!(logged_in.contains("_ga: analytics; before consent hold, after accepting all pass\n"), "{logged_in}");
        let from = "  paths: /my/* (held here even after consent from who sends the cookie .ASPXAUTH)";
        assert_eq!(logged_in.matches(from).count(), 1, "{logged_in}");
        let tag = explained(page, &[], &["https://www.google-analytics.com/analytics.js"]);
        assert!(tag.contains("  paths: /*/letters (held"), "{tag}");
    }

    #[test]
    fn a_tag_without_scheme_or_slash_is_no_file_of_the_page() {
        let page = "https://www.example.gov.uk/bins/".parse().expect("a page");
        assert!(address(&page, "googletagmanager.com").unwrap_err().contains("write https://googletagmanager.com"));
        for (tag, expected) in [
            ("/a.js", "https://www.example.gov.uk/a.js"),
            ("//t.example/a.js", "https://t.example/a.js"),
            ("http://t.example/", "http://t.example/"),
            ("data:text/javascript,1", "data:text/javascript,1"),
        ] {
            assert_eq!(address(&page, tag).unwrap().as_str(), expected);
        }
    }

    #[test]
    fn a_path_the_gate_keeps_out_of_is_named() {
        let tracker = "https://www.google-analytics.com/analytics.js";
        let text = explained("https://www.example.gov.uk/api/pay", &["_ga"], &[tracker]);
        assert!(text.contains("\n  paths: /api/* (bypass: the gate does nothing here"), "{text}");
        assert_eq!(text.matches("before consent pass, after accepting all pass\n").count(), 2, "{text}");
        let text = explained("https://www.example.gov.uk/API/pay", &["_ga"], &[]);
        assert!(!text.contains("bypass") && text.contains("before consent hold"), "{text}");
    }
}
