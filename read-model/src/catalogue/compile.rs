//! From the config as written to the catalogue as compiled: every mistake found, none left for later.

use std::cell::Cell;
use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::clashing::mark_clashing;
use super::config::{Config, DerivedConfig, FieldConfig, InverseConfig, ObjectTypeConfig};
use super::event_type::compile_event_type;
use super::expression::{Expression, Kind, Member, Members, Words};
use super::following::{mark_following, refuse_long_expression, refuse_long_ways};
use super::granting;
use super::inverse::{compile_inverses, trace_inverses};
use super::model::{Catalogue, Derived, EventType, Field, Line, NamedType, ObjectType};
use super::problem::{Problems, Report, compile_yaml, one_of};
use super::processing::compile_processing;
use super::search::compile_searches;
use super::shape::{Names, Shape, is_name};
use super::subscribing::compile_subscriptions;
use super::yaml::Step;
use crate::hashed::{HashSet, IndexMap};
use crate::time::Zone;

/// How deep names may lead into each other; deeper is a circle.
pub(super) const MAX_EXPANSION: usize = 16;

/// How many parts a structure may have, with all that its names lead to: a few names within each other could lead to billions.
/// The largest that is shipped has some dozens.
pub(super) const MAX_EXPANDED: usize = 2_000;

/// How many lists may stand in each other; more is a slip of the pen.
const MAX_LISTS: usize = 4;

impl Catalogue {
    /// Compiles the text of a `write_config.yaml`; `file` names it in messages.
    ///
    /// # Errors
    /// Every mistake, each with its line, what is wrong and what would be right.
    pub fn compile(file: &str, source: &str) -> Result<Self, Problems> {
        compile_yaml(file, source, |config: &Config, report| {
            Compiler::new(config, report).catalogue(source, report)
        })
    }
}

impl Catalogue {
    /// CEL over the fields of an object and `asOf`, as a derived field has it; every mistake is reported.
    #[must_use]
    pub fn derived_value(&self, source: &str, object_type: &ObjectType, report: &mut Report) -> Expression {
        derived_value(source, &self.members, &object_type.name, report)
    }
}

/// What compiling one part needs to know of the others.
pub(super) struct Compiler<'a> {
    pub(super) config: &'a Config,
    pub(super) names: Names<'a>,
    pub(super) types: IndexMap<Arc<str>, NamedType>,
    pub(super) definitions: Value,
    /// The fields of every object type.
    pub(super) members: Members,
    /// Whether every type can be expanded; where one cannot, that is reported.
    pub(super) types_hold: bool,
}

impl<'a> Compiler<'a> {
    fn new(config: &'a Config, report: &mut Report) -> Self {
        let names = Names {
            types: config.types.keys().map(String::as_str).collect(),
            object_types: config.object_types.keys().map(String::as_str).collect(),
        };
        let types = compile_types(config, &names, report);
        let mut definitions = serde_json::Map::new();
        for name in config.object_types.keys() {
            definitions.insert(name.clone(), json!({"type": "string", "format": "uuid"}));
        }
        definitions.extend(config.types.iter().map(|(name, schema)| (name.clone(), schema.clone())));
        let definitions = Value::Object(definitions);
        let mut compiler =
            Self { config, names, types, definitions, members: Members::default(), types_hold: true };
        compiler.types_hold = compiler.refuse_circles(report);
        compiler.members = compiler.members();
        compiler
    }

    fn catalogue(self, source: &str, report: &mut Report) -> Catalogue {
        let mut object_types = self.object_types(report);
        if !refuse_derived_circles(&object_types, report) {
            refuse_long_ways(&object_types, report);
        }
        mark_following(&mut object_types);
        compile_inverses(self.config, &self.members, &mut object_types, report);
        let mut event_types: IndexMap<Arc<str>, EventType> = self
            .config
            .event_types
            .iter()
            .map(|(name, config)| {
                let compiled = report.within(["event_types".into(), name.as_str().into()], |report| {
                    check_name(name, report);
                    compile_event_type(&self, &object_types, name, config, report)
                });
                (Arc::from(name.as_str()), compiled)
            })
            .collect();
        trace_inverses(&mut object_types, &event_types, report);
        mark_clashing(&mut event_types);
        compile_searches(self.config, &mut object_types, &event_types, report);
        let f6 = &self.config.f6;
        Catalogue {
            hash: format!("{:x}", Sha256::digest(source)).into(),
            source: source.into(),
            organisation: f6.organisation.as_str().into(),
            zone_name: f6.zone.as_str().into(),
            oin: check_oin(&f6.oin, report).into(),
            zone: time_zone(&f6.time_zone, report),
            source_types: self.config.source_types.iter().map(|name| name.as_str().into()).collect(),
            caller: granting::caller(self.config, report),
            subscriptions: compile_subscriptions(self.config, report),
            processing: compile_processing(self.config, report),
            types: compile_types(self.config, &self.names, &mut Report::default()),
            object_types,
            event_types,
            members: self.members,
        }
    }

    fn object_types(&self, report: &mut Report) -> IndexMap<Arc<str>, ObjectType> {
        let compile = |(name, config): (&String, &ObjectTypeConfig)| {
            let compiled = report.within(["object_types".into(), name.as_str().into()], |report| {
                check_name(name, report);
                self.object_type(name, config, report)
            });
            (Arc::from(name.as_str()), compiled)
        };
        self.config.object_types.iter().map(compile).collect()
    }

    fn object_type(&self, name: &str, config: &ObjectTypeConfig, report: &mut Report) -> ObjectType {
        report.within(["plural".into()], |report| check_name(&config.plural, report));
        let fields: IndexMap<Arc<str>, Field> = config
            .fields
            .iter()
            .map(|(field, config)| {
                let compiled = report.within(["fields".into(), field.as_str().into()], |report| {
                    self.field(name, field, config, report)
                });
                (Arc::from(field.as_str()), compiled)
            })
            .collect();
        let derived = config.derived.iter().map(|(field, config)| {
            let compiled = report.within(["derived".into(), field.as_str().into()], |report| {
                self.derived(name, field, config, report)
            });
            (Arc::from(field.as_str()), compiled)
        });
        let derived = derived.collect();
        ObjectType {
            name: name.into(),
            plural: config.plural.as_str().into(),
            description: config.description.as_deref().map(Arc::from),
            fields,
            derived,
            inverses: IndexMap::default(),
            searches: IndexMap::default(),
            investigated: config.investigated.as_deref().map(|source| {
                report.within(["investigated".into()], |report| {
                    derived_value(source, &self.members, &name.into(), report)
                })
            }),
        }
    }

    fn derived(&self, object_type: &str, name: &str, config: &DerivedConfig, report: &mut Report) -> Derived {
        check_field_name(name, report);
        let shape = report.within(["type".into()], |report| self.value_type(&config.value_type, report));
        Derived {
            name: name.into(),
            description: config.description.as_deref().map(Arc::from),
            expanded: self.expand(&shape),
            shape,
            follows: false,
            value: report.within(["value".into()], |report| {
                derived_value(&config.value, &self.members, &object_type.into(), report)
            }),
        }
    }

    fn field(&self, object_type: &str, name: &str, config: &FieldConfig, report: &mut Report) -> Field {
        check_field_name(name, report);
        let shape = report.within(["type".into()], |report| self.value_type(&config.value_type, report));
        if matches!(shape, Shape::List(_)) && config.line == Line::Registration {
            report.within(["line".into()], |report| {
                report.say("values of a list do not displace each other; a list has no `line: registration`");
            });
        }
        if config.unique && !matches!(self.expand(&shape), Shape::Text | Shape::Choice(_)) {
            report.within(["unique".into()], |report| {
                report.say("only a text can be unique; make its type String")
            });
        }
        let element = |(index, text): (usize, &String)| {
            let wrong = |wrong| {
                report.within(["elements".into(), index.into()], |report| report.say(wrong));
            };
            text.parse().map_err(wrong).ok()
        };
        let elements = config.elements.iter().enumerate().filter_map(element).collect();
        Field {
            name: name.into(),
            description: config.description.as_deref().map(Arc::from),
            elements,
            expanded: self.expand(&shape),
            shape,
            line: config.line,
            unique: config.unique.then(|| format!("{object_type}.{name}").into()),
        }
    }

    /// The fields of every object type; what is wrong with them is reported where they are compiled.
    fn members(&self) -> Members {
        let member = |value_type: &str, derived| {
            let shape = self.value_type(value_type, &mut Report::default());
            Member { kind: Kind::of(&self.expand(&shape)), derived, inverse: false }
        };
        let referring = |config: &InverseConfig| {
            let of = Kind::Reference(config.of.as_str().into());
            Member { kind: Kind::List(Box::new(of)), derived: false, inverse: true }
        };
        let of = |config: &ObjectTypeConfig| {
            let fields = config.fields.iter().map(|(name, field)| (name, member(&field.value_type, false)));
            let derived = config.derived.iter().map(|(name, field)| (name, member(&field.value_type, true)));
            let inverses = config.inverse.iter().map(|(name, inverse)| (name, referring(inverse)));
            fields
                .chain(derived)
                .chain(inverses)
                .map(|(name, member)| (Arc::from(name.as_str()), member))
                .collect()
        };
        let types = self.config.object_types.iter();
        Members(types.map(|(name, config)| (Arc::from(name.as_str()), of(config))).collect())
    }

    /// The shape that `String`, `[Persoon]`, `Naam` … name.
    fn value_type(&self, text: &str, report: &mut Report) -> Shape {
        if text.bytes().take_while(|byte| *byte == b'[').count() > MAX_LISTS {
            report.say(format!("more than {MAX_LISTS} lists stand in each other; write fewer brackets"));
            return Shape::Text;
        }
        if let Some(item) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return Shape::List(Box::new(self.value_type(item, report)));
        }
        match text {
            "String" => Shape::Text,
            "Int" => Shape::Integer,
            "Boolean" => Shape::Boolean,
            "PartialDate" => Shape::PartialDate,
            name if self.names.object_types.contains(&name) => Shape::Reference(name.into()),
            name if self.names.types.contains(&name) => Shape::Named(name.into()),
            other => {
                let basic = ["String", "Int", "Boolean", "PartialDate"];
                let names = basic.iter().chain(&self.names.object_types).chain(&self.names.types).copied();
                report.say(format!("no type is named `{other}`; {}", one_of(other, names)));
                Shape::Text
            }
        }
    }

    /// The shape with every name followed; what leads in a circle has been reported.
    pub(super) fn expand(&self, shape: &Shape) -> Shape {
        self.expanded(shape).unwrap_or(Shape::Text)
    }

    /// None where names lead back to themselves, or what they lead to is too deep or too large.
    pub(super) fn expanded(&self, shape: &Shape) -> Option<Shape> {
        let named = |name: &str| self.types.get(name).map(|named| &named.shape);
        shape.expand(&named, MAX_EXPANSION, &Cell::new(MAX_EXPANDED))
    }

    /// Whether there are none.
    fn refuse_circles(&self, report: &mut Report) -> bool {
        let mut none = true;
        for (name, named_type) in &self.types {
            if self.expanded(&named_type.shape).is_none() {
                none = false;
                report.within(["types".into(), (&**name).into()], |report| {
                    report.say(format!("the type `{name}` leads back to itself, nests deeper than {MAX_EXPANSION}, or has more than {MAX_EXPANDED} parts; break the cycle, or name less"));
                });
            }
        }
        none
    }
}

fn compile_types(config: &Config, names: &Names<'_>, report: &mut Report) -> IndexMap<Arc<str>, NamedType> {
    let compile = |(name, schema): (&String, &Value)| {
        let named = report.within(["types".into(), name.as_str().into()], |report| {
            check_name(name, report);
            if names.object_types.contains(&name.as_str()) {
                report.say(format!("`{name}` is an object type already; choose another name"));
            }
            NamedType {
                description: schema.get("description").and_then(Value::as_str).map(Arc::from),
                shape: Shape::of(schema, names, report),
            }
        });
        (Arc::from(name.as_str()), named)
    };
    config.types.iter().map(compile).collect()
}

/// CEL over the fields of an object and `asOf`.
pub(super) fn derived_value(
    source: &str,
    members: &Members,
    object_type: &Arc<str>,
    report: &mut Report,
) -> Expression {
    let expression = compile_expression(source, &Words::of_object(members, object_type), report);
    refuse_long_expression(&expression, report);
    expression
}

/// The expression; where it does not compile, that is reported and `null` stands in its place.
pub(super) fn compile_expression(source: &str, words: &Words<'_>, report: &mut Report) -> Expression {
    Expression::compile(source, words, report).unwrap_or_else(|| {
        Expression::compile("null", words, &mut Report::default())
            .unwrap_or_else(|| unreachable!("null compiles"))
    })
}

/// A derived field may follow from others, and not from itself; whether any does.
fn refuse_derived_circles(object_types: &IndexMap<Arc<str>, ObjectType>, report: &mut Report) -> bool {
    let mut any = false;
    for object_type in object_types.values() {
        for derived in object_type.derived.values() {
            let mut way = vec![(Arc::clone(&object_type.name), Arc::clone(&derived.name))];
            if leads_back(object_types, &derived.value, &mut way, &mut HashSet::default()) {
                any = true;
                let way: Vec<String> = way.iter().map(|(of, field)| format!("{of}.{field}")).collect();
                let at = ["object_types", &object_type.name, "derived", &derived.name, "value"];
                report.within(at.map(Step::from), |report| {
                    let way = way.join(" → ");
                    report.say(format!("`{}` follows from itself: {way}; break the cycle", derived.name));
                });
            }
        }
    }
    any
}

/// A derived field: its object type, and its name.
type DerivedField = (Arc<str>, Arc<str>);

/// Whether a value follows from the field that the way began with; each field is looked at once, by whichever way it is met.
fn leads_back(
    object_types: &IndexMap<Arc<str>, ObjectType>,
    value: &Expression,
    way: &mut Vec<DerivedField>,
    met: &mut HashSet<DerivedField>,
) -> bool {
    for seen in value.reads().objects() {
        let Some(object_type) = object_types.get(&seen.object_type) else { continue };
        for next in seen.fields.iter().filter_map(|field| object_type.derived.get(field)) {
            let step = (Arc::clone(&object_type.name), Arc::clone(&next.name));
            let first = way[0] == step;
            if !first && !met.insert(step.clone()) {
                continue;
            }
            way.push(step);
            if first || leads_back(object_types, &next.value, way, met) {
                return true;
            }
            way.pop();
        }
    }
    false
}

fn check_name(name: &str, report: &mut Report) {
    if !is_name(name) {
        report.say(format!(
            "`{name}` cannot be a name in GraphQL; use letters, digits and _, beginning with a letter"
        ));
    }
}

/// Names that every object answers to beside its fields.
const RESERVED: [&str; 8] =
    ["id", "basis", "events", "history", "timeline", "provenance", "inOnderzoek", "asOf"];

pub(super) fn check_field_name(name: &str, report: &mut Report) {
    check_name(name, report);
    if RESERVED.contains(&name) {
        report.say(format!("every object has `{name}` of itself; choose another name for the field"));
    }
}

fn check_oin<'a>(oin: &'a str, report: &mut Report) -> &'a str {
    if oin.len() != 20 || !oin.bytes().all(|byte| byte.is_ascii_digit()) {
        report.within(["f6".into(), "oin".into()], |report| {
            report.say(format!("`{oin}` is no OIN; an OIN has twenty digits, in quotes"));
        });
    }
    oin
}

fn time_zone(name: &str, report: &mut Report) -> Zone {
    name.parse().unwrap_or_else(|error: String| {
        report.within(["f6".into(), "time_zone".into()], |report| report.say(error));
        Zone::default()
    })
}
