//! So many callers, each asking again as soon as it is answered.

use std::time::{Duration, Instant};

use futures::future::try_join_all;

use crate::failure::Failure;

/// Somebody who asks one thing after the other.
pub(crate) trait Caller: Send + 'static {
    /// Asks once, and waits for the answer.
    fn ask(&mut self) -> impl Future<Output = Result<(), Failure>> + Send;
}

/// What a load came to.
pub(crate) struct Load {
    /// Answers a second.
    pub(crate) rate: f64,
    /// How long each answer took, in seconds, shortest first.
    latencies: Vec<f64>,
}

impl Load {
    /// The time that this part of the answers stayed below, in milliseconds.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (self.latencies.len() as f64 * part) as usize;
        let last = self.latencies.len().saturating_sub(1);
        self.latencies.get(index.min(last)).map_or(f64::NAN, |seconds| seconds * 1_000.0)
    }

    /// The time of the answer in the middle, in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(0.5)
    }
}

/// Has the callers ask for `time`.
pub(crate) async fn load<C: Caller>(callers: Vec<C>, time: Duration) -> Result<Load, Failure> {
    let started = Instant::now();
    let tasks = callers.into_iter().map(|mut caller| {
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < time {
                let asked = Instant::now();
                caller.ask().await?;
                latencies.push(asked.elapsed().as_secs_f64());
            }
            Ok::<_, Failure>(latencies)
        })
    });
    let each = try_join_all(tasks).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let mut latencies: Vec<f64> = each.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    latencies.sort_by(f64::total_cmp);
    #[expect(clippy::cast_precision_loss, reason = "a count of answers")]
    let rate = latencies.len() as f64 / elapsed;
    Ok(Load { rate, latencies })
}
