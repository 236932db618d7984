//! What a key's value may be.

use std::{collections::BTreeMap, time::Duration};

use regex::Regex;
use serde_json::Value;

use super::{address, keys, quantity, settings::Setting};

/// What a key's value may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// `true` or `false`.
    Flag,
    /// A whole number in this range.
    Count(u64, u64),
    /// A size in bytes in this range: a whole number, or a text such as `16 MiB`.
    Bytes(u64, u64),
    /// Seconds, or a text such as `24h`; more than zero.
    Duration,
    /// A number in this range.
    Number(f64, f64),
    /// A text.
    Text,
    /// A text that is never shown.
    Secret,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A list of these words.
    Choices(&'static [&'static str]),
    /// One of these words, or a list of them.
    OneOrMore(&'static [&'static str]),
    /// A list of texts.
    Texts,
    /// A list of regular expressions.
    Patterns,
    /// A mapping of names to texts.
    Environment,
    /// A mapping that is not looked into.
    Mapping,
    /// A list of mappings.
    Mappings,
    /// A list of mappings, and of names of files that hold some.
    MappingsOrFiles,
    /// `host:port`.
    Address,
    /// A list of `host` or `host:port`, or a text with several of them.
    Addresses,
    /// A setting there was once, and why there is none any more: `false` is accepted, since it asked for
    /// nothing.
    Gone(&'static str),
}

/// A value that does not fit its key, and what would.
#[derive(Debug)]
pub(super) struct Misfit(pub(super) String);

impl Kind {
    /// What the value may be, in words.
    pub fn expected(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Count(least, u64::MAX) => format!("a whole number of at least {least}"),
            Self::Count(least, most) => format!("a whole number from {least} to {most}"),
            Self::Bytes(0, u64::MAX) => "a size such as 16 MiB".to_owned(),
            Self::Bytes(least, u64::MAX) => format!("a size of at least {}", quantity::bytes_text(*least)),
            Self::Bytes(least, most) => {
                let (least, most) = (quantity::bytes_text(*least), quantity::bytes_text(*most));
                format!("a size from {least} to {most}")
            }
            Self::Duration => {
                "seconds or a duration such as 90s, 10m or 24h, from 1ms to 100 years".to_owned()
            }
            Self::Number(least, most) if most.is_infinite() => format!("a number of at least {least}"),
            Self::Number(least, most) => format!("a number from {least} to {most}"),
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Choices(words) => format!("a list of {}", words.join(", ")),
            Self::OneOrMore(words) => format!("one or a list of {}", words.join(", ")),
            Self::Texts => "a list of texts".to_owned(),
            Self::Patterns => "a list of regular expressions".to_owned(),
            Self::Environment => "a mapping of names to texts".to_owned(),
            Self::Mapping => "a mapping".to_owned(),
            Self::Mappings => "a list of mappings".to_owned(),
            Self::MappingsOrFiles => "a list of mappings and names of files".to_owned(),
            Self::Address => "an address such as 10.0.0.5:5075".to_owned(),
            Self::Addresses => "a list of addresses such as 10.0.0.5 or ioc7:5064".to_owned(),
            Self::Gone(_) => "absent".to_owned(),
        }
    }

    /// Fits `value` to the key. `hidden` marks a value from the environment: it must not be repeated in
    /// messages, and only there may numbers and flags come as text.
    pub(super) fn fit(&self, value: &Value, hidden: bool) -> Result<Setting, Misfit> {
        let parsed = match value {
            Value::String(text) if hidden => self.read(text),
            _ => None,
        };
        let value = parsed.as_ref().unwrap_or(value);
        let fitted = match (self, value) {
            (Self::Flag, Value::Bool(flag)) => Some(Setting::Flag(*flag)),
            (Self::Count(least, most), Value::Number(number)) => number
                .as_u64()
                .filter(|count| (least..=most).contains(&count))
                .map(Setting::Count),
            (Self::Bytes(least, most), Value::Number(_) | Value::String(_)) => {
                let bytes = value.as_u64().or_else(|| quantity::bytes(value.as_str()?));
                bytes
                    .filter(|bytes| (least..=most).contains(&bytes))
                    .map(Setting::Count)
            }
            (Self::Duration, Value::Number(_) | Value::String(_)) => {
                let seconds = || Duration::try_from_secs_f64(value.as_f64()?).ok();
                let duration = seconds().or_else(|| quantity::duration(value.as_str()?));
                // Less than a millisecond is no time at all; more than a century overflows clocks.
                let century = Duration::from_secs(100 * 366 * 24 * 3600);
                duration
                    .filter(|it| it.as_millis() > 0 && *it <= century)
                    .map(Setting::Duration)
            }
            (Self::Number(least, most), Value::Number(number)) => number
                .as_f64()
                .filter(|number| (least..=most).contains(&number))
                .map(Setting::Number),
            (Self::Text | Self::Secret, Value::String(text)) if !text.contains('\0') => {
                Some(Setting::Text(text.clone()))
            }
            (Self::Choice(words), Value::String(text)) => {
                Some(Setting::Text(self.word(words, text, hidden)?))
            }
            (Self::OneOrMore(words), Value::String(text)) => {
                Some(Setting::Texts(vec![self.word(words, text, hidden)?]))
            }
            (Self::Choices(words) | Self::OneOrMore(words), Value::Array(items)) => {
                let words = texts(items).map(|items| {
                    items
                        .iter()
                        .map(|item| self.word(words, item, hidden))
                        .collect::<Result<Vec<_>, _>>()
                });
                words
                    .transpose()?
                    .filter(|words| !words.is_empty())
                    .map(Setting::Texts)
            }
            (Self::Texts, Value::Array(items)) => texts(items).map(Setting::Texts),
            (Self::Patterns, Value::Array(items)) => {
                let items = texts(items);
                for (index, item) in items.iter().flatten().enumerate() {
                    check_pattern(index, item, hidden)?;
                }
                items.map(Setting::Texts)
            }
            (Self::Environment, Value::Object(map)) => environment(map)?.map(Setting::Environment),
            (Self::Mapping, Value::Object(_)) => Some(Setting::Mapping(value.clone())),
            (Self::Mappings, Value::Array(items)) if items.iter().all(Value::is_object) => {
                Some(Setting::Mapping(value.clone()))
            }
            (Self::MappingsOrFiles, Value::Array(items))
                if items.iter().all(|item| item.is_object() || item.is_string()) =>
            {
                Some(Setting::Mapping(value.clone()))
            }
            (Self::Address, Value::String(text)) => {
                Some(Setting::Text(self.address(text, address::with_port, hidden)?))
            }
            (Self::Addresses, Value::String(_) | Value::Array(_)) => {
                let said = match value {
                    Value::String(text) => Some(text.split_ascii_whitespace().map(str::to_owned).collect()),
                    Value::Array(items) => texts(items),
                    _ => None,
                };
                let checked = said.map(|said: Vec<String>| {
                    said.iter()
                        .map(|text| self.address(text, address::with_or_without_port, hidden))
                        .collect::<Result<Vec<_>, _>>()
                });
                checked.transpose()?.map(Setting::Texts)
            }
            (Self::Gone(_), Value::Bool(false)) => Some(Setting::Flag(false)),
            (Self::Gone(why), _) => return Err(Misfit((*why).to_owned())),
            _ => None,
        };
        let hidden = hidden || *self == Self::Secret;
        fitted.ok_or_else(|| {
            Misfit(format!(
                "must be {}, not {}",
                self.expected(),
                shown(value, hidden)
            ))
        })
    }

    /// What a text from the environment means for this kind, if that is no text.
    fn read(&self, text: &str) -> Option<Value> {
        match self {
            Self::Flag => text.parse::<bool>().ok().map(Value::Bool),
            Self::Count(..) | Self::Bytes(..) => text.parse::<u64>().ok().map(Value::from),
            Self::Duration | Self::Number(..) => text.parse::<f64>().ok().map(Value::from),
            _ => None,
        }
    }

    fn address(
        &self,
        text: &str,
        check: impl Fn(&str) -> Result<(), &'static str>,
        hidden: bool,
    ) -> Result<String, Misfit> {
        match check(text) {
            Ok(()) => Ok(text.to_owned()),
            Err(_) if hidden => Err(Misfit(format!("must be {}", self.expected()))),
            Err(why) => Err(Misfit(format!(
                "{} is no address: {why}",
                shown(&Value::String(text.to_owned()), false)
            ))),
        }
    }

    fn word(&self, words: &[&str], text: &str, hidden: bool) -> Result<String, Misfit> {
        if words.contains(&text) {
            return Ok(text.to_owned());
        }
        let allowed = words.join(", ");
        if hidden {
            return Err(Misfit(format!(
                "the environment gives an unknown value (allowed: {allowed})"
            )));
        }
        let shown = shown(&Value::String(text.to_owned()), false);
        let hint = keys::nearest(text, words.iter().copied()).map(|near| format!("; did you mean {near}?"));
        Err(Misfit(format!(
            "unknown value {shown}{} (allowed: {allowed})",
            hint.unwrap_or_default()
        )))
    }
}

fn texts(items: &[Value]) -> Option<Vec<String>> {
    items
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn check_pattern(index: usize, pattern: &str, hidden: bool) -> Result<(), Misfit> {
    let number = index + 1;
    let shown = if hidden {
        String::new()
    } else {
        format!(" {}", shown(&pattern.into(), false))
    };
    if pattern.is_empty() {
        return Err(Misfit(format!(
            "pattern {number} is empty: it would match everything"
        )));
    }
    match Regex::new(pattern) {
        Ok(_) => Ok(()),
        Err(error) => {
            let said = error.to_string();
            let reason = said.rsplit("error: ").next().unwrap_or(&said).trim();
            Err(Misfit(format!(
                "pattern {number}{shown} is not a valid regular expression: {reason}"
            )))
        }
    }
}

/// Names and texts as an environment can hold them; plain numbers and flags become text.
fn environment(map: &serde_json::Map<String, Value>) -> Result<Option<BTreeMap<String, String>>, Misfit> {
    let mut environment = BTreeMap::new();
    for (name, value) in map {
        if name.is_empty() || name.contains(['=', '\0']) {
            return Err(Misfit(format!(
                "{name:?} cannot be the name of an environment variable"
            )));
        }
        let text = match value {
            Value::String(text) if !text.contains('\0') => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return Ok(None),
        };
        environment.insert(name.clone(), text);
    }
    Ok(Some(environment))
}

fn shown(value: &Value, hidden: bool) -> String {
    match value {
        _ if hidden => "the value that is given".to_owned(),
        Value::Null => "nothing".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::String(text) if text.chars().count() > 60 => {
            format!("{:?}…", text.chars().take(60).collect::<String>())
        }
        Value::String(text) => format!("{text:?}"),
        other => format!("`{other}`"),
    }
}
