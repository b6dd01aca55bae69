//! Citizen service numbers, and which of them may be issued.

use std::fmt;

/// A number of nine digits that passes the eleven test (article 2, Besluit burgerservicenummer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bsn(u32);

impl Bsn {
    /// The highest number of nine digits.
    const HIGHEST: u32 = 999_999_999;

    /// This number, if it is one.
    fn try_new(number: u32) -> Option<Self> {
        (number > 0 && number <= Self::HIGHEST && passes_eleven_test(number)).then_some(Self(number))
    }
}

impl fmt::Display for Bsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

/// Nine times the first digit, eight times the second and so on, less the last one, is a multiple of eleven.
fn passes_eleven_test(number: u32) -> bool {
    let digit = |place: u32| number / 10_u32.pow(place) % 10;
    let sum: u32 = (1..9).map(|place| (place + 1) * digit(place)).sum();
    sum % 11 == digit(0)
}

/// The numbers that this issuer may issue: those of a stretch that pass the eleven test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    from: u32,
    length: u32,
    any: Bsn,
}

/// A stretch that holds no number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("from {from} to {to} there is no BSN; give nine digits each, and a stretch of at least 20 numbers")]
pub(crate) struct NoNumbers {
    from: u32,
    to: u32,
}

impl Stretch {
    /// From the first to the last.
    ///
    /// # Errors
    /// When no number between them is a BSN.
    pub(crate) fn try_new(from: u32, to: u32) -> Result<Self, NoNumbers> {
        let fits = from <= to && to <= Bsn::HIGHEST;
        let any = fits.then(|| (from..=to).find_map(Bsn::try_new)).flatten();
        any.map(|any| Self { from, length: to - from + 1, any }).ok_or(NoNumbers { from, to })
    }

    /// One of them, by chance: the first at or after the place in the stretch that this picks.
    pub(crate) fn pick(self, chance: u64) -> Bsn {
        let place = chance % u64::from(self.length);
        let places = (place..u64::from(self.length)).chain(0..place);
        let numbers = places.filter_map(|place| u32::try_from(place).ok()).map(|place| self.from + place);
        numbers.filter_map(Bsn::try_new).next().unwrap_or(self.any)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers_pass_the_eleven_test_and_others_do_not() {
        for number in [999_990_019, 111_222_333, 123_456_782, 10_000_008] {
            assert_eq!(Bsn::try_new(number), Some(Bsn(number)));
        }
        for number in [0, 123_456_789, 999_990_018, 999_999_999, 1_000_000_009, u32::MAX] {
            assert_eq!(Bsn::try_new(number), None, "{number}");
        }
        assert_eq!(Bsn(10_000_008).to_string(), "010000008");
    }

    #[test]
    fn every_number_of_a_stretch_is_picked_some_time() {
        let stretch = Stretch::try_new(999_990_000, 999_990_099).expect("a stretch");
        let picked: BTreeSet<String> = (0..100).map(|chance| stretch.pick(chance).to_string()).collect();
        let all: BTreeSet<String> =
            (999_990_000..=999_990_099).filter_map(Bsn::try_new).map(|bsn| bsn.to_string()).collect();
        assert_eq!(picked, all);
        assert!(all.len() >= 8, "{all:?}");
    }

    #[test]
    fn a_stretch_without_numbers_is_refused() {
        for (from, to) in [(5, 4), (0, 7), (123_456_789, 123_456_789), (100_000_000, 1_000_000_000)] {
            assert_eq!(Stretch::try_new(from, to), Err(NoNumbers { from, to }));
        }
    }

    /// The rule as the catalogue of the shipped config has it, over the digits as they are written.
    fn passes_as_written(number: &str) -> bool {
        let digits: Vec<i64> = number.bytes().map(|digit| i64::from(digit - b'0')).collect();
        let weighted = digits.iter().zip([9, 8, 7, 6, 5, 4, 3, 2, -1]).map(|(digit, weight)| digit * weight);
        digits.len() == 9 && weighted.sum::<i64>() % 11 == 0 && number != "000000000"
    }

    proptest! {
        #[test]
        fn a_number_is_taken_exactly_if_it_passes_as_the_law_writes_it(number in 0..=Bsn::HIGHEST) {
            prop_assert_eq!(Bsn::try_new(number).is_some(), passes_as_written(&format!("{number:09}")));
        }

        #[test]
        fn whatever_is_picked_lies_in_the_stretch_and_passes(
            from in 0..=Bsn::HIGHEST - 30, length in 30..1_000_000_u32, chance: u64,
        ) {
            let to = (from + length).min(Bsn::HIGHEST);
            let picked = Stretch::try_new(from, to).expect("of 20 numbers in a row one passes").pick(chance);
            prop_assert!(passes_as_written(&picked.to_string()));
            prop_assert!((from..=to).contains(&picked.0));
        }

        #[test]
        fn a_digit_mistaken_never_passes(chance: u64, place in 0..9_u32, other in 1..10_u32) {
            let number = Stretch::try_new(100_000_000, Bsn::HIGHEST).expect("a stretch").pick(chance).0;
            let unit = 10_u32.pow(place);
            let digit = number / unit % 10;
            let mistaken = number - digit * unit + (digit + other) % 10 * unit;
            prop_assert_eq!(Bsn::try_new(mistaken), None);
        }
    }
}
