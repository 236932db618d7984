//! HANDS: runs a program as it was approved, byte for byte, behind a wall.

mod collect;
mod environment;
mod host;
mod interpreter;
mod local;
mod notebook;
mod processes;
mod sandbox;
mod supervisor;
mod workspace;

pub use local::LocalExecutor;
pub use notebook::{NotebookContent, NotebookError, write_notebook};
pub use workspace::{create_folder, sanitise};

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::model::{CodeSha256, ExecutionMode};

/// A program to run.
#[derive(Debug, Clone)]
pub struct Job {
    /// The program's text, run byte for byte.
    pub code: String,
    /// Whether it may write.
    pub mode: ExecutionMode,
    /// What the program finds as `context` (JSON).
    pub context: Value,
    /// The folder that is the caller's for this run; created, private, not shared with another run.
    pub folder: PathBuf,
    /// The wall time it may take.
    pub timeout: Duration,
}

/// How a program ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProgramEnd {
    /// It came to its end, or left with `sys.exit(0)`.
    Finished,
    /// It raised an exception, or left with a non-zero code.
    Raised {
        /// The exception's class, or `SystemExit`.
        error_type: String,
        /// The exception's text.
        message: String,
        /// The traceback, in the program's own line numbers.
        traceback: String,
        /// The line of the program it came from, from 1.
        line: Option<u32>,
    },
    /// It ended by a signal or a limit; what it had done by then is not known.
    Killed {
        /// Why, for the reader: wall time, output, memory, cancelled.
        reason: String,
        /// The stable code of the reason: `timeout`, `output_limit`,
        /// `workspace_limit`, `cancelled`, `signal`.
        code: String,
    },
}

/// A file the program made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its path, relative to the run's folder.
    pub path: String,
    /// `figure`, `artifact` or `notebook`.
    pub kind: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// The SHA-256 of its content.
    pub sha256: CodeSha256,
}

/// What running a program gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// How it ended.
    pub end: ProgramEnd,
    /// The program's `results`, in the documented JSON form; `None` if it left none.
    pub results: Option<Value>,
    /// What it wrote to standard output, up to the cap.
    pub stdout: String,
    /// What it wrote to standard error, up to the cap.
    pub stderr: String,
    /// Whether output was cut at the cap.
    pub output_truncated: bool,
    /// How long it ran, in seconds.
    pub seconds: f64,
    /// The run's folder.
    pub folder: PathBuf,
    /// The files it made, by path.
    pub artifacts: Vec<Artifact>,
    /// The isolation it ran in: `bubblewrap` or `none`.
    pub isolation: String,
    /// The interpreter that ran it.
    pub interpreter: String,
    /// What the reader should know besides: files left out and why, results cut or of the wrong type.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Why a program could not be run. In every case the program was not started.
#[derive(Debug, thiserror::Error)]
pub enum ExecutionError {
    /// The host offers no isolation, or not the one asked for.
    #[error("no isolation: {0}")]
    NoIsolation(String),
    /// The interpreter is missing or unusable.
    #[error("the Python interpreter cannot be used: {0}")]
    Interpreter(String),
    /// The mode is not possible with the present settings.
    #[error("{0}")]
    Mode(String),
    /// The workspace could not be made.
    #[error("the workspace {path}: {source}")]
    Workspace {
        /// The path.
        path: PathBuf,
        /// The error.
        source: std::io::Error,
    },
    /// The isolated process could not be started.
    #[error("the sandbox could not be started: {0}")]
    Start(String),
    /// Cancelled before the program was started.
    #[error("cancelled before the start")]
    Cancelled,
}

impl ExecutionError {
    /// The stable code of the error, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoIsolation(_) => "no_isolation",
            Self::Interpreter(_) => "interpreter",
            Self::Mode(_) => "mode_unavailable",
            Self::Workspace { .. } => "workspace",
            Self::Start(_) => "sandbox_start",
            Self::Cancelled => "execution_cancelled",
        }
    }
}

/// What a backend says of itself: shown to the operator and bound into every grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Its name: `local`.
    pub name: String,
    /// The isolation it gives.
    pub isolation: String,
    /// The interpreter that runs the programs, and its version.
    pub interpreter: String,
    /// The SHA-256 of the runner.
    pub runner_sha256: CodeSha256,
    /// Further facts, for the operator.
    pub facts: BTreeMap<String, Value>,
}

/// A prepared program: everything that can fail before the start has been done.
#[async_trait]
pub trait Prepared: Send {
    /// Starts the program and waits for its end. Whatever happens from here on, it has been started:
    /// a fault is a [`ProgramEnd::Killed`], never an error. When `cancel` fires, the whole process
    /// tree is killed and gone before this returns.
    async fn run(self: Box<Self>, cancel: CancellationToken) -> Execution;
}

/// A place where programs run.
#[async_trait]
pub trait Executor: Send + Sync {
    /// What it is.
    fn backend(&self) -> Backend;

    /// Whether programs can run at all.
    ///
    /// # Errors
    /// [`ExecutionError`] says what is missing and how to get it.
    fn ready(&self) -> Result<(), ExecutionError> {
        Ok(())
    }

    /// Whether the settings let programs run in `mode` at all, so that nobody is asked about one
    /// that could not run. Does not look at the host.
    ///
    /// # Errors
    /// [`ExecutionError::Mode`] names the setting.
    fn offers(&self, mode: ExecutionMode) -> Result<(), ExecutionError> {
        let _ = mode;
        Ok(())
    }

    /// Does everything that comes before the start: workspace, interpreter, sandbox.
    ///
    /// # Errors
    /// See [`ExecutionError`]; the program was not started and may be prepared again.
    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError>;
}

/// An executor shared by many runs.
pub type SharedExecutor = Arc<dyn Executor>;
