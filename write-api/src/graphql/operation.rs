//! What mutations there are: the same list makes the fields, their inputs, and the commands of an `append`.

use std::collections::HashMap;
use std::sync::Arc;

use read_model::catalogue::{Catalogue, EventType, Version};

/// One mutation that makes one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// `claimGeboorte`, or `claimGeboorteV1` for data of an older version.
    Claim {
        /// The event type.
        event_type: Arc<str>,
        /// The version that the data are in.
        version: Arc<str>,
    },
    /// `amendGeboorte`; always in the current version.
    Amend {
        /// The event type.
        event_type: Arc<str>,
        /// The version that the data are in.
        version: Arc<str>,
    },
    /// `annul`.
    Annul,
    /// `validate`.
    Validate,
}

/// Every mutation that makes one command, in the order of the catalogue.
pub(super) fn all(catalogue: &Catalogue) -> Vec<Operation> {
    let of_type = |event_type: &EventType| {
        let older = event_type.versions.values().filter(|version| !version.retired);
        let current = event_type.current();
        let claim = |version: &Version| Operation::Claim {
            event_type: Arc::clone(&event_type.name),
            version: Arc::clone(&version.name),
        };
        let mut operations = vec![
            claim(current),
            Operation::Amend { event_type: Arc::clone(&event_type.name), version: Arc::clone(&current.name) },
        ];
        operations.extend(older.filter(|version| version.name != current.name).map(claim));
        operations
    };
    let general = [Operation::Annul, Operation::Validate];
    catalogue.event_types.values().flat_map(of_type).chain(general).collect()
}

/// The same, each under the name of its mutation.
pub(super) fn by_name(catalogue: &Catalogue) -> HashMap<String, Operation> {
    all(catalogue).into_iter().map(|operation| (operation.name(catalogue), operation)).collect()
}

impl Operation {
    /// The name of the mutation, and of the command in an `append`.
    pub(super) fn name(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Claim { .. } => format!("claim{}", self.subject(catalogue)),
            Self::Amend { .. } => format!("amend{}", self.subject(catalogue)),
            Self::Annul => "annul".to_owned(),
            Self::Validate => "validate".to_owned(),
        }
    }

    /// The name of its input type.
    pub(super) fn input(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Claim { .. } => format!("Claim{}Input", self.subject(catalogue)),
            Self::Amend { .. } => format!("Amend{}Input", self.subject(catalogue)),
            Self::Annul => "AnnulInput".to_owned(),
            Self::Validate => "ValidateInput".to_owned(),
        }
    }

    /// What it is about: `Geboorte`, or `GeboorteV1` where the data are in an older version.
    pub(super) fn subject(&self, catalogue: &Catalogue) -> String {
        match (self.event_type(catalogue), self.version(catalogue)) {
            (Some(event_type), Some(version)) if event_type.current().name != version.name => {
                format!("{}V{}", event_type.name, word(&version.name))
            }
            (Some(event_type), _) => event_type.name.to_string(),
            (None, _) => String::new(),
        }
    }

    /// The event type that it names, for claims and amends.
    pub(super) fn event_type<'a>(&self, catalogue: &'a Catalogue) -> Option<&'a EventType> {
        match self {
            Self::Claim { event_type, .. } | Self::Amend { event_type, .. } => {
                catalogue.event_types.get(event_type)
            }
            Self::Annul | Self::Validate => None,
        }
    }

    /// The version that its data are in, for claims and amends.
    pub(super) fn version<'a>(&self, catalogue: &'a Catalogue) -> Option<&'a Version> {
        match self {
            Self::Claim { version, .. } | Self::Amend { version, .. } => {
                self.event_type(catalogue)?.versions.get(version)
            }
            Self::Annul | Self::Validate => None,
        }
    }

    /// Why a client should use another mutation.
    pub(super) fn deprecation(&self, catalogue: &Catalogue) -> Option<String> {
        let event_type = self.event_type(catalogue)?;
        let current = &event_type.current().name;
        (self.version(catalogue)?.name != *current)
            .then(|| format!("Version {current} is current: use claim{}.", event_type.name))
    }
}

/// A version's name as part of a name in GraphQL: `1.2` becomes `1_2`.
fn word(version: &str) -> String {
    version.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shipped;

    #[test]
    fn an_older_version_that_is_not_retired_has_a_deprecated_mutation_of_its_own() {
        let catalogue = shipped();
        let names: Vec<_> =
            all(&catalogue).iter().map(|operation| operation.name(&catalogue)).take(4).collect();
        assert_eq!(names, ["claimGeboorte", "amendGeboorte", "claimGeboorteV1", "claimErkenning"]);
        let old = &all(&catalogue)[2];
        assert_eq!(old.deprecation(&catalogue).as_deref(), Some("Version 2 is current: use claimGeboorte."));
        assert_eq!(all(&catalogue)[0].deprecation(&catalogue), None);
    }
}
