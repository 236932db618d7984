//! Text from outside, made safe to look at: what hides or deceives is shown by its code point.

use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use crate::model::{Category, Finding, Severity};

/// The most characters of one text from outside that a question shows.
const MAX_CHARACTERS: usize = 8_000;
/// The most characters of one name from outside that a question shows.
const MAX_LINE_CHARACTERS: usize = 200;
/// The most items of one list or object from outside that a question shows.
const MAX_ITEMS: usize = 200;
/// The most levels of JSON from outside that a question shows.
const MAX_DEPTH: usize = 16;
/// The most notices about one text.
const MAX_NOTICES: usize = 50;

/// Letters of other scripts that are drawn like an ASCII letter, beside those that normalise to one.
const LOOK_ALIKES: &[(&str, &str)] = &[
    (
        "аесорхуѕіјһԁԛԝӏкАВЕКМНОРСТУХЅІЈҮ",
        "aecopxysijhdqwlkABEKMHOPCTYXSIJY",
    ),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧονικρυχ", "ABEZHIKMNOPTYXovikpux"),
    ("օոսհց", "onuhg"),
    ("ıɑɡǀ", "iagl"),
];

/// The stable ids of what [`notices`] tells.
pub const NOTICE_RULES: [&str; 2] = [HIDDEN_CHARACTER, LOOK_ALIKE_NAME];
const HIDDEN_CHARACTER: &str = "hidden_character";
const LOOK_ALIKE_NAME: &str = "look_alike_name";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Suspicion {
    Hidden,
    LookAlike,
}

/// The text with every character that hides or deceives written as `\u{…}`: control characters (but
/// for line ends and tabs), zero-width and direction marks, unusual spaces, and the letters of
/// another script in a word that can be taken for an ASCII name.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut done = 0;
    for (at, character, _) in suspects(text) {
        shown.push_str(&text[done..at]);
        shown.extend(character.escape_unicode());
        done = at + character.len_utf8();
    }
    shown.push_str(&text[done..]);
    shown
}

/// As [`visible`], on one line: line ends and tabs are escaped too.
pub fn visible_line(text: &str) -> String {
    visible(text)
        .replace('\n', "\\n")
        .replace('\r', "\\r")
        .replace('\t', "\\t")
}

/// One line of code as it is drawn, tabs as four spaces, and the places, from 0, where each of its
/// characters and its end are drawn.
pub(super) fn drawn(line: &str) -> (String, Vec<usize>) {
    let mut suspects = suspects(line).into_iter().map(|(at, ..)| at).peekable();
    let mut text = String::with_capacity(line.len());
    let mut places = Vec::with_capacity(line.len() + 1);
    let mut column = 0;
    for (at, character) in line.char_indices() {
        places.push(column);
        if suspects.next_if_eq(&at).is_some() {
            let escaped = character.escape_unicode();
            column += escaped.len();
            text.extend(escaped);
        } else if character == '\t' {
            column += 4;
            text.push_str("    ");
        } else {
            column += 1;
            text.push(character);
        }
    }
    places.push(column);
    (text, places)
}

/// The ends of the lines of `text` as Python reads them: behind a line feed, or behind a carriage return that
/// stands alone.
pub(super) fn line_ends(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let ends = |at: usize| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..bytes.len()).filter(move |&at| ends(at)).map(|at| at + 1)
}

/// Findings for the characters that hide or deceive, in the order they stand in; the first fifty.
pub fn notices(text: &str) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut ends = line_ends(text).peekable();
    let (mut line, mut line_start) = (1, 0);
    for (at, character, suspicion) in suspects(text) {
        while let Some(end) = ends.next_if(|&end| end <= at) {
            line += 1;
            line_start = end;
        }
        let end = ends.peek().copied().unwrap_or(text.len());
        let code_point = format!("U+{:04X}", u32::from(character));
        let (rule, explanation) = match suspicion {
            Suspicion::Hidden => (
                HIDDEN_CHARACTER,
                format!("{code_point} cannot be seen, or changes how the text around it is drawn."),
            ),
            Suspicion::LookAlike => (
                LOOK_ALIKE_NAME,
                format!(
                    "{code_point} is drawn like the ASCII character '{}'.",
                    plain(character)
                ),
            ),
        };
        let column = text[line_start..at].chars().count() + 1;
        let place = (line, u32::try_from(column).unwrap_or(u32::MAX));
        found.push(Finding {
            snippet: shown_line(text[line_start..end].trim()),
            ..Finding::new(rule, Category::Notice, Severity::High, place, explanation)
        });
        if found.len() == MAX_NOTICES {
            break;
        }
    }
    found
}

/// A text from outside for display: visible and not longer than a human reads.
pub(super) fn shown(text: &str) -> String {
    visible(&shortened(text, MAX_CHARACTERS))
}

/// A name or other short text from outside for display, on one line.
pub(super) fn shown_line(text: &str) -> String {
    visible_line(&shortened(text, MAX_LINE_CHARACTERS))
}

/// JSON from outside for display: every text visible, depth and size bounded.
pub(super) fn shown_json(value: &Value) -> Value {
    bounded(value, MAX_DEPTH)
}

fn bounded(value: &Value, depth: usize) -> Value {
    match value {
        Value::String(text) => Value::String(shown(text)),
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("… (too deep to show)".to_owned()),
        Value::Array(items) => {
            let mut shown: Vec<Value> = items
                .iter()
                .take(MAX_ITEMS)
                .map(|item| bounded(item, depth - 1))
                .collect();
            if items.len() > MAX_ITEMS {
                shown.push(Value::String(format!("… ({} more)", items.len() - MAX_ITEMS)));
            }
            Value::Array(shown)
        }
        Value::Object(map) => {
            let mut shown: Map<String, Value> = map
                .iter()
                .take(MAX_ITEMS)
                .map(|(key, item)| (shown_line(key), bounded(item, depth - 1)))
                .collect();
            if map.len() > MAX_ITEMS {
                let more = Value::String(format!("({} more)", map.len() - MAX_ITEMS));
                shown.insert("…".to_owned(), more);
            }
            Value::Object(shown)
        }
        other => other.clone(),
    }
}

fn shortened(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!(
            "{}… ({} more characters)",
            &text[..end],
            text[end..].chars().count()
        ),
        None => text.to_owned(),
    }
}

/// The characters of `text` that hide or deceive, with their byte positions.
fn suspects(text: &str) -> Vec<(usize, char, Suspicion)> {
    let mut found = Vec::new();
    let mut word = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let line_end = character == '\r' && matches!(characters.peek(), Some((_, '\n')));
        let hidden = is_hidden(character) && !line_end;
        if !hidden && (character.is_alphanumeric() || character == '_') {
            word.get_or_insert(at);
            continue;
        }
        if let Some(start) = word.take() {
            found.extend(look_alikes(text, start, at));
        }
        if hidden {
            found.push((at, character, Suspicion::Hidden));
        }
    }
    if let Some(start) = word {
        found.extend(look_alikes(text, start, text.len()));
    }
    found
}

/// The letters in the word `text[start..end]` that make it look like an ASCII name that it isn't:
/// those that stand in for ASCII letters, if it has real ASCII letters too or no letter but such.
fn look_alikes(text: &str, start: usize, end: usize) -> Vec<(usize, char, Suspicion)> {
    let word = &text[start..end];
    if word.is_ascii() {
        return Vec::new();
    }
    let stands_in = |character: char| !character.is_ascii() && plain(character).is_ascii();
    let mixed = word.chars().any(|character| character.is_ascii_alphabetic());
    let reads_as_ascii = word.chars().all(|character| plain(character).is_ascii());
    if !mixed && !reads_as_ascii {
        return Vec::new();
    }
    word.char_indices()
        .filter(|(_, character)| stands_in(*character))
        .map(|(at, character)| (start + at, character, Suspicion::LookAlike))
        .collect()
}

/// The ASCII letter or digit that `character` is drawn like or normalises to, or else itself.
fn plain(character: char) -> char {
    let strange_digit = matches!(u32::from(character), 0xFF10..=0xFF19 | 0x1D7CE..=0x1D7FF);
    if character.is_ascii() || !(character.is_alphabetic() || strange_digit) {
        return character;
    }
    for (strange, plain) in LOOK_ALIKES {
        if let Some((_, letter)) = strange
            .chars()
            .zip(plain.chars())
            .find(|(other, _)| *other == character)
        {
            return letter;
        }
    }
    // Python reads identifiers in this normal form, so these letters are more than drawn alike.
    let normal = std::iter::once(character).nfkc().next();
    normal.filter(char::is_ascii_alphanumeric).unwrap_or(character)
}

/// Whether a reader cannot see `character`, or it changes what they see beside it.
fn is_hidden(character: char) -> bool {
    if character == '\n' || character == '\t' || character == ' ' {
        return false;
    }
    character.is_control()
        || character.is_whitespace()
        || matches!(u32::from(character),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5
            | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
            | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF | 0xF0000..=0x10FFFF)
}
