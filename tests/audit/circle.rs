//! From `init` to a gate that keeps its YAML: each council's own, started as an operator starts it.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::councils::{Council, Deed};
use crate::looking::Eyes;
use crate::ops::{Gate, Place, run};

/// How many look at once.
const AT_ONCE: usize = 8;

/// A gate in front of a council, with the YAML that `init` wrote for it.
pub(crate) struct Gated {
    pub(crate) url: String,
    pub(crate) yaml: String,
    _gate: Gate,
    _place: Place,
}

/// The YAML of each, in their order.
pub(crate) fn init(eyes: &Eyes, councils: &[Council]) -> Vec<String> {
    let mut written = Vec::new();
    for some in councils.chunks(AT_ONCE) {
        let some: Vec<String> = thread::scope(|scope| {
            let asked: Vec<_> = some.iter().map(|council| scope.spawn(|| init_one(eyes, council))).collect();
            asked.into_iter().map(|asked| asked.join().expect("it is written")).collect()
        });
        written.extend(some);
    }
    written
}

fn init_one(eyes: &Eyes, council: &Council) -> String {
    let done = eyes.command("init").arg(council.url(eyes.port)).output().expect("it runs");
    assert!(done.status.success(), "{}: {}", council.name, String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("YAML")
}

impl Gated {
    /// Checks the YAML as it is, and serves it: enforced, at the council's own address on another port.
    pub(crate) fn start(council: &Council, yaml: String) -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let place = Place::new(anywhere);
        place.write("init.yaml", &yaml);
        check(council, &place.path("init.yaml"));
        assert_eq!(yaml.matches("    mode: observe\n").count(), 1, "{yaml}");
        let own = format!(
            "listeners: [{{ address: \"{}:0\" }}]\nadmin: {{ address: \"127.0.0.1:0\" }}\nworkers: 1\n\
             ledger: {{ url: \"sqlite:{}\" }}\nsigning_key_file: \"{}\"\n",
            council.host(),
            place.path("ledger.db").display(),
            place.path("gate.key").display()
        );
        // Whoever enforces says who they are, too.
        let enforced = yaml.replace("    mode: observe\n", "    mode: enforce\n");
        place.write("gate.yaml", &(own + &enforced.replace("# organisation: {", "organisation: {")));
        check(council, &place.config());
        let gate = Gate::start(&place);
        Self { url: format!("http://{}/", gate.public), yaml, _gate: gate, _place: place }
    }
}

fn check(council: &Council, file: &Path) {
    let said = run(&["check".as_ref(), file.as_os_str()]);
    assert_eq!((said.code, &*said.err), (Some(0), ""), "{}: {}", council.name, said.out);
    assert!(said.out.contains(": ok (1 site"), "{}", said.out);
}

/// What may be there before a choice, or after a refusal: the rest, in words.
pub(crate) fn too_much(council: &Council, site: &Value, state: &str) -> Vec<String> {
    let list = |name: &str| site["states"][state][name].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let may = |name: &str| council.truth.essential.contains(&name) || name == "consentgate";
    // What another company set after Accept stays with it: no site can take that away.
    let theirs = |one: &Value| state == "withdrawn" && one["first_party"] == false;
    let cookies = list("cookies").iter().filter(|one| !may(&text(one, "name")) && !theirs(one));
    let stored = list("storage").iter().filter(|one| !may(&text(one, "key")));
    let needs = |one: &Value| one["purpose"].as_str().is_some_and(|purpose| purpose != "essential");
    let others = list("third_parties").iter().filter(|one| needs(one));
    let say = |kind: &str, name: String| format!("{}: {state}: {kind} {name}", council.name);
    let cookies = cookies.map(|one| say("cookie", text(one, "name")));
    let stored = stored.map(|one| say(&text(one, "kind"), text(one, "key")));
    cookies.chain(stored).chain(others.map(|one| say("host", text(one, "host")))).collect()
}

/// Walks each site: directly, through the gate, and through the gate after Reject.
pub(crate) fn walk(eyes: &Eyes, councils: &[Council], gated: &[Gated], pages: &[Vec<String>]) -> Vec<[Value; 3]> {
    let visits = councils.iter().zip(gated).zip(pages).flat_map(|((council, gated), pages)| {
        let deeds = council.deeds.iter().map(|deed| match deed {
            Deed::Search(path) => json!({ "what": "search", "path": path }),
            Deed::LogIn(path) => json!({ "what": "log in", "path": path }),
        });
        let deeds: Vec<_> = deeds.collect();
        let direct = council.url(eyes.port);
        [(&direct, false), (&gated.url, false), (&gated.url, true)]
            .map(|(site, refuses)| json!({ "site": site, "pages": pages, "deeds": deeds, "refuses": refuses }))
    });
    let asked = json!({ "program": eyes.chromium, "flags": eyes.flags(), "visits": visits.collect::<Vec<_>>() });
    let mut walked = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/circle.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    walked.stdin.take().expect("it is piped").write_all(asked.to_string().as_bytes()).expect("it reads");
    let walked = walked.wait_with_output().expect("it ends");
    assert!(walked.status.success());
    let mut met = serde_json::from_slice::<Vec<Value>>(&walked.stdout).expect("JSON").into_iter();
    councils.iter().map(|_| std::array::from_fn(|_| met.next().expect("three visits each"))).collect()
}

/// What a visitor through the gate has that one without it has not, or the other way round.
pub(crate) fn broken(council: &Council, direct: &Value, through: &Value) -> Vec<String> {
    let list = |of: &Value, name: &str| of[name].as_array().expect("a list").clone();
    let mut broken = Vec::new();
    for (is, was) in list(through, "pages").iter().zip(&list(direct, "pages")) {
        for what in ["status", "text", "forms"] {
            if is[what] != was[what] {
                broken.push(format!("{}: {}: {what}:\n  {}\n  {}", council.name, was["path"], was[what], is[what]));
            }
        }
        let errors = |of: &Value| -> BTreeSet<String> { list(of, "errors").iter().map(ToString::to_string).collect() };
        let mut new = errors(is);
        new.retain(|error| !errors(was).contains(error) && !council.limits.contains(&&**error));
        if !new.is_empty() {
            broken.push(format!("{}: {}: new errors: {new:?}", council.name, was["path"]));
        }
    }
    if through["done"] != direct["done"] {
        broken.push(format!("{}: {} without the gate, {} through it", council.name, direct["done"], through["done"]));
    }
    broken
}
