//! The issuer's keys as they are published, in a file or at a URL: looked at again as time goes by, and when a key is missed.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http::Uri;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fetch::fetch;
use super::keys::{self, Key, KeysError};
use crate::faults::chain;
use crate::metrics::Metrics;

/// How often a file is looked at, which costs nothing.
const LOOK: Duration = Duration::from_secs(2);

/// What becomes of looking at a key set anew.
const LOADED: &str = "loaded";
const FAILED: &str = "failed";

/// Where a key set stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At a URL, `http` or `https`.
    Url(Uri),
}

impl FromStr for KeySource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("http://") && !text.starts_with("https://") {
            return Ok(Self::File(text.into()));
        }
        let url = text.parse::<Uri>().ok().filter(|url| url.host().is_some_and(|host| !host.is_empty()));
        url.map(Self::Url)
            .ok_or_else(|| format!("`{text}` is no URL such as https://issuer.example/jwks.json"))
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(formatter),
            Self::Url(url) => url.fmt(formatter),
        }
    }
}

/// How often the source is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// So often as time goes by.
    pub(super) every: Duration,
    /// Never sooner than this after the last time, whoever wants it.
    pub(super) least: Duration,
}

/// The last good set of keys, and how a newer one is come by.
pub(super) struct Published {
    source: KeySource,
    trust: Arc<ClientConfig>,
    /// Whose tokens they sign: `iss`, and for whom: `aud`.
    names: (String, String),
    pace: Pace,
    keys: RwLock<Arc<Vec<Key>>>,
    last: Mutex<Last>,
    reads: Reads,
}

/// The last time that the source was asked.
#[derive(Default)]
struct Last {
    at: Option<Instant>,
    text: String,
}

impl Published {
    /// Keys of that source, which is read at once where it is a file.
    ///
    /// # Errors
    /// Where a file cannot be used.
    pub(super) fn load(
        source: KeySource,
        trust: Arc<ClientConfig>,
        names: (String, String),
        pace: Pace,
    ) -> Result<Self, KeysError> {
        let (keys, text) = match &source {
            KeySource::File(path) => {
                let text = std::fs::read_to_string(path).map_err(KeysError::Unreadable)?;
                (keys::parse(&text, &names.0, &names.1)?, text)
            }
            // An issuer that is away must not keep a server from starting: it is not ready until it was there.
            KeySource::Url(_) => (Vec::new(), String::new()),
        };
        let last = Mutex::new(Last { at: None, text });
        let keys = RwLock::new(Arc::new(keys));
        Ok(Self { source, trust, names, pace, keys, last, reads: Reads::none() })
    }

    /// The last good set.
    pub(super) fn keys(&self) -> Arc<Vec<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks the source again, unless it was asked just now.
    ///
    /// Of all who want this at once one asks, and the others wait for what it hears.
    pub(super) async fn refresh(&self) {
        let mut last = self.last.lock().await;
        if last.at.is_some_and(|at| at.elapsed() < self.pace.least) {
            return;
        }
        last.at = Some(Instant::now());
        // Asking takes 5 KB, which the request of everybody who has a token would else carry along.
        let read = Box::pin(self.read()).await;
        if read.as_ref().is_ok_and(|text| *text == last.text) {
            return;
        }
        let parsed = read.and_then(|text| Ok((keys::parse(&text, &self.names.0, &self.names.1)?, text)));
        let outcome = if parsed.is_ok() { LOADED } else { FAILED };
        self.reads.0.get_or_create(&[("outcome", outcome)]).inc();
        match parsed {
            Ok((keys, text)) => {
                tracing::info!(keys = keys.len(), "the key set has changed, and is used from now on");
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                last.text = text;
            }
            Err(error) => {
                let error = chain(&error);
                tracing::error!(%error, source = %self.source, "the key set cannot be used; the last good one is kept");
            }
        }
    }

    /// Asks the source again and again, for ever; sooner while there are no keys at all.
    pub(super) async fn keep_fresh(&self) {
        loop {
            self.refresh().await;
            let every = match &self.source {
                KeySource::File(_) => LOOK.max(self.pace.least),
                KeySource::Url(_) if self.keys().is_empty() => self.pace.least,
                KeySource::Url(_) => self.pace.every,
            };
            tokio::time::sleep(every).await;
        }
    }

    /// What became of it.
    pub(super) fn reads(&self) -> &Reads {
        &self.reads
    }

    async fn read(&self) -> Result<String, KeysError> {
        match &self.source {
            KeySource::File(path) => std::fs::read_to_string(path).map_err(KeysError::Unreadable),
            KeySource::Url(url) => Ok(fetch(url, &self.trust).await?),
        }
    }
}

impl fmt::Debug for Published {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Published").field("source", &self.source).finish_non_exhaustive()
    }
}

/// How often a key set was looked at anew, by what became of it.
pub(super) struct Reads(Family<[(&'static str, &'static str); 1], Counter>);

impl Reads {
    /// Nothing yet: what never happened is 0, and not absent.
    pub(super) fn none() -> Self {
        let reads = Family::default();
        [LOADED, FAILED].iter().for_each(|outcome| drop(reads.get_or_create(&[("outcome", *outcome)])));
        Self(reads)
    }

    pub(super) fn register(&self, metrics: &mut Metrics) {
        let help = "Key sets that had changed or could not be read, by what became of them";
        metrics.registry().register("f6_token_key_reads", help, self.0.clone());
    }
}

/// Whom to trust for `https`: the authorities in this PEM, or without one those that browsers trust.
///
/// # Errors
/// Where it has no certificate that can be used.
pub(super) fn trust(authorities: Option<&[u8]>) -> Result<Arc<ClientConfig>, KeysError> {
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(text) => {
            for authority in CertificateDer::pem_slice_iter(text) {
                roots.add(authority.map_err(|_| KeysError::Authority)?).map_err(|_| KeysError::Authority)?;
            }
        }
    }
    if roots.is_empty() {
        return Err(KeysError::Authority);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(|_| KeysError::Authority)?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_url_or_else_a_file() {
        let file = |text: &str| KeySource::File(text.into());
        assert_eq!("keys.json".parse(), Ok(file("keys.json")));
        assert_eq!("/etc/http/keys.json".parse(), Ok(file("/etc/http/keys.json")));
        let url = "https://issuer.example:8443/jwks?a=b";
        assert_eq!(url.parse(), Ok(KeySource::Url(url.parse().unwrap())));
        for wrong in ["https://", "http://a b/", "https:///keys"] {
            assert!(wrong.parse::<KeySource>().unwrap_err().contains("is no URL"), "{wrong}");
        }
    }

    #[test]
    fn authorities_are_certificates() {
        assert!(trust(None).is_ok());
        for text in ["", "oeps", "-----BEGIN CERTIFICATE-----\nb2Vwcw==\n-----END CERTIFICATE-----"] {
            assert!(trust(Some(text.as_bytes())).is_err(), "{text}");
        }
    }
}
