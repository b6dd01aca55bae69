use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Europe::Amsterdam;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::values::new_id;

/// Events registered in the past, for `write-api import`: the only way to a `created_at` other than now.
pub struct History {
    lines: Vec<Value>,
    registered: DateTime<Utc>,
    roots: HashMap<Uuid, Root>,
    source: Uuid,
    ids: Ids,
}

/// Where the ids of events come from.
enum Ids {
    /// Every one is new.
    New,
    /// Every one follows from the name of the history and its own number, so that the same history has the same ids.
    Named { namespace: Uuid, given: u64 },
}

impl Ids {
    fn next(&mut self) -> Uuid {
        match self {
            Self::New => new_id(),
            Self::Named { namespace, given } => {
                *given += 1;
                Uuid::new_v5(namespace, given.to_string().as_bytes())
            }
        }
    }
}

/// The claim that an event is about, with what its corrections need to know of it.
#[derive(Clone)]
struct Root {
    claim: Uuid,
    event_type: String,
    occurred_at: String,
    objects: Vec<Uuid>,
}

impl History {
    /// An empty history, its first event to be registered at this moment (RFC 3339).
    pub fn beginning(registered: &str) -> Self {
        let registered = moment(registered);
        Self { lines: Vec::new(), registered, roots: HashMap::new(), source: new_id(), ids: Ids::New }
    }

    /// The same, with ids that are the same whenever a history of this name is told.
    pub fn named(namespace: Uuid, registered: &str) -> Self {
        let history = Self::beginning(registered);
        Self { source: namespace, ids: Ids::Named { namespace, given: 0 }, ..history }
    }

    /// What follows is registered at this moment.
    pub fn at(&mut self, registered: &str) -> &mut Self {
        self.registered = moment(registered);
        self
    }

    /// So many events that follow are registered together, the last of them at this moment.
    pub fn together_at(&mut self, registered: DateTime<Utc>, events: usize) -> &mut Self {
        let before = i64::try_from(events.saturating_sub(1)).expect("few events");
        self.registered = self.registered.max(registered - TimeDelta::microseconds(before));
        self
    }

    /// What was written so far is taken in; what follows is registered from this moment on, and may be about it.
    pub fn forget(&mut self, registered: &str) {
        self.lines.clear();
        self.at(registered);
    }

    /// A Claim in the current version of its type.
    pub fn claim(&mut self, event_type: &str, data: Value) -> Uuid {
        let version = if event_type == "Geboorte" { "2" } else { "1" };
        self.claim_version(event_type, version, data)
    }

    /// A Claim in this version of its type.
    pub fn claim_version(&mut self, event_type: &str, version: &str, data: Value) -> Uuid {
        let id = self.ids.next();
        let occurred_at = effective(&data).unwrap_or_else(|| text(self.registered));
        let objects = objects(&data);
        let root = Root { claim: id, event_type: event_type.to_owned(), occurred_at, objects };
        self.line(id, &root, version, "Claim", &[], data);
        self.roots.insert(id, root);
        id
    }

    /// The last claim is based on these events.
    pub fn based_on(&mut self, events: &[Uuid]) {
        if let Some(claim) = self.lines.last_mut() {
            claim["event_reference"] = json!(events);
        }
    }

    /// A rejecting Validation.
    pub fn reject(&mut self, target: Uuid) -> Uuid {
        self.about(target, "Validation", json!({ "verdict": "rejected" }))
    }

    /// A claim and its validation, registered together.
    pub fn fact(&mut self, event_type: &str, data: Value) -> Uuid {
        let claim = self.claim(event_type, data);
        self.validate(claim);
        claim
    }

    /// An accepting Validation.
    pub fn validate(&mut self, target: Uuid) -> Uuid {
        self.about(target, "Validation", json!({ "verdict": "accepted" }))
    }

    /// An accepted amend: what the claim should have said.
    pub fn amend(&mut self, target: Uuid, data: Value) -> Uuid {
        let mut root = self.roots[&target].clone();
        root.occurred_at = effective(&data).unwrap_or(root.occurred_at);
        for object in objects(&data) {
            if !root.objects.contains(&object) {
                root.objects.push(object);
            }
        }
        let claim = root.claim;
        self.roots.insert(claim, root);
        let amend = self.about(
            target,
            "Correction",
            json!({ "action": "amend", "data": data, "reason": "The deed." }),
        );
        self.validate(amend);
        amend
    }

    /// An accepted annul.
    pub fn annul(&mut self, target: Uuid) -> Uuid {
        let annul = self.about(target, "Correction", json!({ "action": "annul", "reason": "A mistake." }));
        self.validate(annul);
        annul
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines, for a scenario that spoils one.
    pub fn lines(&mut self) -> &mut Vec<Value> {
        &mut self.lines
    }

    /// Writes it as NDJSON; compressed where the name ends in `.gz`.
    pub fn write(&self, path: &Path) {
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        let bytes = if path.extension().is_some_and(|extension| extension == "gz") {
            let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
            gz.write_all(text.as_bytes()).and_then(|()| gz.finish()).expect("memory can be compressed into")
        } else {
            text.into_bytes()
        };
        std::fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    fn about(&mut self, target: Uuid, kind: &str, data: Value) -> Uuid {
        let id = self.ids.next();
        let claim = self.roots[&target].claim;
        let root = self.roots[&claim].clone();
        let version = if root.event_type == "Geboorte" { "2" } else { "1" };
        self.line(id, &root, version, kind, &[target], data);
        self.roots.insert(id, root);
        id
    }

    fn line(&mut self, id: Uuid, root: &Root, version: &str, kind: &str, references: &[Uuid], data: Value) {
        self.lines.push(json!({
            "id": id,
            "created_at": text(self.registered),
            "occurred_at": root.occurred_at,
            "object_ids": root.objects,
            "event_type": root.event_type,
            "event_version": version,
            "event_kind": kind,
            "event_source_id": self.source,
            "event_source_type": "ambtenaar",
            "event_reference": references,
            "event_data": data,
        }));
        self.registered += TimeDelta::microseconds(1);
    }
}

/// The start of the earliest day of the date that the data names.
fn effective(data: &Value) -> Option<String> {
    let date = data["datum"].as_str()?;
    if date == "0000-00-00" {
        return Some("0001-01-01T00:00:00Z".to_owned());
    }
    let earliest: NaiveDate = date.replace("-00", "-01").parse().expect("a date");
    let midnight = earliest.and_hms_opt(0, 0, 0).expect("midnight exists");
    let start = Amsterdam.from_local_datetime(&midnight).earliest().expect("a start of the day");
    Some(text(start.with_timezone(&Utc)))
}

/// Every UUID in the data: in the shipped catalogue, these are the references to objects.
fn objects(data: &Value) -> Vec<Uuid> {
    let mut found = Vec::new();
    collect(data, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Uuid>) {
    if let Some(object) = value.as_str().and_then(|text| text.parse().ok()) {
        if !found.contains(&object) {
            found.push(object);
        }
    } else if let Some(items) = value.as_array() {
        items.iter().for_each(|item| collect(item, found));
    } else if let Some(fields) = value.as_object() {
        fields.values().for_each(|field| collect(field, found));
    }
}

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|error| panic!("`{text}` is no moment: {error}"))
}

fn text(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Micros, true)
}
