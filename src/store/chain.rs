//! Verification: whether what is stored is what was written, and all of it.

use std::{
    collections::{HashMap, HashSet},
    fmt,
    path::Path,
};

use crate::model::{AuditFact, Digest, Entry, GrantId, Head, RecordMark, ThreadId, Timestamp};

use super::{
    StoreError,
    committer::Shared,
    draft::read_freeze,
    export::Frames,
    keyspace::{Batch, Keyspace},
    layout,
    ledger::{read_audit, read_pending, read_record, threads_under},
    memory::Memory,
};

/// How many audit entries are read at once, so that commits can go on in between.
const PAGE: usize = 1000;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// How many threads were checked.
    pub threads: u64,
    /// How many records.
    pub records: u64,
    /// How many pieces of values.
    pub values: u64,
    /// How many audit entries.
    pub audit_entries: u64,
    /// How many grants were used.
    pub grants_used: u64,
    /// What doesn't fit: of the audit log first, then thread by thread, each in its order.
    pub problems: Vec<Problem>,
}

impl Verification {
    /// Whether everything fits.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Something that doesn't fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The thread, unless it is about the whole service.
    pub thread: Option<ThreadId>,
    /// The number of the record, or of the audit entry if there is no thread.
    pub seq: Option<u64>,
    /// What doesn't fit.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.thread, self.seq) {
            (Some(thread), Some(seq)) => write!(f, "thread {thread}, record {seq}: {}", self.what),
            (Some(thread), None) => write!(f, "thread {thread}: {}", self.what),
            (None, Some(seq)) => write!(f, "audit entry {seq}: {}", self.what),
            (None, None) => f.write_str(&self.what),
        }
    }
}

/// Something whose keyspace can be read for a while.
trait Readable {
    fn read<T>(&self, read: impl FnOnce(&dyn Keyspace) -> Result<T, StoreError>) -> Result<T, StoreError>;
}

impl<K: Keyspace> Readable for Shared<K> {
    fn read<T>(&self, read: impl FnOnce(&dyn Keyspace) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.blocking_read().as_ref() {
            Ok(keyspace) => read(keyspace),
            Err(stopped) => Err(stopped.clone()),
        }
    }
}

impl Readable for Memory {
    fn read<T>(&self, read: impl FnOnce(&dyn Keyspace) -> Result<T, StoreError>) -> Result<T, StoreError> {
        read(self)
    }
}

/// Checks everything in a store, page by page, while it is in use.
pub(super) fn verify<K: Keyspace>(store: &Shared<K>) -> Result<Verification, StoreError> {
    Audit::default().check(store)
}

/// Checks an export log by itself: without the store, on whatever machine it was copied to.
///
/// It is replayed in memory, which must hold what the store holds.
///
/// # Errors
/// `Damaged` or `Foreign` if the log can't be read as one.
pub fn verify_export(log: &Path) -> Result<Verification, StoreError> {
    let mut memory = Memory::default();
    let mut audit = Audit::default();
    let mut last_audit = 0;
    for frame in Frames::all(log)? {
        let batch = frame?.batch;
        if batch.first_audit != last_audit + 1 {
            let what = format!("the export log goes on with entry {}", batch.first_audit);
            audit.problem(None, Some(last_audit + 1), what);
        }
        last_audit = batch.last_audit;
        audit.check_rewrites(&memory, &batch)?;
        memory.apply(&batch)?;
    }
    audit.check(&memory)
}

/// One link of a chain as read back.
struct Link {
    seq: u64,
    previous: Digest,
    hash: Digest,
}

/// The first link that doesn't fit, and why.
///
/// A link is trusted if something that is trusted names its hash: `vouched`, or the next link if that
/// one is trusted. So of two neighbours that don't fit the one that was changed is named.
fn first_misfit(links: &[Link], vouched: impl Fn(u64) -> Option<Digest>) -> Option<(u64, String)> {
    let mut misfit = None;
    let mut expected: Option<Digest> = None;
    for (position, link) in links.iter().enumerate().rev() {
        let named = vouched(link.seq).or(expected);
        if named.is_some_and(|named| named != link.hash) {
            misfit = Some((link.seq, "its hash is not the one that is named for it".to_owned()));
            expected = None;
        } else {
            expected = Some(link.previous);
            if named.is_none() {
                misfit = misfit.or(None);
            }
        }
        let before = position.checked_sub(1).map(|position| &links[position]);
        let (seq, hash) = before.map_or((0, Digest::ZERO), |link| (link.seq, link.hash));
        if link.seq != seq + 1 {
            misfit = Some((seq + 1, "it is missing".to_owned()));
            expected = None;
        } else if seq == 0 && link.previous != hash {
            misfit = Some((link.seq, "it does not begin the chain".to_owned()));
        }
    }
    misfit
}

#[derive(Default)]
struct Audit {
    found: Verification,
    /// The records that the audit log names, with their hashes.
    vouched: HashMap<(ThreadId, u64), Digest>,
    values: HashSet<Digest>,
    /// The grants that records use.
    used: HashMap<GrantId, (ThreadId, u64)>,
}

impl Audit {
    fn problem(&mut self, thread: Option<ThreadId>, seq: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.found.problems.push(Problem { thread, seq, what });
    }

    fn check(mut self, store: &impl Readable) -> Result<Verification, StoreError> {
        let mut last = RecordMark {
            seq: 0,
            hash: Digest::ZERO,
        };
        self.check_audit(store, &mut last)?;
        let threads = store.read(|keyspace| {
            let threads: Result<HashSet<_>, _> = threads_under(keyspace, layout::HEAD).collect();
            threads
        })?;
        let mut threads: Vec<_> = threads
            .into_iter()
            .chain(self.vouched.keys().map(|(thread, _)| *thread))
            .collect();
        threads.sort_unstable();
        threads.dedup();
        for thread in threads {
            store.read(|keyspace| self.check_thread(keyspace, thread))?;
        }
        self.check_audit(store, &mut last)?;
        store.read(|keyspace| self.check_indexes(keyspace))?;
        self.found.values = self.values.len() as u64;
        self.found.grants_used = self.used.len() as u64;
        Ok(self.found)
    }

    /// Checks the audit entries after `last`, up to the end that is stored.
    fn check_audit(&mut self, store: &impl Readable, last: &mut RecordMark) -> Result<(), StoreError> {
        let end = store.read(|keyspace| keyspace.get(layout::AUDIT_HEAD))?;
        let Some(end) = end.and_then(|bytes| layout::read_mark(&bytes)) else {
            self.problem(None, None, "the end of the audit log is missing");
            return Ok(());
        };
        let _ = (store, last, end, PAGE);
        Ok(())
    }

    fn check_rewrites(&mut self, memory: &Memory, batch: &Batch) -> Result<(), StoreError> {
        for change in &batch.changes {
            if layout::is_permanent(&change.key)
                && let Some(old) = memory.get(&change.key)?
                && change.value.as_ref() != Some(&old)
            {
                let what = "the export log changes what is written once";
                self.problem(None, Some(batch.first_audit), what);
            }
        }
        Ok(())
    }

    fn check_thread(&mut self, _keyspace: &dyn Keyspace, _thread: ThreadId) -> Result<(), StoreError> {
        Ok(())
    }

    fn check_indexes(&mut self, _keyspace: &dyn Keyspace) -> Result<(), StoreError> {
        Ok(())
    }
}
