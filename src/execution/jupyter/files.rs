//! Fetches what a program left in its kernel, piece by piece, into the run's own folder.
//!
//! The program ran where this comes from and could have forged all of it: names and sizes are taken for what
//! they are worth, and nothing is written but beneath the directory the service has made for this start.

use std::path::{Component, Path, PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{fs, io::AsyncWriteExt};

use super::{
    kernel::{Kernel, KernelError},
    program::POST,
};
use crate::execution::{
    collect::{Bounds, MAX_OUTCOME_BYTES, OUTCOME},
    workspace::private_dir,
};

/// The most bytes of the list of files.
const MAX_LIST: u64 = 16 << 20;

/// How deep directories may be nested.
const MAX_DEPTH: usize = 16;

#[derive(Deserialize)]
struct List {
    files: Vec<(String, u64)>,
    #[serde(default)]
    notes: Vec<String>,
}

/// Fetches the program's files within `bounds` into `work`; notes say what was left out.
///
/// # Errors
/// The kernel no longer answers.
pub(super) async fn fetch(
    kernel: &mut Kernel,
    bounds: &Bounds,
    work: &Path,
    notes: &mut Vec<String>,
) -> Result<(), KernelError> {
    let call = format!(
        "{POST}.files({}, {}, {})",
        bounds.files, bounds.file_bytes, bounds.total_bytes
    );
    let answer = kernel.ask(&call).await?;
    let bytes = answer.get("bytes").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if bytes > MAX_LIST {
        return Err(KernelError::Answer("its list of files is too long".to_owned()));
    }
    let mut text = Vec::new();
    while (text.len() as u64) < bytes {
        let piece = piece(kernel, &format!("{POST}.listing({})", text.len())).await?;
        if piece.is_empty() {
            break;
        }
        text.extend(piece);
    }
    let list: List = serde_json::from_slice(&text)
        .map_err(|error| KernelError::Answer(format!("its list of files is damaged: {error}")))?;
    notes.extend(
        list.notes
            .into_iter()
            .take(100)
            .map(|note| note.chars().take(500).collect()),
    );
    let mut total = 0u64;
    for (name, size) in list.files.into_iter().take(bounds.files) {
        let most = match name == OUTCOME {
            true => MAX_OUTCOME_BYTES,
            false => bounds.file_bytes.min(bounds.total_bytes.saturating_sub(total)),
        };
        let Some(path) = inner(&name).filter(|_| size <= most) else {
            notes.push(format!(
                "{:?} was left out: its name or its size is not allowed",
                shown(&name)
            ));
            continue;
        };
        total = total.saturating_add(size);
        let path = work.join(path);
        let copied = copy(kernel, &name, size, &path).await;
        if let Err(Fault::Kernel(_)) = copied {
            // Half a file is none.
            let _ = fs::remove_file(&path).await;
        }
        match copied {
            Ok(()) => {}
            Err(Fault::Kernel(KernelError::Answer(reason))) => {
                notes.push(format!("{:?} was left out: {reason}", shown(&name)));
            }
            Err(Fault::Kernel(error)) => return Err(error),
            Err(Fault::File(error)) => notes.push(format!("{:?} was left out: {error}", shown(&name))),
        }
    }
    Ok(())
}

enum Fault {
    Kernel(KernelError),
    File(std::io::Error),
}

async fn copy(kernel: &mut Kernel, name: &str, size: u64, path: &Path) -> Result<(), Fault> {
    if let Some(parent) = path.parent() {
        private_dir(parent, true).map_err(Fault::File)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    let mut file = options.open(path).await.map_err(Fault::File)?;
    let mut written = 0u64;
    while written < size {
        // A JSON text is a Python text too, but for what lies beyond its escapes; base64 is in both.
        let call = format!("{POST}.piece({}, {written})", json!(BASE64.encode(name)));
        let piece = piece(kernel, &call).await.map_err(Fault::Kernel)?;
        if piece.is_empty() {
            break;
        }
        let room = usize::try_from(size - written).unwrap_or(usize::MAX);
        let piece = &piece[..piece.len().min(room)];
        file.write_all(piece).await.map_err(Fault::File)?;
        written += piece.len() as u64;
    }
    file.flush().await.map_err(Fault::File)
}

async fn piece(kernel: &mut Kernel, call: &str) -> Result<Vec<u8>, KernelError> {
    let answer = kernel.ask(call).await?;
    let text = answer.get("base64").and_then(Value::as_str).unwrap_or_default();
    BASE64
        .decode(text)
        .map_err(|error| KernelError::Answer(error.to_string()))
}

/// The name as a path that stays where it is put.
fn inner(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)))
        && path.components().count() <= MAX_DEPTH
        && name.len() <= 4_000
        && !name.is_empty()
        && !name.contains(char::is_control);
    plain.then(|| path.to_path_buf())
}

fn shown(name: &str) -> String {
    name.chars().take(200).collect()
}
