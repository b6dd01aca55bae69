//! Deliveries to webhooks: a request, and whether its answer says that it arrived.

use std::io;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::NAME;
use crate::cloud_event::Message;

/// Why no webhooks can be called.
#[derive(Debug, thiserror::Error)]
#[error(
    "the certificates that this machine trusts cannot be read; install ca-certificates, or name a file in SSL_CERT_FILE"
)]
pub struct WebhooksError(#[source] io::Error);

/// Calls webhooks; clones share their connections.
#[derive(Clone, Debug)]
pub struct Webhooks(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Webhooks {
    /// Ready to call, those over TLS that this machine trusts.
    ///
    /// # Errors
    /// [`WebhooksError`].
    pub fn new() -> Result<Self, WebhooksError> {
        let connector = HttpsConnectorBuilder::new().with_native_roots().map_err(WebhooksError)?;
        let connector = connector.https_or_http().enable_http1().build();
        let mut client = Client::builder(TokioExecutor::new());
        Ok(Self(client.pool_timer(TokioTimer::new()).build(connector)))
    }

    /// Calls one; its answer says whether the message arrived. A redirect does not: a sink that moved is for whoever
    /// manages the subscription to say, and what is signed for one goes to no other.
    pub(super) async fn post(&self, url: &str, message: Message) -> Result<(), String> {
        let uri: Uri = url.parse().map_err(|_| "the address of the sink is no URL".to_owned())?;
        let headers = headers(&message);
        let mut request =
            Request::post(uri).body(Full::from(message.body)).map_err(|error| error.to_string())?;
        *request.headers_mut() = headers;
        let answer = self.0.request(request).await.map_err(|error| in_words(&error, url))?;
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
    let own = [(USER_AGENT, HeaderValue::from_static(NAME))];
    message.headers.iter().filter_map(header).chain(own).collect()
}

fn in_words(error: &Error, url: &str) -> String {
    let told = match (error.is_connect(), url.starts_with("https:")) {
        (true, true) => "the sink cannot be reached, or its certificate is not trusted",
        (true, false) => "the sink cannot be reached",
        (false, _) => "the connection to the sink broke",
    };
    told.to_owned()
}
