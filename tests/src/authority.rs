use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::server::Server;
use crate::values::new_id;

/// The name that servers are known by; on the loopback, their address as well.
const NAME: &str = "f6.example";
const LOOPBACK: &str = "127.0.0.1";

/// An authority that signs certificates, with a folder for them that goes when the scenario ends.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// A certificate and its key, in PEM.
pub struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    /// A new one, whom nobody trusts yet.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("an authority signs itself");
        let folder = std::env::temp_dir().join(format!("f6-authority-{}", new_id()));
        std::fs::create_dir_all(&folder).expect("a folder for certificates");
        Self { issuer, folder }
    }

    /// A certificate of this authority for whoever asks.
    pub fn identity(&self) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new([NAME, LOOPBACK].map(str::to_owned)).expect("names");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// The path of its own certificate.
    pub fn certificate(&self) -> String {
        self.written("authority.pem", &self.issuer.pem())
    }

    /// Has a server use this certificate and key: their paths.
    pub fn install(&self, identity: &Identity) -> (String, String) {
        (self.written("server.pem", &identity.certificate), self.written("server.key", &identity.key))
    }

    /// Leaves half a certificate where the server's stands.
    pub fn spoil(&self) {
        self.written("server.pem", "-----BEGIN CERTIFICATE-----\noeps");
    }

    fn written(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, text).expect("a file in a folder of our own");
        path.display().to_string()
    }

    /// Connects with TLS as one who trusts this authority, with this certificate or none, and speaks the first of these protocols that the server does.
    pub async fn connect(
        &self,
        server: &Server,
        identity: Option<&Identity>,
        protocols: &[&str],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("an authority");
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().expect("versions of TLS");
        let builder = builder.with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => builder.with_client_auth_cert(identity.chain(), identity.key()).expect("a key"),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(server.address()).await?;
        let name = ServerName::try_from(NAME).expect("a name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all::<&Path>(&self.folder);
    }
}

impl Identity {
    /// The SHA-256 thumbprint of its certificate, as a token names it.
    pub fn thumbprint(&self) -> String {
        let [certificate, ..] = &*self.chain() else { panic!("a certificate") };
        URL_SAFE_NO_PAD.encode(Sha256::digest(certificate))
    }

    /// Its certificate.
    pub fn chain(&self) -> Vec<CertificateDer<'static>> {
        vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("a certificate in PEM")]
    }

    /// Its key.
    pub fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_slice(self.key.as_bytes()).expect("a key in PEM")
    }
}
