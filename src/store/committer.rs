//! The one thread that changes a store.
//!
//! It takes whatever is waiting, checks each transaction against what is stored and against those
//! taken before it, makes one batch of all that stand, has it written, and only then answers. There
//! is no artificial delay: while one batch is being written, the next one gathers.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread::JoinHandle,
};

use tokio::sync::{RwLock, oneshot};

use crate::model::{Clock, ServiceEvent};

use super::{
    StoreError,
    draft::{Draft, Prepared, Standing},
    keyspace::Keyspace,
};

/// The most transactions of one batch.
const BATCH_COUNT: usize = 512;
/// The most bytes of one batch, unless a single transaction is larger.
const BATCH_BYTES: usize = 4 << 20;

/// Where the answer to a request goes.
pub(super) type Reply = oneshot::Sender<Result<(), StoreError>>;

/// What the committer is asked to do.
pub(super) enum Request {
    Commit(Box<Prepared>, Reply),
    Log(ServiceEvent, Reply),
    Close(Reply),
}

impl Request {
    fn size(&self) -> usize {
        match self {
            Self::Commit(prepared, _) => prepared.size(),
            Self::Log(..) | Self::Close(_) => 0,
        }
    }
}

/// A keyspace that is read by many and changed by one, until it ends.
///
/// Readers wait while a batch is written, so that nobody ever sees what is not durable yet.
pub(super) type Shared<K> = Arc<RwLock<Result<K, StoreError>>>;

/// Starts the committer of `keyspace`; it ends when the sender is dropped or asks it to close.
pub(super) fn start<K: Keyspace>(
    keyspace: Shared<K>,
    standing: Standing,
    clock: Clock,
) -> std::io::Result<(Sender<Request>, JoinHandle<()>)> {
    let (sender, requests) = channel();
    let committer = Committer {
        keyspace,
        standing,
        clock,
    };
    let thread = std::thread::Builder::new()
        .name("store-committer".to_owned())
        .spawn(move || committer.run(&requests))?;
    Ok((sender, thread))
}

struct Committer<K> {
    keyspace: Shared<K>,
    standing: Standing,
    clock: Clock,
}

impl<K: Keyspace> Committer<K> {
    fn run(mut self, requests: &Receiver<Request>) {
        while let Ok(first) = requests.recv() {
            let mut size = first.size();
            let mut waiting = vec![first];
            while waiting.len() < BATCH_COUNT
                && size < BATCH_BYTES
                && let Ok(request) = requests.try_recv()
            {
                size += request.size();
                waiting.push(request);
            }
            if let Some(closed) = self.serve(waiting) {
                let path = self.end();
                let _ = closed.send(path);
                return;
            }
        }
    }

    /// Serves what is waiting; gives back the request to close, if there was one.
    fn serve(&mut self, waiting: Vec<Request>) -> Option<Reply> {
        let mut answers = Vec::with_capacity(waiting.len());
        let mut close = None;
        let outcome = self.write(waiting, &mut answers, &mut close);
        for (reply, answer) in answers {
            // A failed batch is the answer to all: a refusal may rest on what was not written after all.
            let _ = reply.send(outcome.clone().and(answer));
        }
        close
    }

    fn write(
        &mut self,
        waiting: Vec<Request>,
        answers: &mut Vec<(Reply, Result<(), StoreError>)>,
        close: &mut Option<Reply>,
    ) -> Result<(), StoreError> {
        let guard = self.keyspace.blocking_read();
        let keyspace = guard.as_ref();
        let mut draft = keyspace
            .ok()
            .map(|keyspace| Draft::new(keyspace, self.standing.clone(), self.clock.now()));
        for request in waiting {
            match (request, &mut draft) {
                (Request::Commit(prepared, reply), Some(draft)) => {
                    answers.push((reply, draft.admit(*prepared)));
                }
                (Request::Log(event, reply), Some(draft)) => {
                    answers.push((reply, draft.note(event)));
                }
                (Request::Commit(_, reply) | Request::Log(_, reply), None) => answers.push((reply, Ok(()))),
                (Request::Close(reply), _) => *close = Some(reply),
            }
        }
        let Some(draft) = draft else {
            return keyspace.map(|_| ()).map_err(Clone::clone);
        };
        let (batch, standing) = draft.finish();
        drop(guard);
        if batch.changes.is_empty() {
            return Ok(());
        }

        let mut guard = self.keyspace.blocking_write();
        let Ok(keyspace) = guard.as_mut() else {
            return Ok(());
        };
        match keyspace.apply(&batch) {
            Ok(()) => {
                self.standing = standing;
                Ok(())
            }
            Err(full @ StoreError::Full { .. }) => Err(full),
            Err(fatal) => {
                tracing::error!(error = %fatal, "the store stopped");
                *guard = Err(fatal.clone());
                Err(fatal)
            }
        }
    }

    /// Lets go of the keyspace.
    fn end(&mut self) -> Result<(), StoreError> {
        let mut guard = self.keyspace.blocking_write();
        let path = match guard.as_ref() {
            Ok(keyspace) => keyspace.path().to_owned(),
            Err(stopped) => return Err(stopped.clone()),
        };
        *guard = Err(StoreError::Stopped {
            path,
            reason: "it was closed".to_owned(),
        });
        Ok(())
    }
}
