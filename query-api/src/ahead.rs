//! Reading ahead: whatever the objects of one level refer to is read together.
//!
//! The library resolves the fields of an object one after the other, so that each reference would wait for a query of its own.
//! Here the selection is followed level by level, as soon as the first objects are there; what is read waits in the request's batches until a field asks for it.

use std::collections::{BTreeSet, HashMap};

use async_graphql::dynamic::ResolverContext;
use async_graphql::{Result, SelectionField};
use door::Principal;
use read_model::catalogue::{Inverse, Shape};
use read_model::event::ObjectId;
use read_model::fold::World;
use serde_json::Value;

use crate::loader::{Referring, ReferringKey};
use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::value::ObjectAt;
use crate::views::{Source, View, ViewField};

/// An object that a field refers to: through which view, and what is asked of it.
struct Referred<'a> {
    id: ObjectId,
    view: &'a View,
    asked: SelectionField<'a>,
}

/// A list of the objects that refer to another: which inverse, through which view they are seen, and what is asked of them.
struct Listed<'a> {
    key: ReferringKey,
    inverse: &'a Inverse,
    view: &'a View,
    asked: SelectionField<'a>,
}

/// What the objects of one level lead to.
#[derive(Default)]
struct Level<'a> {
    referred: Vec<Referred<'a>>,
    listed: Vec<Listed<'a>>,
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
    let reading = Reading::of(context)?;
    let ahead = Ahead { surface: Surface::of(context)?, principal: Principal::of(context)?, point };
    let asked = context.ctx.field();
    let mut level = Level::default();
    for object in objects {
        ahead.follow(&Referred { id: object.id, view, asked }, &object.world, &mut level);
    }
    while !level.referred.is_empty() || !level.listed.is_empty() {
        let mut next = Level::default();
        if !level.referred.is_empty() {
            let ids: BTreeSet<ObjectId> = level.referred.iter().map(|referred| referred.id).collect();
            let Some(world) = reading.ahead(&Vec::from_iter(ids), point).await else {
                break;
            };
            level.referred.iter().for_each(|referred| ahead.follow(referred, &world, &mut next));
        }
        if !level.listed.is_empty() {
            let keys = level.listed.iter().map(|listed| listed.key.clone()).collect();
            let read = reading.referring_ahead(keys).await;
            level.listed.iter().for_each(|listed| ahead.follow_listed(listed, &read, &mut next));
        }
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
    fn follow(&self, object: &Referred<'a>, world: &World, found: &mut Level<'a>) {
        let Some(state) = world.object(object.id) else {
            return;
        };
        for asked in object.asked.selection_set().filter(leads_on) {
            let field = object.view.fields.iter().find(|field| *field.name == *asked.name());
            if let Some(listed) = field.and_then(|field| self.listed(object, field, asked)) {
                found.listed.push(listed);
            }
            if let Some((field, Source::Field(name))) = field.map(|field| (field, &field.source))
                && self.refers(&field.shape)
                && let Some(value) = state.value(name, self.point.as_of)
            {
                self.collect((&field.shape, field.through.as_deref()), &value, asked, found);
            }
        }
    }

    /// The list that a field shows, where it is one and granted.
    fn listed(
        &self,
        object: &Referred<'a>,
        field: &ViewField,
        asked: SelectionField<'a>,
    ) -> Option<Listed<'a>> {
        let (inverse, view) = self.surface.inverse(object.view, field)?;
        let granted = view.grant.lets(&self.principal.source_type);
        let key = ReferringKey::new(object.id, inverse, self.point);
        granted.then_some(Listed { key, inverse, view, asked })
    }

    /// Finds what the objects of a list refer to.
    fn follow_listed(
        &self,
        listed: &Listed<'a>,
        read: &HashMap<ReferringKey, Referring>,
        found: &mut Level<'a>,
    ) {
        let Some(referring) = read.get(&listed.key) else { return };
        let (catalogue, day) = (&self.surface.catalogue, self.point.as_of);
        // What cannot be told fails where the field is resolved.
        for id in referring.at(catalogue, listed.inverse, listed.key.to, day).unwrap_or_default() {
            let object = Referred { id, view: listed.view, asked: listed.asked };
            self.follow(&object, &referring.world, found);
        }
    }

    fn collect(
        &self,
        (shape, through): (&'a Shape, Option<&'a str>),
        value: &Value,
        asked: SelectionField<'a>,
        found: &mut Level<'a>,
    ) {
        match (self.surface.catalogue.structure(shape), value) {
            (Shape::Reference(object_type), Value::String(id)) => {
                let view = self.surface.views.views.get(through.unwrap_or(object_type));
                let view = view.filter(|view| view.grant.lets(&self.principal.source_type));
                if let (Some(view), Ok(id)) = (view, ObjectId::try_parse(id)) {
                    found.referred.push(Referred { id, view, asked });
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
