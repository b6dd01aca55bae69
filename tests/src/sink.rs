use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::any;
use serde_json::Value;

/// How long a delivery may be on its way; debug builds on two busy cores are slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long nothing must come where nothing is to come.
const SILENCE: Duration = Duration::from_millis(700);

/// A delivery as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its headers.
    pub headers: HashMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
    /// What it was answered with.
    pub status: u16,
}

type Answering = dyn FnMut(&Received) -> u16 + Send;

/// A webhook that keeps what it is sent.
pub struct Sink {
    address: String,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    received: Vec<Received>,
    answering: Box<Answering>,
    taken: usize,
}

impl Received {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// An attribute of the CloudEvent, in either mode.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let header = self.headers.get(&format!("ce-{name}")).cloned();
        header.or_else(|| {
            let event: Value = serde_json::from_slice(&self.body).ok()?;
            Some(event.get(name)?.as_str().expect("an attribute is a text").to_owned())
        })
    }

    /// The position with which it came to be told.
    pub fn sequence(&self) -> i64 {
        let sequence = self.attribute("sequence").expect("every delivery has a sequence");
        sequence.parse().expect("a sequence is a number")
    }
}

impl Sink {
    /// A webhook that accepts everything.
    pub async fn start() -> Self {
        Self::answering(|_| 204).await
    }

    /// A webhook that answers each delivery with this status.
    pub async fn answering(answering: impl FnMut(&Received) -> u16 + Send + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let inner = Inner { received: Vec::new(), answering: Box::new(answering), taken: 0 };
        let inner = Arc::new(Mutex::new(inner));
        let router = Router::new().fallback(any(receive)).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, inner }
    }

    /// Where it listens, as `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// From now on each delivery is answered so.
    pub fn answer(&self, answering: impl FnMut(&Received) -> u16 + Send + 'static) {
        locked(&self.inner).answering = Box::new(answering);
    }

    /// Everything that it was sent, in the order in which it came.
    pub fn received(&self) -> Vec<Received> {
        locked(&self.inner).received.clone()
    }

    /// What it accepted, in the order in which it came.
    pub fn accepted(&self) -> Vec<Received> {
        self.received().into_iter().filter(|received| received.status < 300).collect()
    }

    /// The next delivery that was not asked for before; waits for it.
    pub async fn next(&self) -> Received {
        let began = Instant::now();
        loop {
            {
                let mut inner = locked(&self.inner);
                if let Some(received) = inner.received.get(inner.taken).cloned() {
                    inner.taken += 1;
                    return received;
                }
            }
            assert!(began.elapsed() < PATIENCE, "nothing was delivered");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until this is so of what was received.
    pub async fn until(&self, what: &str, mut so: impl FnMut(&[Received]) -> bool) {
        let began = Instant::now();
        while !so(&locked(&self.inner).received) {
            assert!(began.elapsed() < PATIENCE, "it never came to be so: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Nothing comes that was not asked for before.
    pub async fn silent(&self) {
        tokio::time::sleep(SILENCE).await;
        let inner = locked(&self.inner);
        assert_eq!(inner.received.len(), inner.taken, "something came: {:?}", inner.received.last());
    }
}

async fn receive(State(inner): State<Arc<Mutex<Inner>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut received = Received { headers, body: body.to_vec(), status: 0 };
    let mut inner = locked(&inner);
    received.status = (inner.answering)(&received);
    let status = StatusCode::from_u16(received.status).expect("a status");
    inner.received.push(received);
    status
}

fn locked(inner: &Mutex<Inner>) -> std::sync::MutexGuard<'_, Inner> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}
