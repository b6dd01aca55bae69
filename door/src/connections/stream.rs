//! A stream of bytes that gives itself up when its client keeps it waiting for too long.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep_until};

use super::pulse::Pulse;
use crate::metrics::{ConnectionMeters, Counted};

/// A stream with a deadline, in its place among all connections; both go with it, whatever it has become.
pub(super) struct Watched<S> {
    inner: S,
    pulse: Arc<Pulse>,
    alarm: Pin<Box<Sleep>>,
    meters: ConnectionMeters,
    _held: (OwnedSemaphorePermit, Counted),
}

impl<S> Watched<S> {
    pub(super) fn new(
        inner: S,
        pulse: Arc<Pulse>,
        (place, open, meters): (OwnedSemaphorePermit, Counted, ConnectionMeters),
    ) -> Self {
        let alarm = Box::pin(sleep_until(Instant::now()));
        Self { inner, pulse, alarm, meters, _held: (place, open) }
    }

    /// Waits on, unless it was for too long.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        self.pulse.waits(context.waker());
        let Some((deadline, why)) = self.pulse.deadline() else { return Poll::Pending };
        if self.alarm.deadline() != deadline {
            self.alarm.as_mut().reset(deadline);
        }
        ready!(self.alarm.as_mut().poll(context));
        self.meters.ended(why);
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    /// What became of handing bytes over.
    fn wrote<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_pending() {
            self.pulse.stalled();
            return self.wait(context);
        }
        self.pulse.took();
        outcome
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(context, buffer);
        if outcome.is_pending() {
            return self.wait(context);
        }
        if buffer.filled().len() > before {
            self.pulse.heard();
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.wrote(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.wrote(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_flush(context);
        match outcome.is_pending() {
            true => self.wrote(context, outcome),
            false => outcome,
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.inner).poll_shutdown(context);
        match outcome.is_pending() {
            true => self.wrote(context, outcome),
            false => outcome,
        }
    }
}
