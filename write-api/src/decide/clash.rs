//! Rules: the command's own, and those of events that stood.

use std::sync::Arc;

use policy::{Act, Acts};
use read_model::catalogue::Severity;
use read_model::event::{Event, EventId};
use read_model::fold::{Breach, Claim, Contrast, Folded};
use read_model::hashed::HashSet;

use super::draft::{Draft, finding};
use super::evidence::Evidence;
use super::{Desk, Stop};
use crate::command::Command;
use crate::outcome::{Finding, FindingCode};

/// What holding a draft against the history yields.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) refusals: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
}

pub(super) fn findings(
    desk: Desk<'_>,
    command: &Command,
    draft: &Draft,
    evidence: &Evidence<'_>,
) -> Result<Findings, Stop> {
    let after = &evidence.contrast.after;
    let mut findings = Findings::default();
    if let Some(own) = draft.own_claim.and_then(|id| after.claim(id)) {
        findings.refusals = own_breaches(after, own, Severity::Refuse);
        findings.warnings = own_breaches(after, own, Severity::Warn);
    }
    let accepted = |event: &Event| command.despite.contains(&event.id) && may_accept(desk, command, event);
    let (allowed, refused): (Vec<_>, Vec<_>) =
        contested(evidence, draft).into_iter().partition(|(event, _)| draft.corrects || accepted(event));
    findings.refusals.extend(refused.into_iter().map(|(event, breaches)| contests(&event, &breaches)));
    findings.warnings.extend(allowed.into_iter().map(|(event, breaches)| contests(&event, &breaches)));
    if findings.refusals.is_empty() {
        findings.warnings.extend(open_clashes(desk, draft, evidence)?);
    }
    Ok(findings)
}

fn own_breaches(folded: &Folded<'_>, own: &Claim<'_>, severity: Severity) -> Vec<Finding> {
    folded.breaches(own, severity).iter().map(broken).collect()
}

/// The events that would be contested through the draft, each with the rules that it would break: those that stood
/// before it, and those that come to count only with it.
fn contested<'c>(evidence: &Evidence<'c>, draft: &Draft) -> Vec<(Arc<Event>, Vec<Breach<'c>>)> {
    let contrast = &evidence.contrast;
    let Contrast { before, after, .. } = contrast;
    let newly = |claim: &Claim<'c>| {
        let id = claim.because.claim.id;
        let earlier = before.claim(id);
        if Some(id) == draft.own_claim || (earlier.is_some() && !contrast.may_break(claim)) {
            return None;
        }
        let breaches = after.breaches(claim, Severity::Refuse);
        let was_contested = || earlier.is_some_and(|claim| before.is_contested(claim));
        (!breaches.is_empty() && !was_contested()).then(|| (Arc::clone(&claim.because.claim), breaches))
    };
    after.claims().iter().filter_map(newly).collect()
}

/// Who may validate an event may also accept that it becomes contested.
fn may_accept(desk: Desk<'_>, command: &Command, event: &Event) -> bool {
    desk.catalogue.event_types.get(&event.event_type).is_some_and(|event_type| {
        Acts::of(desk.catalogue).act(&command.caller, Act::Validate, event_type).is_ok()
    })
}

/// Clashes that exist only with claims which nobody has validated: a warning.
fn open_clashes(desk: Desk<'_>, draft: &Draft, evidence: &Evidence<'_>) -> Result<Option<Finding>, Stop> {
    let after = &evidence.contrast.after;
    let open: HashSet<EventId> =
        after.open_claims().map(|event| event.id).filter(|id| Some(*id) != draft.own_claim).collect();
    let Some(own_id) = draft.own_claim.filter(|_| !open.is_empty()) else {
        return Ok(None);
    };
    let claimed = evidence.with_open_claims(desk)?;
    let Some(own) = claimed.claim(own_id) else {
        return Ok(None);
    };
    let mut because: Vec<Arc<Event>> =
        claimed.breaches(own, Severity::Refuse).into_iter().flat_map(|breach| breach.because).collect();
    for claim in claimed.claims().iter().filter(|claim| open.contains(&claim.because.claim.id)) {
        let names_own = |breach: &Breach<'_>| breach.because.iter().any(|event| event.id == own_id);
        if claimed.breaches(claim, Severity::Refuse).iter().any(names_own) {
            because.push(Arc::clone(&claim.because.claim));
        }
    }
    because.retain(|event| open.contains(&event.id));
    because.sort_by_key(|event| event.position);
    because.dedup_by_key(|event| event.id);
    if because.is_empty() {
        return Ok(None);
    }
    let message = "it clashes with claims that nobody has validated yet; only one of them can be validated";
    Ok(Some(Finding { because, ..finding(FindingCode::OpenClaims, message, &[]) }))
}

fn contests(event: &Arc<Event>, breaches: &[Breach<'_>]) -> Finding {
    let reason = breaches.first().map(Breach::message).unwrap_or_default();
    let message = format!(
        "{} {} would be contested: {reason}; correct that event first, or name it in `despite`",
        event.event_type, event.id
    );
    let rule = breaches.first().and_then(|breach| breach.rule).map(|rule| Arc::clone(&rule.name));
    Finding { rule, because: vec![Arc::clone(event)], ..finding(FindingCode::Contests, message, &[]) }
}

pub(super) fn broken(breach: &Breach<'_>) -> Finding {
    let rule = breach.rule.map(|rule| Arc::clone(&rule.name));
    Finding { rule, because: breach.because.clone(), ..finding(FindingCode::Rule, breach.message(), &[]) }
}
