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

/// What follows from a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing; it is only noted.
    Allow,
    /// It is shown, but asks nobody.
    Warn,
    /// A human must look.
    Ask,
    /// The code does not run.
    Refuse,
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
    /// What follows from it, by its rule and the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
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
    /// The values written to them, in the same order, as Python would print them; none where a value
    /// is known only at run time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Option<String>>,
    /// What the name stands for, as in `epics.caput`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolved: String,
    /// How the name came to stand for it, a sentence a step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chain: Vec<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub advice: String,
    /// The line where the code it is about ends, from 1; 0 if only its start is known.
    #[serde(default)]
    pub end_line: u32,
    /// The column behind its last character, from 1.
    #[serde(default)]
    pub end_column: u32,
}

impl Finding {
    /// A finding at a place, with nothing else known.
    pub fn new(
        rule: &str,
        category: Category,
        severity: Severity,
        at: (u32, u32),
        explanation: String,
    ) -> Self {
        Self {
            rule: rule.to_owned(),
            category,
            severity,
            level: None,
            line: at.0,
            column: at.1,
            snippet: String::new(),
            explanation,
            evidence: Evidence::Resolved,
            channels: Vec::new(),
            values: Vec::new(),
            resolved: String::new(),
            chain: Vec::new(),
            advice: String::new(),
            end_line: 0,
            end_column: 0,
        }
    }
}
