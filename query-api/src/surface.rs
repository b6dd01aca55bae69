//! What every resolver of this schema knows, whoever asks.

use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::ResolverContext;
use read_model::catalogue::Catalogue;

use crate::views::Views;

/// The catalogue and the views that the schema was generated from.
#[derive(Clone)]
pub(crate) struct Surface {
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) views: Arc<Views>,
}

impl Surface {
    /// The surface that a resolver belongs to.
    pub(crate) fn of<'a>(context: &ResolverContext<'a>) -> Result<&'a Self> {
        context.ctx.data()
    }
}
