//! `consentgate explain`: which rule decides about a cookie or a tag on a page, and why.

use std::io::{self, Write};

use url::Url;

use crate::config::Resolved;
use crate::consent::PurposeSet;
use crate::policy::{Policy, Verdict};

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
    writeln!(out, "site {} ({:?}), page {}", site.hosts[0], site.mode, page.path())?;
    for name in cookies {
        line(&mut out, &policy, &format!("cookie {name}"), page.path(), &|granted| {
            policy.cookie(name.as_bytes(), granted)
        })?;
    }
    for tag in tags {
        match page.join(tag) {
            Ok(url) => line(&mut out, &policy, &format!("tag {tag}"), page.path(), &|granted| {
                policy.address(&url, host, granted)
            })?,
            Err(fault) => writeln!(out, "tag {tag}: no address: {fault}")?,
        }
    }
    Ok(())
}

fn line<'p>(
    out: &mut impl Write,
    policy: &'p Policy,
    what: &str,
    path: &str,
    verdict: &dyn Fn(PurposeSet) -> Verdict<'p>,
) -> io::Result<()> {
    let before = verdict(policy.granted_on(path, PurposeSet::ESSENTIAL));
    let after = verdict(policy.granted_on(path, policy.purposes().all()));
    let purpose = before.purpose.map_or("no purpose known", |purpose| policy.purposes().name(purpose));
    let word = |verdict: &Verdict<'_>| if verdict.is_hold() { "hold" } else { "pass" };
    writeln!(out, "{what}: {purpose}; before consent {}, after accepting all {}", word(&before), word(&after))?;
    writeln!(out, "  rule: {}", before.rule)
}
