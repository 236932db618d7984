//! Nodes: what a graph does.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::{
    Actor, Answering, Channels, ErrorClass, Failure, Grant, Interrupt, InterruptKind, Settlement, Timestamp,
};

use super::{Context, Patch, State};

/// What running a node does to the outside world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeClass {
    /// Nothing: its verdict follows from the state alone, and an audit derives it again.
    Pure,
    /// Something that may be done again.
    Io,
    /// Something that must be done at most once. Its start is on disk before it runs; if its end
    /// isn't known, a human settles it.
    Effect,
}

/// A question to the outside.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// What is asked, as JSON.
    pub value: Value,
    /// When it can no longer be answered.
    pub expires_at: Option<Timestamp>,
}

/// Why a node came to no result.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It asked a question; the engine keeps it and ends the task.
    #[error("the node waits for an answer")]
    Interrupted,
    /// It started an effect whose end is not known.
    #[error("the outcome is unknown: {0}")]
    OutcomeUnknown(String),
    /// What it is about to do needs a new decision: the thread goes back to the entry of its hold point.
    #[error("the hold point must be passed again: {0}")]
    ReturnToHoldPoint(String),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// It failed.
    #[error("{}", .0.message)]
    Failed(Box<NodeFailure>),
}

/// How a node failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFailure {
    /// A stable code.
    pub code: String,
    /// The class, which the retry policy looks at.
    pub class: ErrorClass,
    /// What happened.
    pub message: String,
    /// When to try again, if the other side said so.
    pub retry_after: Option<Duration>,
}

impl NodeError {
    /// A failure with a stable code.
    pub fn failed(class: ErrorClass, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Failed(Box::new(NodeFailure {
            code: code.into(),
            class,
            message: message.into(),
            retry_after: None,
        }))
    }

    /// The same failure, to be tried again no sooner than `wait`.
    #[must_use]
    pub fn retry_after(mut self, wait: Option<Duration>) -> Self {
        if let Self::Failed(failure) = &mut self {
            failure.retry_after = wait;
        }
        self
    }

    /// The error as the trail keeps it.
    pub fn to_failure(&self, node: &str, attempts: u32) -> Failure {
        let (class, code) = match self {
            Self::Failed(failure) => (failure.class, failure.code.clone()),
            Self::Cancelled => (ErrorClass::Refused, "cancelled".to_owned()),
            _ => (ErrorClass::Internal, "internal".to_owned()),
        };
        Failure {
            code,
            class,
            message: self.to_string(),
            node: Some(node.to_owned()),
            attempts,
        }
    }
}

impl From<serde_json::Error> for NodeError {
    fn from(error: serde_json::Error) -> Self {
        Self::failed(
            ErrorClass::Internal,
            "state_form",
            format!("the state has not the expected form: {error}"),
        )
    }
}

/// When and how often a failed node is run again.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// Which failures are retried.
    pub classes: Vec<ErrorClass>,
    /// How many attempts are made in all, at least one.
    pub max_attempts: u32,
    /// The wait before the second attempt.
    pub initial: Duration,
    /// By how much each wait is longer than the one before.
    pub factor: f64,
    /// The longest wait; where the other side asks for a longer one there is no other attempt.
    pub max: Duration,
    /// Whether waits are shortened by a random part of up to half.
    pub jitter: bool,
}

impl RetryPolicy {
    /// One attempt.
    pub fn never() -> Self {
        Self {
            max_attempts: 1,
            ..Self::transient(1)
        }
    }

    /// `max_attempts` attempts for transient failures, from half a second, doubling, up to a minute.
    pub fn transient(max_attempts: u32) -> Self {
        Self {
            classes: vec![ErrorClass::Transient],
            max_attempts,
            initial: Duration::from_millis(500),
            factor: 2.0,
            max: Duration::from_secs(60),
            jitter: true,
        }
    }

    /// How long to wait after attempt number `attempt` (from 1) failed; `None` if there is no other.
    /// `random` in 0..1 shortens the wait.
    pub fn wait(
        &self,
        attempt: u32,
        class: ErrorClass,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<Duration> {
        if attempt >= self.max_attempts || !self.classes.contains(&class) {
            return None;
        }
        if let Some(asked) = asked {
            return (asked <= self.max).then_some(asked);
        }
        let exponent = i32::try_from(attempt - 1).unwrap_or(i32::MAX);
        let seconds = (self.initial.as_secs_f64() * self.factor.powi(exponent)).min(self.max.as_secs_f64());
        let part = if self.jitter {
            1.0 - random.clamp(0.0, 1.0) / 2.0
        } else {
            1.0
        };
        Some(Duration::from_secs_f64((seconds * part).max(0.0)))
    }
}

/// An answer as the asking node took it up.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accepted {
    /// The answer the node will get, in its normal form.
    pub value: Value,
    /// What is kept beside the answer in the trail.
    pub facts: Value,
    /// The permission that comes with it.
    pub grant: Option<Grant>,
    /// Under whose name the trail keeps it; `None` for whoever answered.
    pub by: Option<Actor>,
    /// Whether it only counts towards the question's end: the question then stays pending.
    pub counts: bool,
    /// By which means it changes what is asked about, if it does: whoever gave it then asks too.
    pub authored: Option<&'static str>,
}

/// Why an answer was not accepted; the question stays pending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AnswerRefused {
    /// A stable code.
    pub code: String,
    /// What was wrong and what was expected.
    pub message: String,
}

/// A node of a graph with state `S`: an async function, or a struct with what it needs.
#[async_trait]
pub trait Node<S: State>: std::marker::Send + Sync + 'static {
    /// Does the node's work on a snapshot of the state.
    ///
    /// # Errors
    /// See [`NodeError`].
    async fn run(&self, state: S, context: Context) -> Result<S::Patch, NodeError>;

    /// Takes up an answer to a question this node asked, or says what is wrong with it. It may look at the
    /// outside, for as long as whoever answers can be kept waiting.
    ///
    /// # Errors
    /// [`AnswerRefused`]: nothing is recorded and the question stays pending.
    async fn accept(
        &self,
        interrupt: &Interrupt,
        question: &Value,
        answer: Value,
        answering: &Answering<'_>,
    ) -> Result<Accepted, AnswerRefused> {
        let _ = (question, answering);
        accept_any(interrupt.kind, answer)
    }

    /// The question a human is asked when an effect of this node was started and its end is not known.
    fn outcome_unknown(&self, effect: &str, facts: &Value, reason: &str) -> Value {
        json!({ "type": "outcome_unknown", "effect": effect, "reason": reason, "facts": facts,
                "answers": ["done", "failed", "ask_again"] })
    }
}

/// The answers every node accepts: anything but `null` to a question, a settlement to an unknown outcome.
pub fn accept_any(kind: InterruptKind, answer: Value) -> Result<Accepted, AnswerRefused> {
    let refused = |message: &str| AnswerRefused {
        code: "invalid_answer".into(),
        message: message.into(),
    };
    match kind {
        InterruptKind::Question if answer.is_null() => Err(refused("an answer must not be null")),
        InterruptKind::Question => Ok(Accepted {
            value: answer,
            ..Accepted::default()
        }),
        InterruptKind::OutcomeUnknown => {
            let word = answer
                .get("settlement")
                .cloned()
                .unwrap_or_else(|| answer.clone());
            serde_json::from_value::<Settlement>(word)
                .map_err(|_| refused("expected {\"settlement\": \"done\" | \"failed\" | \"ask_again\"}"))
                .map(|settlement| Accepted {
                    value: json!({ "settlement": settlement, "note": answer.get("note") }),
                    ..Accepted::default()
                })
        }
    }
}

#[async_trait]
impl<S, F, Fut> Node<S> for F
where
    S: State,
    F: Fn(S, Context) -> Fut + std::marker::Send + Sync + 'static,
    Fut: Future<Output = Result<S::Patch, NodeError>> + std::marker::Send,
{
    async fn run(&self, state: S, context: Context) -> Result<S::Patch, NodeError> {
        self(state, context).await
    }
}

/// The future of an erased node.
pub type ActionFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Channels, NodeError>> + std::marker::Send + 'a>>;

/// The future of an erased node that takes up an answer.
pub type AcceptFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Accepted, AnswerRefused>> + std::marker::Send + 'a>>;

/// A node as the engine sees it: JSON in, JSON out.
pub trait Action: std::marker::Send + Sync {
    /// See [`Node::run`].
    fn run<'a>(&'a self, state: Channels, context: Context) -> ActionFuture<'a>;
    /// See [`Node::accept`].
    fn accept<'a>(
        &'a self,
        interrupt: &'a Interrupt,
        question: &'a Value,
        answer: Value,
        answering: &'a Answering<'a>,
    ) -> AcceptFuture<'a>;
    /// See [`Node::outcome_unknown`].
    fn outcome_unknown(&self, effect: &str, facts: &Value, reason: &str) -> Value;
}

struct Typed<S, N>(N, std::marker::PhantomData<fn() -> S>);

impl<S: State, N: Node<S>> Action for Typed<S, N> {
    fn run<'a>(&'a self, state: Channels, context: Context) -> ActionFuture<'a> {
        Box::pin(async move {
            let state: S = typed(state)?;
            Ok(self.0.run(state, context).await?.into_channels()?)
        })
    }

    fn accept<'a>(
        &'a self,
        interrupt: &'a Interrupt,
        question: &'a Value,
        answer: Value,
        answering: &'a Answering<'a>,
    ) -> AcceptFuture<'a> {
        self.0.accept(interrupt, question, answer, answering)
    }

    fn outcome_unknown(&self, effect: &str, facts: &Value, reason: &str) -> Value {
        self.0.outcome_unknown(effect, facts, reason)
    }
}

/// Erases a node's types.
pub(super) fn erase<S: State>(node: impl Node<S>) -> Arc<dyn Action> {
    Arc::new(Typed(node, std::marker::PhantomData))
}

/// Reads a typed state out of channels.
pub(super) fn typed<S: State>(channels: Channels) -> Result<S, serde_json::Error> {
    serde_json::from_value(Value::Object(channels.into_iter().collect()))
}
