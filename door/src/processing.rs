//! Whose data an answer holds, noted while it is computed; and that no answer leaves before that is written down.
//!
//! What is noted becomes records of the processing log (Logboek Dataverwerkingen), one for each person concerned.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::clock::Clock;
use crate::faults::{chain, fresh_id};
use crate::principal::Principal;
use crate::refusal::Refusal;
use crate::see_through::see_through;
use crate::shown::shown_text;
use crate::trace_context::{Step, TraceContext};

/// Something that is done with the data of persons, as the log tells it.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// What is done, such as `read BewonersKaart`.
    pub name: Arc<str>,
    /// The processing activity that it is part of, as a URI, unless the caller names another.
    pub activity: Arc<str>,
    /// What the ids of the persons are ids of: their object type.
    pub subject_type: Arc<str>,
}

/// How something that was done with somebody's data ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ended {
    /// It was done.
    Done,
    /// It was refused for what it was.
    Refused,
    /// The caller may not.
    Denied,
    /// It failed; whether it was done may be unknown.
    Failed,
}

impl Ended {
    /// Every way to end.
    pub const ALL: [Self; 4] = [Self::Done, Self::Refused, Self::Denied, Self::Failed];

    /// As it stands in the log.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "OK",
            Self::Refused => "REFUSED",
            Self::Denied => "DENIED",
            Self::Failed => "ERROR",
        }
    }
}

/// What was done with the data of one person.
#[derive(Clone, Debug)]
pub struct Noted {
    /// The person.
    pub subject: Uuid,
    /// What was done.
    pub action: Arc<Action>,
    /// How it ended.
    pub ended: Ended,
}

/// Where something that is done stands in a trace, and who does it.
#[derive(Clone, Debug)]
pub struct Doing {
    /// The trace.
    pub trace: u128,
    /// Our step in it, of which each record is a step.
    pub span: u64,
    /// The step of whoever called, in the same trace.
    pub caller_span: Option<u64>,
    /// Who.
    pub principal: Principal,
    /// The processing activity that the caller names, as a URI.
    pub activity: Option<Arc<str>>,
}

impl Doing {
    /// The header `traceparent` that tells of it to whoever is asked in its course.
    #[must_use]
    pub fn traceparent(&self) -> String {
        TraceContext { trace: self.trace, span: self.span, sampled: false }.to_string()
    }
}

/// What was done for one answer.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it stands in a trace, and who did it.
    pub doing: Arc<Doing>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: DateTime<Utc>,
    /// With whose data.
    pub noted: Vec<Noted>,
}

/// Why the processing log was not written.
pub type NotWritten = Arc<dyn StdError + Send + Sync>;

/// Where what was done with the data of persons is written down.
pub trait ProcessingLog: Send + Sync {
    /// The URI of a processing activity that a caller may name, by its name or its URI.
    fn activity(&self, named: &str) -> Option<Arc<str>>;

    /// Writes one record for each person; they are durable when it returns.
    fn write(&self, entry: Entry) -> BoxFuture<'_, Result<(), NotWritten>>;
}

/// Whose data a request has to do with, noted as it turns out.
///
/// What nobody waits for any more, as the caller went away or was told that it took too long, is written all the same.
pub struct Concerned {
    log: Arc<dyn ProcessingLog>,
    doing: Arc<Doing>,
    began: DateTime<Utc>,
    notes: Mutex<Notes>,
}

/// By person and what was done, how it ended.
type ByPerson = BTreeMap<(Uuid, Arc<str>, Ended), Arc<Action>>;

#[derive(Default)]
struct Notes {
    persons: ByPerson,
    /// Who may be persons, unless the same request tells otherwise.
    perhaps: ByPerson,
    /// Which are not.
    others: BTreeSet<Uuid>,
}

impl Concerned {
    /// The notes on a request that begins now, for which its caller may have named an activity.
    pub(crate) fn begin(
        log: &Arc<dyn ProcessingLog>,
        principal: &Principal,
        (step, named): (Option<Step>, Option<&str>),
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let known = |named| log.activity(named).ok_or_else(|| Refusal::UnknownActivity(shown_text(named)));
        let activity = named.map(known).transpose()?;
        let alone = || Step { ours: TraceContext::unrecorded(None, fresh_id()), caller: None };
        let Step { ours, caller } = step.unwrap_or_else(alone);
        let doing = Doing {
            trace: ours.trace,
            span: ours.span,
            caller_span: caller.map(|caller| caller.span),
            principal: principal.clone(),
            activity,
        };
        Ok(Self { log: Arc::clone(log), doing: Arc::new(doing), began: now, notes: Mutex::default() })
    }

    /// The notes on something that begins now, and that no request asks for.
    pub fn unasked(log: &Arc<dyn ProcessingLog>, principal: Principal, now: DateTime<Utc>) -> Self {
        let TraceContext { trace, span, .. } = TraceContext::unrecorded(None, fresh_id());
        let doing = Doing { trace, span, caller_span: None, principal, activity: None };
        Self { log: Arc::clone(log), doing: Arc::new(doing), began: now, notes: Mutex::default() }
    }

    /// Writes down what was noted; it is durable when this returns.
    ///
    /// # Errors
    /// Where it is not written.
    pub async fn written(&self, clock: &dyn Clock) -> Result<(), NotWritten> {
        self.write(clock, self.take(), Settled::Request).await
    }

    async fn write(&self, clock: &dyn Clock, noted: Vec<Noted>, settled: Settled) -> Result<(), NotWritten> {
        if noted.is_empty() {
            return Ok(());
        }
        let now = clock.now();
        let began = if settled == Settled::Request { self.began } else { now };
        let (log, entry) = (Arc::clone(&self.log), self.entry((began, now), noted));
        see_through(async move { log.write(entry).await }).await
    }

    /// Notes of their own on something that is done for the same request.
    #[must_use]
    pub fn apart(&self) -> Self {
        let (log, doing) = (Arc::clone(&self.log), Arc::clone(&self.doing));
        Self { log, doing, began: self.began, notes: Mutex::default() }
    }

    /// What was noted since it was last asked, for who writes it down: it was done until now.
    pub fn taken(&self, now: DateTime<Utc>) -> Entry {
        self.entry((self.began, now), self.take())
    }

    fn entry(&self, (began, now): (DateTime<Utc>, DateTime<Utc>), noted: Vec<Noted>) -> Entry {
        Entry { doing: Arc::clone(&self.doing), started_at: began.min(now), ended_at: now, noted }
    }

    /// Where it stands in a trace, and who does it.
    pub fn doing(&self) -> &Arc<Doing> {
        &self.doing
    }

    /// Something was done with the data of this person.
    pub fn person(&self, subject: Uuid, action: &Arc<Action>, ended: Ended) {
        self.notes().persons.insert((subject, Arc::clone(&action.name), ended), Arc::clone(action));
    }

    /// The same of somebody who is a person unless the same request tells otherwise.
    pub fn perhaps(&self, subject: Uuid, action: &Arc<Action>, ended: Ended) {
        self.notes().perhaps.insert((subject, Arc::clone(&action.name), ended), Arc::clone(action));
    }

    /// This is no person.
    pub fn nobody(&self, object: Uuid) {
        self.notes().others.insert(object);
    }

    /// What was noted since it was last asked.
    pub(crate) fn take(&self) -> Vec<Noted> {
        let Notes { mut persons, perhaps, others } = std::mem::take(&mut *self.notes());
        persons.extend(perhaps.into_iter().filter(|((id, ..), _)| !others.contains(id)));
        let noted = |((subject, _, ended), action)| Noted { subject, action, ended };
        persons.into_iter().map(noted).collect()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Concerned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Concerned").field("doing", &self.doing).finish_non_exhaustive()
    }
}

/// Whether what leaves is the only answer to a request, or messages of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Request,
    Messages,
}

/// Writes down whose data it is that leaves; it may when that is done.
pub(crate) async fn settle(
    clock: &dyn Clock,
    concerned: &Concerned,
    noted: Vec<Noted>,
    settled: Settled,
) -> Result<(), Refusal> {
    concerned.write(clock, noted, settled).await.map_err(|error| {
        let id = fresh_id();
        tracing::error!(%id, error = %chain(&*error), "the processing log was not written, so that an answer was withheld");
        Refusal::NotLogged { id }
    })
}

impl Drop for Concerned {
    fn drop(&mut self) {
        let noted = self.take();
        let runtime = tokio::runtime::Handle::try_current();
        if let (Ok(runtime), false) = (runtime, noted.is_empty()) {
            let (log, entry) = (Arc::clone(&self.log), self.entry((self.began, self.began), noted));
            runtime.spawn(async move {
                if let Err(error) = log.write(entry).await {
                    tracing::error!(error = %chain(&*error), "the processing log was not written, of what nobody waited for");
                }
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log that nothing is written to.
    struct Nowhere;

    impl ProcessingLog for Nowhere {
        fn activity(&self, _: &str) -> Option<Arc<str>> {
            None
        }

        fn write(&self, _: Entry) -> BoxFuture<'_, Result<(), NotWritten>> {
            Box::pin(async { Ok(()) })
        }
    }

    fn concerned() -> Concerned {
        let principal = Principal::new(Uuid::nil(), "ambtenaar");
        let doing = Doing { trace: 1, span: 2, caller_span: None, principal, activity: None };
        let (log, doing) = (Arc::new(Nowhere), Arc::new(doing));
        Concerned { log, doing, began: DateTime::UNIX_EPOCH, notes: Mutex::default() }
    }

    fn action(name: &str) -> Arc<Action> {
        Arc::new(Action { name: name.into(), activity: "urn:x".into(), subject_type: "Persoon".into() })
    }

    fn told(concerned: &Concerned) -> Vec<(u128, String, Ended)> {
        let told = |noted: Noted| (noted.subject.as_u128(), noted.action.name.to_string(), noted.ended);
        concerned.take().into_iter().map(told).collect()
    }

    #[test]
    fn what_is_done_with_one_person_is_noted_once_however_often_it_is_done() {
        let (concerned, read) = (concerned(), action("read"));
        for subject in [2, 1, 2] {
            concerned.person(Uuid::from_u128(subject), &read, Ended::Done);
        }
        concerned.person(Uuid::from_u128(2), &action("claim"), Ended::Denied);
        let expected = [(1, "read", Ended::Done), (2, "claim", Ended::Denied), (2, "read", Ended::Done)];
        assert_eq!(told(&concerned), expected.map(|(id, name, ended)| (id, name.to_owned(), ended)));
        assert_eq!(told(&concerned), []);
    }

    #[test]
    fn who_may_be_a_person_is_one_unless_the_same_request_tells_otherwise() {
        let (concerned, read) = (concerned(), action("read"));
        concerned.perhaps(Uuid::from_u128(1), &read, Ended::Done);
        concerned.perhaps(Uuid::from_u128(2), &read, Ended::Done);
        concerned.nobody(Uuid::from_u128(2));
        assert_eq!(told(&concerned), [(1, "read".to_owned(), Ended::Done)]);
    }
}
