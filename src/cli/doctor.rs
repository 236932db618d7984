//! What this host offers, and what is missing.

use crate::{config::Config, execution::HostReport};

use super::{arguments::Globals, exit, fault::Fault, output::Output, render};

/// Looks at the host and tells what was found; a host on which no program can run is a failure.
pub(super) fn host(output: Output, globals: &Globals) -> Result<u8, Fault> {
    let config = Config::load(globals.config.as_deref())?;
    let report = HostReport::of(&config.execution);
    match output.json {
        true => output.value(&report)?,
        false => output.text(&render::host(&report))?,
    }
    Ok(match report.isolation {
        Some(_) => exit::DONE,
        None => exit::FAILED,
    })
}
