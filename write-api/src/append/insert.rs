//! The one INSERT of events.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::catalogue::{Catalogue, SearchTerm};
use read_model::event::{Event, EventKind, Position};
use read_model::work::WorkKind;
use sqlx::postgres::PgArguments;
use sqlx::query::QueryScalar;
use sqlx::{AssertSqlSafe, PgExecutor, Postgres};

use super::mirror::Head;
use super::overlay::Overlay;
use super::work::{self, WorkRow};

/// How an insert ended.
#[derive(Debug)]
pub(super) enum Inserted {
    /// Committed; the first event's `created_at`. Each next one is a microsecond later, unless it was given.
    Committed(DateTime<Utc>),
    /// The log has moved on, or the day has changed, since the decisions were made: nothing was written.
    Stale,
    /// An id is in use by an event that the decisions did not see: nothing was written.
    IdTaken,
}

/// Advances the head, inserts events, their links to objects and bases, unique values, search terms, and what waits for a
/// clerk: one statement, one commit.
///
/// It does so only where the log ends at `$1`, so that whatever the decisions looked at is what the events are
/// appended to; and only on the local day that the decisions took for today.
///
/// Whoever waits for events is told where the log ends now: one notification a commit, sent by the commit itself.
///
/// A part that has nothing to do is left out, as the database would prepare for it all the same.
const EVENTS: &str = "
WITH tick AS MATERIALIZED (
  SELECT clock_timestamp() AS now
), moved AS (
  UPDATE head SET position = head.position + $2,
                  created_at = coalesce(($16::timestamptz[])[$2], greatest(tick.now, head.created_at + interval '1 microsecond') + ($2 - 1) * interval '1 microsecond')
  FROM tick
  WHERE head.position = $1
    AND (($16::timestamptz[]) IS NOT NULL
         OR (greatest(tick.now, head.created_at + interval '1 microsecond') >= $3
             AND greatest(tick.now, head.created_at + interval '1 microsecond') + $2 * interval '1 microsecond' <= $4))
  RETURNING coalesce(($16::timestamptz[])[1], head.created_at - ($2 - 1) * interval '1 microsecond') AS first_created_at
), new AS (
  SELECT $1 + n.ordinal AS position, coalesce(($16::timestamptz[])[n.ordinal], moved.first_created_at + (n.ordinal - 1) * interval '1 microsecond') AS created_at,
         n.id, n.occurred_at, n.object_ids::uuid[] AS object_ids, n.event_type, n.event_version, n.event_kind::event_kind AS event_kind,
         n.source_id, n.source_type, n.event_reference::uuid[] AS event_reference, n.event_data::json AS event_data
  FROM moved CROSS JOIN unnest($5::uuid[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[], $13::text[], $14::text[])
    WITH ORDINALITY AS n(id, occurred_at, object_ids, event_type, event_version, event_kind, source_id, source_type, event_reference, event_data, ordinal)
), event_rows AS (
  INSERT INTO event (position, id, created_at, occurred_at, object_ids, event_type, event_version, event_kind, event_source_id, event_source_type, event_reference, event_data)
  SELECT position, id, created_at, coalesce(occurred_at, created_at), object_ids, event_type, event_version, event_kind, source_id, source_type, event_reference, event_data FROM new
), links AS (
  INSERT INTO event_object (object_id, position)
  SELECT object_id, position FROM new CROSS JOIN LATERAL unnest(object_ids) AS of(object_id)
)";

const TOLD: &str = "
SELECT first_created_at, pg_notify('f6_head', ($1 + $2)::text) FROM moved";

/// Claims that are based on others.
const BASES: &str = ", bases AS (
  INSERT INTO event_basis (basis, position)
  SELECT DISTINCT basis, position FROM new CROSS JOIN LATERAL unnest(event_reference) AS of(basis) WHERE event_kind = 'Claim'
)";

const UNIQUE_VALUES: &str = ", unique_values AS (
  INSERT INTO unique_value (field, value, object_id, position)
  SELECT u.field, u.value, u.object_id, u.position FROM moved CROSS JOIN unnest($15::text[], $17::text[], $18::uuid[], $19::bigint[]) AS u(field, value, object_id, position)
  ON CONFLICT DO NOTHING
)";

const SEARCH_TERMS: &str = ", search_terms AS (
  INSERT INTO search_term (search, term, object_id, position)
  SELECT t.search, t.term, t.object_id, t.position FROM moved CROSS JOIN unnest($20::text[], $21::text[], $22::uuid[], $23::bigint[]) AS t(search, term, object_id, position)
  ON CONFLICT DO NOTHING
)";

/// What comes to wait for a clerk, and what no longer does.
const TURN: &str = ", turn AS (
  SELECT t.* FROM moved CROSS JOIN unnest($24::bigint[], $25::text[], $26::text[], $27::bigint[], $28::bigint[], $29::bool[]) AS t(position, event_type, becomes, since, until, first)
)";

/// What waits is looked up by its event: a plan that was made while little waited would else go on to read all that does,
/// which `OFFSET 0` and an expression that the index of what waits does not know keep it from.
const NO_LONGER: &str = ", no_longer AS (
  UPDATE work_item w SET until = CASE WHEN w.kind = t.becomes THEN t.until ELSE t.since END
  FROM turn t CROSS JOIN LATERAL (
    SELECT i.ctid FROM work_item i WHERE i.position = t.position AND coalesce(i.until, 0) = 0 OFFSET 0
  ) AS waiting
  WHERE t.first AND w.ctid = waiting.ctid AND (w.kind IS DISTINCT FROM t.becomes OR t.until IS NOT NULL)
)";

/// The same is looked up here.
const WAITING: &str = ", work AS (
  INSERT INTO work_item (position, kind, since, until, event_type)
  SELECT t.position, t.becomes, t.since, t.until, t.event_type FROM turn t
  WHERE t.becomes IS NOT NULL
    AND NOT (t.first AND EXISTS (SELECT FROM work_item i WHERE i.position = t.position AND i.kind = t.becomes AND coalesce(i.until, 0) = 0 OFFSET 0))
  ON CONFLICT DO NOTHING
)";

/// The statement for what was decided on a log that ends at `head`. `stamps` gives each event's `created_at`, where an import
/// states it.
pub(super) fn insert(
    catalogue: &Catalogue,
    head: Head,
    overlay: &Overlay,
    stamps: Option<&[DateTime<Utc>]>,
) -> Insert {
    let events = overlay.events();
    let day = catalogue.zone.day(events.first().map_or(head.created_at, |event| event.created_at));
    let column = |of: fn(&Event) -> String| events.iter().map(|event| of(event)).collect::<Vec<String>>();
    let unique = overlay.unique();
    let terms: Vec<SearchTerm> = events.iter().flat_map(|event| catalogue.search_terms(event)).collect();
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let work = work::rows(overlay.turns(), head, stamps);
    let query =
        sqlx::query_scalar::<_, DateTime<Utc>>(AssertSqlSafe(statement(overlay, !terms.is_empty(), &work)))
            .bind(head.position.get())
            .bind(count)
            .bind(catalogue.zone.start_of(day))
            .bind(catalogue.zone.end_of(day))
            .bind(events.iter().map(|event| event.id).collect::<Vec<_>>())
            .bind(events.iter().map(stated).collect::<Vec<_>>())
            .bind(column(|event| array(&event.object_ids)))
            .bind(column(|event| event.event_type.to_string()))
            .bind(column(|event| event.event_version.to_string()))
            .bind(column(|event| event.kind().name().to_owned()))
            .bind(events.iter().map(|event| event.source.id).collect::<Vec<_>>())
            .bind(column(|event| event.source.source_type.to_string()))
            .bind(column(|event| array(&event.references)))
            .bind(column(|event| event.body.to_event_data().to_string()))
            .bind(unique.iter().map(|known| known.field.to_string()).collect::<Vec<_>>())
            .bind(stamps.map(<[_]>::to_vec))
            .bind(unique.iter().map(|known| known.value.clone()).collect::<Vec<_>>())
            .bind(unique.iter().map(|known| known.object).collect::<Vec<_>>())
            .bind(unique.iter().map(|known| known.position.get()).collect::<Vec<_>>())
            .bind(terms.iter().map(|found| found.search.to_string()).collect::<Vec<_>>())
            .bind(terms.iter().map(|found| found.term.clone()).collect::<Vec<_>>())
            .bind(terms.iter().map(|found| found.object).collect::<Vec<_>>())
            .bind(terms.iter().map(|found| found.position.get()).collect::<Vec<_>>());
    Insert(with_work(query, &work))
}

/// The text of the statement, with the parts that have something to do.
fn statement(overlay: &Overlay, has_terms: bool, work: &[WorkRow]) -> String {
    let based = |event: &Arc<Event>| event.kind() == EventKind::Claim && !event.references.is_empty();
    let (ends, begins) = (work.iter().any(|row| row.first), work.iter().any(|row| row.becomes.is_some()));
    let parts = [
        (true, EVENTS),
        (overlay.events().iter().any(based), BASES),
        (!overlay.unique().is_empty(), UNIQUE_VALUES),
        (has_terms, SEARCH_TERMS),
        (ends || begins, TURN),
        (ends, NO_LONGER),
        (begins, WAITING),
        (true, TOLD),
    ];
    parts.into_iter().filter_map(|(needed, part)| needed.then_some(part)).collect()
}

/// The statement, with all that it inserts.
pub(super) struct Insert(Query);

type Query = QueryScalar<'static, Postgres, DateTime<Utc>, PgArguments>;

impl Insert {
    /// Has the database carry it out.
    pub(super) async fn execute(self, executor: impl PgExecutor<'_>) -> Result<Inserted, sqlx::Error> {
        inserted(self.0.fetch_optional(executor).await)
    }
}

/// The statement with what comes to wait for a clerk, and what no longer does.
fn with_work(query: Query, rows: &[WorkRow]) -> Query {
    query
        .bind(rows.iter().map(|row| row.position.get()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.event_type.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.becomes.map(WorkKind::name)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.since.get()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.until.map(Position::get)).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.first).collect::<Vec<_>>())
}

/// What the statement says of how it ended.
fn inserted(answer: Result<Option<DateTime<Utc>>, sqlx::Error>) -> Result<Inserted, sqlx::Error> {
    match answer {
        Ok(Some(first_created_at)) => Ok(Inserted::Committed(first_created_at)),
        Ok(None) => Ok(Inserted::Stale),
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => match error.constraint() {
            Some("event_id_key") => Ok(Inserted::IdTaken),
            _ => Ok(Inserted::Stale),
        },
        Err(error) => Err(error),
    }
}

/// When the event occurred; none for a Correction or Validation that states nothing: it occurs when it is registered.
fn stated(event: &Arc<Event>) -> Option<DateTime<Utc>> {
    event.body.content().map(|_| event.occurred_at)
}

/// A uuid[] as text: `unnest` would flatten an array of arrays.
fn array(ids: &[uuid::Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(uuid::Uuid::to_string).collect();
    format!("{{{}}}", ids.join(","))
}
