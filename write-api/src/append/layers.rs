//! The events at hand when a command is decided: those of the log, of the batch under way, and of the batch itself.

use std::sync::Arc;

use read_model::catalogue::{Catalogue, Inverse};
use read_model::event::{Event, EventId, ObjectId, Position};
use read_model::fold::{Dossier, Extended, Place};
use read_model::inverse::{candidates_by, may_refer_again};

use super::mirror::Mirror;
use super::overlay::Overlay;
use crate::decide::{Events, Examined, Referring, Resting, View, type_told};

/// The log as it will end once what was decided is committed.
#[derive(Clone, Copy)]
pub(super) struct Layers<'a> {
    pub(super) mirror: &'a Mirror,
    /// What is being committed.
    pub(super) under_way: Option<&'a Overlay>,
    /// What was decided since.
    pub(super) next: &'a Overlay,
}

impl<'a> Layers<'a> {
    /// What is decided and not committed, oldest first.
    fn decided(self) -> impl DoubleEndedIterator<Item = &'a Overlay> {
        self.under_way.into_iter().chain([self.next])
    }

    /// How many events are decided, and not in the log yet.
    pub(super) fn count(self) -> i64 {
        self.decided().map(Overlay::count).sum()
    }

    /// Where the log ends once these are in it.
    pub(super) fn known(self) -> Position {
        self.mirror.head().position.plus(self.count())
    }

    fn decided_of(self, object: ObjectId) -> impl DoubleEndedIterator<Item = &'a Arc<Event>> {
        self.decided().flat_map(move |overlay| overlay.of_object(object))
    }

    fn is_decided_of(self, object: ObjectId) -> bool {
        self.decided_of(object).next().is_some()
    }
}

impl View for Layers<'_> {
    fn of_object(&self, object: ObjectId) -> Option<Events<'_>> {
        Some(Box::new(self.mirror.of_object(object)?.iter().chain(self.decided_of(object))))
    }

    fn dossier(&self, object: ObjectId) -> Option<Arc<Dossier>> {
        let mut kept = self.next.dossiers();
        let mut dossier = match kept.get(&object) {
            Some(dossier) => Arc::clone(dossier),
            None => self.mirror.dossier(object)?,
        };
        let others = || dossier.rests_on().iter().filter(|other| **other != object);
        if others().any(|other| self.is_decided_of(*other)) {
            return None;
        }
        let new = self.decided_of(object).filter(|event| event.position > dossier.known());
        let new: Vec<Arc<Event>> = new.cloned().collect();
        if !new.is_empty() {
            kept.remove(&object);
            let extended = Arc::make_mut(&mut dossier).extend_all(self.mirror.catalogue(), &new).ok()?;
            if extended == Extended::No {
                return None;
            }
            kept.insert(object, Arc::clone(&dossier));
        }
        Some(dossier)
    }

    fn type_of(&self, catalogue: &Catalogue, object: ObjectId, known: Position) -> Option<Option<Arc<str>>> {
        let told = self.mirror.type_of(object, known)?;
        let decided = || self.decided_of(object).take_while(|event| event.position <= known);
        Some(told.or_else(|| decided().find_map(|event| type_told(catalogue, event, object))))
    }

    fn event(&self, id: EventId) -> Option<Option<Arc<Event>>> {
        match self.decided().find_map(|overlay| overlay.event(id)) {
            Some(event) => Some(Some(Arc::clone(event))),
            None => self.mirror.event(id).map(|known| known.cloned()),
        }
    }

    fn with_value(&self, field: &str, value: &str) -> Option<Vec<ObjectId>> {
        let mut objects: Vec<ObjectId> = self.mirror.with_value(field, value)?.iter().copied().collect();
        objects.extend(self.decided().flat_map(|overlay| overlay.with_value(field, value)));
        Some(objects)
    }

    fn based_on(&self, id: EventId) -> Option<Vec<Resting>> {
        // Nothing that is in the log is based on an event that is not.
        let mut resting = match self.decided().find_map(|overlay| overlay.event(id)) {
            Some(_) => Vec::new(),
            None => self.mirror.based_on(id)?.to_vec(),
        };
        resting.extend(self.decided().flat_map(|overlay| overlay.based_on(id)));
        Some(resting)
    }

    fn examined(&self, claim: EventId) -> Option<Arc<Examined>> {
        let decided = self.decided().find_map(|overlay| overlay.examined().get(&claim));
        decided.or_else(|| self.mirror.examined(claim)).cloned()
    }

    fn referring(
        &self,
        catalogue: &Catalogue,
        (inverse, object): (&Inverse, ObjectId),
        before: Place,
    ) -> Option<Referring> {
        let judged = |id| Some(self.event(id)??.kind());
        let again =
            |candidate| self.decided_of(candidate).any(|event| may_refer_again(event, object, judged));
        let mut found = self.mirror.referring((inverse, object), before, again)?;
        found.may.append(&mut candidates_by(catalogue, inverse, self.decided_of(object)));
        Some(found)
    }
}
