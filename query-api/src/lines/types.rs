//! The types that lines lead to: a period and a rectangle for each type of value, each defined once.

use std::sync::Arc;

use async_graphql::dynamic::{Enum, Object, SchemaBuilder, TypeRef};
use indexmap::IndexMap;

use super::{cause, stretch, with_lines};
use crate::structure::{Structures, capitalised};
use crate::types::of_names;
use crate::views::View;

/// The types of periods and rectangles met so far.
pub(crate) struct LineTypes<'s, 'c> {
    structures: &'s mut Structures<'c>,
    met: IndexMap<String, Object>,
}

impl<'s, 'c> LineTypes<'s, 'c> {
    pub(crate) fn new(structures: &'s mut Structures<'c>) -> Self {
        Self { structures, met: IndexMap::new() }
    }

    /// Registers what was met, and what all of it has in common.
    pub(crate) fn register(self, builder: SchemaBuilder) -> SchemaBuilder {
        let common = cause::objects().into_iter().fold(builder, SchemaBuilder::register);
        self.met.into_values().fold(common, SchemaBuilder::register)
    }

    /// The type of the list of the periods of a field.
    pub(super) fn periods(&mut self, view: &View, index: usize) -> TypeRef {
        self.list_of(view, index, "Period", stretch::period)
    }

    /// The type of the list of the rectangles of a field.
    pub(super) fn rectangles(&mut self, view: &View, index: usize) -> TypeRef {
        self.list_of(view, index, "Rectangle", stretch::rectangle)
    }

    fn list_of(
        &mut self,
        view: &View,
        index: usize,
        suffix: &str,
        make: fn(String, TypeRef) -> Object,
    ) -> TypeRef {
        let field = &view.fields[index];
        let owner = format!("{}{}", view.name, capitalised(&field.name));
        let of_value = match self.structures.type_ref(&field.shape, &owner, field.through.as_deref()) {
            // A list has no periods of its own: its items have.
            TypeRef::List(item) => match *item {
                TypeRef::NonNull(item) => *item,
                item @ (TypeRef::Named(_) | TypeRef::List(_)) => item,
            },
            value @ (TypeRef::Named(_) | TypeRef::NonNull(_)) => value,
        };
        let name = format!("{}{suffix}", of_value.type_name());
        self.met.entry(name.clone()).or_insert_with(|| make(name.clone(), of_value));
        TypeRef::named_nn_list_nn(name)
    }
}

pub(super) fn field_enum_name(view: &View) -> String {
    format!("{}Field", view.name)
}

/// The names of the fields of a view that have a line.
pub(crate) fn field_enum(view: &Arc<View>) -> Enum {
    let names = with_lines(view).map(|index| &*view.fields[index].name);
    of_names(&field_enum_name(view), Some("A field of which events tell."), names)
}
