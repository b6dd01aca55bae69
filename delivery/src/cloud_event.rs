//! An event as it goes outside: CloudEvents 1.0, by the NL GOV profile.

use chrono::SecondsFormat;
use door::DocumentHash;
use read_model::catalogue::Catalogue;
use read_model::reader::{Mode, Told};
use serde_json::{Map, Value, json};

/// The media type of the structured mode.
const STRUCTURED: &str = "application/cloudevents+json; charset=utf-8";

/// The header that tells the media type of a body; HTTP does not tell capitals apart, libraries of NATS do.
const CONTENT_TYPE: &str = "Content-Type";

/// The query by which the query API answers what an event says.
const EVENT: &str = include_str!("../../schemas/event.graphql");

/// An event with the attributes that anybody may see, and what it says where the subscriber may.
#[derive(Clone, Debug, PartialEq)]
pub struct CloudEvent {
    /// What happened, in two words: the event type, and its kind or what it came to be worth.
    happened: String,
    /// Its attributes, in the order in which they are written.
    attributes: Vec<(&'static str, String)>,
    data: Option<Value>,
}

/// The protocol into whose messages events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// CloudEvents HTTP protocol binding.
    Http,
    /// CloudEvents NATS protocol binding.
    Nats,
}

/// What is sent: a body, and the headers that say what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// Where what events say can be asked, by who may: a query that the query API trusts, up to its variables.
#[must_use]
pub fn reference(query_url: &str) -> String {
    format!("{query_url}?documentId=sha256:{}&variables=", DocumentHash::of(EVENT))
}

impl CloudEvent {
    /// The event of something that is told; `reference` leads to events, as [`reference()`] makes it.
    #[must_use]
    pub fn of(told: &Told, catalogue: &Catalogue, reference: &str, with_data: bool) -> Self {
        let Told { event, through, turned } = told;
        let name = match turned {
            Some((status, _)) => status.name(),
            None => event.kind().name(),
        };
        let happened = format!("{}.{}", in_lower_case(&event.event_type), name.to_lowercase());
        let names = &catalogue.subscriptions;
        let mut attributes = vec![
            ("specversion", "1.0".to_owned()),
            ("id", id(told)),
            ("source", format!("urn:nld:oin:{}:systeem:{}", catalogue.oin, names.system)),
            ("type", format!("{}.{happened}", names.type_prefix)),
            ("time", through.created_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            ("sequence", through.position.to_string()),
            ("sequencetype", "Integer".to_owned()),
            ("dataref", format!("{reference}%7B%22id%22%3A%22{}%22%7D", event.id)),
        ];
        if let Some((_, Some(before))) = turned {
            attributes.push(("previousstatus", before.name().to_owned()));
        }
        Self { happened, attributes, data: with_data.then(|| data(told)) }
    }

    /// Its id: the same however often it is sent.
    #[must_use]
    pub fn id(&self) -> &str {
        self.attributes.iter().find(|(name, _)| *name == "id").map_or("", |(_, id)| id)
    }

    /// What happened, such as `geboorte.validated`: its type without what the type of every event begins with.
    #[must_use]
    pub fn happened(&self) -> &str {
        &self.happened
    }

    /// The event as it is written into a message of a protocol.
    #[must_use]
    pub fn message(&self, mode: Mode, binding: Binding) -> Message {
        match mode {
            Mode::Structured => {
                let attribute = |(name, value): &(&str, String)| ((*name).to_owned(), json!(value));
                let mut event: Map<String, Value> = self.attributes.iter().map(attribute).collect();
                if let Some(data) = &self.data {
                    event.insert("datacontenttype".to_owned(), json!("application/json"));
                    event.insert("data".to_owned(), data.clone());
                }
                let headers = vec![(CONTENT_TYPE.to_owned(), STRUCTURED.to_owned())];
                Message { headers, body: Value::Object(event).to_string().into_bytes() }
            }
            Mode::Binary => {
                let header = |(name, value): &(&str, String)| (format!("ce-{name}"), encoded(value));
                let mut headers: Vec<(String, String)> = self.attributes.iter().map(header).collect();
                if self.data.is_some() {
                    headers.push((binding.type_of_data().to_owned(), "application/json".to_owned()));
                }
                let body = self.data.as_ref().map(|data| data.to_string().into_bytes()).unwrap_or_default();
                Message { headers, body }
            }
        }
    }
}

impl Binding {
    /// The header that tells the media type of data in binary mode: to NATS it is an attribute like the others.
    const fn type_of_data(self) -> &'static str {
        match self {
            Self::Http => CONTENT_TYPE,
            Self::Nats => "ce-datacontenttype",
        }
    }
}

/// One event may be told more than once: as it comes to be worth something else, each time with another.
fn id(told: &Told) -> String {
    match told.turned {
        Some(_) => format!("{}.{}", told.event.id, told.through.position),
        None => told.event.id.to_string(),
    }
}

fn data(told: &Told) -> Value {
    let Told { event, through, turned } = told;
    json!({
        "id": event.id,
        "eventType": event.event_type,
        "eventVersion": event.event_version,
        "eventKind": event.kind().name(),
        "objectIds": event.object_ids,
        "occurredAt": event.occurred_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "createdAt": event.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "eventReference": event.references,
        "eventSource": { "id": event.source.id, "type": event.source.source_type },
        "status": turned.map(|(status, _)| status.name()),
        "previousStatus": turned.and_then(|(_, before)| before).map(|before| before.name()),
        "through": through.id,
        "eventData": event.body.to_event_data(),
    })
}

/// `BsnToegekend` as `bsn-toegekend`.
fn in_lower_case(name: &str) -> String {
    let mut written = String::with_capacity(name.len() + 4);
    for (index, char) in name.char_indices() {
        if char.is_uppercase() && index > 0 {
            written.push('-');
        }
        written.extend(char.to_lowercase());
    }
    written
}

/// A value as a header holds it: anything but printable ASCII, and `"` and `%`, percent-encoded (both bindings, 3.1.3.2).
fn encoded(value: &str) -> String {
    let mut written = String::with_capacity(value.len());
    for byte in value.bytes() {
        match byte {
            b'!'..=b'~' if byte != b'"' && byte != b'%' => written.push(char::from(byte)),
            _ => written.push_str(&format!("%{byte:02X}")),
        }
    }
    written
}
