//! One birth, and the number that is issued for it.

use chrono::{SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::Api;
use crate::births::{Birth, VALIDATED};
use crate::bsn::{Bsn, Stretch};
use crate::fault::Fault;

/// The id of the event that issues a number is the version 5 UUID of the birth's id in this namespace: a birth has one,
/// whoever makes it and however often. It is not to be changed: every number would be issued anew.
const NAMESPACE: Uuid = Uuid::from_u128(0x3f0a_6e8c_52d1_4b7e_9c35_0d8f_71a2_b64e);

/// What is known now, asked before a number is spent: whether the birth still counts, and whether the child is there,
/// who may have turned out to be another.
const NOW: &str = "
query Now($birth: UUID!, $child: UUID!) {
  event(id: $birth) { status }
  bewonersKaart(id: $child) { geboren { text } }
}";

const ISSUE: &str = "
mutation Issue($input: ClaimBsnToegekendInput!) {
  claimBsnToegekend(input: $input) { refusals { code rule } }
}";

/// How many numbers are tried before it is a fault that all are taken: by chance that never happens.
const MOST_PICKS: u32 = 50;

/// What was done about a birth.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// A number was issued, by this event.
    Issued(Uuid),
    /// That had been done before: by itself before it crashed, or by another.
    Before(Uuid),
    /// It counts no more; should it come to count again, that is told.
    Fell,
    /// Nobody is known to be born by that id: the birth was amended, or the record is withheld.
    NoChild,
    /// The registry refused.
    Refused(Refusal),
}

/// Why the registry refused; of what it says, what holds nothing of a person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Refusal {
    /// Of the list in `docs/errors.md`.
    pub(crate) code: String,
    /// The rule that it would break.
    pub(crate) rule: Option<String>,
}

/// Issues a number for the child of this birth, if it is to have one.
///
/// # Errors
/// When that cannot be known or done now.
pub(crate) async fn issue(query: &Api, write: &Api, numbers: Stretch, birth: &Birth) -> Result<Done, Fault> {
    match known_now(query, birth).await? {
        Known { event: Some(event), .. } if event.status != VALIDATED => return Ok(Done::Fell),
        Known { event: Some(_), child: Some(child) } if child.born.is_some() => {}
        Known { .. } => return Ok(Done::NoChild),
    }
    for _ in 0..MOST_PICKS {
        let number = numbers.pick(getrandom::u64().map_err(Fault::Chance)?);
        let refusals = claim(write, birth, number).await?;
        match Verdict::of(refusals) {
            Verdict::Done => return Ok(Done::Issued(issued_by(birth.id))),
            Verdict::DoneBefore => return Ok(Done::Before(issued_by(birth.id))),
            Verdict::Taken => {}
            Verdict::Early => return Err(Fault::Clock),
            Verdict::Refused(refusal) => return Ok(Done::Refused(refusal)),
        }
    }
    Err(Fault::NoneFree(MOST_PICKS))
}

#[derive(Deserialize)]
struct Known {
    event: Option<Worth>,
    #[serde(rename = "bewonersKaart")]
    child: Option<Child>,
}

#[derive(Deserialize)]
struct Worth {
    status: String,
}

#[derive(Deserialize)]
struct Child {
    #[serde(rename = "geboren")]
    born: Option<Value>,
}

async fn known_now(query: &Api, birth: &Birth) -> Result<Known, Fault> {
    query.ask(NOW, json!({ "birth": birth.id, "child": birth.event_data.kind })).await
}

#[expect(clippy::disallowed_methods, reason = "a number is issued at the moment when that is said")]
async fn claim(write: &Api, birth: &Birth, number: Bsn) -> Result<Vec<Refusal>, Fault> {
    #[derive(Deserialize)]
    struct Payload {
        #[serde(rename = "claimBsnToegekend")]
        outcome: Outcome,
    }
    #[derive(Deserialize)]
    struct Outcome {
        refusals: Vec<Refusal>,
    }
    let input = json!({
        "id": issued_by(birth.id),
        "data": { "persoon": birth.event_data.kind, "bsn": number.to_string() },
        "occurredAt": Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        "basedOn": [birth.id],
        "validate": true,
    });
    let payload: Payload = write.ask(ISSUE, json!({ "input": input })).await?;
    Ok(payload.outcome.refusals)
}

/// The id of the event by which a number is issued for a birth.
fn issued_by(birth: Uuid) -> Uuid {
    Uuid::new_v5(&NAMESPACE, birth.as_bytes())
}

/// What the registry's refusals say of the number that was sent.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Done,
    DoneBefore,
    Taken,
    Early,
    Refused(Refusal),
}

impl Verdict {
    fn of(refusals: Vec<Refusal>) -> Self {
        let has = |code: &str| refusals.iter().any(|refusal| refusal.code == code);
        // The event is there, and holds the number that was minted then: this one was minted anew.
        if has("ID_REUSED") {
            return Self::DoneBefore;
        }
        if has("FUTURE") {
            return Self::Early;
        }
        let taken = has("UNIQUE");
        // What another number does not mend.
        match refusals.into_iter().find(|refusal| refusal.code != "UNIQUE") {
            Some(refusal) => Self::Refused(refusal),
            None if taken => Self::Taken,
            None => Self::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(code: &str, rule: Option<&str>) -> Refusal {
        Refusal { code: code.to_owned(), rule: rule.map(str::to_owned) }
    }

    #[test]
    fn the_id_follows_from_the_birth_and_from_nothing_else() {
        let birth = Uuid::from_u128(1);
        assert_eq!(issued_by(birth).to_string(), "38fa6112-ba51-5b70-9014-38110cb778dd");
        assert_ne!(issued_by(birth), issued_by(Uuid::from_u128(2)));
    }

    #[test]
    fn an_id_that_is_there_is_done_and_a_number_that_is_taken_is_tried_no_more() {
        let one_bsn = refusal("RULE", Some("one-bsn"));
        assert_eq!(Verdict::of(vec![]), Verdict::Done);
        assert_eq!(Verdict::of(vec![refusal("ID_REUSED", None)]), Verdict::DoneBefore);
        assert_eq!(Verdict::of(vec![refusal("UNIQUE", None)]), Verdict::Taken);
        assert_eq!(Verdict::of(vec![refusal("FUTURE", None)]), Verdict::Early);
        assert_eq!(Verdict::of(vec![one_bsn.clone()]), Verdict::Refused(one_bsn.clone()));
        assert_eq!(Verdict::of(vec![refusal("UNIQUE", None), one_bsn.clone()]), Verdict::Refused(one_bsn));
    }
}
