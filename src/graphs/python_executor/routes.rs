//! Where the graph goes: pure functions of the state.

use crate::{model::ExecutionMode, route};

use super::state::{DecisionKind, PythonExecution, Status, Verdict};

route! {
    /// After the analysis.
    pub enum AfterAnalyze {
        Rehearse => "rehearse",
        Approve => "approve",
        Execute => "execute",
        Retry => "generate",
        Process => "process",
    }
}

route! {
    /// After the decision.
    pub enum AfterApprove {
        Execute => "execute",
        Edited => "analyze",
        ChangesRequested => "generate",
        Process => "process",
    }
}

route! {
    /// After the execution.
    pub enum AfterExecute {
        Retry => "generate",
        Process => "process",
    }
}

/// Where the code goes once it is judged. Without a judgement it goes nowhere.
pub(super) fn after_analyze(state: &PythonExecution) -> AfterAnalyze {
    match state.analysis_result.as_ref().map(|result| result.verdict) {
        Some(Verdict::Run) => AfterAnalyze::Execute,
        Some(Verdict::Ask) if state.effective_mode() == ExecutionMode::WriteAccess => AfterAnalyze::Rehearse,
        Some(Verdict::Ask) => AfterAnalyze::Approve,
        Some(Verdict::Retry) => AfterAnalyze::Retry,
        Some(Verdict::Stop) | None => AfterAnalyze::Process,
    }
}

/// Where the code goes once a human has decided. Without a decision it goes nowhere.
pub(super) fn after_approve(state: &PythonExecution) -> AfterApprove {
    match state.decision.as_ref().map(|decision| decision.kind) {
        Some(DecisionKind::Approved) => AfterApprove::Execute,
        Some(DecisionKind::Edited) => AfterApprove::Edited,
        Some(DecisionKind::ChangesRequested) => AfterApprove::ChangesRequested,
        Some(DecisionKind::Rejected | DecisionKind::Expired) | None => AfterApprove::Process,
    }
}

/// Whether the code is written anew after it ran.
pub(super) fn after_execute(state: &PythonExecution) -> AfterExecute {
    match state.status {
        Status::Retrying => AfterExecute::Retry,
        _ => AfterExecute::Process,
    }
}
