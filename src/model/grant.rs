//! The gate's permission for one execution.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Actor, Digest, GrantId, InterruptId, Namespace, Timestamp};

/// The gate's permission for one execution: bound to everything that was shown, consumed once.
///
/// Only the `gate` room makes one. It lives in the thread's head, never in a channel, so that no
/// fork, copy, import or state update can carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The grant's id.
    pub id: GrantId,
    /// The question whose answer it is.
    pub interrupt: InterruptId,
    /// The digest of that question.
    pub question: Digest,
    /// The graph that asked.
    #[serde(default)]
    pub namespace: Namespace,
    /// Who approved.
    pub approved_by: Actor,
    /// When it was made.
    pub issued_at: Timestamp,
    /// When it is void if the effect has not started.
    pub expires_at: Timestamp,
    /// What it is bound to, as the gate wrote it and checks it.
    pub binding: Value,
}
