//! What data of an event type say about objects: read without folding anything.

use std::sync::Arc;

use serde_json::Value;

use super::model::{Catalogue, DataScope, Effect, EventType, ObjectType};
use crate::event::{Event, ObjectId};

impl EventType {
    /// The fields of objects that follow, through this event, from a field for which `changed` is true.
    #[must_use]
    pub fn fields_that_follow<'e>(
        &'e self,
        data: &Value,
        changed: &impl Fn(ObjectId, &str) -> bool,
    ) -> Vec<(ObjectId, &'e Arc<str>)> {
        let effects = self.effects.iter().filter(|effect| self.follows(effect, data, changed));
        let fields = effects.filter_map(|effect| Some((self.roles.get(&effect.role)?, &effect.field)));
        fields.flat_map(|(role, field)| self.in_role(role, data).map(move |id| (id, field))).collect()
    }

    fn follows(&self, effect: &Effect, data: &Value, changed: &impl Fn(ObjectId, &str) -> bool) -> bool {
        let Some(reads) = effect.action.expression().map(super::Expression::reads) else {
            return false;
        };
        let mut roles = effect.reads_roles.iter().filter_map(|name| self.roles.get(name));
        roles.any(|role| {
            let mut objects = self.in_role(role, data);
            objects.any(|object| reads.of_data(&role.name).any(|field| changed(object, field)))
        })
    }
}

/// What a claim or an amend gives a field of objects, by its data alone.
pub(super) struct Given<'c> {
    pub(super) object_type: &'c ObjectType,
    pub(super) field: &'c str,
    pub(super) value: Value,
    pub(super) objects: Vec<ObjectId>,
}

impl Catalogue {
    /// What a claim or an amend gives those fields that are wanted.
    pub(super) fn given<'c>(
        &'c self,
        event: &Event,
        wanted: impl Fn(&'c ObjectType, &'c str) -> bool,
    ) -> Vec<Given<'c>> {
        let Some(event_type) = self.event_types.get(&event.event_type) else {
            return Vec::new();
        };
        let content =
            event.body.content().and_then(|data| event_type.upcast(&event.event_version, data).ok());
        let Some(data) = content else { return Vec::new() };
        let scope = DataScope { data: &data, shape: event_type.current().format.expanded() };
        let given = |effect: &'c Effect| {
            let role = event_type.roles.get(&effect.role)?;
            let object_type = self.object_types.get(&role.object_type)?;
            let value = effect.action.given().filter(|_| wanted(object_type, &effect.field))?;
            Some(Given {
                object_type,
                field: &effect.field,
                value: value.evaluate(&scope).ok()?,
                objects: event_type.in_role(role, &data).collect(),
            })
        };
        event_type.effects.iter().filter_map(given).collect()
    }

    /// What a claim or an amend says, as data of the current version, where effects of its type read the state of objects.
    pub(crate) fn read_by_effects(&self, event: &Event) -> Option<(&EventType, Arc<Value>)> {
        let event_type =
            self.event_types.get(&event.event_type).filter(|event_type| event_type.has_reading_effects())?;
        // What cannot be read is reported where it is folded.
        let data = event_type.upcast(&event.event_version, event.body.content()?).ok()?;
        Some((event_type, data))
    }

    /// Every object that a claim or an amend names, with its type.
    #[must_use]
    pub fn named_by(&self, event: &Event) -> Vec<(Arc<str>, ObjectId)> {
        let version =
            self.event_types.get(&event.event_type).and_then(|of| of.versions.get(&event.event_version));
        let content = version.zip(event.body.content());
        content.map(|(version, data)| self.references(version.format.shape(), data)).unwrap_or_default()
    }

    /// What a claim or an amend says of unique fields: the name of the index, the object, the value.
    #[must_use]
    pub fn unique_values(&self, event: &Event) -> Vec<(Arc<str>, ObjectId, String)> {
        let index =
            |of: &ObjectType, field: &str| of.fields.get(field).and_then(|field| field.unique.clone());
        let mut found = Vec::new();
        for given in self.given(event, |of, field| index(of, field).is_some()) {
            if let (Some(index), Value::String(value)) = (index(given.object_type, given.field), given.value)
            {
                found.extend(
                    given.objects.into_iter().map(|object| (Arc::clone(&index), object, value.clone())),
                );
            }
        }
        found
    }
}
