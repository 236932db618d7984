//! The hold point: the node that asks, and takes up what a human decided.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    analysis::Verdict as Readability,
    execution::NotebookContent,
    gate::{self, Binding, Decision, OutcomeFacts, QuestionFacts, RehearsalFacts, RequestText},
    graph::{Accepted, AnswerRefused, Context, Node, NodeError, Question},
    model::{Answering, ExecutionMode, Interrupt, InterruptKind, Resolution, Timestamp},
};

use super::{
    NAME, Parts, broken,
    process::new_notebook,
    state::{
        AttemptError, DecisionKind, DecisionRecord, ErrorReport, PythonExecution, PythonPatch, Stage, Status,
    },
};

pub(super) struct Approve(pub(super) Arc<Parts>);

#[async_trait]
impl Node<PythonExecution> for Approve {
    async fn run(&self, state: PythonExecution, context: Context) -> Result<PythonPatch, NodeError> {
        let (Some(code), Some(code_sha256)) = (state.generated_code.clone(), state.code_sha256.clone())
        else {
            return Err(broken("there is no analyzed code to ask about"));
        };
        // The question, and the notebook it names, are made once: when it is first asked.
        let resolution = context.ask(|| self.question(&state, &code, &context))?;
        let decided = |kind, decision| DecisionRecord {
            kind,
            decision,
            code_sha256: code_sha256.clone(),
        };
        let Resolution::Answered { value } = resolution else {
            let message = "nobody decided in time".to_owned();
            return Ok(PythonPatch::new()
                .asked_again(None)
                .decision(decided(DecisionKind::Expired, None))
                .status(Status::Expired)
                .error(ErrorReport {
                    code: "approval_expired".into(),
                    message,
                }));
        };
        let decision: Decision = serde_json::from_value(value)?;
        Ok(match &decision {
            Decision::Approve { .. } => PythonPatch::new()
                .asked_again(None)
                .decision(decided(DecisionKind::Approved, Some(decision)))
                .status(Status::Executing),
            Decision::Edit { code, .. } => PythonPatch::new()
                .asked_again(None)
                .generated_code(code.clone())
                .decision(decided(DecisionKind::Edited, Some(decision)))
                .status(Status::Analyzing),
            Decision::Reject { reason } => {
                let message = match reason {
                    Some(reason) => format!("rejected: {reason}"),
                    None => "rejected".to_owned(),
                };
                PythonPatch::new()
                    .asked_again(None)
                    .status(Status::Rejected)
                    .error(ErrorReport {
                        code: "rejected".into(),
                        message,
                    })
                    .decision(decided(DecisionKind::Rejected, Some(decision)))
            }
            Decision::Respond { message } => {
                self.changes_requested(&state, code, message.clone(), decision.clone())
            }
        })
    }

    async fn accept(
        &self,
        interrupt: &Interrupt,
        question: &Value,
        answer: Value,
        answering: &Answering<'_>,
    ) -> Result<Accepted, AnswerRefused> {
        let (by, now) = (&answering.by.actor, answering.now);
        let settings = &self.0.config.approval;
        let refused = |code: &str, message: String| AnswerRefused {
            code: code.to_owned(),
            message,
        };
        if interrupt.kind == InterruptKind::OutcomeUnknown {
            return Err(refused(
                "invalid_answer",
                "this question asks for a settlement".into(),
            ));
        }
        let mut decided = gate::decide(question, answer, by, now, settings)
            .map_err(|error| refused(error.code(), error.to_string()))?;
        let weighed = gate::weigh(&decided, answering, settings)
            .map_err(|refusal| refused(refusal.code, refusal.message))?;
        decided.facts["by"] = json!(weighed.by);
        if let Decision::Edit { code, .. } = &decided.decision
            && let Some(problem) = self.unreadable(code)
        {
            // Nobody's edit is thrown away: the question stays, and the editor can mend it.
            return Err(refused("decision_edit_unreadable", problem));
        }
        if decided.binding.is_some() && self.0.writes.is_frozen() {
            // The question stays: an approval now would come to nothing, and be asked for again.
            let message = "writes are frozen: nothing is approved until they are not (holdpoint unfreeze)";
            return Err(refused("frozen", message.into()));
        }
        let writes = |binding: &Binding| binding.mode == ExecutionMode::WriteAccess;
        if decided.binding.as_ref().is_some_and(writes)
            && let Err(held) = self.0.executor.interlocks().await
        {
            // The question stays here too.
            return Err(refused(held.code, format!("nothing is approved now: {held}")));
        }
        let counts = weighed.missing > 0;
        if decided.binding.is_some() && !answering.votes.is_empty() && !counts {
            let before = answering
                .votes
                .iter()
                .map(|vote| json!({"by": vote.by, "at": vote.at}));
            let last = json!({"by": weighed.by, "at": now});
            decided.facts["approvals"] = before.chain([last]).collect();
        }
        let grant = decided
            .binding
            .filter(|_| !counts)
            .map(|binding| gate::grant(&binding, interrupt, &weighed.by, now, settings.grant_ttl));
        let authored = match &decided.decision {
            Decision::Edit { .. } => Some("edit"),
            // What is asked for in a response, a model turns into code: it is its author's request as well.
            Decision::Respond { .. } => Some("respond"),
            Decision::Approve { .. } | Decision::Reject { .. } => None,
        };
        Ok(Accepted {
            value: json!(decided.decision),
            facts: decided.facts,
            grant,
            by: Some(weighed.by),
            counts,
            authored,
        })
    }
}

impl Approve {
    /// Why an edit is no program that can be asked about, if it is none.
    fn unreadable(&self, code: &str) -> Option<String> {
        match self.0.analyzer.analyze(code.as_bytes()).verdict {
            Readability::Readable => None,
            Readability::SyntaxError {
                line,
                column,
                message,
            } => Some(format!(
                "the edited code is not Python: line {line}, column {column}: {message}"
            )),
            Readability::Unanalysable { message, .. } => {
                Some(format!("the edited code cannot be analysed: {message}"))
            }
        }
    }

    fn changes_requested(
        &self,
        state: &PythonExecution,
        failed_code: String,
        message: String,
        decision: Decision,
    ) -> PythonPatch {
        let record = DecisionRecord {
            kind: DecisionKind::ChangesRequested,
            decision: Some(decision),
            code_sha256: crate::model::CodeSha256::of(failed_code.as_bytes()),
        };
        if state.request().code.is_some() {
            // There is no generator that could take the changes up: the request ends here.
            let record = DecisionRecord {
                kind: DecisionKind::Rejected,
                ..record
            };
            let message = format!("changes were asked for, and the code is the caller's own: {message}");
            return PythonPatch::new()
                .decision(record)
                .status(Status::Rejected)
                .error(ErrorReport {
                    code: "changes_requested".into(),
                    message,
                });
        }
        PythonPatch::new()
            .decision(record)
            .status(Status::ChangesRequested)
            .error_chain(vec![AttemptError {
                attempt: state.generation_attempt,
                stage: Stage::Approval,
                code: "changes_requested".into(),
                message,
                failed_code,
                traceback: String::new(),
            }])
    }

    fn question(&self, state: &PythonExecution, code: &str, context: &Context) -> Question {
        let request = state.request();
        let info = context.info();
        let now = context.now();
        let expires_at = now.plus(self.0.config.approval.expires_after);
        let result = state.analysis_result.as_ref();
        let analysis = result.and_then(|result| result.analysis.as_ref());
        let facts = QuestionFacts {
            thread: info.thread.to_string(),
            run: info.run.to_string(),
            graph: NAME.to_owned(),
            code: code.to_owned(),
            mode: request.execution_mode,
            raised: state.raised(),
            reasons: result.map(|result| result.reasons.clone()).unwrap_or_default(),
            findings: state.findings(),
            writes: state
                .rehearsal
                .as_ref()
                .map(|rehearsal| rehearsal.writes.clone())
                .unwrap_or_default(),
            rehearsal: state.rehearsal.as_ref().map(|rehearsal| RehearsalFacts {
                not_rehearsed: rehearsal.not_rehearsed.clone(),
                failed: rehearsal.failed.clone(),
                puts: rehearsal.puts,
                notes: rehearsal.notes.clone(),
            }),
            channels_unresolved: analysis.is_none_or(|analysis| analysis.writes_unresolved),
            backend: json!(self.0.backend(state)),
            analysis: analysis.map_or(Value::Null, |analysis| {
                json!({
                    "has_writes": analysis.has_writes,
                    "has_reads": analysis.has_reads,
                    "risks": analysis.risks,
                    "imports": analysis.imports,
                    "findings_total": analysis.findings_total,
                })
            }),
            policy_version: self.0.policy_version(),
            context_digest: state.context_digest(),
            requester: info.requester.clone(),
            request: RequestText {
                user_query: request.user_query.clone(),
                task_objective: request.task_objective.clone(),
                expected_results: Value::Object(request.expected_results.clone()),
                capability_prompts: request.capability_prompts.clone(),
                execution_folder_name: request.execution_folder_name.clone(),
            },
            notebook: self.notebook(state, code, &request.task_objective, now),
            attempt: state.generation_attempt,
            question_number: state.questions,
            asked_at: now,
            expires_at: Some(expires_at),
            previous: state.asked_again.clone(),
        };
        Question {
            value: gate::question(&facts),
            expires_at: Some(expires_at),
        }
    }

    /// The notebook to look at. Where it can't be written the question stands without one: the
    /// code is in the question itself.
    fn notebook(&self, state: &PythonExecution, code: &str, task: &str, now: Timestamp) -> Option<String> {
        let folder = state.folder.as_ref()?;
        let name = format!(
            "attempt_{:02}_question_{:02}_awaiting_approval",
            state.generation_attempt, state.questions
        );
        let findings = state.findings();
        let content = NotebookContent {
            attempt: state.generation_attempt,
            stage: "awaiting_approval",
            created: now,
            task,
            code,
            findings: &findings,
            error: None,
            execution: None,
        };
        match new_notebook(folder, &name, &content) {
            Ok((path, _)) => Some(path.display().to_string()),
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "the notebook could not be written");
                None
            }
        }
    }
}

/// The question a human is asked when a program was started and its end is not known.
pub(super) fn outcome_unknown(facts: &Value, reason: &str, thread: &str) -> Value {
    let text = |key: &str| {
        facts
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let approved: Option<super::state::ApprovedBy> = facts
        .get("approved")
        .and_then(|approved| serde_json::from_value(approved.clone()).ok());
    let read = |key: &str| facts.get(key).cloned().unwrap_or_default();
    gate::outcome_unknown_question(&OutcomeFacts {
        thread: thread.to_owned(),
        graph: NAME.to_owned(),
        node: "execute".into(),
        effect: "execution".into(),
        started_at: serde_json::from_value(read("starting_at")).unwrap_or_else(|_| Timestamp::from_millis(0)),
        code: text("code"),
        mode: serde_json::from_value(read("execution_mode"))
            .unwrap_or(crate::model::ExecutionMode::WriteAccess),
        channels: approved
            .as_ref()
            .map(|approved| approved.channels.clone())
            .unwrap_or_default(),
        approved_by: approved.map(|approved| approved.actor),
        reason: reason.to_owned(),
    })
}
