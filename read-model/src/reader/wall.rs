//! The wall in the database: a statement sees rows only where it says, for itself alone, what it reads for.
//!
//! It says so in the same round trip. What is read stands in a subquery that refers to the one that says so, and that
//! the planner may not move (`OFFSET 0`): so it comes after, whatever the plan.

use super::Seen;

/// What stands around a statement that reads to fold, which takes every event, whoever asks.
pub(super) const AROUND_FOLDING: [&str; 2] = [
    "SELECT walled.* FROM (SELECT set_config('f6.reading', 'folding', true) AS said OFFSET 0) AS wall CROSS JOIN LATERAL \
     (SELECT asked.* FROM (",
    ") AS asked WHERE wall.said IS NOT NULL OFFSET 0) AS walled",
];

/// Tells the database that a statement reads to fold.
pub(super) fn folding(sql: &str) -> String {
    let [before, after] = AROUND_FOLDING;
    format!("{before}{sql}{after}")
}

/// Tells the database that a statement reads events to show them to somebody: to whom, its parameter of this number and
/// the two after it say, which are those of [`Shown`].
pub(super) fn showing(sql: &str, first: usize) -> String {
    let (own, seen_own) = (first + 1, first + 2);
    let says = format!(
        "concat(set_config('f6.reading', 'events', true), set_config('f6.seen', ${first}, true), \
         set_config('f6.own', ${own}, true), set_config('f6.seen_own', ${seen_own}, true))"
    );
    let [before, after] = AROUND_FOLDING;
    format!("{}{sql}{after}", before.replace("set_config('f6.reading', 'folding', true)", &says))
}

/// Which events somebody may see, as the database is told: of any object, and of one, as `type/kind` with `*` for every one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) seen: String,
    pub(super) own: String,
    pub(super) seen_own: String,
}

impl Shown {
    pub(super) fn of(seen: &Seen) -> Self {
        if seen.is_everything() {
            return Self { seen: "*/*".to_owned(), own: String::new(), seen_own: String::new() };
        }
        let (own, any): (Vec<_>, Vec<_>) = seen.scopes().iter().partition(|scope| scope.object.is_some());
        let keys = |scopes: Vec<&super::Scope>| {
            scopes.into_iter().flat_map(super::Scope::keys).collect::<Vec<_>>().join(" ")
        };
        // A caller is one object at most.
        let object = own.iter().find_map(|scope| scope.object).map(|object| object.to_string());
        Self { seen: keys(any), own: object.unwrap_or_default(), seen_own: keys(own) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventKind, ObjectId};
    use crate::reader::Scope;

    #[test]
    fn who_may_see_what_is_told_as_types_and_kinds() {
        let own = ObjectId::from_u128(7);
        let seen = Seen::of(vec![
            Scope { event_types: Some(vec!["Geboorte".into(), "Overlijden".into()]), ..Scope::default() },
            Scope { kinds: Some(vec![EventKind::Claim]), object: Some(own), ..Scope::default() },
        ]);
        let told = Shown {
            seen: "Geboorte/* Overlijden/*".to_owned(),
            own: own.to_string(),
            seen_own: "*/Claim".to_owned(),
        };
        assert_eq!(Shown::of(&seen), told);
        assert_eq!(Shown::of(&Seen::default()).seen, "");
        assert_eq!(Shown::of(&Seen::everything()).seen, "*/*");
    }
}
