//! Who may say what: the catalogue's lists against the caller's type of authority. Pure.

use std::sync::Arc;

use read_model::catalogue::{Catalogue, EventType};

use crate::command::{Act, Command};

/// A right that the caller lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The catalogue knows no such type of authority.
    #[error("`{given}` is no source type of this F6; there are: {}", .known.join(", "))]
    UnknownSourceType {
        /// What the token says.
        given: String,
        /// What the catalogue says.
        known: Vec<Arc<str>>,
    },
    /// Others may, this one may not.
    #[error("`{given}` may not {verb} {event_type}; {}", who(.may))]
    NotListed {
        /// What the token says.
        given: String,
        /// What the caller wanted to do.
        verb: &'static str,
        /// With events of which type.
        event_type: Arc<str>,
        /// Who may.
        may: Vec<Arc<str>>,
    },
}

/// Whether the caller has every right that can be seen to be needed before anything is loaded.
///
/// Which event type an annul or a validation is about is known only when its target is loaded.
///
/// # Errors
/// The first right that is lacking.
pub fn may_ask(catalogue: &Catalogue, command: &Command) -> Result<(), Forbidden> {
    let source_type = &command.source.source_type;
    if !catalogue.source_types.contains(source_type) {
        let known = catalogue.source_types.clone();
        return Err(Forbidden::UnknownSourceType { given: source_type.to_string(), known });
    }
    let (event_type, right): (_, Right) = match &command.act {
        Act::Claim { event_type, .. } => (event_type, may_claim),
        Act::Amend { event_type, .. } => (event_type, may_amend),
        Act::Annul { .. } | Act::Validate { .. } => return Ok(()),
    };
    let Some(event_type) = catalogue.event_types.get(event_type) else {
        // An unknown event type is a refusal, and for the decision to say.
        return Ok(());
    };
    right(event_type, source_type)?;
    if command.validate { may_validate(event_type, source_type) } else { Ok(()) }
}

type Right = fn(&EventType, &str) -> Result<(), Forbidden>;

/// Whether this type of authority may claim events of this type.
///
/// # Errors
/// Who may instead.
pub fn may_claim(event_type: &EventType, source_type: &str) -> Result<(), Forbidden> {
    listed("claim", &event_type.claim, event_type, source_type)
}

/// Whether this type of authority may validate claims and corrections of this type.
///
/// # Errors
/// Who may instead.
pub fn may_validate(event_type: &EventType, source_type: &str) -> Result<(), Forbidden> {
    listed("validate", &event_type.validate, event_type, source_type)
}

/// Whether this type of authority may give events of this type other data.
///
/// # Errors
/// Who may instead.
pub fn may_amend(event_type: &EventType, source_type: &str) -> Result<(), Forbidden> {
    listed("amend", &event_type.amend, event_type, source_type)
}

/// Whether this type of authority may say that events of this type, or what corrects or validates them, did not happen.
///
/// # Errors
/// Who may instead.
pub fn may_annul(event_type: &EventType, source_type: &str) -> Result<(), Forbidden> {
    listed("annul", &event_type.annul, event_type, source_type)
}

fn listed(
    verb: &'static str,
    may: &[Arc<str>],
    event_type: &EventType,
    source_type: &str,
) -> Result<(), Forbidden> {
    if may.iter().any(|listed| **listed == *source_type) {
        return Ok(());
    }
    Err(Forbidden::NotListed {
        given: source_type.to_owned(),
        verb,
        event_type: Arc::clone(&event_type.name),
        may: may.to_vec(),
    })
}

fn who(may: &[Arc<str>]) -> String {
    match may {
        [] => "nobody may".to_owned(),
        some => format!("who may: {}", some.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use read_model::event::{EventId, EventSource, Verdict};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::testing::shipped;

    fn asked(source_type: &str, act: Act, validate: bool) -> Result<(), String> {
        let command = Command {
            id: EventId::from_u128(1),
            source: EventSource { id: Uuid::from_u128(2), source_type: source_type.into() },
            act,
            validate,
            despite: Vec::new(),
            if_unchanged_since: None,
        };
        may_ask(&shipped(), &command).map_err(|forbidden| forbidden.to_string())
    }

    fn claim(event_type: &str) -> Act {
        Act::Claim {
            event_type: event_type.into(),
            version: "1".into(),
            data: json!({}),
            occurred_at: None,
            based_on: Vec::new(),
            object_ids: None,
        }
    }

    #[test]
    fn who_is_not_listed_is_told_who_is() {
        assert_eq!(asked("ouder", claim("Geboorte"), false), Ok(()));
        assert_eq!(
            asked("burger", claim("Geboorte"), false).unwrap_err(),
            "`burger` may not claim Geboorte; who may: ouder, ambtenaar"
        );
    }

    #[test]
    fn claiming_and_validating_in_one_step_needs_both_rights() {
        assert_eq!(asked("ambtenaar", claim("Geboorte"), true), Ok(()));
        assert_eq!(
            asked("ouder", claim("Geboorte"), true).unwrap_err(),
            "`ouder` may not validate Geboorte; who may: ambtenaar"
        );
    }

    #[test]
    fn a_number_that_nobody_may_amend_is_refused_to_everybody() {
        let amend = Act::Amend {
            target: EventId::from_u128(1),
            event_type: "BsnToegekend".into(),
            version: "1".into(),
            data: json!({}),
            occurred_at: None,
            reason: None,
        };
        assert_eq!(
            asked("ambtenaar", amend, false).unwrap_err(),
            "`ambtenaar` may not amend BsnToegekend; nobody may"
        );
        assert_eq!(may_annul(&shipped().event_types["BsnToegekend"], "ambtenaar"), Ok(()));
    }

    #[test]
    fn a_source_type_that_the_catalogue_does_not_know_may_do_nothing() {
        let annul = Act::Annul { target: EventId::from_u128(1), reason: None };
        assert_eq!(
            asked("notaris", annul, false).unwrap_err(),
            "`notaris` is no source type of this F6; there are: burger, ouder, ambtenaar, systeem"
        );
    }

    #[test]
    fn what_depends_on_the_target_waits_until_it_is_loaded() {
        let act = Act::Validate { target: EventId::from_u128(1), verdict: Verdict::Accepted, reason: None };
        assert_eq!(asked("burger", act, false), Ok(()));
    }
}
