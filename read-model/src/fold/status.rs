//! A history read as a whole: what counts, the state that follows, and which events stand contested.

use std::sync::Arc;

use super::claim::Claim;
use super::scope::ClaimScope;
use super::world::{FoldError, World, counting_claims, read_claims};
use crate::basis::Trust;
use crate::catalogue::{Catalogue, EvaluationError, Rule, Severity};
use crate::event::{Event, EventId, EventKind, Position, Verdict};
use crate::history::History;
use crate::resolve::{Assuming, Resolution};

/// What an event is worth at a point of the formal line, always read at VALIDATED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// An annul in force says that it did not happen.
    Annulled,
    /// The newest Validation rejects it.
    Rejected,
    /// Nobody has judged it yet.
    Claimed,
    /// It fails only for what it is based on.
    Suspended,
    /// It counts, and no longer satisfies its rules in its place.
    Contested,
    /// It counts.
    Validated,
}

impl Status {
    /// Every status, in the order in which the first that applies is taken.
    pub const ALL: [Self; 6] =
        [Self::Annulled, Self::Rejected, Self::Claimed, Self::Suspended, Self::Contested, Self::Validated];

    /// Its name in GraphQL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Annulled => "ANNULLED",
            Self::Rejected => "REJECTED",
            Self::Claimed => "CLAIMED",
            Self::Suspended => "SUSPENDED",
            Self::Contested => "CONTESTED",
            Self::Validated => "VALIDATED",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// An event's status, its verdict, and the events that make it so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventStanding {
    /// The status.
    pub status: Status,
    /// The verdict of its newest Validation that is not annulled.
    pub verdict: Option<Verdict>,
    /// The events that make it so, oldest first.
    pub causes: Vec<EventId>,
}

/// A rule that a claim does not keep in its place.
#[derive(Clone, Debug)]
pub struct Breach<'c> {
    /// The rule; none where the claim takes effect before what it is based on.
    pub rule: Option<&'c Rule>,
    /// Where the rule could not be computed: why not.
    pub failure: Option<EvaluationError>,
    /// The claims that it clashes with, oldest first.
    pub because: Vec<Arc<Event>>,
}

/// A rule that a contested event does not keep, as a clerk is told.
#[derive(Clone, Debug, PartialEq)]
pub struct BrokenRule {
    /// The rule's name; none where the event takes effect before what it is based on.
    pub rule: Option<Arc<str>>,
    /// What a clerk is told.
    pub message: String,
    /// The claims that it clashes with, oldest first.
    pub because: Vec<Arc<Event>>,
}

/// A history read at one position and one trust; `'h` is the catalogue's.
#[derive(Debug)]
pub struct Folded<'h> {
    catalogue: &'h Catalogue,
    resolution: Resolution,
    claims: Vec<Claim<'h>>,
    world: World,
}

impl Breach<'_> {
    /// What a clerk is told of it.
    #[must_use]
    pub fn told(&self) -> BrokenRule {
        let rule = self.rule.map(|rule| Arc::clone(&rule.name));
        BrokenRule { rule, message: self.message(), because: self.because.clone() }
    }

    /// What a clerk is told.
    #[must_use]
    pub fn message(&self) -> String {
        match (self.rule, &self.failure) {
            (Some(rule), None) => rule.message.to_string(),
            (Some(rule), Some(failure)) => {
                format!("{}; the rule could not be applied: {failure}", rule.message)
            }
            (None, _) => "it takes effect before what it is based on".to_owned(),
        }
    }
}

impl<'h> Folded<'h> {
    /// Reads the history up to a position.
    ///
    /// # Errors
    /// [`FoldError`] where the catalogue cannot read an event, or an effect cannot be computed.
    pub fn at(
        catalogue: &'h Catalogue,
        history: &History,
        up_to: Position,
        trust: Trust,
        assuming: Assuming,
    ) -> Result<Self, FoldError> {
        let resolution = Resolution::at(history, up_to, trust, assuming);
        let claims = counting_claims(catalogue, &resolution)?;
        let world = World::of_claims(catalogue, history.folded(), &claims)?;
        Ok(Self { catalogue, resolution, claims, world })
    }

    /// Reads as much of the history as can be read, as validated: claims that cannot be read are left out, and effects
    /// that cannot be computed give no value; and why that is so.
    pub(super) fn as_far_as_readable(
        catalogue: &'h Catalogue,
        history: &History,
        up_to: Position,
    ) -> (Self, Vec<FoldError>) {
        let resolution = Resolution::at(history, up_to, Trust::Validated, Assuming::default());
        let (mut claims, mut failures) = (Vec::new(), Vec::new());
        for read in read_claims(catalogue, &resolution) {
            match read {
                Ok(claim) => claims.push(claim),
                Err(failure) => failures.push(failure),
            }
        }
        let world = World::as_far_as_computed(catalogue, history.folded(), &claims, &mut failures);
        (Self { catalogue, resolution, claims, world }, failures)
    }

    /// What it was read with.
    #[must_use]
    pub fn catalogue(&self) -> &'h Catalogue {
        self.catalogue
    }

    /// The state of the folded objects.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What holds of each event.
    #[must_use]
    pub fn resolution(&self) -> &Resolution {
        &self.resolution
    }

    /// The state alone.
    #[must_use]
    pub fn into_world(self) -> World {
        self.world
    }

    /// The state, and what holds of each event.
    #[must_use]
    pub fn into_parts(self) -> (World, Resolution) {
        (self.world, self.resolution)
    }

    /// The claims that count, in the order of their positions.
    #[must_use]
    pub fn claims(&self) -> &[Claim<'h>] {
        &self.claims
    }

    /// The claim with this id, where it counts.
    #[must_use]
    pub fn claim(&self, id: EventId) -> Option<&Claim<'h>> {
        let position = self.resolution.events().get(self.resolution.place(id)?)?.position;
        let index = self.claims.binary_search_by_key(&position, |claim| claim.place.position).ok()?;
        self.claims.get(index)
    }

    /// The rules of this severity that a claim does not keep in the state just before its effects.
    pub fn breaches<'a>(&'a self, claim: &'a Claim<'h>, severity: Severity) -> Vec<Breach<'h>> {
        let mut breaches = broken_rules(self.catalogue, &self.world, claim, |of| of == severity);
        if severity == Severity::Refuse {
            breaches.extend(self.begins_before_its_basis(claim));
        }
        breaches
    }

    /// Whether a claim that counts fails a rule of its own in its place.
    #[must_use]
    pub fn is_contested(&self, claim: &Claim<'h>) -> bool {
        !self.breaches(claim, Severity::Refuse).is_empty()
    }

    /// The claims that nobody has judged yet, and that nobody annulled; oldest first.
    pub fn open_claims(&self) -> impl Iterator<Item = &Arc<Event>> {
        self.resolution.events().iter().enumerate().filter_map(|(index, event)| {
            let standing = self.resolution.standing(index);
            let open = standing.verdict.is_none() && standing.annulled_by.is_none();
            (open && event.kind() == EventKind::Claim).then_some(event)
        })
    }

    /// The status of an event; none where it is not known by then.
    #[must_use]
    pub fn status(&self, id: EventId) -> Option<EventStanding> {
        let index = self.resolution.place(id)?;
        let event = &self.resolution.events()[index];
        let standing = self.resolution.standing(index);
        let id_at = |place: usize| self.resolution.events()[place].id;
        let judged = standing.verdict.map(|(_, place)| id_at(place));
        let verdict = standing.verdict.map(|(verdict, _)| verdict);
        let (status, causes) = match (standing.annulled_by, verdict) {
            (Some(annul), _) => (Status::Annulled, vec![id_at(annul)]),
            (None, Some(Verdict::Rejected)) => (Status::Rejected, judged.into_iter().collect()),
            (None, None) if event.kind() != EventKind::Validation => (Status::Claimed, Vec::new()),
            (None, None | Some(Verdict::Accepted)) if !standing.failing_basis.is_empty() => {
                (Status::Suspended, standing.failing_basis.clone())
            }
            (None, None | Some(Verdict::Accepted)) => match self.clashes(event) {
                Some(because) => (Status::Contested, because),
                None => (Status::Validated, judged.into_iter().collect()),
            },
        };
        Some(EventStanding { status, verdict, causes })
    }

    /// The events that contest one that counts; none where nothing does.
    fn clashes(&self, event: &Event) -> Option<Vec<EventId>> {
        let breaches = self.breaches(self.claim(event.id)?, Severity::Refuse);
        if breaches.is_empty() {
            return None;
        }
        let mut because: Vec<&Arc<Event>> = breaches.iter().flat_map(|breach| &breach.because).collect();
        because.sort_by_key(|event| event.position);
        because.dedup_by_key(|event| event.id);
        Some(because.into_iter().map(|event| event.id).collect())
    }

    /// A basis that certainly takes effect after what is based on it.
    fn begins_before_its_basis(&self, claim: &Claim<'h>) -> Option<Breach<'h>> {
        let later = |basis: &&Claim<'h>| basis.place.beginning.day > claim.meaning.date.latest();
        let bases = claim.because.claim.references.iter().filter_map(|id| self.claim(*id));
        let because: Vec<Arc<Event>> =
            bases.filter(later).map(|basis| Arc::clone(&basis.because.claim)).collect();
        (!because.is_empty()).then_some(Breach { rule: None, failure: None, because })
    }
}

/// The rules of the wanted severities that a claim does not keep in the state of a world just before its effects.
pub(super) fn broken_rules<'h>(
    catalogue: &'h Catalogue,
    world: &World,
    claim: &Claim<'h>,
    wanted: impl Fn(Severity) -> bool,
) -> Vec<Breach<'h>> {
    let event_type = claim.event_type;
    let scope = ClaimScope { catalogue, world, claim, this: None };
    let breach = |rule: &'h Rule| {
        let failure = match rule.check.holds(&scope) {
            Ok(true) => return None,
            Ok(false) => None,
            Err(error) => Some(error),
        };
        Some(Breach { rule: Some(rule), failure, because: read_by(catalogue, world, claim, rule) })
    };
    event_type.rules.iter().filter(|rule| wanted(rule.severity)).filter_map(breach).collect()
}

/// The claims that gave the values that a rule read, oldest first.
fn read_by(catalogue: &Catalogue, world: &World, claim: &Claim<'_>, rule: &Rule) -> Vec<Arc<Event>> {
    let mut found = world.reasons_to_refer(catalogue, claim, rule);
    let read = world.read_by(claim, rule.check.reads());
    found.extend(read.into_iter().map(|(_, said)| Arc::clone(&said.because.claim)));
    found.sort_by_key(|event| event.position);
    found.dedup_by_key(|event| event.position);
    found
}
