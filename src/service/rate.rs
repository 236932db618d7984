//! How often one caller may ask: a bucket for each, which fills up again over time.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    config::RateSettings,
    model::{Actor, Authentication},
};

/// Beyond this many callers, those are forgotten whose bucket is full again: they lose nothing by it.
const CALLERS: usize = 4096;

/// A bucket for each caller.
pub struct Rates {
    settings: RateSettings,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    /// How many requests are left.
    left: f64,
    /// When that was so.
    at: Instant,
}

impl Rates {
    /// Full buckets.
    pub fn new(settings: RateSettings) -> Self {
        Self {
            settings,
            buckets: Mutex::default(),
        }
    }

    /// Takes one request of `caller` at `now`.
    ///
    /// # Errors
    /// How long to wait until there is one again.
    pub fn take(&self, caller: &Actor, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= CALLERS {
            let full = f64::from(self.settings.burst);
            buckets.retain(|_, bucket| self.filled(*bucket, now).left < full);
        }
        let full = Bucket {
            left: f64::from(self.settings.burst),
            at: now,
        };
        let bucket = buckets.entry(whose(caller)).or_insert(full);
        *bucket = self.filled(*bucket, now);
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64(
            (1.0 - bucket.left) / self.settings.per_second,
        ))
    }

    /// The bucket as it stands at `now`.
    fn filled(&self, bucket: Bucket, now: Instant) -> Bucket {
        let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.settings.per_second;
        Bucket {
            left: (bucket.left + gained).min(f64::from(self.settings.burst)),
            at: now.max(bucket.at),
        }
    }
}

/// Whose bucket it is. A key has one of its own, so that a name's new key is not held back by the old one.
fn whose(actor: &Actor) -> String {
    match &actor.authentication {
        Authentication::Key { id } | Authentication::Relayed { by: id } => format!("key {id}"),
        Authentication::Proxy { .. } => format!("user {}", actor.name),
        Authentication::Asserted { os_user } => format!("system user {os_user}"),
        Authentication::Loopback | Authentication::System => actor.name.clone(),
    }
}
