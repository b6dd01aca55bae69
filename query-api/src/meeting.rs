//! Objects that computed values meet on their way: read when they turn out to be needed, those of one level together.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::Result;
use door::faults;
use read_model::catalogue::{Catalogue, Expression};
use read_model::event::ObjectId;
use read_model::fold::{Following, World};
use read_model::reader::{MAX_GENERATIONS, MAX_OBJECTS, ReadError};
use read_model::time::Day;
use serde_json::Value;

use crate::loader::LoadError;
use crate::reading::{Point, Reading, internal};

/// A value to be computed: an expression over the fields of an object, on a day.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) id: ObjectId,
    pub(crate) expression: &'a Expression,
    pub(crate) day: Day,
}

impl Asked<'_> {
    /// Whom it needs first; what cannot be computed needs nobody, and fails where it is shown.
    fn unmet(&self, catalogue: &Catalogue, world: &World) -> BTreeSet<ObjectId> {
        match world.derived(catalogue, self.id, self.expression, self.day) {
            Ok(Following::Unmet(objects)) => objects,
            Ok(Following::Told(_)) | Err(_) => BTreeSet::new(),
        }
    }
}

impl Reading {
    /// The world, and whoever these values meet: one batch a generation, however many values. A value that follows no
    /// references costs nothing.
    pub(crate) async fn meet(
        &self,
        mut world: Arc<World>,
        asked: impl IntoIterator<Item = Asked<'_>>,
        point: Point,
    ) -> Result<Arc<World>, Arc<LoadError>> {
        let catalogue = self.catalogue();
        let follows = |asked: &Asked<'_>| catalogue.follows(asked.expression);
        let mut asked: Vec<Asked<'_>> = asked.into_iter().filter(follows).collect();
        let mut met = 0;
        for _ in 0..MAX_GENERATIONS {
            let mut unmet = BTreeSet::new();
            asked.retain(|asked| {
                let of_one = asked.unmet(catalogue, &world);
                unmet.extend(&of_one);
                !of_one.is_empty()
            });
            met += unmet.len();
            if unmet.is_empty() {
                return Ok(world);
            }
            if met > MAX_OBJECTS {
                break;
            }
            self.take_in(&mut world, unmet, point).await?;
        }
        Err(Arc::new(LoadError::Read(ReadError::TooLarge)))
    }

    /// The value of an expression on an object of this world; whoever it meets is read.
    pub(crate) async fn derived(&self, world: &Arc<World>, asked: Asked<'_>, point: Point) -> Result<Value> {
        let told = |world: &World| {
            let told = world.derived(self.catalogue(), asked.id, asked.expression, asked.day);
            told.map(Following::told).map_err(|error| faults::internal(&error))
        };
        if let Some(value) = told(world)? {
            return Ok(value);
        }
        let world = self.meet(Arc::clone(world), [asked], point).await.map_err(internal)?;
        told(&world)?.ok_or_else(|| faults::internal(&ReadError::TooLarge))
    }
}
