//! The typed result, the same however the run got there.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;

use crate::{
    config::ExecutionSettings,
    execution::{Artifact, NotebookContent, NotebookError, write_notebook, write_notebook_html},
    generation::Usage,
    graph::{Context, Node, NodeError},
    model::Timestamp,
};

use super::{
    Parts,
    state::{PythonExecution, PythonPatch, PythonResult, Stage, Status},
};

/// The most notebooks of one name.
const MAX_NOTEBOOKS: u32 = 999;

pub(super) struct Process(pub(super) Arc<Parts>);

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
            if let Some(conduct) = &execution.conduct {
                warnings.extend(conduct.notes.iter().cloned());
            }
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
        let settings = &self.0.config.execution;
        let notebooks = notebooks(&state, settings, context.now(), &mut warnings);
        let notebook_link = notebooks
            .last
            .as_deref()
            .and_then(|notebook| link(notebook, settings, &mut warnings));
        artifacts.extend(notebooks.artifacts);
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
            notebook: notebooks.last,
            notebook_html: notebooks.html,
            notebook_link,
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

/// What was written of a request's attempts.
#[derive(Default)]
struct Notebooks {
    artifacts: Vec<Artifact>,
    /// The notebook of the last attempt.
    last: Option<PathBuf>,
    /// The same as HTML.
    html: Option<PathBuf>,
}

/// Writes the notebook of every attempt: those that failed, and the last one.
fn notebooks(
    state: &PythonExecution,
    settings: &ExecutionSettings,
    now: Timestamp,
    warnings: &mut Vec<String>,
) -> Notebooks {
    let mut written = Notebooks::default();
    let Some(folder) = &state.folder else {
        return written;
    };
    let task = state.request().task_objective;
    let mut failed = |content: &NotebookContent<'_>, error: NotebookError| {
        let attempt = content.attempt;
        warnings.push(format!(
            "the notebook of attempt {attempt} could not be written: {error}"
        ));
    };
    let name = |content: &NotebookContent<'_>| format!("attempt_{:02}_{}", content.attempt, content.stage);
    for error in &state.error_chain {
        if error.attempt < state.generation_attempt && !error.failed_code.is_empty() {
            let stage = match error.stage {
                Stage::Approval => "changes_requested".to_owned(),
                stage => format!("{}_failed", stage.as_str()),
            };
            let content = NotebookContent {
                attempt: error.attempt,
                stage: &stage,
                created: now,
                task: &task,
                code: &error.failed_code,
                findings: &[],
                error: Some(&error.message),
                execution: None,
            };
            match new_notebook(folder, &name(&content), &content) {
                Ok((_, artifact)) => written.artifacts.push(artifact),
                Err(error) => failed(&content, error),
            }
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
        let content = NotebookContent {
            attempt: state.generation_attempt,
            stage,
            created: now,
            task: &task,
            code,
            findings: &state.findings(),
            error: error.map(|error| error.message.as_str()),
            execution: state.execution_result.as_ref(),
        };
        match new_notebook(folder, &name(&content), &content) {
            Ok((path, artifact)) => {
                written.artifacts.push(artifact);
                if settings.notebook.html {
                    let html = path.with_extension("html");
                    match write_notebook_html(&html, &content) {
                        Ok(artifact) => {
                            written.artifacts.push(artifact);
                            written.html = Some(html);
                        }
                        Err(error) => failed(&content, error),
                    }
                }
                written.last = Some(path);
            }
            Err(error) => failed(&content, error),
        }
    }
    written
}

/// Where a Jupyter server shows a notebook; `None` where there is none.
fn link(notebook: &Path, settings: &ExecutionSettings, warnings: &mut Vec<String>) -> Option<String> {
    let base = settings.notebook.jupyter_url.as_ref()?;
    // Without links on either side, if need be: the same directory can have several names.
    let real = |path: &Path| path.canonicalize().ok();
    let root = &settings.workspace_dir;
    let relative = match notebook.strip_prefix(root) {
        Ok(relative) => Some(relative.to_path_buf()),
        Err(_) => real(notebook)
            .zip(real(root))
            .and_then(|(notebook, root)| Some(notebook.strip_prefix(root).ok()?.to_path_buf())),
    };
    let linked = relative.and_then(|relative| {
        let mut url = reqwest::Url::parse(base).ok()?;
        url.path_segments_mut()
            .ok()?
            .pop_if_empty()
            .extend(relative.iter().map(|name| name.to_string_lossy()));
        Some(url.to_string())
    });
    if linked.is_none() {
        warnings.push("the notebook has no link: it is not in the folder of the runs".to_owned());
    }
    linked
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
