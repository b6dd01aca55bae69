//! What is kept with an object beside its events: what they fold to, and who may refer to it.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use door::metrics::Timer;
use read_model::catalogue::Inverse;
use read_model::event::{Event, ObjectId, Position};
use read_model::fold::{Dossier, Extended, Place};
use read_model::history::History;
use read_model::inverse::{candidates_by, may_refer_again};

use super::Mirror;
use crate::decide::{Referring, complete, type_told};

/// Every event of one object, and what follows from them, once that was asked for.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) events: Vec<Arc<Event>>,
    /// Its type, and the event that tells it.
    told: OnceCell<(Position, Arc<str>)>,
    dossier: RefCell<Option<Arc<Dossier>>>,
    candidates: RefCell<Vec<Candidates>>,
}

impl Known {
    /// By all events of the object.
    pub(super) fn of(events: Vec<Arc<Event>>) -> Self {
        Self { events, ..Self::default() }
    }

    /// Whether a fold of it rests on the object alone, and has all its events.
    fn is_quiet(&self, dossier: &Dossier) -> bool {
        let Some(last) = self.events.last() else { return false };
        rests_on_itself(dossier) && last.position <= dossier.known()
    }

    /// The events that a fold of it does not know.
    fn since(&self, dossier: &Dossier) -> &[Arc<Event>] {
        let new = self.events.iter().rev().take_while(|event| event.position > dossier.known()).count();
        &self.events[self.events.len() - new..]
    }
}

fn rests_on_itself(dossier: &Dossier) -> bool {
    matches!(dossier.rests_on(), [only] if *only == dossier.object())
}

/// Who may refer to an object by an inverse, by the first of its events.
#[derive(Debug)]
struct Candidates {
    inverse: Arc<str>,
    events: usize,
    found: BTreeMap<ObjectId, Option<Gone>>,
}

/// That an object no longer refers to the other.
#[derive(Clone, Copy, Debug)]
struct Gone {
    /// As known here.
    known: Position,
    /// From this place on.
    from: Place,
}

impl Mirror {
    /// The type of an object as known at a position; `Some(None)` where no event in memory tells it.
    pub(in crate::append) fn type_of(&self, object: ObjectId, at: Position) -> Option<Option<Arc<str>>> {
        let known = self.objects.peek(&object)?;
        if known.told.get().is_none() {
            let tells =
                |event: &Arc<Event>| Some((event.position, type_told(&self.catalogue, event, object)?));
            // It is told once: nothing changes it.
            known.events.iter().find_map(tells).into_iter().for_each(|told| drop(known.told.set(told)));
        }
        Some(known.told.get().filter(|(position, _)| *position <= at).map(|(_, told)| Arc::clone(told)))
    }

    /// The fold of an object as the log ends: the one of before, extended by what came since, or another; none where not all
    /// that it takes is at hand.
    pub(in crate::append) fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>> {
        let head = self.head.position;
        let known = self.objects.peek(&object)?;
        let mut slot = known.dossier.borrow_mut();
        if let Some(dossier) = slot.as_mut().filter(|dossier| known.is_quiet(dossier)) {
            if dossier.known() < head {
                Arc::make_mut(dossier).still_exact_at(head);
            }
            return Some(Arc::clone(dossier));
        }
        let _folding = Timer::start(&self.meters.fold);
        let kept = slot.take();
        let kept = kept.filter(|dossier| dossier.known() == head || self.is_exact_but_for_its_own(dossier));
        *slot = kept.and_then(|dossier| self.extended(dossier)).or_else(|| self.folded(object).map(Arc::new));
        slot.clone()
    }

    /// Whether no other object that the dossier rests on has an event that it does not know.
    fn is_exact_but_for_its_own(&self, dossier: &Dossier) -> bool {
        let known = |object: &ObjectId| {
            let last = self.of_object(*object).map(|events| events.last().map(|event| event.position));
            last.is_some_and(|last| last.is_none_or(|last| last <= dossier.known()))
        };
        dossier.rests_on().iter().filter(|object| **object != dossier.object()).all(known)
    }

    fn extended(&self, mut kept: Arc<Dossier>) -> Option<Arc<Dossier>> {
        let dossier = Arc::make_mut(&mut kept);
        let new = self.objects.peek(&dossier.object())?.since(dossier);
        let extended = dossier.extend_all(&self.catalogue, new).ok()?;
        dossier.still_exact_at(self.head.position);
        (extended == Extended::Yes).then_some(kept)
    }

    fn folded(&self, object: ObjectId) -> Option<Dossier> {
        let mut history = History::of([object]);
        complete(self, &self.catalogue, &mut history, self.head.position).ok()?;
        Dossier::of(&self.catalogue, object, &history, self.head.position).ok()
    }

    /// The objects that may refer to this one so just before a place, as the log ends. Of some there is `more` than that,
    /// by which they may.
    pub(in crate::append) fn referring(
        &self,
        (inverse, object): (&Inverse, ObjectId),
        before: Place,
        more: impl Fn(ObjectId) -> bool,
    ) -> Option<Referring> {
        let known = self.objects.peek(&object)?;
        let mut kept = known.candidates.borrow_mut();
        let place = kept.iter().position(|of| of.inverse == inverse.name).unwrap_or_else(|| {
            let inverse = Arc::clone(&inverse.name);
            kept.push(Candidates { inverse, events: 0, found: BTreeMap::new() });
            kept.len() - 1
        });
        let of = &mut kept[place];
        let new = &known.events[of.events..];
        // Whoever such an event bears on may refer again by it.
        for object in new.iter().flat_map(|event| &event.object_ids) {
            of.found.entry(*object).and_modify(|gone| *gone = None);
        }
        of.found.extend(candidates_by(&self.catalogue, inverse, new).into_iter().map(|new| (new, None)));
        of.events = known.events.len();
        let mut referring = Referring::default();
        for (candidate, gone) in &mut of.found {
            if more(*candidate) || !self.is_gone(*candidate, gone, (inverse, object), before) {
                referring.may.insert(*candidate);
            } else {
                referring.no_more.push(*candidate);
            }
        }
        Some(referring)
    }

    /// Whether a candidate is known not to refer to an object before a place; `gone` keeps that for the next time. Once gone, it
    /// stays so until an event bears on both, or takes something back of it.
    fn is_gone(
        &self,
        candidate: ObjectId,
        gone: &mut Option<Gone>,
        (inverse, object): (&Inverse, ObjectId),
        before: Place,
    ) -> bool {
        let holds = |of: &Gone| of.from <= before && self.reversals.none_since(candidate, of.known);
        if gone.as_ref().is_some_and(holds) {
            return true;
        }
        let is_gone = candidate != object && self.refers_no_more(candidate, (inverse, object), before);
        *gone = is_gone.then_some(Gone { known: self.head.position, from: before });
        is_gone
    }

    /// The same by its events. A fold of before will do where nothing that came since may change that.
    fn refers_no_more(
        &self,
        candidate: ObjectId,
        (inverse, object): (&Inverse, ObjectId),
        before: Place,
    ) -> bool {
        let Some(known) = self.objects.peek(&candidate) else { return false };
        let by = |of: &Dossier| rests_on_itself(of) && of.refers_no_more(inverse, object, before);
        // What is judged mostly stands just before.
        let judged = |id| Some(known.events.iter().rev().find(|event| event.id == id)?.kind());
        let may_again = |event: &Arc<Event>| may_refer_again(event, object, judged);
        let kept = known.dossier.borrow().clone();
        kept.is_some_and(|of| by(&of) && !known.since(&of).iter().any(may_again))
            || self.dossier(candidate).is_some_and(|of| by(&of))
    }
}
