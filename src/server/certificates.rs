//! The certificates of one listener: chosen by the name the client asks for, exchanged while connections run.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ServerConfig, server};

use super::{Certificate, StartFault};

/// One listener's certificates as they are now.
pub(super) struct Certificates {
    files: Vec<Certificate>,
    now: ArcSwap<Vec<Arc<CertifiedKey>>>,
}

impl Certificates {
    pub(super) fn load(files: &[Certificate]) -> Result<Arc<Self>, StartFault> {
        let now = ArcSwap::from_pointee(load_all(files)?);
        Ok(Arc::new(Self { files: files.to_vec(), now }))
    }

    /// Reads the files again; one bad file keeps all the old ones (promise 19).
    pub(super) fn reload(&self) -> Result<(), StartFault> {
        self.now.store(Arc::new(load_all(&self.files)?));
        Ok(())
    }

    /// TLS 1.2 and 1.3 only (ASVS 12.1.1), HTTP/1.1 only.
    pub(super) fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .expect("the provider supports TLS 1.2 and 1.3");
        let mut config = builder.with_no_client_auth().with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = server::ServerSessionMemoryCache::new(4096);
        TlsAcceptor::from(Arc::new(config))
    }
}

/// In the order of the file: the first one whose names match, else the first one.
impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let now = self.now.load();
        let named = match hello.server_name() {
            Some(name) if now.len() > 1 => now.iter().find(|certified| is_for(certified, name)),
            _ => None,
        };
        named.or_else(|| now.first()).cloned()
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Certificates").field(&self.files).finish()
    }
}

fn is_for(certified: &CertifiedKey, name: &str) -> bool {
    let Ok(name) = ServerName::try_from(name) else { return false };
    let leaf = certified.cert.first().and_then(|leaf| ParsedCertificate::try_from(leaf).ok());
    leaf.is_some_and(|leaf| verify_server_name(&leaf, &name).is_ok())
}

fn load_all(files: &[Certificate]) -> Result<Vec<Arc<CertifiedKey>>, StartFault> {
    files.iter().map(load_one).collect()
}

/// Refuses a key that does not belong to the certificate: a renewal caught halfway looks like that.
fn load_one(files: &Certificate) -> Result<Arc<CertifiedKey>, StartFault> {
    let bad_chain = |why: String| StartFault::Certificate(files.certificate.clone(), why);
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad_chain(error.to_string()))?;
    if chain.is_empty() {
        return Err(bad_chain("holds no certificate".to_owned()));
    }
    let bad_key = |why: String| StartFault::Certificate(files.key.clone(), why);
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| bad_key(error.to_string()))?;
    let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
    certified.map(Arc::new).map_err(|error| bad_key(error.to_string()))
}
