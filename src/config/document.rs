//! The file as a tree of plain values, and where each key stands.

use std::{
    cell::Cell,
    fmt,
    path::{Path, PathBuf},
};

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IgnoredAny, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_json::{Map, Value};

use super::{MAX_FILE_BYTES, Problem};

/// The most values a file may hold once its aliases are followed.
const MAX_VALUES: usize = 100_000;

/// The most brackets that may be open at once: the YAML scanner's work grows with their square.
const MAX_OPEN_BRACKETS: usize = 1_000;

/// A parsed file.
pub(super) struct Document {
    text: String,
    pub(super) file: Option<PathBuf>,
    pub(super) root: Map<String, Value>,
}

impl Document {
    pub(super) fn parse(text: &str, file: Option<&Path>) -> Result<Self, Problem> {
        let mut document = Self {
            text: text.to_owned(),
            file: file.map(Path::to_owned),
            root: Map::new(),
        };
        if text.len() as u64 > MAX_FILE_BYTES {
            return Err(document.problem(&[], format!("the file is larger than {MAX_FILE_BYTES} bytes")));
        }
        if let Some(line) = too_many_open_brackets(text) {
            return Err(Problem::at_line(document.file, line, "too many nested brackets"));
        }
        let left = Cell::new(MAX_VALUES);
        let tree = Tree { left: &left }.deserialize(serde_yaml::Deserializer::from_str(text));
        match tree {
            Ok(Value::Object(root)) => document.root = root,
            Ok(Value::Null) => {}
            Ok(_) => {
                return Err(
                    document.problem(&[], "the file must hold sections such as `approval:`".to_owned())
                );
            }
            Err(error) => return Err(document.syntax_problem(&error)),
        }
        Ok(document)
    }

    /// A problem with the key at `path`, or with the whole file if `path` is empty.
    pub(super) fn problem(&self, path: &[String], message: String) -> Problem {
        let place = self.place(path);
        Problem {
            file: self.file.clone(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            key: path.join(".").replace(".[", "["),
            message,
        }
    }

    fn syntax_problem(&self, error: &serde_yaml::Error) -> Problem {
        let place = error.location().map(|place| (place.line(), place.column()));
        let said = error.to_string();
        // The place is told by the problem itself.
        let said = match said.rfind(" at line ") {
            Some(end) => &said[..end],
            None => &said,
        };
        let message = match said {
            "recursion limit exceeded" => "too deeply nested".to_owned(),
            "repetition limit exceeded" => "too many aliases".to_owned(),
            said => format!("not valid YAML: {said}"),
        };
        Problem {
            file: self.file.clone(),
            line: place.map(|(line, _)| line),
            column: place.map(|(_, column)| column),
            key: String::new(),
            message,
        }
    }

    /// Line and column of the key at `path`, or of the nearest key above it that stands in the file.
    fn place(&self, path: &[String]) -> Option<(usize, usize)> {
        (1..=path.len()).rev().find_map(|length| {
            let seek = Seek {
                path: &path[..length],
            };
            let found = seek
                .deserialize(serde_yaml::Deserializer::from_str(&self.text))
                .err()?;
            found.location().map(|place| (place.line(), place.column()))
        })
    }
}

fn too_many_open_brackets(text: &str) -> Option<usize> {
    let (mut open, mut line) = (0_usize, 1);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            b'\n' => line += 1,
            _ => {}
        }
        if open > MAX_OPEN_BRACKETS {
            return Some(line);
        }
    }
    None
}

/// Builds the tree of plain values, with a bound on how many there may be.
#[derive(Clone, Copy)]
struct Tree<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.left.get().checked_sub(1) {
            Some(left) => self.left.set(left),
            None => return Err(D::Error::custom("too many values once its aliases are followed")),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value")
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::String(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        // JSON has no NaN and no infinities: kept as text, they are refused wherever a number is wanted.
        Ok(serde_json::Number::from_f64(value)
            .map_or_else(|| Value::String(value.to_string()), Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        let mut merged = Vec::new();
        while let Some(key) = access.next_key_seed(KeyText { taken: Some(&map) })? {
            let value = access.next_value_seed(self)?;
            match (key.as_str(), value) {
                ("<<", Value::Object(other)) => merged.push(other),
                ("<<", Value::Array(others)) if others.iter().all(Value::is_object) => {
                    merged.extend(others.into_iter().filter_map(|other| match other {
                        Value::Object(other) => Some(other),
                        _ => None,
                    }));
                }
                ("<<", _) => return Err(A::Error::custom("`<<` wants a mapping or a list of mappings")),
                (_, value) => drop(map.insert(key, value)),
            }
        }
        for (key, value) in merged.into_iter().flatten() {
            map.entry(key).or_insert(value);
        }
        Ok(Value::Object(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        // A tagged value is no value of ours; as a mapping it is refused wherever a key of ours has one.
        let (tag, inner) = access.variant_seed(KeyText { taken: None })?;
        Ok(Value::Object(Map::from_iter([(
            tag,
            inner.newtype_variant_seed(self)?,
        )])))
    }
}

/// Reads a mapping's key as text, and fails there if it is taken.
struct KeyText<'a> {
    taken: Option<&'a Map<String, Value>>,
}

impl<'de> DeserializeSeed<'de> for KeyText<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyText<'_> {
    type Value = String;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a plain key")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<String, E> {
        match self.taken {
            Some(map) if map.contains_key(value) => {
                Err(E::custom(format_args!("the key {value} stands twice")))
            }
            _ => Ok(value.to_owned()),
        }
    }
}

/// Walks to a key and fails there, because the parser tells places only with its errors.
#[derive(Clone, Copy)]
struct Seek<'a> {
    path: &'a [String],
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a mapping")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        if let Some((wanted, below)) = self.path.split_first()
            && let Some(index) = index(wanted)
        {
            for _ in 0..index {
                access.next_element::<IgnoredAny>()?;
            }
            let seek = Seek { path: below };
            match below.is_empty() {
                true => drop(access.next_element_seed(Begin)?),
                false => drop(access.next_element_seed(seek)?),
            }
        }
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let Some((wanted, below)) = self.path.split_first() else {
            while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(());
        };
        let stop_at = if below.is_empty() {
            Some(wanted.as_str())
        } else {
            None
        };
        while let Some(key) = access.next_key_seed(Stop { stop_at })? {
            if key == *wanted {
                access.next_value_seed(Seek { path: below })?;
            } else {
                access.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Fails at the first key of a list's item, which has none of its own to be found by.
struct Begin;

impl<'de> DeserializeSeed<'de> for Begin {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Begin {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a mapping")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        access.next_key_seed(Refuse)?;
        Ok(())
    }
}

/// Takes no key at all.
struct Refuse;

impl<'de> DeserializeSeed<'de> for Refuse {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Refuse {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("no key")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        Err(E::custom("here"))
    }
}

/// The place in a list that a part of a path such as `[2]` names, from 0.
fn index(part: &str) -> Option<usize> {
    part.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// Reads a key as text, and fails at the one that is sought.
struct Stop<'a> {
    stop_at: Option<&'a str>,
}

impl<'de> DeserializeSeed<'de> for Stop<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Stop<'_> {
    type Value = String;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a plain key")
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<String, E> {
        match self.stop_at {
            Some(sought) if sought == value => Err(E::custom("here")),
            _ => Ok(value.to_owned()),
        }
    }
}
