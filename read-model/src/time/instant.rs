//! Instants as they come in: RFC 3339, truncated to microseconds, never rounded up.

use chrono::{DateTime, Datelike, Timelike, Utc};

/// 0001-01-01T00:00:00Z: before everything.
pub const FIRST_INSTANT: DateTime<Utc> = match DateTime::from_timestamp(-62_135_596_800, 0) {
    Some(instant) => instant,
    None => DateTime::<Utc>::MIN_UTC,
};

/// Why a text is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstantError {
    /// Not RFC 3339, or a moment that no clock shows.
    #[error("`{0}` is not a moment; write it as RFC 3339, for example 2026-01-04T09:30:00+01:00")]
    Shape(String),
    /// A leap second.
    #[error("`{0}` has second 60; seconds run from 00 to 59")]
    LeapSecond(String),
    /// Outside the years 0001 to 9999.
    #[error("`{0}` lies outside the years 0001 to 9999")]
    Year(String),
}

/// The instant that `text` names (RFC 3339), truncated to microseconds.
///
/// # Errors
/// [`InstantError`] where it is malformed, has second 60, or lies outside the years 0001 to 9999.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, InstantError> {
    let shown = || text.chars().take(40).collect::<String>();
    let instant = DateTime::parse_from_rfc3339(text).map_err(|_| InstantError::Shape(shown()))?;
    if instant.nanosecond() >= 1_000_000_000 {
        return Err(InstantError::LeapSecond(shown()));
    }
    let instant = instant.with_timezone(&Utc);
    if !(1..=9999).contains(&instant.year()) {
        return Err(InstantError::Year(shown()));
    }
    Ok(truncate_to_micros(instant))
}

/// The instant without what is finer than a microsecond: PostgreSQL would round it, sometimes up.
#[must_use]
pub fn truncate_to_micros(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant.with_nanosecond(instant.nanosecond() / 1_000 * 1_000).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_truncated_never_rounded_up() {
        let instant = parse_instant("2026-01-01T00:00:00.123456999Z").unwrap();
        assert_eq!(instant.timestamp_subsec_nanos(), 123_456_000);
    }

    #[test]
    fn a_second_of_sixty_and_years_outside_the_calendar_are_refused() {
        assert!(matches!(parse_instant("2016-12-31T23:59:60Z"), Err(InstantError::LeapSecond(_))));
        assert!(matches!(parse_instant("0000-12-31T23:59:00Z"), Err(InstantError::Year(_))));
        assert!(matches!(parse_instant("10000-01-01T00:00:00Z"), Err(InstantError::Shape(_))));
        assert!(matches!(parse_instant("yesterday"), Err(InstantError::Shape(_))));
    }
}
