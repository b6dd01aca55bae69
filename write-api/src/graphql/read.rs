//! From input to command: parsed once, here, and never looked at again.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Value;
use door::Principal;
use read_model::basis::BasisId;
use read_model::catalogue::Catalogue;
use read_model::event::{EventId, Verdict};

use super::fields::{Fields, InputError};
use super::operation::Operation;
use super::{APPEND, MAX_COMMANDS, json, operation};
use crate::command::{Act, Command};
use crate::ids::IdSource;

/// What is needed to read an input.
pub(super) struct Reader<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) principal: &'a Principal,
    pub(super) ids: &'a dyn IdSource,
}

/// What was asked in one mutation.
#[derive(Debug)]
pub(super) struct Asked {
    /// The commands, in their order.
    pub(super) commands: Vec<Command>,
    /// Whether it is only to be told.
    pub(super) dry_run: bool,
}

impl Reader<'_> {
    /// The input of a mutation that makes one command.
    pub(super) fn one(&self, operation: &Operation, input: Value) -> Result<Asked, InputError> {
        let fields = Fields::open(input, vec!["input".to_owned()])?;
        let (command, dry_run) = self.command(operation, fields)?;
        Ok(Asked { commands: vec![command], dry_run })
    }

    /// The input of `append`.
    pub(super) fn batch(&self, input: Value) -> Result<Asked, InputError> {
        let mut fields = Fields::open(input, vec!["input".to_owned()])?;
        let dry_run = fields.flag("dryRun")?;
        let path = fields.path("commands");
        let commands = fields.list("commands", MAX_COMMANDS)?.filter(|commands| !commands.is_empty());
        let commands = fields.required("commands", commands)?;
        fields.finish()?;
        let operations = operation::by_name(self.catalogue);
        let in_batch = |(index, command)| {
            let path = path.iter().cloned().chain([format!("{index}")]).collect();
            self.in_batch(&operations, Fields::open(command, path)?)
        };
        let commands = commands.into_iter().enumerate().map(in_batch).collect::<Result<_, _>>()?;
        Ok(Asked { commands, dry_run })
    }

    /// The input of the mutation of this name.
    pub(super) fn named(&self, name: &str, input: Value) -> Result<Asked, InputError> {
        if name == APPEND {
            return self.batch(input);
        }
        match operation::by_name(self.catalogue).get(name) {
            Some(operation) => self.one(operation, input),
            None => Err(InputError::new(&[name.to_owned()], "there is no such command")),
        }
    }

    fn in_batch(
        &self,
        operations: &HashMap<String, Operation>,
        choice: Fields,
    ) -> Result<Command, InputError> {
        let (name, input, path) = choice.only()?;
        let operation =
            operations.get(&name).ok_or_else(|| InputError::new(&path, "there is no such command"))?;
        let (command, dry_run) = self.command(operation, Fields::open(input, path.clone())?)?;
        if dry_run {
            let wrong = "a batch is tried or appended as a whole; set `dryRun` of the `append` itself";
            return Err(InputError::new(&path, wrong));
        }
        Ok(command)
    }

    fn command(&self, operation: &Operation, mut fields: Fields) -> Result<(Command, bool), InputError> {
        let id = fields.id("id")?.unwrap_or_else(|| self.ids.next());
        let act = match operation {
            Operation::Claim { event_type, version } => {
                self.claim(operation, (event_type, version), &mut fields)?
            }
            Operation::Amend { event_type, version } => {
                self.amend(operation, (event_type, version), &mut fields)?
            }
            Operation::Annul => Act::Annul { target: target(&mut fields)?, reason: fields.text("reason")? },
            Operation::Validate => Act::Validate {
                target: target(&mut fields)?,
                verdict: verdict(&mut fields)?,
                reason: fields.text("reason")?,
            },
        };
        let command = Command {
            id,
            caller: self.principal.caller(),
            act,
            validate: *operation != Operation::Validate && fields.flag("validate")?,
            despite: fields.ids("despite")?.unwrap_or_default(),
            if_unchanged_since: basis(&mut fields)?,
        };
        let dry_run = fields.flag("dryRun")?;
        fields.finish()?;
        Ok((command, dry_run))
    }

    fn claim(
        &self,
        operation: &Operation,
        (event_type, version): (&Arc<str>, &Arc<str>),
        fields: &mut Fields,
    ) -> Result<Act, InputError> {
        Ok(Act::Claim {
            event_type: Arc::clone(event_type),
            version: Arc::clone(version),
            data: self.data(operation, fields)?,
            occurred_at: fields.instant("occurredAt")?,
            based_on: fields.ids("basedOn")?.unwrap_or_default(),
            object_ids: fields.ids("objectIds")?,
        })
    }

    fn amend(
        &self,
        operation: &Operation,
        (event_type, version): (&Arc<str>, &Arc<str>),
        fields: &mut Fields,
    ) -> Result<Act, InputError> {
        Ok(Act::Amend {
            target: target(fields)?,
            event_type: Arc::clone(event_type),
            version: Arc::clone(version),
            data: self.data(operation, fields)?,
            occurred_at: fields.instant("occurredAt")?,
            reason: fields.text("reason")?,
        })
    }

    fn data(&self, operation: &Operation, fields: &mut Fields) -> Result<serde_json::Value, InputError> {
        let given = fields.take("data");
        let given = fields.required("data", given)?;
        let version = fields.required("data", operation.version(self.catalogue))?;
        json::data(self.catalogue, version.format.shape(), given, &fields.path("data"))
    }
}

fn target(fields: &mut Fields) -> Result<EventId, InputError> {
    let target = fields.id("target")?;
    fields.required("target", target)
}

fn verdict(fields: &mut Fields) -> Result<Verdict, InputError> {
    let word = fields.word("verdict")?;
    match fields.required("verdict", word)?.as_str() {
        "ACCEPTED" => Ok(Verdict::Accepted),
        "REJECTED" => Ok(Verdict::Rejected),
        other => {
            Err(fields.error("verdict", format!("`{other}` is no verdict; there are ACCEPTED and REJECTED")))
        }
    }
}

fn basis(fields: &mut Fields) -> Result<Option<BasisId>, InputError> {
    let text = fields.text("ifUnchangedSince")?;
    let basis = text.map(|text| text.parse::<BasisId>()).transpose();
    basis.map_err(|error| fields.error("ifUnchangedSince", error.to_string()))
}

#[cfg(test)]
mod tests;
