//! Enums.

use async_graphql::dynamic::{Enum, EnumItem};

/// The name of an enum, what it is, and its values, each with what it is.
type Described = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const ALL: [Described; 6] = [
    (
        "Trust",
        "Which claims count.",
        &[
            ("VALIDATED", "Those that were validated."),
            ("CLAIMED", "Also those that nobody has judged yet; they have no legal consequences."),
        ],
    ),
    (
        "EventKind",
        "What an event does.",
        &[
            ("Claim", "Says that something happened."),
            ("Correction", "Says that an earlier event should have been otherwise, or did not happen."),
            ("Validation", "Accepts or rejects an earlier claim or correction."),
        ],
    ),
    (
        "EventStatus",
        "What an event is worth: the first that applies.",
        &[
            ("ANNULLED", "A correction in force says that it did not happen."),
            ("REJECTED", "Its newest validation rejects it."),
            ("CLAIMED", "Nobody has judged it yet."),
            ("SUSPENDED", "It fails only for what it is based on."),
            ("CONTESTED", "It counts, and no longer satisfies its rules in its place."),
            ("VALIDATED", "It counts."),
        ],
    ),
    (
        "WorkKind",
        "What an event waits for.",
        &[
            ("OPEN_CLAIM", "A claim that nobody has judged yet."),
            ("UNVALIDATED_CORRECTION", "A correction that nobody has judged yet."),
            ("CONTESTED", "A claim that counts, and no longer satisfies its rules in its place."),
            ("SUSPENDED", "A claim that would count, were it not for something that it is based on."),
        ],
    ),
    ("Verdict", "What a validation says.", &[("ACCEPTED", "It counts."), ("REJECTED", "It does not count.")]),
    (
        "DatePrecision",
        "How much of a date is known.",
        &[
            ("UNKNOWN", "Nothing: `0000-00-00`."),
            ("YEAR", "The year: `2010-00-00`."),
            ("MONTH", "The year and the month: `2010-05-00`."),
            ("DAY", "The day."),
        ],
    ),
];

/// Every enum that no config names.
pub(super) fn all() -> Vec<Enum> {
    ALL.iter().map(described).collect()
}

/// An enum of these names, from the config.
pub(crate) fn of_names<'a>(
    name: &str,
    description: Option<&str>,
    items: impl IntoIterator<Item = &'a str>,
) -> Enum {
    let choice = items.into_iter().fold(Enum::new(name), |choice, item| choice.item(item));
    match description {
        Some(description) => choice.description(description),
        None => choice,
    }
}

fn described(&(name, description, items): &Described) -> Enum {
    let item = |choice: Enum, (name, description): &(&str, &str)| {
        choice.item(EnumItem::new(*name).description(*description))
    };
    items.iter().fold(Enum::new(name).description(description), item)
}

#[cfg(test)]
mod tests {
    use read_model::basis::Trust;
    use read_model::event::EventKind;
    use read_model::fold::Status;
    use read_model::work::WorkKind;

    use super::*;

    #[test]
    fn the_enums_are_those_of_the_read_model() {
        let shown = format!("{:?}", all());
        let kinds = [EventKind::Claim, EventKind::Correction, EventKind::Validation].map(EventKind::name);
        let trusts = [Trust::Validated, Trust::Claimed].map(Trust::name);
        for name in kinds
            .into_iter()
            .chain(trusts)
            .chain(Status::ALL.map(Status::name))
            .chain(WorkKind::ALL.map(WorkKind::name))
        {
            assert!(shown.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
