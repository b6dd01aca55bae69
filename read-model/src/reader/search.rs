//! Whom a search may find: read off the derived index, in the order of their ids.

use sqlx::{Postgres, QueryBuilder};

use super::{EventReader, ReadError, wall};
use crate::catalogue::{Search, Terms};
use crate::event::{ObjectId, Position};
use crate::pool::Pool;

/// How far the index reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the end of the log, whatever is appended.
    Whole,
    /// Up to this event, while it is being rebuilt.
    UpTo(Position),
    /// It was built for another catalogue, or never.
    Unbuilt,
}

impl EventReader {
    /// How far the search index reaches.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn search_reach(&self) -> Result<Reach, ReadError> {
        let sql = "SELECT definition, built_to, target FROM search_index";
        let (definition, built_to, target): (Option<String>, i64, i64) =
            sqlx::query_as(sql).fetch_one(&mut self.pool.lend().await?).await?;
        Ok(if definition.as_ref() != Some(&self.search_definition) {
            Reach::Unbuilt
        } else if built_to >= target {
            Reach::Whole
        } else {
            Reach::UpTo(Position::new(built_to))
        })
    }

    /// The objects after an id, so many at most, that may ever have had what is sought, by events up to a position: all who
    /// have it are among them.
    ///
    /// # Errors
    /// [`ReadError::Database`].
    pub async fn candidates(
        &self,
        sought: &[(&Search, Terms)],
        up_to: Position,
        after: Option<ObjectId>,
        limit: usize,
    ) -> Result<Vec<ObjectId>, ReadError> {
        found(&self.pool, sought, up_to, after, limit).await
    }
}

async fn found(
    pool: &Pool,
    sought: &[(&Search, Terms)],
    up_to: Position,
    after: Option<ObjectId>,
    limit: usize,
) -> Result<Vec<ObjectId>, ReadError> {
    let [before, after_it] = wall::AROUND_FOLDING;
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new(before);
    query.push("SELECT object_id FROM (");
    for (index, (search, Terms { exact, between: (from, until) })) in leading(sought).enumerate() {
        query.push(if index == 0 {
            "SELECT object_id FROM search_term WHERE search = "
        } else {
            " INTERSECT SELECT object_id FROM search_term WHERE search = "
        });
        query.push_bind(search.index.to_string()).push(" AND position <= ").push_bind(up_to.get());
        if exact.is_empty() {
            query.push(" AND term >= ").push_bind(from.clone()).push(" AND term < ").push_bind(until.clone());
        } else {
            query.push(" AND (term = ANY(").push_bind(exact.clone());
            query
                .push(") OR (term >= ")
                .push_bind(from.clone())
                .push(" AND term < ")
                .push_bind(until.clone())
                .push("))");
        }
    }
    query.push(") AS found WHERE object_id > ").push_bind(after.unwrap_or_default());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    query.push(" GROUP BY object_id ORDER BY object_id LIMIT ").push_bind(limit);
    query.push(after_it);
    Ok(query.build_query_scalar().fetch_all(&mut pool.lend().await?).await?)
}

/// What is worth looking up: the beginning of a name leads to thousands, and adds nothing beside a number or a day, for
/// whoever is found is folded and looked at.
fn leading<'a, 's>(sought: &'a [(&'s Search, Terms)]) -> impl Iterator<Item = &'a (&'s Search, Terms)> {
    let any_exact = sought.iter().any(|(_, terms)| !terms.exact.is_empty());
    sought.iter().filter(move |(_, terms)| !any_exact || !terms.exact.is_empty())
}
