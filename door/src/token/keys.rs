//! The issuer's public keys, read from a JSON Web Key Set.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::fetch::FetchError;

/// The shortest RSA modulus that is still considered safe: 2048 bits, in base64 without padding.
const MIN_RSA_MODULUS: usize = 2048 / 6;

/// Why a key set cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file cannot be read.
    #[error("the file cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The URL does not give it.
    #[error("the URL does not give it")]
    Unreachable(#[from] FetchError),
    /// No authority by whom its URL could be trusted.
    #[error("the authorities of `F6_TOKEN_KEYS_AUTHORITY` are no certificates in PEM")]
    Authority,
    /// It is not a key set.
    #[error("it is not a JSON Web Key Set, `{{\"keys\": […]}}`")]
    NotAKeySet(#[source] serde_json::Error),
    /// It has no key to verify signatures with.
    #[error("it has no key for signatures")]
    Empty,
    /// A key is of a kind that is not accepted.
    #[error("key {key} is not a public RS256, ES256 or EdDSA (Ed25519) key")]
    NotAccepted {
        /// The key's id, or its place.
        key: String,
    },
    /// An RSA key is too short.
    #[error("key {key} is an RSA key of less than 2048 bits")]
    TooShort {
        /// The key's id, or its place.
        key: String,
    },
    /// The numbers are no key.
    #[error("key {key} is damaged")]
    Damaged {
        /// The key's id, or its place.
        key: String,
        /// What the library says of it.
        source: jsonwebtoken::errors::Error,
    },
    /// Tokens could not choose between keys.
    #[error("key {key} has no `kid` of its own; every key of a set of several needs one")]
    Ambiguous {
        /// The key's id, or its place.
        key: String,
    },
}

/// A key, and whose tokens it signs.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) issuer: String,
    pub(super) audience: String,
}

pub(super) fn parse(text: &str, issuer: &str, audience: &str) -> Result<Vec<Key>, KeysError> {
    let set: JwkSet = serde_json::from_str(text).map_err(KeysError::NotAKeySet)?;
    let mut keys: Vec<Key> = Vec::new();
    for (place, jwk) in set.keys.iter().enumerate().filter(|(_, jwk)| signs(jwk)) {
        let id = jwk.common.key_id.clone();
        let name = id.as_ref().map_or_else(|| format!("number {}", place + 1), |id| format!("`{id}`"));
        let algorithm = algorithm(jwk, &name)?;
        let decoding = decoding(jwk, algorithm, &name)?;
        if keys.iter().any(|other| other.id == id || other.id.is_none() || id.is_none()) {
            return Err(KeysError::Ambiguous { key: name });
        }
        keys.push(Key { id, algorithm, decoding, issuer: issuer.to_owned(), audience: audience.to_owned() });
    }
    if keys.is_empty() { Err(KeysError::Empty) } else { Ok(keys) }
}

/// Sets also publish keys for encryption; they are none of ours.
fn signs(jwk: &Jwk) -> bool {
    jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "a library's enum that may grow")]
fn algorithm(jwk: &Jwk, name: &str) -> Result<Algorithm, KeysError> {
    let (algorithm, declared) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) if rsa.n.len() < MIN_RSA_MODULUS => {
            return Err(KeysError::TooShort { key: name.to_owned() });
        }
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return Err(KeysError::NotAccepted { key: name.to_owned() }),
    };
    match jwk.common.key_algorithm {
        Some(other) if other != declared => Err(KeysError::NotAccepted { key: name.to_owned() }),
        _ => Ok(algorithm),
    }
}

/// A key that is damaged shows itself only when it is used; so it is used once, here.
fn decoding(jwk: &Jwk, algorithm: Algorithm, name: &str) -> Result<DecodingKey, KeysError> {
    let damaged = |source| KeysError::Damaged { key: name.to_owned(), source };
    let key = DecodingKey::from_jwk(jwk).map_err(damaged)?;
    crypto::verify("", b"", &key, algorithm).map_err(damaged)?;
    Ok(key)
}
