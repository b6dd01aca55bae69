//! A server, from its address to its end.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::connections::{ConnectionOptions, Listener};
use crate::door::Door;
use crate::router::routes;
use crate::scrape;
use crate::subscriptions::Subscriptions;
use crate::tls::{Contents, Tls, TlsError};

/// Why a server ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// It cannot listen at its address.
    #[error("cannot listen at {address}: {remedy} with {flag}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What to do about it.
        remedy: &'static str,
        /// The flag that names the address.
        flag: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It cannot tell its address.
    #[error("cannot write the address to `{}`; name a file in a directory that exists", path.display())]
    AddressFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// TLS cannot be spoken.
    #[error("TLS cannot be spoken")]
    Tls(#[from] TlsError),
    /// The network failed.
    #[error("the network failed")]
    Network(#[source] io::Error),
}

/// Completes on SIGINT or SIGTERM; either is caught from this call on.
///
/// # Errors
/// When the system gives no handler.
pub fn shutdown_signal() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Serves until told to stop; returns once all that was accepted is answered, or the time for that is over.
///
/// # Errors
/// When the server cannot listen, cannot tell where, or the network fails.
pub async fn serve(
    bind: SocketAddr,
    mut door: Door,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let tls = Tls::load(&door.http.tls)?.map(|(tls, contents)| (Arc::new(tls), contents));
    let listener = listen(bind, "--bind").await?;
    let apart = match door.metrics_bind {
        Some(bind) => Some(listen(bind, "--metrics-bind").await?),
        None => None,
    };
    let address = published(&listener, door.http.address_file.as_deref())?;
    announce(&door, address);
    door.tokens.register(&mut door.metrics);
    let door = Arc::new(door);
    let metrics = apart.map(|listener| tokio::spawn(serve_metrics(listener, Arc::clone(&door))));
    let secured = tls.as_ref().map(|(tls, _)| Arc::clone(tls));
    tokio::select! {
        () = serve_until((listener, secured), &door, shutdown) => {}
        () = refresh(tls, &door) => {}
    }
    // It is asked until the last request is answered.
    if let Some(metrics) = metrics {
        metrics.abort();
    }
    tracing::info!("{} has stopped serving", door.name);
    Ok(())
}

/// Serves until told to stop, and until all that was accepted is answered and every stream has ended.
async fn serve_until(
    (listener, tls): (TcpListener, Option<Arc<Tls>>),
    door: &Arc<Door>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    let (name, patience) = (door.name, door.http.shutdown_timeout);
    let (stop, stopped) = oneshot::channel();
    let until = async {
        shutdown.await;
        tracing::info!("{name} accepts nothing new and finishes what it accepted");
        if let Some(subscriptions) = &door.subscriptions {
            subscriptions.stop();
        }
        // The receiver is gone only when the server is.
        let _ = stop.send(());
    };
    let slowest = door.subscriptions.as_ref().map(Subscriptions::slowest);
    let listener = Listener::new(listener, &door.http.connections, slowest, &door.metrics.connections);
    let out_of_time = async {
        match stopped.await {
            Ok(()) => tokio::time::sleep(patience).await,
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = listener.secured(tls).serve(routes(door), until) => {}
        () = out_of_time => tracing::warn!("{name} leaves requests unanswered after {patience:?}"),
    }
}

/// Reads again what may have changed outside, for ever.
async fn refresh(tls: Option<(Arc<Tls>, Contents)>, door: &Door) {
    let certificates = async {
        match tls {
            Some((tls, contents)) => tls.keep_fresh(contents, &door.metrics.connections).await,
            None => std::future::pending().await,
        }
    };
    tokio::join!(certificates, door.tokens.keep_fresh());
}

/// Where it listens; told in a file as well, where one is named.
pub(crate) fn published(listener: &TcpListener, file: Option<&Path>) -> Result<SocketAddr, ServeError> {
    let address = listener.local_addr().map_err(ServeError::Network)?;
    if let Some(path) = file {
        publish(path, address).map_err(|source| ServeError::AddressFile { path: path.to_owned(), source })?;
    }
    Ok(address)
}

pub(crate) async fn listen(address: SocketAddr, flag: &'static str) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| cannot_bind(address, flag, source))
}

async fn serve_metrics(listener: TcpListener, door: Arc<Door>) {
    if let Ok(address) = listener.local_addr() {
        tracing::info!(%address, "metrics are at http://{address}/metrics, and nowhere else");
    }
    let listener = Listener::new(listener, &ConnectionOptions::aside(), None, &door.metrics.connections);
    listener.serve(scrape::router(&door), std::future::pending()).await;
}

fn announce(door: &Door, address: SocketAddr) {
    let scheme = if door.http.tls.tls_certificate.is_some() { "https" } else { "http" };
    tracing::info!(%address, "{} listens at {scheme}://{address}{}", door.name, door.http.path);
    if door.tokens.development() {
        tracing::warn!("development: anyone can make a token that is accepted here");
        if !address.ip().is_loopback() {
            tracing::warn!(%address, "development, and not on a loopback address: others may reach this server");
        }
    }
    if door.shows_metrics() {
        tracing::info!("metrics are at {scheme}://{address}/metrics");
    }
    if door.graphiql().is_some() {
        tracing::info!("GraphiQL is at {scheme}://{address}/");
    }
}

fn cannot_bind(address: SocketAddr, flag: &'static str, source: io::Error) -> ServeError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has many more")]
    let remedy = match source.kind() {
        io::ErrorKind::AddrInUse => "something listens there already; stop it, or choose another port",
        io::ErrorKind::PermissionDenied => "this user may not; choose a port above 1023",
        io::ErrorKind::AddrNotAvailable => "this machine has no such address; choose one that it has",
        _ => "choose another address",
    };
    ServeError::Bind { address, remedy, flag, source }
}

/// Whoever waits for the file finds it complete or not at all.
fn publish(path: &Path, address: SocketAddr) -> io::Result<()> {
    let draft = path.with_added_extension("draft");
    std::fs::write(&draft, address.to_string())?;
    std::fs::rename(draft, path)
}

#[cfg(test)]
mod tests;
