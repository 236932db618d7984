//! A notebook of every attempt: what was asked, the code, what came of it.
//!
//! Notebooks are for reading. What comes from a requester, a model or a program stands in them as text that
//! no viewer renders: markdown is escaped, and nothing is put in as HTML.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use nbformat::v4::{
    Cell, CellId, CellMetadata, DisplayData, ErrorOutput, KernelSpec, LanguageInfo, Metadata,
    MultilineString, Notebook, Output,
};
use serde_json::{Value, json};

use super::{Artifact, Execution, ProgramEnd, collect::Workspace};
use crate::model::{CodeSha256, Finding, Timestamp};

/// The most bytes of one figure that is put into a notebook; a larger one is named instead.
const MAX_FIGURE_BYTES: u64 = 4 << 20;

/// The most bytes of all figures of one notebook.
const MAX_FIGURES_BYTES: u64 = 16 << 20;

/// The most characters of the results that a notebook shows.
const MAX_RESULTS: usize = 100_000;

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
    let notebook = notebook(content)?;
    let text = nbformat::serialize_notebook(&nbformat::Notebook::V4(notebook))
        .map_err(|error| NotebookError::Content(error.to_string()))?;
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
        media_type: "application/x-ipynb+json".to_owned(),
        bytes: text.len() as u64,
        sha256: CodeSha256::of(text.as_bytes()),
    })
}

fn notebook(content: &NotebookContent<'_>) -> Result<Notebook, NotebookError> {
    let mut cells = vec![markdown("task", &heading(content))?];
    if !content.findings.is_empty() {
        cells.push(markdown("findings", &findings(content.findings))?);
    }
    if let Some(error) = content.error {
        cells.push(markdown(
            "error",
            &format!("## What went wrong\n\n{}", quoted(error)),
        )?);
    }
    cells.push(Cell::Code {
        id: id("code")?,
        metadata: CellMetadata::default(),
        execution_count: content.execution.map(|_| 1),
        source: lines(content.code),
        outputs: content.execution.map(outputs).transpose()?.unwrap_or_default(),
    });
    if let Some(execution) = content.execution {
        cells.push(markdown("results", &outcome(execution))?);
    }
    Ok(Notebook {
        metadata: Metadata {
            kernelspec: Some(KernelSpec {
                display_name: "Python 3".to_owned(),
                name: "python3".to_owned(),
                language: Some("python".to_owned()),
                additional: Default::default(),
            }),
            language_info: Some(LanguageInfo {
                name: "python".to_owned(),
                version: None,
                codemirror_mode: None,
                additional: Default::default(),
            }),
            ..Metadata::default()
        },
        nbformat: 4,
        nbformat_minor: 5,
        cells,
    })
}

fn heading(content: &NotebookContent<'_>) -> String {
    let sha = CodeSha256::of(content.code.as_bytes());
    format!(
        "# Attempt {}: {}\n\n- written: {}\n- SHA-256 of the code: `{sha}`\n\nThe task, as the requester put it:\n\n{}",
        content.attempt,
        escaped(&content.stage.replace('_', " ")),
        content.created,
        quoted(content.task)
    )
}

fn findings(findings: &[Finding]) -> String {
    let mut text = "## Findings\n".to_owned();
    for finding in findings {
        text.push_str(&format!(
            "\n- line {}, column {}: {} ({})\n\n{}\n",
            finding.line,
            finding.column,
            escaped(&finding.explanation),
            escaped(&finding.rule),
            block(&finding.snippet)
        ));
    }
    text
}

fn outcome(execution: &Execution) -> String {
    let end = match &execution.end {
        ProgramEnd::Finished => "It came to its end.".to_owned(),
        ProgramEnd::Raised {
            error_type,
            message,
            line,
            ..
        } => {
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            format!("It raised {}{line}: {}", escaped(error_type), escaped(message))
        }
        ProgramEnd::Killed { reason, code } => {
            format!("It was killed ({}): {}", escaped(code), escaped(reason))
        }
    };
    let mut text = format!(
        "## Outcome\n\n{end}\n\n- it ran {:.3} s with {}\n- isolation: {}\n",
        execution.seconds,
        escaped(&execution.interpreter),
        escaped(&execution.isolation)
    );
    if execution.output_truncated {
        text.push_str("- its output was cut\n");
    }
    for note in &execution.notes {
        text.push_str(&format!("- {}\n", escaped(note)));
    }
    for artifact in &execution.artifacts {
        text.push_str(&format!(
            "- {} {}: {} bytes, SHA-256 `{}`\n",
            escaped(&artifact.kind),
            escaped(&artifact.path),
            artifact.bytes,
            artifact.sha256
        ));
    }
    text.push_str("\n## Results\n\n");
    match &execution.results {
        Some(results) => {
            let whole = serde_json::to_string_pretty(results).unwrap_or_default();
            let shown: String = whole.chars().take(MAX_RESULTS).collect();
            text.push_str(&block(&shown));
            if shown.len() < whole.len() {
                text.push_str("\nThe results are longer than what is shown here.\n");
            }
        }
        None => text.push_str("There are none.\n"),
    }
    text
}

fn outputs(execution: &Execution) -> Result<Vec<Output>, NotebookError> {
    let stream = |name: &str, text: &str| Output::Stream {
        name: name.to_owned(),
        text: MultilineString(plain(text)),
    };
    let mut outputs = Vec::new();
    for output in &execution.outputs {
        outputs.push(match output {
            super::Output::Stream { name, text } => stream(name, text),
            super::Output::Display { data } => {
                let (media_type, form) = harmless(data);
                Output::DisplayData(display(media_type, form)?)
            }
        });
    }
    for (name, text) in [("stdout", &execution.stdout), ("stderr", &execution.stderr)] {
        if !text.is_empty() && execution.outputs.is_empty() {
            outputs.push(stream(name, text));
        }
    }
    let mut room = MAX_FIGURES_BYTES;
    for figure in &execution.artifacts {
        if figure.kind == "figure"
            && figure.media_type == "image/png"
            && figure.bytes <= room.min(MAX_FIGURE_BYTES)
        {
            room -= figure.bytes;
            // A figure that is no longer what was hashed is not shown.
            if let Some(bytes) = Workspace::reread(&execution.folder, figure) {
                outputs.push(Output::DisplayData(display(
                    "image/png",
                    json!(BASE64.encode(bytes)),
                )?));
            }
        }
    }
    match &execution.end {
        ProgramEnd::Finished => {}
        ProgramEnd::Raised {
            error_type,
            message,
            traceback,
            ..
        } => {
            outputs.push(Output::Error(ErrorOutput {
                ename: plain(error_type),
                evalue: plain(message),
                traceback: traceback.lines().map(plain).collect(),
            }));
        }
        ProgramEnd::Killed { reason, code } => outputs.push(Output::Error(ErrorOutput {
            ename: code.clone(),
            evalue: reason.clone(),
            traceback: vec![reason.clone()],
        })),
    }
    Ok(outputs)
}

/// The form of what a program showed that a notebook can hold: an image of dots, or text. What a viewer would
/// render is shown as its source.
fn harmless(forms: &BTreeMap<String, Value>) -> (&'static str, Value) {
    for media_type in ["image/png", "image/jpeg"] {
        let dots = forms.get(media_type).and_then(Value::as_str);
        if let Some(dots) = dots.filter(|dots| BASE64.decode(dots.replace('\n', "")).is_ok()) {
            return (media_type, json!(dots));
        }
    }
    let source = [
        "text/html",
        "image/svg+xml",
        "text/markdown",
        "text/latex",
        "text/plain",
    ]
    .into_iter()
    .find_map(|media_type| forms.get(media_type)?.as_str());
    let text = match forms.get("application/json") {
        Some(form) => serde_json::to_string_pretty(form).unwrap_or_default(),
        None => source.unwrap_or_default().to_owned(),
    };
    ("text/plain", json!(plain(&text)))
}

fn display(media_type: &str, data: Value) -> Result<DisplayData, NotebookError> {
    serde_json::from_value(json!({"data": {media_type: data}, "metadata": {}}))
        .map_err(|error| NotebookError::Content(error.to_string()))
}

fn markdown(name: &str, text: &str) -> Result<Cell, NotebookError> {
    Ok(Cell::Markdown {
        id: id(name)?,
        metadata: CellMetadata::default(),
        source: lines(text),
        attachments: None,
    })
}

fn id(name: &str) -> Result<CellId, NotebookError> {
    CellId::new(name).map_err(|error| NotebookError::Content(error.to_owned()))
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// Text without what steers a terminal or reorders letters: such characters are shown by their code.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        let steers = letter.is_control() && !matches!(letter, '\n' | '\t')
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if steers {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}

/// Text on one line, in which no character means anything to markdown or HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        match letter {
            '\n' | '\t' => safe.push(' '),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            letter if letter.is_ascii_punctuation() => {
                safe.push('\\');
                safe.push(letter);
            }
            letter => safe.push(letter),
        }
    }
    safe
}

/// Text of several lines as a block that is shown as it is.
fn quoted(text: &str) -> String {
    if text.trim().is_empty() {
        "(nothing)".to_owned()
    } else {
        block(text)
    }
}

/// A fenced block; the fence is longer than any run of backticks in the text, so that nothing ends it early.
fn block(text: &str) -> String {
    let text = plain(text);
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}\n")
}
