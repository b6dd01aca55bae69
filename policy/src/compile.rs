//! From `query_config.yaml` as written to rights: every mistake found, none left for later.

use std::sync::Arc;

use read_model::catalogue::config::{WhereConfig, WhereWord};
use read_model::catalogue::{Authority, Catalogue, Problems, Report, Step, Where, compile_yaml, one_of};
use read_model::event::EventKind;

use crate::caller::Home;
use crate::config::{
    EventKindConfig, ObjectConfig, QueryConfig, ReadConfig, ReadEventsConfig, ReadEventsOnConfig,
    ReadOnConfig, ViewConfig,
};
use crate::reads::{EventsGrant, Of, Reads, ViewGrants};

impl Reads {
    /// Compiles the rights in the text of a `query_config.yaml`; `file` names it in messages.
    ///
    /// # Errors
    /// Every mistake in who may read, each with its line, what is wrong and what would be right.
    pub fn compile(file: &str, source: &str, catalogue: &Catalogue) -> Result<Self, Problems> {
        compile_yaml(file, source, |config: &QueryConfig, report| Self::of(config, catalogue, report))
    }

    /// The same of a config that was read already.
    pub fn of(config: &QueryConfig, catalogue: &Catalogue, report: &mut Report) -> Self {
        let compiler = Compiler { catalogue };
        let events = report.within(["events".into()], |report| {
            each("read", &config.events.read, report, |given, report| {
                compiler.events(given.clone().into(), report)
            })
        });
        let named = config.views.iter().map(|(name, view)| {
            let at = [Step::from("views"), name.as_str().into()];
            let grants = report.within(at, |report| compiler.view(name, view, report));
            (Arc::from(name.as_str()), grants)
        });
        let views = named.collect();
        let records = report.within(["processing_records".into()], |report| {
            each("read", &config.processing_records.read, report, |given, report| {
                compiler.records(given, report)
            })
        });
        Self { home: Home::of(catalogue), events, views, records }
    }
}

struct Compiler<'a> {
    catalogue: &'a Catalogue,
}

impl Compiler<'_> {
    fn events(&self, given: ReadEventsOnConfig, report: &mut Report) -> EventsGrant {
        let ReadEventsOnConfig { source_type, organisations, zones, event_types, event_kinds, object } =
            given;
        let own = object == Some(WhereWord::Own);
        if own {
            self.check_own(None, report);
        }
        for (index, name) in event_types.iter().flatten().enumerate() {
            if !self.catalogue.event_types.contains_key(name.as_str()) {
                report.within([Step::from("event_types"), index.into()], |report| {
                    let there = one_of(name, self.catalogue.event_types.keys().map(|name| &**name));
                    report.say(format!("no event type is named `{name}`; {there}"));
                });
            }
        }
        EventsGrant {
            authority: self.authority(&source_type, organisations.as_ref(), zones.as_ref(), report),
            event_types: event_types.map(|types| types.iter().map(|name| name.as_str().into()).collect()),
            kinds: event_kinds.map(|kinds| kinds.into_iter().map(kind).collect()),
            own,
        }
    }

    fn view(&self, name: &str, config: &ViewConfig, report: &mut Report) -> ViewGrants {
        let read = each("read", &config.read, report, |given, report| {
            let given = ReadOnConfig::from(given.clone());
            let of = match given.object {
                None | Some(ObjectConfig::Any) => Of::Any,
                Some(ObjectConfig::Own) => {
                    self.check_own(Some(&config.object_type), report);
                    Of::Own
                }
                Some(ObjectConfig::Referred) => Of::Referred,
            };
            (self.reader(&given, report), of)
        });
        let mut fields = std::collections::HashMap::new();
        for (field, config) in &config.fields {
            let Some(readers) = &config.read else { continue };
            let at = [Step::from("fields"), field.as_str().into()];
            let readers = report.within(at, |report| {
                each("read", readers, report, |given, report| self.of_field(given, report))
            });
            fields.insert(Arc::from(field.as_str()), readers);
        }
        let subject = match self.catalogue.object_types.contains_key(name) {
            true => format!("objects of type {name}"),
            false => format!("the view {name}"),
        };
        ViewGrants { subject, read, fields }
    }

    fn records(&self, given: &ReadConfig, report: &mut Report) -> (Authority, Of) {
        let given = ReadOnConfig::from(given.clone());
        if self.catalogue.processing.is_none() {
            report.say(
                "there is no processing log; state `processing` in write_config.yaml, or leave this out",
            );
        }
        let of = match given.object {
            None | Some(ObjectConfig::Any) => Of::Any,
            Some(ObjectConfig::Own) => {
                self.check_own(None, report);
                Of::Own
            }
            Some(ObjectConfig::Referred) => {
                report.say("nobody comes to the processing log by a reference; write `own` or `any`");
                Of::Own
            }
        };
        (self.reader(&given, report), of)
    }

    fn of_field(&self, given: &ReadConfig, report: &mut Report) -> Authority {
        let given = ReadOnConfig::from(given.clone());
        if given.object.is_some() {
            report.say("a field is read of the same objects as its view; leave `object` out");
        }
        self.reader(&given, report)
    }

    fn reader(&self, given: &ReadOnConfig, report: &mut Report) -> Authority {
        self.authority(&given.source_type, given.organisations.as_ref(), given.zones.as_ref(), report)
    }

    fn authority(
        &self,
        source_type: &str,
        organisations: Option<&WhereConfig>,
        zones: Option<&WhereConfig>,
        report: &mut Report,
    ) -> Authority {
        let known = &self.catalogue.source_types;
        if !known.iter().any(|known| **known == *source_type) {
            let there = one_of(source_type, known.iter().map(|name| &**name));
            report.say(format!("`{source_type}` is no source type; {there}"));
        }
        Authority {
            source_type: source_type.into(),
            organisations: Where::of(organisations, Where::Own),
            zones: Where::of(zones, Where::Any),
        }
    }

    /// Whether a caller can be an object of this type, or of any.
    fn check_own(&self, object_type: Option<&str>, report: &mut Report) {
        match (&self.catalogue.caller, object_type) {
            (None, _) => report.say("nobody is an object here; state `caller` in write_config.yaml, the object type that a token's `person` is of"),
            (Some(own), Some(given)) if **own != *given => {
                report.say(format!("a caller is a {own}, and this view shows {given}; only a view of {own} is read of the own object"));
            }
            (Some(_), _) => {}
        }
    }
}

fn each<C, T>(
    key: &'static str,
    given: &[C],
    report: &mut Report,
    compile: impl Fn(&C, &mut Report) -> T,
) -> Vec<T> {
    let one = |(index, given): (usize, &C)| {
        report.within([Step::from(key), index.into()], |report| compile(given, report))
    };
    given.iter().enumerate().map(one).collect()
}

const fn kind(kind: EventKindConfig) -> EventKind {
    match kind {
        EventKindConfig::Claim => EventKind::Claim,
        EventKindConfig::Correction => EventKind::Correction,
        EventKindConfig::Validation => EventKind::Validation,
    }
}

impl From<ReadConfig> for ReadOnConfig {
    fn from(read: ReadConfig) -> Self {
        match read {
            ReadConfig::SourceType(source_type) => {
                Self { source_type, organisations: None, zones: None, object: None }
            }
            ReadConfig::On(on) => on,
        }
    }
}

impl From<ReadEventsConfig> for ReadEventsOnConfig {
    fn from(read: ReadEventsConfig) -> Self {
        match read {
            ReadEventsConfig::SourceType(source_type) => Self {
                source_type,
                organisations: None,
                zones: None,
                event_types: None,
                event_kinds: None,
                object: None,
            },
            ReadEventsConfig::On(on) => on,
        }
    }
}
