//! Whom a worker may trust: an authority that certifies servers on the loopback.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tests::F6;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// An authority, and what it certified: a server on 127.0.0.1.
pub(crate) struct Certified {
    /// The authority's certificate, in a file: who trusts it names this in `SSL_CERT_FILE`.
    pub(crate) authority: PathBuf,
    /// The server's certificate, in a file.
    pub(crate) certificate: PathBuf,
    /// Its key, in a file.
    pub(crate) key: PathBuf,
    config: Arc<ServerConfig>,
}

impl Certified {
    /// Made anew, in files that are gone with this F6.
    pub(crate) fn new(f6: &F6) -> Self {
        let (authority_key, key) = (new_key(), new_key());
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let trusted = authority.self_signed(&authority_key).expect("an authority").pem();
        let issuer = Issuer::new(authority, authority_key);
        let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("an address");
        let certificate = server.signed_by(&key, &issuer).expect("a certificate");
        let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let config = ServerConfig::builder().with_no_client_auth();
        let config =
            config.with_single_cert(vec![certificate.der().clone()], private).expect("a certificate");
        let written = |name: &str, text: String| {
            let file = f6.file(name);
            std::fs::write(&file, text).expect("a file");
            file
        };
        Self {
            authority: written("authority.pem", trusted),
            certificate: written("certificate.pem", certificate.pem()),
            key: written("key.pem", key.serialize_pem()),
            config: Arc::new(config),
        }
    }

    /// Speaks TLS in front of an address that does not; answers where.
    pub(crate) async fn in_front_of(&self, address: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("an address").to_string();
        let (acceptor, address) = (TlsAcceptor::from(Arc::clone(&self.config)), address.to_owned());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, address) = (acceptor.clone(), address.clone());
                tokio::spawn(async move {
                    // Who does not trust the certificate goes away again.
                    let Ok(mut outside) = acceptor.accept(stream).await else { return };
                    let mut inside = TcpStream::connect(address).await.expect("it listens");
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
        own
    }
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a key")
}
