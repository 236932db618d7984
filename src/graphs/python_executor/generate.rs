//! Who writes the code: the first node.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    execution::create_folder,
    gate::admit,
    generation::{GenerationError, GenerationRequest, PreviousError},
    graph::{Context, Node, NodeError},
    model::ErrorClass,
};

use super::{
    Parts,
    state::{AttemptError, ErrorReport, GenerationRecord, PythonExecution, PythonPatch, Stage, Status},
};

pub(super) struct Generate(pub(super) Arc<Parts>);

#[async_trait]
impl Node<PythonExecution> for Generate {
    async fn run(&self, state: PythonExecution, context: Context) -> Result<PythonPatch, NodeError> {
        let request = state.request();
        let attempt = state.generation_attempt + 1;
        // The code of a failed attempt must not stand if this one gives none.
        let patch = PythonPatch::new()
            .generation_attempt(attempt)
            .generated_code(None)
            .code_sha256(None)
            .analysis_result(None)
            .approval_request(None)
            .asked_again(None)
            .decision(None)
            .execution_result(None)
            .error(None)
            .status(Status::Analyzing);
        if admit(&self.0.config.control_system, request.execution_mode).is_err() {
            // The policy says why in the next node; no model is asked for what may not run.
            return Ok(patch);
        }
        if let Err(error) = self.0.executor.ready(&state.placement()) {
            // Nobody is asked to write or to decide about what could not run.
            let (code, message) = (error.code(), format!("programs cannot run here: {error}"));
            return Ok(patch.error(ErrorReport {
                code: code.to_owned(),
                message,
            }));
        }
        let order = GenerationRequest {
            user_query: request.user_query,
            task_objective: request.task_objective,
            expected_results: request.expected_results,
            capability_prompts: request.capability_prompts,
            capability_context_data: request.capability_context_data,
            execution_mode: request.execution_mode.as_str().to_owned(),
            code: request.code.clone(),
            errors: state.error_chain.iter().map(previous).collect(),
            attempt,
        };
        let tell = |text: &str| context.message(text);
        let writing = async {
            match &request.code {
                // The caller's own code skips the generator, whichever is configured.
                Some(code) => Ok(own(code)),
                None => self.0.generator.generate(&order, &tell).await,
            }
        };
        let generated = tokio::select! {
            generated = writing => generated,
            () = context.cancelled().cancelled() => return Err(NodeError::Cancelled),
        };
        match generated {
            Ok(generated) => {
                // Made once there is something to put in it: a model that is asked three times
                // leaves no three folders.
                let folder = match state.folder {
                    Some(folder) => folder,
                    None => {
                        let root = &self.0.config.execution.workspace_dir;
                        create_folder(root, &request.execution_folder_name, context.now()).map_err(
                            |error| NodeError::failed(ErrorClass::Transient, "workspace", error.to_string()),
                        )?
                    }
                };
                let record = GenerationRecord {
                    attempt,
                    generator: generated.generator,
                    model: generated.model,
                    usage: generated.usage.unwrap_or_default(),
                    metadata: generated.metadata,
                };
                Ok(patch
                    .folder(folder)
                    .generated_code(generated.code)
                    .generations(vec![record]))
            }
            Err(GenerationError::Unreachable { message, retry_after }) => {
                let message = format!("the model cannot be reached: {message}");
                // One that calls again by itself has done so; others are asked again by the engine.
                let again = !self.0.generator.retries_itself();
                let class = if again {
                    ErrorClass::Transient
                } else {
                    ErrorClass::Timeout
                };
                let error = NodeError::failed(class, "model_unreachable", message);
                Err(error.retry_after(retry_after))
            }
            Err(error) => {
                let (code, message) = (error.code().to_owned(), error.to_string());
                // Where asking again for other code can't help, the next node ends the request.
                let report = (!error.may_regenerate()).then(|| ErrorReport {
                    code: code.clone(),
                    message: message.clone(),
                });
                Ok(patch.error(report).error_chain(vec![AttemptError {
                    attempt,
                    stage: Stage::Generation,
                    code,
                    message,
                    failed_code: String::new(),
                    traceback: String::new(),
                }]))
            }
        }
    }
}

fn own(code: &str) -> crate::generation::Generated {
    crate::generation::Generated {
        code: code.to_owned(),
        generator: "fixed".into(),
        model: None,
        usage: None,
        metadata: std::collections::BTreeMap::new(),
    }
}

fn previous(error: &AttemptError) -> PreviousError {
    PreviousError {
        attempt: error.attempt,
        stage: error.stage.as_str().to_owned(),
        code: error.code.clone(),
        message: error.message.clone(),
        failed_code: error.failed_code.clone(),
        traceback: error.traceback.clone(),
    }
}
