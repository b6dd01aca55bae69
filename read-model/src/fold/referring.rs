//! Who refers to an object, among those that are folded.

use std::sync::Arc;

use serde_json::Value;

use super::claim::{Claim, Place};
use super::following::Following;
use super::line::Bound;
use super::state::ObjectState;
use super::world::World;
use crate::catalogue::{Catalogue, EvaluationError, FieldRead, Inverse, Rule};
use crate::event::{Event, ObjectId};
use crate::time::Day;

/// How many of those who refer are told of at once: an institution has a thousand residents, and a clerk needs a few.
const MAX_TOLD: usize = 20;

impl World {
    /// Whether one object refers to the other at a bound that lies on a day.
    ///
    /// # Errors
    /// [`EvaluationError`] where the condition of the inverse cannot be computed on the one that refers.
    pub fn refers(
        &self,
        catalogue: &Catalogue,
        inverse: &Inverse,
        (one, other): (ObjectId, ObjectId),
        (day, bound): (Day, Bound),
    ) -> Result<bool, EvaluationError> {
        if !self.object(one).is_some_and(|state| names(state, inverse, other, bound)) {
            return Ok(false);
        }
        self.keeps_condition(catalogue, inverse, one, (day, bound))
    }

    /// Whether the condition of an inverse holds of the one that refers.
    fn keeps_condition(
        &self,
        catalogue: &Catalogue,
        inverse: &Inverse,
        one: ObjectId,
        (day, bound): (Day, Bound),
    ) -> Result<bool, EvaluationError> {
        let Some(when) = &inverse.when else {
            return Ok(true);
        };
        // A condition follows no references, so that nobody is unmet.
        let told = self.traced(catalogue, one, when, (day, bound))?.value;
        Ok(told == Following::Told(true.into()))
    }

    /// The claims by which the objects refer that a rule of a claim meets so; those of the first few.
    pub(super) fn reasons_to_refer(
        &self,
        catalogue: &Catalogue,
        claim: &Claim<'_>,
        rule: &Rule,
    ) -> Vec<Arc<Event>> {
        let mut found = Vec::new();
        for (role, read) in rule.check.reads().followed_back() {
            let place = claim.event_type.roles.get_index_of(role);
            for object in place.into_iter().flat_map(|place| claim.meaning.roles.get(place).iter()) {
                // What cannot be computed is told as the failure of the rule.
                let referring = self.referring_before(catalogue, *object, read, claim.place);
                let first = referring.unwrap_or_default().into_iter().take(MAX_TOLD);
                let states = first.filter_map(|id| self.object(id));
                let inverse = inverse_of(catalogue, read);
                let lines =
                    states.filter_map(|state| inverse.and_then(|inverse| state.line(inverse.path.field())));
                let reasons = lines.flat_map(|line| line.reasons(Bound::Before(claim.place)));
                found.extend(reasons.map(|said| Arc::clone(&said.because.claim)));
            }
        }
        found
    }

    /// Who refers to an object just before a place, in the order of their ids.
    pub(super) fn referring_before(
        &self,
        catalogue: &Catalogue,
        to: ObjectId,
        read: &FieldRead,
        place: Place,
    ) -> Result<Vec<ObjectId>, EvaluationError> {
        let Some(inverse) = inverse_of(catalogue, read) else {
            return Ok(Vec::new());
        };
        let at = (place.beginning.day, Bound::Before(place));
        let mut found = Vec::new();
        for (id, state) in self.objects() {
            if names(state, inverse, to, at.1) && self.keeps_condition(catalogue, inverse, id, at)? {
                found.push(id);
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Whether an object of this state names the other in the field of an inverse, whatever else its condition asks.
pub(super) fn names(state: &ObjectState, inverse: &Inverse, other: ObjectId, bound: Bound) -> bool {
    if *state.object_type() != inverse.of {
        return false;
    }
    let value = state.line(inverse.path.field()).and_then(|line| line.seen(bound));
    let is_other = |part: &Value| part.as_str().and_then(|id| ObjectId::try_parse(id).ok()) == Some(other);
    value.is_some_and(|value| inverse.path.any(&value, is_other))
}

fn inverse_of<'a>(catalogue: &'a Catalogue, read: &FieldRead) -> Option<&'a Inverse> {
    catalogue.object_types.get(&read.object_type)?.inverses.get(&read.field)
}
