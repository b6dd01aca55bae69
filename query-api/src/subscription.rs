//! Subscriptions: events as they are registered, and views as they change.

mod added;
mod changed;
mod cursor;
pub(crate) mod durable;
mod filter;

use std::fmt;
use std::sync::Arc;

use async_graphql::Result;
use async_graphql::dynamic::{ResolverContext, SchemaBuilder, Subscription};
use door::Clock;
use read_model::reader::{EventReader, Feed};

use crate::meters::Meters;
use crate::reading::Reading;
use crate::views::Views;

/// The root type, and what its fields answer with.
pub(crate) fn register(builder: SchemaBuilder, views: &Views) -> SchemaBuilder {
    let root = Subscription::new("Subscription")
        .description("What this F6 comes to know, as it does; over a WebSocket or as server-sent events.")
        .field(added::root());
    let root = views.views.values().fold(root, |root, view| root.field(changed::root(view)));
    let objects = views.views.values().map(changed::object);
    let builder =
        objects.fold(builder.register(filter::input()).register(added::object()), SchemaBuilder::register);
    builder.register(root)
}

/// What subscriptions follow the log by, and read it with; clones share it.
#[derive(Clone)]
pub struct Live {
    feed: Arc<Feed>,
    reader: Arc<EventReader>,
    meters: Meters,
    clock: Arc<dyn Clock>,
}

impl Live {
    /// Follows the log of this reader.
    #[must_use]
    pub fn new(reader: Arc<EventReader>, meters: Meters, clock: Arc<dyn Clock>) -> Self {
        Self { feed: Arc::new(Feed::new(Arc::clone(&reader))), reader, meters, clock }
    }

    /// The log as it is followed.
    #[must_use]
    pub fn feed(&self) -> &Arc<Feed> {
        &self.feed
    }

    /// A reading that begins now.
    pub(crate) fn reading(&self) -> Reading {
        Reading::new(Arc::clone(&self.reader), self.meters.clone(), self.clock.now())
    }

    fn of<'a>(context: &ResolverContext<'a>) -> Result<&'a Self> {
        context.ctx.data()
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("feed", &self.feed).finish_non_exhaustive()
    }
}
