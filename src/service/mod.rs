//! USES: what every entrance can do, and what none of them adds rules to.
//!
//! A [`Service`] owns the store and runs things. A [`Session`] is what an entrance holds: the
//! service itself where this process owns the store, or a line to the process that does.

mod anchor;
mod assistant;
pub mod capability;
mod command;
mod dispatch;
mod error;
mod executor;
mod identity;
mod inspection;
mod keys;
mod launch;
mod notify;
mod owner;
mod permission;
mod proof;
mod rate;
mod reply;
mod revert;
mod runs;
mod session;
mod shape;
mod stream;
mod threads;
mod timer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::{Mutex, mpsc::UnboundedSender, watch};

use crate::{
    analysis::Analyzer,
    config::Config,
    engine::{Engine, Recovered},
    execution::SharedExecutor,
    gate::Action,
    generation::{Fixed, Registry, SharedGenerator},
    graph::Graph,
    graphs::python_executor::{self, Parts, WriteControl},
    model::{Caller, Clock, Event, ServiceEvent},
    store::{SledStore, Store},
};

pub use anchor::{Anchor, AnchorError};
pub use assistant::Assistant;
pub use command::ServiceCommand;
pub use error::{ErrorKind, ErrorReply, ServiceError};
pub use identity::{identify, may_listen};
pub use keys::Keys;
pub use launch::{Launch, Launched, Work};
pub use notify::signature;
pub use rate::Rates;
pub use reply::{
    ExecutionProof, FreezeReply, HistoryEvent, HistoryReply, InterruptReply, KeyReply, NewKeyReply, Notified,
    PendingReply, ProblemReply, RunReply, RunStatus, ThreadReply, VerifyReply,
};
pub use session::{Session, os_user};
pub use shape::shape;
pub use stream::{Heard, Listener, RunEnd, Told};
pub use threads::{Order, Standing, StateView, ThreadQuery, ThreadView, metadata};

/// What a service is made of, where it is not what the configuration says.
#[derive(Default)]
pub struct Builder {
    registry: Option<Registry>,
    store: Option<Arc<dyn Store>>,
    executor: Option<SharedExecutor>,
    clock: Option<Clock>,
    graphs: Vec<Arc<Graph>>,
    inspects: bool,
}

impl Builder {
    /// Takes the generator from `registry`, which may know an application's own.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = Some(registry);
        self
    }

    /// Keeps everything in `store` instead of the data directory. Such a service has no socket.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Runs programs with `executor`.
    #[must_use]
    pub fn executor(mut self, executor: SharedExecutor) -> Self {
        self.executor = Some(executor);
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Also runs threads of `graph`.
    #[must_use]
    pub fn graph(mut self, graph: Arc<Graph>) -> Self {
        self.graphs.push(graph);
        self
    }

    /// Also opens with a configuration under which nothing can run: what is stored can then be
    /// read, cancelled and frozen, and whatever would run something is refused.
    #[must_use]
    pub fn inspecting(mut self) -> Self {
        self.inspects = true;
        self
    }

    /// Opens the service: takes the store, puts in order what was running when the last process
    /// died, ends questions whose time has run out, and lets other processes in by the socket.
    ///
    /// # Errors
    /// The configuration can't be followed, the store can't be opened, or programs can't be run.
    pub async fn open(self, mut config: Config) -> Result<Service, ServiceError> {
        let mut not_startable = match config.check_startable() {
            Err(error) if self.inspects => Some(ServiceError::from(error).reply()),
            checked => checked.map(|()| None)?,
        };
        make_absolute(&mut config)?;
        let clock = self.clock.unwrap_or_else(Clock::system);
        let analyzer = Arc::new(Analyzer::new(&config.analysis)?);
        let registry = self.registry.unwrap_or_else(Registry::builtin);
        let generator: SharedGenerator = match (&not_startable, registry.create(&config.generation)) {
            (None, Ok(generator)) => generator,
            (None, Err(error)) if self.inspects => {
                not_startable = Some(ServiceError::from(error).reply());
                Arc::new(Fixed)
            }
            (None, Err(error)) => return Err(error.into()),
            (Some(_), _) => Arc::new(Fixed),
        };
        let (store, own): (Arc<dyn Store>, bool) = match self.store {
            Some(store) => (store, false),
            None => (open_store(&config, clock.clone()).await?, true),
        };
        let export_log = own.then(|| config.data_dir.join("store/log"));
        let executor = match self.executor {
            Some(executor) => executor,
            None => {
                // Told by the node that needs it, so that what is stored can be read and decided
                // about on a host where nothing can run.
                let settings = config.execution.clone();
                Arc::new(executor::Lazy::new(settings, config.control_system.clone()))
            }
        };
        let frozen = store.frozen().await?.is_some();
        let writes = Arc::new(WriteControl::new(
            config.control_system.max_concurrent_writes,
            frozen,
        ));
        let config = Arc::new(config);
        let parts = Arc::new(Parts {
            generator,
            analyzer,
            executor,
            writes: writes.clone(),
            config: config.clone(),
        });
        let graphs = self
            .graphs
            .into_iter()
            .chain([python_executor::graph(parts.clone())?]);
        let engine = Arc::new(Engine::new(store, clock, graphs));
        let recovered = engine.recover().await?;
        for thread in &recovered {
            tracing::warn!(?thread, "a run had been cut off");
        }
        let expired = engine.expire_due().await?;
        for report in &expired {
            tracing::info!(thread = %report.thread, "nobody decided in time");
        }
        let known = engine.store().keys().await?;
        let notifier = notify::Notifier::start(engine.clone(), &config)?;
        let timer = timer::start(engine.clone());
        let core = Arc::new(Core {
            keys: watch::Sender::new(Keys::new(known)),
            changing_keys: Mutex::default(),
            notifier,
            engine,
            broker: stream::Broker::new(&config.api),
            config,
            parts,
            writes,
            recovered,
            export_log,
            not_startable,
        });
        let owner = if own {
            Some(owner::Owner::listen(core.clone()).await?)
        } else {
            None
        };
        Ok(Service { core, timer, owner })
    }
}

/// What is stored must be found from any directory, and mounts take no relative paths.
fn make_absolute(config: &mut Config) -> Result<(), ServiceError> {
    let execution = &mut config.execution;
    let paths = [
        &mut config.data_dir,
        &mut execution.workspace_dir,
        &mut execution.local.python,
    ];
    for path in paths {
        *path = std::path::absolute(&*path).map_err(|source| ServiceError::Directory {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

async fn open_store(config: &Config, clock: Clock) -> Result<Arc<dyn Store>, ServiceError> {
    make_private(&config.data_dir)?;
    let (path, settings) = (config.data_dir.join("store"), config.store.clone());
    let opened = tokio::task::spawn_blocking(move || SledStore::open(&path, &settings, clock)).await;
    let store =
        opened.map_err(|error| ServiceError::Owner(format!("opening the store broke off: {error}")))??;
    Ok(Arc::new(store))
}

/// Makes a directory that only the service's user can enter.
fn make_private(path: &Path) -> Result<(), ServiceError> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| ServiceError::Directory {
            path: path.to_owned(),
            source,
        })
}

/// What the parts of a service share.
struct Core {
    engine: Arc<Engine>,
    /// What runs tell, for whoever listens.
    broker: Arc<stream::Broker>,
    config: Arc<Config>,
    parts: Arc<Parts>,
    writes: Arc<WriteControl>,
    /// The API keys as they stand.
    keys: watch::Sender<Keys>,
    changing_keys: Mutex<()>,
    /// Tells someone outside of questions, if someone is to be told.
    notifier: Option<notify::Notifier>,
    recovered: Vec<Recovered>,
    /// Where the store's export log lies, if the store is on disk.
    export_log: Option<PathBuf>,
    /// Why nothing can run under the configuration, if nothing can.
    not_startable: Option<ErrorReply>,
}

/// Runs requests, keeps what happens, and lets humans decide.
pub struct Service {
    core: Arc<Core>,
    timer: timer::Timer,
    owner: Option<owner::Owner>,
}

impl Service {
    /// Opens a service as `config` says.
    ///
    /// # Errors
    /// As [`Builder::open`].
    pub async fn open(config: Config) -> Result<Self, ServiceError> {
        Builder::default().open(config).await
    }

    /// A service of which not everything is as the configuration says.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The engine: for graphs of one's own, and for what the service has no name for.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.core.engine
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.core.config
    }

    /// The version of the rules by which code is judged.
    pub fn policy_version(&self) -> crate::model::Digest {
        self.core.parts.policy_version()
    }

    /// The API keys; what is received changes with them.
    pub fn keys(&self) -> watch::Receiver<Keys> {
        self.core.keys.subscribe()
    }

    /// What was running when the last process died, and what became of it.
    pub fn recovered(&self) -> &[Recovered] {
        &self.core.recovered
    }

    /// Keeps interpreters ready for programs to come, as `execution.local.spares` says: for a process that stays,
    /// within a runtime that goes on. They are made from the first request on that looks for where its program
    /// is to run, and die with the service.
    pub fn keep_spares(&self) {
        let timeout = self.core.config.executor.execution_timeout;
        self.core.parts.executor.keep_spares(timeout);
    }

    /// Does what `command` says, for `by`; `events` takes the events of the run it starts.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn execute(
        &self,
        command: ServiceCommand,
        by: impl Into<Caller>,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<serde_json::Value, ServiceError> {
        self.core.execute(command, by.into(), events).await
    }

    /// Stops running writes and lets no new ones start, until [`Service::unfreeze`]; survives a restart.
    ///
    /// # Errors
    /// The store's; writes are stopped in this process all the same.
    pub async fn freeze(
        &self,
        reason: Option<String>,
        by: impl Into<Caller>,
    ) -> Result<FreezeReply, ServiceError> {
        self.core.freeze(reason, by.into()).await
    }

    /// Lets writes start again.
    ///
    /// # Errors
    /// The store's; writes stay frozen.
    pub async fn unfreeze(&self, by: impl Into<Caller>) -> Result<FreezeReply, ServiceError> {
        self.core.unfreeze(by.into()).await
    }

    /// Waits for what others asked by the socket and for runs that go on, and lets go of the store.
    ///
    /// # Errors
    /// The store's.
    pub async fn close(self) -> Result<(), ServiceError> {
        if let Some(owner) = self.owner {
            owner.close().await;
        }
        self.core.engine.wait_idle().await;
        drop(self.timer);
        if let Some(notifier) = &self.core.notifier {
            notifier.settle().await;
        }
        self.core.engine.store().close().await?;
        Ok(())
    }
}

impl Core {
    async fn freeze(&self, reason: Option<String>, by: Caller) -> Result<FreezeReply, ServiceError> {
        self.allow(&by, Action::Freeze).await?;
        let by = by.actor;
        // What runs is stopped before anything is written down.
        self.writes.set_frozen(true);
        let reason = reason.unwrap_or_default();
        self.engine
            .store()
            .log(ServiceEvent::Frozen { by, reason })
            .await?;
        self.freeze_state().await
    }

    async fn unfreeze(&self, by: Caller) -> Result<FreezeReply, ServiceError> {
        self.allow(&by, Action::Unfreeze).await?;
        let by = by.actor;
        self.engine.store().log(ServiceEvent::Unfrozen { by }).await?;
        self.writes.set_frozen(false);
        self.freeze_state().await
    }

    async fn freeze_state(&self) -> Result<FreezeReply, ServiceError> {
        let freeze = self.engine.store().frozen().await?;
        Ok(match freeze {
            Some(freeze) => FreezeReply {
                frozen: true,
                by: Some(freeze.by),
                reason: (!freeze.reason.is_empty()).then_some(freeze.reason),
                at: Some(freeze.at),
            },
            None => FreezeReply {
                frozen: false,
                by: None,
                reason: None,
                at: None,
            },
        })
    }
}
