//! The mutations that make and manage durable subscriptions.

use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{Field, FieldFuture, InputObject, InputValue, Object, ResolverContext, TypeRef};
use door::{Code, Principal, faults, shown_text};
use read_model::catalogue::{Catalogue, one_of};
use read_model::event::{EventKind, Position};
use read_model::fold::Status;
use read_model::reader::{EventFilter, Mode, Wanted};
use serde_json::json;

use super::fields::{Fields, InputError};
use super::output::{Held, choice, object, value};
use super::types::Types;
use super::{Gate, SUBSCRIPTION_EXISTS, SUBSCRIPTION_UNKNOWN};
use crate::subscribing::{Act, Asked, Managed, SubscribingError};

/// What each of these mutations answers with.
const PAYLOAD: &str = "SubscriptionPayload";

/// The most names in a filter.
const MAX_NAMES: usize = 100;

/// How many random bytes a secret has.
const SECRET_BYTES: usize = 32;

const PAYLOAD_FIELDS: [Held; 6] = [
    ("id", "UUID!", "The subscription's id."),
    ("name", "String!", "Its name."),
    ("paused", "Boolean!", "Whether nothing is delivered for now."),
    ("position", "Position!", "What was registered up to here is delivered, or on its way."),
    (
        "deliveries",
        "Int!",
        "How many deliveries were tried again or left out by this; when it is deleted, how many it still had.",
    ),
    ("secret", "String", "What deliveries are signed with: shown once, when it is made, and never again."),
];

/// One of the mutations on a subscription that there is.
struct Managing {
    name: &'static str,
    input: &'static str,
    description: &'static str,
    read: fn(&mut Fields) -> Result<Act, InputError>,
}

const MANAGING: [Managing; 6] = [
    Managing {
        name: "pauseSubscription",
        input: "SubscriptionInput",
        description: "Delivers nothing for now; nothing is missed.",
        read: |_| Ok(Act::Pause),
    },
    Managing {
        name: "resumeSubscription",
        input: "SubscriptionInput",
        description: "Delivers again, from where it stood.",
        read: |_| Ok(Act::Resume),
    },
    Managing {
        name: "replaySubscription",
        input: "ReplaySubscriptionInput",
        description: "Delivers everything after a position again.",
        read: |fields| {
            let after = position(fields)?;
            Ok(Act::Replay(fields.required("after", after)?))
        },
    },
    Managing {
        name: "retryDeliveries",
        input: "ParkedDeliveriesInput",
        description: "Tries deliveries that were given up again.",
        read: |fields| Ok(Act::Retry(fields.ids("eventIds")?)),
    },
    Managing {
        name: "skipDeliveries",
        input: "ParkedDeliveriesInput",
        description: "Leaves out deliveries that were given up, so that what waited for them goes on.",
        read: |fields| Ok(Act::Skip(fields.ids("eventIds")?)),
    },
    Managing {
        name: "deleteSubscription",
        input: "SubscriptionInput",
        description: "Delivers nothing any more.",
        read: |_| Ok(Act::Delete),
    },
];

/// Adds the mutations.
pub(super) fn mutations(catalogue: &Arc<Catalogue>, mutations: Object) -> Object {
    MANAGING.iter().map(managing).fold(mutations.field(creating(catalogue)), Object::field)
}

/// Adds their types.
pub(super) fn define(types: &mut Types) {
    types.add(object(PAYLOAD, "A subscription as it stands now.", &PAYLOAD_FIELDS));
    let modes = [
        ("STRUCTURED", "The whole CloudEvent in the body."),
        ("BINARY", "Its attributes in headers, its data in the body."),
    ];
    types.add(choice("DeliveryMode", "How a CloudEvent is written into a request.", &modes));
    types.add(filter());
    let name = || InputValue::new("name", TypeRef::named_nn(TypeRef::STRING));
    let after = || {
        InputValue::new("after", TypeRef::named(TypeRef::STRING))
            .description("A position of the log, in digits: everything after it; `0` for all that there is.")
    };
    let create = InputObject::new("CreateSubscriptionInput")
        .description("What is to be delivered, and where.")
        .field(name().description("The name by which it is managed: lower-case letters, digits and `-`."))
        .field(InputValue::new("sink", TypeRef::named_nn(TypeRef::STRING)).description("Where deliveries go: an https URL for a webhook; for NATS JetStream `tls://host:port/subject`, with what subjects are to begin with."))
        .field(InputValue::new("filter", TypeRef::named("EventFilterInput")).description("Which events; without it, every one."))
        .field(InputValue::new("mode", TypeRef::named("DeliveryMode")).default_value(async_graphql::Name::new("STRUCTURED")).description("How they are written."))
        .field(InputValue::new("withData", TypeRef::named(TypeRef::BOOLEAN)).default_value(false).description("Whether deliveries hold what the events say; only for who is entitled to it."))
        .field(after().description("A position of the log, in digits: everything after it; `0` for all that there is. Without it, what is registered from now on."));
    types.add(create);
    types.add(InputObject::new("SubscriptionInput").description("Which subscription.").field(name()));
    types.add(
        InputObject::new("ReplaySubscriptionInput")
            .description("Which subscription, and from where.")
            .field(name())
            .field(
                InputValue::new("after", TypeRef::named_nn(TypeRef::STRING))
                    .description("A position of the log, in digits; `0` for all that there is."),
            ),
    );
    let events = InputValue::new("eventIds", TypeRef::named_nn_list("UUID"))
        .description("Of which events; without it, of all.");
    types.add(
        InputObject::new("ParkedDeliveriesInput")
            .description("Which deliveries that were given up.")
            .field(name())
            .field(events),
    );
}

fn filter() -> InputObject {
    let list = |name: &str, of: &str| InputValue::new(name, TypeRef::named_nn_list(of));
    InputObject::new("EventFilterInput")
        .description("Which events; of several conditions all must hold. As `eventAdded` of the query API has it.")
        .field(list("eventTypes", TypeRef::STRING).description("Only those of these types."))
        .field(list("eventKinds", "EventKind").description("Only those of these kinds. With `trust`, without this: claims."))
        .field(InputValue::new("objectId", TypeRef::named("UUID")).description("Only those that bear on this object."))
        .field(list("sourceTypes", TypeRef::STRING).description("Only those that were made with one of these authorities."))
        .field(list("trust", "EventStatus").description(
            "Not when an event is registered, but when it comes to be worth one of these, and when it no longer is.",
        ))
}

fn creating(catalogue: &Arc<Catalogue>) -> Field {
    let catalogue = Arc::clone(catalogue);
    let field = Field::new("createSubscription", TypeRef::named_nn(PAYLOAD), move |context| {
        let catalogue = Arc::clone(&catalogue);
        FieldFuture::new(async move { create(&catalogue, &context).await.map(Some) })
    });
    field
        .argument(InputValue::new("input", TypeRef::named_nn("CreateSubscriptionInput")))
        .description("Has events delivered to a webhook, each at least once, and in order for each object.")
}

fn managing(managing: &'static Managing) -> Field {
    let field = Field::new(managing.name, TypeRef::named_nn(PAYLOAD), move |context| {
        FieldFuture::new(async move { manage(managing, &context).await.map(Some) })
    });
    let input = InputValue::new("input", TypeRef::named_nn(managing.input));
    field.argument(input).description(managing.description)
}

async fn create(catalogue: &Catalogue, context: &ResolverContext<'_>) -> async_graphql::Result<Value> {
    let gate = context.data::<Gate>()?;
    let caller = Principal::of(context)?;
    let asked = asked(catalogue, opened(context)?).map_err(invalid)?;
    let secret = secret().map_err(|error| faults::internal(&error))?;
    let made = gate.subscriptions.create(caller, gate.ids.next(), &secret, &asked).await;
    Ok(shown(&made.map_err(|error| refused(&error))?, Some(&secret)))
}

async fn manage(managing: &Managing, context: &ResolverContext<'_>) -> async_graphql::Result<Value> {
    let gate = context.data::<Gate>()?;
    let caller = Principal::of(context)?;
    let mut fields = opened(context)?;
    let (name, act) = named(managing, &mut fields).map_err(invalid)?;
    fields.finish().map_err(invalid)?;
    let managed = gate.subscriptions.manage(caller, &name, &act).await;
    Ok(shown(&managed.map_err(|error| refused(&error))?, None))
}

fn opened(context: &ResolverContext<'_>) -> async_graphql::Result<Fields> {
    let input = context.args.try_get("input")?.as_value().clone();
    Fields::open(input, vec!["input".to_owned()]).map_err(invalid)
}

fn named(managing: &Managing, fields: &mut Fields) -> Result<(String, Act), InputError> {
    let name = fields.text("name")?;
    Ok((fields.required("name", name)?, (managing.read)(fields)?))
}

fn asked(catalogue: &Catalogue, mut fields: Fields) -> Result<Asked, InputError> {
    let (name, sink) = (fields.text("name")?, fields.text("sink")?);
    let mode = fields.word("mode")?;
    let mode = mode
        .map(|mode| Mode::from_name(&mode).ok_or_else(|| fields.error("mode", "write STRUCTURED or BINARY")));
    let asked = Asked {
        name: fields.required("name", name)?,
        sink: fields.required("sink", sink)?,
        mode: mode.transpose()?.unwrap_or(Mode::Structured),
        with_data: fields.flag("withData")?,
        after: position(&mut fields)?,
        wanted: match fields.take("filter") {
            Some(filter) => wanted(catalogue, Fields::open(filter, fields.path("filter"))?)?,
            None => Wanted::default(),
        },
    };
    fields.finish()?;
    Ok(asked)
}

fn wanted(catalogue: &Catalogue, mut fields: Fields) -> Result<Wanted, InputError> {
    let types = catalogue.event_types.keys().map(|name| &**name);
    let sources = catalogue.source_types.iter().map(|name| &**name);
    let kinds = [EventKind::Claim, EventKind::Correction, EventKind::Validation].map(EventKind::name);
    let statuses = Status::ALL.map(Status::name);
    let event_types = names(&mut fields, "eventTypes", types)?;
    let kinds = names(&mut fields, "eventKinds", kinds)?;
    let source_types = names(&mut fields, "sourceTypes", sources)?;
    let trust = names(&mut fields, "trust", statuses)?;
    let events = EventFilter {
        object: fields.id("objectId")?,
        event_types,
        kinds: kinds.map(|kinds| kinds.iter().filter_map(|name| EventKind::from_name(name)).collect()),
        source_types,
    };
    fields.finish()?;
    let trust = trust.map(|trust| trust.iter().filter_map(|name| Status::from_name(name)).collect());
    Ok(Wanted { events, trust })
}

/// A list of names, each of which is among those that there are.
fn names<'a>(
    fields: &mut Fields,
    field: &str,
    there: impl IntoIterator<Item = &'a str> + Clone,
) -> Result<Option<Vec<String>>, InputError> {
    let Some(values) = fields.list(field, MAX_NAMES)? else { return Ok(None) };
    let name = |value: Value| {
        let name =
            word(&value).ok_or_else(|| fields.error(field, format!("{} is no name", door::shown(&value))))?;
        match there.clone().into_iter().any(|known| known == name) {
            true => Ok(name),
            false => {
                let told = format!("there is no `{}`; {}", shown_text(&name), one_of(&name, there.clone()));
                Err(fields.error(field, told))
            }
        }
    };
    values.into_iter().map(name).collect::<Result<_, _>>().map(Some)
}

/// A name, which stands as a text or as a word of an enumeration.
fn word(value: &Value) -> Option<String> {
    if let Value::Enum(word) = value {
        return Some(word.to_string());
    }
    if let Value::String(word) = value { Some(word.clone()) } else { None }
}

fn position(fields: &mut Fields) -> Result<Option<Position>, InputError> {
    let Some(text) = fields.text("after")? else { return Ok(None) };
    let digits = !text.is_empty() && text.chars().all(|char| char.is_ascii_digit());
    match text.parse() {
        Ok(position) if digits => Ok(Some(Position::new(position))),
        Ok(_) | Err(_) => {
            let told = format!("`{}` is no position; write digits, such as \"0\"", shown_text(&text));
            Err(fields.error("after", told))
        }
    }
}

/// A new secret, as Standard Webhooks writes it.
fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    let mut text = "whsec_".to_owned();
    text.push_str(&base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes));
    Ok(text)
}

fn shown(managed: &Managed, secret: Option<&str>) -> Value {
    value(json!({
        "id": managed.id,
        "name": managed.name,
        "paused": managed.paused,
        "position": managed.position,
        "deliveries": managed.deliveries,
        "secret": secret,
    }))
}

fn invalid(error: impl ToString) -> async_graphql::Error {
    faults::refused(Code::ValidationFailed, error.to_string())
}

fn refused(error: &SubscribingError) -> async_graphql::Error {
    match error {
        SubscribingError::Forbidden { .. } => faults::forbidden(error.to_string()),
        SubscribingError::Unknown(_) => faults::refused(SUBSCRIPTION_UNKNOWN, error.to_string()),
        SubscribingError::Exists(_) => faults::refused(SUBSCRIPTION_EXISTS, error.to_string()),
        SubscribingError::Invalid { .. } => faults::refused(Code::ValidationFailed, error.to_string()),
        SubscribingError::Database(_) => faults::internal(error),
    }
}
