//! An object through a view, again whenever what the view shows of it changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SubscriptionField,
    SubscriptionFieldFuture, TypeRef,
};
use async_graphql::{Result, Value as GraphQlValue};
use door::{Principal, faults};
use futures::{Stream, TryStreamExt};
use policy::Way;
use read_model::event::{ObjectId, Position};
use read_model::fold::World;
use read_model::reader::{EventFilter, Followed, Seen as SeenEvents};
use read_model::time::Day;
use serde_json::Value;

use super::Live;
use crate::ahead::read_ahead;
use crate::arguments::{self, Moments};
use crate::concerning::Concerning;
use crate::entitled::Entitled;
use crate::meeting::Asked;
use crate::object::is_present;
use crate::reading::{Point, Reading, internal};
use crate::surface::Surface;
use crate::types::basis_field;
use crate::value::ObjectAt;
use crate::views::{View, ViewField, Views};

/// The longest that is slept at once; whether the day has changed is looked at again.
const LONG: Duration = Duration::from_secs(60 * 60);

/// A message.
struct Changed {
    id: ObjectId,
    object: Option<ObjectAt>,
    point: Point,
    fields: Vec<Arc<str>>,
}

/// The root field.
pub(super) fn root(view: &Arc<View>) -> SubscriptionField {
    let shown = Arc::clone(view);
    let field = SubscriptionField::new(
        format!("{}Changed", view.one),
        TypeRef::named_nn(name(view)),
        move |context| SubscriptionFieldFuture::new(follow(context, Arc::clone(&shown))),
    );
    let id = InputValue::new("id", TypeRef::named_nn("UUID"));
    field.argument(id.description("Which one.")).description(format!(
        "One {} through `{}`: as it is now, and again whenever a field that the view shows has another value, whether \
         through an event or as a day begins.",
        view.object_type, view.name
    ))
}

fn name(view: &View) -> String {
    format!("{}Changed", view.name)
}

/// The GraphQL type.
pub(super) fn object(view: &Arc<View>) -> Object {
    let shown = Arc::clone(view);
    let state = Field::new(&view.one, TypeRef::named(&*view.name), move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            let changed = context.parent_value.try_downcast_ref::<Changed>()?;
            Entitled::of(&context)?.view(&view, Way::Asked(changed.id))?;
            let mut object = changed.object.clone();
            read_ahead(&context, &view, [context.ctx.field()], object.iter_mut().collect()).await?;
            Ok(object.map(FieldValue::owned_any))
        })
    });
    let changed = Field::new("changed", TypeRef::named_nn_list_nn(TypeRef::STRING), |context| {
        FieldFuture::new(async move {
            let changed = context.parent_value.try_downcast_ref::<Changed>()?;
            let names = changed.fields.iter().map(|name| GraphQlValue::from(&**name)).collect();
            Ok(Some(FieldValue::value(GraphQlValue::List(names))))
        })
    });
    Object::new(name(view))
        .description(format!("One {} through `{}`, as it came to be.", view.object_type, view.name))
        .field(state.description("As it is now; null where it is unknown, or does not exist today."))
        .field(
            changed.description(
                "The fields that have another value than in the message before; none in the first.",
            ),
        )
        .field(basis_field(|context| {
            let changed = context.parent_value.try_downcast_ref::<Changed>()?;
            Ok(changed.point.basis(Some(changed.id), &Surface::of(context)?.catalogue.hash))
        }))
}

async fn follow<'a>(
    context: ResolverContext<'a>,
    view: Arc<View>,
) -> Result<impl Stream<Item = Result<FieldValue<'a>>> + Send + 'a> {
    let principal = Principal::of(&context)?;
    // The schema has let no other pass.
    let id = arguments::id(&context, "id")?.unwrap_or_default();
    Entitled::of(&context)?.view(&view, Way::Asked(id))?;
    let live = Live::of(&context)?.clone();
    let end = live.reading().point_of_events(None).await?.snapshot.position;
    let followed = live.feed.follow(EventFilter::default(), SeenEvents::everything(), end);
    let (surface, granted) = (Surface::of(&context)?, principal.clone());
    let concerning = Concerning::of(&context)?;
    let source = Source {
        live,
        surface: surface.clone(),
        principal: granted.clone(),
        view: Arc::clone(&view),
        id,
        followed,
        last: None,
    };
    let messages = futures::stream::try_unfold(source, async |mut source| {
        let message = source.next().await?;
        Ok::<_, async_graphql::Error>(Some((message, source)))
    });
    Ok(messages.and_then(move |message| {
        // Each message is looked at anew, and noted.
        let allowed = Entitled::by(surface, &granted, concerning).view(&view, Way::Asked(id));
        std::future::ready(allowed.map(|()| FieldValue::owned_any(message)))
    }))
}

/// What was told last, and what it rests on.
struct Last {
    values: Values,
    day: Day,
    position: Position,
    /// Every object of which an event may change it.
    rests_on: Vec<ObjectId>,
}

/// What a view shows of an object; none where it shows nothing.
type Values = Option<BTreeMap<Arc<str>, Value>>;

struct Source {
    live: Live,
    surface: Surface,
    principal: Principal,
    view: Arc<View>,
    id: ObjectId,
    followed: Followed,
    last: Option<Last>,
}

impl Source {
    async fn next(&mut self) -> Result<Changed> {
        loop {
            let Some(last) = self.last.take() else {
                let (message, _) = self.look(None).await?;
                return Ok(message);
            };
            let newest = tokio::select! {
                newest = self.followed.newest() => Some(newest),
                () = day_after(&self.live, last.day) => None,
            };
            if let Some(newest) = newest {
                let touched = self.live.reader.touched(&last.rests_on, last.position, newest).await;
                if !touched.map_err(|error| faults::internal(&error))? {
                    self.followed.reached(newest);
                    self.last = Some(Last { position: newest, ..last });
                    continue;
                }
            }
            let (message, differs) = self.look(Some(last.values)).await?;
            if differs {
                return Ok(message);
            }
        }
    }

    /// The object as it is now, and whether it differs from what was told last.
    async fn look(&mut self, before: Option<Values>) -> Result<(Changed, bool)> {
        let reading = self.live.reading();
        let point = reading.point(Moments::default()).await?;
        let seen = self.see(&reading, point).await?;
        let (fields, differs) = match &before {
            None => (Vec::new(), true),
            Some(before) => (self.differing(before, &seen.values), before.is_some() != seen.values.is_some()),
        };
        let differs = differs || !fields.is_empty();
        let history = self.live.reader.history(&Vec::from_iter(seen.met), point.snapshot.position).await;
        let history = history.map_err(|error| faults::internal(&error))?;
        self.followed.reached(point.snapshot.position);
        self.last = Some(Last {
            values: seen.values,
            day: point.as_of,
            position: point.snapshot.position,
            rests_on: history.complete().collect(),
        });
        Ok((Changed { id: self.id, object: seen.object, point, fields }, differs))
    }

    /// That somebody is looked at is noted when it is told.
    fn entitled(&self) -> Entitled<'_> {
        Entitled::by(&self.surface, &self.principal, Concerning::by(&self.surface, None))
    }

    fn shown(&self, world: &Arc<World>, point: Point) -> ObjectAt {
        ObjectAt::shown(Concerning::by(&self.surface, None), &self.view, (self.id, point), world)
    }

    /// The fields that differ, in the order of the view.
    fn differing(&self, before: &Values, after: &Values) -> Vec<Arc<str>> {
        let of = |values: &Values, name: &str| values.as_ref().and_then(|values| values.get(name).cloned());
        let names = self.view.fields.iter().map(|field| &field.name);
        names.filter(|name| of(before, name) != of(after, name)).cloned().collect()
    }

    async fn see(&self, reading: &Reading, point: Point) -> Result<Seen> {
        let (catalogue, view, id) = (&self.surface.catalogue, &*self.view, self.id);
        // What the caller may not read changes unseen.
        let entitled = self.entitled();
        let shown = || view.fields.iter().filter(|field| entitled.shows(view, field));
        let expressions = shown().filter_map(|field| Views::expression(catalogue, view, &field.source));
        let asked: Vec<Asked<'_>> =
            expressions.map(|expression| Asked { id, expression, day: point.as_of }).collect();
        let world = reading.world(&[id], point).await?;
        let asked = asked.into_iter().chain(view.withholding(std::slice::from_ref(&self.id)));
        let world = reading.meet(world, asked.collect::<Vec<_>>(), point).await.map_err(internal)?;
        let mut met: BTreeSet<ObjectId> = world.known().chain([id]).collect();
        let object = is_present(&self.surface, view, (id, point), &world)?.then(|| self.shown(&world, point));
        let mut values = BTreeMap::new();
        for field in shown().filter(|_| object.is_some()) {
            if let Some(value) = self.value(reading, field, &world, point, &mut met).await? {
                values.insert(Arc::clone(&field.name), value);
            }
        }
        Ok(Seen { values: object.is_some().then_some(values), object, met })
    }

    /// The value of a field; of who refers to the object, the ids.
    async fn value(
        &self,
        reading: &Reading,
        field: &ViewField,
        world: &Arc<World>,
        point: Point,
        met: &mut BTreeSet<ObjectId>,
    ) -> Result<Option<Value>> {
        let (catalogue, day) = (&self.surface.catalogue, point.as_of);
        if let Some((inverse, through)) = self.surface.inverse(&self.view, field) {
            if !self.entitled().lets(through, Way::Referred) {
                return Ok(None);
            }
            let referring = reading.referring(self.id, inverse, point).await?;
            let ids =
                referring.at(catalogue, inverse, self.id, day).map_err(|error| faults::internal(&error))?;
            let world =
                reading.meet(referring.world, through.withholding(&ids), point).await.map_err(internal)?;
            met.extend(world.known());
            let mut shown = Vec::new();
            for id in ids {
                if is_present(&self.surface, through, (id, point), &world)? {
                    shown.push(Value::from(id.to_string()));
                }
            }
            return Ok(Some(Value::Array(shown)));
        }
        let value = match Views::expression(catalogue, &self.view, &field.source) {
            Some(expression) => {
                Some(reading.derived(world, Asked { id: self.id, expression, day }, point).await?)
            }
            None => world.object(self.id).and_then(|state| state.value(field.source.name(), day)),
        };
        Ok(value.filter(|value| !value.is_null()))
    }
}

/// What a view shows of an object at a point, and every object that was met to tell it.
struct Seen {
    object: Option<ObjectAt>,
    values: Values,
    met: BTreeSet<ObjectId>,
}

/// Completes when this day is over.
async fn day_after(live: &Live, day: Day) {
    let over = live.reader.catalogue().zone.end_of(day);
    while let Ok(left) = (over - live.clock.now()).to_std()
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LONG)).await;
    }
}
