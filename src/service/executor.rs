//! The local executor, probed when something is about to run or to be asked about.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use crate::{
    config::{EpicsSettings, ExecutionSettings},
    execution::{Backend, ExecutionError, Executor, Job, LocalExecutor, NO_CONTROL_SYSTEM, Placement, Prepared},
    model::{CodeSha256, ExecutionMode},
};

/// How long a failed probe stands before the host is probed again.
const STANDS: Duration = Duration::from_secs(5);

/// Probes the host the first time it is needed, so that what is stored can be read and decided about
/// without waiting for that, and on hosts where nothing can run.
pub(super) struct Lazy {
    settings: ExecutionSettings,
    epics: EpicsSettings,
    probed: Mutex<Probed>,
}

enum Probed {
    Never,
    Works(Arc<LocalExecutor>),
    Failed(Instant, Arc<ExecutionError>),
}

impl Lazy {
    pub(super) fn new(settings: ExecutionSettings, epics: EpicsSettings) -> Self {
        Self {
            settings,
            epics,
            probed: Mutex::new(Probed::Never),
        }
    }

    fn local(&self) -> Result<Arc<LocalExecutor>, Arc<ExecutionError>> {
        let mut probed = self.probed.lock().unwrap_or_else(PoisonError::into_inner);
        match &*probed {
            Probed::Works(local) => return Ok(local.clone()),
            Probed::Failed(at, reason) if at.elapsed() < STANDS => return Err(reason.clone()),
            _ => {}
        }
        match LocalExecutor::probe(&self.settings) {
            Ok(local) => {
                let local = Arc::new(local.with_control_system(&self.epics));
                *probed = Probed::Works(local.clone());
                Ok(local)
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
        match self.local() {
            Ok(local) => local.backend(placement),
            Err(reason) => Backend {
                name: "unavailable".into(),
                isolation: "none possible".into(),
                interpreter: reason.to_string(),
                runner_sha256: CodeSha256::of(b""),
                facts: BTreeMap::new(),
            },
        }
    }

    fn ready(&self, _: &Placement) -> Result<(), ExecutionError> {
        self.local().map(drop).map_err(|error| again(&error))
    }

    fn offers(&self, _: &Placement, mode: ExecutionMode) -> Result<(), ExecutionError> {
        let named = !self.epics.address_list.is_empty() || !self.epics.name_servers.is_empty();
        if mode == ExecutionMode::WriteAccess && !named {
            return Err(ExecutionError::Mode(NO_CONTROL_SYSTEM.into()));
        }
        Ok(())
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        match self.local() {
            Ok(local) => local.prepare(job).await,
            Err(error) => Err(again(&error)),
        }
    }
}

/// A failed probe's error, once more.
fn again(error: &ExecutionError) -> ExecutionError {
    match error {
        ExecutionError::Interpreter(reason) => ExecutionError::Interpreter(reason.clone()),
        ExecutionError::NoIsolation(reason) => ExecutionError::NoIsolation(reason.clone()),
        other => ExecutionError::Start(other.to_string()),
    }
}
