//! The timer that ends questions whose time has run out.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;

use crate::engine::Engine;

/// How often pending questions are looked at. A late answer is refused by the clock whatever this is.
const PERIOD: Duration = Duration::from_secs(1);

/// A timer that runs for as long as this lives, so that a service that is dropped lets go of its store.
pub(super) struct Timer(JoinHandle<()>);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts the timer.
pub(super) fn start(engine: Arc<Engine>) -> Timer {
    Timer(tokio::spawn(async move {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            match engine.expire_due().await {
                Ok(reports) => {
                    for report in reports {
                        tracing::info!(thread = %report.thread, "nobody decided in time");
                    }
                }
                Err(error) => tracing::error!(%error, "questions whose time has run out could not be ended"),
            }
        }
    }))
}
