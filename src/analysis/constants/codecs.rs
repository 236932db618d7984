//! Text as bytes and back: `encode`, `decode` and the module `codecs`.

use super::{Constant, Known, MAX_LENGTH, transfer};

/// Each byte as the character of its number.
pub(super) fn from_latin_1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// Each character as the byte of its number.
pub(super) fn to_latin_1(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|character| u8::try_from(character).ok())
        .collect()
}

/// An encoding of characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    /// With a mark at the start.
    Utf8Marked,
    Ascii,
    Latin1,
    Wide {
        /// The bytes of a unit: 2 or 4.
        unit: usize,
        order: Order,
    },
    Escapes,
}

/// The order of bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Little,
    Big,
    /// As a mark at the start has it; the supported machines write little ends first.
    Marked,
}

/// The name as Python looks it up.
fn normalised(name: &str) -> String {
    name.to_ascii_lowercase().replace([' ', '_'], "-")
}

fn encoding(name: &str) -> Option<Encoding> {
    let wide = |unit, order| Some(Encoding::Wide { unit, order });
    match normalised(name).as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "cp65001" => Some(Encoding::Utf8),
        "utf-8-sig" => Some(Encoding::Utf8Marked),
        "ascii" | "us-ascii" | "646" => Some(Encoding::Ascii),
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" => {
            Some(Encoding::Latin1)
        }
        "utf-16" | "utf16" | "u16" => wide(2, Order::Marked),
        "utf-16-le" | "utf-16le" => wide(2, Order::Little),
        "utf-16-be" | "utf-16be" => wide(2, Order::Big),
        "utf-32" | "utf32" | "u32" => wide(4, Order::Marked),
        "utf-32-le" | "utf-32le" => wide(4, Order::Little),
        "utf-32-be" | "utf-32be" => wide(4, Order::Big),
        "unicode-escape" | "unicodeescape" => Some(Encoding::Escapes),
        _ => None,
    }
}

/// What is done with what cannot be encoded or decoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Faults {
    Raise,
    Ignore,
    Replace,
}

/// The arguments of `encode` and `decode`.
fn options(known: &Known<'_>) -> Option<(Encoding, Faults)> {
    let [name, faults] = known.by_name(["encoding", "errors"])?;
    let name = name.map_or(Some("utf-8"), Constant::as_text)?;
    let faults = match faults.map_or(Some("strict"), Constant::as_text)? {
        "ignore" => Faults::Ignore,
        "replace" => Faults::Replace,
        // Without a fault all are alike; with one, nothing is known.
        _ => Faults::Raise,
    };
    Some((encoding(name)?, faults))
}

/// `text.encode(encoding, errors)`.
pub(super) fn encode(text: &str, known: &Known<'_>) -> Option<Constant> {
    let (encoding, faults) = options(known)?;
    Constant::bytes(encoded(text, encoding, faults)?)
}

fn encoded(text: &str, encoding: Encoding, faults: Faults) -> Option<Vec<u8>> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    match encoding {
        Encoding::Utf8 => Some(text.into()),
        Encoding::Utf8Marked => Some(format!("\u{feff}{text}").into_bytes()),
        Encoding::Ascii => narrow(text, '\u{7f}', faults),
        Encoding::Latin1 => narrow(text, '\u{ff}', faults),
        Encoding::Wide { unit: 2, order } => Some(wide(
            text.encode_utf16(),
            order,
            |unit, little| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            },
            0xfeff,
        )),
        Encoding::Wide { order, .. } => Some(wide(
            text.chars().map(u32::from),
            order,
            |unit, little| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            },
            0xfeff,
        )),
        Encoding::Escapes => None,
    }
}

fn narrow(text: &str, last: char, faults: Faults) -> Option<Vec<u8>> {
    let mut result = Vec::with_capacity(text.len());
    for character in text.chars() {
        match (u8::try_from(character).ok().filter(|_| character <= last), faults) {
            (Some(byte), _) => result.push(byte),
            (None, Faults::Ignore) => {}
            (None, Faults::Replace) => result.push(b'?'),
            (None, Faults::Raise) => return None,
        }
    }
    Some(result)
}

fn wide<T, const N: usize>(
    units: impl Iterator<Item = T>,
    order: Order,
    bytes: impl Fn(T, bool) -> [u8; N],
    mark: T,
) -> Vec<u8> {
    let mark = (order == Order::Marked).then_some(mark);
    let units = mark.into_iter().chain(units);
    units.flat_map(|unit| bytes(unit, order != Order::Big)).collect()
}

/// `bytes.decode(encoding, errors)`.
pub(super) fn decode(bytes: &[u8], known: &Known<'_>) -> Option<Constant> {
    let (encoding, faults) = options(known)?;
    Constant::text(decoded(bytes, encoding, faults)?)
}

fn decoded(bytes: &[u8], encoding: Encoding, faults: Faults) -> Option<String> {
    if bytes.len() > MAX_LENGTH {
        return None;
    }
    match encoding {
        Encoding::Utf8 => utf_8(bytes, faults),
        Encoding::Utf8Marked => utf_8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), faults),
        Encoding::Ascii => match faults {
            _ if bytes.is_ascii() => Some(from_latin_1(bytes)),
            Faults::Ignore => {
                let ascii = bytes.iter().filter(|byte| byte.is_ascii());
                Some(ascii.map(|byte| char::from(*byte)).collect())
            }
            Faults::Raise | Faults::Replace => None,
        },
        Encoding::Latin1 => Some(from_latin_1(bytes)),
        Encoding::Wide { unit: 2, order } => {
            let (bytes, little) = marked(bytes, order, b"\xff\xfe", b"\xfe\xff");
            let units = units(bytes, little, u16::from_le_bytes, u16::from_be_bytes)?;
            String::from_utf16(&units).ok()
        }
        Encoding::Wide { order, .. } => {
            let (bytes, little) = marked(bytes, order, b"\xff\xfe\0\0", b"\0\0\xfe\xff");
            let units = units(bytes, little, u32::from_le_bytes, u32::from_be_bytes)?;
            units.into_iter().map(char::from_u32).collect()
        }
        Encoding::Escapes => unescaped(bytes),
    }
}

fn utf_8(bytes: &[u8], faults: Faults) -> Option<String> {
    match (std::str::from_utf8(bytes), faults) {
        (Ok(text), _) => Some(text.to_owned()),
        (Err(_), Faults::Ignore) => Some(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()),
        (Err(_), _) => None,
    }
}

/// The bytes without the mark of their order, and whether little ends come first.
fn marked<'a>(bytes: &'a [u8], order: Order, little: &[u8], big: &[u8]) -> (&'a [u8], bool) {
    match order {
        Order::Little => (bytes, true),
        Order::Big => (bytes, false),
        Order::Marked => match bytes.strip_prefix(big) {
            Some(rest) => (rest, false),
            None => (bytes.strip_prefix(little).unwrap_or(bytes), true),
        },
    }
}

fn units<T, const N: usize>(
    bytes: &[u8],
    little: bool,
    from_little: fn([u8; N]) -> T,
    from_big: fn([u8; N]) -> T,
) -> Option<Vec<T>> {
    let (chunks, rest) = bytes.as_chunks::<N>();
    let unit = if little { from_little } else { from_big };
    rest.is_empty()
        .then(|| chunks.iter().copied().map(unit).collect())
}

/// What the escapes of a string literal stand for; bytes that are none are taken as Latin-1.
fn unescaped(bytes: &[u8]) -> Option<String> {
    let text = from_latin_1(bytes);
    let mut result = String::new();
    let mut rest = text.as_str();
    while let Some((before, escape)) = rest.split_once('\\') {
        result.push_str(before);
        let kind = escape.chars().next()?;
        rest = escape.get(kind.len_utf8()..)?;
        let simple = match kind {
            '\n' => "",
            '\\' => "\\",
            '\'' => "'",
            '"' => "\"",
            'a' => "\x07",
            'b' => "\x08",
            'f' => "\x0c",
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            'v' => "\x0b",
            _ => {
                let (base, digits, after) = match kind {
                    'x' => (16, rest.get(..2)?, rest.get(2..)?),
                    'u' => (16, rest.get(..4)?, rest.get(4..)?),
                    'U' => (16, rest.get(..8)?, rest.get(8..)?),
                    '0'..='7' => {
                        let octal = |byte: &u8| matches!(byte, b'0'..=b'7');
                        let more = escape.bytes().take(3).take_while(octal).count();
                        (8, escape.get(..more)?, escape.get(more..)?)
                    }
                    // Names of characters, and what is no escape and deprecated.
                    _ => return None,
                };
                if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                let number = u32::from_str_radix(digits, base).ok()?;
                if base == 8 && number > 0o377 {
                    return None;
                }
                result.push(char::from_u32(number)?);
                rest = after;
                continue;
            }
        };
        result.push_str(simple);
    }
    result.push_str(rest);
    Some(result)
}

/// `codecs.decode(value, encoding, errors)`, which also knows codecs that make bytes from bytes.
pub(super) fn codecs_decode(known: &Known<'_>) -> Option<Constant> {
    let [value, encoding, errors] = known.by_name(["obj", "encoding", "errors"])?;
    let value = value?;
    let name = encoding.map_or(Some("utf-8"), Constant::as_text)?;
    match normalised(name).as_str() {
        "rot13" | "rot-13" => return Constant::text(rotated(value.as_text()?)?),
        "hex" | "hex-codec" => return Constant::bytes(transfer::from_hex_digits(value.as_bytes()?)?),
        "base64" | "base-64" | "base64-codec" => {
            return Constant::bytes(transfer::from_base_64(value.as_bytes()?, [b'+', b'/'], false)?);
        }
        "zlib" | "zip" | "zlib-codec" => return Constant::bytes(transfer::inflated(value.as_bytes()?, 15)?),
        "unicode-escape" | "unicodeescape" => {
            return match value {
                Constant::Text(text) if text.is_ascii() => Constant::text(unescaped(text.as_bytes())?),
                Constant::Bytes(bytes) => Constant::text(unescaped(bytes)?),
                _ => None,
            };
        }
        _ => {}
    }
    let mut positional = vec![Constant::text(name)?];
    positional.extend(errors.cloned());
    let known = Known {
        positional: &positional,
        named: &[],
    };
    decode(value.as_bytes()?, &known)
}

/// `codecs.encode(value, encoding, errors)`.
pub(super) fn codecs_encode(known: &Known<'_>) -> Option<Constant> {
    let [value, encoding, errors] = known.by_name(["obj", "encoding", "errors"])?;
    let value = value?;
    let name = encoding.map_or(Some("utf-8"), Constant::as_text)?;
    match normalised(name).as_str() {
        "rot13" | "rot-13" => return Constant::text(rotated(value.as_text()?)?),
        "hex" | "hex-codec" => return Constant::bytes(transfer::to_hex(value.as_bytes()?)?.into_bytes()),
        _ => {}
    }
    let mut positional = vec![Constant::text(name)?];
    positional.extend(errors.cloned());
    let known = Known {
        positional: &positional,
        named: &[],
    };
    encode(value.as_text()?, &known)
}

fn rotated(text: &str) -> Option<String> {
    let turn = |character: char, first: u8| {
        u8::try_from(character).map_or(character, |byte| char::from((byte - first + 13) % 26 + first))
    };
    (text.len() <= MAX_LENGTH).then(|| {
        text.chars()
            .map(|character| match character {
                'a'..='z' => turn(character, b'a'),
                'A'..='Z' => turn(character, b'A'),
                _ => character,
            })
            .collect()
    })
}
