//! What data of an event type say about objects: read without folding anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::model::{Catalogue, DataScope, Effect, EventType};
use crate::event::{Event, ObjectId};

impl EventType {
    /// The objects whose state follows, through this event, from a field for which `changed` is true.
    #[must_use]
    pub fn objects_that_follow(
        &self,
        data: &Value,
        changed: &impl Fn(ObjectId, &str) -> bool,
    ) -> BTreeSet<ObjectId> {
        let effects = self.effects.iter().filter(|effect| self.follows(effect, data, changed));
        effects
            .filter_map(|effect| self.roles.get(&effect.role))
            .flat_map(|role| self.in_role(role, data))
            .collect()
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

impl Catalogue {
    /// What a claim or an amend says of unique fields: the name of the index, the object, the value.
    #[must_use]
    pub fn unique_values(&self, event: &Event) -> Vec<(Arc<str>, ObjectId, String)> {
        let Some(event_type) = self.event_types.get(&event.event_type) else {
            return Vec::new();
        };
        let content =
            event.body.content().and_then(|data| event_type.upcast(&event.event_version, data).ok());
        let Some(data) = content else { return Vec::new() };
        let scope = DataScope { data: &data, shape: event_type.current().format.expanded() };
        let mut found = Vec::new();
        for effect in &event_type.effects {
            let Some(role) = event_type.roles.get(&effect.role) else {
                continue;
            };
            let field = self.object_types.get(&role.object_type).and_then(|of| of.fields.get(&effect.field));
            let Some(index) = field.and_then(|field| field.unique.as_ref()) else {
                continue;
            };
            let value = effect.action.expression().and_then(|value| value.evaluate(&scope).ok());
            if let Some(Value::String(value)) = value {
                let objects = event_type.in_role(role, &data);
                found.extend(objects.map(|object| (Arc::clone(index), object, value.clone())));
            }
        }
        found
    }
}
