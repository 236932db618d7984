//! How a run ends.

use serde::{Deserialize, Serialize};

use super::InterruptId;

/// What kind of failure an error is; a retry policy names the classes it retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Something outside is unreachable or overloaded; trying again may help.
    Transient,
    /// A time limit ran out.
    Timeout,
    /// What was given is wrong; trying again does not help.
    Invalid,
    /// A rule forbids it.
    Refused,
    /// The store could not keep what happened.
    Storage,
    /// A fault of the program itself.
    Internal,
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable code, documented in `docs/errors.md`.
    pub code: String,
    /// The class of the failure.
    pub class: ErrorClass,
    /// What happened, for the reader.
    pub message: String,
    /// The node that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// How many attempts were made.
    #[serde(default = "one")]
    pub attempts: u32,
}

fn one() -> u32 {
    1
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Outcome {
    /// The graph came to its end.
    Completed,
    /// The thread waits: for answers, or at a static breakpoint when there are none to give.
    Interrupted {
        /// The questions that are pending.
        interrupts: Vec<InterruptId>,
    },
    /// A node failed for good, or the run could not go on.
    Failed(Failure),
    /// It was cancelled.
    Cancelled {
        /// Why.
        reason: String,
    },
}
