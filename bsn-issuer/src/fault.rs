//! What keeps it from knowing or saying something now, and may be over later.

use std::io;

use reqwest::StatusCode;

/// Why there is no answer: the same is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The network, or a server that is not there.
    #[error("the {api} API cannot be reached, broke off, or was silent for too long")]
    Network {
        /// Which one.
        api: &'static str,
        /// What happened.
        source: reqwest::Error,
    },
    /// A GraphQL error.
    #[error("the {api} API answered with an error: {code}")]
    Error {
        /// Which one.
        api: &'static str,
        /// Of the list in `docs/errors.md`.
        code: String,
    },
    /// An answer that is none of GraphQL.
    #[error("the {api} API answered {status}, and not in GraphQL as this program knows it")]
    Answer {
        /// Which one.
        api: &'static str,
        /// With which status.
        status: StatusCode,
    },
    /// The stream is over.
    #[error("the stream of births ended")]
    Ended,
    /// The registry's clock is behind ours, or we are a day ahead.
    #[error("the write API takes this for the future; set this machine's clock")]
    Clock,
    /// Too many picks were taken.
    #[error(
        "of {0} numbers picked by chance each was taken; give it other numbers to issue (--bsn-from, --bsn-to)"
    )]
    NoneFree(u32),
    /// The checkpoint cannot be read or written.
    #[error("the checkpoint cannot be read or written")]
    Checkpoint(#[source] io::Error),
    /// The token cannot be read.
    #[error("the token cannot be read")]
    Token(#[source] io::Error),
    /// The system has no randomness.
    #[error("the system gives no random numbers")]
    Chance(#[source] getrandom::Error),
}

impl Fault {
    /// The code of a GraphQL error.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Error { code, .. } => Some(code),
            Self::Network { .. }
            | Self::Answer { .. }
            | Self::Ended
            | Self::Clock
            | Self::NoneFree(_)
            | Self::Checkpoint(_)
            | Self::Token(_)
            | Self::Chance(_) => None,
        }
    }
}
