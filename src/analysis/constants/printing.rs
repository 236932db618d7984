//! How Python prints values.

use std::fmt::Write;

use super::{Constant, MAX_LENGTH, is_settled};

/// About so many characters of a value are shown to a reader.
const SHOWN: usize = 60;

/// For whom a value is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// The program, as `repr` does.
    Repr,
    /// The program, as `ascii` does.
    Ascii,
    /// A person.
    Reader,
}

struct Printer {
    text: String,
    purpose: For,
    limit: usize,
}

/// How Python prints it, shortened; for a reader.
pub(in super::super) fn shown(value: &Constant) -> String {
    let mut printer = Printer {
        text: String::new(),
        purpose: For::Reader,
        limit: SHOWN * 4,
    };
    let whole = printer.value(value).is_some();
    let mut text = printer.text;
    let cut = text.char_indices().nth(SHOWN).map(|(place, _)| place);
    if let Some(place) = cut {
        text.truncate(place);
    }
    if cut.is_some() || !whole {
        text.push('…');
    }
    text
}

/// What `repr` gives.
pub(super) fn repr(value: &Constant) -> Option<String> {
    printed(value, For::Repr)
}

/// What `ascii` gives.
pub(super) fn ascii(value: &Constant) -> Option<String> {
    printed(value, For::Ascii)
}

/// What `str` gives.
pub(super) fn plain(value: &Constant) -> Option<String> {
    match value {
        Constant::Text(text) if text.len() <= MAX_LENGTH => Some(text.to_string()),
        Constant::Text(_) => None,
        _ => repr(value),
    }
}

fn printed(value: &Constant, purpose: For) -> Option<String> {
    let mut printer = Printer {
        text: String::new(),
        purpose,
        limit: MAX_LENGTH,
    };
    printer.value(value)?;
    Some(printer.text)
}

impl Printer {
    fn value(&mut self, value: &Constant) -> Option<()> {
        match value {
            Constant::None => self.add("None"),
            Constant::Bool(true) => self.add("True"),
            Constant::Bool(false) => self.add("False"),
            Constant::Int(value) => self.add(&value.to_string()),
            Constant::Float(value) => self.add(&float(*value)),
            Constant::Text(text) => self.quoted(text.contains('\''), text.contains('"'), text.chars()),
            // It may be a bytearray, which Python prints in another way.
            Constant::Bytes(bytes) if self.purpose == For::Reader => {
                self.add("b")?;
                self.purpose = For::Ascii;
                let result = self.quoted(
                    bytes.contains(&b'\''),
                    bytes.contains(&b'"'),
                    bytes.iter().map(|byte| char::from(*byte)),
                );
                self.purpose = For::Reader;
                result
            }
            Constant::Sequence(items) => self.items("[", items, "]"),
            Constant::Tuple(items) if items.len() == 1 => self.items("(", items, ",)"),
            Constant::Tuple(items) => self.items("(", items, ")"),
            Constant::Iterator(items) if self.purpose == For::Reader => self.items("[", items, "]"),
            Constant::Translation(_) if self.purpose == For::Reader => self.add("{…}"),
            Constant::Bytes(_) | Constant::Iterator(_) | Constant::Translation(_) => None,
        }
    }

    fn add(&mut self, text: &str) -> Option<()> {
        self.text.push_str(text);
        (self.text.len() <= self.limit).then_some(())
    }

    fn items(&mut self, open: &str, items: &[Constant], close: &str) -> Option<()> {
        self.add(open)?;
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.add(", ")?;
            }
            self.value(item)?;
        }
        self.add(close)
    }

    fn quoted(&mut self, single: bool, double: bool, characters: impl Iterator<Item = char>) -> Option<()> {
        let quote = if single && !double { '"' } else { '\'' };
        self.text.push(quote);
        for character in characters {
            match character {
                '\\' => self.add("\\\\")?,
                '\n' => self.add("\\n")?,
                '\r' => self.add("\\r")?,
                '\t' => self.add("\\t")?,
                _ if character == quote => {
                    self.text.push('\\');
                    self.text.push(quote);
                }
                ' '..='~' => self.text.push(character),
                _ if self.is_printable(character)? => self.text.push(character),
                _ => self.escaped(character),
            }
            if self.text.len() > self.limit {
                return None;
            }
        }
        self.add(quote.encode_utf8(&mut [0; 4]))
    }

    fn escaped(&mut self, character: char) {
        let number = u32::from(character);
        // Writing to a text cannot fail.
        let _ = match number {
            0..=0xff => write!(self.text, "\\x{number:02x}"),
            0x100..=0xffff => write!(self.text, "\\u{number:04x}"),
            _ => write!(self.text, "\\U{number:08x}"),
        };
    }

    /// Whether a character beyond ASCII, or a control character, is printed as it is.
    fn is_printable(&self, character: char) -> Option<bool> {
        let latin = matches!(character, '\u{a1}'..='\u{2ff}') && character != '\u{ad}';
        match self.purpose {
            _ if character.is_control() => Some(false),
            For::Ascii => Some(false),
            For::Repr if character <= '\u{2ff}' => Some(latin),
            For::Repr => (is_settled(character) && character.is_alphanumeric()).then_some(true),
            For::Reader => Some(
                latin
                    || character.is_alphanumeric()
                    || matches!(character, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{2190}'..='\u{22ff}'),
            ),
        }
    }
}

/// The shortest digits that give the number back, and the place of the point among them.
pub(super) fn shortest(value: f64) -> (String, i32) {
    digits_and_point(&format!("{:e}", value.abs()))
}

/// Takes Rust's `1.5e3` apart: the digits, and how many of them stand before the point.
pub(super) fn digits_and_point(scientific: &str) -> (String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits, exponent.parse::<i32>().unwrap_or(0) + 1)
}

/// A float as `repr` prints it.
pub(super) fn float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if value.is_infinite() {
        return format!("{sign}inf");
    }
    let (digits, point) = shortest(value);
    let body = if (-3..=16).contains(&point) {
        positional(&digits, point, true)
    } else {
        scientific(&digits, point, false)
    };
    format!("{sign}{body}")
}

/// The digits with their point, without an exponent; `whole` adds `.0` where no fraction is.
pub(super) fn positional(digits: &str, point: i32, whole: bool) -> String {
    let places = usize::try_from(point.unsigned_abs()).unwrap_or(0);
    if point <= 0 {
        return format!("0.{}{digits}", "0".repeat(places));
    }
    match digits.split_at_checked(places) {
        Some((before, after)) if !after.is_empty() => format!("{before}.{after}"),
        _ => {
            let zeros = "0".repeat(places.saturating_sub(digits.len()));
            format!("{digits}{zeros}{}", if whole { ".0" } else { "" })
        }
    }
}

/// The digits with an exponent of two digits or more.
pub(super) fn scientific(digits: &str, point: i32, upper: bool) -> String {
    let exponent = point - 1;
    let sign = if exponent < 0 { '-' } else { '+' };
    let letter = if upper { 'E' } else { 'e' };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let separator = if rest.is_empty() { "" } else { "." };
    format!("{first}{separator}{rest}{letter}{sign}{:02}", exponent.abs())
}
