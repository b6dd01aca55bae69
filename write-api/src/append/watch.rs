//! Watching a batch on its way: what it takes, and which requests it serves.

use std::sync::Arc;
use std::time::Instant;

use door::metrics::Timer;
use read_model::event::Position;
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

/// What the engine tells of its work.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) meters: Arc<Meters>,
    /// The steps that the requests of the present batch are in; none where nobody follows them.
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
        Self { meters, asked: Vec::new() }
    }

    /// These requests wait no more; all that is done for them happens in the span that this returns.
    pub(super) fn begin(&mut self, tickets: Vec<Ticket>) -> Span {
        self.meters.waiting.dec_by(tickets.len() as u64);
        self.meters.batch.observe(f64::from(u32::try_from(tickets.len()).unwrap_or(u32::MAX)));
        let batch = tracing::debug_span!(parent: None, "batch", requests = tickets.len());
        self.asked.clear();
        for Ticket { asked, queued, since } in tickets {
            drop(queued);
            self.meters.queue_wait.observe(since.elapsed().as_secs_f64());
            self.asked.push(asked);
        }
        self.link(&batch);
        batch
    }

    /// Nothing more is done for the requests of this batch.
    pub(super) fn end(&mut self) {
        self.asked.clear();
    }

    /// The request at this place of the batch is being decided.
    pub(super) fn deciding(&self, place: usize) -> Step {
        let asked = self.asked.get(place).and_then(Span::id);
        let span = tracing::debug_span!(parent: asked, "decide");
        Step { span, _others: Vec::new(), _timer: Timer::start(&self.meters.decide) }
    }

    /// So many events are being committed: one step of the batch, and one of each request that waits for it.
    pub(super) fn committing(&self, events: usize) -> Step {
        let span = tracing::debug_span!("commit", events);
        self.link(&span);
        let of_request = |asked: &Span| {
            let commit = tracing::debug_span!(parent: asked.id(), "commit");
            commit.follows_from(span.id());
            commit
        };
        let others =
            if span.is_disabled() { Vec::new() } else { self.asked.iter().map(of_request).collect() };
        Step { span, _others: others, _timer: Timer::start(&self.meters.commit) }
    }

    /// What is loaded while this lives, memory lacked.
    pub(super) fn loading(&self) -> Timer {
        Timer::start(&self.meters.load)
    }

    /// So many objects were looked for in memory, and so many of them were not there.
    pub(super) fn looked_up(&self, objects: usize, missing: usize) {
        self.meters.hits.inc_by(objects.saturating_sub(missing) as u64);
        self.meters.misses.inc_by(missing as u64);
    }

    pub(super) fn reached(&self, position: Position) {
        self.meters.head.set(position.get());
    }

    /// A step of a batch serves requests of many traces, so that it is in none of them, and names them all.
    fn link(&self, step: &Span) {
        if !step.is_disabled() {
            for asked in &self.asked {
                step.follows_from(asked.id());
            }
        }
    }
}
