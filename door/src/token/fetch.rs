//! One GET of a key set: no redirects, no proxy, and no more than a key set can be.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, HOST};
use axum::http::{Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long it may take, whatever the issuer does: requests may be waiting.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a key set may be, in bytes; those of large issuers have a few kilobytes.
const LONGEST: usize = 256 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The name in the URL is none that a certificate could have.
    #[error("its host is no name that can be verified")]
    Host(#[from] InvalidDnsNameError),
    /// The network, or TLS.
    #[error("it cannot be reached")]
    Network(#[from] io::Error),
    /// What is said is no HTTP.
    #[error("it does not answer in HTTP")]
    Http(#[from] hyper::Error),
    /// The answer is none.
    #[error("it answers {0}")]
    Status(StatusCode),
    /// The answer is longer than any key set, breaks off, or is no text.
    #[error("its answer is no text of at most {LONGEST} bytes")]
    Body,
    /// It takes too long.
    #[error("it did not answer within {PATIENCE:?}")]
    Late,
}

/// What stands at a URL.
pub(super) async fn fetch(url: &Uri, tls: &Arc<ClientConfig>) -> Result<String, FetchError> {
    tokio::time::timeout(PATIENCE, get(url, tls)).await.unwrap_or(Err(FetchError::Late))
}

async fn get(url: &Uri, tls: &Arc<ClientConfig>) -> Result<String, FetchError> {
    let host = url.host().unwrap_or_default().trim_matches(['[', ']']);
    let secure = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await?;
    if !secure {
        return ask(stream, url).await;
    }
    let name = ServerName::try_from(host.to_owned())?;
    ask(TlsConnector::from(Arc::clone(tls)).connect(name, stream).await?, url).await
}

async fn ask<S>(stream: S, url: &Uri) -> Result<String, FetchError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let asked = async {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = url.path_and_query().map_or_else(Uri::default, |path| path.clone().into());
        let host = url.authority().and_then(|host| host.as_str().parse().ok());
        request.headers_mut().extend(host.map(|host| (HOST, host)));
        request.headers_mut().extend("application/json".parse().ok().map(|json| (ACCEPT, json)));
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let bytes = to_bytes(Body::new(answer.into_body()), LONGEST).await.map_err(|_| FetchError::Body)?;
        String::from_utf8(bytes.into()).map_err(|_| FetchError::Body)
    };
    let mut asked = std::pin::pin!(asked);
    tokio::select! {
        answer = &mut asked => answer,
        // A connection that ends may still have brought the answer.
        _ = connection => asked.await,
    }
}
