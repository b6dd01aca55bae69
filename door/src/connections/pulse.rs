//! What a connection waits for, since when, and for how long it may.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::Overdue;

/// How long a client may keep a connection waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For the head of a request, from its first byte; of the first request from the connection's beginning.
    pub(super) head: Duration,
    /// For the next request.
    pub(super) idle: Duration,
    /// For the client to take anything of what it is sent.
    pub(super) write: Duration,
}

/// The state of one connection, as its stream and its requests tell it.
#[derive(Debug)]
pub(super) struct Pulse {
    patience: Patience,
    /// Several requests share the connection, and whatever comes may be of none of them (HTTP/2).
    shared: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The last time that the client had to do with it.
    since: Instant,
    /// No request has come yet.
    fresh: bool,
    /// Some of a head has come.
    begun: bool,
    /// Requests that wait for us.
    ours: usize,
    /// Answers that wait for the client.
    theirs: usize,
    /// The stream takes nothing, since then.
    stalled: Option<Instant>,
    /// It has become something else than HTTP, which has its own time-outs.
    upgraded: bool,
    /// Who is to look at the deadline again once nothing is left to do.
    waiting: Option<Waker>,
}

impl Pulse {
    pub(super) fn new(patience: Patience, shared: bool) -> Self {
        let state = State {
            since: Instant::now(),
            fresh: true,
            begun: false,
            ours: 0,
            theirs: 0,
            stalled: None,
            upgraded: false,
            waiting: None,
        };
        Self { patience, shared, state: Mutex::new(state) }
    }

    /// Whoever waits on it looks again at the deadline when that may be another.
    pub(super) fn waits(&self, waker: &Waker) {
        let mut state = self.state();
        match &mut state.waiting {
            Some(waiting) => waiting.clone_from(waker),
            None => state.waiting = Some(waker.clone()),
        }
    }

    /// When to give it up, and why; never while it waits for us.
    pub(super) fn deadline(&self) -> Option<(Instant, Overdue)> {
        let state = self.state();
        let Patience { head, idle, write } = self.patience;
        if let Some(stalled) = state.stalled {
            return Some((stalled + write, Overdue::Write));
        }
        if state.upgraded || state.ours > 0 {
            return None;
        }
        Some(match (state.theirs > 0, state.fresh || state.begun) {
            (true, _) => (state.since + write, Overdue::Write),
            (false, true) => (state.since + head, Overdue::Head),
            (false, false) => (state.since + idle, Overdue::Idle),
        })
    }

    /// Whether it was used, and is not now.
    pub(super) fn is_unused(&self) -> bool {
        let state = self.state();
        !state.fresh && !state.begun && !state.upgraded && state.ours + state.theirs == 0
    }

    /// Something came.
    pub(super) fn heard(&self) {
        let mut state = self.state();
        if !self.shared && !state.begun && state.ours + state.theirs == 0 {
            state.begun = true;
            // Whoever says nothing at first has the less time afterwards.
            if !state.fresh {
                state.since = Instant::now();
            }
        }
    }

    /// The stream took something.
    pub(super) fn took(&self) {
        let mut state = self.state();
        state.stalled = None;
        state.since = Instant::now();
    }

    /// The stream takes nothing.
    pub(super) fn stalled(&self) {
        self.state().stalled.get_or_insert_with(Instant::now);
    }

    /// A request has come, and waits for us.
    pub(super) fn asked(&self) {
        let mut state = self.state();
        (state.fresh, state.begun) = (false, false);
        state.ours += 1;
    }

    /// It is done with, in whatever way; `ours` as it stood.
    pub(super) fn done(&self, ours: bool) {
        let mut state = self.state();
        match ours {
            true => state.ours -= 1,
            false => state.theirs -= 1,
        }
        state.since = Instant::now();
        // Whoever waits for the next request began to while there was no deadline, or another.
        if let Some(waiting) = state.waiting.take() {
            waiting.wake();
        }
    }

    /// What waited for us waits for the client, or the other way round.
    pub(super) fn turned(&self, ours: bool) {
        let mut state = self.state();
        match ours {
            true => (state.ours, state.theirs) = (state.ours + 1, state.theirs - 1),
            false => (state.ours, state.theirs) = (state.ours - 1, state.theirs + 1),
        }
        state.since = Instant::now();
    }

    pub(super) fn upgraded(&self) {
        self.state().upgraded = true;
    }

    /// Whoever holds it only counts, and cannot have left it half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pulse() -> Pulse {
        let seconds = Duration::from_secs;
        Pulse::new(Patience { head: seconds(1), idle: seconds(10), write: seconds(100) }, false)
    }

    /// Why it would be given up, and in how many seconds.
    fn left(pulse: &Pulse) -> Option<(u64, Overdue)> {
        pulse.deadline().map(|(at, why)| ((at - Instant::now()).as_secs(), why))
    }

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_head_is_due_from_the_beginning_however_slowly_it_comes() {
        let pulse = Pulse::new(Patience { head: Duration::from_secs(5), ..pulse().patience }, false);
        pass(2).await;
        pulse.heard();
        pass(1).await;
        pulse.heard();
        assert_eq!(left(&pulse), Some((2, Overdue::Head)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_used_may_stand_unused_but_not_half_asked() {
        let pulse = pulse();
        pulse.asked();
        pulse.done(true);
        assert_eq!((left(&pulse), pulse.is_unused()), (Some((10, Overdue::Idle)), true));
        pass(9).await;
        pulse.heard();
        assert_eq!((left(&pulse), pulse.is_unused()), (Some((1, Overdue::Head)), false));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_given_up_while_waiting_for_us() {
        let pulse = pulse();
        pulse.asked();
        pulse.heard();
        assert_eq!(left(&pulse), None);
        pulse.turned(false);
        assert_eq!(left(&pulse), Some((100, Overdue::Write)));
        pulse.turned(true);
        assert_eq!(left(&pulse), None);
        pulse.done(true);
        pulse.upgraded();
        assert_eq!(left(&pulse), None);
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_a_little_has_all_the_time_again() {
        let pulse = pulse();
        pulse.asked();
        pulse.done(true);
        pulse.stalled();
        pass(99).await;
        pulse.stalled();
        assert_eq!(left(&pulse), Some((1, Overdue::Write)));
        pulse.took();
        pulse.stalled();
        assert_eq!(left(&pulse), Some((100, Overdue::Write)));
    }
}
