//! The only node that runs code.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    execution::{Access, Execution, ExecutionError, Job, Permit, Prepared, ProgramEnd, Trail},
    gate::{self, Binding},
    graph::{
        Accepted, AnswerRefused, Context, Effect, EffectStart, EffectState, Node, NodeError, Settled, Unknown,
    },
    model::{Answering, CodeSha256, ExecutionMode, Grant, Interrupt, InterruptKind, Settlement},
};

use super::{
    Parts, approve, broken,
    conduct::{self, Kept},
    retry,
    state::{ApprovedBy, AttemptError, ErrorReport, PythonExecution, PythonPatch, Stage, Status, Verdict},
};

/// How often the preparation is tried when the host's resources are short for a moment.
const PREPARATIONS: u32 = 3;

pub(super) struct Execute(pub(super) Arc<Parts>);

#[async_trait]
impl Node<PythonExecution> for Execute {
    async fn run(&self, state: PythonExecution, context: Context) -> Result<PythonPatch, NodeError> {
        let Some(code) = state.generated_code.clone() else {
            return Err(broken("there is no code to run"));
        };
        // What was started before only tells how it ended, whatever has changed since.
        if context.effect_state("execution").await != EffectState::Fresh {
            return self.known_end(&state, code, &context).await;
        }
        let Some(judged) = &state.analysis_result else {
            return Err(broken("the code was not judged"));
        };
        let analyzed = judged.analysis.as_ref().map(|analysis| &analysis.code_sha256);
        if analyzed != Some(&CodeSha256::of(code.as_bytes()))
            || judged.policy_version != self.0.policy_version()
        {
            let reason = "the code or the rules are not those that were judged";
            return Err(NodeError::ReturnToHoldPoint(reason.into()));
        }
        match judged.verdict {
            Verdict::Run if state.effective_mode() == ExecutionMode::ReadOnly => {
                self.run_freely(&state, code, &context).await
            }
            Verdict::Ask => self.run_approved(&state, code, &context).await,
            _ => Err(NodeError::ReturnToHoldPoint(
                "the code may not run as it was judged".into(),
            )),
        }
    }

    async fn accept(
        &self,
        interrupt: &Interrupt,
        question: &Value,
        answer: Value,
        answering: &Answering<'_>,
    ) -> Result<Accepted, AnswerRefused> {
        if interrupt.kind != InterruptKind::OutcomeUnknown {
            return Err(AnswerRefused {
                code: "invalid_answer".into(),
                message: "nothing is asked here".into(),
            });
        }
        let by = gate::settler(answering, &self.0.config.approval).map_err(|refusal| AnswerRefused {
            code: refusal.code.to_owned(),
            message: refusal.message,
        })?;
        let settled = gate::settle(question, answer, &by, answering.now).map_err(|error| AnswerRefused {
            code: error.code().to_owned(),
            message: error.to_string(),
        })?;
        let value = json!({ "settlement": settled.settlement, "note": settled.note });
        Ok(Accepted {
            value,
            facts: settled.facts,
            by: Some(by),
            ..Accepted::default()
        })
    }

    fn outcome_unknown(&self, _: &str, facts: &Value, reason: &str) -> Value {
        let thread = facts.get("thread").and_then(Value::as_str).unwrap_or_default();
        approve::outcome_unknown(facts, reason, thread)
    }
}

impl Execute {
    /// Read-only code in which nothing was found: it may run again if the process dies.
    async fn run_freely(
        &self,
        state: &PythonExecution,
        code: String,
        context: &Context,
    ) -> Result<PythonPatch, NodeError> {
        let start = self.start(state, Access::Read, context);
        match prepare(&self.0, state, &code, start, context).await? {
            Ok(prepared) => {
                let execution = prepared.run(context.cancelled().clone()).await;
                if context.cancelled().is_cancelled() {
                    return Err(NodeError::Cancelled);
                }
                Ok(self.ended(state, code, execution))
            }
            Err(error) => Ok(not_started(state, &error)),
        }
    }

    /// How an effect that was started before came to its end; starts nothing.
    async fn known_end(
        &self,
        state: &PythonExecution,
        code: String,
        context: &Context,
    ) -> Result<PythonPatch, NodeError> {
        let known = context
            .effect("execution", EffectStart::default(), |_| async {
                Err(Unknown("it was started before".into()))
            })
            .await?;
        match known {
            Effect::Finished(execution) => Ok(self.ended(state, code, execution)),
            Effect::Settled(settled) => self.settle(state, settled),
        }
    }

    /// Code a human approved: it is started at most once, under the grant that came with the approval.
    async fn run_approved(
        &self,
        state: &PythonExecution,
        code: String,
        context: &Context,
    ) -> Result<PythonPatch, NodeError> {
        let mode = state.effective_mode();
        // Its turn comes first: what was right before a long wait may no longer be.
        let slot = match mode {
            ExecutionMode::WriteAccess => {
                let slot = self.0.writes.slot(context.cancelled()).await;
                Some(slot.ok_or(NodeError::Cancelled)?)
            }
            ExecutionMode::ReadOnly => None,
        };
        let (begin, permit) = self
            .permission(state, &code, context)
            .map_err(NodeError::ReturnToHoldPoint)?;
        let access = match mode {
            ExecutionMode::WriteAccess => {
                if self.0.writes.is_frozen() {
                    return Err(NodeError::ReturnToHoldPoint("writes are frozen".into()));
                }
                if let Err(held) = self.0.executor.may_begin(&permit).await {
                    return Err(NodeError::ReturnToHoldPoint(held.reason));
                }
                Access::Write(permit)
            }
            ExecutionMode::ReadOnly => Access::Read,
        };
        let start = self.start(state, access, context);
        let prepared = match prepare(&self.0, state, &code, start, context).await? {
            Ok(prepared) => prepared,
            Err(error) => return Ok(not_started(state, &error)),
        };
        let rehearsed = state.rehearsed_puts();
        let effect = context
            .effect("execution", begin, |cancel| async move {
                let execution = match mode {
                    ExecutionMode::WriteAccess => {
                        self.0.writes.guard(&cancel, |stop| prepared.run(stop)).await
                    }
                    ExecutionMode::ReadOnly => prepared.run(cancel).await,
                };
                match (mode, conduct::unknown(&execution, rehearsed)) {
                    (ExecutionMode::WriteAccess, Some(why)) => Err(Unknown(why)),
                    _ => Ok(execution),
                }
            })
            .await?;
        drop(slot);
        match effect {
            Effect::Finished(execution) => Ok(self.ended(state, code, execution)),
            Effect::Settled(settled) => self.settle(state, settled),
        }
    }

    /// The grant that permits exactly this, or why there is none.
    fn permission(
        &self,
        state: &PythonExecution,
        code: &str,
        context: &Context,
    ) -> Result<(EffectStart, Permit), String> {
        let info = context.info();
        let grants = context.grants();
        let grant: &Grant = grants
            .iter()
            .find(|grant| grant.namespace == info.namespace)
            .ok_or("there is no approval that was not used or withdrawn")?;
        let approved = Binding::of(grant).map_err(|error| error.to_string())?;
        let actual = self.0.binding(info.thread, state, code, &approved);
        gate::check(grant, &actual, context.now()).map_err(|error| error.to_string())?;
        let mut facts = state.facts(code, &json!(self.0.backend(state)));
        if let Value::Object(facts) = &mut facts {
            facts.insert("thread".into(), json!(info.thread));
            facts.insert("starting_at".into(), json!(context.now()));
            facts.insert(
                "approved".into(),
                json!(ApprovedBy {
                    actor: grant.approved_by.clone(),
                    interrupt: grant.interrupt,
                    at: grant.issued_at,
                    channels: approved.channels.clone(),
                }),
            );
        }
        let begin = EffectStart {
            grant: Some(grant.id),
            facts,
        };
        let permit = Permit {
            channels: approved.channels,
            seen: approved.seen,
        };
        Ok((begin, permit))
    }

    fn start(&self, state: &PythonExecution, access: Access, context: &Context) -> Start {
        Start {
            access,
            trail: Arc::new(Kept(context.clone())),
            folder: format!("attempt_{:02}", state.generation_attempt),
            timeout: time(&self.0, state),
        }
    }

    /// A human said what became of it.
    fn settle(&self, state: &PythonExecution, settled: Settled) -> Result<PythonPatch, NodeError> {
        let note = settled
            .note
            .clone()
            .map(|note| format!(": {note}"))
            .unwrap_or_default();
        match settled.settlement {
            Settlement::Done => Ok(PythonPatch::new().settled(settled).status(Status::Completed)),
            Settlement::Failed => {
                let message = format!("{} settled the unknown outcome as failed{note}", settled.by.name);
                let error = ErrorReport {
                    code: "settled_as_failed".into(),
                    message,
                };
                Ok(PythonPatch::new()
                    .settled(settled)
                    .status(Status::Failed)
                    .error(error))
            }
            Settlement::AskAgain => {
                let sha = state
                    .code_sha256
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let reason = format!(
                    "It was started before and may already have run: nobody knows how it ended, and {} \
                     wants it asked again{note} (code {sha}).",
                    settled.by.name
                );
                Err(NodeError::ReturnToHoldPoint(reason))
            }
        }
    }

    /// Draws the conclusion of a program that ran.
    fn ended(&self, state: &PythonExecution, code: String, execution: Execution) -> PythonPatch {
        let must_hold = self.0.config.control_system.verification.fail_on_mismatch;
        let of_writes = conduct::failure(&execution, must_hold);
        let error = match &of_writes {
            Some((name, message)) => Some(attempt_error(state, &code, name, message.clone(), "")),
            None => failure(state, &code, &execution),
        };
        let done = conduct::account(&execution, state.rehearsed_puts());
        let patch = PythonPatch::new().execution_result(execution);
        let Some(error) = error else {
            return patch.status(Status::Completed);
        };
        let why = if of_writes.is_some() {
            // Other code in its place would be taught to hide its writes.
            Some("what a gateway refuses is not tried again by other code".to_owned())
        } else if state.effective_mode() == ExecutionMode::WriteAccess {
            let done = done.map(|done| format!("{done}; ")).unwrap_or_default();
            Some(format!(
                "{done}a program with write access is never run again of its own accord"
            ))
        } else {
            retry::exhausted(state, &self.0.config.executor, &error)
        };
        let patch = match why {
            None => patch.status(Status::Retrying),
            Some(why) => {
                let message = format!("{}; {why}", error.message);
                patch.status(Status::Failed).error(ErrorReport {
                    code: error.code.clone(),
                    message,
                })
            }
        };
        patch.error_chain(vec![error])
    }
}

/// What a program is started with, besides what its request says.
pub(super) struct Start {
    pub(super) access: Access,
    pub(super) trail: Arc<dyn Trail>,
    /// The name of its folder in the run's folder.
    pub(super) folder: String,
    pub(super) timeout: Duration,
}

/// The wall time of one execution: the request's, and never more than the configured one.
pub(super) fn time(parts: &Parts, state: &PythonExecution) -> Duration {
    let most = parts.config.executor.execution_timeout;
    let asked = state.request().execution_timeout_seconds;
    asked
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or(most, |asked| asked.min(most))
}

/// Does everything that comes before the start, and again if the host is short of something for a moment; no code
/// is written anew for that.
pub(super) async fn prepare(
    parts: &Parts,
    state: &PythonExecution,
    code: &str,
    start: Start,
    context: &Context,
) -> Result<Result<Box<dyn Prepared>, ExecutionError>, NodeError> {
    let Some(folder) = state.folder.clone() else {
        return Err(broken("there is no folder to run in"));
    };
    let request = state.request();
    let mut attempt = 1;
    loop {
        let job = Job {
            code: code.to_owned(),
            access: start.access.clone(),
            trail: start.trail.clone(),
            placement: state.placement(),
            context: request.capability_context_data.clone(),
            folder: folder.join(&start.folder),
            timeout: start.timeout,
        };
        // It may wait for its turn at a listener; nothing has been started that this would leave behind.
        let prepared = tokio::select! {
            prepared = parts.executor.prepare(job) => prepared,
            () = context.cancelled().cancelled() => return Err(NodeError::Cancelled),
        };
        match prepared {
            Ok(prepared) => return Ok(Ok(prepared)),
            Err(ExecutionError::Cancelled) => return Err(NodeError::Cancelled),
            Err(error @ (ExecutionError::Workspace { .. } | ExecutionError::Start(_)))
                if attempt < PREPARATIONS =>
            {
                tracing::warn!(%error, attempt, "the preparation failed and is tried again");
                context.sleep(Duration::from_millis(200) * attempt).await?;
                attempt += 1;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
}

fn attempt_error(
    state: &PythonExecution,
    code: &str,
    name: &str,
    message: String,
    traceback: &str,
) -> AttemptError {
    AttemptError {
        attempt: state.generation_attempt,
        stage: Stage::Execution,
        code: name.to_owned(),
        message,
        failed_code: code.to_owned(),
        traceback: traceback.to_owned(),
    }
}

/// What is wrong with how a program ended, if anything is.
fn failure(state: &PythonExecution, code: &str, execution: &Execution) -> Option<AttemptError> {
    let error = |name: &str, message, traceback: &str| attempt_error(state, code, name, message, traceback);
    match &execution.end {
        ProgramEnd::Finished if execution.results.is_some() => None,
        ProgramEnd::Finished => {
            let message = "the program came to its end without a dict named 'results'".to_owned();
            Some(error("results_missing", message, ""))
        }
        ProgramEnd::Raised {
            error_type,
            message,
            traceback,
            line,
        } => {
            let place = line.map(|line| format!(" (line {line})")).unwrap_or_default();
            Some(error(
                "runtime_error",
                format!("{error_type}: {message}{place}"),
                traceback,
            ))
        }
        ProgramEnd::Killed { reason, code } => Some(error(&format!("execution_{code}"), reason.clone(), "")),
    }
}

/// The program could not be started, and starting other code would not help.
fn not_started(state: &PythonExecution, error: &ExecutionError) -> PythonPatch {
    let code = error.code();
    let message = format!("the program was not started: {error}");
    PythonPatch::new()
        .status(Status::Failed)
        .error(ErrorReport {
            code: code.to_owned(),
            message: message.clone(),
        })
        .error_chain(vec![AttemptError {
            attempt: state.generation_attempt,
            stage: Stage::Execution,
            code: code.to_owned(),
            message,
            failed_code: String::new(),
            traceback: String::new(),
        }])
}
