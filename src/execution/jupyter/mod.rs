//! The backend `container`: programs in kernels of a Jupyter server, or of a gateway that speaks its protocol.
//!
//! A kernel's name enforces nothing: what a program can reach is up to the network its kernel stands in, as
//! `docs/jupyter.md` tells. Programs that write are refused here until the service knows that the kernels of
//! the write mode reach its own gateway and nothing else.

mod channel;
mod files;
mod kernel;
mod post;
mod program;
mod rest;
mod shown;
mod wire;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Access, Backend, ExecutionError, Executor, Job, Placement, Prepared,
    gateway::Gateway,
    workspace::{OUTCOME, RUNNER, Start, private_dir},
};
use crate::{
    config::{ContainerSettings, ExecutionSettings, KernelSettings},
    model::{CodeSha256, Digest, ExecutionMode},
};
use kernel::{Kernel, KernelError};
use post::Post;
use program::{JupyterProgram, KERNEL};
use rest::{RestError, Server, Spec};

/// How long one answer may take when the server is looked at for the first time.
const LOOK: Duration = Duration::from_secs(10);

/// Runs programs in kernels of a Jupyter server.
#[derive(Debug, Clone)]
pub struct JupyterExecutor {
    server: Arc<Server>,
    settings: Arc<ExecutionSettings>,
    /// The way to the control system, if it leads to one.
    gateway: Option<Gateway>,
    /// Where kernels of each mode find it.
    reading: Option<Post>,
    writing: Option<Post>,
    known: Arc<RwLock<Known>>,
}

/// What the server was when it was last looked at: a program is approved for that.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    version: String,
    /// The digest of each kernel's specification, by name; `None` for a kernel that is not there.
    kernels: BTreeMap<String, Option<Digest>>,
}

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
        container.timeout = container.timeout.min(LOOK);
        // A connection belongs to the runtime that made it, so this look has a client of its own.
        let looked = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.map_err(|error| ExecutionError::Jupyter(error.to_string()))?;
            runtime.block_on(async { look(&Server::new(&container)?, &container).await })
        });
        let known = looked
            .join()
            .map_err(|_| ExecutionError::Jupyter("the look at the server failed".to_owned()))??;
        Ok(Self {
            server: Arc::new(Server::new(&settings.container)?),
            gateway: None,
            reading: settings.container.listen_read_only.as_deref().map(Post::new),
            writing: settings.container.listen_write_access.as_deref().map(Post::new),
            settings: Arc::new(settings.clone()),
            known: Arc::new(RwLock::new(known)),
        })
    }

    /// The same, for programs that reach a control system by `gateway`, if it leads to one.
    #[must_use]
    pub fn with_gateway(mut self, gateway: &Gateway) -> Self {
        self.gateway = gateway.is_configured().then(|| gateway.clone());
        self
    }

    /// The kernel for programs that may do so much, and where they find the gateway.
    fn kernel_for(
        &self,
        access: &Access,
    ) -> Result<(&KernelSettings, Option<(&Post, &Gateway)>), ExecutionError> {
        let container = &self.settings.container;
        Ok(match access {
            Access::Read => (
                &container.read_only,
                self.reading.as_ref().zip(self.gateway.as_ref()),
            ),
            Access::Rehearse | Access::Write(_) => {
                let post = self
                    .writing
                    .as_ref()
                    .zip(self.gateway.as_ref())
                    .ok_or_else(refused)?;
                (&container.write_access, Some(post))
            }
        })
    }

    /// How long each of `count` requests that do nothing takes in a kernel, one after the other.
    ///
    /// # Errors
    /// As [`Executor::prepare`].
    pub async fn round_trips(&self, count: usize) -> Result<Vec<Duration>, ExecutionError> {
        let (mut kernel, _) = self.kernel(&self.settings.container.read_only).await?;
        let mut taken = Vec::with_capacity(count);
        for _ in 0..count {
            let sent = Instant::now();
            kernel.tell("1 + 1").await?;
            taken.push(sent.elapsed());
        }
        kernel.delete().await.map_err(ExecutionError::Jupyter)?;
        Ok(taken)
    }

    /// A kernel that answers, and what it is.
    async fn kernel(&self, wanted: &KernelSettings) -> Result<(Kernel, String), ExecutionError> {
        let container = &self.settings.container;
        let name = &wanted.kernel_name;
        let mut kernel = Kernel::start(
            self.server.clone(),
            name.clone(),
            container.username.clone(),
            container.max_message_bytes,
        )
        .await?;
        let language = kernel.ready().await?;
        if language.name != "python" {
            return Err(ExecutionError::Interpreter(format!(
                "the kernel {name} does not speak Python but {:?}",
                language.name
            )));
        }
        let label = format!("Python {} (kernel {name})", language.version);
        Ok((kernel, label))
    }

    /// Whether the server is still what programs are approved for.
    async fn check(&self) -> Result<(), ExecutionError> {
        let now = look(&self.server, &self.settings.container).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if *known == now {
            return Ok(());
        }
        *known = now;
        Err(ExecutionError::Interpreter(format!(
            "the Jupyter server at {} or its kernels have changed since this program was made ready; ask again",
            self.server.url()
        )))
    }
}

/// Looks at the server and at the kernels that programs use.
async fn look(server: &Server, container: &ContainerSettings) -> Result<Known, ExecutionError> {
    let version = server.version().await?;
    let specs = server.specs().await?;
    let digest = |kernel: &KernelSettings| {
        let spec = specs.get(&kernel.kernel_name);
        let digest = spec.map(|Spec { spec }| Digest::of_json(spec));
        (kernel.kernel_name.clone(), digest)
    };
    let kernels = BTreeMap::from([digest(&container.read_only), digest(&container.write_access)]);
    let reader = &container.read_only.kernel_name;
    if kernels.get(reader).is_none_or(Option::is_none) {
        let names: Vec<&str> = specs.keys().map(String::as_str).collect();
        return Err(ExecutionError::Interpreter(format!(
            "the Jupyter server at {} has no kernel {reader} (it has: {}); install its kernelspec there, or name \
             another one in execution.modes.read_only.kernel_name",
            server.url(),
            match names.is_empty() {
                true => "none".to_owned(),
                false => names.join(", "),
            }
        )));
    }
    Ok(Known { version, kernels })
}

fn refused() -> ExecutionError {
    ExecutionError::Mode(
        "programs with write access run in a container only by our gateway: name the servers in \
         control_system.epics.address_list, and in execution.container.listen.write_access the address by which \
         the write kernel, and nothing else, reaches it"
            .to_owned(),
    )
}

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
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let environment = |kernel: &KernelSettings| {
            let environment = serde_json::to_value(&kernel.environment).unwrap_or(Value::Null);
            json!({
                "name": kernel.kernel_name,
                "specification": known.kernels.get(&kernel.kernel_name),
                "environment_names": kernel.environment.keys().collect::<Vec<_>>(),
                "environment_digest": Digest::of_json(&environment).to_string(),
            })
        };
        let facts = [
            ("url", json!(self.server.url())),
            ("server_version", json!(known.version)),
            ("kernel_read_only", environment(&container.read_only)),
            ("kernel_write_access", environment(&container.write_access)),
            ("user", json!(container.username)),
            ("network", json!("enforced by the deployment, not by Holdpoint")),
            ("gateway_read_only", json!(container.listen_read_only)),
            ("gateway_write_access", json!(container.listen_write_access)),
            ("max_output_bytes", json!(settings.max_output_bytes)),
            ("max_file_bytes", json!(settings.max_file_bytes)),
            ("max_message_bytes", json!(container.max_message_bytes)),
            ("max_workspace_bytes", json!(settings.max_workspace_bytes)),
            ("max_workspace_files", json!(settings.max_workspace_files)),
        ];
        Backend {
            name: "container".to_owned(),
            isolation: "deployment".to_owned(),
            interpreter: format!(
                "the kernels {} and {} at {}",
                container.read_only.kernel_name,
                container.write_access.kernel_name,
                self.server.url()
            ),
            runner_sha256: CodeSha256::of([RUNNER, OUTCOME, KERNEL].concat().as_bytes()),
            facts: facts
                .into_iter()
                .map(|(name, fact)| (name.to_owned(), fact))
                .collect(),
        }
    }

    fn offers(&self, _: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        let access = match mode {
            ExecutionMode::ReadOnly => Access::Read,
            ExecutionMode::WriteAccess => Access::Rehearse,
        };
        self.kernel_for(&access).map(drop)
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        let (wanted, post) = self.kernel_for(&job.access)?;
        self.check().await?;
        let post = match post {
            Some((post, gateway)) => Some(post.man(gateway, job.access.clone(), job.trail.clone()).await?),
            None => None,
        };
        let (folder, timeout) = (job.folder.clone(), job.timeout);
        let (mut kernel, interpreter) = self.kernel(wanted).await?;
        let environment = serde_json::to_value(&wanted.environment).unwrap_or(Value::Null);
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
