//! Requests on their way: while what was decided of some is being committed, the next are decided on top of it.
//!
//! A decision is answered once all that it rests on is committed. Where a commit comes to nothing, because others came first,
//! it and what was decided on top of it are decided anew. See `docs/adr/0002-appending.md`.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use read_model::pool::Kept;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::batch::{Batch, Decided, Job};
use super::engine::{Committed, Engine, MAX_LOADS};
use super::insert::{Insert, Inserted};
use super::meters::Meters;
use super::mirror::Head;
use super::{AppendError, AppendOptions, EngineError, Reply, Request, Waiting};
use crate::decide::Missing;
use crate::outcome::Outcome;

/// So many are decided before the first commit begins, where more wait: the database then works while those are decided.
const FIRST_PART: usize = 16;

/// Takes requests in, and answers them.
pub(super) struct Pipeline {
    engine: Engine,
    options: AppendOptions,
    /// Taken in, and not decided yet.
    arrived: VecDeque<Waiting>,
    /// Of how many of these it is known that memory holds the newest log as it was after they came.
    fresh: usize,
    /// Decided, and not being committed yet.
    next: Serving,
    under_way: Option<UnderWay>,
    /// What was committed last: while it was, the next were decided.
    committed: Option<Arc<Committed>>,
    /// Answers are told beside all that: callers are woken by them.
    telling: JoinSet<()>,
}

/// A batch, and who waits for it.
struct Serving {
    batch: Batch,
    callers: Callers,
}

/// A batch that is being committed.
struct UnderWay {
    serving: Serving,
    commit: BoxFuture<'static, Ended>,
    ended: Option<Ended>,
}

/// How a commit ended, and the connection that it went over.
type Ended = (Kept, Result<Inserted, EngineError>);

impl Pipeline {
    pub(super) fn new(engine: Engine, options: AppendOptions) -> Self {
        let next = Serving::new(&engine.meters);
        let arrived = VecDeque::with_capacity(options.max_batch);
        Self {
            engine,
            options,
            arrived,
            fresh: 0,
            next,
            under_way: None,
            committed: None,
            telling: JoinSet::new(),
        }
    }

    /// Serves what comes through a queue, until nobody can put anything into it any more.
    pub(super) async fn serve(mut self, mut queue: mpsc::Receiver<Waiting>) {
        loop {
            match AssertUnwindSafe(self.turn(&mut queue)).catch_unwind().await {
                Ok(true) => while self.telling.try_join_next().is_some() {},
                Ok(false) => break,
                Err(_) => self.forget(),
            }
        }
        while self.telling.join_next().await.is_some() {}
    }

    /// Takes in, decides, commits; false where nothing comes any more and all is answered.
    async fn turn(&mut self, queue: &mut mpsc::Receiver<Waiting>) -> bool {
        if self.arrived.is_empty() && !self.receive(queue).await {
            return false;
        }
        self.decide().await;
        let is_full = self.next.len() >= self.options.max_batch;
        if self.under_way.as_ref().is_some_and(|under_way| is_full || under_way.has_ended()) {
            self.settle_and_go_on().await;
        }
        if self.under_way.is_none() && self.next.len() > 0 {
            self.commit().await;
        }
        true
    }

    /// Waits for requests, or for the end of the commit under way; false where there is nothing to wait for.
    async fn receive(&mut self, queue: &mut mpsc::Receiver<Waiting>) -> bool {
        let mut received = Vec::new();
        let limit = self.options.max_batch;
        let count = match &mut self.under_way {
            None => queue.recv_many(&mut received, limit).await,
            Some(under_way) => tokio::select! {
                biased;
                () = under_way.end() => return true,
                count = queue.recv_many(&mut received, limit) => count,
            },
        };
        self.arrived.extend(received);
        if count > 0 {
            let missing = self.engine.lacks(self.arrived.iter().map(|waiting| &*waiting.request));
            if !missing.is_empty() {
                self.load(&missing).await;
            }
            return true;
        }
        match &mut self.under_way {
            Some(under_way) => {
                under_way.end().await;
                true
            }
            None => false,
        }
    }

    /// Decides what arrived; or some of it, where the database can be given something to do.
    async fn decide(&mut self) {
        while self.next.len() < self.options.max_batch
            && let Some(waiting) = self.arrived.pop_front()
        {
            self.decide_one(waiting).await;
            let has_something_to_do = match &mut self.under_way {
                Some(under_way) => !under_way.poll().await,
                None => self.next.len() < FIRST_PART,
            };
            if !has_something_to_do {
                break;
            }
        }
    }

    async fn decide_one(&mut self, waiting: Waiting) {
        self.next.admit(waiting);
        self.next.batch.fresh &= self.fresh > 0;
        self.fresh = self.fresh.saturating_sub(1);
        for _ in 0..MAX_LOADS {
            let under_way = self.under_way.as_ref().map(|under_way| &under_way.serving.batch.overlay);
            match self.engine.decide(&mut self.next.batch, under_way) {
                Ok(()) => return,
                Err(missing) => self.load(&missing).await,
            }
            if self.next.len() == 0 {
                // It was answered meanwhile.
                return;
            }
        }
        let fault = AppendError::from(EngineError::TooLarge(MAX_LOADS));
        let known = self.engine.mirror.head().position;
        self.next.batch.decided.push(Decided { result: Err(fault), known, dry_run: false });
    }

    /// Loads what is missing, once nothing is under way: what this writer commits it need not read.
    async fn load(&mut self, missing: &Missing) {
        self.settle().await;
        match self.engine.load(missing).await {
            Ok(moved) => {
                if moved && !self.next.batch.decided.is_empty() {
                    let next = self.next.take(&self.engine.meters);
                    self.decide_anew(next).await;
                }
                self.next.batch.fresh = true;
                self.fresh = self.arrived.len();
            }
            Err(error) => {
                self.engine.mirror.forget();
                self.fresh = 0;
                let fault = AppendError::from(error);
                self.next.take(&self.engine.meters).callers.fail(&fault);
                for waiting in std::mem::take(&mut self.arrived) {
                    self.next.admit(waiting);
                }
                self.next.take(&self.engine.meters).callers.fail(&fault);
            }
        }
    }

    /// Begins to commit what was decided.
    async fn commit(&mut self) {
        if self.next.batch.overlay.len() > 0 {
            self.send_off(self.engine.mirror.head()).await;
            return;
        }
        let serving = self.take_next();
        let step = serving.batch.watch.committing(0);
        let span = step.span.clone();
        let decided_on = self.engine.nothing_to_commit(serving.batch.fresh).instrument(span).await;
        drop(step);
        match decided_on {
            Ok(Some(committed)) => self.answer(serving, Arc::new(committed)).await,
            Ok(None) => self.decide_anew(serving).await,
            Err(error) => self.fail(serving, error).await,
        }
    }

    /// Has the database commit what was decided on top of a log that ends at `head`.
    async fn send_off(&mut self, head: Head) {
        let mut serving = self.take_next();
        let commit = self.committing(&mut serving.batch, head);
        let mut under_way = UnderWay { serving, commit, ended: None };
        under_way.poll().await;
        self.under_way = Some(under_way);
    }

    fn take_next(&mut self) -> Serving {
        let serving = self.next.take(&self.engine.meters);
        self.engine.meters.batch.observe(f64::from(u32::try_from(serving.len()).unwrap_or(u32::MAX)));
        serving
    }

    fn committing(&mut self, batch: &mut Batch, head: Head) -> BoxFuture<'static, Ended> {
        let insert = self.engine.insert(batch, head);
        let mut kept = self.engine.mirror.hand_out();
        let AppendOptions { inject_before_commit, inject_after_commit, .. } = self.options;
        let step = batch.watch.committing(batch.overlay.len());
        let span = step.span.clone();
        let commit = async move {
            sleep(inject_before_commit).await;
            let inserted = execute(insert, &mut kept).await;
            drop(step);
            sleep(inject_after_commit).await;
            (kept, inserted)
        };
        commit.instrument(span).boxed()
    }

    /// Waits for the commit under way, and answers whom it serves.
    async fn settle(&mut self) {
        if let Some((serving, inserted)) = self.end().await {
            self.take_in(serving, inserted).await;
        }
    }

    /// The same; and sends off what was decided meanwhile before anything else, so that the database does not wait for it.
    async fn settle_and_go_on(&mut self) {
        let Some((serving, inserted)) = self.end().await else { return };
        // The answer to what was repeated may have to be read, with nothing under way.
        if let Ok(Inserted::Committed(first)) = &inserted
            && !serving.batch.repeats()
            && self.next.batch.overlay.len() > 0
        {
            let head = self.engine.head_after(&serving.batch, *first);
            self.send_off(head).await;
        }
        self.take_in(serving, inserted).await;
    }

    /// Waits for the end of the commit under way.
    async fn end(&mut self) -> Option<(Serving, Result<Inserted, EngineError>)> {
        let mut under_way = self.under_way.take()?;
        under_way.end().await;
        let UnderWay { serving, ended, .. } = under_way;
        let (kept, inserted) = ended?;
        self.engine.mirror.give_back(kept);
        Some((serving, inserted))
    }

    /// Takes in how a commit ended, and answers whom it serves.
    async fn take_in(&mut self, mut serving: Serving, inserted: Result<Inserted, EngineError>) {
        let committed = match inserted {
            Ok(inserted) => self.engine.take_in(&mut serving.batch, inserted).await,
            Err(error) => Err(error),
        };
        match committed {
            Ok(Some(committed)) => {
                let committed = Arc::new(committed);
                self.answer(serving, Arc::clone(&committed)).await;
                self.committed = Some(committed);
            }
            Ok(None) => {
                self.engine.meters.conflicts.inc();
                let next = self.next.take(&self.engine.meters);
                self.decide_anew(serving.and(next)).await;
            }
            Err(error) => self.fail(serving, error).await,
        }
    }

    async fn answer(&mut self, serving: Serving, committed: Arc<Committed>) {
        let Serving { mut batch, callers } = serving;
        let decided = std::mem::take(&mut batch.decided);
        let told = match self.engine.answers(decided, committed, self.committed.clone()).await {
            Ok(answers) => {
                async move {
                    callers.tell(answers.outcomes());
                    drop(batch);
                }
            }
            Err(error) => return self.fail(Serving { batch, callers }, error).await,
        };
        self.telling.spawn(told);
    }

    /// Decides a batch anew, and commits it, before anything else is done.
    async fn decide_anew(&mut self, serving: Serving) {
        let Serving { batch, callers } = serving;
        self.committed = None;
        callers.tell(self.engine.run(batch, self.options.inject_before_commit, 1).await);
    }

    /// After a fault nobody knows what was committed: what was decided on top of it is decided anew.
    async fn fail(&mut self, serving: Serving, error: EngineError) {
        self.engine.mirror.forget();
        serving.callers.fail(&error.into());
        let next = self.next.take(&self.engine.meters);
        if next.len() > 0 {
            self.decide_anew(next).await;
        }
    }

    /// After a panic nobody knows how far anything came.
    fn forget(&mut self) {
        self.engine.mirror.forget();
        (self.under_way, self.committed) = (None, None);
        self.next = Serving::new(&self.engine.meters);
    }
}

impl UnderWay {
    /// Waits until it has ended.
    async fn end(&mut self) {
        if self.ended.is_none() {
            self.ended = Some((&mut self.commit).await);
        }
    }

    /// Lets it go on as far as it can without waiting, and whether it has ended.
    async fn poll(&mut self) -> bool {
        if self.ended.is_none()
            && let Poll::Ready(ended) = futures::poll!(&mut self.commit)
        {
            self.ended = Some(ended);
        }
        self.has_ended()
    }

    const fn has_ended(&self) -> bool {
        self.ended.is_some()
    }
}

impl Serving {
    /// Of nobody yet.
    fn new(meters: &Arc<Meters>) -> Self {
        Self { batch: Batch::new(Arc::clone(meters)), callers: Callers::new(Arc::clone(meters)) }
    }

    fn len(&self) -> usize {
        self.batch.jobs.len()
    }

    /// Takes it, and leaves one of nobody.
    fn take(&mut self, meters: &Arc<Meters>) -> Self {
        std::mem::replace(self, Self::new(meters))
    }

    fn admit(&mut self, waiting: Waiting) {
        let Waiting { request, concerned, answer, ticket } = waiting;
        self.batch.watch.admit(ticket);
        self.batch.jobs.push(Job { request: Arc::clone(&request), stamp: None, concerned });
        self.callers.waiting.push_back((request, answer));
    }

    /// The two as one.
    fn and(mut self, mut other: Self) -> Self {
        self.batch.jobs.append(&mut other.batch.jobs);
        self.batch.watch.join(other.batch.watch);
        self.callers.waiting.append(&mut other.callers.waiting);
        self
    }
}

/// Who waits for an answer; where none is told in the end, there was a panic.
struct Callers {
    meters: Arc<Meters>,
    waiting: VecDeque<(Arc<Request>, Reply)>,
}

impl Callers {
    const fn new(meters: Arc<Meters>) -> Self {
        Self { meters, waiting: VecDeque::new() }
    }

    /// Tells each its outcome.
    fn tell(mut self, outcomes: Vec<Result<Outcome, AppendError>>) {
        outcomes.into_iter().for_each(|outcome| self.tell_next(outcome));
    }

    /// Tells all of the same fault.
    fn fail(mut self, fault: &AppendError) {
        self.tell_all(fault);
    }

    fn tell_all(&mut self, fault: &AppendError) {
        (0..self.waiting.len()).for_each(|_| self.tell_next(Err(fault.clone())));
    }

    fn tell_next(&mut self, outcome: Result<Outcome, AppendError>) {
        let Some((request, answer)) = self.waiting.pop_front() else { return };
        self.meters.count(&request, &outcome);
        // A caller that went away has no use for its answer; its events stand.
        let _ = answer.send(outcome);
    }
}

impl Drop for Callers {
    fn drop(&mut self) {
        if !self.waiting.is_empty() {
            self.tell_all(&EngineError::Panicked.into());
        }
    }
}

async fn execute(insert: Result<Insert, EngineError>, kept: &mut Kept) -> Result<Inserted, EngineError> {
    Ok(insert?.execute(kept.connection().await?).await?)
}

async fn sleep(delay: Duration) {
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
}
