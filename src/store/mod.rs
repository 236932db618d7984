//! MEMORY: what happened, kept durably and provably.
//!
//! Every change of a thread is one [`Transaction`]: records appended to the thread's hash chain
//! and the values they refer to, committed as a whole if the thread still stands where the
//! transaction expects it. Once [`Store::commit`] returns, what was committed survives the loss of
//! power.

mod chain;
mod committer;
mod directory;
mod draft;
mod export;
mod keyspace;
mod layout;
mod ledger;
mod memory;
mod sled;
mod transaction;
mod tree;
mod verification;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::model::{
    Actor, ApiKeys, AuditEntry, CheckpointId, Digest, Head, InterruptId, Record, RecordMark, ServiceEvent,
    ThreadId, ThreadStatus, Timestamp,
};

pub use ledger::{Ledger, MemoryStore, SledStore};
pub use sled::rebuild;
pub use transaction::{NotCreated, SealedRecord, StoredValue, Transaction, seal};
pub use verification::{Problem, Verification, verify_export};

/// Why the store could not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The thread does not stand where the transaction expects it; nothing was written.
    #[error("thread {thread} changed in the meantime")]
    Conflict {
        /// The thread.
        thread: ThreadId,
        /// Where it stands; `None` if it doesn't exist.
        found: Option<RecordMark>,
    },
    /// The transaction's time limit had passed when it came up for commit; nothing was written.
    #[error("too late: the limit was {deadline}")]
    TooLate {
        /// The limit.
        deadline: Timestamp,
    },
    /// Writes are frozen and the transaction starts one; nothing was written.
    #[error("writes are frozen")]
    Frozen,
    /// A grant was used before; nothing was written.
    #[error("the grant {0} was used before")]
    GrantUsed(crate::model::GrantId),
    /// Who does it has a key that is good no longer, or whose approval is needed has; nothing was written.
    #[error("the key of {0} was revoked, has expired or does not exist")]
    KeyNotLive(String),
    /// There is a live key of that name; nothing was written.
    #[error("there is a key of the name {0} already; revoke it first")]
    KeyExists(String),
    /// There is no such key, or it was revoked before; nothing was written.
    #[error("there is no key {0} that could be revoked")]
    UnknownKey(String),
    /// Another process holds the store.
    #[error("the store {path} is in use{}", owner.map(|pid| format!(" by process {pid}")).unwrap_or_default())]
    InUse {
        /// The store's directory.
        path: PathBuf,
        /// The process that holds it, if known.
        owner: Option<u32>,
    },
    /// What is stored is not what was written.
    #[error("the store {path} is damaged: {what}; see docs/operating.md, 'A damaged store'")]
    Damaged {
        /// The store's directory.
        path: PathBuf,
        /// What doesn't fit.
        what: String,
    },
    /// The directory holds something else, or a store of a newer version.
    #[error("{path} is not a store this program can open: {what}")]
    Foreign {
        /// The directory.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// There is no room; nothing was written, and a later commit may go through.
    #[error("no room on the disk of {path}: nothing was written")]
    Full {
        /// The store's directory.
        path: PathBuf,
    },
    /// The disk failed; the store accepts nothing more until the process is started again.
    #[error("the store {path} stopped after a disk error: {reason}")]
    Stopped {
        /// The store's directory.
        path: PathBuf,
        /// The error.
        reason: String,
    },
    /// A value that a record refers to is missing or not what its hash says.
    #[error("the stored value {0} is missing or damaged")]
    Value(Digest),
}

impl StoreError {
    /// Whether it concerns one thread's data only, so that the others can go on.
    pub fn is_of_one_thread(&self) -> bool {
        matches!(
            self,
            Self::Value(_)
                | Self::Conflict { .. }
                | Self::TooLate { .. }
                | Self::GrantUsed(_)
                | Self::KeyNotLive(_)
        )
    }
}

/// Which records of a thread to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRange {
    /// Only records with a number above this one.
    pub after: u64,
    /// Only records with a number below this one.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: usize,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
}

impl RecordRange {
    /// All records, oldest first.
    pub const ALL: RecordRange = RecordRange {
        after: 0,
        before: None,
        limit: usize::MAX,
        newest_first: false,
    };

    /// All records with a number above `seq`, oldest first.
    pub fn after(seq: u64) -> Self {
        Self {
            after: seq,
            ..Self::ALL
        }
    }
}

/// Which threads to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThreadFilter {
    /// Only threads of this graph.
    pub graph: Option<String>,
    /// Only threads with one of these states; all if empty.
    pub status: Vec<ThreadStatus>,
    /// Also threads that were deleted.
    pub deleted: bool,
    /// Skip this many.
    pub offset: usize,
    /// At most this many; all if `None`.
    pub limit: Option<usize>,
}

impl ThreadFilter {
    /// All threads, those included that were deleted.
    pub fn everything() -> Self {
        Self {
            deleted: true,
            ..Self::default()
        }
    }
}

/// A pending interrupt, as the index by time holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingInterrupt {
    /// When it can no longer be answered.
    pub expires_at: Option<Timestamp>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// The interrupt.
    pub interrupt: InterruptId,
    /// Its thread.
    pub thread: ThreadId,
}

/// Who froze writes, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Freeze {
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A sealed record with the hash of its bytes, as read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The record.
    pub record: Record,
    /// The hash of the record's stored bytes.
    pub hash: Digest,
}

/// A sealed audit entry with the hash of its bytes, as read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAudit {
    /// The entry.
    pub entry: AuditEntry,
    /// The hash of the entry's stored bytes.
    pub hash: Digest,
}

/// Where what happened is kept.
///
/// The contract, which `tests/it/store_contract.rs` holds every implementation to:
/// - a commit is atomic, and durable when it returns: a loss of power after that loses nothing of it;
/// - of several transactions that expect the same mark at most one is committed, the others get
///   [`StoreError::Conflict`] and leave no trace;
/// - a transaction past its deadline, starting an effect while frozen, or using a grant for the
///   second time is refused and leaves no trace;
/// - a thread's records read back in order, byte for byte as sealed, each with its predecessor's hash;
/// - a transaction of a key that is not live, or that makes a grant which rests on the approval of a revoked
///   one, is refused and leaves no trace; of several keys of one name at most one is live;
/// - every commit and every service event adds one entry to the audit log, without gaps;
/// - a value read back has the digest it was stored under, or the read fails.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Commits `transaction` as a whole, or nothing of it.
    ///
    /// # Errors
    /// `Conflict`, `TooLate`, `Frozen`, `GrantUsed`, `KeyNotLive`, `Full`, `Stopped`: nothing was written.
    async fn commit(&self, transaction: Transaction) -> Result<(), StoreError>;

    /// Records an event of the whole service in the audit log, durably.
    ///
    /// # Errors
    /// `KeyExists`, `UnknownKey`, `Full`, `Stopped`: nothing was written.
    async fn log(&self, event: ServiceEvent) -> Result<(), StoreError>;

    /// The head of a thread, or `None` if there is no such thread.
    async fn head(&self, thread: ThreadId) -> Result<Option<Head>, StoreError>;

    /// Records of a thread.
    async fn records(&self, thread: ThreadId, range: RecordRange) -> Result<Vec<StoredRecord>, StoreError>;

    /// The record of a checkpoint, or `None` if the thread has no such checkpoint.
    async fn checkpoint(
        &self,
        thread: ThreadId,
        id: CheckpointId,
    ) -> Result<Option<StoredRecord>, StoreError>;

    /// The bytes of a stored piece of a value, checked against their digest.
    async fn value(&self, digest: Digest) -> Result<Arc<Vec<u8>>, StoreError>;

    /// Heads of threads, the last changed first.
    async fn threads(&self, filter: ThreadFilter) -> Result<Vec<Head>, StoreError>;

    /// The thread that asks or asked `interrupt`, or `None` if nobody ever did.
    async fn asker(&self, interrupt: InterruptId) -> Result<Option<ThreadId>, StoreError>;

    /// All pending interrupts, the first to expire first, then by the time they were asked.
    async fn pending(&self) -> Result<Vec<PendingInterrupt>, StoreError>;

    /// The threads that a run owns, whoever runs it.
    async fn busy(&self) -> Result<Vec<ThreadId>, StoreError>;

    /// Whether writes are frozen.
    async fn frozen(&self) -> Result<Option<Freeze>, StoreError>;

    /// Every API key there ever was.
    async fn keys(&self) -> Result<ApiKeys, StoreError>;

    /// Whether the telling of `interrupt` has come to its end.
    async fn notified(&self, interrupt: InterruptId) -> Result<bool, StoreError>;

    /// Entries of the audit log with a number above `after`, oldest first.
    async fn audit(&self, after: u64, limit: usize) -> Result<Vec<StoredAudit>, StoreError>;

    /// Checks everything stored against the chains, the hashes and each other, and writes nothing.
    ///
    /// What doesn't fit is in the result; an error means that the check itself could not be made.
    async fn verify(&self) -> Result<Verification, StoreError>;

    /// Waits until everything accepted is on disk and lets go of the store.
    async fn close(&self) -> Result<(), StoreError>;
}
