//! A moment as a question names it: an instant, or a whole day.

use std::str::FromStr;

use chrono::{DateTime, Utc};

use super::{Day, InstantError, PartialDate, PartialDateError, Zone, parse_instant};

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
    /// Neither a date nor a timestamp.
    #[error(
        "`{0}` is not a moment; write a date such as 2026-01-04, or a timestamp such as 2026-01-04T09:30:00+01:00"
    )]
    Shape(String),
    /// It has the shape of a date, and no calendar has that day.
    #[error("the date `{0}` is in no calendar; write a day that exists")]
    Day(String),
    /// It is a timestamp, and no moment.
    #[error(transparent)]
    Instant(#[from] InstantError),
    /// A partial date names no single day.
    #[error("`{0}` is not one day; a moment is a full date or an RFC 3339 timestamp")]
    Partial(String),
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<PartialDate>() {
            Ok(date) if date.is_certain() => Ok(Self::Day(date.earliest())),
            Ok(_) => Err(MomentError::Partial(text.to_owned())),
            Err(PartialDateError::Shape(shown)) => match parse_instant(text) {
                Err(InstantError::Shape(_)) => Err(MomentError::Shape(shown)),
                instant => Ok(Self::Instant(instant?)),
            },
            Err(
                PartialDateError::Month(..)
                | PartialDateError::Day(..)
                | PartialDateError::DayWithoutMonth(_)
                | PartialDateError::MonthWithoutYear(_),
            ) => Err(MomentError::Day(text.to_owned())),
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
    #[test]
    fn what_is_no_moment_is_told_with_what_would_be() {
        let refused = |text: &str| text.parse::<Moment>().unwrap_err().to_string();
        let shape = "is not a moment; write a date such as 2026-01-04, or a timestamp such as 2026-01-04T09:30:00+01:00";
        for text in
            ["", "now", "2026-1-4", "10000-01-01", "2026-01-0é", "2026-01-01T00:00", "2026-01-01T24:00:00Z"]
        {
            assert_eq!(refused(text), format!("`{text}` {shape}"));
        }
        for text in ["2026-13-01", "2026-02-30", "2026-00-05", "0000-01-01"] {
            assert_eq!(
                refused(text),
                format!("the date `{text}` is in no calendar; write a day that exists")
            );
        }
        assert!(refused("2016-12-31T23:59:60Z").contains("second 60"));
        assert!(refused("0000-12-31T23:00:00-02:00").contains("outside the years"));
        assert!(refused(&"2".repeat(1_000_000)).len() < 200);
    }
}
