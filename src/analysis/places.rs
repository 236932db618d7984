//! Lines, columns and snippets of a text.

use ruff_source_file::{LineIndex, OneIndexed};
use ruff_text_size::TextSize;

/// The longest snippet, in characters.
const MAX_SNIPPET: usize = 160;

/// So many bytes lie between two places whose characters are counted beforehand.
const STRIDE: usize = 512;

/// Lines, columns and snippets of a text. Asking is cheap wherever the place lies, also within a
/// line of a megabyte.
pub(super) struct Places<'a> {
    text: &'a str,
    index: LineIndex,
    /// How many characters begin before each multiple of [`STRIDE`]; empty for plain ASCII.
    counts: Vec<usize>,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut counts = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for bytes in text.as_bytes().chunks(STRIDE) {
                counts.push(count);
                count += characters(bytes);
            }
            counts.push(count);
        }
        Self {
            text,
            index: LineIndex::from_source_text(text),
            counts,
        }
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// The line and the column in characters, both from 1.
    pub(super) fn position(&self, at: TextSize) -> (u32, u32) {
        let at = self.clamp(at);
        let line = self.index.line_index(at);
        let column = self.count(at.to_usize()) - self.count(self.start_of(line)) + 1;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (number(line.get()), number(column))
    }

    /// The line at `at`; of a very long line, the part around it.
    pub(super) fn snippet(&self, at: TextSize) -> String {
        let at = self.clamp(at);
        let line = self.index.line_index(at);
        let start = self.start_of(line);
        let end = self.index.line_end(line, self.text).to_usize();
        let mut from = at.to_usize().saturating_sub(MAX_SNIPPET / 2).max(start);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        // A character has at most four bytes.
        let mut to = end.min(from + 4 * MAX_SNIPPET);
        while !self.text.is_char_boundary(to) {
            to -= 1;
        }
        let whole = self.text.get(from..to).unwrap_or_default().trim_end();
        let from = if at.to_usize().saturating_sub(start) < MAX_SNIPPET / 2 {
            whole.trim_start()
        } else {
            whole
        };
        from.chars().take(MAX_SNIPPET).collect()
    }

    fn start_of(&self, line: OneIndexed) -> usize {
        self.index.line_start(line, self.text).to_usize()
    }

    /// The nearest character's offset within the text.
    fn clamp(&self, at: TextSize) -> TextSize {
        let mut at = at.to_usize().min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        TextSize::new(u32::try_from(at).unwrap_or(0))
    }

    /// How many characters begin before `offset`.
    fn count(&self, offset: usize) -> usize {
        let Some(&before) = self.counts.get(offset / STRIDE) else {
            return offset;
        };
        let near = offset - offset % STRIDE;
        before + characters(self.text.as_bytes().get(near..offset).unwrap_or_default())
    }
}

/// How many characters begin in `bytes`.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}
