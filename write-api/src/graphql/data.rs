//! The data of events as input types: from the shape of a format to what a code generator knows.

use std::sync::Arc;

use async_graphql::dynamic::{Enum, InputObject, InputValue, TypeRef};
use read_model::catalogue::{Catalogue, Property, Shape};

use super::types::Types;

/// Defines the input type of a format's data, with everything nested in it.
pub(super) fn define(
    catalogue: &Catalogue,
    (subject, description): (&str, Option<&str>),
    shape: &Shape,
    types: &mut Types,
) {
    let properties =
        if let Shape::Object(properties) = catalogue.structure(shape) { &**properties } else { &[] };
    let mut definer = Definer { catalogue, types };
    definer.structure(&type_name(subject), subject, description, properties);
}

/// The name of the input type of an event type's data.
pub(super) fn type_name(subject: &str) -> String {
    format!("{subject}Data")
}

struct Definer<'a> {
    catalogue: &'a Catalogue,
    types: &'a mut Types,
}

impl Definer<'_> {
    /// What a shape needs defined; `owner` is the name that a nameless structure or choice gets.
    fn define(&mut self, shape: &Shape, owner: &str, description: Option<&str>) {
        match shape {
            Shape::Object(properties) => {
                self.structure(&format!("{owner}Input"), owner, description, properties);
            }
            Shape::Choice(choices) => self.choice(owner, description, choices),
            Shape::List(item) => self.define(item, owner, description),
            Shape::Named(name) => {
                if let Some(named) = self.catalogue.types.get(name)
                    && self.types.first_met(name)
                {
                    self.define(&named.shape, name, named.description.as_deref());
                }
            }
            Shape::Text
            | Shape::Integer
            | Shape::Number
            | Shape::Boolean
            | Shape::PartialDate
            | Shape::Reference(_) => {}
        }
    }

    fn structure(&mut self, name: &str, owner: &str, description: Option<&str>, properties: &[Property]) {
        let mut object = InputObject::new(name);
        if let Some(description) = description {
            object = object.description(description);
        }
        for property in properties {
            let owner = format!("{owner}{}", capitalised(&property.name));
            let shape = self.type_ref(&property.shape, &owner);
            let shape = if property.required { TypeRef::NonNull(Box::new(shape)) } else { shape };
            let mut field = InputValue::new(&*property.name, shape);
            if let Some(description) = self.description(property) {
                field = field.description(description);
            }
            object = object.field(field);
            self.define(&property.shape, &owner, property.description.as_deref());
        }
        self.types.add(object);
    }

    fn choice(&mut self, name: &str, description: Option<&str>, choices: &[Arc<str>]) {
        let mut choice = Enum::new(name).items(choices.iter().map(|choice| choice.to_string()));
        if let Some(description) = description {
            choice = choice.description(description);
        }
        self.types.add(choice);
    }

    fn type_ref(&self, shape: &Shape, owner: &str) -> TypeRef {
        match shape {
            Shape::Text => TypeRef::named(TypeRef::STRING),
            Shape::Integer => TypeRef::named(TypeRef::INT),
            Shape::Number => TypeRef::named(TypeRef::FLOAT),
            Shape::Boolean => TypeRef::named(TypeRef::BOOLEAN),
            Shape::PartialDate => TypeRef::named("PartialDate"),
            Shape::Reference(_) => TypeRef::named("UUID"),
            Shape::Choice(_) => TypeRef::named(owner),
            Shape::Object(_) => TypeRef::named(format!("{owner}Input")),
            Shape::List(item) => {
                let item = TypeRef::NonNull(Box::new(self.type_ref(item, owner)));
                TypeRef::List(Box::new(item))
            }
            Shape::Named(name) => match self.catalogue.types.get(name) {
                Some(named) => self.type_ref(&named.shape, name),
                None => TypeRef::named(TypeRef::STRING),
            },
        }
    }

    /// What the property is; where nothing is said of it, what its type is.
    fn description(&self, property: &Property) -> Option<String> {
        let said = property.description.as_deref().map(str::to_owned);
        said.or_else(|| {
            let list = if let Shape::List(item) = &property.shape { Some(&**item) } else { None };
            let id = if list.is_some() { "The ids of objects" } else { "The id of an object" };
            let item = list.unwrap_or(&property.shape);
            if let Shape::Reference(object_type) = item {
                return Some(format!("{id} of type {object_type}."));
            }
            if let Shape::Named(name) = item {
                return self.catalogue.types.get(name)?.description.as_deref().map(str::to_owned);
            }
            None
        })
    }
}

/// `straat` → `Straat`.
fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
