//! What a server makes of a value that is sent as another type than its own.

use crate::model::PvValue;

use super::Refusal;

/// The most bytes of a text: DBR_STRING has forty, with a zero at the end.
const MAX_TEXT_BYTES: usize = 39;

/// The types of Channel Access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Native {
    /// Up to 39 bytes of text (DBR_STRING).
    Text,
    /// 16 bits (DBR_SHORT).
    Short,
    /// 32 bits, real (DBR_FLOAT).
    Float,
    /// One of up to 16 labels (DBR_ENUM).
    Choice,
    /// 8 bits (DBR_CHAR), and the letters of long strings.
    Char,
    /// 32 bits (DBR_LONG).
    Long,
    /// 64 bits, real (DBR_DOUBLE).
    Double,
}

impl Native {
    /// The plain type with this number, from DBR_STRING (0) to DBR_DOUBLE (6).
    pub fn from_dbr(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Text,
            1 => Self::Short,
            2 => Self::Float,
            3 => Self::Choice,
            4 => Self::Char,
            5 => Self::Long,
            6 => Self::Double,
            _ => return None,
        })
    }
}

/// One element on its way.
enum Item<'a> {
    Int(i64),
    Real(f64),
    Text(&'a str),
}

/// What a process variable of the type `native` holds once the server has taken `new`, which is sent as `wire`.
/// `labels` are those of a choice, by index; none if they are unknown.
///
/// Numbers become what EPICS base casts them to. What it casts silently into another number (a value out of
/// range), what it reads differently from version to version (`010`, `0x10` and `1e3` for a whole number), and
/// what other servers read differently (a byte for a text) is refused.
///
/// # Errors
/// [`Refusal`]: the server would not take it, or servers differ in what they make of it.
pub fn convert(new: &PvValue, wire: Native, native: Native, labels: &[String]) -> Result<PvValue, Refusal> {
    if !fits_wire(new, wire) {
        return Err(undecodable(format!("{new} is not what was sent")));
    }
    // A text for a process variable of bytes is a long string: its letters, and no number.
    if let (PvValue::Text(text), Native::Char) = (new, native) {
        return long_string(text, wire);
    }
    let one = |item| element(item, wire, native, labels);
    match new {
        PvValue::Int(value) => one(Item::Int(*value)),
        PvValue::Real(value) => one(Item::Real(*value)),
        PvValue::Text(text) => one(Item::Text(text)),
        PvValue::Choice { index, .. } => one(Item::Int(i64::from(*index))),
        PvValue::Ints(values) => all(native, values.iter().map(|value| one(Item::Int(*value)))),
        PvValue::Reals(values) => all(native, values.iter().map(|value| one(Item::Real(*value)))),
        PvValue::Texts(texts) if native != Native::Char => {
            all(native, texts.iter().map(|text| one(Item::Text(text))))
        }
        PvValue::Texts(_) => Err(undecodable(
            "several texts for a process variable of bytes".to_owned(),
        )),
    }
}

/// Whether a message of the type `wire` can hold `value`.
fn fits_wire(value: &PvValue, wire: Native) -> bool {
    match value {
        PvValue::Text(_) => matches!(wire, Native::Text | Native::Char),
        PvValue::Texts(_) => wire == Native::Text,
        PvValue::Choice { .. } => wire == Native::Choice,
        PvValue::Real(_) | PvValue::Reals(_) => matches!(wire, Native::Float | Native::Double),
        PvValue::Int(_) | PvValue::Ints(_) => {
            matches!(wire, Native::Short | Native::Choice | Native::Char | Native::Long)
        }
    }
}

fn long_string(text: &str, wire: Native) -> Result<PvValue, Refusal> {
    let begins = text.trim_ascii_start().trim_start_matches(['+', '-']);
    if wire == Native::Text && begins.starts_with(|letter: char| letter.is_ascii_digit()) {
        return Err(undecodable(format!(
            "{text:?} is a number to one server and a text to another, because the process variable holds bytes"
        )));
    }
    Ok(PvValue::Ints(text.bytes().map(i64::from).collect()))
}

/// An array of what each element becomes.
fn all(native: Native, items: impl Iterator<Item = Result<PvValue, Refusal>>) -> Result<PvValue, Refusal> {
    let (mut ints, mut reals, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for item in items {
        match item? {
            PvValue::Int(value) => ints.push(value),
            PvValue::Choice { index, .. } => ints.push(i64::from(index)),
            PvValue::Real(value) => reals.push(value),
            PvValue::Text(text) => texts.push(text),
            other => return Err(undecodable(format!("{other} inside an array"))),
        }
    }
    Ok(match native {
        Native::Text => PvValue::Texts(texts),
        Native::Float | Native::Double => PvValue::Reals(reals),
        Native::Short | Native::Choice | Native::Char | Native::Long => PvValue::Ints(ints),
    })
}

fn element(item: Item<'_>, wire: Native, native: Native, labels: &[String]) -> Result<PvValue, Refusal> {
    match native {
        Native::Text => text_of(item, wire).map(PvValue::Text),
        Native::Choice => choice(item, labels),
        Native::Short => whole(item, i64::from(i16::MIN), i64::from(i16::MAX)).map(PvValue::Int),
        Native::Long => whole(item, i64::from(i32::MIN), i64::from(i32::MAX)).map(PvValue::Int),
        // A byte is signed in some records and not in others; on the wire it never is.
        Native::Char => whole(item, -128, 255).map(|value| PvValue::Int(value & 0xff)),
        Native::Float => {
            let value = number(item)?;
            #[allow(
                clippy::cast_possible_truncation,
                reason = "what is too great for it is refused"
            )]
            let single = value as f32;
            if value.is_finite() && !single.is_finite() {
                return Err(out_of_range(value));
            }
            Ok(PvValue::Real(f64::from(single)))
        }
        Native::Double => number(item).map(PvValue::Real),
    }
}

fn text_of(item: Item<'_>, wire: Native) -> Result<String, Refusal> {
    let text = match item {
        Item::Text(_) | Item::Int(_) if matches!(wire, Native::Char | Native::Choice) => {
            return Err(undecodable(
                "servers differ in what bytes and choices mean for a text; send a text".to_owned(),
            ));
        }
        Item::Text(text) => text.to_owned(),
        Item::Int(value) => value.to_string(),
        Item::Real(value) => {
            return Err(undecodable(format!(
                "the server writes {value} with a precision of its own; send a text"
            )));
        }
    };
    match text.len() <= MAX_TEXT_BYTES {
        true => Ok(text),
        false => Err(undecodable(format!("a text may have {MAX_TEXT_BYTES} bytes"))),
    }
}

/// A label, or an index, as a number or as a text.
fn choice(item: Item<'_>, labels: &[String]) -> Result<PvValue, Refusal> {
    let labelled = |index: usize| PvValue::Choice {
        index: u16::try_from(index).unwrap_or(u16::MAX),
        label: labels.get(index).cloned(),
    };
    if let Item::Text(text) = item {
        if let Some(index) = labels.iter().position(|label| label == text) {
            return Ok(labelled(index));
        }
        let index = plain_whole(text).and_then(|index| usize::try_from(index).ok());
        return match index.filter(|index| *index < labels.len()) {
            Some(index) => Ok(labelled(index)),
            None => Err(no_choice(&format!("{text:?}"), labels)),
        };
    }
    let index = whole(item, 0, i64::from(u16::MAX))?;
    match usize::try_from(index) {
        Ok(index) if labels.is_empty() || index < labels.len() => Ok(labelled(index)),
        _ => Err(no_choice(&index.to_string(), labels)),
    }
}

/// A whole number from `least` to `most`, cut off behind the point as a cast does.
fn whole(item: Item<'_>, least: i64, most: i64) -> Result<i64, Refusal> {
    let value = match item {
        Item::Int(value) => value,
        Item::Text(text) => plain_whole(text).ok_or_else(|| {
            undecodable(format!(
                "servers differ in what {text:?} means for a whole number; send digits only"
            ))
        })?,
        Item::Real(value) if !value.is_finite() => return Err(not_finite(value)),
        #[allow(
            clippy::cast_possible_truncation,
            reason = "beyond its range the cast gives the range's end, which is refused below"
        )]
        Item::Real(value) => value as i64,
    };
    match (least..=most).contains(&value) {
        true => Ok(value),
        #[allow(clippy::cast_precision_loss, reason = "for the message")]
        false => Err(out_of_range(value as f64)),
    }
}

fn number(item: Item<'_>) -> Result<f64, Refusal> {
    match item {
        #[allow(
            clippy::cast_precision_loss,
            reason = "what is sent as a whole number has 32 bits at most"
        )]
        Item::Int(value) => Ok(value as f64),
        Item::Real(value) => Ok(value),
        Item::Text(text) => real(text).ok_or_else(|| undecodable(format!("{text:?} is no number"))),
    }
}

/// Digits with a sign, and nothing that versions of EPICS read differently: no leading zero, no `0x`, no point.
fn plain_whole(text: &str) -> Option<i64> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let plain = digits == "0" || !digits.starts_with('0');
    plain.then(|| text.parse().ok()).flatten()
}

/// A number as C reads one, without anything behind it.
fn real(text: &str) -> Option<f64> {
    let text = text.trim_ascii();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|digit| digit.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16)
            .ok()
            .map(|value| sign * f64::from(value)),
        Some(_) => None,
        None if digits.starts_with(['+', '-']) => None,
        None => digits.parse::<f64>().ok().map(|value| sign * value),
    }
}

fn undecodable(reason: String) -> Refusal {
    Refusal::new("undecodable", reason)
}

fn not_finite(value: f64) -> Refusal {
    Refusal::new("not_a_number", format!("{value} is no finite number"))
}

fn out_of_range(value: f64) -> Refusal {
    Refusal::new(
        "out_of_range",
        format!("{value} is beyond what the process variable's type holds, and would become another number"),
    )
}

fn no_choice(said: &str, labels: &[String]) -> Refusal {
    let reason = match labels.is_empty() {
        true => format!("{said} is no index, and the process variable's labels are not known"),
        false => format!("{said} is none of the choices: {}", labels.join(", ")),
    };
    Refusal::new("no_such_choice", reason)
}
