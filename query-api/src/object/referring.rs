//! Who refers to an object: the objects of a list that no event sets, each through a view.

use async_graphql::Result;
use async_graphql::dynamic::{FieldValue, ResolverContext};
use door::faults;
use policy::Way;

use super::present;
use crate::entitled::Entitled;
use crate::reading::{Reading, internal};
use crate::surface::Surface;
use crate::value::ObjectAt;
use crate::views::{View, ViewField};

/// The objects of the list, in the order of their ids; without those that the view withholds.
pub(super) async fn resolve<'a>(
    context: &ResolverContext<'a>,
    view: &View,
    field: &ViewField,
    at: &ObjectAt,
) -> Result<Option<FieldValue<'a>>> {
    let surface = Surface::of(context)?;
    let Some((inverse, through)) = surface.inverse(view, field) else {
        return Ok(FieldValue::NONE);
    };
    Entitled::of(context)?.view(through, Way::Referred)?;
    let reading = Reading::of(context)?;
    let referring = reading.referring(at.id, inverse, at.point).await?;
    let ids = referring.at(&surface.catalogue, inverse, at.id, at.point.as_of);
    let ids = ids.map_err(|error| faults::internal(&error))?;
    let world = reading.meet(referring.world, through.withholding(&ids), at.point).await.map_err(internal)?;
    let mut shown = Vec::new();
    for id in &ids {
        shown.extend(present(context, through, (*id, at.point), &world)?);
    }
    Ok(Some(FieldValue::list(shown.into_iter().map(FieldValue::owned_any))))
}
