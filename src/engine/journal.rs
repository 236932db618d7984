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
        Answer, Channels, Entry, Event, Grant, GrantId, InterruptKind, Resolution, Settlement, TaskId,
        Timestamp, ValueRef,
    },
    store::{Store, StoreError, StoredRecord, StoredValue},
};

use super::{values, writer::Writer};

/// What is known of one task from before: after a resume, a failure or a restart.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) finished: Option<(Channels, BTreeMap<String, ValueRef>)>,
    pub(super) resolutions: HashMap<u32, Resolution>,
    pub(super) recorded: HashMap<String, Value>,
    pub(super) effects: BTreeMap<String, EffectState>,
    /// How many times a human was asked how its effects ended.
    pub(super) unknowns: u32,
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
                let known = tasks.entry(interrupt.task).or_default();
                known.waiting = true;
                known.unknowns += u32::from(interrupt.kind == InterruptKind::OutcomeUnknown);
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
///
/// What it writes it writes in a task of its own: a node may drop what it is doing at any time, and
/// the thread's writer must not be left in the middle of a commit by that.
pub(super) struct TaskJournal {
    info: TaskInfo,
    writer: Arc<Mutex<Writer>>,
    known: Arc<StdMutex<Known>>,
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
            known: Arc::new(StdMutex::new(known)),
            grants,
            asked: StdMutex::default(),
            events,
        }
    }

    /// The question the attempt asked: the first, if the node asked several at once.
    pub(super) fn question(&self) -> Option<(u32, Question)> {
        let mut asked = lock(&self.asked);
        (!asked.is_empty()).then(|| asked.remove(0))
    }

    /// Forgets what an attempt that failed had asked.
    pub(super) fn begin_attempt(&self) {
        lock(&self.asked).clear();
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

    /// Does `write` to its end, whatever becomes of the caller.
    async fn write(
        &self,
        write: impl Future<Output = Result<(), JournalError>> + Send + 'static,
    ) -> Result<(), JournalError> {
        tokio::spawn(write)
            .await
            .unwrap_or_else(|error| Err(JournalError::Store(format!("the writing broke off: {error}"))))
    }
}

/// When the grant that an effect consumes ends. It must be live at this moment: one that was voided
/// or used since the superstep began is none.
fn expiry(writer: &Writer, grant: Option<GrantId>) -> Result<Option<Timestamp>, JournalError> {
    let Some(id) = grant else { return Ok(None) };
    let live = writer.grants().into_iter().find(|grant| grant.id == id);
    live.map(|grant| Some(grant.expires_at))
        .ok_or_else(|| JournalError::Refused(format!("there is no live grant {id} on this thread")))
}

/// A poisoned lock still guards whole data: every change under it is a single insert.
pub(super) fn lock<T>(mutex: &StdMutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Commits `entry` with everything noted before it; if that is refused, `entry` was never noted.
async fn commit(
    writer: &mut Writer,
    entry: Entry,
    stored: Vec<StoredValue>,
    deadline: Option<Timestamp>,
) -> Result<(), JournalError> {
    writer.note(entry, stored);
    let error = match writer.flush_before(deadline).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    writer.take_back(1);
    Err(match error {
        StoreError::TooLate { .. } => JournalError::Refused("the approval's time ran out".into()),
        StoreError::Frozen => JournalError::Refused("writes are frozen".into()),
        StoreError::GrantUsed(_) => JournalError::Refused("the approval was used before".into()),
        other => JournalError::Store(other.to_string()),
    })
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
        let entry = Entry::Once {
            namespace: self.info.namespace.clone(),
            checkpoint: self.info.checkpoint,
            task: self.info.task,
            name: name.to_owned(),
            value: reference,
        };
        let (writer, known) = (self.writer.clone(), self.known.clone());
        let (name, value) = (name.to_owned(), value.clone());
        self.write(async move {
            commit(&mut *writer.lock().await, entry, vec![stored], None).await?;
            lock(&known).recorded.insert(name, value);
            Ok(())
        })
        .await
    }

    async fn note(&self, name: &str, facts: Value, detail: Option<Value>) -> Result<(), JournalError> {
        let (reference, stored) = match &detail {
            Some(detail) => {
                let (reference, stored) = values::whole(detail);
                (Some(reference), vec![stored])
            }
            None => (None, Vec::new()),
        };
        let entry = Entry::Noted {
            namespace: self.info.namespace.clone(),
            checkpoint: self.info.checkpoint,
            task: self.info.task,
            node: self.info.node.clone(),
            name: name.to_owned(),
            facts,
            detail: reference,
        };
        let writer = self.writer.clone();
        self.write(async move { commit(&mut *writer.lock().await, entry, stored, None).await })
            .await
    }

    async fn effect(&self, name: &str) -> EffectState {
        lock(&self.known)
            .effects
            .get(name)
            .cloned()
            .unwrap_or(EffectState::Fresh)
    }

    async fn start(&self, name: &str, start: EffectStart) -> Result<(), JournalError> {
        let entry = Entry::EffectStarted {
            namespace: self.info.namespace.clone(),
            checkpoint: self.info.checkpoint,
            task: self.info.task,
            node: self.info.node.clone(),
            name: name.to_owned(),
            grant: start.grant,
            facts: start.facts,
        };
        let (writer, known, name) = (self.writer.clone(), self.known.clone(), name.to_owned());
        // It counts as started from here on, so that a node that drops this call cannot hide it.
        lock(&known).effects.insert(name.clone(), EffectState::Started);
        self.write(async move {
            let mut writer = writer.lock().await;
            let begun = match expiry(&writer, start.grant) {
                Ok(deadline) => commit(&mut writer, entry, Vec::new(), deadline).await,
                Err(error) => Err(error),
            };
            if begun.is_err() {
                lock(&known).effects.remove(&name);
            }
            begun
        })
        .await
    }

    async fn finish(&self, name: &str, value: &Value) -> Result<(), JournalError> {
        let (reference, stored) = values::whole(value);
        let entry = Entry::EffectFinished {
            namespace: self.info.namespace.clone(),
            checkpoint: self.info.checkpoint,
            task: self.info.task,
            name: name.to_owned(),
            value: reference,
        };
        let (writer, known) = (self.writer.clone(), self.known.clone());
        let (name, value) = (name.to_owned(), value.clone());
        self.write(async move {
            commit(&mut *writer.lock().await, entry, vec![stored], None).await?;
            lock(&known).effects.insert(name, EffectState::Finished(value));
            Ok(())
        })
        .await
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
