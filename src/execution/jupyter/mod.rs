//! The backend `container`: programs in kernels of a Jupyter server, or of a gateway that speaks its protocol.
//!
//! A kernel's name enforces nothing: what a program can reach is up to the network its kernel stands in, as
//! `docs/jupyter.md` tells. Programs that write are refused here unless the service has a listener for the kernels
//! of the write mode, and these a server of their own. Nothing that nobody has approved runs on that server: what
//! a program leaves behind in a container could write by what a later one is allowed.

mod channel;
mod files;
mod kernel;
mod post;
mod program;
mod rest;
mod shown;
mod side;
mod wire;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Access, Backend, ExecutionError, Executor, Job, Permit, Placement, Prepared,
    gateway::Gateway,
    workspace::{OUTCOME, RUNNER, Start, private_dir},
};
use crate::{
    config::{ContainerSettings, ExecutionSettings},
    model::{CodeSha256, ExecutionMode},
};
use kernel::KernelError;
use post::{Manned, Post};
use program::{JupyterProgram, KERNEL};
use rest::RestError;
use side::{Seen, Side};

/// How long one answer may take when the server is looked at for the first time.
const LOOK: Duration = Duration::from_secs(10);

/// Runs programs in kernels of a Jupyter server.
#[derive(Debug, Clone)]
pub struct JupyterExecutor {
    settings: Arc<ExecutionSettings>,
    /// The way to the control system, if it leads to one.
    gateway: Option<Gateway>,
    reading: Side,
    /// For approved writes, where they are configured.
    writing: Option<Side>,
}

/// Where a kernel finds the gateway, and the gateway.
type Way<'a> = (&'a Post, &'a Gateway);

impl JupyterExecutor {
    /// Looks at the server and its kernels. It blocks for the time of two requests, and must not be called
    /// where blocking is not allowed.
    ///
    /// # Errors
    /// [`ExecutionError::Jupyter`] where the server cannot be reached or refuses access,
    /// [`ExecutionError::Interpreter`] where it has no kernel for programs that read,
    /// [`ExecutionError::Mode`] where no server is configured, [`ExecutionError::Workspace`] where the
    /// workspaces cannot be made. Each says what to do.
    pub fn probe(settings: &ExecutionSettings) -> Result<Self, ExecutionError> {
        let at_fault = |source| ExecutionError::Workspace {
            path: settings.workspace_dir.clone(),
            source,
        };
        private_dir(&settings.workspace_dir, true).map_err(at_fault)?;
        let mut container = settings.container.clone();
        if container.url.is_empty() {
            return Err(ExecutionError::Mode(
                "execution_method container needs a Jupyter server: give execution.container.jupyter_host and \
                 jupyter_port, or execution.container.url"
                    .to_owned(),
            ));
        }
        if container.listen_write_access.is_some()
            && !container.shared_server
            && (container.write_url.is_empty() || container.write_url == container.url)
        {
            return Err(ExecutionError::Mode(APART.to_owned()));
        }
        container.timeout = container.timeout.min(LOOK);
        // A connection belongs to the runtime that made it, so this look has a client of its own.
        let looked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| ExecutionError::Jupyter(error.to_string()))?;
            runtime.block_on(look(&container))
        });
        let (reading, writing) = looked
            .join()
            .map_err(|_| ExecutionError::Jupyter("the look at the server failed".to_owned()))??;
        let container = &settings.container;
        let side = |mode, seen| Side::new(container, mode).map(|side| side.known(seen));
        Ok(Self {
            gateway: None,
            reading: side(ExecutionMode::ReadOnly, reading)?,
            writing: writing
                .map(|seen| side(ExecutionMode::WriteAccess, seen))
                .transpose()?,
            settings: Arc::new(settings.clone()),
        })
    }

    /// The same, for programs that reach a control system by `gateway`, if it leads to one.
    #[must_use]
    pub fn with_gateway(mut self, gateway: &Gateway) -> Self {
        self.gateway = gateway.is_configured().then(|| gateway.clone());
        self
    }

    /// Where a program that may do so much runs, and where it finds the gateway.
    fn side(&self, access: &Access) -> Result<(&Side, Option<Way<'_>>), ExecutionError> {
        let side = match access {
            Access::Read | Access::Rehearse => Some(&self.reading),
            Access::Write(_) => self.writing.as_ref(),
        };
        let way = side
            .and_then(|side| side.post.as_ref())
            .zip(self.gateway.as_ref());
        match (side, access) {
            (Some(side), Access::Read) => Ok((side, way)),
            (Some(side), _) if way.is_some() => Ok((side, way)),
            (_, Access::Rehearse) => Err(ExecutionError::Mode(NO_REHEARSAL.to_owned())),
            _ => Err(ExecutionError::Mode(NO_WRITES.to_owned())),
        }
    }

    /// How long each of `count` requests that do nothing takes in a kernel, one after the other.
    ///
    /// # Errors
    /// As [`Executor::prepare`].
    pub async fn round_trips(&self, count: usize) -> Result<Vec<Duration>, ExecutionError> {
        let (mut kernel, _) = self.reading.start(None).await?;
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            let sent = Instant::now();
            kernel.tell("1 + 1").await?;
            taken.push(sent.elapsed());
        }
        kernel.delete().await.map_err(ExecutionError::Jupyter)?;
        Ok(taken)
    }
}

/// Looks at the servers and at the kernels that programs use.
async fn look(container: &ContainerSettings) -> Result<(Seen, Option<Seen>), ExecutionError> {
    let reading = Side::new(container, ExecutionMode::ReadOnly)?.look().await?;
    let writing = match container.listen_write_access {
        Some(_) => Some(Side::new(container, ExecutionMode::WriteAccess)?.look().await?),
        None => None,
    };
    Ok((reading, writing))
}

/// Why programs with write access do not run.
const NO_WRITES: &str = "programs with write access run in a container only by our gateway: name the EPICS servers in \
                         control_system.epics.address_list, a Jupyter server for such programs in \
                         execution.container.write_url, and in execution.container.listen.write_access the address \
                         by which its kernels, and nothing else, reach the gateway";

/// Why programs are not rehearsed.
const NO_REHEARSAL: &str = "programs are rehearsed on the server for reading, since nobody has approved them yet; name \
                            the address where its kernels find the gateway in execution.container.listen.read_only";

/// Why one server will not do for both modes.
const APART: &str = "kernels of one Jupyter server share a network, so those that read would reach the listener for \
                     writes: give the kernels that write another server in execution.container.write_url, or \
                     execution.container.shared_server: true where each kernel has a network of its own";

impl From<RestError> for ExecutionError {
    fn from(error: RestError) -> Self {
        Self::Jupyter(error.to_string())
    }
}

impl From<KernelError> for ExecutionError {
    fn from(error: KernelError) -> Self {
        Self::Jupyter(format!("no kernel could be made ready: {error}"))
    }
}

#[async_trait]
impl Executor for JupyterExecutor {
    fn backend(&self, _: &Placement) -> Backend {
        let (settings, container) = (&self.settings, &self.settings.container);
        let sides = || std::iter::once(&self.reading).chain(&self.writing);
        let kernels = sides().map(|side| format!("{} at {}", side.kernel.kernel_name, side.server.url()));
        let facts = [
            ("user", json!(container.username)),
            ("network", json!("enforced by the deployment, not by Holdpoint")),
            ("shared_server", json!(container.shared_server)),
            ("max_output_bytes", json!(settings.max_output_bytes)),
            ("max_file_bytes", json!(settings.max_file_bytes)),
            ("max_message_bytes", json!(container.max_message_bytes)),
            ("max_workspace_bytes", json!(settings.max_workspace_bytes)),
            ("max_workspace_files", json!(settings.max_workspace_files)),
        ];
        Backend {
            name: "container".to_owned(),
            isolation: "deployment".to_owned(),
            interpreter: format!("the kernels {}", kernels.collect::<Vec<_>>().join(" and ")),
            runner_sha256: CodeSha256::of([RUNNER, OUTCOME, KERNEL].concat().as_bytes()),
            facts: facts
                .into_iter()
                .map(|(name, fact)| (name.to_owned(), fact))
                .chain(sides().flat_map(Side::facts))
                .collect(),
        }
    }

    fn offers(&self, _: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        let access = match mode {
            ExecutionMode::ReadOnly => Access::Read,
            ExecutionMode::WriteAccess => Access::Write(Permit::default()),
        };
        self.side(&access).map(drop)
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        let (side, way) = self.side(&job.access)?;
        side.check().await?;
        let (folder, timeout) = (job.folder.clone(), job.timeout);
        let post = match way {
            Some((post, gateway)) => {
                let terms = (job.access.clone(), job.trail.clone());
                Some(post.man(side, gateway, terms, timeout).await?)
            }
            None => None,
        };
        let (mut kernel, interpreter) = side.start(post.as_ref().map(Manned::turn)).await?;
        let environment = serde_json::to_value(&side.kernel.environment).unwrap_or(Value::Null);
        program::install(&mut kernel, &job.code, &job.context, &environment).await?;
        let start =
            tokio::task::spawn_blocking(move || Start::create(&job.folder, &job.code, &job.context, None));
        let start = start
            .await
            .map_err(|error| ExecutionError::Jupyter(error.to_string()))?
            .map_err(|source| ExecutionError::Workspace {
                path: folder.clone(),
                source,
            })?;
        Ok(Box::new(JupyterProgram {
            kernel,
            post,
            settings: self.settings.clone(),
            start,
            folder,
            timeout,
            interpreter,
        }))
    }
}
