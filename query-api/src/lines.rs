//! The lines of an object: how its fields went, on one time line or on both, and why.

mod cause;
mod doubt;
mod stretch;
mod types;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, TypeRef};
use read_model::fold::{FieldLine, Rectangle};
use read_model::time::Day;

use self::cause::ProvenanceAt;
use self::stretch::StretchAt;
pub(crate) use self::types::{LineTypes, field_enum};
use crate::arguments::{self, given};
use crate::entitled::{Entitled, check_field};
use crate::reading::Reading;
use crate::refusal::Refusal;
use crate::surface::Surface;
use crate::value::ObjectAt;
use crate::views::{Source, View};

/// An object of which lines are asked, through a view.
pub(crate) struct Shown {
    view: Arc<View>,
    at: ObjectAt,
}

impl Shown {
    /// None where nothing is to be told of the object.
    fn of(context: &ResolverContext<'_>, view: &Arc<View>) -> Result<Option<Arc<Self>>> {
        let at = context.parent_value.try_downcast_ref::<ObjectAt>()?;
        let known = at.world.object(at.id).is_some();
        Ok(known.then(|| Arc::new(Self { view: Arc::clone(view), at: at.clone() })))
    }

    /// The line of a field of the view; none where nothing that counts was said of it.
    fn line(&self, index: usize) -> Option<&FieldLine> {
        self.at.world.object(self.at.id)?.line(self.view.fields[index].source.name())
    }
}

/// How the fields of an object went in reality, as known at its point, between two days.
struct HistoryAt {
    shown: Arc<Shown>,
    from: Option<Day>,
    until: Option<Day>,
}

/// What was believed of the fields of an object, about when, and from when until when.
struct TimelineAt {
    shown: Arc<Shown>,
    rectangles: BTreeMap<Arc<str>, Vec<Rectangle>>,
}

/// The name of the field that tells which others are doubted.
pub(crate) const DOUBTED: &str = "inOnderzoek";

/// The fields `history`, `timeline`, `provenance` and `inOnderzoek` of an object; none where its view shows nothing that has a line.
pub(crate) fn fields(view: &Arc<View>) -> Vec<Field> {
    if has_lines(view) {
        vec![history(view), timeline(view), provenance(view), doubt::field(view)]
    } else {
        Vec::new()
    }
}

/// Whether a view shows a field that events set.
pub(crate) fn has_lines(view: &View) -> bool {
    with_lines(view).next().is_some()
}

/// The places of the fields of a view that have a line: those that events set.
fn with_lines(view: &View) -> impl Iterator<Item = usize> {
    (0..view.fields.len()).filter(|index| matches!(view.fields[*index].source, Source::Field(_)))
}

/// The type of `history`: of each field its periods.
pub(crate) fn history_object(view: &Arc<View>, types: &mut LineTypes<'_, '_>) -> Object {
    let object = Object::new(format!("{}History", view.name))
        .description("How the fields went in reality, as known at `knownAt`; planned changes included.");
    with_lines(view).fold(object, |object, index| {
        let field = Field::new(&*view.fields[index].name, types.periods(view, index), move |context| {
            FieldFuture::new(async move {
                let HistoryAt { shown, from, until } = context.parent_value.try_downcast_ref()?;
                check_field(&context, &shown.view, &shown.view.fields[index])?;
                let mut held = shown.line(index).map(FieldLine::held).unwrap_or_default();
                held.retain(|period| period.meets(*from, *until));
                let stretch = |period| StretchAt::new(shown, index, period, None);
                Ok(Some(FieldValue::list(held.into_iter().map(stretch).map(FieldValue::owned_any))))
            })
        });
        object.field(described(field, view, index))
    })
}

/// The type of `timeline`: of each field its rectangles.
pub(crate) fn timeline_object(view: &Arc<View>, types: &mut LineTypes<'_, '_>) -> Object {
    let object = Object::new(format!("{}Timeline", view.name)).description(
        "What was believed of the fields, about which stretch, and from when until when it was.",
    );
    with_lines(view).fold(object, |object, index| {
        let name = view.fields[index].source.name().to_owned();
        let field = Field::new(&*view.fields[index].name, types.rectangles(view, index), move |context| {
            let name = name.clone();
            FieldFuture::new(async move {
                let TimelineAt { shown, rectangles } = context.parent_value.try_downcast_ref()?;
                check_field(&context, &shown.view, &shown.view.fields[index])?;
                let rectangles = rectangles.get(&*name).into_iter().flatten().cloned();
                let stretch = |Rectangle { period, known_from, known_until }| {
                    StretchAt::new(shown, index, period, Some((known_from, known_until)))
                };
                Ok(Some(FieldValue::list(rectangles.map(stretch).map(FieldValue::owned_any))))
            })
        });
        object.field(described(field, view, index))
    })
}

fn described(field: Field, view: &View, index: usize) -> Field {
    match &view.fields[index].description {
        Some(description) => field.description(&**description),
        None => field,
    }
}

fn history(view: &Arc<View>) -> Field {
    let shown = Arc::clone(view);
    let field = Field::new("history", TypeRef::named(format!("{}History", view.name)), move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            let (from, until) = (day(&context, "from")?, day(&context, "until")?);
            let shown = Shown::of(&context, &view)?;
            Ok(shown.map(|shown| FieldValue::owned_any(HistoryAt { shown, from, until })))
        })
    });
    let from = InputValue::new("from", TypeRef::named("Moment"));
    let until = InputValue::new("until", TypeRef::named("Moment"));
    field
        .argument(from.description("The first day to tell of; without it, from the beginning."))
        .argument(until.description("The first day not to tell of; without it, to the end, planned changes included."))
        .description("How its fields went in reality, as known at `knownAt`: the periods that share a day with the stretch asked for.")
}

fn timeline(view: &Arc<View>) -> Field {
    let shown = Arc::clone(view);
    let field = Field::new("timeline", TypeRef::named(format!("{}Timeline", view.name)), move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            let superseded = given(&context, "includeSuperseded").and_then(|given| given.boolean().ok());
            let Some(shown) = Shown::of(&context, &view)? else { return Ok(None) };
            let mut rectangles = Reading::of(&context)?.timeline(shown.at.id, shown.at.point).await?;
            if superseded != Some(true) {
                rectangles.values_mut().for_each(|of| of.retain(|rectangle| rectangle.known_until.is_none()));
            }
            Ok(Some(FieldValue::owned_any(TimelineAt { shown, rectangles })))
        })
    });
    let superseded = InputValue::new("includeSuperseded", TypeRef::named(TypeRef::BOOLEAN))
        .description("Also what was believed once, and is no longer.")
        .default_value(Value::from(false));
    field.argument(superseded).description(
        "Both time lines: what its fields answer, about which stretch, and from when until when the registry believed it.",
    )
}

fn provenance(view: &Arc<View>) -> Field {
    let shown = Arc::clone(view);
    let field = Field::new("provenance", TypeRef::named_list("Provenance"), move |context| {
        let view = Arc::clone(&shown);
        FieldFuture::new(async move {
            Entitled::of(&context)?.every_event()?;
            let name = context.args.try_get("field")?;
            let index = with_lines(&view).find(|index| name.enum_name() == Ok(&*view.fields[*index].name));
            index.map_or(Ok(()), |index| check_field(&context, &view, &view.fields[index]))?;
            let (Some(index), Some(shown)) = (index, Shown::of(&context, &view)?) else {
                return Ok(None);
            };
            let mut answered = shown.line(index).map(FieldLine::answered).unwrap_or_default();
            answered.retain(|period| period.includes(shown.at.point.as_of));
            let why = |period| ProvenanceAt { shown: Arc::clone(&shown), index, period };
            Ok(Some(FieldValue::list(answered.into_iter().map(why).map(FieldValue::owned_any))))
        })
    });
    let which = InputValue::new("field", TypeRef::named_nn(types::field_enum_name(view)));
    field
        .argument(which.description("Of which field."))
        .description("Why a field has its value at the two moments asked; of a list, one for each item. Empty where it has none.")
}

/// The local day in this argument, where given.
fn day(context: &ResolverContext<'_>, argument: &'static str) -> Result<Option<Day>, Refusal> {
    let moment = arguments::moment(context, argument)?;
    let zone = Surface::of(context).map(|surface| surface.catalogue.zone);
    Ok(moment.zip(zone.ok()).map(|(moment, zone)| moment.day(zone)))
}
