//! Objects through a view: its root fields, and its type.

mod referring;

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use door::{absent_items, faults};
use policy::Way;
use read_model::event::ObjectId;
use read_model::fold::World;
use serde_json::Value;

use crate::ahead::read_ahead;
use crate::arguments::{self, Moments};
use crate::concerning::Concerning;
use crate::entitled::{Entitled, check_field};
use crate::event_page;
use crate::lines;
use crate::meeting::Asked;
use crate::reading::{Point, Reading, SupposedAt, internal};
use crate::structure::{Structures, capitalised, described};
use crate::surface::Surface;
use crate::types::{Plain, basis_field, text, with_plain};
use crate::value::{ObjectAt, outgoing};
use crate::views::{Source, View, ViewField, Views};

/// The root field for one object.
pub(crate) fn one(view: &Arc<View>) -> Field {
    Moments::declare(one_field(view))
}

/// The root field for several objects.
pub(crate) fn many(view: &Arc<View>) -> Field {
    Moments::declare(many_field(view))
}

/// The field for one object where what is known is given.
pub(crate) fn one_of(view: &Arc<View>) -> Field {
    Moments::declare_as_known(one_field(view))
}

/// The field for several objects where what is known is given.
pub(crate) fn many_of(view: &Arc<View>) -> Field {
    Moments::declare_as_known(many_field(view))
}

fn one_field(view: &Arc<View>) -> Field {
    let of = TypeRef::named(&*view.name);
    let shown = Arc::clone(view);
    let field = Field::new(&view.one, of, move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move { resolve_one(&context, &view).await })
    });
    let id = InputValue::new("id", TypeRef::named_nn("UUID")).description("Which one.");
    field.argument(id).description(format!(
        "One {}; null where it is unknown, or does not exist at those moments.{}",
        view.object_type,
        about(view)
    ))
}

fn many_field(view: &Arc<View>) -> Field {
    let of = TypeRef::named_list_nn(&*view.name);
    let shown = Arc::clone(view);
    let field = Field::new(&*view.many, of, move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move { resolve_many(&context, &view).await.map(Some) })
    });
    let ids = InputValue::new("ids", TypeRef::named_nn_list_nn("UUID"))
        .description(format!("Which ones, {} at most.", arguments::MAX_IDS));
    field.argument(ids).description(format!(
        "Several of type {}, in the order of the ids; null for each that is unknown, or does not exist at those moments.{}",
        view.object_type,
        about(view)
    ))
}

const FIELDS: [Plain<ObjectAt>; 1] = [("id", "UUID!", "Its id.", |at| text(at.id))];

/// The GraphQL type.
pub(crate) fn object(view: &Arc<View>, surface: &Surface, structures: &mut Structures<'_>) -> Object {
    let fields = view.fields.iter().enumerate().map(|(index, shown)| {
        let owner = format!("{}{}", view.name, capitalised(&shown.name));
        let of = structures.type_ref(&shown.shape, &owner, shown.through.as_deref());
        let field = field(view, index, of);
        match shown.description.as_deref().or_else(|| described(&surface.catalogue, &shown.shape)) {
            Some(description) => field.description(description),
            None => field,
        }
    });
    let object = fields.fold(with_plain(Object::new(&*view.name), &FIELDS), Object::field);
    let object = object.field(basis_field(|context| {
        let at = context.parent_value.try_downcast_ref::<ObjectAt>()?;
        Ok(at.point.basis(Some(at.id), &Surface::of(context)?.catalogue.hash))
    }));
    let object = object.field(event_page::of_object(|context| {
        let at = context.parent_value.try_downcast_ref::<ObjectAt>()?;
        Ok((at.id, at.point))
    }));
    let object = lines::fields(view).into_iter().fold(object, Object::field);
    match &view.description {
        Some(description) => object.description(&**description),
        None => object,
    }
}

async fn resolve_one<'a>(context: &ResolverContext<'a>, view: &View) -> Result<Option<FieldValue<'a>>> {
    let Some(id) = arguments::id(context, "id")? else {
        return Ok(None);
    };
    Entitled::of(context)?.view(view, Way::Asked(id))?;
    let reading = Reading::of(context)?;
    let point = asked_point(context, reading).await?;
    let world = reading.world(&[id], point).await?;
    let world = reading.meet(world, view.withholding(&[id]), point).await.map_err(internal)?;
    let mut object = present(context, view, (id, point), &world)?;
    read_ahead(context, view, [context.ctx.field()], object.iter_mut().collect()).await?;
    Ok(object.map(FieldValue::owned_any))
}

async fn resolve_many<'a>(context: &ResolverContext<'a>, view: &View) -> Result<FieldValue<'a>> {
    let ids = arguments::ids(context, "ids", arguments::MAX_IDS)?;
    let entitled = Entitled::of(context)?;
    match ids.as_slice() {
        [] => entitled.view(view, Way::Found)?,
        ids => ids.iter().try_for_each(|id| entitled.view(view, Way::Asked(*id)))?,
    }
    let reading = Reading::of(context)?;
    let point = asked_point(context, reading).await?;
    let world = reading.world(&ids, point).await?;
    let world = reading.meet(world, view.withholding(&ids), point).await.map_err(internal)?;
    let objects = ids.iter().map(|id| present(context, view, (*id, point), &world));
    let mut objects = objects.collect::<Result<Vec<_>>>()?;
    read_ahead(context, view, [context.ctx.field()], objects.iter_mut().flatten().collect()).await?;
    absent_items(context, (0..objects.len()).filter(|index| objects[*index].is_none()));
    let item = |object: Option<ObjectAt>| object.map_or(FieldValue::NULL, FieldValue::owned_any);
    Ok(FieldValue::list(objects.into_iter().map(item)))
}

/// Where a question about objects stands.
async fn asked_point(context: &ResolverContext<'_>, reading: &Reading) -> Result<Point> {
    let moments = Moments::read(context)?;
    match SupposedAt::around(context) {
        Some(supposed) => Ok(supposed.point(reading, moments)),
        None => reading.point(moments).await,
    }
}

/// The object, where it is present.
pub(crate) fn present(
    context: &ResolverContext<'_>,
    view: &View,
    (id, point): (ObjectId, Point),
    world: &Arc<World>,
) -> Result<Option<ObjectAt>> {
    let there = is_present(Surface::of(context)?, view, (id, point), world)?;
    let concerning = Concerning::of(context)?;
    Ok(there.then(|| ObjectAt::shown(concerning, view, (id, point), world)))
}

/// Whether the object is of the view's type, exists on that day, and is not withheld.
pub(crate) fn is_present(
    surface: &Surface,
    view: &View,
    (id, point): (ObjectId, Point),
    world: &World,
) -> Result<bool> {
    let there = world
        .object(id)
        .is_some_and(|state| *state.object_type() == view.object_type && state.exists_at(point.as_of));
    let withheld = || view.withholds(&surface.catalogue, world, id).map_err(|error| faults::internal(&error));
    Ok(there && !withheld()?)
}

/// A field of the view; always nullable: what has no value is null, and what is forbidden is an error here alone.
fn field(view: &Arc<View>, index: usize, of: TypeRef) -> Field {
    let shown = Arc::clone(view);
    Field::new(&*view.fields[index].name, of, move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ObjectAt>()?;
            let field = &view.fields[index];
            check_field(&context, &view, field)?;
            if matches!(field.source, Source::Inverse(_)) {
                return referring::resolve(&context, &view, field, at).await;
            }
            let shape = (&field.shape, field.through.as_deref());
            match value(&context, &view, field, at).await? {
                Some(value) => outgoing(&context, shape, value, at.point).await.map(Some),
                None => Ok(FieldValue::NONE),
            }
        })
    })
}

/// The value of a field; none where it has none at that point.
async fn value(
    context: &ResolverContext<'_>,
    view: &View,
    field: &ViewField,
    at: &ObjectAt,
) -> Result<Option<Value>> {
    // Of who is withheld, or of whom nothing is known, nothing is computed.
    let Some(state) = at.world.object(at.id) else { return Ok(None) };
    let (reading, day) = (Reading::of(context)?, at.point.as_of);
    let value = match Views::expression(reading.catalogue(), view, &field.source) {
        Some(expression) => {
            let asked = Asked { id: at.id, expression, day };
            Some(reading.derived(&at.world, asked, at.point).await?)
        }
        None => state.value(field.source.name(), day),
    };
    Ok(value.filter(|value| !value.is_null()))
}

fn about(view: &View) -> String {
    view.description.as_ref().map(|description| format!(" {description}")).unwrap_or_default()
}
