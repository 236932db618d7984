//! A notebook of every attempt: what was asked, the code, what came of it; and the same as a page of HTML.
//!
//! Both are for reading. What comes from a requester, a model or a program stands in them as text that no viewer
//! renders: markdown and HTML are escaped, and what steers a terminal is left out or shown by its code.

mod cells;
mod html;
mod story;
mod text;

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{Artifact, Execution};
use crate::model::{CodeSha256, Finding, Timestamp};

/// What a notebook tells.
#[derive(Debug, Clone)]
pub struct NotebookContent<'a> {
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How far it came: `awaiting_approval`, `syntax_error`, `execution_failed`, `completed` …
    pub stage: &'a str,
    /// When the notebook was written.
    pub created: Timestamp,
    /// What was asked for, in the requester's words.
    pub task: &'a str,
    /// The code.
    pub code: &'a str,
    /// The analysis's findings.
    pub findings: &'a [Finding],
    /// What went wrong, where it was not the program's run that did.
    pub error: Option<&'a str>,
    /// How it ran, if it did.
    pub execution: Option<&'a Execution>,
}

/// Why a notebook could not be written.
#[derive(Debug, thiserror::Error)]
pub enum NotebookError {
    /// The file could not be written.
    #[error("the notebook could not be written: {0}")]
    File(#[from] io::Error),
    /// The notebook could not be put together.
    #[error("the notebook could not be put together: {0}")]
    Content(String),
}

/// Writes the notebook of one attempt as `path`, which must not exist yet and whose directories are made as
/// needed; gives it as an artifact with its file name as path.
///
/// # Errors
/// See [`NotebookError`].
pub fn write_notebook(path: &Path, content: &NotebookContent<'_>) -> Result<Artifact, NotebookError> {
    let text = cells::notebook(&story::Story::of(content))?;
    write(path, &text, "application/x-ipynb+json")
}

/// Writes what a notebook tells as a page of HTML that needs nothing else; otherwise as [`write_notebook`].
///
/// # Errors
/// See [`NotebookError`].
pub fn write_notebook_html(path: &Path, content: &NotebookContent<'_>) -> Result<Artifact, NotebookError> {
    write(path, &html::page(&story::Story::of(content)), "text/html")
}

fn write(path: &Path, text: &str, media_type: &str) -> Result<Artifact, NotebookError> {
    if let Some(parent) = path.parent() {
        super::workspace::private_dir(parent, true)?;
    }
    let mut file: File = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(Artifact {
        path: path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        kind: "notebook".to_owned(),
        media_type: media_type.to_owned(),
        bytes: text.len() as u64,
        sha256: CodeSha256::of(text.as_bytes()),
    })
}
