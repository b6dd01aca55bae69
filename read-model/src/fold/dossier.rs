//! One object's fold, kept, and extended by what comes next instead of folded anew.
//!
//! Most of what a registry learns takes effect after what it knows, and says nothing of what came before.
//! Such an event is added to the end of the lines that it speaks of. Anything else (a correction, a claim that is based
//! on others, one validated out of turn) makes the dossier useless: it says so, and the object is folded from its events.

use std::sync::Arc;

use super::claim::{Claim, Place};
use super::line::Bound;
use super::referring::names;
use super::status::{Breach, Folded, broken_rules};
use super::world::{FoldError, World};
use crate::basis::Trust;
use crate::catalogue::{Catalogue, EventType, Inverse};
use crate::event::{Body, Event, EventId, EventKind, ObjectId, Position, Verdict};
use crate::hashed::{HashMap, HashSet};
use crate::history::History;
use crate::resolve::Assuming;

/// The validated state of one object and of the objects that it follows from, as known up to a position.
///
/// It is exact at any later position too, as long as none of the objects that it [rests on](Self::rests_on) has an event
/// in between.
#[derive(Clone, Debug)]
pub struct Dossier {
    object: ObjectId,
    world: Arc<World>,
    folded: HashSet<ObjectId>,
    rests_on: Vec<ObjectId>,
    known: Position,
    /// The last claim that counts, in the order of registration.
    last_registered: Position,
    /// Whether a value in it was computed from state, and so depends on what takes effect before it.
    reads_state: bool,
    /// The claims that nobody has judged or corrected yet.
    open: HashMap<EventId, Arc<Event>>,
    /// The events that claims are based on: those claims stand and fall with them.
    bases: HashSet<EventId>,
    /// Whether there are open claims that were corrected: they are not among [`open`](Self::open).
    open_corrected: bool,
}

/// Whether a dossier could be extended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Extended {
    /// It now knows the event.
    Yes,
    /// The event may change what the dossier holds already: it must be folded anew.
    No,
}

impl Dossier {
    /// Folds an object from a history that is complete for it, as known at a position.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read an event, or an effect cannot be computed.
    pub fn of(
        catalogue: &Catalogue,
        object: ObjectId,
        history: &History,
        known: Position,
    ) -> Result<Self, FoldError> {
        let folded = Folded::at(catalogue, history, known, Trust::Validated, Assuming::default())?;
        let corrected: HashSet<EventId> = history
            .up_to(known)
            .iter()
            .filter(|event| matches!(event.body, Body::Amend { .. } | Body::Annul { .. }))
            .filter_map(|event| event.target())
            .collect();
        let (out_of_reach, open): (Vec<&Arc<Event>>, Vec<&Arc<Event>>) =
            folded.open_claims().partition(|event| corrected.contains(&event.id));
        Ok(Self {
            object,
            folded: history.folded().clone(),
            rests_on: history.complete().collect(),
            known,
            last_registered: folded.claims().last().map_or(Position::START, |claim| claim.place.position),
            reads_state: folded.claims().iter().any(|claim| claim.event_type.reads_state()),
            open: open.into_iter().map(|event| (event.id, Arc::clone(event))).collect(),
            bases: claims_of(history, known).flat_map(|claim| &claim.references).copied().collect(),
            open_corrected: !out_of_reach.is_empty(),
            world: Arc::new(folded.into_world()),
        })
    }

    /// The object.
    #[must_use]
    pub fn object(&self) -> ObjectId {
        self.object
    }

    /// The state of the object, and of those that it follows from.
    #[must_use]
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Whether, by what it knows, the object refers to another neither just before a place nor anywhere after it.
    #[must_use]
    pub fn refers_no_more(&self, inverse: &Inverse, to: ObjectId, place: Place) -> bool {
        let Some(state) = self.world.object(self.object) else { return true };
        let line = state.line(inverse.path.field());
        line.is_none_or(|line| line.ends_before(place)) && !names(state, inverse, to, Bound::Before(place))
    }

    /// The newest event that it takes into account.
    #[must_use]
    pub fn known(&self) -> Position {
        self.known
    }

    /// Every object of which all events were looked at: the object itself, those that it follows from, and those of what
    /// its events are based on.
    #[must_use]
    pub fn rests_on(&self) -> &[ObjectId] {
        &self.rests_on
    }

    /// Whether claims wait for a verdict with which this one may clash. Two that only name the object, and say nothing of it,
    /// cannot; nor can two of which neither touches what a rule of the other reads that refuses.
    #[must_use]
    pub fn has_open_claims_beside(&self, catalogue: &Catalogue, own: &Claim<'_>) -> bool {
        let others = self.open.values().filter(|open| open.id != own.because.claim.id);
        let own_is_told = self.is_told_by(own);
        let clashes = |open: &Claim<'_>| {
            own.event_type.may_clash_with(open.event_type) && (own_is_told || self.is_told_by(open))
        };
        // What cannot be read is found where it is folded.
        let mut clashing =
            others.map(|open| Claim::plain(catalogue, open, None).map_or(true, |open| clashes(&open)));
        self.open_corrected || clashing.any(|clashes| clashes)
    }

    /// Whether a claim says something of the object, or of one that it follows from.
    fn is_told_by(&self, claim: &Claim<'_>) -> bool {
        let mut said = claim.meaning.said.iter().flat_map(|said| claim.meaning.roles.get(said.role));
        said.any(|object| self.folded.contains(object))
    }

    /// The claim with this id, where nobody has judged or corrected it yet; none where it is based on others, or they on it.
    #[must_use]
    pub fn open_claim(&self, id: EventId) -> Option<&Arc<Event>> {
        self.open.get(&id).filter(|claim| self.stands_alone(claim))
    }

    fn stands_alone(&self, claim: &Event) -> bool {
        claim.references.is_empty() && !self.bases.contains(&claim.id)
    }

    /// Notes that nothing bears on it up to this position beyond what it knows.
    pub fn still_exact_at(&mut self, position: Position) {
        self.known = self.known.max(position);
    }

    /// Takes in the next events that bear on the object.
    ///
    /// # Errors
    /// As [`extend`](Self::extend).
    pub fn extend_all(
        &mut self,
        catalogue: &Catalogue,
        events: &[Arc<Event>],
    ) -> Result<Extended, FoldError> {
        for event in events {
            if self.extend(catalogue, event)? == Extended::No {
                return Ok(Extended::No);
            }
        }
        Ok(Extended::Yes)
    }

    /// Takes in the next event that bears on the object.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read the event, or an effect cannot be computed; the dossier is then of
    /// no more use.
    pub fn extend(&mut self, catalogue: &Catalogue, event: &Arc<Event>) -> Result<Extended, FoldError> {
        self.known = event.position;
        match &event.body {
            Body::Claim(_) if event.references.is_empty() => {
                self.open.insert(event.id, Arc::clone(event));
                Ok(Extended::Yes)
            }
            Body::Claim(_) | Body::Amend { .. } | Body::Annul { .. } => Ok(Extended::No),
            Body::Validation { verdict, .. } => {
                let judged = event.target().and_then(|target| self.open.remove(&target));
                let Some(judged) = judged.filter(|claim| self.stands_alone(claim)) else {
                    return Ok(Extended::No);
                };
                match verdict {
                    Verdict::Rejected => Ok(Extended::Yes),
                    Verdict::Accepted => {
                        self.count(catalogue, &Claim::plain(catalogue, &judged, Some(event))?)
                    }
                }
            }
        }
    }

    /// Adds a claim that comes to count.
    fn count(&mut self, catalogue: &Catalogue, claim: &Claim<'_>) -> Result<Extended, FoldError> {
        let reads_state = claim.event_type.reads_state();
        let in_turn = claim.place.position > self.last_registered;
        let computed_in_place = !(reads_state || self.reads_state) || self.is_last(claim.place);
        if !in_turn || !computed_in_place || !self.knows_what_it_reads(claim) {
            return Ok(Extended::No);
        }
        self.last_registered = claim.place.position;
        self.reads_state |= reads_state;
        Arc::make_mut(&mut self.world).add_claims(catalogue, &self.folded, std::slice::from_ref(claim))?;
        Ok(Extended::Yes)
    }

    /// Whether everything that counts here takes effect before a place.
    fn is_last(&self, place: Place) -> bool {
        self.world.objects().all(|(_, state)| state.last() < place)
    }

    fn knows_what_it_reads(&self, claim: &Claim<'_>) -> bool {
        claim.objects_read_by_effects().all(|object| self.folded.contains(&object))
    }
}

/// The claims of a history that were made by then.
fn claims_of(history: &History, known: Position) -> impl Iterator<Item = &Arc<Event>> {
    history.up_to(known).iter().filter(|event| event.kind() == EventKind::Claim)
}

/// What a claim does that takes effect, and is registered, after everything that counts of the objects in its roles:
/// nothing that stands can come to break its rules through it.
#[derive(Debug)]
pub struct LastClaim<'c> {
    claim: Claim<'c>,
    /// The state of its objects without it.
    before: World,
    /// The state with it, where it says something of a field that no two objects share.
    after: Option<World>,
}

impl<'c> LastClaim<'c> {
    /// The claim on top of these dossiers, one for each object that it is about; none where it is not the last.
    /// The others are those who may refer to these objects, where its rules ask who does.
    ///
    /// # Errors
    /// [`FoldError`] where an effect cannot be computed.
    pub fn of(
        catalogue: &'c Catalogue,
        claim: Claim<'c>,
        dossiers: &[Arc<Dossier>],
        others: &[Arc<Dossier>],
    ) -> Result<Option<Self>, FoldError> {
        let last = |dossier: &Arc<Dossier>| {
            dossier.world.object(dossier.object).is_none_or(|state| state.last() < claim.place)
        };
        let in_turn = dossiers.iter().all(|dossier| dossier.last_registered < claim.place.position);
        if !in_turn || !dossiers.iter().all(last) {
            return Ok(None);
        }
        let mut before = World::default();
        others.iter().chain(dossiers).for_each(|dossier| before.join(&dossier.world));
        let mut last = Self { claim, before, after: None };
        if last.claim.event_type.reads_state() || last.says_what_is_unique(catalogue) {
            let folded: HashSet<ObjectId> = dossiers.iter().map(|dossier| dossier.object).collect();
            let mut after = last.before.clone();
            after.add_claims(catalogue, &folded, std::slice::from_ref(&last.claim))?;
            last.after = Some(after);
        }
        Ok(Some(last))
    }

    /// Whether it speaks of a field of which no two objects have the same value.
    #[must_use]
    pub fn says_what_is_unique(&self, catalogue: &Catalogue) -> bool {
        let roles = &self.claim.event_type.roles;
        self.claim.meaning.said.iter().any(|said| {
            let field = &self.claim.event_type.effects[said.effect].field;
            let of = roles
                .get_index(said.role)
                .and_then(|(_, role)| catalogue.object_types.get(&role.object_type));
            of.and_then(|of| of.fields.get(field)).is_none_or(|field| field.unique.is_some())
        })
    }

    /// The rules that it does not keep, of every severity.
    #[must_use]
    pub fn breaches(&self, catalogue: &'c Catalogue) -> Vec<Breach<'c>> {
        broken_rules(catalogue, &self.before, &self.claim, |_| true)
    }

    /// The state of its objects with it; none where it gives no field a value that no two objects share.
    #[must_use]
    pub fn after(&self) -> Option<&World> {
        self.after.as_ref()
    }

    /// What it is.
    #[must_use]
    pub fn event_type(&self) -> &'c EventType {
        self.claim.event_type
    }

    /// The fields of objects that it speaks of.
    pub fn fields(&self) -> impl Iterator<Item = (ObjectId, &'c Arc<str>)> {
        let effects = &self.claim.event_type.effects;
        self.claim.meaning.said.iter().flat_map(move |said| {
            let objects = self.claim.meaning.roles.get(said.role).iter();
            objects.map(move |object| (*object, &effects[said.effect].field))
        })
    }
}
