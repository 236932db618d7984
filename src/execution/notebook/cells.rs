//! The story as the cells of a notebook, nbformat 4.5.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use nbformat::v4::{
    Cell, CellId, CellMetadata, ErrorOutput, KernelSpec, LanguageInfo, Metadata, MultilineString, Notebook,
    Output as CellOutput,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    NotebookError,
    story::{Block, Output, Section, Span, Story},
    text::plain,
};

/// The notebook as it stands in its file.
pub(super) fn notebook(story: &Story<'_>) -> Result<String, NotebookError> {
    let mut cells = Vec::new();
    for section in &story.before {
        cells.push(markdown(section)?);
    }
    cells.push(Cell::Code {
        id: id("code")?,
        metadata: CellMetadata::default(),
        execution_count: story.ran.then_some(1),
        source: lines(story.code),
        outputs: story.outputs.iter().map(output).collect::<Result<_, _>>()?,
    });
    for section in &story.after {
        cells.push(markdown(section)?);
    }
    let notebook = Notebook {
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
    };
    nbformat::serialize_notebook(&nbformat::Notebook::V4(notebook))
        .map_err(|error| NotebookError::Content(error.to_string()))
}

fn output(output: &Output) -> Result<CellOutput, NotebookError> {
    Ok(match output {
        Output::Stream { name, text } => CellOutput::Stream {
            name: name.clone(),
            text: MultilineString(text.clone()),
        },
        Output::Image { media_type, base64 } => {
            CellOutput::DisplayData(read(json!({"data": {*media_type: base64}, "metadata": {}}))?)
        }
        Output::Shown(text) => {
            CellOutput::DisplayData(read(json!({"data": {"text/plain": text}, "metadata": {}}))?)
        }
        Output::Figure { png, .. } => CellOutput::DisplayData(read(
            json!({"data": {"image/png": BASE64.encode(png)}, "metadata": {}}),
        )?),
        Output::Results { json, text } => {
            let mut data = json!({"text/plain": text});
            if let Some(json) = json {
                data["application/json"] = json.clone();
            }
            CellOutput::ExecuteResult(read(json!({"execution_count": 1, "data": data, "metadata": {}}))?)
        }
        Output::Error {
            name,
            message,
            traceback,
        } => CellOutput::Error(ErrorOutput {
            ename: name.clone(),
            evalue: message.clone(),
            traceback: traceback.clone(),
        }),
    })
}

/// The crate builds these from their JSON form alone.
fn read<T: DeserializeOwned>(value: Value) -> Result<T, NotebookError> {
    serde_json::from_value(value).map_err(|error| NotebookError::Content(error.to_string()))
}

fn markdown(section: &Section) -> Result<Cell, NotebookError> {
    let blocks: Vec<String> = section.blocks.iter().map(block).collect();
    Ok(Cell::Markdown {
        id: id(section.name)?,
        metadata: CellMetadata::default(),
        source: lines(&blocks.join("\n\n")),
        attachments: None,
    })
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(level, text) => format!("{} {}", "#".repeat(usize::from(*level)), escaped(text)),
        Block::Line(text) => escaped(text),
        Block::List(items) => {
            let items = items.iter().map(|spans| {
                let spans = spans.iter().map(|span| match span {
                    Span::Text(text) => escaped(text),
                    // Digests alone: there is no backtick in them.
                    Span::Code(text) => format!("`{text}`"),
                });
                format!("- {}", spans.collect::<String>())
            });
            items.collect::<Vec<_>>().join("\n")
        }
        Block::Verbatim(text) => fenced(text),
    }
}

fn id(name: &str) -> Result<CellId, NotebookError> {
    CellId::new(name).map_err(|error| NotebookError::Content(error.to_owned()))
}

fn lines(text: &str) -> Vec<String> {
    text.split_inclusive('\n').map(str::to_owned).collect()
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

/// A fenced block; the fence is longer than any run of backticks in the text, so that nothing ends it early.
fn fenced(text: &str) -> String {
    let text = plain(text);
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}
