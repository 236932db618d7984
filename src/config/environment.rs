//! `${NAME}` and `${NAME:-default}` in the file's texts.

use serde_json::Value;

/// Why a text could not be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unfilled {
    /// The variable is not set and the text gives no default.
    Unset(String),
    /// `${` without a proper name or without its end.
    Malformed,
}

/// A value with its variables filled in.
pub(super) struct Filled {
    pub(super) value: Value,
    /// Whether a variable stood in it: then it must not be repeated in messages.
    pub(super) from_environment: bool,
}

/// Fills in the variables of every text in `value`. What comes in stays text: it cannot add keys or items.
pub(super) fn fill(value: &Value, environment: &dyn Fn(&str) -> Option<String>) -> Result<Filled, Unfilled> {
    let mut from_environment = false;
    let value = fill_value(value, environment, &mut from_environment)?;
    Ok(Filled {
        value,
        from_environment,
    })
}

fn fill_value(
    value: &Value,
    environment: &dyn Fn(&str) -> Option<String>,
    touched: &mut bool,
) -> Result<Value, Unfilled> {
    Ok(match value {
        Value::String(text) if text.contains("${") => Value::String(fill_text(text, environment, touched)?),
        Value::Array(items) => {
            let items: Result<_, _> = items
                .iter()
                .map(|item| fill_value(item, environment, touched))
                .collect();
            Value::Array(items?)
        }
        Value::Object(map) => {
            let entries = map
                .iter()
                .map(|(key, value)| Ok((key.clone(), fill_value(value, environment, touched)?)));
            Value::Object(entries.collect::<Result<_, _>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(
    text: &str,
    environment: &dyn Fn(&str) -> Option<String>,
    touched: &mut bool,
) -> Result<String, Unfilled> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        // `$${` is how a text says a plain `${`.
        if let Some(before) = before.strip_suffix('$') {
            filled.push_str(before);
            filled.push_str("${");
            rest = after;
            continue;
        }
        filled.push_str(before);
        let end = after.find('}').ok_or(Unfilled::Malformed)?;
        let inner = &after[..end];
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        if !is_name(name) {
            return Err(Unfilled::Malformed);
        }
        // As in a shell, `:-` also stands in for an empty value.
        let value = environment(name).filter(|value| default.is_none() || !value.is_empty());
        match value.as_deref().or(default) {
            Some(value) => filled.push_str(value),
            None => return Err(Unfilled::Unset(name.to_owned())),
        }
        *touched = true;
        rest = &after[end + 1..];
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_name(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}
