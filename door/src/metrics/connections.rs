//! What is counted of connections.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::counted::Counted;

/// Why a connection is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    Head,
    Idle,
    Write,
    /// Or failed.
    Handshake,
}

impl Overdue {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "header",
            Self::Idle => "idle",
            Self::Write => "write",
            Self::Handshake => "handshake",
        }
    }
}

/// What becomes of files that have changed.
const LOADED: &str = "loaded";
const FAILED: &str = "failed";

/// What is counted of connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectionMeters {
    open: Gauge<u64, AtomicU64>,
    full: Counter,
    ends: Family<[(&'static str, &'static str); 1], Counter>,
    reloads: Family<[(&'static str, &'static str); 1], Counter>,
}

impl ConnectionMeters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let meters = Self::default();
        for why in [Overdue::Head, Overdue::Idle, Overdue::Write, Overdue::Handshake] {
            drop(meters.ends.get_or_create(&[("reason", why.as_str())]));
        }
        for outcome in [LOADED, FAILED] {
            drop(meters.reloads.get_or_create(&[("outcome", outcome)]));
        }
        registry.register("f6_connections", "Connections that are open", meters.open.clone());
        registry.register(
            "f6_connections_full",
            "Connections that had to wait as there were as many as there may be",
            meters.full.clone(),
        );
        registry.register(
            "f6_connection_ends",
            "Connections that were given up as their client kept them waiting",
            meters.ends.clone(),
        );
        registry.register(
            "f6_tls_reloads",
            "Certificates and keys that had changed, by what became of them",
            meters.reloads.clone(),
        );
        meters
    }

    /// A connection is open until what this returns is dropped.
    pub(crate) fn open(&self) -> Counted {
        Counted::by(self.open.clone())
    }

    /// One had to wait.
    pub(crate) fn full(&self) {
        self.full.inc();
    }

    /// The files of TLS have changed, and can be used or not.
    pub(crate) fn reloaded(&self, used: bool) {
        let outcome = if used { LOADED } else { FAILED };
        self.reloads.get_or_create(&[("outcome", outcome)]).inc();
    }

    pub(crate) fn ended(&self, why: Overdue) {
        self.ends.get_or_create(&[("reason", why.as_str())]).inc();
    }
}
