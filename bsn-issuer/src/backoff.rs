//! How long to wait before the next attempt.

use std::time::Duration;

/// Before the second attempt: short, as most faults are a server that starts anew.
const FIRST: Duration = Duration::from_millis(200);

/// However long it lasts: who mends the fault should not wait long to see it.
const LONGEST: Duration = Duration::from_secs(30);

/// After so many failures in a row: twice as long each time, of which up to a half is left to chance, so that many
/// whose server was away do not all come back at once.
pub(crate) fn pause(failures: u32, chance: u64) -> Duration {
    let whole = FIRST.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(LONGEST);
    let parts = u32::try_from(chance % 1_000).unwrap_or_default();
    whole / 2 + whole / 2 * parts / 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_about_twice_as_long_as_the_one_before_and_bounded() {
        assert_eq!((pause(1, 0), pause(1, 999)), (FIRST / 2, Duration::from_micros(199_900)));
        assert_eq!((pause(2, 0), pause(3, 0)), (FIRST, FIRST * 2));
        for failures in [9, 40, u32::MAX] {
            assert!((LONGEST / 2..LONGEST).contains(&pause(failures, u64::MAX)));
        }
    }

    #[test]
    fn chance_spreads_the_attempts() {
        assert_ne!(pause(4, 1), pause(4, 2));
    }
}
