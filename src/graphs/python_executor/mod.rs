//! The main graph: generate → analyze → rehearse → approve → execute → process.
//!
//! Every entrance leads through the same analysis and the same gate. Only `execute` calls an
//! executor, and where the analysis says *ask* it does so only under a grant that matches exactly
//! what is about to run.

mod analyze;
mod approve;
mod conduct;
mod execute;
mod generate;
mod process;
mod rehearse;
mod request;
mod retry;
mod routes;
mod state;
mod writes;

use std::sync::Arc;

use serde_json::json;

use crate::{
    analysis::Analyzer,
    config::Config,
    execution::{Backend, SharedExecutor},
    gate::Binding,
    generation::SharedGenerator,
    graph::{BuildError, END, Graph, GraphBuilder, InputPolicy},
    model::{Digest, ErrorClass, ThreadId},
};

pub use request::{Request, RequestError};
pub use state::{
    AnalysisResult, AttemptError, DecisionKind, DecisionRecord, ErrorReport, PythonExecution, PythonPatch,
    PythonResult, Rehearsal, Stage, Status, Verdict,
};
pub use writes::WriteControl;

/// The graph's name.
pub const NAME: &str = "python_executor";

/// What the graph works with.
pub struct Parts {
    /// Who writes the code.
    pub generator: SharedGenerator,
    /// Who reads it.
    pub analyzer: Arc<Analyzer>,
    /// Where it runs.
    pub executor: SharedExecutor,
    /// Which write runs go on, and whether any may.
    pub writes: Arc<WriteControl>,
    /// The settings.
    pub config: Arc<Config>,
}

impl Parts {
    /// The version of the rules by which code is judged: a digest of the settings that decide it
    /// and of the analysis's own rule data.
    pub fn policy_version(&self) -> Digest {
        Digest::of_json(&json!({
            "settings": self.config.policy(),
            "rules": self.analyzer.policy_digest(),
            "writes": self.executor.rules(),
        }))
    }

    /// What the program runs in, as the question shows it and the approval is bound to it.
    fn backend(&self, state: &PythonExecution) -> Backend {
        let mut backend = self.executor.backend(&state.placement());
        let seconds = execute::time(self, state).as_secs_f64();
        backend.facts.insert("timeout_seconds".into(), json!(seconds));
        backend
    }

    /// What is about to run, in the form a grant is bound to. The process variables are those the
    /// approver named.
    fn binding(&self, thread: ThreadId, state: &PythonExecution, code: &str, approved: &Binding) -> Binding {
        Binding {
            thread: thread.to_string(),
            code_sha256: crate::model::CodeSha256::of(code.as_bytes()),
            mode: state.effective_mode(),
            backend: Digest::of_json(&json!(self.backend(state))),
            policy_version: self.policy_version(),
            context: state.context_digest(),
            channels: approved.channels.clone(),
            seen: approved.seen.clone(),
            channels_resolved: approved.channels_resolved,
        }
    }
}

/// Builds the graph.
///
/// # Errors
/// [`BuildError`], which would be a fault of this program.
pub fn graph(parts: Arc<Parts>) -> Result<Arc<Graph>, BuildError> {
    GraphBuilder::<PythonExecution>::new(NAME)
        .on_input(InputPolicy::Reset)
        .node("generate", generate::Generate(parts.clone()))
        .pure("analyze", analyze::Analyze(parts.clone()))
        .node("rehearse", rehearse::Rehearse(parts.clone()))
        .pure("approve", approve::Approve(parts.clone()))
        .node("execute", execute::Execute(parts.clone()))
        .node("process", process::Process(parts))
        .start_at("generate")
        .edge("generate", "analyze")
        .branch("analyze", routes::after_analyze)
        .edge("rehearse", "approve")
        .branch("approve", routes::after_approve)
        .branch("execute", routes::after_execute)
        .edge("process", END)
        .retry("generate", retry::unreachable_model())
        .hold_point("analyze", &["rehearse", "approve", "execute", "process"])
        .leading_up(&["rehearse"])
        .hold_point_reason("asked_again")
        .build()
}

/// A fault of the state that cannot come about through the graph's own nodes: nothing goes on.
fn broken(message: impl Into<String>) -> crate::graph::NodeError {
    crate::graph::NodeError::failed(ErrorClass::Internal, "state_broken", message)
}
