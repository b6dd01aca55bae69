//! The index of work lists, built anew: each event's statuses at every position, folded from the log.

use std::collections::HashSet;
use std::sync::Arc;

use read_model::event::{Event, EventKind, ObjectId, Position};
use read_model::log::Log;
use read_model::pool::Pool;
use read_model::reader::{EventFilter, EventReader, ReadError, Seen};
use read_model::work::{Spell, spells};

use super::RebuildError;

/// How many events are read in one go.
const BATCH: usize = 500;

/// How many events are folded together, at most: they share their objects, and each prefix is folded once for all of them.
const TOGETHER: usize = 50;

/// Builds it up to a position, page by page; what is appended meanwhile is indexed as it is appended.
pub(super) async fn rebuild(
    pool: &Pool,
    reader: &EventReader,
    target: Position,
    progress: impl Fn(Position),
) -> Result<(), RebuildError> {
    let mut built_to = Position::START;
    while built_to < target {
        let events =
            reader.page((&EventFilter::default(), &Seen::everything()), built_to, target, BATCH).await?;
        let Some(last) = events.last() else { break };
        built_to = last.position;
        // Whoever appends has the last word: what came to bear on the page meanwhile is folded again.
        while !page(pool, reader, &events).await? {}
        progress(built_to);
    }
    Ok(())
}

/// Replaces the rows of a page of events; false where somebody appended a row for one of them while they were folded.
async fn page(pool: &Pool, reader: &EventReader, events: &[Arc<Event>]) -> Result<bool, RebuildError> {
    let known = reader.snapshot(None).await?.position;
    let mut found: Vec<Spell> = Vec::new();
    for events in sharing_objects(events) {
        let about = events.iter().map(|event| (event.id, event.object_ids.as_slice()));
        let history = reader.history_about(about, &Log::up_to(known)).await?;
        found.extend(spells(reader.catalogue(), &history, &events).map_err(ReadError::from)?);
    }
    let positions: Vec<i64> = events.iter().map(|event| event.position.get()).collect();
    let mut lent = pool.lend().await?;
    let mut transaction = lent.begin().await?;
    // In the order in which an append takes the two.
    sqlx::query("SELECT FROM head FOR UPDATE").execute(&mut transaction).await?;
    let newer =
        "SELECT EXISTS (SELECT FROM work_item WHERE position = ANY($1) AND (since > $2 OR until > $2))";
    let overtaken: bool =
        sqlx::query_scalar(newer).bind(&positions).bind(known.get()).fetch_one(&mut transaction).await?;
    if overtaken {
        return Ok(false);
    }
    sqlx::query("DELETE FROM work_item WHERE position = ANY($1)")
        .bind(&positions)
        .execute(&mut transaction)
        .await?;
    sqlx::query(
        "INSERT INTO work_item (position, kind, since, until, event_type)
         SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])",
    )
    .bind(found.iter().map(|spell| spell.event.position.get()).collect::<Vec<_>>())
    .bind(found.iter().map(|spell| spell.kind.name()).collect::<Vec<_>>())
    .bind(found.iter().map(|spell| spell.since.get()).collect::<Vec<_>>())
    .bind(found.iter().map(|spell| spell.until.map(Position::get)).collect::<Vec<_>>())
    .bind(found.iter().map(|spell| spell.event.event_type.to_string()).collect::<Vec<_>>())
    .execute(&mut transaction)
    .await?;
    transaction.commit().await?;
    Ok(true)
}

/// The claims and corrections among these events, those that follow each other about the same objects together.
fn sharing_objects(events: &[Arc<Event>]) -> Vec<Vec<Arc<Event>>> {
    let mut groups: Vec<Vec<Arc<Event>>> = Vec::new();
    let mut objects: HashSet<ObjectId> = HashSet::new();
    for event in events.iter().filter(|event| event.kind() != EventKind::Validation) {
        let shares = event.object_ids.iter().any(|object| objects.contains(object));
        match groups.last_mut().filter(|group| shares && group.len() < TOGETHER) {
            Some(group) => group.push(Arc::clone(event)),
            None => {
                objects.clear();
                groups.push(vec![Arc::clone(event)]);
            }
        }
        objects.extend(&event.object_ids);
    }
    groups
}
