//! SHAPE: what a graph is. Typed at the edge, JSON inside.
//!
//! A graph's state is a Rust struct with one reducer per field ([`state!`](crate::state)), its nodes are async
//! functions of that state ([`Node`]), its branches pure functions to a closed set of targets
//! ([`route!`](crate::route)). [`GraphBuilder`] checks the whole and gives a [`Graph`], which the engine
//! runs without knowing any of the types.

mod builder;
mod context;
mod definition;
mod drawing;
mod node;
mod state;

pub use builder::{BuildError, GraphBuilder};
pub use context::{
    Context, Effect, EffectStart, EffectState, Journal, JournalError, Settled, TaskInfo, Unknown,
};
pub use definition::{
    Edge, EdgeKind, Graph, HoldPoint, InputPolicy, NodeSpec, RouteError, Send, Subgraph, UpcastError, Work,
};
pub use drawing::Drawing;
pub use node::{
    Accepted, Action, AnswerRefused, Node, NodeClass, NodeError, NodeFailure, Question, RetryPolicy,
    accept_any,
};
pub use state::{Channel, Patch, Reducer, Route, State};

/// The name of the place where every path of a graph ends.
pub const END: &str = "__end__";

/// The name of the place where every path of a graph begins.
pub const START: &str = "__start__";
