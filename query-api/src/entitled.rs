//! What whoever asks may see: every resolver asks the policy here, and decides nothing itself.

use async_graphql::Result;
use async_graphql::dynamic::ResolverContext;
use door::{Ended, Principal, faults};
use policy::{Caller, Denied, Reads, Way};
use read_model::event::ObjectId;
use read_model::reader::Seen;

use crate::concerning::Concerning;
use crate::surface::Surface;
use crate::views::{View, ViewField};

/// A caller, and the rights of all.
pub(crate) struct Entitled<'a> {
    surface: &'a Surface,
    reads: &'a Reads,
    caller: Caller,
    concerning: Concerning<'a>,
}

impl<'a> Entitled<'a> {
    /// Whoever a resolver works for.
    pub(crate) fn of(context: &ResolverContext<'a>) -> Result<Self> {
        Ok(Self::by(Surface::of(context)?, Principal::of(context)?, Concerning::of(context)?))
    }

    /// The same, where all of it is at hand.
    pub(crate) fn by(surface: &'a Surface, principal: &Principal, concerning: Concerning<'a>) -> Self {
        Self { surface, reads: &surface.views.reads, caller: principal.caller(), concerning }
    }

    /// Lets the caller come to objects through a view in this way. Who asks for somebody by their id has asked about them,
    /// also where they may not, or where there is nothing to tell.
    pub(crate) fn view(&self, view: &View, way: Way) -> Result<()> {
        let answer = self.reads.view(&self.caller, &view.name, way);
        if let Way::Asked(id) = way {
            self.concerning.object(view, id, if answer.is_ok() { Ended::Done } else { Ended::Denied });
        }
        allowed(answer)
    }

    /// Whether the caller may come to objects through a view in this way.
    pub(crate) fn lets(&self, view: &View, way: Way) -> bool {
        self.reads.view(&self.caller, &view.name, way).is_ok()
    }

    /// Lets the caller read a field of a view, and what it refers to: whether there is anything to refer to must not show
    /// to who may not see that.
    pub(crate) fn field(&self, view: &View, field: &ViewField) -> Result<()> {
        if field.restricted {
            allowed(self.reads.field(&self.caller, &view.name, &field.name))?;
        }
        match self.surface.refers_to((&field.shape, field.through.as_deref())) {
            Some(through) => self.view(through, Way::Referred),
            None => Ok(()),
        }
    }

    /// Whether the caller may read a field of a view, and what it refers to.
    pub(crate) fn shows(&self, view: &View, field: &ViewField) -> bool {
        self.field(view, field).is_ok()
    }

    /// Lets the caller read objects of a type as such, whichever they are.
    pub(crate) fn object_type(&self, object_type: &str) -> Result<()> {
        allowed(self.reads.view(&self.caller, object_type, Way::Found))
    }

    /// Whether the caller may read this field of an object type as such.
    pub(crate) fn reads(&self, object_type: &str, field: &str) -> bool {
        self.reads.view(&self.caller, object_type, Way::Found).is_ok()
            && self.reads.field(&self.caller, object_type, field).is_ok()
    }

    /// The raw events that the caller may see, where any.
    pub(crate) fn events(&self) -> Result<Seen> {
        allowed(self.reads.events(&self.caller))
    }

    /// The raw events that the caller may see, of those that bear on this object.
    pub(crate) fn events_about(&self, object: Option<ObjectId>) -> Result<Seen> {
        let answer = self.events();
        if answer.is_err() {
            return self.concerning.somebody(object, "events", answer);
        }
        answer
    }

    /// Lets the caller see what was done with the data of this person.
    pub(crate) fn records(&self, subject: ObjectId) -> Result<()> {
        self.concerning.inspected(subject, allowed(self.reads.records(&self.caller, subject)))
    }

    /// Lets the caller see who it was who did something.
    pub(crate) fn every_record(&self) -> Result<()> {
        allowed(self.reads.every_record(&self.caller))
    }

    /// Lets the caller see every raw event, and what follows from it.
    pub(crate) fn every_event(&self) -> Result<()> {
        allowed(self.reads.every_event(&self.caller))
    }

    /// Lets the caller ask for events of these types.
    pub(crate) fn events_of(&self, event_types: &[String]) -> Result<()> {
        event_types.iter().try_for_each(|name| allowed(self.reads.events_of(&self.caller, name)))
    }
}

fn allowed<T>(answer: Result<T, Denied>) -> Result<T> {
    answer.map_err(|denied| faults::forbidden(denied.to_string()))
}

/// Lets the caller of a resolver read a field, before anything of the object is looked at.
pub(crate) fn check_field(context: &ResolverContext<'_>, view: &View, field: &ViewField) -> Result<()> {
    let plain = !field.restricted
        && Surface::of(context)?.refers_to((&field.shape, field.through.as_deref())).is_none();
    if plain { Ok(()) } else { Entitled::of(context)?.field(view, field) }
}
