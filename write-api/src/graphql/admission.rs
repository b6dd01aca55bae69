//! A document with several mutations: what any of them may not do is found before the first is executed.
//!
//! Each mutation stands on its own, and its payload may not be null. So one that fails takes the answers of those before it along, though their events are stored.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextValidation};
use async_graphql::{PathSegment, ServerError, ValidationResult, async_trait};
use door::{Code, Concerned, Mutation, Mutations, Principal, faults};
use policy::{Acts, Denied};
use processing_log::About;
use read_model::catalogue::Catalogue;
use read_model::event::EventId;

use super::read::Reader;
use super::{Gate, noting};
use crate::append::{AppendError, Request};
use crate::command::{Act, Command};
use crate::rights;

/// Stands between the validation of a document and its execution.
pub(super) struct Admission(pub(super) Arc<Catalogue>);

impl ExtensionFactory for Admission {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(Arc::clone(&self.0)))
    }
}

#[async_trait::async_trait]
impl Extension for Admission {
    async fn validation(
        &self,
        context: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let valid = next.run(context).await?;
        if let (Some(Mutations(mutations)), Some(principal), Some(gate)) =
            (context.data_opt(), context.data_opt(), context.data_opt())
        {
            let about =
                context.data_opt::<Arc<Concerned>>().and_then(|concerned| About::new(&self.0, concerned));
            admit(&self.0, (gate, about), principal, mutations).await.map_err(|error| vec![error])?;
        }
        Ok(valid)
    }
}

async fn admit(
    catalogue: &Catalogue,
    (gate, about): (&Gate, Option<About<'_>>),
    principal: &Principal,
    mutations: &[Mutation],
) -> Result<(), ServerError> {
    let reader = Reader { catalogue, principal, ids: &*gate.ids };
    let mut made = HashMap::new();
    for mutation in mutations {
        let input = mutation.arguments.get("input").cloned().unwrap_or_default();
        let asked = reader
            .named(&mutation.name, input)
            .map_err(|error| refused(mutation, faults::refused(Code::ValidationFailed, error.to_string())))?;
        for command in asked.commands {
            let forbidden = lacking(catalogue, gate, &made, &command).await;
            forbidden.map_err(|forbidden| {
                noting::denied(about, std::slice::from_ref(&command));
                refused(mutation, faults::forbidden(forbidden.to_string()))
            })?;
            if let Some(event_type) = event_type(&made, &command) {
                made.insert(command.id, event_type);
            }
        }
    }
    Ok(())
}

/// The event types of what the mutations before would make.
type Made = HashMap<EventId, Arc<str>>;

fn event_type(made: &Made, command: &Command) -> Option<Arc<str>> {
    match &command.act {
        Act::Claim { event_type, .. } | Act::Amend { event_type, .. } => Some(Arc::clone(event_type)),
        Act::Annul { target, .. } | Act::Validate { target, .. } => made.get(target).cloned(),
    }
}

/// A right that the command needs and the caller lacks, as far as can be told before it is decided.
async fn lacking(catalogue: &Catalogue, gate: &Gate, made: &Made, command: &Command) -> Result<(), Denied> {
    rights::may_ask(catalogue, command)?;
    let act = match &command.act {
        // Whether a condition holds is for the decision to say.
        Act::Claim { .. } if rights::depends_on(catalogue, command).is_some() => {
            return tried(gate, command).await;
        }
        Act::Claim { .. } | Act::Amend { .. } => return Ok(()),
        Act::Annul { .. } => policy::Act::Annul,
        Act::Validate { .. } => policy::Act::Validate,
    };
    match event_type(made, command).and_then(|name| catalogue.event_types.get(&name)) {
        Some(of) => Acts::of(catalogue).act(&command.caller, act, of),
        None => tried(gate, command).await,
    }
}

/// What its target is stands in the log, so it is tried; whatever else is in its way is told when its turn comes.
async fn tried(gate: &Gate, command: &Command) -> Result<(), Denied> {
    let request = Request { commands: vec![command.clone()], dry_run: true };
    match gate.appender.submit(request).await {
        Err(AppendError::Forbidden(forbidden)) => Err(forbidden),
        Ok(_) | Err(AppendError::Overloaded | AppendError::Stopping | AppendError::Fault(_)) => Ok(()),
    }
}

fn refused(mutation: &Mutation, error: async_graphql::Error) -> ServerError {
    let path = vec![PathSegment::Field(mutation.key.to_string())];
    ServerError { path, ..error.into_server_error(mutation.place) }
}
