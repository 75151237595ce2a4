//! The admin listener over https, and who is let in by a certificate (promise 17 and 19).

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion};

use crate::common::{Gate, HTML, Origin, PATIENCE, Plan, response, wait_until};

const TOKEN: &str = "5f1d3c1e0a9b4c7d8e6f5a4b3c2d1e0f";

/// An authority that makes certificates.
type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
struct Identity {
    certificate: String,
    key: String,
}

/// Made by this authority, good until this year.
fn identity(name: &str, by: &Authority, until: i32) -> Identity {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    let key = KeyPair::generate().unwrap();
    Identity { certificate: params.signed_by(&key, by).unwrap().pem(), key: key.serialize_pem() }
}

/// The listener's own files.
struct Files {
    folder: tempfile::TempDir,
    own: Authority,
}

impl Files {
    fn new(clients: &Authority) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap(), own: authority("the gate") };
        files.put(&identity("localhost", &files.own, 2090), clients);
        files
    }

    fn put(&self, own: &Identity, clients: &Authority) {
        fs::write(self.path("own.pem"), &own.certificate).unwrap();
        fs::write(self.path("own.key"), &own.key).unwrap();
        fs::write(self.path("clients.pem"), clients.pem()).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn yaml(&self) -> String {
        let file = |name| path(&self.path(name));
        format!(
            "tls: {{ certificate: {}, key: {} }}, client_ca: {}",
            file("own.pem"),
            file("own.key"),
            file("clients.pem")
        )
    }

    fn visit(&self, gate: &Gate, who: Option<&Identity>) -> Visit {
        Visit {
            address: gate.admin,
            trusted: self.own.pem(),
            who: who.cloned(),
            versions: vec![&TLS13, &TLS12],
            header: String::new(),
        }
    }
}

fn path(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// Somebody who comes to the admin listener.
#[derive(Clone)]
struct Visit {
    address: SocketAddr,
    trusted: String,
    who: Option<Identity>,
    versions: Vec<&'static SupportedProtocolVersion>,
    header: String,
}

impl Visit {
    /// The status and everything that was said; an error where there was no connection.
    fn asks(&self, target: &str) -> io::Result<(u16, String)> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.trusted.as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_protocol_versions(&self.versions).with_root_certificates(roots);
        let config = match &self.who {
            None => builder.with_no_client_auth(),
            Some(Identity { certificate, key }) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let socket = TcpStream::connect(self.address)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut stream = StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket);
        write!(stream, "GET {target} HTTP/1.1\r\nHost: gate.example\r\nConnection: close\r\n{}\r\n", self.header)?;
        let mut said = String::new();
        stream.read_to_string(&mut said)?;
        let status = said.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.map(|status| (status, said)).ok_or_else(|| io::Error::other("no answer"))
    }

    fn status(&self, target: &str) -> u16 {
        self.asks(target).unwrap_or_else(|fault| panic!("{target}: {fault}")).0
    }
}

fn site() -> Origin {
    Origin::telling(|_| response("200 OK", &[HTML], "<!doctype html><p>x"))
}

#[test]
fn a_certificate_of_the_authority_opens_and_nothing_else_does() {
    let (operators, others) = (authority("operators"), authority("others"));
    let files = Files::new(&operators);
    let origin = site();
    // Without a token, and where other machines can reach it.
    let gate = Plan::before(origin.address).admin_at("0.0.0.0:0", &files.yaml()).start();
    let right = files.visit(&gate, Some(&identity("ops", &operators, 2090)));
    for target in ["/", "/metrics", "/api/inventory", "/config", "/healthz", "/readyz"] {
        assert_eq!(right.status(target), 200, "{target}");
    }
    assert_eq!(Visit { versions: vec![&TLS12], ..right.clone() }.status("/metrics"), 200);
    let none = files.visit(&gate, None);
    for target in ["/", "/metrics", "/api/inventory", "/config", "/login", "/dashboard.js"] {
        let (status, said) = none.asks(target).unwrap();
        assert_eq!(status, 403, "{target}: {said}");
        assert!(!said.contains("consentgate_"), "{said}");
    }
    assert_eq!((none.status("/healthz"), none.status("/readyz")), (200, 200), "a load balancer has no certificate");
    for (why, identity) in [
        ("another authority's", identity("ops", &others, 2090)),
        ("expired", identity("ops", &operators, 2021)),
        ("made by itself", identity("ops", &authority("ops"), 2090)),
    ] {
        for target in ["/metrics", "/healthz"] {
            for version in [&TLS12, &TLS13] {
                let wrong = Visit { versions: vec![version], ..files.visit(&gate, Some(&identity)) };
                assert!(wrong.asks(target).is_err(), "{why}: {target}");
            }
        }
    }
    let mut plain = TcpStream::connect(gate.admin).unwrap();
    plain.set_read_timeout(Some(PATIENCE)).unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _ = plain.read_to_end(&mut said);
    assert!(!said.starts_with(b"HTTP"), "https alone");
}

#[test]
fn with_a_token_too_either_of_them_opens() {
    let operators = authority("operators");
    let files = Files::new(&operators);
    let origin = site();
    let gate = Plan::before(origin.address).admin_token(TOKEN).admin_at("127.0.0.1:0", &files.yaml()).start();
    let none = files.visit(&gate, None);
    let with = |token: &str| Visit { header: format!("Authorization: Bearer {token}\r\n"), ..none.clone() };
    assert_eq!((none.status("/metrics"), with("wrong").status("/metrics")), (401, 401));
    assert_eq!(with(TOKEN).status("/metrics"), 200);
    assert_eq!(files.visit(&gate, Some(&identity("ops", &operators, 2090))).status("/metrics"), 200);
}

#[test]
fn a_reload_takes_new_files_and_a_bad_one_keeps_the_old() {
    let (before, after) = (authority("before"), authority("after"));
    let files = Files::new(&before);
    let origin = site();
    let gate = Plan::before(origin.address).admin_at("127.0.0.1:0", &files.yaml()).start();
    let (old, new) = (identity("ops", &before, 2090), identity("ops", &after, 2090));
    fs::write(files.path("own.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    gate.read_again();
    gate.log_line("certificates of the admin listener not reloaded");
    assert_eq!(files.visit(&gate, Some(&old)).status("/metrics"), 200, "a key of another certificate");
    let renewed = Files { own: authority("the gate, again"), folder: files.folder };
    renewed.put(&identity("localhost", &renewed.own, 2090), &after);
    gate.read_again();
    wait_until("the new files are in use", || renewed.visit(&gate, Some(&new)).asks("/metrics").is_ok());
    assert!(renewed.visit(&gate, Some(&old)).asks("/metrics").is_err(), "the old authority lets nobody in");
}
