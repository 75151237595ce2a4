//! The built program as an operator runs it: a folder with its files, a process that ends with the test, an origin
//! that answers as a test wants, and a client that writes the bytes it is told to.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Far longer than anything takes: a test that waits this long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// What a gate says when it serves.
const READY: &str = "consentgate is ready";
const STEP: Duration = Duration::from_millis(5);

/// Waits until something holds; false when patience has ended.
pub(crate) fn soon(longest: Duration, holds: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !holds() {
        if started.elapsed() > longest {
            return false;
        }
        thread::sleep(STEP);
    }
    true
}

// === A folder ===

/// A gate's files: its configuration, ledger and key.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    /// A folder with a configuration in enforce mode for one upstream, on ports the system chooses.
    pub(crate) fn new(upstream: SocketAddr) -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        place.write("gate.yaml", &place.yaml(upstream));
        place
    }

    pub(crate) fn yaml(&self, upstream: SocketAddr) -> String {
        let (ledger, key) = (self.path("ledger.db"), self.path("gate.key"));
        format!(
            "listeners: [{{ address: \"127.0.0.1:0\" }}]\nadmin: {{ address: \"127.0.0.1:0\" }}\nledger: {{ url: \"sqlite:{}\" }}\n\
             signing_key_file: \"{}\"\nworkers: 2\norganisation: {{ name: Example Council, contact: dpo@example.gov.uk }}\nsites:\n  - hosts: [\"*\"]\n    upstream: http://{upstream}\n    mode: enforce\n",
            ledger.display(),
            key.display()
        )
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.path("gate.yaml")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("the folder can be written");
    }

    /// Replaces a piece of the configuration that must be there.
    pub(crate) fn edit(&self, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config()).expect("the configuration");
        assert!(text.contains(from), "{from} is not in\n{text}");
        self.write("gate.yaml", &text.replace(from, to));
    }
}

// === The program ===

/// What a command that ends by itself said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program to its end.
pub(crate) fn run<A: AsRef<std::ffi::OsStr>>(arguments: &[A]) -> Said {
    said(Command::new(env!("CARGO_BIN_EXE_consentgate")).args(arguments))
}

/// The same in a folder, which takes its temporary files too.
pub(crate) fn run_in(folder: &Path, arguments: &[&str]) -> Said {
    said(Command::new(env!("CARGO_BIN_EXE_consentgate")).args(arguments).current_dir(folder).env("TMPDIR", folder))
}

fn said(command: &mut Command) -> Said {
    let mut child = started(command);
    let (out, err) = (drain(child.0.stdout.take()), drain(child.0.stderr.take()));
    let status = child.ends_within(PATIENCE).expect("the command ends by itself");
    Said { code: status.code(), out: out.join().expect("read"), err: err.join().expect("read") }
}

fn started(command: &mut Command) -> Running {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running(command.spawn().expect("the program starts"))
}

fn drain(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut from = from.expect("it is piped");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A process that does not outlive its test.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn ends_within(&mut self, longest: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            match self.0.try_wait().expect("the child is ours") {
                None if started.elapsed() > longest => return None,
                None => thread::sleep(STEP),
                ended => return ended,
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A gate that serves.
pub(crate) struct Gate {
    running: Running,
    said: Arc<Mutex<String>>,
    pub(crate) public: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Gate {
    pub(crate) fn start(place: &Place) -> Self {
        Self::from(Starting::new(place))
    }

    /// A gate whose supervisor listens for its state at a socket.
    pub(crate) fn under(place: &Place, supervisor: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentgate"));
        command.args(with_config(&["serve"], &place.config())).env("NOTIFY_SOCKET", supervisor);
        Self::from(Starting::by(&mut command))
    }

    /// A gate whose log is read no further than to where it is ready: the pipe is closed then.
    pub(crate) fn unheard(place: &Place) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_consentgate"));
        command.args(with_config(&["serve"], &place.config()));
        Self::from(Starting::heard_until(&mut command, READY))
    }

    /// A gate that may have only so many files and sockets open.
    pub(crate) fn with_few_files(place: &Place, most: u32) -> Self {
        Self::from(Starting::by(Command::new("sh").args([
            "-c",
            &format!("ulimit -n {most} && exec \"$0\" serve --config \"$1\""),
            env!("CARGO_BIN_EXE_consentgate"),
            place.config().to_str().expect("a test's folder is UTF-8"),
        ])))
    }

    fn from(starting: Starting) -> Self {
        let ready = || starting.line_with(READY);
        assert!(soon(PATIENCE, || ready().is_some()), "not ready:\n{}", starting.said());
        let line = ready().expect("it has been seen");
        let address = |from: &str| {
            let rest = line.split_once(from).expect("the line has both addresses").1;
            let end = rest.find([']', ' ', '\n']).unwrap_or(rest.len());
            rest[..end].parse().expect("an address")
        };
        let (public, admin) = (address("listening=["), address("admin="));
        Self { running: starting.running, said: starting.said, public, admin }
    }

    /// Everything it has said on its standard output and error so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("no reader panics").clone()
    }

    pub(crate) fn says(&self, text: &str, longest: Duration) -> bool {
        soon(longest, || self.said().contains(text))
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
        assert!(status.expect("kill is part of every system").success(), "{name} could not be sent");
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running.0.id()
    }

    pub(crate) fn ends_within(&mut self, longest: Duration) -> Option<ExitStatus> {
        self.running.ends_within(longest)
    }

    pub(crate) fn lives(&mut self) -> bool {
        self.running.0.try_wait().expect("the child is ours").is_none()
    }

    /// The most memory it has ever held, in KiB.
    pub(crate) fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a living process");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// A GET on a connection of its own.
    pub(crate) fn page(&self, target: &str) -> Answer {
        get(self.public, target)
    }

    pub(crate) fn admin_page(&self, target: &str) -> Answer {
        get(self.admin, target)
    }
}

/// The demo, with its temporary files in a folder of the test.
pub(crate) struct Demo {
    _running: Running,
    pub(crate) address: SocketAddr,
}

impl Demo {
    /// Returns as soon as it says where it is.
    pub(crate) fn start(program: &Path, folder: &Path) -> Self {
        let starting = Starting::by(Command::new(program).args(["demo", "--port", "0"]).env("TMPDIR", folder));
        let ready = || starting.line_with("http://localhost:");
        assert!(soon(PATIENCE, || ready().is_some()), "not ready:\n{}", starting.said());
        let line = ready().expect("it has been seen");
        let after = line.split_once("http://").expect("an address").1.split_once(':').expect("a port").1;
        let port = after.split(|c: char| !c.is_ascii_digit()).next().and_then(|port| port.parse().ok());
        let address = SocketAddr::from(([127, 0, 0, 1], port.expect("a port")));
        Self { _running: starting.running, address }
    }
}

/// A gate that may not serve yet.
pub(crate) struct Starting {
    running: Running,
    said: Arc<Mutex<String>>,
}

impl Starting {
    pub(crate) fn new(place: &Place) -> Self {
        Self::by(Command::new(env!("CARGO_BIN_EXE_consentgate")).args(with_config(&["serve"], &place.config())))
    }

    fn by(command: &mut Command) -> Self {
        Self::heard_until(command, "\0")
    }

    fn heard_until(command: &mut Command, last: &'static str) -> Self {
        let mut running = started(command);
        let said: Arc<Mutex<String>> = Arc::default();
        collect(running.0.stdout.take().expect("it is piped"), &said, last);
        collect(running.0.stderr.take().expect("it is piped"), &said, last);
        Self { running, said }
    }

    fn said(&self) -> String {
        self.said.lock().expect("no reader panics").clone()
    }

    fn line_with(&self, text: &str) -> Option<String> {
        self.said().split_inclusive('\n').find(|line| line.contains(text) && line.ends_with('\n')).map(str::to_owned)
    }
}

fn collect(from: impl Read + Send + 'static, into: &Arc<Mutex<String>>, last: &'static str) {
    let into = Arc::clone(into);
    thread::spawn(move || {
        let (mut from, mut line) = (BufReader::new(from), Vec::new());
        while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            into.lock().expect("no reader panics").push_str(&text);
            line.clear();
            if text.contains(last) {
                return;
            }
        }
    });
}

// === A client ===

/// A response as it arrived.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// The body ended as its head said it would.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

pub(crate) fn get(address: SocketAddr, target: &str) -> Answer {
    ask(address, format!("GET {target} HTTP/1.1\r\nHost: {address}\r\nAccept: text/html\r\nConnection: close\r\n\r\n"))
}

/// Sends bytes on a connection of their own and reads one answer.
pub(crate) fn ask(address: SocketAddr, request: impl AsRef<[u8]>) -> Answer {
    let mut stream = connect(address);
    // The other side may answer and close before it has read everything.
    let _ = stream.write_all(request.as_ref());
    read_answer(&mut BufReader::new(stream)).expect("an answer")
}

pub(crate) fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("something listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.set_write_timeout(Some(PATIENCE)).expect("a socket");
    stream
}

/// `None`: the connection ended before a head was whole.
pub(crate) fn read_answer(from: &mut impl io::BufRead) -> Option<Answer> {
    let head = read_head(from)?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut answer = Answer { status, head, body: Vec::new(), whole: false };
    let length = answer.header("content-length").map(|length| length.parse().expect("a number"));
    let bodyless = matches!(status, 204 | 304);
    answer.whole = match length {
        _ if answer.header("transfer-encoding").is_some() => read_chunks(from, &mut answer.body).is_ok(),
        Some(length) => from.take(length).read_to_end(&mut answer.body).is_ok_and(|read| read as u64 == length),
        None => bodyless || from.read_to_end(&mut answer.body).is_ok(),
    };
    Some(answer)
}

fn read_head(from: &mut impl io::BufRead) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head).ok()? == 0 {
            return None;
        }
    }
    Some(String::from_utf8_lossy(&head).into_owned())
}

fn read_chunks(from: &mut impl io::BufRead, into: &mut Vec<u8>) -> io::Result<()> {
    loop {
        let mut size = String::new();
        from.read_line(&mut size)?;
        let size = u64::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        let read = from.take(size).read_to_end(into)? as u64;
        let mut end = [0; 2];
        from.read_exact(&mut end)?;
        if read < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if size == 0 {
            return Ok(());
        }
    }
}

// === An origin ===

/// A site behind the gate. It answers each connection's one request with whatever the test writes.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<VecDeque<String>>>,
}

impl Origin {
    /// `answer` gets the request line and writes a whole response, or half of one.
    pub(crate) fn new(answer: impl Fn(&str, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (seen, answer) = (Arc::new(Mutex::new(VecDeque::new())), Arc::new(answer));
        let origin = Self { address, seen: Arc::clone(&seen) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(stream, &seen, &*answer));
            }
        });
        origin
    }

    /// A page, always the same.
    pub(crate) fn plain() -> Self {
        Self::new(|_, stream| drop(stream.write_all(page(PAGE).as_bytes())))
    }

    /// The heads of all requests since the last call.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no server thread panics").drain(..).collect()
    }
}

pub(crate) const PAGE: &str =
    "<!DOCTYPE html><html lang=\"en\"><head><title>Bins</title></head><body><h1>Bin day</h1></body></html>";

pub(crate) fn page(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn serve(mut stream: TcpStream, seen: &Mutex<VecDeque<String>>, answer: &dyn Fn(&str, &mut TcpStream)) {
    let Ok(mut from) = stream.try_clone().map(BufReader::new) else { return };
    let Some(head) = read_head(&mut from) else { return };
    let line = head.lines().next().unwrap_or_default().to_owned();
    seen.lock().expect("no server thread panics").push_back(head);
    answer(&line, &mut stream);
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // Closing with unread bytes would reset the connection and lose the answer.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
    let _ = io::copy(&mut from, &mut io::sink());
}

/// Reads a file of lines, each a JSON object.
pub(crate) fn objects(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
}

/// The command's arguments with this configuration.
pub(crate) fn with_config<'a>(words: &'a [&'a str], config: &'a Path) -> Vec<&'a std::ffi::OsStr> {
    let words = words.iter().map(AsRef::as_ref);
    words.chain(["--config".as_ref(), config.as_os_str()]).collect()
}
