//! From a command to the events that it would become; what is wrong with the command itself is found here.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use door::shown_text;
use policy::Acts;
use read_model::catalogue::{EventType, Future, Version};
use read_model::event::{Body, Event, EventId, EventKind, Memo, ObjectId, Verdict, fitted};
use read_model::time::Day;
use serde_json::Value;
use uuid::Uuid;

use super::entitled::{may_claim, target_of};
use super::view::event;
use super::{Desk, Stop};
use crate::command::{Act, Command};
use crate::outcome::{Finding, FindingCode};
use crate::rights;

/// The events that a command would become, and what they are about.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    /// One event, or two where it validates in the same step.
    pub(super) events: Vec<Arc<Event>>,
    /// The claim that gets its effects through them, if any: its rules are theirs.
    pub(super) own_claim: Option<EventId>,
    /// Whether it corrects, or validates a correction: it may contest what stood.
    pub(super) corrects: bool,
    /// Whether it is read as accepted that nobody has judged yet.
    pub(super) assumed: Option<EventId>,
}

/// What a command says, before it is given a place in the log.
struct Said {
    event_type: Arc<str>,
    version: Arc<str>,
    occurred_at: Option<DateTime<Utc>>,
    object_ids: BTreeSet<ObjectId>,
    references: Vec<EventId>,
    body: Body,
    own_claim: Option<EventId>,
    corrects: bool,
}

impl Draft {
    /// Whether it says something of an event that is there.
    pub(super) fn judges(&self) -> bool {
        self.events.first().is_some_and(|first| first.target().is_some())
    }
}

pub(super) fn draft(desk: Desk<'_>, command: &Command) -> Result<Draft, Stop> {
    if !desk.trusted {
        rights::may_ask(desk.catalogue, command)?;
    }
    let said = match &command.act {
        Act::Claim { .. } => claim(desk, command)?,
        Act::Amend { .. } => amend(desk, command)?,
        Act::Annul { target, reason } => annul(desk, command, *target, reason.clone())?,
        Act::Validate { target, verdict, reason } => {
            validate(desk, command, *target, *verdict, reason.clone())?
        }
    };
    check_known(desk, &command.despite, "despite")?;
    let judged = command.validate || matches!(command.act, Act::Validate { .. });
    let four_eyes =
        desk.catalogue.event_types.get(&said.event_type).is_some_and(|event_type| event_type.four_eyes);
    if command.validate && four_eyes && !desk.trusted {
        return Err(same_eyes(&said.event_type).into());
    }
    let first = Arc::new(Event {
        position: desk.known.plus(1),
        id: command.id,
        created_at: desk.registered_at,
        occurred_at: said.occurred_at.unwrap_or(desk.registered_at),
        object_ids: said.object_ids.into_iter().collect(),
        event_type: said.event_type,
        event_version: said.version,
        source: command.caller.source.clone(),
        references: said.references,
        body: said.body,
        memo: Memo::default(),
    });
    let second = command.validate.then(|| Arc::new(acceptance(&first)));
    let assumed = (!judged).then_some(command.id);
    let events = std::iter::once(first).chain(second).collect();
    Ok(Draft { events, own_claim: said.own_claim, corrects: said.corrects, assumed })
}

/// The id of the Validation that goes with an event in one step.
pub(super) fn acceptance_id(event: EventId) -> EventId {
    Uuid::new_v5(&event, b"validation")
}

/// The Validation that goes with an event which its own maker may validate; its id follows from the event's.
fn acceptance(event: &Event) -> Event {
    Event {
        position: event.position.plus(1),
        id: acceptance_id(event.id),
        created_at: event.created_at + chrono::TimeDelta::microseconds(1),
        occurred_at: event.created_at + chrono::TimeDelta::microseconds(1),
        references: vec![event.id],
        body: Body::Validation { verdict: Verdict::Accepted, reason: None },
        memo: Memo::default(),
        ..event.clone()
    }
}

fn claim(desk: Desk<'_>, command: &Command) -> Result<Said, Stop> {
    let Act::Claim { event_type, version, data, occurred_at, based_on, object_ids } = &command.act else {
        unreachable!("only called for claims")
    };
    let content = content(desk, command, (event_type, version), data, *occurred_at)?;
    check_objects(object_ids.as_deref(), &content.object_ids)?;
    check_known(desk, based_on, "basedOn")?;
    Ok(Said {
        event_type: Arc::clone(&content.event_type.name),
        version: Arc::clone(&content.version.name),
        occurred_at: Some(content.occurred_at),
        object_ids: content.object_ids,
        references: based_on.clone(),
        body: Body::Claim(content.data),
        own_claim: Some(command.id),
        corrects: false,
    })
}

/// Whether the objects sent along, where any are, are those that the data name.
fn check_objects(given: Option<&[ObjectId]>, named: &BTreeSet<ObjectId>) -> Result<(), Finding> {
    let Some(given) = given else { return Ok(()) };
    let odd = given.iter().find(|object| !named.contains(*object));
    let lacking = named.iter().find(|object| !given.contains(object));
    let wrong = match (odd, lacking) {
        (None, None) => return Ok(()),
        (Some(odd), _) => format!("object {odd} is sent along, and the data do not name it"),
        (None, Some(lacking)) => format!("the data name object {lacking}, and it is not sent along"),
    };
    let message = format!("{wrong}; leave `objectIds` out, or send exactly those that the data name");
    Err(finding(FindingCode::ObjectIdsDiffer, message, &["objectIds"]))
}

fn amend(desk: Desk<'_>, command: &Command) -> Result<Said, Stop> {
    let Act::Amend { target, event_type, version, data, occurred_at, reason } = &command.act else {
        unreachable!("only called for amends")
    };
    let claim = target_of(desk, command, (policy::Act::Amend, *target))?.0;
    if claim.kind() != EventKind::Claim {
        let message = format!(
            "event {target} is a {}; only a Claim can be amended, annul it instead",
            claim.kind().name()
        );
        return Err(finding(FindingCode::WrongTarget, message, &["target"]).into());
    }
    if claim.event_type != *event_type {
        let message =
            format!("event {target} is a {}, not a {event_type}; amend it as what it is", claim.event_type);
        return Err(finding(FindingCode::WrongTarget, message, &["target"]).into());
    }
    let content = content(desk, command, (event_type, version), data, *occurred_at)?;
    let mut object_ids = objects_of(desk, &claim)?;
    object_ids.extend(&content.object_ids);
    Ok(Said {
        event_type: Arc::clone(&content.event_type.name),
        version: Arc::clone(&content.version.name),
        occurred_at: Some(content.occurred_at),
        object_ids,
        references: vec![*target],
        body: Body::Amend { data: content.data, reason: reason.clone() },
        own_claim: Some(*target),
        corrects: true,
    })
}

fn annul(desk: Desk<'_>, command: &Command, target: EventId, reason: Option<String>) -> Result<Said, Stop> {
    let (_, root) = target_of(desk, command, (policy::Act::Annul, target))?;
    if command.validate
        && let Some(event_type) = desk.catalogue.event_types.get(&root.event_type).filter(|_| !desk.trusted)
    {
        Acts::of(desk.catalogue).act(&command.caller, policy::Act::Validate, event_type)?;
    }
    Ok(Said {
        object_ids: objects_of(desk, &root)?,
        event_type: Arc::clone(&root.event_type),
        version: Arc::clone(&root.event_version),
        occurred_at: None,
        references: vec![target],
        body: Body::Annul { reason },
        own_claim: None,
        corrects: true,
    })
}

fn validate(
    desk: Desk<'_>,
    command: &Command,
    target: EventId,
    verdict: Verdict,
    reason: Option<String>,
) -> Result<Said, Stop> {
    let (judged, root) = target_of(desk, command, (policy::Act::Validate, target))?;
    if judged.kind() == EventKind::Validation {
        let message = format!(
            "event {target} is a Validation; validate a Claim or a Correction, or annul the Validation"
        );
        return Err(finding(FindingCode::WrongTarget, message, &["target"]).into());
    }
    if let Some(event_type) = desk.catalogue.event_types.get(&root.event_type).filter(|_| !desk.trusted)
        && event_type.four_eyes
        && judged.source.id == command.caller.source.id
    {
        return Err(same_eyes(&event_type.name).into());
    }
    let own_claim = match &judged.body {
        Body::Claim(_) => Some(judged.id),
        Body::Amend { .. } => judged.target(),
        Body::Annul { .. } | Body::Validation { .. } => None,
    };
    Ok(Said {
        object_ids: objects_of(desk, &root)?,
        event_type: Arc::clone(&root.event_type),
        version: Arc::clone(&root.event_version),
        occurred_at: None,
        references: vec![target],
        body: Body::Validation { verdict, reason },
        own_claim: own_claim.filter(|_| verdict == Verdict::Accepted),
        corrects: judged.kind() == EventKind::Correction,
    })
}

/// Data in a version of an event type, checked.
struct Content<'c> {
    event_type: &'c EventType,
    version: &'c Version,
    data: Arc<Value>,
    occurred_at: DateTime<Utc>,
    object_ids: BTreeSet<ObjectId>,
}

fn content<'a>(
    desk: Desk<'a>,
    command: &Command,
    (event_type, version): (&str, &str),
    data: &Value,
    occurred_at: Option<DateTime<Utc>>,
) -> Result<Content<'a>, Stop> {
    let (event_type, version) = written(desk, event_type, version)?;
    // Ids are written in one way first: a list in which each stands once has no object twice.
    let mut data = fitted(data);
    desk.catalogue.canonicalise(version.format.shape(), &mut data);
    let errors = version.format.errors(&data);
    if !errors.is_empty() {
        let refusal = |error: read_model::catalogue::DataError| Finding {
            path: std::iter::once("data".to_owned()).chain(error.path).collect(),
            ..finding(FindingCode::InvalidData, error.message, &[])
        };
        return Err(Stop::Refused(errors.into_iter().map(refusal).collect()));
    }
    let data = Arc::new(data);
    let current = event_type.upcast(&version.name, &data).map_err(|error| {
        finding(
            FindingCode::InvalidData,
            format!("these data cannot be read as of today: {error}"),
            &["data"],
        )
    })?;
    if matches!(command.act, Act::Claim { .. }) {
        // Nothing of any other object is looked at before.
        may_claim(desk, command, event_type, &current)?;
    }
    let objects = desk.catalogue.references(version.format.shape(), &data);
    let object_ids: BTreeSet<ObjectId> = objects.iter().map(|(_, id)| *id).collect();
    if object_ids.is_empty() {
        return Err(finding(
            FindingCode::InvalidData,
            "the data name no object; an event is about at least one",
            &["data"],
        )
        .into());
    }
    check_types(desk, &objects)?;
    let occurred_at = moment(desk, event_type, &current, occurred_at)?;
    Ok(Content { event_type, version, data, occurred_at, object_ids })
}

fn written<'a>(
    desk: Desk<'a>,
    event_type: &str,
    version: &str,
) -> Result<(&'a EventType, &'a Version), Stop> {
    let refused = |message: String| Stop::from(finding(FindingCode::UnknownEventType, message, &[]));
    let names = |names: Vec<&str>| names.join(", ");
    let known = desk.catalogue.event_types.get(event_type).ok_or_else(|| {
        let there = names(desk.catalogue.event_types.keys().map(|name| &**name).collect());
        refused(format!("there is no event type `{}`; there are: {there}", shown_text(event_type)))
    })?;
    let found = known.versions.get(version).ok_or_else(|| {
        let there = names(known.versions.keys().map(|name| &**name).collect());
        refused(format!("{event_type} has no version `{}`; there are: {there}", shown_text(version)))
    })?;
    if found.retired && !desk.trusted {
        let message = format!(
            "version {version} of {event_type} is no longer written; send version {}",
            known.current().name
        );
        return Err(refused(message));
    }
    Ok((known, found))
}

/// An object keeps the type that the first event about it gave it.
fn check_types(desk: Desk<'_>, objects: &[(Arc<str>, ObjectId)]) -> Result<(), Stop> {
    for (index, (object_type, id)) in objects.iter().enumerate() {
        let here = objects[..index].iter().find(|(other, same)| same == id && other != object_type);
        let known = match here {
            Some((other, _)) => Some(Arc::clone(other)),
            None => known_type(desk, *id)?,
        };
        if let Some(other) = known.filter(|known| known != object_type) {
            let message = format!(
                "object {id} is of type {other}, and cannot be of type {object_type} too; look up the right id"
            );
            return Err(finding(FindingCode::ObjectType, message, &["data"]).into());
        }
    }
    Ok(())
}

fn known_type(desk: Desk<'_>, id: ObjectId) -> Result<Option<Arc<str>>, Stop> {
    let told = desk.view.type_of(desk.catalogue, id, desk.known);
    told.ok_or_else(|| super::Missing { objects: [id].into(), ..super::Missing::default() }.into())
}

/// When it occurred: from the data where the event type names the field, else as the caller says; and not too far ahead.
fn moment(
    desk: Desk<'_>,
    event_type: &EventType,
    data: &Value,
    given: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>, Stop> {
    let zone = desk.catalogue.zone;
    let invalid = |message: String| Stop::from(finding(FindingCode::InvalidMoment, message, &["occurredAt"]));
    let stated = event_type.effective_date(data).map(|date| date.earliest());
    let (occurred_at, day) = match (stated, given) {
        (Some(day), None) => (zone.start_of(day), day),
        (Some(day), Some(given)) if zone.start_of(day) == given => (given, day),
        (Some(day), Some(given)) => {
            let right = zone.start_of(day).to_rfc3339();
            return Err(invalid(format!(
                "`occurredAt` is {}, but follows from the data: {right}; leave it out",
                given.to_rfc3339()
            )));
        }
        (None, Some(given)) => (given, zone.day(given)),
        (None, None) => {
            let message =
                format!("a {} does not state its date in the data; send `occurredAt`", event_type.name);
            return Err(invalid(message));
        }
    };
    // What another register knew ahead of its day, it knew.
    if !desk.trusted {
        check_future(desk, event_type, (day, stated.is_some()))?;
    }
    Ok(occurred_at)
}

/// `in_data` says whether the data state the day, or `occurredAt` does.
fn check_future(desk: Desk<'_>, event_type: &EventType, (day, in_data): (Day, bool)) -> Result<(), Stop> {
    let registered = desk.catalogue.zone.day(desk.registered_at);
    let last = match event_type.future {
        Future::Allow => return Ok(()),
        Future::Refuse => registered,
        Future::Within(days) => registered.plus(days),
    };
    if day <= last {
        return Ok(());
    }
    let message =
        format!("{} takes effect on {day}; it may at most on {last}, register it later", event_type.name);
    let field = event_type.effective_date.as_ref().filter(|_| in_data);
    let path: Vec<_> = match field {
        Some(field) => std::iter::once("data").chain(field.iter().map(String::as_str)).collect(),
        None => vec!["occurredAt"],
    };
    Err(finding(FindingCode::Future, message, &path).into())
}

/// The objects of a claim and of every amend of it so far.
fn objects_of(desk: Desk<'_>, claim: &Event) -> Result<BTreeSet<ObjectId>, Stop> {
    let mut objects: BTreeSet<ObjectId> = claim.object_ids.iter().copied().collect();
    if let Some(first) = claim.object_ids.first() {
        let missing = || super::Missing { objects: [*first].into(), ..super::Missing::default() };
        let events = desk.view.of_object(*first).ok_or_else(missing)?;
        // They come after it, and mostly there are none: a history is long.
        let since = events.rev().take_while(|event| event.position > claim.position);
        let amends = since.filter(|event| {
            event.position <= desk.known
                && matches!(event.body, Body::Amend { .. })
                && event.target() == Some(claim.id)
        });
        objects.extend(amends.flat_map(|amend| &amend.object_ids));
    }
    Ok(objects)
}

pub(super) fn known(desk: Desk<'_>, id: EventId, path: &[&str]) -> Result<Arc<Event>, Stop> {
    event(desk.view, id, desk.known)?.ok_or_else(|| unknown_event(id, path).into())
}

/// Whether every event that a list names exists.
fn check_known(desk: Desk<'_>, ids: &[EventId], field: &str) -> Result<(), Stop> {
    for (index, id) in ids.iter().enumerate() {
        if event(desk.view, *id, desk.known)?.is_none() {
            return Err(unknown_event(*id, &[field, &index.to_string()]).into());
        }
    }
    Ok(())
}

pub(super) fn unknown_event(id: EventId, path: &[&str]) -> Finding {
    let message = format!(
        "there is no event {id}; a reference names an event that exists, or an earlier one of the same batch"
    );
    finding(FindingCode::UnknownEvent, message, path)
}

fn same_eyes(event_type: &str) -> Finding {
    let message =
        format!("a {event_type} is validated by another than who claimed it; let a colleague validate it");
    finding(FindingCode::FourEyes, message, &[])
}

pub(super) fn finding(code: FindingCode, message: impl Into<String>, path: &[&str]) -> Finding {
    Finding {
        code,
        message: message.into(),
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        rule: None,
        because: Vec::new(),
    }
}
