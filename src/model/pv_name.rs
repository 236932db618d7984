//! The one spelling of a process variable, whatever a client calls it.

use std::fmt;

/// The most bytes of a record's name, as in EPICS base.
const MAX_RECORD_BYTES: usize = 60;

/// The most bytes of a name with its field and its modifier.
const MAX_NAME_BYTES: usize = 1024;

/// Why a text is no name of a process variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It names nothing.
    #[error("the name is empty")]
    Empty,
    /// It is longer than any server takes.
    #[error(
        "the name is longer than a record may have ({MAX_RECORD_BYTES} bytes) or than is read at all ({MAX_NAME_BYTES} bytes)"
    )]
    TooLong,
    /// It holds a character that no name has.
    #[error("the name holds {0:?}, which no name of a process variable has")]
    Character(char),
    /// What follows the field is neither `$` nor a modifier.
    #[error("what follows the field is neither $ nor a filter in braces or brackets")]
    Modifier,
}

/// The name of a process variable, taken apart as EPICS base does.
///
/// A record's name goes up to the first dot; a field follows, then `$` for its long string, then a filter in
/// braces or a range in brackets. Without a dot a brace belongs to the record's name, as in `SR{PS:1}I`, unless
/// a quote follows it: no record's name holds one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PvName {
    canonical: String,
    record: usize,
    long_string: bool,
    modifier: Option<String>,
}

impl PvName {
    /// Takes `text` apart.
    ///
    /// # Errors
    /// See [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > MAX_NAME_BYTES {
            return Err(NameError::TooLong);
        }
        let end = record_end(text);
        let (record, rest) = text.split_at(end);
        if record.is_empty() {
            return Err(NameError::Empty);
        }
        if record.len() > MAX_RECORD_BYTES {
            return Err(NameError::TooLong);
        }
        let not_in_name = |letter: &char| !letter.is_ascii_graphic() || matches!(letter, '"' | '\'' | '$');
        if let Some(letter) = record.chars().find(not_in_name) {
            return Err(NameError::Character(letter));
        }
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let field_end = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
            .unwrap_or(rest.len());
        let (field, rest) = rest.split_at(field_end);
        let (long_string, rest) = match rest.strip_prefix('$') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let modifier = (!rest.is_empty()).then(|| modifier(rest)).transpose()?;
        let canonical = match field {
            "" | "VAL" => record.to_owned(),
            field => format!("{record}.{field}"),
        };
        Ok(Self {
            canonical,
            record: end,
            long_string,
            modifier,
        })
    }

    /// The one spelling: `REC` for the record's value, however it is asked for, and else `REC.FIELD`.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The record.
    pub fn record(&self) -> &str {
        &self.canonical[..self.record]
    }

    /// The field, unless it is the value.
    pub fn field(&self) -> Option<&str> {
        self.canonical.get(self.record + 1..)
    }

    /// Whether the field is asked for as a long string (`$`).
    pub fn is_long_string(&self) -> bool {
        self.long_string
    }

    /// The filter or range behind it, braces or brackets included.
    pub fn modifier(&self) -> Option<&str> {
        self.modifier.as_deref()
    }

    /// Whether it is another field than the value: writing one may process the record, move its limits or
    /// switch it off, so that a permit for the record does not hold for it.
    pub fn has_side_effects(&self) -> bool {
        self.field().is_some()
    }
}

impl fmt::Display for PvName {
    /// The canonical spelling.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.canonical)
    }
}

/// Where the record's name ends.
fn record_end(text: &str) -> usize {
    let quoted = |rest: &str| {
        let rest = rest.trim_start_matches(' ');
        rest.starts_with(['"', '\''])
    };
    text.char_indices()
        .find(|(at, letter)| match letter {
            '.' => true,
            '{' => *at > 0 && quoted(&text[at + 1..]),
            _ => false,
        })
        .map_or(text.len(), |(at, _)| at)
}

/// A filter or range, up to the end of the name.
fn modifier(text: &str) -> Result<String, NameError> {
    if let Some(letter) = text
        .chars()
        .find(|letter| letter.is_control() || !letter.is_ascii())
    {
        return Err(NameError::Character(letter));
    }
    let closes = match text.as_bytes().first() {
        Some(b'{') => text.ends_with('}'),
        // A filter may follow a range.
        Some(b'[') => text.ends_with([']', '}']),
        _ => false,
    };
    match closes {
        true => Ok(text.to_owned()),
        false => Err(NameError::Modifier),
    }
}
