//! The way of nearly every command: a claim registered, and taking effect, after all that counts of its objects.
//!
//! Nothing that stands can come to break its rules through such a claim, so it is held against the state before it and
//! no history is folded.

use std::sync::Arc;

use read_model::catalogue::Severity;
use read_model::event::{Body, Event, ObjectId, Verdict};
use read_model::fold::{Breach, Claim, Dossier, LastClaim};

use super::clash::{Findings, broken};
use super::draft::Draft;
use super::evidence::own_fault;
use super::view::Referring;
use super::{Desk, Examined, Missing, Stop, examined, unique};

/// Decides a draft by the dossiers of its objects; none where it takes more than that. Of a claim that waits for a verdict, also
/// what it was held against.
pub(super) fn findings(desk: Desk<'_>, draft: &Draft) -> Result<Option<(Findings, Option<Examined>)>, Stop> {
    let Some(event) = plain_claim(desk, draft)? else {
        return Ok(None);
    };
    if draft.judges()
        && let Some(warnings) = examined::warnings(desk, &event)
    {
        return Ok(Some((Findings { warnings, ..Findings::default() }, None)));
    }
    by_dossiers(desk, draft, event)
}

fn by_dossiers(
    desk: Desk<'_>,
    draft: &Draft,
    event: Arc<Event>,
) -> Result<Option<(Findings, Option<Examined>)>, Stop> {
    let claim = Claim::plain(desk.catalogue, &event, None).map_err(|error| own_fault(desk, error))?;
    let dossier =
        |object: ObjectId| desk.view.dossier(object).filter(|dossier| dossier.known() <= desk.known);
    let Some(dossiers) = event.object_ids.iter().copied().map(dossier).collect::<Option<Vec<Arc<Dossier>>>>()
    else {
        return Ok(None);
    };
    let is_open = |dossier: &Arc<Dossier>| dossier.open_claim(event.id).is_some();
    if draft.judges() && !dossiers.iter().all(is_open)
        || dossiers.iter().any(|dossier| dossier.has_open_claims_beside(desk.catalogue, &claim))
    {
        return Ok(None);
    }
    let Some(Referring { may, no_more }) = met(desk, &claim) else { return Ok(None) };
    let Some(others) = may.into_iter().map(dossier).collect::<Option<Vec<Arc<Dossier>>>>() else {
        return Ok(None);
    };
    let last = LastClaim::of(desk.catalogue, claim, &dossiers, &others);
    let last = last.map_err(|error| own_fault(desk, error))?;
    let Some(last) = last else { return Ok(None) };
    let refuses = |breach: &Breach<'_>| breach.rule.is_none_or(|rule| rule.severity == Severity::Refuse);
    let (refusals, warnings): (Vec<_>, Vec<_>) = last.breaches(desk.catalogue).into_iter().partition(refuses);
    let [refusals, warnings] = [refusals, warnings].map(|breaches| breaches.iter().map(broken).collect());
    let findings = Findings { refusals, warnings };
    if let Some(after) = last.after().filter(|_| findings.refusals.is_empty()) {
        unique::check(desk, draft, after, last.fields())?;
    }
    // Values that no two objects share are held against objects that nobody names.
    let is_kept = draft.assumed.is_some() && !desk.trusted && !last.says_what_is_unique(desk.catalogue);
    let rests_on = dossiers.iter().chain(&others).flat_map(|dossier| dossier.rests_on()).chain(&no_more);
    let rests_on = || rests_on.copied().collect();
    let examined = is_kept.then(|| Examined::of(&event, rests_on(), &findings.warnings)).flatten();
    Ok(Some((findings, examined)))
}

/// Who else the rules of the claim may meet, as a new resident's those who live at the address, and who is known not to be
/// met; none where that is not at hand. An import is not warned, and so meets nobody.
fn met(desk: Desk<'_>, claim: &Claim<'_>) -> Option<Referring> {
    let mut met = Referring::default();
    if desk.trusted || !claim.event_type.follows_back() {
        return Some(met);
    }
    for asked in claim.event_type.followed_back(desk.catalogue, claim.data()) {
        let mut referring = desk.view.referring(desk.catalogue, asked, claim.place)?;
        met.may.append(&mut referring.may);
        met.no_more.append(&mut referring.no_more);
    }
    met.may.retain(|object| !claim.because.claim.object_ids.contains(object));
    Some(met)
}

/// The claim that the draft makes or accepts, where it is based on nothing and nothing on it.
fn plain_claim(desk: Desk<'_>, draft: &Draft) -> Result<Option<Arc<Event>>, Stop> {
    let Some(first) = draft.events.first().filter(|_| !draft.corrects) else {
        return Ok(None);
    };
    match &first.body {
        Body::Claim(_) => Ok(first.references.is_empty().then(|| Arc::clone(first))),
        Body::Validation { verdict: Verdict::Accepted, .. } => {
            let judged = first.target().map(|target| super::view::event(desk.view, target, desk.known));
            let Some(judged) = judged.transpose()?.flatten() else {
                return Ok(None);
            };
            // What rests on it comes to count with it.
            let resting = desk.view.based_on(judged.id);
            let resting =
                resting.ok_or_else(|| Missing { bases: [judged.id].into(), ..Missing::default() })?;
            let is_alone =
                judged.references.is_empty() && resting.iter().all(|claim| claim.position > desk.known);
            Ok(is_alone.then_some(judged))
        }
        Body::Validation { .. } | Body::Amend { .. } | Body::Annul { .. } => Ok(None),
    }
}
