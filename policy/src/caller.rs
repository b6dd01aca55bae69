//! Who asks, as the policy sees them.

use std::sync::Arc;

use read_model::catalogue::{Authority, Catalogue, Where};
use read_model::event::{EventSource, ObjectId};
use read_model::reader::Subscription;
use uuid::Uuid;

impl From<&Subscription> for Caller {
    /// Whoever made it, as their token named them then.
    fn from(subscription: &Subscription) -> Self {
        let zones = |zones: &Vec<String>| zones.iter().map(|zone| zone.as_str().into()).collect();
        Self {
            source: subscription.owner.clone(),
            organisation: subscription.organisation.as_deref().map(Into::into),
            zones: subscription.zones.as_ref().map(zones),
            person: subscription.person,
        }
    }
}

/// Where this F6 is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) oin: Arc<str>,
    pub(crate) zone: Arc<str>,
}

impl Home {
    /// Of this catalogue.
    pub(crate) fn of(catalogue: &Catalogue) -> Self {
        Self { oin: Arc::clone(&catalogue.oin), zone: Arc::clone(&catalogue.zone_name) }
    }
}

/// Somebody who asks for something: whom a verified token names, and of where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Their id, and their type of authority.
    pub source: EventSource,
    /// Their organisation, by its OIN; none: that of this F6, whose issuer made the token.
    pub organisation: Option<Arc<str>>,
    /// The zones in whose domain they work; none: that of this F6, where they are of its organisation.
    pub zones: Option<Vec<Arc<str>>>,
    /// The object that they are themselves.
    pub person: Option<ObjectId>,
}

impl Caller {
    /// Of this organisation and zone, and no person of whom anything is kept.
    #[must_use]
    pub const fn of(source: EventSource) -> Self {
        Self { source, organisation: None, zones: None, person: None }
    }

    /// The same, by an id and a type of authority.
    #[must_use]
    pub fn named(id: Uuid, source_type: &str) -> Self {
        Self::of(EventSource { id, source_type: source_type.into() })
    }

    /// Whether this is their authority.
    pub(crate) fn has(&self, authority: &Authority, home: &Home) -> bool {
        self.source.source_type == authority.source_type && self.is_of(authority, home)
    }

    /// Whether they are of one of its organisations and of one of its zones.
    fn is_of(&self, authority: &Authority, home: &Home) -> bool {
        let organisation = self.organisation.as_ref().unwrap_or(&home.oin);
        // Which zone of another organisation somebody is of, its issuer must say.
        let assumed = if *organisation == home.oin { std::slice::from_ref(&home.zone) } else { &[] };
        let zones = self.zones.as_deref().unwrap_or(assumed);
        within(&authority.organisations, std::slice::from_ref(organisation), &home.oin)
            && within(&authority.zones, zones, &home.zone)
    }

    /// Of where they are, for messages; none where the token does not say.
    pub(crate) fn whence(&self) -> Option<String> {
        let organisation = self.organisation.as_ref().map(|oin| format!("organisation {oin}"));
        let zones = self.zones.as_ref().map(|zones| match zones.as_slice() {
            [] => "no zone".to_owned(),
            zones => format!("zone {}", zones.join(", ")),
        });
        let said: Vec<String> = organisation.into_iter().chain(zones).collect();
        (!said.is_empty()).then(|| said.join(", "))
    }
}

fn within(allowed: &Where, given: &[Arc<str>], own: &Arc<str>) -> bool {
    match allowed {
        Where::Any => true,
        Where::Own => given.contains(own),
        Where::Named(names) => given.iter().any(|name| names.contains(name)),
    }
}
