//! Deliveries to NATS JetStream: a message is published, and has arrived when a stream has acknowledged it.
//!
//! That is a request of plain NATS, which the stream answers (<https://docs.nats.io/nats-concepts/jetstream>); why
//! nothing more of the library is used stands in ADR 19.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::connection::State;
use async_nats::header::{HeaderMap, HeaderName, HeaderValue};
use async_nats::{Client, ConnectError, ConnectErrorKind, Event, Request, RequestError, RequestErrorKind};
use clap::Args;
use read_model::sink::JetStream;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::NAME;
use super::credentials::{CredentialsError, Keyring, Shown};
use crate::cloud_event::Message;

/// By this header a stream knows what it has already.
const MESSAGE_ID: &str = "Nats-Msg-Id";

/// How streams of NATS JetStream are reached.
#[derive(Args, Clone, Debug)]
pub struct StreamOptions {
    /// What servers of NATS are shown, each with a file of `nsc`, with the seed of an nkey, or with `user:password`
    #[arg(
        long = "nats-credentials",
        env = "F6_NATS_CREDENTIALS",
        value_name = "HOST:PORT=FILE,…",
        value_delimiter = ',',
        help_heading = "Delivering"
    )]
    pub credentials: Vec<Shown>,
}

/// Why nothing can be brought to streams.
pub type StreamsError = CredentialsError;

/// Publishes to streams; clones share their connections.
#[derive(Clone, Debug)]
pub struct Streams {
    keyring: Arc<Keyring>,
    clients: Arc<Mutex<HashMap<String, Arc<OnceCell<Client>>>>>,
}

impl Streams {
    /// Ready to connect.
    ///
    /// # Errors
    /// [`StreamsError`].
    pub fn open(options: &StreamOptions) -> Result<Self, StreamsError> {
        let keyring = Keyring::read(&options.credentials)?;
        Ok(Self { keyring: Arc::new(keyring), clients: Arc::default() })
    }

    /// Publishes what happened, below the subject that the sink names; the id is the same each time.
    pub(super) async fn publish(
        &self,
        to: &JetStream,
        happened: &str,
        id: &str,
        message: Message,
    ) -> Result<(), String> {
        let client = self.client(to).await.map_err(|error| not_connected(&error, to.tls))?;
        // Without a connection the library would keep it, and send it when something else has gone before it.
        if client.connection_state() != State::Connected {
            return Err("the NATS server cannot be reached".to_owned());
        }
        let subject = format!("{}.{happened}", to.prefix);
        let headers = headers(message.headers, id);
        // The courier knows how long it may take.
        let request = Request::new().headers(headers).payload(message.body.into()).timeout(None);
        let answer = client.send_request(subject.clone(), request).await;
        let answer = answer.map_err(|error| not_taken(&error, &subject, &to.prefix))?;
        acknowledged(&answer.payload)
    }

    /// The connection to a server, which is kept, and made anew by itself when it is lost.
    async fn client(&self, to: &JetStream) -> Result<Client, ConnectError> {
        let scheme = if to.tls { "tls" } else { "nats" };
        let url = format!("{scheme}://{}", to.server);
        let cell = {
            let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(clients.entry(url.clone()).or_default())
        };
        let connect = async || {
            let unusable = |error| ConnectError::with_source(ConnectErrorKind::Authentication, error);
            let options = self.keyring.options(&to.server).map_err(unusable)?;
            let told = url.clone();
            // The other servers of a cluster, of which the first one tells, must speak TLS as well.
            let options =
                options.name(NAME).require_tls(to.tls).event_callback(move |event| tell(told.clone(), event));
            options.connect(&url).await
        };
        cell.get_or_try_init(connect).await.cloned()
    }
}

/// What a server says of itself, such as that the worker may not publish there.
async fn tell(server: String, event: Event) {
    tracing::info!(server, %event, "a connection to NATS changed");
}

fn headers(headers: Vec<(String, String)>, id: &str) -> HeaderMap {
    let all = headers.into_iter().chain([(MESSAGE_ID.to_owned(), id.to_owned())]);
    // Every value is printable ASCII: the message has encoded what is not.
    let header = |(name, value): (String, String)| {
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    };
    all.filter_map(header).collect()
}

fn not_connected(error: &ConnectError, tls: bool) -> String {
    let told = match (error.kind(), tls) {
        (ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation, _) => {
            "the NATS server does not let the worker in; see its F6_NATS_CREDENTIALS"
        }
        (_, true) => "the NATS server cannot be reached, or its certificate is not trusted",
        (_, false) => "the NATS server cannot be reached",
    };
    told.to_owned()
}

fn not_taken(error: &RequestError, subject: &str, prefix: &str) -> String {
    match error.kind() {
        RequestErrorKind::NoResponders => format!(
            "no stream takes the subject `{subject}`; make one, such as with `nats stream add F6 --subjects '{prefix}.>'`"
        ),
        RequestErrorKind::MaxPayloadExceeded => {
            "the event is larger than the NATS server takes; raise its `max_payload`".to_owned()
        }
        RequestErrorKind::TimedOut | RequestErrorKind::InvalidSubject | RequestErrorKind::Other => {
            "the connection to the NATS server broke".to_owned()
        }
    }
}

/// A stream answers with its name, or with a number for what is wrong.
fn acknowledged(answer: &[u8]) -> Result<(), String> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    match (answer.get("stream"), answer.pointer("/error/err_code")) {
        (Some(_), None) => Ok(()),
        (_, Some(code)) => Err(format!("the stream did not take it: JetStream's error {code}")),
        (None, None) => Err("something else than a stream answered on that subject".to_owned()),
    }
}
