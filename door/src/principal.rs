//! Who is asking.

use async_graphql::dynamic::ResolverContext;
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
}

impl Principal {
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
