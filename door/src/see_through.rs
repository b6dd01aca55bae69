//! What is done to its end where whoever waits for it goes away.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use tracing::Instrument;

/// Does something where it is waited for; what is left of it when nobody waits any more is done by a task of its own, in the
/// same trace.
pub fn see_through<T: Send + 'static>(doing: impl Future<Output = T> + Send + 'static) -> SeenThrough<T> {
    SeenThrough(Some(doing.in_current_span().boxed()))
}

/// Something that is done to its end.
#[must_use = "it is done where it is waited for"]
pub struct SeenThrough<T: Send + 'static>(Option<BoxFuture<'static, T>>);

impl<T: Send + 'static> Future for SeenThrough<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        // What panics is not there to be gone on with.
        let Some(mut doing) = self.0.take() else { return Poll::Pending };
        let done = doing.poll_unpin(context);
        if done.is_pending() {
            self.0 = Some(doing);
        }
        done
    }
}

impl<T: Send + 'static> Drop for SeenThrough<T> {
    fn drop(&mut self) {
        if let (Some(rest), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(rest.map(drop));
        }
    }
}

impl<T: Send + 'static> fmt::Debug for SeenThrough<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SeenThrough").field("waits", &self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_answered() {
        assert_eq!(see_through(async { 7 }).await, 7);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_done_all_the_same() {
        let (go_on, told) = oneshot::channel::<()>();
        let (done, is_done) = oneshot::channel();
        let doing = see_through(async move {
            told.await.expect("a word");
            done.send(()).expect("somebody listens");
        });
        tokio::time::timeout(Duration::from_millis(1), doing).await.expect_err("it waits");
        go_on.send(()).expect("somebody waits");
        is_done.await.expect("it is done");
    }
}
