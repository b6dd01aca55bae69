//! The harness of F6's scenarios.
//!
//! A scenario starts an F6 of its own ([`F6::start`]): a database cloned from a migrated template, and the real
//! `write-api` and `query-api`, spoken to over HTTP alone.
//! Everything that a scenario says goes through here, so that a change of the API touches one place:
//!
//! - *given*: a [`History`] of events registered at chosen moments, taken in by `write-api import`;
//! - *when*: a [`Principal`] claims, validates, amends, annuls ([`Command`]) and gets an [`Outcome`];
//! - *then*: a [`Question`] at two moments, `persoon(id).as_of("2026-01-03").known_at("2026-01-03").ask("…")`.

mod authority;
pub mod cases;
mod cluster;
mod collector;
mod command;
mod database;
mod f6;
mod faults;
mod graphql;
pub mod histories;
mod history;
mod issuer;
mod network;
mod outcome;
mod principal;
mod proxy;
mod question;
mod raw;
mod scrape;
mod server;
mod sink;
mod subscriber;
mod values;
mod workspace;

pub use authority::{Authority, Identity};
pub use collector::{Collector, Step};
pub use command::Command;
pub use database::{Database, Role};
pub use f6::{F6, Setup};
pub use faults::Faults;
pub use graphql::{Answer, Complaint};
pub use history::History;
pub use issuer::Issuer;
pub use network::Network;
pub use outcome::{Accepted, Finding, Outcome};
pub use principal::Principal;
pub use proxy::StatementCounter;
pub use question::Question;
pub use raw::{Heard, Wire};
pub use scrape::Scrape;
pub use server::Server;
pub use sink::{Received, Sink};
pub use subscriber::{Events, Socket, Subscription};
pub use values::{bsn, days_from_now, new_id, sha256};
pub use workspace::{binary, root, run, sources};
