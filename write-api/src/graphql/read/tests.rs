use async_graphql::value;
use serde_json::json;
use uuid::Uuid;

use super::*;
use crate::testing::shipped;

const ID: &str = "00000000-0000-0000-0000-000000000001";

struct Always;

impl IdSource for Always {
    fn next(&self) -> EventId {
        Uuid::from_u128(42)
    }
}

fn read<T>(ask: impl FnOnce(&Reader<'_>) -> Result<T, InputError>) -> Result<T, String> {
    let principal = Principal::new(Uuid::from_u128(7), "ambtenaar");
    let reader = Reader { catalogue: &shipped(), principal: &principal, ids: &Always };
    ask(&reader).map_err(|error| error.to_string())
}

fn claim_of(event_type: &str) -> Operation {
    Operation::Claim { event_type: event_type.into(), version: "1".into() }
}

#[test]
fn a_claim_is_read_whole() {
    let input = value!({
        "data": { "persoon": ID, "bsn": "999993550" },
        "occurredAt": "2026-01-31T12:00:00+01:00",
        "objectIds": [ID],
        "basedOn": [ID],
        "validate": true,
        "despite": [ID],
        "dryRun": true,
    });
    let asked = read(|reader| reader.one(&claim_of("BsnToegekend"), input)).unwrap();
    let command = &asked.commands[0];
    assert!(asked.dry_run && command.validate);
    assert_eq!((command.id, command.caller.source.id), (Uuid::from_u128(42), Uuid::from_u128(7)));
    assert_eq!(command.despite, [Uuid::from_u128(1)]);
    let Act::Claim { data, occurred_at, based_on, object_ids, .. } = &command.act else {
        panic!("{command:?}")
    };
    assert_eq!(*data, json!({ "persoon": ID, "bsn": "999993550" }));
    assert_eq!(occurred_at.unwrap().to_rfc3339(), "2026-01-31T11:00:00+00:00");
    assert_eq!((based_on, object_ids.as_ref()), (&vec![Uuid::from_u128(1)], Some(&vec![Uuid::from_u128(1)])));
}

#[test]
fn a_claim_without_data_a_field_too_many_or_a_wrong_basis_is_refused_by_its_path() {
    let one = |input| read(|reader| reader.one(&claim_of("Overlijden"), input)).unwrap_err();
    assert_eq!(one(value!({})), "`input.data`: this field is required");
    assert_eq!(
        one(value!({ "data": {}, "target": ID })),
        "`input.target`: there is no such field; leave it out"
    );
    assert_eq!(
        one(value!({ "data": {}, "ifUnchangedSince": "42" })),
        "`input.ifUnchangedSince`: `42` is no basis id; pass on the `basis { id }` of an answer as it came"
    );
    assert_eq!(one(value!([])), "`input`: [] is no input object; write it as { … }");
}

#[test]
fn a_validation_cannot_be_validated_in_the_same_step() {
    let input = value!({ "target": ID, "verdict": "REJECTED", "validate": true });
    assert_eq!(
        read(|reader| reader.one(&Operation::Validate, input)).unwrap_err(),
        "`input.validate`: there is no such field; leave it out"
    );
}

#[test]
fn a_batch_keeps_the_order_of_its_commands() {
    let input = value!({ "commands": [
        { "claimOverlijden": { "id": ID, "data": {} } },
        { "validate": { "target": ID, "verdict": "ACCEPTED" } },
        { "annul": { "target": ID, "reason": "Twice." } },
    ] });
    let asked = read(|reader| reader.batch(input)).unwrap();
    let commands = &asked.commands;
    assert!(!asked.dry_run);
    assert_eq!(commands[0].id, Uuid::from_u128(1));
    assert!(matches!(commands[1].act, Act::Validate { verdict: Verdict::Accepted, .. }));
    assert!(matches!(&commands[2].act, Act::Annul { reason: Some(reason), .. } if reason == "Twice."));
}

#[test]
fn a_batch_has_commands_and_each_is_exactly_one() {
    let batch = |input| read(|reader| reader.batch(input)).unwrap_err();
    assert_eq!(batch(value!({ "commands": [] })), "`input.commands`: this field is required");
    let many = vec![value!({ "annul": { "target": ID } }); 101];
    assert_eq!(
        batch(value!({ "commands": many })),
        "`input.commands`: there are 101 of these; send at most 100 together"
    );
    assert_eq!(
        batch(value!({ "commands": [{ "annul": { "target": ID }, "validate": null }] })),
        "`input.commands.0`: exactly one command stands here"
    );
    assert_eq!(
        batch(value!({ "commands": [{ "annul": { "target": ID, "dryRun": true } }] })),
        "`input.commands.0.annul`: a batch is tried or appended as a whole; set `dryRun` of the `append` itself"
    );
    assert_eq!(
        batch(value!({ "commands": [{ "claimMaan": {} }] })),
        "`input.commands.0.claimMaan`: there is no such command"
    );
}
