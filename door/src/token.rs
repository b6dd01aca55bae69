//! Bearer tokens: a signed JWT becomes a [`Principal`], or a typed error says why not.

mod claims;
mod development;
mod fetch;
mod keys;
mod published;

use std::path::PathBuf;
use std::time::Duration;

use self::claims::Claims;
pub use self::development::{sign_development_token, sign_development_token_for};
pub use self::fetch::FetchError;
use self::keys::Key;
pub use self::keys::KeysError;
pub use self::published::KeySource;
use self::published::{Pace, Published, Reads};
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::principal::Principal;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use chrono::{DateTime, Utc};
use clap::Args;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};

/// Whose tokens are accepted.
#[derive(Args, Clone, Debug)]
pub struct TokenOptions {
    /// Development: accept the published development key, answer introspection, serve GraphiQL. Never in production
    #[arg(long, env = "F6_DEV", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Tokens")]
    pub dev: bool,
    /// The `iss` that a token must have
    #[arg(long, env = "F6_TOKEN_ISSUER", value_name = "ISSUER", help_heading = "Tokens")]
    pub token_issuer: Option<String>,
    /// The `aud` that a token must have, or have among others
    #[arg(long, env = "F6_TOKEN_AUDIENCE", value_name = "AUDIENCE", help_heading = "Tokens")]
    pub token_audience: Option<String>,
    /// The issuer's public keys, a JSON Web Key Set for RS256, ES256 or Ed25519: a file, or a URL
    #[arg(long, env = "F6_TOKEN_KEYS", value_name = "FILE|URL", help_heading = "Tokens")]
    pub token_keys: Option<KeySource>,
    /// The authorities that vouch for that URL, in PEM; without them, those that browsers trust
    #[arg(long, env = "F6_TOKEN_KEYS_AUTHORITY", value_name = "FILE", help_heading = "Tokens")]
    pub token_keys_authority: Option<PathBuf>,
    /// How often the URL is asked for the keys
    #[arg(long, env = "F6_TOKEN_KEYS_REFRESH", value_name = "SECONDS", default_value = "300",
          value_parser = crate::options::seconds, help_heading = "Tokens")]
    pub token_keys_refresh: Duration,
    /// How long after that it is not asked again, though a token may name a key that is not known
    #[arg(long, env = "F6_TOKEN_KEYS_PAUSE", value_name = "SECONDS", default_value = "10",
          value_parser = crate::options::seconds, help_heading = "Tokens")]
    pub token_keys_pause: Duration,
    /// How far the issuer's clock may differ from ours, in seconds
    #[arg(long, env = "F6_TOKEN_LEEWAY", value_name = "SECONDS", default_value = "30",
          value_parser = crate::options::seconds, help_heading = "Tokens")]
    pub token_leeway: Duration,
    /// Accept only tokens that are bound to the certificate of the client that sends them (RFC 8705)
    #[arg(long, env = "F6_TOKEN_BOUND", value_parser = clap::builder::BoolishValueParser::new(), help_heading = "Tokens")]
    pub token_bound: bool,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self {
            dev: false,
            token_issuer: None,
            token_audience: None,
            token_keys: None,
            token_keys_authority: None,
            token_keys_refresh: Duration::from_secs(300),
            token_keys_pause: Duration::from_secs(10),
            token_leeway: Duration::from_secs(30),
            token_bound: false,
        }
    }
}

/// Why the token options cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenOptionsError {
    /// No token at all would be accepted.
    #[error(
        "no token would be accepted: give --token-issuer, --token-audience and --token-keys, or --dev for development"
    )]
    NothingAccepted,
    /// Some of the three that belong together are missing.
    #[error("--token-issuer, --token-audience and --token-keys belong together; {missing} is missing")]
    Incomplete {
        /// The first one that is missing.
        missing: &'static str,
    },
    /// The key set cannot be used.
    #[error("cannot use the key set `{place}`")]
    Keys {
        /// Where it stands.
        place: KeySource,
        /// What is wrong with it.
        source: KeysError,
    },
}

/// Why a request's token is not accepted. No message repeats any of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no `Authorization` header.
    #[error("the request has no token; send `Authorization: Bearer <token>`")]
    Missing,
    /// The header is not one `Bearer <token>`.
    #[error("the Authorization header is not of the form `Bearer <token>`; send one of that form")]
    NotBearer,
    /// What follows `Bearer` is no JWT.
    #[error("the token is not a JSON Web Token; send one as the issuer made it")]
    Malformed,
    /// The header demands extensions that we do not know.
    #[error("the token's header has `crit`, naming extensions that are not supported here; get one without")]
    Critical,
    /// No configured key has the token's key id, or it names none while there are several.
    #[error("the token is signed with an unknown key; its `kid` must name a key of the configured set")]
    UnknownKey,
    /// The key is known, but not for this algorithm.
    #[error("the token's `alg` is not the algorithm of its key; get a new one")]
    WrongAlgorithm,
    /// The signature is not that of the key.
    #[error("the token's signature is not that of its key; send it as the issuer made it")]
    WrongSignature,
    /// A claim is missing.
    #[error("the token has no `{0}` claim; get one that does")]
    MissingClaim(&'static str),
    /// Not from the configured issuer.
    #[error("the token's `iss` is not the issuer that is trusted here; get one from that issuer")]
    WrongIssuer,
    /// Not meant for us.
    #[error("the token's `aud` does not name this audience; get one for this server")]
    WrongAudience,
    /// Its `exp` has passed.
    #[error("the token has expired; get a new one")]
    Expired,
    /// Its `nbf` has not come.
    #[error("the token is not valid yet, as its `nbf` lies in the future; send it again then")]
    NotYetValid,
    /// It is bound to a certificate that was not shown on this connection.
    #[error(
        "the token is bound to another certificate than that of this connection; send it with its own, to this server itself"
    )]
    WrongCertificate,
    /// It is bound to no certificate, and must be.
    #[error("the token is bound to no certificate; get one whose `cnf` names that of this client")]
    NotBound,
    /// The subject is not an event source's id.
    #[error("the token's `sub` is not a UUID; get one that names an event source")]
    SubjectNotUuid,
    /// The source type is empty or too long.
    #[error(
        "the token's `source_type` is empty or longer than 100 characters; get one with the authority to act by"
    )]
    SourceType,
    /// The caller's own object is not named by a UUID.
    #[error("the token's `person` is not a UUID; get one that names the caller's own object, or without it")]
    PersonNotUuid,
    /// A claim says more than any organisation or zone is called.
    #[error(
        "the token's `{0}` names too many, or one that is longer than 100 characters; get one with fewer"
    )]
    TooLong(&'static str),
}

/// Who is asking, and until when the token says so.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) principal: Principal,
    /// From then on the token is accepted no more.
    pub(crate) ends: DateTime<Utc>,
}

/// The keys and names by which tokens are verified.
#[derive(Debug)]
pub struct Tokens {
    /// Those that never change.
    keys: Vec<Key>,
    /// Those that an issuer publishes.
    published: Option<Published>,
    leeway: chrono::Duration,
    development: bool,
    /// Whether each token must be bound to a certificate.
    bound: bool,
}

impl Tokens {
    /// Reads the key set that the options name.
    ///
    /// # Errors
    /// When the options would accept nothing, are incomplete, or their key set cannot be used.
    pub fn load(options: &TokenOptions) -> Result<Self, TokenOptionsError> {
        let published = published(options)?;
        let keys: Vec<Key> = options.dev.then(development::key).into_iter().collect();
        if keys.is_empty() && published.is_none() {
            return Err(TokenOptionsError::NothingAccepted);
        }
        let leeway = chrono::Duration::from_std(options.token_leeway).unwrap_or(chrono::Duration::MAX);
        Ok(Self { keys, published, leeway, development: options.dev, bound: options.token_bound })
    }

    /// Whether the development key is accepted, and with it introspection and GraphiQL served.
    pub fn development(&self) -> bool {
        self.development
    }

    /// Who sent a request with these headers over such a connection, and until when its token says so.
    ///
    /// # Errors
    /// [`TokenError::Missing`] without an `Authorization` header, any other for what is wrong with it.
    pub(crate) async fn session(
        &self,
        headers: &HeaderMap,
        peer: Peer,
        now: DateTime<Utc>,
    ) -> Result<Session, TokenError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(TokenError::Missing)?;
        if values.next().is_some() {
            return Err(TokenError::NotBearer);
        }
        self.bearer(value.to_str().map_err(|_| TokenError::NotBearer)?, peer, now).await
    }

    /// The same of the value of the header alone, wherever it stands.
    pub(crate) async fn bearer(
        &self,
        text: &str,
        peer: Peer,
        now: DateTime<Utc>,
    ) -> Result<Session, TokenError> {
        let (scheme, token) = text.split_once(' ').ok_or(TokenError::NotBearer)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(TokenError::NotBearer);
        }
        match (self.verified(token.trim(), peer, now), &self.published) {
            // The issuer may have begun to sign with another key.
            (Err(TokenError::UnknownKey), Some(published)) => {
                published.refresh().await;
                self.verified(token.trim(), peer, now)
            }
            (verified, _) => verified,
        }
    }

    fn verified(&self, token: &str, peer: Peer, now: DateTime<Utc>) -> Result<Session, TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        if header.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let published = self.published.as_ref().map(Published::keys).unwrap_or_default();
        let key = self.key(&published, header.kid.as_deref()).ok_or(TokenError::UnknownKey)?;
        if header.alg != key.algorithm {
            return Err(TokenError::WrongAlgorithm);
        }
        let claims = decode::<Claims>(token, &key.decoding, &signature_alone(key.algorithm))
            .map_err(|error| refusal(error.kind()))?
            .claims;
        claims.check(key, now, self.leeway)?;
        claims.check_binding(peer, self.bound)?;
        Ok(Session { ends: claims.ends(self.leeway), principal: claims.principal()? })
    }

    /// The key of that id, or the only key where a token names none.
    fn key<'a>(&'a self, published: &'a [Key], id: Option<&str>) -> Option<&'a Key> {
        let mut keys = self.keys.iter().chain(published);
        match id {
            Some(_) => keys.find(|key| key.id.as_deref() == id),
            None => keys.next().filter(|_| keys.next().is_none()),
        }
    }

    /// Looks again and again at the keys that an issuer publishes, for ever.
    pub(crate) async fn keep_fresh(&self) {
        match &self.published {
            Some(published) => published.keep_fresh().await,
            None => std::future::pending().await,
        }
    }

    /// Whether there is any key to verify a token with.
    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty() || self.published.as_ref().is_some_and(|published| !published.keys().is_empty())
    }

    /// Has what becomes of published keys counted.
    pub(crate) fn register(&self, metrics: &mut Metrics) {
        match &self.published {
            Some(published) => published.reads().register(metrics),
            None => Reads::none().register(metrics),
        }
    }
}

/// The keys that the options name, where they name any.
fn published(options: &TokenOptions) -> Result<Option<Published>, TokenOptionsError> {
    let missing = |missing| TokenOptionsError::Incomplete { missing };
    let (issuer, audience, place) =
        match (&options.token_issuer, &options.token_audience, &options.token_keys) {
            (None, None, None) => return Ok(None),
            (None, _, _) => return Err(missing("--token-issuer")),
            (_, None, _) => return Err(missing("--token-audience")),
            (_, _, None) => return Err(missing("--token-keys")),
            (Some(issuer), Some(audience), Some(place)) => (issuer, audience, place),
        };
    let unusable = |source| TokenOptionsError::Keys { place: place.clone(), source };
    let read = |path: &PathBuf| std::fs::read(path).map_err(KeysError::Unreadable);
    let authorities = options.token_keys_authority.as_ref().map(read).transpose().map_err(unusable)?;
    let trust = published::trust(authorities.as_deref()).map_err(unusable)?;
    let pace = Pace { every: options.token_keys_refresh, least: options.token_keys_pause };
    let names = (issuer.clone(), audience.clone());
    Published::load(place.clone(), trust, names, pace).map(Some).map_err(unusable)
}

/// The library checks the signature; the claims are checked here, against a clock that comes from outside.
fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a library's enum that may grow")]
fn refusal(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::InvalidSignature => TokenError::WrongSignature,
        ErrorKind::InvalidAlgorithm => TokenError::WrongAlgorithm,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
mod tests;
