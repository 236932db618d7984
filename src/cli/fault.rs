//! Why a command did not do what was asked, in the one form all entrances tell it.

use std::{fmt::Display, path::Path};

use serde_json::{Value, json};

use crate::{
    config::ConfigError,
    service::{ErrorKind, ErrorReply, ServiceError},
};

/// An error of `kind`.
pub(super) fn fault(kind: ErrorKind, code: &str, message: impl Display) -> ErrorReply {
    ErrorReply {
        code: code.to_owned(),
        kind,
        message: message.to_string(),
        detail: Value::Null,
    }
}

/// What was given is wrong.
pub(super) fn usage(message: impl Display) -> ErrorReply {
    fault(ErrorKind::Usage, "usage", message)
}

/// A file that can't be read or written.
pub(super) fn file(path: &Path, problem: impl Display) -> ErrorReply {
    fault(ErrorKind::Usage, "file", format!("{}: {problem}", path.display()))
}

/// Where there is no such thread: told by the name that was typed.
pub(super) fn named(error: ErrorReply, thread: &str) -> ErrorReply {
    match error.code.as_str() {
        "unknown_thread" => ErrorReply {
            message: format!("there is no thread '{thread}'; holdpoint threads lists those there are"),
            ..error
        },
        _ => error,
    }
}

impl From<ServiceError> for ErrorReply {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Config(error) => error.into(),
            other => other.reply(),
        }
    }
}

impl From<ConfigError> for ErrorReply {
    fn from(error: ConfigError) -> Self {
        let problems: Vec<Value> = error
            .problems()
            .iter()
            .map(|problem| {
                json!({
                    "file": problem.file,
                    "line": problem.line,
                    "column": problem.column,
                    "key": problem.key,
                    "message": problem.message,
                })
            })
            .collect();
        Self {
            detail: match problems.is_empty() {
                true => Value::Null,
                false => json!({ "problems": problems }),
            },
            ..fault(ErrorKind::Usage, error.code(), &error)
        }
    }
}
