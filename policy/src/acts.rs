//! What a caller may do: claim, correct, validate, have events delivered.

use std::sync::Arc;

use read_model::catalogue::{Catalogue, EventType, Expression, May, source_types_of};
use read_model::event::{EventId, ObjectId};
use read_model::fold::{World, holds_for};
use read_model::time::Day;
use serde_json::Value;

use crate::caller::{Caller, Home};
use crate::denied::Denied;

/// The rights that the catalogue gives.
#[derive(Clone, Debug)]
pub struct Acts<'c>(&'c Catalogue, Home);

/// What is done to events that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Accept or reject.
    Validate,
    /// Give a claim other data.
    Amend,
    /// Say that it did not happen.
    Annul,
}

/// A right to claim that depends on who the caller is.
#[derive(Debug)]
pub struct Conditional<'c> {
    catalogue: &'c Catalogue,
    event_type: &'c EventType,
    source_type: Arc<str>,
    conditions: Vec<&'c Expression>,
    /// The caller's own object, whose state alone it is decided on.
    pub person: ObjectId,
}

impl Act {
    const fn verb(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Amend => "amend",
            Self::Annul => "annul",
        }
    }

    fn may(self, event_type: &EventType) -> &[May] {
        match self {
            Self::Validate => &event_type.validate,
            Self::Amend => &event_type.amend,
            Self::Annul => &event_type.annul,
        }
    }
}

impl<'c> Acts<'c> {
    /// The rights that this catalogue gives.
    #[must_use]
    pub fn of(catalogue: &'c Catalogue) -> Self {
        Self(catalogue, Home::of(catalogue))
    }

    /// Whether the caller has a type of authority that there is.
    ///
    /// # Errors
    /// [`Denied::UnknownSourceType`].
    pub fn known(&self, caller: &Caller) -> Result<(), Denied> {
        let given = &caller.source.source_type;
        if self.0.source_types.contains(given) {
            return Ok(());
        }
        Err(Denied::UnknownSourceType { given: Arc::clone(given), known: self.0.source_types.clone() })
    }

    /// Whether the caller may claim events of this type: outright, or where a condition holds.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn claim(
        &self,
        caller: &Caller,
        event_type: &'c EventType,
    ) -> Result<Option<Conditional<'c>>, Denied> {
        let what = || format!("claim {}", event_type.name);
        let given: Vec<&'c May> =
            event_type.claim.iter().filter(|may| caller.has(&may.authority, &self.1)).collect();
        if given.is_empty() {
            return Err(self.denied(caller, what(), &event_type.claim));
        }
        let Some(conditions) = given.iter().map(|may| may.when.as_ref()).collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let source_type = Arc::clone(&caller.source.source_type);
        let Some(person) = caller.person else {
            return Err(Denied::Nobody { given: source_type, what: what(), condition: written(&conditions) });
        };
        Ok(Some(Conditional { catalogue: self.0, event_type, source_type, conditions, person }))
    }

    /// Whether the caller may do this to events of this type.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn act(&self, caller: &Caller, act: Act, event_type: &EventType) -> Result<(), Denied> {
        self.any(caller, || format!("{} {}", act.verb(), event_type.name), act.may(event_type))
    }

    /// Whether the caller may do this to events of any type, which is all that can be told before the target is known.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn act_at_all(&self, caller: &Caller, act: Act) -> Result<(), Denied> {
        let all = || self.0.event_types.values().map(|event_type| act.may(event_type));
        if all().any(|may| self.given(caller, may).next().is_some()) {
            return Ok(());
        }
        let own = |may: &&[May]| may.iter().any(|may| may.authority.source_type == caller.source.source_type);
        let nearest = all().find(own).or_else(|| all().find(|may| !may.is_empty())).unwrap_or_default();
        Err(self.denied(caller, format!("{} anything", act.verb()), nearest))
    }

    /// Whether the caller may do this to the event with this id, which is of this type, or is not there. Of who may with
    /// some types and not with others, it is not told which of the two it is.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn act_on(
        &self,
        caller: &Caller,
        act: Act,
        (target, event_type): (EventId, Option<&EventType>),
    ) -> Result<(), Denied> {
        self.act_at_all(caller, act)?;
        let answer = event_type.map_or(Ok(()), |event_type| self.act(caller, act, event_type));
        if self.sees_targets(caller, act) || event_type.is_some() && answer.is_ok() {
            return answer;
        }
        let may = |event_type: &&EventType| self.act(caller, act, event_type).is_ok();
        let names = self.0.event_types.values().filter(may).map(|event_type| Arc::clone(&event_type.name));
        Err(Denied::Target {
            given: Arc::clone(&caller.source.source_type),
            verb: act.verb(),
            target,
            may: names.collect(),
        })
    }

    /// Whether the caller may do this with events of every type with which anybody may, so that it may be told whether
    /// there is such an event.
    #[must_use]
    pub fn sees_targets(&self, caller: &Caller, act: Act) -> bool {
        let open = self.0.event_types.values().filter(|event_type| !act.may(event_type).is_empty());
        open.into_iter().all(|event_type| self.given(caller, act.may(event_type)).next().is_some())
    }

    /// Whether the caller may have events delivered, and manage what is theirs.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn subscribe(&self, caller: &Caller) -> Result<(), Denied> {
        self.any(caller, || "subscribe".to_owned(), &self.0.subscriptions.subscribe)
    }

    /// Whether deliveries to the caller may hold what events say.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn have_data_delivered(&self, caller: &Caller) -> Result<(), Denied> {
        self.any(caller, || "have data delivered".to_owned(), &self.0.subscriptions.data)
    }

    /// Whether the caller may manage everybody's subscriptions.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn manage_subscriptions(&self, caller: &Caller) -> Result<(), Denied> {
        self.any(caller, || "manage subscriptions".to_owned(), &self.0.subscriptions.manage)
    }

    /// Whether the caller may see their own subscriptions, or everybody's.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn see_subscriptions(&self, caller: &Caller) -> Result<(), Denied> {
        let rights = &self.0.subscriptions;
        let all = || rights.subscribe.iter().chain(&rights.manage);
        if all().any(|may| caller.has(&may.authority, &self.1)) {
            return Ok(());
        }
        let mut may = source_types_of(&rights.subscribe);
        may.extend(source_types_of(&rights.manage));
        let given = Arc::clone(&caller.source.source_type);
        Err(Denied::NotListed { given, what: "see subscriptions".to_owned(), may })
    }

    fn any(&self, caller: &Caller, what: impl FnOnce() -> String, may: &[May]) -> Result<(), Denied> {
        match self.given(caller, may).next() {
            Some(_) => Ok(()),
            None => Err(self.denied(caller, what(), may)),
        }
    }

    fn given<'m>(&'m self, caller: &'m Caller, may: &'m [May]) -> impl Iterator<Item = &'m May> {
        may.iter().filter(move |may| caller.has(&may.authority, &self.1))
    }

    fn denied(&self, caller: &Caller, what: String, may: &[May]) -> Denied {
        let given = Arc::clone(&caller.source.source_type);
        let listed = may.iter().any(|may| may.authority.source_type == given);
        match caller.whence().filter(|_| listed) {
            Some(whence) => {
                let (zone, organisation) = (Arc::clone(&self.0.zone_name), Arc::clone(&self.0.organisation));
                Denied::Elsewhere { given, whence, what, zone, organisation }
            }
            None => Denied::NotListed { given, what, may: source_types_of(may) },
        }
    }
}

impl Conditional<'_> {
    /// Whether one of the conditions holds: on what is claimed, in the current version of its format, and on the caller's
    /// own object as it is on a day.
    ///
    /// A condition that cannot be computed does not hold.
    ///
    /// # Errors
    /// [`Denied::Condition`].
    pub fn check(&self, world: &World, day: Day, data: &Value) -> Result<(), Denied> {
        let caller = (self.person, world, day);
        let holds = |condition: &&&Expression| {
            holds_for(self.catalogue, condition, caller, (self.event_type, data)).unwrap_or(false)
        };
        match self.conditions.iter().find(holds) {
            Some(_) => Ok(()),
            None => Err(Denied::Condition {
                given: Arc::clone(&self.source_type),
                what: format!("claim {}", self.event_type.name),
                condition: written(&self.conditions),
            }),
        }
    }
}

fn written(conditions: &[&Expression]) -> String {
    let each = conditions.iter().map(|condition| format!("`{}`", condition.source()));
    each.collect::<Vec<_>>().join(" or ")
}
