//! GraphQL over server-sent events, each operation over a connection of its own ("distinct connections mode").

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tracing::Instrument;

use crate::body::{self, Incoming};
use crate::door::Door;
use crate::graphql::{Asking, Way};
use crate::load::Held;
use crate::media::{self, Media};
use crate::metrics::{Asked, Counted};
use crate::origin::Origin;
use crate::otlp::PROBE;
use crate::peer::Peer;
use crate::refusal::Refusal;
use crate::streaming::{self, Told};
use crate::subscriptions::{EVENTS, LAST_CHANCE, Subscriptions};
use crate::token::{Session, TokenError};
use crate::trace::RequestId;

/// How many events may wait for the network; one message more is computed, and then none until it has taken one.
const WAITING: usize = 8;

/// A comment: it asks a silent connection whether it is there.
const ALIVE: &str = ":\n\n";

const COMPLETE: &str = "event: complete\ndata:\n\n";

/// Answers a POST that accepts `text/event-stream`.
pub(crate) async fn handle(door: Arc<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut incoming = Incoming::new(&parts.headers, body, &door.load);
    let response = answer(&door, &parts, &mut incoming).await;
    incoming.discard().await;
    response.unwrap_or_else(|refusal| refusal.respond(Media::Json))
}

async fn answer(door: &Arc<Door>, parts: &Parts, incoming: &mut Incoming<'_>) -> Result<Response, Refusal> {
    let subscriptions = door.subscriptions.as_ref().ok_or(Refusal::NoSubscriptions)?;
    let session = door.tokens.session(&parts.headers, Peer::of(&parts.extensions), door.clock.now()).await?;
    if !media::sends_json(&parts.headers) {
        return Err(Refusal::MediaType);
    }
    let bytes = incoming.read(door.http.body_limit, door.http.body_timeout).await?;
    let parameters = body::parse(&bytes)?;
    let limit = subscriptions.options.max_streams;
    let place = subscriptions.enter().ok_or(Refusal::TooManyConnections { limit })?;
    let origin = Origin::of(&parts.headers, &parts.extensions);
    let span = tracing::error_span!(
        target: PROBE,
        parent: None,
        "stream",
        request_id = origin.id.as_ref().map(RequestId::as_str)
    );
    let asking = Asking { principal: Some(session.principal.clone()), origin, way: Way::Stream };
    // From here on whatever is wrong is told in the stream, as the protocol has it.
    let told = match streaming::operation(door, subscriptions, parameters, asking) {
        Ok((kind, told)) => {
            if let Some(asked) = parts.extensions.get::<Asked>() {
                asked.note(kind.into());
            }
            told
        }
        Err(refusal) => {
            let refused = Told::refused(door, &refusal, None);
            futures::stream::once(std::future::ready(refused)).boxed()
        }
    };
    let (events, taken) = mpsc::channel(WAITING);
    let served = subscriptions.meters.serve(EVENTS);
    let pump = Pump { door: Arc::clone(door), events, after: None, _held: (place, served, incoming.keep()) };
    tokio::spawn(pump.run(told, session).instrument(span));
    Ok(stream(taken))
}

fn stream(taken: mpsc::Receiver<Bytes>) -> Response {
    let events = futures::stream::unfold(taken, async |mut taken| {
        let event = taken.recv().await?;
        Some((Ok::<_, Infallible>(event), taken))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    // A proxy that waits for the end of an answer would wait for ever.
    (headers, [("x-accel-buffering", "no")], Body::from_stream(events)).into_response()
}

/// Hands what an operation tells to the network.
struct Pump {
    door: Arc<Door>,
    events: mpsc::Sender<Bytes>,
    after: Option<String>,
    _held: (OwnedSemaphorePermit, Counted, Held),
}

/// Why the server ends a stream, rather than the operation or the client.
enum End {
    Slow,
    Expired,
    Stopping,
    Gone,
}

impl Pump {
    async fn run(mut self, mut told: BoxStream<'static, Told>, session: Session) {
        let door = Arc::clone(&self.door);
        let Some(subscriptions) = &door.subscriptions else { return };
        let ended = {
            let events = self.events.clone();
            let over = async {
                tokio::select! {
                    () = streaming::expiry(&door, session.ends) => End::Expired,
                    () = subscriptions.stopping() => End::Stopping,
                    () = events.closed() => End::Gone,
                }
            };
            tokio::select! {
                biased;
                ended = over => Err(ended),
                ended = self.pump(subscriptions, &mut told) => ended,
            }
        };
        // What it holds is of no use any more, however long the rest takes.
        drop(told);
        match ended {
            Ok(()) => {}
            Err(end) => self.finish(subscriptions, end).await,
        }
    }

    async fn pump(
        &mut self,
        subscriptions: &Subscriptions,
        told: &mut BoxStream<'static, Told>,
    ) -> Result<(), End> {
        loop {
            let told = tokio::time::timeout(subscriptions.options.keep_alive, told.next()).await;
            match told {
                Err(_) => self.send(subscriptions, ALIVE.to_owned()).await?,
                Ok(Some(Told::Next { result, after })) => {
                    self.send(subscriptions, format!("event: next\ndata: {result}\n\n")).await?;
                    subscriptions.meters.delivered(EVENTS);
                    self.after = after.or(self.after.take());
                }
                Ok(Some(Told::Failed(errors))) => {
                    let failed = json!({ "errors": errors });
                    self.send(subscriptions, format!("event: next\ndata: {failed}\n\n{COMPLETE}")).await?;
                    return Ok(());
                }
                Ok(None) => return self.send(subscriptions, COMPLETE.to_owned()).await,
            }
        }
    }

    async fn send(&self, subscriptions: &Subscriptions, event: String) -> Result<(), End> {
        let limit = subscriptions.options.slow_consumer_timeout;
        match tokio::time::timeout(limit, self.events.send(event.into())).await {
            Ok(sent) => sent.map_err(|_| End::Gone),
            Err(_) => Err(End::Slow),
        }
    }

    /// Says why, to who may still be listening.
    async fn finish(&self, subscriptions: &Subscriptions, end: End) {
        let limit = subscriptions.options.slow_consumer_timeout;
        let (reason, refusal) = match end {
            End::Slow => ("slow", Refusal::SlowConsumer { limit }),
            End::Expired => ("expired", TokenError::Expired.into()),
            End::Stopping => ("stopping", Refusal::GoingAway),
            End::Gone => return,
        };
        subscriptions.meters.ended(reason);
        self.door.metrics.http.told(refusal.code().as_str());
        let failed = json!({ "errors": refusal.told(self.after.as_deref()) });
        // Whoever does not take this either is let go.
        let last = format!("event: next\ndata: {failed}\n\n{COMPLETE}").into();
        let _ = tokio::time::timeout(limit.max(LAST_CHANCE), self.events.send(last)).await;
    }
}
