//! A batch in the making: what each transaction changes, checked against what is stored and what
//! stands in the batch already.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::model::{
    Actor, ApiKeys, AuditEntry, AuditFact, Authentication, Digest, Entry, GrantId, Head, RecordMark,
    ServiceEvent, ThreadId, Timestamp,
};

use super::{
    Freeze, StoreError, Transaction,
    keyspace::{Batch, Keyspace},
    layout,
    transaction::audit_hash,
};

/// What the service-wide log has come to.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// The last audit entry.
    pub audit: RecordMark,
    /// Whether writes are frozen.
    pub freeze: Option<Freeze>,
    /// Every API key there ever was; shared until one changes.
    pub keys: Arc<ApiKeys>,
}

impl Standing {
    /// Before the first audit entry.
    pub(super) fn nothing() -> Self {
        Self {
            audit: RecordMark {
                seq: 0,
                hash: Digest::ZERO,
            },
            freeze: None,
            keys: Arc::default(),
        }
    }

    /// What is stored.
    pub(super) fn read(keyspace: &dyn Keyspace) -> Result<Self, StoreError> {
        let audit = match keyspace.get(layout::AUDIT_HEAD)? {
            Some(bytes) => layout::read_mark(&bytes),
            None => Some(Self::nothing().audit),
        };
        Ok(Self {
            audit: audit.ok_or_else(|| damaged(keyspace, "the end of the audit log does not read"))?,
            freeze: read_freeze(keyspace)?,
            keys: Arc::new(read_keys(keyspace)?),
        })
    }
}

/// Whether writes are frozen, as stored.
pub(super) fn read_freeze(keyspace: &dyn Keyspace) -> Result<Option<Freeze>, StoreError> {
    keyspace
        .get(layout::FREEZE)?
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(|error| damaged(keyspace, format!("the freeze does not read: {error}")))
}

/// Every API key there ever was, as stored.
pub(super) fn read_keys(keyspace: &dyn Keyspace) -> Result<ApiKeys, StoreError> {
    let read = |pair: Result<(Vec<u8>, Vec<u8>), StoreError>| {
        let (place, bytes) = pair?;
        let key = layout::decode_api_key(&bytes).filter(|key| layout::api_key(&key.id) == place);
        let key = key.ok_or_else(|| damaged(keyspace, "an API key does not read"))?;
        Ok((key.id.clone(), key))
    };
    let keys: Result<_, StoreError> = keyspace.scan(layout::all(layout::API_KEY)).map(read).collect();
    Ok(ApiKeys(keys?))
}

/// A thread's head as stored.
pub(super) fn read_head(keyspace: &dyn Keyspace, thread: ThreadId) -> Result<Option<Head>, StoreError> {
    let Some(bytes) = keyspace.get(&layout::head(thread))? else {
        return Ok(None);
    };
    layout::decode_head(&bytes)
        .filter(|head| head.thread == thread)
        .map(Some)
        .ok_or_else(|| damaged(keyspace, format!("the head of thread {thread} does not read")))
}

pub(super) fn damaged(keyspace: &dyn Keyspace, what: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        path: keyspace.path().to_owned(),
        what: what.into(),
    }
}

/// A transaction with its values in their stored form.
pub(super) struct Prepared {
    transaction: Transaction,
    values: Vec<(Digest, Vec<u8>)>,
}

impl Prepared {
    /// Packs the values of `transaction`.
    ///
    /// # Errors
    /// `Value` if one isn't what its digest says.
    pub(super) fn new(mut transaction: Transaction) -> Result<Self, StoreError> {
        let mut values = Vec::with_capacity(transaction.values.len());
        for value in std::mem::take(&mut transaction.values) {
            if Digest::of(&value.bytes) != value.digest {
                return Err(StoreError::Value(value.digest));
            }
            values.push((value.digest, layout::encode_value(&value.bytes)));
        }
        Ok(Self { transaction, values })
    }

    /// Roughly how many bytes it adds to a batch.
    pub(super) fn size(&self) -> usize {
        let records = self.transaction.records.iter().map(|record| record.bytes.len());
        records
            .chain(self.values.iter().map(|(_, bytes)| bytes.len()))
            .sum()
    }
}

/// A batch in the making.
pub(super) struct Draft<'a> {
    keyspace: &'a dyn Keyspace,
    now: Timestamp,
    standing: Standing,
    heads: HashMap<ThreadId, Head>,
    grants: HashSet<GrantId>,
    values: HashSet<Digest>,
    batch: Batch,
}

impl<'a> Draft<'a> {
    /// An empty batch on top of what is stored.
    pub(super) fn new(keyspace: &'a dyn Keyspace, standing: Standing, now: Timestamp) -> Self {
        Self {
            keyspace,
            now,
            batch: Batch {
                first_audit: standing.audit.seq + 1,
                ..Batch::default()
            },
            standing,
            heads: HashMap::new(),
            grants: HashSet::new(),
            values: HashSet::new(),
        }
    }

    /// The batch, and what the service-wide log comes to with it.
    pub(super) fn finish(mut self) -> (Batch, Standing) {
        if self.batch.changes.is_empty() {
            return (self.batch, self.standing);
        }
        let mark = layout::mark(self.standing.audit);
        self.batch.put(layout::AUDIT_HEAD.to_vec(), mark);
        for head in self.heads.values() {
            self.batch
                .put(layout::head(head.thread), layout::encode_head(head));
        }
        self.batch.last_audit = self.standing.audit.seq;
        (self.batch, self.standing)
    }

    /// Takes up a transaction as a whole, or refuses it and stays as it was.
    pub(super) fn admit(&mut self, prepared: Prepared) -> Result<(), StoreError> {
        let Prepared { transaction, values } = prepared;
        let thread = transaction.thread;
        let old = match self.heads.get(&thread) {
            Some(head) => Some(head.clone()),
            None => read_head(self.keyspace, thread)?,
        };
        self.check(&transaction, old.as_ref(), &values)?;
        for (digest, bytes) in values {
            if self.values.insert(digest) && !self.holds_whole(digest)? {
                self.batch.put(layout::value(digest), bytes);
            }
        }
        let head = self.append(&transaction, old);
        let kinds = transaction
            .records()
            .map(|stored| stored.record.entry.kind().to_owned());
        self.seal(AuditFact::Thread {
            thread,
            head: head.mark,
            kinds: kinds.collect(),
        });
        self.heads.insert(thread, head);
        Ok(())
    }

    /// Takes up an event of the whole service, or refuses it and stays as it was.
    pub(super) fn note(&mut self, event: ServiceEvent) -> Result<(), StoreError> {
        match &event {
            ServiceEvent::KeyCreated { key } => {
                let keys = &self.standing.keys;
                if keys.0.contains_key(&key.id) || keys.named(&key.name, self.now).is_some() {
                    return Err(StoreError::KeyExists(key.name.clone()));
                }
                self.change_key(&event);
            }
            ServiceEvent::KeyRevoked { id, .. } => {
                let known = self.standing.keys.0.get(id);
                if known.is_none_or(|key| key.revoked.is_some()) {
                    return Err(StoreError::UnknownKey(id.clone()));
                }
                self.change_key(&event);
            }
            ServiceEvent::Notified { interrupt, .. } => {
                self.batch.put(layout::notified(*interrupt), Vec::new());
            }
            ServiceEvent::Frozen { by, reason } => {
                let freeze = Freeze {
                    by: by.clone(),
                    reason: reason.clone(),
                    at: self.now,
                };
                // A freeze is plain data: JSON can always hold it.
                let bytes = serde_json::to_vec(&freeze).unwrap_or_default();
                self.batch.put(layout::FREEZE.to_vec(), bytes);
                self.standing.freeze = Some(freeze);
            }
            ServiceEvent::Unfrozen { .. } => {
                self.batch.remove(layout::FREEZE.to_vec());
                self.standing.freeze = None;
            }
            ServiceEvent::StoreCreated | ServiceEvent::Refused { .. } => {}
        }
        self.seal(AuditFact::Service { event });
        Ok(())
    }

    fn change_key(&mut self, event: &ServiceEvent) {
        let now = self.now;
        if let Some(key) = Arc::make_mut(&mut self.standing.keys).apply(event, now) {
            self.batch
                .put(layout::api_key(&key.id), layout::encode_api_key(key));
        }
    }

    /// Adds what makes a store of an empty keyspace.
    pub(super) fn found(&mut self, store: uuid::Uuid) -> Result<(), StoreError> {
        let meta = layout::Meta {
            format: layout::FORMAT,
            store,
        };
        let bytes = serde_json::to_vec(&meta).unwrap_or_default();
        self.batch.put(layout::META.to_vec(), bytes);
        self.note(ServiceEvent::StoreCreated)
    }

    fn check(
        &self,
        transaction: &Transaction,
        old: Option<&Head>,
        values: &[(Digest, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let found = old.map(|head| head.mark);
        if found != transaction.expected {
            return Err(StoreError::Conflict {
                thread: transaction.thread,
                found,
            });
        }
        if let Some(deadline) = transaction.deadline
            && self.now > deadline
        {
            return Err(StoreError::TooLate { deadline });
        }
        self.check_keys(transaction, old)?;
        let (_, used) = transaction.grants();
        if !used.is_empty() && self.standing.freeze.is_some() {
            return Err(StoreError::Frozen);
        }
        for (position, grant) in used.iter().enumerate() {
            let again = used[..position].contains(grant)
                || self.grants.contains(grant)
                || self.keyspace.contains(&layout::grant(*grant))?;
            if again {
                return Err(StoreError::GrantUsed(*grant));
            }
        }
        for stored in transaction.records() {
            for digest in stored
                .record
                .entry
                .values()
                .iter()
                .flat_map(|value| value.digests())
            {
                let known = values.iter().any(|(given, _)| *given == digest)
                    || self.values.contains(&digest)
                    || self.keyspace.contains(&layout::value(digest))?;
                if !known {
                    return Err(StoreError::Value(digest));
                }
            }
        }
        Ok(())
    }

    /// Nothing is done by a key that is not live any more, and no grant rests on the approval of a revoked one.
    fn check_keys(&self, transaction: &Transaction, old: Option<&Head>) -> Result<(), StoreError> {
        let keys = &self.standing.keys.0;
        let dead = |by: &Actor| match &by.authentication {
            Authentication::Key { id } => keys.get(id).is_none_or(|key| !key.is_live(self.now)),
            Authentication::Relayed { by: id } => keys.get(id).is_some_and(|key| !key.is_live(self.now)),
            _ => false,
        };
        let revoked = |by: &Actor| match &by.authentication {
            Authentication::Key { id } => keys.get(id).is_none_or(|key| key.revoked.is_some()),
            _ => false,
        };
        for stored in transaction.records() {
            let entry = &stored.record.entry;
            if let Some(by) = entry.by().filter(|by| dead(by)) {
                return Err(StoreError::KeyNotLive(by.name.clone()));
            }
            if let Entry::Resolved {
                answer,
                grant: Some(_),
            } = entry
            {
                let votes = old.iter().flat_map(|head| head.votes_on(answer.interrupt));
                if let Some(vote) = votes.into_iter().find(|vote| revoked(&vote.by)) {
                    return Err(StoreError::KeyNotLive(vote.by.name));
                }
            }
        }
        Ok(())
    }

    /// Whether the value is stored and whole: a damaged one is written anew.
    fn holds_whole(&self, digest: Digest) -> Result<bool, StoreError> {
        let stored = self.keyspace.get(&layout::value(digest))?;
        Ok(stored.is_some_and(|bytes| layout::decode_value(digest, &bytes).is_some()))
    }

    /// Puts the records with all that points to them, and gives the head they add up to.
    ///
    /// The head is added up here, from the stored head and the records, so that the stored head
    /// is always what the records say.
    fn append(&mut self, transaction: &Transaction, old: Option<Head>) -> Head {
        let thread = transaction.thread;
        if let Some(old) = &old {
            self.batch.remove(layout::changed(old));
        }
        let was_busy = old.as_ref().is_some_and(|head| head.run.is_some());
        let was_pending: Vec<_> = old
            .iter()
            .flat_map(|head| &head.interrupts)
            .map(layout::pending)
            .collect();

        let mut head = old;
        for sealed in &transaction.records {
            let record = &sealed.stored.record;
            match &mut head {
                Some(head) => head.apply(record, sealed.stored.hash),
                None => head = Head::first(record, sealed.stored.hash),
            }
            self.batch
                .put(layout::record(thread, record.seq), sealed.bytes.clone());
            match &record.entry {
                Entry::Checkpoint(checkpoint) => self.batch.put(
                    layout::checkpoint(thread, checkpoint.id),
                    record.seq.to_be_bytes().to_vec(),
                ),
                Entry::Asked(interrupt) => self
                    .batch
                    .put(layout::asker(interrupt.id), thread.0.as_bytes().to_vec()),
                Entry::EffectStarted {
                    grant: Some(grant), ..
                } => {
                    self.grants.insert(*grant);
                    self.batch
                        .put(layout::grant(*grant), layout::user(thread, record.seq));
                }
                _ => {}
            }
        }
        // `seal` makes no transaction whose first record doesn't create a thread that isn't there.
        let head = head.unwrap_or_else(|| transaction.head.clone());

        let pending: Vec<_> = head.interrupts.iter().map(layout::pending).collect();
        for key in was_pending.iter().filter(|key| !pending.contains(key)) {
            self.batch.remove(key.clone());
        }
        for key in pending.into_iter().filter(|key| !was_pending.contains(key)) {
            self.batch.put(key, thread.0.as_bytes().to_vec());
        }
        match (was_busy, head.run.is_some()) {
            (false, true) => self.batch.put(layout::busy(thread), Vec::new()),
            (true, false) => self.batch.remove(layout::busy(thread)),
            _ => {}
        }
        self.batch.put(layout::changed(&head), Vec::new());
        head
    }

    fn seal(&mut self, fact: AuditFact) {
        let previous = self.standing.audit;
        let entry = AuditEntry {
            seq: previous.seq + 1,
            previous: previous.hash,
            at: self.now,
            fact,
        };
        // An audit entry is plain data with string keys: JSON can always hold it.
        let bytes = serde_json::to_vec(&entry).unwrap_or_default();
        self.standing.audit = RecordMark {
            seq: entry.seq,
            hash: audit_hash(&bytes),
        };
        self.batch.put(layout::audit(entry.seq), bytes);
    }
}
