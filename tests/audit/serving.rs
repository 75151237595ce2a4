//! A server for stub sites: one port of this machine for all of them and for other companies' hosts, by http and by https,
//! told apart by the host that is asked for.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is asked for.
pub(crate) struct Ask {
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) post: bool,
    pub(crate) cookies: String,
    /// Whose page asks, where a browser says so.
    pub(crate) origin: String,
    /// What a form sends, as it was sent.
    pub(crate) form: String,
    pub(crate) port: u16,
}

/// A body with its type and further header lines.
pub(crate) struct Say {
    pub(crate) status: &'static str,
    pub(crate) headers: String,
    pub(crate) kind: &'static str,
    pub(crate) body: Vec<u8>,
}

/// A page with a head and nothing odd about it.
pub(crate) fn page(body: &str) -> Say {
    let body =
        format!("<!doctype html><html lang=en><meta charset=utf-8><title>Stub</title><body>{body}</body></html>");
    Say { status: "200 OK", headers: String::new(), kind: "text/html; charset=utf-8", body: body.into_bytes() }
}

pub(crate) fn script(body: &str) -> Say {
    Say { kind: "text/javascript", body: body.as_bytes().to_owned(), ..page("") }
}

/// A picture of one pixel.
pub(crate) fn pixel() -> Say {
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='1' height='1'/>";
    Say { kind: "image/svg+xml", body: svg.to_vec(), ..page("") }
}

pub(crate) fn missing() -> Say {
    Say { status: "404 Not Found", ..page("<h1>Not found</h1>") }
}

/// An empty file of the kind that its ending says.
pub(crate) fn empty(file: &str) -> Option<Say> {
    match file.rsplit('.').next()? {
        "js" => Some(script("")),
        "css" => Some(Say { kind: "text/css", ..script("") }),
        "gif" | "png" | "jpg" | "jpeg" | "ico" => Some(pixel()),
        _ => None,
    }
}

/// A file of an npm package.
pub(crate) fn package(path: &str) -> Say {
    let kind = if path.contains(".css") { "text/css" } else { "text/javascript" };
    std::fs::read(packages().join(path)).map_or_else(|_| missing(), |body| Say { kind, body, ..page("") })
}

/// Where `tests/run` puts them.
pub(crate) fn packages() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules")
}

impl Ask {
    /// The path without its query.
    pub(crate) fn file(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }

    /// What a form says of one field.
    pub(crate) fn field(&self, name: &str) -> String {
        let fields = url::form_urlencoded::parse(self.form.as_bytes());
        fields.filter(|(known, _)| known == name).map(|(_, value)| value.into_owned()).next().unwrap_or_default()
    }

    /// Is this cookie sent along?
    pub(crate) fn has(&self, pair: &str) -> bool {
        self.cookies.split("; ").any(|cookie| cookie == pair || cookie.split('=').next() == Some(pair))
    }
}

impl Say {
    pub(crate) fn setting(mut self, line: &str) -> Self {
        let _ = write!(self.headers, "Set-Cookie: {line}\r\n");
        self
    }

    pub(crate) fn leading_to(mut self, path: &str) -> Self {
        self.status = "302 Found";
        let _ = write!(self.headers, "Location: {path}\r\n");
        self
    }
}

/// Serves until the test ends; the port.
pub(crate) fn start(answer: fn(&Ask) -> Say) -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let secure = Arc::new(secure());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let secure = Arc::clone(&secure);
            thread::spawn(move || accept(stream, &secure, (port, answer)));
        }
    });
    port
}

/// For whatever name is asked for: the browser is told to believe it.
fn secure() -> ServerConfig {
    let made = rcgen::generate_simple_self_signed(vec!["stub.example".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes()).expect("a key");
    let config = ServerConfig::builder().with_no_client_auth();
    config.with_single_cert(vec![made.cert.der().clone()], key).expect("a pair")
}

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

fn accept(stream: TcpStream, secure: &Arc<ServerConfig>, to: (u16, fn(&Ask) -> Say)) {
    let mut first = [0];
    if !stream.peek(&mut first).is_ok_and(|read| read == 1) {
        return;
    }
    if first[0] == HANDSHAKE {
        let connection = ServerConnection::new(Arc::clone(secure)).expect("a server");
        serve(BufReader::new(StreamOwned::new(connection, stream)), to);
    } else {
        serve(BufReader::new(stream), to);
    }
}

fn serve<S: Read + Write>(mut stream: BufReader<S>, (port, answer): (u16, fn(&Ask) -> Say)) {
    while let Some(ask) = read(&mut stream, port) {
        let Say { status, headers, kind, body } = answer(&ask);
        // Whoever measures lets every site tell it everything.
        let any = if ask.origin.is_empty() { "*" } else { &ask.origin };
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: {any}\r\n\
             Access-Control-Allow-Credentials: true\r\nAccess-Control-Allow-Headers: content-type\r\n\
             {headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        let to = stream.get_mut();
        if to.write_all(head.as_bytes()).and_then(|()| to.write_all(&body)).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}

fn read(from: &mut impl BufRead, own_port: u16) -> Option<Ask> {
    let mut line = String::new();
    from.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, path) = (words.next()?, words.next()?.to_owned());
    let post = method == "POST";
    let (host, cookies, origin, form) = <(String, String, String, String)>::default();
    let mut ask = Ask { host, path, post, cookies, origin, form, port: own_port };
    let mut length = 0;
    loop {
        line.clear();
        if from.read_line(&mut line).ok()? <= 2 {
            break;
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else { continue };
        match &*name.to_ascii_lowercase() {
            "host" => value.split(':').next().unwrap_or_default().clone_into(&mut ask.host),
            "cookie" => value.clone_into(&mut ask.cookies),
            "origin" => value.clone_into(&mut ask.origin),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    ask.form = String::from_utf8_lossy(&body).into_owned();
    Some(ask)
}
