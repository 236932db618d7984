//! What there is to tell of an attempt, before it is a notebook or a page.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;

use super::{
    NotebookContent,
    text::{plain, printed},
};
use crate::{
    execution::{Artifact, Conduct, Execution, Output as Told, ProgramEnd, PutRecord, collect::Workspace},
    model::{CodeSha256, Finding, PutOutcome},
};

/// The most bytes of one figure that is shown; a larger one is named instead.
const MAX_FIGURE_BYTES: u64 = 2 << 20;

/// The most figures that are shown.
const MAX_FIGURES: usize = 16;

/// The most characters of the results that are shown.
const MAX_RESULTS: usize = 100_000;

/// The most puts that are listed.
const MAX_PUTS: usize = 100;

/// A part of a line.
#[derive(Debug, Clone)]
pub(super) enum Span {
    Text(String),
    Code(String),
}

impl From<String> for Span {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// A part of what is told. Nothing in it is markup.
#[derive(Debug, Clone)]
pub(super) enum Block {
    Heading(u8, String),
    Line(String),
    List(Vec<Vec<Span>>),
    Verbatim(String),
}

/// Some blocks under one name.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) blocks: Vec<Block>,
}

/// What running the code gave.
#[derive(Debug)]
pub(super) enum Output {
    Stream {
        name: String,
        text: String,
    },
    /// An image of dots that the program showed: its media type and, in base64, itself.
    Image {
        media_type: &'static str,
        base64: String,
    },
    /// Something else that the program showed, as text.
    Shown(String),
    Figure {
        path: String,
        png: Vec<u8>,
    },
    /// `json` is left out where it is too long to show.
    Results {
        json: Option<Value>,
        text: String,
    },
    Error {
        name: String,
        message: String,
        traceback: Vec<String>,
    },
}

/// All of it, in order.
#[derive(Debug)]
pub(super) struct Story<'a> {
    pub(super) title: String,
    pub(super) before: Vec<Section>,
    pub(super) code: &'a str,
    pub(super) ran: bool,
    pub(super) outputs: Vec<Output>,
    pub(super) after: Vec<Section>,
}

impl<'a> Story<'a> {
    pub(super) fn of(content: &NotebookContent<'a>) -> Self {
        let title = format!("Attempt {}: {}", content.attempt, content.stage.replace('_', " "));
        let mut before = vec![heading(content, &title)];
        if !content.findings.is_empty() {
            before.push(findings(content.findings));
        }
        if let Some(error) = content.error {
            before.push(Section {
                name: "error",
                blocks: vec![Block::Heading(2, "What went wrong".to_owned()), quoted(error)],
            });
        }
        let mut story = Self {
            title,
            before,
            code: content.code,
            ran: content.execution.is_some(),
            outputs: Vec::new(),
            after: Vec::new(),
        };
        if let Some(execution) = content.execution {
            let mut unshown = Vec::new();
            story.outputs = outputs(execution, &mut unshown);
            story.after.push(outcome(execution, unshown));
            if let Some(conduct) = &execution.conduct {
                story.after.push(control_system(conduct));
            }
        }
        story
    }
}

fn heading(content: &NotebookContent<'_>, title: &str) -> Section {
    let sha = CodeSha256::of(content.code.as_bytes());
    Section {
        name: "task",
        blocks: vec![
            Block::Heading(1, title.to_owned()),
            Block::List(vec![
                vec![format!("written: {}", content.created).into()],
                vec![
                    "SHA-256 of the code: ".to_owned().into(),
                    Span::Code(sha.to_string()),
                ],
            ]),
            Block::Line("The task, as the requester put it:".to_owned()),
            quoted(content.task),
        ],
    }
}

fn findings(findings: &[Finding]) -> Section {
    let mut blocks = vec![Block::Heading(2, "Findings".to_owned())];
    for finding in findings {
        let line = format!(
            "line {}, column {}: {} ({})",
            finding.line, finding.column, finding.explanation, finding.rule
        );
        blocks.push(Block::List(vec![vec![line.into()]]));
        blocks.push(Block::Verbatim(finding.snippet.clone()));
    }
    Section {
        name: "findings",
        blocks,
    }
}

fn outcome(execution: &Execution, unshown: Vec<String>) -> Section {
    let end = match &execution.end {
        ProgramEnd::Finished => "It came to its end.".to_owned(),
        ProgramEnd::Raised {
            error_type,
            message,
            line,
            ..
        } => {
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            format!("It raised {error_type}{line}: {message}")
        }
        ProgramEnd::Killed { reason, code } => format!("It was killed ({code}): {reason}"),
    };
    let mut facts: Vec<Vec<Span>> = vec![
        vec![format!("it ran {:.3} s with {}", execution.seconds, execution.interpreter).into()],
        vec![format!("isolation: {}", execution.isolation).into()],
    ];
    if execution.output_truncated {
        facts.push(vec!["its output was cut".to_owned().into()]);
    }
    if execution.results.is_none() {
        facts.push(vec!["it left no results".to_owned().into()]);
    }
    facts.extend(execution.notes.iter().map(|note| vec![note.clone().into()]));
    facts.extend(unshown.into_iter().map(|note| vec![note.into()]));
    facts.extend(execution.artifacts.iter().map(|file| {
        let line = format!("{} {}: {} bytes, SHA-256 ", file.kind, file.path, file.bytes);
        vec![line.into(), Span::Code(file.sha256.to_string())]
    }));
    Section {
        name: "outcome",
        blocks: vec![
            Block::Heading(2, "Outcome".to_owned()),
            Block::Line(end),
            Block::List(facts),
        ],
    }
}

fn control_system(conduct: &Conduct) -> Section {
    let mut lines = vec![format!(
        "{} puts were made, {} were refused",
        conduct.puts_total, conduct.refused_total
    )];
    lines.extend(conduct.puts.iter().take(MAX_PUTS).map(put));
    lines.extend(conduct.refused.iter().take(MAX_PUTS).map(|put| {
        let pv = put.pv.as_deref().unwrap_or("an unknown process variable");
        format!("refused: {pv}: {} ({})", put.reason, put.code)
    }));
    lines.extend(conduct.verified.iter().map(|verified| match verified.confirmed {
        true => format!("verified: {} holds {}", verified.pv, verified.wanted),
        false => format!("not verified: {} should hold {}", verified.pv, verified.wanted),
    }));
    lines.extend(conduct.notes.iter().cloned());
    Section {
        name: "control-system",
        blocks: vec![
            Block::Heading(2, "What it did to the control system".to_owned()),
            Block::List(lines.into_iter().map(|line| vec![line.into()]).collect()),
        ],
    }
}

fn put(put: &PutRecord) -> String {
    let old = match &put.old {
        Some(old) => old.to_string(),
        None => "an unknown value".to_owned(),
    };
    let how = match &put.outcome {
        Some(PutOutcome::Confirmed) => "confirmed".to_owned(),
        Some(PutOutcome::Sent) => "sent".to_owned(),
        Some(PutOutcome::Failed { status }) => format!("failed with status {status}"),
        Some(PutOutcome::Unknown { reason }) => format!("outcome unknown: {reason}"),
        None => "rehearsed".to_owned(),
    };
    format!("put {}: {}: {old} → {} ({how})", put.serial, put.pv, put.new)
}

/// What running the code gave; `unshown` says which figures are not in it, and why.
fn outputs(execution: &Execution, unshown: &mut Vec<String>) -> Vec<Output> {
    let mut outputs = Vec::new();
    for output in &execution.outputs {
        outputs.push(match output {
            Told::Stream { name, text } => Output::Stream {
                name: if name == "stderr" { "stderr" } else { "stdout" }.to_owned(),
                text: printed(text),
            },
            Told::Display { data } => harmless(data),
        });
    }
    for (name, text) in [("stdout", &execution.stdout), ("stderr", &execution.stderr)] {
        if !text.is_empty() && execution.outputs.is_empty() {
            outputs.push(Output::Stream {
                name: name.to_owned(),
                text: printed(text),
            });
        }
    }
    let mut shown = 0;
    for figure in execution.artifacts.iter().filter(|file| file.kind == "figure") {
        match png(execution, figure, shown) {
            Ok(png) => {
                shown += 1;
                let path = figure.path.clone();
                outputs.push(Output::Figure { path, png });
            }
            Err(reason) => unshown.push(format!("the figure {} is not shown: {reason}", figure.path)),
        }
    }
    if let Some(results) = &execution.results {
        let whole = serde_json::to_string_pretty(results).unwrap_or_default();
        outputs.push(match whole.char_indices().nth(MAX_RESULTS) {
            None => Output::Results {
                json: Some(results.clone()),
                text: plain(&whole),
            },
            Some((end, _)) => {
                let cut = plain(&whole[..end]);
                Output::Results {
                    json: None,
                    text: format!("{cut}\n… the results are longer than what is shown here"),
                }
            }
        });
    }
    match &execution.end {
        ProgramEnd::Finished => {}
        ProgramEnd::Raised {
            error_type,
            message,
            traceback,
            ..
        } => outputs.push(Output::Error {
            name: plain(error_type),
            message: printed(message),
            traceback: printed(traceback).lines().map(str::to_owned).collect(),
        }),
        ProgramEnd::Killed { reason, code } => outputs.push(Output::Error {
            name: code.clone(),
            message: plain(reason),
            traceback: vec![plain(reason)],
        }),
    }
    outputs
}

/// The form of what a program showed that can be shown again: an image of dots, or text. What a viewer would render
/// is shown as its source.
fn harmless(forms: &BTreeMap<String, Value>) -> Output {
    for media_type in ["image/png", "image/jpeg"] {
        let dots = forms.get(media_type).and_then(Value::as_str);
        let dots = dots.map(|dots| dots.replace(['\n', '\r'], ""));
        if let Some(base64) = dots.filter(|dots| BASE64.decode(dots).is_ok()) {
            return Output::Image { media_type, base64 };
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
    Output::Shown(plain(&text))
}

/// A figure's content, or why it is not shown.
fn png(execution: &Execution, figure: &Artifact, shown: usize) -> Result<Vec<u8>, String> {
    if figure.media_type != "image/png" {
        return Err("it is no PNG".to_owned());
    }
    if figure.bytes > MAX_FIGURE_BYTES {
        return Err(format!("it is larger than {} MiB", MAX_FIGURE_BYTES >> 20));
    }
    if shown == MAX_FIGURES {
        return Err(format!("there are more than {MAX_FIGURES}"));
    }
    Workspace::reread(&execution.folder, figure).ok_or_else(|| "it is no longer what was recorded".to_owned())
}

/// Text of several lines, shown as it is.
fn quoted(text: &str) -> Block {
    if text.trim().is_empty() {
        Block::Line("(nothing)".to_owned())
    } else {
        Block::Verbatim(text.to_owned())
    }
}
