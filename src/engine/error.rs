//! Why the engine did not do what was asked.

use crate::{
    graph::{AnswerRefused, UpcastError},
    model::{Answer, CheckpointId, InterruptId, Resolution, RunId, ThreadId, Timestamp},
    store::StoreError,
};

use super::MergeError;

/// Why the engine did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no such thread.
    #[error("there is no thread {0}")]
    UnknownThread(ThreadId),
    /// The thread exists already.
    #[error("the thread {0} exists already")]
    ThreadExists(ThreadId),
    /// The thread has no such checkpoint.
    #[error("the thread {thread} has no checkpoint {checkpoint}")]
    UnknownCheckpoint {
        /// The thread.
        thread: ThreadId,
        /// The checkpoint.
        checkpoint: CheckpointId,
    },
    /// The thread's graph is not registered here.
    #[error("there is no graph '{name}'; known are: {}", known.join(", "))]
    UnknownGraph {
        /// The graph.
        name: String,
        /// Those that are registered.
        known: Vec<String>,
    },
    /// The thread belongs to another graph.
    #[error("the thread {thread} runs the graph '{graph}', and cannot run '{wanted}' any more")]
    OtherGraph {
        /// The thread.
        thread: ThreadId,
        /// The graph it runs.
        graph: String,
        /// The graph that was asked for.
        wanted: String,
    },
    /// The graph has no such node.
    #[error("the graph '{graph}' has no node '{node}'")]
    UnknownNode {
        /// The graph.
        graph: String,
        /// The node.
        node: String,
    },
    /// A checkpoint was written by a newer program.
    #[error("the checkpoint {checkpoint} has form {format}, which is newer than this program")]
    NewerFormat {
        /// The checkpoint.
        checkpoint: CheckpointId,
        /// Its form.
        format: u16,
    },
    /// A state can't be brought up to date.
    #[error(transparent)]
    Upcast(#[from] UpcastError),
    /// The graph changed, and nodes that are due are gone.
    #[error("the graph '{graph}' changed while the thread waited: it no longer has {}", nodes.join(", "))]
    GraphChanged {
        /// The graph.
        graph: String,
        /// The nodes that are due and gone.
        nodes: Vec<String>,
    },
    /// A run owns the thread.
    #[error("the thread {thread} is busy with run {run}")]
    Busy {
        /// The thread.
        thread: ThreadId,
        /// The run.
        run: RunId,
    },
    /// Nothing is due on the thread.
    #[error("the thread {0} has nothing left to do")]
    NothingDue(ThreadId),
    /// The thread asks nothing.
    #[error("the thread {0} asks nothing")]
    NothingAsked(ThreadId),
    /// An answer without an id, where it could be meant for another question.
    #[error("the answer must name its interrupt: {reason}")]
    Ambiguous {
        /// Why.
        reason: String,
        /// The questions that are pending.
        pending: Vec<InterruptId>,
    },
    /// Nobody ever asked this.
    #[error("there is no interrupt {0}")]
    UnknownInterrupt(InterruptId),
    /// The question was answered, expired, cancelled or superseded before.
    #[error("the interrupt {} is no longer pending: {}", .0.interrupt, describe(.0))]
    Resolved(Box<Answer>),
    /// The question's time ran out.
    #[error("the interrupt {interrupt} expired at {at}")]
    Expired {
        /// The interrupt.
        interrupt: InterruptId,
        /// When.
        at: Timestamp,
    },
    /// The answer is not one; the question stays pending.
    #[error(transparent)]
    Answer(#[from] AnswerRefused),
    /// A rule of whoever asked the engine forbids a run on this thread.
    #[error(transparent)]
    NotAdmitted(AnswerRefused),
    /// An effect's outcome is unknown; a human must settle it before anything else.
    #[error("the outcome of a started effect is unknown on thread {thread}; settle it first")]
    MustSettle {
        /// The thread.
        thread: ThreadId,
    },
    /// The input or an update can't be written.
    #[error("the state cannot take this: {0}")]
    State(#[from] MergeError),
    /// A branch can't be evaluated.
    #[error(transparent)]
    Route(#[from] crate::graph::RouteError),
    /// Input or an update names a channel only nodes may write.
    #[error("the channel '{0}' is written by the graph alone")]
    Protected(String),
    /// A command contradicts itself.
    #[error("{0}")]
    Contradiction(String),
    /// A fault of the program itself.
    #[error("{0}")]
    Internal(String),
}

fn describe(answer: &Answer) -> String {
    match &answer.resolution {
        Resolution::Answered { .. } => format!("{} answered it at {}", answer.by.name, answer.at),
        Resolution::Expired => format!("it expired at {}", answer.at),
        Resolution::Cancelled { reason } => {
            format!("{} cancelled it at {} ({reason})", answer.by.name, answer.at)
        }
        Resolution::Superseded => format!("it was superseded at {}", answer.at),
    }
}
