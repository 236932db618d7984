//! The configuration, looked at.

use std::{fs, io, path::PathBuf};

use serde_json::json;

use crate::{
    analysis::Analyzer,
    config::{Config, ConfigError, ExecutionMethod},
    execution::{
        Backend, Executor, JupyterExecutor, LocalExecutor, Placement,
        gateway::{Gateway, Limits, PvName},
    },
    generation::Registry,
    service::ServiceError,
};

use super::{arguments::Globals, exit, fault::Fault, output::Output, render};

/// Prints the resolved configuration, what to know about it, and what keeps it from being used.
pub(super) fn config(output: Output, globals: &Globals) -> Result<u8, Fault> {
    let mut config = Config::load(globals.config.as_deref())?;
    if let Some(directory) = &globals.data_dir {
        config.set_data_dir(directory);
    }
    let mut problems = problems(&config);
    problems.extend(unwritable(&config));
    // A server that the file does not name is told of above.
    let nowhere =
        config.execution.method == ExecutionMethod::Container && config.execution.container.url.is_empty();
    let programs = match nowhere {
        true => None,
        false => match tried_out(&config) {
            Ok(backend) => Some(backend),
            Err(problem) => {
                problems.push(format!("programs can't run: {problem}"));
                None
            }
        },
    };
    if output.json {
        output.value(&json!({
            "file": config.file,
            "ok": problems.is_empty(),
            "config": config.display(),
            "notes": config.notes,
            "problems": problems,
            "programs": programs,
        }))?;
    } else {
        output.text(&render::configuration(&config, programs.as_ref(), &problems))?;
    }
    Ok(match problems.is_empty() {
        true => exit::DONE,
        false => exit::USAGE,
    })
}

/// What programs run in here, found by running one in the sandbox or by asking the Jupyter server, as the
/// service does. Directories
/// that this needs and that were not there are gone again afterwards.
fn tried_out(config: &Config) -> Result<Backend, String> {
    let mut settings = config.execution.clone();
    let absolute = |path: &PathBuf| -> Result<PathBuf, String> {
        std::path::absolute(path).map_err(|error: io::Error| format!("{}: {error}", path.display()))
    };
    settings.workspace_dir = absolute(&settings.workspace_dir)?;
    settings.local.python = absolute(&settings.local.python)?;
    let missing: Vec<PathBuf> = settings
        .workspace_dir
        .ancestors()
        .take_while(|directory| !directory.exists())
        .map(PathBuf::from)
        .collect();
    let placement = Placement::default();
    let gateway = Gateway::new(config.control_system.clone());
    let probed = match settings.method {
        ExecutionMethod::Local => {
            LocalExecutor::probe(&settings).map(|it| it.with_gateway(&gateway).backend(&placement))
        }
        ExecutionMethod::Container => {
            JupyterExecutor::probe(&settings).map(|it| it.with_gateway(&gateway).backend(&placement))
        }
    };
    for directory in missing {
        // Only an empty directory goes: what another process has put there by now stays.
        let _ = fs::remove_dir(directory);
    }
    probed.map_err(|error| error.to_string())
}

/// What would keep approved programs from writing: limits and interlocks that cannot be used.
fn unwritable(config: &Config) -> Vec<String> {
    let settings = &config.control_system;
    let limits = Limits::load(&settings.limits);
    let limits = limits
        .problems()
        .iter()
        .map(|problem| format!("limits: {problem}"));
    let interlocks = settings.interlocks.iter().filter_map(|interlock| {
        let error = PvName::parse(&interlock.pv).err()?;
        Some(format!("control_system.interlocks: {}: {error}", interlock.pv))
    });
    limits.chain(interlocks).collect()
}

/// Everything that would keep the service from being opened.
fn problems(config: &Config) -> Vec<String> {
    let mut problems: Vec<String> = match config.check_startable() {
        Ok(()) => Vec::new(),
        Err(error @ ConfigError::Unreadable { .. }) => vec![error.to_string()],
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    };
    if let Err(error) = Analyzer::new(&config.analysis) {
        problems.push(ServiceError::from(error).to_string());
    }
    // What the configuration itself says against the generator stands above.
    if problems.is_empty()
        && let Err(error) = Registry::builtin().create(&config.generation)
    {
        problems.push(ServiceError::from(error).to_string());
    }
    problems
}
