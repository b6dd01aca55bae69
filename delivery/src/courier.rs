//! One delivery over HTTP: a request, and whether its answer says that it arrived.

use std::sync::Arc;
use std::time::Duration;

use door::{Clock, Concerned, Ended, Principal, ProcessingLog};
use policy::{Caller, Policy};
use processing_log::{About, Verb};
use read_model::catalogue::Catalogue;
use read_model::reader::{Subscription, Told};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect;
use reqwest::{Client, Url};

use crate::cloud_event::{CloudEvent, Message, reference};
use crate::signature::Secret;

/// Whoever asks is told who comes.
const USER_AGENT: &str = concat!("f6-delivery/", env!("CARGO_PKG_VERSION"));

/// Why deliveries cannot begin.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be made")]
pub struct CourierError(#[source] reqwest::Error);

/// Makes deliveries; clones share their connections.
#[derive(Clone)]
pub struct Courier {
    client: Client,
    catalogue: Arc<Catalogue>,
    policy: Arc<Policy>,
    reference: Arc<str>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    /// Where it is written down whose data are delivered, before they are.
    log: Option<Arc<dyn ProcessingLog>>,
}

impl Courier {
    /// Makes deliveries that refer to the query API at this address; each is given so long.
    ///
    /// # Errors
    /// [`CourierError`].
    pub fn new(
        (catalogue, policy): (Arc<Catalogue>, Arc<Policy>),
        query_url: &str,
        clock: Arc<dyn Clock>,
        timeout: Duration,
    ) -> Result<Self, CourierError> {
        // A sink that moved is for whoever manages the subscription to say: what is signed for one goes to no other.
        let client =
            Client::builder().user_agent(USER_AGENT).redirect(redirect::Policy::none()).timeout(timeout);
        let client = client.build().map_err(CourierError)?;
        Ok(Self {
            client,
            catalogue,
            policy,
            reference: reference(query_url).into(),
            clock,
            timeout,
            log: None,
        })
    }

    /// The same, writing down whose data are delivered.
    #[must_use]
    pub fn logged(self, log: Option<Arc<dyn ProcessingLog>>) -> Self {
        Self { log, ..self }
    }

    /// How long one delivery may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
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
        let message = event.message(subscription.mode);
        let headers = self.headers(&event, &message, &secret);
        let url: Url =
            subscription.sink.parse().map_err(|_| "the address of the sink is no URL".to_owned())?;
        let mut request = self.client.post(url).headers(headers).body(message.body);
        if with_data && let Some(concerned) = self.concerned(&owner, told) {
            // What cannot be written down is not delivered, and tried again.
            let written = concerned.written(&*self.clock).await;
            written.map_err(|_| "the processing log cannot be written".to_owned())?;
            request = request.header("traceparent", concerned.doing().traceparent());
        }
        let answer = request.send().await.map_err(|error| in_words(&error, self.timeout))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(format!("the sink answered {}", answer.status().as_u16())),
        }
    }

    /// Whose data a delivery holds; none where that is not logged.
    fn concerned(&self, owner: &Caller, told: &Told) -> Option<Concerned> {
        let zones = |zones: &Vec<Arc<str>>| zones.iter().map(|zone| zone.to_string()).collect();
        let principal = Principal {
            organisation: owner.organisation.as_deref().map(str::to_owned),
            zones: owner.zones.as_ref().map(zones),
            person: owner.person,
            ..Principal::new(owner.source.id, &*owner.source.source_type)
        };
        let concerned = Concerned::unasked(self.log.as_ref()?, principal, self.clock.now());
        About::new(&self.catalogue, &concerned)?.event(&told.event, Verb::Deliver, Ended::Done);
        Some(concerned)
    }

    fn headers(&self, event: &CloudEvent, message: &Message, secret: &Secret) -> HeaderMap {
        let now = self.clock.now().timestamp();
        let signature = [
            ("webhook-id", event.id().to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", secret.sign(event.id(), now, &message.body)),
        ];
        let own = message.headers.iter().map(|(name, value)| (name.as_str(), value));
        let signed = signature.iter().map(|(name, value)| (*name, value));
        // Every value is printable ASCII: the message has encoded what is not.
        own.chain(signed)
            .filter_map(|(name, value)| {
                Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
            })
            .collect()
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Courier").field("reference", &self.reference).finish_non_exhaustive()
    }
}

fn in_words(error: &reqwest::Error, timeout: Duration) -> String {
    if error.is_timeout() {
        format!("the sink did not answer within {timeout:?}")
    } else if error.is_connect() {
        "the sink cannot be reached".to_owned()
    } else {
        "the connection to the sink broke".to_owned()
    }
}
