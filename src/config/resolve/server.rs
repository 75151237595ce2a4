//! The public side and the admin listener.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::Path;
use std::thread;

use ipnet::IpNet;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::excerpt::quoted;
use super::super::written::{self, Found, Tls};
use super::{Resolver, items};
use crate::admin::{self, Token};
use crate::server::{Certificate, Config, Limits, Listener};

const PUBLIC: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 8080);
const ADMIN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9901);

impl Resolver<'_, '_> {
    pub(super) fn server(&mut self, written: &written::File) -> Config {
        let mut listeners: Vec<Listener> =
            items(&written.listeners).iter().filter_map(|found| self.listener(&found.1)).collect();
        if written.listeners.is_none() {
            self.own.push(PUBLIC);
            listeners.push(Listener {
                address: PUBLIC,
                tls: Vec::new(),
                trusted_proxies: Vec::new(),
                redirect_to_https: false,
            });
        }
        let cores = || thread::available_parallelism().map_or(1, usize::from);
        let limits = written.limits.as_ref().map(|found| self.limits(&found.1)).unwrap_or_default();
        Config { listeners, limits, workers: written.workers.as_ref().map_or_else(cores, |found| found.1) }
    }

    pub(super) fn admin(&mut self, written: Option<&Found<written::Admin>>) -> admin::Config {
        let token_file = written.and_then(|found| found.1.token_file.as_ref());
        let token = token_file.and_then(|found| self.token(found));
        let client_ca = written.and_then(|found| found.1.client_ca.as_ref());
        let tls = written.and_then(|found| self.admin_tls(&found.1));
        let Some(found) = written.and_then(|found| found.1.address.as_ref()) else {
            self.own.push(ADMIN);
            return admin::Config { address: ADMIN, token, tls };
        };
        let address = self.address(found, "127.0.0.1:9901").unwrap_or(ADMIN);
        if token_file.is_none() && client_ca.is_none() && !address.ip().to_canonical().is_loopback() {
            let hint = "name a file with a token beside it (token_file: admin.token), or tls: with client_ca:, or write 127.0.0.1:9901";
            self.fault(found, "other machines can reach this address, and nothing asks them who they are", hint);
        }
        admin::Config { address, token, tls }
    }

    fn admin_tls(&mut self, written: &written::Admin) -> Option<admin::Tls> {
        let authority = written.client_ca.as_ref();
        let client_ca = authority.map(|found| self.pem(found, "certificate of an authority", has_authorities));
        let Some(tls) = &written.tls else {
            if let Some(found) = authority {
                let hint = "add tls: { certificate: FILE, key: FILE }, or take client_ca out and name a token_file";
                self.fault(found, "certificates can be shown over https only, and this listener has none", hint);
            }
            return None;
        };
        let Certificate { certificate, key } = self.certificate(&tls.1)?;
        Some(admin::Tls { certificate, key, client_ca })
    }

    /// Neither the faults nor anything that is kept has the token itself.
    fn token(&mut self, found: &Found<String>) -> Option<Token> {
        let path = self.folder.join(&found.1);
        let text = match read_token(&path) {
            Ok(text) => text,
            Err(error) => {
                let hint =
                    "make one: openssl rand -hex 32 > admin.token; the path is relative to the folder of the YAML file";
                self.fault(found, format!("cannot be read: {error}"), hint);
                return None;
            }
        };
        let token = Token::new(&text);
        if token.is_none() {
            let hint = "one line of 32 to 512 characters without spaces: openssl rand -hex 32 > admin.token";
            self.fault(found, "holds no token that could not be guessed", hint);
        }
        token
    }

    fn listener(&mut self, written: &written::Listener) -> Option<Listener> {
        let tls = match written.tls.as_ref().map(|found| &found.1) {
            None => Vec::new(),
            Some(Tls::One(one)) => self.certificate(one).into_iter().collect(),
            Some(Tls::Many(many)) => many.iter().filter_map(|found| self.certificate(&found.1)).collect(),
        };
        if let Some(found @ Found(_, true)) = &written.proxy_protocol {
            let hint = "let the load balancer send X-Forwarded-For and name it in trusted_proxies";
            self.fault(found, "the PROXY protocol is not in this version yet", hint);
        }
        let redirect_to_https = self.redirect(written);
        let trusted_proxies = items(&written.trusted_proxies).iter().filter_map(|net| self.net(net)).collect();
        let address = self.address(written.address.as_ref()?, "0.0.0.0:8080")?;
        Some(Listener { address, tls, trusted_proxies, redirect_to_https })
    }

    fn redirect(&mut self, written: &written::Listener) -> bool {
        let Some(found @ Found(_, true)) = &written.redirect_to_https else { return false };
        if written.tls.is_some() {
            let hint = "put it on the plain HTTP listener";
            self.fault(found, "this listener speaks https itself and would redirect for ever", hint);
        }
        true
    }

    /// An address of the gate itself, which nothing else of it may use.
    fn address(&mut self, found: &Found<String>, example: &str) -> Option<SocketAddr> {
        let Ok(address) = found.1.parse() else {
            let hint = format!("write an IP address and a port, such as {example}");
            self.fault(found, format!("{} is not an address to listen on", quoted(&found.1)), hint);
            return None;
        };
        if self.own.iter().any(|own| collide(*own, address)) {
            self.fault(found, "another listener has this address and port", "give each listener its own port");
        }
        self.own.push(address);
        Some(address)
    }

    fn net(&mut self, found: &Found<String>) -> Option<IpNet> {
        let net = found.1.parse().or_else(|_| found.1.parse::<std::net::IpAddr>().map(IpNet::from)).ok();
        if net.is_none() {
            let hint = "write addresses as 10.0.0.0/24, or one address as 10.0.0.7";
            self.fault(found, format!("{} is not a range of addresses", quoted(&found.1)), hint);
        }
        net
    }

    fn certificate(&mut self, written: &written::Certificate) -> Option<Certificate> {
        let certificate = written.certificate.as_ref().map(|found| self.pem(found, "certificate", has_certificate));
        let key = written.key.as_ref().map(|found| self.pem(found, "private key", has_key));
        Some(Certificate { certificate: certificate?, key: key? })
    }

    fn limits(&mut self, written: &written::Limits) -> Limits {
        let default = Limits::default();
        // hyper's buffer is never below 8 KiB.
        let header = self.size(&written.header_bytes, default.header_bytes as u64, 8 << 10..=1 << 20);
        let uri = self.size(&written.uri_bytes, default.uri_bytes as u64, 256..=64 << 10);
        Limits {
            connections: written.connections.as_ref().map_or(default.connections, |found| found.1),
            header_bytes: small(header),
            uri_bytes: small(uri),
            body_bytes: self.size(&written.body_bytes, default.body_bytes, 0..=1 << 40),
            handshake: self.duration(&written.handshake, default.handshake),
            header: self.duration(&written.header, default.header),
            idle: self.duration(&written.idle, default.idle),
            drain: self.duration(&written.drain, default.drain),
        }
    }
}

fn read_token(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(1024).read_to_string(&mut text)?;
    Ok(text)
}

/// Both are bounded above by a megabyte.
fn small(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Can the two not be listened on at once? Port 0 is any free one.
fn collide(one: SocketAddr, other: SocketAddr) -> bool {
    let everywhere = |address: SocketAddr| address.ip().is_unspecified();
    one.port() != 0
        && one.port() == other.port()
        && (one.ip() == other.ip() || one.is_ipv4() == other.is_ipv4() && (everywhere(one) || everywhere(other)))
}

pub(super) fn has_certificate(pem: &[u8]) -> bool {
    let mut found = CertificateDer::pem_slice_iter(pem).peekable();
    found.peek().is_some() && found.all(|certificate| certificate.is_ok())
}

/// Each of them can be trusted: a certificate that only looks like one would stop the gate at its start.
fn has_authorities(pem: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    let mut found = CertificateDer::pem_slice_iter(pem).peekable();
    found.peek().is_some() && found.all(|certificate| certificate.is_ok_and(|one| roots.add(one).is_ok()))
}

fn has_key(pem: &[u8]) -> bool {
    PrivateKeyDer::from_pem_slice(pem).is_ok()
}
