//! Wall-clock time, as recorded.

use std::{fmt, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp as Instant};
use serde::{Deserialize, Serialize};

/// A moment of wall-clock time in UTC, with millisecond resolution; written as RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(Instant);

impl Timestamp {
    /// The present, as the system's clock tells it.
    pub fn now() -> Self {
        Self::from_millis(Instant::now().as_millisecond())
    }

    /// The moment `millis` milliseconds after the Unix epoch, held to the range of years -9999 to 9999.
    pub fn from_millis(millis: i64) -> Self {
        Self(Instant::from_millisecond(millis).unwrap_or(if millis < 0 {
            Instant::MIN
        } else {
            Instant::MAX
        }))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(&self) -> i64 {
        self.0.as_millisecond()
    }

    /// This moment plus `duration`.
    pub fn plus(&self, duration: Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self::from_millis(self.millis().saturating_add(millis))
    }

    /// How long after `earlier` this moment is; zero if it isn't.
    pub fn since(&self, earlier: Timestamp) -> Duration {
        let gap: SignedDuration = self.0.duration_since(earlier.0);
        Duration::try_from(gap).unwrap_or(Duration::ZERO)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

/// Where the program takes the wall-clock time from; a test hands in its own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Arc::new(Timestamp::now))
    }

    /// A clock that asks `now`.
    pub fn from_fn(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
