//! What a caller can do something about: the codes of this API's own errors.

use std::fmt;
use std::sync::Arc;

use async_graphql::Error;
use door::faults;
use read_model::event::Position;
use read_model::time::MomentError;

/// The codes in `extensions.code` of errors that a question itself causes; those of the border are `door::Code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// An id is no UUID.
    InvalidId,
    /// More ids than one question may ask for.
    TooManyIds,
    /// `asOf` or `knownAt` is no moment.
    InvalidMoment,
    /// `first` or `after` asks for no page.
    InvalidPage,
    /// No event type has that name.
    UnknownEventType,
    /// Nothing can be searched by what `where` says.
    InvalidSearch,
    /// The search index was built for another configuration, or never.
    IndexNotBuilt,
    /// What is supposed could never have been registered.
    InvalidSupposition,
    /// No source type has that name.
    UnknownSourceType,
}

impl Code {
    /// Every code, in the order of their declaration.
    pub const ALL: [Self; 9] = [
        Self::InvalidId,
        Self::TooManyIds,
        Self::InvalidMoment,
        Self::InvalidPage,
        Self::UnknownEventType,
        Self::InvalidSearch,
        Self::IndexNotBuilt,
        Self::InvalidSupposition,
        Self::UnknownSourceType,
    ];

    /// The code as it stands in an answer.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidId => "INVALID_ID",
            Self::TooManyIds => "TOO_MANY_IDS",
            Self::InvalidMoment => "INVALID_MOMENT",
            Self::InvalidPage => "INVALID_PAGE",
            Self::UnknownEventType => "UNKNOWN_EVENT_TYPE",
            Self::InvalidSearch => "INVALID_SEARCH",
            Self::IndexNotBuilt => "INDEX_NOT_BUILT",
            Self::InvalidSupposition => "INVALID_SUPPOSITION",
            Self::UnknownSourceType => "UNKNOWN_SOURCE_TYPE",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a question is not answered.
///
/// It is no `std::error::Error`, for the library would take any such for a GraphQL error without a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Id { argument: &'static str, given: String },
    Ids { argument: &'static str, given: usize, limit: usize },
    Moment { argument: &'static str, source: MomentError },
    NoMoment { argument: &'static str, given: String },
    First { given: String, limit: usize },
    After(String),
    EventType { given: String, there: String },
    Sought { name: Arc<str>, given: String, message: String },
    NothingSought { there: String },
    IndexUnbuilt,
    Supposed { path: String, message: String },
    SourceType { given: String, there: String },
    Beyond { after: Position, end: Position },
}

impl Refusal {
    const fn code(&self) -> Code {
        match self {
            Self::Id { .. } => Code::InvalidId,
            Self::Ids { .. } => Code::TooManyIds,
            Self::Moment { .. } | Self::NoMoment { .. } => Code::InvalidMoment,
            Self::First { .. } | Self::After(_) | Self::Beyond { .. } => Code::InvalidPage,
            Self::EventType { .. } => Code::UnknownEventType,
            Self::Sought { .. } | Self::NothingSought { .. } => Code::InvalidSearch,
            Self::IndexUnbuilt => Code::IndexNotBuilt,
            Self::Supposed { .. } => Code::InvalidSupposition,
            Self::SourceType { .. } => Code::UnknownSourceType,
        }
    }

    /// The value, the rule and the remedy.
    fn message(&self) -> String {
        match self {
            Self::Id { argument, given } => format!(
                "`{argument}` holds `{given}`, which is no UUID; write one such as 0190163d-8694-739b-aea5-966c26f8ad90"
            ),
            Self::Ids { argument, given, limit } => {
                format!("`{argument}` holds {given} ids; ask for at most {limit} at once")
            }
            Self::Moment { argument, source } => format!("`{argument}`: {source}"),
            Self::NoMoment { argument, given } => {
                format!("`{argument}` is {given}; a moment is a text: a date or an RFC 3339 timestamp")
            }
            Self::First { given, limit } => {
                format!("`first` is {given}; a page has from 1 to {limit} of them")
            }
            Self::After(given) => {
                format!(
                    "`after` is `{given}`, which is no cursor; pass on a `cursor` or `endCursor` as it came"
                )
            }
            Self::EventType { given, there } => format!("no event type is named `{given}`; {there}"),
            Self::Sought { name, given, message } => format!("`where.{name}` is `{given}`: {message}"),
            Self::NothingSought { there } => format!("`where` seeks nothing; give at least one of: {there}"),
            Self::IndexUnbuilt => {
                "the search index was not built for this configuration; build it with `query-api rebuild`"
                    .to_owned()
            }
            Self::Supposed { path, message } => format!("`{path}`: {message}"),
            Self::SourceType { given, there } => format!("no source type is named `{given}`; {there}"),
            Self::Beyond { after, end } => format!(
                "`after` is position {after}, and the log ends at {end}; pass on what this F6 gave, or begin without `after`"
            ),
        }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        faults::refused(refusal.code(), refusal.message())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_code_is_used_twice_nor_taken_by_the_door() {
        let own: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(own.len(), Code::ALL.len());
        assert!(door::Code::ALL.iter().all(|code| !own.contains(code.as_str())));
    }
}
