//! What a token says, once its signature is known to be good.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::TokenError;
use super::keys::Key;
use crate::peer::Peer;
use crate::principal::Principal;

/// How long a source type may be; the names in a catalogue are far shorter.
const MAX_SOURCE_TYPE: usize = 100;

/// How many zones one token may name; nobody works in so many.
const MAX_ZONES: usize = 100;

/// The claims that matter here; each may be missing.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    sub: Option<String>,
    source_type: Option<String>,
    organisation: Option<String>,
    zones: Option<Vec<String>>,
    person: Option<String>,
    cnf: Option<Confirmation>,
}

/// Whose key must be shown with the token (RFC 7800); here, whose certificate (RFC 8705, section 3.1).
#[derive(Deserialize)]
struct Confirmation {
    #[serde(rename = "x5t#S256")]
    certificate: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    /// Whether they hold for whoever trusts that key, at a moment.
    pub(super) fn check(
        &self,
        key: &Key,
        now: DateTime<Utc>,
        leeway: chrono::Duration,
    ) -> Result<(), TokenError> {
        if self.iss.as_ref().ok_or(TokenError::MissingClaim("iss"))? != &key.issuer {
            return Err(TokenError::WrongIssuer);
        }
        if !self.aud.as_ref().ok_or(TokenError::MissingClaim("aud"))?.names(&key.audience) {
            return Err(TokenError::WrongAudience);
        }
        // Seconds with a fraction, as the claims have them.
        let seconds = |moment: chrono::Duration| moment.as_seconds_f64();
        let (now, leeway) = (seconds(now - DateTime::UNIX_EPOCH), seconds(leeway));
        if self.exp.ok_or(TokenError::MissingClaim("exp"))? + leeway <= now {
            return Err(TokenError::Expired);
        }
        if self.nbf.is_some_and(|nbf| nbf - leeway > now) {
            return Err(TokenError::NotYetValid);
        }
        Ok(())
    }

    /// When they hold no more.
    pub(super) fn ends(&self, leeway: chrono::Duration) -> DateTime<Utc> {
        // Beyond what a number of microseconds can say it saturates, and whatever lies beyond the calendar never comes.
        let micros = self.exp.map_or(0, |exp| (exp * 1e6) as i64);
        let expires = DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC);
        expires.checked_add_signed(leeway).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether whoever is at the other end may use them: where they are bound to a certificate, only who shows that.
    pub(super) fn check_binding(&self, peer: Peer, demanded: bool) -> Result<(), TokenError> {
        let Some(confirmation) = &self.cnf else {
            return if demanded { Err(TokenError::NotBound) } else { Ok(()) };
        };
        // What it is bound to by other means cannot be checked here, and so is not taken on trust.
        let thumbprint = confirmation.certificate.as_deref();
        let shown = thumbprint.is_some_and(|thumbprint| peer.has(thumbprint));
        if shown { Ok(()) } else { Err(TokenError::WrongCertificate) }
    }

    /// Whom they name.
    pub(super) fn principal(self) -> Result<Principal, TokenError> {
        let subject = self.sub.ok_or(TokenError::MissingClaim("sub"))?;
        let source_id = Uuid::try_parse(&subject).map_err(|_| TokenError::SubjectNotUuid)?;
        let source_type = self.source_type.ok_or(TokenError::MissingClaim("source_type"))?;
        if source_type.is_empty() || source_type.chars().count() > MAX_SOURCE_TYPE {
            return Err(TokenError::SourceType);
        }
        let organisation = self.organisation.map(|oin| bounded("organisation", oin)).transpose()?;
        let zones = self.zones.map(|zones| match zones.len() {
            0..=MAX_ZONES => zones.into_iter().map(|zone| bounded("zones", zone)).collect(),
            _ => Err(TokenError::TooLong("zones")),
        });
        let person = self.person.map(|person| Uuid::try_parse(&person)).transpose();
        Ok(Principal {
            source_id,
            source_type,
            organisation,
            zones: zones.transpose()?,
            person: person.map_err(|_| TokenError::PersonNotUuid)?,
        })
    }
}

/// A name that is not longer than any here is.
fn bounded(claim: &'static str, name: String) -> Result<String, TokenError> {
    if name.chars().count() > MAX_SOURCE_TYPE { Err(TokenError::TooLong(claim)) } else { Ok(name) }
}
