//! Views as compiled: what each shows, and to whom.

mod compile;
mod fields;
pub(crate) mod reserved;

use std::sync::Arc;

use indexmap::IndexMap;
use policy::Reads;
use read_model::catalogue::{Catalogue, EvaluationError, Expression, Shape};
use read_model::event::ObjectId;
use read_model::fold::{Following, World};
use read_model::time::Day;

use crate::meeting::Asked;

/// A compiled `query_config.yaml`.
#[derive(Debug)]
pub struct Views {
    /// Who may see which of them, and of the raw events.
    pub reads: Reads,
    /// Every object type, whoever may read it, and then every other view, by name.
    pub views: IndexMap<Arc<str>, Arc<View>>,
}

/// What a consumer gets to see of objects of one type.
#[derive(Debug)]
pub struct View {
    /// Its name, and that of its GraphQL type.
    pub name: Arc<str>,
    /// What it is for.
    pub description: Option<Arc<str>>,
    /// The object type that it shows.
    pub object_type: Arc<str>,
    /// The root field for one.
    pub one: String,
    /// The root field for several.
    pub many: Arc<str>,
    /// The URI of the processing activity that reading it is part of, where that is one of its own.
    pub processing: Option<Arc<str>>,
    /// Of which objects it shows nothing, whatever is asked of them; none where it shows all.
    pub withheld: Option<Arc<Expression>>,
    /// What it shows.
    pub fields: Vec<ViewField>,
}

/// A field of a view.
#[derive(Debug)]
pub struct ViewField {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The shape of its value.
    pub shape: Shape,
    /// Where its value comes from.
    pub source: Source,
    /// Whether not everybody who reads the view may read it.
    pub restricted: bool,
    /// Where its value refers to other objects: the view through which they are seen.
    pub through: Option<Arc<str>>,
}

/// Where a value comes from.
#[derive(Debug)]
pub enum Source {
    /// The object's field with this name.
    Field(Arc<str>),
    /// The object type's derived field with this name.
    Derived(Arc<str>),
    /// The object type's inverse with this name: the objects that refer to it.
    Inverse(Arc<str>),
    /// An expression of the view's own.
    Computed(Box<Expression>),
}

impl Source {
    /// The name of the object's field; of a computed value, its expression.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Field(name) | Self::Derived(name) | Self::Inverse(name) => name,
            Self::Computed(expression) => expression.source(),
        }
    }
}

/// Whether a view withholds an object cannot be told; so nothing is shown of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WithheldError {
    /// The expression failed.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// Somebody whom the expression meets is not there.
    #[error("`{0}` follows a reference to somebody who was not read")]
    Unmet(Arc<str>),
    /// The expression gave no truth.
    #[error("`{0}` is neither true nor false")]
    NoTruth(Arc<str>),
}

impl View {
    /// Whether it shows nothing of this object, at whatever day it is asked about.
    ///
    /// It is told from the end of the material line: what is not to be given is not given of the past either.
    pub(crate) fn withholds(
        &self,
        catalogue: &Catalogue,
        world: &World,
        id: ObjectId,
    ) -> Result<bool, WithheldError> {
        let Some(withheld) = self.withheld.as_ref().filter(|_| world.object(id).is_some()) else {
            return Ok(false);
        };
        match world.derived(catalogue, id, withheld, Day::LAST)? {
            Following::Told(told) => {
                told.as_bool().ok_or_else(|| WithheldError::NoTruth(Arc::clone(withheld.source())))
            }
            Following::Unmet(_) => Err(WithheldError::Unmet(Arc::clone(withheld.source()))),
        }
    }

    /// What tells whether it withholds these objects.
    pub(crate) fn withholding<'a>(&'a self, ids: &'a [ObjectId]) -> impl Iterator<Item = Asked<'a>> {
        let withheld = self.withheld.as_deref().into_iter();
        withheld
            .flat_map(|expression| ids.iter().map(move |id| Asked { id: *id, expression, day: Day::LAST }))
    }
}

impl Views {
    /// The expression of a derived field or a computed value; none for a plain field.
    #[must_use]
    pub fn expression<'a>(
        catalogue: &'a Catalogue,
        view: &'a View,
        source: &'a Source,
    ) -> Option<&'a Expression> {
        match source {
            Source::Field(_) | Source::Inverse(_) => None,
            Source::Derived(name) => {
                catalogue.object_types.get(&view.object_type)?.derived.get(name).map(|derived| &derived.value)
            }
            Source::Computed(expression) => Some(expression),
        }
    }
}
