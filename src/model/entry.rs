//! What a thread's log holds, and what the service-wide audit log holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Actor, Answer, Checkpoint, CheckpointId, Digest, Failure, Grant, GrantId, Interrupt, Namespace, Outcome,
    RunId, TaskId, ThreadId, Timestamp, ValueRef, Vote,
};

/// One thing that happened on a thread. The thread's head is what these entries add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[allow(
    clippy::large_enum_variant,
    reason = "entries are made one by one and never kept in numbers"
)]
pub enum Entry {
    /// The thread came to be.
    ThreadCreated {
        /// The graph it runs.
        graph: String,
        /// The caller's own name for it.
        name: Option<String>,
        /// Who made it.
        by: Actor,
        /// The caller's own data.
        #[serde(default)]
        metadata: BTreeMap<String, Value>,
    },
    /// The caller's own data changed, or a thread on which nothing ran yet took another graph.
    Described {
        /// Who changed it.
        by: Actor,
        /// What was written over the caller's own data.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        metadata: BTreeMap<String, Value>,
        /// The graph it runs from now on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        graph: Option<String>,
    },
    /// The thread was deleted: it can no longer be used. What happened on it stays.
    Deleted {
        /// Who deleted it.
        by: Actor,
    },
    /// A run began; it owns the thread until it finishes.
    RunStarted {
        /// The run.
        run: RunId,
        /// The process instance that runs it.
        owner: uuid::Uuid,
        /// Counts the runs of the thread: a later run's number fences off an earlier one.
        fence: u64,
        /// Who asked for it.
        by: Actor,
        /// What it was given, as JSON.
        input: Option<ValueRef>,
        /// Whether it begins the thread's work anew.
        new_input: bool,
        /// What the caller wants kept beside the run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<Value>,
    },
    /// A superstep, an input or a steering was committed.
    Checkpoint(Checkpoint),
    /// A task came to its end; its writes count once all tasks of its superstep have ended.
    TaskFinished {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint it ran on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// What it wrote.
        writes: BTreeMap<String, ValueRef>,
        /// How many attempts it took.
        attempts: u32,
    },
    /// A task failed for good.
    TaskFailed {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint it ran on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The failure.
        failure: Failure,
    },
    /// A part of a task that must not repeat was done.
    Once {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint the task runs on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The part's name, unique in its task.
        name: String,
        /// What it gave.
        value: ValueRef,
    },
    /// A task asked a question.
    Asked(Interrupt),
    /// A question was answered, expired, was cancelled or superseded.
    Resolved {
        /// The end of the interrupt.
        answer: Answer,
        /// The permission that comes with the answer.
        grant: Option<Grant>,
    },
    /// An answer was given that counts towards a question's end; the question stays pending.
    Voted {
        /// The checkpoint on which it was asked.
        checkpoint: CheckpointId,
        /// The answer.
        vote: Vote,
    },
    /// Someone changed what is asked about: from here on it is their request too.
    Authored {
        /// Who.
        by: Actor,
        /// By which means: `edit`, `respond`, `update`; `copy` on a thread that was made of theirs.
        what: String,
    },
    /// An effect is about to start; from here on nobody may start it again.
    EffectStarted {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint the task runs on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// The effect's name, unique in its task.
        name: String,
        /// The grant it consumes.
        grant: Option<GrantId>,
        /// What is about to happen, for the auditor.
        facts: Value,
    },
    /// An effect came to a known end.
    EffectFinished {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint the task runs on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The effect's name.
        name: String,
        /// What it gave.
        value: ValueRef,
    },
    /// A fact a task came upon while it went on, such as a write that a gateway let pass or refused.
    Noted {
        /// The graph.
        #[serde(default)]
        namespace: Namespace,
        /// The checkpoint the task runs on.
        checkpoint: CheckpointId,
        /// The task.
        task: TaskId,
        /// The node.
        node: String,
        /// What kind of fact.
        name: String,
        /// The fact.
        facts: Value,
        /// What is too long for the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<ValueRef>,
    },
    /// A grant was withdrawn before anything started under it.
    GrantVoided {
        /// The grant.
        grant: GrantId,
        /// Why.
        reason: String,
    },
    /// A run ended.
    RunFinished {
        /// The run.
        run: RunId,
        /// How.
        outcome: Outcome,
    },
    /// Something was refused on this thread, for the auditor.
    Refused {
        /// What was asked for.
        what: String,
        /// Why it was refused.
        reason: String,
        /// Who asked.
        by: Actor,
    },
}

impl Entry {
    /// The entry's name, as it is written.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::ThreadCreated { .. } => "thread_created",
            Self::Described { .. } => "described",
            Self::Deleted { .. } => "deleted",
            Self::RunStarted { .. } => "run_started",
            Self::Checkpoint(_) => "checkpoint",
            Self::TaskFinished { .. } => "task_finished",
            Self::TaskFailed { .. } => "task_failed",
            Self::Once { .. } => "once",
            Self::Asked(_) => "asked",
            Self::Resolved { .. } => "resolved",
            Self::Voted { .. } => "voted",
            Self::Authored { .. } => "authored",
            Self::EffectStarted { .. } => "effect_started",
            Self::EffectFinished { .. } => "effect_finished",
            Self::Noted { .. } => "noted",
            Self::GrantVoided { .. } => "grant_voided",
            Self::RunFinished { .. } => "run_finished",
            Self::Refused { .. } => "refused",
        }
    }

    /// The checkpoint whose tasks the entry is about.
    pub fn checkpoint(&self) -> Option<CheckpointId> {
        match self {
            Self::TaskFinished { checkpoint, .. }
            | Self::TaskFailed { checkpoint, .. }
            | Self::Once { checkpoint, .. }
            | Self::EffectStarted { checkpoint, .. }
            | Self::EffectFinished { checkpoint, .. }
            | Self::Noted { checkpoint, .. }
            | Self::Voted { checkpoint, .. } => Some(*checkpoint),
            Self::Asked(interrupt) => Some(interrupt.checkpoint),
            Self::Resolved { answer, .. } => Some(answer.checkpoint),
            _ => None,
        }
    }

    /// Who did it, where the entry says so.
    pub fn by(&self) -> Option<&Actor> {
        match self {
            Self::ThreadCreated { by, .. } | Self::RunStarted { by, .. } => Some(by),
            // A copy only names those whose request it was before.
            Self::Authored { by, what } => (what != "copy").then_some(by),
            Self::Resolved { answer, .. } => Some(&answer.by),
            Self::Voted { vote, .. } => Some(&vote.by),
            _ => None,
        }
    }

    /// The stored values the entry refers to.
    pub fn values(&self) -> Vec<&ValueRef> {
        match self {
            Self::RunStarted { input, .. } => input.iter().collect(),
            Self::Checkpoint(checkpoint) => checkpoint
                .channels
                .values()
                .chain(checkpoint.tasks.iter().filter_map(|task| task.argument.as_ref()))
                .collect(),
            Self::TaskFinished { writes, .. } => writes.values().collect(),
            Self::Once { value, .. } | Self::EffectFinished { value, .. } => vec![value],
            Self::Asked(interrupt) => vec![&interrupt.question],
            Self::Noted { detail, .. } => detail.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// A position in a thread's log: the number of its last record and that record's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordMark {
    /// Counts the thread's records from 1.
    pub seq: u64,
    /// The hash of the record.
    pub hash: Digest,
}

/// One link of a thread's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the record's form.
    pub format: u16,
    /// The thread.
    pub thread: ThreadId,
    /// Counts the thread's records from 1.
    pub seq: u64,
    /// The hash of the record before this one; zeros before the first.
    pub previous: Digest,
    /// When it was made.
    pub at: Timestamp,
    /// What happened.
    pub entry: Entry,
}

impl Record {
    /// The form this program writes.
    pub const FORMAT: u16 = 1;
}

/// Something that concerns the whole service, not one thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServiceEvent {
    /// The store came to be.
    StoreCreated,
    /// Writes were stopped.
    Frozen {
        /// Who stopped them.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// Writes were allowed again.
    Unfrozen {
        /// Who allowed them.
        by: Actor,
    },
    /// A key was made.
    KeyCreated {
        /// The key, without its secret.
        key: Box<super::ApiKey>,
    },
    /// A key was revoked.
    KeyRevoked {
        /// The key's id.
        id: String,
        /// Who revoked it.
        by: Actor,
        /// Why.
        reason: String,
    },
    /// Someone outside was told of a question, or could not be told while it was pending.
    Notified {
        /// The question.
        interrupt: super::InterruptId,
        /// Its thread.
        thread: ThreadId,
        /// How often it was tried.
        attempts: u32,
        /// Why it came to nothing; `None` if it was taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A request or a decision was refused at a door.
    Refused {
        /// What was asked for.
        what: String,
        /// Why it was refused.
        reason: String,
        /// Who asked.
        by: Actor,
        /// The thread it concerned.
        thread: Option<ThreadId>,
    },
}

/// What an audit entry vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum AuditFact {
    /// A thread's log grew to this record.
    Thread {
        /// The thread.
        thread: ThreadId,
        /// Its last record.
        head: RecordMark,
        /// What the new records are.
        kinds: Vec<String>,
    },
    /// Something concerned the whole service.
    Service {
        /// What it was.
        event: ServiceEvent,
    },
}

/// One link of the service-wide chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Counts the entries from 1, without gaps.
    pub seq: u64,
    /// The hash of the entry before this one; zeros before the first.
    pub previous: Digest,
    /// When it was made.
    pub at: Timestamp,
    /// What it vouches for.
    pub fact: AuditFact,
}
