//! Who may do something: from the config as written to authorities, and to conditions on a claim.

use std::sync::Arc;

use super::compile::{Compiler, compile_expression};
use super::config::{Config, MayConfig, MayOnConfig, WhereConfig, WhereWord};
use super::expression::{Expression, Kind, Origin, Words};
use super::model::{Authority, May, Where};
use super::problem::{Report, one_of};
use super::shape::Shape;
use super::yaml::Step;

/// The caller's own object, in conditions.
pub(crate) const CALLER: &str = "caller";

/// Who may, where no condition can be put to what is done.
pub(super) fn may(config: &Config, keys: &[&str], given: &[MayConfig], report: &mut Report) -> Vec<May> {
    each(given, keys, report, |given, report| {
        if given.when.is_some() {
            refuse(report, "when", "only a claim has a condition; leave `when` out");
        }
        May { authority: authority(&config.source_types, given, report), when: None }
    })
}

/// Who may validate or correct: only who is of this zone, whatever else is written.
pub(super) fn may_within_zone(
    config: &Config,
    keys: &[&str],
    given: &[MayConfig],
    report: &mut Report,
) -> Vec<May> {
    let may = may(config, keys, given, report);
    let beyond = |may: &May| may.authority.zones != Where::Own || may.authority.organisations != Where::Own;
    for (index, _) in may.iter().enumerate().filter(|(_, may)| beyond(may)) {
        report.within(keys.iter().map(|key| Step::from(*key)).chain([index.into()]), |report| {
            report.say("who validates or corrects is of this zone; leave `organisations` and `zones` out");
        });
    }
    may
}

/// Who may claim; `data` is what the data of the event are.
pub(super) fn may_claim(
    compiler: &Compiler<'_>,
    (data, shape): (&Kind, &Shape),
    given: &[MayConfig],
    report: &mut Report,
) -> Vec<May> {
    each(given, &["claim"], report, |given, report| {
        let when = given.when.as_ref().map(|source| {
            report.within(["when".into()], |report| condition(compiler, (data, shape), source, report))
        });
        May { authority: authority(&compiler.config.source_types, given, report), when }
    })
}

fn each(
    given: &[MayConfig],
    keys: &[&str],
    report: &mut Report,
    compile: impl Fn(&MayOnConfig, &mut Report) -> May,
) -> Vec<May> {
    let one = |(index, given): (usize, &MayConfig)| {
        report.within(keys.iter().map(|key| Step::from(*key)).chain([index.into()]), |report| {
            compile(&given.clone().into(), report)
        })
    };
    given.iter().enumerate().map(one).collect()
}

impl From<MayConfig> for MayOnConfig {
    fn from(may: MayConfig) -> Self {
        match may {
            MayConfig::SourceType(source_type) => {
                Self { source_type, organisations: None, zones: None, when: None }
            }
            MayConfig::On(on) => on,
        }
    }
}

fn authority(known: &[String], given: &MayOnConfig, report: &mut Report) -> Authority {
    let MayOnConfig { source_type, organisations, zones, .. } = given;
    if !known.contains(source_type) {
        let there = one_of(source_type, known.iter().map(String::as_str));
        report.say(format!("`{source_type}` is no source type; {there}"));
    }
    Authority {
        source_type: source_type.as_str().into(),
        organisations: Where::of(organisations.as_ref(), Where::Own),
        zones: Where::of(zones.as_ref(), Where::Own),
    }
}

impl Where {
    /// What is written; `otherwise` where nothing is.
    #[must_use]
    pub fn of(given: Option<&WhereConfig>, otherwise: Self) -> Self {
        match given {
            None => otherwise,
            Some(WhereConfig::Word(WhereWord::Own)) => Self::Own,
            Some(WhereConfig::Word(WhereWord::Any)) => Self::Any,
            Some(WhereConfig::Named(names)) => {
                Self::Named(names.iter().map(|name| name.as_str().into()).collect())
            }
        }
    }
}

/// A condition reads the data, and of objects the caller's own alone: whether there is another must not show.
fn condition(
    compiler: &Compiler<'_>,
    (data, shape): (&Kind, &Shape),
    source: &str,
    report: &mut Report,
) -> Expression {
    let Some(caller) = compiler.config.caller.as_ref() else {
        report.say(
            "a condition is about the caller's own object; state `caller`, the object type that it is of",
        );
        return compile_expression("false", &words(compiler, Vec::new()), report);
    };
    if shape.property(CALLER).is_some() {
        report.say("`caller` is the caller's own object here; give the property of the data another name");
    }
    let variables =
        vec![(Arc::from("data"), data.clone()), (Arc::from(CALLER), Kind::Reference(caller.as_str().into()))];
    let expression = compile_expression(source, &words(compiler, variables), report);
    let own = |origin: &Origin| matches!(origin, Origin::Data(name) if **name == *CALLER);
    if !expression.reads().objects().iter().all(|seen| own(&seen.origin)) {
        report.say(
            "a condition reads fields of `caller` alone, so that a refusal cannot tell whether there is another object; \
             compare ids instead, such as `data.kind in caller.kinderen`",
        );
    }
    if !expression.reads().roots().any(|root| root == CALLER) {
        report.say("a condition is about `caller`; what holds for everybody is a rule");
    }
    expression
}

fn words<'a>(compiler: &'a Compiler<'_>, variables: Vec<(Arc<str>, Kind)>) -> Words<'a> {
    Words { members: &compiler.members, variables, own: None, follow_back: false }
}

/// The object type that `caller` names.
pub(super) fn caller(config: &Config, report: &mut Report) -> Option<Arc<str>> {
    let name = config.caller.as_ref()?;
    if !config.object_types.contains_key(name) {
        let there = one_of(name, config.object_types.keys().map(String::as_str));
        refuse(report, "caller", &format!("no object type is named `{name}`; {there}"));
    }
    Some(name.as_str().into())
}

fn refuse(report: &mut Report, key: &str, message: &str) {
    report.within([key.into()], |report| report.say(message));
}
