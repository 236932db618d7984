//! PENS: who writes the code.

pub mod answer;
mod basic;
mod fixed;
mod mock;
mod models;
pub mod prompt;
mod registry;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::{
    basic::Basic,
    fixed::Fixed,
    mock::Mock,
    registry::{Registry, RegistryError},
};

/// What a generator is asked for: the request's fields that may reach a model, and what went wrong before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerationRequest {
    /// What the user said.
    pub user_query: String,
    /// The task, in one sentence.
    pub task_objective: String,
    /// Keys that `results` should hold, and what they mean.
    pub expected_results: Map<String, Value>,
    /// What the calling capability adds to the prompt.
    pub capability_prompts: Vec<String>,
    /// Data of the calling capability.
    pub capability_context_data: Value,
    /// `read_only` or `write_access`.
    pub execution_mode: String,
    /// The caller's own code, if it brought some.
    pub code: Option<String>,
    /// What went wrong in the attempts before, oldest first.
    pub errors: Vec<PreviousError>,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// An attempt that failed, as a generator is told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PreviousError {
    /// The attempt, from 1.
    pub attempt: u32,
    /// Where it failed: `generation`, `analysis`, `approval` or `execution`.
    pub stage: String,
    /// The stable code of the failure.
    pub code: String,
    /// What happened.
    pub message: String,
    /// The code that failed.
    pub failed_code: String,
    /// The traceback, capped.
    pub traceback: String,
}

/// What a model used up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

/// Code, and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generated {
    /// The program's text.
    pub code: String,
    /// The generator's name.
    pub generator: String,
    /// The model, if one wrote it.
    pub model: Option<String>,
    /// What the model used up.
    pub usage: Option<Usage>,
    /// Further facts for the trail.
    pub metadata: BTreeMap<String, Value>,
}

/// Why a generator gave no code.
#[derive(Debug, thiserror::Error)]
pub enum GenerationError {
    /// The model cannot be reached or is overloaded; no attempt is used up.
    #[error("the model cannot be reached: {message}")]
    Unreachable {
        /// What happened.
        message: String,
        /// When to try again, if the other side said so.
        retry_after: Option<Duration>,
    },
    /// The model declined.
    #[error("the model declined: {0}")]
    Refused(String),
    /// The model's answer holds no code.
    #[error("the model's answer holds no code")]
    Empty,
    /// The model's answer was cut off.
    #[error("the model's answer was cut off after {0} tokens")]
    Cut(u64),
    /// The model's answer is not in the agreed form.
    #[error("the model's answer is malformed: {0}")]
    Malformed(String),
    /// The endpoint refused the request: key, model name, quota.
    #[error("the model endpoint refused the request: {0}")]
    Rejected(String),
    /// The generator has no other code than what failed already.
    #[error("no other code can be generated: {0}")]
    Exhausted(String),
    /// A setting or a prompt template is wrong.
    #[error("the generator is not set up rightly: {0}")]
    Setup(String),
}

impl GenerationError {
    /// The stable code of the error, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "model_unreachable",
            Self::Refused(_) => "model_declined",
            Self::Empty => "model_answer_empty",
            Self::Cut(_) => "model_answer_cut",
            Self::Malformed(_) => "model_answer_malformed",
            Self::Rejected(_) => "model_request_rejected",
            Self::Exhausted(_) => "generator_exhausted",
            Self::Setup(_) => "generator_setup",
        }
    }

    /// Whether asking again for other code may help.
    pub fn may_regenerate(&self) -> bool {
        matches!(self, Self::Empty | Self::Cut(_) | Self::Malformed(_))
    }
}

/// Takes pieces of a model's answer as they come.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// Someone who writes code.
#[async_trait]
pub trait CodeGenerator: Send + Sync {
    /// The name under which it is registered.
    fn name(&self) -> &str;

    /// Whether it calls an unreachable model again by itself, so that nobody need do it once more.
    fn retries_itself(&self) -> bool {
        false
    }

    /// Writes code for `request`; `tell` takes pieces of the model's answer as they come.
    ///
    /// # Errors
    /// See [`GenerationError`].
    async fn generate(
        &self,
        request: &GenerationRequest,
        tell: Tell<'_>,
    ) -> Result<Generated, GenerationError>;
}

/// A generator shared by many runs.
pub type SharedGenerator = Arc<dyn CodeGenerator>;
