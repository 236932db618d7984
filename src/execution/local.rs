//! The backend `local`: programs in a sandbox on this host.
//!
//! Nothing outside this room knows which [`Executor`] runs a program.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Backend, Execution, ExecutionError, Executor, Job, Placement, Prepared, ProgramEnd,
    collect::{Bounds, Workspace},
    outcome::{Told, cap_notes},
    processes::signal_of,
    sandbox::{Place, Program, Sandbox},
    supervisor::{Ended, Launch, Standing, launch},
    workspace::{RUNNER, Start, private_dir},
};
use crate::{
    config::{ExecutionSettings, Isolation},
    model::{CodeSha256, Digest, ExecutionMode},
};

/// Runs programs in bubblewrap, as an unprivileged user.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    sandbox: Arc<Sandbox>,
    settings: Arc<ExecutionSettings>,
}

impl LocalExecutor {
    /// Looks at what this host offers and starts a sandbox once to see that it stands. It blocks for the time
    /// of a few process starts.
    ///
    /// # Errors
    /// [`ExecutionError::NoIsolation`] where the isolation asked for cannot be had,
    /// [`ExecutionError::Interpreter`] where no program could run, [`ExecutionError::Workspace`] where the
    /// workspaces cannot be made. Each says what to do.
    pub fn probe(settings: &ExecutionSettings) -> Result<Self, ExecutionError> {
        let at_fault = |source| ExecutionError::Workspace {
            path: settings.workspace_dir.clone(),
            source,
        };
        private_dir(&settings.workspace_dir, true).map_err(at_fault)?;
        // The workspaces lie in the data directory, by their name and, behind a link, maybe elsewhere too.
        let named = std::path::absolute(&settings.workspace_dir).map_err(at_fault)?;
        let settings = &ExecutionSettings {
            workspace_dir: std::fs::canonicalize(&settings.workspace_dir).map_err(at_fault)?,
            ..settings.clone()
        };
        let mut sandbox = Sandbox::find(settings)?;
        let places = [named.as_path(), &settings.workspace_dir];
        let private = places
            .into_iter()
            .chain(places.into_iter().filter_map(Path::parent));
        sandbox.keeps_out(&private.map(Path::to_path_buf).collect::<Vec<_>>())?;
        let trial = settings
            .workspace_dir
            .join(format!("probe_{}", Uuid::new_v4().simple()));
        let start = Start::create(&trial, "", &Value::Null, sandbox.account.as_ref()).map_err(at_fault)?;
        let tried = match (&sandbox.account, sandbox.isolation) {
            (Some(account), Isolation::None) => start
                .open_way(&trial, &settings.workspace_dir, account)
                .map_err(at_fault),
            _ => Ok(()),
        }
        .and_then(|()| sandbox.try_out(place(&start)));
        let removed = std::fs::remove_dir_all(&trial).map_err(at_fault);
        tried.and(removed)?;
        Ok(Self {
            sandbox: Arc::new(sandbox),
            settings: Arc::new(settings.clone()),
        })
    }

    fn isolation(&self) -> &'static str {
        match self.sandbox.isolation {
            Isolation::Bubblewrap => "bubblewrap",
            Isolation::None => "none",
        }
    }

    /// Whether a program in this mode gets the host's network.
    fn network(&self, mode: ExecutionMode) -> Result<bool, ExecutionError> {
        match mode {
            ExecutionMode::ReadOnly => Ok(false),
            ExecutionMode::WriteAccess if self.settings.local.unsafe_host_network => Ok(true),
            ExecutionMode::WriteAccess => Err(ExecutionError::Mode(
                "a write_access program needs a network, and the only one there is now is the host's: set \
                 execution.local.unsafe_host_network: true to allow it"
                    .to_owned(),
            )),
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            file_bytes: self.settings.max_file_bytes,
            total_bytes: self.settings.max_workspace_bytes,
            files: self.settings.max_workspace_files,
            owner: self.sandbox.owner(),
        }
    }
}

fn place(start: &Start) -> Place<'_> {
    Place {
        input: &start.input,
        work: &start.work,
        tmp: &start.tmp,
    }
}

#[async_trait]
impl Executor for LocalExecutor {
    fn backend(&self, _: &Placement) -> Backend {
        let settings = &self.settings;
        let contained = self.sandbox.isolation == Isolation::Bubblewrap;
        let environment = serde_json::to_value(&settings.local.environment).unwrap_or(Value::Null);
        let facts = [
            ("user", json!(self.sandbox.user())),
            ("python_path", json!(self.sandbox.interpreter.executable)),
            ("python_version", json!(self.sandbox.interpreter.version)),
            ("python_directories", json!(self.sandbox.interpreter.directories)),
            (
                "environment_files",
                json!(self.sandbox.interpreter.files().to_string()),
            ),
            (
                "nested_user_namespaces",
                json!(!self.sandbox.nested_namespaces_off),
            ),
            ("network_read_only", json!(!contained)),
            ("network_write_access", json!(settings.local.unsafe_host_network)),
            (
                "environment_names",
                json!(settings.local.environment.keys().collect::<Vec<_>>()),
            ),
            (
                "environment_digest",
                json!(Digest::of_json(&environment).to_string()),
            ),
            ("max_output_bytes", json!(settings.max_output_bytes)),
            ("max_file_bytes", json!(settings.max_file_bytes)),
            ("max_memory_bytes", json!(settings.max_memory_bytes)),
            (
                "max_processes",
                json!(contained.then_some(settings.max_processes)),
            ),
            ("max_workspace_bytes", json!(settings.max_workspace_bytes)),
            ("max_workspace_files", json!(settings.max_workspace_files)),
        ];
        Backend {
            name: "local".to_owned(),
            isolation: self.isolation().to_owned(),
            interpreter: self.sandbox.interpreter.label(),
            runner_sha256: CodeSha256::of(RUNNER.as_bytes()),
            facts: facts
                .into_iter()
                .map(|(name, fact)| (name.to_owned(), fact))
                .collect(),
        }
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        let network = self.network(job.mode())?;
        let this = self.clone();
        let folder = job.folder.clone();
        let timeout = job.timeout;
        let made = tokio::task::spawn_blocking(move || this.make_start(&job))
            .await
            .map_err(|error| ExecutionError::Start(error.to_string()))?;
        let (start, workspace) = made.map_err(|source| ExecutionError::Workspace {
            path: folder.clone(),
            source,
        })?;
        let mark = format!("HOLDPOINT_RUN_{}", Uuid::new_v4().simple());
        let (environment, directory) = self.sandbox.outside(place(&start), &mark);
        let standing = launch(Launch {
            line: self
                .sandbox
                .command_line(place(&start), timeout, network, Program::Runner),
            environment,
            directory,
            contained: self.sandbox.isolation == Isolation::Bubblewrap,
            mark,
            timeout,
            output_bytes: self.settings.max_output_bytes,
            workspace,
            bounds: self.bounds(),
        })
        .await
        .map_err(ExecutionError::Start)?;
        Ok(Box::new(LocalProgram {
            executor: self.clone(),
            standing,
            folder,
            start: start.name,
        }))
    }
}

impl LocalExecutor {
    fn make_start(&self, job: &Job) -> std::io::Result<(Start, Workspace)> {
        let account = self.sandbox.account.as_ref();
        let start = Start::create(&job.folder, &job.code, &job.context, account)?;
        if let (Some(account), Isolation::None) = (account, self.sandbox.isolation) {
            start.open_way(&job.folder, &self.settings.workspace_dir, account)?;
        }
        let workspace = Workspace::open(&start.work)?;
        Ok((start, workspace))
    }
}

/// A program whose sandbox stands and waits.
struct LocalProgram {
    executor: LocalExecutor,
    standing: Standing,
    folder: PathBuf,
    /// The name of the start's directory.
    start: String,
}

#[async_trait]
impl Prepared for LocalProgram {
    async fn run(mut self: Box<Self>, cancel: CancellationToken) -> Execution {
        if cancel.is_cancelled() {
            self.standing.cancel();
        } else {
            self.standing.go();
        }
        let mut asked = false;
        let ended = loop {
            tokio::select! {
                ended = self.standing.end() => break ended,
                () = cancel.cancelled(), if !asked => {
                    asked = true;
                    self.standing.cancel();
                }
            }
        };
        let mut execution = Execution {
            end: ProgramEnd::Killed {
                reason: "its supervisor failed; what it did is not known".to_owned(),
                code: "signal".to_owned(),
            },
            results: None,
            stdout: String::new(),
            stderr: String::new(),
            output_truncated: false,
            seconds: 0.0,
            folder: self.folder.clone(),
            artifacts: Vec::new(),
            outputs: Vec::new(),
            isolation: self.executor.isolation().to_owned(),
            interpreter: self.executor.sandbox.interpreter.label(),
            conduct: None,
            notes: Vec::new(),
        };
        let Some(ended) = ended else { return execution };
        let bounds = self.executor.bounds();
        let prefix = format!("{}/work", self.start);
        let mut fallback = execution.clone();
        let read = tokio::task::spawn_blocking(move || {
            read_end(&mut execution, ended, &bounds, &prefix);
            execution
        });
        read.await.unwrap_or_else(|error| {
            fallback
                .notes
                .push(format!("what it left could not be read: {error}"));
            fallback
        })
    }
}

fn read_end(execution: &mut Execution, ended: Ended, bounds: &Bounds, prefix: &str) {
    execution.stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
    execution.stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    execution.output_truncated = ended.truncated;
    execution.seconds = ended.time.as_secs_f64();
    execution.notes = ended.notes;
    let modules = format!(
        "programs run with {}; add the module there, or set execution.local.python to an environment that has it",
        execution.interpreter
    );
    let told = Told::read(&ended.workspace, bounds, &mut execution.notes, &modules);
    execution.artifacts = ended.workspace.artifacts(prefix, bounds, &mut execution.notes);
    cap_notes(&mut execution.notes);
    if let Some(kill) = ended.kill {
        execution.end = ProgramEnd::Killed {
            reason: kill.reason,
            code: kill.code.to_owned(),
        };
        return;
    }
    let code = ended.status.code();
    let Some(mut told) = told else {
        execution.end = match (signal_of(ended.status), code) {
            (Some(signal), _) => killed_by(signal),
            (None, code) => left(code.unwrap_or(-1)),
        };
        return;
    };
    told.note(&mut execution.notes);
    execution.results = told.results;
    execution.end = match told.end {
        ProgramEnd::Finished => match (signal_of(ended.status), code) {
            (_, Some(0)) => ProgramEnd::Finished,
            (Some(signal), _) => killed_by(signal),
            (None, code) => left(code.unwrap_or(-1)),
        },
        raised => raised,
    };
}

fn killed_by(signal: i32) -> ProgramEnd {
    let why = match signal {
        number if number == Signal::XCPU.as_raw() => " (its CPU time was used up)",
        number if number == Signal::XFSZ.as_raw() => " (a file grew beyond its limit)",
        number if number == Signal::KILL.as_raw() => " (often: the host ran out of memory)",
        _ => "",
    };
    ProgramEnd::Killed {
        reason: format!("it ended by signal {signal}{why}"),
        code: "signal".to_owned(),
    }
}

/// The program ended its own process past the runner.
fn left(code: i32) -> ProgramEnd {
    ProgramEnd::Raised {
        error_type: "SystemExit".to_owned(),
        message: format!("the process was ended with status {code} before its results were saved"),
        traceback: String::new(),
        line: None,
    }
}
