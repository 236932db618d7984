//! Values that are known before the code runs, and what Python's own operations make of them.
//!
//! What is folded is what CPython would compute, to the last digit; where that is not sure, or where
//! CPython would raise, nothing is known. Folding is bounded: a result that would weigh more than
//! [`MAX_LENGTH`] is not known either, and that is found out before it is made.

mod builtins;
mod codecs;
mod format;
mod functions;
mod literals;
mod methods;
mod operators;
mod pickles;
mod printing;
#[cfg(test)]
mod tests;
mod transfer;
mod translation;

use std::rc::Rc;

pub(super) use self::{
    format::format,
    functions::{attribute, call, is_known_root},
    literals::split,
    methods::method,
    operators::{binary, item, slice, unary},
    pickles::pickled_names,
    printing::shown,
};

/// The longest text, bytes or sequence that is kept, in bytes or elements. The texts within a sequence
/// count with their length.
pub(super) const MAX_LENGTH: usize = 64 * 1024;

/// Sequences within sequences, at most.
const MAX_DEPTH: usize = 16;

/// A value that is known before the code runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Rc<str>),
    /// A `bytes` or a `bytearray`.
    Bytes(Rc<[u8]>),
    /// A list.
    Sequence(Rc<[Constant]>),
    /// It differs from a list in `%` and when it is printed.
    Tuple(Rc<[Constant]>),
    /// What `reversed`, `zip`, `enumerate` or `range` give. All but the last can be read only once.
    Iterator(Rc<[Constant]>),
    /// What `str.maketrans` gives: characters and what takes their place.
    Translation(Rc<[(char, Rc<str>)]>),
}

/// A call's arguments, all of them known.
pub(super) struct Known<'a> {
    pub(super) positional: &'a [Constant],
    pub(super) named: &'a [(&'a str, Constant)],
}

impl Constant {
    /// A text, unless it is too long.
    pub(super) fn text(text: impl Into<Rc<str>> + AsRef<str>) -> Option<Self> {
        (text.as_ref().len() <= MAX_LENGTH).then(|| Self::Text(text.into()))
    }

    /// Bytes, unless there are too many.
    pub(super) fn bytes(bytes: impl Into<Rc<[u8]>> + AsRef<[u8]>) -> Option<Self> {
        (bytes.as_ref().len() <= MAX_LENGTH).then(|| Self::Bytes(bytes.into()))
    }

    /// A list, unless it is too large or too deep.
    pub(super) fn list(items: Vec<Self>) -> Option<Self> {
        bounded(items).map(Self::Sequence)
    }

    /// A tuple, unless it is too large or too deep.
    pub(super) fn tuple(items: Vec<Self>) -> Option<Self> {
        bounded(items).map(Self::Tuple)
    }

    fn iterator(items: Vec<Self>) -> Option<Self> {
        bounded(items).map(Self::Iterator)
    }

    /// What iterating over it gives, one after the other.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        match self {
            Self::Sequence(items) | Self::Tuple(items) | Self::Iterator(items) => Some(items.to_vec()),
            Self::Text(text) if text.len() <= MAX_LENGTH => {
                let mut buffer = [0; 4];
                let characters = text.chars();
                Some(
                    characters
                        .map(|character| Self::Text((&*character.encode_utf8(&mut buffer)).into()))
                        .collect(),
                )
            }
            Self::Bytes(bytes) if bytes.len() <= MAX_LENGTH => {
                Some(bytes.iter().map(|byte| Self::Int(i64::from(*byte))).collect())
            }
            _ => None,
        }
    }

    /// Whether Python takes it as true.
    pub(super) fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            Self::Sequence(items) | Self::Tuple(items) => !items.is_empty(),
            Self::Iterator(_) | Self::Translation(_) => return None,
        })
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Python's `bool` is an `int`.
    fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Bool(value) => Some(i64::from(*value)),
            _ => None,
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "Python rounds to the nearest too")]
    fn as_number(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => self.as_integer().map(|value| value as f64),
        }
    }

    /// What it counts for in a sequence, and how many sequences it is deep.
    fn measure(&self) -> (usize, usize) {
        match self {
            Self::Text(text) => (text.len().max(1), 0),
            Self::Bytes(bytes) => (bytes.len().max(1), 0),
            Self::Sequence(items) | Self::Tuple(items) | Self::Iterator(items) => {
                let mut weight = 1;
                let mut depth = 0;
                for (inner_weight, inner_depth) in items.iter().map(Self::measure) {
                    weight += inner_weight;
                    depth = depth.max(inner_depth);
                }
                (weight, depth + 1)
            }
            Self::Translation(pairs) => (pairs.len().max(1), 0),
            _ => (1, 0),
        }
    }
}

impl<'a> Known<'a> {
    /// The arguments in the order of `names`. A name of nothing is that of an argument without name.
    fn by_name<const N: usize>(&self, names: [&str; N]) -> Option<[Option<&'a Constant>; N]> {
        let mut found = [None; N];
        for (place, value) in self.positional.iter().enumerate() {
            *found.get_mut(place)? = Some(value);
        }
        for (name, value) in self.named {
            let place = names
                .iter()
                .position(|known| !known.is_empty() && known == name)?;
            let slot = found.get_mut(place)?;
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(found)
    }
}

/// The items, unless they weigh too much. Each is within bounds, so the weighing is too.
fn bounded(items: Vec<Constant>) -> Option<Rc<[Constant]>> {
    let mut weight = 0;
    for item in &items {
        let (inner, depth) = item.measure();
        weight += inner;
        if weight > MAX_LENGTH || depth >= MAX_DEPTH {
            return None;
        }
    }
    Some(items.into())
}

/// Whether every version of Python, and Rust, know the character and its case alike: those of the old
/// scripts that have cases, and of the blocks with compatibility forms of Latin letters.
fn is_settled(character: char) -> bool {
    matches!(character, '\0'..='\u{377}' | '\u{386}'..='\u{3ff}' | '\u{400}'..='\u{52f}' | '\u{1e00}'..='\u{1eff}'
        | '\u{2100}'..='\u{214f}' | '\u{fb00}'..='\u{fb06}' | '\u{ff00}'..='\u{ffdc}')
}
