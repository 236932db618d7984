//! Verification: whether what is stored is what was written, and all of it.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    path::Path,
};

use crate::model::{
    ApiKeys, AuditFact, Digest, Entry, GrantId, Head, InterruptId, RecordMark, ServiceEvent, ThreadId,
    Timestamp,
};

use super::{
    StoreError, StoredRecord,
    chain::{Link, first_misfit},
    committer::Shared,
    draft::{damaged, read_freeze, read_head, read_keys},
    export::Frames,
    keyspace::{Batch, Keyspace},
    layout,
    ledger::{read_audit, read_pending, read_record, threads_under},
    memory::Memory,
    transaction::{audit_hash, record_hash},
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
    Audit::new().check(store)
}

/// Checks an export log by itself: without the store, on whatever machine it was copied to.
///
/// It is replayed in memory, which must hold what the store holds.
///
/// # Errors
/// `Damaged` or `Foreign` if the log can't be read as one.
pub fn verify_export(log: &Path) -> Result<Verification, StoreError> {
    let mut memory = Memory::default();
    let mut audit = Audit::new();
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

const NOTHING: RecordMark = RecordMark {
    seq: 0,
    hash: Digest::ZERO,
};

/// A grant as its thread's records tell it.
struct Granted {
    expires_at: Timestamp,
    voided: bool,
}

struct Audit {
    found: Verification,
    /// The last audit entry that was checked.
    last: RecordMark,
    /// The records that the audit log names, with their hashes.
    vouched: HashMap<ThreadId, BTreeMap<u64, Digest>>,
    /// The ends of threads that no audit entry named when they were checked.
    unvouched: Vec<(ThreadId, RecordMark)>,
    /// Whether writes are frozen, as the audit log tells it.
    frozen: bool,
    /// The API keys, as the audit log tells them.
    keys: ApiKeys,
    /// The questions of which someone outside was told, as the audit log tells it.
    notified: HashSet<InterruptId>,
    values: HashSet<Digest>,
    /// The grants that records use.
    used: HashMap<GrantId, (ThreadId, u64)>,
}

impl Audit {
    fn new() -> Self {
        Self {
            found: Verification::default(),
            last: NOTHING,
            vouched: HashMap::new(),
            unvouched: Vec::new(),
            frozen: false,
            keys: ApiKeys::default(),
            notified: HashSet::new(),
            values: HashSet::new(),
            used: HashMap::new(),
        }
    }

    fn problem(&mut self, thread: Option<ThreadId>, seq: Option<u64>, what: impl Into<String>) {
        let what = what.into();
        self.found.problems.push(Problem { thread, seq, what });
    }

    fn check(mut self, store: &impl Readable) -> Result<Verification, StoreError> {
        self.check_audit(store)?;
        let mut threads: BTreeSet<_> = self.vouched.keys().copied().collect();
        store.read(|keyspace| {
            for thread in threads_under(keyspace, layout::HEAD) {
                threads.insert(thread?);
            }
            Ok(())
        })?;
        store.read(|keyspace| {
            let mut rest = layout::all(layout::RECORD);
            while let Some(pair) = keyspace.scan(rest.clone()).next() {
                let (key, _) = pair?;
                let Some((thread, _)) = layout::read_record_key(&key) else {
                    return Err(damaged(keyspace, "a record's key does not read"));
                };
                threads.insert(thread);
                rest.start = layout::record(thread, u64::MAX);
                rest.start.push(0);
            }
            Ok(())
        })?;
        for thread in threads {
            let before = self.found.problems.len();
            store.read(|keyspace| self.check_thread(keyspace, thread))?;
            self.found.problems[before..].sort_by_key(|problem| problem.seq.unwrap_or(u64::MAX));
        }
        // What was committed while the threads were checked.
        self.check_audit(store)?;
        for (thread, mark) in std::mem::take(&mut self.unvouched) {
            let named = self.vouched.get(&thread).and_then(|marks| marks.get(&mark.seq));
            if named != Some(&mark.hash) {
                self.problem(Some(thread), Some(mark.seq), "no audit entry vouches for it");
            }
        }
        store.read(|keyspace| self.check_indexes(keyspace))?;
        self.found.values = self.values.len() as u64;
        self.found.grants_used = self.used.len() as u64;
        Ok(self.found)
    }

    /// Checks the audit entries after the last checked one, up to the end as stored.
    fn check_audit(&mut self, store: &impl Readable) -> Result<(), StoreError> {
        let end = store.read(|keyspace| keyspace.get(layout::AUDIT_HEAD))?;
        let Some(end) = end.and_then(|bytes| layout::read_mark(&bytes)) else {
            self.problem(None, None, "the end of the audit log is missing or does not read");
            return Ok(());
        };
        let mut links = Vec::new();
        let mut facts = Vec::new();
        let mut after = self.last.seq;
        loop {
            let page: Vec<_> = store.read(|keyspace| {
                let pairs = keyspace.scan(layout::audit_after(after)).take(PAGE);
                pairs.collect::<Result<_, _>>()
            })?;
            let whole = page.len() == PAGE;
            for (key, bytes) in page {
                let seq = layout::read_number(&key[1..]).unwrap_or_default();
                if seq > end.seq {
                    break;
                }
                after = seq;
                let (fact, at, previous) = match read_audit(seq, &bytes) {
                    Ok(stored) => {
                        let entry = stored.entry;
                        (Some(entry.fact), entry.at, Ok(entry.previous))
                    }
                    Err(what) => (None, Timestamp::from_millis(0), Err(what)),
                };
                facts.push((seq, fact, at));
                let hash = audit_hash(&bytes);
                links.push(Link { seq, hash, previous });
            }
            if !whole || after >= end.seq {
                break;
            }
        }
        self.found.audit_entries += links.len() as u64;
        let mut misfit = first_misfit(self.last, &links, |seq| (seq == end.seq).then_some(end.hash));
        if misfit.is_none() && after < end.seq {
            misfit = Some((after + 1, "it is missing".to_owned()));
        }
        let changed = misfit.as_ref().map(|(seq, _)| *seq);
        if let Some((seq, what)) = misfit {
            self.problem(None, Some(seq), what);
        }
        for (seq, fact, at) in facts {
            if changed != Some(seq) {
                self.take_up(fact, at);
            }
        }
        self.last = end;
        Ok(())
    }

    fn take_up(&mut self, fact: Option<AuditFact>, at: Timestamp) {
        match fact {
            Some(AuditFact::Thread { thread, head, .. }) => {
                let marks = self.vouched.entry(thread).or_default();
                marks.insert(head.seq, head.hash);
            }
            Some(AuditFact::Service {
                event: ServiceEvent::Frozen { .. },
            }) => self.frozen = true,
            Some(AuditFact::Service {
                event: ServiceEvent::Unfrozen { .. },
            }) => self.frozen = false,
            Some(AuditFact::Service {
                event: ServiceEvent::Notified { interrupt, .. },
            }) => drop(self.notified.insert(interrupt)),
            Some(AuditFact::Service { event }) => {
                self.keys.apply(&event, at);
            }
            None => {}
        }
    }

    /// Notes what a batch of an export log changes although it is written once.
    fn check_rewrites(&mut self, memory: &Memory, batch: &Batch) -> Result<(), StoreError> {
        for change in &batch.changes {
            // A value's own hash tells whether it is what it was.
            let key = &change.key;
            if layout::is_permanent(key)
                && !key.starts_with(&[layout::VALUE])
                && let Some(old) = memory.get(key)?
                && change.value.as_ref() != Some(&old)
            {
                let what = "it was changed later in the export log";
                match layout::read_record_key(key).filter(|_| key[0] == layout::RECORD) {
                    Some((thread, seq)) => self.problem(Some(thread), Some(seq), what),
                    None => {
                        let what = "it changes what is written once";
                        self.problem(None, Some(batch.first_audit), what);
                    }
                }
            }
        }
        Ok(())
    }

    fn check_thread(&mut self, keyspace: &dyn Keyspace, thread: ThreadId) -> Result<(), StoreError> {
        self.found.threads += 1;
        let head = match read_head(keyspace, thread) {
            Ok(head) => head,
            Err(StoreError::Damaged { .. }) => {
                self.problem(Some(thread), None, "its head is damaged");
                None
            }
            Err(error) => return Err(error),
        };
        let mut links = Vec::new();
        let mut records = Vec::new();
        for pair in keyspace.scan(layout::records(thread, 0, None)) {
            let (key, bytes) = pair?;
            let Some((_, seq)) = layout::read_record_key(&key) else {
                continue;
            };
            let hash = record_hash(&bytes);
            let previous = match read_record(thread, seq, &bytes) {
                Ok(stored) => {
                    let previous = stored.record.previous;
                    records.push(stored);
                    Ok(previous)
                }
                Err(what) => Err(what),
            };
            links.push(Link { seq, hash, previous });
        }
        self.found.records += links.len() as u64;

        let marks = self.vouched.get(&thread).cloned().unwrap_or_default();
        let end = head.as_ref().map(|head| head.mark);
        let misfit = first_misfit(NOTHING, &links, |seq| {
            let stored_end = end.filter(|end| end.seq == seq).map(|end| end.hash);
            marks.get(&seq).copied().or(stored_end)
        });
        let last = links.last().map_or(0, |link| link.seq);
        let promised = marks.keys().next_back().copied().max(end.map(|end| end.seq));
        match misfit {
            Some((seq, what)) => self.problem(Some(thread), Some(seq), what),
            None if promised > Some(last) => self.problem(Some(thread), Some(last + 1), "it is missing"),
            None => self.check_head(thread, head.as_ref(), &records),
        }
        self.check_contents(keyspace, thread, &records)?;
        let Some(head) = head else {
            return Ok(());
        };
        if !marks.contains_key(&head.mark.seq) {
            self.unvouched.push((thread, head.mark));
        }
        for interrupt in &head.interrupts {
            if keyspace.get(&layout::pending(interrupt))?.as_deref() != Some(thread.0.as_bytes()) {
                let what = format!("interrupt {} is not in the index of pending ones", interrupt.id);
                self.problem(Some(thread), None, what);
            }
        }
        if keyspace.contains(&layout::busy(thread))? != head.run.is_some() {
            self.problem(Some(thread), None, "the index of busy threads is wrong about it");
        }
        if !keyspace.contains(&layout::changed(&head))? {
            self.problem(Some(thread), None, "it is not in the index by time");
        }
        Ok(())
    }

    fn check_head(&mut self, thread: ThreadId, head: Option<&Head>, records: &[StoredRecord]) {
        let Some((first, rest)) = records.split_first() else {
            return self.problem(Some(thread), None, "it has a head and no records");
        };
        let Some(mut sum) = Head::first(&first.record, first.hash) else {
            return self.problem(
                Some(thread),
                Some(first.record.seq),
                "it does not make the thread",
            );
        };
        for stored in rest {
            sum.apply(&stored.record, stored.hash);
        }
        if head != Some(&sum) {
            self.problem(Some(thread), None, "its head is not what its records add up to");
        }
    }

    /// Checks what the records refer to, and the permissions they rest on.
    fn check_contents(
        &mut self,
        keyspace: &dyn Keyspace,
        thread: ThreadId,
        records: &[StoredRecord],
    ) -> Result<(), StoreError> {
        let mut grants: HashMap<GrantId, Granted> = HashMap::new();
        for StoredRecord { record, .. } in records {
            let seq = record.seq;
            for digest in record.entry.values().iter().flat_map(|value| value.digests()) {
                if self.values.contains(&digest) {
                    continue;
                }
                let stored = keyspace.get(&layout::value(digest))?;
                if stored.is_some_and(|bytes| layout::decode_value(digest, &bytes).is_some()) {
                    self.values.insert(digest);
                } else {
                    let what = format!("its value {digest} is missing or damaged");
                    self.problem(Some(thread), Some(seq), what);
                }
            }
            match &record.entry {
                Entry::Checkpoint(checkpoint) => {
                    let stored = keyspace.get(&layout::checkpoint(thread, checkpoint.id))?;
                    if stored.and_then(|bytes| layout::read_number(&bytes)) != Some(seq) {
                        let what = "it is not in the index of checkpoints";
                        self.problem(Some(thread), Some(seq), what);
                    }
                }
                Entry::Asked(interrupt) => {
                    let stored = keyspace.get(&layout::asker(interrupt.id))?;
                    if stored.as_deref() != Some(thread.0.as_bytes()) {
                        let what = "it is not in the index of interrupts";
                        self.problem(Some(thread), Some(seq), what);
                    }
                }
                Entry::Resolved {
                    grant: Some(grant), ..
                } => {
                    let granted = Granted {
                        expires_at: grant.expires_at,
                        voided: false,
                    };
                    grants.insert(grant.id, granted);
                }
                Entry::GrantVoided { grant, .. } => {
                    if let Some(granted) = grants.get_mut(grant) {
                        granted.voided = true;
                    }
                }
                Entry::EffectStarted {
                    grant: Some(grant), ..
                } => {
                    let what = match grants.get(grant) {
                        None => Some("the thread was never given"),
                        Some(granted) if granted.voided => Some("was withdrawn before"),
                        Some(granted) if record.at > granted.expires_at => Some("had expired"),
                        Some(_) if self.used.contains_key(grant) => Some("was used before"),
                        Some(_) => None,
                    };
                    if let Some(what) = what {
                        let what = format!("it starts an effect under the grant {grant}, which {what}");
                        self.problem(Some(thread), Some(seq), what);
                    }
                    self.used.insert(*grant, (thread, seq));
                    let stored = keyspace.get(&layout::grant(*grant))?;
                    if stored.and_then(|bytes| layout::read_user(&bytes)) != Some((thread, seq)) {
                        let what = format!("its use of the grant {grant} is not in the index of used ones");
                        self.problem(Some(thread), Some(seq), what);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Checks that what the indexes point to is there.
    fn check_indexes(&mut self, keyspace: &dyn Keyspace) -> Result<(), StoreError> {
        let end = keyspace.get(layout::AUDIT_HEAD)?;
        let end = end
            .and_then(|bytes| layout::read_mark(&bytes))
            .unwrap_or(self.last);
        if let Some(pair) = keyspace.scan(layout::audit_after(end.seq)).next() {
            let seq = layout::read_number(&pair?.0[1..]);
            self.problem(None, seq, "it stands behind the end of the audit log");
        }
        if end == self.last && read_freeze(keyspace)?.is_some() != self.frozen {
            self.problem(None, None, "the freeze of writes is not what the audit log says");
        }
        if end == self.last {
            let what = match read_keys(keyspace) {
                Ok(keys) if keys == self.keys => None,
                Ok(_) => Some("the API keys are not what the audit log says"),
                Err(StoreError::Damaged { .. }) => Some("an API key does not read"),
                Err(error) => return Err(error),
            };
            if let Some(what) = what {
                self.problem(None, None, what);
            }
            let mut stored = HashSet::new();
            for pair in keyspace.scan(layout::all(layout::NOTIFIED)) {
                stored.extend(layout::read_interrupt(&pair?.0[1..]));
            }
            if stored != self.notified {
                self.problem(
                    None,
                    None,
                    "who was told of which question is not what the audit log says",
                );
            }
        }
        for pending in read_pending(keyspace)? {
            let head = read_head(keyspace, pending.thread).ok().flatten();
            let asks = head.is_some_and(|head| head.interrupts.iter().any(|ask| ask.id == pending.interrupt));
            if !asks {
                let what = format!(
                    "interrupt {} is in the index of pending ones only",
                    pending.interrupt
                );
                self.problem(Some(pending.thread), None, what);
            }
        }
        for thread in threads_under(keyspace, layout::BUSY) {
            let thread = thread?;
            if read_head(keyspace, thread).ok().flatten().is_none() {
                self.problem(Some(thread), None, "it is in the index of busy threads only");
            }
        }
        for pair in keyspace.scan(layout::all(layout::GRANT)) {
            let (key, value) = pair?;
            let user = layout::read_user(&value);
            let record = match user {
                Some((thread, seq)) => keyspace.get(&layout::record(thread, seq))?,
                None => None,
            };
            let used = user.zip(record).is_some_and(|((thread, seq), bytes)| {
                let record = read_record(thread, seq, &bytes);
                let entry = record.map(|stored| stored.record.entry);
                matches!(entry, Ok(Entry::EffectStarted { grant: Some(grant), .. })
                    if layout::grant(grant) == key)
            });
            if !used {
                let (thread, seq) = user.unzip();
                self.problem(thread, seq, "the index says that it used a grant");
            }
        }
        Ok(())
    }
}
