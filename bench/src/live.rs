//! Subscribers that stay connected: each is told every event, over server-sent events.

use std::net::SocketAddr;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::arrival::Arrivals;
use crate::failure::Failure;
use crate::http::Connection;
use crate::server::token;

/// What a subscriber asks of each event: its seed structure.
const EVENT: &str = "subscription($after: String) { eventAdded(after: $after) { cursor event { id createdAt occurredAt objectIds \
                     eventType eventVersion eventKind eventSourceId eventSourceType eventReference eventData } } }";

/// A subscriber, connected.
pub(crate) struct Live {
    connection: Connection,
}

impl Live {
    /// Subscribes to everything after a position.
    pub(crate) async fn after(server: SocketAddr, position: u32) -> Result<Self, Failure> {
        let mut connection = Connection::open(server, &token("ambtenaar")).await?;
        let body = json!({ "query": EVENT, "variables": { "after": position.to_string() } }).to_string();
        connection.subscribe(&body).await?;
        Ok(Self { connection })
    }

    /// Hears of so many events, in the background.
    pub(crate) fn hear(mut self, events: usize) -> JoinHandle<Result<Arrivals, Failure>> {
        tokio::spawn(async move {
            let mut arrivals = Arrivals::default();
            while arrivals.count() < events {
                self.connection.data(|data| arrivals.arrived(data, "createdAt")).await?;
            }
            Ok(arrivals)
        })
    }
}
