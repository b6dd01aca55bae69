//! What was found, as a text whose last line says it all.

use std::fmt::Write as _;

use read_model::catalogue::{Redefined, redefined};

use super::tally::{Findings, Tally};
use super::walk::Catalogues;

/// The report; nothing stands in it that was not found, but for its last line.
pub(super) fn report(file: &str, catalogues: &Catalogues, tally: &Tally) -> String {
    let redefined = match &catalogues.before {
        Some(before) => redefined(before, &catalogues.after),
        None => Vec::new(),
    };
    let mut text = String::new();
    section(&mut text, "cannot be read", ["event", "events"], &tally.unreadable);
    if tally.unreadable_already > 0 {
        let _ = writeln!(
            text,
            "  of these, {} cannot be read with the config in use either",
            tally.unreadable_already
        );
    }
    section(&mut text, "would be contested, and are not now", ["event", "events"], &tally.contested);
    section(&mut text, "would no longer be contested", ["event", "events"], &tally.settled);
    definitions(&mut text, &redefined);
    section(&mut text, "would be shown otherwise", ["object", "objects"], &tally.shifted);
    let rebuild = catalogues
        .before
        .as_ref()
        .is_some_and(|before| before.search_definition() != catalogues.after.search_definition());
    if rebuild {
        let _ = writeln!(text, "searches: the index has to be built anew, with `query-api rebuild`");
    }
    text + &summary(file, tally, redefined.is_empty() && !rebuild)
}

fn section(text: &mut String, what: &str, unit: [&str; 2], findings: &Findings) {
    if findings.is_empty() {
        return;
    }
    let _ = writeln!(text, "{what}: {}", count(findings.total, unit));
    for (heading, found) in &findings.by_heading {
        let _ = writeln!(text, "  {heading}: {}", count(found.count, unit));
        for example in &found.examples {
            let _ = writeln!(text, "    {example}");
        }
        let more = found.count - found.examples.len() as u64;
        if more > 0 {
            let _ = writeln!(text, "    and {more} more");
        }
    }
}

/// What changes of views whatever the history is.
fn definitions(text: &mut String, redefined: &[Redefined]) {
    if !redefined.is_empty() {
        let _ = writeln!(text, "object types and fields that are defined otherwise: {}", redefined.len());
    }
    for one in redefined {
        let _ = match one {
            Redefined::Appears(name) => writeln!(text, "  {name} appears"),
            Redefined::Vanishes(name) => writeln!(text, "  {name} vanishes"),
            Redefined::OtherType(name) => writeln!(text, "  {name} has values of another type"),
            Redefined::OtherInverse(name) => writeln!(text, "  {name} is followed back in another way"),
            Redefined::OtherDerivation(name) => {
                writeln!(text, "  {name} is derived in another way, from what others have")
            }
        };
    }
}

fn summary(file: &str, tally: &Tally, same_definitions: bool) -> String {
    let Tally { up_to, objects, unreadable, contested, settled, shifted, .. } = tally;
    let events = count(up_to.get().unsigned_abs(), ["event", "events"]);
    let objects = count(*objects, ["object", "objects"]);
    let nothing =
        same_definitions && [unreadable, contested, settled, shifted].into_iter().all(Findings::is_empty);
    let found = if nothing {
        "nothing changes".to_owned()
    } else {
        format!(
            "{} cannot be read, {} would be contested, {} no longer, {} would be shown otherwise",
            count(unreadable.total, ["event", "events"]),
            contested.total,
            settled.total,
            count(shifted.total, ["object", "objects"]),
        )
    };
    format!("{file}: {events}, {objects}: {found}")
}

fn count(number: u64, [one, several]: [&str; 2]) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use read_model::event::{ObjectId, Position};
    use read_model::fold::Shift;

    use super::super::tally::Told;
    use super::*;
    use crate::testing::shipped;

    #[test]
    fn the_last_line_says_it_all() {
        let catalogues = Catalogues { before: Some(shipped()), after: shipped() };
        let told = Told { values: false, examples: 1 };
        let mut tally = Tally::new(told, Position::new(1));
        assert_eq!(report("new.yaml", &catalogues, &tally), "new.yaml: 1 event, 0 objects: nothing changes");
        let shift = Shift {
            object_type: Arc::from("Persoon"),
            field: Arc::from("naam"),
            from: "2020-01-01".parse().unwrap(),
            until: None,
            before: Ok(None),
            after: Ok(None),
        };
        for number in [1, 2] {
            tally.compare(ObjectId::from_u128(number), std::slice::from_ref(&shift));
        }
        assert_eq!(
            report("new.yaml", &catalogues, &tally),
            "would be shown otherwise: 2 objects\n  \
               Persoon.naam: 2 objects\n    \
                 object 00000000-0000-0000-0000-000000000001 from 2020-01-01\n    \
                 and 1 more\n\
             new.yaml: 1 event, 2 objects: 0 events cannot be read, 0 would be contested, 0 no longer, 2 objects would be shown otherwise"
        );
    }
}
