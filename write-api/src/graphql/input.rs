//! The inputs of the mutations: what surrounds the data.

use async_graphql::dynamic::{InputObject, InputValue, TypeRef};
use read_model::catalogue::Catalogue;

use super::operation::{self, Operation};
use super::types::Types;
use super::{MAX_COMMANDS, data, output};

/// Defines the input of one mutation, with its data where it has them.
pub(super) fn define(catalogue: &Catalogue, operation: &Operation, types: &mut Types) {
    let subject = operation.subject(catalogue);
    let input = InputObject::new(operation.input(catalogue));
    let input = match operation {
        Operation::Claim { .. } => claim(input, &subject, dated(catalogue, operation)),
        Operation::Amend { .. } => amend(input, &subject, dated(catalogue, operation)),
        Operation::Annul => annul(input),
        Operation::Validate => validate(input),
    };
    if let (Operation::Claim { .. }, Some(version)) = (operation, operation.version(catalogue)) {
        let event_type =
            operation.event_type(catalogue).and_then(|event_type| event_type.description.as_deref());
        let description = version.description.as_deref().or(event_type);
        data::define(catalogue, (&subject, description), version.format.shape(), types);
    }
    types.add(input);
}

/// Defines the input of `append`, and what is common to all inputs.
pub(super) fn define_append(catalogue: &Catalogue, types: &mut Types) {
    let mut command = InputObject::new("CommandInput")
        .description("One command of an `append`: exactly one of these.")
        .oneof();
    for operation in operation::all(catalogue) {
        let mut field =
            InputValue::new(operation.name(catalogue), TypeRef::named(operation.input(catalogue)));
        if let Some(reason) = operation.deprecation(catalogue) {
            field = field.deprecation(Some(&reason));
        }
        command = command.field(field);
    }
    types.add(command);
    let commands = format!(
        "At most {MAX_COMMANDS}, decided in this order; a later one may name the events of an earlier one by its id."
    );
    types.add(
        InputObject::new("AppendInput")
            .description("Several commands, all or nothing.")
            .field(
                InputValue::new("commands", TypeRef::named_nn_list_nn("CommandInput")).description(commands),
            )
            .field(dry_run()),
    );
    let verdicts = [("ACCEPTED", "It counts."), ("REJECTED", "It does not count.")];
    types.add(output::choice("Verdict", "What a validation says.", &verdicts));
}

fn claim(input: InputObject, subject: &str, dated: bool) -> InputObject {
    let object_ids = "The objects that the data name, as a check: where sent, it must be the same set.";
    let based_on = "The events that the claim is based on; it counts only while they do.";
    input
        .description(format!("A claim of {subject}."))
        .field(id())
        .field(occurred_at(dated))
        .field(content(subject))
        .field(ids("objectIds", object_ids))
        .field(ids("basedOn", based_on))
        .field(validated())
        .field(despite())
        .field(if_unchanged_since())
        .field(dry_run())
}

fn amend(input: InputObject, subject: &str, dated: bool) -> InputObject {
    input
        .description(format!("A correction of a claim of {subject}: the whole of what it should have said."))
        .field(id())
        .field(target("The claim."))
        .field(occurred_at(dated))
        .field(content(subject))
        .field(reason())
        .field(validated())
        .field(despite())
        .field(if_unchanged_since())
        .field(dry_run())
}

fn annul(input: InputObject) -> InputObject {
    input
        .description(
            "A correction: an event did not happen. What was known of it stays in the formal history.",
        )
        .field(id())
        .field(target("The event: a claim, a correction (which undoes it) or a validation."))
        .field(reason())
        .field(validated())
        .field(despite())
        .field(if_unchanged_since())
        .field(dry_run())
}

fn validate(input: InputObject) -> InputObject {
    let verdict = InputValue::new("verdict", TypeRef::named_nn("Verdict"));
    input
        .description("A judgement of a claim or a correction.")
        .field(id())
        .field(target("The claim or correction."))
        .field(verdict.description("Whether it counts."))
        .field(reason())
        .field(despite())
        .field(if_unchanged_since())
        .field(dry_run())
}

/// Whether the data say when the event took effect.
fn dated(catalogue: &Catalogue, operation: &Operation) -> bool {
    operation.event_type(catalogue).is_some_and(|event_type| event_type.effective_date.is_some())
}

fn id() -> InputValue {
    InputValue::new("id", TypeRef::named("UUID")).description(
        "The id of the event, version 7 recommended; made by the server where absent. \
         Sent again with the same content it gives the first result: that makes a command safe to retry.",
    )
}

fn target(description: &str) -> InputValue {
    InputValue::new("target", TypeRef::named_nn("UUID")).description(description)
}

fn occurred_at(dated: bool) -> InputValue {
    if dated {
        let description =
            "When it took effect; it follows from the data, and where sent it must say the same.";
        InputValue::new("occurredAt", TypeRef::named("DateTime")).description(description)
    } else {
        InputValue::new("occurredAt", TypeRef::named_nn("DateTime"))
            .description("When it took effect in reality.")
    }
}

fn content(subject: &str) -> InputValue {
    InputValue::new("data", TypeRef::named_nn(data::type_name(subject))).description("What happened.")
}

fn ids(name: &str, description: &str) -> InputValue {
    InputValue::new(name, TypeRef::named_nn_list("UUID")).description(description)
}

fn reason() -> InputValue {
    InputValue::new("reason", TypeRef::named(TypeRef::STRING))
        .description("Why, for whoever reads the history later.")
}

fn validated() -> InputValue {
    flag("validate", "Also validate it in the same step, as the same caller: two events or none.")
}

fn despite() -> InputValue {
    ids("despite", "Events that may become contested through this command: the caller accepts it.")
}

fn if_unchanged_since() -> InputValue {
    InputValue::new("ifUnchangedSince", TypeRef::named(TypeRef::ID)).description(
        "The `basis { id }` of the answer that the caller decided on: \
         the command is refused if anything that it rests on has changed since.",
    )
}

fn dry_run() -> InputValue {
    flag("dryRun", "Answer what the command would do, and write nothing.")
}

fn flag(name: &str, description: &str) -> InputValue {
    InputValue::new(name, TypeRef::named(TypeRef::BOOLEAN)).default_value(false).description(description)
}
