//! The names that this API keeps for itself.

/// What every object answers to beside its fields.
pub(crate) const RESERVED_FIELDS: [&str; 8] =
    ["id", "basis", "events", "history", "timeline", "provenance", "inOnderzoek", "asOf"];

/// The root fields that are no view's.
pub(crate) const RESERVED_ROOTS: [&str; 9] = [
    "event",
    "events",
    "compare",
    "consequences",
    "whatIf",
    "workList",
    "subscription",
    "subscriptions",
    "processingRecords",
];

/// The types that are no view's, GraphQL's own among them.
pub(crate) const RESERVED_TYPES: [&str; 58] = [
    "AffectedEvent",
    "AffectedObject",
    "Backlog",
    "Basis",
    "Boolean",
    "BrokenRule",
    "Cause",
    "Changed",
    "Consequences",
    "ConsequencesAt",
    "Date",
    "DatePrecision",
    "DateTime",
    "DerivedChange",
    "DurableSubscription",
    "Edge",
    "Event",
    "EventAdded",
    "EventConnection",
    "EventEdge",
    "EventFilterInput",
    "EventKind",
    "EventStatus",
    "FieldChange",
    "Float",
    "ID",
    "Int",
    "JSON",
    "Moment",
    "Mutation",
    "PageInfo",
    "ParkedDelivery",
    "PartialDate",
    "Point",
    "Position",
    "ProcessingRecord",
    "ProcessingRecordConnection",
    "ProcessingRecordEdge",
    "ProcessingStatus",
    "Provenance",
    "Query",
    "Remedy",
    "StretchChange",
    "String",
    "Subscription",
    "Trust",
    "UUID",
    "Verdict",
    "WhatIf",
    "WhatIfAmend",
    "WhatIfAnnul",
    "WhatIfClaim",
    "WhatIfCommand",
    "WhatIfValidate",
    "WorkConnection",
    "WorkEdge",
    "WorkItem",
    "WorkKind",
];

/// What the names of the types end in that follow from others: `Naam` leads to `NaamPeriod`.
pub(crate) const MADE_SUFFIXES: [&str; 6] =
    ["Changed", "Field", "History", "Period", "Rectangle", "Timeline"];
