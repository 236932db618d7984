//! Every form in which an answer is accepted, and nothing else.

use serde_json::{Map, Value};

use super::{Decision, DecisionError, decision::Asked, question::ACTION, text::shown_line};

/// The accepted forms, for whoever sent another.
const EXPECTED: &str = "one of: {\"approved\": true} or {\"approved\": false, \"reason\": \"…\"} with a JSON boolean; \
    {\"type\": \"approve\" | \"edit\" | \"reject\" | \"respond\", …}; \
    {\"decisions\": [{\"type\": \"approve\" | \"edit\" | \"reject\", …}]} with one decision; \
    [{\"type\": \"accept\" | \"edit\" | \"response\" | \"ignore\", \"args\": …}] with one response; \
    or exactly the word yes, y, ok, no, n or cancel";
const MAX_DEPTH: usize = 64;
const MAX_NODES: usize = 100_000;
const MAX_BYTES: usize = 16 << 20;
const MAX_TEXT_BYTES: usize = 16 << 10;
const MAX_CHANNELS: usize = 1_000;
const MAX_CHANNEL_BYTES: usize = 512;

/// A decision, and the form it came in.
pub(super) struct Answered {
    pub(super) form: &'static str,
    pub(super) decision: Decision,
}

/// Reads an answer.
pub(super) fn read(answer: Value, asked: &Asked) -> Result<Answered, DecisionError> {
    bound(&answer)?;
    let (form, decision) = match answer {
        Value::String(text) => ("word", of_word(&text)?),
        Value::Array(items) => ("inbox", of_inbox(only(items, "response")?, asked)?),
        Value::Object(map) => {
            let forms: Vec<&str> = ["approved", "decisions", "type"]
                .into_iter()
                .filter(|key| map.contains_key(*key))
                .collect();
            match forms.as_slice() {
                ["approved"] => ("approved", of_approved(map, asked)?),
                ["decisions"] => ("decisions", of_decisions(map)?),
                ["type"] => ("native", of_native(Fields(map))?),
                [] => return Err(unclear("it has none of the keys approved, decisions and type")),
                several => return Err(unclear(format!("it mixes {}", several.join(" and ")))),
            }
        }
        Value::Null => return Err(unclear("it is null")),
        Value::Bool(_) => return Err(unclear("a bare true or false is no form")),
        Value::Number(_) => return Err(unclear("it is a number")),
    };
    Ok(Answered { form, decision })
}

/// What is wrong with an answer, together with what was expected.
fn unclear(problem: impl Into<String>) -> DecisionError {
    DecisionError::Unclear {
        problem: problem.into(),
        expected: EXPECTED,
    }
}

/// Whether `text` is the word for yes or for no: never one taken for the other, so nothing near counts.
fn of_word(text: &str) -> Result<Decision, DecisionError> {
    match word(text).as_str() {
        "yes" | "y" | "ok" => Ok(Decision::Approve {
            channels: None,
            note: None,
        }),
        "no" | "n" | "cancel" => Ok(Decision::Reject { reason: None }),
        _ => Err(unclear("it is a text, but none of the exact words")),
    }
}

/// A word as it is compared: without white space around it, in lower case, without a last `.`, `!` or `?`.
pub(super) fn word(text: &str) -> String {
    let text = text.trim();
    if text.len() > 64 {
        return String::new();
    }
    text.to_lowercase().trim_end_matches(['.', '!', '?']).to_owned()
}

fn of_approved(mut map: Map<String, Value>, asked: &Asked) -> Result<Decision, DecisionError> {
    let approved = match map.remove("approved") {
        Some(Value::Bool(approved)) => approved,
        _ => return Err(unclear("approved is not a JSON boolean")),
    };
    let reason = if approved { None } else { map.remove("reason") };
    for (key, value) in &map {
        let expected = asked.resume_payload.get(key);
        if !expected.is_some_and(|expected| same(expected, value)) {
            let key = shown_line(key);
            return Err(unclear(format!(
                "the key '{key}' is not as in the question's resume_payload"
            )));
        }
    }
    if approved {
        return Ok(Decision::Approve {
            channels: None,
            note: None,
        });
    }
    let mut fields = Fields(Map::new());
    fields
        .0
        .extend(reason.map(|reason| ("reason".to_owned(), reason)));
    Ok(Decision::Reject {
        reason: fields.text("reason")?,
    })
}

/// Whether two JSON values say the same: `1` and `1.0` do, since JavaScript cannot tell them apart.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(key, one)| other.get(key).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

fn of_native(mut fields: Fields) -> Result<Decision, DecisionError> {
    let decision = match fields.required("type")?.as_str() {
        "approve" => Decision::Approve {
            channels: fields.channels()?,
            note: fields.text("note")?,
        },
        "edit" => Decision::Edit {
            code: fields.required("code")?,
            note: fields.text("note")?,
        },
        "reject" => Decision::Reject {
            reason: match (fields.text("reason")?, fields.text("message")?) {
                (Some(_), Some(_)) => return Err(unclear("it has both a reason and a message")),
                (reason, message) => reason.or(message),
            },
        },
        "respond" => Decision::Respond {
            message: fields.message("message")?,
        },
        _ => return Err(unclear("its type is none of approve, edit, reject, respond")),
    };
    fields.done()?;
    Ok(decision)
}

fn of_decisions(mut map: Map<String, Value>) -> Result<Decision, DecisionError> {
    let Some(Value::Array(items)) = map.remove("decisions") else {
        return Err(unclear("decisions is not a list"));
    };
    Fields(map).done()?;
    let mut fields = only(items, "decision")?;
    let decision = match fields.required("type")?.as_str() {
        "approve" => Decision::Approve {
            channels: None,
            note: None,
        },
        "edit" => {
            let mut action = fields.object("edited_action")?;
            if action.required("name")? != ACTION {
                return Err(unclear(format!("the edited action is not {ACTION}")));
            }
            edited(action)?
        }
        "reject" => Decision::Reject {
            reason: fields.text("message")?,
        },
        _ => return Err(unclear("the decision's type is none of approve, edit, reject")),
    };
    fields.done()?;
    Ok(decision)
}

fn of_inbox(mut fields: Fields, asked: &Asked) -> Result<Decision, DecisionError> {
    let decision = match fields.required("type")?.as_str() {
        "accept" => {
            let args = fields.0.remove("args").unwrap_or(Value::Null);
            if !args.is_null() && args != asked.action_request {
                return Err(unclear(
                    "it accepts another action than the question's; to change the code, edit",
                ));
            }
            Decision::Approve {
                channels: None,
                note: None,
            }
        }
        "edit" => {
            let mut action = fields.object("args")?;
            if action.required("action")? != ACTION {
                return Err(unclear(format!("the edited action is not {ACTION}")));
            }
            edited(action)?
        }
        "response" => Decision::Respond {
            message: fields.message("args")?,
        },
        "ignore" => Decision::Reject {
            reason: Some("ignored in the inbox".to_owned()),
        },
        _ => {
            return Err(unclear(
                "the response's type is none of accept, edit, response, ignore",
            ));
        }
    };
    fields.done()?;
    Ok(decision)
}

/// The edit that an action whose name was read already holds: its code is all that may differ.
fn edited(mut action: Fields) -> Result<Decision, DecisionError> {
    let mut args = action.object("args")?;
    let code = args.required("code")?;
    args.done()?;
    action.done()?;
    Ok(Decision::Edit { code, note: None })
}

/// The only item of a list, since a question is about one action.
fn only(items: Vec<Value>, what: &str) -> Result<Fields, DecisionError> {
    let count = items.len();
    let mut items = items.into_iter();
    match (items.next(), count) {
        (Some(Value::Object(map)), 1) => Ok(Fields(map)),
        (Some(_), 1) => Err(unclear(format!("the {what} is not an object"))),
        _ => Err(unclear(format!("it holds {count} {what}s instead of one"))),
    }
}

/// The fields of an object, each taken once; whatever is left at the end is refused. `null` is absent.
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// A text that must be there.
    pub(super) fn required(&mut self, key: &str) -> Result<String, DecisionError> {
        match self.0.remove(key) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(unclear(format!("{key} is not a text"))),
            None => Err(unclear(format!("it has no {key}"))),
        }
    }

    /// A remark that may be missing.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, DecisionError> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.len() > MAX_TEXT_BYTES => Err(DecisionError::TooLarge {
                limit: "16 KiB for a reason, message or note",
            }),
            Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
            Some(_) => Err(unclear(format!("{key} is not a text"))),
        }
    }

    /// A remark that must be there.
    fn message(&mut self, key: &str) -> Result<String, DecisionError> {
        self.text(key)?
            .ok_or_else(|| unclear(format!("{key} does not say what to change")))
    }

    fn object(&mut self, key: &str) -> Result<Fields, DecisionError> {
        match self.0.remove(key) {
            Some(Value::Object(map)) => Ok(Fields(map)),
            _ => Err(unclear(format!("{key} is not an object"))),
        }
    }

    fn channels(&mut self) -> Result<Option<Vec<String>>, DecisionError> {
        let items = match self.0.remove("channels") {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(items)) => items,
            Some(_) => return Err(unclear("channels is not a list")),
        };
        if items.len() > MAX_CHANNELS {
            return Err(DecisionError::TooLarge {
                limit: "1000 process variables",
            });
        }
        let names = items.into_iter().map(|item| match item {
            Value::String(name) if is_channel(&name) => Ok(name),
            _ => Err(unclear(
                "channels holds something that is no name of a process variable",
            )),
        });
        names.collect::<Result<Vec<_>, _>>().map(Some)
    }

    /// Refuses whatever was not taken.
    pub(super) fn done(self) -> Result<(), DecisionError> {
        match self.0.into_iter().find(|(_, value)| !value.is_null()) {
            Some((key, _)) => {
                let key = shown_line(&key);
                Err(unclear(format!("the key '{key}' does not belong there")))
            }
            None => Ok(()),
        }
    }
}

fn is_channel(name: &str) -> bool {
    let no_gap = !name
        .chars()
        .any(|character| character.is_whitespace() || character.is_control());
    !name.is_empty() && name.len() <= MAX_CHANNEL_BYTES && no_gap
}

/// Refuses what is too deep or too large to look at, without recursion.
pub(super) fn bound(answer: &Value) -> Result<(), DecisionError> {
    let (mut nodes, mut bytes) = (0, 0);
    let mut waiting = vec![(answer, 0)];
    while let Some((value, depth)) = waiting.pop() {
        nodes += 1;
        match value {
            Value::String(text) => bytes += text.len(),
            Value::Array(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(map) => {
                bytes += map.keys().map(String::len).sum::<usize>();
                waiting.extend(map.values().map(|item| (item, depth + 1)));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        if depth > MAX_DEPTH || nodes > MAX_NODES || bytes > MAX_BYTES {
            return Err(DecisionError::TooLarge {
                limit: "64 levels, 100000 values, 16 MiB",
            });
        }
    }
    Ok(())
}
