//! The names that this API keeps for itself.

/// What every object answers to beside its fields.
pub(crate) const RESERVED_FIELDS: [&str; 7] =
    ["id", "basis", "events", "history", "timeline", "provenance", "asOf"];

/// The root fields that are no view's.
pub(crate) const RESERVED_ROOTS: [&str; 4] = ["event", "events", "compare", "consequences"];

/// The types that are no view's, GraphQL's own among them.
pub(crate) const RESERVED_TYPES: [&str; 25] = [
    "Basis",
    "Boolean",
    "Date",
    "DatePrecision",
    "DateTime",
    "Event",
    "EventConnection",
    "EventEdge",
    "EventKind",
    "EventStatus",
    "Float",
    "ID",
    "Int",
    "JSON",
    "Moment",
    "Mutation",
    "PageInfo",
    "PartialDate",
    "Position",
    "Query",
    "String",
    "Subscription",
    "Trust",
    "UUID",
    "Verdict",
];
