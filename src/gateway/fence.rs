//! The Content-Security-Policy fence: first party only where a page could not be judged, the policy of a consent state
//! where the site asks for one, and the site's own policies with what the gate's own parts need.
//!
//! Here is where the gate adds to a site's policies and where it edits them; what an edit may be, `policy::csp` says.

use std::sync::Arc;

use http::header::{CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY_REPORT_ONLY, HeaderValue};
use http::{HeaderMap, HeaderName};

use crate::html::{self, Abandoned};
use crate::notice;
use crate::policy::csp::{self, Own};

use super::visit::Visit;
use super::{Csp, report, seen};

/// Where browsers report to, under the reserved prefix.
pub(super) const REPORTS: &str = "csp-report";

/// A page that could not be judged may fetch from the site itself only; nothing is fenced from a visitor who has
/// agreed to everything.
pub(super) fn raise(visit: &Visit, headers: &mut HeaderMap, why: Abandoned) {
    report::not_rewritten(visit, why);
    if !visit.all_granted() {
        headers.append(CONTENT_SECURITY_POLICY, visit.site.fence.clone());
    }
}

/// The policy of this visitor's consent state, as `csp:` says: enforced, for reports only, or none. An additional policy
/// "can only further restrict" what the site's own allow (CSP3).
pub(super) fn state(visit: &Visit, headers: &mut HeaderMap) {
    let name = match visit.site.config.csp {
        Csp::Fence => return,
        Csp::Learn => CONTENT_SECURITY_POLICY_REPORT_ONLY,
        Csp::Strict => CONTENT_SECURITY_POLICY,
    };
    if !visit.all_granted()
        && let Ok(policy) = HeaderValue::from_str(&state_policy(visit))
    {
        headers.append(name, policy);
    }
}

/// The site, the hosts its rules name, and the hosts something is known about that traffic or reports have shown.
fn state_policy(visit: &Visit) -> String {
    let site = &visit.site;
    let seen = site.inventory.hosts(visit.granted);
    let others = site.policy.named_hosts(visit.granted).chain(seen.iter().map(|host| &**host));
    let policy = csp::of_hosts(site.config.hosts.iter().map(String::as_str), others);
    format!("{policy}; report-uri {}/{REPORTS}", site.config.prefix)
}

/// Edits the policies the site sends with a page that is rewritten, so that the gate's own parts work under each. Those for
/// reports only stop nothing and stay as they are (promise 25).
pub(super) fn admit(visit: &Visit, headers: &mut HeaderMap) {
    edit(headers, &CONTENT_SECURITY_POLICY, |policies| {
        let edits = admitted(visit, policies);
        let mut edited = policies.to_vec();
        for (at, text) in edits.iter().rev() {
            edited.splice(at..at, text.bytes());
        }
        (!edits.is_empty()).then_some(edited)
    });
}

/// The same for a policy in a `<meta>` of the page, which comes when its head has left long ago.
pub(super) fn of_meta(visit: &Arc<Visit>) -> html::Csp {
    let visit = Arc::clone(visit);
    Arc::new(move |policy| admitted(&visit, policy.as_bytes()))
}

/// What to insert into a list of policies for this page.
fn admitted(visit: &Visit, policies: &[u8]) -> Vec<(usize, String)> {
    let own = |name: &str| format!("{}/{name}", visit.site.config.prefix);
    let guard = own(&visit.site.guard(visit.granted).name);
    let release = own(&notice::release_script().name);
    let styles = [own(&visit.site.config.notice.style.stylesheet().name), own(&notice::held_stylesheet().name)];
    let (choice, embed, verdict) = (own("choice"), own("embed"), own("verdict"));
    let (seen, reports) = (own(&notice::seen_script().name), own(seen::PATH));
    let (scripts, styles, forms) = ([&*guard, &*release, &*seen], [&*styles[0], &*styles[1]], [&*choice, &*embed]);
    // The guard is read to stand in front of a worker made in the page.
    let connect = [&*verdict, &*choice, &*guard, &*reports];
    // What only a page view that is sampled needs stands last.
    let last = usize::from(visit.is_sampled());
    csp::allow(
        policies,
        &Own {
            https: visit.peer.https,
            authority: &visit.host,
            nonce: visit.nonce(),
            // A worker has no tags. A page inside another has no notice, but what is held in it has its placeholder.
            scripts: if visit.starts_worker { &[] } else { &scripts[..2 + last] },
            styles: if visit.starts_worker { &[] } else { &styles },
            forms: if visit.starts_worker { &[] } else { &forms },
            connect: &connect[..3 + last],
        },
    )
}

/// Replaces the values of a header that `change` has something else for; the others keep their bytes, all their order.
/// An empty value goes.
pub(super) fn edit(headers: &mut HeaderMap, name: &HeaderName, change: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let lines: Vec<_> = headers.get_all(name).iter().cloned().collect();
    let changed: Vec<_> = lines.iter().map(|line| change(line.as_bytes())).collect();
    if changed.iter().all(Option::is_none) {
        return;
    }
    headers.remove(name);
    for (line, changed) in lines.into_iter().zip(changed) {
        let line = match changed {
            None => Some(line),
            Some(bytes) if bytes.trim_ascii().is_empty() => None,
            // Made of a value's own bytes and ASCII. If it were none all the same, the site's own would be the safe one.
            Some(bytes) => Some(HeaderValue::from_bytes(&bytes).unwrap_or(line)),
        };
        if let Some(line) = line {
            headers.append(name, line);
        }
    }
}
