//! The text that regular expressions see: comments and the contents of strings are blanked out, and
//! identifiers are spelled as Python reads them.

use ruff_python_ast::token::{Token, TokenKind};
use ruff_text_size::Ranged;
use unicode_normalization::UnicodeNormalization;

/// Masked text, and the way back to the source's offsets.
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
        let mut end = 0;
        for token in tokens {
            let (start, stop) = (token.start().to_usize(), token.end().to_usize());
            if start < end || stop == start {
                continue;
            }
            masked.gap(&source[end..start]);
            let text = &source[start..stop];
            match token.kind() {
                TokenKind::Comment | TokenKind::FStringMiddle | TokenKind::TStringMiddle => {
                    masked.blank(text)
                }
                TokenKind::String => masked.string(text),
                TokenKind::Name if !text.is_ascii() => {
                    masked.text.extend(text.nfkc());
                    masked.shifts.push((masked.text.len(), stop));
                }
                _ => masked.text.push_str(text),
            }
            end = stop;
        }
        masked.gap(&source[end..]);
        masked
    }

    /// The source's offset of `offset` in the masked text.
    pub(super) fn source_offset(&self, offset: usize) -> usize {
        let before = self.shifts.partition_point(|&(masked, _)| masked <= offset);
        match before.checked_sub(1).map(|index| self.shifts[index]) {
            Some((masked, source)) => source + (offset - masked),
            None => offset,
        }
    }

    /// Between tokens stands white space, or a backslash that continues the line.
    fn gap(&mut self, text: &str) {
        if text.contains('\\') {
            self.text.push_str(&text.replace('\\', " "));
        } else {
            self.text.push_str(text);
        }
    }

    fn string(&mut self, text: &str) {
        let Some(open) = text.find(['"', '\'']) else {
            return self.blank(text);
        };
        let quote = &text[open..=open];
        let width = if text[open..].starts_with(&quote.repeat(3)) && text.len() >= open + 6 {
            3
        } else {
            1
        };
        let close = text.len() - width;
        if close < open + width || !text.ends_with(quote) {
            return self.blank(text);
        }
        self.text.push_str(&text[..open + width]);
        self.blank(&text[open + width..close]);
        self.text.push_str(&text[close..]);
    }

    fn blank(&mut self, text: &str) {
        self.text.extend(text.bytes().map(|byte| {
            if matches!(byte, b'\n' | b'\r') {
                char::from(byte)
            } else {
                ' '
            }
        }));
    }
}
