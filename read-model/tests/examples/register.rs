//! A register in memory, for examples that a clerk can read: persons and addresses by name, events as they were told.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock};

use read_model::basis::Trust;
use read_model::catalogue::{Catalogue, EventType, Severity, Shape};
use read_model::event::{Body, Event, EventSource, Memo, ObjectId, Position};
use read_model::fold::{Folded, Following};
use read_model::history::History;
use read_model::resolve::Assuming;
use read_model::time::{Day, parse_instant};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The catalogue that is shipped.
pub(crate) static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::compile("write_config.yaml", include_str!("../../../write_config.yaml"))
        .unwrap_or_else(|problems| panic!("{problems}"))
});

/// Who lives in every example: people.yaml.
static PEOPLE: LazyLock<Vec<Told>> = LazyLock::new(|| read("people.yaml", include_str!("people.yaml")));

/// Reads a file of examples, as the config itself is read: `N` and `0599` are texts.
pub(crate) fn read<T: DeserializeOwned>(file: &str, text: &str) -> T {
    let options = serde_saphyr::options! { strict_booleans: true, leading_zero_numbers_as_strings: true };
    serde_saphyr::from_str_with_options(text, options).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// An event as an example tells it: its type, and its data with names for ids.
///
/// Two words beside the data say how it reached the register: `registered`, the day (else that of the event), and
/// `by`, the type of authority (else ambtenaar).
pub(crate) type Told = BTreeMap<String, Map<String, Value>>;

/// What was told so far.
pub(crate) struct Register {
    events: Vec<Arc<Event>>,
    names: BTreeMap<ObjectId, String>,
}

impl Register {
    /// A register that knows the people of people.yaml.
    pub(crate) fn with_people() -> Self {
        let mut register = Self { events: Vec::new(), names: BTreeMap::new() };
        PEOPLE.iter().for_each(|told| register.tell(told));
        register
    }

    /// Takes in one event, or several at once.
    pub(crate) fn tell(&mut self, told: &Told) {
        told.iter().for_each(|(event_type, data)| self.take_in(event_type, data.clone()));
    }

    fn take_in(&mut self, event_type: &str, mut data: Map<String, Value>) {
        let known =
            CATALOGUE.event_types.get(event_type).unwrap_or_else(|| panic!("no event type {event_type}"));
        let mut word = |key: &str| data.remove(key).map(|value| value.as_str().expect("a text").to_owned());
        let (registered, by) = (word("registered"), word("by"));
        let format = &known.current().format;
        let data = self.with_ids(format.shape(), &Value::Object(data));
        assert_eq!(format.errors(&data), [], "{event_type} {data}");
        let day = registered.unwrap_or_else(|| first_day(known, &data));
        let at = parse_instant(&format!("{day}T12:00:00Z")).expect("a day");
        let number = self.events.len() + 1;
        self.events.push(Arc::new(Event {
            position: Position::new(i64::try_from(number).expect("a small number")),
            id: Uuid::from_u128(u128::try_from(number).expect("a small number")),
            created_at: at,
            occurred_at: at,
            object_ids: CATALOGUE.references(format.shape(), &data).into_iter().map(|(_, id)| id).collect(),
            event_type: event_type.into(),
            event_version: Arc::clone(&known.current().name),
            source: EventSource { id: Uuid::nil(), source_type: by.as_deref().unwrap_or("ambtenaar").into() },
            references: Vec::new(),
            body: Body::Claim(Arc::new(data)),
            memo: Memo::default(),
        }));
    }

    /// The rules of this severity that the event told last does not keep.
    pub(crate) fn breaches(&self, severity: Severity) -> Vec<String> {
        let last = self.events.last().expect("an event was told").id;
        self.fold(|folded| {
            let breaches = folded.breaches(folded.claim(last).expect("the claim counts"), severity);
            let name = |breach: &read_model::fold::Breach<'_>| {
                assert_eq!(breach.failure, None, "a rule can always be computed");
                breach.rule.map_or("basis", |rule| &rule.name).to_owned()
            };
            breaches.iter().map(name).collect()
        })
    }

    /// What the register answers for a field of a person or an address on a day, with names for ids.
    pub(crate) fn answer(&self, name: &str, field: &str, day: &str) -> Value {
        let day: Day = day.parse().expect("a day");
        self.fold(|folded| {
            let Some(state) = folded.world().object(id(name)) else {
                return Value::Null;
            };
            let object_type = &CATALOGUE.object_types[state.object_type()];
            let value = match object_type.derived.get(field) {
                Some(derived) => folded
                    .world()
                    .derived(&CATALOGUE, id(name), &derived.value, day)
                    .map(followed)
                    .unwrap_or_else(|error| panic!("{error}")),
                None => {
                    assert!(
                        object_type.fields.contains_key(field),
                        "{} has no field {field}",
                        object_type.name
                    );
                    state.value(field, day).unwrap_or(Value::Null)
                }
            };
            self.with_names(value)
        })
    }

    /// Reads everything that was told, as if all of it were validated.
    fn fold<T>(&self, ask: impl FnOnce(&Folded<'_>) -> T) -> T {
        let mut history = History::of(self.names.keys().copied());
        history.add(self.names.keys().copied(), self.events.iter().cloned());
        let newest = Position::new(i64::try_from(self.events.len()).expect("a small number"));
        let folded = Folded::at(&CATALOGUE, &history, newest, Trust::Claimed, Assuming::default());
        ask(&folded.unwrap_or_else(|error| panic!("{error}")))
    }

    fn with_ids(&mut self, shape: &Shape, value: &Value) -> Value {
        match (CATALOGUE.structure(shape), value) {
            (Shape::Reference(_), Value::String(name)) => {
                self.names.insert(id(name), name.clone());
                id(name).to_string().into()
            }
            (Shape::List(item), Value::Array(items)) => {
                items.iter().map(|value| self.with_ids(item, value)).collect()
            }
            (structure @ Shape::Object(_), Value::Object(fields)) => {
                let field = |(name, value): (&String, &Value)| {
                    let property = structure.property(name);
                    let value = property
                        .map_or_else(|| value.clone(), |property| self.with_ids(&property.shape, value));
                    (name.clone(), value)
                };
                Value::Object(fields.iter().map(field).collect())
            }
            (_, value) => value.clone(),
        }
    }

    fn with_names(&self, value: Value) -> Value {
        match value {
            Value::String(text) => {
                let name = Uuid::parse_str(&text).ok().and_then(|id| self.names.get(&id).cloned());
                Value::String(name.unwrap_or(text))
            }
            Value::Array(items) => items.into_iter().map(|item| self.with_names(item)).collect(),
            Value::Object(fields) => Value::Object(
                fields.into_iter().map(|(name, value)| (name, self.with_names(value))).collect(),
            ),
            other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
        }
    }
}

/// What was told; everybody of whom anything was told is folded together.
fn followed(told: Following<Value>) -> Value {
    match told {
        Following::Told(value) => value,
        Following::Unmet(objects) => panic!("nobody told of {objects:?}"),
    }
}

/// The day on which an event takes effect, as it stands in its data.
fn first_day(event_type: &EventType, data: &Value) -> String {
    let date =
        event_type.effective_date(data).unwrap_or_else(|| panic!("say when it was registered: {data}"));
    date.earliest().to_string()
}

/// The id of who has this name.
fn id(name: &str) -> ObjectId {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    Uuid::from_u128(u128::from(hasher.finish()))
}
