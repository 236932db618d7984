//! What a run tells while it goes on.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Channels, Checkpoint, Failure, Interrupt, Namespace, Outcome, RunId, TaskId, ThreadId};

/// One event of a run. State events tell what is on disk, or is about to be under `async` and
/// `exit` durability; `Custom` and `Message` come straight from a node and are not kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A run began.
    RunStarted {
        /// The thread.
        thread: ThreadId,
        /// The run.
        run: RunId,
    },
    /// A task began.
    TaskStarted {
        /// The graph.
        namespace: Namespace,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// The attempt, from 1.
        attempt: u32,
    },
    /// A task ended and wrote this.
    TaskFinished {
        /// The graph.
        namespace: Namespace,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// What it wrote.
        writes: Channels,
    },
    /// A task's attempt failed; another follows after `retry_in_ms` milliseconds, if given.
    TaskFailed {
        /// The graph.
        namespace: Namespace,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// The failure.
        failure: Failure,
        /// When the next attempt starts, in milliseconds.
        retry_in_ms: Option<u64>,
    },
    /// A checkpoint was made.
    Checkpoint {
        /// The checkpoint.
        checkpoint: Box<Checkpoint>,
        /// The state it holds.
        values: Channels,
    },
    /// A question is asked.
    Interrupted {
        /// The interrupt.
        interrupt: Box<Interrupt>,
        /// The question.
        question: Value,
    },
    /// A node tells something of its own.
    Custom {
        /// The graph.
        namespace: Namespace,
        /// The node.
        node: String,
        /// What it tells.
        value: Value,
    },
    /// A piece of a model's message.
    Message {
        /// The graph.
        namespace: Namespace,
        /// The node.
        node: String,
        /// The piece.
        text: String,
    },
    /// The run ended.
    RunFinished {
        /// The run.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
}
