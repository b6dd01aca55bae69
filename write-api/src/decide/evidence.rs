//! What a decision looks at: the history before the command and the history with it, each folded.

use std::collections::HashSet;

use read_model::basis::Trust;
use read_model::catalogue::Catalogue;
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{Claim, Folded, World};
use read_model::history::History;
use read_model::resolve::Assuming;

use super::draft::{Draft, finding};
use super::view::complete;
use super::{Desk, Stop};
use crate::command::Command;
use crate::outcome::{Finding, FindingCode};

/// The history with the draft added, with every object folded that the decision may look at.
pub(super) struct Evidence {
    pub(super) history: History,
    known: Position,
    assumed: Option<EventId>,
}

/// A field of an object.
pub(super) type FieldOf = (ObjectId, std::sync::Arc<str>);

impl Evidence {
    /// The history before the command.
    pub(super) fn before<'a>(&'a self, catalogue: &'a Catalogue, trust: Trust) -> Result<Folded<'a>, Stop> {
        Ok(Folded::at(catalogue, &self.history, self.known, trust, Assuming::default())?)
    }

    /// The history with the command, which is read as accepted where nobody judged it yet.
    pub(super) fn after<'a>(&'a self, catalogue: &'a Catalogue, trust: Trust) -> Result<Folded<'a>, Stop> {
        Ok(Folded::at(catalogue, &self.history, Position::new(i64::MAX), trust, Assuming(self.assumed))?)
    }
}

/// Collects everything that bears on the draft, and on what changes through it.
pub(super) fn gather(desk: Desk<'_>, draft: &Draft) -> Result<Evidence, Stop> {
    let objects = draft.events.iter().flat_map(|event| &event.object_ids).copied();
    let mut history = History::of(objects);
    complete(desk.view, desk.catalogue, &mut history, desk.known)?;
    history.add([], draft.events.iter().cloned());
    complete(desk.view, desk.catalogue, &mut history, desk.known)?;
    let mut evidence = Evidence { history, known: desk.known, assumed: draft.assumed };
    loop {
        let more = touched_further(desk.catalogue, draft, &evidence)?;
        if more.is_empty() {
            return Ok(evidence);
        }
        evidence.history.fold_also(more);
        complete(desk.view, desk.catalogue, &mut evidence.history, desk.known)?;
    }
}

/// Objects not folded yet whose state follows from what changes, or which the rules of events around it read.
fn touched_further(catalogue: &Catalogue, draft: &Draft, evidence: &Evidence) -> Result<HashSet<ObjectId>, Stop> {
    let before = evidence.before(catalogue, Trust::Validated)?;
    let after = evidence.after(catalogue, Trust::Validated)?;
    let changed = changed_fields(before.world(), after.world());
    let mut touched = HashSet::new();
    for claim in after.claims() {
        if Some(claim.because.claim.id) == draft.own_claim || may_break(claim, &changed) {
            touched.extend(claim.event_type.objects_read_by_rules(&claim.data));
        }
        touched.extend(claim.event_type.objects_that_follow(&claim.data, &|object, field| {
            changed.iter().any(|(id, name)| *id == object && **name == *field)
        }));
    }
    Ok(touched.difference(evidence.history.folded()).copied().collect())
}

/// Whether a rule of the claim reads a field that changed, or the claim rests on others.
pub(super) fn may_break(claim: &Claim<'_>, changed: &HashSet<FieldOf>) -> bool {
    if changed.is_empty() {
        return false;
    }
    let event_type = claim.event_type;
    !claim.because.claim.references.is_empty()
        || event_type.rules.iter().any(|rule| {
            event_type.roles.values().any(|role| {
                let reads: Vec<&str> = rule.check.reads().members(&role.name).collect();
                !reads.is_empty()
                    && event_type.in_role(role, &claim.data).any(|object| {
                        changed.iter().any(|(id, field)| *id == object && reads.contains(&&**field))
                    })
            })
        })
}

/// The fields whose line is not the same in both worlds.
pub(super) fn changed_fields(before: &World, after: &World) -> HashSet<FieldOf> {
    let mut changed = HashSet::new();
    let mut compare = |one: &World, other: &World| {
        for (id, state) in one.objects() {
            for (field, line) in state.lines() {
                let same = other.object(id).and_then(|state| state.line(field)).is_some_and(|other| other.says_the_same(line));
                if !same {
                    changed.insert((id, std::sync::Arc::clone(field)));
                }
            }
        }
    };
    compare(before, after);
    compare(after, before);
    changed
}

/// Refuses where anything that the caller's answer rested on has changed since.
pub(super) fn unchanged_since(desk: Desk<'_>, command: &Command) -> Result<(), Stop> {
    let Some(basis) = command.if_unchanged_since else { return Ok(()) };
    let mut history = History::of(basis.object);
    complete(desk.view, desk.catalogue, &mut history, desk.known)?;
    let newer = |event: &&std::sync::Arc<Event>| event.position > basis.position;
    let because: Vec<_> = history.events().iter().filter(newer).cloned().collect();
    if because.is_empty() {
        return Ok(());
    }
    let message = "what you decided on has changed since; look at it again, then decide on the new basis";
    let refusal = finding(FindingCode::ChangedMeanwhile, message, &["ifUnchangedSince"]);
    Err(Finding { because, ..refusal }.into())
}
