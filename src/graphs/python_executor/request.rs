//! What a caller asks for.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    config::{ExecutionMethod, ExecutorSettings},
    execution::Placement,
    model::ExecutionMode,
};

/// The fields of a request, in the order they are documented.
const FIELDS: [&str; 12] = [
    "user_query",
    "task_objective",
    "execution_folder_name",
    "expected_results",
    "capability_prompts",
    "capability_context_data",
    "retries",
    "execution_mode",
    "execution_method",
    "python_env_path",
    "execution_timeout_seconds",
    "code",
];

/// The most attempts a request may ask for.
const MAX_RETRIES: u32 = 20;

/// The deepest nesting of a request's data; what is stored must be readable again.
const MAX_DEPTH: usize = 64;

/// What a caller asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// What the user said.
    pub user_query: String,
    /// The task, in one sentence.
    pub task_objective: String,
    /// The name the run's folder should carry.
    pub execution_folder_name: String,
    /// Keys that `results` should hold, and what they mean.
    pub expected_results: Map<String, Value>,
    /// What the calling capability adds to the prompt.
    pub capability_prompts: Vec<String>,
    /// Data the program finds as `context`.
    pub capability_context_data: Value,
    /// How many attempts may fail in all.
    pub retries: u32,
    /// Whether the program may write.
    pub execution_mode: ExecutionMode,
    /// Where the program runs, if not where the configuration says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_method: Option<ExecutionMethod>,
    /// The interpreter, one of the configured list, if not the configured one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python_env_path: Option<PathBuf>,
    /// The wall time of one execution in seconds: above 0, and at most the configured one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_timeout_seconds: Option<f64>,
    /// The caller's own code; no model is asked then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            user_query: String::new(),
            task_objective: String::new(),
            execution_folder_name: String::new(),
            expected_results: Map::new(),
            capability_prompts: Vec::new(),
            capability_context_data: Value::Null,
            retries: 3,
            execution_mode: ExecutionMode::ReadOnly,
            execution_method: None,
            python_env_path: None,
            execution_timeout_seconds: None,
            code: None,
        }
    }
}

/// Why something is not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is not a JSON object.
    #[error("a request is a JSON object with the fields {}", FIELDS.join(", "))]
    NotAnObject,
    /// It has a field that requests don't have.
    #[error("'{field}' is not a field of a request{}; the fields are {}", hint(suggestion), FIELDS.join(", "))]
    UnknownField {
        /// The field.
        field: String,
        /// The field that may have been meant.
        suggestion: Option<String>,
    },
    /// A field has the wrong form.
    #[error("the request's field '{field}': {problem}")]
    Field {
        /// The field.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// It brings no code, and there is no generator that writes some.
    #[error("the generator here is 'fixed', so the request must bring its 'code'")]
    NoCode,
    /// It asks for nothing.
    #[error("a request needs 'task_objective', 'user_query' or 'code'")]
    Nothing,
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map(|name| format!("; did you mean '{name}'?"))
        .unwrap_or_default()
}

impl Request {
    /// Reads a request; the fields may also stand under `request`.
    ///
    /// # Errors
    /// [`RequestError`] names the field and says what it takes.
    pub fn from_json(value: Value) -> Result<Self, RequestError> {
        let Value::Object(mut fields) = value else {
            return Err(RequestError::NotAnObject);
        };
        if fields.len() == 1
            && let Some(inner) = fields.remove("request")
        {
            return Self::from_json(inner);
        }
        if let Some(field) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            let nearest = FIELDS
                .iter()
                .map(|known| (strsim::jaro_winkler(known, field), known))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|one, other| one.0.total_cmp(&other.0));
            return Err(RequestError::UnknownField {
                field: field.clone(),
                suggestion: nearest.map(|(_, known)| (*known).to_owned()),
            });
        }
        // Each field is read on its own, so that the error can name it.
        for (name, value) in &fields {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            serde_json::from_value::<Request>(alone).map_err(|error| RequestError::Field {
                field: name.clone(),
                problem: match name.as_str() {
                    "execution_mode" => format!("{value} is not one of \"read_only\", \"write_access\""),
                    _ => error.to_string(),
                },
            })?;
        }
        let request: Request =
            serde_json::from_value(Value::Object(fields)).map_err(|error| RequestError::Field {
                field: "request".into(),
                problem: error.to_string(),
            })?;
        request.check()?;
        Ok(request)
    }

    /// The place the program is to run in.
    pub fn placement(&self) -> Placement {
        Placement {
            method: self.execution_method,
            python: self.python_env_path.clone(),
        }
    }

    /// Checks that it asks for no more than the configuration allows.
    ///
    /// # Errors
    /// [`RequestError`] names the field and the most it may be.
    pub fn check_against(&self, settings: &ExecutorSettings) -> Result<(), RequestError> {
        let most = settings.execution_timeout.as_secs_f64();
        match self.execution_timeout_seconds {
            Some(seconds) if seconds > most => Err(RequestError::Field {
                field: "execution_timeout_seconds".into(),
                problem: format!(
                    "{seconds} is above {most}, the most that is allowed here \
                     (python_executor.execution_timeout_seconds)"
                ),
            }),
            _ => Ok(()),
        }
    }

    /// Checks what the types of the fields don't.
    ///
    /// # Errors
    /// [`RequestError`]: it asks for nothing, for too many attempts, for a time that is none, or its data is nested
    /// too deeply.
    pub fn check(&self) -> Result<(), RequestError> {
        let problem = |field: &str, problem: String| RequestError::Field {
            field: field.to_owned(),
            problem,
        };
        if self.retries > MAX_RETRIES {
            return Err(problem("retries", format!("at most {MAX_RETRIES}")));
        }
        if let Some(seconds) = self.execution_timeout_seconds
            && !(seconds.is_finite() && seconds > 0.0)
        {
            return Err(problem(
                "execution_timeout_seconds",
                format!("{seconds} is no number of seconds above 0"),
            ));
        }
        let deep = |value: &Value| depth(value) > MAX_DEPTH;
        if deep(&self.capability_context_data) {
            return Err(problem(
                "capability_context_data",
                format!("nested more than {MAX_DEPTH} levels"),
            ));
        }
        if self.expected_results.values().any(deep) {
            return Err(problem(
                "expected_results",
                format!("nested more than {MAX_DEPTH} levels"),
            ));
        }
        let texts = [&self.task_objective, &self.user_query];
        if texts.iter().all(|text| text.trim().is_empty()) && self.code.is_none() {
            return Err(RequestError::Nothing);
        }
        Ok(())
    }
}

/// How deeply a value is nested.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
