//! The store over any keyspace.

use std::{
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, PoisonError, mpsc::Sender},
    thread::JoinHandle,
};

use async_trait::async_trait;
use tokio::sync::{OwnedRwLockReadGuard, RwLock, oneshot};

use crate::{
    config::StoreSettings,
    model::{
        ApiKeys, AuditEntry, CheckpointId, Clock, Digest, Head, InterruptId, Record, ServiceEvent, ThreadId,
    },
};

use super::{
    Freeze, PendingInterrupt, RecordRange, Store, StoreError, StoredAudit, StoredRecord, ThreadFilter,
    Transaction, Verification,
    committer::{self, Request, Shared},
    draft::{Draft, Prepared, Standing, damaged, read_freeze, read_head, read_keys},
    keyspace::Keyspace,
    layout,
    memory::Memory,
    sled::Sled,
    transaction::{audit_hash, record_hash},
    verification,
};

/// A store in memory: for tests, and for runs that need not outlive the process.
pub type MemoryStore = Ledger<Memory>;

/// A store on disk.
pub type SledStore = Ledger<Sled>;

/// The store over any keyspace. Dropping it waits until everything accepted is written.
pub struct Ledger<K: Keyspace> {
    keyspace: Shared<K>,
    requests: Mutex<Option<Sender<Request>>>,
    committer: Mutex<Option<JoinHandle<()>>>,
}

impl Ledger<Memory> {
    /// An empty store in memory.
    ///
    /// # Errors
    /// `Stopped` if the system gives no thread.
    pub fn new(clock: Clock) -> Result<Self, StoreError> {
        let mut memory = Memory::default();
        let mut draft = Draft::new(&memory, Standing::nothing(), clock.now());
        draft.found(uuid::Uuid::new_v4())?;
        let (batch, _) = draft.finish();
        memory.apply(&batch)?;
        Self::over(memory, clock)
    }
}

impl Ledger<Sled> {
    /// Opens the store in the directory `path`, or makes one if the directory is empty or not there.
    ///
    /// # Errors
    /// `InUse`, `Damaged`, `Foreign`, `Full`, or `Stopped` if the disk fails.
    pub fn open(path: &Path, settings: &StoreSettings, clock: Clock) -> Result<Self, StoreError> {
        Self::over(Sled::open(path, settings, clock.now())?, clock)
    }
}

impl<K: Keyspace> Ledger<K> {
    fn over(keyspace: K, clock: Clock) -> Result<Self, StoreError> {
        let path = keyspace.path().to_owned();
        let standing = Standing::read(&keyspace)?;
        let keyspace = Arc::new(RwLock::new(Ok(keyspace)));
        let (requests, committer) =
            committer::start(Arc::clone(&keyspace), standing, clock).map_err(|error| {
                StoreError::Stopped {
                    path,
                    reason: error.to_string(),
                }
            })?;
        Ok(Self {
            keyspace,
            requests: Mutex::new(Some(requests)),
            committer: Mutex::new(Some(committer)),
        })
    }

    async fn ask(&self, request: impl FnOnce(committer::Reply) -> Request) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        let sender = lock(&self.requests).clone();
        let accepted = sender.is_some_and(|sender| sender.send(request(reply)).is_ok());
        if accepted && let Ok(answer) = answer.await {
            return answer;
        }
        Err(self.ended().await)
    }

    /// Why the committer no longer answers.
    async fn ended(&self) -> StoreError {
        match self.keyspace.read().await.as_ref() {
            Err(stopped) => stopped.clone(),
            Ok(keyspace) => StoreError::Stopped {
                path: keyspace.path().to_owned(),
                reason: "its committer ended".to_owned(),
            },
        }
    }

    /// Reads a few keys.
    async fn read<T>(&self, read: impl FnOnce(&K) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.keyspace.read().await.as_ref() {
            Ok(keyspace) => read(keyspace),
            Err(stopped) => Err(stopped.clone()),
        }
    }

    /// Reads many keys, away from the threads that serve others.
    async fn survey<T: Send + 'static>(
        &self,
        read: impl FnOnce(&K) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let guard: OwnedRwLockReadGuard<_> = Arc::clone(&self.keyspace).read_owned().await;
        let reading = tokio::task::spawn_blocking(move || match guard.as_ref() {
            Ok(keyspace) => read(keyspace),
            Err(stopped) => Err(stopped.clone()),
        });
        match reading.await {
            Ok(result) => result,
            Err(_) => Err(self.ended().await),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Keyspace> Drop for Ledger<K> {
    fn drop(&mut self) {
        lock(&self.requests).take();
        if let Some(committer) = lock(&self.committer).take() {
            let _ = committer.join();
        }
    }
}

/// Reads a record back, or says why it is not one.
pub(super) fn read_record(thread: ThreadId, seq: u64, bytes: &[u8]) -> Result<StoredRecord, String> {
    let record: Record = serde_json::from_slice(bytes).map_err(|error| format!("does not read: {error}"))?;
    if (record.thread, record.seq) != (thread, seq) {
        return Err(format!(
            "says that it is record {} of thread {}",
            record.seq, record.thread
        ));
    }
    Ok(StoredRecord {
        record,
        hash: record_hash(bytes),
    })
}

/// Reads an audit entry back, or says why it is not one.
pub(super) fn read_audit(seq: u64, bytes: &[u8]) -> Result<StoredAudit, String> {
    let entry: AuditEntry =
        serde_json::from_slice(bytes).map_err(|error| format!("does not read: {error}"))?;
    if entry.seq != seq {
        return Err(format!("says that it is entry {}", entry.seq));
    }
    Ok(StoredAudit {
        entry,
        hash: audit_hash(bytes),
    })
}

fn record_at(keyspace: &dyn Keyspace, key: &[u8], bytes: &[u8]) -> Result<StoredRecord, StoreError> {
    let (thread, seq) = layout::read_record_key(key).ok_or_else(|| damaged(keyspace, "a record's key"))?;
    read_record(thread, seq, bytes)
        .map_err(|what| damaged(keyspace, format!("record {seq} of thread {thread} {what}")))
}

/// The pairs of `range` in the order wanted.
fn pairs(keyspace: &dyn Keyspace, range: Range<Vec<u8>>, backwards: bool) -> super::keyspace::Pairs<'_> {
    let pairs = keyspace.scan(range);
    if backwards { Box::new(pairs.rev()) } else { pairs }
}

/// The ids of threads at the end of the keys under `prefix`.
pub(super) fn threads_under<'a>(
    keyspace: &'a dyn Keyspace,
    prefix: u8,
) -> impl Iterator<Item = Result<ThreadId, StoreError>> + 'a {
    keyspace.scan(layout::all(prefix)).map(move |pair| {
        let (key, _) = pair?;
        let id = key
            .len()
            .checked_sub(16)
            .and_then(|start| layout::read_thread(&key[start..]));
        id.ok_or_else(|| damaged(keyspace, "a key that should end in a thread's id"))
    })
}

/// The pending interrupts, the first to expire first.
pub(super) fn read_pending(keyspace: &dyn Keyspace) -> Result<Vec<PendingInterrupt>, StoreError> {
    let read = |pair: Result<_, StoreError>| {
        let (key, value): (Vec<u8>, Vec<u8>) = pair?;
        layout::read_pending_key(&key)
            .zip(layout::read_thread(&value))
            .map(|((expires_at, asked_at, interrupt), thread)| PendingInterrupt {
                expires_at,
                asked_at,
                interrupt,
                thread,
            })
            .ok_or_else(|| damaged(keyspace, "a pending interrupt does not read"))
    };
    keyspace.scan(layout::all(layout::PENDING)).map(read).collect()
}

#[async_trait]
impl<K: Keyspace> Store for Ledger<K> {
    async fn commit(&self, transaction: Transaction) -> Result<(), StoreError> {
        let prepared = Box::new(Prepared::new(transaction)?);
        self.ask(|reply| Request::Commit(prepared, reply)).await
    }

    async fn log(&self, event: ServiceEvent) -> Result<(), StoreError> {
        self.ask(|reply| Request::Log(event, reply)).await
    }

    async fn head(&self, thread: ThreadId) -> Result<Option<Head>, StoreError> {
        self.read(|keyspace| read_head(keyspace, thread)).await
    }

    async fn records(&self, thread: ThreadId, range: RecordRange) -> Result<Vec<StoredRecord>, StoreError> {
        self.survey(move |keyspace| {
            let keys = layout::records(thread, range.after, range.before);
            pairs(keyspace, keys, range.newest_first)
                .take(range.limit)
                .map(|pair| pair.and_then(|(key, bytes)| record_at(keyspace, &key, &bytes)))
                .collect()
        })
        .await
    }

    async fn checkpoint(
        &self,
        thread: ThreadId,
        id: CheckpointId,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.read(|keyspace| {
            let Some(seq) = keyspace.get(&layout::checkpoint(thread, id))? else {
                return Ok(None);
            };
            let seq = layout::read_number(&seq)
                .ok_or_else(|| damaged(keyspace, format!("where checkpoint {id} stands")))?;
            let key = layout::record(thread, seq);
            let Some(bytes) = keyspace.get(&key)? else {
                let what = format!("record {seq} of thread {thread} is missing");
                return Err(damaged(keyspace, what));
            };
            record_at(keyspace, &key, &bytes).map(Some)
        })
        .await
    }

    async fn value(&self, digest: Digest) -> Result<Arc<Vec<u8>>, StoreError> {
        let stored = self.read(|keyspace| keyspace.get(&layout::value(digest))).await?;
        stored
            .and_then(|bytes| layout::decode_value(digest, &bytes))
            .map(Arc::new)
            .ok_or(StoreError::Value(digest))
    }

    async fn threads(&self, filter: ThreadFilter) -> Result<Vec<Head>, StoreError> {
        self.survey(move |keyspace| {
            let wanted = |head: &Head| {
                (filter.deleted || !head.deleted)
                    && filter.graph.as_ref().is_none_or(|graph| *graph == head.graph)
                    && (filter.status.is_empty() || filter.status.contains(&head.status))
            };
            threads_under(keyspace, layout::CHANGED)
                .map(|thread| {
                    let thread = thread?;
                    read_head(keyspace, thread)?
                        .ok_or_else(|| damaged(keyspace, format!("the head of thread {thread} is missing")))
                })
                .filter(|head| head.as_ref().map_or(true, wanted))
                .skip(filter.offset)
                .take(filter.limit.unwrap_or(usize::MAX))
                .collect()
        })
        .await
    }

    async fn asker(&self, interrupt: InterruptId) -> Result<Option<ThreadId>, StoreError> {
        self.read(|keyspace| {
            let Some(bytes) = keyspace.get(&layout::asker(interrupt))? else {
                return Ok(None);
            };
            let what = || damaged(keyspace, format!("who asked interrupt {interrupt}"));
            layout::read_thread(&bytes).map(Some).ok_or_else(what)
        })
        .await
    }

    async fn pending(&self) -> Result<Vec<PendingInterrupt>, StoreError> {
        self.survey(|keyspace| read_pending(keyspace)).await
    }

    async fn busy(&self) -> Result<Vec<ThreadId>, StoreError> {
        self.survey(|keyspace| threads_under(keyspace, layout::BUSY).collect())
            .await
    }

    async fn frozen(&self) -> Result<Option<Freeze>, StoreError> {
        self.read(|keyspace| read_freeze(keyspace)).await
    }

    async fn keys(&self) -> Result<ApiKeys, StoreError> {
        self.survey(|keyspace| read_keys(keyspace)).await
    }

    async fn notified(&self, interrupt: InterruptId) -> Result<bool, StoreError> {
        self.read(|keyspace| keyspace.contains(&layout::notified(interrupt)))
            .await
    }

    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<StoredAudit>, StoreError> {
        self.survey(move |keyspace| {
            keyspace
                .scan(layout::audit_after(after))
                .take(limit)
                .map(|pair| {
                    let (key, bytes) = pair?;
                    let seq = layout::read_number(&key[1..]).unwrap_or_default();
                    read_audit(seq, &bytes)
                        .map_err(|what| damaged(keyspace, format!("audit entry {seq} {what}")))
                })
                .collect()
        })
        .await
    }

    async fn verify(&self) -> Result<Verification, StoreError> {
        let shared = Arc::clone(&self.keyspace);
        let checking = tokio::task::spawn_blocking(move || verification::verify(&shared));
        match checking.await {
            Ok(result) => result,
            Err(_) => Err(self.ended().await),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.ask(Request::Close).await
    }
}
