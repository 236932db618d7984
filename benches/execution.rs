//! How long it takes from a program's text to its first line, beside the bare interpreter.
//!
//! `cargo bench --bench execution`

use std::{
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use holdpoint::{
    config::{Config, ExecutionSettings, Isolation, SpareSettings},
    execution::{Access, ExecutionError, Executor, Job, LocalExecutor, NoTrail, Placement, create_folder},
    model::{ExecutionMode, Timestamp},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 40;

/// How many programs are run to see whether the service grows.
const MANY: usize = 1_000;

/// Tells the time as its first line.
const PROGRAM: &str = "import time; print(repr(time.time()), flush=True); results = {}";

/// The same, with a package that takes time to import.
const WITH_NUMPY: &str = "import time, numpy; print(repr(time.time()), flush=True); results = {}";

fn main() -> Result<(), ExecutionError> {
    let Ok(directory) = tempfile::tempdir() else {
        return Err(ExecutionError::Start("no place".to_owned()));
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| ExecutionError::Start(error.to_string()))?;
    let mut settings = Config::builtin().execution;
    settings.workspace_dir = directory.path().join("runs");
    if let Some(python) = std::env::var_os("HOLDPOINT_TEST_PYTHON") {
        settings.local.python = python.into();
    }
    let mut programs = vec![("", PROGRAM)];
    if bare(&settings, WITH_NUMPY).is_ok() {
        programs.push((" with numpy", WITH_NUMPY));
    }
    for (with, program) in programs {
        let reference = measured(|| bare(&settings, program))?;
        tell(&format!("bare interpreter{with}"), &reference, None);
        for isolation in [
            Isolation::BubblewrapCgroup,
            Isolation::Bubblewrap,
            Isolation::Landlock,
            Isolation::None,
        ] {
            settings.local.isolation = isolation;
            settings.local.spares = SpareSettings::default();
            let executor = match LocalExecutor::probe(&settings) {
                Ok(executor) => executor,
                Err(error) => {
                    println!("{}: {error}", isolation.name());
                    continue;
                }
            };
            let cold = measured(|| runtime.block_on(first_line(&executor, &settings, program)))?;
            tell(&format!("{}{with}", isolation.name()), &cold, Some(&reference));
            settings.local.spares = SpareSettings {
                read_only: 1,
                write_access: 0,
                preload: match with {
                    "" => vec!["time".to_owned()],
                    _ => vec!["time".to_owned(), "numpy".to_owned()],
                },
            };
            let executor = LocalExecutor::probe(&settings)?;
            runtime.block_on(async { executor.keep_spares(TIME) });
            runtime.block_on(executor.spares_stand());
            if executor.spares(ExecutionMode::ReadOnly) == 0 {
                continue;
            }
            let warm = measured(|| {
                runtime.block_on(executor.spares_stand());
                runtime.block_on(first_line(&executor, &settings, program))
            })?;
            tell(
                &format!("{}{with}, spare", isolation.name()),
                &warm,
                Some(&reference),
            );
        }
    }
    settings.local.isolation = Isolation::Auto;
    settings.local.spares = SpareSettings {
        read_only: 1,
        ..SpareSettings::default()
    };
    let executor = LocalExecutor::probe(&settings)?;
    runtime.block_on(async { executor.keep_spares(TIME) });
    for number in 0..=MANY {
        if number % (MANY / 4) == 0 {
            println!("after {number} programs: the service has {} KiB", resident());
        }
        runtime.block_on(first_line(&executor, &settings, PROGRAM))?;
    }
    Ok(())
}

/// The most time of a program.
const TIME: Duration = Duration::from_secs(60);

/// How long a bare interpreter takes to the first line.
fn bare(settings: &ExecutionSettings, program: &str) -> Result<Duration, ExecutionError> {
    let since = now();
    let output = Command::new(&settings.local.python)
        .args(["-I", "-B", "-c", program])
        .output();
    match output {
        Ok(told) if told.status.success() => {
            Ok(said(&String::from_utf8_lossy(&told.stdout)).saturating_sub(since))
        }
        Ok(told) => Err(ExecutionError::Start(
            String::from_utf8_lossy(&told.stderr).into_owned(),
        )),
        Err(error) => Err(ExecutionError::Start(error.to_string())),
    }
}

/// How long a program takes to its first line.
async fn first_line(
    executor: &LocalExecutor,
    settings: &ExecutionSettings,
    program: &str,
) -> Result<Duration, ExecutionError> {
    let since = now();
    let job = Job {
        code: program.to_owned(),
        access: Access::Read,
        trail: Arc::new(NoTrail),
        placement: Placement::default(),
        context: json!({}),
        folder: create_folder(&settings.workspace_dir, "bench", Timestamp::now())?,
        timeout: TIME,
    };
    let program = executor.prepare(job).await?;
    let execution = program.run(CancellationToken::new()).await;
    Ok(said(&execution.stdout).saturating_sub(since))
}

/// The memory of this process, in KiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0)
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

fn tell(what: &str, times: &[Duration], reference: Option<&[Duration]>) {
    let at = |times: &[Duration], quantile: f64| {
        times[(times.len() as f64 * quantile) as usize].as_secs_f64() * 1000.0
    };
    let (half, least) = (at(times, 0.5), at(times, 0.0));
    print!(
        "{what}: to the first line p50 {half:.1} ms, p90 {:.1} ms, least {least:.1} ms",
        at(times, 0.9)
    );
    match reference {
        Some(reference) => println!(
            "; beyond the bare interpreter p50 {:+.1} ms ({:.2} times), least {:+.1} ms ({:.2} times)",
            half - at(reference, 0.5),
            half / at(reference, 0.5),
            least - at(reference, 0.0),
            least / at(reference, 0.0)
        ),
        None => println!(),
    }
}
