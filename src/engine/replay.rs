//! Replay for audit: every routing decision and every pure node's verdict is derived again from
//! what is recorded. Nothing is executed and nothing is written.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use futures::FutureExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    graph::{
        Context, EffectStart, EffectState, Graph, Journal, JournalError, NodeClass, Question, START,
        TaskInfo, Work,
    },
    model::{
        Actor, Channels, Checkpoint, CheckpointId, Clock, Entry, Grant, Namespace, Resolution, Source,
        TaskId, ThreadId,
    },
    store::{RecordRange, StoredRecord},
};

use super::{
    Engine, EngineError,
    journal::{self, Known},
    step, values,
};

/// Where today's program would decide otherwise than is recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// The checkpoint.
    pub checkpoint: CheckpointId,
    /// The superstep.
    pub step: i64,
    /// What differs: `state`, `route`, `node`, `task_id`, `interrupt_id`, `question`, `graph`.
    pub what: String,
    /// What is recorded.
    pub recorded: Value,
    /// What today's program says.
    pub today: Value,
}

/// What a replay found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReplayReport {
    /// The thread.
    pub thread: ThreadId,
    /// How many checkpoints were derived again.
    pub checkpoints: usize,
    /// How many routing decisions were derived again.
    pub routes: usize,
    /// How many verdicts of pure nodes were derived again.
    pub verdicts: usize,
    /// How many questions were checked against their ids.
    pub questions: usize,
    /// Where today's program would decide otherwise; empty if nowhere.
    pub divergences: Vec<Divergence>,
}

/// A journal that only reads.
struct ReplayJournal {
    known: Known,
}

#[async_trait]
impl Journal for ReplayJournal {
    fn resolution(&self, ordinal: u32) -> Option<Resolution> {
        self.known.resolutions.get(&ordinal).cloned()
    }
    fn ask(&self, _: u32, _: Question) {}
    async fn recorded(&self, name: &str) -> Option<Value> {
        self.known.recorded.get(name).cloned()
    }
    async fn record(&self, _: &str, _: &Value) -> Result<(), JournalError> {
        Err(JournalError::Replay)
    }
    async fn note(&self, _: &str, _: Value, _: Option<Value>) -> Result<(), JournalError> {
        Err(JournalError::Replay)
    }
    async fn effect(&self, name: &str) -> EffectState {
        self.known
            .effects
            .get(name)
            .cloned()
            .unwrap_or(EffectState::Fresh)
    }
    async fn start(&self, _: &str, _: EffectStart) -> Result<(), JournalError> {
        Err(JournalError::Replay)
    }
    async fn finish(&self, _: &str, _: &Value) -> Result<(), JournalError> {
        Err(JournalError::Replay)
    }
    fn grants(&self) -> Vec<Grant> {
        Vec::new()
    }
    fn is_replay(&self) -> bool {
        true
    }
    fn emit(&self, _: Value) {}
    fn message(&self, _: &str) {}
}

/// What the records of one checkpoint say.
struct Recorded {
    checkpoint: Checkpoint,
    at: crate::model::Timestamp,
    state: Channels,
    records: Vec<StoredRecord>,
}

impl Engine {
    /// Derives a thread's decisions again.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], [`EngineError::UnknownGraph`], or the store's: a record or a
    /// value that is damaged is an error, not a divergence.
    pub async fn replay(&self, thread: ThreadId) -> Result<ReplayReport, EngineError> {
        let head = self.head(thread).await?;
        let root = self.graph(&head.graph)?.clone();
        let mut report = ReplayReport {
            thread,
            checkpoints: 0,
            routes: 0,
            verdicts: 0,
            questions: 0,
            divergences: Vec::new(),
        };
        let mut order: Vec<CheckpointId> = Vec::new();
        let mut recorded: HashMap<CheckpointId, Recorded> = HashMap::new();
        for stored in self.store.records(thread, RecordRange::ALL).await? {
            if let Entry::Checkpoint(checkpoint) = &stored.record.entry {
                let Some(graph) = graph_of(&root, &checkpoint.namespace) else {
                    continue;
                };
                let state = values::load_all(self.store.as_ref(), &checkpoint.channels).await?;
                let state = graph.upcast(checkpoint.graph.state_version, state)?;
                order.push(checkpoint.id);
                let at = stored.record.at;
                let checkpoint = checkpoint.clone();
                recorded.insert(
                    checkpoint.id,
                    Recorded {
                        checkpoint,
                        at,
                        state,
                        records: Vec::new(),
                    },
                );
            } else if let Some(id) = stored.record.entry.checkpoint()
                && let Some(recorded) = recorded.get_mut(&id)
            {
                recorded.records.push(stored);
            }
        }
        for id in order {
            let Some(current) = recorded.get(&id) else {
                continue;
            };
            let Some(graph) = graph_of(&root, &current.checkpoint.namespace) else {
                continue;
            };
            let parent = current.checkpoint.parent.and_then(|parent| recorded.get(&parent));
            report.checkpoints += 1;
            check_graph(&mut report, &graph, current);
            check_ids(self, &mut report, thread, current).await?;
            self.check_derivation(&mut report, &graph, current, parent)
                .await?;
            self.check_verdicts(&mut report, &graph, thread, current).await?;
        }
        Ok(report)
    }

    /// The checkpoint follows from its parent and the writes recorded on it.
    async fn check_derivation(
        &self,
        report: &mut ReplayReport,
        graph: &Graph,
        current: &Recorded,
        parent: Option<&Recorded>,
    ) -> Result<(), EngineError> {
        let actual: Vec<step::Due> = self.due(&current.checkpoint).await?;
        let expected = match (current.checkpoint.source, parent) {
            (Source::Input, _) => {
                step::next(graph, &current.state, [START]).map_err(|error| error.to_string())
            }
            (Source::Return, None) => Ok(step::held(graph, actual.clone())),
            (Source::Return, Some(parent)) => {
                let known = journal::known(self.store.as_ref(), &parent.records).await?;
                let mut tasks = Vec::new();
                for (planned, due) in parent
                    .checkpoint
                    .tasks
                    .iter()
                    .zip(self.due(&parent.checkpoint).await?)
                {
                    let finished = known.get(&planned.id).and_then(|known| known.finished.clone());
                    tasks.push((due, finished.map(|(writes, _)| writes)));
                }
                step::back(graph, &parent.state, tasks)
                    .map(|(mut state, _, due)| {
                        // Why it went back is not derived: it is the run's own word.
                        if let Some(hold) = graph.hold_point() {
                            hold.keep_note(&mut state, &current.state);
                        }
                        check_state(report, current, &state);
                        due
                    })
                    .map_err(|error| error.to_string())
            }
            (Source::Update | Source::Fork, _) => Ok(step::held(graph, actual.clone())),
            (Source::Loop, None) => Ok(actual.clone()),
            (Source::Loop, Some(parent)) => {
                let known = journal::known(self.store.as_ref(), &parent.records).await?;
                let tasks = &parent.checkpoint.tasks;
                let writes: Vec<Channels> = tasks
                    .iter()
                    .filter_map(|task| {
                        known
                            .get(&task.id)?
                            .finished
                            .as_ref()
                            .map(|(writes, _)| writes.clone())
                    })
                    .collect();
                match step::merge(graph, &parent.state, &writes) {
                    Ok((state, _)) => check_state(report, current, &state),
                    Err(error) => note(report, current, "state", Value::Null, json!(error.to_string())),
                }
                step::next(graph, &current.state, tasks.iter().map(|task| task.node.as_str()))
                    .map_err(|error| error.to_string())
            }
        };
        report.routes += 1;
        match expected {
            Ok(expected) if expected == actual => {}
            Ok(expected) => note(report, current, "route", names(&actual), names(&expected)),
            Err(error) => note(report, current, "route", names(&actual), json!(error)),
        }
        Ok(())
    }

    /// Each pure node that ran on the checkpoint comes to the same verdict again.
    async fn check_verdicts(
        &self,
        report: &mut ReplayReport,
        graph: &Graph,
        thread: ThreadId,
        current: &Recorded,
    ) -> Result<(), EngineError> {
        let known: HashMap<TaskId, Known> = journal::known(self.store.as_ref(), &current.records).await?;
        for (planned, due) in current
            .checkpoint
            .tasks
            .iter()
            .zip(self.due(&current.checkpoint).await?)
        {
            let Some(spec) = graph
                .node(&planned.node)
                .filter(|spec| spec.class == NodeClass::Pure)
            else {
                continue;
            };
            let Work::Action(action) = &spec.work else {
                continue;
            };
            let Some(known) = known.get(&planned.id) else {
                continue;
            };
            let Some((writes, _)) = &known.finished else {
                continue;
            };
            report.verdicts += 1;
            let info = TaskInfo {
                thread,
                run: current.checkpoint.run,
                actor: Actor::system("replay"),
                requester: Actor::system("replay"),
                namespace: current.checkpoint.namespace.clone(),
                checkpoint: current.checkpoint.id,
                task: planned.id,
                node: planned.node.clone(),
                step: current.checkpoint.step + 1,
                attempt: 1,
            };
            let at = current.at;
            let journal = Arc::new(ReplayJournal { known: known.clone() });
            let context = Context::new(
                info,
                due.1,
                journal,
                CancellationToken::new(),
                Clock::from_fn(move || at),
            );
            let verdict = AssertUnwindSafe(action.run(current.state.clone(), context)).catch_unwind();
            let today = match verdict.await {
                Ok(Ok(today)) if today == *writes => continue,
                Ok(Ok(today)) => json!(differing(writes, &today).1),
                Ok(Err(error)) => json!(error.to_string()),
                Err(_) => json!("it panicked"),
            };
            note(
                report,
                current,
                &format!("node {}", planned.node),
                json!(writes),
                today,
            );
        }
        Ok(())
    }

    async fn due(&self, checkpoint: &Checkpoint) -> Result<Vec<step::Due>, EngineError> {
        let mut due = Vec::new();
        for planned in &checkpoint.tasks {
            due.push(super::checkpoint::due(self.store.as_ref(), planned).await?);
        }
        Ok(due)
    }
}

/// The state is what the writes recorded on the checkpoint before add up to.
fn check_state(report: &mut ReplayReport, current: &Recorded, today: &Channels) {
    if *today != current.state {
        let difference = differing(&current.state, today);
        note(report, current, "state", json!(difference.0), json!(difference.1));
    }
}

fn check_graph(report: &mut ReplayReport, graph: &Graph, current: &Recorded) {
    let today = graph.version();
    if current.checkpoint.graph != today {
        note(
            report,
            current,
            "graph",
            json!(current.checkpoint.graph),
            json!(today),
        );
    }
}

/// Task and interrupt ids are what the thread, the checkpoint and the questions make them.
async fn check_ids(
    engine: &Engine,
    report: &mut ReplayReport,
    thread: ThreadId,
    current: &Recorded,
) -> Result<(), EngineError> {
    for (index, planned) in current.checkpoint.tasks.iter().enumerate() {
        let id = step::task_id(
            thread,
            &current.checkpoint.namespace,
            current.checkpoint.id,
            index,
            &planned.node,
        );
        if id != planned.id {
            note(report, current, "task_id", json!(planned.id), json!(id));
        }
    }
    for stored in &current.records {
        let Entry::Asked(interrupt) = &stored.record.entry else {
            continue;
        };
        report.questions += 1;
        let question = values::load(engine.store.as_ref(), &interrupt.question).await?;
        let digest = crate::model::Digest::of_json(&question);
        let id = step::interrupt_id(
            thread,
            interrupt.checkpoint,
            interrupt.task,
            interrupt.ordinal,
            digest,
        );
        if digest != interrupt.digest || id != interrupt.id {
            note(report, current, "interrupt_id", json!(interrupt.id), json!(id));
        }
    }
    Ok(())
}

fn note(report: &mut ReplayReport, current: &Recorded, what: &str, recorded: Value, today: Value) {
    report.divergences.push(Divergence {
        checkpoint: current.checkpoint.id,
        step: current.checkpoint.step,
        what: what.to_owned(),
        recorded,
        today,
    });
}

fn names(due: &[step::Due]) -> Value {
    due.iter().map(|(node, _)| node.as_str()).collect()
}

/// The channels in which two states differ, as each has them.
fn differing(one: &Channels, other: &Channels) -> (Channels, Channels) {
    let pick = |from: &Channels, against: &Channels| {
        from.iter()
            .filter(|(name, value)| against.get(*name) != Some(value))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    (pick(one, other), pick(other, one))
}

/// The graph that runs in `namespace` of a thread of `root`.
pub(super) fn graph_of(root: &Arc<Graph>, namespace: &Namespace) -> Option<Arc<Graph>> {
    let mut current = root.clone();
    for part in namespace.0.split('|').filter(|part| !part.is_empty()) {
        let node = part.split(':').next().unwrap_or_default();
        current = match current.node(node).map(|spec| &spec.work) {
            Some(Work::Subgraph(subgraph)) => subgraph.graph.clone(),
            _ => return None,
        };
    }
    Some(current)
}
