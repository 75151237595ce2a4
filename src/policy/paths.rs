//! `paths:` — where on a site stricter rules hold, and where the gate keeps out.
//!
//! A rule that holds matches generously: case and percent codes make no difference. A bypass matches only what it says,
//! and depends on no cookie: any script can write a cookie, and the gate would be off.

use crate::catalogue::pattern::{ExactPath, NamePatterns, PathPattern, PatternFault};

use super::PathRule;

/// The compiled rules, in the order written.
#[derive(Debug)]
pub(super) struct Paths(Vec<Compiled>);

#[derive(Debug)]
struct Compiled {
    rule: PathRule,
    at: At,
}

#[derive(Debug)]
enum At {
    Bypass(ExactPath),
    Hold(PathPattern, Option<NamePatterns<()>>),
}

impl Paths {
    pub(super) fn new(rules: &[PathRule]) -> Result<Self, PatternFault> {
        rules.iter().map(Compiled::new).collect::<Result<_, _>>().map(Self)
    }

    /// The rules that hold something on this path, for a request that carries these cookies.
    pub(super) fn acting<'p, 'q>(
        &'p self,
        path: &'q str,
        cookies: &'q [impl AsRef<[u8]>],
    ) -> impl Iterator<Item = &'p PathRule> {
        let acts = move |compiled: &&Compiled| match &compiled.at {
            At::Bypass(_) => false,
            At::Hold(pattern, None) => pattern.matches(path),
            At::Hold(pattern, Some(cookie)) => pattern.matches(path) && carries(cookies, cookie),
        };
        self.0.iter().filter(acts).map(|compiled| &compiled.rule)
    }

    /// The first rule by which the gate keeps out of this path.
    pub(super) fn bypass(&self, path: &str) -> Option<&PathRule> {
        let keeps_out = |compiled: &&Compiled| matches!(&compiled.at, At::Bypass(pattern) if pattern.matches(path));
        self.0.iter().find(keeps_out).map(|compiled| &compiled.rule)
    }

    pub(super) fn look_at_cookies(&self) -> bool {
        self.0.iter().any(|compiled| matches!(compiled.at, At::Hold(_, Some(_))))
    }
}

impl Compiled {
    fn new(rule: &PathRule) -> Result<Self, PatternFault> {
        let at = if rule.bypass {
            At::Bypass(ExactPath::parse(&rule.pattern)?)
        } else {
            let cookie = rule.cookie.as_deref().map(|name| NamePatterns::new([(name, ())]));
            At::Hold(PathPattern::parse(&rule.pattern)?, cookie)
        };
        Ok(Self { rule: rule.clone(), at })
    }
}

fn carries(cookies: &[impl AsRef<[u8]>], wanted: &NamePatterns<()>) -> bool {
    cookies.iter().any(|name| wanted.find(name.as_ref()).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::{Purpose, PurposeSet};
    use crate::policy::{Config, Policy};

    fn policy() -> Policy {
        let hold = |pattern: &str, purpose, cookie: Option<&str>| PathRule {
            pattern: pattern.into(),
            hold: PurposeSet::ESSENTIAL.with(purpose),
            bypass: false,
            cookie: cookie.map(Into::into),
        };
        let hold_nothing = PurposeSet::ESSENTIAL;
        let bypass = PathRule { pattern: "/api/*".into(), hold: hold_nothing, bypass: true, cookie: None };
        let paths = vec![
            hold("/benefits/*", Purpose::MARKETING, None),
            hold("/*", Purpose::ANALYTICS, Some(".ASPXAUTH")),
            hold("/members/*", Purpose::PREFERENCES, Some("wordpress_logged_in_*")),
            bypass,
        ];
        Policy::new(&Config { paths, ..Config::default() }).expect("patterns")
    }

    #[test]
    fn a_rule_with_a_cookie_acts_only_on_who_sends_it() {
        let policy = policy();
        let all = policy.purposes().all();
        let on = |path: &str, cookies: &[&str]| policy.granted_on(path, cookies, all);
        let (analytics, marketing, preferences) = (Purpose::ANALYTICS, Purpose::MARKETING, Purpose::PREFERENCES);
        assert!(policy.looks_at_cookies());
        assert_eq!(on("/news", &[]), all);
        assert_eq!(on("/news", &["x.ASPXAUTH", ".aspxauth"]), all, "names are whole and know case");
        assert!(!on("/news", &["a", ".ASPXAUTH"]).contains(analytics));
        let both = on("/Benefits/x", &[".ASPXAUTH"]);
        assert!(!both.contains(analytics) && !both.contains(marketing) && both.contains(preferences));
        assert!(!on("/members/me", &["wordpress_logged_in_3f2a"]).contains(preferences));
        assert!(on("/members/me", &["wordpress_test"]).contains(preferences));
        assert!(on("/news", &[".ASPXAUTH"]).contains(Purpose::ESSENTIAL), "essential is never taken away");
    }

    #[test]
    fn a_bypass_acts_only_where_it_is_written() {
        let policy = policy();
        assert!(policy.bypasses("/api/pay"));
        assert!(!policy.bypasses("/API/pay") && !policy.bypasses("/api/../benefits/x") && !policy.bypasses("/news"));
        let written: Vec<_> = policy.path_rules("/api/x", &[".ASPXAUTH"]).map(|rule| &*rule.pattern).collect();
        assert_eq!(written, ["/api/*", "/*"]);
    }
}
