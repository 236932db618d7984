//! Building a graph, and the checks it must pass.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    marker::PhantomData,
    sync::Arc,
    time::Duration,
};

use petgraph::{
    graph::{DiGraph, NodeIndex},
    visit::{Dfs, Reversed},
};
use serde_json::Value;

use crate::model::Channels;

use super::{
    END, Graph, HoldPoint, InputPolicy, Node, NodeClass, NodeSpec, Patch, RetryPolicy, Route, START, Send,
    State, Subgraph, UpcastError,
    definition::{Choose, Exit, Upcast, Work, is_node_name},
    node::{erase, typed},
};

/// Why a graph is not well formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// A name is used twice.
    #[error("graph '{graph}': the node '{node}' stands twice")]
    Duplicate {
        /// The graph.
        graph: String,
        /// The node.
        node: String,
    },
    /// A name can't be a node's name.
    #[error("graph '{graph}': '{node}' cannot be a node's name")]
    Name {
        /// The graph.
        graph: String,
        /// The name.
        node: String,
    },
    /// An edge, a branch or an option names a node that doesn't exist.
    #[error("graph '{graph}': {place} names '{node}', which is not a node")]
    Unknown {
        /// The graph.
        graph: String,
        /// Where it is named.
        place: String,
        /// The name.
        node: String,
    },
    /// No path leads to a node.
    #[error("graph '{graph}': no path leads to '{node}'")]
    Unreachable {
        /// The graph.
        graph: String,
        /// The node.
        node: String,
    },
    /// No path leads from a node to the end.
    #[error("graph '{graph}': no path leads from '{node}' to the end")]
    DeadEnd {
        /// The graph.
        graph: String,
        /// The node.
        node: String,
    },
    /// The state's default has not the form of an object.
    #[error("graph '{graph}': the default state cannot be written as JSON: {reason}")]
    State {
        /// The graph.
        graph: String,
        /// What doesn't fit.
        reason: String,
    },
}

/// Builds a graph with state `S`.
pub struct GraphBuilder<S: State> {
    name: String,
    nodes: Vec<NodeSpec>,
    exits: BTreeMap<String, Vec<Exit>>,
    input: InputPolicy,
    hold_point: Option<HoldPoint>,
    retries: HashMap<String, RetryPolicy>,
    timeouts: HashMap<String, Duration>,
    upcasts: BTreeMap<u32, Upcast>,
    state: PhantomData<fn() -> S>,
}

impl<S: State> GraphBuilder<S> {
    /// A graph without nodes.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            nodes: Vec::new(),
            exits: BTreeMap::new(),
            input: InputPolicy::Keep,
            hold_point: None,
            retries: HashMap::new(),
            timeouts: HashMap::new(),
            upcasts: BTreeMap::new(),
            state: PhantomData,
        }
    }

    /// Adds a node that may be run again.
    #[must_use]
    pub fn node(self, name: &str, node: impl Node<S>) -> Self {
        self.add(name, NodeClass::Io, Work::Action(erase(node)))
    }

    /// Adds a node whose verdict follows from the state alone; an audit derives it again.
    #[must_use]
    pub fn pure(self, name: &str, node: impl Node<S>) -> Self {
        self.add(name, NodeClass::Pure, Work::Action(erase(node)))
    }

    /// Adds a node that must be run at most once.
    #[must_use]
    pub fn effect(self, name: &str, node: impl Node<S>) -> Self {
        self.add(name, NodeClass::Effect, Work::Action(erase(node)))
    }

    /// Adds another graph as a node: `input` makes its input of this graph's state, `output` this
    /// graph's patch of its final state.
    #[must_use]
    pub fn subgraph<C: State>(
        self,
        name: &str,
        graph: Arc<Graph>,
        input: impl Fn(&S) -> C::Patch + std::marker::Send + Sync + 'static,
        output: impl Fn(C) -> S::Patch + std::marker::Send + Sync + 'static,
    ) -> Self {
        let subgraph = Subgraph {
            graph,
            input: Arc::new(move |parent| input(&typed::<S>(parent)?).into_channels()),
            output: Arc::new(move |child| output(typed::<C>(child)?).into_channels()),
        };
        self.add(name, NodeClass::Io, Work::Subgraph(subgraph))
    }

    fn add(mut self, name: &str, class: NodeClass, work: Work) -> Self {
        let spec = NodeSpec {
            name: name.to_owned(),
            class,
            work,
            retry: RetryPolicy::never(),
            timeout: None,
        };
        self.nodes.push(spec);
        self
    }

    fn exit(mut self, from: &str, exit: Exit) -> Self {
        self.exits.entry(from.to_owned()).or_default().push(exit);
        self
    }

    /// The node every run begins with.
    #[must_use]
    pub fn start_at(self, node: &str) -> Self {
        self.exit(START, Exit::Always(node.to_owned()))
    }

    /// After `from` comes `to`.
    #[must_use]
    pub fn edge(self, from: &str, to: &str) -> Self {
        self.exit(from, Exit::Always(to.to_owned()))
    }

    /// After `from` comes what `choose` says.
    #[must_use]
    pub fn branch<R: Route>(self, from: &str, choose: fn(&S) -> R) -> Self {
        let targets = R::TARGETS.iter().map(|target| (*target).to_owned()).collect();
        let choose: Choose = Arc::new(move |state: &Channels| {
            Ok(vec![Send::to(
                choose(&typed::<S>(state.clone())?).target(),
                Value::Null,
            )])
        });
        self.exit(from, Exit::Branch { targets, choose })
    }

    /// After `from` come the tasks that `choose` orders, all in the next superstep; they lead to
    /// one of `targets`.
    #[must_use]
    pub fn fan_out(self, from: &str, targets: &[&str], choose: fn(&S) -> Vec<Send>) -> Self {
        let targets = targets.iter().map(|target| (*target).to_owned()).collect();
        let choose: Choose = Arc::new(move |state: &Channels| Ok(choose(&typed::<S>(state.clone())?)));
        self.exit(from, Exit::FanOut { targets, choose })
    }

    /// When `node` is run again after a failure.
    #[must_use]
    pub fn retry(mut self, node: &str, policy: RetryPolicy) -> Self {
        self.retries.insert(node.to_owned(), policy);
        self
    }

    /// The time one attempt of `node` may take.
    #[must_use]
    pub fn timeout(mut self, node: &str, limit: Duration) -> Self {
        self.timeouts.insert(node.to_owned(), limit);
        self
    }

    /// What happens to the state on new input.
    #[must_use]
    pub fn on_input(mut self, policy: InputPolicy) -> Self {
        self.input = policy;
        self
    }

    /// Declares the place that work may not pass until someone has signed.
    #[must_use]
    pub fn hold_point(mut self, entry: &str, behind: &[&str]) -> Self {
        let behind = behind.iter().map(|node| (*node).to_owned()).collect();
        self.hold_point = Some(HoldPoint {
            entry: entry.to_owned(),
            behind,
            leading_up: std::collections::BTreeSet::new(),
            reason: None,
        });
        self
    }

    /// Names nodes behind the hold point that come before its question: a thread that has to ask again runs them
    /// too, though they look at the outside.
    #[must_use]
    pub fn leading_up(mut self, nodes: &[&str]) -> Self {
        if let Some(hold) = &mut self.hold_point {
            hold.leading_up = nodes.iter().map(|node| (*node).to_owned()).collect();
        }
        self
    }

    /// Names the channel (text, or nothing) that takes the reason when a run goes back to the hold
    /// point, so that whoever is asked again can be told why.
    #[must_use]
    pub fn hold_point_reason(mut self, channel: &str) -> Self {
        if let Some(hold) = &mut self.hold_point {
            hold.reason = Some(channel.to_owned());
        }
        self
    }

    /// Brings a state of version `from` into the shape of the next version.
    #[must_use]
    pub fn upcast(mut self, from: u32, step: fn(Channels) -> Result<Channels, UpcastError>) -> Self {
        self.upcasts.insert(from, step);
        self
    }

    /// Checks the graph and makes it ready to run.
    ///
    /// # Errors
    /// [`BuildError`] names the node that is unknown, unreachable, a dead end or named twice.
    pub fn build(self) -> Result<Arc<Graph>, BuildError> {
        let graph = self.name.clone();
        let mut nodes = BTreeMap::new();
        for mut spec in self.nodes {
            if !is_node_name(&spec.name) {
                return Err(BuildError::Name {
                    graph,
                    node: spec.name,
                });
            }
            if let Some(policy) = self.retries.get(&spec.name) {
                spec.retry = policy.clone();
            }
            spec.timeout = self.timeouts.get(&spec.name).copied();
            if let Some(previous) = nodes.insert(spec.name.clone(), spec) {
                return Err(BuildError::Duplicate {
                    graph,
                    node: previous.name,
                });
            }
        }
        let options = self
            .retries
            .keys()
            .map(|node| ("a retry policy", node))
            .chain(self.timeouts.keys().map(|node| ("a timeout", node)))
            .chain(self.hold_point.iter().flat_map(|hold| {
                std::iter::once(&hold.entry)
                    .chain(&hold.behind)
                    .map(|node| ("the hold point", node))
            }));
        for (place, node) in options {
            if !nodes.contains_key(node) {
                return Err(BuildError::Unknown {
                    graph,
                    place: place.into(),
                    node: node.clone(),
                });
            }
        }
        let channels = S::channels();
        if let Some(channel) = self.hold_point.as_ref().and_then(|hold| hold.reason.as_ref())
            && !channels.iter().any(|known| known.name == *channel)
        {
            return Err(BuildError::State {
                graph,
                reason: format!(
                    "the hold point's reason is to stand in '{channel}', which is no channel of it"
                ),
            });
        }
        let defaults = match serde_json::to_value(S::default()) {
            Ok(Value::Object(map)) => map.into_iter().collect(),
            Ok(other) => {
                return Err(BuildError::State {
                    graph,
                    reason: format!("{other} is not an object"),
                });
            }
            Err(error) => {
                return Err(BuildError::State {
                    graph,
                    reason: error.to_string(),
                });
            }
        };
        let mut graph = Graph {
            name: self.name,
            state_version: S::VERSION,
            channels,
            defaults,
            nodes,
            exits: self.exits,
            input: self.input,
            hold_point: self.hold_point,
            upcasts: self.upcasts,
            check: Arc::new(|state| typed::<S>(state.clone()).map(drop)),
            digest: crate::model::Digest::ZERO,
        };
        check_paths(&graph)?;
        graph.digest = graph.digest_of();
        Ok(Arc::new(graph))
    }
}

/// Every node lies on a path from the start to the end.
fn check_paths(graph: &Graph) -> Result<(), BuildError> {
    let name = || graph.name.clone();
    let mut shape: DiGraph<&str, ()> = DiGraph::new();
    let mut index: HashMap<&str, NodeIndex> = HashMap::new();
    for node in [START, END]
        .into_iter()
        .chain(graph.nodes.keys().map(String::as_str))
    {
        index.insert(node, shape.add_node(node));
    }
    let edges = graph.edges();
    for edge in &edges {
        let place = if edge.from == START {
            "the start".to_owned()
        } else {
            format!("an edge from '{}'", edge.from)
        };
        let unknown = |node: &str| BuildError::Unknown {
            graph: name(),
            place: place.clone(),
            node: node.into(),
        };
        let from = *index.get(edge.from.as_str()).ok_or_else(|| BuildError::Unknown {
            graph: name(),
            place: format!("an edge to '{}'", edge.to),
            node: edge.from.clone(),
        })?;
        let to = *index
            .get(edge.to.as_str())
            .filter(|_| edge.to != START)
            .ok_or_else(|| unknown(&edge.to))?;
        shape.add_edge(from, to, ());
    }
    let visited = |from: &str, reversed: bool| -> BTreeSet<NodeIndex> {
        let mut seen = BTreeSet::new();
        if reversed {
            let mut search = Dfs::new(Reversed(&shape), index[from]);
            while let Some(node) = search.next(Reversed(&shape)) {
                seen.insert(node);
            }
        } else {
            let mut search = Dfs::new(&shape, index[from]);
            while let Some(node) = search.next(&shape) {
                seen.insert(node);
            }
        }
        seen
    };
    let reachable = visited(START, false);
    let ending = visited(END, true);
    for node in graph.nodes.keys() {
        if !reachable.contains(&index[node.as_str()]) {
            return Err(BuildError::Unreachable {
                graph: name(),
                node: node.clone(),
            });
        }
        if !ending.contains(&index[node.as_str()]) {
            return Err(BuildError::DeadEnd {
                graph: name(),
                node: node.clone(),
            });
        }
    }
    if !ending.contains(&index[START]) {
        return Err(BuildError::DeadEnd {
            graph: name(),
            node: START.into(),
        });
    }
    Ok(())
}
