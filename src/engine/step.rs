//! Pure decisions: what a superstep's writes add up to, and what is due next.
//!
//! Nothing here knows a clock, chance or I/O, so that an audit can derive every decision again.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    graph::{Graph, Reducer, RouteError},
    model::{Channels, CheckpointId, Digest, InterruptId, Namespace, TaskId, ThreadId},
};

/// Why writes could not be merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The graph has no such channel.
    #[error("'{0}' is not a channel of the graph")]
    UnknownChannel(String),
    /// Two tasks wrote a channel that holds one value.
    #[error("'{0}' was written by two tasks of one superstep; give it a reducer that combines them")]
    TwoWriters(String),
    /// A channel that is set once was given another value.
    #[error("'{0}' is set once and already holds another value")]
    SetOnce(String),
    /// A write has not the form the reducer needs.
    #[error("'{channel}' takes {expected}")]
    Form {
        /// The channel.
        channel: String,
        /// What it takes.
        expected: &'static str,
    },
    /// The state cannot be read as the graph's state type.
    #[error("the state does not fit the graph: {0}")]
    State(String),
}

/// Merges the writes of one superstep, given in task order, into `state`; tells which channels
/// were written.
///
/// # Errors
/// [`MergeError`]; the state is unchanged.
pub fn merge(
    graph: &Graph,
    state: &Channels,
    writes: &[Channels],
) -> Result<(Channels, BTreeSet<String>), MergeError> {
    let mut merged = state.clone();
    let mut written = BTreeSet::new();
    for patch in writes {
        for (name, value) in patch {
            let channel = graph
                .channel(name)
                .ok_or_else(|| MergeError::UnknownChannel(name.clone()))?;
            let fresh = written.insert(name.clone());
            let empty = || channel.empty(graph.defaults().get(name));
            let current = merged.entry(name.clone()).or_insert_with(empty);
            match channel.reducer {
                Reducer::Replace if !fresh => return Err(MergeError::TwoWriters(name.clone())),
                Reducer::Replace => *current = value.clone(),
                Reducer::Append => match (current, value) {
                    (Value::Array(items), Value::Array(new)) => items.extend(new.iter().cloned()),
                    _ => {
                        return Err(MergeError::Form {
                            channel: name.clone(),
                            expected: "an array",
                        });
                    }
                },
                Reducer::Merge => match (current, value) {
                    (Value::Object(map), Value::Object(new)) => {
                        map.extend(new.iter().map(|(key, value)| (key.clone(), value.clone())));
                    }
                    _ => {
                        return Err(MergeError::Form {
                            channel: name.clone(),
                            expected: "an object",
                        });
                    }
                },
                Reducer::SetOnce if current.is_null() || current == value => *current = value.clone(),
                Reducer::SetOnce => return Err(MergeError::SetOnce(name.clone())),
            }
        }
    }
    graph
        .check(&merged)
        .map_err(|error| MergeError::State(error.to_string()))?;
    Ok((merged, written))
}

/// A task before it has an id: its node and its argument.
pub type Due = (String, Option<Value>);

/// What is due after `finished` (in task order, or [`START`](crate::graph::START)) on the merged `state`: each node
/// once, each fan-out order on its own.
///
/// # Errors
/// [`RouteError`].
pub fn next<'a>(
    graph: &Graph,
    state: &Channels,
    finished: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Due>, RouteError> {
    let mut due: Vec<Due> = Vec::new();
    for from in finished {
        for (node, argument) in graph.route(from, state)? {
            if argument.is_some() || !due.iter().any(|(other, sent)| *other == node && sent.is_none()) {
                due.push((node, argument));
            }
        }
    }
    Ok(due)
}

/// What is due once someone steers a thread to `due` from outside: whatever stands behind the hold
/// point goes back to its entry.
pub fn held(graph: &Graph, due: Vec<Due>) -> Vec<Due> {
    let Some(hold) = graph.hold_point() else {
        return due;
    };
    let mut kept: Vec<Due> = Vec::new();
    for (node, argument) in due {
        let (node, argument) = if hold.behind.contains(&node) {
            (hold.entry.clone(), None)
        } else {
            (node, argument)
        };
        if argument.is_some() || !kept.iter().any(|(other, sent)| *other == node && sent.is_none()) {
            kept.push((node, argument));
        }
    }
    kept
}

/// What a superstep comes to when a task of it must pass the hold point again: what finished tasks
/// wrote stays and leads on, unfinished ones stay due, and whatever then stands behind the hold
/// point goes back to its entry, which is due in any case. Tasks come with what they wrote, if they
/// finished.
///
/// # Errors
/// [`MergeError`]; a branch that can't be evaluated is one of [`MergeError::State`].
pub fn back(
    graph: &Graph,
    state: &Channels,
    tasks: Vec<(Due, Option<Channels>)>,
) -> Result<(Channels, BTreeSet<String>, Vec<Due>), MergeError> {
    let writes: Vec<Channels> = tasks.iter().filter_map(|(_, writes)| writes.clone()).collect();
    let (merged, written) = merge(graph, state, &writes)?;
    let finished = tasks.iter().filter(|(_, writes)| writes.is_some());
    let mut due = next(graph, &merged, finished.map(|((node, _), _)| node.as_str()))
        .map_err(|error| MergeError::State(error.to_string()))?;
    let unfinished = tasks.into_iter().filter(|(_, writes)| writes.is_none());
    due.extend(unfinished.map(|(task, _)| task));
    if let Some(hold) = graph.hold_point() {
        due.push((hold.entry.clone(), None));
    }
    Ok((merged, written, held(graph, due)))
}

/// The id of the task that stands at `index` of what is due on a checkpoint.
pub fn task_id(
    thread: ThreadId,
    namespace: &Namespace,
    checkpoint: CheckpointId,
    index: usize,
    node: &str,
) -> TaskId {
    let index = (index as u64).to_le_bytes();
    TaskId::derive(&[
        thread.0.as_bytes(),
        namespace.0.as_bytes(),
        checkpoint.0.as_bytes(),
        &index,
        node.as_bytes(),
    ])
}

/// The id of a task's question: it covers the question's digest, so that another question is
/// another interrupt.
pub fn interrupt_id(
    thread: ThreadId,
    checkpoint: CheckpointId,
    task: TaskId,
    ordinal: u32,
    question: Digest,
) -> InterruptId {
    InterruptId::derive(&[
        thread.0.as_bytes(),
        checkpoint.0.as_bytes(),
        task.as_bytes(),
        &ordinal.to_le_bytes(),
        &question.0,
    ])
}
