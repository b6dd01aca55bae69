//! Compiling the fields of a view.

use std::sync::Arc;

use policy::config::{ViewConfig, ViewFieldConfig};
use read_model::catalogue::{Inverse, ObjectType, Report, Shape, Step, is_name, one_of};

use super::compile::Compiler;
use super::reserved::RESERVED_FIELDS;
use super::{Source, ViewField};

impl Compiler<'_> {
    pub(super) fn fields(
        &self,
        config: &ViewConfig,
        object_type: &ObjectType,
        report: &mut Report,
    ) -> Vec<ViewField> {
        if config.fields.is_empty() {
            report.say(format!(
                "a view states its `fields`; without any only the object type itself is granted, by the name {}",
                object_type.name
            ));
        }
        let field = |(name, config): (&String, &ViewFieldConfig)| {
            report.within([Step::from("fields"), name.as_str().into()], |report| {
                check_field_name(name, report);
                self.field(name, config, object_type, report)
            })
        };
        config.fields.iter().filter_map(field).collect()
    }

    fn field(
        &self,
        name: &str,
        config: &ViewFieldConfig,
        object_type: &ObjectType,
        report: &mut Report,
    ) -> Option<ViewField> {
        let ViewFieldConfig { field, view, value_type, value, description, read } = config;
        let mut shown = match (field, value_type, value) {
            (Some(field), None, None) => renamed(field, object_type, report)?,
            (None, Some(value_type), Some(value)) => ViewField {
                name: name.into(),
                description: None,
                shape: report.within(["type".into()], |report| self.shape(value_type, report)),
                source: report.within(["value".into()], |report| {
                    Source::Computed(Box::new(self.catalogue.derived_value(value, object_type, report)))
                }),
                restricted: false,
                through: None,
            },
            _ => {
                report.say("a field of a view is either `field`, or `type` with `value`");
                return None;
            }
        };
        shown.name = name.into();
        shown.restricted = read.is_some();
        shown.description = description.as_deref().map(Arc::from).or(shown.description);
        if let Some(view) = view {
            shown.through = Some(view.as_str().into());
            report.within(["view".into()], |report| self.check_through(view, &shown.shape, report));
        }
        Some(shown)
    }

    /// The shape that `String`, `[Geslacht]` … name.
    fn shape(&self, text: &str, report: &mut Report) -> Shape {
        if let Some(item) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Shape::List(Box::new(self.shape(item, report)));
        }
        match text {
            "String" => Shape::Text,
            "Int" => Shape::Integer,
            "Boolean" => Shape::Boolean,
            "PartialDate" => Shape::PartialDate,
            name if self.catalogue.types.contains_key(name) => Shape::Named(name.into()),
            other => {
                let basic = ["String", "Int", "Boolean", "PartialDate"];
                let there =
                    one_of(other, basic.into_iter().chain(self.catalogue.types.keys().map(|name| &**name)));
                report.say(format!("no type of a computed value is named `{other}`; {there}"));
                Shape::Text
            }
        }
    }

    fn check_through(&self, view: &str, shape: &Shape, report: &mut Report) {
        let Some(referred) = referred(shape) else {
            return report.say("this field refers to no other object; leave `view` out");
        };
        let shown = match self.config.views.get(view) {
            Some(config) => Some(config.object_type.as_str()),
            None => self.catalogue.object_types.get_key_value(view).map(|(name, _)| &**name),
        };
        match shown {
            None => {
                let there = one_of(view, self.config.views.keys().map(String::as_str));
                report.say(format!("no view is named `{view}`; {there}"));
            }
            Some(shown) if shown != referred => {
                report.say(format!("`{view}` shows {shown}, and this field refers to {referred}"));
            }
            Some(_) => {}
        }
    }
}

/// A field of the object, under another name.
fn renamed(field: &str, object_type: &ObjectType, report: &mut Report) -> Option<ViewField> {
    let plain = object_type
        .fields
        .get(field)
        .map(|field| (&field.description, &field.shape, Source::Field(Arc::clone(&field.name))));
    let derived = || {
        let derived = object_type.derived.get(field)?;
        Some((&derived.description, &derived.shape, Source::Derived(Arc::clone(&derived.name))))
    };
    if let Some(inverse) = object_type.inverses.get(field) {
        return Some(referring(inverse));
    }
    let Some((description, shape, source)) = plain.or_else(derived) else {
        let names = object_type.fields.keys().chain(object_type.derived.keys());
        let names = names.chain(object_type.inverses.keys());
        let there = one_of(field, names.map(|name| &**name));
        report.within(["field".into()], |report| {
            report.say(format!("{} has no field `{field}`; {there}", object_type.name));
        });
        return None;
    };
    Some(ViewField {
        name: field.into(),
        description: description.clone(),
        shape: shape.clone(),
        source,
        restricted: false,
        through: None,
    })
}

/// The list of the objects that refer to the object.
pub(super) fn referring(inverse: &Inverse) -> ViewField {
    ViewField {
        name: Arc::clone(&inverse.name),
        description: inverse.description.clone(),
        shape: Shape::List(Box::new(Shape::Reference(Arc::clone(&inverse.of)))),
        source: Source::Inverse(Arc::clone(&inverse.name)),
        restricted: false,
        through: None,
    }
}

/// The object type that a value refers to.
fn referred(shape: &Shape) -> Option<&str> {
    match shape {
        Shape::Reference(object_type) => Some(object_type),
        Shape::List(item) => referred(item),
        Shape::Text
        | Shape::Choice(_)
        | Shape::Integer
        | Shape::Number
        | Shape::Boolean
        | Shape::PartialDate
        | Shape::Named(_)
        | Shape::Object(_) => None,
    }
}

fn check_field_name(name: &str, report: &mut Report) {
    if !is_name(name) {
        report.say(format!("`{name}` cannot be a name in GraphQL; use letters, digits and _"));
    }
    if RESERVED_FIELDS.contains(&name) {
        report.say(format!("every object has `{name}` of itself; choose another name for the field"));
    }
}
