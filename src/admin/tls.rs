//! The admin listener's https: its certificate, and the authority whose certificates let somebody in.
//!
//! A certificate is asked of everybody and demanded of nobody here: `/healthz` and `/readyz` are for load balancers, which
//! have none. One that is shown has to be good, or there is no connection. What is said to whom `access` decides.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use super::config::Tls;

/// The files as they are now.
pub(super) struct Keys {
    files: Tls,
    now: ArcSwap<ServerConfig>,
}

impl Keys {
    pub(super) fn load(files: &Tls) -> io::Result<Arc<Self>> {
        let now = ArcSwap::new(load(files)?);
        Ok(Arc::new(Self { files: files.clone(), now }))
    }

    /// For the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.now.load_full())
    }
}

/// Reads the files of the admin listener's https again.
#[derive(Clone, Default)]
pub struct Reloader(pub(super) Option<Arc<Keys>>);

impl Reloader {
    /// New connections get what is in the files now; one bad file keeps all the old ones (promise 19).
    ///
    /// # Errors
    /// The file, and what is wrong with it.
    pub fn reload(&self) -> io::Result<()> {
        let Some(keys) = &self.0 else { return Ok(()) };
        keys.now.store(load(&keys.files)?);
        Ok(())
    }
}

impl fmt::Debug for Reloader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reloader").field(&self.0.as_ref().map(|keys| &keys.files)).finish()
    }
}

/// TLS 1.2 and 1.3 only (ASVS 12.1.1), HTTP/1.1 only.
fn load(files: &Tls) -> io::Result<Arc<ServerConfig>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider supports TLS 1.2 and 1.3");
    let builder = match &files.client_ca {
        Some(authority) => builder.with_client_cert_verifier(verifier(authority, provider)?),
        None => builder.with_no_client_auth(),
    };
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|fault| bad(&files.key, &fault))?;
    // Refuses a key that does not belong to the certificate: a renewal caught halfway looks like that.
    let mut config = builder.with_single_cert(chain, key).map_err(|fault| bad(&files.key, &fault))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A session that is taken up again would bring its certificate along, expired since or not.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Arc::new(config))
}

fn verifier(
    authority: &Path,
    provider: Arc<tokio_rustls::rustls::crypto::CryptoProvider>,
) -> io::Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(authority)? {
        roots.add(certificate).map_err(|fault| bad(authority, &fault))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).allow_unauthenticated();
    verifier.build().map_err(|fault| bad(authority, &fault))
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = read.map_err(|fault| bad(file, &fault))?;
    if found.is_empty() { Err(bad(file, &"holds no certificate")) } else { Ok(found) }
}

fn bad(file: &Path, why: &dyn fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {why}", file.display()))
}
