//! The values of process variables, as the payload of a message.

use crate::model::PvValue;

use super::Native;

/// The bytes of a text.
const TEXT: usize = 40;

/// The bytes of a choice's label.
const LABEL: usize = 26;

/// The most labels a choice has.
const LABELS: usize = 16;

/// The type that carries a choice together with its labels, DBR_CTRL_ENUM.
pub const LABELLED_CHOICE: u16 = 31;

/// The number of the plain type.
pub fn number(native: Native) -> u16 {
    match native {
        Native::Text => 0,
        Native::Short => 1,
        Native::Float => 2,
        Native::Choice => 3,
        Native::Char => 4,
        Native::Long => 5,
        Native::Double => 6,
    }
}

fn size(native: Native) -> usize {
    match native {
        Native::Text => TEXT,
        Native::Char => 1,
        Native::Short | Native::Choice => 2,
        Native::Float | Native::Long => 4,
        Native::Double => 8,
    }
}

/// How several elements are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// There is one.
    One,
    /// They are an array.
    Array,
    /// They are the letters of a text.
    Letters,
}

/// What `count` elements of the plain type `native` hold; `None` if `payload` does not hold so many.
/// Text that is no UTF-8 is read as Latin-1, as old servers write it.
pub fn decode(native: Native, count: u32, payload: &[u8], shape: Shape) -> Option<PvValue> {
    decode_with(native, count, payload, shape, |bytes| Some(text(bytes)))
}

/// As [`decode`], but text that is no UTF-8 is nothing: what is judged must be what is sent.
pub fn decode_strictly(native: Native, count: u32, payload: &[u8], shape: Shape) -> Option<PvValue> {
    decode_with(native, count, payload, shape, |bytes| {
        std::str::from_utf8(up_to_zero(bytes)).ok().map(str::to_owned)
    })
}

fn decode_with(
    native: Native,
    count: u32,
    payload: &[u8],
    shape: Shape,
    text: fn(&[u8]) -> Option<String>,
) -> Option<PvValue> {
    let count = usize::try_from(count).ok()?;
    if shape == Shape::Letters && native == Native::Char {
        return text(payload.get(..count)?).map(PvValue::Text);
    }
    // A single text may be sent without the room it does not need.
    if native == Native::Text && count == 1 && payload.len() < TEXT {
        let one = text(payload)?;
        return Some(match shape {
            Shape::Array => PvValue::Texts(vec![one]),
            _ => PvValue::Text(one),
        });
    }
    let bytes = payload.get(..count.checked_mul(size(native))?)?;
    let elements = bytes.chunks_exact(size(native));
    let values = match native {
        Native::Text => PvValue::Texts(elements.map(text).collect::<Option<_>>()?),
        Native::Float => PvValue::Reals(
            elements
                .filter_map(|four| Some(f64::from(f32::from_be_bytes(four.try_into().ok()?))))
                .collect(),
        ),
        Native::Double => PvValue::Reals(
            elements
                .filter_map(|eight| Some(f64::from_be_bytes(eight.try_into().ok()?)))
                .collect(),
        ),
        Native::Short | Native::Choice | Native::Char | Native::Long => {
            PvValue::Ints(elements.filter_map(|bytes| whole(native, bytes)).collect())
        }
    };
    match shape {
        Shape::One => only(native, values),
        Shape::Array | Shape::Letters => Some(values),
    }
}

fn whole(native: Native, bytes: &[u8]) -> Option<i64> {
    Some(match native {
        Native::Char => i64::from(*bytes.first()?),
        Native::Choice => i64::from(u16::from_be_bytes(bytes.try_into().ok()?)),
        Native::Short => i64::from(i16::from_be_bytes(bytes.try_into().ok()?)),
        _ => i64::from(i32::from_be_bytes(bytes.try_into().ok()?)),
    })
}

fn only(native: Native, values: PvValue) -> Option<PvValue> {
    match values {
        PvValue::Texts(mut texts) if texts.len() == 1 => texts.pop().map(PvValue::Text),
        PvValue::Reals(reals) if reals.len() == 1 => reals.first().copied().map(PvValue::Real),
        PvValue::Ints(ints) if ints.len() == 1 => {
            let value = *ints.first()?;
            match native {
                Native::Choice => u16::try_from(value)
                    .ok()
                    .map(|index| PvValue::Choice { index, label: None }),
                _ => Some(PvValue::Int(value)),
            }
        }
        _ => None,
    }
}

fn up_to_zero(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    let bytes = up_to_zero(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// The labels and the index of a choice, as [`LABELLED_CHOICE`] carries them.
pub fn decode_labelled(payload: &[u8]) -> Option<(Vec<String>, u16)> {
    let count = u16::from_be_bytes(payload.get(4..6)?.try_into().ok()?);
    let labels = payload.get(6..6 + LABELS * LABEL)?;
    let end = 6 + LABELS * LABEL;
    let index = u16::from_be_bytes(payload.get(end..end + 2)?.try_into().ok()?);
    let labels = labels
        .chunks_exact(LABEL)
        .take(usize::from(count))
        .map(text)
        .collect();
    Some((labels, index))
}

/// `value` as elements of the plain type `native`, and how many they are; `None` if it does not fit.
pub fn encode(native: Native, value: &PvValue) -> Option<(u32, Vec<u8>)> {
    let mut bytes = Vec::new();
    let count = match value {
        PvValue::Int(one) => put_whole(native, *one, &mut bytes).map(|()| 1),
        PvValue::Real(one) => put_real(native, *one, &mut bytes).map(|()| 1),
        PvValue::Choice { index, .. } => put_whole(native, i64::from(*index), &mut bytes).map(|()| 1),
        PvValue::Text(text) if native == Native::Char => {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0);
            Some(bytes.len())
        }
        PvValue::Text(text) => put_text(native, text, &mut bytes).map(|()| 1),
        PvValue::Ints(all) => every(all, |one| put_whole(native, *one, &mut bytes)),
        PvValue::Reals(all) => every(all, |one| put_real(native, *one, &mut bytes)),
        PvValue::Texts(all) => every(all, |one| put_text(native, one, &mut bytes)),
    }?;
    Some((u32::try_from(count).ok()?, bytes))
}

fn every<T>(values: &[T], mut one: impl FnMut(&T) -> Option<()>) -> Option<usize> {
    values.iter().try_for_each(&mut one)?;
    Some(values.len())
}

fn put_whole(native: Native, value: i64, bytes: &mut Vec<u8>) -> Option<()> {
    match native {
        Native::Char => bytes.push(u8::try_from(value).ok()?),
        Native::Choice => bytes.extend(u16::try_from(value).ok()?.to_be_bytes()),
        Native::Short => bytes.extend(i16::try_from(value).ok()?.to_be_bytes()),
        Native::Long => bytes.extend(i32::try_from(value).ok()?.to_be_bytes()),
        // Whole numbers that a real one cannot hold exactly are not sent as something else.
        Native::Double | Native::Float => return put_real(native, exact(value)?, bytes),
        Native::Text => return None,
    }
    Some(())
}

#[allow(clippy::cast_precision_loss, reason = "whole numbers up to 2^53 are exact")]
fn exact(value: i64) -> Option<f64> {
    (value.unsigned_abs() <= 1 << 53).then_some(value as f64)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "that is what a 32-bit process variable holds"
)]
fn put_real(native: Native, value: f64, bytes: &mut Vec<u8>) -> Option<()> {
    match native {
        Native::Double => bytes.extend(value.to_be_bytes()),
        Native::Float => bytes.extend((value as f32).to_be_bytes()),
        _ => return None,
    }
    Some(())
}

fn put_text(native: Native, text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    if native != Native::Text || text.len() >= TEXT || text.contains('\0') {
        return None;
    }
    bytes.extend_from_slice(text.as_bytes());
    bytes.resize(bytes.len() + TEXT - text.len(), 0);
    Some(())
}
