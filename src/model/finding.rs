//! One fact of the analysis.

use serde::{Deserialize, Serialize};

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// The code writes to a control system.
    Write,
    /// The code may write to a control system; nobody could tell.
    PotentialWrite,
    /// The code reads from a control system.
    Read,
    /// The code does something risky on its own account.
    Risk,
    /// The code cannot be read as Python.
    Syntax,
    /// Something a human should see before deciding.
    Notice,
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look.
    Warning,
    /// Needs a human.
    High,
    /// Must not run as it is.
    Critical,
}

/// What a finding rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// A configured regular expression matched.
    Regex,
    /// The syntax tree says so.
    Resolved,
    /// Something could not be resolved, so the worst is assumed.
    Unresolved,
}

/// One fact of the analysis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule, by its stable id.
    pub rule: String,
    /// What it is about.
    pub category: Category,
    /// How grave it is.
    pub severity: Severity,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// The code it is about: at most one line.
    pub snippet: String,
    /// One sentence that says why.
    pub explanation: String,
    /// What it rests on.
    pub evidence: Evidence,
    /// The process variables it concerns, where the code names them as literals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
}
