//! What a program shows while it runs: text, and things richer than text.

use std::collections::BTreeMap;

use serde_json::Value;

use super::wire::Message;
use crate::execution::Output;

/// The most outputs that are kept in their order.
const MAX_OUTPUTS: usize = 1_000;

/// How a server's word begins that it passes on no more, because a kernel says too much at once.
const LIMITED: [&str; 2] = ["IOPub data rate exceeded", "IOPub message rate exceeded"];

/// The forms of an output that are kept.
const MEDIA: [&str; 8] = [
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "application/json",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
];

/// What has been shown so far.
#[derive(Debug)]
pub(super) struct Shown {
    /// Standard output.
    pub(super) stdout: String,
    /// Standard error.
    pub(super) stderr: String,
    /// Whether text was cut.
    pub(super) truncated: bool,
    /// An exception that the kernel itself tells of: name, text, traceback.
    pub(super) error: Option<(String, String, String)>,
    outputs: Vec<Output>,
    rich_bytes: usize,
    left_out: usize,
    /// The most bytes of each stream, and of all rich outputs.
    most: usize,
}

impl Shown {
    /// Nothing yet; at most `most` bytes of each stream, and of all rich outputs.
    pub(super) fn new(most: usize) -> Self {
        Self {
            stdout: String::new(),
            stderr: String::new(),
            truncated: false,
            error: None,
            outputs: Vec::new(),
            rich_bytes: 0,
            left_out: 0,
            most,
        }
    }

    /// Takes in a message of the program's.
    pub(super) fn take(&mut self, message: &Message) {
        match message.kind.as_str() {
            "stream" => self.stream(message.text("name"), message.text("text")),
            "display_data" | "execute_result" | "update_display_data" => self.display(&message.content),
            "error" => {
                let lines = message.content.get("traceback").and_then(Value::as_array);
                let lines = lines.into_iter().flatten().filter_map(Value::as_str);
                self.error = Some((
                    message.text("ename").to_owned(),
                    message.text("evalue").to_owned(),
                    lines.collect::<Vec<_>>().join("\n"),
                ));
            }
            _ => {}
        }
    }

    /// The outputs in their order, if there is more than text among them, and a note on those left out.
    pub(super) fn outputs(self, notes: &mut Vec<String>) -> Vec<Output> {
        if self.left_out > 0 {
            notes.push(format!(
                "{} outputs were left out: there were more than {MAX_OUTPUTS}, or more than {} bytes",
                self.left_out, self.most
            ));
        }
        match self.rich_bytes {
            0 => Vec::new(),
            _ => self.outputs,
        }
    }

    fn stream(&mut self, name: &str, text: &str) {
        // A program that says this itself has itself to blame.
        if name == "stderr" && LIMITED.iter().any(|word| text.trim_start().starts_with(word)) {
            self.truncated = true;
            return;
        }
        let (name, kept) = match name {
            "stderr" => ("stderr", &mut self.stderr),
            _ => ("stdout", &mut self.stdout),
        };
        let text = start(text, self.most.saturating_sub(kept.len()), &mut self.truncated);
        if text.is_empty() {
            return;
        }
        kept.push_str(text);
        let room = self.outputs.len() < MAX_OUTPUTS;
        match self.outputs.last_mut() {
            Some(Output::Stream {
                name: last,
                text: before,
            }) if last == name => before.push_str(text),
            _ if room => self.outputs.push(Output::Stream {
                name: name.to_owned(),
                text: text.to_owned(),
            }),
            _ => {}
        }
    }

    fn display(&mut self, content: &Value) {
        let forms = content.get("data").and_then(Value::as_object);
        let data: BTreeMap<String, Value> = forms
            .into_iter()
            .flatten()
            .filter(|(media, form)| {
                MEDIA.contains(&media.as_str()) && (form.is_string() || *media == "application/json")
            })
            .map(|(media, form)| (media.clone(), form.clone()))
            .collect();
        if data.is_empty() {
            return;
        }
        let bytes: usize = data
            .iter()
            .map(|(media, form)| media.len() + form.as_str().map_or_else(|| form.to_string().len(), str::len))
            .sum();
        if self.outputs.len() >= MAX_OUTPUTS || self.rich_bytes.saturating_add(bytes) > self.most {
            self.left_out += 1;
            return;
        }
        self.rich_bytes += bytes;
        self.outputs.push(Output::Display { data });
    }
}

/// The start of `text` that has room.
fn start<'a>(text: &'a str, room: usize, cut: &mut bool) -> &'a str {
    if text.len() <= room {
        return text;
    }
    *cut = true;
    let end = (0..=room)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0);
    &text[..end]
}
