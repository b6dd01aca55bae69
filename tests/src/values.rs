use chrono::{Days, Utc};
use chrono_tz::Europe::Amsterdam;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A new id, as a clerk's front-end makes one.
#[expect(clippy::disallowed_methods, reason = "a test is where ids come in from outside")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// The day that lies so many days from now, in the F6's time zone.
#[expect(clippy::disallowed_methods, reason = "a test is where time comes in from outside")]
pub fn days_from_now(days: u64) -> String {
    let today = Utc::now().with_timezone(&Amsterdam).date_naive();
    (today + Days::new(days)).to_string()
}

/// Yesterday, in the F6's time zone: the last day that is over everywhere in it.
#[expect(clippy::disallowed_methods, reason = "a test is where time comes in from outside")]
pub(crate) fn yesterday() -> String {
    let today = Utc::now().with_timezone(&Amsterdam).date_naive();
    (today - Days::new(1)).to_string()
}

/// The SHA-256 hash of a text, in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A BSN that passes the eleven test, a different one for each number; beginning with 9, as test persons' do.
pub fn bsn(number: u32) -> String {
    (0..)
        .map(|step| format!("{:08}", 90_000_000 + number * 2 + step))
        .find_map(|digits| {
            let sum: u32 = digits
                .bytes()
                .zip((2..=9).rev())
                .map(|(digit, weight)| u32::from(digit - b'0') * weight)
                .sum();
            (sum % 11 < 10).then(|| format!("{digits}{}", sum % 11))
        })
        .expect("at least one of two successive numbers has a check digit")
}

#[cfg(test)]
mod tests {
    use super::bsn;

    #[test]
    fn every_bsn_is_another_and_passes_the_eleven_test() {
        let all: std::collections::BTreeSet<String> = (0..1_000).map(bsn).collect();
        assert_eq!(all.len(), 1_000);
        for number in all {
            let digits: Vec<i32> = number.bytes().map(|digit| i32::from(digit - b'0')).collect();
            let sum: i32 = digits[..8].iter().zip((2..=9).rev()).map(|(digit, weight)| digit * weight).sum();
            assert_eq!((sum - digits[8]) % 11, 0, "{number}");
        }
    }
}
