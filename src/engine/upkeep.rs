//! What becomes of a thread besides its runs: what its caller says of it, and its end. And its runs, as its log
//! tells them.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;
use tokio::sync::Mutex;

use crate::{
    model::{Actor, Entry, Head, Outcome, RunId, ThreadId, Timestamp, ValueRef},
    store::{RecordRange, StoreError},
};

use super::{
    Engine, EngineError,
    journal::lock,
    steering::{Ending, end_questions, refuse_unsettled, void_grants},
    values,
    writer::Writer,
};

/// How often a change is tried anew when the thread moved on meanwhile.
const TRIES: usize = 16;

/// A run, as its thread's log tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The run.
    pub run: RunId,
    /// Who asked for it.
    pub by: Actor,
    /// The stored input, if it had one.
    pub input: Option<ValueRef>,
    /// What the caller wanted kept beside it.
    pub about: Option<Value>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended, and how; `None` while it goes on.
    pub ended: Option<(Timestamp, Outcome)>,
}

impl Engine {
    /// Writes `metadata` over the caller's own data of a thread, whether or not a run goes on there.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn describe(
        &self,
        thread: ThreadId,
        metadata: BTreeMap<String, Value>,
        by: Actor,
    ) -> Result<Head, EngineError> {
        let entry = Entry::Described {
            by,
            metadata,
            graph: None,
        };
        for _ in 0..TRIES {
            let head = self.head(thread).await?;
            let noted = match self.writer_of(&head) {
                Some(writer) => note_beside(&writer, &head, entry.clone()).await?,
                None => {
                    let head = self.unowned_head(thread).await?;
                    self.note_alone(&head, |writer| writer.note(entry.clone(), []))
                        .await?
                }
            };
            if let Some(head) = noted {
                return Ok(head);
            }
        }
        Err(EngineError::Busy {
            thread,
            run: self
                .head(thread)
                .await?
                .run
                .map_or_else(RunId::new, |active| active.run),
        })
    }

    /// Deletes a thread: what it asks ends, and it can no longer be used. What happened on it stays in the store.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], [`EngineError::Busy`], [`EngineError::MustSettle`], or the store's.
    pub async fn delete(&self, thread: ThreadId, by: Actor) -> Result<(), EngineError> {
        for _ in 0..TRIES {
            let head = self.unowned_head(thread).await?;
            refuse_unsettled(&head)?;
            let now = self.clock.now();
            let noted = self
                .note_alone(&head, |writer| {
                    let ending = Ending::Cancelled("the thread was deleted".into());
                    end_questions(writer, &head, &ending, &by, now);
                    void_grants(writer, &head, "the thread was deleted");
                    writer.note(Entry::Deleted { by: by.clone() }, []);
                })
                .await?;
            if noted.is_some() {
                return Ok(());
            }
        }
        let head = self.head(thread).await?;
        Err(self.lost_race(thread, &head, &[]).await)
    }

    /// The writer of the run that owns a thread in this process.
    fn writer_of(&self, head: &Head) -> Option<Arc<Mutex<Writer>>> {
        let active = head.run.as_ref().filter(|active| active.owner == self.owner)?;
        lock(&self.running)
            .get(&active.run)
            .map(|going| going.writer.clone())
    }

    /// Commits what `note` notes on a thread that nobody owns; `None` if the thread moved on meanwhile.
    async fn note_alone(
        &self,
        head: &Head,
        note: impl FnOnce(&mut Writer),
    ) -> Result<Option<Head>, EngineError> {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let mut writer = Writer::new(store, clock, head.thread, Some(head.clone()), None);
        note(&mut writer);
        match writer.flush().await {
            Ok(()) => Ok(writer.head().cloned()),
            Err(StoreError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The runs of a thread, the last one first.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn runs(&self, thread: ThreadId) -> Result<Vec<RunRecord>, EngineError> {
        self.head(thread).await?;
        let mut runs: Vec<RunRecord> = Vec::new();
        for stored in self.store.records(thread, RecordRange::ALL).await? {
            let at = stored.record.at;
            match stored.record.entry {
                Entry::RunStarted {
                    run,
                    by,
                    input,
                    about,
                    ..
                } => runs.push(RunRecord {
                    run,
                    by,
                    input,
                    about,
                    began_at: at,
                    ended: None,
                }),
                Entry::RunFinished { run, outcome } => {
                    if let Some(record) = runs.iter_mut().rfind(|record| record.run == run) {
                        record.ended = Some((at, outcome));
                    }
                }
                _ => {}
            }
        }
        runs.reverse();
        Ok(runs)
    }

    /// What a run was given.
    ///
    /// # Errors
    /// The store's.
    pub async fn input_of(&self, run: &RunRecord) -> Result<Option<Value>, EngineError> {
        match &run.input {
            Some(reference) => Ok(Some(values::load(self.store.as_ref(), reference).await?)),
            None => Ok(None),
        }
    }
}

/// Commits `entry` between two commits of a run that goes on; `None` if the run has not begun or has ended.
async fn note_beside(writer: &Mutex<Writer>, head: &Head, entry: Entry) -> Result<Option<Head>, EngineError> {
    let mut writer = writer.lock().await;
    let owns = writer
        .head()
        .is_some_and(|committed| committed.run.is_some() && committed.run == head.run);
    if !owns {
        return Ok(None);
    }
    writer.note(entry, []);
    writer.flush().await?;
    Ok(writer.head().cloned())
}
