//! Jupyter's messages, and the two forms they take in a WebSocket.
//!
//! Only what is used of a message is looked at, so that a field a kernel leaves out or adds does no harm.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The subprotocol with binary frames: an index of offsets, then the channel and the parts of the message.
pub(super) const BINARY: &str = "v1.kernel.websocket.jupyter.org";

/// The most parts of a message; what comes after the content are buffers, which are not used.
const MAX_PARTS: usize = 64;

/// How messages stand in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// [`BINARY`].
    Binary,
    /// One JSON text.
    Text,
}

/// What is sent to a kernel.
#[derive(Debug)]
pub(super) struct Request {
    /// Its own id, by which its answers are known.
    pub(super) id: String,
    channel: &'static str,
    kind: &'static str,
    parent: Value,
    content: Value,
}

impl Request {
    /// A request that is answered on its channel.
    pub(super) fn new(kind: &'static str, content: Value) -> Self {
        Self {
            id: Uuid::new_v4().simple().to_string(),
            channel: "shell",
            kind,
            parent: json!({}),
            content,
        }
    }

    /// The refusal of a question for standard input: at its end, as for every program.
    pub(super) fn no_input(question: &Message) -> Self {
        Self {
            channel: "stdin",
            parent: question.header.clone(),
            ..Self::new(
                "input_reply",
                json!({"status": "error", "ename": "EOFError", "evalue": "there is no input", "value": "\u{4}"}),
            )
        }
    }

    fn header(&self, session: &str) -> Value {
        json!({
            "msg_id": self.id,
            "msg_type": self.kind,
            "session": session,
            "username": "holdpoint",
            "date": jiff::Timestamp::now().to_string(),
            "version": "5.3",
        })
    }

    /// The message as a text frame.
    pub(super) fn text(&self, session: &str) -> String {
        json!({
            "channel": self.channel,
            "header": self.header(session),
            "parent_header": self.parent,
            "metadata": {},
            "content": self.content,
            "buffers": [],
        })
        .to_string()
    }

    /// The message as a binary frame.
    pub(super) fn binary(&self, session: &str) -> Vec<u8> {
        let parts = [
            self.channel.to_owned(),
            self.header(session).to_string(),
            self.parent.to_string(),
            "{}".to_owned(),
            self.content.to_string(),
        ];
        let count = parts.len() + 1;
        let mut offset = 8 * (1 + count);
        let mut frame = (count as u64).to_le_bytes().to_vec();
        frame.extend((offset as u64).to_le_bytes());
        for part in &parts {
            offset += part.len();
            frame.extend((offset as u64).to_le_bytes());
        }
        for part in &parts {
            frame.extend(part.as_bytes());
        }
        frame
    }
}

/// What a kernel, or its server, has sent.
#[derive(Debug)]
pub(super) struct Message {
    /// Its whole header.
    pub(super) header: Value,
    /// Its type.
    pub(super) kind: String,
    /// The id of the request it belongs to; empty if it belongs to none.
    pub(super) parent: String,
    /// What it says.
    pub(super) content: Value,
}

#[derive(Deserialize)]
struct Whole {
    header: Value,
    #[serde(default)]
    parent_header: Value,
    #[serde(default)]
    content: Value,
}

impl Message {
    /// Reads a text frame.
    pub(super) fn from_text(frame: &str) -> Result<Self, String> {
        let whole: Whole = serde_json::from_str(frame).map_err(|error| error.to_string())?;
        Self::assemble(whole.header, &whole.parent_header, whole.content)
    }

    /// Reads a binary frame.
    pub(super) fn from_binary(frame: &[u8], form: Form) -> Result<Self, String> {
        match form {
            Form::Binary => {
                let header = json_part(frame, 1)?;
                let parent = json_part(frame, 2)?;
                Self::assemble(header, &parent, json_part(frame, 4)?)
            }
            // Beside text frames a binary one brings a message with buffers: their offsets, then the text.
            Form::Text => {
                let number = |at: usize| -> Option<usize> {
                    let bytes = frame.get(at..at.checked_add(4)?)?;
                    Some(u32::from_be_bytes(bytes.try_into().ok()?) as usize)
                };
                let count = number(0).ok_or("a frame without an index")?;
                let start = number(4).ok_or("a frame without an index")?;
                let end = if count > 1 { number(8) } else { Some(frame.len()) };
                let text = end.and_then(|end| frame.get(start..end));
                let text = std::str::from_utf8(text.ok_or("a frame with a wrong index")?);
                Self::from_text(text.map_err(|error| error.to_string())?)
            }
        }
    }

    fn assemble(header: Value, parent: &Value, content: Value) -> Result<Self, String> {
        let word = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            kind: word(&header, "msg_type").ok_or("a message without a type")?,
            parent: word(parent, "msg_id").unwrap_or_default(),
            header,
            content,
        })
    }

    /// A text of the content; empty if there is none of that name.
    pub(super) fn text(&self, name: &str) -> &str {
        self.content.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// A part of a binary frame: 0 is the channel, then header, parent, metadata, content.
fn json_part(frame: &[u8], part: usize) -> Result<Value, String> {
    let number = |index: usize| -> Option<usize> {
        let at = index.checked_mul(8)?;
        let bytes = frame.get(at..at.checked_add(8)?)?;
        usize::try_from(u64::from_le_bytes(bytes.try_into().ok()?)).ok()
    };
    let count = number(0).ok_or("a frame without an index")?;
    if !(6..=MAX_PARTS).contains(&count) {
        return Err(format!("a frame of {count} parts"));
    }
    let bounds = number(1 + part).zip(number(2 + part));
    let bytes = bounds.and_then(|(start, end)| frame.get(start..end));
    serde_json::from_slice(bytes.ok_or("a frame with a wrong index")?).map_err(|error| error.to_string())
}

/// What a kernel is asked to run.
#[derive(Debug, Serialize)]
pub(super) struct Execute<'a> {
    code: &'a str,
    silent: bool,
    store_history: bool,
    user_expressions: Value,
    allow_stdin: bool,
    stop_on_error: bool,
}

impl<'a> Execute<'a> {
    /// `code`, which leaves no trace in the kernel's history.
    pub(super) fn silent(code: &'a str) -> Self {
        Self {
            code,
            silent: true,
            store_history: false,
            user_expressions: json!({}),
            allow_stdin: false,
            stop_on_error: false,
        }
    }

    /// The value of an expression, which comes with the reply under the name `answer`.
    pub(super) fn expression(expression: &str) -> Self {
        Self {
            user_expressions: json!({"answer": expression}),
            ..Self::silent("")
        }
    }

    /// The request.
    pub(super) fn request(&self) -> Request {
        Request::new(
            "execute_request",
            serde_json::to_value(self).unwrap_or(Value::Null),
        )
    }
}
