//! Both time lines at once: rectangles of value × valid × known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::dossier::{Dossier, Extended};
use super::line::FieldLine;
use super::period::Period;
use super::state::ObjectState;
use super::world::{FoldError, World};
use crate::basis::Trust;
use crate::catalogue::Catalogue;
use crate::event::{Event, ObjectId, Position};
use crate::history::History;

/// What was believed of a field, about which stretch, and from when until when it was.
#[derive(Clone, Debug)]
pub struct Rectangle {
    /// What was believed, about which stretch; as it was last known.
    pub period: Period,
    /// The event with which it came to be believed.
    pub known_from: Arc<Event>,
    /// The event with which it ceased to be; none where it is believed still.
    pub known_until: Option<Arc<Event>>,
}

/// The rectangles of each field of an object, from a history that is complete for it: those with which its answers
/// cover the plane, up to a position.
///
/// Of one field they do not overlap, but for those of the items of a list.
///
/// # Errors
/// [`FoldError`] where the catalogue cannot read an event, or an effect cannot be computed.
pub fn timeline(
    catalogue: &Catalogue,
    history: &History,
    object: ObjectId,
    up_to: Position,
    trust: Trust,
) -> Result<BTreeMap<Arc<str>, Vec<Rectangle>>, FoldError> {
    let mut prefixes = Prefixes { catalogue, history, object, trust, dossier: None };
    let mut lines: BTreeMap<Arc<str>, Believed> = BTreeMap::new();
    let mut before: Option<Arc<ObjectState>> = None;
    for event in history.up_to(up_to) {
        let after = prefixes.with(event)?;
        if let (Some(before), Some(after)) = (&before, &after)
            && Arc::ptr_eq(before, after)
        {
            continue;
        }
        let fields = [&before, &after].into_iter().flatten().flat_map(|state| state.lines());
        let fields: BTreeSet<&Arc<str>> = fields.map(|(field, _)| field).collect();
        for field in fields {
            let old = before.as_ref().and_then(|state| state.line(field));
            let new = after.as_ref().and_then(|state| state.line(field));
            if let (Some(old), Some(new)) = (old, new)
                && old.is_the_same(new)
            {
                continue;
            }
            let periods = new.map(FieldLine::answered).unwrap_or_default();
            lines.entry(Arc::clone(field)).or_default().learn(periods, event);
        }
        before = after;
    }
    Ok(lines.into_iter().map(|(field, believed)| (field, believed.rectangles())).collect())
}

/// The states of an object, one prefix of the log after the other.
struct Prefixes<'a> {
    catalogue: &'a Catalogue,
    history: &'a History,
    object: ObjectId,
    trust: Trust,
    dossier: Option<Dossier>,
}

impl Prefixes<'_> {
    /// The state with the next event.
    fn with(&mut self, event: &Arc<Event>) -> Result<Option<Arc<ObjectState>>, FoldError> {
        let Self { catalogue, history, object, trust, .. } = *self;
        if trust != Trust::Validated {
            return Ok(World::fold(catalogue, history, event.position, trust)?.shared(object));
        }
        let extended = match &mut self.dossier {
            Some(dossier) if event.object_ids.contains(&object) => dossier.extend(catalogue, event)?,
            Some(_) | None => Extended::No,
        };
        if extended == Extended::No {
            self.dossier = Some(Dossier::of(catalogue, object, history, event.position)?);
        }
        Ok(self.dossier.as_ref().and_then(|dossier| dossier.world().shared(object)))
    }
}

/// What is and was believed of one field.
#[derive(Default)]
struct Believed {
    now: Vec<Rectangle>,
    once: Vec<Rectangle>,
}

impl Believed {
    /// Takes in what is believed from an event on.
    fn learn(&mut self, periods: Vec<Period>, event: &Arc<Event>) {
        let same = self
            .now
            .iter()
            .zip(&periods)
            .take_while(|(known, period)| is_same(&known.period, period))
            .count();
        let mut known = self.now.split_off(same);
        for (rectangle, period) in self.now.iter_mut().zip(&periods) {
            rectangle.period = period.clone();
        }
        for period in periods.into_iter().skip(same) {
            let place = known.iter().position(|known| is_same(&known.period, &period));
            let known_from = place.map_or_else(|| Arc::clone(event), |place| known.remove(place).known_from);
            self.now.push(Rectangle { period, known_from, known_until: None });
        }
        let ended = |rectangle| Rectangle { known_until: Some(Arc::clone(event)), ..rectangle };
        self.once.extend(known.into_iter().map(ended));
    }

    /// All of them, by when they came to be believed, then by their first days.
    fn rectangles(mut self) -> Vec<Rectangle> {
        self.once.append(&mut self.now);
        self.once.sort_by_key(|rectangle| (rectangle.known_from.position, rectangle.period.from));
        self.once
    }
}

/// Whether two periods are of the same claim, and say the same of the same stretch.
fn is_same(one: &Period, other: &Period) -> bool {
    one.from == other.from
        && one.until == other.until
        && (Arc::ptr_eq(&one.said, &other.said)
            || one.said.begins.position == other.said.begins.position && one.value() == other.value())
}
