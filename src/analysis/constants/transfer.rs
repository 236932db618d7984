//! Encodings for transport: base 64 and its kin, hexadecimal digits, compression, URLs and HTML.

use base64::Engine as _;
use miniz_oxide::inflate;

use super::MAX_LENGTH;

/// Bytes as hexadecimal digits.
pub(super) fn to_hex(bytes: &[u8]) -> Option<String> {
    use std::fmt::Write as _;
    if bytes.len() > MAX_LENGTH / 2 {
        return None;
    }
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Some(text)
}

/// `binascii.unhexlify`: digits only.
pub(super) fn from_hex_digits(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() || digits.len() > 2 * MAX_LENGTH {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok())
        .collect()
}

/// `bytes.fromhex`: spaces may stand between the bytes.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut result = Vec::new();
    for group in text.split(|character: char| character.is_ascii_whitespace() || character == '\u{b}') {
        result.extend(from_hex_digits(group.as_bytes())?);
        if result.len() > MAX_LENGTH {
            return None;
        }
    }
    Some(result)
}

/// Base 64 with the two characters `extra` for 62 and 63.
pub(super) fn to_base_64(bytes: &[u8], extra: [u8; 2]) -> Option<Vec<u8>> {
    if bytes.len() > MAX_LENGTH / 4 * 3 {
        return None;
    }
    let mut encoded = base64::engine::general_purpose::STANDARD
        .encode(bytes)
        .into_bytes();
    for byte in &mut encoded {
        match byte {
            b'+' => *byte = extra[0],
            b'/' => *byte = extra[1],
            _ => {}
        }
    }
    Some(encoded)
}

/// Base 64 as CPython reads it: unless `strict`, what is not of the alphabet is passed over.
pub(super) fn from_base_64(bytes: &[u8], extra: [u8; 2], strict: bool) -> Option<Vec<u8>> {
    if bytes.len() > 2 * MAX_LENGTH {
        return None;
    }
    let mut result = Vec::new();
    let (mut quad, mut pads, mut bits) = (0, 0, 0_u32);
    let mut ended = false;
    for byte in bytes {
        let value = match byte {
            b'=' => {
                pads += 1;
                // Where it does not pad, versions differ in what they make of it.
                if ended || quad < 2 {
                    return None;
                }
                ended = quad + pads >= 4;
                continue;
            }
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            _ if *byte == extra[0] => 62,
            _ if *byte == extra[1] => 63,
            // With another alphabet, versions differ in what they make of the usual one.
            b'+' | b'/' => return None,
            _ if strict => return None,
            _ => continue,
        };
        if pads > 0 {
            return None;
        }
        bits = (bits << 6) | u32::from(value);
        quad += 1;
        if quad == 4 {
            result.extend(bits.to_be_bytes().into_iter().skip(1));
            (quad, bits) = (0, 0);
        }
    }
    match quad {
        0 => {}
        2 if ended => result.extend((bits << 12).to_be_bytes().into_iter().skip(1).take(1)),
        3 if ended => result.extend((bits << 6).to_be_bytes().into_iter().skip(1).take(2)),
        _ => return None,
    }
    Some(result)
}

const BASE_32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) fn to_base_32(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > MAX_LENGTH / 2 {
        return None;
    }
    let mut result = Vec::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0; 8];
        block[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(block);
        let used = (chunk.len() * 8).div_ceil(5);
        for place in 0..8 {
            let index = usize::try_from((bits >> (35 - 5 * place)) & 31).unwrap_or(0);
            result.push(if place < used { BASE_32[index] } else { b'=' });
        }
    }
    Some(result)
}

pub(super) fn from_base_32(bytes: &[u8], fold_case: bool) -> Option<Vec<u8>> {
    if !bytes.len().is_multiple_of(8) || bytes.len() > 2 * MAX_LENGTH {
        return None;
    }
    let mut result = Vec::new();
    let mut chunks = bytes.chunks(8).peekable();
    while let Some(chunk) = chunks.next() {
        let pads = chunk.iter().rev().take_while(|byte| **byte == b'=').count();
        let whole = match pads {
            0 => 5,
            1 => 4,
            3 => 3,
            4 => 2,
            6 => 1,
            _ => return None,
        };
        if pads > 0 && chunks.peek().is_some() {
            return None;
        }
        let mut bits = 0_u64;
        for byte in chunk {
            let byte = if fold_case {
                byte.to_ascii_uppercase()
            } else {
                *byte
            };
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'2'..=b'7' => byte - b'2' + 26,
                b'=' => 0,
                _ => return None,
            };
            bits = (bits << 5) | u64::from(value);
        }
        // A pad between digits is an error.
        if chunk.iter().filter(|byte| **byte == b'=').count() != pads {
            return None;
        }
        result.extend(bits.to_be_bytes().into_iter().skip(3).take(whole));
    }
    Some(result)
}

const BASE_85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";

pub(super) fn from_base_85(bytes: &[u8]) -> Option<Vec<u8>> {
    let values: Option<Vec<u32>> = bytes
        .iter()
        .map(|byte| BASE_85.iter().position(|known| known == byte))
        .map(|place| u32::try_from(place?).ok())
        .collect();
    from_fives(&values.filter(|values| values.len() <= 2 * MAX_LENGTH)?)
}

pub(super) fn from_ascii_85(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > 2 * MAX_LENGTH {
        return None;
    }
    let mut values = Vec::new();
    for byte in bytes {
        match byte {
            b'!'..=b'u' => values.push(u32::from(byte - b'!')),
            b'z' if values.len().is_multiple_of(5) => values.extend([0; 5]),
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0b' => {}
            _ => return None,
        }
    }
    from_fives(&values)
}

/// Each five digits of base 85 are four bytes.
fn from_fives(values: &[u32]) -> Option<Vec<u8>> {
    let mut result = Vec::new();
    for chunk in values.chunks(5) {
        let missing = 5 - chunk.len();
        let mut number = 0_u32;
        for value in chunk.iter().copied().chain(std::iter::repeat_n(84, missing)) {
            number = number.checked_mul(85)?.checked_add(value)?;
        }
        result.extend(number.to_be_bytes().into_iter().take(4 - missing.min(4)));
    }
    Some(result)
}

pub(super) fn to_base_85(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > MAX_LENGTH / 2 {
        return None;
    }
    let mut result = Vec::new();
    for chunk in bytes.chunks(4) {
        let mut block = [0; 4];
        block[..chunk.len()].copy_from_slice(chunk);
        let mut number = u32::from_be_bytes(block);
        let mut digits = [0; 5];
        for digit in digits.iter_mut().rev() {
            *digit = BASE_85[usize::try_from(number % 85).unwrap_or(0)];
            number /= 85;
        }
        result.extend(digits.into_iter().take(chunk.len() + 1));
    }
    Some(result)
}

/// `zlib.decompress` with its `wbits`: with the header of zlib, of gzip, or none.
pub(super) fn inflated(bytes: &[u8], window: i64) -> Option<Vec<u8>> {
    match window {
        0 | 15 => inflate::decompress_to_vec_zlib_with_limit(bytes, MAX_LENGTH).ok(),
        -15 => inflate::decompress_to_vec_with_limit(bytes, MAX_LENGTH).ok(),
        31 => unzipped(bytes),
        _ => None,
    }
}

/// `gzip.decompress` of a file with one member.
pub(super) fn unzipped(bytes: &[u8]) -> Option<Vec<u8>> {
    let (header, mut rest) = bytes.split_at_checked(10)?;
    let &[0x1f, 0x8b, 8, flags @ 0..0x20, ..] = header else {
        return None;
    };
    if flags & 4 != 0 {
        let (length, after) = rest.split_first_chunk::<2>()?;
        rest = after.get(usize::from(u16::from_le_bytes(*length))..)?;
    }
    for present in [flags & 8 != 0, flags & 16 != 0] {
        if present {
            let end = rest.iter().position(|byte| *byte == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    if flags & 2 != 0 {
        rest = rest.get(2..)?;
    }
    let (body, trailer) = rest.split_last_chunk::<8>()?;
    let [sum @ .., _, _, _, _] = trailer;
    let result = inflate::decompress_to_vec_with_limit(body, MAX_LENGTH).ok()?;
    // With more members, or bytes after the last, the end is not this member's.
    (u32::from_le_bytes(*sum) == crc32fast::hash(&result)).then_some(result)
}

/// `urllib.parse.unquote`, where the escapes are UTF-8.
pub(super) fn unquoted(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('%') {
        let (before, escapes) = rest.split_at_checked(start)?;
        result.push_str(before);
        let mut bytes = Vec::new();
        rest = escapes;
        while let Some(digits) = rest.strip_prefix('%').and_then(|rest| rest.as_bytes().get(..2)) {
            let Some(decoded) = from_hex_digits(digits) else {
                break;
            };
            bytes.extend(decoded);
            rest = rest.get(3..)?;
        }
        if bytes.is_empty() {
            result.push('%');
            rest = rest.get(1..)?;
        }
        result.push_str(std::str::from_utf8(&bytes).ok()?);
    }
    result.push_str(rest);
    Some(result)
}

/// `urllib.parse.quote`.
pub(super) fn quoted(bytes: &[u8], safe: &str) -> Option<String> {
    use std::fmt::Write as _;
    let mut result = String::new();
    for byte in bytes {
        let kept = byte.is_ascii_alphanumeric() || b"_.-~".contains(byte);
        if kept || (byte.is_ascii() && safe.as_bytes().contains(byte)) {
            result.push(char::from(*byte));
        } else {
            let _ = write!(result, "%{byte:02X}");
        }
        if result.len() > MAX_LENGTH {
            return None;
        }
    }
    Some(result)
}

/// The references by name that stand for ASCII: those that code could be hidden with.
const NAMED: [(&str, &str); 44] = [
    ("amp", "&"),
    ("AMP", "&"),
    ("lt", "<"),
    ("LT", "<"),
    ("gt", ">"),
    ("GT", ">"),
    ("quot", "\""),
    ("QUOT", "\""),
    ("apos", "'"),
    ("lpar", "("),
    ("rpar", ")"),
    ("lowbar", "_"),
    ("UnderBar", "_"),
    ("period", "."),
    ("comma", ","),
    ("colon", ":"),
    ("semi", ";"),
    ("sol", "/"),
    ("excl", "!"),
    ("num", "#"),
    ("dollar", "$"),
    ("percnt", "%"),
    ("ast", "*"),
    ("midast", "*"),
    ("plus", "+"),
    ("equals", "="),
    ("quest", "?"),
    ("commat", "@"),
    ("lsqb", "["),
    ("lbrack", "["),
    ("bsol", "\\"),
    ("rsqb", "]"),
    ("rbrack", "]"),
    ("Hat", "^"),
    ("grave", "`"),
    ("lcub", "{"),
    ("lbrace", "{"),
    ("verbar", "|"),
    ("vert", "|"),
    ("rcub", "}"),
    ("rbrace", "}"),
    ("Tab", "\t"),
    ("NewLine", "\n"),
    ("nbsp", "\u{a0}"),
];

/// `html.unescape`, where every reference is closed with a semicolon and is a plain character's.
pub(super) fn unescaped_html(text: &str) -> Option<String> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        result.push_str(before);
        // What cannot begin a reference stands for itself.
        if !reference.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '#') {
            result.push('&');
            rest = reference;
            continue;
        }
        let (name, after) = reference.split_once(';')?;
        rest = after;
        let Some(number) = name.strip_prefix('#') else {
            result.push_str(NAMED.iter().find(|(known, _)| *known == name)?.1);
            continue;
        };
        let (digits, base) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        if !digits.chars().all(|digit| digit.is_digit(base)) {
            return None;
        }
        let number = u32::from_str_radix(digits, base).ok()?;
        // Others are replaced or left out by rules of their own.
        let character = char::from_u32(number)?;
        let plain = matches!(character, '\t' | '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}');
        result.push(plain.then_some(character)?);
    }
    result.push_str(rest);
    Some(result)
}
