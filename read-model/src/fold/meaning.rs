//! What an event's content means, before any history is looked at: worked out once, and kept with the event.

use std::sync::Arc;

use serde_json::Value;

use super::line::Change;
use super::world::FoldError;
use crate::catalogue::{
    Action, Catalogue, Datum, EvaluationError, EventType, FieldRead, Scope, UpcastError, role_variable,
};
use crate::event::{Event, ObjectId};
use crate::time::{Beginning, PartialDate};

/// The content of a claim or an amend, read with one catalogue.
#[derive(Debug)]
pub struct Meaning {
    catalogue: Arc<str>,
    /// The data in the current version of the format.
    pub data: Arc<Value>,
    /// The date on which it takes effect.
    pub date: PartialDate,
    /// Where it begins as a whole: on its earliest day.
    pub beginning: Beginning,
    /// The objects in each role.
    pub(super) roles: Roles,
    /// What it says of the fields of objects.
    pub(super) said: Vec<Said>,
}

/// The objects in each role of an event type, by the order of its roles.
#[derive(Debug)]
pub(super) struct Roles {
    /// Those of all roles, one role after the other.
    objects: Box<[ObjectId]>,
    /// Where each role ends among them.
    ends: Box<[usize]>,
}

impl Roles {
    fn of(roles: impl Iterator<Item = impl Iterator<Item = ObjectId>>) -> Self {
        let (mut objects, mut ends) = (Vec::new(), Vec::new());
        for role in roles {
            objects.extend(role);
            ends.push(objects.len());
        }
        Self { objects: objects.into(), ends: ends.into() }
    }

    /// The objects in the role at a place; none where there is no such role.
    pub(super) fn get(&self, place: usize) -> &[ObjectId] {
        let Some(end) = self.ends.get(place) else { return &[] };
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.objects[start..*end]
    }

    /// The objects in each role.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[ObjectId]> {
        (0..self.ends.len()).map(|place| self.get(place))
    }
}

/// What a content says of one field of the objects in one role.
#[derive(Debug)]
pub(super) struct Said {
    /// The effect, by its place in the event type.
    pub(super) effect: usize,
    /// The role, by its place in the event type.
    pub(super) role: usize,
    /// What it says; none where that depends on its place in history.
    pub(super) change: Option<Arc<Change>>,
}

impl Meaning {
    /// The meaning of an event that has content; from its memo, where this catalogue worked it out before.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read the event, or an effect cannot be computed.
    pub(crate) fn of(
        catalogue: &Catalogue,
        event_type: &EventType,
        event: &Event,
    ) -> Result<Arc<Self>, FoldError> {
        let kept = event.memo.get_or_init(|| Self::work_out(catalogue, event_type, event));
        match kept {
            Some(Ok(meaning)) if meaning.catalogue == catalogue.hash => Ok(Arc::clone(meaning)),
            Some(_) | None => Self::work_out(catalogue, event_type, event),
        }
    }

    /// The objects in a role, by its place in the event type.
    pub(crate) fn in_role(&self, place: usize) -> &[ObjectId] {
        self.roles.get(place)
    }

    fn work_out(
        catalogue: &Catalogue,
        event_type: &EventType,
        event: &Event,
    ) -> Result<Arc<Self>, FoldError> {
        let position = event.position;
        let upcast = |source: UpcastError| FoldError::Upcast { position, source };
        let nothing = Arc::new(Value::Null);
        let data = event.body.content().unwrap_or(&nothing);
        let data = event_type.upcast(&event.event_version, data).map_err(upcast)?;
        let (date, beginning) = match event_type.effective_date(&data) {
            Some(date) => (date, Beginning::of(date.earliest())),
            None => {
                let beginning = catalogue.zone.beginning(event.occurred_at);
                (PartialDate::from(beginning.day), beginning)
            }
        };
        let roles = Roles::of(event_type.roles.values().map(|role| event_type.in_role(role, &data)));
        let scope = ContentScope { event_type, data: &data, beginning };
        let said = said(event_type, &scope).map_err(|(field, source)| FoldError::Effect {
            position,
            field,
            source,
        })?;
        Ok(Arc::new(Self { catalogue: Arc::clone(&catalogue.hash), data, date, beginning, roles, said }))
    }
}

fn said(event_type: &EventType, scope: &ContentScope<'_>) -> Result<Vec<Said>, (Arc<str>, EvaluationError)> {
    let mut said = Vec::with_capacity(event_type.effects.len());
    for (index, effect) in event_type.effects.iter().enumerate() {
        let failed = |source| (Arc::clone(&effect.field), source);
        if !effect.when.as_ref().map_or(Ok(true), |when| when.holds(scope)).map_err(failed)? {
            continue;
        }
        let Some(role) = event_type.roles.get_index_of(&effect.role) else {
            continue;
        };
        let change = if effect.reads_state {
            None
        } else {
            match effect.action.expression().map(|value| value.evaluate(scope)).transpose().map_err(failed)? {
                // The data do not speak of this field.
                Some(Value::Null) => continue,
                value => Some(Arc::new(change(&effect.action, value.unwrap_or_default()))),
            }
        };
        said.push(Said { effect: index, role, change });
    }
    Ok(said)
}

/// What an action with this value does to a field; null is no value.
pub(super) fn change(action: &Action, value: Value) -> Change {
    match action {
        Action::Set(_) => Change::Set(Some(value).filter(|value| !value.is_null())),
        Action::Clear => Change::Set(None),
        Action::Add(_) => Change::Add(value),
        Action::Remove(_) => Change::Remove(value),
    }
}

/// What expressions see that follow from the content alone.
struct ContentScope<'a> {
    event_type: &'a EventType,
    data: &'a Value,
    beginning: Beginning,
}

impl Scope for ContentScope<'_> {
    fn variable(&self, name: &str) -> Option<Datum<'_>> {
        match name {
            "data" => Some(Datum::of(self.data, Some(self.event_type.current().format.expanded()))),
            "beginning" => Some(Datum::Day(self.beginning.day)),
            role => {
                let role = self.event_type.roles.get(role)?;
                Some(role_variable(role, self.event_type.in_role(role, self.data)))
            }
        }
    }

    fn data(&self) -> Option<&Value> {
        Some(self.data)
    }

    /// Nothing is known of objects here.
    fn answer(&self, _: ObjectId, _: &FieldRead) -> Result<Datum<'_>, EvaluationError> {
        Ok(Datum::Null)
    }
}
