//! How long to wait before a delivery is tried again.

use std::time::Duration;

/// The first wait, at most.
const FIRST: Duration = Duration::from_secs(1);

/// How patient a worker is with a sink.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often a delivery is tried before it is given up.
    pub attempts: u32,
    /// The longest wait.
    pub longest: Duration,
}

impl Patience {
    /// The wait after this many failures: twice as long each time, and of it anything between a half and the whole, so
    /// that what failed together is not tried together.
    #[must_use]
    pub fn after(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(30);
        let whole = FIRST.saturating_mul(1 << doublings).min(self.longest);
        whole.mul_f64(0.5 + fastrand::f64() / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_up_to_the_longest_and_no_two_alike() {
        let patience = Patience { attempts: 10, longest: Duration::from_secs(60) };
        for (failures, most) in [(1, 1.0), (2, 2.0), (5, 16.0), (7, 60.0), (99, 60.0)] {
            let waits: Vec<f64> = (0..50).map(|_| patience.after(failures).as_secs_f64()).collect();
            assert!(waits.iter().all(|wait| (most / 2.0..=most).contains(wait)), "{failures}: {waits:?}");
            assert!(waits.windows(2).any(|pair| pair.first() != pair.last()));
        }
    }
}
