//! Which write runs go on, and whether any may.

use std::{future::Future, sync::Arc};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// Which write runs go on, and whether any may: shared by all runs of a process.
pub struct WriteControl {
    slots: Arc<Semaphore>,
    frozen: watch::Sender<bool>,
}

impl WriteControl {
    /// Lets `at_once` write runs go on at a time.
    pub fn new(at_once: usize, frozen: bool) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(at_once)),
            frozen: watch::Sender::new(frozen),
        }
    }

    /// Stops running writes, or lets new ones start again.
    pub fn set_frozen(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }

    /// Whether writes are frozen.
    pub fn is_frozen(&self) -> bool {
        *self.frozen.borrow()
    }

    /// Waits for a slot; `None` once `cancel` fires.
    pub(super) async fn slot(&self, cancel: &CancellationToken) -> Option<OwnedSemaphorePermit> {
        tokio::select! {
            permit = self.slots.clone().acquire_owned() => permit.ok(),
            () = cancel.cancelled() => None,
        }
    }

    /// Runs `work` with a token that fires when `cancel` does or writes are frozen.
    pub(super) async fn guard<F: Future>(
        &self,
        cancel: &CancellationToken,
        work: impl FnOnce(CancellationToken) -> F,
    ) -> F::Output {
        let stop = cancel.child_token();
        let mut frozen = self.frozen.subscribe();
        let work = work(stop.clone());
        tokio::pin!(work);
        tokio::select! {
            result = &mut work => return result,
            // The sender lives as long as `self`, so this ends only when writes are frozen.
            _ = frozen.wait_for(|frozen| *frozen) => stop.cancel(),
        }
        work.await
    }
}
