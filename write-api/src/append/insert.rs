//! The one INSERT of events.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use read_model::catalogue::{Catalogue, SearchTerm};
use read_model::event::{Event, EventId, EventKind, Position};
use read_model::work::WorkKind;
use sqlx::{AssertSqlSafe, PgExecutor};
use uuid::Uuid;

use super::mirror::Head;
use super::overlay::Overlay;
use super::records::Recorded;
use super::work::{self, WorkRow};
use crate::decide::UniqueValue;

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
/// A part that has nothing to do is left out, as the database would prepare for it all the same. Lists within events, of
/// objects and of references, come one after the other, with the place where each ends: `unnest` would flatten them anyway.
const EVENTS: &str = "
WITH moved AS (
  UPDATE head SET position = position + $2,
                  created_at = coalesce(($5::timestamptz[])[$2], greatest(statement_timestamp(), created_at + interval '1 microsecond') + ($2 - 1) * interval '1 microsecond')
  WHERE position = $1
    AND (($5::timestamptz[]) IS NOT NULL
         OR (greatest(statement_timestamp(), created_at + interval '1 microsecond') >= $3
             AND greatest(statement_timestamp(), created_at + interval '1 microsecond') + $2 * interval '1 microsecond' <= $4))
  RETURNING coalesce(($5::timestamptz[])[1], created_at - ($2 - 1) * interval '1 microsecond') AS first_created_at
), event_rows AS (
  INSERT INTO event (position, id, created_at, occurred_at, object_ids, event_type, event_version, event_kind, event_source_id, event_source_type, event_reference, event_data)
  SELECT $1 + n.ordinal, n.id, at.created_at, coalesce(n.occurred_at, at.created_at),
         ($6::uuid[])[coalesce(($7::int[])[n.ordinal - 1], 0) + 1 : ($7::int[])[n.ordinal]],
         n.event_type, n.event_version, n.event_kind::event_kind, n.source_id, n.source_type,
         ($9::uuid[])[coalesce(($10::int[])[n.ordinal - 1], 0) + 1 : ($10::int[])[n.ordinal]],
         n.event_data::json
  FROM moved
    CROSS JOIN unnest($11::uuid[], $12::timestamptz[], $13::text[], $14::text[], $15::text[], $16::uuid[], $17::text[], $18::text[])
      WITH ORDINALITY AS n(id, occurred_at, event_type, event_version, event_kind, source_id, source_type, event_data, ordinal)
    CROSS JOIN LATERAL (SELECT coalesce(($5::timestamptz[])[n.ordinal], moved.first_created_at + (n.ordinal - 1) * interval '1 microsecond')) AS at(created_at)
), links AS (
  INSERT INTO event_object (object_id, position)
  SELECT of.object_id, of.position FROM moved CROSS JOIN unnest($6::uuid[], $8::bigint[]) AS of(object_id, position)
)";

const TOLD: &str = "
SELECT first_created_at, pg_notify('f6_head', ($1 + $2)::text) FROM moved";

/// Claims that are based on others.
const BASES: &str = ", bases AS (
  INSERT INTO event_basis (basis, position)
  SELECT of.basis, of.position FROM moved CROSS JOIN unnest($19::uuid[], $20::bigint[]) AS of(basis, position)
)";

const UNIQUE_VALUES: &str = ", unique_values AS (
  INSERT INTO unique_value (field, value, object_id, position)
  SELECT u.field, u.value, u.object_id, u.position FROM moved CROSS JOIN unnest($21::text[], $22::text[], $23::uuid[], $24::bigint[]) AS u(field, value, object_id, position)
  ON CONFLICT DO NOTHING
)";

const SEARCH_TERMS: &str = ", search_terms AS (
  INSERT INTO search_term (search, term, object_id, position)
  SELECT t.search, t.term, t.object_id, t.position FROM moved CROSS JOIN unnest($25::text[], $26::text[], $27::uuid[], $28::bigint[]) AS t(search, term, object_id, position)
  ON CONFLICT DO NOTHING
)";

/// What no longer waits for what it waited for. What waits is looked up by its event: a plan that was made while little waited
/// would else go on to read all that does, which `OFFSET 0` and an expression that the index of what waits does not know keep
/// it from.
const NO_LONGER: &str = ", no_longer AS (
  UPDATE work_item w SET until = CASE WHEN w.kind = t.becomes THEN t.until ELSE t.since END
  FROM moved
    CROSS JOIN unnest($29::bigint[], $30::text[], $31::bigint[], $32::bigint[]) AS t(position, becomes, since, until)
    CROSS JOIN LATERAL (
      SELECT i.ctid FROM work_item i WHERE i.position = t.position AND coalesce(i.until, 0) = 0 OFFSET 0
    ) AS waiting
  WHERE w.ctid = waiting.ctid AND (w.kind IS DISTINCT FROM t.becomes OR t.until IS NOT NULL)
)";

/// Events of this batch come to wait.
const WAITING: &str = ", work AS (
  INSERT INTO work_item (position, kind, since, until, event_type)
  SELECT t.position, t.kind, t.since, t.until, t.event_type
  FROM moved CROSS JOIN unnest($33::bigint[], $34::text[], $35::bigint[], $36::bigint[], $37::text[]) AS t(position, kind, since, until, event_type)
)";

/// Earlier events come to wait, which may do so already: those are looked up as in [`NO_LONGER`].
const WAITING_AGAIN: &str = ", work_again AS (
  INSERT INTO work_item (position, kind, since, until, event_type)
  SELECT t.position, t.kind, t.since, t.until, t.event_type
  FROM moved CROSS JOIN unnest($38::bigint[], $39::text[], $40::bigint[], $41::bigint[], $42::text[], $43::bool[]) AS t(position, kind, since, until, event_type, first)
  WHERE NOT (t.first AND EXISTS (SELECT FROM work_item i WHERE i.position = t.position AND i.kind = t.kind AND coalesce(i.until, 0) = 0 OFFSET 0))
  ON CONFLICT DO NOTHING
)";

/// How many parameters those parts have, all told.
pub(super) const PARAMETERS: usize = 43;

/// The statement for what was decided on a log that ends at `head`, with the records that tell of it. `stamps` gives each
/// event's `created_at`, where an import states it.
pub(super) fn insert(
    catalogue: &Catalogue,
    head: Head,
    overlay: &Overlay,
    stamps: Option<&[DateTime<Utc>]>,
    recorded: Option<Recorded<'_>>,
) -> Insert {
    let events = overlay.events();
    let terms: Vec<SearchTerm> = events.iter().flat_map(|event| catalogue.search_terms(event)).collect();
    let work = work::rows(overlay.turns(), head, stamps);
    let bases = bases(events);
    let (new, earlier): (Vec<&WorkRow>, Vec<&WorkRow>) =
        work.iter().filter(|row| row.becomes.is_some()).partition(|row| row.position > head.position);
    let ended: Vec<&WorkRow> = work.iter().filter(|row| row.first).collect();
    let unique = overlay.unique();
    let parts = [
        (true, EVENTS),
        (!bases.is_empty(), BASES),
        (!unique.is_empty(), UNIQUE_VALUES),
        (!terms.is_empty(), SEARCH_TERMS),
        (!ended.is_empty(), NO_LONGER),
        (!new.is_empty(), WAITING),
        (!earlier.is_empty(), WAITING_AGAIN),
        (recorded.is_some(), recorded.as_ref().map_or("", |recorded| &recorded.by.part)),
        (true, TOLD),
    ];
    let sql: String = parts.into_iter().filter_map(|(needed, part)| needed.then_some(part)).collect();
    let query = sqlx::query_scalar::<_, DateTime<Utc>>(AssertSqlSafe(sql));
    let query = with_events(query, (catalogue, head), events, stamps);
    let query = with_derived(query, &bases, (unique, &terms))
        .bind(column(&ended, |row| row.position.get()))
        .bind(column(&ended, |row| row.becomes.map(WorkKind::name)))
        .bind(column(&ended, |row| row.since.get()))
        .bind(column(&ended, |row| row.until.map(Position::get)));
    let query = with_waiting(with_waiting(query, &new), &earlier);
    let query = query.bind(column(&earlier, |row| row.first));
    Insert(match recorded {
        Some(recorded) => recorded.bind(query),
        None => query,
    })
}

fn with_events(
    query: Query,
    (catalogue, head): (&Catalogue, Head),
    events: &[Arc<Event>],
    stamps: Option<&[DateTime<Utc>]>,
) -> Query {
    let day = catalogue.zone.day(events.first().map_or(head.created_at, |event| event.created_at));
    let links = events.iter().flat_map(|event| event.object_ids.iter().map(|_| event.position.get()));
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let query = query
        .bind(head.position.get())
        .bind(count)
        .bind(catalogue.zone.start_of(day))
        .bind(catalogue.zone.end_of(day))
        .bind(stamps.map(<[_]>::to_vec));
    let query = with_lists(query, events, |event| &event.object_ids).bind(links.collect::<Vec<_>>());
    with_lists(query, events, |event| &event.references)
        .bind(column(events, |event| event.id))
        .bind(column(events, stated))
        .bind(column(events, |event| event.event_type.to_string()))
        .bind(column(events, |event| event.event_version.to_string()))
        .bind(column(events, |event| event.kind().name()))
        .bind(column(events, |event| event.source.id))
        .bind(column(events, |event| event.source.source_type.to_string()))
        .bind(column(events, |event| event.body.to_event_data().to_string()))
}

/// What follows from the events alone: bases, unique values, search terms.
fn with_derived(
    query: Query,
    bases: &BTreeSet<(EventId, Position)>,
    (unique, terms): (&[UniqueValue], &[SearchTerm]),
) -> Query {
    query
        .bind(column(bases, |(basis, _)| *basis))
        .bind(column(bases, |(_, position)| position.get()))
        .bind(column(unique, |known| known.field.to_string()))
        .bind(column(unique, |known| known.value.clone()))
        .bind(column(unique, |known| known.object))
        .bind(column(unique, |known| known.position.get()))
        .bind(column(terms, |found| found.search.to_string()))
        .bind(column(terms, |found| found.term.clone()))
        .bind(column(terms, |found| found.object))
        .bind(column(terms, |found| found.position.get()))
}

/// The lists of all events, one after the other, and where each ends.
fn with_lists(query: Query, events: &[Arc<Event>], of: fn(&Event) -> &Vec<Uuid>) -> Query {
    let all: Vec<Uuid> = events.iter().flat_map(|event| of(event)).copied().collect();
    let ends = events.iter().scan(0, |end, event| {
        *end += of(event).len();
        i32::try_from(*end).ok()
    });
    query.bind(all).bind(ends.collect::<Vec<i32>>())
}

fn with_waiting(query: Query, rows: &[&WorkRow]) -> Query {
    query
        .bind(column(rows, |row| row.position.get()))
        .bind(column(rows, |row| row.becomes.map(WorkKind::name)))
        .bind(column(rows, |row| row.since.get()))
        .bind(column(rows, |row| row.until.map(Position::get)))
        .bind(column(rows, |row| row.event_type.clone()))
}

/// Which claims are based on what, each pair once.
fn bases(events: &[Arc<Event>]) -> BTreeSet<(EventId, Position)> {
    let claims = events.iter().filter(|event| event.kind() == EventKind::Claim);
    claims.flat_map(|claim| claim.references.iter().map(|basis| (*basis, claim.position))).collect()
}

/// What the rows of a table have in one of its columns.
fn column<'r, R: 'r, T>(rows: impl IntoIterator<Item = &'r R>, of: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.into_iter().map(of).collect()
}

/// The statement, with all that it inserts.
pub(super) struct Insert(Query);

type Query = processing_log::Query<DateTime<Utc>>;

impl Insert {
    /// Has the database carry it out.
    pub(super) async fn execute(self, executor: impl PgExecutor<'_>) -> Result<Inserted, sqlx::Error> {
        inserted(self.0.fetch_optional(executor).await)
    }
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
