//! Whose data commands have to do with, for the processing log.

use std::sync::Arc;

use door::{Concerned, Ended};
use processing_log::{About, Verb};
use read_model::catalogue::Catalogue;

use crate::append::{AppendError, Appender, Request};
use crate::command::{Act, Command};
use crate::outcome::Outcome;

/// Whoever a request is about, as far as its caller said, was asked about in vain.
pub(super) fn denied(about: Option<About<'_>>, commands: &[Command]) {
    note(about, commands, Ended::Denied);
}

/// Submits a request, and notes what becomes of it whether or not anybody still waits for the answer.
pub(super) async fn submitted(
    appender: Appender,
    request: Request,
    (catalogue, concerned): (&Arc<Catalogue>, Option<&Arc<Concerned>>),
) -> Result<Outcome, AppendError> {
    let Some(concerned) = concerned else { return appender.submit(request).await };
    let (catalogue, concerned) = (Arc::clone(catalogue), Arc::clone(concerned));
    // What is committed is noted also where the caller has gone away.
    let submit = async move {
        let request = Arc::new(request);
        let outcome = appender.submit_of(Arc::clone(&request), Some(Arc::clone(&concerned))).await;
        became(About::new(&catalogue, &concerned), &request, &outcome);
        outcome
    };
    door::see_through(submit).await
}

fn became(
    about: Option<About<'_>>,
    Request { commands, dry_run }: &Request,
    outcome: &Result<Outcome, AppendError>,
) {
    match outcome {
        Ok(outcome) if outcome.recorded => {}
        Ok(outcome) if outcome.events.is_empty() => note(about, commands, Ended::Refused),
        Ok(outcome) => {
            let verb = if *dry_run { Verb::Read } else { Verb::Register };
            let of =
                about.into_iter().flat_map(|about| outcome.events.iter().map(move |event| (about, event)));
            of.for_each(|(about, event)| about.event(event, verb, Ended::Done));
        }
        Err(AppendError::Forbidden(_)) => note(about, commands, Ended::Denied),
        Err(AppendError::Overloaded | AppendError::Stopping | AppendError::Fault(_)) => {
            note(about, commands, Ended::Failed);
        }
    }
}

/// A judgement names an event, and not whom it is about.
fn note(about: Option<About<'_>>, commands: &[Command], ended: Ended) {
    let Some(about) = about else { return };
    for command in commands {
        match &command.act {
            Act::Claim { event_type, version, data, .. } => {
                about.command("claim", (event_type, version), data, ended)
            }
            Act::Amend { event_type, version, data, .. } => {
                about.command("amend", (event_type, version), data, ended)
            }
            Act::Annul { .. } | Act::Validate { .. } => {}
        }
    }
}
