//! What was done with somebody's data: the processing log, as a Relay connection, newest first.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder,
    TypeRef,
};
use chrono::{DateTime, Utc};
use door::{Ended, faults};
use processing_log::{Asked, Record, Records};
use read_model::catalogue::Catalogue;
use read_model::event::ObjectId;
use read_model::time::{FIRST_INSTANT, Moment};

use crate::arguments::{self, given};
use crate::cursor;
use crate::entitled::Entitled;
use crate::event_page::{declare_page, first};
use crate::refusal::Refusal;
use crate::surface::Surface;
use crate::types::page_info::{self, PageInfo};
use crate::types::{Plain, date_time, text, with_plain};

/// What its cursors are of.
const KIND: &str = "processing";

/// A page of records.
struct Page {
    records: Vec<Arc<Record>>,
    subject: ObjectId,
    more: bool,
    after: bool,
}

/// A record, of whose data.
struct RecordAt {
    record: Arc<Record>,
    subject: ObjectId,
}

/// With the root field and its types, where there is such a log.
pub(crate) fn shown(
    catalogue: &Catalogue,
    (query, builder): (Object, SchemaBuilder),
) -> (Object, SchemaBuilder) {
    match catalogue.processing {
        Some(_) => (query.field(root()), register(builder)),
        None => (query, builder),
    }
}

fn root() -> Field {
    let field = Field::new("processingRecords", TypeRef::named_nn("ProcessingRecordConnection"), |context| {
        FieldFuture::new(async move { resolve(&context).await.map(|page| Some(FieldValue::owned_any(page))) })
    });
    let subject = InputValue::new("subject", TypeRef::named_nn("UUID"));
    let from = InputValue::new("from", TypeRef::named("Moment"));
    let until = InputValue::new("until", TypeRef::named("Moment"));
    let field = field
        .argument(subject.description("Whose data."))
        .argument(
            from.description("Only what ended at this moment or later; of a date, on that day or later."),
        )
        .argument(until.description("Only what ended before this moment; of a date, on that day or before."));
    declare_page(field).description(
        "What was done with somebody's data, by whom, and as part of which processing activity (Logboek Dataverwerkingen): newest first, page by page. That it was asked for is a record as well.",
    )
}

fn register(builder: SchemaBuilder) -> SchemaBuilder {
    [connection(), edge(), record()].into_iter().fold(builder.register(status()), SchemaBuilder::register)
}

async fn resolve(context: &ResolverContext<'_>) -> Result<Page> {
    // The schema has let no other pass.
    let subject = arguments::id(context, "subject")?.unwrap_or_default();
    Entitled::of(context)?.records(subject)?;
    let (first, after) = (first(context)?, after(context)?);
    let [from, until] = ["from", "until"].map(|name| arguments::moment(context, name));
    let zone = Surface::of(context)?.catalogue.zone;
    let from = from?.map_or(FIRST_INSTANT, |moment| match moment {
        Moment::Instant(instant) => instant,
        Moment::Day(day) => zone.start_of(day),
    });
    let until = until?.map_or(DateTime::<Utc>::MAX_UTC, |moment| match moment {
        Moment::Instant(instant) => instant,
        Moment::Day(day) => zone.end_of(day),
    });
    let asked = Asked { subject, from, until, before: after.unwrap_or(i64::MAX) };
    let records = context.data::<Records>()?.page(asked, first + 1).await;
    let mut records: Vec<Arc<Record>> =
        records.map_err(|error| faults::internal(&error))?.into_iter().map(Arc::new).collect();
    let more = records.len() > first;
    records.truncate(first);
    Ok(Page { records, subject, more, after: after.is_some() })
}

const FIELDS: [Plain<RecordAt>; 13] = [
    ("traceId", "String!", "The trace of what was done (W3C Trace Context).", |at| text(&at.record.trace_id)),
    ("spanId", "String!", "The record's own step in the trace.", |at| text(&at.record.span_id)),
    ("parentSpanId", "String!", "The step of the request that it was part of.", |at| {
        text(&at.record.parent_span_id)
    }),
    ("foreignSpanId", "String", "The step of whoever made the request, where they told it.", |at| {
        at.record.foreign_span_id.as_ref().map_or(async_graphql::Value::Null, text)
    }),
    ("name", "String!", "What was done.", |at| text(&at.record.name)),
    ("startedAt", "DateTime!", "When it began.", |at| date_time(at.record.started_at)),
    ("endedAt", "DateTime!", "When it ended.", |at| date_time(at.record.ended_at)),
    ("resource", "String!", "The server that did it, and its version.", |at| text(&at.record.resource)),
    (
        "processingActivityId",
        "String!",
        "Where the activity that it was part of stands in the register of processing activities, as a URI.",
        |at| text(&at.record.processing_activity_id),
    ),
    ("dataSubjectId", "UUID!", "Whose data.", |at| text(at.subject)),
    ("dataSubjectIdType", "String!", "What that is an id of.", |at| text(&at.record.data_subject_id_type)),
    ("sourceType", "String!", "With which authority it was done.", |at| text(&at.record.source_type)),
    ("organisation", "String!", "By which organisation, by its OIN.", |at| text(&at.record.organisation)),
];

fn record() -> Object {
    let status = Field::new("status", TypeRef::named_nn("ProcessingStatus"), |context| {
        FieldFuture::new(async move {
            let at = context.parent_value.try_downcast_ref::<RecordAt>()?;
            Ok(Some(FieldValue::value(text(&at.record.status))))
        })
    });
    let source = Field::new("sourceId", TypeRef::named("UUID"), |context| {
        FieldFuture::new(async move {
            Entitled::of(&context)?.every_record()?;
            let at = context.parent_value.try_downcast_ref::<RecordAt>()?;
            Ok(Some(FieldValue::value(text(at.record.source_id))))
        })
    });
    with_plain(Object::new("ProcessingRecord"), &FIELDS)
        .description("Something that was done with the data of a person.")
        .field(status.description("How it ended."))
        .field(source.description(
            "Who did it: for who may look at everybody's records. Others are told the authority and the organisation.",
        ))
}

fn status() -> Enum {
    let about = |ended: Ended| match ended {
        Ended::Done => "It was done.",
        Ended::Refused => "It was refused for what it was.",
        Ended::Denied => "Who asked for it may not.",
        Ended::Failed => "It failed.",
    };
    let item = |ended: Ended| EnumItem::new(ended.name()).description(about(ended));
    Enum::new("ProcessingStatus")
        .description("How something that was done with somebody's data ended.")
        .items(Ended::ALL.map(item))
}

const EDGE: [Plain<RecordAt>; 1] =
    [("cursor", "String!", "Pass it on as `after` to go on from here.", |at| {
        text(cursor::write(KIND, at.record.number))
    })];

fn edge() -> Object {
    let node = Field::new("node", TypeRef::named_nn("ProcessingRecord"), |context| {
        FieldFuture::new(async move {
            Ok(Some(FieldValue::borrowed_any(context.parent_value.try_downcast_ref::<RecordAt>()?)))
        })
    });
    with_plain(Object::new("ProcessingRecordEdge"), &EDGE)
        .field(node.description("The record."))
        .description("A record in a page.")
}

fn connection() -> Object {
    let edges = Field::new("edges", TypeRef::named_nn_list_nn("ProcessingRecordEdge"), |context| {
        FieldFuture::new(async move {
            let Page { records, subject, .. } = context.parent_value.try_downcast_ref()?;
            let edge = |record: &Arc<Record>| RecordAt { record: Arc::clone(record), subject: *subject };
            Ok(Some(FieldValue::list(records.iter().map(edge).map(FieldValue::owned_any))))
        })
    });
    Object::new("ProcessingRecordConnection")
        .description("A page of what was done with somebody's data.")
        .field(edges.description("The records, each with its cursor."))
        .field(page_info::field(|context| {
            let page = context.parent_value.try_downcast_ref::<Page>()?;
            let cursor =
                |record: Option<&Arc<Record>>| record.map(|record| cursor::write(KIND, record.number));
            Ok(PageInfo {
                more: page.more,
                after: page.after,
                start: cursor(page.records.first()),
                end: cursor(page.records.last()),
            })
        }))
}

fn after(context: &ResolverContext<'_>) -> Result<Option<i64>, Refusal> {
    let Some(value) = given(context, "after") else { return Ok(None) };
    let text = value.string().map_err(|_| Refusal::After(door::shown(value.as_value())))?;
    cursor::read(KIND, text).map(Some)
}
