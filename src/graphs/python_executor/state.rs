//! The graph's state: what `values` streams show.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    analysis::Analysis,
    execution::{Artifact, Conduct, Execution, Placement},
    gate::{Decision, PlannedWrite},
    generation::Usage,
    graph::Settled,
    model::{Actor, CodeSha256, Digest, ExecutionMode, Finding, InterruptId, Timestamp},
};

use super::Request;

/// Where a request stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Code is being written.
    #[default]
    Generating,
    /// The code is being analyzed.
    Analyzing,
    /// A human is asked.
    AwaitingApproval,
    /// The code may run.
    Executing,
    /// The last attempt failed; code is written anew.
    Retrying,
    /// A human asked for changes; code is written anew.
    ChangesRequested,
    /// Done.
    Completed,
    /// A human rejected it.
    Rejected,
    /// It failed for good.
    Failed,
    /// A rule forbids it.
    Refused,
    /// Nobody decided in time.
    Expired,
}

/// Where an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// While the code was written.
    Generation,
    /// While it was analyzed.
    Analysis,
    /// A human wanted it changed.
    Approval,
    /// While it ran, or before.
    Execution,
}

impl Stage {
    /// The stage's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generation => "generation",
            Self::Analysis => "analysis",
            Self::Approval => "approval",
            Self::Execution => "execution",
        }
    }
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptError {
    /// The attempt, from 1.
    pub attempt: u32,
    /// Where it failed.
    pub stage: Stage,
    /// The stable code of the failure.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The code that failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub failed_code: String,
    /// The traceback, in the code's own line numbers.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub traceback: String,
}

/// What the analysis and the policy say of the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It runs without a question.
    Run,
    /// A human decides.
    Ask,
    /// It is written anew.
    Retry,
    /// It ends here.
    Stop,
}

/// What the analysis and the policy say of the code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AnalysisResult {
    /// What follows.
    pub verdict: Verdict,
    /// Why, one sentence each.
    pub reasons: Vec<String>,
    /// Whether an approval raises it to write access.
    pub raised: bool,
    /// The version of the rules.
    pub policy_version: Digest,
    /// What was found; `None` if there was no code.
    pub analysis: Option<Analysis>,
}

/// What kind of decision it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionKind {
    /// Exactly this code may run.
    Approved,
    /// Other code was put in its place; it is analyzed and asked about anew.
    Edited,
    /// It does not run.
    Rejected,
    /// Changes were asked for.
    ChangesRequested,
    /// Nobody decided in time.
    Expired,
}

/// A decision, as the state shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// What kind.
    pub kind: DecisionKind,
    /// The decision; `None` if nobody decided.
    pub decision: Option<Decision>,
    /// The code it was about.
    pub code_sha256: CodeSha256,
}

/// Why a request came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorReport {
    /// A stable code, documented in `docs/errors.md`.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// What a request came to: the same however the run got there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PythonResult {
    /// How it ended.
    pub status: Status,
    /// The code, as run or as last considered.
    pub code: Option<String>,
    /// Its SHA-256.
    pub code_sha256: Option<CodeSha256>,
    /// The mode it ran or was to run in.
    pub execution_mode: ExecutionMode,
    /// The program's `results`.
    pub results: Option<Value>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// How long it ran, in seconds; `None` if it never started.
    pub execution_time_seconds: Option<f64>,
    /// The run's folder.
    pub folder: Option<PathBuf>,
    /// The notebook of the last attempt.
    pub notebook: Option<PathBuf>,
    /// The same as a page of HTML, where that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook_html: Option<PathBuf>,
    /// Where a Jupyter server shows the notebook, where one is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notebook_link: Option<String>,
    /// The figures, as paths.
    pub figures: Vec<PathBuf>,
    /// All files, with sizes and hashes; paths are relative to the folder.
    pub artifacts: Vec<Artifact>,
    /// How many attempts were made.
    pub attempts: u32,
    /// Those that failed.
    pub errors: Vec<AttemptError>,
    /// What the analysis found.
    pub findings: Vec<Finding>,
    /// What a human decided.
    pub decision: Option<DecisionRecord>,
    /// How a human settled an unknown outcome.
    pub settled: Option<Settled>,
    /// What it did to the control system, as its gateway saw it.
    #[serde(default)]
    pub conduct: Option<Conduct>,
    /// What the reader should know besides.
    pub warnings: Vec<String>,
    /// Why it came to nothing.
    pub error: Option<ErrorReport>,
    /// The generator.
    pub generator: Option<String>,
    /// The model, if one wrote the code.
    pub model: Option<String>,
    /// What the model used up, over all attempts.
    pub usage: Usage,
}

/// Where the code came from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerationRecord {
    /// The attempt.
    pub attempt: u32,
    /// The generator.
    pub generator: String,
    /// The model, if one wrote it.
    pub model: Option<String>,
    /// What the model used up.
    pub usage: Usage,
    /// Further facts.
    pub metadata: BTreeMap<String, Value>,
}

/// What is known of the writes of a program before a human is asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rehearsal {
    /// Why the program was not rehearsed; `None` if it was.
    pub not_rehearsed: Option<String>,
    /// How its rehearsal went wrong, if it did.
    pub failed: Option<String>,
    /// How many puts the rehearsal made.
    pub puts: u64,
    /// What it would write.
    pub writes: Vec<PlannedWrite>,
    /// What the gateway remarked.
    pub notes: Vec<String>,
}

/// What is put before a human.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// Why, one sentence each.
    pub reasons: Vec<String>,
    /// The code it is about.
    pub code_sha256: CodeSha256,
    /// The mode it runs in if approved.
    pub execution_mode: ExecutionMode,
    /// The number of the question in this request, from 1.
    pub question_number: u32,
}

crate::state! {
    /// What is known of a request to run Python.
    pub struct PythonExecution, PythonPatch, version = 1 {
        /// What was asked for.
        request: Option<Request> [replace],
        /// The code under consideration.
        generated_code: Option<String> [replace],
        /// Its SHA-256, as analyzed.
        code_sha256: Option<CodeSha256> [replace, protected],
        /// The attempt, from 1.
        generation_attempt: u32 [replace, protected],
        /// Where the code of each attempt came from.
        generations: Vec<GenerationRecord> [append, protected],
        /// The attempts that failed.
        error_chain: Vec<AttemptError> [append, protected],
        /// What the analysis and the policy say.
        analysis_result: Option<AnalysisResult> [replace, protected],
        /// What the code would write, where it asks for write access.
        rehearsal: Option<Rehearsal> [replace, protected],
        /// What is put before a human.
        approval_request: Option<ApprovalRequest> [replace, protected],
        /// How many questions this request has asked.
        questions: u32 [replace, protected],
        /// Why it is asked again, if it is.
        asked_again: Option<String> [replace, protected],
        /// What was decided.
        decision: Option<DecisionRecord> [replace, protected],
        /// What running the code gave.
        execution_result: Option<Execution> [replace, protected],
        /// How a human settled an unknown outcome.
        settled: Option<Settled> [replace, protected],
        /// The run's folder.
        folder: Option<PathBuf> [replace, protected],
        /// Where it stands.
        status: Status [replace, protected],
        /// Why it came to nothing.
        error: Option<ErrorReport> [replace, protected],
        /// What it came to.
        result: Option<PythonResult> [replace, protected],
    }
}

impl PythonExecution {
    /// The request.
    pub(super) fn request(&self) -> Request {
        self.request.clone().unwrap_or_default()
    }

    /// Whether approval raises the request to write access.
    pub(super) fn raised(&self) -> bool {
        self.analysis_result.as_ref().is_some_and(|result| result.raised)
    }

    /// The mode the program runs in.
    pub(super) fn effective_mode(&self) -> ExecutionMode {
        if self.raised() {
            ExecutionMode::WriteAccess
        } else {
            self.request().execution_mode
        }
    }

    /// The place the request wants its program to run in.
    pub(super) fn placement(&self) -> Placement {
        self.request.as_ref().map(Request::placement).unwrap_or_default()
    }

    /// How many puts its rehearsal made, if it had one that came to its end.
    pub(super) fn rehearsed_puts(&self) -> Option<u64> {
        let rehearsal = self.rehearsal.as_ref()?;
        (rehearsal.not_rehearsed.is_none() && rehearsal.failed.is_none()).then_some(rehearsal.puts)
    }

    /// The digest of what the program finds as its context.
    pub(super) fn context_digest(&self) -> Digest {
        Digest::of_json(&self.request().capability_context_data)
    }

    /// What the analysis found.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let analysis = self
            .analysis_result
            .as_ref()
            .and_then(|result| result.analysis.as_ref());
        analysis
            .map(|analysis| analysis.findings.clone())
            .unwrap_or_default()
    }

    /// What an effect's start says of the program, for the auditor.
    pub(super) fn facts(&self, code: &str, backend: &Value) -> Value {
        json!({
            "code": code,
            "code_sha256": CodeSha256::of(code.as_bytes()),
            "execution_mode": self.effective_mode(),
            "backend": backend,
            "folder": self.folder,
        })
    }
}

/// Who approved, as an effect's facts carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ApprovedBy {
    pub(super) actor: Actor,
    pub(super) interrupt: InterruptId,
    pub(super) at: Timestamp,
    pub(super) channels: Vec<String>,
}
