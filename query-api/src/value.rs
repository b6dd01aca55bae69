//! Values on their way out: from what a fold gives to what GraphQL resolves further.

use std::sync::Arc;

use async_graphql::dynamic::{FieldValue, ResolverContext};
use async_graphql::{Result, Value as GraphQlValue};
use door::{Ended, faults};
use futures::FutureExt;
use futures::future::{BoxFuture, try_join_all};
use policy::Way;
use read_model::catalogue::Shape;
use read_model::event::ObjectId;
use read_model::fold::World;
use read_model::time::PartialDate;
use serde_json::{Map, Value};

use crate::concerning::Concerning;
use crate::entitled::Entitled;
use crate::reading::{Point, Reading, internal};
use crate::surface::Surface;
use crate::views::View;

/// An object at a point, on its way out.
#[derive(Clone)]
pub(crate) struct ObjectAt {
    pub(crate) id: ObjectId,
    pub(crate) point: Point,
    pub(crate) world: Arc<World>,
    /// It is made by [`shown`](Self::shown) alone.
    _noted: (),
}

impl ObjectAt {
    /// An object of a world that is seen through a view; that it is seen is noted.
    pub(crate) fn shown(
        concerning: Concerning<'_>,
        view: &View,
        (id, point): (ObjectId, Point),
        world: &Arc<World>,
    ) -> Self {
        concerning.object(view, id, Ended::Done);
        Self { id, point, world: Arc::clone(world), _noted: () }
    }

    /// The same of an object of a type that has no view.
    fn of_type(
        concerning: Concerning<'_>,
        object_type: &Arc<str>,
        (id, point): (ObjectId, Point),
        world: Arc<World>,
    ) -> Self {
        concerning.of_type(object_type, id);
        Self { id, point, world, _noted: () }
    }
}

/// A structure within an object's value, at the object's point.
pub(crate) struct Part {
    pub(crate) values: Map<String, Value>,
    pub(crate) point: Point,
}

/// A value in the store is not of the shape that the catalogue gives it.
#[derive(Debug, thiserror::Error)]
#[error("a stored value is no {expected}")]
struct Misshapen {
    expected: &'static str,
}

/// The value of a field; objects that it refers to are seen through a view, or else as their object type itself.
pub(crate) fn outgoing<'a>(
    context: &'a ResolverContext<'_>,
    (shape, through): (&'a Shape, Option<&'a str>),
    value: Value,
    point: Point,
) -> BoxFuture<'a, Result<FieldValue<'static>>> {
    async move {
        let surface = Surface::of(context)?;
        Ok(match (surface.catalogue.structure(shape), value) {
            (Shape::Text | Shape::Choice(_), Value::String(text)) => FieldValue::value(text),
            (Shape::Integer | Shape::Number, Value::Number(number)) => {
                FieldValue::value(GraphQlValue::Number(number))
            }
            (Shape::Boolean, Value::Bool(truth)) => FieldValue::value(truth),
            (Shape::PartialDate, Value::String(text)) => {
                FieldValue::owned_any(text.parse::<PartialDate>().map_err(|error| faults::internal(&error))?)
            }
            (Shape::Object(_), Value::Object(values)) => FieldValue::owned_any(Part { values, point }),
            (Shape::List(item), Value::Array(items)) => {
                let items = items.into_iter().map(|value| outgoing(context, (item, through), value, point));
                FieldValue::list(try_join_all(items).await?)
            }
            (Shape::Reference(object_type), Value::String(id)) => {
                referred(context, through.unwrap_or(object_type), &id, point).await?
            }
            (shape, _) => {
                return Err(faults::internal(&Misshapen { expected: name(shape) }));
            }
        })
    }
    .boxed()
}

/// The object that a value refers to; its id alone where this F6 knows no more of it, or withholds it.
async fn referred(
    context: &ResolverContext<'_>,
    name: &str,
    id: &str,
    point: Point,
) -> Result<FieldValue<'static>> {
    let surface = Surface::of(context)?;
    let view = surface.views.views.get(name);
    if let Some(view) = view {
        Entitled::of(context)?.view(view, Way::Referred)?;
    }
    let id = ObjectId::try_parse(id).map_err(|error| faults::internal(&error))?;
    let reading = Reading::of(context)?;
    let mut world = reading.referred(id, point).await?;
    if let Some(view) = view {
        world = reading.meet(world, view.withholding(&[id]), point).await.map_err(internal)?;
    }
    let withholds = |view: &Arc<View>| view.withholds(&surface.catalogue, &world, id);
    if view.map_or(Ok(false), withholds).map_err(|error| faults::internal(&error))? {
        world = Arc::default();
    }
    let concerning = Concerning::of(context)?;
    Ok(FieldValue::owned_any(match view {
        Some(view) => ObjectAt::shown(concerning, view, (id, point), &world),
        None => ObjectAt::of_type(concerning, &Arc::from(name), (id, point), world),
    }))
}

const fn name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text => "text",
        Shape::Choice(_) => "text of those allowed",
        Shape::Integer | Shape::Number => "number",
        Shape::Boolean => "boolean",
        Shape::PartialDate => "date",
        Shape::Reference(_) => "object id",
        Shape::Named(_) => "value of its type",
        Shape::Object(_) => "structure",
        Shape::List(_) => "list",
    }
}
