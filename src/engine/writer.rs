//! The one place that appends to the store.
//!
//! A writer belongs to the run that owns a thread. What a run does is noted in order and committed
//! when the rules ask for it, so that a superstep of pure nodes costs no commit of its own.

use std::sync::Arc;

use tokio::{sync::mpsc::UnboundedSender, task::JoinHandle};

use crate::{
    model::{Actor, Clock, Entry, Event, Grant, Head, Interrupt, ThreadId, Timestamp},
    store::{Store, StoreError, StoredValue, seal},
};

/// When a run's checkpoints are committed. Whatever is chosen: before an effect starts and before an
/// interrupt or a decision is acknowledged, everything before it is on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// Before the next superstep begins.
    #[default]
    Sync,
    /// While the next superstep runs.
    Async,
    /// When the run ends.
    Exit,
}

/// Appends to one thread, from the head it was made with.
pub(super) struct Writer {
    store: Arc<dyn Store>,
    clock: Clock,
    thread: ThreadId,
    /// The head as committed, or as it will be once `underway` is.
    committed: Option<Head>,
    entries: Vec<Entry>,
    values: Vec<StoredValue>,
    events: Vec<Event>,
    underway: Option<JoinHandle<Result<(), StoreError>>>,
    sink: Option<UnboundedSender<Event>>,
    /// Set when a commit failed for good; nothing is written after that.
    failed: Option<StoreError>,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn Store>,
        clock: Clock,
        thread: ThreadId,
        head: Option<Head>,
        sink: Option<UnboundedSender<Event>>,
    ) -> Self {
        Self {
            store,
            clock,
            thread,
            committed: head,
            entries: Vec::new(),
            values: Vec::new(),
            events: Vec::new(),
            underway: None,
            sink,
            failed: None,
        }
    }

    /// Notes what happened; it is committed with the next flush.
    pub(super) fn note(&mut self, entry: Entry, values: impl IntoIterator<Item = StoredValue>) {
        self.entries.push(entry);
        self.values.extend(values);
    }

    /// Tells `event` once everything noted so far is committed.
    pub(super) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Tells `event` at once.
    pub(super) fn tell_now(&self, event: Event) {
        if let Some(sink) = &self.sink {
            // Nobody has to listen.
            let _ = sink.send(event);
        }
    }

    /// The grants that are live once everything noted is committed.
    pub(super) fn grants(&self) -> Vec<Grant> {
        let mut grants = self
            .committed
            .as_ref()
            .map(|head| head.grants.clone())
            .unwrap_or_default();
        for entry in &self.entries {
            match entry {
                Entry::GrantVoided { grant, .. } => grants.retain(|live| live.id != *grant),
                Entry::EffectStarted {
                    grant: Some(grant), ..
                } => grants.retain(|live| live.id != *grant),
                Entry::Resolved { grant, .. } => grants.extend(grant.clone()),
                _ => {}
            }
        }
        grants
    }

    /// Who gave the thread its last input.
    pub(super) fn requester(&self) -> Option<Actor> {
        self.committed.as_ref().map(|head| head.requester.clone())
    }

    /// The questions that are pending once everything noted is committed.
    pub(super) fn pending_interrupts(&self) -> Vec<Interrupt> {
        let mut pending = self
            .committed
            .as_ref()
            .map(|head| head.interrupts.clone())
            .unwrap_or_default();
        for entry in &self.entries {
            match entry {
                Entry::Asked(interrupt) => pending.push(interrupt.clone()),
                Entry::Resolved { answer, .. } => {
                    pending.retain(|interrupt| interrupt.id != answer.interrupt)
                }
                _ => {}
            }
        }
        pending
    }

    /// The head as committed.
    pub(super) fn head(&self) -> Option<&Head> {
        self.committed.as_ref()
    }

    /// Commits what was noted and waits until it is on disk.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        self.flush_before(None).await
    }

    /// As [`Writer::flush`], unless `deadline` has passed. When the store refuses, what was noted
    /// stays noted.
    pub(super) async fn flush_before(&mut self, deadline: Option<Timestamp>) -> Result<(), StoreError> {
        self.settle().await?;
        if self.entries.is_empty() {
            self.send_events();
            return Ok(());
        }
        let (entries, values) = (
            std::mem::take(&mut self.entries),
            std::mem::take(&mut self.values),
        );
        let sealed = seal(
            self.thread,
            self.committed.as_ref(),
            self.clock.now(),
            entries.clone(),
            values.clone(),
        );
        let Ok(transaction) = sealed else {
            return Err(self.fail(StoreError::Conflict {
                thread: self.thread,
                found: None,
            }));
        };
        let transaction = transaction.before(deadline);
        let head = transaction.head().clone();
        match self.store.commit(transaction).await {
            Ok(()) => {
                self.committed = Some(head);
                self.send_events();
                Ok(())
            }
            Err(
                error @ (StoreError::TooLate { .. }
                | StoreError::Frozen
                | StoreError::GrantUsed(_)
                | StoreError::Full { .. }),
            ) => {
                self.entries = entries;
                self.values = values;
                Err(error)
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Commits what was noted while the run goes on.
    pub(super) async fn flush_behind(&mut self) -> Result<(), StoreError> {
        self.settle().await?;
        if self.entries.is_empty() {
            return Ok(());
        }
        let (entries, values) = (
            std::mem::take(&mut self.entries),
            std::mem::take(&mut self.values),
        );
        let sealed = seal(
            self.thread,
            self.committed.as_ref(),
            self.clock.now(),
            entries,
            values,
        );
        let Ok(transaction) = sealed else {
            return Err(self.fail(StoreError::Conflict {
                thread: self.thread,
                found: None,
            }));
        };
        self.committed = Some(transaction.head().clone());
        self.send_events();
        let store = self.store.clone();
        self.underway = Some(tokio::spawn(async move { store.commit(transaction).await }));
        Ok(())
    }

    /// Takes back the last `count` entries noted, because what they say did not come about.
    pub(super) fn take_back(&mut self, count: usize) {
        let keep = self.entries.len().saturating_sub(count);
        self.entries.truncate(keep);
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if let Some(underway) = self.underway.take() {
            let lost = StoreError::Conflict {
                thread: self.thread,
                found: None,
            };
            let result = underway.await.unwrap_or(Err(lost));
            match result {
                Ok(()) => {}
                Err(error) => return Err(self.fail(error)),
            }
        }
        Ok(())
    }

    fn fail(&mut self, error: StoreError) -> StoreError {
        self.failed = Some(error.clone());
        error
    }

    /// Tells what is committed, or is about to be.
    pub(super) fn send_events(&mut self) {
        for event in std::mem::take(&mut self.events) {
            self.tell_now(event);
        }
    }
}
