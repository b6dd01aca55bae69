//! What the expressions of an event see: its data, the objects in its roles, and where it stands.

use serde_json::Value;

use super::claim::Claim;
use super::line::Bound;
use super::world::World;
use crate::catalogue::{Catalogue, Reads, Role, Scope, data_variable, map, to_cel, with_absent};
use crate::event::ObjectId;

/// The scope of one claim's expressions, in the state just before its effects.
pub(super) struct ClaimScope<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) world: &'a World,
    pub(super) claim: &'a Claim<'a>,
    /// The object that an effect is on.
    pub(super) this: Option<(ObjectId, &'a str)>,
}

impl ClaimScope<'_> {
    pub(super) fn bound(&self) -> Bound {
        Bound::Before(self.claim.place)
    }

    fn role(&self, role: &Role, reads: &Reads) -> cel::Value {
        let objects = self.claim.event_type.in_role(role, self.claim.data());
        let mut states = objects.map(|id| self.object(id, &role.object_type, &role.name, reads));
        if role.many {
            cel::Value::List(states.collect::<Vec<_>>().into())
        } else {
            states.next().unwrap_or(cel::Value::Null)
        }
    }

    /// An object as a map of what is read of it; what it has no value for is null.
    fn object(&self, id: ObjectId, object_type: &str, variable: &str, reads: &Reads) -> cel::Value {
        let fields = self.catalogue.object_types.get(object_type).map(|object_type| &object_type.fields);
        let state = self.world.object(id);
        let member = |name| {
            let value = state.and_then(|state| state.answer(name, self.bound())).unwrap_or(Value::Null);
            let shape = fields.and_then(|fields| fields.get(name)).map(|field| &field.expanded);
            (name, with_absent(&value, shape))
        };
        let members = reads.members(variable).filter(|name| *name != "id").map(member);
        map(members.chain([("id", cel::Value::from(id.to_string()))]))
    }

    fn source(&self) -> cel::Value {
        let source = &self.claim.because.claim.source;
        map([("id", source.id.to_string().into()), ("type", cel::Value::from(&*source.source_type))])
    }
}

impl Scope for ClaimScope<'_> {
    fn variable(&self, name: &str, reads: &Reads) -> Option<cel::Value> {
        let event_type = self.claim.event_type;
        Some(match name {
            "data" => data_variable(self.claim.data(), event_type.current().format.expanded(), reads),
            "beginning" => to_cel(&Value::String(self.claim.place.beginning.day.to_string())),
            "registered" => to_cel(&Value::String(self.claim.registered(self.catalogue).to_string())),
            "source" => self.source(),
            "self" => {
                let (id, role) = self.this?;
                self.object(id, &event_type.roles.get(role)?.object_type, "self", reads)
            }
            role => self.role(event_type.roles.get(role)?, reads),
        })
    }

    fn data(&self) -> Option<&Value> {
        Some(self.claim.data())
    }
}
