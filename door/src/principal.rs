//! Who is asking.

use async_graphql::dynamic::ResolverContext;
use policy::Caller;
use uuid::Uuid;

use crate::code::Code;
use crate::faults;

/// The caller, as a verified token names it: the source of the events that it makes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The id of the event source, for audit.
    pub source_id: Uuid,
    /// Its type of authority, for example `ambtenaar`.
    pub source_type: String,
    /// Their organisation, by its OIN, where the token says so.
    pub organisation: Option<String>,
    /// The zones in whose domain they work, where the token says so.
    pub zones: Option<Vec<String>>,
    /// The object that they are themselves, where the token says so.
    pub person: Option<Uuid>,
}

impl Principal {
    /// Somebody of whom a token says no more.
    pub fn new(source_id: Uuid, source_type: impl Into<String>) -> Self {
        Self { source_id, source_type: source_type.into(), organisation: None, zones: None, person: None }
    }

    /// As the policy sees them.
    #[must_use]
    pub fn caller(&self) -> Caller {
        let zones = |zones: &Vec<String>| zones.iter().map(|zone| zone.as_str().into()).collect();
        Caller {
            organisation: self.organisation.as_deref().map(Into::into),
            zones: self.zones.as_ref().map(zones),
            person: self.person,
            ..Caller::named(self.source_id, &self.source_type)
        }
    }

    /// The caller of the request that a resolver works for.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where there is none, which the door lets happen for introspection alone.
    pub fn of<'a>(context: &ResolverContext<'a>) -> async_graphql::Result<&'a Self> {
        context.ctx.data_opt::<Self>().ok_or_else(|| {
            faults::refused(Code::Unauthenticated, "this field needs a bearer token; the request has none")
        })
    }
}
