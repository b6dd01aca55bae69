//! Decisions: may this command become an event? Pure: state and command in, events or findings out.
//!
//! A command is decided on the validated history as known just before it, with itself added.

mod clash;
mod draft;
mod entitled;
mod evidence;
mod examined;
mod last;
mod repeat;
mod resting;
mod turns;
mod unique;
mod view;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use policy::Denied;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, Position};
use read_model::fold::{Contrast, FoldError};

pub use examined::Examined;
pub use turns::Turn;
pub use unique::UniqueValue;
pub use view::{Events, Missing, Referring, Resting, View};
pub(crate) use view::{complete, type_told};

use crate::command::Command;
use crate::outcome::Finding;

/// Where and when a command is decided.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// What there is to know about events.
    pub catalogue: &'a Catalogue,
    /// The events that are at hand.
    pub view: &'a dyn View,
    /// The newest event that counts as known.
    pub known: Position,
    /// The newest event before the request that the command belongs to.
    pub asked: Position,
    /// When the command's events are registered.
    pub registered_at: DateTime<Utc>,
    /// Whether the events come from an import, which has its own right to all of them.
    pub trusted: bool,
}

/// What was decided of one command.
#[derive(Clone, Debug)]
pub enum Decision {
    /// It becomes these events.
    Accepted(Accepted),
    /// It became these events before; the answer is that of the first time.
    Repeated(Accepted),
}

/// The events of an accepted command, and what to tell beside them.
#[derive(Clone, Debug, Default)]
pub struct Accepted {
    /// One event, or two where it validates in the same step.
    pub events: Vec<Arc<Event>>,
    /// What the caller should know all the same.
    pub warnings: Vec<Finding>,
    /// The values that no other object may have, to be indexed.
    pub unique: Vec<UniqueValue>,
    /// What comes to wait for a clerk, or no longer does, to be indexed.
    pub turns: Vec<Turn>,
    /// What the claim was held against, where it waits for a verdict and that is known.
    pub examined: Option<Arc<Examined>>,
}

/// Why no decision in favour was reached.
#[derive(Debug)]
pub enum Stop {
    /// Events are missing; load them and decide again.
    Missing(Missing),
    /// The command is refused.
    Refused(Vec<Finding>),
    /// The caller may not do this.
    Forbidden(Denied),
    /// The history itself cannot be folded; a fault, not a refusal.
    Fault(FoldError),
}

impl From<Denied> for Stop {
    fn from(forbidden: Denied) -> Self {
        Self::Forbidden(forbidden)
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<FoldError> for Stop {
    fn from(error: FoldError) -> Self {
        Self::Fault(error)
    }
}

impl From<Finding> for Stop {
    fn from(finding: Finding) -> Self {
        Self::Refused(vec![finding])
    }
}

/// Decides one command.
///
/// # Errors
/// [`Stop`]: refused, forbidden, or not decidable yet.
pub fn decide(desk: Desk<'_>, command: &Command) -> Result<Decision, Stop> {
    let draft = draft::draft(desk, command)?;
    if let Some(stored) = repeat::stored(desk, &draft)? {
        let desk = desk.before(&stored);
        let warnings = match examine(desk, command, &draft::draft(desk, command)?) {
            Ok(examination) => examination.warnings,
            // An import of older rules may have stored what is refused today; it stands all the same.
            Err(Stop::Refused(_)) => Vec::new(),
            Err(stop) => return Err(stop),
        };
        return Ok(Decision::Repeated(Accepted { events: stored, warnings, ..Accepted::default() }));
    }
    let Examination { warnings, turns, examined } = examine(desk, command, &draft)?;
    let unique = unique::values(desk.catalogue, &draft);
    Ok(Decision::Accepted(Accepted { events: draft.events, warnings, unique, turns, examined }))
}

/// What comes of holding a draft against the history, where nothing refuses it.
struct Examination {
    warnings: Vec<Finding>,
    turns: Vec<Turn>,
    examined: Option<Arc<Examined>>,
}

/// Holds a draft against the history: what it breaks is a refusal, what is only odd a warning. Also says what comes to
/// wait through it.
fn examine(desk: Desk<'_>, command: &Command, draft: &draft::Draft) -> Result<Examination, Stop> {
    evidence::unchanged_since(desk, command)?;
    if let Some((findings, examined)) = last::findings(desk, draft)? {
        if !findings.refusals.is_empty() {
            return Err(Stop::Refused(findings.refusals));
        }
        let turns = turns::at_the_end(desk, draft)?;
        return Ok(Examination { warnings: findings.warnings, turns, examined: examined.map(Arc::new) });
    }
    let evidence = evidence::gather(desk, draft)?;
    let findings = clash::findings(desk, command, draft, &evidence)?;
    if !findings.refusals.is_empty() {
        return Err(Stop::Refused(findings.refusals));
    }
    let Contrast { after, .. } = &evidence.contrast;
    unique::check(desk, draft, after.world(), evidence.contrast.changed())?;
    let turns = turns::between(draft, &evidence);
    Ok(Examination { warnings: findings.warnings, turns, examined: None })
}

impl Desk<'_> {
    /// The desk as it was just before these events were stored.
    fn before(self, stored: &[Arc<Event>]) -> Self {
        match stored.first() {
            Some(first) => {
                let known = first.position.plus(-1);
                Self { known, asked: known, registered_at: first.created_at, ..self }
            }
            None => self,
        }
    }
}
