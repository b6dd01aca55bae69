//! Whom events bear on, as far as they tell.

use std::sync::Arc;

use door::{Action, Concerned, Ended};
use read_model::catalogue::{Catalogue, Processing, Shape};
use read_model::event::{Body, Event, ObjectId};
use serde_json::Value;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Something is shown.
    Read,
    /// An event is registered, or was to be.
    Register,
    /// An event is brought to whoever subscribed to it.
    Deliver,
}

/// Notes whose data something is done with.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    catalogue: &'a Catalogue,
    processing: &'a Processing,
    concerned: &'a Concerned,
}

impl<'a> About<'a> {
    /// None where the catalogue has no processing log.
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, concerned: &'a Concerned) -> Option<Self> {
        Some(Self { catalogue, processing: catalogue.processing.as_ref()?, concerned })
    }

    /// An object of this type, seen through a view that may be part of an activity of its own.
    pub fn object(
        &self,
        id: ObjectId,
        object_type: &Arc<str>,
        (view, activity): (&str, Option<&Arc<str>>),
        ended: Ended,
    ) {
        if !self.processing.is_subject(object_type) {
            return self.concerned.nobody(id);
        }
        let activity = activity.unwrap_or(&self.processing.read);
        self.concerned.person(id, &action(&format!("read {view}"), activity, object_type), ended);
    }

    /// Somebody who was asked about in a way that does not tell of which type they are.
    pub fn somebody(&self, id: ObjectId, what: &str, ended: Ended) {
        if let Some(subject_type) = self.processing.subjects.first() {
            let action = action(&format!("read {what}"), &self.processing.read, subject_type);
            self.concerned.perhaps(id, &action, ended);
        }
    }

    /// Whoever looks into the log itself looks into what is kept of somebody.
    pub fn inspected(&self, id: ObjectId, ended: Ended) {
        if let Some(subject_type) = self.processing.subjects.first() {
            let action = action("read processing records", &self.processing.inspect, subject_type);
            self.concerned.person(id, &action, ended);
        }
    }

    /// Whoever a value of a field of this type of object refers to.
    pub fn value(&self, (object_type, field): (&str, &str), value: &Value) {
        let Some(of) = self.catalogue.object_types.get(object_type) else { return };
        let own = of.fields.get(field).map(|field| &field.shape);
        let shape = own.or_else(|| of.derived.get(field).map(|derived| &derived.shape));
        let Some(shape) = shape else { return };
        // A field that is a list has its items one by one on a line.
        let items =
            if let Shape::List(item) = shape { self.catalogue.references(item, value) } else { Vec::new() };
        for (object_type, id) in self.catalogue.references(shape, value).into_iter().chain(items) {
            self.object(id, &object_type, (&object_type, None), Ended::Done);
        }
    }

    /// Every person whom a command names that makes no event, by its data.
    pub fn command(&self, what: &str, (event_type, version): (&str, &str), data: &Value, ended: Ended) {
        let Some(event_type) = self.catalogue.event_types.get(event_type) else { return };
        let Some(version) = event_type.versions.get(version) else { return };
        let activity = event_type.processing.as_ref().unwrap_or(&self.processing.write);
        let named = self.catalogue.references(version.format.shape(), data);
        self.named(&named, &format!("{what} {}", event_type.name), activity, ended);
    }

    /// Every person whom an event bears on.
    pub fn event(&self, event: &Event, verb: Verb, ended: Ended) {
        let Some(event_type) = self.catalogue.event_types.get(&event.event_type) else { return };
        let (what, activity) = match verb {
            Verb::Read => ("read", &self.processing.read),
            Verb::Deliver => ("deliver", &self.processing.read),
            Verb::Register => {
                (done(&event.body), event_type.processing.as_ref().unwrap_or(&self.processing.write))
            }
        };
        let (name, named) = (format!("{what} {}", event_type.name), self.catalogue.named_by(event));
        self.named(&named, &name, activity, ended);
        // A correction or judgement is about whom its claim is about, and does not say what they are.
        let mut roles = event_type.roles.values().map(|role| &role.object_type);
        let Some(subject_type) = roles.find(|of| self.processing.is_subject(of)) else { return };
        let action = action(&name, activity, subject_type);
        let untold = event.object_ids.iter().filter(|id| named.iter().all(|(_, named)| named != *id));
        untold.for_each(|id| self.concerned.perhaps(*id, &action, ended));
    }

    fn named(&self, named: &[(Arc<str>, ObjectId)], name: &str, activity: &Arc<str>, ended: Ended) {
        for (object_type, id) in named {
            match self.processing.is_subject(object_type) {
                true => self.concerned.person(*id, &action(name, activity, object_type), ended),
                false => self.concerned.nobody(*id),
            }
        }
    }
}

fn action(name: &str, activity: &Arc<str>, subject_type: &Arc<str>) -> Arc<Action> {
    let (activity, subject_type) = (Arc::clone(activity), Arc::clone(subject_type));
    Arc::new(Action { name: name.into(), activity, subject_type })
}

const fn done(body: &Body) -> &'static str {
    match body {
        Body::Claim(_) => "claim",
        Body::Amend { .. } => "amend",
        Body::Annul { .. } => "annul",
        Body::Validation { .. } => "validate",
    }
}
