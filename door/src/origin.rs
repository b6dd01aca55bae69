//! Where a request came from.

use axum::http::{Extensions, HeaderMap, HeaderName};

use crate::trace::RequestId;
use crate::trace_context::Step;

/// By which a caller names the processing activity that a request is part of.
const ACTIVITY: HeaderName = HeaderName::from_static("dpl-core-processing-activity-id");

/// What a request is called, its step in a trace, and what its caller says that it is part of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) id: Option<RequestId>,
    pub(crate) step: Option<Step>,
    pub(crate) activity: Option<String>,
}

impl Origin {
    /// That of a request with these headers, which was watched since it came in.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let named = headers.get(ACTIVITY).map(|named| String::from_utf8_lossy(named.as_bytes()).into_owned());
        Self { id: extensions.get().cloned(), step: extensions.get().copied(), activity: named }
    }
}
