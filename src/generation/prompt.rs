//! What a model is told: two templates over the fields that may reach it.

use std::{fs, path::Path};

use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, value::Serde};
use serde_json::{Map, Value, json};

use super::{GenerationError, GenerationRequest, PreviousError};
use crate::config::BasicSettings;

/// The request's fields that a configuration may let reach a model: the closed list.
pub const FIELDS: [&str; 7] = [
    "user_query",
    "task_objective",
    "expected_results",
    "capability_prompts",
    "capability_context_data",
    "execution_mode",
    "errors",
];

const SYSTEM: &str = include_str!("prompts/system.j2");
const USER: &str = include_str!("prompts/user.j2");

/// Longer messages and tracebacks keep this many characters at each end.
const KEPT: usize = 500;

/// The two messages that a model gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Messages {
    /// The program's contract.
    pub system: String,
    /// The task.
    pub user: String,
}

/// The templates, checked, and the fields that may reach them. Every value enters as a value, never as
/// template source; a field that is not let through is `none`.
#[derive(Debug)]
pub struct Prompt {
    templates: Environment<'static>,
    fields: Vec<&'static str>,
    max_errors: usize,
    names: [String; 2],
}

impl Prompt {
    /// Reads the templates and tries them on a full and on an empty request.
    ///
    /// # Errors
    /// [`GenerationError::Setup`], with file and line: a field outside [`FIELDS`], a template that is missing,
    /// isn't valid, or names a variable that doesn't exist.
    pub fn new(settings: &BasicSettings) -> Result<Self, GenerationError> {
        let mut fields = Vec::new();
        for name in &settings.fields {
            let known = FIELDS.into_iter().find(|field| field == name).ok_or_else(|| {
                setup(format!(
                    "`{name}` is no field for a prompt; known are {}",
                    FIELDS.join(", ")
                ))
            })?;
            fields.push(known);
        }
        let sources = match &settings.templates {
            None => [
                ("system.j2".to_owned(), SYSTEM.to_owned()),
                ("user.j2".to_owned(), USER.to_owned()),
            ],
            Some(folder) => [read(&folder.join("system.j2"))?, read(&folder.join("user.j2"))?],
        };
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| AutoEscape::None);
        templates.add_filter("json", pretty);
        for (name, source) in &sources {
            templates
                .add_template_owned(name.clone(), source.clone())
                .map_err(|error| setup(place(name, &error)))?;
        }
        let [(system, system_source), (user, user_source)] = sources;
        let prompt = Self {
            templates,
            fields,
            max_errors: settings.max_errors,
            names: [system, user],
        };
        for (name, source) in prompt.names.iter().zip([system_source, user_source]) {
            prompt.check(name, &source)?;
        }
        Ok(prompt)
    }

    /// Renders the prompt for `request`: of its errors the last `max_errors`, messages and tracebacks capped.
    ///
    /// # Errors
    /// [`GenerationError::Setup`] if a template fails on this request's values.
    pub fn render(&self, request: &GenerationRequest) -> Result<Messages, GenerationError> {
        let values = self.values(request)?;
        let [system, user] = &self.names;
        Ok(Messages {
            system: self.fill(system, &values)?,
            user: self.fill(user, &values)?,
        })
    }

    fn values(&self, request: &GenerationRequest) -> Result<Value, GenerationError> {
        let skipped = request.errors.len().saturating_sub(self.max_errors);
        let told = GenerationRequest {
            errors: request.errors[skipped..].iter().map(capped).collect(),
            ..request.clone()
        };
        let mut all = serde_json::to_value(told).map_err(|error| setup(error.to_string()))?;
        let value = |field: &str| match self.fields.contains(&field) {
            true => all[field].take(),
            false => Value::Null,
        };
        Ok(Value::Object(
            FIELDS
                .map(String::from)
                .into_iter()
                .zip(FIELDS.map(value))
                .collect::<Map<_, _>>(),
        ))
    }

    fn fill(&self, name: &str, values: &Value) -> Result<String, GenerationError> {
        self.templates
            .get_template(name)
            .and_then(|template| template.render(minijinja::Value::from(Serde(values))))
            .map_err(|error| setup(place(name, &error)))
    }

    fn check(&self, name: &str, source: &str) -> Result<(), GenerationError> {
        let template = self
            .templates
            .get_template(name)
            .map_err(|error| setup(place(name, &error)))?;
        let globals: Vec<&str> = self.templates.globals().map(|(name, _)| name).collect();
        let mut unknown: Vec<String> = template
            .undeclared_variables(false)
            .into_iter()
            .filter(|variable| !FIELDS.contains(&variable.as_str()) && !globals.contains(&variable.as_str()))
            .collect();
        unknown.sort();
        if let Some(variable) = unknown.first() {
            let line = source
                .lines()
                .position(|line| line.contains(variable.as_str()))
                .unwrap_or(0)
                + 1;
            return Err(setup(format!(
                "{name}, line {line}: `{variable}` is no field of a request; known are {}",
                FIELDS.join(", ")
            )));
        }
        for request in [sample(), GenerationRequest::default()] {
            self.fill(name, &self.values(&request)?)?;
        }
        Ok(())
    }
}

fn setup(message: String) -> GenerationError {
    GenerationError::Setup(message)
}

fn read(path: &Path) -> Result<(String, String), GenerationError> {
    let source = fs::read_to_string(path).map_err(|error| setup(format!("{}: {error}", path.display())))?;
    Ok((path.display().to_string(), source))
}

/// The error with the file and the line it stands in.
fn place(name: &str, error: &Error) -> String {
    let name = error.name().unwrap_or(name);
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    match error.line() {
        Some(line) => format!("{name}, line {line}: {what}"),
        None => format!("{name}: {what}"),
    }
}

/// The filter `json`: a value as indented JSON.
fn pretty(value: minijinja::Value) -> Result<String, Error> {
    serde_json::to_string_pretty(&value)
        .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))
}

fn capped(error: &PreviousError) -> PreviousError {
    PreviousError {
        message: cap(&error.message),
        traceback: cap(&error.traceback),
        ..error.clone()
    }
}

/// The text, or its first and last [`KEPT`] characters if it has more than both together.
fn cap(text: &str) -> String {
    let length = text.chars().count();
    if length <= 2 * KEPT {
        return text.to_owned();
    }
    let head: String = text.chars().take(KEPT).collect();
    let tail: String = text.chars().skip(length - KEPT).collect();
    format!("{head}\n[{} characters left out]\n{tail}", length - 2 * KEPT)
}

/// A request with every field filled, for trying templates.
fn sample() -> GenerationRequest {
    GenerationRequest {
        user_query: "What is the mean beam current?".into(),
        task_objective: "Compute the mean of the readings.".into(),
        expected_results: Map::from_iter([("mean".to_owned(), json!("number, in mA"))]),
        capability_prompts: vec!["Use the standard library.".into()],
        capability_context_data: json!({"readings": [1.0, 2.0]}),
        execution_mode: "read_only".into(),
        errors: vec![PreviousError {
            attempt: 1,
            stage: "execution".into(),
            code: "runtime_error".into(),
            message: "KeyError: 'readings'".into(),
            failed_code: "results = {}".into(),
            traceback: "Traceback (most recent call last):".into(),
        }],
        attempt: 2,
        ..GenerationRequest::default()
    }
}
