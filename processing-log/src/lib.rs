//! The processing log of F6, by the standard Logboek Dataverwerkingen: who did what with whose data, as part of which
//! processing activity; one record for each person concerned.
//!
//! The door notes while an answer is computed ([`door::Concerned`]), and hands what was noted to [`Log`], which writes it:
//! an answer leaves when its records are durable, and not at all where they cannot be.

mod about;
mod keys;
mod log;
mod meters;
mod options;
mod records;
mod rows;
mod writer;

pub use about::{About, Verb};
pub use keys::{Keys, KeysError};
pub use log::Log;
pub use options::{OpenError, ProcessingLogOptions};
pub use records::{Asked, Record, Records};
pub use rows::{Query, RecordError, Rows, Scribe, insert};
pub use writer::WriteError;
