//! What may wait for a clerk: read off the derived index, in the order of registration.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{EventReader, ReadError};
use crate::event::{Event, EventId, ObjectId, Position};
use crate::hashed::HashSet;
use crate::history::History;
use crate::log::Log;
use crate::work::WorkKind;

/// Which events a work list shows.
#[derive(Clone, Debug, Default)]
pub struct WorkFilter {
    /// Only those that wait for one of these.
    pub kinds: Vec<WorkKind>,
    /// Only those of these types.
    pub event_types: Option<Vec<String>>,
    /// Only those that bear on this object.
    pub object: Option<ObjectId>,
    /// Only those registered after this event.
    pub after: Position,
    /// Only those registered up to this event.
    pub up_to: Position,
}

/// An event that may wait: the fold says whether it does.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The event.
    pub event: Arc<Event>,
    /// What it may wait for.
    pub kind: WorkKind,
    /// The event with which it came to wait.
    pub since: Arc<Event>,
}

/// What may wait at `$1`, after `$2` and up to `$3`, of one of the types `$5`; `$6` at most.
const WANTED: &str =
    "w.position > $2 AND w.position <= $3 AND ($5::text[] IS NULL OR w.event_type = ANY($5))";

/// What still waits.
const WAITING: &str = "w.until IS NULL AND w.since <= $1";

/// What waited and no longer does.
const WAITED: &str = "w.until IS NOT NULL AND w.until > $1 AND w.since <= $1";

/// For how many events, in powers of two, it waited: what waited at an event no longer did within twice that of it.
const SPAN: &str = "floor(ln((w.until - w.since)::float8) / ln(2::float8))::int";

impl EventReader {
    /// Events after a position that may wait for a clerk as known at another, so many at most, in position order: all that
    /// wait are among them. An event may be there for more than one kind.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn may_wait(
        &self,
        filter: &WorkFilter,
        known: Position,
        limit: usize,
    ) -> Result<Vec<Candidate>, ReadError> {
        let sql = sql(filter.object.is_some());
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.name()).collect();
        let mut query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(known.get())
            .bind(filter.after.get())
            .bind(filter.up_to.min(known).get())
            .bind(kinds)
            .bind(&filter.event_types)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        if let Some(object) = filter.object {
            query = query.bind(object);
        }
        let rows: Vec<(i64, String, i64)> = query.fetch_all(&mut self.pool.lend().await?).await?;
        let positions: BTreeSet<i64> = rows.iter().flat_map(|(event, _, since)| [*event, *since]).collect();
        let events = self.events_at(&Vec::from_iter(positions)).await?;
        let candidate = |(event, kind, since): (i64, String, i64)| {
            let at = |position: i64| events.get(&position).map(Arc::clone);
            Some(Candidate { event: at(event)?, kind: WorkKind::from_name(&kind)?, since: at(since)? })
        };
        Ok(rows.into_iter().filter_map(candidate).collect())
    }

    /// The history of every object that these events bear on, also of those that only an amend of them names.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn history_about<'e>(
        &self,
        events: impl IntoIterator<Item = (EventId, &'e [ObjectId])>,
        log: &Log,
    ) -> Result<History, ReadError> {
        let (mut asked, mut objects) = (HashSet::default(), BTreeSet::new());
        for (id, about) in events {
            asked.insert(id);
            objects.extend(about);
        }
        let history = self.history_in(log, &Vec::from_iter(objects.iter().copied())).await?;
        let about = |event: &&Arc<Event>| history.root(event).is_some_and(|root| asked.contains(&root.id));
        let named = history.events().iter().filter(about).flat_map(|event| &event.object_ids);
        let wider: BTreeSet<ObjectId> = named.chain(&objects).copied().collect();
        if wider == objects {
            return Ok(history);
        }
        self.history_in(log, &Vec::from_iter(wider)).await
    }
}

/// What waits as the log ends, and what has waited, each by an index of its own, ordered and bounded by itself: so that
/// neither reads more than it must.
fn sql(of_object: bool) -> String {
    let columns = "w.position, w.kind, w.since";
    let bounded = "ORDER BY w.position LIMIT $6";
    // `OFFSET 0`: an object has few events, and few waited at one moment; the planner would rather go through the list.
    let found = if of_object {
        format!(
            "SELECT {columns} FROM (SELECT position FROM event_object WHERE object_id = $7 AND position > $2 AND position <= $3 OFFSET 0) AS o
             CROSS JOIN LATERAL (SELECT * FROM work_item WHERE work_item.position = o.position OFFSET 0) AS w
             WHERE w.kind = ANY($4) AND (({WAITING}) OR ({WAITED})) AND {WANTED}"
        )
    } else {
        format!(
            "SELECT waiting.* FROM unnest($4::text[]) AS wanted(kind) CROSS JOIN LATERAL
               (SELECT {columns} FROM work_item w WHERE w.kind = wanted.kind AND {WAITING} AND {WANTED} {bounded}) AS waiting
             UNION ALL
             (SELECT {columns} FROM generate_series(0, 61) AS of(span) CROSS JOIN LATERAL
               (SELECT * FROM work_item w WHERE {WAITED} AND {SPAN} = of.span AND w.until <= $1 + (2::bigint << of.span) OFFSET 0) AS w
              WHERE w.kind = ANY($4) AND {WANTED} {bounded})"
        )
    };
    format!("SELECT position, kind, since FROM ({found}) AS found ORDER BY position, since LIMIT $6")
}
