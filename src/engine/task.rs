//! One node's turn: its attempts, its time limit, its cancellation.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    graph::{
        Action, Context, EffectStart, EffectState, Journal, JournalError, NodeClass, NodeError, NodeSpec,
        Question, TaskInfo,
    },
    model::{Channels, Clock, ErrorClass, Event, Settlement},
};

use super::journal::TaskJournal;

/// How long a node may take to notice that it is cancelled before it is dropped.
const GRACE: Duration = Duration::from_secs(10);

/// How a task ended.
#[derive(Debug)]
pub(super) enum TaskEnd {
    /// With writes.
    Finished { writes: Channels, attempts: u32 },
    /// With a question.
    Asked { ordinal: u32, question: Question },
    /// With a question of a graph below it, which is already noted.
    Waiting,
    /// An effect was started and its end is not known.
    Unknown { effect: String, reason: String },
    /// It needs a new decision.
    Return { reason: String },
    /// It failed for good.
    Failed { error: NodeError, attempts: u32 },
    /// It was cancelled before it did anything that counts.
    Cancelled,
}

/// One attempt's worth of what a task needs.
pub(super) struct Turn {
    pub(super) spec: NodeSpec,
    pub(super) info: TaskInfo,
    pub(super) state: Channels,
    pub(super) argument: Option<Value>,
    /// Whether the node stands behind a hold point.
    pub(super) held: bool,
    pub(super) journal: Arc<TaskJournal>,
    pub(super) cancel: CancellationToken,
    pub(super) clock: Clock,
    pub(super) tell: Arc<dyn Fn(Event) + Send + Sync>,
}

/// Runs a node until it ends: attempts, waits between them, time limit, cancellation.
pub(super) async fn run(action: Arc<dyn Action>, mut turn: Turn) -> TaskEnd {
    loop {
        if turn.cancel.is_cancelled() {
            return TaskEnd::Cancelled;
        }
        let attempt = turn.info.attempt;
        (turn.tell)(Event::TaskStarted {
            namespace: turn.info.namespace.clone(),
            task: turn.info.task,
            node: turn.info.node.clone(),
            attempt,
        });
        turn.journal.begin_attempt();
        let ended = attempt_once(&action, &turn).await;
        if let Some(effect) = turn.journal.open_effect() {
            // Whatever the node said: it started something that must not be started again.
            let reason = match ended {
                Ok(_) => "the node ended without it".into(),
                Err(NodeError::OutcomeUnknown(reason)) => reason,
                Err(NodeError::Cancelled) => "it was cancelled while it was going on".into(),
                Err(other) => other.to_string(),
            };
            return TaskEnd::Unknown { effect, reason };
        }
        // A question that was asked is asked, even if the node went on without its answer.
        if matches!(ended, Ok(_) | Err(NodeError::Interrupted))
            && let Some((ordinal, question)) = turn.journal.question()
        {
            return TaskEnd::Asked { ordinal, question };
        }
        let error = match ended {
            Ok(writes) => {
                return TaskEnd::Finished {
                    writes,
                    attempts: attempt,
                };
            }
            Err(error) => error,
        };
        match error {
            NodeError::Interrupted => {
                return TaskEnd::Failed {
                    error: NodeError::failed(
                        ErrorClass::Internal,
                        "no_question",
                        "the node ended as interrupted but asked nothing",
                    ),
                    attempts: attempt,
                };
            }
            NodeError::ReturnToHoldPoint(reason) => return TaskEnd::Return { reason },
            NodeError::Cancelled if turn.cancel.is_cancelled() => return TaskEnd::Cancelled,
            NodeError::Failed(failure) => {
                let error = NodeError::Failed(failure.clone());
                let wait = (!turn.journal.has_started())
                    .then(|| {
                        turn.spec
                            .retry
                            .wait(attempt, failure.class, failure.retry_after, random())
                    })
                    .flatten();
                (turn.tell)(Event::TaskFailed {
                    namespace: turn.info.namespace.clone(),
                    task: turn.info.task,
                    node: turn.info.node.clone(),
                    failure: error.to_failure(&turn.info.node, attempt),
                    retry_in_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
                });
                let Some(wait) = wait else {
                    return TaskEnd::Failed {
                        error,
                        attempts: attempt,
                    };
                };
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = turn.cancel.cancelled() => return TaskEnd::Cancelled,
                }
                turn.info.attempt += 1;
            }
            other => {
                return TaskEnd::Failed {
                    error: other,
                    attempts: attempt,
                };
            }
        }
    }
}

/// A number in 0..1 for the jitter of waits; it decides nothing that is recorded.
fn random() -> f64 {
    f64::from(uuid::Uuid::new_v4().as_fields().0) / f64::from(u32::MAX)
}

/// One attempt under its time limit. A node that is cancelled gets time to end its children; one
/// that doesn't is dropped.
async fn attempt_once(action: &Arc<dyn Action>, turn: &Turn) -> Result<Channels, NodeError> {
    let cancel = turn.cancel.child_token();
    let journal: Arc<dyn Journal> = turn.journal.clone();
    let context = Context::new(
        turn.info.clone(),
        turn.argument.clone(),
        journal,
        cancel.clone(),
        turn.clock.clone(),
    );
    let work = async {
        match turn.spec.class {
            NodeClass::Effect => effect(action, turn, context).await,
            _ => action.run(turn.state.clone(), context).await,
        }
    };
    let mut work = std::pin::pin!(AssertUnwindSafe(work).catch_unwind());
    let limit = async {
        match turn.spec.timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let panicked = |_| {
        Err(NodeError::failed(
            ErrorClass::Internal,
            "node_panicked",
            format!("the node '{}' panicked", turn.info.node),
        ))
    };
    let timed_out = tokio::select! {
        result = &mut work => return result.unwrap_or_else(panicked),
        () = limit => true,
        () = turn.cancel.cancelled() => false,
    };
    cancel.cancel();
    let ended = tokio::time::timeout(GRACE, &mut work).await;
    match (ended, timed_out) {
        // What was done in spite of the cancellation was done.
        (Ok(Ok(Ok(writes))), _) => Ok(writes),
        (Ok(Ok(Err(error @ NodeError::OutcomeUnknown(_)))), _) => Err(error),
        (_, true) => {
            let limit = turn.spec.timeout.unwrap_or_default().as_secs_f64();
            let message = format!("the node '{}' took longer than {limit} s", turn.info.node);
            Err(NodeError::failed(ErrorClass::Timeout, "node_timeout", message))
        }
        (_, false) => Err(NodeError::Cancelled),
    }
}

/// Runs a whole node as one effect.
async fn effect(action: &Arc<dyn Action>, turn: &Turn, context: Context) -> Result<Channels, NodeError> {
    let mut round = 0;
    let name = loop {
        let name = if round == 0 {
            turn.info.node.clone()
        } else {
            format!("{}#{round}", turn.info.node)
        };
        match turn.journal.effect(&name).await {
            EffectState::Fresh => break name,
            EffectState::Started => {
                return Err(NodeError::OutcomeUnknown(
                    "the process ended while it was going on".into(),
                ));
            }
            EffectState::Finished(value) => return Ok(serde_json::from_value(value)?),
            EffectState::Settled(settled) => match settled.settlement {
                Settlement::Done => return Ok(Channels::new()),
                Settlement::Failed => {
                    let message = settled
                        .note
                        .unwrap_or_else(|| format!("{} settled it as failed", settled.by.name));
                    return Err(NodeError::failed(ErrorClass::Refused, "effect_failed", message));
                }
                Settlement::AskAgain if turn.held => {
                    let reason = format!("{} wants it asked again", settled.by.name);
                    return Err(NodeError::ReturnToHoldPoint(reason));
                }
                Settlement::AskAgain => round += 1,
            },
        }
    };
    let start = EffectStart {
        grant: None,
        facts: json!({ "node": turn.info.node }),
    };
    turn.journal
        .start(&name, start)
        .await
        .map_err(|error| match error {
            JournalError::Refused(reason) => NodeError::ReturnToHoldPoint(reason),
            other => NodeError::failed(ErrorClass::Storage, "journal", other.to_string()),
        })?;
    let writes = action.run(turn.state.clone(), context).await?;
    let value = serde_json::to_value(&writes)?;
    turn.journal
        .finish(&name, &value)
        .await
        .map_err(|error| NodeError::OutcomeUnknown(format!("its result could not be kept: {error}")))?;
    Ok(writes)
}
