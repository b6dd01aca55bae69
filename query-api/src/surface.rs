//! What every resolver of this schema knows, whoever asks.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::ResolverContext;
use read_model::catalogue::{Catalogue, Inverse, Shape};

use crate::views::{Source, View, ViewField, Views};

/// The catalogue and the views that the schema was generated from.
#[derive(Clone)]
pub(crate) struct Surface {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) views: Arc<Views>,
}

impl Surface {
    /// The surface that a resolver belongs to.
    pub(crate) fn of<'a>(context: &ResolverContext<'a>) -> Result<&'a Self> {
        context.ctx.data()
    }

    /// The view through which objects are seen to which a value of this shape, or each item of it, refers.
    pub(crate) fn refers_to(&self, (shape, through): (&Shape, Option<&str>)) -> Option<&Arc<View>> {
        match shape {
            Shape::Reference(object_type) => self.views.views.get(through.unwrap_or(object_type)),
            Shape::List(item) => self.refers_to((item, through)),
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

    /// The inverse that a field of a view shows, and the view through which the objects are seen; none for any other field.
    pub(crate) fn inverse(&self, view: &View, field: &ViewField) -> Option<(&Inverse, &Arc<View>)> {
        let Source::Inverse(name) = &field.source else { return None };
        let inverse = self.catalogue.object_types.get(&view.object_type)?.inverses.get(name)?;
        let through = field.through.as_ref().unwrap_or(&inverse.of);
        Some((inverse, self.views.views.get(through)?))
    }
}
