//! What a program did to the control system: for its conduct, and for the audit trail.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    execution::{Conduct, PutRecord, RefusedPut, Trail, TrailError, Verification},
    model::{GatewayEvent, PutOutcome, PvValue, Timestamp},
};

/// How many puts the conduct tells one by one.
const PUTS_TOLD: usize = 1_000;

/// How many refusals the conduct tells one by one.
const REFUSALS_TOLD: usize = 100;

/// How many refusals the audit trail takes of one program.
const REFUSALS_RECORDED: u64 = 1_000;

/// How many notes the conduct has.
const NOTES: usize = 50;

/// The most bytes of a value that was refused; a longer one is only described.
const REFUSED_VALUE: usize = 4_096;

/// What waits for the trail.
enum Entry {
    Event {
        event: Box<GatewayEvent>,
        kept: Option<oneshot::Sender<Result<(), TrailError>>>,
    },
    /// Everything before it has been written.
    Mark(oneshot::Sender<()>),
}

/// Keeps a program's conduct, and writes its events to the trail in the order they came in.
pub(super) struct Ledger {
    queue: mpsc::Sender<Entry>,
    conduct: Arc<Mutex<Conduct>>,
    broken: Arc<AtomicBool>,
    /// The puts that have not come out yet.
    open: Mutex<BTreeSet<u64>>,
}

fn lock(conduct: &Mutex<Conduct>) -> MutexGuard<'_, Conduct> {
    conduct.lock().unwrap_or_else(PoisonError::into_inner)
}

fn note(conduct: &mut Conduct, text: String) {
    if conduct.notes.len() < NOTES && !conduct.notes.contains(&text) {
        conduct.notes.push(text);
    }
}

impl Ledger {
    /// A ledger over `trail`, and what writes it: a future to be run beside.
    pub(super) fn new(trail: Arc<dyn Trail>) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, mut entries) = mpsc::channel(256);
        let ledger = Self {
            queue,
            conduct: Arc::default(),
            broken: Arc::default(),
            open: Mutex::default(),
        };
        let (conduct, broken) = (Arc::clone(&ledger.conduct), Arc::clone(&ledger.broken));
        let write = async move {
            while let Some(entry) = entries.recv().await {
                match entry {
                    Entry::Mark(reached) => drop(reached.send(())),
                    Entry::Event { event, kept } => {
                        let result = trail.record(*event).await;
                        if let Err(error) = &result {
                            broken.store(true, Ordering::Release);
                            note(&mut lock(&conduct), error.to_string());
                        }
                        if let Some(kept) = kept {
                            let _ = kept.send(result);
                        }
                    }
                }
            }
        };
        (ledger, write)
    }

    /// Whether an event was not kept: then nothing may be written any more.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Writes an event, and returns once the trail has it.
    pub(super) async fn keep(&self, event: GatewayEvent) -> Result<(), TrailError> {
        let (kept, result) = oneshot::channel();
        let entry = Entry::Event {
            event: Box::new(event),
            kept: Some(kept),
        };
        let gone = || TrailError("it has been closed".to_owned());
        self.queue.send(entry).await.map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }

    /// Writes an event in its turn.
    async fn enqueue(&self, event: GatewayEvent) {
        let entry = Entry::Event {
            event: Box::new(event),
            kept: None,
        };
        // The queue ends with the session, and what comes later has no reader.
        let _ = self.queue.send(entry).await;
    }

    /// Returns once everything that was written before is in the trail.
    pub(super) async fn settle(&self) {
        let (mark, reached) = oneshot::channel();
        if self.queue.send(Entry::Mark(mark)).await.is_ok() {
            let _ = reached.await;
        }
    }

    /// Adds to what the reader should know.
    pub(super) fn tell(&self, text: String) {
        note(&mut lock(&self.conduct), text);
    }

    /// Adds a refusal that is in the trail already.
    pub(super) fn add_refusal(&self, put: RefusedPut) {
        let mut conduct = lock(&self.conduct);
        conduct.refused_total += 1;
        if conduct.refused.len() < REFUSALS_TOLD {
            conduct.refused.push(put);
        }
    }

    /// Notes a server that answered.
    pub(super) fn server(&self, server: String) {
        let mut conduct = lock(&self.conduct);
        if !conduct.servers.contains(&server) {
            conduct.servers.push(server);
        }
    }

    /// A put was refused. Says whether there were more than the trail takes of one program.
    pub(super) async fn refused(&self, put: RefusedPut, old: Option<PvValue>) -> bool {
        let put = shortened(put);
        let total = {
            let mut conduct = lock(&self.conduct);
            conduct.refused_total += 1;
            if conduct.refused.len() < REFUSALS_TOLD {
                conduct.refused.push(put.clone());
            }
            conduct.refused_total
        };
        if total > REFUSALS_RECORDED {
            self.tell(format!(
                "more than {REFUSALS_RECORDED} puts were refused; the later ones are only counted, and the \
                 program's circuits were closed"
            ));
            return true;
        }
        let RefusedPut {
            pv,
            new,
            code,
            reason,
        } = put;
        let at = Timestamp::now();
        self.enqueue(GatewayEvent::Refused {
            pv,
            old: old.filter(is_short),
            new,
            code,
            reason,
            at,
        })
        .await;
        false
    }

    /// A put of a rehearsal was swallowed.
    pub(super) async fn swallowed(&self, put: PutRecord) {
        let event = GatewayEvent::Swallowed {
            pv: put.pv.clone(),
            ioc: put.ioc.clone(),
            old: put.old.clone(),
            new: put.new.clone(),
            refusal: put.refusal.clone(),
            at: Timestamp::now(),
        };
        self.counted(put);
        self.enqueue(event).await;
    }

    /// A put is about to be passed on. Returns once the trail has it.
    pub(super) async fn passing(&self, put: PutRecord) -> Result<(), TrailError> {
        let event = GatewayEvent::Put {
            serial: put.serial,
            pv: put.pv.clone(),
            ioc: put.ioc.clone(),
            old: put.old.clone(),
            new: put.new.clone(),
            at: Timestamp::now(),
        };
        // Before it is written: whoever stops waiting here leaves a put that has not come out.
        let serial = put.serial;
        self.open().insert(serial);
        self.counted(put);
        if let Err(error) = self.keep(event).await {
            self.open().remove(&serial);
            self.uncounted(serial);
            return Err(error);
        }
        Ok(())
    }

    /// A put that was counted was not passed on after all.
    fn uncounted(&self, serial: u64) {
        let mut conduct = lock(&self.conduct);
        conduct.puts_total = conduct.puts_total.saturating_sub(1);
        conduct.puts.retain(|put| put.serial != serial);
    }

    /// The puts that have not come out.
    pub(super) fn unended(&self) -> Vec<u64> {
        self.open().iter().copied().collect()
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a put that was passed on has come out.
    pub(super) fn has_ended(&self, serial: u64) -> bool {
        !self.open().contains(&serial)
    }

    fn counted(&self, put: PutRecord) {
        let mut conduct = lock(&self.conduct);
        conduct.puts_total += 1;
        if conduct.puts.len() < PUTS_TOLD {
            conduct.puts.push(put);
        }
    }

    /// A put that was passed on came out.
    pub(super) async fn ended(&self, serial: u64, outcome: PutOutcome) {
        self.open().remove(&serial);
        {
            let mut conduct = lock(&self.conduct);
            if let Some(put) = conduct.puts.iter_mut().find(|put| put.serial == serial) {
                put.outcome = Some(outcome.clone());
            }
        }
        let at = Timestamp::now();
        self.enqueue(GatewayEvent::PutEnded { serial, outcome, at }).await;
    }

    /// The approved process variables were read before the first put.
    pub(super) async fn snapshot(
        &self,
        readings: Vec<crate::model::Reading>,
        unread: Vec<String>,
    ) -> Result<(), TrailError> {
        lock(&self.conduct).snapshot.clone_from(&readings);
        let at = Timestamp::now();
        self.keep(GatewayEvent::Snapshot { readings, unread, at }).await
    }

    /// A written value was verified.
    pub(super) async fn verified(&self, verification: Verification) {
        let event = GatewayEvent::Verified {
            pv: verification.pv.clone(),
            wanted: verification.wanted.clone(),
            read: verification.read.clone(),
            level: verification.level,
            confirmed: verification.confirmed,
            at: Timestamp::now(),
        };
        lock(&self.conduct).verified.push(verification);
        self.enqueue(event).await;
    }

    /// What there is to tell so far.
    pub(super) fn conduct(&self) -> Conduct {
        lock(&self.conduct).clone()
    }
}

fn is_short(value: &PvValue) -> bool {
    let bytes = match value {
        PvValue::Text(text) => text.len(),
        PvValue::Ints(values) => values.len() * 8,
        PvValue::Reals(values) => values.len() * 8,
        PvValue::Texts(values) => values.iter().map(|text| text.len() + 3).sum(),
        PvValue::Int(_) | PvValue::Real(_) | PvValue::Choice { .. } => 0,
    };
    bytes <= REFUSED_VALUE
}

/// A refusal costs the program nothing, so what it brings is not kept at any length.
fn shortened(mut put: RefusedPut) -> RefusedPut {
    if let Some(value) = put.new.take_if(|value| !is_short(value)) {
        let shown: String = value.to_string().chars().take(100).collect();
        put.reason = format!("{}; the value is too long to be kept: {shown} …", put.reason);
    }
    put
}
