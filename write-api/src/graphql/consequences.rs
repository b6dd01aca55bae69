//! What follows from a command, told beside its outcome to who asks for it.
//!
//! It is read after the decision, and not by the appender: nobody else waits for it.

use async_graphql::dynamic::ResolverContext;
use async_graphql::{PathSegment, Value};
use door::faults;
use read_model::event::ObjectId;
use read_model::fold::{
    AffectedEvent, AffectedObject, BrokenRule, Consequences, DerivedChange, StretchChange,
};
use read_model::log::Log;
use read_model::reader::{EventReader, ReadError};
use serde_json::json;

use super::output::{Held, object, shown, value};
use super::sight::Sight;
use super::types::Types;
use crate::outcome::Outcome;

/// The field of the payload.
pub(super) const FIELD: &str = "consequences";

/// Defines the types.
pub(super) fn define(types: &mut Types) {
    let all: [(&str, &str, &[Held]); 6] = [
        ("Consequences", "What a command changes, over the whole material line.", &CONSEQUENCES),
        ("AffectedObject", "An object of which a field changes.", &OBJECT),
        ("StretchChange", "A stretch of the material line on which a field gets another value.", &STRETCH),
        ("DerivedChange", "A derived field that gets another value on a day.", &DERIVED),
        ("AffectedEvent", "An event whose status changes.", &EVENT),
        ("BrokenRule", "A rule that an event no longer keeps.", &RULE),
    ];
    for (name, description, fields) in all {
        types.add(object(name, description, fields));
    }
}

const CONSEQUENCES: [Held; 4] = [
    ("objects", "[AffectedObject!]!", "The objects of which a field changes, in the order of their ids."),
    (
        "derived",
        "[DerivedChange!]!",
        "The derived fields that change on the day of the basis, such as an age or who has custody; also of objects of which nothing else changes.",
    ),
    ("events", "[AffectedEvent!]!", "The events whose status changes, in the order of registration."),
    (
        "revisit",
        "[Event!]!",
        "The claims that are based on an event which is no longer worth, or no longer says, the same: what was done because of it, by people or by automatic systems, is to be looked at again.",
    ),
];

const OBJECT: [Held; 3] = [
    ("id", "UUID!", "Which."),
    ("objectType", "String!", "Its type."),
    ("changes", "[StretchChange!]!", "What changes, field by field and then in time."),
];

const STRETCH: [Held; 6] = [
    ("field", "String!", "The field, by the name that it has in the object type."),
    ("from", "Date!", "The first day."),
    ("until", "Date", "The first day after it; null where it has no end."),
    ("before", "JSON", "The value before; null where it had none."),
    ("after", "JSON", "The value after it; null where it has none."),
    ("through", "[Event!]!", "The chain of events that makes the difference, oldest first."),
];

const DERIVED: [Held; 6] = [
    ("id", "UUID!", "The object."),
    ("objectType", "String!", "Its type."),
    ("field", "String!", "The derived field."),
    ("before", "JSON", "The value before; null where it had none."),
    ("after", "JSON", "The value after it; null where it has none."),
    ("through", "[Event!]!", "The events that make the difference, oldest first."),
];

const EVENT: [Held; 4] = [
    ("event", "Event!", "Which."),
    ("before", "EventStatus!", "Its status before."),
    ("after", "EventStatus!", "Its status after it."),
    ("breaks", "[BrokenRule!]!", "The rules that it no longer keeps; none where it is not contested."),
];

const RULE: [Held; 3] = [
    ("name", "String", "Its name; none where the event takes effect before what it is based on."),
    ("message", "String!", "What is wrong, for a clerk."),
    ("because", "[Event!]!", "The claims that it clashes with, oldest first."),
];

/// What follows from the events of an outcome, where that is asked for; null where there are none.
///
/// What was committed stands, whatever becomes of this: a fault is told at the field itself.
pub(super) async fn told(
    (reader, sight): (&EventReader, &Sight<'_>),
    outcome: &Outcome,
    dry_run: bool,
    context: &ResolverContext<'_>,
) -> Value {
    let asked = context.ctx.look_ahead().field(FIELD);
    if outcome.events.is_empty() || !asked.exists() {
        return Value::Null;
    }
    let told = match sight.what_follows() {
        Ok(()) => {
            // Reading takes 2 KB, which every mutation would else carry along.
            let told = Box::pin(read(reader, outcome, dry_run, asked.field("derived").exists())).await;
            told.map_err(|error| faults::internal(&error))
        }
        Err(denied) => Err(faults::forbidden(denied.to_string())),
    };
    match told {
        Ok((told, derived)) => value(consequences(&readable(told, sight), &derived, sight)),
        Err(error) => {
            let mut error = context.ctx.set_error_path(error.into_server_error(context.ctx.item.pos));
            // By the name that the caller gave the field, where they did.
            let named =
                asked.selection_fields().first().map(|field| field.alias().unwrap_or(FIELD).to_owned());
            error.path.push(PathSegment::Field(named.unwrap_or_else(|| FIELD.to_owned())));
            context.ctx.add_error(error);
            Value::Null
        }
    }
}

/// Without the fields that whoever is answered may not read.
fn readable(mut told: Consequences, sight: &Sight<'_>) -> Consequences {
    for AffectedObject { object_type, changes, .. } in &mut told.objects {
        changes.retain(|change| sight.reads(object_type, &change.field));
    }
    told
}

async fn read(
    reader: &EventReader,
    outcome: &Outcome,
    dry_run: bool,
    with_derived: bool,
) -> Result<(Consequences, Vec<DerivedChange>), ReadError> {
    let before = Log::up_to(outcome.basis.position);
    let after = match outcome.events.last() {
        Some(last) if !dry_run || outcome.repeated => Log::up_to(last.position),
        Some(_) | None => before.clone().with(outcome.events.iter().cloned()),
    };
    let objects: Vec<ObjectId> = outcome.events.iter().flat_map(|event| &event.object_ids).copied().collect();
    let told = reader.consequences(&before, &after, objects).await?;
    let derived = match with_derived {
        true => reader.derived_consequences([&before, &after], &told, outcome.basis.as_of).await?,
        false => Vec::new(),
    };
    Ok((told, derived))
}

fn consequences(told: &Consequences, derived: &[DerivedChange], sight: &Sight<'_>) -> serde_json::Value {
    let derived = derived.iter().filter(|derived| sight.reads(&derived.object_type, &derived.change.field));
    json!({
        "objects": told.objects.iter().map(|object| affected_object(object, sight)).collect::<Vec<_>>(),
        "derived": derived.map(|derived| derived_change(derived, sight)).collect::<Vec<_>>(),
        "events": told.events.iter().map(|event| affected_event(event, sight)).collect::<Vec<_>>(),
        "revisit": told.revisit.iter().map(|event| shown(event, sight)).collect::<Vec<_>>(),
    })
}

fn derived_change(derived: &DerivedChange, sight: &Sight<'_>) -> serde_json::Value {
    let DerivedChange { id, object_type, change } = derived;
    sight.told_of(object_type, *id);
    json!({
        "id": id,
        "objectType": object_type,
        "field": change.field,
        "before": change.before,
        "after": change.after,
        "through": change.events.iter().map(|event| shown(event, sight)).collect::<Vec<_>>(),
    })
}

fn affected_object(object: &AffectedObject, sight: &Sight<'_>) -> serde_json::Value {
    sight.told_of(&object.object_type, object.id);
    json!({
        "id": object.id,
        "objectType": object.object_type,
        "changes": object.changes.iter().map(|change| stretch_change(change, sight)).collect::<Vec<_>>(),
    })
}

fn stretch_change(change: &StretchChange, sight: &Sight<'_>) -> serde_json::Value {
    json!({
        "field": change.field,
        "from": change.from.to_string(),
        "until": change.until.map(|day| day.to_string()),
        "before": change.before,
        "after": change.after,
        "through": change.through.iter().map(|event| shown(event, sight)).collect::<Vec<_>>(),
    })
}

fn affected_event(affected: &AffectedEvent, sight: &Sight<'_>) -> serde_json::Value {
    let rule = |BrokenRule { rule, message, because }: &BrokenRule| {
        let because: Vec<_> = because.iter().map(|event| shown(event, sight)).collect();
        json!({ "name": rule, "message": message, "because": because })
    };
    json!({
        "event": shown(&affected.event, sight),
        "before": affected.before.status.name(),
        "after": affected.after.status.name(),
        "breaks": affected.breaks.iter().map(rule).collect::<Vec<_>>(),
    })
}
