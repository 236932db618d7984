//! Reading: what is pending, how threads stand, what happened.

use std::{path::Path, time::Duration};

use serde_json::{Map, Value, json};

use crate::{
    engine::{EngineError, PendingQuestion, Snapshot},
    gate::Action,
    graphs::python_executor::{ErrorReport, NAME, PythonExecution, Status},
    model::{
        Caller, Entry, Head, Interrupt, InterruptId, InterruptKind, Namespace, Outcome, Resolution, Role,
        ThreadId,
    },
    store::{StoreError, ThreadFilter, verify_export},
};

use super::{
    Anchor, Core, HistoryEvent, HistoryReply, InterruptReply, PendingReply, ProblemReply, RunReply,
    RunStatus, ServiceError, ThreadReply, VerifyReply, error::thread_of, permission, proof,
    runs::was_cancelled,
};

impl Core {
    pub(super) async fn pending(&self, by: &Caller) -> Result<Vec<PendingReply>, ServiceError> {
        let store = self.engine.store();
        self.allow(by, Action::List).await?;
        let mut replies = Vec::new();
        for waiting in store.pending().await? {
            let head = store.head(waiting.thread).await?;
            let Some(head) = head.filter(|head| permission::sees(by, head)) else {
                continue;
            };
            let asked = match self.engine.questions(&head).await {
                Err(EngineError::Store(error)) if error.is_of_one_thread() => unreadable(&head, &error),
                asked => asked?,
            };
            for PendingQuestion { interrupt, question } in asked {
                if interrupt.id == waiting.interrupt {
                    replies.push(PendingReply {
                        interrupt_id: interrupt.id,
                        thread_id: head.thread,
                        thread_name: head.name.clone(),
                        graph: head.graph.clone(),
                        kind: interrupt.kind,
                        requester: head.requester.clone(),
                        asked_at: interrupt.asked_at,
                        expires_at: interrupt.expires_at,
                        code_sha256: text(&question, "code_sha256"),
                        channels: channels(&question),
                        votes: head.votes_on(interrupt.id),
                        quorum: self.config.approval.quorum,
                        notified: self
                            .notifier
                            .as_ref()
                            .and_then(|notifier| notifier.told(interrupt.id)),
                        question,
                    });
                }
            }
        }
        Ok(replies)
    }

    pub(super) async fn show(&self, subject: &str, by: &Caller) -> Result<RunReply, ServiceError> {
        let asker = match subject.parse::<InterruptId>() {
            Ok(id) => self.engine.store().asker(id).await?,
            Err(_) => None,
        };
        let thread = asker.unwrap_or_else(|| thread_of(subject));
        let head = self.allow_on(by, Action::Read, thread).await?;
        self.reply(&head).await
    }

    pub(super) async fn threads(
        &self,
        limit: Option<usize>,
        by: &Caller,
    ) -> Result<Vec<ThreadReply>, ServiceError> {
        self.allow(by, Action::List).await?;
        let sees_all = by.has(&[Role::Auditor, Role::Admin]);
        let heads = self
            .engine
            .store()
            .threads(ThreadFilter {
                limit: limit.filter(|_| sees_all),
                ..ThreadFilter::default()
            })
            .await?;
        let seen = heads.into_iter().filter(|head| permission::sees(by, head));
        let mut replies = Vec::new();
        for head in seen.take(limit.unwrap_or(usize::MAX)) {
            let state = match self.engine.state(head.thread).await {
                // 'verify' says what is damaged; the other threads are listed all the same.
                Err(EngineError::Store(error)) if error.is_of_one_thread() => None,
                state => state?,
            };
            replies.push(ThreadReply {
                thread_id: head.thread,
                status: status(&head, state.as_ref()),
                thread_name: head.name,
                graph: head.graph,
                created_by: head.created_by,
                created_at: head.created_at,
                updated_at: head.updated_at,
                pending: head.interrupts.len(),
            });
        }
        Ok(replies)
    }

    pub(super) async fn history(
        &self,
        thread: ThreadId,
        by: &Caller,
    ) -> Result<Vec<HistoryReply>, ServiceError> {
        self.allow_on(by, Action::Read, thread).await?;
        let snapshots = self.engine.history(thread, &Namespace::root()).await?;
        Ok(snapshots.into_iter().map(history_reply).collect())
    }

    /// A position of the audit log; the last one only of a log in which everything fits.
    pub(super) async fn anchor(&self, seq: Option<u64>) -> Result<Anchor, ServiceError> {
        let store = self.engine.store();
        let seq = match seq {
            Some(seq) => seq,
            None => {
                let found = self.verify().await?;
                match found.problems.first() {
                    Some(problem) => return Err(ServiceError::NotVerified(problem.what.clone())),
                    None => found.audit_entries,
                }
            }
        };
        let found = store.audit(seq.saturating_sub(1), 1).await?.into_iter().next();
        let entry = found.filter(|stored| stored.entry.seq == seq);
        let entry = entry.ok_or(ServiceError::NoAuditEntry(seq))?;
        Ok(Anchor {
            seq,
            hash: entry.hash,
            at: entry.entry.at,
            signature: None,
            public_key: None,
        })
    }

    pub(super) async fn verify(&self) -> Result<VerifyReply, ServiceError> {
        let found = self.engine.store().verify().await?;
        let mut problems: Vec<ProblemReply> = found
            .problems
            .into_iter()
            .map(|problem| ProblemReply {
                thread_id: problem.thread,
                seq: problem.seq,
                what: problem.what,
            })
            .collect();
        if let Some(log) = &self.export_log {
            let mut what = problem_of_log(log).await;
            // A batch that is being written looks torn; one that stays torn is.
            for _ in 0..3 {
                if what.is_none() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
                what = problem_of_log(log).await;
            }
            problems.extend(what.map(|what| ProblemReply {
                thread_id: None,
                seq: None,
                what: format!("the export log: {what}"),
            }));
        }
        let mut executions = Vec::new();
        // Where records don't fit, nothing can be proven from them.
        if problems.is_empty() {
            for head in self.engine.store().threads(ThreadFilter::everything()).await? {
                let records = self.engine.records(head.thread).await?;
                let (proofs, mismatches) = proof::executions(head.thread, &records);
                executions.extend(proofs);
                problems.extend(mismatches);
            }
        }
        Ok(VerifyReply {
            ok: problems.is_empty(),
            threads: found.threads,
            records: found.records,
            values: found.values,
            audit_entries: found.audit_entries,
            executions,
            problems,
        })
    }
}

/// The first thing that doesn't fit in an export log.
async fn problem_of_log(log: &Path) -> Option<String> {
    let log = log.to_owned();
    match tokio::task::spawn_blocking(move || verify_export(&log)).await {
        Ok(Ok(found)) => found.problems.first().map(ToString::to_string),
        Ok(Err(error)) => Some(error.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// The questions of a thread whose stored data is damaged, without their text.
fn unreadable(head: &Head, error: &StoreError) -> Vec<PendingQuestion> {
    let question =
        json!({ "kind": "unreadable", "user_message": format!("The question cannot be read: {error}") });
    let of = |interrupt: &Interrupt| PendingQuestion {
        interrupt: interrupt.clone(),
        question: question.clone(),
    };
    head.interrupts.iter().map(of).collect()
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The names of a question's process variables.
pub(super) fn channels(question: &Value) -> Vec<String> {
    let list = question
        .get("channels")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    list.filter_map(|channel| text(channel, "name").or_else(|| channel.as_str().map(str::to_owned)))
        .collect()
}

/// How a thread stands.
pub(super) fn status(head: &Head, state: Option<&Snapshot>) -> RunStatus {
    if head.run.is_some() {
        return RunStatus::Running;
    }
    if head
        .interrupts
        .iter()
        .any(|interrupt| interrupt.kind == InterruptKind::OutcomeUnknown)
    {
        return RunStatus::OutcomeUnknown;
    }
    if !head.interrupts.is_empty() {
        return RunStatus::Interrupted;
    }
    let due = state.is_some_and(|state| !state.checkpoint.tasks.is_empty());
    match &head.last_run {
        // A copy of a thread that had come to its end is at its end.
        None if !due => state
            .and_then(|state| python_status(head, state))
            .unwrap_or(RunStatus::Idle),
        None => RunStatus::Idle,
        Some((_, Outcome::Failed(_))) => RunStatus::Failed,
        Some(_) if was_cancelled(head) => RunStatus::Cancelled,
        Some((_, Outcome::Interrupted { .. })) if due => RunStatus::Interrupted,
        Some((_, Outcome::Interrupted { .. })) => RunStatus::Cancelled,
        Some(_) => state
            .and_then(|state| python_status(head, state))
            .unwrap_or(RunStatus::Completed),
    }
}

fn python(head: &Head, state: &Snapshot) -> Option<PythonExecution> {
    if head.graph != NAME {
        return None;
    }
    let values: Map<String, Value> = state.values.clone().into_iter().collect();
    serde_json::from_value(Value::Object(values)).ok()
}

fn python_status(head: &Head, state: &Snapshot) -> Option<RunStatus> {
    Some(match python(head, state)?.status {
        Status::Completed => RunStatus::Completed,
        Status::Rejected => RunStatus::Rejected,
        Status::Refused => RunStatus::Refused,
        Status::Expired => RunStatus::Expired,
        Status::Failed => RunStatus::Failed,
        // Someone sent it to its end before it came there.
        _ if state.checkpoint.tasks.is_empty() => RunStatus::Cancelled,
        _ => return None,
    })
}

/// A thread as entrances show it.
pub(super) fn run_reply(head: &Head, state: Option<Snapshot>, questions: Vec<PendingQuestion>) -> RunReply {
    let status = status(head, state.as_ref());
    let execution = state.as_ref().and_then(|state| python(head, state));
    let ended = matches!(
        status,
        RunStatus::Completed
            | RunStatus::Rejected
            | RunStatus::Refused
            | RunStatus::Expired
            | RunStatus::Failed
    );
    let failure = head.failure().map(|failure| ErrorReport {
        code: failure.code.clone(),
        message: match &failure.node {
            Some(node) => format!("{node}: {}", failure.message),
            None => failure.message.clone(),
        },
    });
    let code_sha256 = questions
        .first()
        .and_then(|asked| text(&asked.question, "code_sha256"))
        .or_else(|| execution.as_ref()?.code_sha256.as_ref().map(ToString::to_string));
    let values = match &execution {
        Some(_) => None,
        None => state.as_ref().map(|state| json!(state.values)),
    };
    RunReply {
        thread_id: head.thread,
        thread_name: head.name.clone(),
        run_id: head
            .run
            .as_ref()
            .map(|run| run.run)
            .or(head.last_run.as_ref().map(|(run, _)| *run)),
        status,
        interrupts: questions
            .into_iter()
            .map(|PendingQuestion { interrupt, question }| InterruptReply {
                votes: head.votes_on(interrupt.id),
                interrupt_id: interrupt.id,
                kind: interrupt.kind,
                node: interrupt.node,
                asked_at: interrupt.asked_at,
                expires_at: interrupt.expires_at,
                question,
            })
            .collect(),
        code_sha256,
        result: execution
            .as_ref()
            .filter(|_| ended)
            .and_then(|execution| execution.result.clone()),
        error: failure.or_else(|| execution.filter(|_| ended).and_then(|execution| execution.error)),
        next: state
            .map(|state| state.next().into_iter().map(str::to_owned).collect())
            .unwrap_or_default(),
        ended_interrupts: Vec::new(),
        values,
    }
}

fn history_reply(snapshot: Snapshot) -> HistoryReply {
    let mut events: Vec<HistoryEvent> = Vec::new();
    for interrupt in &snapshot.asked {
        events.push(event(
            interrupt.asked_at,
            "asked",
            interrupt.id.to_string(),
            json!({ "node": interrupt.node }),
        ));
    }
    for answer in &snapshot.answers {
        let what = match &answer.resolution {
            Resolution::Answered { .. } => "answered",
            Resolution::Expired => "expired",
            Resolution::Cancelled { .. } => "cancelled",
            Resolution::Superseded => "superseded",
        };
        events.push(HistoryEvent {
            by: Some(answer.by.clone()),
            resolution: Some(answer.resolution.clone()),
            ..event(
                answer.at,
                what,
                answer.interrupt.to_string(),
                answer.facts.clone(),
            )
        });
    }
    for (at, entry) in &snapshot.entries {
        let (subject, facts) = match entry {
            Entry::EffectStarted {
                name, facts, grant, ..
            } => (name, json!({ "grant": grant, "facts": facts })),
            Entry::Noted { name, facts, .. } => (name, facts.clone()),
            Entry::EffectFinished { name, .. } | Entry::Once { name, .. } => (name, Value::Null),
            Entry::TaskFinished { node, attempts, .. } => (node, json!({ "attempts": attempts })),
            Entry::TaskFailed { failure, .. } => {
                (failure.node.as_ref().unwrap_or(&failure.code), json!(failure))
            }
            Entry::Voted { vote, .. } => {
                events.push(HistoryEvent {
                    by: Some(vote.by.clone()),
                    ..event(*at, entry.kind(), vote.interrupt.to_string(), vote.facts.clone())
                });
                continue;
            }
            _ => continue,
        };
        events.push(event(*at, entry.kind(), subject.clone(), facts));
    }
    events.sort_by_key(|event| event.at);
    HistoryReply {
        checkpoint_id: snapshot.checkpoint.id,
        parent: snapshot.checkpoint.parent,
        namespace: snapshot.checkpoint.namespace.0.clone(),
        step: snapshot.checkpoint.step,
        source: snapshot.checkpoint.source,
        at: snapshot.at,
        run_id: snapshot.checkpoint.run,
        seq: snapshot.seq,
        hash: snapshot.hash,
        status: snapshot
            .values
            .get("status")
            .and_then(Value::as_str)
            .map(str::to_owned),
        next: snapshot.next().into_iter().map(str::to_owned).collect(),
        events,
        values: json!(snapshot.values),
    }
}

fn event(at: crate::model::Timestamp, what: &str, subject: String, facts: Value) -> HistoryEvent {
    HistoryEvent {
        at,
        what: what.to_owned(),
        by: None,
        subject,
        resolution: None,
        facts,
    }
}

/// A thread that was named and doesn't exist.
impl From<ThreadId> for ServiceError {
    fn from(thread: ThreadId) -> Self {
        Self::Engine(EngineError::UnknownThread(thread))
    }
}
