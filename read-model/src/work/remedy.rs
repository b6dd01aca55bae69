//! What would resolve it: a command, its target, and who may give it.

use std::sync::Arc;

use super::{Cause, Why, WorkKind};
use crate::catalogue::source_types_of;
use crate::event::{Event, EventKind};
use crate::fold::Folded;

/// A command that would resolve an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Remedy {
    /// What is done.
    pub act: Act,
    /// To which event.
    pub target: Arc<Event>,
    /// What a clerk is told.
    pub message: String,
    /// The types of authority that may do it.
    pub source_types: Vec<Arc<str>>,
    /// Whether it takes another than who made the target.
    pub four_eyes: bool,
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Accepts or rejects.
    Validate,
    /// Gives a claim other data.
    Amend,
    /// Says that an event did not happen.
    Annul,
}

impl Remedy {
    /// The mutation of the write API.
    #[must_use]
    pub fn mutation(&self) -> String {
        match self.act {
            Act::Validate => "validate".to_owned(),
            Act::Amend => format!("amend{}", self.target.event_type),
            Act::Annul => "annul".to_owned(),
        }
    }
}

/// What would resolve an event that waits, nearest first; what nobody may do is left out.
pub(super) fn of(folded: &Folded<'_>, event: &Arc<Event>, kind: WorkKind, causes: &[Cause]) -> Vec<Remedy> {
    let own = &event.event_type;
    let mut said: Vec<(Act, &Arc<Event>, String)> = Vec::new();
    match kind {
        WorkKind::OpenClaim => {
            said.push((Act::Validate, event, format!("accept this {own}, or reject it")));
            said.push((Act::Annul, event, format!("say that this {own} did not happen")));
        }
        WorkKind::UnvalidatedCorrection => {
            said.push((Act::Validate, event, format!("accept this correction of {own}, or reject it")));
            said.push((Act::Annul, event, format!("take back this correction of {own}")));
        }
        WorkKind::Suspended => {
            said.extend(causes.iter().filter_map(restoring));
            said.push((Act::Annul, event, format!("say that this {own} did not happen either")));
        }
        WorkKind::Contested => {
            said.push((Act::Amend, event, format!("state what this {own} should have said")));
            said.push((Act::Annul, event, format!("say that this {own} did not happen")));
            said.extend(causes.iter().flat_map(yielding));
        }
    }
    said.into_iter().filter_map(|said| remedy(folded, said)).collect()
}

/// How a basis comes to hold again; none where another cause says so.
fn restoring(cause: &Cause) -> Option<(Act, &Arc<Event>, String)> {
    let (basis, what) = (&cause.event, named(&cause.event));
    match &cause.why {
        Why::Open => Some((Act::Validate, basis, format!("accept the {what} that it is based on"))),
        Why::Rejected(_) => {
            Some((Act::Validate, basis, format!("accept, after all, the {what} that it is based on")))
        }
        Why::Annulled(annul) => {
            Some((Act::Annul, annul, format!("undo the annulment of the {what} that it is based on")))
        }
        Why::Suspended | Why::Counts(_) => None,
    }
}

/// How what contests an event gives way to it.
fn yielding(cause: &Cause) -> Vec<(Act, &Arc<Event>, String)> {
    let (claim, what) = (&cause.event, named(&cause.event));
    let Why::Counts(amend) = &cause.why else { return Vec::new() };
    let undo = amend
        .as_ref()
        .map(|amend| (Act::Annul, amend, format!("undo the correction of the {what} that it clashes with")));
    let amended = (Act::Amend, claim, format!("correct the {what} that it clashes with"));
    let annulled = (Act::Annul, claim, format!("say that the {what} that it clashes with did not happen"));
    undo.into_iter().chain([amended, annulled]).collect()
}

/// What an event is called: `Geboorte`, or `correction of Geboorte`.
fn named(event: &Event) -> String {
    match event.kind() {
        EventKind::Claim => event.event_type.to_string(),
        EventKind::Correction => format!("correction of {}", event.event_type),
        EventKind::Validation => format!("validation of {}", event.event_type),
    }
}

fn remedy(folded: &Folded<'_>, (act, target, message): (Act, &Arc<Event>, String)) -> Option<Remedy> {
    let event_type = folded.catalogue().event_types.get(&target.event_type)?;
    let source_types = source_types_of(match act {
        Act::Validate => &event_type.validate,
        Act::Amend => &event_type.amend,
        Act::Annul => &event_type.annul,
    });
    let four_eyes = act == Act::Validate && event_type.four_eyes;
    let message = if four_eyes { format!("{message}; another than who made it does that") } else { message };
    let remedy = Remedy { act, target: Arc::clone(target), message, source_types, four_eyes };
    (!remedy.source_types.is_empty()).then_some(remedy)
}
