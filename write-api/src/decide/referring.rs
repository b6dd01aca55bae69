//! Who a rule may meet that asks who refers to an object: as a new resident's those who live at the address.

use std::collections::BTreeSet;
use std::sync::Arc;

use read_model::catalogue::{Catalogue, EventType};
use read_model::event::{Event, ObjectId};
use read_model::inverse::candidates_by;
use serde_json::Value;

/// The objects that the rules of an event of this type, version and data may meet so, as far as the events at hand tell;
/// none where those of an object are not at hand.
pub(crate) fn met_by_rules<'v, E: Iterator<Item = &'v Arc<Event>>>(
    catalogue: &Catalogue,
    (event_type, version): (&EventType, &str),
    data: &Arc<Value>,
    of_object: impl Fn(ObjectId) -> Option<E>,
) -> Option<BTreeSet<ObjectId>> {
    let mut met = BTreeSet::new();
    if !event_type.follows_back() {
        return Some(met);
    }
    // Data that cannot be read are refused, or a fault, where they are drafted or folded.
    let Ok(data) = event_type.upcast(version, data) else { return Some(met) };
    for (inverse, object) in event_type.followed_back(catalogue, &data) {
        met.extend(candidates_by(catalogue, inverse, of_object(object)?));
    }
    Some(met)
}
