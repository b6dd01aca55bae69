//! One operation as a stream of results, whatever carries it: a subscription's messages, or the one answer of a query.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::Response as Answer;
use async_graphql::parser::types::OperationType;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use crate::body::Parameters;
use crate::door::Door;
use crate::execution::Execution;
use crate::graphql::{self, Asking, Checked, Executed};
use crate::processing::{self, Concerned, Noted, Settled};
use crate::refusal::Refusal;
use crate::subscriptions::Subscriptions;

/// The longest that is slept at once; a token that is valid for longer is looked at again.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// Of how many messages of a stream, at most, it is written down together whose data they hold: as many as are ready, so
/// that who catches up waits for one commit and not for one of each.
const TOGETHER: usize = 32;

/// What an operation tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// A result, as JSON, and where the operation can be taken up again once it was received.
    Next { result: String, after: Option<String> },
    /// The operation was refused, or has failed: these errors, and nothing after them.
    Failed(Vec<Value>),
}

impl Told {
    /// A refusal, counted.
    pub(crate) fn refused(door: &Door, refusal: &Refusal, after: Option<&str>) -> Self {
        door.metrics.http.told(refusal.code().as_str());
        Self::Failed(refusal.told(after))
    }
}

/// What an operation tells, from beginning to end.
///
/// # Errors
/// What is wrong with it before anything is executed.
pub(crate) fn operation(
    door: &Arc<Door>,
    subscriptions: &Subscriptions,
    parameters: Parameters,
    asking: Asking,
) -> Result<(OperationType, BoxStream<'static, Told>), Refusal> {
    let checked = graphql::checked(door, parameters, asking)?;
    let kind = checked.root.kind;
    let door = Arc::clone(door);
    if kind == OperationType::Subscription {
        return Ok((kind, messages(door, subscriptions, checked)));
    }
    let answered = async move {
        let executed = async {
            let _place = door.load.enter()?;
            graphql::run(&door, checked).await
        };
        match executed.await {
            Ok(executed) => told(&door, executed, None),
            Err(refusal) => Told::refused(&door, &refusal, None),
        }
    };
    Ok((kind, futures::stream::once(answered).boxed()))
}

fn messages(door: Arc<Door>, subscriptions: &Subscriptions, checked: Checked) -> BoxStream<'static, Told> {
    let Checked { mut request, concerned, .. } = checked;
    if let Some(prepare) = &door.prepare {
        request = prepare(request);
    }
    let execution = Arc::new(Execution::default());
    let request = request.data(Arc::clone(&execution)).data(subscriptions.each.clone());
    let answers = (door.schema)().execute_stream(request);
    let mut before: Option<String> = None;
    let (at, of) = (Arc::clone(&door), concerned.clone());
    let tell = move |mut answer: Answer| {
        let after = before.clone();
        let told = if execution.settle_message(&mut answer) {
            before = execution.resumes_after();
            told(&at, Executed { answer, began: true }, before.clone())
        } else {
            failed(&at, answer, execution.began(), after.as_deref())
        };
        Message { told, after, noted: of.as_ref().map(|concerned| concerned.take()).unwrap_or_default() }
    };
    let record = move |messages: Vec<Message>| {
        let (door, concerned) = (Arc::clone(&door), concerned.clone());
        async move { recorded(&door, concerned.as_deref(), messages).await }
    };
    answers.map(tell).ready_chunks(TOGETHER).then(record).flat_map(futures::stream::iter).boxed()
}

/// A message of a subscription.
struct Message {
    told: Told,
    /// Where the message before it left off.
    after: Option<String>,
    /// Whose data it holds.
    noted: Vec<Noted>,
}

/// The messages, which may leave now that it is written down whose data they hold; or, where it cannot be, that they are
/// withheld, which is told to who subscribes again after the one before them.
async fn recorded(door: &Door, concerned: Option<&Concerned>, mut messages: Vec<Message>) -> Vec<Told> {
    let noted = messages.iter_mut().flat_map(|message| std::mem::take(&mut message.noted)).collect();
    let written = match concerned {
        Some(concerned) => processing::settle(&*door.clock, concerned, noted, Settled::Messages).await,
        None => Ok(()),
    };
    match written {
        Ok(()) => messages.into_iter().map(|message| message.told).collect(),
        Err(refusal) => {
            let after = messages.first().and_then(|message| message.after.as_deref());
            vec![Told::refused(door, &refusal, after)]
        }
    }
}

fn told(door: &Door, executed: Executed, after: Option<String>) -> Told {
    if !executed.began {
        return failed(door, executed.answer, false, None);
    }
    match graphql::written(door, executed) {
        Ok(result) => Told::Next { result, after },
        Err(refusal) => Told::refused(door, &refusal, after.as_deref()),
    }
}

/// Errors that end an operation; of one that had begun with where to take it up again.
fn failed(door: &Door, mut answer: Answer, began: bool, after: Option<&str>) -> Told {
    graphql::tell(door, &mut answer, began);
    let mut errors: Vec<Value> = answer.errors.iter().map(|error| json!(error)).collect();
    if let Some(after) = after {
        errors.iter_mut().for_each(|error| error["extensions"]["after"] = json!(after));
    }
    Told::Failed(errors)
}

/// Completes once a token is accepted no more.
pub(crate) async fn expiry(door: &Door, ends: DateTime<Utc>) {
    while let Ok(left) = (ends - door.clock.now()).to_std()
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LONG)).await;
    }
}
