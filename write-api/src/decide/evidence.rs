//! What a decision looks at: the history before the command and the history with it, each folded.

use std::collections::BTreeSet;

use read_model::basis::Trust;
use read_model::event::{ObjectId, Position};
use read_model::fold::{Contrast, FoldError, Folded};
use read_model::history::History;
use read_model::inverse::candidates;
use read_model::resolve::Assuming;

use super::draft::{Draft, finding};
use super::resting::{moved, objects_resting_on, targets};
use super::view::complete;
use super::{Desk, Stop};
use crate::command::Command;
use crate::outcome::{Finding, FindingCode};

/// The history with the draft added, folded as it was before the command and as it is with it.
pub(super) struct Evidence<'c> {
    pub(super) history: History,
    /// The validated history before the command, and with it; the command is read as accepted where nobody judged it yet.
    pub(super) contrast: Contrast<'c>,
}

/// Beyond every event that exists.
const END: Position = Position::new(i64::MAX);

impl<'c> Evidence<'c> {
    fn of(desk: Desk<'c>, draft: &Draft, history: History) -> Result<Self, Stop> {
        let none = Assuming::default();
        let before = Folded::at(desk.catalogue, &history, desk.known, Trust::Validated, none)?;
        let assuming = Assuming(draft.assumed);
        let after = Folded::at(desk.catalogue, &history, END, Trust::Validated, assuming)
            .map_err(|error| own_fault(desk, error))?;
        Ok(Self { history, contrast: Contrast::of(before, after) })
    }

    /// The history with the command, with every open claim read as accepted.
    pub(super) fn with_open_claims(&self, desk: Desk<'c>) -> Result<Folded<'c>, Stop> {
        Ok(Folded::at(desk.catalogue, &self.history, END, Trust::Claimed, Assuming::default())?)
    }
}

/// What cannot be computed of the command itself is a refusal; of what stands in the log, a fault.
pub(super) fn own_fault(desk: Desk<'_>, error: FoldError) -> Stop {
    let position = match &error {
        FoldError::Upcast { position, .. } | FoldError::Effect { position, .. } => *position,
    };
    if position <= desk.known {
        return Stop::Fault(error);
    }
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    finding(
        FindingCode::InvalidData,
        format!("the effects of these data cannot be computed: {cause}"),
        &["data"],
    )
    .into()
}

/// Collects everything that bears on the draft, and on what changes through it.
pub(super) fn gather<'c>(desk: Desk<'c>, draft: &Draft) -> Result<Evidence<'c>, Stop> {
    let objects = draft.events.iter().flat_map(|event| &event.object_ids).copied();
    let resting = objects_resting_on(desk, targets(desk, draft)?)?;
    let mut history = History::of(objects.chain(resting));
    complete(desk.view, desk.catalogue, &mut history, desk.known)?;
    history.add([], draft.events.iter().cloned());
    loop {
        complete(desk.view, desk.catalogue, &mut history, desk.known)?;
        let evidence = Evidence::of(desk, draft, history)?;
        let mut more = touched_further(desk, draft, &evidence);
        more.extend(objects_resting_on(desk, moved(&evidence.contrast.before, &evidence.contrast.after))?);
        more.retain(|object| !evidence.history.folded().contains(object));
        if more.is_empty() {
            return Ok(evidence);
        }
        history = evidence.history;
        history.fold_also(more);
    }
}

/// Objects not folded yet whose state follows from what changes, or which the rules of events around it read.
fn touched_further(desk: Desk<'_>, draft: &Draft, evidence: &Evidence<'_>) -> BTreeSet<ObjectId> {
    let Evidence { history, contrast } = evidence;
    let mut touched = contrast.following();
    for claim in contrast.after.claims() {
        let id = claim.because.claim.id;
        let comes_to_count = contrast.before.claim(id).is_none();
        if Some(id) == draft.own_claim || comes_to_count || contrast.may_break(claim) {
            touched.extend(claim.objects_read_by_rules());
        }
        // Only rules that warn ask who refers to an object, and an import is not warned.
        if Some(id) == draft.own_claim && !desk.trusted {
            for (inverse, object) in claim.event_type.followed_back(desk.catalogue, claim.data()) {
                touched.extend(candidates(desk.catalogue, inverse, object, history, END));
            }
        }
    }
    touched
}

/// Refuses where anything that the caller's answer rested on has changed since. What came earlier in the same request
/// is the caller's own doing.
pub(super) fn unchanged_since(desk: Desk<'_>, command: &Command) -> Result<(), Stop> {
    let Some(basis) = command.if_unchanged_since else {
        return Ok(());
    };
    let because = match basis.object {
        Some(object) => {
            let mut history = History::of([object]);
            complete(desk.view, desk.catalogue, &mut history, desk.asked)?;
            history.events().iter().filter(|event| event.position > basis.position).cloned().collect()
        }
        None => Vec::new(),
    };
    if because.is_empty() && (basis.object.is_some() || desk.asked <= basis.position) {
        return Ok(());
    }
    let message = "what you decided on has changed since; look at it again, then decide on the new basis";
    let refusal = finding(FindingCode::ChangedMeanwhile, message, &["ifUnchangedSince"]);
    Err(Finding { because, ..refusal }.into())
}
