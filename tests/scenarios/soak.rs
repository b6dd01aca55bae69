//! What must hold however long and however rudely it is tried: a tenth of it in `make test`, all of it in `make soak`.

mod bsn_issuer;
mod feed;
mod fuzzing;
mod histories;
mod policy;

use std::time::Duration;

use tests::new_id;

/// Into how many parts a soak is divided, and how many of them are run: `F6_SOAK`, one where nothing is said.
pub(crate) fn parts() -> usize {
    const VARIABLE: &str = "F6_SOAK";
    match std::env::var(VARIABLE) {
        Ok(parts) => {
            parts.parse().unwrap_or_else(|_| panic!("{VARIABLE} is a number of tenths, not `{parts}`"))
        }
        Err(_) => 1,
    }
}

/// Chance that can be had again: the seed is told, and `F6_SEED` gives it back.
pub(crate) struct Chance(u64);

impl Chance {
    /// With the seed of the environment, or a new one.
    pub(crate) fn new() -> Self {
        let given = std::env::var("F6_SEED").ok();
        let seed = match given {
            Some(seed) => seed.parse().unwrap_or_else(|_| panic!("F6_SEED is a number, not `{seed}`")),
            None => new_id().as_u64_pair().1,
        };
        eprintln!("the seed of this run: F6_SEED={seed}");
        Self(seed)
    }

    /// Another, that goes its own way.
    fn branch(&mut self) -> Self {
        Self(self.next())
    }

    /// Below this number.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Of so many things, the number of one.
    pub(crate) fn index(&mut self, of: usize) -> usize {
        usize::try_from(self.below(of as u64)).unwrap_or(0)
    }

    /// A while, shorter than this many milliseconds.
    pub(crate) fn milliseconds(&mut self, limit: u64) -> Duration {
        Duration::from_millis(self.below(limit))
    }

    /// The generator `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}
