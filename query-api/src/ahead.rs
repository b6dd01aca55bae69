//! Reading ahead: whatever the objects of one level refer to is read together.
//!
//! The library resolves the fields of an object one after the other, so that each reference would wait for a query of its own.
//! Here the selection is followed level by level, as soon as the first objects are there; what is read waits in the request's batches until a field asks for it.

use std::collections::BTreeSet;

use async_graphql::dynamic::ResolverContext;
use async_graphql::{Result, SelectionField};
use door::Principal;
use read_model::catalogue::Shape;
use read_model::event::ObjectId;
use read_model::fold::World;
use serde_json::Value;

use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::value::ObjectAt;
use crate::views::{Source, View};

/// An object that a field refers to: through which view, and what is asked of it.
struct Referred<'a> {
    id: ObjectId,
    view: &'a View,
    asked: SelectionField<'a>,
}

/// Reads what these objects refer to as far as it is asked for and granted, level by level.
///
/// A level that cannot be read ends it: the field that needs it will fail, in its place.
pub(crate) async fn read_ahead<'a>(
    context: &'a ResolverContext<'_>,
    view: &'a View,
    objects: impl IntoIterator<Item = &ObjectAt>,
    point: Point,
) -> Result<()> {
    let ahead = Ahead { surface: Surface::of(context)?, principal: Principal::of(context)?, point };
    let asked = context.ctx.field();
    let mut level = Vec::new();
    for object in objects {
        ahead.follow(&Referred { id: object.id, view, asked }, &object.world, &mut level);
    }
    while !level.is_empty() {
        let ids: BTreeSet<ObjectId> = level.iter().map(|referred| referred.id).collect();
        let Some(world) = Reading::of(context)?.ahead(&Vec::from_iter(ids), point).await else {
            break;
        };
        let mut next = Vec::new();
        level.iter().for_each(|referred| ahead.follow(referred, &world, &mut next));
        level = next;
    }
    Ok(())
}

struct Ahead<'a> {
    surface: &'a Surface,
    principal: &'a Principal,
    point: Point,
}

impl<'a> Ahead<'a> {
    /// Finds what an object refers to.
    fn follow(&self, object: &Referred<'a>, world: &World, found: &mut Vec<Referred<'a>>) {
        let Some(state) = world.object(object.id) else {
            return;
        };
        for asked in object.asked.selection_set().filter(leads_on) {
            let field = object.view.fields.iter().find(|field| *field.name == *asked.name());
            if let Some((field, Source::Field(name))) = field.map(|field| (field, &field.source))
                && self.refers(&field.shape)
                && let Some(value) = state.value(name, self.point.as_of)
            {
                self.collect((&field.shape, field.through.as_deref()), &value, asked, found);
            }
        }
    }

    fn collect(
        &self,
        (shape, through): (&'a Shape, Option<&'a str>),
        value: &Value,
        asked: SelectionField<'a>,
        found: &mut Vec<Referred<'a>>,
    ) {
        match (self.surface.catalogue.structure(shape), value) {
            (Shape::Reference(object_type), Value::String(id)) => {
                let view = self.surface.views.views.get(through.unwrap_or(object_type));
                let view = view.filter(|view| view.grant.lets(&self.principal.source_type));
                if let (Some(view), Ok(id)) = (view, ObjectId::try_parse(id)) {
                    found.push(Referred { id, view, asked });
                }
            }
            (Shape::List(item), Value::Array(items)) => {
                items.iter().for_each(|value| self.collect((item, through), value, asked, found));
            }
            (structure @ Shape::Object(_), Value::Object(values)) => {
                for asked in asked.selection_set().filter(leads_on) {
                    let property = structure.property(asked.name());
                    if let (Some(property), Some(value)) = (property, values.get(asked.name())) {
                        self.collect((&property.shape, None), value, asked, found);
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether a value of this shape may refer to an object.
    fn refers(&self, shape: &Shape) -> bool {
        match self.surface.catalogue.structure(shape) {
            Shape::Reference(_) => true,
            Shape::List(item) => self.refers(item),
            Shape::Object(properties) => properties.iter().any(|property| self.refers(&property.shape)),
            Shape::Text
            | Shape::Choice(_)
            | Shape::Integer
            | Shape::Number
            | Shape::Boolean
            | Shape::PartialDate
            | Shape::Named(_) => false,
        }
    }
}

/// Whether anything is asked of what the field leads to.
fn leads_on(field: &SelectionField<'_>) -> bool {
    field.selection_set().next().is_some()
}
