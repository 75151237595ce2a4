//! The dashboard, the tables behind it, the metrics, and who may look (promise 17).

use std::fs;

use crate::common::{Answer, Gate, HOST, HTML, Origin, Plan, page, response, wait_until};

const TOKEN: &str = "5f1d3c1e0a9b4c7d8e6f5a4b3c2d1e0f";
const PAGES: [&str; 5] = ["/", "/sites/www.example.gov.uk", "/audits", "/config", "/ledger"];
const GATE_TABLES: [&str; 8] =
    ["sites", "held", "abandoned", "audits", "audits/new", "config/settings", "ledger/events", "ledger/months"];
const SITE_TABLES: [&str; 13] = [
    "choices",
    "asked",
    "held",
    "purposes",
    "pages",
    "unclassified",
    "drift",
    "cookies",
    "storage",
    "third-parties",
    "companies",
    "upstream",
    "speed",
];

const BODY: &str = "<!doctype html><html lang=en><title>Bins</title><body><p>Bins\
    <script src=\"https://stats.example/s.js\"></script><script src=\"https://pay.unknown.example/p.js\"></script>";

/// A site that has been visited, by people who agreed, refused, and said nothing.
fn visited(plan: impl FnOnce(Plan) -> Plan) -> (Origin, Gate) {
    let origin = Origin::telling(|request| match request.path() {
        "/xml" => response(
            "200 OK",
            &[("Content-Type", "application/xhtml+xml")],
            "<html xmlns='http://www.w3.org/1999/xhtml'/>",
        ),
        _ => response(
            "200 OK",
            &[HTML, ("Set-Cookie", "nobody-knows=1; Max-Age=600"), ("Set-Cookie", "_ga=2; Path=/")],
            BODY,
        ),
    });
    let gate = plan(Plan::before(origin.address)).start();
    for choice in ["accept", "accept", "reject"] {
        gate.visitor(choice).unwrap();
    }
    gate.page("/bins").send().expect(200);
    gate.page("/bins").with("Referer", &format!("http://{HOST}/")).send().expect(200);
    gate.page("/xml").send().expect(200);
    (origin, gate)
}

fn tables() -> impl Iterator<Item = String> {
    let of_site = SITE_TABLES.iter().map(|name| format!("/api/sites/{HOST}/{name}"));
    GATE_TABLES.iter().map(|name| format!("/api/{name}")).chain(of_site)
}

fn json(gate: &Gate, path: &str) -> serde_json::Value {
    let answer = gate.admin("GET", path).send().expect(200);
    serde_json::from_slice(&answer.body).unwrap()
}

/// The number of this table's first row with this value in this column.
fn number(gate: &Gate, path: &str, (key, value): (&str, &str), column: &str) -> u64 {
    let rows = json(gate, path);
    let row = rows.as_array().unwrap().iter().find(|row| row[key] == value);
    row.unwrap_or_else(|| panic!("{value} in {rows:#}"))[column].as_u64().unwrap()
}

/// The value of this metric with these labels.
fn metric(gate: &Gate, name: &str) -> Option<f64> {
    let metrics = gate.admin("GET", "/metrics").send().expect(200).text();
    metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn every_page_and_table_answers_and_runs_nothing_from_elsewhere() {
    let (_origin, gate) = visited(|plan| plan);
    for path in PAGES {
        let answer = gate.admin("GET", path).send().expect(200);
        let policy = answer.head.value("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'; script-src 'self'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        let text = answer.text();
        assert!(text.contains("<h1>") && text.ends_with("</html>"), "{path}: {text}");
        for elsewhere in [" style=", " onclick", "src=\"http", "href=\"http", "@import"] {
            assert!(!text.contains(elsewhere), "{path}: {elsewhere}");
        }
    }
    for path in ["/dashboard.css", "/dashboard.js"] {
        gate.admin("GET", path).send().expect(200);
    }
    for path in tables() {
        let rows = json(&gate, &path).as_array().unwrap().len();
        let csv = gate.admin("GET", &format!("{path}?format=csv")).send().expect(200);
        assert!(csv.head.value("content-disposition").unwrap().starts_with("attachment; filename=\""));
        let read: Vec<_> = csv::Reader::from_reader(&csv.body[..]).records().map(Result::unwrap).collect();
        assert_eq!(read.len(), rows, "{path}");
    }
    for path in [
        "/sites/evil.example",
        "/sites/",
        "/api/",
        "/api/sites/x/held",
        "/api/sites/www.example.gov.uk/x",
        "/..%2fconfig",
    ] {
        gate.admin("GET", path).send().expect(404);
    }
}

#[test]
fn names_that_a_program_makes_up_are_one_row_of_the_unclassified() {
    let origin = Origin::telling(|request| {
        let number: u32 = request.path().trim_start_matches('/').parse().unwrap();
        let lines = [format!("cart_{number:07x}{number:x}=1"), format!("poll_{number}=1"), "nobody-knows=1".to_owned()];
        let lines: Vec<_> = lines.iter().map(|line| ("Set-Cookie", line.as_str())).chain([HTML]).collect();
        response("200 OK", &lines, BODY)
    });
    let gate = Plan::before(origin.address).start();
    (10..30).for_each(|number| _ = gate.page(&format!("/{number}")).send().expect(200));
    let rows = json(&gate, &format!("/api/sites/{HOST}/unclassified"));
    let listed: Vec<_> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(listed, [("cart_*", 20), ("nobody-knows", 20), ("poll_*", 20), ("pay.unknown.example", 20)]);
    assert!(rows[0]["yaml"].as_str().unwrap().ends_with("      - { name: \"cart_*\", purpose: CHOOSE }"), "{rows}");
    assert_eq!(gate.log().matches("unclassified: cart_*").count(), 1, "{}", gate.log());
}

#[test]
fn what_was_asked_and_answered_is_counted() {
    let (_origin, gate) = visited(|plan| plan);
    let site = format!("/api/sites/{HOST}");
    let today = json(&gate, &format!("{site}/asked"))[0].clone();
    assert_eq!((&today["asked"], &today["arrived"], &today["answered"]), (&2.into(), &1.into(), &3.into()), "{today}");
    wait_until("the ledger has been counted again", || {
        let choices = json(&gate, &format!("{site}/choices"))[0].clone();
        (&choices["agreed"], &choices["refused"]) == (&2.into(), &1.into())
    });
    assert_eq!(number(&gate, "/api/sites", ("site", HOST), "requests"), 6);
    assert_eq!(number(&gate, "/api/ledger/events", ("event", "given"), "records"), 2);
    assert_eq!(metric(&gate, &format!("consentgate_choices_total{{site=\"{HOST}\",event=\"refused\"}}")), Some(1.0));
    assert_eq!(
        metric(&gate, &format!("consentgate_notices_shown_total{{site=\"{HOST}\",arrival=\"yes\"}}")),
        Some(1.0)
    );
    assert_eq!(metric(&gate, &format!("consentgate_requests_total{{site=\"{HOST}\",status=\"2xx\"}}")), Some(6.0));
    assert_eq!(metric(&gate, &format!("consentgate_rewrite_duration_seconds_count{{site=\"{HOST}\"}}")), Some(2.0));
    assert_eq!(metric(&gate, &format!("consentgate_upstream_duration_seconds_count{{site=\"{HOST}\"}}")), Some(3.0));
    let read = metric(&gate, &format!("consentgate_rewrite_bytes_total{{site=\"{HOST}\",direction=\"in\"}}")).unwrap();
    let written =
        metric(&gate, &format!("consentgate_rewrite_bytes_total{{site=\"{HOST}\",direction=\"out\"}}")).unwrap();
    assert_eq!(read.to_string(), (2 * BODY.len()).to_string());
    assert!(written > read, "the notice was added: {written}");
    assert_eq!(number(&gate, "/api/abandoned", ("site", HOST), "pages"), 1);
}

#[test]
fn a_site_that_fails_is_seen_to_fail() {
    let gate = Plan::before(Origin::absent()).start();
    gate.page("/").send().expect(502);
    let what = format!("consentgate_upstream_failures_total{{site=\"{HOST}\",kind=\"connect\"}}");
    assert_eq!(metric(&gate, &what), Some(1.0));
    assert_eq!(metric(&gate, &format!("consentgate_requests_total{{site=\"{HOST}\",status=\"5xx\"}}")), Some(1.0));
    let table = json(&gate, &format!("/api/sites/{HOST}/upstream"));
    assert!(table.to_string().contains("failures: connect"), "{table}");
}

/// Every line is a comment or `name{label="value",…} number`, every series comes once, and histograms add up.
#[test]
fn the_metrics_are_prometheus_text() {
    let (_origin, gate) = visited(|plan| plan);
    let text = gate.admin("GET", "/metrics").send().expect(200).text();
    let series =
        regex::Regex::new(r#"^[a-z_]+(\{[a-z]+="([^"\\\n]|\\.)*"(,[a-z]+="([^"\\\n]|\\.)*")*\})? [0-9.e+-]+$"#)
            .unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for line in text.lines() {
        assert!(line.starts_with("# HELP ") || line.starts_with("# TYPE ") || series.is_match(line), "{line}");
        if !line.starts_with('#') {
            assert!(seen.insert(line.rsplit_once(' ').unwrap().0.to_owned()), "twice: {line}");
        }
    }
    let declared: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    for line in &declared {
        let (name, kind) = line.split_once(' ').unwrap();
        assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
    }
    let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/operations.md")).unwrap();
    for line in declared {
        let name = line.split(' ').next().unwrap();
        assert!(docs.contains(&format!("`{name}`")), "docs/operations.md does not say what {name} is");
    }
    let of = |name: &str| metric(&gate, &format!("{name}{{site=\"{HOST}\"}}")).unwrap();
    let most = format!("consentgate_request_duration_seconds_bucket{{site=\"{HOST}\",le=\"+Inf\"}}");
    assert_eq!(metric(&gate, &most), Some(of("consentgate_request_duration_seconds_count")));
    assert!(of("consentgate_request_duration_seconds_sum") > 0.0);
}

#[test]
fn what_a_site_calls_its_cookies_is_shown_as_text() {
    let hostile = "<img/src/onerror:alert(1)>";
    let set = [format!("{hostile}=1; Path=/"), "@HYPERLINK(1)=1".into(), "\"&'quoted=1".into()];
    let lines: Vec<_> = [HTML].into_iter().chain(set.iter().map(|line| ("Set-Cookie", &**line))).collect();
    let origin = Origin::answering(response("200 OK", &lines, "<!doctype html><body>x"));
    let gate = Plan::before(origin.address).start();
    gate.page("/").send().expect(200);
    let text = gate.admin("GET", &format!("/sites/{HOST}")).send().expect(200).text();
    assert!(text.contains("&lt;img") && !text.contains("<img"), "{text}");
    let unclassified = format!("/api/sites/{HOST}/unclassified");
    let csv = gate.admin("GET", &format!("{unclassified}?format=csv")).send().expect(200).text();
    assert!(csv.lines().all(|line| !line.starts_with(['=', '+', '@', '-'])), "{csv}");
    assert!(number(&gate, &unclassified, ("name", hostile), "count") > 0);
}

/// The lines that the page offers make the gate know what it did not.
#[test]
fn a_snippet_can_be_pasted_as_it_is() {
    let (_origin, gate) = visited(Plan::without_rules);
    let path = format!("/api/sites/{HOST}/unclassified");
    let queue = json(&gate, &path);
    let names: Vec<_> = queue.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
    for name in ["nobody-knows", "pay.unknown.example"] {
        assert!(names.contains(&name.to_owned()), "{names:?}");
    }
    let yaml = fs::read_to_string(&gate.file).unwrap();
    let cookie = queue.as_array().unwrap().iter().find(|row| row["name"] == "nobody-knows").unwrap();
    let lines = cookie["yaml"].as_str().unwrap();
    fs::write(&gate.file, format!("{yaml}{lines}\n")).unwrap();
    gate.read_again();
    // A guess would be a rule, and hold what people log in with.
    gate.log_line("'CHOOSE' is not a purpose");
    fs::write(&gate.file, format!("{yaml}{}\n", lines.replace("CHOOSE }", "preferences }"))).unwrap();
    gate.read_again();
    wait_until("it is known", || !json(&gate, &path).to_string().contains("nobody-knows"));
}

#[test]
fn what_was_seen_once_is_said_so_and_numbers_are_numbers() {
    let set = [HTML, ("Set-Cookie", "nobody-knows=1"), ("Set-Cookie", "theme=1; Max-Age=600")];
    let origin = Origin::answering(response("200 OK", &set, "<p>x"));
    let gate =
        Plan::before(origin.address).without_rules().line("cookies: [{ name: theme, purpose: essential }]").start();
    gate.page("/bins").send().expect(200);
    let page = gate.admin("GET", &format!("/sites/{HOST}")).send().expect(200).text();
    assert!(page.contains("cookie, once</p>") && !page.contains(", 1 times</p>"), "{page}");
    let cookies = json(&gate, &format!("/api/sites/{HOST}/cookies"));
    let kept = cookies.as_array().unwrap().iter().map(|row| (row["name"].as_str(), row["kept_seconds"].as_f64()));
    let kept: Vec<_> = kept.collect();
    assert!(
        kept.contains(&(Some("nobody-knows"), Some(0.0))) && kept.contains(&(Some("theme"), Some(600.0))),
        "{kept:?}"
    );
}

#[test]
fn the_configuration_in_force_is_shown_without_its_secrets() {
    let (_origin, gate) = visited(|plan| plan.admin_token(TOKEN).line("# hunter2 is in a comment"));
    let key = fs::read_to_string(gate.ledger_folder().parent().unwrap().join("signing.key")).unwrap();
    let ask = |path: &str| {
        gate.admin("GET", path).with("Authorization", &format!("Bearer {TOKEN}")).send().expect(200).text()
    };
    let config = ask("/config");
    assert!(config.contains("token_file: admin.token") && config.contains("mode: enforce"), "{config}");
    assert!(config.contains("256MiB") || config.contains("268435456"), "defaults too");
    for path in PAGES.into_iter().map(str::to_owned).chain(tables()).chain(["/metrics".into(), "/api/stats".into()]) {
        let text = ask(&path);
        for secret in ["hunter2", TOKEN, key.trim()] {
            assert!(!text.contains(secret), "{path} tells {secret}");
        }
    }
    assert!(!gate.log().contains(TOKEN));
    assert!(!format!("{:?}", consentgate::config::load(&gate.file).unwrap()).contains(TOKEN));
}

#[test]
fn the_dashboard_is_read_and_nothing_else() {
    let (_origin, gate) = visited(|plan| plan);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        let answer = gate.admin(method, "/").send().expect(405);
        assert_eq!(answer.head.value("allow").as_deref(), Some("GET, HEAD"), "{method}");
    }
    for path in ["/", "/config", "/metrics", "/api/sites"] {
        let head = gate.admin("HEAD", path).send().expect(200);
        assert!(head.body.is_empty() && head.head.value("content-length").unwrap() != "0", "{path}");
    }
    for host in ["evil.example", "", "127.0.0.1.evil.example:9901"] {
        gate.admin("GET", "/").with("Host", host).send().expect(403);
    }
    gate.admin("GET", "/login").send().expect(404);
}

fn location(answer: &Answer) -> String {
    answer.head.value("location").unwrap()
}

#[test]
fn with_a_token_nobody_looks_without_it() {
    let (_origin, gate) = visited(|plan| plan.admin_token(TOKEN));
    for path in ["/", "/config", "/metrics", "/api/stats", "/dashboard.js", "/nowhere"] {
        let answer = gate.admin("GET", path).send().expect(401);
        assert!(answer.head.value("www-authenticate").unwrap().starts_with("Bearer"), "{path}");
        let shown = gate.admin("GET", path).with("Accept", "text/html").send().expect(303);
        assert_eq!(location(&shown), "/login");
        for wrong in [format!("Bearer {TOKEN}x"), format!("Basic {TOKEN}"), "Bearer".into()] {
            assert_ne!(gate.admin("GET", path).with("Authorization", &wrong).send().status, 200, "{wrong}");
        }
    }
    for path in ["/healthz", "/readyz", "/login", "/dashboard.css"] {
        gate.admin("GET", path).send().expect(200);
    }
    gate.admin("GET", &format!("/?token={TOKEN}")).send().expect(401);
}

#[test]
fn a_log_in_lasts_until_the_log_out() {
    let (_origin, gate) = visited(|plan| plan.admin_token(TOKEN));
    let form = |token: &str| {
        gate.admin("POST", "/login")
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(format!("token={token}"))
    };
    assert!(form("wrong").send().expect(401).text().contains("That is not the token"));
    assert!(!form("<script>").send().expect(401).text().contains("<script>"));
    form(TOKEN).with("Origin", "http://evil.example").send().expect(403);
    let answer = form(TOKEN).with("Origin", "http://localhost").send().expect(303);
    assert_eq!(location(&answer), "/");
    let line = answer.head.value("set-cookie").unwrap();
    assert!(line.contains("; HttpOnly; SameSite=Strict") && !line.contains(TOKEN), "{line}");
    let pair = line.split(';').next().unwrap();
    for path in PAGES {
        let text = gate.admin("GET", path).cookie(pair).send().expect(200).text();
        assert!(text.contains("action=\"/logout\""), "{path}");
    }
    gate.admin("GET", "/").cookie(&pair.replace('.', "1.")).send().expect(401);
    let answer = gate.admin("POST", "/logout").cookie(pair).with("Content-Length", "0").send().expect(303);
    assert!(answer.head.value("set-cookie").unwrap().starts_with("consentgate-admin=; Max-Age=0"));
    gate.admin("GET", "/logout").cookie(pair).send().expect(405);
}

#[test]
fn guessing_has_to_wait() {
    let (_origin, gate) = visited(|plan| plan.admin_token(TOKEN));
    for n in 0..10 {
        gate.admin("GET", "/").with("Authorization", &format!("Bearer guess-{n}")).send().expect(401);
    }
    let answer = gate.admin("GET", "/metrics").with("Authorization", &format!("Bearer {TOKEN}")).send().expect(429);
    let seconds: u64 = answer.head.value("retry-after").unwrap().parse().unwrap();
    assert!((1..=61).contains(&seconds), "{seconds}");
    gate.log_line("10 wrong tokens");
    gate.admin("GET", "/readyz").send().expect(200);
}

#[test]
fn a_page_with_no_traffic_and_no_ledger_says_so() {
    let origin = Origin::answering(page("x"));
    let gate = Gate::before(&origin);
    gate.take_the_ledger_away();
    for path in PAGES {
        gate.admin("GET", path).send().expect(200);
    }
    assert!(gate.admin("GET", "/ledger").send().expect(200).text().contains("Cannot be read"));
    gate.give_the_ledger_back();
}
