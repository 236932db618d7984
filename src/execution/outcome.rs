//! The runner's word on how a program went.
//!
//! The program ran in the same interpreter and could have forged it: it is believed for results, never against
//! what was seen from outside.

use serde::Deserialize;
use serde_json::Value;

use super::{
    ProgramEnd,
    collect::{Bounds, Workspace},
    modules::missing,
};

/// Says how a module can be had, if it is known which.
pub(super) type Modules<'a> = &'a dyn Fn(Option<&str>) -> String;

/// The most notes of one execution.
const MAX_NOTES: usize = 100;

/// The most characters of a note.
const MAX_NOTE: usize = 1_000;

/// The most characters of an exception's text.
const MAX_MESSAGE: usize = 11_000;

/// The most characters of a traceback.
const MAX_TRACEBACK: usize = 22_000;

/// What the runner tells.
pub(super) struct Told {
    /// How the program ended: it finished or raised.
    pub(super) end: ProgramEnd,
    /// Its `results`.
    pub(super) results: Option<Value>,
    notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Outcome {
    end: RunnerEnd,
    #[serde(default)]
    results: Option<Value>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum RunnerEnd {
    Finished,
    Raised {
        error_type: String,
        message: String,
        traceback: String,
        line: Option<u32>,
    },
}

impl Told {
    /// Reads the outcome a program left, if it left one that may be read; notes say why not. `modules` says
    /// how a module that is missing can be had.
    pub(super) fn read(
        workspace: &Workspace,
        bounds: &Bounds,
        notes: &mut Vec<String>,
        modules: Modules<'_>,
    ) -> Option<Self> {
        let bytes = match workspace.outcome(bounds) {
            Ok(bytes) => bytes?,
            Err(error) => {
                notes.push(format!("the runner's outcome was not read: {error}"));
                return None;
            }
        };
        match serde_json::from_slice::<Outcome>(&bytes) {
            Ok(outcome) => Some(Self {
                end: ended(outcome.end, modules),
                results: outcome.results,
                notes: outcome.notes,
            }),
            Err(error) => {
                notes.push(format!("the runner's outcome is damaged: {error}"));
                None
            }
        }
    }

    /// Adds the runner's notes.
    pub(super) fn note(&mut self, notes: &mut Vec<String>) {
        let told = std::mem::take(&mut self.notes).into_iter().take(MAX_NOTES);
        notes.extend(told.map(|note| capped(note, MAX_NOTE)));
    }
}

/// Keeps notes to their number.
pub(super) fn cap_notes(notes: &mut Vec<String>) {
    if notes.len() > MAX_NOTES {
        let more = notes.len() - MAX_NOTES;
        notes.truncate(MAX_NOTES);
        notes.push(format!("and {more} more notes"));
    }
}

fn ended(end: RunnerEnd, modules: Modules<'_>) -> ProgramEnd {
    match end {
        RunnerEnd::Finished => ProgramEnd::Finished,
        RunnerEnd::Raised {
            error_type,
            message,
            traceback,
            line,
        } => raised(error_type, message, traceback, line, modules),
    }
}

/// An exception as it is told, no longer than the runner would have it.
pub(super) fn raised(
    error_type: String,
    message: String,
    traceback: String,
    line: Option<u32>,
    modules: Modules<'_>,
) -> ProgramEnd {
    let (error_type, traceback) = (capped(error_type, MAX_NOTE), capped(traceback, MAX_TRACEBACK));
    let mut message = capped(message, MAX_MESSAGE);
    let advice = match error_type.as_str() {
        "ModuleNotFoundError" => Some(modules(missing(&message))),
        "ImportError" => Some(modules(None)),
        _ => None,
    };
    if let Some(advice) = advice {
        message.push_str(&format!(" ({advice})"));
    }
    ProgramEnd::Raised {
        error_type,
        message,
        traceback,
        line,
    }
}

/// The runner keeps to these lengths; the program, which could have written in its place, need not have.
fn capped(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text,
        Some((end, _)) => format!("{} […]", &text[..end]),
    }
}
