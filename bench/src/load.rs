//! So many callers, each asking again as soon as it is answered.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use tokio::task::JoinHandle;

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
    /// What an answer cost this process of the time of processors, in microseconds.
    pub(crate) cost: f64,
    /// How long each answer took.
    latencies: Latencies,
}

impl Load {
    /// The time that this part of the answers stayed below, in milliseconds.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        self.latencies.percentile(part)
    }

    /// The time of the answer in the middle, in milliseconds.
    pub(crate) fn median(&self) -> f64 {
        self.percentile(0.5)
    }
}

/// How long things took, in seconds, shortest first.
pub(crate) struct Latencies(Vec<f64>);

impl Latencies {
    pub(crate) fn new(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self(seconds)
    }

    /// The time that this part of them stayed below, in milliseconds.
    pub(crate) fn percentile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = (self.0.len() as f64 * part) as usize;
        let last = self.0.len().saturating_sub(1);
        self.0.get(index.min(last)).map_or(f64::NAN, |seconds| seconds * 1_000.0)
    }
}

/// Has the callers ask for `time`.
pub(crate) async fn load<C: Caller>(callers: Vec<C>, time: Duration) -> Result<Load, Failure> {
    let (started, before) = (Instant::now(), processor_time()?);
    let tasks = callers.into_iter().map(|mut caller| {
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < time {
                latencies.push(timed(&mut caller).await?);
            }
            Ok(latencies)
        })
    });
    joined((started, before), tasks).await
}

/// Has the callers together ask so many times a second for `time`, in turn; who is late asks at once.
pub(crate) async fn paced<C: Caller>(callers: Vec<C>, rate: u32, time: Duration) -> Result<Load, Failure> {
    let (started, before) = (Instant::now(), processor_time()?);
    let count = u32::try_from(callers.len())?;
    let tasks = (0..).zip(callers).map(|(index, mut caller): (u32, C)| {
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            let mut turn = Duration::from_secs(index.into()) / rate;
            while turn < time {
                tokio::time::sleep_until((started + turn).into()).await;
                latencies.push(timed(&mut caller).await?);
                turn += Duration::from_secs(count.into()) / rate;
            }
            Ok(latencies)
        })
    });
    joined((started, before), tasks).await
}

/// Asks once; how long the answer took, in seconds.
async fn timed(caller: &mut impl Caller) -> Result<f64, Failure> {
    let asked = Instant::now();
    caller.ask().await?;
    Ok(asked.elapsed().as_secs_f64())
}

/// How long processors have worked for this process so far, in seconds.
fn processor_time() -> Result<f64, Failure> {
    /// What the system counts by (`USER_HZ`), which is the same on every Linux.
    const TICKS_A_SECOND: f64 = 100.0;
    let told = std::fs::read_to_string("/proc/self/stat")?;
    // After the name, which may hold anything: the state, ten numbers, and then the time of our own and the system's.
    let numbers = told.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(2));
    let ticks: Option<f64> = numbers.and_then(|ticks| ticks.map(|ticks| ticks.parse::<f64>().ok()).sum());
    Ok(ticks.ok_or("the system does not tell how long it has worked")? / TICKS_A_SECOND)
}

async fn joined(
    (started, before): (Instant, f64),
    tasks: impl Iterator<Item = JoinHandle<Result<Vec<f64>, Failure>>>,
) -> Result<Load, Failure> {
    let each = try_join_all(tasks).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let latencies: Vec<f64> = each.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    #[expect(clippy::cast_precision_loss, reason = "a count of answers")]
    let answers = latencies.len() as f64;
    let cost = (processor_time()? - before) / answers * 1e6;
    Ok(Load { rate: answers / elapsed, cost, latencies: Latencies::new(latencies) })
}
