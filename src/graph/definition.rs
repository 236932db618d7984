//! A graph as the engine sees it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};

use crate::model::{Channels, Digest, GraphVersion};

use super::{Action, Channel, END, NodeClass, Reducer, RetryPolicy, START};

/// What happens to the state of a thread when it gets new input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputPolicy {
    /// The state stays and the input is written over it.
    Keep,
    /// The state starts clean: nothing of the last run leaks in.
    Reset,
}

/// The place that work may not pass until someone has signed.
///
/// Nothing `behind` it is ever started by `goto`, `update_state`, a fork or a recovery: such a thread
/// goes back to `entry`, so that what is asked is asked about the state as it then is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldPoint {
    /// Where a thread goes back to.
    pub entry: String,
    /// The nodes behind it, the one that asks included.
    pub behind: BTreeSet<String>,
    /// Those of them that lead up to the question: a thread that has to ask again may run them, though they look
    /// at the outside.
    pub leading_up: BTreeSet<String>,
    /// The channel that takes the reason when a run goes back to the entry.
    pub reason: Option<String>,
}

impl HoldPoint {
    /// Notes in `state` why it goes back to the entry.
    pub fn note(&self, state: &mut Channels, reason: &str) {
        if let Some(channel) = &self.reason {
            state.insert(channel.clone(), Value::String(reason.to_owned()));
        }
    }

    /// Takes over into `state` the reason that `noted` tells, if it tells one.
    pub fn keep_note(&self, state: &mut Channels, noted: &Channels) {
        if let Some(channel) = &self.reason
            && let Some(reason @ Value::String(_)) = noted.get(channel)
        {
            state.insert(channel.clone(), reason.clone());
        }
    }

    /// Whether `channel` takes the reason.
    pub fn notes_in(&self, channel: &str) -> bool {
        self.reason.as_deref() == Some(channel)
    }
}

/// How a target is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EdgeKind {
    /// Always.
    Always,
    /// If the branch says so.
    Branch,
    /// Once for every item of a fan-out.
    FanOut,
}

/// One edge, for checks and drawings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// The node it leaves.
    pub from: String,
    /// The node it reaches.
    pub to: String,
    /// How the target is reached.
    pub kind: EdgeKind,
}

/// A fan-out's order: run `node` in the next superstep with `argument`.
#[derive(Debug, Clone, PartialEq)]
pub struct Send {
    /// The node.
    pub node: String,
    /// What it finds as [`Context::argument`](super::Context::argument).
    pub argument: Value,
}

impl Send {
    /// An order for `node`.
    pub fn to(node: impl Into<String>, argument: Value) -> Self {
        Self {
            node: node.into(),
            argument,
        }
    }
}

/// Why a branch could not be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The state has not the expected form.
    #[error("the branch behind '{from}' cannot read the state: {reason}")]
    State {
        /// The node it leaves.
        from: String,
        /// What doesn't fit.
        reason: String,
    },
    /// It leads to a node that is not among its targets.
    #[error("the branch behind '{from}' leads to '{to}', which is not among its targets")]
    Target {
        /// The node it leaves.
        from: String,
        /// The node it leads to.
        to: String,
    },
}

/// What a function of a fan-out or a branch gives: the tasks to run.
pub(super) type Choose =
    Arc<dyn Fn(&Channels) -> Result<Vec<Send>, serde_json::Error> + std::marker::Send + Sync>;

/// Where a node leads.
#[derive(Clone)]
pub(super) enum Exit {
    Always(String),
    Branch {
        targets: BTreeSet<String>,
        choose: Choose,
    },
    FanOut {
        targets: BTreeSet<String>,
        choose: Choose,
    },
}

/// A state of an older shape could not be brought into the present one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the state of version {version} cannot be brought up to date: {reason}")]
pub struct UpcastError {
    /// The version it has.
    pub version: u32,
    /// What doesn't fit.
    pub reason: String,
}

/// Brings a state of one version into the shape of the next.
pub(super) type Upcast = fn(Channels) -> Result<Channels, UpcastError>;
type Translate = Arc<dyn Fn(Channels) -> Result<Channels, serde_json::Error> + std::marker::Send + Sync>;
type Check = Arc<dyn Fn(&Channels) -> Result<(), serde_json::Error> + std::marker::Send + Sync>;

/// A graph that is a node of another.
#[derive(Clone)]
pub struct Subgraph {
    /// The graph.
    pub graph: Arc<Graph>,
    /// Makes its input of the parent's state.
    pub(super) input: Translate,
    /// Makes the parent's patch of its final state.
    pub(super) output: Translate,
}

impl Subgraph {
    /// The subgraph's input for a parent's state.
    ///
    /// # Errors
    /// When the state has not the expected form.
    pub fn input(&self, parent: Channels) -> Result<Channels, serde_json::Error> {
        (self.input)(parent)
    }

    /// The parent's patch for the subgraph's final state.
    ///
    /// # Errors
    /// When the state has not the expected form.
    pub fn output(&self, child: Channels) -> Result<Channels, serde_json::Error> {
        (self.output)(child)
    }
}

/// What a node of a graph is.
#[derive(Clone)]
pub enum Work {
    /// A node of its own.
    Action(Arc<dyn Action>),
    /// Another graph.
    Subgraph(Subgraph),
}

/// One node of a graph.
#[derive(Clone)]
pub struct NodeSpec {
    /// Its name.
    pub name: String,
    /// What it does to the outside.
    pub class: NodeClass,
    /// What it does.
    pub work: Work,
    /// When it is run again.
    pub retry: RetryPolicy,
    /// The time one attempt may take.
    pub timeout: Option<Duration>,
}

/// A graph, checked and ready to run. Made by [`GraphBuilder`](super::GraphBuilder).
#[derive(Clone)]
pub struct Graph {
    pub(super) name: String,
    pub(super) state_version: u32,
    pub(super) channels: Vec<Channel>,
    pub(super) defaults: Channels,
    pub(super) nodes: BTreeMap<String, NodeSpec>,
    pub(super) exits: BTreeMap<String, Vec<Exit>>,
    pub(super) input: InputPolicy,
    pub(super) hold_point: Option<HoldPoint>,
    pub(super) upcasts: BTreeMap<u32, Upcast>,
    pub(super) check: Check,
    pub(super) digest: Digest,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("name", &self.name)
            .field("nodes", &self.nodes.keys())
            .finish_non_exhaustive()
    }
}

impl Graph {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its channels, in the order of the state's fields.
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The channel `name`.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// The values of channels that were never written.
    pub fn defaults(&self) -> &Channels {
        &self.defaults
    }

    /// The node `name`.
    pub fn node(&self, name: &str) -> Option<&NodeSpec> {
        self.nodes.get(name)
    }

    /// All nodes, by name.
    pub fn nodes(&self) -> impl Iterator<Item = &NodeSpec> {
        self.nodes.values()
    }

    /// What happens to the state on new input.
    pub fn input_policy(&self) -> InputPolicy {
        self.input
    }

    /// The hold point, if it has one.
    pub fn hold_point(&self) -> Option<&HoldPoint> {
        self.hold_point.as_ref()
    }

    /// Its name, shape and state version, as checkpoints carry them.
    pub fn version(&self) -> GraphVersion {
        GraphVersion {
            name: self.name.clone(),
            digest: self.digest,
            state_version: self.state_version,
        }
    }

    /// Every edge, for checks and drawings.
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (from, exits) in &self.exits {
            for exit in exits {
                let (kind, targets): (EdgeKind, Vec<&String>) = match exit {
                    Exit::Always(to) => (EdgeKind::Always, vec![to]),
                    Exit::Branch { targets, .. } => (EdgeKind::Branch, targets.iter().collect()),
                    Exit::FanOut { targets, .. } => (EdgeKind::FanOut, targets.iter().collect()),
                };
                edges.extend(targets.into_iter().map(|to| Edge {
                    from: from.clone(),
                    to: to.clone(),
                    kind,
                }));
            }
        }
        edges.sort();
        edges
    }

    /// Where `from` (a node or [`START`]) leads on `state`; [`END`] is left out.
    ///
    /// # Errors
    /// [`RouteError`] when a branch cannot read the state or leaves its set of targets.
    pub fn route(&self, from: &str, state: &Channels) -> Result<Vec<(String, Option<Value>)>, RouteError> {
        let mut next = Vec::new();
        for exit in self.exits.get(from).into_iter().flatten() {
            let (targets, choose, keep) = match exit {
                Exit::Always(to) => {
                    next.push((to.clone(), None));
                    continue;
                }
                Exit::Branch { targets, choose } => (targets, choose, false),
                Exit::FanOut { targets, choose } => (targets, choose, true),
            };
            let sends = choose(state).map_err(|error| RouteError::State {
                from: from.to_owned(),
                reason: error.to_string(),
            })?;
            for send in sends {
                if !targets.contains(&send.node) {
                    return Err(RouteError::Target {
                        from: from.to_owned(),
                        to: send.node,
                    });
                }
                next.push((send.node, keep.then_some(send.argument)));
            }
        }
        next.retain(|(node, _)| node != END);
        Ok(next)
    }

    /// Checks that `state` can be read as the graph's state type.
    ///
    /// # Errors
    /// What doesn't fit.
    pub fn check(&self, state: &Channels) -> Result<(), serde_json::Error> {
        (self.check)(state)
    }

    /// Brings a state of an older version up to date.
    ///
    /// # Errors
    /// [`UpcastError`] when it is newer than this program, or a step is missing or fails.
    pub fn upcast(&self, mut version: u32, mut state: Channels) -> Result<Channels, UpcastError> {
        if version > self.state_version {
            let reason = format!(
                "this program knows '{}' up to version {}",
                self.name, self.state_version
            );
            return Err(UpcastError { version, reason });
        }
        while version < self.state_version {
            let step = self.upcasts.get(&version).ok_or_else(|| UpcastError {
                version,
                reason: format!("there is no step from version {version} to {}", version + 1),
            })?;
            state = step(state)?;
            version += 1;
        }
        Ok(state)
    }

    pub(super) fn digest_of(&self) -> Digest {
        let nodes: Vec<Value> = self
            .nodes
            .values()
            .map(|node| json!({ "name": node.name, "class": node.class }))
            .collect();
        let edges: Vec<Value> = self
            .edges()
            .iter()
            .map(|edge| json!([edge.from, edge.to, format!("{:?}", edge.kind)]))
            .collect();
        Digest::of_json(&json!({
            "name": self.name, "version": self.state_version, "channels": self.channels,
            "nodes": nodes, "edges": edges,
        }))
    }
}

/// Whether a channel's writes are folded as arrays.
impl Channel {
    /// The value a channel of this kind has before anything is written, given the state's default.
    pub fn empty(&self, default: Option<&Value>) -> Value {
        match (default, self.reducer) {
            (Some(value), _) => value.clone(),
            (None, Reducer::Append) => Value::Array(Vec::new()),
            (None, Reducer::Merge) => Value::Object(serde_json::Map::new()),
            (None, _) => Value::Null,
        }
    }
}

/// Whether `name` is free to be a node's name.
pub(super) fn is_node_name(name: &str) -> bool {
    !name.is_empty() && name != START && name != END && !name.contains(['|', ':'])
}
