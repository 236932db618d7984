//! The proof, of the store or of an export log alone.

use std::path::{Path, PathBuf};

use crate::{
    service::{ErrorReply, ProblemReply, ServiceCommand, ServiceError, VerifyReply},
    store::verify_export,
};

use super::{Work, exit, output::Output, render};

/// Verifies the store.
pub(super) async fn store(work: &Work) -> Result<u8, ErrorReply> {
    let found: VerifyReply = work.ask(ServiceCommand::Verify).await?;
    work.print(&found, render::verification)?;
    Ok(code(&found))
}

/// Verifies an export log by itself.
pub(super) fn export(output: Output, path: &Path) -> Result<u8, ErrorReply> {
    let log = log_in(path);
    let found = verify_export(&log).map_err(ServiceError::from)?;
    let reply = VerifyReply {
        ok: found.is_clean(),
        threads: found.threads,
        records: found.records,
        values: found.values,
        audit_entries: found.audit_entries,
        executions: Vec::new(),
        problems: found
            .problems
            .into_iter()
            .map(|problem| ProblemReply {
                thread_id: problem.thread,
                seq: problem.seq,
                what: problem.what,
            })
            .collect(),
    };
    match output.json {
        true => output.value(&reply)?,
        false => output.text(&render::verification(&reply))?,
    }
    Ok(code(&reply))
}

/// The log's own directory, or the one in the store or data directory that was named.
fn log_in(path: &Path) -> PathBuf {
    let inside = [path.join("store/log"), path.join("log")];
    inside
        .into_iter()
        .find(|log| log.is_dir())
        .unwrap_or_else(|| path.to_owned())
}

fn code(found: &VerifyReply) -> u8 {
    match found.ok {
        true => exit::DONE,
        false => exit::FAILED,
    }
}
