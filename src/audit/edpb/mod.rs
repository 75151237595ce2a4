//! The forms in which auditors' tools exchange what a browser met: `inspection.json` of the EDPS Website Evidence
//! Collector, which the EDPB Website Auditing Tool imports, and the EDPB tool's own analyses, which it exports and imports.
//!
//! Facts alone go through them: an auditor's verdicts are left to the auditor, and what another program found is
//! classified and scored here as if it had been met by this one. What a form has no place for is named in the gaps. A
//! value of a cookie or of a storage key is neither written nor kept: the forms' keys for it stay empty.
//!
//! [`files`] writes a site's; [`import`] reads those of any program.

mod export;
mod import;
mod reading;
mod sheet;

pub use export::files;
pub use import::{Given, import};

/// What a state is called in these forms (the EDPB tool's word for it is tag).
const STATE: &str = "state";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{
        CookieFound, Mode, PageSeen, Phase, Report, SetBy, SiteReport, State, StorageFound, StorageKind, ThirdParty,
        Verdict, judge,
    };

    fn fixture(name: &str) -> Given {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/audit").join(name);
        Given { name: name.into(), bytes: std::fs::read(file).unwrap() }
    }

    fn imported(files: &[Given]) -> SiteReport {
        let mut sites = import(files).unwrap();
        assert_eq!(sites.len(), 1);
        sites.remove(0).0
    }

    fn verdict(site: &SiteReport, id: &str) -> Verdict {
        site.criteria.iter().find(|outcome| outcome.id == id).unwrap().verdict
    }

    #[test]
    fn an_inspection_of_the_evidence_collector_is_classified_and_scored_by_what_it_shows() {
        let site = imported(&[fixture("inspection.json")]);
        assert_eq!(site.url, "https://www.borough.example.gov.uk/");
        let state = &site.states.untouched;
        let cookies: Vec<_> = state
            .cookies
            .iter()
            .map(|cookie| {
                (&*cookie.name, cookie.purpose.as_deref(), cookie.set_by, cookie.wire_lifetime, &*cookie.domain)
            })
            .collect();
        assert_eq!(
            cookies,
            [
                ("_ga", Some("analytics"), SetBy::Script, Some(31_536_000), "borough.example.gov.uk"),
                ("IDE", Some("marketing"), SetBy::Header, Some(33_696_002), "doubleclick.net"),
                ("ASP.NET_SessionId", Some("essential"), SetBy::Header, None, "www.borough.example.gov.uk"),
            ]
        );
        assert_eq!(state.cookies[0].pages, ["https://www.borough.example.gov.uk/home"], "no query");
        let hosts: Vec<_> = state.third_parties.iter().map(|other| (&*other.host, other.requests)).collect();
        assert_eq!(hosts, [("fonts.gstatic.com", 1), ("www.google-analytics.com", 7)]);
        assert_eq!(site.pages.len(), 2);
        for id in ["cookies_before_choice", "trackers_before_choice"] {
            assert_eq!(verdict(&site, id), Verdict::NotMet, "{id}");
        }
        // Nobody looked at a notice: its absence is no accusation.
        for id in ["reject_as_easy", "kept_after_reject", "withdraw", "no_wall", "declared", "accessible"] {
            assert_eq!(verdict(&site, id), Verdict::NotSeen, "{id}");
        }
        assert!(site.score_at_least < site.score && site.states.rejected.is_none());
        assert!(!serde_json::to_string(&site).unwrap().contains("not-to-be-kept"));
        assert!(site.gaps.iter().any(|gap| gap.contains("who set 1 of the cookies")), "{:#?}", site.gaps);
    }

    #[test]
    fn the_tags_of_an_analysis_are_states_by_what_auditors_call_them() {
        let site = imported(&[fixture("analysis.json")]);
        assert_eq!(site.url, "http://www.borough.example.gov.uk/");
        assert_eq!(site.states.untouched.cookies[0].wire_lifetime, Some(63_072_000));
        assert_eq!(site.states.untouched.cookies[0].effective_lifetime, Some(34_560_000));
        assert!(site.states.rejected.is_some() && site.states.accepted.is_none());
        assert_eq!(verdict(&site, "kept_after_reject"), Verdict::Met);
        assert_eq!(verdict(&site, "cookies_before_choice"), Verdict::NotMet);
        assert!(!serde_json::to_string(&site).unwrap().contains("not-to-be-kept"));
        assert!(site.gaps.iter().any(|gap| gap.contains("\"after lunch\"")), "{:#?}", site.gaps);
    }

    #[test]
    fn nonsense_is_refused_by_its_file_and_key() {
        let cases: [(&str, &str); 14] = [
            ("{", "x.json: is no JSON: EOF while parsing an object at line 1 column 1"),
            (
                "[]",
                "x.json: is neither an inspection.json of the Website Evidence Collector (it has no \"uri_ins\") nor an analysis of the EDPB Website Auditing Tool (it has no \"tags\")",
            ),
            (
                r#"{"schema":"consentgate-audit-1"}"#,
                "x.json: is a report.json, which needs no importing: --against compares with it",
            ),
            (r#"{"cookies":[]}"#, "x.json: has no \"uri_ins\""),
            (r#"{"uri_ins":"https://e/"}"#, "x.json: has no \"cookies\""),
            (r#"{"uri_ins":5,"cookies":[]}"#, "x.json: uri_ins: is a number, and should be text"),
            (r#"{"uri_ins":"ht tp","cookies":[]}"#, "x.json: uri_ins: \"ht tp\" is no address"),
            (r#"{"uri_ins":"https://e/","cookies":{}}"#, "x.json: cookies: is an object, and should be a list"),
            (r#"{"uri_ins":"https://e/","cookies":[{"domain":"e"}]}"#, "x.json: cookies[0]: has no \"name\""),
            (
                r#"{"uri_ins":"https://e/","cookies":[{"name":"a","domain":"a b"}]}"#,
                "x.json: cookies[0].domain: \"a b\" is no host",
            ),
            (
                r#"{"uri_ins":"https://e/","cookies":[{"name":"a","domain":"e","expires":"soon"}]}"#,
                "x.json: cookies[0].expires: \"soon\" is no time",
            ),
            (
                r#"{"uri_ins":"https://e/","cookies":[],"localStorage":{"e":{"k":1}}}"#,
                "x.json: localStorage[\"e\"]: \"e\" is no origin",
            ),
            (
                r#"{"uri_ins":"https://e/","cookies":[],"task_description":{"state":"lunch"}}"#,
                "x.json: task_description.state: \"lunch\" is no state: there are untouched, rejected, accepted and withdrawn",
            ),
            (
                r#"{"url":"e.example","tags":[{"name":"one","cards":[]},{"name":"two","cards":[]}]}"#,
                "x.json: tags: no tag whose name says which state it is: untouched, rejected, accepted or withdrawn (\"one\", \"two\")",
            ),
        ];
        for (text, says) in cases {
            let given = Given { name: "x.json".into(), bytes: text.into() };
            assert_eq!(import(&[given]).err().as_deref(), Some(says), "{text}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_state_that_no_file_is_of() {
        let text = r#"{"uri_ins":"https://e.example/","cookies":[],"task_description":{"state":"rejected"},"hosts":{"requests":{"firstParty":["e.example"],"thirdParty":[]}}}"#;
        let site = imported(&[Given { name: "r.json".into(), bytes: text.into() }]);
        assert_eq!(verdict(&site, "cookies_before_choice"), Verdict::NotSeen);
        assert_eq!(verdict(&site, "kept_after_reject"), Verdict::Met);
    }

    // === There and back ===

    fn report() -> Report {
        let page = "https://www.borough.example.gov.uk/bins";
        let cookie = |name: &str, domain: &str, seconds, set_by| CookieFound {
            name: name.into(),
            domain: domain.into(),
            path: "/x".into(),
            set_by,
            wire_lifetime: seconds,
            effective_lifetime: seconds.map(|seconds: u64| seconds.min(34_560_000)),
            same_site: Some("lax".into()),
            secure: true,
            pages: vec![page.into()],
            ..CookieFound::default()
        };
        let other = |host: &str, purpose: Option<&str>, requests| ThirdParty {
            host: host.into(),
            purpose: purpose.map(Into::into),
            requests,
            examples: vec![format!("https://{host}/a.js")],
            pages: vec![page.into()],
            ..ThirdParty::default()
        };
        let untouched = State {
            cookies: vec![
                cookie("_ga", "borough.example.gov.uk", Some(63_072_000), SetBy::Script),
                cookie("IDE", "doubleclick.net", None, SetBy::Header),
            ],
            storage: vec![StorageFound {
                kind: StorageKind::Local,
                key: "_hjid".into(),
                origin: "https://www.borough.example.gov.uk".into(),
                pages: vec![page.into()],
                ..StorageFound::default()
            }],
            third_parties: vec![
                other("fonts.gstatic.com", None, 1),
                other("www.google-analytics.com", Some("analytics"), 12),
            ],
            ..State::default()
        };
        let mut site = SiteReport { url: "https://www.borough.example.gov.uk/".into(), ..SiteReport::default() };
        site.states.rejected = Some(State { cookies: vec![untouched.cookies[1].clone()], ..State::default() });
        site.states.untouched = untouched;
        let phases = vec![Phase::Untouched, Phase::Rejected];
        site.pages = vec![PageSeen { url: page.into(), status: 200, phases }];
        judge(&mut site, Mode::Browser);
        Report {
            product: "consentgate 0.1.0".into(),
            made_at: "2026-11-23T12:00:00Z".into(),
            mode: Mode::Browser,
            sites: vec![site],
            ..Report::default()
        }
    }

    type Facts = (Vec<(String, String, SetBy, Option<u64>, bool)>, Vec<(String, String)>, Vec<(String, u64)>);

    fn facts(state: &State) -> Facts {
        let cookie = |cookie: &CookieFound| {
            (cookie.name.clone(), cookie.domain.clone(), cookie.set_by, cookie.wire_lifetime, cookie.secure)
        };
        (
            state.cookies.iter().map(cookie).collect(),
            state.storage.iter().map(|stored| (stored.origin.clone(), stored.key.clone())).collect(),
            state.third_parties.iter().map(|other| (other.host.clone(), other.requests)).collect(),
        )
    }

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let report = report();
        let site = &report.sites[0];
        let files = files(&report, site);
        let names: Vec<_> = files.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["analysis.json", "untouched/inspection.json", "rejected/inspection.json"]);
        let given = |wanted: &str| {
            let of = files.iter().filter(|(name, _)| name.ends_with(wanted));
            of.map(|(name, text)| Given { name: name.clone(), bytes: text.clone().into() }).collect::<Vec<_>>()
        };
        for form in ["analysis.json", "inspection.json"] {
            let back = imported(&given(form));
            assert_eq!(back.url, site.url);
            for phase in [Phase::Untouched, Phase::Rejected] {
                let (was, is) = (site.states.of(phase).unwrap(), back.states.of(phase).unwrap());
                assert_eq!(facts(was), facts(is), "{form}, {}", phase.name());
            }
            assert_eq!(back.states.accepted, None, "{form}");
            for id in ["cookies_before_choice", "trackers_before_choice", "kept_after_reject"] {
                assert_eq!(verdict(&back, id), Verdict::NotMet, "{form}: {id}");
            }
        }
    }

    #[test]
    fn what_was_looked_at_without_a_browser_stays_that() {
        let report = Report { mode: Mode::Http, ..report() };
        for (name, text) in files(&report, &report.sites[0]) {
            let sites = import(&[Given { name: name.clone(), bytes: text.into() }]).unwrap();
            assert_eq!(sites[0].1, Mode::Http, "{name}");
        }
    }

    /// The EDPB tool takes every key of these for granted.
    #[test]
    fn the_forms_have_what_their_readers_take_for_granted() {
        let report = report();
        let files = files(&report, &report.sites[0]);
        let analysis: serde_json::Value = serde_json::from_str(&files[0].1).unwrap();
        assert_eq!(analysis["tags"].as_array().map(Vec::len), Some(2));
        let cards = analysis["tags"][0]["cards"].as_array().unwrap();
        let kinds: Vec<_> = cards.iter().map(|card| card["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["info", "traffic", "cookie", "localstorage", "beacons"]);
        let line = &cards[2]["cookieLines"][0];
        assert_eq!((&line["value"], &line["status"], &line["idx"]), (&"".into(), &"pending".into(), &0.into()));
        assert_eq!(line["log"]["stacks"].as_array().map(Vec::len), Some(1));
        let inspection: serde_json::Value = serde_json::from_str(&files[1].1).unwrap();
        assert!(inspection["script"]["version"]["npm"].is_string() && inspection["browser"]["version"].is_string());
        assert_eq!(inspection["cookies"][0]["expiresDays"], 400.0);
        assert_eq!(inspection["cookies"][1]["expires"], -1);
        assert_eq!(inspection["beacons"][0]["occurrances"], 12);
        assert_eq!(inspection["localStorage"]["https://www.borough.example.gov.uk"]["_hjid"]["value"], "");
    }
}
