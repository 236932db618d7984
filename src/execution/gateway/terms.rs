//! What holds for everything a program does on its circuits.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What a program may do with puts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Puts {
    /// Nothing.
    Refused,
    /// Each is judged and swallowed.
    Rehearsed,
    /// Each is judged, and passed on or refused.
    Judged,
}

/// What holds for all circuits of one program.
#[derive(Debug)]
pub struct Terms {
    /// What it may do with puts.
    pub puts: Puts,
    /// The client's name towards the servers.
    pub client: String,
    /// The client's host towards the servers.
    pub host: String,
    /// How many channels it may have open.
    pub channels: Quota,
    /// How many subscriptions it may have.
    pub subscriptions: Quota,
}

/// A number of things that all circuits of a program share.
#[derive(Debug)]
pub struct Quota {
    used: AtomicUsize,
    most: usize,
}

impl Quota {
    /// Room for `most`.
    pub fn new(most: usize) -> Self {
        Self {
            used: AtomicUsize::new(0),
            most,
        }
    }

    pub(super) fn take(&self) -> bool {
        let more = |used| (used < self.most).then_some(used + 1);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
            .is_ok()
    }

    pub(super) fn give_back(&self, count: usize) {
        self.used.fetch_sub(count, Ordering::Relaxed);
    }
}
