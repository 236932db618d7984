//! How long it takes from a program's text to its first line, beside the bare interpreter.
//!
//! `cargo bench --bench execution`

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use holdpoint::{
    config::{Config, Isolation},
    execution::{Access, ExecutionError, Executor, Job, LocalExecutor, NoTrail, Placement, create_folder},
    model::Timestamp,
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 40;

/// Tells the time as its first line.
const PROGRAM: &str = "import time; print(repr(time.time()), flush=True); results = {}";

fn main() -> Result<(), ExecutionError> {
    let Ok(directory) = tempfile::tempdir() else {
        return Err(ExecutionError::Start("no place".to_owned()));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| ExecutionError::Start(error.to_string()))?;
    let mut settings = Config::builtin().execution;
    settings.workspace_dir = directory.path().join("runs");
    let bare = measured(|| {
        let since = now();
        let output = Command::new(&settings.local.python)
            .args(["-I", "-B", "-c", PROGRAM])
            .output();
        let told = output.map_err(|error| ExecutionError::Start(error.to_string()))?;
        Ok(said(&String::from_utf8_lossy(&told.stdout)).saturating_sub(since))
    })?;
    tell("bare interpreter", &bare);
    for isolation in [
        Isolation::BubblewrapCgroup,
        Isolation::Bubblewrap,
        Isolation::Landlock,
        Isolation::None,
    ] {
        settings.local.isolation = isolation;
        let executor = match LocalExecutor::probe(&settings) {
            Ok(executor) => executor,
            Err(error) => {
                println!("{}: {error}", isolation.name());
                continue;
            }
        };
        let times = measured(|| {
            let since = now();
            let job = Job {
                code: PROGRAM.to_owned(),
                access: Access::Read,
                trail: Arc::new(NoTrail),
                placement: Placement::default(),
                context: json!({}),
                folder: create_folder(&settings.workspace_dir, "bench", Timestamp::now())?,
                timeout: Duration::from_secs(60),
            };
            runtime.block_on(async {
                let program = executor.prepare(job).await?;
                let execution = program.run(CancellationToken::new()).await;
                Ok(said(&execution.stdout).saturating_sub(since))
            })
        })?;
        tell(isolation.name(), &times);
    }
    Ok(())
}

fn measured(
    mut round: impl FnMut() -> Result<Duration, ExecutionError>,
) -> Result<Vec<Duration>, ExecutionError> {
    let mut times = (0..ROUNDS).map(|_| round()).collect::<Result<Vec<_>, _>>()?;
    times.sort();
    Ok(times)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The time a program told.
fn said(output: &str) -> Duration {
    Duration::from_secs_f64(output.trim().parse().unwrap_or_default())
}

fn tell(what: &str, times: &[Duration]) {
    let at = |quantile: f64| times[(times.len() as f64 * quantile) as usize].as_secs_f64() * 1000.0;
    println!(
        "{what}: to the first line p50 {:.1} ms, p90 {:.1} ms, least {:.1} ms",
        at(0.5),
        at(0.9),
        at(0.0)
    );
}
