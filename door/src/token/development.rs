//! The key with which anyone can make a token, and that only a server in `--dev` accepts.

use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

use super::keys::Key;
use crate::principal::Principal;

/// Printed here for all to read: whoever accepts it accepts everybody.
pub(super) const DEVELOPMENT_KEY: &[u8] =
    b"F6 development key, known to everybody, accepted with --dev alone";

/// The key's id, and the issuer and audience of the tokens that it signs.
const DEVELOPMENT: &str = "f6-development";

pub(super) fn key() -> Key {
    Key {
        id: Some(DEVELOPMENT.to_owned()),
        algorithm: Algorithm::HS256,
        decoding: DecodingKey::from_secret(DEVELOPMENT_KEY),
        issuer: DEVELOPMENT.to_owned(),
        audience: DEVELOPMENT.to_owned(),
    }
}

/// Signs a token that servers with `--dev` accept from now until its lifetime is over, and no other server ever.
pub fn sign_development_token(
    source_type: &str,
    source_id: Uuid,
    lifetime: Duration,
    now: DateTime<Utc>,
) -> String {
    sign_development_token_for(&Principal::new(source_id, source_type), lifetime, now)
}

/// The same, of somebody of whom it says more.
pub fn sign_development_token_for(principal: &Principal, lifetime: Duration, now: DateTime<Utc>) -> String {
    let header = Header { kid: Some(DEVELOPMENT.to_owned()), ..Header::new(Algorithm::HS256) };
    let claims = json!({
        "iss": DEVELOPMENT,
        "aud": DEVELOPMENT,
        "iat": now.timestamp(),
        "exp": (now + lifetime).timestamp(),
        "sub": principal.source_id,
        "source_type": principal.source_type,
        "organisation": principal.organisation,
        "zones": principal.zones,
        "person": principal.person,
    });
    encode(&header, &claims, &EncodingKey::from_secret(DEVELOPMENT_KEY))
        .expect("text and numbers are JSON, and any bytes are an HMAC key")
}
