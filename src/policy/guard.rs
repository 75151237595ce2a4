//! The rules as the guard keeps them in the page: what can be judged there at once, without asking the gate.
//!
//! Cookie names, storage keys, the site's own `tags:` and the trackers a site serves itself go with the guard, as
//! expressions a browser understands. What the catalogue and the filter lists know of 3,100 domains does not: about
//! those the guard asks, and [`Policy::whole_host`] says how far an answer goes.

use url::Url;

use crate::catalogue;
use crate::consent::{ChoiceCookie, Purpose, PurposeSet};

use super::{Action, Policy, Rule, Verdict};

/// What the guard needs for a visitor who agreed to some purposes.
#[derive(Clone, Debug)]
pub struct GuardRules {
    /// Whose cookies may be set and read.
    pub cookies: Judged,
    /// Which keys may be kept in storage.
    pub storage: Judged,
    /// The site's `tags:`, matched against a lower-case absolute address; without a match the default says nothing.
    pub tags: Vec<(String, Action)>,
    /// Matches the path, without its query, of a tracker that is held on any host that is not known by itself.
    pub own_paths: String,
    /// Matches the site's own hosts.
    pub hosts: String,
    /// Matches a parameter that a tracker puts on links to carry an identity to another site.
    pub decorations: String,
}

/// Rules tried in this order: a regular expression as browsers read it, and what follows where it matches.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The rules.
    pub rules: Vec<(String, Action)>,
    /// What nothing matches.
    pub otherwise: Action,
}

/// Matches nothing, where `(?:)` would match everything.
const NOTHING: &str = "(?!)";

/// One pattern with the verdict that follows from it.
type Row<'p> = (&'p str, Action);

impl Policy {
    /// The rules for a visitor who agreed to these purposes.
    pub fn guard_rules(&self, granted: PurposeSet) -> GuardRules {
        let own = ChoiceCookie::NAMES.into_iter().map(|name| (name, Action::Hold));
        let site = self.cookies.iter().map(|(pattern, purpose)| (pattern, action(granted.contains(*purpose))));
        let known_granted = |purpose| granted.contains(self.purposes.of_catalogue(purpose));
        let known = catalogue::cookies().map(|known| (known.pattern, action(known_granted(known.purpose))));
        let keys = self.storage.iter().map(|(pattern, purpose)| (pattern, action(granted.contains(*purpose))));
        GuardRules {
            cookies: judged(own.chain(site).chain(known), self.unclassified(self.unclassified.cookies, granted).action),
            storage: judged(keys, self.unclassified(self.unclassified.storage, granted).action),
            tags: self
                .tags
                .iter()
                .map(|(written, _, purpose)| (address(written), action(granted.contains(*purpose))))
                .collect(),
            own_paths: own_paths(known_granted),
            hosts: self.hosts.expression(),
            decorations: decorations(known_granted),
        }
    }

    /// Is this verdict on `url` the verdict on every address of its host that no rule of the site names and that is not
    /// a tracker by the end of its path? The guard knows both of those by itself.
    pub fn whole_host(&self, url: &Url, verdict: &Verdict<'_>) -> bool {
        let host = url.host_str().unwrap_or_default();
        if catalogue::differs_by_path(host) {
            return false;
        }
        match verdict.rule {
            // By the host, not by the end of the path.
            Rule::Catalogue(pattern, _) => verdict.is_hold() && !pattern.starts_with('/'),
            Rule::Unclassified => self.lists.is_empty() && !self.replace_banner,
            _ => false,
        }
    }
}

fn action(granted: bool) -> Action {
    if granted { Action::Pass } else { Action::Hold }
}

/// Leaves out every row that says what the default says anyway, unless it shields a name from a later row that says
/// otherwise; neighbours that say the same become one expression.
fn judged<'p>(rows: impl Iterator<Item = Row<'p>>, otherwise: Action) -> Judged {
    let rows: Vec<Row<'_>> = rows.collect();
    let differing: Vec<_> = (0..).zip(&rows).filter(|(_, (_, action))| *action != otherwise).collect();
    let mut groups: Vec<(Vec<&str>, Action)> = Vec::new();
    for (at, (pattern, action)) in rows.iter().enumerate() {
        let shields = || differing.iter().any(|(later, (other, _))| *later > at && overlap(pattern, other));
        if *action == otherwise && !shields() {
            continue;
        }
        match groups.last_mut() {
            Some((patterns, same)) if same == action => patterns.push(pattern),
            _ => groups.push((vec![pattern], *action)),
        }
    }
    let rules = groups.into_iter().map(|(patterns, action)| (whole(patterns.into_iter().map(name)), action));
    Judged { rules: rules.collect(), otherwise }
}

/// Is there a name that both patterns match?
fn overlap(one: &str, other: &str) -> bool {
    // Most differ at once; only then is the whole of them looked at.
    let first = |pattern: &str| pattern.bytes().next().filter(|byte| *byte != b'*');
    if let (Some(a), Some(b)) = (first(one), first(other))
        && a != b
    {
        return false;
    }
    meet(one.as_bytes(), other.as_bytes())
}

fn meet(one: &[u8], other: &[u8]) -> bool {
    // `reached[b]`: what is before `a` and `b` can be the same text.
    let mut reached = vec![false; other.len() + 1];
    for a in 0..=one.len() {
        let above = reached.clone();
        for b in 0..=other.len() {
            let star_above = a > 0 && one[a - 1] == b'*';
            let star_left = b > 0 && other[b - 1] == b'*';
            reached[b] = (a == 0 && b == 0)
                || (a > 0 && above[b] && (star_above || star_left))
                || (b > 0 && reached[b - 1] && (star_left || star_above))
                || (a > 0 && b > 0 && above[b - 1] && one[a - 1] == other[b - 1]);
        }
    }
    reached[other.len()]
}

/// An expression that matches a whole text which one of these matches; none matches nothing.
fn whole(parts: impl Iterator<Item = String>) -> String {
    format!("^(?:{})$", parts.collect::<Vec<_>>().join("|"))
}

fn name(pattern: &str) -> String {
    translate(pattern, |c| (c == '*').then_some("[^]*"))
}

/// An adblock pattern, as an expression over lower-case addresses.
fn address(written: &str) -> String {
    let lower = written.to_ascii_lowercase();
    let (rest, end) = lower.strip_suffix('|').map_or((&*lower, ""), |rest| (rest, "$"));
    let (start, rest) = match (rest.strip_prefix("||"), rest.strip_prefix('|')) {
        (Some(rest), _) => (r"^[^:]+:\/\/(?:[^/?#]*@)?(?:[^/?#@:]*\.)?", rest),
        (None, Some(rest)) => ("^", rest),
        (None, None) => ("", rest),
    };
    let wild = |c: char| match c {
        '*' => Some(".*"),
        '^' => Some("(?:[^a-z0-9_.%-]|$)"),
        _ => None,
    };
    format!("{start}{}{end}", translate(rest, wild))
}

fn own_paths(granted: impl Fn(Purpose) -> bool) -> String {
    let held = |company: &&catalogue::Company| company.purpose.is_some_and(|purpose| !granted(purpose));
    let mut endings: Vec<_> = catalogue::own_paths().filter(held).map(|company| company.domain).collect();
    // The table has no order of its own, and the guard's name is made of its text.
    endings.sort_unstable();
    let endings: Vec<_> = endings.into_iter().map(|ending| translate(ending, |_| None)).collect();
    if endings.is_empty() { NOTHING.into() } else { format!("(?:{})$", endings.join("|")) }
}

/// Parameters by which trackers carry an identity from site to site, with what they are for.
const DECORATIONS: [(Purpose, &[&str]); 2] = [
    (Purpose::ANALYTICS, &["_ga", "_gl", "_hsenc", "_hsmi", "_openstat", "s_kwcid"]),
    (
        Purpose::MARKETING,
        &[
            "dclid",
            "fbclid",
            "gad_source",
            "gbraid",
            "gclid",
            "gclsrc",
            "igshid",
            "li_fat_id",
            "mc_eid",
            "mkt_tok",
            "msclkid",
            "rdt_cid",
            "sccid",
            "ttclid",
            "twclid",
            "vero_id",
            "wbraid",
            "yclid",
        ],
    ),
];

fn decorations(granted: impl Fn(Purpose) -> bool) -> String {
    let held = DECORATIONS.iter().filter(|(purpose, _)| !granted(*purpose));
    let names: Vec<_> = held.flat_map(|(_, names)| *names).copied().collect();
    if names.is_empty() { NOTHING.into() } else { format!("^(?:{})$", names.join("|")) }
}

impl super::Hosts {
    fn expression(&self) -> String {
        let mut exact: Vec<_> = self.exact.iter().map(|host| translate(host, |_| None)).collect();
        exact.sort_unstable();
        let endings = self.endings.iter().map(|ending| format!(".*{}", translate(ending, |_| None)));
        whole(exact.into_iter().chain(endings))
    }
}

/// Plain text as an expression, save what is `wild` in it.
fn translate(text: &str, wild: impl Fn(char) -> Option<&'static str>) -> String {
    let mut expression = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if let Some(replaced) = wild(c) {
            expression.push_str(replaced);
            continue;
        }
        if r"\^$.|?*+()[]{}/".contains(c) {
            expression.push('\\');
        }
        expression.push(c);
    }
    expression
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::consent::Purposes;
    use crate::policy::{Config, NameRule, TagRule, Unclassified};

    fn sets() -> Vec<PurposeSet> {
        (0..8).map(|bits| PurposeSet::from_bits(bits << 1)).collect()
    }

    fn policy(cookies: Action) -> Policy {
        let rule = |pattern: &str, purpose| NameRule { pattern: pattern.into(), purpose };
        Policy::new(&Config {
            hosts: vec!["www.example.gov.uk".into(), "*.example.org".into()],
            cookies: vec![rule("_ga_own*", Purpose::ESSENTIAL), rule("*-(x.y)", Purpose::PREFERENCES)],
            tags: ["||maps.example.com^", "|https://a.example/x*y|", "/pixel?", "||stats.", "^track^"]
                .map(|pattern| TagRule { pattern: pattern.into(), purpose: Purpose::MARKETING })
                .into(),
            unclassified: Unclassified { cookies, ..Unclassified::default() },
            ..Config::default()
        })
        .expect("good patterns")
    }

    /// What a browser makes of an expression; this engine writes two things otherwise.
    fn compiled(expression: &str) -> Regex {
        let expression = expression.replace("[^]*", "(?s:.*)").replace("(?!)", "[^\\s\\S]");
        Regex::new(&expression).expect("an expression")
    }

    struct Browser {
        rules: Vec<(Regex, Action)>,
        otherwise: Action,
    }

    impl Browser {
        fn new(judged: &Judged) -> Self {
            let rules = judged.rules.iter().map(|(expression, action)| (compiled(expression), *action)).collect();
            Self { rules, otherwise: judged.otherwise }
        }

        fn verdict(&self, name: &str) -> Action {
            self.rules.iter().find(|(rule, _)| rule.is_match(name)).map_or(self.otherwise, |(_, action)| *action)
        }
    }

    /// Before any choice, after every choice, and where unknown cookies pass: the page decides as the gate does.
    #[test]
    fn a_cookie_gets_the_same_verdict_in_the_page_as_at_the_gate() {
        let samples: Vec<_> = catalogue::cookies()
            .flat_map(|known| ["", "1a", "-X.y", "__"].map(|run| known.pattern.replace('*', run)))
            .chain(["consentgate", "__Host-consentgate", "_ga_own1", "a-(x.y)", "theme", "", "_ga_owm"].map(Into::into))
            .collect();
        // Where unknown cookies pass, each row that holds goes along: one set shows it.
        for (policy, sets) in [(policy(Action::Hold), sets()), (policy(Action::Pass), vec![PurposeSet::ESSENTIAL])] {
            for granted in sets {
                let page = Browser::new(&policy.guard_rules(granted).cookies);
                for name in &samples {
                    let gate = policy.cookie(name.as_bytes(), granted).action;
                    assert_eq!(page.verdict(name), gate, "{name} with {granted:?}");
                }
            }
        }
    }

    #[test]
    fn a_tag_of_the_sites_gets_the_same_verdict_in_the_page_as_at_the_gate() {
        let policy = policy(Action::Hold);
        let rules = policy.guard_rules(PurposeSet::ESSENTIAL).tags;
        for address in [
            "https://maps.example.com/",
            "https://a.maps.example.com:8080/x",
            "https://maps.example.com./",
            "https://xmaps.example.com/",
            "https://maps.example.community/",
            "https://a.example/x/y",
            "https://a.example/x/yz",
            "http://a.example/x/y",
            "https://b.example/a/Pixel?x=1",
            "https://stats.b.example/",
            "https://b.example/stats.",
            "https://u:p@stats.b.example/",
            "https://b.example/a/track",
            "https://b.example/a/track/",
            "https://b.example/a/tracked",
            "wss://maps.example.com/socket",
        ] {
            let url: Url = address.parse().expect("an address");
            let gate = policy.site_rule(url.as_str(), PurposeSet::ESSENTIAL).map(|verdict| verdict.action);
            let lower = url.as_str().to_ascii_lowercase().replace("com./", "com/");
            let page = rules.iter().find(|(rule, _)| compiled(rule).is_match(&lower)).map(|(_, action)| *action);
            assert_eq!(page, gate, "{address}");
        }
    }

    #[test]
    fn own_hosts_and_own_paths_are_known_in_the_page() {
        let rules = policy(Action::Hold).guard_rules(PurposeSet::ESSENTIAL);
        let hosts = compiled(&rules.hosts);
        assert!(hosts.is_match("www.example.gov.uk") && hosts.is_match("a.example.org"));
        assert!(!hosts.is_match("wwwxexample.gov.uk") && !hosts.is_match("example.org"));
        let paths = compiled(&rules.own_paths);
        assert!(paths.is_match("/stats/matomo.js") && !paths.is_match("/stats/matomoxjs"));
        let all = policy(Action::Hold).guard_rules(Purposes::default().all());
        assert!(!compiled(&all.own_paths).is_match(""), "nothing is held: nothing matches");
    }

    #[test]
    fn an_answer_is_good_for_a_whole_host_only_where_paths_make_no_difference() {
        let policy = policy(Action::Hold);
        let whole = |address: &str| {
            let url: Url = address.parse().expect("an address");
            policy.whole_host(&url, &policy.address(&url, "www.example.gov.uk", PurposeSet::ESSENTIAL))
        };
        assert!(whole("https://www.google-analytics.com/g/collect"));
        assert!(whole("https://unknown.example/x"));
        assert!(!whole("https://unknown.example/matomo.js"), "held by the end of its path");
        assert!(!whole("https://maps.example.com/"), "a rule of the site's, which the guard has");
        assert!(!whole("https://www.google.com/maps"), "one host for many things");
    }

    proptest! {
        #[test]
        fn leaving_rows_out_changes_no_verdict(
            rows in prop::collection::vec(("[ab_*]{0,4}", any::<bool>()), 0..8),
            name in "[ab_]{0,6}",
            hold in any::<bool>(),
        ) {
            let rows: Vec<_> = rows.iter().map(|(pattern, pass)| (pattern.as_str(), action(*pass))).collect();
            let page = Browser::new(&judged(rows.iter().copied(), action(!hold)));
            let plain = rows.iter().find(|(pattern, _)| compiled(&whole([super::name(pattern)].into_iter())).is_match(&name));
            prop_assert_eq!(page.verdict(&name), plain.map_or(action(!hold), |(_, action)| *action));
        }
    }

    #[test]
    fn where_lists_or_another_banner_may_hold_a_path_no_answer_is_good_for_a_whole_host() {
        let list = || std::sync::Arc::new(crate::policy::Compiled::new([("own.txt".to_owned(), "/t.js\n")], 1));
        let listed =
            Config { lists: crate::policy::FilterLists(vec![(Purpose::ANALYTICS, list())]), ..Config::default() };
        let replacing = Config { replace_banner: true, ..Config::default() };
        for (config, whole) in [(Config::default(), true), (listed, false), (replacing, false)] {
            let policy = Policy::new(&config).expect("no patterns");
            let url = "https://nobody-knows.example/x.js".parse().expect("an address");
            let verdict = policy.address(&url, "www.example.gov.uk", PurposeSet::ESSENTIAL);
            assert_eq!(policy.whole_host(&url, &verdict), whole);
        }
    }
}
