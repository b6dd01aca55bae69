//! Arguments: how fields declare them, and how resolvers read them.

use async_graphql::dynamic::{Field, InputValue, ResolverContext, TypeRef, ValueAccessor};
use async_graphql::{Name, Value};
use door::{shown, shown_text};
use read_model::basis::Trust;
use read_model::event::{self, ObjectId};
use read_model::time::Moment;

use crate::refusal::Refusal;

/// The most objects that one field answers with; what a list on a screen needs, and a bound on what a question costs.
pub(crate) const MAX_IDS: usize = 100;

/// The moments and the trust of a question about objects.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    pub(crate) as_of: Option<Moment>,
    pub(crate) known_at: Option<Moment>,
    pub(crate) trust: Trust,
}

impl Moments {
    /// Declares `asOf`, `knownAt` and `minTrust`.
    pub(crate) fn declare(field: Field) -> Field {
        Self::declare_trust(declare_known_at(declare_as_of(field)))
    }

    /// Declares `asOf` and `minTrust`, where what is known is given.
    pub(crate) fn declare_as_known(field: Field) -> Field {
        Self::declare_trust(declare_as_of(field))
    }

    /// Declares `minTrust` alone.
    pub(crate) fn declare_trust(field: Field) -> Field {
        let trust = InputValue::new("minTrust", TypeRef::named("Trust"))
            .description("Which claims count.")
            .default_value(Value::Enum(Name::new(Trust::default().name())));
        field.argument(trust)
    }

    /// The trust of a question.
    pub(crate) fn trust(context: &ResolverContext<'_>) -> Trust {
        given(context, "minTrust").map_or_else(Trust::default, trust)
    }

    pub(crate) fn read(context: &ResolverContext<'_>) -> async_graphql::Result<Self> {
        Ok(Self {
            as_of: moment(context, "asOf")?,
            known_at: moment(context, "knownAt")?,
            trust: Self::trust(context),
        })
    }
}

fn declare_as_of(field: Field) -> Field {
    let as_of = InputValue::new("asOf", TypeRef::named("Moment")).description(
        "As it was in reality at this moment; without it, now. A later one answers as things stand planned.",
    );
    field.argument(as_of)
}

/// Declares `knownAt`.
pub(crate) fn declare_known_at(field: Field) -> Field {
    field.argument(
        InputValue::new("knownAt", TypeRef::named("Moment")).description(
            "As the registry knew it at this moment; without it, with everything that it knows.",
        ),
    )
}

/// The moment in this argument, where given.
pub(crate) fn moment(
    context: &ResolverContext<'_>,
    argument: &'static str,
) -> Result<Option<Moment>, Refusal> {
    let Some(value) = given(context, argument) else {
        return Ok(None);
    };
    parse_moment(argument, value).map(Some)
}

/// The moment that a value is.
pub(crate) fn parse_moment(argument: &'static str, value: ValueAccessor<'_>) -> Result<Moment, Refusal> {
    let text = value.string().map_err(|_| Refusal::NoMoment { argument, given: shown(value.as_value()) })?;
    text.parse().map_err(|source| Refusal::Moment { argument, source })
}

/// The id in this argument, where given.
pub(crate) fn id(context: &ResolverContext<'_>, argument: &'static str) -> Result<Option<ObjectId>, Refusal> {
    given(context, argument).map(|value| parse_id(argument, value)).transpose()
}

/// The ids in this argument, in their order; none where it is absent.
pub(crate) fn ids(
    context: &ResolverContext<'_>,
    argument: &'static str,
    limit: usize,
) -> Result<Vec<ObjectId>, Refusal> {
    let Some(value) = given(context, argument) else {
        return Ok(Vec::new());
    };
    // GraphQL takes a single value where a list is asked for.
    let Ok(list) = value.list() else {
        return Ok(vec![parse_id(argument, value)?]);
    };
    if list.len() > limit {
        return Err(Refusal::Ids { argument, given: list.len(), limit });
    }
    list.iter().map(|value| parse_id(argument, value)).collect()
}

/// The names in a list; GraphQL takes a single one where a list is asked for.
pub(crate) fn names(value: &ValueAccessor<'_>) -> Vec<String> {
    let name =
        |value: &ValueAccessor<'_>| value.string().ok().or_else(|| value.enum_name().ok()).map(str::to_owned);
    match value.list() {
        Ok(list) => list.iter().filter_map(|value| name(&value)).collect(),
        Err(_) => name(value).into_iter().collect(),
    }
}

/// The argument, unless it is absent or null.
pub(crate) fn given<'a>(context: &'a ResolverContext<'_>, argument: &str) -> Option<ValueAccessor<'a>> {
    context.args.get(argument).filter(|value| !value.is_null())
}

/// The schema has let nothing else pass.
fn trust(value: ValueAccessor<'_>) -> Trust {
    match value.enum_name() {
        Ok(name) if name == Trust::Claimed.name() => Trust::Claimed,
        Ok(_) | Err(_) => Trust::Validated,
    }
}

pub(crate) fn parse_id(argument: &'static str, value: ValueAccessor<'_>) -> Result<ObjectId, Refusal> {
    let text = value.string().ok();
    let given = || text.map_or_else(|| shown(value.as_value()), shown_text);
    text.and_then(event::parse_id).ok_or_else(|| Refusal::Id { argument, given: given() })
}
