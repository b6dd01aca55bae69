//! The whole log, one batch of objects after the other: for whoever has to look at all of it.

use super::{EventReader, MAX_GENERATIONS, ReadError, wall};
use crate::catalogue::Catalogue;
use crate::event::{ObjectId, Position};
use crate::history::History;

impl EventReader {
    /// The objects of which the first event stands after one position and up to another, in the order in which those do.
    /// So a walk of the log meets each object once.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn first_named(&self, after: Position, up_to: Position) -> Result<Vec<ObjectId>, ReadError> {
        const FIRST_NAMED: &str = "
            SELECT named.object_id
            FROM event e CROSS JOIN LATERAL unnest(e.object_ids) AS named(object_id)
            WHERE e.position > $1 AND e.position <= $2
              AND NOT EXISTS (SELECT FROM event_object o WHERE o.object_id = named.object_id AND o.position <= $1)
            GROUP BY named.object_id
            ORDER BY min(e.position), named.object_id";
        let _step = self.watch.loading();
        let sql = sqlx::AssertSqlSafe(wall::folding(FIRST_NAMED));
        let query = sqlx::query_scalar(sql).bind(after.get()).bind(up_to.get());
        Ok(query.fetch_all(&mut self.pool.lend().await?).await?)
    }

    /// Completes a history for each of these catalogues: with everything that bears on the objects that it folds, as
    /// [`history`](Self::history) does. Nothing is kept: a walk would only push out what is asked for.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn complete(
        &self,
        history: &mut History,
        catalogues: &[&Catalogue],
        up_to: Position,
    ) -> Result<(), ReadError> {
        for _ in 0..MAX_GENERATIONS {
            let mut events = Vec::new();
            let mut objects = Vec::new();
            for catalogue in catalogues {
                let needs = history.needs(catalogue);
                events.extend(needs.events);
                objects.extend(needs.objects);
            }
            if events.is_empty() && objects.is_empty() {
                return Ok(());
            }
            if !events.is_empty() {
                let found = self.events_by_id(&events, up_to).await?;
                history.add_known(events, found);
            }
            if !objects.is_empty() {
                objects.sort_unstable();
                objects.dedup();
                let all: Vec<_> = objects.iter().map(|object| (*object, Position::START)).collect();
                let found = self.events_since(&all, up_to).await?;
                history.add(objects, found);
            }
        }
        Err(ReadError::TooLarge)
    }
}
