//! What the code does, and what the rules say of that: a pure node, so that an audit can come to
//! the same verdict again.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    analysis::{Analysis, Verdict as Readability},
    gate::{self, Evidence, admit, judge, may_ask},
    graph::{Context, Node, NodeError},
    model::{CodeSha256, ExecutionMode},
};

use super::{
    Parts, retry,
    state::{
        AnalysisResult, ApprovalRequest, AttemptError, ErrorReport, PythonExecution, PythonPatch, Stage,
        Status, Verdict,
    },
};

pub(super) struct Analyze(pub(super) Arc<Parts>);

#[async_trait]
impl Node<PythonExecution> for Analyze {
    async fn run(&self, state: PythonExecution, _: Context) -> Result<PythonPatch, NodeError> {
        let settings = &self.0.config;
        let mode = state.request().execution_mode;
        let clean = PythonPatch::new()
            .decision(None)
            .execution_result(None)
            .approval_request(None)
            .rehearsal(None)
            .error(None);
        if let Err(refusal) = admit(&settings.control_system, mode) {
            let result = self.result(Verdict::Stop, vec![refusal.message.clone()], None);
            return Ok(clean
                .analysis_result(result)
                .status(Status::Refused)
                .error(report(refusal.code, refusal.message)));
        }
        let Some(code) = state.generated_code.clone() else {
            return Ok(self.without_code(&state, clean));
        };
        let analyzer = self.0.analyzer.clone();
        let text = code.clone();
        // The analysis computes; it must not hold up the tasks that wait for the network.
        let analyzed = tokio::task::spawn_blocking(move || analyzer.analyze(text.as_bytes())).await;
        let analysis = match analyzed {
            Ok(analysis) => analysis,
            // The service is ending: what was not asked now is asked when the run goes on.
            Err(error) if error.is_cancelled() => {
                return Err(super::broken(format!("the analysis broke off: {error}")));
            }
            Err(_) => self.0.analyzer.failed(code.as_bytes(), "The analysis broke off."),
        };
        let clean = clean.code_sha256(CodeSha256::of(code.as_bytes()));
        if matches!(analysis.verdict, Readability::SyntaxError { .. }) {
            return Ok(self.syntax_error(&state, clean, analysis, code));
        }
        let concerns = analysis.concerns();
        let evidence = Evidence {
            mode,
            has_writes: analysis.has_writes,
            concerns: &concerns,
            refusals: &analysis.refusals,
            no_route: analysis.no_route,
            unanalysable: analysis.unanalysable(),
            analysis_failed: analysis.has_failed(),
        };
        let verdict = match judge(&settings.approval, &settings.control_system, &evidence) {
            // What was put before a human once is put before one again: an edit approves nothing,
            // and neither does a change of the state.
            gate::Verdict::Run if state.approval_request.is_some() => gate::Verdict::Ask {
                reasons: vec!["It takes the place of code that was put before a human.".to_owned()],
                raise_to_write_access: false,
            },
            verdict => verdict,
        };
        Ok(match verdict {
            gate::Verdict::Run => clean
                .analysis_result(self.result(Verdict::Run, Vec::new(), Some(analysis)))
                .status(Status::Executing),
            gate::Verdict::Refuse(refusal) => self.refuse(clean, refusal, Some(analysis)),
            gate::Verdict::Ask {
                reasons,
                raise_to_write_access,
            } => {
                let wanted = if raise_to_write_access {
                    ExecutionMode::WriteAccess
                } else {
                    mode
                };
                if let Err(error) = self.0.executor.offers(&state.placement(), wanted) {
                    let refusal = gate::Refusal {
                        code: "mode_unavailable",
                        message: error.to_string(),
                    };
                    return Ok(self.refuse(clean, refusal, Some(analysis)));
                }
                // A question that is asked again because its approval came to nothing is the same question.
                let again = u32::from(state.asked_again.is_some());
                let asked = state.questions.saturating_sub(again);
                if let Err(refusal) = may_ask(&settings.approval, asked) {
                    return Ok(self.refuse(clean, refusal, Some(analysis)));
                }
                let request = ApprovalRequest {
                    reasons: reasons.clone(),
                    code_sha256: CodeSha256::of(code.as_bytes()),
                    execution_mode: wanted,
                    question_number: asked + 1,
                };
                let mut result = self.result(Verdict::Ask, reasons, Some(analysis));
                result.raised = raise_to_write_access;
                clean
                    .analysis_result(result)
                    .approval_request(request)
                    .questions(asked + 1)
                    .status(Status::AwaitingApproval)
            }
        })
    }
}

impl Analyze {
    fn result(&self, verdict: Verdict, reasons: Vec<String>, analysis: Option<Analysis>) -> AnalysisResult {
        AnalysisResult {
            verdict,
            reasons,
            raised: false,
            policy_version: self.0.policy_version(),
            analysis,
        }
    }

    fn refuse(&self, patch: PythonPatch, refusal: gate::Refusal, analysis: Option<Analysis>) -> PythonPatch {
        patch
            .analysis_result(self.result(Verdict::Stop, vec![refusal.message.clone()], analysis))
            .status(Status::Refused)
            .error(report(refusal.code, refusal.message))
    }

    /// The generator gave no code; its error is the last of the chain.
    fn without_code(&self, state: &PythonExecution, patch: PythonPatch) -> PythonPatch {
        let none = || AttemptError {
            attempt: state.generation_attempt,
            stage: Stage::Generation,
            code: "no_code".into(),
            message: "there is no code to analyze".into(),
            failed_code: String::new(),
            traceback: String::new(),
        };
        if let Some(error) = &state.error {
            return patch
                .analysis_result(self.result(Verdict::Stop, vec![error.message.clone()], None))
                .status(Status::Failed)
                .error(error.clone());
        }
        let mut before = state.clone();
        let error = before.error_chain.pop().unwrap_or_else(none);
        match retry::exhausted(&before, &self.0.config.executor, &error) {
            None => {
                let reasons = vec![error.message];
                patch
                    .analysis_result(self.result(Verdict::Retry, reasons, None))
                    .status(Status::Retrying)
            }
            Some(why) => {
                let message = format!("{}; {why}", error.message);
                patch
                    .analysis_result(self.result(Verdict::Stop, vec![message.clone()], None))
                    .status(Status::Failed)
                    .error(report(&error.code, message))
            }
        }
    }

    /// Code that is no Python goes back to the generator, with the place.
    fn syntax_error(
        &self,
        state: &PythonExecution,
        patch: PythonPatch,
        analysis: Analysis,
        code: String,
    ) -> PythonPatch {
        let message = match &analysis.verdict {
            Readability::SyntaxError {
                line,
                column,
                message,
            } => format!("line {line}, column {column}: {message}"),
            _ => "the code cannot be read".into(),
        };
        let error = AttemptError {
            attempt: state.generation_attempt,
            stage: Stage::Analysis,
            code: "syntax_error".into(),
            message: message.clone(),
            failed_code: code,
            traceback: String::new(),
        };
        let patch = match retry::exhausted(state, &self.0.config.executor, &error) {
            None => patch
                .analysis_result(self.result(Verdict::Retry, vec![message], Some(analysis)))
                .status(Status::Retrying),
            Some(why) => patch
                .analysis_result(self.result(Verdict::Stop, vec![message.clone()], Some(analysis)))
                .status(Status::Failed)
                .error(report("syntax_error", format!("{message}; {why}"))),
        };
        patch.error_chain(vec![error])
    }
}

fn report(code: &str, message: String) -> ErrorReport {
    ErrorReport {
        code: code.to_owned(),
        message,
    }
}
