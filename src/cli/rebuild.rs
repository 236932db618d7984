//! A store made anew from its export log.

use std::path::Path;

use serde_json::json;

use crate::{
    config::Config,
    service::ServiceError,
    store::{self, verify_export},
};

use super::{arguments::Globals, exit, fault::Fault, output::Output};

/// Checks the log, and makes a store of it.
pub(super) fn store(output: Output, globals: &Globals, log: &Path, into: &Path) -> Result<u8, Fault> {
    let config = Config::load(globals.config.as_deref()).map_err(ServiceError::from)?;
    let found = verify_export(log).map_err(ServiceError::from)?;
    if let Some(problem) = found.problems.first() {
        let damaged = store::StoreError::Damaged {
            path: log.to_owned(),
            what: problem.to_string(),
        };
        return Err(ServiceError::from(damaged).into());
    }
    store::rebuild(log, into, &config.store).map_err(ServiceError::from)?;
    match output.json {
        true => {
            output.value(&json!({ "threads": found.threads, "records": found.records, "store": into }))?
        }
        false => output.text(&format!(
            "A store of {} threads and {} records stands in {}.\n",
            found.threads,
            found.records,
            into.display()
        ))?,
    }
    Ok(exit::DONE)
}
