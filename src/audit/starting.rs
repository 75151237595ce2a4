//! A first YAML for a site, from an audit of it: what was found is named with its purpose and where that is known from;
//! what nobody knows is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use url::Url;

use super::{CookieFound, Mode, Phase, SetBy, SiteReport, State, StorageFound, StorageKind, ThirdParty};
use crate::catalogue;
use crate::consent::ChoiceCookie;

const ESSENTIAL: &str = "essential";

/// Writes it. `check` takes it as it is, and enforced as it is it holds everything that needs consent: a cookie or a key
/// that nobody knows is held until somebody says what it is for.
pub fn starting_yaml(site: &Url, report: &SiteReport, (mode, day): (Mode, &str)) -> String {
    let looked = match mode {
        Mode::Http => "without a browser: what scripts set is not in it (--mode browser)",
        Mode::Browser => "in a browser",
    };
    let mut yaml = format!(
        "# Written by `consentgate init` on {day}, from {} pages of {site}, looked at {looked}.\n\
         # Read every line: what a cookie is for is yours to decide. \"catalogue\" is what this program knew about a name\n\
         # or a host; write another purpose where you know better. Behind a log-in nothing was looked\n\
         # at, and a cookie that logging in sets is not here: observe tells of it.\n\
         # organisation: {{ name: Example Council, contact: dpo@example.gov.uk }}\n\
         sites:\n\
         \x20 - hosts: [{}]\n\
         \x20   # Where the site itself answers. Once the gate has the site's name, this has to be another address.\n\
         \x20   upstream: {}\n\
         \x20   # observe changes nothing and reports what would be held; then enforce.\n\
         \x20   mode: observe\n\
         \x20   # notice: {{ languages: [en, cy] }}\n",
        report.pages.len(),
        quoted(site.host_str().unwrap_or_default()),
        quoted(&site.origin().ascii_serialization()),
    );
    notice(&mut yaml, report);
    let lines = cookies(report);
    section(&mut yaml, "cookies", &lines);
    let lines = storage(site, report);
    section(&mut yaml, "storage", &lines);
    let lines = tags(report);
    section(&mut yaml, "tags", &lines);
    yaml
}

/// In one line and in quotes: names come from the site. YAML ends a line at more characters than JSON does.
fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.chars().fold(String::with_capacity(quoted.len()), |mut safe, c| {
        if breaks(c) {
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
        safe
    })
}

/// What stands in a comment may not end it.
fn plain(text: &str) -> String {
    text.chars().map(|c| if breaks(c) { '\u{fffd}' } else { c }).collect()
}

fn breaks(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Lines of a list: rules in force, and below them those that somebody has to decide about.
#[derive(Default)]
struct Lines {
    /// What passes before a choice.
    essential: Vec<String>,
    /// What is held until visitors agree.
    held: Vec<String>,
    /// What nobody knows, as rules behind `#`.
    asked: Vec<String>,
    /// What has to be known, and is no rule.
    told: Vec<String>,
    question: &'static str,
}

fn section(yaml: &mut String, name: &str, lines: &Lines) {
    let Lines { essential, held, asked, told, question } = lines;
    if essential.is_empty() && held.is_empty() && asked.is_empty() && told.is_empty() {
        return;
    }
    // A list of comments alone is no list.
    let begin = if essential.is_empty() && held.is_empty() { "# " } else { "" };
    let _ = writeln!(yaml, "    {begin}{name}:");
    let parts = [
        ("Without these the service does not work. They pass before a choice:", "- ", essential),
        ("Held until visitors agree:", "- ", held),
        (question, "# - ", asked),
        ("No rule is needed for these:", "#   ", told),
    ];
    for (heading, begin, lines) in parts.iter().filter(|(.., lines)| !lines.is_empty()) {
        heading.lines().for_each(|line| {
            let _ = writeln!(yaml, "      # {line}");
        });
        lines.iter().for_each(|line| {
            let _ = writeln!(yaml, "      {begin}{line}");
        });
    }
}

impl Lines {
    fn add(&mut self, purpose: Option<&str>, rule: impl Fn(&str) -> String) {
        match purpose {
            Some(ESSENTIAL) => self.essential.push(rule(ESSENTIAL)),
            Some(purpose) => self.held.push(rule(purpose)),
            None => self.asked.push(rule("preferences")),
        }
    }
}

/// Every state counts: what comes after Accept has to be known as well.
fn states(report: &SiteReport) -> impl Iterator<Item = &State> {
    Phase::ALL.into_iter().filter_map(|phase| report.states.of(phase))
}

fn notice(yaml: &mut String, report: &SiteReport) {
    let Some(seen) = report.notice.as_ref().filter(|notice| notice.accept.is_some()) else { return };
    yaml.push_str(match seen.product.as_deref() {
        Some("Consentgate") => "    # There is a gate in front of this site already.\n",
        Some(_) => {
            "    # The site asks already. Its notice is taken out, so that visitors are asked once (docs/other-banners.md says\n\
             \x20   # what becomes of the tags that it let run after Accept).\n\
             \x20   replace_banner: true\n"
        }
        None => {
            "    # The site asks already, with a notice of its own that this program does not know: visitors would be asked twice.\n\
             \x20   # Take it out of the site when this is enforced.\n"
        }
    });
}

fn cookies(report: &SiteReport) -> Lines {
    let question = "Nobody knows these. They are held until a visitor agrees to everything. Say what each is for: take the '#' away. Write\n\
                    essential only for what the service cannot do without (a session, a log-in, a basket).";
    let mut lines = Lines { question, ..Lines::default() };
    let all = states(report).flat_map(|state| &state.cookies);
    // Those of other companies' hosts never pass the gate: they are held with what sets them.
    let own: BTreeMap<&str, &CookieFound> = all
        .filter(|found| found.first_party && !ChoiceCookie::is_own(found.name.as_bytes()))
        .map(|found| (&*found.pattern, found))
        .collect();
    for (pattern, found) in own {
        let page = found.pages.first().map_or("", String::as_str);
        let by = match found.set_by {
            SetBy::Header => "by a response",
            SetBy::Script => "by a script",
        };
        let known = known_of(&found.name).unwrap_or_else(|| format!("set {by}, on {}", plain(page)));
        lines.add(found.purpose.as_deref(), |purpose| {
            format!("{{ name: {}, purpose: {purpose} }}   # {known}", quoted(pattern))
        });
    }
    lines
}

/// `catalogue: Google Analytics`, or for a name somebody of the public sector looked at, why.
fn known_of(name: &str) -> Option<String> {
    let known = catalogue::cookie(name.as_bytes())?;
    let whose = Some(known.platform).filter(|platform| *platform != "-");
    let why = Some(known.reason).filter(|reason| !reason.is_empty());
    let said: Vec<_> = whose.into_iter().chain(why).collect();
    Some(if said.is_empty() { "catalogue".to_owned() } else { format!("catalogue: {}", plain(&said.join(", "))) })
}

fn storage(site: &Url, report: &SiteReport) -> Lines {
    let question = "Nobody knows these. They are held until a visitor agrees to everything. Say what each is for: take the '#' away. A\n\
                    database that is held cannot be opened: see that its page copes.";
    let mut lines = Lines { question, ..Lines::default() };
    let origin = site.origin().ascii_serialization();
    let all = states(report).flat_map(|state| &state.storage).filter(|found| found.origin == origin);
    let own: BTreeMap<&str, &StorageFound> = all.map(|found| (&*found.key, found)).collect();
    for (key, found) in own {
        let kind = kind(found.kind);
        let pattern = match found.kind {
            // A rule reads its address as the page's script writes it.
            StorageKind::ServiceWorker => match key.rsplit('/').next().unwrap_or_default() {
                "" => key.to_owned(),
                file => format!("*{file}*"),
            },
            _ => catalogue::cookie(key.as_bytes()).map_or(key, |known| known.pattern).to_owned(),
        };
        let page = found.pages.first().map_or("", String::as_str);
        let known = known_of(key).unwrap_or_else(|| format!("on {}", plain(page)));
        let rule = |purpose: &str| format!("{{ key: {}, purpose: {purpose} }}   # {kind}; {known}", quoted(&pattern));
        lines.add(found.purpose.as_deref(), rule);
    }
    for list in [&mut lines.essential, &mut lines.held] {
        list.dedup();
    }
    lines
}

fn kind(kind: StorageKind) -> &'static str {
    match kind {
        StorageKind::Local => "localStorage",
        StorageKind::Session => "sessionStorage",
        StorageKind::IndexedDb => "IndexedDB",
        StorageKind::Cache => "a cache",
        StorageKind::ServiceWorker => "a service worker",
    }
}

fn tags(report: &SiteReport) -> Lines {
    let question = "Nobody knows what these are for. Their tags run, because holding an address look-up or a payment would break a\n\
                    service; what they try to store on this site is held. Take the '#' away from those that need consent.";
    let mut lines = Lines { question, ..Lines::default() };
    let all = states(report).flat_map(|state| &state.third_parties);
    let hosts: BTreeMap<&str, &ThirdParty> = all.map(|found| (&*found.host, found)).collect();
    for (host, found) in hosts {
        let company = plain(found.company.as_deref().unwrap_or("nobody knows whose"));
        if catalogue::differs_by_path(host) {
            // One rule for the whole host would hold what the service needs with what tracks.
            let purpose = found.purpose.as_deref().unwrap_or("runs");
            lines.told.push(format!("{}: {purpose}, {company}; the catalogue tells its addresses apart", plain(host)));
            continue;
        }
        let known = catalogue::address(host, "/").map(|known| known.name);
        if found.purpose.is_none()
            && let Some(company) = known
        {
            lines.told.push(format!("{}: runs, {}", plain(host), plain(company)));
            continue;
        }
        let rule = quoted(&format!("||{host}^"));
        let from = if found.purpose.is_some() { "catalogue: " } else { "" };
        lines.add(found.purpose.as_deref(), |purpose| {
            format!("{{ match: {rule}, purpose: {purpose} }}   # {from}{company}")
        });
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(change: impl FnOnce(&mut SiteReport)) -> String {
        let site = Url::parse("https://www.example.gov.uk/home").unwrap();
        let mut report = SiteReport::default();
        change(&mut report);
        starting_yaml(&site, &report, (Mode::Browser, "2026-11-23"))
    }

    fn cookie(name: &str, purpose: Option<&str>) -> CookieFound {
        CookieFound {
            name: name.into(),
            pattern: catalogue::cookie(name.as_bytes()).map_or(name, |known| known.pattern).into(),
            purpose: purpose.map(Into::into),
            first_party: true,
            ..CookieFound::default()
        }
    }

    #[test]
    fn what_is_known_is_a_rule_and_what_is_not_is_asked() {
        let yaml = written(|report| {
            let untouched = &mut report.states.untouched;
            untouched.cookies = vec![cookie("PHPSESSID", Some(ESSENTIAL)), cookie("strange", None)];
            let theirs = CookieFound { first_party: false, ..cookie("IDE", Some("marketing")) };
            let after = vec![cookie("_ga_AB12", Some("analytics")), cookie("_ga_CD34", Some("analytics")), theirs];
            report.states.accepted = Some(State { cookies: after, ..State::default() });
            let host = |host: &str, purpose: Option<&str>| ThirdParty {
                host: host.into(),
                purpose: purpose.map(Into::into),
                ..ThirdParty::default()
            };
            untouched.storage = vec![StorageFound {
                kind: StorageKind::ServiceWorker,
                key: "https://www.example.gov.uk/js/worker.js".into(),
                origin: "https://www.example.gov.uk".into(),
                ..StorageFound::default()
            }];
            untouched.third_parties =
                vec![host("x.example", None), host("www.google-analytics.com", Some("analytics"))];
        });
        for line in [
            "      - { name: \"PHPSESSID\", purpose: essential }",
            "      - { name: \"_ga_*\", purpose: analytics }   # catalogue: Google Analytics",
            "      # - { name: \"strange\", purpose: preferences }",
            "      - { match: \"||www.google-analytics.com^\", purpose: analytics }",
            "      # - { key: \"*worker.js*\", purpose: preferences }   # a service worker",
            "      # - { match: \"||x.example^\", purpose: preferences }   # nobody knows whose",
            "    upstream: \"https://www.example.gov.uk\"",
        ] {
            assert!(yaml.lines().any(|written| written.starts_with(line)), "{line}\n{yaml}");
        }
        assert_eq!(yaml.matches("_ga_*").count(), 1, "a family is named once\n{yaml}");
        assert!(!yaml.contains("IDE") && !yaml.contains("replace_banner"), "{yaml}");
    }

    #[test]
    fn nothing_that_a_site_writes_breaks_out() {
        let evil = "odd\"\nsites: []\u{2028}sites: []\u{85}sites: []\rsites: []";
        let yaml = written(|report| {
            report.states.untouched.cookies = vec![cookie(evil, None), cookie("k", Some("marketing"))];
            let key = |key: &str| StorageFound {
                key: key.into(),
                origin: "https://www.example.gov.uk".into(),
                pages: vec![evil.into()],
                ..StorageFound::default()
            };
            report.states.untouched.storage = vec![key(evil)];
            report.states.untouched.third_parties =
                vec![ThirdParty { host: "x.example".into(), company: Some(evil.into()), ..ThirdParty::default() }];
        });
        let ends = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
        assert_eq!(yaml.split(ends).filter(|line| line.trim_start().starts_with("sites:")).count(), 1, "{yaml:?}");
    }
}
