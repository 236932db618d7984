//! HANDS: runs a program as it was approved, byte for byte, behind a wall.

mod cgroup;
mod collect;
mod environment;
pub mod gateway;
mod ground;
mod host;
mod interpreter;
mod jupyter;
pub mod launcher;
mod local;
mod modules;
mod nameless;
mod notebook;
mod outcome;
mod processes;
mod sandbox;
mod spares;
mod supervisor;
mod survey;
mod workspace;

pub use jupyter::JupyterExecutor;
pub use local::LocalExecutor;
pub use notebook::{NotebookContent, NotebookError, write_notebook, write_notebook_html};
pub use survey::{HostFinding, HostReport, TierReport};
pub use workspace::{create_folder, sanitise};

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    config::ExecutionMethod,
    model::{CodeSha256, Digest, ExecutionMode, GatewayEvent, PvLimits, PvValue, Reading},
};

/// What a request asks of the place its program runs in, where that is not what the configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Placement {
    /// The backend.
    pub method: Option<ExecutionMethod>,
    /// The interpreter, one of the configured list.
    pub python: Option<PathBuf>,
}

/// What an approved program may write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permit {
    /// The process variables, as they were approved. Empty: none may be written.
    pub channels: Vec<String>,
    /// What the approver saw of them. A process variable that has moved beyond the tolerance since is not
    /// written, and neither is any other.
    pub seen: Vec<Reading>,
}

/// What a program may do to the control system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// It reads; a put is refused.
    Read,
    /// It reads; a put is answered as if it were done, and goes nowhere.
    Rehearse,
    /// It reads, and writes what the permit names, within the limits.
    Write(Permit),
}

/// Why the audit trail took no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the audit trail took no event: {0}")]
pub struct TrailError(pub String);

/// Where a gateway writes what it lets pass and what it refuses.
#[async_trait]
pub trait Trail: Send + Sync {
    /// Keeps an event, and returns once it is on disk.
    ///
    /// # Errors
    /// [`TrailError`]: it is not kept. A put whose event is not kept is not passed on.
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError>;
}

/// A trail that keeps nothing: for programs that have no way to a control system.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTrail;

#[async_trait]
impl Trail for NoTrail {
    async fn record(&self, _: GatewayEvent) -> Result<(), TrailError> {
        Err(TrailError("there is none".to_owned()))
    }
}

/// A program to run.
#[derive(Clone)]
pub struct Job {
    /// The program's text, run byte for byte.
    pub code: String,
    /// What it may do to the control system.
    pub access: Access,
    /// Where its gateway writes what it does to the control system.
    pub trail: Arc<dyn Trail>,
    /// The place it runs in.
    pub placement: Placement,
    /// What the program finds as `context` (JSON).
    pub context: Value,
    /// The folder that is the caller's for this run; created, private, not shared with another run.
    pub folder: PathBuf,
    /// The wall time it may take.
    pub timeout: Duration,
}

impl Job {
    /// The mode it runs in.
    pub fn mode(&self) -> ExecutionMode {
        match self.access {
            Access::Read => ExecutionMode::ReadOnly,
            Access::Rehearse | Access::Write(_) => ExecutionMode::WriteAccess,
        }
    }
}

/// One put, as the gateway saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PutRecord {
    /// Its number in this run, from 1.
    pub serial: u64,
    /// The process variable, canonical.
    pub pv: String,
    /// The server it went to, or would have gone to.
    pub ioc: String,
    /// What the process variable held before.
    pub old: Option<PvValue>,
    /// What it was to hold.
    pub new: PvValue,
    /// How it came out; `None` in a rehearsal.
    pub outcome: Option<crate::model::PutOutcome>,
    /// In a rehearsal: why it would have been refused, if it would (a stable code and a sentence).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<(String, String)>,
}

/// A put that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedPut {
    /// The process variable, canonical; `None` if it could not be told.
    pub pv: Option<String>,
    /// What it was to hold; `None` if it could not be decoded.
    pub new: Option<PvValue>,
    /// A stable code, documented in `docs/errors.md`.
    pub code: String,
    /// Why, in a sentence.
    pub reason: String,
}

/// How a written value was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The process variable, canonical.
    pub pv: String,
    /// What was written last.
    pub wanted: PvValue,
    /// What it holds; `None` where it could not be read, or was not asked.
    pub read: Option<PvValue>,
    /// How it was verified.
    pub level: crate::model::VerificationLevel,
    /// Whether it holds what was written, within the tolerance.
    pub confirmed: bool,
}

/// What a program did to the control system, as its gateway saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Conduct {
    /// The puts that were passed on, or swallowed in a rehearsal; the first thousand.
    pub puts: Vec<PutRecord>,
    /// How many there were.
    pub puts_total: u64,
    /// The puts that were refused; the first hundred.
    pub refused: Vec<RefusedPut>,
    /// How many there were.
    pub refused_total: u64,
    /// What the approved process variables held before the first put.
    pub snapshot: Vec<Reading>,
    /// How the written values were verified.
    pub verified: Vec<Verification>,
    /// The servers that answered, `address:port`.
    pub servers: Vec<String>,
    /// What the reader should know besides.
    pub notes: Vec<String>,
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
        /// `workspace_limit`, `memory_limit`, `cancelled`, `signal`, `connection_lost`.
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

/// What a program showed, in the order it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Output {
    /// Plain text.
    Stream {
        /// `stdout` or `stderr`.
        name: String,
        /// The text.
        text: String,
    },
    /// One thing, in one or several forms.
    Display {
        /// Its forms, by media type; binary ones in base64.
        data: BTreeMap<String, Value>,
    },
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
    /// What it showed besides plain text, and the text around that, in order; empty where it showed nothing
    /// but text.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// The isolation it ran in: `bubblewrap_cgroup`, `bubblewrap`, `landlock`, `none`, or `deployment` where that is
    /// in others' hands.
    pub isolation: String,
    /// The interpreter that ran it.
    pub interpreter: String,
    /// What it did to the control system; `None` where there was no gateway.
    #[serde(default)]
    pub conduct: Option<Conduct>,
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
    /// The Jupyter server cannot be used, or its kernel.
    #[error("{0}")]
    Jupyter(String),
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
            Self::Jupyter(_) => "jupyter",
            Self::Cancelled => "execution_cancelled",
        }
    }
}

/// What a backend says of itself: shown to the operator and bound into every grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Its name: `local` or `container`.
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

/// A process variable, as the service itself sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Surveyed {
    /// Its name, canonical where it is one.
    pub pv: String,
    /// What it holds, or why that cannot be told.
    pub reading: Result<Reading, String>,
    /// Its limits; `None` where nothing but the approval limits it, an error where it may not be written.
    pub limits: Result<Option<PvLimits>, String>,
}

/// Why an approved program may not begin to write now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Held {
    /// A stable code, documented in `docs/errors.md`: `interlock`, `values_changed`.
    pub code: &'static str,
    /// Why, in a sentence.
    pub reason: String,
}

/// A place where programs run, with their way to the control system.
#[async_trait]
pub trait Executor: Send + Sync {
    /// What a program is run by that asks for `placement`.
    fn backend(&self, placement: &Placement) -> Backend;

    /// Whether programs that ask for `placement` can run at all.
    ///
    /// # Errors
    /// [`ExecutionError`] says what is missing and how to get it.
    fn ready(&self, placement: &Placement) -> Result<(), ExecutionError> {
        let _ = placement;
        Ok(())
    }

    /// Whether the settings let programs run in `mode` at all, so that nobody is asked about one
    /// that could not run. Does not look at the host.
    ///
    /// # Errors
    /// [`ExecutionError::Mode`] names the setting.
    fn offers(&self, placement: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        let _ = (placement, mode);
        Ok(())
    }

    /// What `pvs` hold now, and their limits: one answer for each, in order, read by the service, which writes
    /// nothing. Empty where there is no control system.
    async fn survey(&self, pvs: &[String]) -> Vec<Surveyed> {
        let _ = pvs;
        Vec::new()
    }

    /// Whether the interlocks hold.
    ///
    /// # Errors
    /// [`Held`]: one does not, or cannot be read.
    async fn interlocks(&self) -> Result<(), Held> {
        Ok(())
    }

    /// Whether an approved program may begin to write: the interlocks hold, and what the approver saw still
    /// stands.
    ///
    /// # Errors
    /// [`Held`] says what does not.
    async fn may_begin(&self, permit: &Permit) -> Result<(), Held> {
        let _ = permit;
        self.interlocks().await
    }

    /// The digest of the rules for writes that stand outside the configuration, such as the limits file.
    fn rules(&self) -> Option<Digest> {
        None
    }

    /// Says that this process stays and further programs will come, each of at most `timeout`, so that
    /// interpreters may be kept ready for them. Called within a runtime, which has to go on for that.
    fn keep_spares(&self, timeout: Duration) {
        let _ = timeout;
    }

    /// Does everything that comes before the start: workspace, interpreter, sandbox.
    ///
    /// # Errors
    /// See [`ExecutionError`]; the program was not started and may be prepared again.
    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError>;
}

/// An executor shared by many runs.
pub type SharedExecutor = Arc<dyn Executor>;
