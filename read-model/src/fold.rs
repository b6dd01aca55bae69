//! The fold: from the claims that count to the state of objects, at any day of the material line.
//!
//! Pure: the same code validates commands and answers queries.

mod claim;
mod dossier;
mod line;
mod meaning;
mod referring;
mod scope;
mod state;
mod status;
mod world;

pub use claim::{Because, Claim, Place};
pub use dossier::{Dossier, Extended, LastClaim};
pub use line::{Assertion, Bound, Change, FieldLine};
pub use meaning::Meaning;
pub use state::ObjectState;
pub use status::{Breach, EventStanding, Folded, Status};
pub use world::{FoldError, World};
