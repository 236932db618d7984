//! The typed result, the same however the run got there.

use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::{
    execution::{Artifact, NotebookContent, NotebookError, write_notebook},
    generation::Usage,
    graph::{Context, Node, NodeError},
    model::Timestamp,
};

use super::state::{PythonExecution, PythonPatch, PythonResult, Stage, Status};

/// The most notebooks of one name.
const MAX_NOTEBOOKS: u32 = 999;

pub(super) struct Process;

#[async_trait]
impl Node<PythonExecution> for Process {
    async fn run(&self, state: PythonExecution, context: Context) -> Result<PythonPatch, NodeError> {
        let mut warnings = Vec::new();
        let mut artifacts: Vec<Artifact> = Vec::new();
        let mut figures = Vec::new();
        if let Some(execution) = &state.execution_result {
            let prefix = format!("attempt_{:02}/", state.generation_attempt);
            for artifact in &execution.artifacts {
                if artifact.kind == "figure" {
                    figures.push(execution.folder.join(&artifact.path));
                }
                artifacts.push(Artifact {
                    path: format!("{prefix}{}", artifact.path),
                    ..artifact.clone()
                });
            }
            warnings.extend(execution.notes.iter().cloned());
            if execution.output_truncated {
                warnings.push("the program's output was cut at the limit".into());
            }
            let results = execution.results.as_ref().and_then(|results| results.as_object());
            for key in state.request().expected_results.keys() {
                if results.is_some_and(|results| !results.contains_key(key)) {
                    warnings.push(format!("'results' has no '{key}', which was expected"));
                }
            }
        }
        let notebooks = notebooks(&state, context.now(), &mut warnings);
        let notebook = notebooks
            .last()
            .and_then(|last| Some(state.folder.as_ref()?.join(&last.path)));
        artifacts.extend(notebooks);
        let mut usage = Usage::default();
        for generation in &state.generations {
            usage.input_tokens += generation.usage.input_tokens;
            usage.output_tokens += generation.usage.output_tokens;
        }
        let written = state.generations.last();
        let execution = state.execution_result.as_ref();
        let result = PythonResult {
            status: state.status,
            code: state.generated_code.clone(),
            code_sha256: state.code_sha256.clone(),
            execution_mode: state.effective_mode(),
            results: execution.and_then(|execution| execution.results.clone()),
            stdout: execution
                .map(|execution| execution.stdout.clone())
                .unwrap_or_default(),
            stderr: execution
                .map(|execution| execution.stderr.clone())
                .unwrap_or_default(),
            execution_time_seconds: execution.map(|execution| execution.seconds),
            folder: state.folder.clone(),
            notebook,
            figures,
            artifacts,
            attempts: state.generation_attempt,
            errors: state.error_chain.clone(),
            findings: state.findings(),
            decision: state.decision.clone(),
            settled: state.settled.clone(),
            conduct: execution.and_then(|execution| execution.conduct.clone()),
            warnings,
            error: state.error.clone(),
            generator: written.map(|generation| generation.generator.clone()),
            model: written.and_then(|generation| generation.model.clone()),
            usage,
        };
        Ok(PythonPatch::new().result(result))
    }
}

/// Writes the notebook of every attempt: those that failed, and the last one.
fn notebooks(state: &PythonExecution, now: Timestamp, warnings: &mut Vec<String>) -> Vec<Artifact> {
    let Some(folder) = &state.folder else {
        return Vec::new();
    };
    let task = state.request().task_objective;
    let findings = state.findings();
    let mut written = Vec::new();
    let mut write = |attempt: u32, stage: &str, code: &str, error: Option<&str>, last: bool| {
        let content = NotebookContent {
            attempt,
            stage,
            created: now,
            task: &task,
            code,
            findings: if last { &findings } else { &[] },
            error,
            execution: state.execution_result.as_ref().filter(|_| last),
        };
        match new_notebook(folder, &format!("attempt_{attempt:02}_{stage}"), &content) {
            Ok((_, artifact)) => written.push(artifact),
            Err(error) => warnings.push(format!(
                "the notebook of attempt {attempt} could not be written: {error}"
            )),
        }
    };
    for error in &state.error_chain {
        if error.attempt < state.generation_attempt && !error.failed_code.is_empty() {
            let stage = match error.stage {
                Stage::Approval => "changes_requested".to_owned(),
                stage => format!("{}_failed", stage.as_str()),
            };
            write(
                error.attempt,
                &stage,
                &error.failed_code,
                Some(&error.message),
                false,
            );
        }
    }
    if let Some(code) = &state.generated_code {
        let stage = match state.status {
            Status::Completed => "completed",
            Status::Rejected => "rejected",
            Status::Refused => "refused",
            Status::Expired => "expired",
            _ => "failed",
        };
        // What went wrong while it ran stands in the execution itself.
        let error = state.error.as_ref().filter(|_| state.execution_result.is_none());
        write(
            state.generation_attempt,
            stage,
            code,
            error.map(|error| error.message.as_str()),
            true,
        );
    }
    written
}

/// Writes a notebook under a name that nothing has. A fork goes on in the folder of the run it came
/// from, and a node runs again if the process died: what stands there stays.
pub(super) fn new_notebook(
    folder: &Path,
    name: &str,
    content: &NotebookContent<'_>,
) -> Result<(PathBuf, Artifact), NotebookError> {
    let mut number = 1;
    loop {
        let path = folder.join(match number {
            1 => format!("{name}.ipynb"),
            more => format!("{name}_{more}.ipynb"),
        });
        match write_notebook(&path, content) {
            Err(NotebookError::File(error))
                if error.kind() == std::io::ErrorKind::AlreadyExists && number < MAX_NOTEBOOKS =>
            {
                number += 1;
            }
            Err(error) => return Err(error),
            Ok(artifact) => return Ok((path, artifact)),
        }
    }
}
