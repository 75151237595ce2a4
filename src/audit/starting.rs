//! A first YAML for a site, from an audit of it: what the catalogue knows is said in comments, what nobody knows is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use url::Url;

use super::{CookieFound, Mode, SiteReport};

/// Writes it. `check` takes it as it is, and enforced as it is it holds everything that needs consent: a cookie that
/// nobody knows is held until somebody says what it is for.
pub fn starting_yaml(site: &Url, report: &SiteReport, (mode, day): (Mode, &str)) -> String {
    let host = site.host_str().unwrap_or_default();
    let looked = match mode {
        Mode::Http => "without a browser: what scripts set is not in it",
        Mode::Browser => "in a browser",
    };
    let mut yaml = format!(
        "# Written by `consentgate init` on {day}, from {} pages of {site}, looked at {looked}.\n\
         # Read every line: what a cookie is for is yours to decide.\n\
         # organisation: {{ name: Example Council, contact: dpo@example.gov.uk }}\n\
         sites:\n\
         \x20 - hosts: [{}]\n\
         \x20   # Where the site itself answers. Once the gate has the site's name, this has to be another address.\n\
         \x20   upstream: {}\n\
         \x20   # observe changes nothing and reports what would be held; then enforce.\n\
         \x20   mode: observe\n\
         \x20   # notice: {{ languages: [en, cy] }}\n",
        report.pages.len(),
        quoted(host),
        quoted(&site.origin().ascii_serialization()),
    );
    cookies(&mut yaml, report);
    tags(&mut yaml, report);
    yaml
}

/// In one line and in quotes: names come from the site.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What stands in a comment may not end it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn cookies(yaml: &mut String, report: &SiteReport) {
    let all: BTreeMap<&str, &CookieFound> =
        report.states.untouched.cookies.iter().map(|found| (&*found.pattern, found)).collect();
    let (known, unknown): (Vec<&CookieFound>, Vec<&CookieFound>) =
        all.into_values().partition(|found| found.purpose.is_some());
    if !known.is_empty() {
        yaml.push_str("    # Cookies that the catalogue knows; nothing has to be written for them:\n");
    }
    for found in known {
        let purpose = found.purpose.as_deref().unwrap_or_default();
        let whose = found.company.as_deref().map(|company| format!(", {company}")).unwrap_or_default();
        let _ = writeln!(yaml, "    #   {}: {purpose}{}", plain(&found.pattern), plain(&whose));
    }
    if unknown.is_empty() {
        return;
    }
    yaml.push_str(
        "    # Cookies that nobody knows. They are held until you say what each is for: take the '#' away from a line, and\n\
         \x20   # write essential only for what the service cannot do without (a session, a login, a basket).\n\
         \x20   # cookies:\n",
    );
    for found in unknown {
        let page = found.pages.first().map_or("", String::as_str);
        let _ = writeln!(
            yaml,
            "    #   - {{ name: {}, purpose: preferences }}   # on {}",
            quoted(&found.pattern),
            plain(page)
        );
    }
}

fn tags(yaml: &mut String, report: &SiteReport) {
    let others = &report.states.untouched.third_parties;
    let held = others.iter().filter(|other| other.purpose.is_some());
    let unknown: Vec<_> = others.iter().filter(|other| other.purpose.is_none()).collect();
    let mut first = true;
    for other in held {
        if std::mem::take(&mut first) {
            yaml.push_str("    # Other companies that are called on and held until consent:\n");
        }
        let (purpose, company) =
            (other.purpose.as_deref().unwrap_or_default(), other.company.as_deref().unwrap_or("nobody knows whose"));
        let _ = writeln!(yaml, "    #   {}: {purpose}, {}", plain(&other.host), plain(company));
    }
    if unknown.is_empty() {
        return;
    }
    yaml.push_str(
        "    # Hosts of others without a known purpose. Their tags run: hold those that need consent.\n\
         \x20   # tags:\n",
    );
    for other in unknown {
        let rule = quoted(&format!("||{}^", other.host));
        let company = other.company.as_deref().unwrap_or("nobody knows whose");
        let _ = writeln!(yaml, "    #   - {{ match: {rule}, purpose: marketing }}   # {}", plain(company));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::ThirdParty;

    #[test]
    fn what_is_known_is_told_and_what_is_not_is_asked() {
        let site = Url::parse("https://www.example.gov.uk/home").unwrap();
        let mut report = SiteReport::default();
        let cookie = |name: &str, purpose: Option<&str>| CookieFound {
            pattern: name.into(),
            purpose: purpose.map(Into::into),
            ..CookieFound::default()
        };
        report.states.untouched.cookies = vec![cookie("_ga", Some("analytics")), cookie("odd\"\nsites: []", None)];
        report.states.untouched.third_parties = vec![ThirdParty { host: "x.example".into(), ..ThirdParty::default() }];
        let yaml = starting_yaml(&site, &report, (Mode::Http, "2026-11-23"));
        assert!(yaml.contains("#   _ga: analytics") && yaml.contains(r#"name: "odd\"\nsites: []""#), "{yaml}");
        assert!(yaml.contains("||x.example^") && yaml.contains("upstream: \"https://www.example.gov.uk\""), "{yaml}");
        assert_eq!(
            yaml.lines().filter(|line| line.trim_start().starts_with("sites:")).count(),
            1,
            "nothing breaks out"
        );
    }
}
