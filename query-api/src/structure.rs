//! The types that values lead to: structures and choices of the config, each defined once, when it is first met.

use async_graphql::dynamic::{Enum, Field, FieldFuture, FieldValue, Object, SchemaBuilder, TypeRef};
use indexmap::IndexMap;
use policy::Way;
use read_model::catalogue::{Catalogue, Property, Shape};

use crate::entitled::Entitled;
use crate::surface::Surface;
use crate::types::of_names;
use crate::value::{Part, outgoing};

/// The structures and choices met so far.
pub(crate) struct Structures<'a> {
    catalogue: &'a Catalogue,
    met: IndexMap<String, Option<Met>>,
}

enum Met {
    Structure(Object),
    Choice(Enum),
}

impl<'a> Structures<'a> {
    pub(crate) fn new(catalogue: &'a Catalogue) -> Self {
        Self { catalogue, met: IndexMap::new() }
    }

    /// Registers what was met.
    pub(crate) fn register(self, builder: SchemaBuilder) -> SchemaBuilder {
        self.met.into_values().flatten().fold(builder, |builder, met| match met {
            Met::Structure(object) => builder.register(object),
            Met::Choice(choice) => builder.register(choice),
        })
    }

    /// The GraphQL type of a shape; `owner` names a structure or choice that has no name of its own, and `through` the view that references lead to.
    pub(crate) fn type_ref(&mut self, shape: &Shape, owner: &str, through: Option<&str>) -> TypeRef {
        match shape {
            Shape::Text => TypeRef::named(TypeRef::STRING),
            Shape::Integer => TypeRef::named(TypeRef::INT),
            Shape::Number => TypeRef::named(TypeRef::FLOAT),
            Shape::Boolean => TypeRef::named(TypeRef::BOOLEAN),
            Shape::PartialDate => TypeRef::named("PartialDate"),
            Shape::Reference(object_type) => TypeRef::named(through.unwrap_or(object_type)),
            Shape::List(item) => {
                TypeRef::List(Box::new(TypeRef::NonNull(Box::new(self.type_ref(item, owner, through)))))
            }
            Shape::Named(name) => match self.catalogue.types.get(name) {
                Some(named) => self.defined(&named.shape, name, named.description.as_deref()),
                None => TypeRef::named(TypeRef::STRING),
            },
            Shape::Object(_) | Shape::Choice(_) => self.defined(shape, owner, None),
        }
    }

    fn defined(&mut self, shape: &Shape, name: &str, description: Option<&str>) -> TypeRef {
        let properties = match shape {
            Shape::Object(properties) => Some(properties),
            Shape::Choice(choices) => {
                let items = choices.iter().map(|choice| &**choice);
                self.met.insert(name.to_owned(), Some(Met::Choice(of_names(name, description, items))));
                None
            }
            Shape::Text
            | Shape::Integer
            | Shape::Number
            | Shape::Boolean
            | Shape::PartialDate
            | Shape::Reference(_)
            | Shape::Named(_)
            | Shape::List(_) => return self.type_ref(shape, name, None),
        };
        if let Some(properties) = properties.filter(|_| !self.met.contains_key(name)) {
            self.met.insert(name.to_owned(), None);
            let object = self.structure(name, description, properties);
            self.met.insert(name.to_owned(), Some(Met::Structure(object)));
        }
        TypeRef::named(name)
    }

    fn structure(&mut self, name: &str, description: Option<&str>, properties: &[Property]) -> Object {
        let object = properties.iter().fold(Object::new(name), |object, property| {
            let owner = format!("{name}{}", capitalised(&property.name));
            let of = self.type_ref(&property.shape, &owner, None);
            object.field(field(property.clone(), of, self.described(property)))
        });
        match description {
            Some(description) => object.description(description),
            None => object,
        }
    }

    fn described(&self, property: &Property) -> Option<String> {
        property
            .description
            .as_deref()
            .or_else(|| described(self.catalogue, &property.shape))
            .map(str::to_owned)
    }
}

/// What the type of a value is, for a field of which nothing is said.
pub(crate) fn described<'a>(catalogue: &'a Catalogue, shape: &Shape) -> Option<&'a str> {
    match shape {
        Shape::Named(name) => catalogue.types.get(name)?.description.as_deref(),
        Shape::List(item) => described(catalogue, item),
        Shape::Text
        | Shape::Choice(_)
        | Shape::Integer
        | Shape::Number
        | Shape::Boolean
        | Shape::PartialDate
        | Shape::Reference(_)
        | Shape::Object(_) => None,
    }
}

/// A property of a structure; always nullable, for what it refers to may be forbidden.
fn field(property: Property, of: TypeRef, description: Option<String>) -> Field {
    let name = property.name.to_string();
    let property = std::sync::Arc::new(property);
    let field = Field::new(name, of, move |context| {
        let property = std::sync::Arc::clone(&property);
        FieldFuture::new(async move {
            let part = context.parent_value.try_downcast_ref::<Part>()?;
            if let Some(through) = Surface::of(&context)?.refers_to((&property.shape, None)) {
                Entitled::of(&context)?.view(through, Way::Referred)?;
            }
            match part.values.get(&*property.name).filter(|value| !value.is_null()) {
                Some(value) => {
                    outgoing(&context, (&property.shape, None), value.clone(), part.point).await.map(Some)
                }
                None => Ok(FieldValue::NONE),
            }
        })
    });
    match description {
        Some(description) => field.description(description),
        None => field,
    }
}

/// `soort` → `Soort`.
pub(crate) fn capitalised(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}
