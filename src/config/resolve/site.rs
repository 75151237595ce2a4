//! One site: hosts, what they share, its prefix and its notice.

use url::Host;

use super::super::excerpt::quoted;
use super::super::written::{self, Csp, Found, Key, List, Mode, Organisation, Receipts, Site};
use super::{Resolver, items, text};
use crate::consent::{LEAST_REFUSAL_DAYS, LONGEST_VERSION, MAX_AGE_DAYS};
use crate::gateway;
use crate::notice::{self, Signals};
use crate::policy;

const PREFIX: &str = "/.consent";

impl Resolver<'_, '_> {
    pub(super) fn site(&mut self, written: &Site, organisation: Option<&Organisation>) -> Option<gateway::Config> {
        let hosts: Vec<String> = items(&written.hosts).iter().filter_map(|found| self.host(found)).collect();
        let share = self.share(&written.share, &hosts);
        let prefix = self.prefix(&written.prefix);
        let notice = self.notice(written, organisation, &hosts);
        self.whom_to_write_to(written, notice.contact.is_some());
        let policy = policy::Config { prefix: prefix.clone(), ..self.policy(written, &hosts) };
        let asked = policy.purposes.asked().collect();
        let template = notice::Site { config: &notice, host: first(&hosts), prefix: &prefix, asked };
        let template = self.template(written, &template);
        let notice = notice::Config { template, ..notice };
        let upstream = self.upstream(&written.upstream);
        Some(gateway::Config {
            mode: mode(written.mode.as_ref()),
            canary: self.canary(written),
            csp: csp(written.csp.as_ref()),
            prefix,
            share,
            choices: self.choices,
            receipts: !matches!(written.receipts, Some(Found(_, Receipts::None))),
            upstream: upstream?,
            policy,
            notice,
            hosts,
        })
    }

    /// The cookies page tells visitors of their rights, and names nobody to claim them from (UK GDPR Article 13(1)(a)).
    fn whom_to_write_to(&mut self, site: &Site, is_known: bool) {
        let enforced = site.mode.as_ref().filter(|found| matches!(found.1, Mode::Enforce));
        let off = matches!(site.mode, Some(Found(_, Mode::Off)));
        let canary = site.canary.as_ref().filter(|_| !off).map(|found| self.place(found));
        let Some(place) = enforced.map(|found| self.place(found)).or(canary).filter(|_| !is_known) else { return };
        let message = "visitors are asked, and the cookies page names nobody whom they can write to";
        let hint =
            "write 'organisation: { name: Example Council, contact: dpo@example.gov.uk }' at the top of the file";
        self.report.warn(&place, message, hint);
    }

    fn host(&mut self, found: &Found<String>) -> Option<String> {
        let Some(host) = host(&found.1) else {
            self.not_a_host(found);
            return None;
        };
        let place = self.place(found);
        if let Some((_, first)) = self.hosts.iter().find(|(known, _)| *known == host) {
            let hint = format!("take one of them out: the first is {} on line {}", first.path, first.line);
            self.report.fault(&place, format!("{} is written twice", quoted(&host)), hint);
            return None;
        }
        self.hosts.push((host.clone(), place));
        Some(host)
    }

    fn not_a_host(&mut self, found: &Found<String>) {
        let written = &*found.1;
        let bare = written.split_once("://").map_or(written, |(_, rest)| rest);
        let bare = bare.split(['/', ':', '?', '#']).next().unwrap_or_default();
        let hint = match host(bare) {
            Some(bare) => format!("write the host alone: {bare}"),
            None => "write a host name such as www.example.gov.uk, *.example.gov.uk or \"*\"".to_owned(),
        };
        let port = written.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let message = if port {
            "a host is written without its port".into()
        } else {
            format!("{} is not a host", quoted(written))
        };
        self.fault(found, message, hint);
    }

    /// A Domain cookie on a public suffix would be refused by browsers, or shared with strangers.
    fn share(&mut self, key: &Key<String>, hosts: &[String]) -> Option<String> {
        let found = key.as_ref()?;
        let Some(domain) = host(found.1.trim_start_matches('.')).filter(|domain| is_domain(domain)) else {
            let hint = "write the domain that all hosts end with, such as example.gov.uk";
            self.fault(found, format!("{} is not a domain", quoted(&found.1)), hint);
            return None;
        };
        if psl::suffix_str(&domain) == Some(&domain) {
            let hint = format!("write your own domain below it, such as example.{domain}");
            self.fault(found, format!("{} belongs to many organisations", quoted(&domain)), hint);
        }
        let covers = |host: &&String| **host == domain || host.ends_with(&format!(".{domain}"));
        if let Some(outside) = hosts.iter().find(|host| !covers(host)) {
            let hint = "choose a domain that all hosts of the site end with, or make two sites";
            self.fault(found, format!("does not cover the host {}", quoted(outside)), hint);
        }
        Some(domain)
    }

    fn prefix(&mut self, key: &Key<String>) -> String {
        let Some(found) = key else { return PREFIX.to_owned() };
        let prefix = found.1.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
        let segments = prefix.strip_prefix('/').map(|rest| rest.split('/'));
        let fits = segments
            .is_some_and(|mut parts| parts.all(|part| !matches!(part, "" | "." | "..") && part.chars().all(plain)));
        if !fits {
            let hint = "write a path that starts with '/' and is more than that, such as /.consent";
            self.fault(found, format!("{} is not a prefix", quoted(&found.1)), hint);
        }
        prefix.to_owned()
    }

    fn notice(&mut self, site: &Site, organisation: Option<&Organisation>, hosts: &[String]) -> notice::Config {
        let written = site.notice.as_ref().map(|found| &found.1);
        let name = organisation.and_then(|organisation| text(&organisation.name));
        let own = written.and_then(|notice| text(&notice.service));
        let languages = self.languages(written);
        let languages = self.in_own_words(site, &languages);
        let days = written.and_then(|notice| notice.days.as_ref()).map_or(365, |found| found.1);
        let refusal_days = written.and_then(|notice| notice.refusal_days.as_ref());
        let refusal_days = refusal_days.map_or(LEAST_REFUSAL_DAYS, |found| found.1);
        notice::Config {
            service: own.or_else(|| name.clone()).unwrap_or_else(|| self.called(site, hosts)),
            organisation: name,
            contact: organisation.and_then(|organisation| text(&organisation.contact)),
            controller: self.controller(organisation),
            language_rules: self.language_rules(written, &languages, hosts),
            descriptions: self.descriptions(site, &languages),
            languages,
            version: self.version(written.and_then(|notice| notice.version.as_ref())),
            days: days.min(MAX_AGE_DAYS),
            refusal_days: refusal_days.clamp(LEAST_REFUSAL_DAYS, MAX_AGE_DAYS),
            signals: signals(&site.signals),
            style: self.style(written),
            // Tried once the purposes are known.
            template: None,
        }
    }

    /// A site that nobody named goes by its host; one for every host has nothing to go by.
    fn called(&mut self, site: &Site, hosts: &[String]) -> String {
        let named = hosts.iter().find(|host| !host.contains('*')).or(hosts.first());
        let named = named.map(|host| host.trim_start_matches("*.")).filter(|host| *host != "*");
        if let (None, Some(found)) = (named, items(&site.hosts).first()) {
            let place = self.place(found);
            let message = "the notice has no name to call this site by, and says 'this website'".to_owned();
            self.report.warn(
                &place,
                message,
                "write 'notice: { service: … }' or 'organisation: { name: … }'".to_owned(),
            );
        }
        named.unwrap_or("this website").to_owned()
    }

    pub(super) fn version(&mut self, found: Option<&Found<String>>) -> String {
        let Some(found) = found else { return "1".to_owned() };
        if found.1.len() > LONGEST_VERSION {
            let message = format!("{} bytes, and at most {LONGEST_VERSION} fit into the choice cookie", found.1.len());
            self.fault(found, message, "write a short version, such as 2026-11");
        }
        found.1.clone()
    }
}

/// A host that a page of the site may have; a site for every host has none of its own.
fn first(hosts: &[String]) -> &str {
    let plain = hosts.iter().find(|host| !host.contains('*')).or(hosts.first());
    plain.map(|host| host.trim_start_matches("*.")).filter(|host| *host != "*").unwrap_or("site.example")
}

/// Whatever is told is told what the visitor chose, so everyone who listens may be.
fn signals(written: &List<written::Signal>) -> Signals {
    let Some(Found(_, chosen)) = written else { return Signals::ALL };
    chosen.iter().fold(Signals::NONE, |signals, found| match found.1 {
        written::Signal::Google => Signals { google: true, ..signals },
        written::Signal::Microsoft => Signals { microsoft: true, ..signals },
        written::Signal::Matomo => Signals { matomo: true, ..signals },
    })
}

fn mode(found: Option<&Found<Mode>>) -> gateway::Mode {
    match found.map(|found| found.1) {
        None | Some(Mode::Observe) => gateway::Mode::Observe,
        Some(Mode::Enforce) => gateway::Mode::Enforce,
        Some(Mode::Off) => gateway::Mode::Off,
    }
}

fn csp(found: Option<&Found<Csp>>) -> gateway::Csp {
    match found.map(|found| found.1) {
        None | Some(Csp::Fence) => gateway::Csp::Fence,
        Some(Csp::Learn) => gateway::Csp::Learn,
        Some(Csp::Strict) => gateway::Csp::Strict,
    }
}

/// A host as requests name it: lower case, international names in their ASCII form, no dot at the end.
pub(super) fn host(written: &str) -> Option<String> {
    if written == "*" {
        return Some(written.to_owned());
    }
    let (wildcard, name) = written.strip_prefix("*.").map_or(("", written), |name| ("*.", name));
    // The URL parser undoes percent codes; a host with one is a slip.
    if name.contains(['%', '*']) {
        return None;
    }
    match Host::parse(name.strip_suffix('.').unwrap_or(name)).ok()? {
        Host::Domain(domain) => Some(format!("{wildcard}{domain}")),
        address if wildcard.is_empty() => Some(address.to_string()),
        _ => None,
    }
}

/// A browser takes no address for the domain of a cookie (RFC 6265bis section 5.1.3).
fn is_domain(host: &str) -> bool {
    !host.contains(['*', '[']) && host.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_as_requests_name_them() {
        for (written, expected) in [
            ("WWW.Example.gov.uk", "www.example.gov.uk"),
            ("*.example.gov.uk", "*.example.gov.uk"),
            ("example.gov.uk.", "example.gov.uk"),
            ("ynys-môn.example", "xn--ynys-mn-y0a.example"),
            ("*", "*"),
            ("localhost", "localhost"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(host(written).as_deref(), Some(expected));
        }
        for wrong in ["", "a:80", "http://a", "a/b", "a b", "*.*.example", "a*.example", "*.10.0.0.5", "a%2eb"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }
}
