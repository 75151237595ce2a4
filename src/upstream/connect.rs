//! Makes one connection: name, TCP and TLS inside one time limit, and a mark that tells a reused connection from a
//! fresh one.

use std::fmt;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

use super::{BoxError, Config};

/// Why a site's connections cannot be set up.
#[derive(Debug)]
pub enum SetupFault {
    /// The `ca_file` cannot be read, or holds no certificate.
    CaFile(PathBuf, String),
    /// The machine has no list of trusted authorities.
    NoRoots(String),
    /// `host_header` is not a header value, or no host.
    Host(String),
}

impl fmt::Display for SetupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaFile(file, why) => write!(f, "{}: {why}", file.display()),
            Self::NoRoots(why) => write!(f, "this machine has no list of trusted certificate authorities: {why}"),
            Self::Host(host) => write!(f, "host_header {host:?} is not a host"),
        }
    }
}

impl std::error::Error for SetupFault {}

/// Connects to one site.
#[derive(Clone)]
pub(super) struct Connector {
    inner: HttpsConnector<HttpConnector>,
    limit: Duration,
}

impl Connector {
    pub(super) fn new(config: &Config) -> Result<Self, SetupFault> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        // Shared out over the addresses of a name, so that a dead first one does not use up the whole limit.
        tcp.set_connect_timeout(Some(config.connect_timeout));
        tcp.set_keepalive(Some(Duration::from_mins(1)));
        let builder = HttpsConnectorBuilder::new().with_tls_config(tls(config)?).https_or_http();
        let builder = match server_name(config) {
            Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(name)),
            None => builder,
        };
        Ok(Self { inner: builder.enable_http1().wrap_connector(tcp), limit: config.connect_timeout })
    }
}

/// A site reached by its address has a certificate for its name, and the name is what `host_header` says.
fn server_name(config: &Config) -> Option<ServerName<'static>> {
    let host = config.authority.host().trim_start_matches('[').trim_end_matches(']');
    let named = config.host_header.as_deref()?;
    host.parse::<IpAddr>().ok()?;
    let named = named.parse::<Authority>().ok()?;
    ServerName::try_from(named.host().to_owned()).ok()
}

fn tls(config: &Config) -> Result<ClientConfig, SetupFault> {
    let roots = match &config.ca_file {
        _ if config.scheme != Scheme::HTTPS => RootCertStore::empty(),
        Some(file) => roots_of(file)?,
        None => machine_roots()?,
    };
    Ok(trusting(roots))
}

/// TLS as a client that trusts what this machine trusts.
pub fn machine_tls() -> Result<ClientConfig, SetupFault> {
    machine_roots().map(trusting)
}

fn trusting(roots: RootCertStore) -> ClientConfig {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider supports TLS 1.2 and 1.3");
    builder.with_root_certificates(roots).with_no_client_auth()
}

fn roots_of(file: &Path) -> Result<RootCertStore, SetupFault> {
    let fault = |why: String| SetupFault::CaFile(file.to_owned(), why);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| fault(error.to_string()))? {
        let certificate = certificate.map_err(|error| fault(error.to_string()))?;
        roots.add(certificate).map_err(|error| fault(error.to_string()))?;
    }
    if roots.is_empty() { Err(fault("holds no certificate".to_owned())) } else { Ok(roots) }
}

fn machine_roots() -> Result<RootCertStore, SetupFault> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let why = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
        return Err(SetupFault::NoRoots(why));
    }
    Ok(roots)
}

type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, target: Uri) -> Connecting {
        let (connecting, limit) = (self.inner.call(target), self.limit);
        Box::pin(async move {
            let too_slow = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
            let io = timeout(limit, connecting).await.map_err(too_slow)??;
            Ok(Stream { io, used: Used::default() })
        })
    }
}

/// Has this connection answered before? Only a request that died on one that had may be sent again (promise 27): a
/// fresh connection that dies is the site's own fault, and asking twice would double its load.
#[derive(Clone, Debug, Default)]
pub(super) struct Used(Arc<AtomicBool>);

impl Used {
    /// Marks it, and says whether it was marked before.
    pub(super) fn mark(&self) -> bool {
        self.0.swap(true, Ordering::Relaxed)
    }
}

/// A connection with its mark.
pub(super) struct Stream {
    io: MaybeHttpsStream<TokioIo<TcpStream>>,
    used: Used,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.io.connected().extra(self.used.clone())
    }
}

impl Read for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl Write for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, bufs)
    }
}
