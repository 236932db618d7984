//! A checkpoint: the state of one graph after one superstep, and what is due next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{CheckpointId, Digest, RunId, TaskId, ValueRef};

/// Which graph of a thread a checkpoint belongs to: empty for the thread's own graph,
/// `node:task` joined by `|` for graphs that are nodes of others.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Namespace(pub String);

impl Namespace {
    /// The namespace of the thread's own graph.
    pub fn root() -> Self {
        Self::default()
    }

    /// The namespace of the graph that `node` runs as `task`.
    pub fn child(&self, node: &str, task: &TaskId) -> Self {
        if self.0.is_empty() {
            Self(format!("{node}:{task}"))
        } else {
            Self(format!("{}|{node}:{task}", self.0))
        }
    }

    /// Whether this is `other` or a namespace below it.
    pub fn is_within(&self, other: &Namespace) -> bool {
        other.0.is_empty() || self == other || self.0.starts_with(&format!("{}|", other.0))
    }
}

/// What made a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// New input.
    Input,
    /// A superstep.
    Loop,
    /// `update_state`, or the `update` and `goto` of a command.
    Update,
    /// A fork from an earlier checkpoint or another thread.
    Fork,
    /// The engine sent the thread back to the entry of its hold point.
    Return,
}

/// Which graph, in which shape, made a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphVersion {
    /// The graph's name.
    pub name: String,
    /// A digest of its nodes, edges and channels.
    pub digest: Digest,
    /// The version of its state.
    pub state_version: u32,
}

/// A task that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedTask {
    /// The task's id.
    pub id: TaskId,
    /// The node to run.
    pub node: String,
    /// The argument of a fan-out task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argument: Option<ValueRef>,
}

/// The state of one graph after one superstep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The version of this record's form.
    pub format: u16,
    /// The checkpoint's id.
    pub id: CheckpointId,
    /// The graph it belongs to.
    #[serde(default)]
    pub namespace: Namespace,
    /// The checkpoint it follows.
    pub parent: Option<CheckpointId>,
    /// The superstep's number, counted from the thread's first input (-1 for an input).
    pub step: i64,
    /// What made it.
    pub source: Source,
    /// The graph that made it.
    pub graph: GraphVersion,
    /// The run that made it.
    pub run: RunId,
    /// The state: each channel's stored value. A channel never written is absent.
    pub channels: BTreeMap<String, ValueRef>,
    /// What is due next; empty when the graph has come to its end.
    pub tasks: Vec<PlannedTask>,
}

impl Checkpoint {
    /// The form this program writes.
    pub const FORMAT: u16 = 1;
}
