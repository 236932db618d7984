//! The generator `mock`: code for tests and demonstrations, without a model.

use std::{collections::BTreeMap, fmt::Write};

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{CodeGenerator, Generated, GenerationError, GenerationRequest, Tell};
use crate::config::{MockBehavior, MockSettings};

const SUCCESS: &str = r#"# Written by the mock generator: success.
values = [1.0, 2.0, 3.0, 4.0]

results = {
    "count": len(values),
    "mean": sum(values) / len(values),
    "minimum": min(values),
    "maximum": max(values),
}
"#;

const SYNTAX_ERROR: &str = r#"# Written by the mock generator: syntax_error.
def measure(:
    return 1

results = {"value": measure()}
"#;

const RUNTIME_ERROR: &str = r#"# Written by the mock generator: runtime_error.
beam_current = 100.0
bunches = 0
results = {"current_per_bunch": beam_current / bunches}
"#;

const MISSING_RESULTS: &str = r#"# Written by the mock generator: missing_results.
total = sum(range(10))
print("total:", total)
"#;

const CHANNEL_WRITE: &str = r#"# Written by the mock generator: channel_write.
import epics

status = epics.caput('SR:MAG:QF1:SP', 3.0, wait=True)

results = {"pv": 'SR:MAG:QF1:SP', "value": 3.0, "status": status}
"#;

const CHANNEL_READ: &str = r#"# Written by the mock generator: channel_read.
import epics

value = epics.caget('SR:MAG:QF1:SP')

results = {"pv": 'SR:MAG:QF1:SP', "value": value}
"#;

const ERROR_AWARE_FIRST: &str = r#"# Written by the mock generator: error_aware, not yet told of an error.
readings = {}
results = {"current": readings["current"]}
"#;

const ERROR_AWARE_THEN: &str = r#"# Written by the mock generator: error_aware, told of an error.
readings = {}
results = {"current": readings.get("current", 0.0), "corrected": True}
"#;

const SECURITY_RISK: &str = r#"# Written by the mock generator: security_risk.
import subprocess

listing = subprocess.run(["ls", "-l"], capture_output=True, text=True)

results = {"returncode": listing.returncode, "stdout": listing.stdout}
"#;

/// Writes the code that its settings name: on attempt n the n-th behaviour, and the last one from then on.
/// The same request always gets the same code.
#[derive(Debug, Clone)]
pub struct Mock {
    behaviors: Vec<MockBehavior>,
}

impl Mock {
    /// Makes the generator.
    ///
    /// # Errors
    /// [`GenerationError::Setup`] if `settings` name no behaviour.
    pub fn new(settings: &MockSettings) -> Result<Self, GenerationError> {
        if settings.behaviors.is_empty() {
            return Err(GenerationError::Setup(
                "`mock` needs at least one behavior".into(),
            ));
        }
        Ok(Self {
            behaviors: settings.behaviors.clone(),
        })
    }
}

#[async_trait]
impl CodeGenerator for Mock {
    fn name(&self) -> &str {
        "mock"
    }

    async fn generate(
        &self,
        request: &GenerationRequest,
        tell: Tell<'_>,
    ) -> Result<Generated, GenerationError> {
        let place = (request.attempt.max(1) as usize).min(self.behaviors.len()) - 1;
        let behavior = &self.behaviors[place];
        let code = write(behavior, request);
        tell(&code);
        Ok(Generated {
            code,
            generator: self.name().to_owned(),
            model: None,
            usage: None,
            metadata: BTreeMap::from([
                ("mock".to_owned(), json!(true)),
                ("behavior".to_owned(), json!(word(behavior))),
            ]),
        })
    }
}

/// The behaviour's name, as the configuration writes it.
fn word(behavior: &MockBehavior) -> &'static str {
    match behavior {
        MockBehavior::Success => "success",
        MockBehavior::SyntaxError => "syntax_error",
        MockBehavior::RuntimeError => "runtime_error",
        MockBehavior::MissingResults => "missing_results",
        MockBehavior::ChannelWrite => "channel_write",
        MockBehavior::ChannelRead => "channel_read",
        MockBehavior::ErrorAware => "error_aware",
        MockBehavior::SecurityRisk => "security_risk",
        MockBehavior::Code(_) => "code",
    }
}

fn write(behavior: &MockBehavior, request: &GenerationRequest) -> String {
    let (code, expected) = match behavior {
        MockBehavior::SyntaxError => (SYNTAX_ERROR, false),
        MockBehavior::RuntimeError => (RUNTIME_ERROR, false),
        MockBehavior::MissingResults => (MISSING_RESULTS, false),
        MockBehavior::Code(code) => (code.as_str(), false),
        MockBehavior::ErrorAware if request.errors.is_empty() => (ERROR_AWARE_FIRST, false),
        MockBehavior::ErrorAware => (ERROR_AWARE_THEN, true),
        MockBehavior::Success => (SUCCESS, true),
        MockBehavior::ChannelWrite => (CHANNEL_WRITE, true),
        MockBehavior::ChannelRead => (CHANNEL_READ, true),
        MockBehavior::SecurityRisk => (SECURITY_RISK, true),
    };
    let mut code = code.to_owned();
    if expected {
        fill(&mut code, &request.expected_results);
    }
    code
}

/// Gives every expected key a value of the kind its description names.
fn fill(code: &mut String, expected: &Map<String, Value>) {
    for (key, kind) in expected {
        let kind = kind.as_str().unwrap_or_default().to_lowercase();
        let value = ["dict", "list", "str", "bool"]
            .into_iter()
            .find(|word| kind.starts_with(word));
        let value = match value {
            Some("dict") => "{}",
            Some("list") => "[]",
            Some("str") => "\"mock\"",
            Some("bool") => "True",
            _ => "0.0",
        };
        // A JSON string is also a Python string, so that no key can end the literal.
        let _ = writeln!(code, "results.setdefault({}, {value})", Value::from(key.as_str()));
    }
}
