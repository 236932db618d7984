//! What a service replies: the same objects for the library, the command line and the socket.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    graphs::python_executor::{ErrorReport, PythonResult},
    model::{
        Actor, ApiKey, CheckpointId, Digest, InterruptId, InterruptKind, Resolution, Revocation, Role, RunId,
        Source, ThreadId, Timestamp, Vote,
    },
};

/// How a thread stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// It came to its end.
    Completed,
    /// It waits for an answer, or at a breakpoint.
    Interrupted,
    /// A human rejected it.
    Rejected,
    /// It failed.
    Failed,
    /// A rule forbids it.
    Refused,
    /// Nobody decided in time.
    Expired,
    /// It was cancelled.
    Cancelled,
    /// A program was started and its end is not known: a human must settle it.
    OutcomeUnknown,
    /// A run is going on.
    Running,
    /// Nothing was ever asked of it.
    Idle,
}

impl RunStatus {
    /// The status as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Running => "running",
            Self::Idle => "idle",
        }
    }
}

/// A pending question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InterruptReply {
    /// The interrupt.
    pub interrupt_id: InterruptId,
    /// What it asks for.
    pub kind: InterruptKind,
    /// The node that asks.
    pub node: String,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it can no longer be answered.
    pub expires_at: Option<Timestamp>,
    /// The approvals that were given, where one does not suffice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// The question.
    pub question: Value,
}

/// How a thread stands, and what its last run came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunReply {
    /// The thread.
    pub thread_id: ThreadId,
    /// The caller's own name for it.
    pub thread_name: Option<String>,
    /// Its last run.
    pub run_id: Option<RunId>,
    /// How it stands.
    pub status: RunStatus,
    /// The questions that are pending.
    pub interrupts: Vec<InterruptReply>,
    /// The SHA-256 of the code under consideration.
    pub code_sha256: Option<String>,
    /// What it came to; `None` while it goes on or waits.
    pub result: Option<PythonResult>,
    /// Why it came to nothing.
    pub error: Option<ErrorReport>,
    /// The nodes that are due.
    pub next: Vec<String>,
    /// Questions of this thread that the call put an end to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended_interrupts: Vec<InterruptId>,
    /// The state, for graphs other than `python_executor`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Value>,
}

/// A pending question, with its thread.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PendingReply {
    /// The interrupt.
    pub interrupt_id: InterruptId,
    /// Its thread.
    pub thread_id: ThreadId,
    /// The caller's own name for the thread.
    pub thread_name: Option<String>,
    /// The graph.
    pub graph: String,
    /// What it asks for.
    pub kind: InterruptKind,
    /// Who asked for the run.
    pub requester: Actor,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it can no longer be answered.
    pub expires_at: Option<Timestamp>,
    /// The SHA-256 of the code.
    pub code_sha256: Option<String>,
    /// The process variables it writes, as far as known.
    pub channels: Vec<String>,
    /// The approvals that were given, where one does not suffice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// How many approvals a question needs here.
    #[serde(default = "one")]
    pub quorum: u32,
    /// How the telling of it outside went, where someone is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notified: Option<Notified>,
    /// The question.
    pub question: Value,
}

fn one() -> u32 {
    1
}

/// How the telling of a question went.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notified {
    /// Whether it was taken.
    pub taken: bool,
    /// How often it was tried since this process began.
    pub attempts: u32,
    /// Why the last attempt came to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A thread in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThreadReply {
    /// The thread.
    pub thread_id: ThreadId,
    /// The caller's own name for it.
    pub thread_name: Option<String>,
    /// The graph.
    pub graph: String,
    /// How it stands.
    pub status: RunStatus,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When its last record was made.
    pub updated_at: Timestamp,
    /// How many questions are pending.
    pub pending: usize,
}

/// A checkpoint of a thread's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryReply {
    /// The checkpoint.
    pub checkpoint_id: CheckpointId,
    /// The checkpoint it follows.
    pub parent: Option<CheckpointId>,
    /// The graph: empty for the thread's own.
    pub namespace: String,
    /// The superstep.
    pub step: i64,
    /// What made it.
    pub source: Source,
    /// When.
    pub at: Timestamp,
    /// The run that made it.
    pub run_id: RunId,
    /// The number of its record.
    pub seq: u64,
    /// The hash of its record.
    pub hash: Digest,
    /// Where the request stood.
    pub status: Option<String>,
    /// The nodes that were due.
    pub next: Vec<String>,
    /// What happened on it, oldest first.
    pub events: Vec<HistoryEvent>,
    /// The state.
    pub values: Value,
}

/// One thing that happened on a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// When.
    pub at: Timestamp,
    /// What: `asked`, `answered`, `expired`, `cancelled`, `superseded`, `effect_started`,
    /// `effect_finished`, `task_finished`, `task_failed`, `once`.
    pub what: String,
    /// Who, where someone did it.
    pub by: Option<Actor>,
    /// The interrupt, the node or the effect it is about.
    pub subject: String,
    /// How an interrupt ended.
    pub resolution: Option<Resolution>,
    /// Further facts.
    pub facts: Value,
}

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyReply {
    /// What it is looked up by: a part of the key that is no secret.
    pub id: String,
    /// Who holds it, as the trail knows them.
    pub name: String,
    /// What its holder may be.
    pub roles: BTreeSet<Role>,
    /// Whether it is good: `live`, `expired` or `revoked`.
    pub status: String,
    /// Who made it.
    pub created_by: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it is good no longer.
    pub expires_at: Option<Timestamp>,
    /// Its revocation, if it was revoked.
    pub revoked: Option<Revocation>,
}

impl KeyReply {
    /// How `key` stands at `now`.
    pub(super) fn of(key: &ApiKey, now: Timestamp) -> Self {
        let status = match (&key.revoked, key.is_live(now)) {
            (Some(_), _) => "revoked",
            (None, true) => "live",
            (None, false) => "expired",
        };
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            roles: key.roles.clone(),
            status: status.to_owned(),
            created_by: key.created_by.clone(),
            created_at: key.created_at,
            expires_at: key.expires_at,
            revoked: key.revoked.clone(),
        }
    }
}

/// A key that was just made: the only time that it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewKeyReply {
    /// The key.
    pub key: String,
    /// Everything else about it.
    #[serde(flatten)]
    pub about: KeyReply,
}

/// Whether writes are frozen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FreezeReply {
    /// Whether they are.
    pub frozen: bool,
    /// Who froze them.
    pub by: Option<Actor>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
}

/// Something that doesn't fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProblemReply {
    /// The thread.
    pub thread_id: Option<ThreadId>,
    /// The record's number.
    pub seq: Option<u64>,
    /// What doesn't fit.
    pub what: String,
}

/// What ran, and who approved it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionProof {
    /// The thread.
    pub thread_id: ThreadId,
    /// The record that says it started.
    pub seq: u64,
    /// When.
    pub started_at: Timestamp,
    /// The SHA-256 of what ran.
    pub ran_sha256: String,
    /// The SHA-256 of what was approved.
    pub approved_sha256: String,
    /// The question that was answered.
    pub interrupt_id: Option<InterruptId>,
    /// Who approved.
    pub approved_by: Option<Actor>,
    /// Who had approved before, where one does not suffice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_with: Vec<Actor>,
    /// When.
    pub approved_at: Option<Timestamp>,
    /// The mode it ran in.
    pub execution_mode: String,
    /// How it ended: `finished`, `unknown`, or how it was settled.
    pub ended: String,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerifyReply {
    /// Whether everything fits.
    pub ok: bool,
    /// How many threads were verified.
    pub threads: u64,
    /// How many records.
    pub records: u64,
    /// How many stored values.
    pub values: u64,
    /// How many entries of the audit log.
    pub audit_entries: u64,
    /// Every execution under an approval.
    pub executions: Vec<ExecutionProof>,
    /// What doesn't fit; the first stands first.
    pub problems: Vec<ProblemReply>,
}
