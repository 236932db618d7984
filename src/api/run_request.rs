//! What a client asks of a run, read once and strictly where it matters: an answer that can't be read is refused.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    engine::Durability,
    graph::END,
    model::{Command, Resume, ThreadId},
    service::{Assistant, Launch, Work},
};

use super::{
    assistants,
    error::ApiError,
    state::Door,
    threads::{Place, placed},
};

/// A run's body. Keys that mean nothing here are left alone, as clients send many.
#[derive(Debug, Deserialize)]
pub(super) struct RunBody {
    assistant_id: String,
    input: Option<Value>,
    command: Option<Map<String, Value>>,
    config: Option<Map<String, Value>>,
    context: Option<Value>,
    metadata: Option<Map<String, Value>>,
    stream_mode: Option<OneOrMore>,
    stream_subgraphs: Option<bool>,
    stream_resumable: Option<bool>,
    interrupt_before: Option<OneOrMore>,
    interrupt_after: Option<OneOrMore>,
    checkpoint: Option<Place>,
    checkpoint_id: Option<String>,
    multitask_strategy: Option<String>,
    if_not_exists: Option<String>,
    on_disconnect: Option<String>,
    on_completion: Option<String>,
    after_seconds: Option<Value>,
    webhook: Option<Value>,
    durability: Option<String>,
    checkpoint_during: Option<bool>,
}

/// A word, or a list of words.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn words(self) -> Vec<String> {
        match self {
            Self::One(word) => vec![word],
            Self::More(words) => words,
        }
    }
}

/// What a stream tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    Values,
    Updates,
    Custom,
    Messages,
    MessagesTuple,
    Tasks,
    Checkpoints,
    Debug,
    Events,
}

impl Mode {
    const ALL: [(&'static str, Mode); 9] = [
        ("values", Self::Values),
        ("updates", Self::Updates),
        ("custom", Self::Custom),
        ("messages", Self::Messages),
        ("messages-tuple", Self::MessagesTuple),
        ("tasks", Self::Tasks),
        ("checkpoints", Self::Checkpoints),
        ("debug", Self::Debug),
        ("events", Self::Events),
    ];

    /// The modes called `words`; `values` if there are none.
    pub(super) fn read(words: &[String]) -> Result<BTreeSet<Self>, ApiError> {
        let mut modes = BTreeSet::new();
        for word in words {
            let known = Self::ALL.iter().find(|(name, _)| name == word);
            let (_, mode) = known.ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
                ApiError::invalid(format!(
                    "stream_mode is one of {}, not {word:?}",
                    names.join(", ")
                ))
            })?;
            modes.insert(*mode);
        }
        if modes.is_empty() {
            modes.insert(Self::Values);
        }
        Ok(modes)
    }
}

/// A run, as a client wants it.
#[derive(Debug)]
pub(super) struct RunRequest {
    pub(super) launch: Launch,
    pub(super) assistant: Assistant,
    pub(super) modes: BTreeSet<Mode>,
    pub(super) subgraphs: bool,
    pub(super) cancels: bool,
}

impl RunBody {
    /// What is asked for on `thread`; on a thread that exists only for this run if `alone`.
    pub(super) fn read(self, door: &Door, thread: ThreadId, alone: bool) -> Result<RunRequest, ApiError> {
        let assistant = assistants::named(door, &self.assistant_id)?;
        let words = self.stream_mode.map(OneOrMore::words).unwrap_or_default();
        let modes = Mode::read(&words)?;
        let work = work(self.input, self.command, alone)?;
        let at = placed(thread, self.checkpoint, self.checkpoint_id)?;
        // A run never waits for another yet: on a busy thread it is refused, and a run that was promised to
        // begin later, or to tell somebody of its end, would be a promise that nobody keeps.
        let strategy = word(
            "multitask_strategy",
            self.multitask_strategy,
            &["enqueue", "reject"],
        )?;
        for (key, given) in [("after_seconds", &self.after_seconds), ("webhook", &self.webhook)] {
            if given.as_ref().is_some_and(|given| !given.is_null()) {
                return Err(ApiError::invalid(format!("{key} is not supported yet")));
            }
        }
        let creates = word("if_not_exists", self.if_not_exists, &["reject", "create"])? == "create";
        let cancels = word("on_disconnect", self.on_disconnect, &["continue", "cancel"])? == "cancel";
        let temporary = alone && word("on_completion", self.on_completion, &["delete", "keep"])? == "delete";
        let durability = match (self.durability.as_deref(), self.checkpoint_during) {
            (Some("sync"), _) | (None, None | Some(true)) => Durability::Sync,
            (Some("async"), _) => Durability::Async,
            (Some("exit"), _) | (None, Some(false)) => Durability::Exit,
            (Some(other), _) => {
                return Err(ApiError::invalid(format!(
                    "durability is sync, async or exit, not {other:?}"
                )));
            }
        };
        let recursion_limit = match self
            .config
            .as_ref()
            .and_then(|config| config.get("recursion_limit"))
        {
            None | Some(Value::Null) => None,
            Some(limit) => Some(
                limit
                    .as_u64()
                    .filter(|limit| *limit > 0)
                    .map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
                    .ok_or_else(|| ApiError::invalid("config.recursion_limit is a whole number above 0"))?,
            ),
        };
        let (subgraphs, resumable) = (
            self.stream_subgraphs.unwrap_or(false),
            self.stream_resumable.unwrap_or(false),
        );
        let before = self.interrupt_before.map(OneOrMore::words).unwrap_or_default();
        let after = self.interrupt_after.map(OneOrMore::words).unwrap_or_default();
        let about = json!({
            "metadata": self.metadata.clone().unwrap_or_default(),
            "multitask_strategy": strategy,
            "kwargs": {
                "config": self.config.unwrap_or_default(),
                "context": self.context.unwrap_or_else(|| json!({})),
                "stream_mode": if words.is_empty() { vec!["values".to_owned()] } else { words },
                "interrupt_before": before,
                "interrupt_after": after,
                "temporary": temporary,
                "subgraphs": subgraphs,
                "resumable": resumable,
            },
        });
        let launch = Launch {
            thread,
            graph: assistant.graph.clone(),
            work,
            at,
            create: (creates || alone).then(Default::default),
            temporary,
            durability,
            recursion_limit,
            interrupt_before: before,
            interrupt_after: after,
            resumable,
            about: Some(about),
        };
        Ok(RunRequest {
            launch,
            assistant,
            modes,
            subgraphs,
            cancels,
        })
    }
}

/// A word of `allowed`; the first of them if none is given.
fn word(key: &str, given: Option<String>, allowed: &[&'static str]) -> Result<&'static str, ApiError> {
    let found = match &given {
        None => allowed.first(),
        Some(given) => allowed.iter().find(|allowed| *allowed == given),
    };
    found.copied().ok_or_else(|| {
        let given = given.unwrap_or_default();
        ApiError::invalid(format!("{key} is one of {}, not {given:?}", allowed.join(", ")))
    })
}

/// What the run is for: input, an answer or steering, or going on.
fn work(input: Option<Value>, command: Option<Map<String, Value>>, alone: bool) -> Result<Work, ApiError> {
    let input = input.filter(|input| !input.is_null());
    match (input, command) {
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "input and command exclude each other: one begins anew, the other goes on",
        )),
        (Some(Value::Object(input)), None) => Ok(Work::Input(input)),
        (Some(_), None) => Err(ApiError::invalid("input is an object, or null")),
        (None, Some(_)) if alone => Err(ApiError::contradiction(
            "You must provide a thread_id when resuming.",
        )),
        (None, Some(command)) => self::command(command).map(Work::Command),
        (None, None) if alone => Err(ApiError::invalid("a run without a thread needs input")),
        (None, None) => Ok(Work::Continue),
    }
}

fn command(fields: Map<String, Value>) -> Result<Command, ApiError> {
    let mut command = Command::default();
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("resume", Value::Null) => {
                return Err(ApiError::invalid(
                    "command.resume is null, which answers nothing; leave the key out if there is no answer",
                ));
            }
            ("resume", Value::Object(answers)) if answers.is_empty() => {
                return Err(ApiError::invalid(
                    "command.resume is empty, which answers nothing",
                ));
            }
            ("resume", value) => command.resume = Some(Resume::from_json(value)),
            ("update" | "goto", Value::Null) => {}
            ("update", Value::Object(update)) => command.update = update,
            ("update", Value::Array(pairs)) => command.update = pairs_of(pairs)?,
            ("update", _) => return Err(ApiError::invalid("command.update is an object of channels")),
            ("goto", value) => command.goto = nodes(value)?,
            // Nobody should believe that something was heeded here that was not.
            (other, value) if !value.is_null() => {
                return Err(ApiError::invalid(format!(
                    "command has resume, update and goto, but no {other:?}"
                )));
            }
            _ => {}
        }
    }
    Ok(command)
}

fn pairs_of(pairs: Vec<Value>) -> Result<Map<String, Value>, ApiError> {
    let pair = |pair: Value| match pair {
        Value::Array(mut pair) if pair.len() == 2 => {
            let value = pair.pop()?;
            Some((pair.pop()?.as_str()?.to_owned(), value))
        }
        _ => None,
    };
    pairs
        .into_iter()
        .map(|item| {
            pair(item).ok_or_else(|| ApiError::invalid("command.update holds pairs of a channel and a value"))
        })
        .collect()
}

fn nodes(goto: Value) -> Result<Vec<String>, ApiError> {
    let name = |node: Value| match node {
        Value::String(node) if node == "END" => Ok(END.to_owned()),
        Value::String(node) => Ok(node),
        _ => Err(ApiError::invalid(
            "command.goto is a node or a list of nodes; tasks with an input of their own cannot be sent from outside",
        )),
    };
    match goto {
        Value::Array(nodes) => nodes.into_iter().map(name).collect(),
        node => name(node).map(|node| vec![node]),
    }
}
