//! Why: the edges of a stretch, and the events that make its value, its beginning and its end.

use std::sync::Arc;

use async_graphql::dynamic::{Field, FieldFuture, FieldValue, Object, ResolverContext, TypeRef};
use async_graphql::{Result, Value};
use read_model::event::{Body, Event};
use read_model::fold::{Assertion, Period, rests_on};
use read_model::time::Day;

use super::Shown;
use crate::event::EventAt;
use crate::reading::Reading;
use crate::types::{Plain, date_time, text, with_plain};

/// Where a stretch begins or ends.
pub(super) struct EdgeAt {
    pub(super) day: Day,
    /// What makes it begin or end there.
    pub(super) by: Arc<Assertion>,
}

/// Why a field has a value on a stretch.
pub(super) struct ProvenanceAt {
    pub(super) shown: Arc<Shown>,
    pub(super) index: usize,
    pub(super) period: Period,
}

/// What one claim said, with all that makes it so.
struct CauseAt {
    shown: Arc<Shown>,
    index: usize,
    said: Arc<Assertion>,
}

const EDGE: [Plain<EdgeAt>; 3] = [
    ("day", "Date!", "The day on which it lies.", |edge| text(edge.day)),
    ("certain", "Boolean!", "Whether the date is known to the day.", |edge| edge.by.date.is_certain().into()),
    ("registered", "DateTime!", "When the registry learned of the claim that makes it.", |edge| {
        date_time(edge.by.because.claim.created_at)
    }),
];

const CAUSE: [Plain<CauseAt>; 1] = [(
    "reason",
    "String",
    "Why it was corrected, or else why it was accepted, where that was stated.",
    |cause| {
        let because = &cause.said.because;
        let stated = [&because.amend, &because.validation].into_iter().flatten().find_map(reason);
        stated.map_or(Value::Null, text)
    },
)];

/// The GraphQL types.
pub(super) fn objects() -> [Object; 3] {
    [edge(), provenance(), cause()]
}

fn edge() -> Object {
    let date = Field::new("date", TypeRef::named_nn("PartialDate"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::owned_any(context.parent_value.try_downcast_ref::<EdgeAt>()?.by.date)))
        })
    });
    with_plain(Object::new("Edge"), &EDGE)
        .field(date.description("The date as it is known."))
        .description("Where a stretch of the material line begins or ends.")
}

fn provenance() -> Object {
    let part = |name: &str, of: TypeRef, said: fn(&Period) -> Option<&Arc<Assertion>>| {
        Field::new(name, of, move |context| {
            FieldFuture::new(async move {
                let ProvenanceAt { shown, index, period } = context.parent_value.try_downcast_ref()?;
                let cause = |said: &Arc<Assertion>| CauseAt {
                    shown: Arc::clone(shown),
                    index: *index,
                    said: Arc::clone(said),
                };
                Ok(said(period).map(cause).map(FieldValue::owned_any))
            })
        })
    };
    let cause = || TypeRef::named_nn("Cause");
    Object::new("Provenance")
        .description("Why a field has a value on a stretch of the material line.")
        .field(
            part("value", cause(), |period| Some(&period.said))
                .description("Who says that it has this value."),
        )
        .field(
            part("beginning", cause(), |period| Some(&period.begun_by))
                .description("Who says that it begins where it does."),
        )
        .field(
            part("end", TypeRef::named("Cause"), |period| period.ended_by.as_ref())
                .description("Who says that it ends where it does; null where it has no end."),
        )
}

fn cause() -> Object {
    let one = |name: &str, of: TypeRef, event: fn(&Assertion) -> Option<&Arc<Event>>| {
        Field::new(name, of, move |context| {
            FieldFuture::new(async move {
                let cause = context.parent_value.try_downcast_ref::<CauseAt>()?;
                let shown = event(&cause.said).map(|event| cause.event(&context, event)).transpose()?;
                Ok(shown.map(FieldValue::owned_any))
            })
        })
    };
    let rests = Field::new("restsOn", TypeRef::named_nn_list_nn("Event"), |context| {
        FieldFuture::new(async move {
            let cause = context.parent_value.try_downcast_ref::<CauseAt>()?;
            let rests_on = cause.rests_on(Reading::of(&context)?).await?;
            EventAt::list(&context, rests_on, cause.shown.at.point).map(Some)
        })
    });
    let nullable = || TypeRef::named("Event");
    with_plain(Object::new("Cause"), &CAUSE)
        .description("What was claimed, and what makes it count.")
        .field(
            one("claim", TypeRef::named_nn("Event"), |said| Some(&said.because.claim)).description("The claim."),
        )
        .field(
            one("validation", nullable(), |said| said.because.validation.as_ref())
                .description("What accepted it; null where nobody has judged it."),
        )
        .field(
            one("correction", nullable(), |said| said.because.amend.as_ref())
                .description("The correction that gives its content, where there is one."),
        )
        .field(
            one("correctionValidation", nullable(), |said| said.because.amend_validation.as_ref())
                .description("What accepted that correction."),
        )
        .field(rests.description(
            "The other events that it rests on, oldest first: its basis, the claim before it that settles where it begins, and what its value was computed from.",
        ))
}

impl CauseAt {
    fn event(&self, context: &ResolverContext<'_>, event: &Arc<Event>) -> Result<EventAt> {
        EventAt::shown(context, Arc::clone(event), self.shown.at.point)
    }

    async fn rests_on(&self, reading: &Reading) -> Result<Vec<Arc<Event>>> {
        let at = &self.shown.at;
        let Some(line) = self.shown.line(self.index) else { return Ok(Vec::new()) };
        let told = reading.told(at.id, at.point).await?;
        Ok(rests_on(&at.world, &told.resolution, line, &self.said))
    }
}

fn reason(event: &Arc<Event>) -> Option<&str> {
    match &event.body {
        Body::Claim(_) => None,
        Body::Amend { reason, .. } | Body::Annul { reason } | Body::Validation { reason, .. } => {
            reason.as_deref()
        }
    }
}
