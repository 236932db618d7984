//! A position of the audit log, to be kept elsewhere.

use std::path::Path;

use crate::service::{Anchor, ErrorKind, ServiceCommand};

use super::{Work, exit, fault::Fault, fault::fault, request::text};

/// Prints the last position of the audit log, signed if a key is given. It is JSON either way: what
/// is kept must be readable again.
pub(super) async fn make(work: &Work, key: Option<&Path>) -> Result<u8, Fault> {
    let pem = key.map(text).transpose()?;
    let anchor: Anchor = work.ask(ServiceCommand::Anchor { seq: None }).await?;
    let anchor = match pem {
        Some(pem) => anchor
            .signed(&pem)
            .map_err(|error| fault(ErrorKind::Usage, "anchor", error))?,
        None => anchor,
    };
    work.output.value(&anchor)?;
    Ok(exit::DONE)
}

/// Checks an anchor that was kept: its signature, and that the store still holds that entry.
pub(super) async fn check(work: &Work, file: &Path, key: Option<&str>) -> Result<u8, Fault> {
    let kept: Anchor = serde_json::from_str(&text(file)?)
        .map_err(|error| fault(ErrorKind::Usage, "anchor", format!("{}: {error}", file.display())))?;
    let wrong = |message: String| fault(ErrorKind::Failed, "anchor", message);
    kept.check_signature(key)
        .map_err(|error| wrong(error.to_string()))?;
    let found: Result<Anchor, Fault> = work.ask(ServiceCommand::Anchor { seq: Some(kept.seq) }).await;
    let found = found.map_err(|error| match error.kind {
        // The store was cut off, or is another one: the anchor does not fit it.
        ErrorKind::NotFound => wrong(error.message),
        _ => error,
    })?;
    if found.hash != kept.hash {
        return Err(wrong(format!(
            "the audit log was written anew: its entry {} is {}, and {} was kept",
            kept.seq, found.hash, kept.hash
        )));
    }
    work.print(&found, |found| {
        format!(
            "The audit log still holds entry {} of {}, and everything before it.\n",
            found.seq, found.at
        )
    })?;
    Ok(exit::DONE)
}
