//! The fold: from the claims that count to the state of objects, at any day of the material line.
//!
//! Pure: the same code validates commands and answers queries.

mod claim;
mod consequence;
mod contrast;
mod difference;
mod dossier;
mod following;
mod line;
mod meaning;
mod period;
mod referring;
mod reread;
mod scope;
mod state;
mod status;
mod support;
mod timeline;
mod world;

pub use claim::{Because, Claim, Place};
pub(crate) use consequence::derived_changes;
pub use consequence::{AffectedEvent, AffectedObject, Consequences, DerivedChange, StretchChange};
pub use contrast::Contrast;
pub use difference::{FieldChange, Side, difference};
pub use dossier::{Dossier, Extended, LastClaim};
pub use following::Following;
pub use line::{Assertion, Bound, Change, FieldLine, Read};
pub use meaning::Meaning;
pub use period::Period;
pub use reread::{Answer, Reading, Rereading, Shift};
pub use scope::holds_for;
pub use state::ObjectState;
pub use status::{Breach, BrokenRule, EventStanding, Folded, Status};
pub use support::rests_on;
pub use timeline::{Rectangle, timeline};
pub use world::{FoldError, World};
