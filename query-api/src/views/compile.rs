//! From the config as written to views as compiled: every mistake found, none left for later.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use policy::Reads;
use policy::config::{QueryConfig, ViewConfig, ViewFieldConfig};
use read_model::catalogue::{
    Catalogue, Expression, ObjectType, Problems, Report, Step, compile_yaml, is_name, one_of,
};

use super::fields::referring;
use super::reserved::{MADE_SUFFIXES, RESERVED_ROOTS, RESERVED_TYPES};
use super::{Source, View, ViewField, Views};

impl Views {
    /// Compiles the text of a `query_config.yaml` against the catalogue; `file` names it in messages.
    ///
    /// # Errors
    /// Every mistake, each with its line, what is wrong and what would be right.
    pub fn compile(file: &str, source: &str, catalogue: &Catalogue) -> Result<Self, Problems> {
        compile_yaml(file, source, |config: &QueryConfig, report| {
            Compiler { config, catalogue }.views(report)
        })
    }
}

/// By object type: of which objects no view shows anything.
type Withheld = HashMap<Arc<str>, Arc<Expression>>;

pub(super) struct Compiler<'a> {
    pub(super) config: &'a QueryConfig,
    pub(super) catalogue: &'a Catalogue,
}

impl Compiler<'_> {
    fn views(&self, report: &mut Report) -> Views {
        let reads = Reads::of(self.config, self.catalogue, report);
        let withheld = self.withheld(report);
        let own =
            self.catalogue.object_types.values().map(|object_type| self.object_type(object_type, report));
        let mut views: Vec<View> = own.collect();
        for (name, config) in &self.config.views {
            let at = [Step::from("views"), name.as_str().into()];
            views.extend(report.within(at, |report| self.view(name, config, &withheld, report)));
        }
        report.within(["views".into()], |report| {
            self.refuse_taken_names(report);
            refuse_doubles(&views, report);
        });
        Views {
            reads,
            views: views.into_iter().map(|view| (Arc::clone(&view.name), Arc::new(view))).collect(),
        }
    }

    /// The object type as a view of itself; nobody may read it until the config says who.
    fn object_type(&self, object_type: &ObjectType, report: &mut Report) -> View {
        let name = &object_type.name;
        let config = self.config.views.get(&**name);
        let own = config.and_then(|view| view.description.as_deref()).map(Arc::from);
        let restricted = |field: &str| {
            config.and_then(|view| view.fields.get(field)).is_some_and(|field| field.read.is_some())
        };
        let fields = object_type.fields.values().map(|field| ViewField {
            name: Arc::clone(&field.name),
            description: field.description.clone(),
            shape: field.shape.clone(),
            source: Source::Field(Arc::clone(&field.name)),
            restricted: restricted(&field.name),
            through: None,
        });
        let derived = object_type.derived.values().map(|derived| ViewField {
            name: Arc::clone(&derived.name),
            description: derived.description.clone(),
            shape: derived.shape.clone(),
            source: Source::Derived(Arc::clone(&derived.name)),
            restricted: restricted(&derived.name),
            through: None,
        });
        let inverses = object_type
            .inverses
            .values()
            .map(|inverse| ViewField { restricted: restricted(&inverse.name), ..referring(inverse) });
        View {
            name: Arc::clone(name),
            description: own.or_else(|| object_type.description.clone()),
            object_type: Arc::clone(name),
            one: root_field(name),
            many: Arc::clone(&object_type.plural),
            processing: config.and_then(|view| {
                report.within([Step::from("views"), (&**name).into()], |report| self.processing(view, report))
            }),
            withheld: None,
            fields: fields.chain(derived).chain(inverses).collect(),
        }
    }

    /// A view of its own; none where the config only grants the object type itself.
    fn view(
        &self,
        name: &str,
        config: &ViewConfig,
        withheld: &Withheld,
        report: &mut Report,
    ) -> Option<View> {
        if self.catalogue.object_types.contains_key(name) {
            self.check_own(name, config, report);
            return None;
        }
        self.check_type_name(name, report);
        let known = |report: &mut Report| self.known(&config.object_type, report);
        let object_type = report.within(["object_type".into()], known)?;
        Some(View {
            name: name.into(),
            description: config.description.as_deref().map(Arc::from),
            object_type: Arc::clone(&object_type.name),
            one: root_field(name),
            many: plural(name, config, report),
            processing: self.processing(config, report),
            withheld: withheld.get(&*object_type.name).cloned(),
            fields: self.fields(config, object_type, report),
        })
    }

    /// The processing activity that reading a view is part of; none where it names none.
    fn processing(&self, config: &ViewConfig, report: &mut Report) -> Option<Arc<str>> {
        let named = config.processing.as_deref()?;
        let processing = self.catalogue.processing.as_ref();
        let found = processing.and_then(|processing| processing.activities.get(named));
        if found.is_none() {
            let there = processing.into_iter().flat_map(|of| of.activities.keys()).map(|name| &**name);
            let told = format!(
                "no processing activity of write_config.yaml is named `{named}`; {}",
                one_of(named, there)
            );
            report.within(["processing".into()], |report| report.say(told));
        }
        found.cloned()
    }

    /// By object type: of which objects no view shows anything.
    fn withheld(&self, report: &mut Report) -> Withheld {
        let compile = |(name, source): (&String, &String)| {
            report.within([Step::from("withhold"), name.as_str().into()], |report| {
                let object_type = self.known(name, report)?;
                Some((
                    Arc::clone(&object_type.name),
                    Arc::new(self.catalogue.derived_value(source, object_type, report)),
                ))
            })
        };
        self.config.withhold.iter().filter_map(compile).collect()
    }

    fn known(&self, name: &str, report: &mut Report) -> Option<&ObjectType> {
        let object_type = self.catalogue.object_types.get(name);
        if object_type.is_none() {
            let there = one_of(name, self.catalogue.object_types.keys().map(|name| &**name));
            report.say(format!("no object type is named `{name}`; {there}"));
        }
        object_type
    }

    /// The catalogue's own names may be those of this API's types.
    fn refuse_taken_names(&self, report: &mut Report) {
        let names = self.catalogue.object_types.keys().chain(self.catalogue.types.keys());
        for name in names.filter(|name| RESERVED_TYPES.contains(&&***name)) {
            report.say(format!(
                "the query API has a type `{name}` of its own; rename that of write_config.yaml"
            ));
        }
        let own = self.catalogue.object_types.keys().chain(self.catalogue.types.keys()).map(|name| &**name);
        let all: BTreeSet<&str> = own.chain(self.config.views.keys().map(String::as_str)).collect();
        for name in &all {
            let stem = MADE_SUFFIXES.iter().find_map(|suffix| name.strip_suffix(suffix));
            if let Some(stem) = stem.filter(|stem| all.contains(stem) || RESERVED_TYPES.contains(stem)) {
                report.say(format!(
                    "the query API makes a type `{name}` of its own, for `{stem}`; choose another name"
                ));
            }
        }
    }

    /// A view with the name of an object type is that type itself: it may say who reads a field, and nothing else of it.
    fn check_own(&self, name: &str, config: &ViewConfig, report: &mut Report) {
        if config.object_type != name {
            report.within(["object_type".into()], |report| {
                report
                    .say(format!("a view named as the object type {name} shows {name}; choose another name"));
            });
        }
        if config.plural.is_some() {
            report.within(["plural".into()], |report| report.say(left_out(name, "plural")));
        }
        for (field, config) in &config.fields {
            report.within([Step::from("fields"), field.as_str().into()], |report| {
                self.check_own_field(name, field, config, report);
            });
        }
    }

    fn check_own_field(&self, name: &str, field: &str, config: &ViewFieldConfig, report: &mut Report) {
        let ViewFieldConfig { field: renamed, view, value_type, value, description, read } = config;
        let said = [renamed, view, value_type, value, description];
        if read.is_none() || said.iter().any(|said| said.is_some()) {
            report.say(left_out(name, "fields"));
        }
        let Some(object_type) = self.catalogue.object_types.get(name) else { return };
        let names =
            object_type.fields.keys().chain(object_type.derived.keys()).chain(object_type.inverses.keys());
        let mut names = names.map(|name| &**name);
        if !names.clone().any(|known| known == field) {
            let there = one_of(field, names.by_ref());
            report.say(format!("{name} has no field `{field}`; {there}"));
        }
    }

    fn check_type_name(&self, name: &str, report: &mut Report) {
        if !is_name(name) || !name.starts_with(|first: char| first.is_ascii_uppercase()) {
            report
                .say(format!("`{name}` cannot be a view; use letters and digits, beginning with a capital"));
        }
        if self.catalogue.types.contains_key(name) || RESERVED_TYPES.contains(&name) {
            report.say(format!("`{name}` is another type already; choose another name"));
        }
    }
}

fn left_out(name: &str, key: &str) -> String {
    format!(
        "the view {name} is the object type itself; leave `{key}` out, or choose another name; of a field, only `read` can be stated"
    )
}

fn plural(name: &str, config: &ViewConfig, report: &mut Report) -> Arc<str> {
    match &config.plural {
        Some(plural) if is_name(plural) => plural.as_str().into(),
        Some(plural) => {
            report.within(["plural".into()], |report| {
                report.say(format!("`{plural}` cannot be a name in GraphQL; use letters, digits and _"));
            });
            plural.as_str().into()
        }
        None => {
            report.say("a view states its `plural`, the field for several at once");
            format!("{}List", root_field(name)).into()
        }
    }
}

/// Two root fields of the same name would be one.
fn refuse_doubles(views: &[View], report: &mut Report) {
    let mut taken: HashMap<&str, String> =
        RESERVED_ROOTS.map(|name| (name, "of the API itself".to_owned())).into();
    for view in views {
        for (field, key) in [(view.one.as_str(), None), (&view.many, Some("plural"))] {
            let steps = [Step::from(&*view.name)].into_iter().chain(key.map(Step::from));
            if let Some(other) = taken.insert(field, format!("of {}", view.name)) {
                report.within(steps, |report| {
                    report.say(format!(
                        "the root field `{field}` is that {other} already; choose another name"
                    ));
                });
            }
        }
    }
}

/// `BewonersKaart` → `bewonersKaart`.
fn root_field(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}
