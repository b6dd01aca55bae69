//! A moment as a question names it: an instant, or a whole day.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{Day, InstantError, PartialDateError, Zone, parse_instant};

/// `asOf` or `knownAt` as given: an RFC 3339 timestamp, or a date that means that whole day, up to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// One instant.
    Instant(DateTime<Utc>),
    /// A whole local day.
    Day(Day),
}

impl Moment {
    /// The local day that `asOf` means: the material line is counted in days.
    #[must_use]
    pub fn day(self, zone: Zone) -> Day {
        match self {
            Self::Instant(instant) => zone.day(instant),
            Self::Day(day) => day,
        }
    }

    /// The last instant that `knownAt` takes in.
    #[must_use]
    pub fn last_instant(self, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::Instant(instant) => instant,
            Self::Day(day) => zone.end_of(day),
        }
    }
}

/// Why a text is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// It looks like a date, and is none.
    #[error(transparent)]
    Date(#[from] PartialDateError),
    /// It is no timestamp either.
    #[error(transparent)]
    Instant(#[from] InstantError),
    /// A partial date names no single day.
    #[error("`{0}` is not one day; a moment is a full date or an RFC 3339 timestamp")]
    Partial(String),
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > 10 {
            return Ok(Self::Instant(parse_instant(text)?));
        }
        let date: super::PartialDate = text.parse()?;
        if date.is_certain() {
            Ok(Self::Day(date.earliest()))
        } else {
            Err(MomentError::Partial(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_means_the_whole_local_day_up_to_its_end() {
        let zone: Zone = "Europe/Amsterdam".parse().unwrap();
        let moment: Moment = "2026-01-03".parse().unwrap();
        assert_eq!(moment.last_instant(zone).to_rfc3339(), "2026-01-03T22:59:59.999999+00:00");
        assert_eq!(moment.day(zone).to_string(), "2026-01-03");
    }

    #[test]
    fn a_partial_date_is_no_moment() {
        assert!(matches!("2026-01-00".parse::<Moment>(), Err(MomentError::Partial(_))));
    }
}
