//! TLS, with the client's certificate where one is asked for; files that change are read again.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use clap::Args;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::faults::chain;
use crate::metrics::ConnectionMeters;

/// How often the files are looked at: they are a few kilobytes, and changed every few weeks.
const LOOK: Duration = Duration::from_secs(2);

/// HTTP/2, and HTTP/1.1 for `WebSocket` and whoever speaks nothing else (RFC 7301).
pub(crate) const HTTP_2: &[u8] = b"h2";
const HTTP_1: &[u8] = b"http/1.1";

/// Whether and how TLS is spoken: 1.2 and 1.3.
#[derive(Args, Clone, Debug, Default)]
pub struct TlsOptions {
    /// The server's certificate and those between it and its authority, in PEM: with it, nothing but TLS is spoken
    #[arg(long, env = "F6_TLS_CERTIFICATE", value_name = "FILE", requires = "tls_key", help_heading = "TLS")]
    pub tls_certificate: Option<PathBuf>,
    /// The key of the certificate, in PEM
    #[arg(long, env = "F6_TLS_KEY", value_name = "FILE", requires = "tls_certificate", help_heading = "TLS")]
    pub tls_key: Option<PathBuf>,
    /// The authorities whose certificates clients must show, in PEM: mutual TLS
    #[arg(
        long,
        env = "F6_TLS_CLIENT_AUTHORITY",
        value_name = "FILE",
        requires = "tls_certificate",
        help_heading = "TLS"
    )]
    pub tls_client_authority: Option<PathBuf>,
    /// Let in clients that show no certificate too; a wrong one is refused in any case
    #[arg(long, env = "F6_TLS_CLIENT_OPTIONAL", requires = "tls_client_authority",
          value_parser = clap::builder::BoolishValueParser::new(), help_heading = "TLS")]
    pub tls_client_optional: bool,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{}` cannot be read; name a file that this user may read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("`{}` has no {what} in PEM", path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What should stand there.
        what: &'static str,
        /// What the library says.
        source: pem::Error,
    },
    /// The authorities cannot be used.
    #[error("`{}` has no authority that clients could be verified by", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What the library says.
        source: VerifierBuilderError,
    },
    /// The parts do not fit together.
    #[error("the certificate and the key cannot be used together")]
    Unusable(#[from] rustls::Error),
}

/// TLS as it is spoken now.
pub(crate) struct Tls {
    files: Files,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// Reads the files that the options name; none where they name none.
    ///
    /// # Errors
    /// Where they cannot be used.
    pub(crate) fn load(options: &TlsOptions) -> Result<Option<(Self, Contents)>, TlsError> {
        let (Some(certificate), Some(key)) = (&options.tls_certificate, &options.tls_key) else {
            return Ok(None);
        };
        let files = Files {
            certificate: certificate.clone(),
            key: key.clone(),
            authority: options.tls_client_authority.clone(),
            optional: options.tls_client_optional,
        };
        let contents = files.read()?;
        let config = RwLock::new(Arc::new(files.config(&contents)?));
        Ok(Some((Self { files, config }, contents)))
    }

    /// Shakes hands with a client.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        TlsAcceptor::from(config).accept(stream).await
    }

    /// Reads the files again whenever they have changed, for ever; what cannot be used is told once, and the former kept.
    ///
    /// Connections that stand keep what they were made with.
    pub(crate) async fn keep_fresh(&self, mut seen: Contents, meters: &ConnectionMeters) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            look.tick().await;
            // A file that is being replaced may be away for a moment; it is looked for again.
            let Ok(contents) = self.files.read() else { continue };
            if contents == seen {
                continue;
            }
            let outcome = self.files.config(&contents);
            meters.reloaded(outcome.is_ok());
            match outcome {
                Ok(config) => {
                    *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                    tracing::info!("the files of TLS have changed, and are used from now on");
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::error!(%error, "the files of TLS have changed, and cannot be used; the former are kept");
                }
            }
            seen = contents;
        }
    }
}

/// The files, and what is made of them.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    authority: Option<PathBuf>,
    optional: bool,
}

/// What stands in the files.
#[derive(PartialEq, Eq)]
pub(crate) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    authority: Option<Vec<u8>>,
}

impl Files {
    fn read(&self) -> Result<Contents, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })
        };
        let authority = self.authority.as_deref().map(read).transpose()?;
        Ok(Contents { certificate: read(&self.certificate)?, key: read(&self.key)?, authority })
    }

    fn config(&self, contents: &Contents) -> Result<ServerConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions()?;
        let builder = match self.authority.as_deref().zip(contents.authority.as_deref()) {
            None => builder.with_no_client_auth(),
            Some((path, text)) => {
                let unusable = |source| TlsError::Authority { path: path.to_owned(), source };
                let mut roots = RootCertStore::empty();
                for authority in certificates(path, text)? {
                    roots.add(authority)?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if self.optional { verifier.allow_unauthenticated() } else { verifier };
                builder.with_client_cert_verifier(verifier.build().map_err(unusable)?)
            }
        };
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|source| TlsError::NotPem {
            path: self.key.clone(),
            what: "private key",
            source,
        })?;
        let chain = certificates(&self.certificate, &contents.certificate)?;
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1.to_vec()];
        Ok(config)
    }
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    let none = |source| TlsError::NotPem { path: path.to_owned(), what: "certificate", source };
    let certificates = certificates.map_err(none)?;
    if certificates.is_empty() { Err(none(pem::Error::NoItemsFound)) } else { Ok(certificates) }
}
