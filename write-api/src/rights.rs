//! What a command asks of the policy before anything is loaded.

use policy::{Acts, Denied};
use read_model::catalogue::Catalogue;
use read_model::event::ObjectId;

use crate::command::{Act, Command};

/// Whether the caller has every right that can be seen to be needed before anything is loaded.
///
/// Which event type an annul or a validation is about is known only when its target is loaded, and whether a condition on
/// who may claim holds only when the caller's own object is.
///
/// # Errors
/// The first right that is lacking.
pub fn may_ask(catalogue: &Catalogue, command: &Command) -> Result<(), Denied> {
    let (acts, caller) = (Acts::of(catalogue), &command.caller);
    acts.known(caller)?;
    let event_type = match &command.act {
        Act::Annul { .. } => return acts.act_at_all(caller, policy::Act::Annul),
        Act::Validate { .. } => return acts.act_at_all(caller, policy::Act::Validate),
        Act::Claim { event_type, .. } | Act::Amend { event_type, .. } => event_type,
    };
    // An unknown event type is a refusal, and for the decision to say.
    let Some(event_type) = catalogue.event_types.get(event_type) else { return Ok(()) };
    if matches!(command.act, Act::Amend { .. }) {
        acts.act(caller, policy::Act::Amend, event_type)?;
    } else {
        acts.claim(caller, event_type)?;
    }
    if command.validate { acts.act(caller, policy::Act::Validate, event_type) } else { Ok(()) }
}

/// The caller's own object, where whether the command may be decided at all depends on it: nothing else is looked at
/// before, so that a refusal shows nothing of anybody.
#[must_use]
pub fn depends_on(catalogue: &Catalogue, command: &Command) -> Option<ObjectId> {
    let Act::Claim { event_type, .. } = &command.act else { return None };
    let event_type = catalogue.event_types.get(event_type)?;
    let conditional = Acts::of(catalogue).claim(&command.caller, event_type).ok()??;
    Some(conditional.person)
}

/// Whether it may not even be told whether the target of the command is there.
#[must_use]
pub fn hides_target(catalogue: &Catalogue, command: &Command) -> bool {
    let act = match command.act {
        Act::Claim { .. } => return false,
        Act::Amend { .. } => policy::Act::Amend,
        Act::Annul { .. } => policy::Act::Annul,
        Act::Validate { .. } => policy::Act::Validate,
    };
    !Acts::of(catalogue).sees_targets(&command.caller, act)
}

#[cfg(test)]
mod tests {
    use policy::Caller;
    use read_model::event::{EventId, EventSource, Verdict};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::testing::shipped;

    fn asked(caller: Caller, act: Act, validate: bool) -> Result<(), String> {
        let id = EventId::from_u128(1);
        let command = Command { id, caller, act, validate, despite: Vec::new(), if_unchanged_since: None };
        may_ask(&shipped(), &command).map_err(|denied| denied.to_string())
    }

    fn caller(source_type: &str) -> Caller {
        let source = EventSource { id: Uuid::from_u128(2), source_type: source_type.into() };
        Caller { person: Some(Uuid::from_u128(3)), ..Caller::of(source) }
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
        assert_eq!(asked(caller("ouder"), claim("Geboorte"), false), Ok(()));
        assert_eq!(
            asked(caller("burger"), claim("Geboorte"), false).unwrap_err(),
            "`burger` may not claim Geboorte; who may: ouder, ambtenaar"
        );
    }

    #[test]
    fn claiming_and_validating_in_one_step_needs_both_rights() {
        assert_eq!(asked(caller("ambtenaar"), claim("Geboorte"), true), Ok(()));
        assert_eq!(
            asked(caller("ouder"), claim("Geboorte"), true).unwrap_err(),
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
            asked(caller("ambtenaar"), amend, false).unwrap_err(),
            "`ambtenaar` may not amend BsnToegekend; nobody may"
        );
        let annul = Act::Annul { target: EventId::from_u128(1), reason: None };
        assert_eq!(asked(caller("ambtenaar"), annul, false), Ok(()));
    }

    #[test]
    fn a_source_type_that_the_catalogue_does_not_know_may_do_nothing() {
        let annul = Act::Annul { target: EventId::from_u128(1), reason: None };
        assert_eq!(
            asked(caller("notaris"), annul, false).unwrap_err(),
            "`notaris` is no source type of this F6; there are: burger, ouder, ambtenaar, systeem, toezichthouder"
        );
    }

    #[test]
    fn who_may_validate_nothing_is_told_so_before_anything_is_looked_up() {
        let act = Act::Validate { target: EventId::from_u128(1), verdict: Verdict::Accepted, reason: None };
        assert_eq!(
            asked(caller("burger"), act, false).unwrap_err(),
            "`burger` may not validate anything; who may: ambtenaar"
        );
    }

    #[test]
    fn a_civil_servant_of_another_zone_may_not_act_here() {
        let other = |organisation: Option<&str>, zones: Option<&[&str]>| Caller {
            organisation: organisation.map(Into::into),
            zones: zones.map(|zones| zones.iter().map(|zone| (*zone).into()).collect()),
            ..caller("ambtenaar")
        };
        assert_eq!(
            asked(other(None, Some(&["Belastingen", "Burgerlijke stand"])), claim("Geboorte"), true),
            Ok(())
        );
        assert_eq!(
            asked(other(None, Some(&["Belastingen"])), claim("Geboorte"), false).unwrap_err(),
            "`ambtenaar` of zone Belastingen may not claim Geboorte here; who may is of the zone Burgerlijke stand of Gemeente Zonnendaal"
        );
        assert!(asked(other(Some("00000099000000002000"), None), claim("Geboorte"), false).is_err());
        assert!(asked(other(None, Some(&[])), claim("Geboorte"), false).is_err());
    }

    #[test]
    fn who_may_for_their_own_is_somebody() {
        let nobody = Caller { person: None, ..caller("ouder") };
        assert_eq!(
            asked(nobody, claim("Naamskeuze"), false).unwrap_err(),
            "`ouder` may claim Naamskeuze only where `data.kind in caller.kinderen`; the token names no `person`, get one that does"
        );
    }
}
