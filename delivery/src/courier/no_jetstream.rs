//! Deliveries to NATS JetStream, in a worker that was built without them.

use clap::Args;
use read_model::sink::JetStream;

use crate::cloud_event::Message;

/// Nothing need be said.
#[derive(Args, Clone, Debug)]
pub struct StreamOptions {}

/// Nothing can be wrong.
#[derive(Debug, thiserror::Error)]
pub enum StreamsError {}

/// No streams at all.
#[derive(Clone, Debug)]
pub struct Streams;

impl Streams {
    /// Ready to say so.
    ///
    /// # Errors
    /// None.
    pub fn open(_options: &StreamOptions) -> Result<Self, StreamsError> {
        Ok(Self)
    }

    /// Fails: until a worker that can deliver it comes, nothing is lost.
    pub(super) async fn publish(&self, _: &JetStream, _: &str, _: &str, _: Message) -> Result<(), String> {
        Err("this worker was built without NATS; run one that was built with `--features nats`, and retry what is parked".to_owned())
    }
}
