//! The catalogue: `write_config.yaml` parsed, checked and compiled.

mod about;
mod clashing;
mod compile;
pub mod config;
mod element;
mod event_type;
mod expression;
mod field_path;
mod following;
mod format;
mod granting;
mod inverse;
mod model;
mod problem;
mod processing;
mod redefined;
mod search;
mod shape;
mod subscribing;
#[cfg(test)]
mod testing;
mod yaml;

pub use element::Element;
pub use expression::{Datum, EvaluationError, Expression, FieldRead, Origin, Reads, Scope, Seen};
pub use field_path::FieldPath;
pub use format::{DataError, Format};
pub(crate) use granting::CALLER;
pub use inverse::Inverse;
pub(crate) use model::role_variable;
pub use model::{
    Action, Authority, Catalogue, Derived, Effect, EventType, Field, Future, Line, May, NamedType,
    ObjectType, Role, Rule, Severity, Subscriptions, UpcastError, Version, Where, source_types_of,
};
pub use problem::{Problem, Problems, Report, compile_yaml, one_of};
pub use processing::Processing;
pub use redefined::{Redefined, redefined};
pub use search::{Matching, Search, SearchTerm, Sought, SoughtError, Terms};
pub use shape::{Property, Shape, is_name};
pub use yaml::Step;
