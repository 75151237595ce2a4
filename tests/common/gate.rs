//! A site, the gate in front of it and a visitor, over real sockets: the site answers exactly the bytes a test gives it,
//! the gate is the built program, and the visitor shows every byte that came back.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// The host of the site in most tests; below a public suffix of two labels, as councils are.
pub(crate) const HOST: &str = "www.example.gov.uk";
/// Longer than anything takes on a busy machine; a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

// === Messages ===

/// The first line and the header lines of a message, as their bytes are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) first: String,
    pub(crate) lines: Vec<(String, Vec<u8>)>,
}

impl Head {
    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        let found = self.lines.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let values = self.values(name);
        assert!(values.len() <= 1, "{name} came {} times: {values:?}", values.len());
        values.into_iter().next()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    fn parse(bytes: &[u8]) -> Self {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = String::from_utf8(lines.next().unwrap_or_default().to_vec()).expect("an ASCII first line");
        let pair = |line: &[u8]| {
            let colon = line.iter().position(|byte| *byte == b':').expect("a header line has a colon");
            let name = String::from_utf8(line[..colon].to_vec()).expect("an ASCII name");
            (name, line[colon + 1..].trim_ascii().to_vec())
        };
        Self { first, lines: lines.filter(|line| !line.is_empty()).map(pair).collect() }
    }

    fn length(&self) -> Option<usize> {
        self.value("content-length").map(|length| length.parse().expect("a length is a number"))
    }

    fn is_chunked(&self) -> bool {
        self.value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
    }
}

/// A request as the site received it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn target(&self) -> &str {
        self.head.first.split(' ').nth(1).expect("a request line has a target")
    }

    pub(crate) fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }
}

/// One connection, read with patience.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the gate listens");
        Self::of(stream)
    }

    fn of(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
        stream.set_nodelay(true).expect("a socket can be told not to wait");
        Self { stream: BufReader::new(stream) }
    }

    /// Writes; a peer that has gone is for the reader to notice.
    pub(crate) fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.get_mut().write_all(bytes.as_ref());
    }

    /// Reads up to and including these bytes; what came, where the connection ended before.
    pub(crate) fn read_until(&mut self, end: &[u8]) -> Vec<u8> {
        let mut read = Vec::new();
        let mut byte = [0];
        while !read.ends_with(end) {
            match self.stream.read(&mut byte) {
                Ok(1) => read.push(byte[0]),
                Ok(_) => break,
                Err(error) if is_reset(&error) => break,
                Err(error) => panic!("waiting for {:?}: {error}", String::from_utf8_lossy(end)),
            }
        }
        read
    }

    /// Reads a head; `None` where the connection ends instead.
    pub(crate) fn read_head(&mut self) -> Option<Head> {
        let bytes = self.read_until(b"\r\n\r\n");
        bytes.ends_with(b"\r\n\r\n").then(|| Head::parse(&bytes))
    }

    pub(crate) fn read_exactly(&mut self, length: usize) -> Vec<u8> {
        let mut read = vec![0; length];
        self.stream.read_exact(&mut read).expect("as many bytes as were announced");
        read
    }

    /// Reads to the end of the connection; `false` where it was reset.
    pub(crate) fn read_rest(&mut self) -> (Vec<u8>, bool) {
        let mut read = Vec::new();
        match self.stream.read_to_end(&mut read) {
            Ok(_) => (read, true),
            Err(error) if is_reset(&error) => (read, false),
            Err(error) => panic!("waiting for the end of the connection: {error}"),
        }
    }

    /// Says that nothing more will come, and that nothing more is wanted.
    pub(crate) fn close(&mut self) {
        let _ = self.stream.get_ref().shutdown(Shutdown::Both);
    }

    fn read_body(&mut self, head: &Head) -> Vec<u8> {
        if !head.is_chunked() {
            return self.read_exactly(head.length().unwrap_or(0));
        }
        let mut body = Vec::new();
        loop {
            let chunk = self.read_chunk();
            if chunk.is_empty() {
                return body;
            }
            body.extend(chunk);
        }
    }

    /// One chunk of a chunked body; empty at its end.
    pub(crate) fn read_chunk(&mut self) -> Vec<u8> {
        let line = String::from_utf8(self.read_until(b"\r\n")).expect("an ASCII chunk size");
        let size = usize::from_str_radix(line.trim().split(';').next().unwrap_or_default(), 16);
        let chunk = self.read_exactly(size.unwrap_or_else(|_| panic!("{line:?} is no chunk size")));
        assert_eq!(self.read_until(b"\r\n"), b"\r\n", "a chunk ends with its line");
        chunk
    }
}

fn is_reset(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

// === The site ===

type Script = dyn Fn(&Head, &mut Wire) + Send + Sync;

/// The legacy site: says what the test tells it to, and remembers what it was asked.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    ended: Arc<AtomicBool>,
}

impl Origin {
    /// Answers every request with these bytes.
    pub(crate) fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::telling(move |_| bytes.clone())
    }

    /// Answers each request with the bytes made for it.
    pub(crate) fn telling(tell: impl Fn(&Received) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let remember = Arc::clone(&received);
        let script = move |head: &Head, wire: &mut Wire| {
            let request = Received { head: head.clone(), body: wire.read_body(head) };
            remember.lock().unwrap().push(request.clone());
            wire.say(tell(&request));
        };
        let mut origin = Self::acting(script);
        origin.received = received;
        origin
    }

    /// Holds the connection of each request, once its head is there, as the test wants.
    pub(crate) fn acting(script: impl Fn(&Head, &mut Wire) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let ended = Arc::<AtomicBool>::default();
        let (script, stop): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&ended));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let script = Arc::clone(&script);
                thread::spawn(move || converse(&*script, Wire::of(stream.expect("a connection"))));
            }
        });
        Self { address, received: Arc::default(), ended }
    }

    /// A site that does not listen.
    pub(crate) fn absent() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.local_addr().expect("a bound listener has an address")
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The last request the site received.
    pub(crate) fn last(&self) -> Received {
        self.received().pop().expect("the site was asked")
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
    }
}

fn converse(script: &Script, mut wire: Wire) {
    // A pool that closes an idle connection, or a gate that was ended, is no failure of the site's.
    while let Some(head) = wire.read_head() {
        script(&head, &mut wire);
        if head.values("connection") == ["close"] {
            return;
        }
    }
}

/// A whole response with its length.
pub(crate) fn response(status: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let length = body.len().to_string();
    let mut all = headers.to_vec();
    all.push(("Content-Length", &length));
    [head(status, &all).as_bytes(), body].concat()
}

/// A status line and header lines.
pub(crate) fn head(status: &str, headers: &[(&str, &str)]) -> String {
    let lines = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("HTTP/1.1 {status}\r\n{}\r\n", lines.collect::<String>())
}

pub(crate) const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");

/// A page of the site.
pub(crate) fn page(html: impl AsRef<[u8]>) -> Vec<u8> {
    response("200 OK", &[HTML], html)
}

// === The gate ===

/// What every site of a test knows of its cookies and tags.
const RULES: &str = r#"
    cookies:
      - { name: "ASP.NET_SessionId", purpose: essential }
      - { name: "basket*", purpose: essential }
      - { name: "theme", purpose: preferences }
      - { name: "_ga*", purpose: analytics }
      - { name: "ad_*", purpose: marketing }
    tags:
      - { match: "||stats.example^", purpose: analytics }
      - { match: "||ads.example^", purpose: marketing }
"#;

/// A gate to be: one site in `enforce` mode unless a test says otherwise.
pub(crate) struct Plan {
    hosts: String,
    upstream: String,
    mode: &'static str,
    listener: &'static str,
    limits: &'static str,
    ledger: &'static str,
    organisation: &'static str,
    admin: &'static str,
    admin_address: &'static str,
    admin_more: String,
    lines: String,
    more_sites: String,
    more: String,
}

impl Plan {
    pub(crate) fn before(upstream: SocketAddr) -> Self {
        Self {
            hosts: format!("[{HOST}, example.gov.uk]"),
            upstream: format!("http://{upstream}"),
            mode: "enforce",
            listener: "",
            limits: "",
            ledger: "",
            organisation: "",
            admin: "",
            admin_address: "127.0.0.1:0",
            admin_more: String::new(),
            lines: RULES.to_owned(),
            more_sites: String::new(),
            more: String::new(),
        }
    }

    /// For these hosts instead, as the YAML writes a list.
    pub(crate) fn hosts(self, hosts: &str) -> Self {
        Self { hosts: hosts.to_owned(), ..self }
    }

    pub(crate) fn mode(self, mode: &'static str) -> Self {
        Self { mode, ..self }
    }

    /// The upstream as the YAML may also write it.
    pub(crate) fn upstream(self, written: &str) -> Self {
        Self { upstream: written.to_owned(), ..self }
    }

    pub(crate) fn limits(self, limits: &'static str) -> Self {
        Self { limits, ..self }
    }

    /// More of `ledger:`, such as `keep: 400d`.
    pub(crate) fn ledger(self, ledger: &'static str) -> Self {
        Self { ledger, ..self }
    }

    /// Everybody has to show this token to the admin listener.
    pub(crate) fn admin_token(self, token: &'static str) -> Self {
        Self { admin: token, ..self }
    }

    /// Further keys of the organisation.
    pub(crate) fn organisation(self, organisation: &'static str) -> Self {
        Self { organisation, ..self }
    }

    /// Knows nothing of its cookies and tags, but what the test's own lines say.
    pub(crate) fn without_rules(mut self) -> Self {
        self.lines = self.lines.replace(RULES, "");
        self
    }

    /// One more line of the site.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.lines.extend(["    ", line, "\n"]);
        self
    }

    /// One more key of the file, such as `inventory: { every: 1s }`.
    pub(crate) fn also(mut self, key: &str) -> Self {
        self.more.extend([key, "\n"]);
        self
    }

    pub(crate) fn another_site(mut self, hosts: &str, upstream: SocketAddr) -> Self {
        self.more_sites += &site(hosts, &format!("http://{upstream}"), "enforce", RULES);
        self
    }

    /// A TLS terminator on this machine is believed: a visitor can come by https.
    pub(crate) fn behind_a_terminator(self) -> Self {
        Self { listener: ", trusted_proxies: [127.0.0.1]", ..self }
    }

    /// The admin listener here, with these keys more.
    pub(crate) fn admin_at(self, address: &'static str, more: &str) -> Self {
        Self { admin_address: address, admin_more: format!(", {more}"), ..self }
    }

    pub(crate) fn start(self) -> Gate {
        let folder = tempfile::tempdir().expect("a folder for the gate's files");
        fs::create_dir(folder.path().join("ledger")).expect("a folder for the ledger");
        let file = folder.path().join("consentgate.yaml");
        fs::write(folder.path().join("admin.token"), self.admin).expect("the token can be written");
        fs::write(&file, self.yaml(&folder.path().display().to_string())).expect("the YAML can be written");
        Gate::start(folder, file)
    }

    fn yaml(&self, folder: &str) -> String {
        let Self {
            hosts, upstream, mode, listener, limits, ledger, organisation, admin, lines, more_sites, more, ..
        } = self;
        let (admin_address, admin_more) = (self.admin_address, &self.admin_more);
        let token_file = if admin.is_empty() { "" } else { ", token_file: admin.token" };
        let sites = site(hosts, upstream, mode, lines);
        format!(
            "listeners:\n  - {{ address: \"127.0.0.1:0\"{listener} }}\n\
             admin: {{ address: \"{admin_address}\"{token_file}{admin_more} }}\n\
             ledger: {{ url: \"sqlite:{folder}/ledger/ledger.db\", {ledger} }}\n\
             signing_key_file: \"{folder}/signing.key\"\n\
             organisation: {{ name: Example Council, contact: dpo@example.gov.uk, {organisation} }}\n\
             limits: {{ {limits} }}\n{more}\
             sites:\n{sites}{more_sites}"
        )
    }
}

fn site(hosts: &str, upstream: &str, mode: &str, lines: &str) -> String {
    format!("  - hosts: {hosts}\n    upstream: {upstream}\n    mode: {mode}\n{lines}")
}

/// The gate as it ships, in a process of its own that ends with the test.
pub(crate) struct Gate {
    pub(crate) address: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) file: PathBuf,
    folder: tempfile::TempDir,
    process: Child,
    log: Log,
}

impl Gate {
    /// A gate in front of this site that acts.
    pub(crate) fn before(origin: &Origin) -> Self {
        Plan::before(origin.address).start()
    }

    fn start(folder: tempfile::TempDir, file: PathBuf) -> Self {
        let (process, log) = serving(&file);
        let mut gate = Self { address: nowhere(), admin: nowhere(), file, folder, process, log };
        gate.wait_until_ready();
        gate
    }

    fn wait_until_ready(&mut self) {
        let ready = self.log_line("consentgate is ready");
        self.address = between(&ready, "listening=[", "]");
        self.admin = between(&ready, "admin=", " ");
    }

    /// Told to stop, ended, and started again with the same files; the log begins anew.
    pub(crate) fn restart(&mut self, meanwhile: impl FnOnce(&std::path::Path)) {
        let told = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        assert!(told.expect("kill is installed").success());
        assert!(self.process.wait().expect("it ends").success(), "{}", self.log());
        meanwhile(self.folder.path());
        (self.process, self.log) = serving(&self.file);
        self.wait_until_ready();
    }

    /// Waits for a line of the log with these words in it.
    pub(crate) fn log_line(&self, words: &str) -> String {
        self.log.line(words)
    }

    /// Everything the gate has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.0.0.lock().unwrap().join("\n")
    }

    pub(crate) fn read_again(&self) {
        let done = Command::new("kill").args(["-HUP", &self.process.id().to_string()]).status();
        assert!(done.expect("kill is installed").success());
    }

    /// Puts a file where the ledger's folder was: nothing can be recorded any more.
    pub(crate) fn take_the_ledger_away(&self) {
        let ledger = self.folder.path().join("ledger");
        fs::rename(&ledger, self.folder.path().join("ledger.gone")).expect("the ledger can be moved");
        fs::write(ledger, "in the way").expect("a file can stand in its place");
    }

    pub(crate) fn give_the_ledger_back(&self) {
        let ledger = self.folder.path().join("ledger");
        fs::remove_file(&ledger).expect("the file was there");
        fs::rename(self.folder.path().join("ledger.gone"), ledger).expect("the ledger can be moved back");
    }

    /// What `consentgate ledger export` prints, record by record.
    pub(crate) fn records(&self) -> Vec<serde_json::Value> {
        let out = Command::new(env!("CARGO_BIN_EXE_consentgate"))
            .args(["ledger", "export", "--config"])
            .arg(&self.file)
            .output()
            .expect("the program runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let lines = out.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).expect("one JSON object a line")).collect()
    }

    /// The folder of the ledger's files.
    pub(crate) fn ledger_folder(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    /// The other end of every connection the gate itself has made, or is making, at this moment (Linux).
    pub(crate) fn reaches_out_to(&self) -> Vec<String> {
        let process = format!("/proc/{}", self.process.id());
        let own: Vec<String> = fs::read_dir(format!("{process}/fd"))
            .expect("the gate runs")
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
            .collect();
        let mut found = Vec::new();
        for (table, listening) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "-"), ("udp6", "-")] {
            let text = fs::read_to_string(format!("{process}/net/{table}")).unwrap_or_default();
            for line in text.lines().skip(1) {
                let words: Vec<_> = line.split_whitespace().collect();
                let accepted =
                    [self.address, self.admin].iter().any(|own| words[1].ends_with(&format!(":{:04X}", own.port())));
                if own.contains(&format!("socket:[{}]", words[9])) && words[3] != listening && !accepted {
                    found.push(format!("{table} {}", words[2]));
                }
            }
        }
        found
    }

    /// Runs `consentgate ledger …` on this gate's configuration: the exit code, the output, the errors.
    pub(crate) fn ledger(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentgate"));
        let out = command.arg("ledger").args(arguments).arg("--config").arg(&self.file).output();
        let out = out.expect("the program runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (out.status.code().expect("it ended by itself"), text(out.stdout), text(out.stderr))
    }

    /// How often something of this kind was held, or would have been, by the admin listener's `/api/stats`.
    pub(crate) fn counted(&self, deed: &str, kind: &str) -> u64 {
        let stats = self.stats();
        let held = stats["sites"][0]["held"].as_array().expect("a list").clone();
        let wanted = held.iter().filter(|count| count["deed"] == deed && count["kind"] == kind);
        wanted.map(|count| count["count"].as_u64().expect("a number")).sum()
    }

    /// How often a page could not be rewritten for this reason.
    pub(crate) fn abandoned(&self, why: &str) -> u64 {
        self.stats()["sites"][0]["abandoned"][why].as_u64().unwrap_or(0)
    }

    pub(crate) fn stats(&self) -> serde_json::Value {
        self.told("/api/stats")
    }

    /// What the admin listener answers as JSON.
    pub(crate) fn told(&self, target: &str) -> serde_json::Value {
        let body = self.admin("GET", target).send().expect(200).body;
        serde_json::from_slice(&body).expect("what programs read is JSON")
    }

    /// A request to the admin listener.
    pub(crate) fn admin(&self, method: &str, target: &str) -> Ask {
        Ask { address: self.admin, ..self.ask(method, target) }.with("Host", "localhost")
    }

    /// A browser opens a page.
    pub(crate) fn page(&self, target: &str) -> Ask {
        self.get(target).with("Accept", "text/html,application/xhtml+xml,*/*;q=0.8").with("Sec-Fetch-Dest", "document")
    }

    /// Something asks without saying what for.
    pub(crate) fn get(&self, target: &str) -> Ask {
        self.ask("GET", target)
    }

    pub(crate) fn ask(&self, method: &str, target: &str) -> Ask {
        Ask {
            address: self.address,
            first: format!("{method} {target} HTTP/1.1"),
            lines: vec![("Host".into(), HOST.into()), ("Connection".into(), b"close".into())],
            body: Vec::new(),
        }
    }

    /// A visitor presses a button: the form's fields as they are sent.
    pub(crate) fn choose(&self, form: &str) -> Ask {
        self.ask("POST", "/.consent/choice")
            .with("Origin", &format!("http://{HOST}"))
            .with("Content-Type", "application/x-www-form-urlencoded")
            .body(form)
    }

    /// The `Cookie` pair of a visitor who chose so and has been told; nothing for one who has not chosen.
    pub(crate) fn visitor(&self, choice: &str) -> Option<String> {
        if choice == "undecided" {
            return None;
        }
        let answer = self.choose(&format!("choice={choice}")).with("Accept", "application/json").send();
        assert_eq!(answer.status, 200, "{answer:?}");
        Some(answer.choice_cookie().expect("a choice is kept in a cookie"))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        if thread::panicking() {
            for line in self.log.0.0.lock().unwrap().iter() {
                eprintln!("gate: {line}");
            }
        }
    }
}

fn serving(file: &std::path::Path) -> (Child, Log) {
    let mut process = Command::new(env!("CARGO_BIN_EXE_consentgate"))
        .args(["serve", "--config"])
        .arg(file)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program was built");
    let log = Log::default();
    log.follow(process.stderr.take().expect("the log is piped"));
    (process, log)
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

fn between(line: &str, before: &str, after: &str) -> SocketAddr {
    let rest = line.split_once(before).unwrap_or_else(|| panic!("{before} in {line}")).1;
    rest.split(after).next().unwrap_or(rest).parse().unwrap_or_else(|_| panic!("an address in {line}"))
}

/// The gate's log as far as it has been written.
#[derive(Clone, Default)]
struct Log(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Log {
    fn follow(&self, stderr: impl std::io::Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                log.0.0.lock().unwrap().push(line);
                log.0.1.notify_all();
            }
        });
    }

    fn line(&self, words: &str) -> String {
        let (lines, more) = &*self.0;
        let find = |lines: &[String]| lines.iter().find(|line| line.contains(words)).cloned();
        let guard = lines.lock().unwrap();
        let (guard, _) = more.wait_timeout_while(guard, PATIENCE, |lines| find(lines).is_none()).unwrap();
        find(&guard).unwrap_or_else(|| panic!("the gate never said {words:?}, but: {guard:#?}"))
    }
}

/// Looks again and again until the condition is true.
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

// === The visitor ===

/// A request to be sent.
#[derive(Clone)]
pub(crate) struct Ask {
    address: SocketAddr,
    first: String,
    lines: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Ask {
    /// With this header, instead of one of its name.
    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).adding(name, value.as_bytes())
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.lines.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// With one more line, beside any of its name.
    pub(crate) fn adding(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.lines.push((name.into(), value.as_ref().into()));
        self
    }

    /// With these `Cookie` pairs.
    pub(crate) fn cookie(self, pairs: &str) -> Self {
        self.adding("Cookie", pairs)
    }

    /// From a visitor made by [`Gate::visitor`].
    pub(crate) fn from(self, visitor: Option<&String>) -> Self {
        match visitor {
            Some(pair) => self.cookie(pair),
            None => self,
        }
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        let length = self.body.len().to_string();
        self.with("Content-Length", &length)
    }

    /// Sends it and reads to the end of the connection.
    pub(crate) fn send(self) -> Answer {
        let is_head = self.first.starts_with("HEAD ");
        Answer::read(self.open(), is_head)
    }

    /// Sends it to another address than the gate's, such as the site's own.
    pub(crate) fn send_to(self, address: SocketAddr) -> Answer {
        Self { address, ..self }.send()
    }

    /// Sends it and leaves the reading to the test.
    pub(crate) fn open(self) -> Wire {
        let mut wire = Wire::to(self.address);
        let mut bytes = self.first.into_bytes();
        for (name, value) in self.lines {
            bytes.extend([b"\r\n", name.as_bytes(), b": ", &value].concat());
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend(self.body);
        wire.say(bytes);
        wire
    }
}

/// What came back; status 0 is a connection that ended without an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
    /// The message came to the end its head announced.
    pub(crate) whole: bool,
}

impl Answer {
    fn read(mut wire: Wire, is_head: bool) -> Self {
        // A page that breaks off at once may take its head with it.
        let Some(head) = wire.read_head() else {
            return Self { status: 0, head: Head::default(), body: Vec::new(), whole: false };
        };
        let status = head.first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        assert!(!(head.has("content-length") && head.has("transfer-encoding")), "two framings: {head:?}");
        let (rest, closed) = wire.read_rest();
        let bodyless = is_head || matches!(status, 100..200 | 204 | 304);
        let (body, whole) = match head.length() {
            _ if bodyless => (rest.clone(), rest.is_empty()),
            Some(length) => (rest.clone(), rest.len() == length),
            None if head.is_chunked() => unchunked(&rest),
            None => (rest, closed),
        };
        Self { status, head, body, whole }
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.head.value(name)
    }

    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.head.values(name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.head.has(name)
    }

    pub(crate) fn set_cookies(&self) -> Vec<String> {
        self.values("set-cookie")
    }

    /// The body as text; every byte that is no UTF-8 shows.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The choice cookie as the browser will send it back.
    pub(crate) fn choice_cookie(&self) -> Option<String> {
        let lines = self.set_cookies();
        let own = |line: &&String| line.starts_with("consentgate=") || line.starts_with("__Host-consentgate=");
        let mut own = lines.iter().filter(own);
        let line = own.next()?;
        assert!(own.next().is_none(), "one line for one cookie: {lines:?}");
        line.split(';').next().map(str::to_owned)
    }

    /// How many notices of each kind the page has.
    pub(crate) fn banners(&self) -> usize {
        self.text().matches("<div data-nosnippet class=\"banner\"").count()
    }

    pub(crate) fn asks(&self) -> bool {
        self.text().contains("value=\"accept\"")
    }

    /// A Content-Security-Policy that keeps the page to the site itself.
    pub(crate) fn is_fenced(&self) -> bool {
        self.values("content-security-policy").iter().any(|policy| policy.starts_with("default-src 'self'"))
    }

    /// The message came whole, with this status.
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}\n{}", self.head, self.text());
        assert!(self.whole, "the message was cut: {:?}\n{}", self.head, self.text());
        self
    }
}

/// The content of a chunked body, and whether its end came (and nothing after it).
fn unchunked(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let size = std::str::from_utf8(&rest[..end]).expect("an ASCII chunk size");
        let size = usize::from_str_radix(size, 16).unwrap_or_else(|_| panic!("{size:?} is no chunk size"));
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, rest == b"\r\n");
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return (body, false);
        }
        assert_eq!(&rest[size..size + 2], b"\r\n", "a chunk ends with its line");
        rest = &rest[size + 2..];
    }
}

/// The page without what the gate put in: the guard, its notices, placeholders, and what holds a tag.
pub(crate) fn undone(html: &[u8]) -> Vec<u8> {
    let mut rest = html.to_vec();
    if let Some((start, end)) = guard_tag(&rest) {
        rest.drain(start..end);
    }
    for (begins, ends) in
        [("<consent-notice>", "</consent-notice>"), ("<consent-placeholder>", "</consent-placeholder>")]
    {
        while let Some(start) = find(&rest, begins.as_bytes()) {
            let end = find(&rest, ends.as_bytes()).expect("it has an end") + ends.len();
            rest.drain(start..end);
        }
    }
    for purpose in ["analytics", "marketing", "preferences", "unclassified"] {
        for inert in [" type=\"text/plain\"", " hidden", ""] {
            let mark = format!(" data-consentgate=\"{purpose}\"{inert}").into_bytes();
            while let Some(start) = find(&rest, &mark) {
                rest.drain(start..start + mark.len());
            }
        }
        // What a held script would have defined is named behind its purpose.
        while let Some(start) = find(&rest, format!(" data-consentgate=\"{purpose} ").as_bytes()) {
            const END: &[u8] = b"\" type=\"text/plain\"";
            let end = start + find(&rest[start..], END).expect("a script") + END.len();
            rest.drain(start..end);
        }
    }
    while let Some(start) = find(&rest, b"data-consentgate-") {
        rest.drain(start..start + b"data-consentgate-".len());
    }
    rest
}

/// Where the guard's tag stands, which is there at most once.
fn guard_tag(html: &[u8]) -> Option<(usize, usize)> {
    const END: &[u8] = b"></script>";
    let name = find(html, b"/.consent/guard-")?;
    let start = html[..name].windows(8).rposition(|window| window == b"<script ").expect("a tag around its name");
    let end = name + find(&html[name..], END).expect("the tag's end") + END.len();
    assert_eq!(find(&html[end..], b"/.consent/guard-"), None, "one guard a page");
    Some((start, end))
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
