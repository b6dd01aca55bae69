//! Faults and refusals as GraphQL errors: what the outside may know, and what only the log may.

use std::error::Error as StdError;
use std::fmt::Display;

use async_graphql::{Error, ErrorExtensions};
use uuid::Uuid;

use crate::code::Code;

/// What the outside reads of a fault, whatever its cause.
pub(crate) const INTERNAL_MESSAGE: &str =
    "something went wrong on our side; its id finds the cause in our log";

/// A fault of ours: its chain of causes goes to the log, once, under a fresh id; the outside gets the id alone.
pub fn internal(error: &dyn StdError) -> Error {
    let id = fresh_id();
    tracing::error!(%id, error = %chain(error), "a resolver failed");
    Error::new(INTERNAL_MESSAGE).extend_with(|_, extensions| {
        extensions.set("code", Code::Internal.as_str());
        extensions.set("id", id.to_string());
    })
}

/// The caller is known and may not do or see this; the message says what would be needed.
pub fn forbidden(message: impl Into<String>) -> Error {
    refused(Code::Forbidden, message)
}

/// An error that the caller can do something about, with a code.
///
/// An error *without* a code that leaves a resolver counts as a fault: the door logs it and masks its message.
pub fn refused(code: impl Display, message: impl Into<String>) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code.to_string()))
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let causes = std::iter::successors(error.source(), |cause: &&dyn StdError| (*cause).source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}

/// An id that finds one request or fault in the log.
#[expect(clippy::disallowed_methods, reason = "the border is where ids for the log come in")]
pub(crate) fn fresh_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot append")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_fault_shows_the_outside_a_code_and_an_id_and_nothing_else() {
        let error = internal(&Outer(std::io::Error::other("password of the database")));
        assert_eq!(error.message, INTERNAL_MESSAGE);
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&"INTERNAL".into()));
        assert!(extensions.get("id").is_some());
    }

    #[test]
    fn the_log_gets_each_cause_once() {
        let error = Outer(std::io::Error::other("connection refused"));
        assert_eq!(chain(&error), "cannot append: connection refused");
    }
}
