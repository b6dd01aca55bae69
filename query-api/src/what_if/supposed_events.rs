//! From commands that are supposed to the events that they would have become.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Result, Value};
use chrono::{DateTime, TimeDelta, Utc};
use door::{Principal, shown};
use read_model::catalogue::{Catalogue, EventType, one_of};
use read_model::event::{Body, Event, EventId, EventSource, Memo, ObjectId, Position, Verdict, parse_id};
use read_model::hashed::HashSet;
use read_model::time::parse_instant;
use serde_json::Value as Json;

use super::part;
use crate::reading::{Point, Reading};
use crate::refusal::Refusal;

/// The events supposed so far, each accepted.
pub(super) struct Supposing<'a> {
    catalogue: &'a Catalogue,
    source: EventSource,
    reading: &'a Reading,
    point: Point,
    excluded: HashSet<EventId>,
    events: Vec<Arc<Event>>,
    /// The command at hand.
    path: String,
}

/// What a supposed event says.
struct Said {
    event_type: Arc<str>,
    version: Arc<str>,
    occurred_at: Option<DateTime<Utc>>,
    objects: BTreeSet<ObjectId>,
    references: Vec<EventId>,
    body: Body,
}

impl<'a> Supposing<'a> {
    pub(super) fn new(
        catalogue: &'a Catalogue,
        principal: &Principal,
        reading: &'a Reading,
        point: Point,
        excluded: HashSet<EventId>,
    ) -> Self {
        let source =
            EventSource { id: principal.source_id, source_type: principal.source_type.as_str().into() };
        Self { catalogue, source, reading, point, excluded, events: Vec::new(), path: String::new() }
    }

    pub(super) fn into_events(self) -> Vec<Arc<Event>> {
        self.events
    }

    /// Supposes one more command.
    pub(super) async fn add(&mut self, index: usize, command: &Value) -> Result<()> {
        let named = ["claim", "amend", "annul", "validate"];
        let Some((act, given)) = named.iter().find_map(|act| Some((*act, part(command, act)?))) else {
            return Ok(());
        };
        self.path = format!("include[{index}].{act}");
        let said = match act {
            "claim" => self.claim(given).await?,
            "amend" => self.amend(given).await?,
            "annul" => self.about(given, |_| Ok(Body::Annul { reason: None })).await?,
            _ => self.validate(given).await?,
        };
        let id = self.id(given, "id")?;
        if let Some(id) = id
            && self.event(id).await?.is_some()
        {
            return Err(self
                .wrong(format!("there is an event {id} already; leave `id` out, or give another"))
                .into());
        }
        let judged = matches!(said.body, Body::Validation { .. });
        let event = self.next(id, said);
        if !judged {
            let accepted = Said {
                event_type: Arc::clone(&event.event_type),
                version: Arc::clone(&event.event_version),
                occurred_at: None,
                objects: event.object_ids.iter().copied().collect(),
                references: vec![event.id],
                body: Body::Validation { verdict: Verdict::Accepted, reason: None },
            };
            self.next(None, accepted);
        }
        Ok(())
    }

    /// Gives what is said a place after everything so far.
    fn next(&mut self, id: Option<EventId>, said: Said) -> Arc<Event> {
        let place = i64::try_from(self.events.len()).unwrap_or(i64::MAX).saturating_add(1);
        let position: Position = self.point.snapshot.position.plus(place);
        let created_at = self.point.snapshot.known_at + TimeDelta::microseconds(place);
        let event = Arc::new(Event {
            position,
            // No client makes such ids: the store gives it to nobody.
            id: id.unwrap_or_else(|| EventId::from_u64_pair(0, position.get().unsigned_abs())),
            created_at,
            occurred_at: said.occurred_at.unwrap_or(created_at),
            object_ids: said.objects.into_iter().collect(),
            event_type: said.event_type,
            event_version: said.version,
            source: self.source.clone(),
            references: said.references,
            body: said.body,
            memo: Memo::default(),
        });
        self.events.push(Arc::clone(&event));
        event
    }

    async fn claim(&self, given: &Value) -> Result<Said> {
        let name = text(given, "eventType").unwrap_or_default();
        let Some(event_type) = self.catalogue.event_types.get(name) else {
            let there = one_of(name, self.catalogue.event_types.keys().map(|name| &**name));
            return Err(self
                .wrong(format!("no event type is named `{}`; {there}", door::shown_text(name)))
                .into());
        };
        let mut said = self.content(event_type, given, Body::Claim)?;
        if let Some(Value::List(bases)) = part(given, "basedOn") {
            for basis in bases {
                let id = self.parsed(basis, "basedOn")?;
                self.known(id).await?;
                said.references.push(id);
            }
        }
        Ok(said)
    }

    async fn amend(&self, given: &Value) -> Result<Said> {
        let target = self.target(given).await?;
        let event_type = self.catalogue.event_types.get(&target.event_type);
        let Some(event_type) = event_type.filter(|_| matches!(target.body, Body::Claim(_))) else {
            let kind = target.kind().name();
            return Err(self
                .wrong(format!("event {} is a {kind}; only a Claim can be amended", target.id))
                .into());
        };
        let mut said = self.content(event_type, given, |data| Body::Amend { data, reason: None })?;
        said.objects.extend(self.objects_of(&target).await?);
        said.references.push(target.id);
        Ok(said)
    }

    async fn validate(&self, given: &Value) -> Result<Said> {
        let rejected = matches!(part(given, "verdict"), Some(Value::Enum(name)) if name == "REJECTED")
            || text(given, "verdict") == Some("REJECTED");
        let verdict = if rejected { Verdict::Rejected } else { Verdict::Accepted };
        let judge = |target: &Event| match target.body {
            Body::Validation { .. } => {
                Err(format!("event {} is a Validation; name a Claim or a Correction", target.id))
            }
            Body::Claim(_) | Body::Amend { .. } | Body::Annul { .. } => {
                Ok(Body::Validation { verdict, reason: None })
            }
        };
        self.about(given, judge).await
    }

    /// What says something of another event, and has no data of its own.
    async fn about(&self, given: &Value, body: impl FnOnce(&Event) -> Result<Body, String>) -> Result<Said> {
        let target = self.target(given).await?;
        let body = body(&target).map_err(|wrong| self.wrong(wrong))?;
        let mut root = Arc::clone(&target);
        while let Some(next) = root.target() {
            root = self.known(next).await?;
        }
        Ok(Said {
            event_type: Arc::clone(&root.event_type),
            version: Arc::clone(&root.event_version),
            occurred_at: None,
            objects: self.objects_of(&root).await?,
            references: vec![target.id],
            body,
        })
    }

    /// Data in a version of the event type's format, checked.
    fn content(
        &self,
        event_type: &EventType,
        given: &Value,
        body: impl FnOnce(Arc<Json>) -> Body,
    ) -> Result<Said, Refusal> {
        let name = text(given, "eventVersion").unwrap_or(&event_type.current().name);
        let version = event_type.versions.get(name).ok_or_else(|| {
            let there = one_of(name, event_type.versions.keys().map(|name| &**name));
            self.wrong(format!("{} has no version `{}`; {there}", event_type.name, door::shown_text(name)))
        })?;
        let data = part(given, "data").cloned().unwrap_or_default().into_json().unwrap_or_default();
        if let Some(error) = version.format.errors(&data).into_iter().next() {
            let at = std::iter::once("data").chain(error.path.iter().map(String::as_str));
            let at = at.collect::<Vec<_>>().join(".");
            return Err(Refusal::Supposed { path: format!("{}.{at}", self.path), message: error.message });
        }
        let mut data = data;
        self.catalogue.canonicalise(version.format.shape(), &mut data);
        let data = Arc::new(data);
        let objects = self.catalogue.references(version.format.shape(), &data);
        let current = event_type.upcast(&version.name, &data);
        let current =
            current.map_err(|error| self.wrong(format!("these data cannot be read as of today: {error}")))?;
        Ok(Said {
            event_type: Arc::clone(&event_type.name),
            version: Arc::clone(&version.name),
            occurred_at: Some(self.moment(event_type, &current, given)?),
            objects: objects.into_iter().map(|(_, id)| id).collect(),
            references: Vec::new(),
            body: body(data),
        })
    }

    fn moment(&self, event_type: &EventType, data: &Json, given: &Value) -> Result<DateTime<Utc>, Refusal> {
        if let Some(date) = event_type.effective_date(data) {
            return Ok(self.catalogue.zone.start_of(date.earliest()));
        }
        let Some(stated) = text(given, "occurredAt") else {
            let message =
                format!("a {} does not state its date in the data; give `occurredAt`", event_type.name);
            return Err(self.wrong(message));
        };
        parse_instant(stated).map_err(|error| self.wrong(error.to_string()))
    }

    /// The objects of a claim and of every amend of it so far.
    async fn objects_of(&self, claim: &Event) -> Result<BTreeSet<ObjectId>> {
        let amends = |event: &&Arc<Event>| {
            matches!(event.body, Body::Amend { .. }) && event.target() == Some(claim.id)
        };
        let known = self.reading.events_of(&claim.object_ids, self.point).await?;
        let amends = known.iter().filter(amends).chain(self.events.iter().filter(amends));
        let all = amends.flat_map(|amend| &amend.object_ids).chain(&claim.object_ids);
        Ok(all.copied().collect())
    }

    async fn target(&self, given: &Value) -> Result<Arc<Event>> {
        match self.id(given, "target")? {
            Some(id) => self.known(id).await,
            None => Err(self.wrong("it has no `target`; name the event that it is about").into()),
        }
    }

    async fn known(&self, id: EventId) -> Result<Arc<Event>> {
        let found = self.event(id).await?;
        Ok(found.ok_or_else(|| {
            self.wrong(format!(
                "there is no event {id}; name one that exists, or that an earlier command makes"
            ))
        })?)
    }

    /// An event of the log that is supposed so far.
    async fn event(&self, id: EventId) -> Result<Option<Arc<Event>>> {
        if let Some(event) = self.events.iter().find(|event| event.id == id) {
            return Ok(Some(Arc::clone(event)));
        }
        if self.excluded.contains(&id) {
            return Ok(None);
        }
        self.reading.event(id, self.point).await
    }

    fn id(&self, given: &Value, name: &str) -> Result<Option<EventId>, Refusal> {
        part(given, name).map(|value| self.parsed(value, name)).transpose()
    }

    fn parsed(&self, value: &Value, name: &str) -> Result<EventId, Refusal> {
        let text = if let Value::String(text) = value { Some(text) } else { None };
        text.and_then(|text| parse_id(text)).ok_or_else(|| {
            self.wrong(format!(
                "`{name}` is {}, which is no UUID; write one such as 0190163d-8694-739b-aea5-966c26f8ad90",
                shown(value)
            ))
        })
    }

    fn wrong(&self, message: impl Into<String>) -> Refusal {
        Refusal::Supposed { path: self.path.clone(), message: message.into() }
    }
}

fn text<'a>(given: &'a Value, name: &str) -> Option<&'a str> {
    if let Some(Value::String(text)) = part(given, name) { Some(text) } else { None }
}
