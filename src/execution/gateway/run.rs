//! What all circuits of one program share.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    config::ControlSystemSettings,
    execution::{Access, RefusedPut},
    model::{PutOutcome, PvValue},
};

use super::{Limits, PvName, Reader, Refusal, Rules, directory::Directory, ledger::Ledger, terms::Terms};

/// One program, as the gateway knows it.
pub(super) struct Run {
    pub(super) settings: Arc<ControlSystemSettings>,
    pub(super) terms: Arc<Terms>,
    pub(super) access: Access,
    pub(super) limits: Arc<Limits>,
    pub(super) reader: Reader,
    pub(super) ledger: Ledger,
    /// Puts are judged one after the other, whichever circuit they come from.
    pub(super) turn: tokio::sync::Mutex<Turn>,
    /// When this fires no put passes any more.
    pub(super) stop: CancellationToken,
    /// When this fires the program has ended, and what it left in its sockets is worked off.
    pub(super) ending: CancellationToken,
    /// When this fires every circuit ends at once.
    pub(super) closed: CancellationToken,
    directory: Mutex<Directory>,
    written: Mutex<BTreeMap<String, Written>>,
    pacer: tokio::sync::Mutex<Pacer>,
}

/// What is known when the next put is judged.
pub(super) struct Turn {
    pub(super) rules: Rules,
    /// The rules for the records behind aliases: what is approved is approved by its alias.
    pub(super) behind: Rules,
    /// The numbers of puts so far.
    pub(super) serial: u64,
    /// What was found before the first put; `None` until it is asked for.
    pub(super) opening: Option<Result<(), Refusal>>,
    /// The server and the record's real name, if that is another, by canonical name.
    pub(super) known: HashMap<String, Known>,
    /// The approved process variables that could not be read before the first put, and why.
    pub(super) unread: HashMap<String, Refusal>,
    /// What a rehearsal would have set, by canonical name.
    pub(super) rehearsed: HashMap<String, PvValue>,
}

/// What the snapshot told of an approved process variable.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) ioc: String,
    pub(super) real: Option<PvName>,
}

/// The last value that was passed on to a process variable.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) serial: u64,
    pub(super) name: PvName,
    pub(super) value: PvValue,
    pub(super) server: SocketAddr,
    pub(super) outcome: Option<PutOutcome>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Run {
    /// A program that may reach as many servers as it has listeners.
    pub(super) fn new(
        settings: Arc<ControlSystemSettings>,
        terms: Arc<Terms>,
        access: Access,
        reader: Reader,
        ledger: Ledger,
        stop: CancellationToken,
        servers: usize,
    ) -> Self {
        let limits = Arc::new(Limits::load(&settings.limits));
        let rules = |access: &Access| Rules::new(access, &settings, Arc::clone(&limits));
        let turn = Turn {
            rules: rules(&access),
            behind: rules(&Access::Rehearse),
            serial: 0,
            opening: None,
            known: HashMap::new(),
            unread: HashMap::new(),
            rehearsed: HashMap::new(),
        };
        let rate = settings.epics.max_bytes_per_second;
        Self {
            settings,
            terms,
            access,
            limits,
            reader,
            ledger,
            turn: tokio::sync::Mutex::new(turn),
            stop,
            ending: CancellationToken::new(),
            closed: CancellationToken::new(),
            directory: Mutex::new(Directory::new(servers)),
            written: Mutex::default(),
            pacer: tokio::sync::Mutex::new(Pacer::new(rate)),
        }
    }

    pub(super) fn directory(&self) -> MutexGuard<'_, Directory> {
        lock(&self.directory)
    }

    /// A put was refused, for the record.
    pub(super) async fn refused(
        &self,
        pv: Option<String>,
        old: Option<PvValue>,
        new: Option<PvValue>,
        refusal: Refusal,
    ) {
        let put = RefusedPut {
            pv,
            new,
            code: refusal.code.to_owned(),
            reason: refusal.reason,
        };
        if self.ledger.refused(put, old).await {
            self.closed.cancel();
        }
    }

    /// A put is passed on.
    pub(super) fn passed(&self, written: Written) {
        lock(&self.written).insert(written.name.canonical().to_owned(), written);
    }

    /// A put that was passed on came out.
    pub(super) async fn ended(&self, serial: u64, outcome: PutOutcome) {
        let last = |written: &&mut Written| written.serial == serial;
        if let Some(written) = lock(&self.written).values_mut().find(last) {
            written.outcome = Some(outcome.clone());
        }
        self.ledger.ended(serial, outcome).await;
    }

    /// A put has not been answered in time, unless it has.
    pub(super) async fn overdue(&self, serial: u64, outcome: PutOutcome) {
        if !self.ledger.has_ended(serial) {
            self.ended(serial, outcome).await;
        }
    }

    /// The last value of each process variable that was written.
    pub(super) fn written(&self) -> Vec<Written> {
        lock(&self.written).values().cloned().collect()
    }

    /// Waits until `bytes` more may go to the program.
    pub(super) async fn pace(&self, bytes: usize) {
        let pause = self.pacer.lock().await.take(bytes);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

/// Keeps to a number of bytes per second by making those wait who are beyond it.
struct Pacer {
    per_second: f64,
    left: f64,
    since: Instant,
}

impl Pacer {
    #[allow(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
    fn new(per_second: u64) -> Self {
        let per_second = per_second.max(1) as f64;
        Self {
            per_second,
            left: per_second,
            since: Instant::now(),
        }
    }

    /// How long to wait before `bytes` are sent.
    #[allow(clippy::cast_precision_loss, reason = "a rate need not be exact to the byte")]
    fn take(&mut self, bytes: usize) -> Duration {
        let now = Instant::now();
        let passed = now.duration_since(self.since).as_secs_f64();
        self.since = now;
        self.left = (self.left + passed * self.per_second).min(self.per_second) - bytes as f64;
        Duration::from_secs_f64((-self.left / self.per_second).max(0.0))
    }
}
