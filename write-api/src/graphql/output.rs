//! What mutations answer: the types, and the outcome in them.

use std::sync::Arc;

use async_graphql::dynamic::{Enum, EnumItem, Field, FieldFuture, Object, Scalar, TypeRef};
use async_graphql::{Lookahead, Name, SelectionField, Value};
use chrono::{DateTime, SecondsFormat, Utc};
use read_model::basis::{Basis, Trust};
use read_model::event::{Event, EventKind};
use read_model::fold::Status;
use uuid::Uuid;

use super::consequences;
use super::sight::Sight;
use super::types::Types;
use crate::outcome::{Finding, FindingCode, Outcome};

/// The type that every mutation answers with.
pub(super) const PAYLOAD: &str = "CommandPayload";

/// Defines the payload and all that it is made of.
pub(super) fn define(types: &mut Types) {
    let payload = "What became of a command: events, or refusals, never both.";
    types.add(object(PAYLOAD, payload, &PAYLOAD_FIELDS));
    types.add(object("Finding", "One reason why a command is refused, or one warning.", &FINDING_FIELDS));
    types.add(object("Event", "An immutable record.", &EVENT_FIELDS.map(|(field, _)| field)));
    let basis = "Exactly what an answer was computed from. The same question on the same basis gives the same answer for ever.";
    types.add(object("Basis", basis, &BASIS_FIELDS));
    consequences::define(types);
    let codes = FindingCode::ALL.map(FindingCode::name);
    types.add(
        Enum::new("FindingCode")
            .description("What a finding is about; `docs/errors.md` explains each.")
            .items(codes),
    );
    types.add(choice("EventKind", "What an event does.", &EVENT_KINDS));
    types.add(choice("EventStatus", "What an event is worth: the first that applies.", &STATUSES));
    types.add(choice("Trust", "Which claims count.", &TRUSTS));
    for (name, description) in SCALARS {
        types.add(Scalar::new(name).description(description));
    }
}

/// As in the query API; what comes in is parsed where it is read, which can say what is wrong with it.
const SCALARS: [(&str, &str); 6] = [
    ("Date", "A day of the local calendar: `2026-01-04`."),
    ("DateTime", "A moment to the microsecond (RFC 3339): `2026-01-04T08:30:00.000000Z`."),
    ("JSON", "Any JSON value."),
    (
        "PartialDate",
        "A date of which parts may be unknown: `2010-05-17`, `2010-05-00`, `2010-00-00` or `0000-00-00`.",
    ),
    (
        "Position",
        "A place in the log, in the order of registration: a whole number, from 1 and without holes.",
    ),
    ("UUID", "A UUID: `0190163d-8694-739b-aea5-966c26f8ad90`."),
];

const EVENT_KINDS: [(&str, &str); 3] = [
    (EventKind::Claim.name(), "Says that something happened."),
    (
        EventKind::Correction.name(),
        "Says that an earlier event should have been otherwise, or did not happen.",
    ),
    (EventKind::Validation.name(), "Accepts or rejects an earlier claim or correction."),
];

const STATUSES: [(&str, &str); 6] = [
    (Status::Annulled.name(), "A correction in force says that it did not happen."),
    (Status::Rejected.name(), "Its newest validation rejects it."),
    (Status::Claimed.name(), "Nobody has judged it yet."),
    (Status::Suspended.name(), "It fails only for what it is based on."),
    (Status::Contested.name(), "It counts, and no longer satisfies its rules in its place."),
    (Status::Validated.name(), "It counts."),
];

const TRUSTS: [(&str, &str); 2] = [
    (Trust::Validated.name(), "Those that were validated."),
    (Trust::Claimed.name(), "Also those that nobody has judged yet; they have no legal consequences."),
];

/// An enum whose values each have a description.
pub(super) fn choice(name: &str, description: &str, items: &[(&str, &str)]) -> Enum {
    let item = |(name, description): &(&str, &str)| EnumItem::new(*name).description(*description);
    Enum::new(name).description(description).items(items.iter().map(item))
}

/// An outcome as the payload's value: as much of it as is asked for.
pub(super) fn payload(
    outcome: &Outcome,
    consequences: Value,
    sight: &Sight<'_>,
    asked: &Lookahead<'_>,
) -> Value {
    let part = |name: &'static str, told: &dyn Fn(&Lookahead<'_>) -> Value| {
        let asked = asked.field(name);
        asked.exists().then(|| (name, told(&asked)))
    };
    let parts = [
        part("events", &|asked| events(&outcome.events, asked)),
        part("refusals", &|asked| findings(&outcome.refusals, sight, asked)),
        part("warnings", &|asked| findings(&outcome.warnings, sight, asked)),
        part("basis", &|_| basis(&outcome.basis)),
        Some((consequences::FIELD, consequences)),
    ];
    structure(parts.into_iter().flatten())
}

/// A field whose value its parent already holds: its name, its type as GraphQL writes it, and what it is.
pub(super) type Held = (&'static str, &'static str, &'static str);

/// An object that is handed over as a whole.
pub(super) fn object(name: &str, description: &str, fields: &[Held]) -> Object {
    let object = Object::new(name).description(description);
    fields.iter().copied().fold(object, |object, field| object.field(held(field)))
}

fn held((name, written, description): Held) -> Field {
    let field = Field::new(name, type_ref(written), move |context| {
        let parent = context.parent_value.as_value();
        let fields = if let Some(Value::Object(fields)) = parent { Some(fields) } else { None };
        let value = fields.and_then(|fields| fields.get(name)).filter(|value| **value != Value::Null);
        FieldFuture::from_value(value.cloned())
    });
    field.description(description)
}

/// The type that GraphQL writes so: `[UUID!]!`.
fn type_ref(written: &str) -> TypeRef {
    if let Some(nullable) = written.strip_suffix('!') {
        return TypeRef::NonNull(Box::new(type_ref(nullable)));
    }
    match written.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(item) => TypeRef::List(Box::new(type_ref(item))),
        None => TypeRef::named(written),
    }
}

/// JSON as a GraphQL value.
pub(super) fn value(json: serde_json::Value) -> Value {
    // Any JSON value is one: the conversion can fail for other types alone.
    Value::from_json(json).unwrap_or_default()
}

/// The value of an object: its fields by their names.
fn structure(fields: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Object(fields.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
}

fn list<T>(items: impl IntoIterator<Item = T>, of: impl FnMut(T) -> Value) -> Value {
    Value::List(items.into_iter().map(of).collect())
}

const PAYLOAD_FIELDS: [Held; 5] = [
    ("events", "[Event!]!", "The events that it made or, on a dry run, would make."),
    ("refusals", "[Finding!]!", "Why it was refused; empty where it was not."),
    ("warnings", "[Finding!]!", "What the caller should know all the same."),
    (
        "consequences",
        "Consequences",
        "What it changes or, on a dry run, would change; null where it was refused. Claims that nobody validated change nothing.",
    ),
    ("basis", "Basis", "What it was decided on: the log just before its own events."),
];

const FINDING_FIELDS: [Held; 5] = [
    ("code", "FindingCode!", "What it is about."),
    ("message", "String!", "Value, rule and remedy, for a clerk."),
    (
        "path",
        "[String!]!",
        "Where in the input; in an `append` led by `commands` and the command's index, from 0.",
    ),
    ("rule", "String", "The rule of the catalogue, where one is broken."),
    ("because", "[Event!]!", "The events that it clashes with, of those that you may read."),
];

/// A field of an event, and what it tells of one.
type OfEvent = (Held, fn(&Event) -> Value);

static EVENT_FIELDS: [OfEvent; 12] = [
    (("id", "UUID!", "Its id."), |event| id(&event.id)),
    (("position", "Position!", "Its place in the log."), |event| event.position.get().into()),
    (("createdAt", "DateTime!", "When the registry learned it."), |event| moment(event.created_at)),
    (("occurredAt", "DateTime!", "When it took effect in reality, as first stated."), |event| {
        moment(event.occurred_at)
    }),
    (("objectIds", "[UUID!]!", "Every object that it bears on."), |event| list(&event.object_ids, id)),
    (
        ("eventType", "String!", "Its type; of a correction or validation, that of the claim at its root."),
        |event| text(&event.event_type),
    ),
    (("eventVersion", "String!", "The version of the format that its data are in."), |event| {
        text(&event.event_version)
    }),
    (("eventKind", "EventKind!", "Claim, correction or validation."), |event| text(event.kind().name())),
    (("eventSourceId", "UUID!", "Who made it, for audit."), |event| id(&event.source.id)),
    (("eventSourceType", "String!", "The type of authority that it was made with."), |event| {
        text(&event.source.source_type)
    }),
    (
        ("eventReference", "[UUID!]!", "On a claim the events that it is based on; else exactly its target."),
        |event| list(&event.references, id),
    ),
    (("eventData", "JSON!", "What it says."), |event| value(event.body.to_event_data())),
];

const BASIS_FIELDS: [Held; 6] = [
    ("id", "ID!", "Names this basis, for `ifUnchangedSince`; opaque."),
    ("position", "Position!", "The newest event taken into account."),
    ("knownAt", "DateTime!", "When that event was registered."),
    ("asOf", "Date!", "The day on the material line."),
    ("minTrust", "Trust!", "Which claims counted."),
    ("catalogue", "String!", "The hash of the catalogue that it was decided with."),
];

/// Of the events that they clash with, those are told that the caller asks for and may see.
fn findings(findings: &[Finding], sight: &Sight<'_>, asked: &Lookahead<'_>) -> Value {
    let asked = asked.field("because");
    let fields = asked_of(&asked);
    let because = |event: &&Arc<Event>| asked.exists() && sight.shows(event);
    let finding = |finding: &Finding| {
        let because = finding.because.iter().filter(because);
        structure([
            ("code", text(finding.code.name())),
            ("message", text(&finding.message)),
            ("path", list(&finding.path, |part| text(part))),
            ("rule", finding.rule.as_deref().map_or(Value::Null, text)),
            ("because", list(because, |event| shown_by(event, &fields, sight))),
        ])
    };
    list(findings, finding)
}

/// Events that the caller made just now.
fn events(events: &[Arc<Event>], asked: &Lookahead<'_>) -> Value {
    let fields = asked_of(asked);
    list(events, |event| told(event, &fields))
}

/// An event that the caller did not make just now: that it is told is noted.
pub(super) fn shown(event: &Event, sight: &Sight<'_>) -> Value {
    shown_by(event, &EVENT_FIELDS.each_ref(), sight)
}

fn shown_by(event: &Event, fields: &[&OfEvent], sight: &Sight<'_>) -> Value {
    sight.told(event);
    told(event, fields)
}

/// The fields of an event that are asked for.
fn asked_of(asked: &Lookahead<'_>) -> Vec<&'static OfEvent> {
    let selections = asked.selection_fields();
    let asked: Vec<&str> =
        selections.iter().flat_map(SelectionField::selection_set).map(|of| of.name()).collect();
    EVENT_FIELDS.iter().filter(|((name, ..), _)| asked.contains(name)).collect()
}

fn told(event: &Event, fields: &[&OfEvent]) -> Value {
    structure(fields.iter().map(|((name, ..), of)| (*name, of(event))))
}

fn basis(basis: &Basis) -> Value {
    structure([
        ("id", basis.id().to_string().into()),
        ("position", basis.position.get().into()),
        ("knownAt", moment(basis.known_at)),
        ("asOf", basis.as_of.to_string().into()),
        ("minTrust", text(basis.min_trust.name())),
        ("catalogue", text(&basis.catalogue)),
    ])
}

fn id(id: &Uuid) -> Value {
    id.to_string().into()
}

fn text(text: &str) -> Value {
    text.into()
}

fn moment(moment: DateTime<Utc>) -> Value {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true).into()
}
