//! What would hold had some events not happened, or had others: any view, on a log that might have been.
//!
//! Nothing is written, and no rule is asked: what is supposed is supposed. An event that would not keep its rules is
//! contested there, as it would be in a registry that holds it.

mod supposed_events;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputObject, InputValue, Object, ResolverContext, SchemaBuilder, TypeRef,
};
use async_graphql::{Result, Value};
use door::Principal;
use read_model::log::Log;

use self::supposed_events::Supposing;
use crate::arguments::{self, given};
use crate::entitled::Entitled;
use crate::reading::{Reading, SupposedAt};
use crate::refusal::Refusal;
use crate::surface::Surface;
use crate::types::basis_field;
use crate::views::Views;
use crate::{event, object};

/// The most events that are left out, or supposed, at once.
const MAX_EVENTS: usize = 100;

/// The root field.
pub(crate) fn root() -> Field {
    let field = Field::new("whatIf", TypeRef::named_nn("WhatIf"), |context| {
        FieldFuture::new(async move { resolve(&context).await.map(Some) })
    });
    let exclude = InputValue::new("exclude", TypeRef::named_nn_list("UUID")).description(format!(
        "Events that never were, {MAX_EVENTS} at most; nor was anything that corrects or validates them, or is based on them."
    ));
    let include = InputValue::new("include", TypeRef::named_nn_list("WhatIfCommand")).description(format!(
        "Commands, {MAX_EVENTS} at most, each taken as accepted, in this order; later ones may name earlier ones by their id."
    ));
    arguments::declare_known_at(field.argument(exclude).argument(include)).description(
        "What would hold had some events not happened, or had others. Writes nothing, and asks no rules.",
    )
}

async fn resolve<'a>(context: &ResolverContext<'a>) -> Result<FieldValue<'a>> {
    let (surface, principal) = (Surface::of(context)?, Principal::of(context)?);
    Entitled::of(context)?.every_event()?;
    let reading = Reading::of(context)?;
    let point = reading.point_of_events(arguments::moment(context, "knownAt")?).await?;
    let excluded = arguments::ids(context, "exclude", MAX_EVENTS)?;
    for id in &excluded {
        reading.event(*id, point).await?.ok_or(Refusal::Supposed {
            path: "exclude".to_owned(),
            message: format!("there is no event {id}, so that it cannot be left out; name one that exists"),
        })?;
    }
    let excluded = reading.with_dependents(&excluded, point).await?;
    let mut supposing = Supposing::new(&surface.catalogue, principal, reading, point, excluded.clone());
    if let Some(include) = given(context, "include") {
        // GraphQL takes a single value where a list is asked for.
        let listed = if let Value::List(commands) = include.as_value() { Some(commands) } else { None };
        let commands = listed.map_or_else(|| vec![include.as_value()], |commands| commands.iter().collect());
        bounded(commands.len())?;
        for (index, command) in commands.into_iter().enumerate() {
            supposing.add(index, command).await?;
        }
    }
    let log = Log::up_to(point.snapshot.position).with(supposing.into_events()).without(excluded);
    let instead = reading.suppose(log);
    Ok(FieldValue::owned_any(SupposedAt { snapshot: point.snapshot, instead }))
}

fn bounded(given: usize) -> Result<(), Refusal> {
    if given <= MAX_EVENTS {
        return Ok(());
    }
    let message = format!("it names {given} of them; name at most {MAX_EVENTS}");
    Err(Refusal::Supposed { path: "include".to_owned(), message })
}

/// The GraphQL types.
pub(crate) fn register(builder: SchemaBuilder, views: &Views) -> SchemaBuilder {
    inputs().into_iter().fold(builder.register(what_if(views)), SchemaBuilder::register)
}

/// Everything that a view answers, on the log that is supposed.
fn what_if(views: &Views) -> Object {
    let object = Object::new("WhatIf").description("What would hold.");
    let object = views
        .views
        .values()
        .fold(object, |object, view| object.field(object::one_of(view)).field(object::many_of(view)));
    object.field(event::supposed()).field(basis_field(|context| {
        let at = context.parent_value.try_downcast_ref::<SupposedAt>()?;
        let point = at.point_of_events(Reading::of(context)?);
        Ok(point.basis(None, &Surface::of(context)?.catalogue.hash))
    }))
}

/// A field of an input: its name, its type, and what it is.
type Given = (&'static str, TypeRef, &'static str);

fn inputs() -> [InputObject; 5] {
    let [claim, amend] = with_data();
    let target = |what| ("target", TypeRef::named_nn("UUID"), what);
    let verdict = ("verdict", TypeRef::named_nn("Verdict"), "Which of the two.");
    let command = [
        ("claim", TypeRef::named("WhatIfClaim"), "Something happened."),
        ("amend", TypeRef::named("WhatIfAmend"), "A claim should have had other data."),
        ("annul", TypeRef::named("WhatIfAnnul"), "An event did not happen."),
        ("validate", TypeRef::named("WhatIfValidate"), "A claim or correction is accepted or rejected."),
    ];
    [
        input("WhatIfCommand", "One command, supposed to be accepted.", command).oneof(),
        input("WhatIfClaim", "A claim that is supposed.", claim),
        input("WhatIfAmend", "An amend that is supposed.", amend),
        input("WhatIfAnnul", "An annul that is supposed.", [id(), target("The event.")]),
        input(
            "WhatIfValidate",
            "A validation that is supposed.",
            [id(), target("The claim or correction."), verdict],
        ),
    ]
}

/// The fields of a claim and of an amend.
fn with_data() -> [Vec<Given>; 2] {
    let what = [
        ("eventVersion", TypeRef::named("String"), "The version of the format; without it, the current one."),
        ("occurredAt", TypeRef::named("DateTime"), "When, for event types whose data do not say so."),
        ("data", TypeRef::named_nn("JSON"), "What it says, in that format."),
    ];
    let event_type = ("eventType", TypeRef::named_nn("String"), "Its type.");
    let based_on = ("basedOn", TypeRef::named_nn_list("UUID"), "The events that it is based on.");
    let target = ("target", TypeRef::named_nn("UUID"), "The claim.");
    let claim = [id(), event_type].into_iter().chain(what.clone()).chain([based_on]);
    let amend = [id(), target].into_iter().chain(what);
    [claim.collect(), amend.collect()]
}

fn id() -> Given {
    ("id", TypeRef::named("UUID"), "By what later commands name it.")
}

fn input(name: &str, description: &str, fields: impl IntoIterator<Item = Given>) -> InputObject {
    let object = InputObject::new(name).description(description);
    fields.into_iter().fold(object, |object, (name, of, description)| {
        object.field(InputValue::new(name, of).description(description))
    })
}

/// The value of a field of an input object, unless it is absent or null.
fn part<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Object(fields) = value else { return None };
    fields.get(name).filter(|value| **value != Value::Null)
}
