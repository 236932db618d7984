//! The local executor, probed when something is about to run or to be asked about.

use std::{collections::BTreeMap, sync::OnceLock};

use async_trait::async_trait;

use crate::{
    config::ExecutionSettings,
    execution::{Backend, ExecutionError, Executor, Job, LocalExecutor, Prepared},
    model::CodeSha256,
};

/// Probes the host the first time it is needed, so that what is stored can be read and decided about
/// without waiting for that, and on hosts where nothing can run.
pub(super) struct Lazy {
    settings: ExecutionSettings,
    probed: OnceLock<Result<LocalExecutor, String>>,
}

impl Lazy {
    pub(super) fn new(settings: ExecutionSettings) -> Self {
        Self {
            settings,
            probed: OnceLock::new(),
        }
    }

    fn local(&self) -> Result<&LocalExecutor, &str> {
        let probe = || LocalExecutor::probe(&self.settings).map_err(|error| error.to_string());
        self.probed.get_or_init(probe).as_ref().map_err(String::as_str)
    }
}

#[async_trait]
impl Executor for Lazy {
    fn backend(&self) -> Backend {
        match self.local() {
            Ok(local) => local.backend(),
            Err(reason) => Backend {
                name: "unavailable".into(),
                isolation: "none possible".into(),
                interpreter: reason.to_owned(),
                runner_sha256: CodeSha256::of(b""),
                facts: BTreeMap::new(),
            },
        }
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        match self.local() {
            Ok(local) => local.prepare(job).await,
            Err(reason) => Err(ExecutionError::NoIsolation(reason.to_owned())),
        }
    }
}
