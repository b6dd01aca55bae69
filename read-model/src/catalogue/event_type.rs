//! Compiling one event type: versions, roles, rules, effects.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compile::{Compiler, MAX_EXPANDED, MAX_EXPANSION, compile_expression};
use super::config::{
    ActionConfig, CorrectConfig, EffectConfig, EventTypeConfig, RuleConfig, Severity, VersionConfig,
};
use super::expression::{Expression, Kind, Reads, Words};
use super::format::Format;
use super::granting::{may_claim, may_within_zone};
use super::model::{Action, Effect, EventType, Future, May, ObjectType, Role, Rule, Version};
use super::problem::{Report, one_of};
use super::processing::activity_of_event_type;
use super::shape::{Property, Shape};
use super::yaml::Step;
use crate::hashed::IndexMap;

type ObjectTypes = IndexMap<Arc<str>, ObjectType>;

/// What follows from the content of an event alone.
const CONTENT: [&str; 2] = ["data", "beginning"];

pub(super) fn compile_event_type(
    compiler: &Compiler<'_>,
    object_types: &ObjectTypes,
    name: &str,
    config: &EventTypeConfig,
    report: &mut Report,
) -> EventType {
    let versions = versions(compiler, config, report);
    let shape =
        versions.last().map_or(Shape::Object(Vec::new()), |(_, version)| version.format.shape().clone());
    let properties = if let Shape::Object(properties) = &shape { properties.as_slice() } else { &[] };
    let expanded = versions.last().map_or(Kind::Any, |(_, version)| Kind::of(version.format.expanded()));
    let vocabulary = Vocabulary { data: expanded, compiler, roles: roles(properties), object_types };
    let rules = vocabulary.rules(&config.rules, report);
    let (amend, annul) = correctors(compiler, &config.correct, report);
    EventType {
        name: name.into(),
        description: config.description.as_deref().map(Arc::from),
        claim: may_claim(compiler, (&vocabulary.data, &shape), &config.claim, report),
        validate: may_within_zone(compiler.config, &["validate"], &config.validate, report),
        amend,
        annul,
        four_eyes: config.four_eyes,
        processing: activity_of_event_type(compiler.config, config.processing.as_deref(), report),
        effective_date: config
            .effective_date
            .as_deref()
            .map(|pointer| effective_date(pointer, &shape, report)),
        future: future(config.future.as_deref(), report),
        rule_reads: rule_reads(&rules, &vocabulary.roles),
        rules_follow_back: rules_follow_back(&rules, &vocabulary.roles),
        rules,
        effects: vocabulary.effects(config, report),
        roles: vocabulary.roles,
        versions,
        clashing: BTreeSet::new(),
    }
}

/// Who may amend, and who may annul.
fn correctors(compiler: &Compiler<'_>, config: &CorrectConfig, report: &mut Report) -> (Vec<May>, Vec<May>) {
    let mut of = |keys: &[&str], given| may_within_zone(compiler.config, keys, given, report);
    match config {
        CorrectConfig::Both(given) => (of(&["correct"], given), of(&["correct"], given)),
        CorrectConfig::Apart(apart) => {
            (of(&["correct", "amend"], &apart.amend), of(&["correct", "annul"], &apart.annul))
        }
    }
}

fn versions(
    compiler: &Compiler<'_>,
    config: &EventTypeConfig,
    report: &mut Report,
) -> IndexMap<Arc<str>, Version> {
    if config.versions.last().is_none_or(|(last, _)| *last != config.current) {
        report.within(["current".into()], |report| {
            report
                .say(format!("`{}` is not the last of `versions`; the last one is current", config.current));
        });
    }
    let last = config.versions.len().saturating_sub(1);
    let compile = |(index, (name, version)): (usize, (&String, &VersionConfig))| {
        let compiled = report.within(["versions".into(), name.as_str().into()], |report| {
            compile_version(compiler, name, version, index == last, report)
        });
        compiled.map(|version| (Arc::from(name.as_str()), version))
    };
    config.versions.iter().enumerate().filter_map(compile).collect()
}

fn compile_version(
    compiler: &Compiler<'_>,
    name: &str,
    config: &VersionConfig,
    last: bool,
    report: &mut Report,
) -> Option<Version> {
    let shape = report.within(["schema".into()], |report| {
        let shape = Shape::of(&config.schema, &compiler.names, report);
        if !matches!(shape, Shape::Object(_)) {
            report.say("the data of an event are an object; write `type: object` with its properties");
        }
        shape
    });
    let expanded = compiler.expanded(&shape);
    if expanded.is_none() && compiler.types_hold {
        report.within(["schema".into()], |report| {
            report.say(format!(
                "the data nest deeper than {MAX_EXPANSION}, or have more than {MAX_EXPANDED} parts; write less"
            ));
        });
    }
    let expanded = expanded.unwrap_or(Shape::Text);
    let upcast = upcast(compiler, config, &expanded, last, report);
    let format = Format::compile(&config.schema, &compiler.definitions, shape, expanded);
    let format = format.map_err(|error| {
        report.within(["schema".into()], |report| {
            report.say(format!("this is no JSON Schema 2020-12: {error}"))
        });
    });
    Some(Version {
        name: name.into(),
        description: config.description.as_deref().map(Arc::from),
        format: format.ok()?,
        upcast,
        retired: config.retired,
    })
}

fn upcast(
    compiler: &Compiler<'_>,
    config: &VersionConfig,
    shape: &Shape,
    last: bool,
    report: &mut Report,
) -> Option<Expression> {
    match (&config.upcast, last) {
        (None, true) => None,
        (None, false) => {
            report.say("an older version needs an `upcast`: CEL from its data to data of the next version");
            None
        }
        (Some(_), true) => {
            report.say("the last version is current; it has no next version to `upcast` to");
            None
        }
        (Some(source), false) => Some(report.within(["upcast".into()], |report| {
            let variables = vec![("data".into(), Kind::of(shape))];
            let words = Words { members: &compiler.members, variables, own: None, follow_back: false };
            let expression = compile_expression(source, &words, report);
            if !expression.reads().objects().is_empty() {
                report.say("an `upcast` follows from the data alone; do not read objects here");
            }
            expression
        })),
    }
}

/// The top-level fields of the data that hold an object, or several.
fn roles(properties: &[Property]) -> IndexMap<Arc<str>, Role> {
    let role = |property: &Property| {
        let (shape, many) =
            if let Shape::List(item) = &property.shape { (&**item, true) } else { (&property.shape, false) };
        let Shape::Reference(object_type) = shape else { return None };
        let name = Arc::clone(&property.name);
        Some((Arc::clone(&name), Role { name, object_type: Arc::clone(object_type), many }))
    };
    properties.iter().filter_map(role).collect()
}

fn rule_reads(rules: &[Rule], roles: &IndexMap<Arc<str>, Role>) -> Vec<(usize, Vec<Arc<str>>)> {
    let read = |(index, name): (usize, &Arc<str>)| {
        let fields: BTreeSet<&str> =
            rules.iter().flat_map(|rule| rule.check.reads().of_data(name)).map(|field| &**field).collect();
        (!fields.is_empty()).then(|| (index, fields.into_iter().map(Arc::from).collect()))
    };
    roles.keys().enumerate().filter_map(read).collect()
}

/// The inverses that the rules read of the objects in roles.
fn rules_follow_back(rules: &[Rule], roles: &IndexMap<Arc<str>, Role>) -> Vec<(usize, Arc<str>, Arc<str>)> {
    let mut found: Vec<_> = rules
        .iter()
        .flat_map(|rule| rule.check.reads().followed_back())
        .filter_map(|(property, read)| {
            Some((roles.get_index_of(property)?, Arc::clone(&read.object_type), Arc::clone(&read.field)))
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn effective_date(pointer: &str, shape: &Shape, report: &mut Report) -> Vec<String> {
    let path: Vec<String> = pointer.split('/').skip(1).map(str::to_owned).collect();
    let found = path.iter().try_fold(shape, |shape, key| shape.property(key).map(|property| &property.shape));
    if !pointer.starts_with('/') || found != Some(&Shape::PartialDate) {
        report.within(["effective_date".into()], |report| {
            report.say(format!(
                "`{pointer}` leads to no date in the current version's data; write a JSON Pointer to a property with `format: partial-date`"
            ));
        });
    }
    path
}

fn future(given: Option<&str>, report: &mut Report) -> Future {
    let days = |text: &str| text.strip_prefix('P')?.strip_suffix('D')?.parse::<u16>().ok();
    match given {
        None | Some("refuse") => Future::Refuse,
        Some("allow") => Future::Allow,
        Some(text) => days(text).map_or_else(
            || {
                report.within(["future".into()], |report| {
                    report.say(format!(
                        "`{text}` is no answer; write refuse, allow, or a period in days such as P28D"
                    ));
                });
                Future::Refuse
            },
            |days| Future::Within(i64::from(days)),
        ),
    }
}

/// What expressions of one event type may name.
struct Vocabulary<'a> {
    compiler: &'a Compiler<'a>,
    /// What the data are.
    data: Kind,
    roles: IndexMap<Arc<str>, Role>,
    object_types: &'a ObjectTypes,
}

impl Vocabulary<'_> {
    fn rules(&self, configs: &[RuleConfig], report: &mut Report) -> Vec<Rule> {
        let rule = |(index, config): (usize, &RuleConfig)| {
            report.within([Step::from("rules"), index.into()], |report| {
                if configs[..index].iter().any(|earlier| earlier.name == config.name) {
                    report.say(format!("two rules are named `{}`; name each differently", config.name));
                }
                Rule {
                    name: config.name.as_str().into(),
                    severity: config.severity,
                    check: report.within(["check".into()], |report| self.check(config, report)),
                    message: config.message.as_str().into(),
                }
            })
        };
        configs.iter().enumerate().map(rule).collect()
    }

    /// What a rule looks at. Nobody looks again at a rule that warns, so it may ask who refers to an object: that changes
    /// by events which do not name the event.
    fn check(&self, config: &RuleConfig, report: &mut Report) -> Expression {
        self.expression_over(&config.check, None, config.severity == Severity::Warn, report)
    }

    fn effects(&self, config: &EventTypeConfig, report: &mut Report) -> Vec<Effect> {
        let mut effects = Vec::new();
        for (role, fields) in &config.effects {
            report.within([Step::from("effects"), role.as_str().into()], |report| {
                let Some(object_type) = self.role_type(role, report) else {
                    return;
                };
                for (field, config) in fields {
                    report.within([field.as_str().into()], |report| {
                        effects.extend(self.effect(role, object_type, field, config, report));
                    });
                }
            });
        }
        effects
    }

    fn role_type(&self, role: &str, report: &mut Report) -> Option<&ObjectType> {
        let found = self.roles.get(role).and_then(|role| self.object_types.get(&role.object_type));
        if found.is_none() {
            let there = one_of(role, self.roles.keys().map(|name| &**name));
            report.say(format!("`{role}` is no field of the data that holds an object; {there}"));
        }
        found
    }

    fn effect(
        &self,
        role: &str,
        object_type: &ObjectType,
        field: &str,
        config: &EffectConfig,
        report: &mut Report,
    ) -> Option<Effect> {
        let Some(known) = object_type.fields.get(field) else {
            let there = one_of(field, object_type.fields.keys().map(|name| &**name));
            report.say(format!("{} has no field `{field}`; {there}", object_type.name));
            return None;
        };
        let (action, when) = match config {
            EffectConfig::Value(source) => {
                (Some(Action::Set(self.expression(source, Some(&object_type.name), report))), None)
            }
            EffectConfig::Action(config) => {
                (self.action(config, &object_type.name, report), config.when.as_ref())
            }
        };
        let action = action?;
        fits(&action, &known.shape, report);
        let of_data = |value: &Expression| {
            value.reads().roots().all(|root| root == "data") && value.reads().objects().is_empty()
        };
        if known.unique.is_some() && !action.expression().is_none_or(of_data) {
            report.say("a unique value follows from the data alone; do not read objects here");
        }
        let when = when.map(|source| report.within(["when".into()], |report| self.condition(source, report)));
        let reads = action.expression().map(Expression::reads);
        let reads_roles =
            self.roles.keys().filter(|name| reads.is_some_and(|reads| reads.of_data(name).next().is_some()));
        Some(Effect {
            role: role.into(),
            field: field.into(),
            reads_state: reads.is_some_and(|reads| !self.is_content(reads)),
            reads_roles: reads_roles.cloned().collect(),
            action,
            when,
        })
    }

    fn action(&self, config: &ActionConfig, on: &Arc<str>, report: &mut Report) -> Option<Action> {
        let mut value = |key: &str, source: &Option<String>| {
            source
                .as_ref()
                .map(|source| report.within([key.into()], |report| self.expression(source, Some(on), report)))
        };
        let actions = [
            value("set", &config.set).map(Action::Set),
            value("add", &config.add).map(Action::Add),
            value("remove", &config.remove).map(Action::Remove),
            (config.clear == Some(true)).then_some(Action::Clear),
        ];
        let mut given = actions.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(action), None) => Some(action),
            _ => {
                report.say("an effect is exactly one of `set`, `clear: true`, `add`, `remove`");
                None
            }
        }
    }

    fn condition(&self, source: &str, report: &mut Report) -> Expression {
        let expression = self.expression(source, None, report);
        if !self.is_content(expression.reads()) {
            report.say("`when` reads `data` and `beginning` alone; put what depends on more into the value");
        }
        expression
    }

    /// Whether what is read follows from the content of the event alone: of objects nothing but their ids.
    fn is_content(&self, reads: &Reads) -> bool {
        reads.objects().is_empty()
            && reads.roots().all(|root| CONTENT.contains(&root) || self.roles.contains_key(root))
    }

    /// An expression; `on` is the type of the object that an effect is on.
    fn expression(&self, source: &str, on: Option<&Arc<str>>, report: &mut Report) -> Expression {
        self.expression_over(source, on, false, report)
    }

    fn expression_over(
        &self,
        source: &str,
        on: Option<&Arc<str>>,
        follow_back: bool,
        report: &mut Report,
    ) -> Expression {
        let source_kind = ["id", "type"].map(|name| (name.into(), Kind::Text)).into();
        let mut variables: Vec<(Arc<str>, Kind)> = vec![
            ("data".into(), self.data.clone()),
            ("beginning".into(), Kind::Date),
            ("registered".into(), Kind::Date),
            ("source".into(), Kind::Object(source_kind)),
        ];
        variables.extend(on.map(|on| ("self".into(), Kind::Reference(Arc::clone(on)))));
        for role in self.roles.values() {
            let reference = Kind::Reference(Arc::clone(&role.object_type));
            let kind = if role.many { Kind::List(Box::new(reference)) } else { reference };
            variables.push((Arc::clone(&role.name), kind));
        }
        let words = Words { members: &self.compiler.members, variables, own: None, follow_back };
        let expression = compile_expression(source, &words, report);
        if expression.reads().follows() {
            // Whoever is affected by a change is found through the events that name it: nothing is scanned.
            report.say(
                "only objects that are named here are read, and not those that their fields refer to: \
                 an event names in its data whatever its effects and rules read; \
                 name the object there, or let a derived field follow the reference",
            );
        }
        expression
    }
}

/// Whether what is done to a field is done to a list or to one value, as the field is.
fn fits(action: &Action, shape: &Shape, report: &mut Report) {
    let list = matches!(shape, Shape::List(_));
    if list != matches!(action, Action::Add(_) | Action::Remove(_)) && !matches!(action, Action::Clear) {
        report.say(if list {
            "the field is a list; `add` values to it or `remove` them"
        } else {
            "the field holds one value; set it, or `clear` it"
        });
    }
}
