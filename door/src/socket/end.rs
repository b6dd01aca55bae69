//! How a connection ends.

use crate::shown::cut;

/// How long the reason of a close frame may be, in bytes (RFC 6455, section 5.5).
const MAX_REASON: usize = 123;

/// Why a connection ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The client has left, or the network has failed.
    Gone,
    /// The client did not say a word, twice asked.
    Lost,
    /// The client said something that the protocol does not know: what is wrong with it.
    Invalid(String),
    /// An operation was asked for before the connection was acknowledged.
    Unacknowledged,
    /// The token is not accepted: why.
    Forbidden(String),
    /// The token was accepted, and is no more.
    Expired,
    /// The client does not speak our protocol.
    Subprotocol,
    /// The client did not say who connects.
    InitTimeout,
    /// It said so twice.
    InitTwice,
    /// An operation has the id of another that is not complete.
    Duplicate(String),
    /// The client does not take what it asked for.
    Slow,
    /// The server stops.
    Stopping,
}

impl End {
    /// The code and reason of the close frame; none where nobody would read it.
    pub(super) fn close(&self) -> Option<(u16, String)> {
        let (code, reason) = match self {
            Self::Gone | Self::Lost => return None,
            Self::Invalid(what) => (4400, what.clone()),
            Self::Unacknowledged => (4401, "Unauthorized".to_owned()),
            Self::Forbidden(why) => (4403, why.clone()),
            Self::Expired => (4403, "the token has expired; connect again with a new one".to_owned()),
            Self::Subprotocol => (4406, "Subprotocol not acceptable".to_owned()),
            Self::InitTimeout => (4408, "Connection initialisation timeout".to_owned()),
            Self::InitTwice => (4429, "Too many initialisation requests".to_owned()),
            Self::Duplicate(id) => (4409, format!("Subscriber for {} already exists", cut(id, 40))),
            // Try again later (the registry of close codes of RFC 6455).
            Self::Slow => (1013, "messages were not taken in time; connect again and resume".to_owned()),
            Self::Stopping => (1001, "the server stops; connect again and resume".to_owned()),
        };
        Some((code, bounded(&reason)))
    }

    /// How it is counted, where the server ends it without the client having done wrong by the protocol.
    pub(super) const fn counted(&self) -> Option<&'static str> {
        match self {
            Self::Slow => Some("slow"),
            Self::Expired => Some("expired"),
            Self::Stopping => Some("stopping"),
            Self::Lost => Some("lost"),
            Self::Gone
            | Self::Invalid(_)
            | Self::Unacknowledged
            | Self::Forbidden(_)
            | Self::Subprotocol
            | Self::InitTimeout
            | Self::InitTwice
            | Self::Duplicate(_) => None,
        }
    }
}

fn bounded(reason: &str) -> String {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_into_a_close_frame() {
        let (code, reason) = End::Invalid("é".repeat(100)).close().unwrap();
        assert_eq!((code, reason.len()), (4400, 122));
        assert_eq!(End::Duplicate("x".repeat(200)).close().unwrap().0, 4409);
        assert_eq!(End::Gone.close(), None);
    }
}
