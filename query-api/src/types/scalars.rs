//! Scalars.

use async_graphql::dynamic::Scalar;

const ALL: [(&str, &str); 6] = [
    ("Date", "A day of the local calendar: `2026-01-04`."),
    ("DateTime", "A moment in UTC, to the microsecond (RFC 3339): `2026-01-04T08:30:00.000000Z`."),
    ("JSON", "Any JSON value."),
    (
        "Moment",
        "A moment to ask about: an RFC 3339 timestamp, or a date, which means that whole day up to its end, in the time zone of this F6.",
    ),
    (
        "Position",
        "A place in the log, in the order of registration: a whole number, from 1 and without holes.",
    ),
    ("UUID", "A UUID: `0190163d-8694-739b-aea5-966c26f8ad90`."),
];

/// Every scalar; what comes in is parsed by resolvers, which can say what is wrong with it.
pub(super) fn all() -> Vec<Scalar> {
    ALL.iter().map(|(name, description)| Scalar::new(*name).description(*description)).collect()
}
