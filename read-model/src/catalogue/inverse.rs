//! Inverse references: the objects whose field refers to an object.
//!
//! An event that makes a field refer to an object names that object in its data, so that it is among that object's own
//! events. That is what the compiler sees to here: then nothing else has to be looked through.

use std::sync::Arc;

use super::compile::{check_field_name, derived_value};
use super::config::{Config, InverseConfig};
use super::expression::{Expression, Members};
use super::field_path::{FieldPath, item};
use super::following::follows;
use super::model::{Action, Effect, EventType, ObjectType};
use super::problem::{Report, one_of};
use super::shape::Shape;
use super::yaml::Step;
use crate::hashed::IndexMap;

/// The objects of a type whose field refers to an object.
#[derive(Debug)]
pub struct Inverse {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub description: Option<Arc<str>>,
    /// The type of the object that they refer to.
    pub to: Arc<str>,
    /// The type of the objects that refer.
    pub of: Arc<str>,
    /// The field, or the part of it, by which they do.
    pub path: FieldPath,
    /// Over the fields of the object that refers, and `asOf`: it is among them only where this is true.
    pub when: Option<Expression>,
    /// The event types, and the roles by their place, whose objects may come to refer by such an event.
    pub(crate) sources: Vec<(Arc<str>, usize)>,
}

impl Inverse {
    /// The roles of an event type, by their place, whose objects may come to refer by such an event.
    pub fn roles_in(&self, event_type: &str) -> impl Iterator<Item = usize> {
        self.sources.iter().filter(move |(name, _)| **name == *event_type).map(|(_, place)| *place)
    }
}

type ObjectTypes = IndexMap<Arc<str>, ObjectType>;
type EventTypes = IndexMap<Arc<str>, EventType>;

/// Adds the inverses to the object types, once all of these are known.
pub(super) fn compile_inverses(
    config: &Config,
    members: &Members,
    object_types: &mut ObjectTypes,
    report: &mut Report,
) {
    for (name, object_config) in &config.object_types {
        let compile = |(inverse, config): (&String, &InverseConfig)| {
            let at = ["object_types".into(), name.as_str().into(), "inverse".into(), inverse.as_str().into()];
            let words = (members, &*object_types);
            let compiled = report.within(at, |report| compile(name, inverse, config, words, report));
            compiled.map(|compiled| (Arc::clone(&compiled.name), compiled))
        };
        let inverses = object_config.inverse.iter().filter_map(compile).collect();
        if let Some(object_type) = object_types.get_mut(name.as_str()) {
            object_type.inverses = inverses;
        }
    }
}

fn compile(
    to: &str,
    name: &str,
    config: &InverseConfig,
    (members, object_types): (&Members, &ObjectTypes),
    report: &mut Report,
) -> Option<Inverse> {
    check_field_name(name, report);
    let own = object_types.get(to);
    if own.is_some_and(|own| own.fields.contains_key(name) || own.derived.contains_key(name)) {
        report.say(format!("{to} has a field `{name}` already; choose another name"));
    }
    let Some(of) = object_types.get(config.of.as_str()) else {
        let there = one_of(&config.of, object_types.keys().map(|name| &**name));
        report.within(["of".into()], |report| {
            report.say(format!("no object type is named `{}`; {there}", config.of));
        });
        return None;
    };
    let (path, shape) =
        report.within(["field".into()], |report| FieldPath::parse(&config.field, of, report))?;
    if !refers(&shape, to) {
        report.within(["field".into()], |report| {
            report.say(format!("`{path}` of {} does not refer to {to}; name a field that does", of.name));
        });
    }
    let when = config.when.as_deref().map(|source| {
        report.within(["when".into()], |report| condition(source, members, of, object_types, report))
    });
    Some(Inverse {
        name: name.into(),
        description: config.description.as_deref().map(Arc::from),
        to: to.into(),
        of: Arc::clone(&of.name),
        path,
        when,
        sources: Vec::new(),
    })
}

/// Over the object that refers alone: rules ask it, and an event names nobody beyond that object.
fn condition(
    source: &str,
    members: &Members,
    of: &ObjectType,
    object_types: &ObjectTypes,
    report: &mut Report,
) -> Expression {
    let when = derived_value(source, members, &of.name, report);
    if follows(object_types, &when) {
        report.say(format!(
            "`when` reads the {} that refers alone, and not what its fields refer to; leave that to a field of a view",
            of.name
        ));
    }
    when
}

/// Finds the events by which objects come to refer, and refuses those that do not name what is referred to.
pub(super) fn trace_inverses(object_types: &mut ObjectTypes, event_types: &EventTypes, report: &mut Report) {
    for object_type in object_types.values_mut() {
        let to = Arc::clone(&object_type.name);
        for inverse in object_type.inverses.values_mut() {
            let sources = event_types.values().flat_map(|event_type| {
                trace(&to, inverse, event_type, report)
                    .into_iter()
                    .map(|role| (Arc::clone(&event_type.name), role))
            });
            inverse.sources = sources.collect();
        }
    }
}

/// The roles of an event type whose objects come to refer by it.
fn trace(to: &str, inverse: &Inverse, event_type: &EventType, report: &mut Report) -> Vec<usize> {
    let mut roles = Vec::new();
    for effect in &event_type.effects {
        let Some((place, _, role)) = event_type.roles.get_full(&effect.role) else { continue };
        if role.object_type != inverse.of || effect.field != *inverse.path.field() {
            continue;
        }
        let value = match &effect.action {
            Action::Set(value) | Action::Add(value) => value,
            Action::Clear | Action::Remove(_) => continue,
        };
        if !names(to, inverse, event_type, value) {
            report.within(at(event_type, effect), |report| {
                report.say(format!(
                    "`{to}.{}` follows `{}.{}` back, and so only the data of the event may give it, as a reference to {to} that is passed on as it stands, \
                     such as `data.x` or `{{\"…\": data.x}}`; take away the inverse, or write the value so",
                    inverse.name, inverse.of, inverse.path
                ));
            });
        }
        roles.push(place);
    }
    roles.dedup();
    roles
}

fn at(event_type: &EventType, effect: &Effect) -> [Step; 5] {
    ["event_types", &event_type.name, "effects", &effect.role, &effect.field].map(Step::from)
}

/// Whether an event of this type names what its value refers to: in every version of its format.
fn names(to: &str, inverse: &Inverse, event_type: &EventType, value: &Expression) -> bool {
    let mut paths = value.origins(inverse.path.within());
    for (_, version) in event_type.versions.iter().rev() {
        // From an older version the data came by its upcast.
        let of_version = |paths: &Vec<Vec<Arc<str>>>| match &version.upcast {
            Some(upcast) => paths
                .iter()
                .map(|path| upcast.origins(path))
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat()),
            None => Some(paths.clone()),
        };
        paths = paths.as_ref().and_then(of_version);
        let refer = |path: &Vec<Arc<str>>| {
            let shape = path.iter().try_fold(version.format.expanded(), |shape, name| {
                shape.property(name).map(|property| &property.shape)
            });
            shape.is_some_and(|shape| refers(item(shape), to))
        };
        if !paths.as_ref().is_some_and(|paths| paths.iter().all(refer)) {
            return false;
        }
    }
    true
}

fn refers(shape: &Shape, to: &str) -> bool {
    matches!(shape, Shape::Reference(object_type) if **object_type == *to)
}
