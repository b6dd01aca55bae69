//! GraphQL over WebSocket: the subprotocol `graphql-transport-ws`, to the letter, and no other.

mod end;
mod message;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message as Frame, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::header::UPGRADE;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures::stream::BoxStream;
use futures::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use tokio_stream::StreamMap;
use tracing::Instrument;

use self::end::End;
use self::message::Message;
use crate::body::Parameters;
use crate::door::Door;
use crate::graphql::{Asking, Way};
use crate::load::Held;
use crate::media::Media;
use crate::metrics::Counted;
use crate::origin::Origin;
use crate::otlp::PROBE;
use crate::page;
use crate::peer::Peer;
use crate::refusal::Refusal;
use crate::streaming::{self, Told};
use crate::subscriptions::{LAST_CHANCE, Subscriptions, WEBSOCKET};
use crate::token::{Session, TokenError};
use crate::trace::RequestId;

/// The one that is spoken here.
const PROTOCOL: &str = "graphql-transport-ws";

/// How long a client may take to close its side once it was told why.
const FAREWELL: Duration = Duration::from_secs(2);

/// The longest message: a document as long as it may be, and variables. What has come of one is held uncounted until it is whole.
const MAX_MESSAGE: usize = 256 * 1024;

/// Whether a request wants to become a WebSocket.
pub(crate) fn asks(headers: &HeaderMap) -> bool {
    headers.get(UPGRADE).is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Answers a request that wants to become a WebSocket.
pub(crate) async fn handle(door: Arc<Door>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    match accept(door, upgrade, &parts).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(Media::Json),
    }
}

async fn accept(door: Arc<Door>, upgrade: WebSocketUpgrade, parts: &Parts) -> Result<Response, Refusal> {
    let subscriptions = door.subscriptions.as_ref().ok_or(Refusal::NoSubscriptions)?;
    page::may_connect(&parts.headers, &subscriptions.options.allowed_origins)?;
    // A browser can send no token along; whoever does is looked at before anything else.
    let origin = Origin::of(&parts.headers, &parts.extensions);
    let peer = Peer::of(&parts.extensions);
    let session = match door.tokens.session(&parts.headers, peer, door.clock.now()).await {
        Ok(session) => Some(session),
        Err(TokenError::Missing) => None,
        Err(error) => return Err(error.into()),
    };
    let limit = subscriptions.options.max_streams;
    let place = subscriptions.enter().ok_or(Refusal::TooManyConnections { limit })?;
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(longest_message(&door));
    let span = tracing::error_span!(
        target: PROBE,
        parent: None,
        "stream",
        request_id = origin.id.as_ref().map(RequestId::as_str)
    );
    let accepted = Arc::clone(&door);
    Ok(upgrade.on_upgrade(move |socket| {
        async move {
            if let Some(subscriptions) = &accepted.subscriptions {
                Connection::new(&accepted, subscriptions, (socket, place), (session, peer), origin)
                    .run()
                    .await;
            }
        }
        .instrument(span)
    }))
}

/// A client's connection, until it ends.
struct Connection<'a> {
    door: &'a Arc<Door>,
    subscriptions: &'a Subscriptions,
    socket: WebSocket,
    session: Option<Session>,
    peer: Peer,
    origin: Origin,
    acknowledged: bool,
    operations: StreamMap<String, BoxStream<'static, Option<Told>>>,
    running: HashMap<String, Running>,
    /// How often it was asked whether it is there since it last said a word.
    asked: u32,
    _place: OwnedSemaphorePermit,
}

/// An operation that is not complete.
struct Running {
    /// Where it can be taken up again, as far as it was sent.
    after: Option<String>,
    /// That it is served, and what it was asked with.
    _held: (Counted, Held),
}

impl<'a> Connection<'a> {
    fn new(
        door: &'a Arc<Door>,
        subscriptions: &'a Subscriptions,
        (socket, place): (WebSocket, OwnedSemaphorePermit),
        (session, peer): (Option<Session>, Peer),
        origin: Origin,
    ) -> Self {
        Self {
            door,
            subscriptions,
            socket,
            session,
            peer,
            origin,
            acknowledged: false,
            operations: StreamMap::new(),
            running: HashMap::new(),
            asked: 0,
            _place: place,
        }
    }

    async fn run(mut self) {
        let end = match self.socket.protocol() {
            Some(_) => self.converse().await,
            None => End::Subprotocol,
        };
        self.finish(end).await;
    }

    /// Until it ends; and why.
    async fn converse(&mut self) -> End {
        let options = &self.subscriptions.options;
        let mut stopping = std::pin::pin!(self.subscriptions.stopping());
        let init = Instant::now() + options.connection_init_timeout;
        let mut alive = tokio::time::interval_at(Instant::now() + options.keep_alive, options.keep_alive);
        loop {
            let (door, acknowledged) = (Arc::clone(self.door), self.acknowledged);
            let ends = self.session.as_ref().map(|session| session.ends).filter(|_| acknowledged);
            let step = tokio::select! {
                frame = self.socket.recv() => self.heard(frame).await,
                Some((id, told)) = self.operations.next() => self.tell(id, told).await,
                _ = alive.tick() => self.ask().await,
                () = &mut stopping => Err(End::Stopping),
                () = tokio::time::sleep_until(init), if !acknowledged => Err(End::InitTimeout),
                () = expired(&door, ends) => Err(End::Expired),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn heard(&mut self, frame: Option<Result<Frame, axum::Error>>) -> Result<(), End> {
        self.asked = 0;
        let limit = longest_message(self.door);
        match frame {
            None | Some(Ok(Frame::Close(_))) => Err(End::Gone),
            Some(Err(_)) => Err(End::Invalid(format!("the message is broken, or longer than {limit} bytes"))),
            Some(Ok(Frame::Binary(_))) => Err(End::Invalid("messages are text, and not binary".to_owned())),
            Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => Ok(()),
            Some(Ok(Frame::Text(text))) => match Message::parse(&text).map_err(End::Invalid)? {
                Message::Init(payload) => self.init(&payload).await,
                Message::Ping(payload) => self.send(message::pong(payload)).await,
                Message::Pong => Ok(()),
                Message::Subscribe { id, payload } => self.subscribe(id, payload, text.len()).await,
                Message::Complete { id } => {
                    self.operations.remove(&id);
                    self.running.remove(&id);
                    Ok(())
                }
            },
        }
    }

    async fn init(&mut self, payload: &Map<String, Value>) -> Result<(), End> {
        if self.acknowledged {
            return Err(End::InitTwice);
        }
        let given = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some((_, given)) = given {
            let session = match given.as_str() {
                Some(text) => self.door.tokens.bearer(text, self.peer, self.door.clock.now()).await,
                None => Err(TokenError::NotBearer),
            };
            self.session = Some(session.map_err(|error| self.forbidden(error))?);
        }
        if self.session.is_none() {
            return Err(self.forbidden(TokenError::Missing));
        }
        self.acknowledged = true;
        self.send(message::ack()).await
    }

    fn forbidden(&self, error: TokenError) -> End {
        let refusal = Refusal::from(error);
        self.door.metrics.http.told(refusal.code().as_str());
        End::Forbidden(refusal.to_string())
    }

    async fn subscribe(&mut self, id: String, payload: Map<String, Value>, length: usize) -> Result<(), End> {
        let Some(session) = self.session.as_ref().filter(|_| self.acknowledged) else {
            return Err(End::Unacknowledged);
        };
        if self.running.contains_key(&id) {
            return Err(End::Duplicate(id));
        }
        let parameters = Parameters::read(payload).map_err(|error| End::Invalid(error.to_string()))?;
        let (principal, origin) = (Some(session.principal.clone()), self.origin.clone());
        let asking = Asking { principal, origin, way: Way::Stream };
        let limit = self.subscriptions.options.max_subscriptions;
        let mut held = self.door.load.hold();
        let operation = match self.running.len() < limit {
            true => (self.door.load.grow(&mut held, length))
                .and_then(|()| streaming::operation(self.door, self.subscriptions, parameters, asking)),
            false => Err(Refusal::TooManySubscriptions { limit }),
        };
        match operation {
            Ok((_, told)) => {
                // The end of a stream is told as well.
                let served = self.subscriptions.meters.serve(WEBSOCKET);
                self.running.insert(id.clone(), Running { after: None, _held: (served, held) });
                let end = futures::stream::once(std::future::ready(None));
                self.operations.insert(id, told.map(Some).chain(end).boxed());
                Ok(())
            }
            Err(refusal) => {
                self.door.metrics.http.told(refusal.code().as_str());
                self.send(message::error(&id, &refusal.told(None))).await
            }
        }
    }

    async fn tell(&mut self, id: String, told: Option<Told>) -> Result<(), End> {
        match told {
            Some(Told::Next { result, after }) => {
                self.feed(Frame::Text(message::next(&id, &result).into())).await?;
                // What was fed goes out before anything else, however late.
                self.subscriptions.meters.delivered(WEBSOCKET);
                if let Some(running) = self.running.get_mut(&id) {
                    running.after = after.or(running.after.take());
                }
                self.flush().await
            }
            Some(Told::Failed(errors)) => {
                self.operations.remove(&id);
                self.running.remove(&id);
                self.send(message::error(&id, &errors)).await
            }
            None => {
                self.operations.remove(&id);
                self.running.remove(&id);
                self.send(message::complete(&id)).await
            }
        }
    }

    /// Asks whether the client is there; whoever did not answer twice is not.
    async fn ask(&mut self) -> Result<(), End> {
        if self.asked >= 2 {
            return Err(End::Lost);
        }
        self.asked += 1;
        self.frame(Frame::Ping(Vec::new().into())).await
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        self.frame(Frame::Text(text.into())).await
    }

    async fn frame(&mut self, frame: Frame) -> Result<(), End> {
        self.feed(frame).await?;
        self.flush().await
    }

    async fn feed(&mut self, frame: Frame) -> Result<(), End> {
        let patience = self.subscriptions.options.slow_consumer_timeout;
        in_time(patience, self.socket.feed(frame)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        let patience = self.subscriptions.options.slow_consumer_timeout;
        in_time(patience, self.socket.flush()).await
    }

    /// Tells why, and waits a moment for the client to have read it.
    async fn finish(mut self, end: End) {
        // What the operations hold is of no use any more, however long the rest takes.
        self.operations.clear();
        if let Some(reason) = end.counted() {
            self.subscriptions.meters.ended(reason);
        }
        let Some((code, reason)) = end.close() else { return self.farewell().await };
        let limit = self.subscriptions.options.slow_consumer_timeout;
        if end == End::Slow {
            let refusal = Refusal::SlowConsumer { limit };
            for (id, running) in std::mem::take(&mut self.running) {
                self.door.metrics.http.told(refusal.code().as_str());
                let error = message::error(&id, &refusal.told(running.after.as_deref()));
                if in_time(limit.max(LAST_CHANCE), self.socket.send(Frame::Text(error.into()))).await.is_err()
                {
                    return;
                }
            }
        }
        let close = Frame::Close(Some(CloseFrame { code, reason: reason.into() }));
        if in_time(limit.max(LAST_CHANCE), self.socket.send(close)).await.is_ok() {
            self.farewell().await;
        }
    }

    /// Lets either side close the connection as RFC 6455 has it; whoever takes longer learns nothing more.
    async fn farewell(&mut self) {
        let closed = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = tokio::time::timeout(FAREWELL, closed).await;
    }
}

fn longest_message(door: &Door) -> usize {
    MAX_MESSAGE.min(door.http.body_limit)
}

async fn in_time<E>(patience: Duration, sent: impl Future<Output = Result<(), E>>) -> Result<(), End> {
    match tokio::time::timeout(patience, sent).await {
        Ok(sent) => sent.map_err(|_| End::Gone),
        Err(_) => Err(End::Slow),
    }
}

async fn expired(door: &Door, ends: Option<chrono::DateTime<chrono::Utc>>) {
    match ends {
        Some(ends) => streaming::expiry(door, ends).await,
        None => std::future::pending().await,
    }
}
