//! A transaction: what is to be appended to one thread, and on which conditions.

use crate::model::{Digest, Entry, Grant, GrantId, Head, Record, RecordMark, ThreadId, Timestamp};

use super::StoredRecord;

/// One piece of a value with its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// The digest of the bytes.
    pub digest: Digest,
    /// The piece as JSON.
    pub bytes: Vec<u8>,
}

impl StoredValue {
    /// A piece of JSON.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: Digest::of(&bytes),
            bytes,
        }
    }
}

/// A record sealed into its thread's chain, with the bytes that are stored and hashed.
#[derive(Debug, Clone)]
pub struct SealedRecord {
    /// The record and its hash.
    pub stored: StoredRecord,
    /// The record's JSON, exactly as stored.
    pub bytes: Vec<u8>,
}

/// What is to be appended to one thread, and on which conditions. Made by [`seal`].
#[derive(Debug, Clone)]
pub struct Transaction {
    pub(super) thread: ThreadId,
    pub(super) expected: Option<RecordMark>,
    pub(super) records: Vec<SealedRecord>,
    pub(super) values: Vec<StoredValue>,
    pub(super) head: Head,
    /// The moment after which it must not be committed: the expiry of a question or of a grant.
    pub deadline: Option<Timestamp>,
}

impl Transaction {
    /// The head that the thread has once this is committed.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The records it appends.
    pub fn records(&self) -> impl Iterator<Item = &StoredRecord> {
        self.records.iter().map(|sealed| &sealed.stored)
    }

    /// Sets the moment after which it must not be committed; an earlier one stands.
    pub fn before(mut self, deadline: Option<Timestamp>) -> Self {
        self.deadline = match (self.deadline, deadline) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self
    }

    /// The grants it makes and the grants it uses up.
    pub fn grants(&self) -> (Vec<&Grant>, Vec<GrantId>) {
        let mut made = Vec::new();
        let mut used = Vec::new();
        for stored in self.records() {
            match &stored.record.entry {
                Entry::Resolved {
                    grant: Some(grant), ..
                } => made.push(grant),
                Entry::EffectStarted {
                    grant: Some(grant), ..
                } => used.push(*grant),
                _ => {}
            }
        }
        (made, used)
    }

    /// Whether it starts an effect under a grant: such a transaction is refused while writes are frozen.
    pub fn starts_granted_effect(&self) -> bool {
        !self.grants().1.is_empty()
    }
}

/// The program tried to append to a thread that doesn't exist.
#[derive(Debug, thiserror::Error)]
#[error("the first record of a thread must create it")]
pub struct NotCreated;

/// Seals `entries` into the chain of `thread` behind `head` (`None` for a thread that doesn't exist yet).
///
/// Each entry becomes a record that carries the hash of its predecessor; the head of the resulting
/// transaction is what the whole log then adds up to.
///
/// # Errors
/// [`NotCreated`] if the thread doesn't exist and the first entry doesn't create it.
pub fn seal(
    thread: ThreadId,
    head: Option<&Head>,
    at: Timestamp,
    entries: Vec<Entry>,
    values: Vec<StoredValue>,
) -> Result<Transaction, NotCreated> {
    let expected = head.map(|head| head.mark);
    let mut current = head.cloned();
    let mut records = Vec::with_capacity(entries.len());
    for entry in entries {
        let previous = current.as_ref().map(|head| head.mark);
        let record = Record {
            format: Record::FORMAT,
            thread,
            seq: previous.map_or(1, |mark| mark.seq + 1),
            previous: previous.map_or(Digest::ZERO, |mark| mark.hash),
            at,
            entry,
        };
        // A record is plain data with string keys: JSON can always hold it.
        let bytes = serde_json::to_vec(&record).unwrap_or_default();
        let hash = record_hash(&bytes);
        match &mut current {
            Some(head) => head.apply(&record, hash),
            None => current = Some(Head::first(&record, hash).ok_or(NotCreated)?),
        }
        records.push(SealedRecord {
            stored: StoredRecord { record, hash },
            bytes,
        });
    }
    let head = current.ok_or(NotCreated)?;
    Ok(Transaction {
        thread,
        expected,
        records,
        values,
        head,
        deadline: None,
    })
}

/// The hash of a record's stored bytes.
pub fn record_hash(bytes: &[u8]) -> Digest {
    Digest::of_domain("holdpoint record v1", &[bytes])
}

/// The hash of an audit entry's stored bytes.
pub fn audit_hash(bytes: &[u8]) -> Digest {
    Digest::of_domain("holdpoint audit v1", &[bytes])
}
