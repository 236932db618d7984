//! Programs in the real sandbox: what they get, what they leave, what they cannot do.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use holdpoint::{
    config::{ExecutionMethod, ExecutionSettings, Isolation, LocalSettings},
    execution::{
        Execution, ExecutionError, Executor, Job, LocalExecutor, Prepared, ProgramEnd, create_folder,
    },
    model::{CodeSha256, ExecutionMode, Timestamp},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The interpreter the tests run programs with, and whether it has the scientific packages.
pub(crate) fn python() -> (PathBuf, bool) {
    match std::env::var_os("HOLDPOINT_TEST_PYTHON") {
        Some(path) => (PathBuf::from(path), true),
        None => (PathBuf::from("/usr/bin/python3"), false),
    }
}

/// Says loudly that a test did not run.
pub(crate) fn skip(test: &str) {
    eprintln!("SKIPPED {test}: set HOLDPOINT_TEST_PYTHON to an environment with numpy, pandas, matplotlib");
}

struct Place {
    dir: TempDir,
    settings: ExecutionSettings,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let settings = ExecutionSettings {
        method: ExecutionMethod::Local,
        local: LocalSettings {
            python: python().0,
            isolation: Isolation::Bubblewrap,
            unsafe_host_network: false,
            user: "nobody".to_owned(),
            environment: BTreeMap::new(),
        },
        workspace_dir: dir.path().join("runs"),
        max_output_bytes: 64 << 10,
        max_file_bytes: 8 << 20,
        max_memory_bytes: 2 << 30,
        max_processes: 32,
        max_workspace_bytes: 16 << 20,
        max_workspace_files: 200,
    };
    Place { dir, settings }
}

impl Place {
    fn job(&self, code: &str) -> Job {
        Job {
            code: code.to_owned(),
            mode: ExecutionMode::ReadOnly,
            context: json!({"BEAM_CURRENT": 500.25}),
            folder: create_folder(&self.settings.workspace_dir, "test", Timestamp::now()).unwrap(),
            timeout: Duration::from_secs(60),
        }
    }

    async fn prepare(&self, job: Job) -> Result<Box<dyn Prepared>, ExecutionError> {
        LocalExecutor::probe(&self.settings)?.prepare(job).await
    }

    async fn run(&self, code: &str) -> Execution {
        self.run_job(self.job(code)).await
    }

    async fn run_job(&self, job: Job) -> Execution {
        self.prepare(job)
            .await
            .unwrap()
            .run(CancellationToken::new())
            .await
    }
}

#[track_caller]
fn results(execution: &Execution) -> &Value {
    assert_eq!(execution.end, ProgramEnd::Finished, "{execution:#?}");
    execution
        .results
        .as_ref()
        .unwrap_or_else(|| panic!("no results: {execution:#?}"))
}

#[track_caller]
fn killed(execution: &Execution) -> &str {
    match &execution.end {
        ProgramEnd::Killed { code, .. } => code,
        other => panic!("not killed: {other:?}"),
    }
}

#[tokio::test]
async fn a_program_runs_and_leaves_its_results() {
    let place = place();
    let execution = place
        .run("print('hello')\nimport sys\nprint('careful', file=sys.stderr)\nresults = {'current': context['BEAM_CURRENT']}\n")
        .await;
    assert_eq!(results(&execution), &json!({"current": 500.25}));
    assert_eq!(execution.stdout, "hello\n");
    assert_eq!(execution.stderr, "careful\n");
    assert_eq!(execution.isolation, "bubblewrap");
    assert!(execution.seconds > 0.0 && !execution.output_truncated);
    assert!(execution.notes.is_empty(), "{:?}", execution.notes);
}
