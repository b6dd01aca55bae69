//! Webhooks that say yes to all that they are sent, at next to no cost.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::arrival::Arrivals;
use crate::failure::Failure;
use crate::http::body;

const TAKEN: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// One address for any number of subscriptions.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    arrivals: Arc<Mutex<Arrivals>>,
    task: JoinHandle<()>,
}

impl Sink {
    pub(crate) async fn open() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let arrivals = Arc::<Mutex<Arrivals>>::default();
        let all = Arc::clone(&arrivals);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A connection that ends, ends a worker's patience and not the measurement: it would miss events.
                tokio::spawn(take(stream, Arc::clone(&all)));
            }
        });
        Ok(Self { address, arrivals, task })
    }

    /// How many deliveries came in.
    pub(crate) fn count(&self) -> usize {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).count()
    }

    /// Takes no more, and tells what came in.
    pub(crate) fn close(self) -> Arrivals {
        self.task.abort();
        std::mem::take(&mut self.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers every delivery of a connection.
async fn take(mut stream: TcpStream, arrivals: Arc<Mutex<Arrivals>>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut received = Vec::new();
    loop {
        let Some(body) = body(&received)? else {
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let event = std::str::from_utf8(&received[body.clone()])?;
        arrivals.lock().unwrap_or_else(PoisonError::into_inner).arrived(event, "time")?;
        received.drain(..body.end);
        stream.write_all(TAKEN).await?;
    }
}
