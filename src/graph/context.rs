//! What a node is given besides the state, and the journal its questions and effects are written to.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::model::{
    Actor, CheckpointId, Clock, ErrorClass, Grant, GrantId, Namespace, Resolution, RunId, Settlement, TaskId,
    ThreadId, Timestamp,
};

use super::{NodeError, Question};

/// Which task this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInfo {
    /// The thread.
    pub thread: ThreadId,
    /// The run.
    pub run: RunId,
    /// Who started the run.
    pub actor: Actor,
    /// Who gave the thread its last input: whose work this is, whoever answered or resumed since.
    pub requester: Actor,
    /// The graph.
    pub namespace: Namespace,
    /// The checkpoint the task runs on.
    pub checkpoint: CheckpointId,
    /// The task.
    pub task: TaskId,
    /// The node.
    pub node: String,
    /// The superstep's number.
    pub step: i64,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// What is known of an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum EffectState {
    /// It was never started.
    Fresh,
    /// It was started, and its end is not known.
    Started,
    /// It came to its end and gave this.
    Finished(Value),
    /// Its end was not known, and a human settled it.
    Settled(Settled),
}

/// How a human settled an effect whose end was not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// What they said.
    pub settlement: Settlement,
    /// What they noted.
    #[serde(default)]
    pub note: Option<String>,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

/// What is recorded when an effect starts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EffectStart {
    /// The grant it consumes.
    pub grant: Option<GrantId>,
    /// What is about to happen, for the auditor and for whoever has to settle it.
    pub facts: Value,
}

/// How an effect ended that was begun with [`Context::effect`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect<T> {
    /// It came to its end, now or before the process was last restarted.
    Finished(T),
    /// Its end was not known, and a human settled it.
    Settled(Settled),
}

/// An effect was started and nobody knows how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

/// Why the journal could not write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The store refused or failed; nothing was recorded.
    #[error("{0}")]
    Store(String),
    /// The grant is used, void or expired, or writes are frozen; nothing was recorded.
    #[error("{0}")]
    Refused(String),
    /// This is a replay: nothing may be started or recorded.
    #[error("a replay executes nothing")]
    Replay,
}

/// Where a task's questions, parts and effects are kept. The engine has one that writes to the
/// store; the audit's replay has one that only reads.
#[async_trait]
pub trait Journal: Send + Sync {
    /// How the task's question number `ordinal` ended, if it did.
    fn resolution(&self, ordinal: u32) -> Option<Resolution>;
    /// Notes a question that has no answer yet.
    fn ask(&self, ordinal: u32, question: Question);
    /// What the part `name` gave, if it was done.
    async fn recorded(&self, name: &str) -> Option<Value>;
    /// Records durably what the part `name` gave.
    async fn record(&self, name: &str, value: &Value) -> Result<(), JournalError>;
    /// Keeps a fact durably, with what is too long to stand in the record itself.
    async fn note(&self, name: &str, facts: Value, detail: Option<Value>) -> Result<(), JournalError>;
    /// What is known of the effect `name`.
    async fn effect(&self, name: &str) -> EffectState;
    /// Records durably that the effect `name` starts.
    async fn start(&self, name: &str, start: EffectStart) -> Result<(), JournalError>;
    /// Records durably what the effect `name` gave.
    async fn finish(&self, name: &str, value: &Value) -> Result<(), JournalError>;
    /// The grants that are live on the thread.
    fn grants(&self) -> Vec<Grant>;
    /// Whether this is a replay: nothing may be done that is not recorded.
    fn is_replay(&self) -> bool {
        false
    }
    /// Tells something to whoever watches the run.
    fn emit(&self, value: Value);
    /// Tells a piece of a model's message to whoever watches the run.
    fn message(&self, text: &str);
}

/// What a node is given besides the state.
#[derive(Clone)]
pub struct Context {
    info: Arc<TaskInfo>,
    argument: Option<Arc<Value>>,
    journal: Arc<dyn Journal>,
    ordinal: Arc<AtomicU32>,
    cancel: CancellationToken,
    clock: Clock,
}

impl Context {
    /// A context for one attempt of one task.
    pub fn new(
        info: TaskInfo,
        argument: Option<Value>,
        journal: Arc<dyn Journal>,
        cancel: CancellationToken,
        clock: Clock,
    ) -> Self {
        Self {
            info: Arc::new(info),
            argument: argument.map(Arc::new),
            journal,
            ordinal: Arc::new(AtomicU32::new(0)),
            cancel,
            clock,
        }
    }

    /// Which task this is.
    pub fn info(&self) -> &TaskInfo {
        &self.info
    }

    /// The argument of a fan-out task.
    ///
    /// # Errors
    /// When there is none, or it has another form.
    pub fn argument<T: DeserializeOwned>(&self) -> Result<T, NodeError> {
        let value = self.argument.as_deref().cloned().unwrap_or(Value::Null);
        Ok(serde_json::from_value(value)?)
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Fires when the run is cancelled or its time is up.
    pub fn cancelled(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Waits for `duration`, or until the run is cancelled.
    ///
    /// # Errors
    /// [`NodeError::Cancelled`].
    pub async fn sleep(&self, duration: Duration) -> Result<(), NodeError> {
        tokio::select! {
            () = tokio::time::sleep(duration) => Ok(()),
            () = self.cancel.cancelled() => Err(NodeError::Cancelled),
        }
    }

    /// Asks a question and gives its answer. The first time the task ends here; once there is an
    /// answer the node runs again from its top and gets it. Whatever must not repeat before this
    /// call stands in [`Context::once`].
    ///
    /// # Errors
    /// [`NodeError::Interrupted`] while there is no answer: pass it on with `?`. A question that
    /// expired is a failure with the code `question_expired`; [`Context::ask`] tells it apart.
    pub fn interrupt<T: DeserializeOwned>(&self, question: impl Serialize) -> Result<T, NodeError> {
        let question = Question {
            value: serde_json::to_value(question)?,
            expires_at: None,
        };
        match self.ask(|| question)? {
            Resolution::Answered { value } => Ok(serde_json::from_value(value)?),
            _ => Err(NodeError::failed(
                ErrorClass::Timeout,
                "question_expired",
                "nobody answered in time",
            )),
        }
    }

    /// Asks a question and tells how it ended: answered or expired. The question is built only
    /// when it is asked for the first time.
    ///
    /// # Errors
    /// [`NodeError::Interrupted`] while it is pending: pass it on with `?`.
    pub fn ask(&self, question: impl FnOnce() -> Question) -> Result<Resolution, NodeError> {
        let ordinal = self.ordinal.fetch_add(1, Ordering::Relaxed);
        match self.journal.resolution(ordinal) {
            Some(resolution) => Ok(resolution),
            None => {
                self.journal.ask(ordinal, question());
                Err(NodeError::Interrupted)
            }
        }
    }

    /// Does a part that must not repeat once it is done: its result is journaled under `name`, and
    /// a node that runs again gets it back. If the process dies before the result is on disk, the
    /// part is done again; what must never be done twice is an [`Context::effect`].
    ///
    /// # Errors
    /// What `part` gives; or a failure with the code `journal` when the result could not be kept.
    pub async fn once<T, F, Fut>(&self, name: &str, part: F) -> Result<T, NodeError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, NodeError>>,
    {
        if let Some(value) = self.journal.recorded(name).await {
            return Ok(serde_json::from_value(value)?);
        }
        if self.journal.is_replay() {
            return Err(journal(JournalError::Replay));
        }
        let result = part().await?;
        self.journal
            .record(name, &serde_json::to_value(&result)?)
            .await
            .map_err(journal)?;
        Ok(result)
    }

    /// Does something at most once. Its start is on disk, and the grant it names consumed in the
    /// same commit, before `part` is called. If its end is not known (`part` says so, the process
    /// dies, its result can't be kept), it is never started again: a human settles it, and the node
    /// runs again and gets [`Effect::Settled`].
    ///
    /// # Errors
    /// [`NodeError::OutcomeUnknown`]: pass it on with `?`. [`NodeError::ReturnToHoldPoint`] when the
    /// grant is used, void or expired, or writes are frozen; nothing was started.
    pub async fn effect<T, F, Fut>(
        &self,
        name: &str,
        start: EffectStart,
        part: F,
    ) -> Result<Effect<T>, NodeError>
    where
        T: Serialize + DeserializeOwned,
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = Result<T, Unknown>>,
    {
        match self.journal.effect(name).await {
            EffectState::Fresh => {}
            EffectState::Finished(value) => return Ok(Effect::Finished(serde_json::from_value(value)?)),
            EffectState::Settled(settled) => return Ok(Effect::Settled(settled)),
            EffectState::Started => {
                return Err(NodeError::OutcomeUnknown(
                    "the process ended while it was going on".into(),
                ));
            }
        }
        if self.cancel.is_cancelled() {
            return Err(NodeError::Cancelled);
        }
        self.journal
            .start(name, start)
            .await
            .map_err(|error| match error {
                JournalError::Refused(reason) => NodeError::ReturnToHoldPoint(reason),
                other => journal(other),
            })?;
        let result = part(self.cancel.clone())
            .await
            .map_err(|Unknown(reason)| NodeError::OutcomeUnknown(reason))?;
        let kept = match serde_json::to_value(&result) {
            Ok(value) => self
                .journal
                .finish(name, &value)
                .await
                .map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match kept {
            Ok(()) => Ok(Effect::Finished(result)),
            Err(error) => Err(NodeError::OutcomeUnknown(format!(
                "its result could not be kept: {error}"
            ))),
        }
    }

    /// Keeps a fact in the audit trail, and returns once it is on disk. `name` says what kind of fact it is;
    /// `detail` is kept apart, for what is too long to stand in the record itself.
    ///
    /// # Errors
    /// [`JournalError`]: the fact is not kept.
    pub async fn note(&self, name: &str, facts: Value, detail: Option<Value>) -> Result<(), JournalError> {
        self.journal.note(name, facts, detail).await
    }

    /// What is known of the effect `name`.
    pub async fn effect_state(&self, name: &str) -> EffectState {
        self.journal.effect(name).await
    }

    /// The grants that are live on the thread.
    pub fn grants(&self) -> Vec<Grant> {
        self.journal.grants()
    }

    /// Tells something to whoever watches the run.
    pub fn emit(&self, value: Value) {
        self.journal.emit(value);
    }

    /// Tells a piece of a model's message to whoever watches the run.
    pub fn message(&self, text: &str) {
        self.journal.message(text);
    }
}

fn journal(error: JournalError) -> NodeError {
    let class = if error == JournalError::Replay {
        ErrorClass::Refused
    } else {
        ErrorClass::Storage
    };
    NodeError::failed(class, "journal", error.to_string())
}
