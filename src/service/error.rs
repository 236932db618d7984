//! Why a service did not do what was asked.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    analysis::AnalysisSetupError, config::ConfigError, engine::EngineError, execution::ExecutionError,
    gate::Refusal, generation::RegistryError, graph::BuildError, graphs::python_executor::RequestError,
    model::ThreadId, store::StoreError,
};

/// What kind of error it is; an entrance maps it to its own codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// What was given is wrong.
    Usage,
    /// There is no such thing.
    NotFound,
    /// Someone was faster, or the question is no longer pending.
    Conflict,
    /// A run is going on, or another process holds the store.
    Busy,
    /// A rule forbids it.
    Refused,
    /// Nobody knows who asks: no key was shown, or none that is good.
    Unauthenticated,
    /// Something failed.
    Failed,
}

/// An error as entrances tell it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ErrorReply {
    /// A stable code, documented in `docs/errors.md`.
    pub code: String,
    /// What kind of error it is.
    pub kind: ErrorKind,
    /// What happened and what to do.
    pub message: String,
    /// Further facts: the decision that stands, the interrupts that are pending.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

/// Why a service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The analysis could not be set up.
    #[error(transparent)]
    Analysis(#[from] AnalysisSetupError),
    /// The generator could not be set up.
    #[error(transparent)]
    Generator(#[from] RegistryError),
    /// A graph is not well formed.
    #[error(transparent)]
    Graph(#[from] BuildError),
    /// Programs cannot be run.
    #[error(transparent)]
    Execution(#[from] ExecutionError),
    /// The engine or the store.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A rule forbids it.
    #[error("{}", .0.message)]
    Refused(Refusal),
    /// A key can't be made so.
    #[error("{0}")]
    InvalidKey(String),
    /// Nobody can be told of questions.
    #[error("nobody can be told of questions (approval.notify): {0}")]
    Notify(String),
    /// A checkpoint's id can't be read.
    #[error("'{0}' is not a checkpoint's id")]
    InvalidCheckpoint(String),
    /// A run that wrote nothing, or none at all.
    #[error("'{0}' is no run that wrote anything, and no thread with one")]
    NothingToRevert(String),
    /// An answer names neither an interrupt nor a thread.
    #[error("an answer needs an interrupt's id or a thread")]
    NoSubject,
    /// What is stored doesn't fit, so nothing vouches for it.
    #[error("the store does not verify, so it gets no anchor: {0}")]
    NotVerified(String),
    /// The audit log has no such entry.
    #[error("the audit log has no entry {0}")]
    NoAuditEntry(u64),
    /// The service is shutting down.
    #[error("the service is shutting down")]
    Closing,
    /// The directory for data or workspaces can't be made.
    #[error("{path}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The error.
        source: std::io::Error,
    },
    /// What the owner of the store told.
    #[error(transparent)]
    Remote(Box<ErrorReply>),
    /// The owner of the store broke off.
    #[error("{0}")]
    Owner(String),
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        Self::Engine(EngineError::Store(error))
    }
}

impl ServiceError {
    /// The error as entrances tell it.
    pub fn reply(&self) -> ErrorReply {
        if let Self::Remote(reply) = self {
            return ErrorReply::clone(reply);
        }
        let (kind, code, detail) = self.facts();
        ErrorReply {
            code: code.to_owned(),
            kind,
            message: self.to_string(),
            detail,
        }
    }

    fn facts(&self) -> (ErrorKind, &str, Value) {
        use ErrorKind::{Busy, Failed, NotFound, Refused, Unauthenticated, Usage};
        match self {
            Self::Config(error) => (Usage, error.code(), Value::Null),
            Self::Analysis(_) => (Usage, "analysis_setup", Value::Null),
            Self::Generator(_) => (Usage, "generator", Value::Null),
            Self::Graph(_) => (Failed, "graph", Value::Null),
            Self::Execution(_) => (Failed, "execution_unavailable", Value::Null),
            Self::Request(_) => (Usage, "invalid_request", Value::Null),
            Self::Refused(refusal) => match refusal.code {
                "unauthenticated" | "credentials_conflict" => (Unauthenticated, refusal.code, Value::Null),
                code => (Refused, code, Value::Null),
            },
            Self::InvalidKey(_) => (Usage, "invalid_key", Value::Null),
            Self::Notify(_) => (Usage, "notify", Value::Null),
            Self::InvalidCheckpoint(_) => (Usage, "invalid_checkpoint", Value::Null),
            Self::NothingToRevert(_) => (NotFound, "nothing_to_revert", Value::Null),
            Self::NotVerified(_) => (Failed, "not_verified", Value::Null),
            Self::NoAuditEntry(_) => (NotFound, "no_audit_entry", Value::Null),
            Self::NoSubject => (Usage, "no_subject", Value::Null),
            Self::Closing => (Busy, "closing", Value::Null),
            Self::Directory { .. } => (Failed, "directory", Value::Null),
            Self::Owner(_) => (Busy, "owner_lost", Value::Null),
            Self::Remote(reply) => (reply.kind, &reply.code, reply.detail.clone()),
            Self::Engine(error) => match engine_facts(error) {
                (NotFound, code, detail) => (NotFound, code, detail),
                other => other,
            },
        }
    }
}

fn engine_facts(error: &EngineError) -> (ErrorKind, &str, Value) {
    use ErrorKind::{Busy, Conflict, Failed, NotFound, Refused, Usage};
    match error {
        EngineError::Store(error) => store_facts(error),
        EngineError::UnknownThread(_) => (NotFound, "unknown_thread", Value::Null),
        EngineError::ThreadExists(_) => (Conflict, "thread_exists", Value::Null),
        EngineError::UnknownCheckpoint { .. } => (NotFound, "unknown_checkpoint", Value::Null),
        EngineError::UnknownGraph { .. } => (NotFound, "unknown_graph", Value::Null),
        EngineError::OtherGraph { .. } => (Conflict, "other_graph", Value::Null),
        EngineError::UnknownNode { .. } => (Usage, "unknown_node", Value::Null),
        EngineError::NewerFormat { .. } => (Failed, "newer_format", Value::Null),
        EngineError::Upcast(_) => (Failed, "state_version", Value::Null),
        EngineError::GraphChanged { .. } => (Conflict, "graph_changed", Value::Null),
        EngineError::Busy { run, .. } => (Busy, "thread_busy", json!({ "run_id": run })),
        EngineError::NothingDue(_) => (Conflict, "nothing_due", Value::Null),
        EngineError::NothingAsked(_) => (Conflict, "nothing_asked", Value::Null),
        EngineError::Ambiguous { pending, .. } => {
            (Conflict, "ambiguous_answer", json!({ "pending": pending }))
        }
        EngineError::UnknownInterrupt(_) => (NotFound, "unknown_interrupt", Value::Null),
        EngineError::Resolved(answer) => (Conflict, "already_resolved", json!(answer)),
        EngineError::Expired { .. } => (Conflict, "decision_expired", Value::Null),
        EngineError::Answer(refused) if refused.code == "decision_expired" => {
            (Conflict, "decision_expired", Value::Null)
        }
        EngineError::Answer(refused) => match refused.code.as_str() {
            "frozen" | "interlock" | "forbidden" | "own_request" | "four_eyes" => {
                (Refused, &refused.code, Value::Null)
            }
            "voted_before" | "votes_differ" => (Conflict, &refused.code, Value::Null),
            _ => (Usage, &refused.code, Value::Null),
        },
        EngineError::NotAdmitted(refused) => (Refused, &refused.code, Value::Null),
        EngineError::MustSettle { .. } => (Conflict, "outcome_unknown", Value::Null),
        EngineError::State(_) => (Usage, "invalid_state", Value::Null),
        EngineError::Route(_) => (Failed, "route", Value::Null),
        EngineError::Protected(_) => (Refused, "protected_channel", Value::Null),
        EngineError::Contradiction(_) => (Usage, "invalid_command", Value::Null),
        EngineError::Internal(_) => (Failed, "internal", Value::Null),
    }
}

fn store_facts(error: &StoreError) -> (ErrorKind, &'static str, Value) {
    use ErrorKind::{Busy, Conflict, Failed, NotFound, Refused, Unauthenticated};
    match error {
        StoreError::Conflict { .. } => (Conflict, "thread_changed", Value::Null),
        StoreError::TooLate { .. } => (Conflict, "too_late", Value::Null),
        StoreError::Frozen => (Refused, "frozen", Value::Null),
        StoreError::GrantUsed(_) => (Conflict, "grant_used", Value::Null),
        StoreError::KeyNotLive(_) => (Unauthenticated, "key_not_live", Value::Null),
        StoreError::KeyExists(_) => (Conflict, "key_exists", Value::Null),
        StoreError::UnknownKey(_) => (NotFound, "unknown_key", Value::Null),
        StoreError::InUse { owner, .. } => (Busy, "store_in_use", json!({ "pid": owner })),
        StoreError::Damaged { .. } => (Failed, "store_damaged", Value::Null),
        StoreError::Foreign { .. } => (Failed, "store_foreign", Value::Null),
        StoreError::Full { .. } => (Failed, "disk_full", Value::Null),
        StoreError::Stopped { .. } => (Failed, "store_stopped", Value::Null),
        StoreError::Value(_) => (Failed, "value_damaged", Value::Null),
    }
}

/// The thread a store error is about, if it is about one.
pub(super) fn is_in_use(error: &ServiceError) -> Option<Option<u32>> {
    match error {
        ServiceError::Engine(EngineError::Store(StoreError::InUse { owner, .. })) => Some(*owner),
        _ => None,
    }
}

/// What a caller calls a thread becomes its id.
pub(super) fn thread_of(reference: &str) -> ThreadId {
    ThreadId::of_name(reference)
}
