//! Deliveries to webhooks: a request, and whether its answer says that it arrived.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::NAME;
use crate::cloud_event::Message;

/// Why nothing can be brought to webhooks.
#[derive(Debug, thiserror::Error)]
#[error("no HTTP client can be made")]
pub struct WebhooksError(#[source] reqwest::Error);

/// Calls webhooks; clones share their connections.
#[derive(Clone, Debug)]
pub struct Webhooks(Client);

impl Webhooks {
    /// Ready to call.
    ///
    /// # Errors
    /// [`WebhooksError`].
    pub fn new() -> Result<Self, WebhooksError> {
        // A sink that moved is for whoever manages the subscription to say: what is signed for one goes to no other.
        let client = Client::builder().user_agent(NAME).redirect(Policy::none()).build();
        client.map(Self).map_err(WebhooksError)
    }

    /// Calls one; its answer says whether the message arrived.
    pub(super) async fn post(&self, url: &Url, message: Message) -> Result<(), String> {
        let request = self.0.post(url.clone()).headers(headers(&message)).body(message.body);
        let answer = request.send().await.map_err(|error| in_words(&error))?;
        match answer.status().is_success() {
            true => Ok(()),
            false => Err(format!("the sink answered {}", answer.status().as_u16())),
        }
    }
}

fn headers(message: &Message) -> HeaderMap {
    // Every value is printable ASCII: the message has encoded what is not.
    let header = |(name, value): &(String, String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    };
    message.headers.iter().filter_map(header).collect()
}

fn in_words(error: &reqwest::Error) -> String {
    match error.is_connect() {
        true => "the sink cannot be reached".to_owned(),
        false => "the connection to the sink broke".to_owned(),
    }
}
