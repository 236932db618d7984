//! Questions to the outside, and their answers.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Actor, CheckpointId, Digest, InterruptId, Namespace, TaskId, Timestamp, ValueRef};

/// What an interrupt asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterruptKind {
    /// A node's question.
    Question,
    /// An effect was started and nobody knows how it ended: a human settles it.
    OutcomeUnknown,
}

/// A task's question to the outside, asked once and stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupt {
    /// Covers thread, checkpoint, task, ordinal and the question's digest.
    pub id: InterruptId,
    /// What it asks for.
    pub kind: InterruptKind,
    /// The graph that asks.
    #[serde(default)]
    pub namespace: Namespace,
    /// The checkpoint on which it is asked.
    pub checkpoint: CheckpointId,
    /// The task that asks.
    pub task: TaskId,
    /// The node that asks.
    pub node: String,
    /// The number of this question within its task, from 0.
    pub ordinal: u32,
    /// The digest of the question's canonical JSON.
    pub digest: Digest,
    /// The stored question.
    pub question: ValueRef,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it can no longer be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// How a human settles an effect whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// It was done.
    Done,
    /// It was not done, or not done rightly.
    Failed,
    /// Put it before the gate again.
    AskAgain,
}

/// An answer that counts towards the end of a question without being it: one approval of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The interrupt.
    pub interrupt: InterruptId,
    /// Who gave it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// The answer, as the node that asked normalised it.
    pub value: Value,
    /// What the gate wants kept beside it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}

/// How an interrupt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Resolution {
    /// It was answered.
    Answered {
        /// The answer, as the node that asked normalised it.
        value: Value,
    },
    /// Its time ran out.
    Expired,
    /// New input, `goto` or a cancellation ended it.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// The state it was about changed; it was asked anew, or will be.
    Superseded,
}

/// The end of one interrupt, as the trail holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The interrupt.
    pub interrupt: InterruptId,
    /// The graph that asked.
    #[serde(default)]
    pub namespace: Namespace,
    /// The checkpoint on which it was asked.
    pub checkpoint: CheckpointId,
    /// The task that asked.
    pub task: TaskId,
    /// The number of the question within its task.
    pub ordinal: u32,
    /// How it ended.
    pub resolution: Resolution,
    /// Who ended it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// What the gate wants kept beside the answer: code hash, findings shown, policy version.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub facts: Value,
}
