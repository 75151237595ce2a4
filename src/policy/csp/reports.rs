//! Where a policy sends its reports: data about a visitor that would go to another company.

use super::read::policies;

/// The list without the `report-uri` addresses that are held; `None` where none is. The rest keeps its bytes.
///
/// `report-to` names an endpoint of `Reporting-Endpoints` or `Report-To`; where that is taken out, the name leads nowhere.
pub fn without_reports(list: &[u8], is_held: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let mut kept = list.to_vec();
    let spans: Vec<_> = policies(list).flat_map(|policy| policy.0).collect();
    let mut changed = false;
    for directive in spans.iter().rev().filter(|directive| directive.is("report-uri")) {
        let (held, passing): (Vec<&str>, Vec<&str>) = directive.values.iter().partition(|address| is_held(address));
        if held.is_empty() {
            continue;
        }
        changed = true;
        let rest = if passing.is_empty() { String::new() } else { format!("{} {}", directive.name, passing.join(" ")) };
        kept.splice(directive.span.clone(), rest.into_bytes());
    }
    changed.then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_held_report_addresses_go() {
        let without = |list: &str| {
            let held = |address: &str| address.contains("tracker");
            without_reports(list.as_bytes(), held).map(|list| String::from_utf8(list).expect("UTF-8"))
        };
        assert_eq!(without("default-src 'self'; report-uri /csp https://ours.example/"), None);
        assert_eq!(
            without("default-src 'self'; report-uri https://tracker.example/r /csp; img-src *").as_deref(),
            Some("default-src 'self'; report-uri /csp; img-src *")
        );
        assert_eq!(
            without("report-uri //tracker.example, img-src 'self'; Report-URI //tracker.example/b").as_deref(),
            Some(", img-src 'self'; ")
        );
    }
}
