//! Audits without a browser, over real sockets: stub councils whose every cookie and tag is known.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::{HTML, Origin, Plan, Received, page, response};
use serde_json::Value;

const TRACKED: &str = "<!doctype html><title>Council</title><a href='/bins'>Bins</a> <a href='/cookies'>Cookies</a> <a href='/logout'>x</a>
    <a href='/private/a'>p</a> <a href='/file.pdf'>f</a> <script async src='https://www.google-analytics.com/analytics.js'></script>
    <iframe src='https://www.youtube.com/embed/x'></iframe><img src='https://unheard-of.example/p.gif'>";
const COOKIES_PAGE: &str = "<!doctype html><title>Cookies</title><table><tr><th>Name<th>Purpose<th>Expires
    <tr><td>_ga<td>counts<td>2 years<tr><td>theme<td>looks<td>1 year<tr><td>gone<td>was here<td>1 day</table>";

/// A council's site: what it sets and has tags of is all written here.
fn council(request: &Received) -> Vec<u8> {
    match request.path() {
        "/robots.txt" => response("200 OK", &[("Content-Type", "text/plain")], "User-agent: *\nDisallow: /private\n"),
        "/sitemap.xml" => {
            let host = request.head.value("host").unwrap_or_default();
            let xml = format!("<urlset><url><loc>http://{host}/listed</loc></url></urlset>");
            response("200 OK", &[("Content-Type", "application/xml")], xml)
        }
        "/" => response(
            "200 OK",
            &[
                HTML,
                ("Set-Cookie", "ASP.NET_SessionId=1; HttpOnly; SameSite=Lax"),
                ("Set-Cookie", "_ga=GA1; Max-Age=63072000; Path=/"),
                ("Set-Cookie", "theme=dark; Max-Age=86400"),
            ],
            TRACKED,
        ),
        "/bins" => response("302 Found", &[("Location", "/bins/today"), ("Set-Cookie", "_fbp=1; Max-Age=7776000")], ""),
        "/bins/today" => {
            response("200 OK", &[HTML, ("Set-Cookie", "mystery=1")], "<!doctype html><title>Bins</title><p>x")
        }
        "/cookies" => page(COOKIES_PAGE),
        "/listed" => page("<!doctype html><title>Listed</title><p>x"),
        _ => response("404 Not Found", &[HTML], "<!doctype html><title>None</title>"),
    }
}

struct Audited {
    report: Value,
    said: String,
    code: i32,
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_consentgate")).args(arguments).output().expect("the program runs")
}

fn audited(out: &Path, sites: &[&str], more: &[&str]) -> Audited {
    let out_text = out.to_str().expect("a plain folder");
    let arguments = [&["audit", "--delay", "0ms", "--out", out_text], sites, more].concat();
    let output = run(&arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    let report = fs::read(out.join("report.json"))
        .map(|bytes| serde_json::from_slice(&bytes).expect("JSON"))
        .unwrap_or_default();
    Audited { report, said, code: output.status.code().unwrap_or(-1) }
}

fn names(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list} is no list"));
    list.iter().map(|entry| entry[key].as_str().unwrap_or_default().to_owned()).collect()
}

fn hosts(state: &Value) -> Vec<String> {
    names(&state["third_parties"], "host")
}

fn address(origin: &Origin) -> String {
    format!("http://{}/", origin.address)
}

fn verdict<'r>(site: &'r Value, id: &str) -> &'r str {
    let outcomes = site["criteria"].as_array().expect("criteria");
    outcomes
        .iter()
        .find(|outcome| outcome["id"] == id)
        .and_then(|outcome| outcome["verdict"].as_str())
        .unwrap_or_default()
}

#[test]
fn what_is_there_is_found_and_nothing_else() {
    let origin = Origin::telling(council);
    let folder = tempfile::tempdir().unwrap();
    let Audited { report, said, code } = audited(folder.path(), &[&address(&origin)], &[]);
    assert_eq!(code, 0, "{said}");
    let site = &report["sites"][0];
    let untouched = &site["states"]["untouched"];
    assert_eq!(names(&untouched["cookies"], "name"), ["ASP.NET_SessionId", "_fbp", "_ga", "mystery", "theme"]);
    assert_eq!(
        names(&untouched["third_parties"], "host"),
        ["unheard-of.example", "www.google-analytics.com", "www.youtube.com"]
    );
    let cookies = untouched["cookies"].as_array().unwrap();
    assert_eq!(
        (&cookies[2]["wire_lifetime"], &cookies[2]["effective_lifetime"]),
        (&63_072_000.into(), &34_560_000.into())
    );
    assert_eq!(
        (&cookies[0]["http_only"], &cookies[0]["same_site"], &cookies[0]["purpose"]),
        (&true.into(), &"lax".into(), &"essential".into())
    );
    assert_eq!(cookies[1]["set_by"], "header", "a cookie of a redirect is found too");
    let base = address(&origin);
    let pages: Vec<_> = names(&site["pages"], "url").iter().map(|page| page.replace(&base, "/")).collect();
    assert_eq!(pages, ["/", "/bins", "/cookies", "/listed"]);
    assert_eq!(site["declared"]["missing"], serde_json::json!(["ASP.NET_SessionId", "_fbp", "mystery"]));
    assert_eq!(site["declared"]["unseen"], serde_json::json!(["gone"]));
    assert_eq!(names(&site["declared"]["lifetimes"], "name"), ["theme"]);
    assert_eq!((verdict(site, "cookies_before_choice"), verdict(site, "reject_as_easy")), ("not_met", "not_seen"));
    let asked: Vec<_> = origin.received().iter().map(|request| request.path().to_owned()).collect();
    assert!(
        !["/private/a", "/logout", "/file.pdf"].iter().any(|page| asked.iter().any(|asked| asked == page)),
        "{asked:?}"
    );
    for file in ["report.html", "report.csv", "findings.json", "criteria.json"] {
        assert!(folder.path().join(file).metadata().unwrap().len() > 500, "{file}");
    }
}

#[test]
fn behind_the_gate_all_four_states_are_seen_and_nothing_is_left_to_find() {
    let origin = Origin::telling(council);
    let gate = Plan::before(origin.address)
        .hosts("[127.0.0.1]")
        .without_rules()
        .line("cookies: [{ name: theme, purpose: preferences }]")
        .start();
    let folder = tempfile::tempdir().unwrap();
    let Audited { report, said, code } = audited(folder.path(), &[&format!("http://{}/", gate.address)], &[]);
    assert_eq!(code, 0, "{said}");
    let site = &report["sites"][0];
    assert_eq!(site["notice"]["product"], "Consentgate", "{said}");
    for state in ["untouched", "rejected", "withdrawn"] {
        let found = &site["states"][state];
        let names = names(&found["cookies"], "name");
        assert!(names.iter().all(|name| ["ASP.NET_SessionId", "consentgate"].contains(&&**name)), "{state}: {names:?}");
        // A tag that nobody has classified runs: `unclassified: { tags: hold }` is the strict way.
        assert_eq!(hosts(found), ["unheard-of.example"], "{state}: {found}");
    }
    let accepted = names(&site["states"]["accepted"]["cookies"], "name");
    assert!(["_ga", "_fbp", "theme"].iter().all(|name| accepted.iter().any(|known| known == name)), "{accepted:?}");
    assert_eq!(site["score"], 100, "{said}");
}

#[test]
fn an_audit_that_was_stopped_goes_on_where_it_was() {
    let (one, other) = (Origin::telling(council), Origin::telling(council));
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("sites.txt");
    fs::write(&list, format!("url,name\n{},One\n# the second\n{}\n", address(&one), address(&other))).unwrap();
    let out = folder.path().join("out");
    assert_eq!(audited(&out, &[&address(&one)], &[]).code, 0);
    let asked = one.received().len();
    let all = audited(&out, &[], &["--sites", list.to_str().unwrap()]);
    assert_eq!((all.code, names(&all.report["sites"], "url")), (0, vec![address(&one), address(&other)]));
    assert_eq!(one.received().len(), asked, "what is known is not asked for again");
    let again = audited(&folder.path().join("again"), &[&address(&one), &address(&other)], &[]);
    assert_eq!(again.report["sites"], all.report["sites"], "the same input, the same outcome");
    let html = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("2 sites"));
}

#[test]
fn exit_codes_are_for_builds() {
    let origin = Origin::telling(council);
    let folder = tempfile::tempdir().unwrap();
    let code = |name: &str, sites: &[&str], more: &[&str]| audited(&folder.path().join(name), sites, more).code;
    let site = address(&origin);
    assert_eq!(code("a", &[&site], &["--fail-on", "cookies_before_choice"]), 1);
    assert_eq!(code("a", &[&site], &["--fail-on", "no_wall"]), 0);
    let nowhere = format!("http://{}/", Origin::absent());
    let down = audited(&folder.path().join("b"), &[&nowhere], &[]);
    assert_eq!((down.code, &down.report["sites"][0]["score"]), (0, &Value::Null), "{}", down.said);
    assert!(down.said.contains("nothing was crawled"), "{}", down.said);
    assert_eq!(code("b", &[&nowhere], &["--fail-on", "any"]), 1, "a site that could not be looked at has not passed");
    for (arguments, words) in [
        (&["audit"][..], "required"),
        (&["audit", "--fail-on", "taste", "http://e/"], "no criterion has this name"),
        (&["audit", "ftp://e/"], "write the whole address"),
        (&["audit", "--sites", "/nowhere/list.txt"], "/nowhere/list.txt: "),
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn what_the_site_asks_crawlers_is_kept() {
    let closed = Origin::telling(|request| match request.path() {
        "/robots.txt" => response("503 Service Unavailable", &[], ""),
        _ => page("<p>x"),
    });
    let folder = tempfile::tempdir().unwrap();
    let found = audited(&folder.path().join("closed"), &[&address(&closed)], &[]);
    assert_eq!(closed.received().len(), 1, "robots.txt and nothing more");
    assert!(found.said.contains("nothing was crawled"), "{}", found.said);
    let none = Origin::telling(|request| match request.path() {
        "/robots.txt" => response("200 OK", &[], "User-agent: consentgate-audit\nDisallow: /\n"),
        "/sitemap.xml" => response("404 Not Found", &[], ""),
        _ => page("<p>x"),
    });
    let found = audited(&folder.path().join("none"), &[&address(&none)], &[]);
    assert_eq!(found.report["sites"][0]["pages"].as_array().map(Vec::len), Some(0));
    assert!(none.received().iter().all(|request| request.path() != "/"));
}

#[test]
fn two_audits_are_compared() {
    let origin = Origin::telling(council);
    let gate = Plan::before(origin.address).hosts("[127.0.0.1]").start();
    let folder = tempfile::tempdir().unwrap();
    let before = folder.path().join("before");
    audited(&before, &[&address(&origin)], &[]);
    // The same site, with the gate in front, under the address it had.
    let report = fs::read_to_string(before.join("report.json")).unwrap();
    let moved = report.replace(&origin.address.to_string(), &gate.address.to_string());
    fs::write(before.join("report.json"), moved).unwrap();
    let now = folder.path().join("now");
    let against = before.join("report.json");
    let found = audited(&now, &[&format!("http://{}/", gate.address)], &["--against", against.to_str().unwrap()]);
    assert!(found.said.contains("gone: untouched: cookie _ga for"), "{}", found.said);
    let changes: Value = serde_json::from_slice(&fs::read(now.join("changes.json")).unwrap()).unwrap();
    assert_eq!(
        changes[0]["met_now"],
        serde_json::json!(["cookies_before_choice", "declared", "trackers_before_choice"])
    );
}

#[test]
fn a_first_yaml_is_taken_by_check_and_asks_about_what_nobody_knows() {
    let origin = Origin::telling(council);
    let output = run(&["init", "--delay", "0ms", &address(&origin)]);
    let yaml = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for words in [
        "      - { name: \"_ga\", purpose: analytics }",
        "      # - { name: \"mystery\",",
        "      # - { match: \"||unheard-of.example^\",",
        "      - { match: \"||www.google-analytics.com^\", purpose: analytics }",
        "held until a visitor agrees to everything",
        "a cookie that logging in sets is not here",
    ] {
        assert!(yaml.contains(words), "{words} is not in\n{yaml}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gate.yaml");
    let to_file = ["init", "--delay", "0ms", "--out", file.to_str().unwrap(), &address(&origin)];
    let output = run(&to_file);
    assert!(output.status.success() && output.stdout.is_empty());
    assert_eq!(fs::read_to_string(&file).unwrap(), yaml);
    let checked = run(&["check", file.to_str().unwrap()]);
    assert!(checked.status.success(), "{}{yaml}", String::from_utf8_lossy(&checked.stderr));
    let again = run(&to_file);
    assert!(!again.status.success() && String::from_utf8_lossy(&again.stderr).contains("is not written over"));
    assert!(!run(&["init", &format!("http://{}/", Origin::absent())]).status.success());
}

#[test]
fn the_schema_is_that_of_the_report() {
    let output = run(&["audit", "--schema"]);
    let schema: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let properties = schema["properties"].as_object().expect("properties");
    let origin = Origin::telling(council);
    let folder = tempfile::tempdir().unwrap();
    let report = audited(folder.path(), &[&address(&origin)], &["--pages", "1"]).report;
    let keys: Vec<_> = report.as_object().unwrap().keys().collect();
    assert_eq!(keys, properties.keys().collect::<Vec<_>>());
    let criteria: Value = serde_json::from_slice(&run(&["audit", "--criteria"]).stdout).expect("JSON");
    assert_eq!(criteria["version"], report["criteria_version"]);
}

#[test]
fn a_site_that_leads_to_somebody_elses_is_not_followed_there() {
    let origin = Origin::telling(|request| match (request.head.value("host").unwrap_or_default(), request.path()) {
        (host, "/") if host.starts_with("localhost") => {
            let port = host.rsplit(':').next().unwrap_or_default();
            response("301 Moved Permanently", &[("Location", &format!("http://127.0.0.1:{port}/"))], "")
        }
        (_, "/robots.txt" | "/sitemap.xml") => response("404 Not Found", &[], ""),
        _ => page("<!doctype html><a href='/a'>A</a>"),
    });
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = format!("http://localhost:{}/", origin.address.port());
    let found = audited(folder.path(), &[&elsewhere], &[]);
    assert!(found.said.contains("leads to http://127.0.0.1") && found.said.contains("another site"), "{}", found.said);
}

#[test]
fn what_an_audit_chooses_is_proven_and_counted_as_nobodys_choice() {
    let origin = Origin::telling(council);
    let gate = Plan::before(origin.address).hosts("[127.0.0.1]").start();
    let folder = tempfile::tempdir().unwrap();
    let site = format!("http://{}/", gate.address);
    assert_eq!(audited(&folder.path().join("report"), &[&site], &["--pages", "2"]).code, 0);
    let audits = gate.records().len();
    assert!(audits >= 3, "refused, given and withdrawn");
    assert!(gate.records().iter().all(|record| record["method"] == "audit"), "{:#?}", gate.records());
    let before = gate.admin("GET", "/metrics").send().expect(200).text();
    assert!(before.contains(&format!("consentgate_audit_choices_total{{site=\"127.0.0.1\"}} {audits}\n")), "{before}");
    let counted = |text: &str| {
        let lines = text.lines().filter(|line| {
            line.starts_with("consentgate_choices_total{") || line.starts_with("consentgate_notices_shown_total{")
        });
        lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok()).sum::<u64>()
    };
    assert_eq!(counted(&before), 0, "{before}");

    let host = gate.address.to_string();
    let refused = gate.choose("choice=reject").with("Host", &host).with("Origin", &format!("http://{host}")).send();
    refused.expect(303);
    assert_eq!(counted(&gate.admin("GET", "/metrics").send().expect(200).text()), 1);
    let (code, shown, _) = gate.ledger(&["show"]);
    assert_eq!(code, 0);
    let of_them =
        format!("{audits} of them by audits; these are not in the numbers below\n\nevent    records\nrefused  1\n");
    assert!(shown.contains(&format!(": {} records, ", audits + 1)) && shown.contains(&of_them), "{shown}");
    let pack = folder.path().join("pack");
    assert_eq!(gate.ledger(&["export", "--pack", pack.to_str().unwrap()]).0, 0);
    let page = fs::read_to_string(pack.join("index.html")).unwrap();
    assert!(page.contains(&format!("{} records, {audits} of them by audits", audits + 1)), "{page}");
    assert!(!page.contains("<td>given"), "no agreement of nobody's among the figures: {page}");
    assert_eq!(gate.ledger(&["verify"]).0, 0);
}

#[test]
fn a_gate_is_audited_by_its_sites_name_before_dns_has_moved() {
    let origin = Origin::telling(council);
    let gate = Plan::before(origin.address).hosts("[www.council.test]").start();
    let folder = tempfile::tempdir().unwrap();
    let at = gate.address.to_string();
    let site = "http://www.council.test/";
    let found = audited(&folder.path().join("named"), &[site], &["--connect-to", &at]);
    assert_eq!(found.code, 0, "{}", found.said);
    let report = &found.report["sites"][0];
    assert_eq!((report["url"].as_str(), &report["notice"]["product"]), (Some(site), &"Consentgate".into()));
    let own: Vec<_> = names(&report["pages"], "url").into_iter().filter(|page| page.contains("/.consent/")).collect();
    assert_eq!(own, ["http://www.council.test/.consent/cookies"], "of the gate's own pages one is a page, once");
    for state in ["untouched", "rejected", "accepted"] {
        let cookies = report["states"][state]["cookies"].as_array().unwrap();
        let choice = cookies.iter().find(|cookie| cookie["name"] == "consentgate");
        assert!(choice.is_none_or(|cookie| cookie["purpose"] == "essential"), "{choice:?}");
        assert_eq!(choice.is_some(), state != "untouched");
    }

    let found = audited(&folder.path().join("by-address"), &[&format!("http://{at}/")], &[]);
    assert_eq!((found.code, &found.report["sites"][0]["score"]), (0, &Value::Null));
    let why = format!(
        "  not seen: http://{at}/: answered with 421: no site of the gate has this host; ask by the site's own name, with --connect-to"
    );
    assert!(found.said.contains(&why), "{}", found.said);
}

#[test]
fn a_site_is_compared_with_itself_under_another_address_and_with_nothing_said_to_be() {
    let origin = Origin::telling(council);
    let gate = Plan::before(origin.address).hosts("[www.council.test]").start();
    let folder = tempfile::tempdir().unwrap();
    let (before, now) = (folder.path().join("before"), folder.path().join("now"));
    audited(&before, &[&address(&origin)], &[]);
    let against = before.join("report.json");
    let against = ["--against", against.to_str().unwrap()];
    let at = gate.address.to_string();
    let more = [&["--connect-to", &at][..], &against].concat();
    let found = audited(&now, &["http://www.council.test/"], &more);
    assert!(found.said.contains("gone: untouched: cookie _ga for www.council.test"), "{}", found.said);
    assert!(!found.said.contains("cookie ASP.NET_SessionId"), "{}", found.said);

    let other = Origin::telling(council);
    let both = [address(&origin).replace("127.0.0.1", "localhost"), address(&other)];
    let found = audited(&folder.path().join("both"), &[&both[0], &both[1]], &against);
    assert!(found.said.contains("no site in common with this audit"), "{}", found.said);
}

#[test]
fn a_browser_finds_the_gate_by_its_sites_name_too_and_says_that_it_audits() {
    let places = std::env::var_os("PATH").unwrap_or_default();
    let named = std::env::var_os("CHROMIUM").is_some();
    if !named && !std::env::split_paths(&places).any(|folder| folder.join("chromium").is_file()) {
        assert!(std::env::var_os("CI").is_none(), "there is no Chromium, and tests/run installs one");
        return eprintln!("NOT TESTED: there is no Chromium on this machine (apt install chromium, or tests/run)");
    }
    let origin = Origin::telling(|request| match request.path() {
        "/" => page("<!doctype html><html lang=en><title>Council</title><p>x"),
        _ => response("404 Not Found", &[], ""),
    });
    let gate = Plan::before(origin.address).hosts("[www.council.test]").start();
    let folder = tempfile::tempdir().unwrap();
    let at = gate.address.to_string();
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".into());
    let mut more = vec!["--connect-to", &at, "--pages", "1", "--mode", "browser", "--chromium-flag=--no-sandbox"];
    more.extend(named.then_some(["--chromium", &chromium]).into_iter().flatten());
    let found = audited(folder.path(), &["http://www.council.test/"], &more);
    assert_eq!(found.report["sites"][0]["notice"]["product"], "Consentgate", "{}", found.said);
    let methods: Vec<_> = gate.records().iter().map(|record| record["method"].clone()).collect();
    assert!(methods.len() >= 3 && methods.iter().all(|method| method == "audit"), "{methods:?}");
}
