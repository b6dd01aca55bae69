//! The mutations: parse, ask the appender, show.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, InputValue, ResolverContext, TypeRef};
use door::{Code, Concerned, Principal, faults};
use processing_log::About;
use read_model::catalogue::Catalogue;

use super::fields::InputError;
use super::operation::Operation;
use super::read::{Asked, Reader};
use super::sight::Sight;
use super::{APPEND, Gate, OVERLOADED, STOPPING, consequences, noting, output};
use crate::append::{AppendError, Request};
use crate::rights;

/// The mutation that makes one command.
pub(super) fn one(catalogue: &Arc<Catalogue>, operation: Operation) -> Field {
    let description = describe(catalogue, &operation);
    let deprecation = operation.deprecation(catalogue);
    let (name, input) = (operation.name(catalogue), operation.input(catalogue));
    let read = move |reader: &Reader<'_>, input| reader.one(&operation, input);
    let field = mutation(catalogue, (&name, &input), read).description(description);
    match deprecation {
        Some(reason) => field.deprecation(Some(&reason)),
        None => field,
    }
}

/// The mutation that makes several commands.
pub(super) fn append(catalogue: &Arc<Catalogue>) -> Field {
    mutation(catalogue, (APPEND, "AppendInput"), |reader, input| reader.batch(input))
        .description("Several commands, all or nothing; each sees those before it.")
}

fn mutation(
    catalogue: &Arc<Catalogue>,
    (name, input): (&str, &str),
    read: impl Fn(&Reader<'_>, Value) -> Result<Asked, InputError> + Send + Sync + 'static,
) -> Field {
    let catalogue = Arc::clone(catalogue);
    let read = Arc::new(read);
    let field = Field::new(name, TypeRef::named_nn(output::PAYLOAD), move |context| {
        let (catalogue, read) = (Arc::clone(&catalogue), Arc::clone(&read));
        FieldFuture::new(async move { resolve(&catalogue, &*read, &context).await.map(Some) })
    });
    field.argument(InputValue::new("input", TypeRef::named_nn(input)))
}

async fn resolve(
    catalogue: &Arc<Catalogue>,
    read: &(impl Fn(&Reader<'_>, Value) -> Result<Asked, InputError> + ?Sized),
    context: &ResolverContext<'_>,
) -> async_graphql::Result<Value> {
    let gate = context.data::<Gate>()?;
    let reader = Reader { catalogue, principal: Principal::of(context)?, ids: &*gate.ids };
    let input = context.args.try_get("input")?.as_value().clone();
    let asked =
        read(&reader, input).map_err(|error| faults::refused(Code::ValidationFailed, error.to_string()))?;
    let concerned = context.ctx.data_opt::<Arc<Concerned>>();
    let about = concerned.and_then(|concerned| About::new(catalogue, concerned));
    for command in &asked.commands {
        rights::may_ask(catalogue, command).map_err(|forbidden| {
            gate.appender.forbidden(&asked.commands);
            noting::denied(about, &asked.commands);
            faults::forbidden(forbidden.to_string())
        })?;
    }
    let Asked { commands, dry_run } = asked;
    let request = Request { commands, dry_run };
    let outcome = noting::submitted(gate.appender.clone(), request, (catalogue, concerned)).await;
    let outcome = outcome.map_err(|error| shown(&error))?;
    let sight = Sight::of(&gate.policy, Principal::of(context)?.caller(), about);
    let told = consequences::told((&gate.reader, &sight), &outcome, dry_run, context).await;
    Ok(output::payload(&outcome, told, &sight, &context.ctx.look_ahead()))
}

/// Every code here stands in `docs/errors.md`.
fn shown(error: &AppendError) -> async_graphql::Error {
    match error {
        AppendError::Forbidden(forbidden) => faults::forbidden(forbidden.to_string()),
        AppendError::Overloaded => faults::refused(OVERLOADED, error.to_string()),
        AppendError::Stopping => faults::refused(STOPPING, error.to_string()),
        AppendError::Fault(_) => faults::internal(error),
    }
}

fn describe(catalogue: &Catalogue, operation: &Operation) -> String {
    let event_type = operation.event_type(catalogue);
    let what = event_type.and_then(|event_type| event_type.description.as_deref()).unwrap_or_default();
    let claimed = match operation {
        Operation::Claim { .. } => "Claims that this happened",
        Operation::Amend { .. } => "Corrects what a claim should have said",
        Operation::Annul => "Corrects: an event did not happen.",
        Operation::Validate => "Accepts or rejects a claim or a correction.",
    };
    if what.is_empty() { claimed.to_owned() } else { format!("{claimed}: {what}") }
}
