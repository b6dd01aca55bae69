//! Instants as they come in: RFC 3339, truncated to microseconds, never rounded up.

use chrono::{DateTime, Datelike, Timelike, Utc};

use crate::shown::bounded;

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
    #[error("`{0}` has second 60; seconds run from 00 to 59, write the second before or after it")]
    LeapSecond(String),
    /// Outside the years 0001 to 9999.
    #[error("`{0}` lies outside the years 0001 to 9999; write a moment within them")]
    Year(String),
}

/// The instant that `text` names (RFC 3339), truncated to microseconds.
///
/// # Errors
/// [`InstantError`] where it is malformed, has second 60, or lies outside the years 0001 to 9999.
pub fn parse_instant(text: &str) -> Result<DateTime<Utc>, InstantError> {
    let shown = || bounded(text, 40);
    // The library also takes a minus sign that is not ASCII.
    let written = DateTime::parse_from_rfc3339(text).ok().filter(|_| text.is_ascii());
    let instant = written.ok_or_else(|| InstantError::Shape(shown()))?;
    if instant.nanosecond() >= 1_000_000_000 {
        return Err(InstantError::LeapSecond(shown()));
    }
    let years = [instant.year(), instant.with_timezone(&Utc).year()];
    if years.iter().any(|year| !(1..=9999).contains(year)) {
        return Err(InstantError::Year(shown()));
    }
    let instant = instant.with_timezone(&Utc);
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

    #[test]
    fn an_offset_lies_within_a_day_and_does_not_lead_out_of_the_calendar() {
        assert!(parse_instant("2026-01-01T00:00:00+14:00").is_ok());
        assert!(parse_instant("2026-01-01T00:00:00-23:59").is_ok());
        for text in [
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+01:60",
            "2026-01-01T00:00:00−01:00",
            "2026-01-01T00:00:00",
        ] {
            assert!(matches!(parse_instant(text), Err(InstantError::Shape(_))), "{text}");
        }
        for text in ["0000-12-31T23:00:00-02:00", "0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-02:00"] {
            assert!(matches!(parse_instant(text), Err(InstantError::Year(_))), "{text}");
        }
    }

    #[test]
    fn an_error_repeats_little_of_what_was_sent() {
        let error = parse_instant(&"2".repeat(1_000_000)).unwrap_err().to_string();
        assert!(error.contains("2…`") && error.len() < 200, "{error}");
    }
}
