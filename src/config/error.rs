//! What is wrong with a configuration.

use std::{fmt, io, path::PathBuf};

/// One thing that is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, if the configuration came from one.
    pub file: Option<PathBuf>,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The column, from 1.
    pub column: Option<usize>,
    /// The key, with dots; empty if the problem is the whole file's.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Problem {
    pub(super) fn at_line(file: Option<PathBuf>, line: usize, message: &str) -> Self {
        Self {
            file,
            line: Some(line),
            column: None,
            key: String::new(),
            message: message.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(out, "{}", file.display())?,
            None => write!(out, "configuration")?,
        }
        for place in [self.line, self.column].into_iter().flatten() {
            write!(out, ":{place}")?;
        }
        if !self.key.is_empty() {
            write!(out, ": {}", self.key)?;
        }
        write!(out, ": {}", self.message)
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: the configuration cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file says what cannot be followed: everything that was found.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
    /// The file is right, but nothing can run with it.
    #[error("{}", lines(.0))]
    NotStartable(Vec<Problem>),
}

impl ConfigError {
    /// The stable code of the error, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "config_unreadable",
            Self::Invalid(_) => "config_invalid",
            Self::NotStartable(_) => "config_not_startable",
        }
    }

    /// The problems, in the order of the file; none if it could not be read at all.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Unreadable { .. } => &[],
            Self::Invalid(problems) | Self::NotStartable(problems) => problems,
        }
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}
