//! What the appender counts and measures.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use door::metrics::{counts, seconds};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use read_model::catalogue::Catalogue;

use super::{AppendError, Request};
use crate::command::{Act, Command};
use crate::outcome::{Finding, Outcome};

/// The event type of a command on an event that nobody loaded, as it was refused before.
const UNKNOWN: &str = "unknown";

/// What can become of a command.
#[derive(Clone, Copy, Debug)]
enum Became {
    Accepted,
    Repeated,
    Refused,
    Forbidden,
    Overloaded,
    Fault,
    DryRun,
}

impl Became {
    const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Repeated,
        Self::Refused,
        Self::Forbidden,
        Self::Overloaded,
        Self::Fault,
        Self::DryRun,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Refused => "refused",
            Self::Forbidden => "forbidden",
            Self::Overloaded => "overloaded",
            Self::Fault => "fault",
            Self::DryRun => "dry_run",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CommandLabels {
    event_type: Arc<str>,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    event_type: Arc<str>,
    code: &'static str,
}

/// What the appender counts and measures; every series that the catalogue leads to is there from the start.
#[derive(Debug)]
pub struct Meters {
    commands: HashMap<Arc<str>, [Counter; 7]>,
    refusals: Family<RefusalLabels, Counter>,
    pub(super) waiting: Gauge<u64, AtomicU64>,
    pub(super) queue_wait: Histogram,
    pub(super) batch: Histogram,
    pub(super) load: Histogram,
    pub(super) fold: Histogram,
    pub(super) decide: Histogram,
    pub(super) commit: Histogram,
    pub(super) conflicts: Counter,
    pub(super) hits: Counter,
    pub(super) misses: Counter,
    pub(super) head: Gauge,
}

impl Meters {
    /// Meters that nobody reads, as for an import.
    #[must_use]
    pub fn unread(catalogue: &Catalogue) -> Self {
        Self::new(catalogue, &mut Registry::default())
    }

    /// Meters that are read through this registry.
    #[must_use]
    pub fn new(catalogue: &Catalogue, registry: &mut Registry) -> Self {
        let lookups: Family<[(&str, &str); 1], Counter> = Family::default();
        let meters = Self {
            commands: commands(catalogue, registry),
            refusals: Family::default(),
            waiting: Gauge::default(),
            queue_wait: seconds(),
            batch: counts(),
            load: seconds(),
            fold: seconds(),
            decide: seconds(),
            commit: seconds(),
            conflicts: Counter::default(),
            hits: lookups.get_or_create_owned(&[("result", "hit")]),
            misses: lookups.get_or_create_owned(&[("result", "miss")]),
            head: Gauge::default(),
        };
        registry.register(
            "f6_cache_lookups",
            "Objects of commands, looked for among those in memory",
            lookups,
        );
        meters.register_durations(registry);
        meters.register_counts(registry);
        meters
    }

    fn register_durations(&self, registry: &mut Registry) {
        let histograms = [
            (
                "f6_queue_wait_seconds",
                "From a request's arrival at the appender until it is taken up",
                &self.queue_wait,
            ),
            ("f6_batch_requests", "Requests that were decided and committed together", &self.batch),
            ("f6_load_duration_seconds", "Loading what a batch names and memory lacks", &self.load),
            (
                "f6_fold_duration_seconds",
                "Folding an object, or extending its fold by what came since",
                &self.fold,
            ),
            (
                "f6_decide_duration_seconds",
                "Deciding one request, with what it turns out to need",
                &self.decide,
            ),
            (
                "f6_commit_duration_seconds",
                "One durable commit, or finding that others came first",
                &self.commit,
            ),
        ];
        for (name, help, histogram) in histograms {
            registry.register(name, help, histogram.clone());
        }
    }

    fn register_counts(&self, registry: &mut Registry) {
        registry.register(
            "f6_command_refusals",
            "Why commands were refused; one command may have several reasons",
            self.refusals.clone(),
        );
        registry.register(
            "f6_queue_requests",
            "Requests that wait for the appender now",
            self.waiting.clone(),
        );
        registry.register(
            "f6_append_conflicts",
            "Batches that were decided anew, as another server had appended meanwhile",
            self.conflicts.clone(),
        );
        registry.register(
            "f6_head_position",
            "The newest event that this server has seen",
            self.head.clone(),
        );
    }

    /// So many objects were looked for in memory, and so many of them were not there.
    pub(super) fn looked_up(&self, objects: usize, missing: usize) {
        self.hits.inc_by(objects.saturating_sub(missing) as u64);
        self.misses.inc_by(missing as u64);
    }

    /// Counts what became of the commands of one request.
    pub(super) fn count(&self, request: &Request, outcome: &Result<Outcome, AppendError>) {
        match outcome {
            Ok(_) if request.dry_run => self.all(request, Became::DryRun),
            Ok(outcome) if !outcome.refusals.is_empty() => {
                self.all(request, Became::Refused);
                outcome.refusals.iter().for_each(|finding| self.refused(request, finding));
            }
            Ok(outcome) => {
                let became = if outcome.repeated { Became::Repeated } else { Became::Accepted };
                for command in &request.commands {
                    let event = outcome.events.iter().find(|event| event.id == command.id);
                    self.one(event.map_or_else(|| stated(command), |event| &event.event_type), became);
                }
            }
            Err(AppendError::Forbidden(_)) => self.all(request, Became::Forbidden),
            Err(AppendError::Overloaded) => self.all(request, Became::Overloaded),
            Err(AppendError::Stopping | AppendError::Fault(_)) => self.all(request, Became::Fault),
        }
    }

    /// Counts commands that the caller may not give, and that came no further.
    pub(super) fn forbidden(&self, commands: &[Command]) {
        commands.iter().for_each(|command| self.one(stated(command), Became::Forbidden));
    }

    fn all(&self, request: &Request, became: Became) {
        request.commands.iter().for_each(|command| self.one(stated(command), became));
    }

    fn one(&self, event_type: &str, became: Became) {
        if let Some(counters) = self.commands.get(event_type).or_else(|| self.commands.get(UNKNOWN)) {
            counters[became as usize].inc();
        }
    }

    /// A finding of a batch tells at which command it stands.
    fn refused(&self, request: &Request, finding: &Finding) {
        let place = match finding.path.as_slice() {
            [first, index, ..] if first == "commands" => index.parse().unwrap_or_default(),
            _ => 0,
        };
        let event_type = request.commands.get(place).map_or(UNKNOWN, stated);
        let known = self.commands.get_key_value(event_type).or_else(|| self.commands.get_key_value(UNKNOWN));
        if let Some((event_type, _)) = known {
            let labels = RefusalLabels { event_type: Arc::clone(event_type), code: finding.code.name() };
            self.refusals.get_or_create(&labels).inc();
        }
    }
}

/// A counter for each event type and outcome.
fn commands(catalogue: &Catalogue, registry: &mut Registry) -> HashMap<Arc<str>, [Counter; 7]> {
    let family: Family<CommandLabels, Counter> = Family::default();
    let counters = |event_type: &Arc<str>| {
        Became::ALL.map(|became| {
            let labels = CommandLabels { event_type: Arc::clone(event_type), outcome: became.name() };
            family.get_or_create_owned(&labels)
        })
    };
    let names = catalogue.event_types.keys().cloned().chain([UNKNOWN.into()]);
    let commands = names.map(|name| (Arc::clone(&name), counters(&name))).collect();
    registry.register("f6_commands", "What became of commands", family);
    commands
}

/// The event type that a command itself names.
fn stated(command: &Command) -> &str {
    match &command.act {
        Act::Claim { event_type, .. } | Act::Amend { event_type, .. } => event_type,
        Act::Annul { .. } | Act::Validate { .. } => UNKNOWN,
    }
}
