//! What runs tell, kept for whoever listens: in order, numbered, and bounded. A listener that lags behind what is
//! kept is told how much it missed.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    config::ApiSettings,
    engine::PendingQuestion,
    model::{Channels, Event, Outcome, RunId, Timestamp},
};

use super::ErrorReply;

/// How many runs that have ended are kept at most.
const MAX_ENDED: usize = 256;

/// How a run ended, as whoever waits for it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// How it ended.
    pub outcome: Outcome,
    /// The state.
    pub values: Channels,
    /// The questions that are pending.
    pub interrupts: Vec<PendingQuestion>,
}

/// One thing a run told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// The state it goes on with.
    State(Channels),
    /// An event.
    Event(Event),
    /// Its end, or the error by which it broke off. Nothing follows.
    Ended(Result<RunEnd, ErrorReply>),
}

/// What a listener hears next.
#[derive(Debug, Clone)]
pub enum Heard {
    /// This many things are no longer kept.
    Missed(u64),
    /// Something was told.
    Told {
        /// Counts what the run told, from 1.
        number: u64,
        /// When it was told.
        at: Timestamp,
        /// What.
        told: Arc<Told>,
    },
}

/// What one run tells.
#[derive(Debug)]
pub(super) struct Channel {
    kept: Mutex<Kept>,
    told: Notify,
    most: usize,
}

/// What is kept of what a run told.
#[derive(Debug, Default)]
struct Kept {
    /// The number of the first that is kept, less one.
    dropped: u64,
    told: VecDeque<(Timestamp, Arc<Told>)>,
    ended: bool,
}

impl Channel {
    pub(super) fn tell(&self, told: Told) {
        let mut kept = lock(&self.kept);
        kept.ended |= matches!(told, Told::Ended(_));
        kept.told.push_back((Timestamp::now(), Arc::new(told)));
        if kept.told.len() > self.most {
            kept.told.pop_front();
            kept.dropped += 1;
        }
        drop(kept);
        self.told.notify_waiters();
    }
}

/// What all runs of this process tell.
#[derive(Debug)]
pub(super) struct Broker {
    open: Mutex<Open>,
    most: usize,
    kept: Duration,
}

/// The runs' channels, and those of them that have ended, the first one first.
#[derive(Debug, Default)]
struct Open {
    of: HashMap<RunId, Arc<Channel>>,
    ended: VecDeque<RunId>,
}

impl Broker {
    pub(super) fn new(settings: &ApiSettings) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            most: settings.stream_events,
            kept: settings.stream_kept,
        })
    }

    /// Opens the channel of a run that begins.
    pub(super) fn open(&self, run: RunId) -> Arc<Channel> {
        let channel = Arc::new(Channel {
            kept: Mutex::default(),
            told: Notify::new(),
            most: self.most,
        });
        lock(&self.open).of.insert(run, channel.clone());
        channel
    }

    /// Closes the channel of a run that has ended; with `keep` only after a while.
    pub(super) fn close(self: &Arc<Self>, run: RunId, keep: bool) {
        let mut open = lock(&self.open);
        if !keep {
            open.of.remove(&run);
            return;
        }
        open.ended.push_back(run);
        if open.ended.len() > MAX_ENDED
            && let Some(first) = open.ended.pop_front()
        {
            open.of.remove(&first);
        }
        drop(open);
        let (broker, kept): (Weak<Self>, _) = (Arc::downgrade(self), self.kept);
        tokio::spawn(async move {
            tokio::time::sleep(kept).await;
            if let Some(broker) = broker.upgrade() {
                let mut open = lock(&broker.open);
                open.of.remove(&run);
                open.ended.retain(|ended| *ended != run);
            }
        });
    }

    /// Listens to a run: to what follows `after`, or to what is told from now on.
    pub(super) fn listen(&self, run: RunId, after: Option<u64>) -> Option<Listener> {
        let channel = lock(&self.open).of.get(&run).cloned()?;
        Some(Listener::new(channel, after))
    }
}

/// Hears what a run tells.
#[derive(Debug)]
pub struct Listener {
    channel: Arc<Channel>,
    heard: u64,
}

impl Listener {
    pub(super) fn new(channel: Arc<Channel>, after: Option<u64>) -> Self {
        let last = {
            let kept = lock(&channel.kept);
            kept.dropped + kept.told.len() as u64
        };
        Self {
            channel,
            heard: after.map_or(last, |after| after.min(last)),
        }
    }

    /// The number of what was heard last.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// What comes next; `None` once the run has ended and everything was heard.
    pub async fn next(&mut self) -> Option<Heard> {
        let channel = self.channel.clone();
        loop {
            let told = channel.told.notified();
            {
                let kept = lock(&channel.kept);
                if let Some(missed) = kept.dropped.checked_sub(self.heard).filter(|missed| *missed > 0) {
                    self.heard = kept.dropped;
                    return Some(Heard::Missed(missed));
                }
                let at = usize::try_from(self.heard - kept.dropped).unwrap_or(usize::MAX);
                if let Some((at, told)) = kept.told.get(at) {
                    self.heard += 1;
                    return Some(Heard::Told {
                        number: self.heard,
                        at: *at,
                        told: told.clone(),
                    });
                }
                if kept.ended {
                    return None;
                }
            }
            told.await;
        }
    }

    /// Waits for the run's end; `None` if it was heard already.
    pub async fn end(&mut self) -> Option<Result<RunEnd, ErrorReply>> {
        while let Some(heard) = self.next().await {
            if let Heard::Told { told, .. } = heard
                && let Told::Ended(end) = told.as_ref()
            {
                return Some(end.clone());
            }
        }
        None
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
