//! What waits for a clerk: open claims, corrections that nobody validated, and events that are contested or suspended.
//!
//! It follows from the fold at any position, like everything else; who keeps an index of it asks the same functions.

mod remedy;
mod spell;

use std::sync::Arc;

pub use remedy::{Act, Remedy};
pub use spell::{Spell, spells};

use crate::catalogue::Severity;
use crate::event::{Event, EventId, EventKind, Verdict};
use crate::fold::{Breach, BrokenRule, Folded};
use crate::resolve::Resolution;

/// What an event waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkKind {
    /// A claim that nobody has judged yet.
    OpenClaim,
    /// A correction that nobody has judged yet.
    UnvalidatedCorrection,
    /// A claim that counts, and no longer satisfies its rules in its place.
    Contested,
    /// A claim that would count, were it not for something that it is based on.
    Suspended,
}

impl WorkKind {
    /// Every kind.
    pub const ALL: [Self; 4] =
        [Self::OpenClaim, Self::UnvalidatedCorrection, Self::Contested, Self::Suspended];

    /// Its name in GraphQL and in the index.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenClaim => "OPEN_CLAIM",
            Self::UnvalidatedCorrection => "UNVALIDATED_CORRECTION",
            Self::Contested => "CONTESTED",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What an event of this kind waits for while nobody has judged it.
    #[must_use]
    pub const fn unjudged(kind: EventKind) -> Option<Self> {
        match kind {
            EventKind::Claim => Some(Self::OpenClaim),
            EventKind::Correction => Some(Self::UnvalidatedCorrection),
            EventKind::Validation => None,
        }
    }
}

/// An event that waits for a clerk, and why.
#[derive(Clone, Debug)]
pub struct WorkItem {
    /// What it waits for.
    pub kind: WorkKind,
    /// The events that make it so, oldest first; none where nobody has judged it.
    pub causes: Vec<Arc<Event>>,
    /// What it does not keep, where it is contested.
    pub broken: Vec<BrokenRule>,
    /// What would resolve it, nearest first.
    pub resolved_by: Vec<Remedy>,
}

/// What an event waits for as far as references tell, which is not whether it is contested.
#[must_use]
pub fn open_or_suspended(resolution: &Resolution, id: EventId) -> Option<WorkKind> {
    let place = resolution.place(id)?;
    let (event, standing) = (&resolution.events()[place], resolution.standing(place));
    if standing.annulled_by.is_some() {
        return None;
    }
    match standing.verdict {
        None => WorkKind::unjudged(event.kind()),
        Some((Verdict::Rejected, _)) => None,
        Some((Verdict::Accepted, _)) => (!standing.failing_basis.is_empty()).then_some(WorkKind::Suspended),
    }
}

/// What an event waits for; none where it does not, or is not known by then.
#[must_use]
pub fn kind(folded: &Folded<'_>, id: EventId) -> Option<WorkKind> {
    let contested = || folded.claim(id).filter(|claim| folded.is_contested(claim));
    open_or_suspended(folded.resolution(), id).or_else(|| contested().map(|_| WorkKind::Contested))
}

/// What an event waits for, why, and what would resolve it; none where it does not wait.
#[must_use]
pub fn item(folded: &Folded<'_>, event: &Arc<Event>) -> Option<WorkItem> {
    let kind = kind(folded, event.id)?;
    let (found, broken) = match kind {
        WorkKind::OpenClaim | WorkKind::UnvalidatedCorrection => (Vec::new(), Vec::new()),
        WorkKind::Suspended => (suspending(folded.resolution(), event), Vec::new()),
        WorkKind::Contested => contesting(folded, event),
    };
    let resolved_by = remedy::of(folded, event, kind, &found);
    let mut causes: Vec<&Arc<Event>> = found.iter().flat_map(Cause::events).collect();
    causes.sort_by_key(|event| event.position);
    causes.dedup_by_key(|event| event.position);
    Some(WorkItem { kind, causes: causes.into_iter().cloned().collect(), broken, resolved_by })
}

/// Something that makes an event wait.
#[derive(Clone, Debug)]
struct Cause {
    event: Arc<Event>,
    why: Why,
}

/// How it does so.
#[derive(Clone, Debug)]
enum Why {
    /// Nobody has judged it.
    Open,
    /// This Validation rejects it.
    Rejected(Arc<Event>),
    /// This Correction says that it did not happen.
    Annulled(Arc<Event>),
    /// It fails for what it is based on in turn, which is a cause of its own.
    Suspended,
    /// It counts, with its own content or with that of this amend, and is clashed with.
    Counts(Option<Arc<Event>>),
}

impl Cause {
    fn events(&self) -> impl Iterator<Item = &Arc<Event>> {
        let other = match &self.why {
            Why::Open | Why::Suspended | Why::Counts(None) => None,
            Why::Rejected(other) | Why::Annulled(other) | Why::Counts(Some(other)) => Some(other),
        };
        std::iter::once(&self.event).chain(other)
    }
}

/// What an event is based on that does not hold, down to what fails for a reason of its own.
fn suspending(resolution: &Resolution, event: &Event) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    let mut pending: Vec<EventId> = failing_basis(resolution, event.id);
    while let Some(id) = pending.pop() {
        let Some(place) = resolution.place(id) else { continue };
        if causes.iter().any(|cause| cause.event.id == id) {
            continue;
        }
        let standing = resolution.standing(place);
        let at = |place: usize| Arc::clone(&resolution.events()[place]);
        let why = match (standing.annulled_by, standing.verdict) {
            (Some(annul), _) => Why::Annulled(at(annul)),
            (None, Some((Verdict::Rejected, judged))) => Why::Rejected(at(judged)),
            (None, None) => Why::Open,
            (None, Some((Verdict::Accepted, _))) => Why::Suspended,
        };
        if matches!(why, Why::Suspended) {
            pending.extend(failing_basis(resolution, id));
        }
        causes.push(Cause { event: at(place), why });
    }
    causes
}

fn failing_basis(resolution: &Resolution, id: EventId) -> Vec<EventId> {
    resolution.place(id).map(|place| resolution.standing(place).failing_basis.clone()).unwrap_or_default()
}

/// What contests an event, and what it breaks.
fn contesting(folded: &Folded<'_>, event: &Event) -> (Vec<Cause>, Vec<BrokenRule>) {
    let breaches: Vec<Breach<'_>> =
        folded.claim(event.id).map(|claim| folded.breaches(claim, Severity::Refuse)).unwrap_or_default();
    let mut clashing: Vec<&Arc<Event>> = breaches.iter().flat_map(|breach| &breach.because).collect();
    clashing.sort_by_key(|event| event.position);
    clashing.dedup_by_key(|event| event.position);
    // An event may read what it set itself; it is no cause of its own.
    clashing.retain(|other| other.id != event.id);
    let amend = |other: &Event| folded.claim(other.id).and_then(|claim| claim.because.amend.clone());
    let cause = |other: &Arc<Event>| Cause { event: Arc::clone(other), why: Why::Counts(amend(other)) };
    (clashing.into_iter().map(cause).collect(), breaches.iter().map(Breach::told).collect())
}
