//! One delivery: a signed message, brought to where the subscription has it brought.

#[cfg(feature = "nats")]
mod credentials;
#[cfg(feature = "nats")]
mod jetstream;
#[cfg(not(feature = "nats"))]
#[path = "courier/no_jetstream.rs"]
mod jetstream;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use door::{Clock, Concerned, Ended, Principal, ProcessingLog};
use policy::{Caller, Policy};
use processing_log::{About, Verb};
use read_model::catalogue::Catalogue;
use read_model::reader::{Subscription, Told};
use read_model::sink::Sink;

use crate::cloud_event::{Binding, CloudEvent, Message, reference};
use crate::signature::Secret;
pub use jetstream::{StreamOptions, Streams, StreamsError};
pub use webhook::{Webhooks, WebhooksError};

/// Whoever asks is told who comes.
const NAME: &str = concat!("f6-delivery/", env!("CARGO_PKG_VERSION"));

/// Makes deliveries; clones share their connections.
#[derive(Clone)]
pub struct Courier {
    catalogue: Arc<Catalogue>,
    policy: Arc<Policy>,
    reference: Arc<str>,
    clock: Arc<dyn Clock>,
    ways: Ways,
    /// Where it is written down whose data are delivered, before they are.
    log: Option<Arc<dyn ProcessingLog>>,
}

/// How deliveries go; clones share their connections.
#[derive(Clone, Debug)]
pub struct Ways {
    /// To webhooks.
    pub webhooks: Webhooks,
    /// To streams of NATS JetStream.
    pub streams: Streams,
    /// How long one may take.
    pub timeout: Duration,
}

impl Courier {
    /// Makes deliveries that refer to the query API at this address.
    #[must_use]
    pub fn new(
        (catalogue, policy): (Arc<Catalogue>, Arc<Policy>),
        query_url: &str,
        clock: Arc<dyn Clock>,
        ways: Ways,
    ) -> Self {
        Self { catalogue, policy, reference: reference(query_url).into(), clock, ways, log: None }
    }

    /// The same, writing down whose data are delivered.
    #[must_use]
    pub fn logged(self, log: Option<Arc<dyn ProcessingLog>>) -> Self {
        Self { log, ..self }
    }

    /// How long one delivery may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.ways.timeout
    }

    /// Makes one delivery; what went wrong is told in words that hold nothing of the answer.
    ///
    /// # Errors
    /// Why it did not arrive.
    pub async fn deliver(
        &self,
        subscription: &Subscription,
        secret: &str,
        told: &Told,
    ) -> Result<(), String> {
        let (acts, owner) = (self.policy.acts(), Caller::from(subscription));
        if acts.subscribe(&owner).is_err() {
            let owner = owner.source.source_type;
            return Err(format!("`{owner}` may no longer subscribe: the configuration has changed"));
        }
        if !self.policy.reads().events(&owner).is_ok_and(|seen| seen.shows(&told.event)) {
            let owner = owner.source.source_type;
            return Err(format!("`{owner}` may no longer read this event: the configuration has changed"));
        }
        let with_data = subscription.with_data && acts.have_data_delivered(&owner).is_ok();
        let event = CloudEvent::of(told, &self.catalogue, &self.reference, with_data);
        let secret = Secret::parse(secret).map_err(|error| error.to_string())?;
        let sink = Sink::parse(&subscription.sink).map_err(|error| error.to_string())?;
        let trace = if with_data { self.written_down(&owner, told).await? } else { None };
        let signed = |binding| {
            let mut message = event.message(subscription.mode, binding);
            message.headers.extend(trace.clone().map(|trace| ("traceparent".to_owned(), trace)));
            self.signed(&event, message, &secret)
        };
        let arriving = async {
            match &sink {
                Sink::Webhook(url) => self.ways.webhooks.post(url.as_str(), signed(Binding::Http)).await,
                Sink::JetStream(to) => {
                    // The stream tells by it what it has already.
                    let id = format!("{}.{}", subscription.id, event.id());
                    self.ways.streams.publish(to, event.happened(), &id, signed(Binding::Nats)).await
                }
            }
        };
        let timeout = self.ways.timeout;
        let late = |_| Err(format!("the sink did not answer within {timeout:?}"));
        tokio::time::timeout(timeout, arriving).await.unwrap_or_else(late)
    }

    /// Writes down whose data a delivery holds, where that is logged; the trace in which it stands. What cannot be written
    /// down is not delivered, and tried again.
    async fn written_down(&self, owner: &Caller, told: &Told) -> Result<Option<String>, String> {
        let Some(log) = &self.log else { return Ok(None) };
        let zones = |zones: &Vec<Arc<str>>| zones.iter().map(|zone| zone.to_string()).collect();
        let principal = Principal {
            organisation: owner.organisation.as_deref().map(str::to_owned),
            zones: owner.zones.as_ref().map(zones),
            person: owner.person,
            ..Principal::new(owner.source.id, &*owner.source.source_type)
        };
        let concerned = Concerned::unasked(log, principal, self.clock.now());
        if let Some(about) = About::new(&self.catalogue, &concerned) {
            about.event(&told.event, Verb::Deliver, Ended::Done);
        }
        let written = concerned.written(&*self.clock).await;
        written.map_err(|_| "the processing log cannot be written".to_owned())?;
        Ok(Some(concerned.doing().traceparent()))
    }

    fn signed(&self, event: &CloudEvent, mut message: Message, secret: &Secret) -> Message {
        let now = self.clock.now().timestamp();
        let signature = [
            ("webhook-id", event.id().to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", secret.sign(event.id(), now, &message.body)),
        ];
        message.headers.extend(signature.map(|(name, value)| (name.to_owned(), value)));
        message
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Courier").field("reference", &self.reference).finish_non_exhaustive()
    }
}
