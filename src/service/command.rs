//! What can be asked of a service, as data: done here, or handed to the process that owns the store.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{InterruptId, Role};

/// What can be asked of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ServiceCommand {
    /// Runs a request to its end or to its first question. Replies with a [`RunReply`](super::RunReply).
    Run {
        /// The request, as JSON.
        request: Value,
        /// The thread, by id or name; a new one if `None`.
        thread: Option<String>,
    },
    /// Goes on with a thread from its last checkpoint. Replies with a [`RunReply`](super::RunReply).
    Continue {
        /// The thread, by id or name.
        thread: String,
    },
    /// Answers a question: a decision at the gate, or a settlement. Replies with a [`RunReply`](super::RunReply).
    Answer {
        /// The question; `None` for a thread's only one.
        interrupt: Option<InterruptId>,
        /// The thread, by id or name; needed without `interrupt`.
        thread: Option<String>,
        /// The answer, in any form the gate reads.
        answer: Value,
    },
    /// Lists what is pending. Replies with a list of [`PendingReply`](super::PendingReply).
    Pending,
    /// Shows a thread, or the thread that asks an interrupt. Replies with a [`RunReply`](super::RunReply).
    Show {
        /// The thread by id or name, or an interrupt's id.
        subject: String,
    },
    /// Cancels a thread's run, or ends its pending questions. Replies with a [`RunReply`](super::RunReply).
    Cancel {
        /// The thread, by id or name.
        thread: String,
        /// Why.
        reason: Option<String>,
    },
    /// Stops running writes and lets no new ones start. Replies with a [`FreezeReply`](super::FreezeReply).
    Freeze {
        /// Why.
        reason: Option<String>,
    },
    /// Lets writes start again. Replies with a [`FreezeReply`](super::FreezeReply).
    Unfreeze,
    /// Lists threads. Replies with a list of [`ThreadReply`](super::ThreadReply).
    Threads {
        /// At most this many.
        limit: Option<usize>,
    },
    /// Tells a thread's history. Replies with a list of [`HistoryReply`](super::HistoryReply).
    History {
        /// The thread, by id or name.
        thread: String,
    },
    /// Derives a thread's decisions again. Replies with a [`ReplayReport`](crate::engine::ReplayReport).
    Replay {
        /// The thread, by id or name.
        thread: String,
    },
    /// Goes back to a checkpoint, or copies a thread from there, and goes on. Replies with a
    /// [`RunReply`](super::RunReply).
    Fork {
        /// The thread, by id or name.
        thread: String,
        /// The checkpoint; the last one if `None`.
        checkpoint: Option<String>,
        /// The new thread's name; the same thread goes back if `None`.
        into: Option<String>,
    },
    /// Writes to a thread's state. Replies with a [`RunReply`](super::RunReply).
    UpdateState {
        /// The thread, by id or name.
        thread: String,
        /// The channels to write.
        values: Map<String, Value>,
        /// The node that is taken to have written them.
        as_node: Option<String>,
    },
    /// Gives a position of the audit log: the last one, once everything is verified, or that of one
    /// entry. Replies with an [`Anchor`](super::Anchor).
    Anchor {
        /// The entry; the last one if `None`.
        seq: Option<u64>,
    },
    /// Asks for what a run wrote to be put back. Replies with a [`RunReply`](super::RunReply).
    Revert {
        /// The run's id, or a thread, whose last run that wrote is meant.
        subject: String,
        /// The new request's thread; a new one if `None`.
        thread: Option<String>,
    },
    /// Makes an API key. Replies with a [`NewKeyReply`](super::NewKeyReply), which alone ever shows it.
    CreateKey {
        /// Who holds it.
        name: String,
        /// What they may be.
        roles: BTreeSet<Role>,
        /// How long it is good; for ever if `None`.
        lasts: Option<Duration>,
    },
    /// Lists every key there ever was. Replies with a list of [`KeyReply`](super::KeyReply).
    Keys,
    /// Revokes a key, from here on. Replies with a [`KeyReply`](super::KeyReply).
    RevokeKey {
        /// Its id, or its name.
        key: String,
        /// Why.
        reason: Option<String>,
    },
    /// Verifies the whole store. Replies with a [`VerifyReply`](super::VerifyReply).
    Verify,
}

impl ServiceCommand {
    /// Whether it may run something.
    pub fn runs(&self) -> bool {
        matches!(
            self,
            Self::Run { .. }
                | Self::Continue { .. }
                | Self::Answer { .. }
                | Self::Revert { .. }
                | Self::Fork { .. }
                | Self::UpdateState { .. }
        )
    }
}
