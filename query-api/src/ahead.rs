//! Reading ahead: whatever the objects of one level refer to is read together.
//!
//! The library resolves the fields of an object one after the other, so that each reference would wait for a query of its own.
//! So it is with whatever a computed value meets on its way ([`meeting`](crate::meeting)).
//! Here the selection is followed level by level, as soon as the first objects are there; what is read waits in the request's batches until a field asks for it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_graphql::dynamic::ResolverContext;
use async_graphql::{Result, SelectionField};
use policy::Way;
use read_model::catalogue::{Expression, Inverse, Shape};
use read_model::event::ObjectId;
use read_model::fold::World;
use read_model::time::Day;
use serde_json::Value;

use crate::entitled::Entitled;
use crate::lines::DOUBTED;
use crate::loader::{Referring, ReferringKey};
use crate::meeting::Asked;
use crate::reading::{Point, Reading};
use crate::surface::Surface;
use crate::value::ObjectAt;
use crate::views::{View, ViewField, Views};

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

/// Reads what these objects refer to, and what their computed values meet, as far as it is asked for and granted, level by
/// level.
///
/// A level that cannot be read ends it: the field that needs it will fail, in its place.
pub(crate) async fn read_ahead<'a>(
    context: &'a ResolverContext<'_>,
    view: &'a View,
    selections: impl IntoIterator<Item = SelectionField<'a>>,
    objects: Vec<&mut ObjectAt>,
) -> Result<()> {
    let Some(point) = objects.first().map(|object| object.point) else {
        return Ok(());
    };
    let (surface, entitled) = (Surface::of(context)?, Entitled::of(context)?);
    let ahead = Ahead { reading: Reading::of(context)?, surface, entitled, point };
    let of_selection =
        |asked| objects.iter().map(move |object| Referred { id: object.id, view, asked }).collect::<Vec<_>>();
    let roots: Vec<Referred<'a>> = selections.into_iter().flat_map(of_selection).collect();
    let world = joined(objects.iter().map(|object| &object.world));
    let Some(world) = ahead.meet(world, &roots).await else {
        return Ok(());
    };
    objects.into_iter().for_each(|object| object.world = Arc::clone(&world));
    let mut level = Level::default();
    roots.iter().for_each(|root| ahead.follow(root, &world, &mut level));
    while !level.referred.is_empty() || !level.listed.is_empty() {
        let Some(next) = ahead.next(level).await else { break };
        level = next;
    }
    Ok(())
}

struct Ahead<'a> {
    reading: &'a Reading,
    surface: &'a Surface,
    entitled: Entitled<'a>,
    point: Point,
}

impl<'a> Ahead<'a> {
    /// Reads a level, and finds the next; none where it cannot be read.
    async fn next(&self, level: Level<'a>) -> Option<Level<'a>> {
        let mut next = Level::default();
        if !level.referred.is_empty() {
            let ids: BTreeSet<ObjectId> = level.referred.iter().map(|referred| referred.id).collect();
            let ids = Vec::from_iter(ids);
            let world = self.reading.ahead(&ids, self.point).await?;
            let world = self.meet(world, &level.referred).await?;
            self.reading.keep(&ids, &world, self.point).await;
            level.referred.iter().for_each(|referred| self.follow(referred, &world, &mut next));
        }
        if !level.listed.is_empty() {
            let keys = level.listed.iter().map(|listed| listed.key.clone()).collect();
            let mut read = self.reading.referring_ahead(keys).await;
            self.meet_listed(&level.listed, &mut read).await?;
            level.listed.iter().for_each(|listed| self.follow_listed(listed, &read, &mut next));
        }
        Some(next)
    }

    /// With whoever the values meet that are asked of these objects; none where these cannot be read.
    async fn meet(&self, world: Arc<World>, objects: &[Referred<'a>]) -> Option<Arc<World>> {
        let asked = objects.iter().flat_map(|object| self.asked(object));
        self.reading.meet(world, asked.collect::<Vec<_>>(), self.point).await.ok()
    }

    /// The same for the objects of lists.
    async fn meet_listed(
        &self,
        listed: &[Listed<'a>],
        read: &mut HashMap<ReferringKey, Referring>,
    ) -> Option<()> {
        let following = |listed: &&Listed<'a>| !self.following(listed.view, listed.asked).is_empty();
        let objects: Vec<Referred<'a>> =
            listed.iter().filter(following).flat_map(|listed| self.in_list(listed, read)).collect();
        if objects.is_empty() {
            return Some(());
        }
        let world = self.meet(joined(read.values().map(|referring| &referring.world)), &objects).await?;
        read.values_mut().for_each(|referring| referring.world = Arc::clone(&world));
        self.reading.keep_referring(read).await;
        Some(())
    }

    fn asked(&self, object: &Referred<'a>) -> Vec<Asked<'a>> {
        let following = self.following(object.view, object.asked).into_iter();
        following.map(|(expression, day)| Asked { id: object.id, expression, day }).collect()
    }

    /// The expressions that follow references among those that are asked of an object, each with its day.
    fn following(&self, view: &'a View, asked: SelectionField<'a>) -> Vec<(&'a Expression, Day)> {
        let (catalogue, today) = (&*self.surface.catalogue, self.point.as_of);
        let shown = asked.selection_set().filter_map(|asked| {
            if asked.name() == DOUBTED {
                return catalogue.object_types.get(&view.object_type)?.investigated.as_ref();
            }
            let field = self.field(view, asked.name())?;
            Views::expression(catalogue, view, &field.source)
        });
        let withheld = view.withheld.as_deref().map(|expression| (expression, Day::LAST));
        let all = shown.map(|expression| (expression, today)).chain(withheld);
        all.filter(|(expression, _)| catalogue.follows(expression)).collect()
    }

    /// The field of a view with this name, where the caller may read it.
    fn field(&self, view: &'a View, name: &str) -> Option<&'a ViewField> {
        let field = view.fields.iter().find(|field| *field.name == *name)?;
        self.entitled.shows(view, field).then_some(field)
    }

    /// Finds what an object refers to.
    fn follow(&self, object: &Referred<'a>, world: &World, found: &mut Level<'a>) {
        if world.object(object.id).is_none() {
            return;
        }
        for asked in object.asked.selection_set().filter(leads_on) {
            let field = self.field(object.view, asked.name());
            if let Some(listed) = field.and_then(|field| self.listed(object, field, asked)) {
                found.listed.push(listed);
            }
            if let Some(field) = field
                && self.refers(&field.shape)
                && let Some(value) = self.value(object, field, world)
            {
                self.collect((&field.shape, field.through.as_deref()), &value, asked, found);
            }
        }
    }

    /// The value of a field; none where it cannot be told, and fails where it is resolved.
    fn value(&self, object: &Referred<'a>, field: &ViewField, world: &World) -> Option<Value> {
        let (catalogue, day) = (&self.surface.catalogue, self.point.as_of);
        match Views::expression(catalogue, object.view, &field.source) {
            Some(expression) => world.derived(catalogue, object.id, expression, day).ok()?.told(),
            None => world.object(object.id)?.value(field.source.name(), day),
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
        let granted = self.entitled.lets(view, Way::Referred);
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
        for object in self.in_list(listed, read) {
            self.follow(&object, &referring.world, found);
        }
    }

    /// The objects of a list; none where they cannot be told, which fails where the field is resolved.
    fn in_list(&self, listed: &Listed<'a>, read: &HashMap<ReferringKey, Referring>) -> Vec<Referred<'a>> {
        let (catalogue, day) = (&self.surface.catalogue, self.point.as_of);
        let referring = read.get(&listed.key);
        let ids =
            referring.map(|of| of.at(catalogue, listed.inverse, listed.key.to, day).unwrap_or_default());
        let object = |id| Referred { id, view: listed.view, asked: listed.asked };
        ids.unwrap_or_default().into_iter().map(object).collect()
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
                let view = view.filter(|view| self.entitled.lets(view, Way::Referred));
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

/// All that these worlds hold, nearly always one and the same.
fn joined<'w>(worlds: impl IntoIterator<Item = &'w Arc<World>>) -> Arc<World> {
    let mut joined: Option<Arc<World>> = None;
    let mut known: Vec<&Arc<World>> = Vec::new();
    for world in worlds {
        if known.iter().any(|known| Arc::ptr_eq(known, world)) {
            continue;
        }
        known.push(world);
        match &mut joined {
            None => joined = Some(Arc::clone(world)),
            Some(joined) => Arc::make_mut(joined).join(world),
        }
    }
    joined.unwrap_or_default()
}

/// Whether anything is asked of what the field leads to.
fn leads_on(field: &SelectionField<'_>) -> bool {
    field.selection_set().next().is_some()
}
