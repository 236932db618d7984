//! A thread's head: what its log adds up to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Actor, CheckpointId, Digest, Entry, Failure, Grant, GrantId, Interrupt, InterruptKind, Namespace,
    Outcome, Record, RecordMark, Resolution, RunId, TaskId, ThreadId, Timestamp, Vote,
};

/// The run that owns a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveRun {
    /// The run.
    pub run: RunId,
    /// The process instance that runs it.
    pub owner: uuid::Uuid,
    /// The run's number on this thread.
    pub fence: u64,
}

/// What a thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadStatus {
    /// Nothing is running and nothing is asked.
    Idle,
    /// A run owns it.
    Busy,
    /// It waits for an answer or at a breakpoint.
    Interrupted,
    /// Its last run failed.
    Failed,
    /// Its last run was cancelled.
    Cancelled,
}

/// The newest checkpoint of one graph of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointMark {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The number of its record.
    pub seq: u64,
}

/// An effect that was started and has not come to a known end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenEffect {
    /// The graph.
    pub namespace: Namespace,
    /// The checkpoint the task runs on.
    pub checkpoint: CheckpointId,
    /// The task.
    pub task: TaskId,
    /// The node.
    pub node: String,
    /// The effect's name.
    pub name: String,
    /// When it started.
    pub started_at: Timestamp,
    /// What was about to happen.
    pub facts: Value,
}

/// What a thread's log adds up to; every change of a thread names the head it expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The thread.
    pub thread: ThreadId,
    /// The thread's last record.
    pub mark: RecordMark,
    /// The graph it runs.
    pub graph: String,
    /// The caller's own name for it.
    pub name: Option<String>,
    /// The caller's own data.
    pub metadata: BTreeMap<String, Value>,
    /// Who made it.
    pub created_by: Actor,
    /// Who gave it its last input, or made it if it never had any.
    pub requester: Actor,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its last record was made.
    pub updated_at: Timestamp,
    /// What it is doing.
    pub status: ThreadStatus,
    /// The run that owns it.
    pub run: Option<ActiveRun>,
    /// The last run and how it ended.
    pub last_run: Option<(RunId, Outcome)>,
    /// Counts its runs.
    pub fence: u64,
    /// The newest checkpoint of each graph.
    pub checkpoints: BTreeMap<Namespace, CheckpointMark>,
    /// The questions that are pending.
    pub interrupts: Vec<Interrupt>,
    /// The effects that were started and have not come to a known end.
    pub effects: Vec<OpenEffect>,
    /// The permissions that are live.
    pub grants: Vec<Grant>,
    /// The approvals of pending questions that need several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Who changed what is asked about since the last input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<Actor>,
    /// How many questions were asked since the last input.
    pub asked: u32,
    /// Whether one of them was superseded.
    pub superseded: bool,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

impl Head {
    /// The head after a thread's first record, or `None` if that record doesn't make a thread.
    pub fn first(record: &Record, hash: Digest) -> Option<Head> {
        let Entry::ThreadCreated {
            graph,
            name,
            by,
            metadata,
        } = &record.entry
        else {
            return None;
        };
        Some(Head {
            thread: record.thread,
            mark: RecordMark {
                seq: record.seq,
                hash,
            },
            graph: graph.clone(),
            name: name.clone(),
            metadata: metadata.clone(),
            created_by: by.clone(),
            requester: by.clone(),
            created_at: record.at,
            updated_at: record.at,
            status: ThreadStatus::Idle,
            run: None,
            last_run: None,
            fence: 0,
            checkpoints: BTreeMap::new(),
            interrupts: Vec::new(),
            effects: Vec::new(),
            grants: Vec::new(),
            votes: Vec::new(),
            authors: Vec::new(),
            asked: 0,
            superseded: false,
            deleted: false,
        })
    }

    /// Takes up one more record, whose hash is `hash`.
    pub fn apply(&mut self, record: &Record, hash: Digest) {
        self.mark = RecordMark {
            seq: record.seq,
            hash,
        };
        self.updated_at = record.at;
        match &record.entry {
            Entry::ThreadCreated { .. }
            | Entry::TaskFinished { .. }
            | Entry::Once { .. }
            | Entry::Noted { .. }
            | Entry::Refused { .. } => {}
            Entry::TaskFailed { .. } => {}
            Entry::Described { metadata, graph, .. } => {
                self.metadata.extend(metadata.clone());
                if let Some(graph) = graph {
                    self.graph.clone_from(graph);
                }
            }
            Entry::Deleted { .. } => self.deleted = true,
            Entry::RunStarted {
                run,
                owner,
                fence,
                new_input,
                by,
                ..
            } => {
                self.run = Some(ActiveRun {
                    run: *run,
                    owner: *owner,
                    fence: *fence,
                });
                self.fence = *fence;
                self.status = ThreadStatus::Busy;
                if *new_input {
                    self.requester = by.clone();
                    self.asked = 0;
                    self.superseded = false;
                    self.authors.clear();
                }
            }
            Entry::Checkpoint(checkpoint) => {
                let mark = CheckpointMark {
                    id: checkpoint.id,
                    seq: record.seq,
                };
                // The graphs below belonged to tasks of the checkpoint before, which have ended.
                self.checkpoints
                    .retain(|namespace, _| !namespace.is_within(&checkpoint.namespace));
                self.checkpoints.insert(checkpoint.namespace.clone(), mark);
            }
            Entry::Asked(interrupt) => {
                self.interrupts.push(interrupt.clone());
                self.asked += 1;
            }
            Entry::Voted { vote, .. } => self.votes.push(vote.clone()),
            Entry::Authored { by, .. } if self.authors.contains(by) => {}
            Entry::Authored { by, .. } => self.authors.push(by.clone()),
            Entry::Resolved { answer, grant } => {
                self.votes.retain(|vote| vote.interrupt != answer.interrupt);
                let ended = self
                    .interrupts
                    .iter()
                    .position(|interrupt| interrupt.id == answer.interrupt);
                let ended = ended.map(|position| self.interrupts.remove(position));
                self.superseded |= matches!(answer.resolution, Resolution::Superseded);
                if ended.is_some_and(|interrupt| interrupt.kind == InterruptKind::OutcomeUnknown) {
                    self.effects.retain(|effect| effect.task != answer.task);
                }
                self.grants.extend(grant.clone());
                if self.interrupts.is_empty()
                    && self.run.is_none()
                    && self.status == ThreadStatus::Interrupted
                {
                    self.status = ThreadStatus::Idle;
                }
            }
            Entry::EffectStarted {
                namespace,
                checkpoint,
                task,
                node,
                name,
                grant,
                facts,
            } => {
                self.grants.retain(|live| Some(live.id) != *grant);
                self.effects.push(OpenEffect {
                    namespace: namespace.clone(),
                    checkpoint: *checkpoint,
                    task: *task,
                    node: node.clone(),
                    name: name.clone(),
                    started_at: record.at,
                    facts: facts.clone(),
                });
            }
            Entry::EffectFinished { task, name, .. } => {
                self.effects
                    .retain(|effect| effect.task != *task || effect.name != *name);
            }
            Entry::GrantVoided { grant, .. } => self.grants.retain(|live| live.id != *grant),
            Entry::RunFinished { run, outcome } => {
                self.run = None;
                self.last_run = Some((*run, outcome.clone()));
                self.status = match outcome {
                    Outcome::Completed => ThreadStatus::Idle,
                    Outcome::Interrupted { .. } => ThreadStatus::Interrupted,
                    Outcome::Failed(_) => ThreadStatus::Failed,
                    Outcome::Cancelled { .. } => ThreadStatus::Cancelled,
                };
            }
        }
    }

    /// The newest checkpoint of the thread's own graph.
    pub fn checkpoint(&self) -> Option<CheckpointMark> {
        self.checkpoints.get(&Namespace::root()).copied()
    }

    /// The live grant `id`, or why there is none.
    pub fn grant(&self, id: GrantId) -> Option<&Grant> {
        self.grants.iter().find(|grant| grant.id == id)
    }

    /// Whose request it is: the owner, the requester, and whoever changed what is asked about.
    pub fn askers(&self) -> Vec<Actor> {
        let mut askers = vec![self.created_by.clone()];
        for actor in std::iter::once(&self.requester).chain(&self.authors) {
            if !askers.contains(actor) {
                askers.push(actor.clone());
            }
        }
        askers
    }

    /// The approvals of the question `id` that stand.
    pub fn votes_on(&self, id: super::InterruptId) -> Vec<Vote> {
        let on = self.votes.iter().filter(|vote| vote.interrupt == id);
        on.cloned().collect()
    }

    /// The failure of the last run.
    pub fn failure(&self) -> Option<&Failure> {
        match &self.last_run {
            Some((_, Outcome::Failed(failure))) => Some(failure),
            _ => None,
        }
    }
}
