//! Limits on a document, before any work is done on it.
//!
//! The library's own limits come too late: to find how deep a document nests, it expands each fragment wherever it is spread, so a few hundred bytes keep it busy for seconds.
//! Here each fragment is measured once, and a document that asks too much is refused in time linear in its length.

mod cost;
mod measure;
mod scan;

use async_graphql::Pos;
use async_graphql::parser::types::ExecutableDocument;
use async_graphql::parser::{Error as ParserError, parse_query};
use clap::Args;

pub(crate) use self::cost::check as check_cost;
use self::measure::Measure;
use self::scan::{Scan, ScanError};
use crate::shown::cut;

/// How much a document may ask.
#[derive(Args, Clone, Copy, Debug)]
pub struct GuardOptions {
    /// Longest document, in bytes; large inputs belong in variables
    #[arg(long, env = "F6_MAX_QUERY_BYTES", value_name = "BYTES", default_value_t = Self::DEFAULT.max_query_bytes,
          help_heading = "Limits")]
    pub max_query_bytes: usize,
    /// Most tokens (names, values, punctuation) in a document
    #[arg(long, env = "F6_MAX_QUERY_TOKENS", value_name = "COUNT", default_value_t = Self::DEFAULT.max_query_tokens,
          help_heading = "Limits")]
    pub max_query_tokens: usize,
    /// Deepest nesting of selections, fragments included; the library itself refuses more than 32
    #[arg(long, env = "F6_MAX_DEPTH", value_name = "LEVELS", default_value_t = Self::DEFAULT.max_depth,
          value_parser = clap::value_parser!(u64).range(1..=32), help_heading = "Limits")]
    pub max_depth: u64,
    /// Most fields selected, counting a fragment's at each place where it is spread
    #[arg(long, env = "F6_MAX_FIELDS", value_name = "COUNT", default_value_t = Self::DEFAULT.max_fields,
          help_heading = "Limits")]
    pub max_fields: u64,
    /// Most aliased fields, counted likewise
    #[arg(long, env = "F6_MAX_ALIASES", value_name = "COUNT", default_value_t = Self::DEFAULT.max_aliases,
          help_heading = "Limits")]
    pub max_aliases: u64,
    /// Most directives, counted likewise
    #[arg(long, env = "F6_MAX_DIRECTIVES", value_name = "COUNT", default_value_t = Self::DEFAULT.max_directives,
          help_heading = "Limits")]
    pub max_directives: u64,
    /// Most fields at the root of an operation: each is a command or a query of its own
    #[arg(long, env = "F6_MAX_ROOT_FIELDS", value_name = "COUNT", default_value_t = Self::DEFAULT.max_root_fields,
          help_heading = "Limits")]
    pub max_root_fields: u64,
    /// Most values asked for: fields, times the lengths of the lists that they stand in
    #[arg(long, env = "F6_MAX_VALUES", value_name = "COUNT", default_value_t = Self::DEFAULT.max_values,
          help_heading = "Limits")]
    pub max_values: u64,
}

impl GuardOptions {
    /// Room for a wide screen of a front-end and for the introspection of code generators, many times over.
    const DEFAULT: Self = Self {
        max_query_bytes: 100_000,
        max_query_tokens: 10_000,
        max_depth: 24,
        max_fields: 5_000,
        max_aliases: 500,
        max_directives: 200,
        max_root_fields: 100,
        max_values: 100_000,
    };
}

impl Default for GuardOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a document is not worked on.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum GuardError {
    /// It asks for more than a limit allows.
    #[error("the document has {what} above the limit of {limit}; ask for less, or in several requests")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// How much of it is allowed.
        limit: u64,
    },
    /// A fragment spreads itself, directly or through others.
    #[error("the fragment `{fragment}` spreads itself")]
    Cycle {
        /// Its name.
        fragment: String,
    },
    /// It is not GraphQL.
    #[error("{message}")]
    Syntax {
        /// What is wrong, in our words: the parser's own repeat the document.
        message: String,
        /// Where.
        places: Vec<Pos>,
    },
    /// It holds U+0000.
    #[error("the document holds the character U+0000, which cannot be stored; leave it out")]
    Nul,
}

/// A document that may be worked on.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) document: ExecutableDocument,
    /// Whether it asks for the schema (`__schema`, `__type`) anywhere.
    pub(crate) introspects: bool,
    /// Whether it asks for nothing but the schema and names of types.
    pub(crate) only_introspects: bool,
}

/// Parses a document, unless it asks too much.
///
/// # Errors
/// When it is not GraphQL, goes beyond a limit, or holds a character that cannot be stored.
pub(crate) fn check(query: &str, options: &GuardOptions) -> Result<Guarded, GuardError> {
    within("bytes", query.len(), options.max_query_bytes)?;
    let scan = Scan::of(query)?;
    within("tokens", scan.tokens, options.max_query_tokens)?;
    within("levels of brackets", scan.nesting, scan::MAX_NESTING)?;
    let document = parse_query(query).map_err(|error| GuardError::parser(&error, query))?;
    let mut visited = 0;
    let measured = measure::measure(&document, options, &mut visited);
    tracing::trace!(tokens = scan.tokens, visited, "measured a document");
    let Measure { introspects, only_introspects } = measured?;
    Ok(Guarded { document, introspects, only_introspects })
}

impl GuardError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "a library's enum that may grow")]
    fn parser(error: &ParserError, query: &str) -> Self {
        let places: Vec<_> = error.positions().collect();
        let message = match error {
            ParserError::Syntax { start, .. } => match rest(query, *start) {
                "" => "the document ends where GraphQL expects more; send all of it".to_owned(),
                rest => format!("GraphQL cannot go on with `{}`; correct it there", cut(rest, SHOWN)),
            },
            ParserError::MissingOperation => {
                "the document has no operation; add a query or a mutation".to_owned()
            }
            ParserError::MultipleOperations { .. } => {
                "the document has several operations, one of them without a name; give each a name".to_owned()
            }
            // The rest name an operation or a fragment that stands twice.
            other => format!("{}; let each stand once", cut(&other.to_string(), 2 * SHOWN)),
        };
        Self::Syntax { message, places }
    }
}

/// How much of a document an error repeats.
const SHOWN: usize = 30;

/// What stands at a place, up to the end of its line; at the end of the document nothing.
fn rest(query: &str, place: Pos) -> &str {
    let line = query.split_inclusive('\n').nth(place.line.saturating_sub(1)).unwrap_or_default();
    let start = line.char_indices().nth(place.column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    line[start..].trim_end()
}

impl From<ScanError> for GuardError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Unclosed(place) => {
                let message = "this string is not closed; end it with a quote on its own line".to_owned();
                Self::Syntax { message, places: vec![place] }
            }
            ScanError::Escape(place, given) => {
                let message =
                    format!("`{given}` is no character here; write the character itself, not an escape");
                Self::Syntax { message, places: vec![place] }
            }
            ScanError::Long(place, word) => {
                let message = format!("`{word}` is longer than any name or number here; shorten it");
                Self::Syntax { message, places: vec![place] }
            }
            ScanError::Twice(place, name) => {
                let message = format!("the name `{name}` stands twice between its brackets; write it once");
                Self::Syntax { message, places: vec![place] }
            }
            ScanError::Nul => Self::Nul,
        }
    }
}

fn limit(what: &'static str, count: u64, limit: u64) -> Result<(), GuardError> {
    if count <= limit { Ok(()) } else { Err(GuardError::Limit { what, limit }) }
}

fn within(what: &'static str, count: usize, limit: usize) -> Result<(), GuardError> {
    self::limit(what, count as u64, limit as u64)
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
