//! Connections, from their acceptance to their end: how many there may be, and how long each may keep us waiting.
//!
//! `axum::serve` has no limits; this is the same loop with them, on the same library below ([ADR 0017](../../docs/adr/0017-connections.md)).

mod flight;
mod pulse;
mod stream;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use clap::Args;
use hyper::server::conn::http1::{self, UpgradeableConnection};
use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use self::pulse::{Patience, Pulse};
use self::stream::Watched;
use crate::metrics::{ConnectionMeters, Counted, Overdue, open_files_limit};
use crate::peer::Peer;
use crate::tls::{HTTP_2, Tls};

/// How many connections there may be, and how long each may keep the server waiting.
#[derive(Args, Clone, Debug)]
pub struct ConnectionOptions {
    /// Most connections at once; more wait, unaccepted, until one ends
    #[arg(long, env = "F6_MAX_CONNECTIONS", value_name = "COUNT", default_value_t = Self::DEFAULT.max_connections,
          value_parser = crate::options::at_least_one, help_heading = "Connections")]
    pub max_connections: usize,
    /// How long the head of a request may take to arrive, and a TLS handshake before it
    #[arg(long, env = "F6_HEADER_TIMEOUT", value_name = "SECONDS", default_value = "10",
          value_parser = crate::options::seconds, help_heading = "Connections")]
    pub header_timeout: Duration,
    /// How long a connection may stand unused between two requests
    #[arg(long, env = "F6_IDLE_TIMEOUT", value_name = "SECONDS", default_value = "120",
          value_parser = crate::options::seconds, help_heading = "Connections")]
    pub idle_timeout: Duration,
    /// How long a client may take nothing of what it is sent; where there are subscriptions, at least so long that a slow consumer can be told
    #[arg(long, env = "F6_WRITE_TIMEOUT", value_name = "SECONDS", default_value = "30",
          value_parser = crate::options::seconds, help_heading = "Connections")]
    pub write_timeout: Duration,
}

impl ConnectionOptions {
    const DEFAULT: Self = Self {
        max_connections: 4000,
        header_timeout: Duration::from_secs(10),
        // Longer than the 60 seconds of most proxies and the 90 of most clients: it is not the one who is asked that should close first.
        idle_timeout: Duration::from_secs(120),
        write_timeout: Duration::from_secs(30),
    };

    /// For a listener that only those ask who watch over a server.
    pub(crate) const fn aside() -> Self {
        Self { max_connections: 64, ..Self::DEFAULT }
    }
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Open files that are left to the database, the logs and whatever else is no connection of a client.
const OTHER_FILES: usize = 128;

/// The longest head of a request, in bytes; whoever sends more is answered 431.
const MAX_HEAD: usize = 64 * 1024;

/// How many requests one HTTP/2 connection may have at once: as many as RFC 9113, section 6.5.2, recommends at least.
const MAX_STREAMS: u32 = 100;

/// The longest list of headers over HTTP/2, in bytes.
const MAX_HEADERS: u32 = 16 * 1024;

/// How much of a body over HTTP/2 may come before it is read, in bytes.
const STREAM_WINDOW: u32 = 128 * 1024;

/// How long nothing is accepted after the system refused to: mostly it is out of files, and trying again at once would only turn the processor.
const PAUSE: Duration = Duration::from_secs(1);

/// What all connections of a listener are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Mood {
    /// How often there was no more room.
    full: u64,
    /// Nothing new is accepted any more.
    stopping: bool,
}

/// A listener with room for so many connections.
pub(crate) struct Listener {
    socket: TcpListener,
    room: Arc<Semaphore>,
    size: u32,
    patience: Patience,
    meters: ConnectionMeters,
    tls: Option<Arc<Tls>>,
}

impl Listener {
    /// Listens within these limits; `slowest` is how long a consumer may take to hear that it is too slow.
    pub(crate) fn new(
        socket: TcpListener,
        options: &ConnectionOptions,
        slowest: Option<Duration>,
        meters: &ConnectionMeters,
    ) -> Self {
        let size = room(options.max_connections, open_files_limit());
        let patience = Patience {
            head: options.header_timeout,
            idle: options.idle_timeout,
            write: slowest.map_or(options.write_timeout, |slowest| slowest.max(options.write_timeout)),
        };
        let room = Arc::new(Semaphore::new(size as usize));
        Self { socket, room, size, patience, meters: meters.clone(), tls: None }
    }

    /// Speaks TLS, where there is any.
    pub(crate) fn secured(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }

    /// Serves until told to stop, and then until every connection has ended, those that have become something else than HTTP too.
    pub(crate) async fn serve(self, router: Router, stop: impl Future<Output = ()>) {
        let (mood, told) = watch::channel(Mood::default());
        tokio::select! {
            () = stop => {}
            () = self.accept_all(&router, &mood, &told) => {}
        }
        let Self { socket, room, size, .. } = self;
        drop(socket);
        mood.send_modify(|mood| mood.stopping = true);
        // It is never closed.
        let _ = room.acquire_many(size).await;
    }

    async fn accept_all(&self, router: &Router, mood: &watch::Sender<Mood>, told: &watch::Receiver<Mood>) {
        loop {
            let Some(stream) = self.accept().await else { continue };
            // It waits here, and whoever comes after it in the system's queue, where nobody costs us anything.
            let Some(place) = self.place(mood).await else { return };
            let held = (place, self.meters.open(), self.meters.clone());
            let connection =
                Connection { mood: told.clone(), patience: self.patience, tls: self.tls.clone() };
            tokio::spawn(connection.serve(stream, held, router.clone()));
        }
    }

    /// A place for one connection; where there is none, those that nobody uses make room. None once there are none at all.
    async fn place(&self, mood: &watch::Sender<Mood>) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.room).try_acquire_owned() {
            return Some(place);
        }
        self.meters.full();
        mood.send_modify(|mood| mood.full += 1);
        Arc::clone(&self.room).acquire_owned().await.ok()
    }

    async fn accept(&self) -> Option<TcpStream> {
        match self.socket.accept().await {
            Ok((stream, _)) => {
                // Small answers should not wait for larger packets; one that cannot be told so is as good as another.
                let _ = stream.set_nodelay(true);
                Some(stream)
            }
            Err(error) if left(&error) => None,
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted; trying again in {PAUSE:?}");
                tokio::time::sleep(PAUSE).await;
                None
            }
        }
    }
}

/// Whether it was the client who left before it was accepted.
fn left(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// As many as are wanted and as the system has files for.
fn room(wanted: usize, files: Option<usize>) -> u32 {
    let possible = files.map_or(wanted, |files| files.saturating_sub(OTHER_FILES).max(1));
    if possible < wanted {
        tracing::warn!(
            "this process may have {} files open, so there is room for {possible} connections, and not for {wanted}; \
             raise the limit (`ulimit -n`) or lower F6_MAX_CONNECTIONS",
            files.unwrap_or_default()
        );
    }
    let most = Semaphore::MAX_PERMITS.min(u32::MAX as usize);
    u32::try_from(wanted.min(possible).min(most)).unwrap_or(u32::MAX)
}

/// One connection, from its acceptance to its end.
struct Connection {
    mood: watch::Receiver<Mood>,
    patience: Patience,
    tls: Option<Arc<Tls>>,
}

/// What a connection holds for as long as it lasts, whatever it becomes.
type Held = (OwnedSemaphorePermit, Counted, ConnectionMeters);

impl Connection {
    async fn serve(self, stream: TcpStream, held: Held, router: Router) {
        let Some(tls) = &self.tls else {
            return self.speak(stream, held, (router, Peer::default()), Http::One).await;
        };
        match tokio::time::timeout(self.patience.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let (_, session) = stream.get_ref();
                let shown = session.peer_certificates().and_then(<[_]>::first);
                let peer = shown.map_or_else(Peer::default, |shown| Peer::with(shown));
                let http = if session.alpn_protocol() == Some(HTTP_2) { Http::Two } else { Http::One };
                self.speak(stream, held, (router, peer), http).await;
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "a client and the server did not come to speak TLS");
                held.2.ended(Overdue::Handshake);
            }
            Err(_) => held.2.ended(Overdue::Handshake),
        }
    }

    async fn speak<S>(self, stream: S, held: Held, (router, peer): (Router, Peer), http: Http)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let pulse = Arc::new(Pulse::new(self.patience, http == Http::Two));
        let stream = TokioIo::new(Watched::new(stream, Arc::clone(&pulse), held));
        let service = flight::service(router, Arc::clone(&pulse), peer);
        match http {
            Http::One => {
                let mut builder = http1::Builder::new();
                builder.max_buf_size(MAX_HEAD);
                let connection = builder.serve_connection(stream, service).with_upgrades();
                self.drive(connection, UpgradeableConnection::graceful_shutdown, &pulse).await;
            }
            Http::Two => {
                let connection = two().serve_connection(stream, service);
                self.drive(connection, http2::Connection::graceful_shutdown, &pulse).await;
            }
        }
    }

    /// Lets it go on until it ends, or is told to end once it has answered.
    async fn drive<C>(mut self, connection: C, end: fn(Pin<&mut C>), pulse: &Pulse)
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = std::pin::pin!(connection);
        let told_to_end = async {
            // The sender is gone only when nobody waits for its connections any more.
            let ends = |mood: &Mood| mood.stopping || (mood.full > 0 && pulse.is_unused());
            drop(self.mood.wait_for(ends).await);
        };
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = told_to_end => {
                end(connection.as_mut());
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke off");
        }
    }
}

/// The version of HTTP.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Http {
    One,
    Two,
}

/// HTTP/2 within limits; streams that are opened and reset in a row are limited by the library itself (CVE-2023-44487).
fn two() -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder.max_concurrent_streams(MAX_STREAMS).max_header_list_size(MAX_HEADERS);
    // What a client may send before anybody reads it.
    builder.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(2 * STREAM_WINDOW);
    builder.timer(TokioTimer::new());
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_for_as_many_as_are_wanted_and_as_there_are_files_for() {
        assert_eq!(room(4000, None), 4000);
        assert_eq!(room(4000, Some(1_000_000)), 4000);
        assert_eq!(room(4000, Some(1024)), 1024 - 128);
        assert_eq!(room(4000, Some(20)), 1);
    }
}
