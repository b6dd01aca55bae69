//! Watching a batch on its way: what it takes, and which requests it serves.

use std::sync::Arc;
use std::time::Instant;

use door::metrics::Timer;
use tracing::Span;

use super::meters::Meters;

/// A request that came to the appender, as far as whoever watches wants to know of it.
#[derive(Debug)]
pub(super) struct Ticket {
    /// The step of a trace that the request is in.
    asked: Span,
    queued: Span,
    since: Instant,
}

impl Ticket {
    /// For a request that begins to wait now.
    pub(super) fn new(meters: &Meters) -> Self {
        meters.waiting.inc();
        Self { asked: Span::current(), queued: tracing::debug_span!("queue"), since: Instant::now() }
    }
}

/// What is told of a batch.
#[derive(Debug)]
pub(super) struct Watch {
    meters: Arc<Meters>,
    /// What is done for all its requests stands in this.
    batch: Span,
    /// The steps that its requests are in.
    asked: Vec<Span>,
}

/// A step of a request that is being taken, until it is dropped.
pub(super) struct Step {
    /// What happens in the step stands in this.
    pub(super) span: Span,
    _others: Vec<Span>,
    _timer: Timer,
}

impl Watch {
    pub(super) fn new(meters: Arc<Meters>) -> Self {
        Self { meters, batch: Span::none(), asked: Vec::new() }
    }

    /// This request waits no more: it is the next of the batch.
    pub(super) fn admit(&mut self, ticket: Ticket) {
        let Ticket { asked, queued, since } = ticket;
        drop(queued);
        self.meters.waiting.dec();
        self.meters.queue_wait.observe(since.elapsed().as_secs_f64());
        if self.asked.is_empty() {
            self.batch = tracing::debug_span!(parent: None, "batch");
        }
        self.batch.follows_from(asked.id());
        self.asked.push(asked);
    }

    /// The requests of another batch are decided anew, after those of this one.
    pub(super) fn join(&mut self, other: Self) {
        for asked in &other.asked {
            self.batch.follows_from(asked.id());
        }
        self.asked.extend(other.asked);
    }

    /// The request at this place of the batch is being decided.
    pub(super) fn deciding(&self, place: usize) -> Step {
        let asked = self.asked.get(place).and_then(Span::id);
        let span = tracing::debug_span!(parent: asked, "decide");
        Step { span, _others: Vec::new(), _timer: Timer::start(&self.meters.decide) }
    }

    /// So many events are being committed: one step of the batch, and one of each request that waits for it.
    pub(super) fn committing(&self, events: usize) -> Step {
        let span = tracing::debug_span!(parent: &self.batch, "commit", events);
        let of_request = |asked: &Span| {
            span.follows_from(asked.id());
            let commit = tracing::debug_span!(parent: asked.id(), "commit");
            commit.follows_from(span.id());
            commit
        };
        let others =
            if span.is_disabled() { Vec::new() } else { self.asked.iter().map(of_request).collect() };
        Step { span, _others: others, _timer: Timer::start(&self.meters.commit) }
    }
}
