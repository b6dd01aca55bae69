//! Local days, and where on the material line a fact begins.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{PartialDate, PartialDateError};

/// A certain day of the local calendar, from 0001-01-01 to 9999-12-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// 0001-01-01, the first day there is.
    pub const FIRST: Self = Self(match NaiveDate::from_ymd_opt(1, 1, 1) {
        Some(day) => day,
        None => NaiveDate::MIN,
    });
    /// 9999-12-31, the last day there is.
    pub const LAST: Self = Self(match NaiveDate::from_ymd_opt(9999, 12, 31) {
        Some(day) => day,
        None => NaiveDate::MAX,
    });

    /// The day at these parts, which the caller knows to exist.
    pub(super) fn from_parts(year: u16, month: u8, day: u8) -> Self {
        NaiveDate::from_ymd_opt(i32::from(year), u32::from(month), u32::from(day)).map_or(Self::LAST, Self)
    }

    pub(super) fn parts(self) -> (u16, u8, u8) {
        let part = |n: u32| u8::try_from(n).unwrap_or(u8::MAX);
        (u16::try_from(self.0.year()).unwrap_or(u16::MAX), part(self.0.month()), part(self.0.day()))
    }

    /// This day moved by whole days, held within the calendar.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        let moved = TimeDelta::try_days(days).and_then(|delta| self.0.checked_add_signed(delta));
        let edge = if days < 0 { Self::FIRST } else { Self::LAST };
        moved.map_or(edge, |day| Self(day).clamp(Self::FIRST, Self::LAST))
    }

    /// This day moved by whole years, held within the calendar; 29 February becomes 1 March where the year has none.
    #[must_use]
    pub fn plus_years(self, years: i64) -> Self {
        let year = i64::from(self.0.year()).saturating_add(years).clamp(1, 9999);
        let year = i32::try_from(year).unwrap_or(9999);
        self.0.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 3, 1)).map_or(Self::LAST, Self)
    }

    /// Whole days from this one to `other`; negative where `other` is earlier.
    #[must_use]
    pub fn days_until(self, other: Self) -> i64 {
        (other.0 - self.0).num_days()
    }

    /// Whole years from this day to `other`, as ages are counted: a 29 February birthday falls on 1 March in other
    /// years (article 3, fourth paragraph, Algemene termijnenwet counts to the day that bears the same number).
    #[must_use]
    pub fn years_until(self, other: Self) -> i64 {
        let passed = (other.0.month(), other.0.day()) >= (self.0.month(), self.0.day());
        i64::from(other.0.year() - self.0.year()) - i64::from(!passed)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl FromStr for Day {
    type Err = PartialDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date: PartialDate = text.parse()?;
        if date.is_certain() { Ok(date.earliest()) } else { Err(PartialDateError::Shape(text.to_owned())) }
    }
}

/// Where on the material line something takes effect: a local day, and the time within it that orders it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Beginning {
    /// The local day; what holds at an `asOf` is decided by it alone.
    pub day: Day,
    /// Microseconds since local midnight; orders within the day, nothing more.
    pub micros: i64,
}

impl Beginning {
    /// The start of a day.
    #[must_use]
    pub fn of(day: Day) -> Self {
        Self { day, micros: 0 }
    }
}

/// The F6's time zone; every conversion between instants and local days goes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

impl Zone {
    /// The local day, and the time within it, of an instant.
    #[must_use]
    pub fn beginning(self, instant: DateTime<Utc>) -> Beginning {
        let local = instant.with_timezone(&self.0).naive_local();
        let time = local.time();
        let micros =
            i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1_000);
        Beginning { day: Day(local.date()).clamp(Day::FIRST, Day::LAST), micros }
    }

    /// The local day of an instant.
    #[must_use]
    pub fn day(self, instant: DateTime<Utc>) -> Day {
        self.beginning(instant).day
    }

    /// The first instant of a local day; where a clock change skips midnight, or the whole day, the first one that exists.
    ///
    /// 0001-01-01 begins at `0001-01-01T00:00:00Z`, the first instant that there is.
    #[must_use]
    pub fn start_of(self, day: Day) -> DateTime<Utc> {
        let midnight = day.0.and_time(NaiveTime::MIN);
        let first = midnight.and_utc();
        if day == Day::FIRST {
            return first;
        }
        self.at(midnight, 0).or_else(|| self.after_the_skipped(midnight)).unwrap_or(first)
    }

    /// The instant at which clocks show a time so many seconds after a local one; none where a clock change skips it.
    fn at(self, local: NaiveDateTime, seconds: i64) -> Option<DateTime<Utc>> {
        let instant = self.0.from_local_datetime(&(local + TimeDelta::seconds(seconds))).earliest()?;
        Some(instant.with_timezone(&Utc))
    }

    /// The first instant after a local time that was skipped, with what follows it: some minutes, or up to a day where a
    /// country changed sides of the date line.
    fn after_the_skipped(self, local: NaiveDateTime) -> Option<DateTime<Utc>> {
        let (mut skipped, mut there) = (0, 86_400);
        while skipped + 1 < there {
            let middle = i64::midpoint(skipped, there);
            if self.at(local, middle).is_some() {
                there = middle;
            } else {
                skipped = middle;
            }
        }
        self.at(local, there)
    }

    /// The last microsecond of a local day.
    #[must_use]
    pub fn end_of(self, day: Day) -> DateTime<Utc> {
        let after = if day == Day::LAST {
            self.start_of(day) + TimeDelta::days(1)
        } else {
            self.start_of(day.plus(1))
        };
        after - TimeDelta::microseconds(1)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::Europe__Amsterdam)
    }
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self).map_err(|_| {
            format!("`{name}` is no time zone of the IANA database; write one such as Europe/Amsterdam")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        "Europe/Amsterdam".parse().unwrap()
    }

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_begins_at_local_midnight() {
        assert_eq!(zone().start_of(day("2026-01-01")).to_rfc3339(), "2025-12-31T23:00:00+00:00");
        assert_eq!(zone().start_of(day("2026-07-01")).to_rfc3339(), "2026-06-30T22:00:00+00:00");
        assert_eq!(zone().start_of(Day::FIRST).to_rfc3339(), "0001-01-01T00:00:00+00:00");
    }

    #[test]
    fn an_instant_belongs_to_the_local_day() {
        let late = "2025-12-31T23:30:00Z".parse().unwrap();
        assert_eq!(zone().day(late), day("2026-01-01"));
    }

    #[test]
    fn a_day_ends_one_microsecond_before_the_next() {
        assert_eq!(zone().end_of(day("2026-01-01")).to_rfc3339(), "2026-01-01T22:59:59.999999+00:00");
    }

    #[test]
    fn a_day_whose_midnight_was_skipped_begins_at_the_second_at_which_clocks_went_on() {
        let start = |zone: &str, text| zone.parse::<Zone>().unwrap().start_of(day(text)).to_rfc3339();
        // A quarter of an hour in Nepal, an hour in Brazil
        assert_eq!(start("Asia/Kathmandu", "1986-01-01"), "1985-12-31T18:30:00+00:00");
        assert_eq!(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00+00:00");
        // Samoa went over the date line, and had no 30 December
        let samoa: Zone = "Pacific/Apia".parse().unwrap();
        assert_eq!(samoa.start_of(day("2011-12-30")), samoa.start_of(day("2011-12-31")));
        assert_eq!(samoa.end_of(day("2011-12-29")).to_rfc3339(), "2011-12-30T09:59:59.999999+00:00");
    }

    #[test]
    fn years_are_counted_to_the_birthday() {
        assert_eq!(day("2000-06-15").years_until(day("2018-06-14")), 17);
        assert_eq!(day("2000-06-15").years_until(day("2018-06-15")), 18);
        assert_eq!(day("2004-02-29").years_until(day("2022-02-28")), 17);
        assert_eq!(day("2004-02-29").years_until(day("2022-03-01")), 18);
    }

    #[test]
    fn the_calendar_has_two_ends() {
        assert_eq!(Day::LAST.plus(1), Day::LAST);
        assert_eq!(Day::FIRST.plus(-1), Day::FIRST);
    }
}
