//! What passes through the door.

use std::borrow::Cow;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::counted::Counted;
use super::seconds;
use crate::code::Code;

/// What a request asked for, as far as that became known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Operation {
    Query,
    Mutation,
    Subscription,
    /// It was answered before that was known, or it is no GraphQL at all.
    #[default]
    None,
}

impl Operation {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
            Self::None => "none",
        }
    }
}

impl From<OperationType> for Operation {
    fn from(kind: OperationType) -> Self {
        match kind {
            OperationType::Query => Self::Query,
            OperationType::Mutation => Self::Mutation,
            OperationType::Subscription => Self::Subscription,
        }
    }
}

/// A place on the request where the inside notes for the outside what it asks for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked(Arc<OnceLock<Operation>>);

impl Asked {
    pub(crate) fn note(&self, operation: Operation) {
        // A request asks for one thing; whoever says so first is right.
        let _ = self.0.set(operation);
    }

    pub(crate) fn operation(&self) -> Operation {
        self.0.get().copied().unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Told {
    code: Cow<'static, str>,
}

type Durations = Family<[(&'static str, &'static str); 1], Histogram, fn() -> Histogram>;

/// What passes through the door.
#[derive(Debug)]
pub(crate) struct HttpMeters {
    requests: Family<Answered, Counter>,
    durations: [Histogram; 4],
    in_flight: Gauge<u64, AtomicU64>,
    errors: Family<Told, Counter>,
    limits: Family<[(&'static str, &'static str); 1], Counter>,
}

impl HttpMeters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let durations: Durations = Family::new_with_constructor(seconds);
        let operations = [Operation::Query, Operation::Mutation, Operation::Subscription, Operation::None];
        let of = |operation: Operation| durations.get_or_create_owned(&[("operation", operation.as_str())]);
        let meters = Self {
            requests: Family::default(),
            durations: operations.map(of),
            in_flight: Gauge::default(),
            errors: Family::default(),
            limits: Family::default(),
        };
        // What never happened is 0, and not absent, so that the first time shows as an increase.
        Code::ALL
            .iter()
            .for_each(|code| drop(meters.errors.get_or_create(&Told { code: code.as_str().into() })));
        registry.register(
            "f6_http_requests",
            "Requests that were answered, probes and scrapes left out",
            meters.requests.clone(),
        );
        registry.register(
            "f6_http_request_duration_seconds",
            "From the head of a request to the head of its answer",
            durations,
        );
        registry.register(
            "f6_http_requests_in_flight",
            "Requests that wait for their answer now",
            meters.in_flight.clone(),
        );
        registry.register(
            "f6_graphql_errors",
            "Errors that were told to callers, by the code in their extensions",
            meters.errors.clone(),
        );
        registry.register(
            "f6_guard_refusals",
            "Documents that were refused as they ask for more than a limit allows",
            meters.limits.clone(),
        );
        meters
    }

    /// A request is in flight until what this returns is dropped.
    pub(crate) fn enter(&self) -> Counted {
        Counted::by(self.in_flight.clone())
    }

    pub(crate) fn answered(&self, operation: Operation, status: u16, took: Duration) {
        self.requests.get_or_create(&Answered { operation: operation.as_str(), status }).inc();
        self.durations[operation as usize].observe(took.as_secs_f64());
    }

    /// An error is told to a caller; codes are constants of this workspace, so there are few.
    pub(crate) fn told(&self, code: impl Into<Cow<'static, str>>) {
        self.errors.get_or_create(&Told { code: code.into() }).inc();
    }

    pub(crate) fn limited(&self, limit: &'static str) {
        self.limits.get_or_create(&[("limit", limit)]).inc();
    }
}
