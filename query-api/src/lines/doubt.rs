//! Which fields are doubted: by an investigation, or because what gave their value is contested.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, ResolverContext, TypeRef};
use async_graphql::{Name, Result, Value};
use futures::future::try_join_all;
use read_model::catalogue::Element;
use read_model::event::EventId;
use read_model::fold::{Bound, EventStanding, Status};

use super::types::field_enum_name;
use super::{DOUBTED, with_lines};
use crate::entitled::Entitled;
use crate::meeting::Asked;
use crate::reading::Reading;
use crate::value::ObjectAt;
use crate::views::View;

/// The field `inOnderzoek`.
pub(super) fn field(view: &Arc<View>) -> Field {
    let shown = Arc::clone(view);
    let field = Field::new(DOUBTED, TypeRef::named_nn_list_nn(field_enum_name(view)), move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<ObjectAt>()?;
            let entitled = Entitled::of(&context)?;
            let investigated = investigated(Reading::of(&context)?, at).await?;
            let contested = contested(&context, &view, at).await?;
            let shown = with_lines(&view).filter(|index| entitled.shows(&view, &view.fields[*index]));
            let doubted = shown.filter(|index| {
                let name = view.fields[*index].source.name();
                contested.contains(name) || investigated.contains(name)
            });
            let names = doubted.map(|index| Value::Enum(Name::new(&view.fields[index].name)));
            Ok(Some(FieldValue::value(Value::List(names.collect()))))
        })
    });
    field.description("Its fields that are under investigation at the two moments asked, or whose value was given by an event that is contested.")
}

/// The fields of which an element is being investigated.
async fn investigated(reading: &Reading, at: &ObjectAt) -> Result<BTreeSet<Arc<str>>> {
    let state = at.world.object(at.id);
    let object_type = state.and_then(|state| reading.catalogue().object_types.get(state.object_type()));
    let Some((object_type, expression)) =
        object_type.and_then(|object_type| Some((object_type, object_type.investigated.as_ref()?)))
    else {
        return Ok(BTreeSet::new());
    };
    let asked = Asked { id: at.id, expression, day: at.point.as_of };
    let elements = reading.derived(&at.world, asked, at.point).await?;
    let texts = elements.as_array().into_iter().flatten().filter_map(|element| element.as_str());
    let elements: Vec<Element> = texts.filter_map(|text| text.parse().ok()).collect();
    let doubted = object_type
        .fields
        .values()
        .filter(|field| field.elements.iter().any(|own| elements.iter().any(|element| element.meets(own))));
    Ok(doubted.map(|field| Arc::clone(&field.name)).collect())
}

/// The fields of the view whose value was given by an event that is contested.
async fn contested(context: &ResolverContext<'_>, view: &View, at: &ObjectAt) -> Result<BTreeSet<Arc<str>>> {
    let Some(state) = at.world.object(at.id) else { return Ok(BTreeSet::new()) };
    let mut given = Vec::new();
    for index in with_lines(view) {
        let line = state.line(view.fields[index].source.name());
        let reasons = line.map(|line| line.reasons(Bound::EndOf(at.point.as_of))).unwrap_or_default();
        given.extend(reasons.into_iter().map(|said| (index, Arc::clone(&said.because.claim))));
    }
    let mut claims: Vec<_> = given.iter().map(|(_, claim)| Arc::clone(claim)).collect();
    claims.sort_by_key(|claim| claim.position);
    claims.dedup_by_key(|claim| claim.position);
    let reading = Reading::of(context)?;
    let standings = try_join_all(claims.iter().map(|claim| reading.standing(claim, at.point))).await?;
    let standings = claims.iter().zip(standings);
    let is_contested =
        |standing: &Option<EventStanding>| standing.as_ref().is_some_and(|of| of.status == Status::Contested);
    let contested = standings.filter(|(_, standing)| is_contested(standing));
    let contested: BTreeSet<EventId> = contested.map(|(claim, _)| claim.id).collect();
    let doubted = given.into_iter().filter(|(_, claim)| contested.contains(&claim.id));
    Ok(doubted.map(|(index, _)| Arc::from(view.fields[index].source.name())).collect())
}
