//! The text that regular expressions see: comments and the contents of strings are blanked out, and
//! identifiers are spelled as Python reads them.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;
use unicode_normalization::UnicodeNormalization;

/// Masked text, and the way back to the source's offsets.
#[derive(Clone)]
pub(super) struct Masked {
    /// The text to match against.
    pub(super) text: String,
    /// Where an identifier changed its length: offsets behind it, in the masked text and the source.
    shifts: Vec<(usize, usize)>,
}

impl Masked {
    /// Masks `source`, whose tokens are `tokens`.
    pub(super) fn new(source: &str, tokens: &[Token]) -> Self {
        let mut masked = Self {
            text: String::with_capacity(source.len()),
            shifts: Vec::new(),
        };
        // Of the names, which are most of the tokens, only others than ASCII have two spellings.
        let ascii = source.is_ascii();
        let (mut copied, mut end) = (0, 0);
        for token in tokens {
            let (start, stop) = (token.start().to_usize(), token.end().to_usize());
            if start < end || stop == start {
                continue;
            }
            // A backslash that continues the line is followed by its end.
            if start - end > 1 && source[end..start].contains('\\') {
                masked.text.push_str(&source[copied..end]);
                masked.text.push_str(&source[end..start].replace('\\', " "));
                copied = start;
            }
            end = stop;
            let kind = token.kind();
            let named = match kind {
                TokenKind::Comment
                | TokenKind::String
                | TokenKind::FStringMiddle
                | TokenKind::TStringMiddle => false,
                TokenKind::Name if !ascii && !source[start..stop].is_ascii() => true,
                _ => continue,
            };
            let text = &source[start..stop];
            masked.text.push_str(&source[copied..start]);
            copied = stop;
            if named {
                masked.text.extend(text.nfkc());
                masked.shifts.push((masked.text.len(), stop));
            } else if kind == TokenKind::String {
                let (open, close) = contents(text);
                masked.text.push_str(&text[..open]);
                masked.blank(&text[open..close]);
                masked.text.push_str(&text[close..]);
            } else {
                masked.blank(text);
            }
        }
        masked.text.push_str(&source[copied..end]);
        masked.text.push_str(&source[end..].replace('\\', " "));
        masked
    }

    /// The same text without the identifiers that begin at these offsets of the source.
    pub(super) fn without(&self, names: impl IntoIterator<Item = usize>) -> Self {
        let mut bytes = self.text.clone().into_bytes();
        for name in names {
            let start = self.masked_offset(name);
            let rest = self.text.get(start..).unwrap_or_default();
            let width = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
            if let Some(name) = bytes.get_mut(start..start + width) {
                // A letter of no name, so that what stands around it is not put together.
                name.fill(b'?');
            }
        }
        Self {
            text: String::from_utf8(bytes).unwrap_or_default(),
            shifts: self.shifts.clone(),
        }
    }

    /// The source's offset of `offset` in the masked text.
    pub(super) fn source_offset(&self, offset: usize) -> usize {
        let before = self.shifts.partition_point(|&(masked, _)| masked <= offset);
        match before.checked_sub(1).map(|index| self.shifts[index]) {
            Some((masked, source)) => source + (offset - masked),
            None => offset,
        }
    }

    /// The masked text's offset of `offset` in the source.
    fn masked_offset(&self, offset: usize) -> usize {
        let before = self.shifts.partition_point(|&(_, source)| source <= offset);
        match before.checked_sub(1).map(|index| self.shifts[index]) {
            Some((masked, source)) => masked + (offset - source),
            None => offset,
        }
    }

    /// Appends a space for each byte of `text`, but keeps the ends of lines.
    fn blank(&mut self, text: &str) {
        const SPACES: &str = "                                                                ";
        for line in text.split_inclusive(['\n', '\r']) {
            let body = line.trim_end_matches(['\n', '\r']);
            let mut left = body.len();
            while left > 0 {
                let width = left.min(SPACES.len());
                self.text.push_str(&SPACES[..width]);
                left -= width;
            }
            self.text.push_str(&line[body.len()..]);
        }
    }
}

/// Whether `character` is part of an identifier.
pub(super) fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the contents of a string literal begin and end, its prefix and quotes left out. All of a
/// literal that doesn't end is contents.
fn contents(literal: &str) -> (usize, usize) {
    let bytes = literal.as_bytes();
    let whole = (0, bytes.len());
    let Some(open) = bytes.iter().position(|byte| matches!(byte, b'"' | b'\'')) else {
        return whole;
    };
    let quote = bytes[open];
    let triple = bytes.len() >= open + 6 && bytes[open..open + 3].iter().all(|&byte| byte == quote);
    let width = if triple { 3 } else { 1 };
    let close = bytes.len() - width;
    if close < open + width || bytes[close..].iter().any(|&byte| byte != quote) {
        return whole;
    }
    (open + width, close)
}
