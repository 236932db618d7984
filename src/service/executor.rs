//! The executors, probed when something is about to run or to be asked about.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{
    config::{ControlSystemSettings, ExecutionMethod, ExecutionSettings, SpareSettings},
    execution::{
        Backend, ExecutionError, Executor, Held, Job, JupyterExecutor, LocalExecutor, Permit, Placement,
        Prepared, SharedExecutor, Surveyed,
        gateway::{Gateway, NO_CONTROL_SYSTEM},
    },
    model::{CodeSha256, Digest, ExecutionMode},
};

/// How long a failed probe stands before the host is probed again.
const STANDS: Duration = Duration::from_secs(5);

/// Probes the host, or the Jupyter server, the first time it is needed, so that what is stored can be read and
/// decided about without waiting for that, and where nothing can run.
pub(super) struct Lazy {
    settings: ExecutionSettings,
    gateway: Gateway,
    /// What was found, by method and interpreter.
    probed: Mutex<BTreeMap<Kind, Arc<Mutex<Probed>>>>,
    /// The most time of the programs to come, once it is known that there will be some.
    stays: OnceLock<Duration>,
}

/// What is probed once: a backend, and for `local` the interpreter.
type Kind = (bool, PathBuf);

#[derive(Default)]
enum Probed {
    #[default]
    Never,
    Works(SharedExecutor),
    Failed(Instant, Arc<ExecutionError>),
}

impl Lazy {
    pub(super) fn new(settings: ExecutionSettings, control_system: ControlSystemSettings) -> Self {
        Self {
            settings,
            gateway: Gateway::new(control_system),
            probed: Mutex::default(),
            stays: OnceLock::new(),
        }
    }

    fn method(&self, placement: &Placement) -> ExecutionMethod {
        placement.method.unwrap_or(self.settings.method)
    }

    /// The interpreter that a request may have: the configured one, or one of the list.
    fn python(&self, placement: &Placement) -> Result<PathBuf, ExecutionError> {
        let local = &self.settings.local;
        match &placement.python {
            None => Ok(local.python.clone()),
            Some(asked) if *asked == local.python || local.interpreters.contains(asked) => Ok(asked.clone()),
            Some(asked) => {
                let known: Vec<String> = std::iter::once(&local.python)
                    .chain(&local.interpreters)
                    .map(|path| path.display().to_string())
                    .collect();
                Err(ExecutionError::Interpreter(format!(
                    "{} is none of those a request may ask for: {} (execution.local.interpreters)",
                    asked.display(),
                    known.join(", ")
                )))
            }
        }
    }

    fn slot(&self, kind: Kind) -> Arc<Mutex<Probed>> {
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        probed.entry(kind).or_default().clone()
    }

    fn chosen(&self, placement: &Placement) -> Result<SharedExecutor, Arc<ExecutionError>> {
        let method = self.method(placement);
        let python = match method {
            ExecutionMethod::Local => self.python(placement)?,
            ExecutionMethod::Container if placement.python.is_some() => {
                return Err(Arc::new(ExecutionError::Interpreter(
                    "python_env_path belongs to execution_method local; in a container the kernel decides"
                        .into(),
                )));
            }
            ExecutionMethod::Container => PathBuf::new(),
        };
        let slot = self.slot((method == ExecutionMethod::Container, python.clone()));
        let mut probed = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*probed {
            Probed::Works(executor) => return Ok(executor.clone()),
            Probed::Failed(at, reason) if at.elapsed() < STANDS => return Err(reason.clone()),
            _ => {}
        }
        let looked: Result<SharedExecutor, ExecutionError> = match method {
            ExecutionMethod::Local => {
                let mut settings = self.settings.clone();
                let usual = std::mem::replace(&mut settings.local.python, python);
                if settings.local.python != usual {
                    // Every spare takes memory: they are kept for the interpreter that programs usually have.
                    settings.local.spares = SpareSettings::default();
                    settings.local.interpreters.push(usual);
                }
                LocalExecutor::probe(&settings)
                    .map(|local| Arc::new(local.with_gateway(&self.gateway)) as SharedExecutor)
            }
            ExecutionMethod::Container => JupyterExecutor::probe(&self.settings)
                .map(|container| Arc::new(container.with_gateway(&self.gateway)) as SharedExecutor),
        };
        match looked {
            Ok(executor) => {
                if let Some(timeout) = self.stays.get() {
                    executor.keep_spares(*timeout);
                }
                *probed = Probed::Works(executor.clone());
                Ok(executor)
            }
            Err(error) => {
                let error = Arc::new(error);
                *probed = Probed::Failed(Instant::now(), error.clone());
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Executor for Lazy {
    fn backend(&self, placement: &Placement) -> Backend {
        match self.chosen(placement) {
            Ok(executor) => executor.backend(placement),
            Err(reason) => Backend {
                name: "unavailable".into(),
                isolation: "none possible".into(),
                interpreter: reason.to_string(),
                runner_sha256: CodeSha256::of(b""),
                facts: BTreeMap::new(),
            },
        }
    }

    fn ready(&self, placement: &Placement) -> Result<(), ExecutionError> {
        self.chosen(placement).map(drop).map_err(|error| again(&error))
    }

    fn offers(&self, placement: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        if mode == ExecutionMode::ReadOnly {
            return Ok(());
        }
        if !self.gateway.can_write() {
            return Err(ExecutionError::Mode(NO_CONTROL_SYSTEM.to_owned()));
        }
        match self.chosen(placement) {
            Ok(executor) => executor.offers(placement, mode),
            // Why nothing can run is told when something is to.
            Err(_) => Ok(()),
        }
    }

    async fn survey(&self, pvs: &[String]) -> Vec<Surveyed> {
        self.gateway.survey(pvs).await
    }

    async fn interlocks(&self) -> Result<(), Held> {
        self.gateway.interlocks().await
    }

    async fn may_begin(&self, permit: &Permit) -> Result<(), Held> {
        self.gateway.may_begin(permit).await
    }

    fn rules(&self) -> Option<Digest> {
        self.gateway.rules()
    }

    fn keep_spares(&self, timeout: Duration) {
        let timeout = *self.stays.get_or_init(|| timeout);
        let slot = self.slot((false, self.settings.local.python.clone()));
        let probed = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Probed::Works(executor) = &*probed {
            executor.keep_spares(timeout);
        }
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        match self.chosen(&job.placement) {
            Ok(executor) => executor.prepare(job).await,
            Err(error) => Err(again(&error)),
        }
    }
}

/// A failed probe's error, once more.
fn again(error: &ExecutionError) -> ExecutionError {
    match error {
        ExecutionError::Interpreter(reason) => ExecutionError::Interpreter(reason.clone()),
        ExecutionError::NoIsolation(reason) => ExecutionError::NoIsolation(reason.clone()),
        ExecutionError::Jupyter(reason) => ExecutionError::Jupyter(reason.clone()),
        ExecutionError::Mode(reason) => ExecutionError::Mode(reason.clone()),
        other => ExecutionError::Start(other.to_string()),
    }
}
