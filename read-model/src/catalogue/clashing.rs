//! Which claims may clash: what one of them says may come to break a rule of the other that refuses.
//!
//! Rules that refuse, and effects, read fields that events set; derived fields and inverses are for others to ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::expression::Expression;
use super::model::{Effect, EventType, Severity};
use crate::hashed::IndexMap;

/// A field, by its object type and name.
type Field<'a> = (&'a str, &'a str);

/// Notes of each event type with which others its claims may clash.
pub(super) fn mark_clashing(event_types: &mut IndexMap<Arc<str>, EventType>) {
    let clashing: Vec<BTreeSet<Arc<str>>> = {
        let steps: Vec<Step<'_>> = event_types.values().flat_map(steps).collect();
        let sides: Vec<_> = event_types.values().map(|of| (touched(of, &steps), refusing(of))).collect();
        let clash = |(touched, _): &Side<'_>, (_, refusing): &Side<'_>| !touched.is_disjoint(refusing);
        let with = |one: &Side<'_>| {
            let others = event_types.keys().zip(&sides);
            let clashing = others.filter(|(_, other)| clash(one, other) || clash(other, one));
            clashing.map(|(name, _)| Arc::clone(name)).collect()
        };
        sides.iter().map(with).collect()
    };
    for (event_type, clashing) in event_types.values_mut().zip(clashing) {
        event_type.clashing = clashing;
    }
}

/// The fields that a claim touches, and those that its rules which refuse read.
type Side<'a> = (BTreeSet<Field<'a>>, BTreeSet<Field<'a>>);

/// A field whose value follows from others.
struct Step<'a> {
    to: Field<'a>,
    from: BTreeSet<Field<'a>>,
}

fn steps(event_type: &EventType) -> impl Iterator<Item = Step<'_>> {
    event_type.effects.iter().map(|effect| Step {
        to: given(event_type, effect),
        from: effect.action.expression().map(read).unwrap_or_default(),
    })
}

/// The field that an effect is on.
fn given<'a>(event_type: &'a EventType, effect: &'a Effect) -> Field<'a> {
    let object_type = event_type.roles.get(&effect.role).map_or("", |role| &*role.object_type);
    (object_type, &*effect.field)
}

/// The fields that may have another value through a claim, itself or by what follows from it.
fn touched<'a>(event_type: &'a EventType, steps: &[Step<'a>]) -> BTreeSet<Field<'a>> {
    let given = event_type.effects.iter().map(|effect| given(event_type, effect));
    let mut touched: BTreeSet<Field<'a>> = given.collect();
    loop {
        let follows = |step: &&Step<'a>| !touched.contains(&step.to) && !touched.is_disjoint(&step.from);
        let more: Vec<Field<'a>> = steps.iter().filter(follows).map(|step| step.to).collect();
        if more.is_empty() {
            return touched;
        }
        touched.extend(more);
    }
}

fn refusing(event_type: &EventType) -> BTreeSet<Field<'_>> {
    let refuse = event_type.rules.iter().filter(|rule| rule.severity == Severity::Refuse);
    refuse.flat_map(|rule| read(&rule.check)).collect()
}

fn read(expression: &Expression) -> BTreeSet<Field<'_>> {
    expression.reads().fields().map(|read| (&*read.object_type, &*read.field)).collect()
}

#[cfg(test)]
mod tests {
    use crate::catalogue::Catalogue;

    const OBJECT_TYPES: &str = r##"
f6: { organisation: Proef, zone: Proef, oin: "00000000000000000000", time_zone: Europe/Amsterdam }
source_types: [clerk]
object_types:
  Person:
    plural: persons
    fields:
      name: { type: String }
      house: { type: House }
      left: { type: String }
      label: { type: String }
  House:
    plural: houses
    fields:
      street: { type: String }
event_types:
"##;

    const SHAPE: &str = r##"
    claim: [clerk]
    validate: [clerk]
    correct: [clerk]
    effective_date: /date
    current: "1"
    versions:
      "1":
        schema:
          type: object
          additionalProperties: false
          required: [person, house, date, text]
          properties:
            person: { $ref: "#/$defs/Person" }
            house: { $ref: "#/$defs/House" }
            date: { type: string, format: partial-date }
            text: { type: string }
"##;

    /// An event type each: its name, the severity and check of its rule, and its effects.
    const EVENT_TYPES: [(&str, &str, &str, &str); 5] = [
        ("Named", "refuse", "true", "person: { name: data.text }"),
        ("Moved", "warn", "person.house != data.house", "person: { house: data.house }"),
        ("Left", "refuse", "person.name != null", "person: { left: data.text }"),
        ("Labelled", "refuse", "true", "person: { label: person.name }"),
        ("Checked", "refuse", "person.label != 'x'", "house: { street: data.text }"),
    ];

    fn catalogue() -> Catalogue {
        let event_types = EVENT_TYPES.map(|(name, severity, check, effects)| {
            let rule = format!(r#"{{ name: rule, severity: {severity}, check: "{check}", message: no }}"#);
            format!("  {name}:{SHAPE}    rules:\n      - {rule}\n    effects:\n      {effects}\n")
        });
        let source = format!("{OBJECT_TYPES}{}", event_types.concat());
        Catalogue::compile("clashing.yaml", &source).expect("the config holds")
    }

    fn clashing<'c>(catalogue: &'c Catalogue, event_type: &str) -> Vec<&'c str> {
        catalogue.event_types[event_type].clashing.iter().map(|name| &**name).collect()
    }

    #[test]
    fn claims_may_clash_where_one_touches_what_a_refusal_of_the_other_reads() {
        let catalogue = catalogue();
        // By the name itself, and by an effect that passes it on.
        assert_eq!(clashing(&catalogue, "Named"), ["Checked", "Left"]);
        assert_eq!(clashing(&catalogue, "Labelled"), ["Checked"]);
        assert_eq!(clashing(&catalogue, "Checked"), ["Labelled", "Named"]);
        assert_eq!(clashing(&catalogue, "Left"), ["Named"]);
        // What only warns refuses nobody, and so not another move.
        assert_eq!(clashing(&catalogue, "Moved"), Vec::<&str>::new());
    }
}
