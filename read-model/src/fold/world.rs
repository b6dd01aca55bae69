//! Folding: every claim that counts, in order of effect, into the state of each object.

use std::sync::Arc;

use serde_json::Value;

use super::claim::Claim;
use super::line::{Assertion, Bound, Change, Read};
use super::meaning::change;
use super::scope::ClaimScope;
use super::state::ObjectState;
use crate::basis::Trust;
use crate::catalogue::{Catalogue, Effect, EvaluationError, Expression, Reads, UpcastError};
use crate::event::{EventKind, ObjectId, Position};
use crate::hashed::{HashMap, HashSet};
use crate::history::History;
use crate::resolve::{Assuming, Resolution};

/// The folded state of some objects, for one prefix of the log and one trust.
#[derive(Clone, Debug, Default)]
pub struct World {
    objects: HashMap<ObjectId, Arc<ObjectState>>,
    /// The objects that were folded, and of which nothing that counts was said then.
    blank: HashSet<ObjectId>,
}

/// A history cannot be folded with this catalogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// An event's version cannot be read.
    #[error("event at position {position}")]
    Upcast {
        /// Where the event stands.
        position: Position,
        /// Why.
        source: UpcastError,
    },
    /// An effect cannot be computed.
    #[error("effect on {field} of the event at position {position}")]
    Effect {
        /// Where the event stands.
        position: Position,
        /// The field.
        field: Arc<str>,
        /// Why.
        source: EvaluationError,
    },
}

impl FoldError {
    /// Where the event stands.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Upcast { position, .. } | Self::Effect { position, .. } => *position,
        }
    }
}

/// An effect whose value depends on the state of objects, to be computed in its place in history.
struct Pending<'c> {
    claim: usize,
    effect: &'c Effect,
    object: ObjectId,
}

impl World {
    /// Folds the objects of a history as known at a position.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read an event, or an effect cannot be computed.
    pub fn fold(
        catalogue: &Catalogue,
        history: &History,
        up_to: Position,
        trust: Trust,
    ) -> Result<Self, FoldError> {
        let resolution = Resolution::at(history, up_to, trust, Assuming::default());
        let claims = counting_claims(catalogue, &resolution)?;
        Self::of_claims(catalogue, history.folded(), &claims)
    }

    /// Folds claims that count, given in the order of their positions, into the state of these objects.
    pub(crate) fn of_claims(
        catalogue: &Catalogue,
        folded: &HashSet<ObjectId>,
        claims: &[Claim<'_>],
    ) -> Result<Self, FoldError> {
        let mut world = Self::default();
        world.add_claims(catalogue, folded, claims)?;
        world.blank = folded.iter().filter(|id| !world.objects.contains_key(id)).copied().collect();
        Ok(world)
    }

    /// The same, as far as it goes: an effect that cannot be computed gives no value, and is among the failures.
    pub(super) fn as_far_as_computed(
        catalogue: &Catalogue,
        folded: &HashSet<ObjectId>,
        claims: &[Claim<'_>],
        failures: &mut Vec<FoldError>,
    ) -> Self {
        let mut world = Self::default();
        let failed = |error| {
            failures.push(error);
            Ok(())
        };
        // Nothing fails here that is not noted instead.
        let _ = world.add_claims_or(catalogue, folded, claims, failed);
        world
    }

    /// Adds claims that count to a state, in the order of their positions: each was registered after all that the
    /// state has, and those with effects that read state also take effect after it.
    pub(super) fn add_claims(
        &mut self,
        catalogue: &Catalogue,
        folded: &HashSet<ObjectId>,
        claims: &[Claim<'_>],
    ) -> Result<(), FoldError> {
        self.add_claims_or(catalogue, folded, claims, Err)
    }

    /// The same; what becomes of an effect that cannot be computed is for others to say: it has no value, or all fails.
    fn add_claims_or(
        &mut self,
        catalogue: &Catalogue,
        folded: &HashSet<ObjectId>,
        claims: &[Claim<'_>],
        mut failed: impl FnMut(FoldError) -> Result<(), FoldError>,
    ) -> Result<(), FoldError> {
        let mut pending = Vec::new();
        for (index, claim) in claims.iter().enumerate() {
            self.take_in(catalogue, folded, claim, index, &mut pending);
        }
        pending.sort_by_key(|pending: &Pending<'_>| claims[pending.claim].place);
        for Pending { claim, effect, object } in pending {
            let claim = &claims[claim];
            match self.compute(catalogue, claim, effect, object) {
                Ok(change) => {
                    let read = self.read(claim, effect);
                    self.give(claim, effect, object, &Arc::new(change), &read);
                }
                Err(error) => {
                    failed(error)?;
                    // Neither a value, nor an item of a list.
                    let nothing = Arc::new(Change::Remove(Value::Null));
                    self.give(claim, effect, object, &nothing, &Arc::default());
                }
            }
        }
        Ok(())
    }

    /// Takes in the state of objects from another fold of the same history.
    pub fn join(&mut self, other: &Self) {
        self.objects.extend(other.objects.iter().map(|(id, state)| (*id, Arc::clone(state))));
        self.blank.extend(&other.blank);
    }

    /// Whether it can tell of this object whether it exists: whether it was folded.
    #[must_use]
    pub fn knows(&self, id: ObjectId) -> bool {
        self.objects.contains_key(&id) || self.blank.contains(&id)
    }

    /// The objects of which it can tell.
    pub fn known(&self) -> impl Iterator<Item = ObjectId> {
        self.objects.keys().chain(&self.blank).copied()
    }

    /// The state of an object; none where nothing that counts was said of it.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<&ObjectState> {
        self.objects.get(&id).map(Arc::as_ref)
    }

    /// The state of an object, to be kept.
    pub(super) fn shared(&self, id: ObjectId) -> Option<Arc<ObjectState>> {
        self.objects.get(&id).cloned()
    }

    /// The objects that have a state.
    pub fn objects(&self) -> impl Iterator<Item = (ObjectId, &ObjectState)> {
        self.objects.iter().map(|(id, state)| (*id, &**state))
    }

    /// Notes which objects a claim is about, and what it says of their fields.
    fn take_in<'c>(
        &mut self,
        catalogue: &Catalogue,
        folded: &HashSet<ObjectId>,
        claim: &Claim<'c>,
        index: usize,
        pending: &mut Vec<Pending<'c>>,
    ) {
        let event_type = claim.event_type;
        let folded = |id: &&ObjectId| folded.contains(*id);
        for (role, objects) in event_type.roles.values().zip(claim.meaning.roles.iter()) {
            for object in objects.iter().filter(folded) {
                let state = self.objects.entry(*object);
                let new = || Arc::new(ObjectState::new(Arc::clone(&role.object_type), claim.place));
                Arc::make_mut(state.or_insert_with(new)).mention(claim.place);
            }
        }
        for said in &claim.meaning.said {
            let effect = &event_type.effects[said.effect];
            for object in claim.meaning.roles.get(said.role).iter().filter(folded) {
                let change = match &said.change {
                    Some(change) => Arc::clone(change),
                    None => {
                        pending.push(Pending { claim: index, effect, object: *object });
                        Arc::new(change(&effect.action, Value::Null))
                    }
                };
                self.assert(catalogue, claim, effect, *object, change);
            }
        }
    }

    /// The change that follows from the state just before the claim's effects; null is no value.
    fn compute(
        &self,
        catalogue: &Catalogue,
        claim: &Claim<'_>,
        effect: &Effect,
        object: ObjectId,
    ) -> Result<Change, FoldError> {
        let Some(expression) = effect.action.expression() else {
            return Ok(Change::Set(None));
        };
        let scope = ClaimScope { catalogue, world: self, claim, this: Some(object) };
        let value = expression.evaluate(&scope).map_err(|source| failed(claim, effect, source))?;
        Ok(change(&effect.action, value))
    }

    fn assert(
        &mut self,
        catalogue: &Catalogue,
        claim: &Claim<'_>,
        effect: &Effect,
        object: ObjectId,
        change: Arc<Change>,
    ) {
        let Some(state) = self.objects.get_mut(&object).map(Arc::make_mut) else {
            return;
        };
        let line = catalogue
            .object_types
            .get(state.object_type())
            .and_then(|object_type| object_type.fields.get(&effect.field))
            .map(|field| field.line)
            .unwrap_or_default();
        let because = Arc::clone(&claim.because);
        state.line_mut(&effect.field, line).push(because, claim.meaning.date, claim.place, change);
    }

    fn give(
        &mut self,
        claim: &Claim<'_>,
        effect: &Effect,
        object: ObjectId,
        change: &Arc<Change>,
        read: &Arc<[Read]>,
    ) {
        if let Some(state) = self.objects.get_mut(&object).map(Arc::make_mut) {
            let line = state.line_mut(&effect.field, crate::catalogue::Line::default());
            line.give(claim.place.position, change, read);
        }
    }

    /// What the value of an effect is computed from.
    fn read(&self, claim: &Claim<'_>, effect: &Effect) -> Arc<[Read]> {
        let reads = effect.action.expression().map(Expression::reads);
        reads.into_iter().flat_map(|reads| self.read_by(claim, reads)).map(|(read, _)| read).collect()
    }

    /// What an expression of a claim reads of the objects that the claim names, just before its effects.
    pub(super) fn read_by<'a>(&'a self, claim: &Claim<'_>, reads: &Reads) -> Vec<(Read, &'a Assertion)> {
        let bound = Bound::Before(claim.place);
        let mut found = Vec::new();
        for (role, objects) in claim.event_type.roles.values().zip(claim.meaning.roles.iter()) {
            for (object, field) in
                objects.iter().flat_map(|id| reads.of_data(&role.name).map(move |field| (*id, field)))
            {
                let line = self.object(object).and_then(|state| state.line(field));
                found.extend(line.into_iter().flat_map(|line| line.reasons(bound)).map(|said| {
                    (Read { object, field: Arc::clone(field), claim: said.begins.position }, said)
                }));
            }
        }
        found
    }
}

/// The claims of a resolution that count, in the order of their positions, with their content.
pub(crate) fn counting_claims<'c>(
    catalogue: &'c Catalogue,
    resolution: &Resolution,
) -> Result<Vec<Claim<'c>>, FoldError> {
    read_claims(catalogue, resolution).collect()
}

/// The same, each by itself: some of them may not be readable.
pub(super) fn read_claims<'a, 'c>(
    catalogue: &'c Catalogue,
    resolution: &'a Resolution,
) -> impl Iterator<Item = Result<Claim<'c>, FoldError>> + use<'a, 'c> {
    let counts = |index: &usize| {
        resolution.events()[*index].kind() == EventKind::Claim && resolution.standing(*index).holds
    };
    let claims = (0..resolution.events().len()).filter(counts);
    claims.map(|index| Claim::of(catalogue, resolution, index))
}

fn failed(claim: &Claim<'_>, effect: &Effect, source: EvaluationError) -> FoldError {
    FoldError::Effect { position: claim.place.position, field: Arc::clone(&effect.field), source }
}
