//! What a caller may see: views, their fields, and raw events.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use read_model::catalogue::Authority;
use read_model::event::{EventKind, ObjectId};
use read_model::reader::{Scope, Seen};

use crate::caller::{Caller, Home};
use crate::denied::Denied;

/// The rights that `query_config.yaml` gives.
#[derive(Debug)]
pub struct Reads {
    pub(crate) home: Home,
    pub(crate) events: Vec<EventsGrant>,
    pub(crate) views: IndexMap<Arc<str>, ViewGrants>,
    /// Who may look into the processing log, and at whose records.
    pub(crate) records: Vec<(Authority, Of)>,
}

/// Somebody who may read raw events, and which.
#[derive(Debug)]
pub(crate) struct EventsGrant {
    pub(crate) authority: Authority,
    pub(crate) event_types: Option<Vec<Arc<str>>>,
    pub(crate) kinds: Option<Vec<EventKind>>,
    pub(crate) own: bool,
}

/// Who may read a view.
#[derive(Debug)]
pub(crate) struct ViewGrants {
    /// The view, as refusals name it.
    pub(crate) subject: String,
    pub(crate) read: Vec<(Authority, Of)>,
    /// The fields that not all of them may read.
    pub(crate) fields: HashMap<Arc<str>, Vec<Authority>>,
}

/// Of which objects somebody may read a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    Any,
    Own,
    Referred,
}

/// How a caller comes to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By asking for it.
    Asked(ObjectId),
    /// By whatever it has: a search, or what differs.
    Found,
    /// As what another object refers to, which the caller may read.
    Referred,
}

impl Reads {
    /// Whether the caller may read objects through this view, coming to them in this way. Neither the object nor whether
    /// it exists is looked at.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn view(&self, caller: &Caller, view: &str, way: Way) -> Result<(), Denied> {
        let Some(grants) = self.views.get(view) else {
            return Err(self.denied(caller, format!("read the view {view}"), &[]));
        };
        let lets = |of: Of| match (of, way) {
            (Of::Any, _) | (Of::Referred, Way::Referred) => true,
            (Of::Own, Way::Asked(id)) => caller.person == Some(id),
            (Of::Own, Way::Found | Way::Referred) | (Of::Referred, Way::Asked(_) | Way::Found) => false,
        };
        let mut given =
            grants.read.iter().filter(|(authority, _)| caller.has(authority, &self.home)).peekable();
        let own = given.peek().is_some_and(|(_, of)| *of != Of::Any);
        match given.any(|(_, of)| lets(*of)) {
            true => Ok(()),
            false if own => Err(Denied::NotOwn {
                given: Arc::clone(&caller.source.source_type),
                what: format!("read {}", grants.subject),
            }),
            false => {
                let readers: Vec<&Authority> = grants.read.iter().map(|(authority, _)| authority).collect();
                Err(self.denied(caller, format!("read {}", grants.subject), &readers))
            }
        }
    }

    /// Whether a field of a view may be read by the caller, who may read the view.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn field(&self, caller: &Caller, view: &str, field: &str) -> Result<(), Denied> {
        let Some(readers) = self.views.get(view).and_then(|grants| grants.fields.get(field)) else {
            return Ok(());
        };
        if readers.iter().any(|authority| caller.has(authority, &self.home)) {
            return Ok(());
        }
        Err(self.denied(caller, format!("read `{field}` of {view}"), &readers.iter().collect::<Vec<_>>()))
    }

    /// Whether the caller may see what was done with the data of this person. Whether there is such a person is not looked at.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn records(&self, caller: &Caller, subject: ObjectId) -> Result<(), Denied> {
        self.of_records(caller, |of| of == Of::Any || of == Of::Own && caller.person == Some(subject))
    }

    /// Whether the caller may see what was done with anybody's data, and with that who it was who did it.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn every_record(&self, caller: &Caller) -> Result<(), Denied> {
        self.of_records(caller, |of| of == Of::Any)
    }

    fn of_records(&self, caller: &Caller, lets: impl Fn(Of) -> bool) -> Result<(), Denied> {
        let mut given =
            self.records.iter().filter(|(authority, _)| caller.has(authority, &self.home)).peekable();
        let (any, what) = (given.peek().is_some(), "look into the processing log".to_owned());
        if given.any(|(_, of)| lets(*of)) {
            return Ok(());
        }
        if any {
            return Err(Denied::NotOwn { given: Arc::clone(&caller.source.source_type), what });
        }
        let readers: Vec<&Authority> = self.records.iter().map(|(authority, _)| authority).collect();
        Err(self.denied(caller, what, &readers))
    }

    /// The raw events that the caller may see.
    ///
    /// # Errors
    /// [`Denied`], where that is none of them.
    pub fn events(&self, caller: &Caller) -> Result<Seen, Denied> {
        let given: Vec<&EventsGrant> =
            self.events.iter().filter(|grant| caller.has(&grant.authority, &self.home)).collect();
        let scope = |grant: &&EventsGrant| {
            let object = if grant.own { Some(caller.person?) } else { None };
            Some(Scope { event_types: grant.event_types.clone(), kinds: grant.kinds.clone(), object })
        };
        let scopes: Vec<Scope> = given.iter().filter_map(scope).collect();
        if !scopes.is_empty() {
            return Ok(Seen::of(scopes));
        }
        if !given.is_empty() {
            let given = Arc::clone(&caller.source.source_type);
            return Err(Denied::NotOwn { given, what: "read events".to_owned() });
        }
        let readers: Vec<&Authority> = self.events.iter().map(|grant| &grant.authority).collect();
        Err(self.denied(caller, "read events".to_owned(), &readers))
    }

    /// Whether the caller may see every raw event, and so what follows from whichever.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn every_event(&self, caller: &Caller) -> Result<(), Denied> {
        if self.events(caller)?.is_everything() {
            return Ok(());
        }
        let whole = |grant: &&EventsGrant| grant.event_types.is_none() && grant.kinds.is_none() && !grant.own;
        let readers = self.events.iter().filter(whole).map(|grant| &grant.authority);
        Err(Denied::NotRead {
            given: Arc::clone(&caller.source.source_type),
            what: "read what follows from events of every type".to_owned(),
            may: names(readers),
        })
    }

    /// Whether the caller may see any event of a type: a filter by another would tell nothing, and is refused.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn events_of(&self, caller: &Caller, event_type: &str) -> Result<(), Denied> {
        if self.events(caller)?.may_show(event_type) {
            return Ok(());
        }
        let of = |grant: &&EventsGrant| {
            grant.event_types.as_ref().is_none_or(|types| types.iter().any(|name| **name == *event_type))
        };
        let readers = self.events.iter().filter(of).map(|grant| &grant.authority);
        Err(Denied::NotRead {
            given: Arc::clone(&caller.source.source_type),
            what: format!("read events of type {event_type}"),
            may: names(readers),
        })
    }

    /// How much somebody of this organisation and type of authority may read, to choose whose screen to show.
    #[must_use]
    pub fn breadth(&self, source_type: &str) -> usize {
        let reads = |authority: &Authority| *authority.source_type == *source_type;
        let views = self
            .views
            .values()
            .filter(|view| view.read.iter().any(|(authority, of)| reads(authority) && *of == Of::Any));
        views.count() + self.events.iter().filter(|grant| reads(&grant.authority)).count()
    }

    fn denied(&self, caller: &Caller, what: String, readers: &[&Authority]) -> Denied {
        let given = Arc::clone(&caller.source.source_type);
        let listed = readers.iter().any(|authority| authority.source_type == given);
        match caller.whence().filter(|_| listed) {
            Some(whence) => Denied::ReadElsewhere { given, whence, what },
            None => Denied::NotRead { given, what, may: names(readers.iter().copied()) },
        }
    }
}

fn names<'a>(readers: impl Iterator<Item = &'a Authority>) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for authority in readers {
        if !names.contains(&authority.source_type) {
            names.push(Arc::clone(&authority.source_type));
        }
    }
    names
}
