//! The births that come to be validated, and those that no longer are.

use reqwest::{Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::api::Api;
use crate::fault::Fault;
use crate::server_sent::Arrived;

/// `trust` tells of a birth when it comes to be validated, whenever it was claimed, and when it no longer is.
const BIRTHS: &str = r#"
subscription Births($after: String!) {
  eventAdded(after: $after, filter: { eventTypes: ["Geboorte"], trust: [VALIDATED] }) {
    cursor
    status
    event { id eventData }
  }
}"#;

/// What `status` is while a birth counts.
pub(crate) const VALIDATED: &str = "VALIDATED";

/// A birth that came to be worth something else.
#[derive(Debug, Deserialize)]
pub(crate) struct Turn {
    /// Where to go on, once this is done.
    pub(crate) cursor: String,
    /// What it is worth from there on.
    pub(crate) status: String,
    /// The birth.
    pub(crate) event: Birth,
}

/// The event that says so.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Birth {
    /// Its id.
    pub(crate) id: Uuid,
    /// What it says.
    pub(crate) event_data: BirthData,
}

/// Of what a birth says, all that is needed here: in every version of its format the child stands under this name.
#[derive(Debug, Deserialize)]
pub(crate) struct BirthData {
    /// Who was born.
    pub(crate) kind: Uuid,
}

/// The stream.
pub(crate) struct Births<'a> {
    api: &'a Api,
    stream: Response,
    arrived: Arrived,
}

impl<'a> Births<'a> {
    /// Follows from after this cursor on.
    ///
    /// # Errors
    /// When no stream begins.
    pub(crate) async fn after(api: &'a Api, cursor: &str) -> Result<Self, Fault> {
        let stream = api.subscribe(BIRTHS, json!({ "after": cursor })).await?;
        Ok(Self { api, stream, arrived: Arrived::default() })
    }

    /// The next one, however long it takes to come.
    ///
    /// # Errors
    /// When the stream ends, in whatever way.
    pub(crate) async fn next(&mut self) -> Result<Turn, Fault> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Message {
            event_added: Turn,
        }
        loop {
            match self.arrived.take() {
                Some(event) if event.event == "next" => {
                    let message: Message = self.api.read(StatusCode::OK, event.data.as_bytes())?;
                    return Ok(message.event_added);
                }
                Some(event) if event.event == "complete" => return Err(Fault::Ended),
                Some(_) => {}
                None => self.hear().await?,
            }
        }
    }

    async fn hear(&mut self) -> Result<(), Fault> {
        let bytes = self.stream.chunk().await.map_err(|source| self.api.network(source))?;
        self.arrived.push(&bytes.ok_or(Fault::Ended)?);
        Ok(())
    }
}
