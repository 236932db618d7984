//! What is printed, and where.

use std::io::{self, IsTerminal, Write};

use owo_colors::OwoColorize;
use serde::Serialize;
use serde_json::json;

use crate::{gate::text::visible, service::ErrorReply};

use super::{exit, fault::Fault};

/// How to print.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    /// JSON on standard output, and nothing else there.
    pub(super) json: bool,
    /// No progress line.
    pub(super) quiet: bool,
}

impl Output {
    /// Prints `text`, which may be coloured; a reader that went away is no error.
    pub(super) fn text(self, text: &str) -> Result<(), Fault> {
        self.gets(text).map(|_| ())
    }

    /// As [`Output::text`], and whether anybody still reads.
    pub(super) fn gets(self, text: &str) -> Result<bool, Fault> {
        let mut out = anstream::stdout().lock();
        written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Prints one JSON value: on one line, or readable where a human looks at it.
    pub(super) fn value(self, value: &impl Serialize) -> Result<(), Fault> {
        self.gets_value(value).map(|_| ())
    }

    /// As [`Output::value`], and whether anybody still reads.
    pub(super) fn gets_value(self, value: &impl Serialize) -> Result<bool, Fault> {
        let pretty = io::stdout().is_terminal();
        let text = match pretty {
            true => serde_json::to_string_pretty(value),
            false => serde_json::to_string(value),
        };
        let text = text.map_err(io::Error::other);
        written(text.and_then(|text| {
            let mut out = io::stdout().lock();
            writeln!(out, "{text}").and_then(|()| out.flush())
        }))
    }

    /// Tells an error, and gives the exit code for it.
    pub(super) fn error(self, error: &ErrorReply) -> u8 {
        if self.json {
            let status = exit::status_of_error(error.kind);
            // Where even this can't be written there is nobody left to tell.
            let _ = self.value(&json!({ "status": status, "error": error }));
        } else {
            let head = format!("error[{}]:", error.code);
            let message = visible(&error.message);
            let space = if message.contains('\n') { '\n' } else { ' ' };
            complain(&format!("{}{space}{message}\n", head.red().bold()));
        }
        exit::of_error(error.kind)
    }
}

/// Writes to standard error; there is nobody to tell if that fails.
pub(super) fn complain(text: &str) {
    let mut out = anstream::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Whether what was written was taken.
fn written(result: io::Result<()>) -> Result<bool, Fault> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(super::fault::fault(
            crate::service::ErrorKind::Failed,
            "output",
            format!("standard output: {error}"),
        )),
    }
}
