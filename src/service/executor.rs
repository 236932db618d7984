//! The executors, probed when something is about to run or to be asked about.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{
    config::{ExecutionMethod, ExecutionSettings},
    execution::{
        Backend, ExecutionError, Executor, Job, JupyterExecutor, LocalExecutor, Placement, Prepared,
        SharedExecutor,
    },
    model::{CodeSha256, ExecutionMode},
};

/// How long a failed probe stands before the host is probed again.
const STANDS: Duration = Duration::from_secs(5);

/// Probes the host, or the Jupyter server, the first time it is needed, so that what is stored can be read and
/// decided about without waiting for that, and where nothing can run.
pub(super) struct Lazy {
    settings: ExecutionSettings,
    local: Mutex<Probed>,
    container: Mutex<Probed>,
}

enum Probed {
    Never,
    Works(SharedExecutor),
    Failed(Instant, Arc<ExecutionError>),
}

impl Lazy {
    pub(super) fn new(settings: ExecutionSettings) -> Self {
        Self {
            settings,
            local: Mutex::new(Probed::Never),
            container: Mutex::new(Probed::Never),
        }
    }

    fn method(&self, placement: &Placement) -> ExecutionMethod {
        placement.method.unwrap_or(self.settings.method)
    }

    fn chosen(&self, placement: &Placement) -> Result<SharedExecutor, Arc<ExecutionError>> {
        let method = self.method(placement);
        let slot = match method {
            ExecutionMethod::Local => &self.local,
            ExecutionMethod::Container => &self.container,
        };
        let mut probed = slot.lock().unwrap_or_else(PoisonError::into_inner);
        match &*probed {
            Probed::Works(executor) => return Ok(executor.clone()),
            Probed::Failed(at, reason) if at.elapsed() < STANDS => return Err(reason.clone()),
            _ => {}
        }
        let looked = match method {
            ExecutionMethod::Local => LocalExecutor::probe(&self.settings).map(shared),
            ExecutionMethod::Container => JupyterExecutor::probe(&self.settings).map(shared),
        };
        match looked {
            Ok(executor) => {
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

fn shared(executor: impl Executor + 'static) -> SharedExecutor {
    Arc::new(executor)
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
        if self.method(placement) == ExecutionMethod::Container {
            return JupyterExecutor::admits(mode);
        }
        if mode == ExecutionMode::WriteAccess && !self.settings.local.unsafe_host_network {
            return Err(ExecutionError::Mode(
                "programs with write access have no way to the control system here: until the gateway stands they \
                 need the host's network (execution.local.unsafe_host_network: true)"
                    .into(),
            ));
        }
        Ok(())
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
