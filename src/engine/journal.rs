//! The journal of a running task, and what is known of a checkpoint's tasks from before.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex as StdMutex},
};

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    graph::{EffectStart, EffectState, Journal, JournalError, Question, Settled, TaskInfo},
    model::{
        Answer, Channels, Entry, Event, Grant, InterruptKind, Resolution, Settlement, TaskId, Timestamp,
        ValueRef,
    },
    store::{Store, StoreError, StoredRecord},
};

use super::{values, writer::Writer};

/// What is known of one task from before: after a resume, a failure or a restart.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) finished: Option<(Channels, BTreeMap<String, ValueRef>)>,
    pub(super) resolutions: HashMap<u32, Resolution>,
    pub(super) recorded: HashMap<String, Value>,
    pub(super) effects: HashMap<String, EffectState>,
    /// Whether a question of this task is pending.
    pub(super) waiting: bool,
}

/// Gathers what is known of a checkpoint's tasks from the records behind it.
pub(super) async fn known(
    store: &dyn Store,
    records: &[StoredRecord],
) -> Result<HashMap<TaskId, Known>, StoreError> {
    let mut tasks: HashMap<TaskId, Known> = HashMap::new();
    let mut kinds = HashMap::new();
    for StoredRecord { record, .. } in records {
        match &record.entry {
            Entry::TaskFinished { task, writes, .. } => {
                let channels = values::load_all(store, writes).await?;
                tasks.entry(*task).or_default().finished = Some((channels, writes.clone()));
            }
            Entry::Once {
                task, name, value, ..
            } => {
                let value = values::load(store, value).await?;
                tasks
                    .entry(*task)
                    .or_default()
                    .recorded
                    .insert(name.clone(), value);
            }
            Entry::Asked(interrupt) => {
                kinds.insert(interrupt.id, interrupt.kind);
                tasks.entry(interrupt.task).or_default().waiting = true;
            }
            Entry::Resolved { answer, .. } => {
                let known = tasks.entry(answer.task).or_default();
                known.waiting = false;
                match kinds.get(&answer.interrupt) {
                    Some(InterruptKind::OutcomeUnknown) => settle(known, answer),
                    _ => drop(
                        known
                            .resolutions
                            .insert(answer.ordinal, answer.resolution.clone()),
                    ),
                }
            }
            Entry::EffectStarted { task, name, .. } => {
                tasks
                    .entry(*task)
                    .or_default()
                    .effects
                    .insert(name.clone(), EffectState::Started);
            }
            Entry::EffectFinished {
                task, name, value, ..
            } => {
                let value = values::load(store, value).await?;
                tasks
                    .entry(*task)
                    .or_default()
                    .effects
                    .insert(name.clone(), EffectState::Finished(value));
            }
            _ => {}
        }
    }
    Ok(tasks)
}

/// A human settled the task's open effects.
fn settle(known: &mut Known, answer: &Answer) {
    let Resolution::Answered { value } = &answer.resolution else {
        return;
    };
    let settlement = value.get("settlement").cloned().unwrap_or_default();
    let settled = Settled {
        // What cannot be read as a settlement counts as failed: nothing is taken for done.
        settlement: serde_json::from_value(settlement).unwrap_or(Settlement::Failed),
        note: value.get("note").and_then(Value::as_str).map(str::to_owned),
        by: answer.by.clone(),
        at: answer.at,
    };
    for state in known.effects.values_mut() {
        if *state == EffectState::Started {
            *state = EffectState::Settled(settled.clone());
        }
    }
}

/// The journal of a task that runs.
pub(super) struct TaskJournal {
    info: TaskInfo,
    writer: Arc<Mutex<Writer>>,
    known: StdMutex<Known>,
    grants: Vec<Grant>,
    asked: StdMutex<Vec<(u32, Question)>>,
    events: Option<tokio::sync::mpsc::UnboundedSender<Event>>,
}

impl TaskJournal {
    pub(super) fn new(
        info: TaskInfo,
        writer: Arc<Mutex<Writer>>,
        known: Known,
        grants: Vec<Grant>,
        events: Option<tokio::sync::mpsc::UnboundedSender<Event>>,
    ) -> Self {
        Self {
            info,
            writer,
            known: StdMutex::new(known),
            grants,
            asked: StdMutex::default(),
            events,
        }
    }

    /// The question the task ended with.
    pub(super) fn question(&self) -> Option<(u32, Question)> {
        lock(&self.asked).pop()
    }

    /// The names of the effects that were started and have not come to an end.
    pub(super) fn open_effect(&self) -> Option<String> {
        let known = lock(&self.known);
        known
            .effects
            .iter()
            .find(|(_, state)| **state == EffectState::Started)
            .map(|(name, _)| name.clone())
    }

    /// Whether any effect was ever started.
    pub(super) fn has_started(&self) -> bool {
        !lock(&self.known).effects.is_empty()
    }

    fn expiry(&self, start: &EffectStart) -> Result<Option<Timestamp>, JournalError> {
        let Some(id) = start.grant else { return Ok(None) };
        let grant = self.grants.iter().find(|grant| grant.id == id);
        grant
            .map(|grant| Some(grant.expires_at))
            .ok_or_else(|| JournalError::Refused(format!("there is no live grant {id} on this thread")))
    }
}

/// A poisoned lock still guards whole data: every change under it is a single insert.
pub(super) fn lock<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[async_trait]
impl Journal for TaskJournal {
    fn resolution(&self, ordinal: u32) -> Option<Resolution> {
        lock(&self.known).resolutions.get(&ordinal).cloned()
    }

    fn ask(&self, ordinal: u32, question: Question) {
        lock(&self.asked).push((ordinal, question));
    }

    async fn recorded(&self, name: &str) -> Option<Value> {
        lock(&self.known).recorded.get(name).cloned()
    }

    async fn record(&self, name: &str, value: &Value) -> Result<(), JournalError> {
        let (reference, stored) = values::whole(value);
        let mut writer = self.writer.lock().await;
        writer.note(
            Entry::Once {
                namespace: self.info.namespace.clone(),
                checkpoint: self.info.checkpoint,
                task: self.info.task,
                name: name.to_owned(),
                value: reference,
            },
            [stored],
        );
        writer
            .flush()
            .await
            .map_err(|error| JournalError::Store(error.to_string()))?;
        lock(&self.known).recorded.insert(name.to_owned(), value.clone());
        Ok(())
    }

    async fn effect(&self, name: &str) -> EffectState {
        lock(&self.known)
            .effects
            .get(name)
            .cloned()
            .unwrap_or(EffectState::Fresh)
    }

    async fn start(&self, name: &str, start: EffectStart) -> Result<(), JournalError> {
        let deadline = self.expiry(&start)?;
        let mut writer = self.writer.lock().await;
        writer.note(
            Entry::EffectStarted {
                namespace: self.info.namespace.clone(),
                checkpoint: self.info.checkpoint,
                task: self.info.task,
                node: self.info.node.clone(),
                name: name.to_owned(),
                grant: start.grant,
                facts: start.facts,
            },
            [],
        );
        match writer.flush_before(deadline).await {
            Ok(()) => {
                lock(&self.known)
                    .effects
                    .insert(name.to_owned(), EffectState::Started);
                Ok(())
            }
            Err(error) => {
                writer.take_back(1);
                Err(match error {
                    StoreError::TooLate { .. } => JournalError::Refused("the approval's time ran out".into()),
                    StoreError::Frozen => JournalError::Refused("writes are frozen".into()),
                    StoreError::GrantUsed(_) => JournalError::Refused("the approval was used before".into()),
                    other => JournalError::Store(other.to_string()),
                })
            }
        }
    }

    async fn finish(&self, name: &str, value: &Value) -> Result<(), JournalError> {
        let (reference, stored) = values::whole(value);
        let mut writer = self.writer.lock().await;
        writer.note(
            Entry::EffectFinished {
                namespace: self.info.namespace.clone(),
                checkpoint: self.info.checkpoint,
                task: self.info.task,
                name: name.to_owned(),
                value: reference,
            },
            [stored],
        );
        if let Err(error) = writer.flush().await {
            writer.take_back(1);
            return Err(JournalError::Store(error.to_string()));
        }
        lock(&self.known)
            .effects
            .insert(name.to_owned(), EffectState::Finished(value.clone()));
        Ok(())
    }

    fn grants(&self) -> Vec<Grant> {
        self.grants.clone()
    }

    fn emit(&self, value: Value) {
        if let Some(events) = &self.events {
            let event = Event::Custom {
                namespace: self.info.namespace.clone(),
                node: self.info.node.clone(),
                value,
            };
            // Nobody has to listen.
            let _ = events.send(event);
        }
    }

    fn message(&self, text: &str) {
        if let Some(events) = &self.events {
            let (namespace, node) = (self.info.namespace.clone(), self.info.node.clone());
            // Nobody has to listen.
            let _ = events.send(Event::Message {
                namespace,
                node,
                text: text.to_owned(),
            });
        }
    }
}
