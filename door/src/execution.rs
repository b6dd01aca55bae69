//! What the library leaves undone when a field fails.
//!
//! GraphQL wants an error with its path, null in place of the field, and null for each parent that may not have one.
//! The library's dynamic schemas leave the field out instead, without a path, and let every parent stand.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_graphql::dynamic::ResolverContext;
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextExecute, NextResolve, ResolveInfo,
};
use async_graphql::indexmap::IndexMap;
use async_graphql::{
    Data, PathSegment, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value,
    async_trait,
};

/// Says that the items at these places of the list that a resolver returns are null.
///
/// The library takes any item of a list of objects for an object, `FieldValue::NULL` too.
pub fn absent_items(context: &ResolverContext<'_>, places: impl IntoIterator<Item = usize>) {
    let (Some(execution), Some(list)) = (context.ctx.data_opt::<Arc<Execution>>(), &context.ctx.path_node)
    else {
        return;
    };
    execution.state().absent.extend(places.into_iter().map(|place| format!("{list}.{place}")));
}

/// Says where a subscription can be taken up again once its next message was given.
pub fn resumes_after(context: &ResolverContext<'_>, cursor: impl Into<String>) {
    if let Some(execution) = context.ctx.data_opt::<Arc<Execution>>() {
        execution.state().resumes_after = Some(cursor.into());
    }
}

/// Makes the data that one message of a subscription is computed with.
#[derive(Clone)]
pub(crate) struct EachMessage(pub(crate) Arc<dyn Fn() -> Data + Send + Sync>);

/// What happens in one request's execution.
#[derive(Debug, Default)]
pub(crate) struct Execution {
    began: AtomicBool,
    state: Mutex<State>,
    /// Whether the present message of a subscription was executed, rather than the end of its source.
    message: AtomicBool,
}

/// Paths are written as `person.names.0`; the root is the empty one.
#[derive(Debug, Default)]
struct State {
    errors: Vec<ServerError>,
    /// What must become null, as something in it is that may not be.
    nulled: HashSet<String>,
    absent: HashSet<String>,
    resumes_after: Option<String>,
}

impl Execution {
    /// Whether the request was executed, rather than refused before.
    pub(crate) fn began(&self) -> bool {
        self.began.load(Ordering::Relaxed)
    }

    /// Puts what was reported into the answer.
    pub(crate) fn settle(&self, response: &mut Response) {
        let mut state = self.state();
        response.errors.append(&mut state.errors);
        response.errors.sort_by(in_order);
        if state.nulled.contains("") {
            response.data = Value::Null;
        } else if response.data == Value::Null && response.errors.is_empty() {
            // All that was selected is skipped.
            response.data = Value::Object(IndexMap::new());
        }
    }

    /// Settles one message of a subscription, and forgets about it; whether it is one, and not why the source ended.
    pub(crate) fn settle_message(&self, response: &mut Response) -> bool {
        let executed = self.message.swap(false, Ordering::Relaxed);
        if executed {
            self.settle(response);
        }
        let mut state = self.state();
        let resumes_after = state.resumes_after.take();
        *state = State { resumes_after, ..State::default() };
        executed
    }

    /// Where a subscription can be taken up again.
    pub(crate) fn resumes_after(&self) -> Option<String> {
        self.state().resumes_after.clone()
    }

    /// A request is executed by one task, so nobody waits here, and a panic elsewhere has ended the request.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_absent(&self, path: &QueryPathNode<'_>) -> bool {
        let state = self.state();
        !state.absent.is_empty() && state.absent.contains(&path.to_string())
    }

    /// The value of a field or list item, given how resolving it ended.
    fn value(
        &self,
        path: &QueryPathNode<'_>,
        nullable: bool,
        outcome: ServerResult<Option<Value>>,
    ) -> Option<Value> {
        let mut state = self.state();
        let nulled = !state.nulled.is_empty() && state.nulled.remove(&path.to_string());
        let value = match outcome {
            Ok(value) if !nulled => value,
            Ok(_) => None,
            Err(error) => {
                let error =
                    if error.path.is_empty() { ServerError { path: segments(path), ..error } } else { error };
                state.errors.push(error);
                None
            }
        };
        if value.is_none() && !nullable {
            state.nulled.insert(path.parent.map(ToString::to_string).unwrap_or_default());
        }
        value
    }
}

fn segments(path: &QueryPathNode<'_>) -> Vec<PathSegment> {
    let mut segments = path.parent.map(segments).unwrap_or_default();
    segments.push(match path.segment {
        QueryPathSegment::Index(place) => PathSegment::Index(place),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    });
    segments
}

/// Errors come in the order of the document, and of the items of a list, whatever failed first.
fn in_order(one: &ServerError, other: &ServerError) -> std::cmp::Ordering {
    let place = |error: &ServerError| error.locations.first().map(|at| (at.line, at.column));
    let items = |error: &ServerError| -> Vec<usize> {
        let index = |segment: &PathSegment| match segment {
            PathSegment::Field(_) => None,
            PathSegment::Index(place) => Some(*place),
        };
        error.path.iter().filter_map(index).collect()
    };
    place(one).cmp(&place(other)).then_with(|| items(one).cmp(&items(other)))
}

/// Watches each field on behalf of the request's [`Execution`].
pub(crate) struct Watch;

impl ExtensionFactory for Watch {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for Watch {
    async fn execute(
        &self,
        context: &ExtensionContext<'_>,
        name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        if let Some(execution) = context.data_opt::<Arc<Execution>>() {
            execution.began.store(true, Ordering::Relaxed);
            execution.message.store(true, Ordering::Relaxed);
        }
        match context.data_opt::<EachMessage>() {
            Some(each) => next.run_with_data(context, name, (each.0)()).await,
            None => next.run(context, name).await,
        }
    }

    async fn resolve(
        &self,
        context: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let execution = context.data_opt::<Arc<Execution>>().filter(|_| !info.is_for_introspection);
        let Some(execution) = execution else {
            return next.run(context, info).await;
        };
        let (path, nullable) = (info.path_node, !info.return_type.ends_with('!'));
        if execution.is_absent(path) {
            return Ok(execution.value(path, nullable, Ok(None)));
        }
        let object = info.return_type.trim_end_matches('!');
        let outcome = next.run(context, info).await.map(|value| match value {
            // All that was selected of the object is skipped.
            Some(Value::Null) if is_object(context, object) => Some(Value::Object(IndexMap::new())),
            other => other,
        });
        Ok(execution.value(path, nullable, outcome))
    }
}

fn is_object(context: &ExtensionContext<'_>, name: &str) -> bool {
    context.schema_env.registry.types.get(name).is_some_and(|found| found.is_composite())
}
