//! The write API of F6: commands come in, are decided, and become events.
//!
//! GraphQL input → [`command`] (parsed) → load → fold → [`decide`] (pure) → [`append`] (the only INSERT) → payload.

pub mod append;
pub mod cli;
pub mod command;
pub mod decide;
pub mod graphql;
pub mod ids;
pub mod import;
pub mod outcome;
pub mod rights;
pub mod runtime;
pub mod settings;
pub mod subscribing;
#[cfg(test)]
mod testing;
