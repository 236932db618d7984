//! What resumes or steers a thread.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::InterruptId;

/// An answer, or answers by interrupt id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resume {
    /// An answer to the thread's only question.
    Value(Value),
    /// Answers by interrupt id.
    ById(BTreeMap<InterruptId, Value>),
}

impl Resume {
    /// Reads the form used on the wire: an object whose keys are all interrupt ids is a map of
    /// answers, anything else is one answer.
    pub fn from_json(value: Value) -> Self {
        if let Value::Object(map) = &value
            && !map.is_empty()
        {
            let by_id: Option<BTreeMap<InterruptId, Value>> = map
                .iter()
                .map(|(key, value)| Some((key.parse().ok()?, value.clone())))
                .collect();
            if let Some(by_id) = by_id {
                return Self::ById(by_id);
            }
        }
        Self::Value(value)
    }

    /// An answer to the question `id`.
    pub fn to(id: InterruptId, value: Value) -> Self {
        Self::ById(BTreeMap::from([(id, value)]))
    }
}

/// What resumes or steers a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// Answers to what the thread asks.
    pub resume: Option<Resume>,
    /// Writes to channels, applied before anything runs.
    pub update: Map<String, Value>,
    /// The nodes to run next.
    pub goto: Vec<String>,
}

impl Command {
    /// A command that answers the thread's only question.
    pub fn resume(value: Value) -> Self {
        Self {
            resume: Some(Resume::from_json(value)),
            ..Self::default()
        }
    }

    /// A command that answers the question `id`.
    pub fn answer(id: InterruptId, value: Value) -> Self {
        Self {
            resume: Some(Resume::to(id, value)),
            ..Self::default()
        }
    }

    /// A command that runs `node` next.
    pub fn goto(node: impl Into<String>) -> Self {
        Self {
            goto: vec![node.into()],
            ..Self::default()
        }
    }
}
