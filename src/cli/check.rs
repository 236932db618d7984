//! The configuration, looked at.

use serde_json::json;

use crate::{
    analysis::Analyzer,
    config::{Config, ConfigError},
    generation::Registry,
    service::{ErrorReply, ServiceError},
};

use super::{arguments::Globals, exit, output::Output, render};

/// Prints the resolved configuration, what to know about it, and what keeps it from being used.
pub(super) fn config(output: Output, globals: &Globals) -> Result<u8, ErrorReply> {
    let mut config = Config::load(globals.config.as_deref())?;
    if let Some(directory) = &globals.data_dir {
        config.set_data_dir(directory);
    }
    let problems = problems(&config);
    if output.json {
        output.value(&json!({
            "file": config.file,
            "ok": problems.is_empty(),
            "config": config.display(),
            "notes": config.notes,
            "problems": problems,
        }))?;
    } else {
        output.text(&render::configuration(&config, &problems))?;
    }
    Ok(match problems.is_empty() {
        true => exit::DONE,
        false => exit::USAGE,
    })
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
