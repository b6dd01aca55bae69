//! A claim that counts: its content, and where on the material line it begins.

use std::sync::Arc;

use serde_json::Value;

use super::meaning::Meaning;
use super::world::FoldError;
use crate::catalogue::{Catalogue, EventType, UpcastError};
use crate::event::{Event, ObjectId, Position};
use crate::resolve::Resolution;
use crate::time::{Beginning, Day};

/// An event's place on the material line: where it begins, then the order of registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Where it begins.
    pub beginning: Beginning,
    /// The position of the claim; an amended claim keeps its place.
    pub position: Position,
}

/// The events that make a fact so.
#[derive(Clone, Debug, PartialEq)]
pub struct Because {
    /// The claim.
    pub claim: Arc<Event>,
    /// The amend in force that gives its content, where there is one.
    pub amend: Option<Arc<Event>>,
    /// The Validation that makes the claim count; none where it is only claimed.
    pub validation: Option<Arc<Event>>,
    /// The Validation that puts the amend in force; none where it is only claimed.
    pub amend_validation: Option<Arc<Event>>,
}

impl Because {
    /// What makes the event at this place of a resolution stand as it does: a claim, or a correction likewise.
    pub(super) fn of(resolution: &Resolution, place: usize) -> Self {
        let at = |place: usize| Arc::clone(&resolution.events()[place]);
        let judged_by = |place: usize| resolution.standing(place).verdict.map(|(_, place)| at(place));
        let amended_by = resolution.standing(place).amended_by;
        Self {
            claim: at(place),
            amend: amended_by.map(at),
            validation: judged_by(place),
            amend_validation: amended_by.and_then(judged_by),
        }
    }

    /// All of them, oldest first.
    pub fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        let rest = [&self.validation, &self.amend, &self.amend_validation];
        let mut events: Vec<&Arc<Event>> =
            std::iter::once(&self.claim).chain(rest.into_iter().flatten()).collect();
        events.sort_by_key(|event| event.position);
        events.into_iter()
    }
}

/// A claim that counts.
#[derive(Clone, Debug)]
pub struct Claim<'c> {
    /// Its type.
    pub event_type: &'c EventType,
    /// The claim itself, and what gives its content and makes it count.
    pub because: Arc<Because>,
    /// What its content means.
    pub meaning: Arc<Meaning>,
    /// Where it begins as a whole: on its earliest day.
    pub place: Place,
}

impl<'c> Claim<'c> {
    /// The claim at this place of a resolution, with its content.
    ///
    /// # Errors
    /// Where the catalogue cannot read it.
    pub(super) fn of(
        catalogue: &'c Catalogue,
        resolution: &Resolution,
        index: usize,
    ) -> Result<Self, FoldError> {
        Self::that(catalogue, Because::of(resolution, index))
    }

    /// A claim that counts, or would count, with its own content.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read it.
    pub fn plain(
        catalogue: &'c Catalogue,
        claim: &Arc<Event>,
        validation: Option<&Arc<Event>>,
    ) -> Result<Self, FoldError> {
        let (claim, validation) = (Arc::clone(claim), validation.cloned());
        Self::that(catalogue, Because { claim, amend: None, validation, amend_validation: None })
    }

    fn that(catalogue: &'c Catalogue, because: Because) -> Result<Self, FoldError> {
        let event = &because.claim;
        let event_type = event_type_of(catalogue, event)?;
        let meaning = Meaning::of(catalogue, event_type, because.amend.as_ref().unwrap_or(event))?;
        let place = Place { beginning: meaning.beginning, position: event.position };
        Ok(Self { event_type, because: Arc::new(because), meaning, place })
    }

    /// Its content, in the current version of the format.
    #[must_use]
    pub fn data(&self) -> &Arc<Value> {
        &self.meaning.data
    }

    /// Whether a rule of the claim reads a field of an object for which `changed` is true.
    pub fn rules_read(&self, changed: impl Fn(ObjectId, &str) -> bool) -> bool {
        let reads = &self.event_type.rule_reads;
        reads.iter().any(|(role, fields)| {
            let mut objects = self.meaning.roles.get(*role).iter();
            objects.any(|object| fields.iter().any(|field| changed(*object, field)))
        })
    }

    /// The objects whose state the rules of the claim read.
    pub fn objects_read_by_rules(&self) -> impl Iterator<Item = ObjectId> {
        self.event_type.rule_reads.iter().flat_map(|(role, _)| self.meaning.roles.get(*role).iter().copied())
    }

    /// The objects whose state its effects read.
    pub(super) fn objects_read_by_effects(&self) -> impl Iterator<Item = ObjectId> {
        let roles = self.event_type.effects.iter().flat_map(|effect| &effect.reads_roles);
        let places = roles.filter_map(|role| self.event_type.roles.get_index_of(role));
        places.flat_map(|role| self.meaning.roles.get(role).iter().copied())
    }

    /// The local day on which the registry learned of it.
    #[must_use]
    pub fn registered(&self, catalogue: &Catalogue) -> Day {
        catalogue.zone.day(self.because.claim.created_at)
    }
}

/// The type of an event.
///
/// # Errors
/// Where the catalogue does not know it.
pub(super) fn event_type_of<'c>(catalogue: &'c Catalogue, event: &Event) -> Result<&'c EventType, FoldError> {
    catalogue.event_types.get(&event.event_type).ok_or_else(|| FoldError::Upcast {
        position: event.position,
        source: UpcastError::UnknownVersion {
            event_type: Arc::clone(&event.event_type),
            version: Arc::clone(&event.event_version),
        },
    })
}
