//! Whom a worker may trust: an authority that certifies servers on the loopback.

use std::sync::Arc;

use tests::Authority;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// An authority, and what it certified: a server on 127.0.0.1.
pub(crate) struct Certified {
    /// The authority's certificate, in a file: who trusts it names this in `SSL_CERT_FILE`.
    pub(crate) authority: String,
    /// The server's certificate, in a file.
    pub(crate) certificate: String,
    /// Its key, in a file.
    pub(crate) key: String,
    config: Arc<ServerConfig>,
    /// The files go with it.
    _signed_by: Authority,
}

impl Certified {
    /// Made anew.
    pub(crate) fn new() -> Self {
        let authority = Authority::new();
        let identity = authority.identity();
        let (certificate, key) = authority.install(&identity);
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(identity.chain(), identity.key()).expect("a certificate");
        let trusted = authority.certificate();
        Self { authority: trusted, certificate, key, config: Arc::new(config), _signed_by: authority }
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
