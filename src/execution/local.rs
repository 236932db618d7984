//! The backend `local`: programs in a sandbox on this host.
//!
//! Nothing outside this room knows which [`Executor`] runs a program.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use async_trait::async_trait;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Backend, Execution, ExecutionError, Executor, Held, Job, Permit, Placement, Prepared, ProgramEnd,
    Surveyed,
    cgroup::{Cgroups, RunGroup},
    collect::{Bounds, Workspace},
    gateway::{self, Gateway, Session},
    ground::Ground,
    launcher::{MOST_CIRCUITS, Sockets},
    modules::advice,
    outcome::{Modules, Told, cap_notes},
    processes::signal_of,
    sandbox::{Order, Place, Program, Sandbox},
    spares::Spares,
    supervisor::{Ended, Launch, Standing, launch},
    workspace::{Start, private_dir, runner_sha256},
};
use crate::{
    config::{ExecutionSettings, Isolation},
    model::{Digest, ExecutionMode},
};

/// Runs programs behind the best wall of this host, as an unprivileged user.
#[derive(Debug, Clone)]
pub struct LocalExecutor {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) settings: Arc<ExecutionSettings>,
    /// The way to the control system, if programs have one.
    pub(super) gateway: Option<Gateway>,
    /// Interpreters that are kept ready, once that is asked for.
    pub(super) spares: Arc<OnceLock<Spares>>,
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
        let places = [named.as_path(), &settings.workspace_dir];
        let private: Vec<PathBuf> = places
            .into_iter()
            .chain(places.into_iter().filter_map(Path::parent))
            .map(Path::to_path_buf)
            .collect();
        let sandbox = Self::best(&Ground::find(settings)?, settings, &private)?;
        Ok(Self {
            sandbox: Arc::new(sandbox),
            settings: Arc::new(settings.clone()),
            gateway: None,
            spares: Arc::default(),
        })
    }

    /// The same, for programs that reach a control system by `gateway`, if it leads to one.
    #[must_use]
    pub fn with_gateway(mut self, gateway: &Gateway) -> Self {
        self.gateway = gateway.is_configured().then(|| gateway.clone());
        self.spares = Arc::default();
        self
    }

    /// The isolation that is asked for, or the best one that works.
    fn best(
        ground: &Ground,
        settings: &ExecutionSettings,
        private: &[PathBuf],
    ) -> Result<Sandbox, ExecutionError> {
        if settings.local.isolation != Isolation::Auto {
            return Self::tried(ground, settings.local.isolation, settings, private);
        }
        let mut reasons = Vec::new();
        for isolation in [
            Isolation::BubblewrapCgroup,
            Isolation::Bubblewrap,
            Isolation::Landlock,
        ] {
            match Self::tried(ground, isolation, settings, private) {
                Ok(sandbox) => {
                    for reason in reasons {
                        tracing::warn!("{reason}; programs run in the isolation {}", isolation.name());
                    }
                    return Ok(sandbox);
                }
                Err(ExecutionError::NoIsolation(reason)) => {
                    reasons.push(format!("{}: {reason}", isolation.name()));
                }
                // Without namespaces it is the way to the workspaces that fails; what came before says why.
                Err(error @ ExecutionError::Workspace { .. }) if !reasons.is_empty() => {
                    reasons.push(format!("{}: {error}", isolation.name()));
                }
                // Whatever else is wrong, a lower wall would not make it right.
                Err(error) => return Err(error),
            }
        }
        reasons.dedup();
        Err(ExecutionError::NoIsolation(reasons.join("; ")))
    }

    /// Tries one isolation out.
    pub(super) fn tried(
        ground: &Ground,
        isolation: Isolation,
        settings: &ExecutionSettings,
        private: &[PathBuf],
    ) -> Result<Sandbox, ExecutionError> {
        let at_fault = |source| ExecutionError::Workspace {
            path: settings.workspace_dir.clone(),
            source,
        };
        let mut sandbox = Sandbox::plan(ground, isolation, settings)?;
        sandbox.keeps_out(private)?;
        let trial = settings
            .workspace_dir
            .join(format!("probe_{}", Uuid::new_v4().simple()));
        let start = Start::create(&trial, "", &Value::Null, sandbox.account.as_ref()).map_err(at_fault)?;
        let tried = match &sandbox.account {
            Some(account) if !isolation.is_contained() => start
                .open_way(&trial, &settings.workspace_dir, account)
                .map_err(at_fault),
            _ => Ok(()),
        }
        .and_then(|()| sandbox.try_out(place(&start)));
        let removed = std::fs::remove_dir_all(&trial).map_err(at_fault);
        tried.and(removed)?;
        Ok(sandbox)
    }

    fn isolation(&self) -> &'static str {
        self.sandbox.isolation.name()
    }

    /// What a program in this mode has of the control system: sockets that a gateway serves, or nothing.
    pub(super) fn reach(&self, mode: ExecutionMode) -> Result<Option<Sockets>, ExecutionError> {
        let contained = self.sandbox.isolation.is_contained();
        match &self.gateway {
            Some(gateway) if contained && (mode == ExecutionMode::ReadOnly || gateway.can_write()) => {
                let epics = &gateway.settings().epics;
                Ok(Some(Sockets {
                    circuits: epics.max_servers.clamp(1, MOST_CIRCUITS),
                    pva: epics.pva_gateway.as_deref().and_then(port_of),
                }))
            }
            _ if mode == ExecutionMode::ReadOnly => Ok(None),
            Some(gateway) if !gateway.can_write() => {
                Err(ExecutionError::Mode(gateway::NO_CONTROL_SYSTEM.to_owned()))
            }
            Some(_) => Err(ExecutionError::Mode(format!(
                "the isolation {} gives programs no way to the control system; `holdpoint doctor` says what is \
                 missing for a better one",
                self.isolation()
            ))),
            None => Err(ExecutionError::Mode(gateway::NO_CONTROL_SYSTEM.to_owned())),
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

/// The port of `host:port`.
fn port_of(address: &str) -> Option<u16> {
    address.rsplit_once(':')?.1.parse().ok()
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
        let contained = self.sandbox.isolation.is_contained();
        let network = match (self.sandbox.isolation, &self.gateway) {
            (Isolation::None, _) => "host",
            (_, Some(_)) if contained => "gateway",
            _ => "none",
        };
        let walled = self.sandbox.isolation != Isolation::None;
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
            ("network", json!(network)),
            ("channels_enforced", json!(network == "gateway")),
            (
                "cgroup",
                json!(self.sandbox.cgroups.as_ref().map(Cgroups::version)),
            ),
            (
                "landlock_abi",
                json!(walled.then_some(self.sandbox.look.landlock)),
            ),
            ("seccomp", json!(walled)),
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
            runner_sha256: runner_sha256(),
            facts: facts
                .into_iter()
                .map(|(name, fact)| (name.to_owned(), fact))
                .collect(),
        }
    }

    async fn survey(&self, pvs: &[String]) -> Vec<Surveyed> {
        match &self.gateway {
            Some(gateway) => gateway.survey(pvs).await,
            None => Vec::new(),
        }
    }

    async fn interlocks(&self) -> Result<(), Held> {
        match &self.gateway {
            Some(gateway) => gateway.interlocks().await,
            None => Ok(()),
        }
    }

    async fn may_begin(&self, permit: &Permit) -> Result<(), Held> {
        match &self.gateway {
            Some(gateway) => gateway.may_begin(permit).await,
            None => Ok(()),
        }
    }

    fn rules(&self) -> Option<Digest> {
        self.gateway.as_ref().and_then(Gateway::rules)
    }

    fn offers(&self, _: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        self.reach(mode).map(drop)
    }

    fn keep_spares(&self, timeout: Duration) {
        self.begin_spares(timeout);
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        let sockets = self.reach(job.mode())?;
        let timeout = job.timeout;
        let (start, mut standing) = match self.assign_spare(&job, sockets).await {
            Some(spare) => spare,
            None => {
                let (this, job) = (self.clone(), job.clone());
                let made = off_thread(move || this.make_start(&job)).await??;
                self.stand(made, sockets, timeout, &[]).await?
            }
        };
        // While the program waits for its word, the gateway takes the sockets and serves them.
        let stop = CancellationToken::new();
        let session = match (standing.sockets.take(), &self.gateway) {
            (Some(sockets), Some(gateway)) => {
                let served = gateway.serve(sockets, job.access, job.trail, stop.clone()).await;
                Some(served.map_err(|error| ExecutionError::Start(format!("its way to EPICS: {error}")))?)
            }
            _ => None,
        };
        Ok(Box::new(LocalProgram {
            executor: self.clone(),
            standing,
            session,
            stop,
            timeout,
            folder: job.folder,
            start: start.name,
        }))
    }
}

/// The directories of a start, held, and its control group.
pub(super) struct Made {
    pub(super) start: Start,
    workspace: Workspace,
    group: Option<RunGroup>,
}

impl LocalExecutor {
    fn make_start(&self, job: &Job) -> Result<Made, ExecutionError> {
        let at_fault = |source| ExecutionError::Workspace {
            path: job.folder.clone(),
            source,
        };
        let account = self.sandbox.account.as_ref();
        let start = Start::create(&job.folder, &job.code, &job.context, account).map_err(at_fault)?;
        if let Some(account) = account.filter(|_| !self.sandbox.isolation.is_contained()) {
            start
                .open_way(&job.folder, &self.settings.workspace_dir, account)
                .map_err(at_fault)?;
        }
        self.made(start)
    }

    /// Holds the directories of a start, and makes its control group.
    pub(super) fn made(&self, start: Start) -> Result<Made, ExecutionError> {
        let workspace = Workspace::open(&start.work).map_err(|source| ExecutionError::Workspace {
            path: start.work.clone(),
            source,
        })?;
        let group = self
            .sandbox
            .group()
            .map_err(|error| ExecutionError::Start(format!("its control group: {error}")))?;
        Ok(Made {
            start,
            workspace,
            group,
        })
    }

    /// Builds the sandbox of a start, with a runner in it that has imported `preload` and waits for its word.
    /// `time` bounds its processor time.
    pub(super) async fn stand(
        &self,
        made: Made,
        sockets: Option<Sockets>,
        time: Duration,
        preload: &[String],
    ) -> Result<(Start, Standing), ExecutionError> {
        let Made {
            start,
            workspace,
            group,
        } = made;
        let contained = self.sandbox.isolation.is_contained();
        let temporary = match contained {
            true => None,
            false => Some(
                Workspace::open(&start.tmp).map_err(|source| ExecutionError::Workspace {
                    path: start.tmp.clone(),
                    source,
                })?,
            ),
        };
        let mark = format!("HOLDPOINT_RUN_{}", Uuid::new_v4().simple());
        let line = self.sandbox.command_line(Order {
            place: place(&start),
            time,
            program: Program::Runner(preload),
            sockets,
            group: group.as_ref(),
            mark: &mark,
        });
        let standing = launch(Launch {
            line: line.map_err(|error| ExecutionError::Start(error.to_string()))?,
            contained,
            sockets,
            group,
            mark,
            output_bytes: self.settings.max_output_bytes,
            workspace,
            temporary,
            bounds: self.bounds(),
        })
        .await
        .map_err(ExecutionError::Start)?;
        Ok((start, standing))
    }
}

/// Does what blocks elsewhere.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ExecutionError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ExecutionError::Start(error.to_string()))
}

/// A program whose sandbox stands and waits.
struct LocalProgram {
    executor: LocalExecutor,
    standing: Standing,
    /// Its way to the control system.
    session: Option<Session>,
    /// Stops its puts.
    stop: CancellationToken,
    timeout: Duration,
    folder: PathBuf,
    /// The name of the start's directory.
    start: String,
}

#[async_trait]
impl Prepared for LocalProgram {
    async fn run(mut self: Box<Self>, cancel: CancellationToken) -> Execution {
        if cancel.is_cancelled() {
            self.stop.cancel();
            self.standing.cancel();
        } else {
            self.standing.go(self.timeout);
        }
        let mut asked = false;
        let ended = loop {
            tokio::select! {
                ended = self.standing.end() => break ended,
                () = cancel.cancelled(), if !asked => {
                    asked = true;
                    // What is on its way through the gateway must not arrive while the program is being killed.
                    self.stop.cancel();
                    self.standing.cancel();
                }
            }
        };
        let conduct = match self.session.take() {
            Some(session) => {
                if ended.as_ref().is_none_or(|ended| ended.kill.is_some()) {
                    // What a condemned program left on its way does not arrive any more.
                    self.stop.cancel();
                }
                let finish = session.finish();
                tokio::pin!(finish);
                // A freeze is heard until the last put has come out, though the program has ended.
                let heard = tokio::select! {
                    conduct = &mut finish => Some(conduct),
                    () = cancel.cancelled() => None,
                };
                Some(match heard {
                    Some(conduct) => conduct,
                    None => {
                        self.stop.cancel();
                        finish.await
                    }
                })
            }
            None => None,
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
            conduct,
            notes: Vec::new(),
        };
        let Some(ended) = ended else { return execution };
        let bounds = self.executor.bounds();
        let prefix = format!("{}/work", self.start);
        let mut fallback = execution.clone();
        let executor = self.executor;
        let read = tokio::task::spawn_blocking(move || {
            let local = &executor.settings.local;
            let configured: Vec<PathBuf> = std::iter::once(&local.python)
                .chain(&local.interpreters)
                .cloned()
                .collect();
            let modules = |missing: Option<&str>| advice(missing, &executor.sandbox.interpreter, &configured);
            read_end(&mut execution, ended, &bounds, &prefix, &modules);
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

fn read_end(execution: &mut Execution, ended: Ended, bounds: &Bounds, prefix: &str, modules: Modules<'_>) {
    execution.stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
    execution.stderr = String::from_utf8_lossy(&ended.stderr).into_owned();
    execution.output_truncated = ended.truncated;
    execution.seconds = ended.time.as_secs_f64();
    execution.notes = ended.notes;
    let told = Told::read(&ended.workspace, bounds, &mut execution.notes, modules);
    execution.artifacts = ended.workspace.artifacts(prefix, bounds, &mut execution.notes);
    cap_notes(&mut execution.notes);
    if let Some(kill) = ended.kill {
        execution.end = ProgramEnd::Killed {
            reason: kill.reason,
            code: kill.code.to_owned(),
        };
        return;
    }
    if ended.ended_for_memory > 0 {
        execution.notes.push(format!(
            "the kernel ended {} of its processes: together they had used up the run's memory \
             (execution.limits.memory_bytes)",
            ended.ended_for_memory
        ));
    }
    let code = ended.status.code();
    if signal_of(ended.status) == Some(Signal::KILL.as_raw()) && ended.ended_for_memory > 0 {
        execution.end = ProgramEnd::Killed {
            reason: "its processes together used up the run's memory (execution.limits.memory_bytes)"
                .to_owned(),
            code: "memory_limit".to_owned(),
        };
        return;
    }
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
