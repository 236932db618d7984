//! A request, from a file and flags.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::{Map, Value, json};

use super::{
    arguments::RunArguments,
    fault::{Fault, file, usage},
};

/// The most bytes of a file with a request or with code.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// The request that the arguments make. What its fields may hold is for the service to say.
pub(super) fn of(arguments: &RunArguments) -> Result<Value, Fault> {
    let from_stdin = |path: &Option<_>| path.as_deref() == Some(Path::new("-"));
    if from_stdin(&arguments.file) && from_stdin(&arguments.code) {
        return Err(usage(
            "standard input can't be both the request and the code; give one of them a file",
        ));
    }
    let mut request = match &arguments.file {
        Some(path) => object(path)?,
        None => Map::new(),
    };
    let texts = [
        ("user_query", &arguments.user_query),
        ("task_objective", &arguments.task_objective),
        ("execution_folder_name", &arguments.execution_folder_name),
        ("execution_mode", &arguments.execution_mode),
        ("execution_method", &arguments.execution_method),
        ("python_env_path", &arguments.python_env_path),
    ];
    for (field, text) in texts {
        if let Some(text) = text {
            request.insert(field.into(), json!(text));
        }
    }
    if let Some(text) = &arguments.expected_results {
        request.insert("expected_results".into(), json_of("--expected-results", text)?);
    }
    if !arguments.capability_prompts.is_empty() {
        request.insert("capability_prompts".into(), json!(arguments.capability_prompts));
    }
    if let Some(text) = &arguments.capability_context_data {
        let flag = "--capability-context-data";
        let data = match text.strip_prefix('@') {
            Some(path) => json_of(flag, &self::text(Path::new(path))?)?,
            None => json_of(flag, text)?,
        };
        request.insert("capability_context_data".into(), data);
    }
    if let Some(retries) = arguments.retries {
        request.insert("retries".into(), json!(retries));
    }
    if let Some(seconds) = arguments.execution_timeout_seconds {
        request.insert("execution_timeout_seconds".into(), json!(seconds));
    }
    if let Some(path) = &arguments.code {
        request.insert("code".into(), json!(text(path)?));
    }
    Ok(Value::Object(request))
}

/// The JSON object in a file, or the one under `request` in it.
fn object(path: &Path) -> Result<Map<String, Value>, Fault> {
    let value: Value = serde_json::from_str(&text(path)?)
        .map_err(|error| file(path, format!("the request is not JSON: {error}")))?;
    match value {
        Value::Object(mut fields) => match (fields.len(), fields.remove("request")) {
            (1, Some(Value::Object(inner))) => Ok(inner),
            (_, Some(other)) => {
                fields.insert("request".into(), other);
                Ok(fields)
            }
            (_, None) => Ok(fields),
        },
        _ => Err(file(path, "the request is not a JSON object")),
    }
}

fn json_of(flag: &str, text: &str) -> Result<Value, Fault> {
    serde_json::from_str(text).map_err(|error| usage(format!("{flag} is not JSON: {error}")))
}

/// The text of a file or, for `-`, of standard input, byte for byte.
pub(super) fn text(path: &Path) -> Result<String, Fault> {
    String::from_utf8(bytes(path)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        file(
            path,
            format!("it is not UTF-8 text: the byte at offset {at} is out of place"),
        )
    })
}

/// The bytes of a file or, for `-`, of standard input.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Fault> {
    let read = |from: &mut dyn Read| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = if path == Path::new("-") {
        read(&mut io::stdin().lock())
    } else {
        File::open(path).and_then(|mut opened| read(&mut opened))
    }
    .map_err(|error| file(path, error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(file(path, "it is larger than 32 MiB"));
    }
    Ok(bytes)
}
