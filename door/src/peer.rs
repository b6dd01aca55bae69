//! Who is at the other end of a connection, as TLS knows it.

use axum::http::Extensions;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The certificate that a client showed, where it showed one that is trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    thumbprint: Option<[u8; 32]>,
}

impl Peer {
    /// A client that showed this certificate, in DER.
    pub(crate) fn with(certificate: &[u8]) -> Self {
        Self { thumbprint: Some(Sha256::digest(certificate).into()) }
    }

    /// Whoever sent a request with these extensions.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    /// Whether its certificate has this thumbprint, as a token names it (`x5t#S256`, RFC 8705, section 3.1).
    pub(crate) fn has(&self, thumbprint: &str) -> bool {
        let named = URL_SAFE_NO_PAD.decode(thumbprint).ok();
        self.thumbprint.zip(named).is_some_and(|(own, named)| own[..] == named[..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_known_by_its_thumbprint_and_no_certificate_by_none() {
        // SHA-256 of nothing, in base64url
        let nothing = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        assert!(Peer::with(b"").has(nothing));
        assert!(!Peer::with(b"other").has(nothing));
        assert!(!Peer::with(b"").has(&nothing[1..]) && !Peer::with(b"").has(""));
        assert!(!Peer::default().has(nothing) && !Peer::default().has(""));
    }
}
