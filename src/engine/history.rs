//! A thread's past: every checkpoint with what was asked, answered and done on it.

use serde_json::Value;

use crate::{
    model::{
        Answer, Channels, Checkpoint, CheckpointId, Digest, Entry, Interrupt, Namespace, RunId, ThreadId,
        Timestamp,
    },
    store::{RecordRange, StoredRecord},
};

use super::{Engine, EngineError, values};

/// A checkpoint with its state.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The state.
    pub values: Channels,
    /// When it was made.
    pub at: Timestamp,
    /// The number of its record.
    pub seq: u64,
    /// The hash of its record.
    pub hash: Digest,
    /// What was asked on it.
    pub asked: Vec<Interrupt>,
    /// How that ended.
    pub answers: Vec<Answer>,
    /// What else was recorded on it, oldest first: effects, parts, failures.
    pub entries: Vec<(Timestamp, Entry)>,
}

/// A fact that a task kept while it went on.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// The run.
    pub run: RunId,
    /// The node.
    pub node: String,
    /// What kind of fact.
    pub name: String,
    /// When it was kept.
    pub at: Timestamp,
    /// The number of its record.
    pub seq: u64,
    /// The fact, whole.
    pub value: Value,
}

impl Snapshot {
    /// The nodes that are due next.
    pub fn next(&self) -> Vec<&str> {
        self.checkpoint
            .tasks
            .iter()
            .map(|task| task.node.as_str())
            .collect()
    }
}

impl Engine {
    async fn exists(&self, thread: ThreadId) -> Result<(), EngineError> {
        match self.store.head(thread).await? {
            Some(_) => Ok(()),
            None => Err(EngineError::UnknownThread(thread)),
        }
    }

    /// What the tasks of a thread kept while they went on, oldest first.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn notes(&self, thread: ThreadId) -> Result<Vec<Note>, EngineError> {
        self.exists(thread).await?;
        let mut run = None;
        let mut notes = Vec::new();
        for StoredRecord { record, .. } in self.store.records(thread, RecordRange::ALL).await? {
            match record.entry {
                Entry::RunStarted { run: started, .. } => run = Some(started),
                Entry::Noted {
                    node,
                    name,
                    facts,
                    detail,
                    ..
                } => {
                    let Some(run) = run else { continue };
                    let value = match detail {
                        Some(detail) => values::load(self.store.as_ref(), &detail).await?,
                        None => facts,
                    };
                    notes.push(Note {
                        run,
                        node,
                        name,
                        at: record.at,
                        seq: record.seq,
                        value,
                    });
                }
                _ => {}
            }
        }
        Ok(notes)
    }

    /// One checkpoint of a thread with its state.
    ///
    /// # Errors
    /// [`EngineError::UnknownCheckpoint`], or the store's.
    pub async fn snapshot(&self, thread: ThreadId, id: CheckpointId) -> Result<Snapshot, EngineError> {
        let unknown = || EngineError::UnknownCheckpoint {
            thread,
            checkpoint: id,
        };
        let stored = self.store.checkpoint(thread, id).await?.ok_or_else(unknown)?;
        let after = self
            .store
            .records(thread, RecordRange::after(stored.record.seq))
            .await?;
        let mut snapshot = self.begin_snapshot(stored).await?.ok_or_else(unknown)?;
        for stored in after {
            snapshot.take(stored);
        }
        Ok(snapshot)
    }

    /// The thread's last checkpoint, or `None` if it never had input.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn state(&self, thread: ThreadId) -> Result<Option<Snapshot>, EngineError> {
        match self.head(thread).await?.checkpoint() {
            Some(mark) => self.snapshot(thread, mark.id).await.map(Some),
            None => Ok(None),
        }
    }

    /// The checkpoints of the thread's graphs in `namespace` and below, newest first.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn history(
        &self,
        thread: ThreadId,
        namespace: &Namespace,
    ) -> Result<Vec<Snapshot>, EngineError> {
        self.head(thread).await?;
        let mut snapshots: Vec<Snapshot> = Vec::new();
        for stored in self.store.records(thread, RecordRange::ALL).await? {
            match &stored.record.entry {
                Entry::Checkpoint(checkpoint) if checkpoint.namespace.is_within(namespace) => {
                    snapshots.extend(self.begin_snapshot(stored).await?);
                }
                Entry::Checkpoint(_) => {}
                entry => {
                    if let Some(id) = entry.checkpoint()
                        && let Some(snapshot) = snapshots
                            .iter_mut()
                            .rfind(|snapshot| snapshot.checkpoint.id == id)
                    {
                        snapshot.take(stored);
                    }
                }
            }
        }
        snapshots.reverse();
        Ok(snapshots)
    }

    /// Everything that is recorded of a thread, oldest first, also of one that was deleted.
    ///
    /// # Errors
    /// [`EngineError::UnknownThread`], or the store's.
    pub async fn records(&self, thread: ThreadId) -> Result<Vec<StoredRecord>, EngineError> {
        self.exists(thread).await?;
        Ok(self.store.records(thread, RecordRange::ALL).await?)
    }

    async fn begin_snapshot(&self, stored: StoredRecord) -> Result<Option<Snapshot>, EngineError> {
        let StoredRecord { record, hash } = stored;
        let Entry::Checkpoint(checkpoint) = record.entry else {
            return Ok(None);
        };
        let values = values::load_all(self.store.as_ref(), &checkpoint.channels).await?;
        Ok(Some(Snapshot {
            checkpoint,
            values,
            at: record.at,
            seq: record.seq,
            hash,
            asked: Vec::new(),
            answers: Vec::new(),
            entries: Vec::new(),
        }))
    }
}

impl Snapshot {
    /// Takes up a record that was made on this checkpoint.
    fn take(&mut self, stored: StoredRecord) {
        if stored.record.entry.checkpoint() != Some(self.checkpoint.id) {
            return;
        }
        match stored.record.entry {
            Entry::Asked(interrupt) => self.asked.push(interrupt),
            Entry::Resolved { answer, .. } => self.answers.push(answer),
            entry => self.entries.push((stored.record.at, entry)),
        }
    }
}
