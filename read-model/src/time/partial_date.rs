//! Dates as civil registries know them: `2010-05-17`, `2010-05-00`, `2010-00-00`, `0000-00-00`.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Day;
use crate::shown::bounded;

/// A date of which the day, the month, or everything may be unknown (Logisch Ontwerp BRP, standard value of dates).
///
/// Never silently 1 January: it spans from its [`earliest`](Self::earliest) to its [`latest`](Self::latest) day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate {
    year: u16,
    month: u8,
    day: u8,
}

/// How much of a partial date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Nothing: `0000-00-00`.
    Unknown,
    /// Only the year: `2010-00-00`.
    Year,
    /// Year and month: `2010-05-00`.
    Month,
    /// A certain date.
    Day,
}

/// Why a text is not a partial date; each names the text, the rule and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartialDateError {
    /// Not of the form `YYYY-MM-DD`.
    #[error("`{0}` is not a date; write it as YYYY-MM-DD, with 00 for an unknown month or day")]
    Shape(String),
    /// A month above 12.
    #[error("the date `{0}` has month {1}; months run from 01 to 12, or 00 where unknown")]
    Month(String, u8),
    /// A day that the month does not have.
    #[error("the date `{0}` has day {1}, which that month does not have; write 00 where the day is unknown")]
    Day(String, u8),
    /// A day without a month.
    #[error("the date `{0}` has a day but no month; a day needs a month, write 00 for both")]
    DayWithoutMonth(String),
    /// Year 0000 with a month or a day.
    #[error("the date `{0}` has no year but a month or day; an unknown year is written 0000-00-00")]
    MonthWithoutYear(String),
}

impl PartialDate {
    /// `0000-00-00`: nothing is known of the date.
    pub const UNKNOWN: Self = Self { year: 0, month: 0, day: 0 };

    /// The first day that it may have been; `0001-01-01` where nothing is known.
    #[must_use]
    pub fn earliest(self) -> Day {
        Day::from_parts(self.year.max(1), self.month.max(1), self.day.max(1))
    }

    /// The last day that it may have been; `9999-12-31` where nothing is known.
    #[must_use]
    pub fn latest(self) -> Day {
        match self.precision() {
            Precision::Unknown => Day::LAST,
            Precision::Year => Day::from_parts(self.year, 12, 31),
            Precision::Month => Day::from_parts(self.year, self.month, last_day(self.year, self.month)),
            Precision::Day => self.earliest(),
        }
    }

    /// How much of it is known.
    #[must_use]
    pub fn precision(self) -> Precision {
        match (self.year, self.month, self.day) {
            (0, _, _) => Precision::Unknown,
            (_, 0, _) => Precision::Year,
            (_, _, 0) => Precision::Month,
            _ => Precision::Day,
        }
    }

    /// Whether day, month and year are all known.
    #[must_use]
    pub fn is_certain(self) -> bool {
        self.precision() == Precision::Day
    }

    /// The year, where known.
    #[must_use]
    pub fn year(self) -> Option<u16> {
        (self.year > 0).then_some(self.year)
    }

    /// The month, where known.
    #[must_use]
    pub fn month(self) -> Option<u8> {
        (self.month > 0).then_some(self.month)
    }

    /// The day of the month, where known.
    #[must_use]
    pub fn day(self) -> Option<u8> {
        (self.day > 0).then_some(self.day)
    }
}

/// The months, in Dutch.
const MONTHS: [&str; 12] = [
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
];

impl PartialDate {
    /// In words, as Dutch letters and extracts write it: `17 mei 2010`, `mei 2010`, `2010`, `onbekend`.
    #[must_use]
    pub fn in_words(self) -> String {
        let month = self.month.checked_sub(1).and_then(|month| MONTHS.get(usize::from(month)).copied());
        match (self.year(), month, self.day()) {
            (None, _, _) => "onbekend".to_owned(),
            (Some(year), None, _) => year.to_string(),
            (Some(year), Some(month), None) => format!("{month} {year}"),
            (Some(year), Some(month), Some(day)) => format!("{day} {month} {year}"),
        }
    }
}

impl From<Day> for PartialDate {
    fn from(day: Day) -> Self {
        let (year, month, day) = day.parts();
        Self { year, month, day }
    }
}

impl FromStr for PartialDate {
    type Err = PartialDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (year, month, day) = digits(text).ok_or_else(|| PartialDateError::Shape(bounded(text, 40)))?;
        let shown = || text.to_owned();
        match (year, month, day) {
            (0, 0, 0) => {}
            (0, _, _) => return Err(PartialDateError::MonthWithoutYear(shown())),
            (_, 0, 1..) => return Err(PartialDateError::DayWithoutMonth(shown())),
            (_, 13.., _) => return Err(PartialDateError::Month(shown(), month)),
            (_, 1.., day) if day > last_day(year, month) => return Err(PartialDateError::Day(shown(), day)),
            _ => {}
        }
        Ok(Self { year, month, day })
    }
}

impl TryFrom<String> for PartialDate {
    type Error = PartialDateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.to_string()
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The three numbers of exactly `YYYY-MM-DD`, in ASCII digits.
fn digits(text: &str) -> Option<(u16, u8, u8)> {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes.iter().enumerate().all(
            |(i, b)| {
                if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() }
            },
        );
    shape
        .then(|| Some((text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)))
        .flatten()
}

fn last_day(year: u16, month: u8) -> u8 {
    (28..=31)
        .rev()
        .find(|day| NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(*day)).is_some())
        .unwrap_or(31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> PartialDate {
        text.parse().unwrap()
    }

    #[test]
    fn every_precision_survives_a_round_trip() {
        for text in
            ["2010-05-17", "2010-05-00", "2010-00-00", "0000-00-00", "2024-02-29", "0001-01-01", "9999-12-31"]
        {
            assert_eq!(date(text).to_string(), text);
        }
    }

    #[test]
    fn a_partial_date_is_written_out_as_far_as_it_is_known() {
        let words = |text| date(text).in_words();
        assert_eq!(words("2010-05-17"), "17 mei 2010");
        assert_eq!(words("2020-03-00"), "maart 2020");
        assert_eq!(words("2010-00-00"), "2010");
        assert_eq!(words("0000-00-00"), "onbekend");
    }

    #[test]
    fn a_partial_date_spans_from_its_earliest_to_its_latest_day() {
        let span = |text| (date(text).earliest().to_string(), date(text).latest().to_string());
        assert_eq!(span("2024-02-00"), ("2024-02-01".into(), "2024-02-29".into()));
        assert_eq!(span("2010-00-00"), ("2010-01-01".into(), "2010-12-31".into()));
        assert_eq!(span("0000-00-00"), ("0001-01-01".into(), "9999-12-31".into()));
        assert_eq!(span("2010-05-17"), ("2010-05-17".into(), "2010-05-17".into()));
    }

    #[test]
    fn what_is_no_date_is_refused_with_the_value_the_rule_and_the_remedy() {
        let refused = |text: &str| text.parse::<PartialDate>().unwrap_err().to_string();
        assert_eq!(
            refused("2010-13-00"),
            "the date `2010-13-00` has month 13; months run from 01 to 12, or 00 where unknown"
        );
        assert!(refused("2010-00-05").contains("a day needs a month"));
        assert!(refused("2010-02-30").contains("day 30"));
        assert!(refused("2023-02-29").contains("day 29"));
        assert!(refused("0000-05-00").contains("0000-00-00"));
        for text in ["", "2010", "10000-01-01", "2010-1-1", "２０１０-01-01", "2010/01/01", "-010-01-01"]
        {
            assert!(refused(text).contains("YYYY-MM-DD"), "{text}");
        }
    }
}
