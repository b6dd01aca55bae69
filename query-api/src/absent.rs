//! Objects that are not there, in a list of objects.
//!
//! The library takes every item of a list of objects for an object. Here the place of an absent one is noted when the list is made, and answered with null when it comes to be resolved.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{QueryPathNode, QueryPathSegment, ServerResult, Value};

/// The places of a request's absent items, such as `personen.3`.
#[derive(Debug, Default)]
pub(crate) struct Absent(Mutex<HashSet<String>>);

impl Absent {
    /// Notes that the list at `path` has nothing at `index`.
    pub(crate) fn note(&self, path: &QueryPathNode<'_>, index: usize) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(format!("{path}.{index}"));
    }

    fn holds(&self, path: &QueryPathNode<'_>) -> bool {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !places.is_empty() && places.contains(&path.to_string())
    }
}

/// Answers absent items with null.
pub(crate) struct AbsentIsNull;

impl ExtensionFactory for AbsentIsNull {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_graphql::async_trait::async_trait]
impl Extension for AbsentIsNull {
    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let item = matches!(info.path_node.segment, QueryPathSegment::Index(_));
        if item
            && context
                .data_opt::<Absent>()
                .is_some_and(|absent| absent.holds(info.path_node))
        {
            return Ok(None);
        }
        next.run(context, info).await
    }
}
