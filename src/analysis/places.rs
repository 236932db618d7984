//! Lines, columns and snippets of a text.

use ruff_source_file::{LineIndex, OneIndexed};
use ruff_text_size::{TextRange, TextSize};

use super::patterns::Hit;
use crate::model::{Category, Evidence, Finding, Severity};

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

    pub(super) fn index(&self) -> &LineIndex {
        &self.index
    }

    /// A finding about the code at `at`.
    pub(super) fn finding(
        &self,
        at: TextRange,
        rule: &str,
        category: Category,
        severity: Severity,
        explanation: String,
    ) -> Finding {
        let (end_line, end_column) = self.position(at.end());
        Finding {
            snippet: self.snippet(at.start()),
            end_line,
            end_column,
            ..Finding::new(rule, category, severity, self.position(at.start()), explanation)
        }
    }

    pub(super) fn match_finding(&self, hit: &Hit<'_>, at: TextSize, channels: Vec<String>) -> Finding {
        let (rule, category, severity, verb) = if hit.pattern.write {
            ("pattern_write", Category::Write, Severity::High, "writes")
        } else {
            ("pattern_read", Category::Read, Severity::Info, "reads")
        };
        let explanation = format!(
            "The pattern '{}' ({}) for {verb} matches.",
            hit.pattern.source(),
            hit.pattern.key
        );
        Finding {
            evidence: Evidence::Regex,
            channels,
            ..self.finding(TextRange::empty(at), rule, category, severity, explanation)
        }
    }

    /// Lines that a notebook kernel would hand to a shell.
    pub(super) fn magics(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut at = 0;
        for line in self.text.split_inclusive(['\n', '\r']) {
            let start = line.trim_start();
            let shell = start.starts_with('!')
                || start.split_once('=').is_some_and(|(name, command)| {
                    command.trim_start().starts_with('!') && name.trim_end().chars().all(is_name)
                })
                || ["%system", "%sx", "%%bash", "%%sh", "%%script", "%%cmd"]
                    .iter()
                    .any(|magic| start.starts_with(magic));
            if shell && findings.len() < super::MAX_FINDINGS {
                let place = TextSize::new(u32::try_from(at + line.len() - start.len()).unwrap_or(0));
                findings.push(Finding {
                    evidence: Evidence::Unresolved,
                    ..self.finding(
                        TextRange::empty(place),
                        "subprocess",
                        Category::PotentialWrite,
                        Severity::High,
                        "A notebook would hand this line to a shell.".to_owned(),
                    )
                });
            }
            at += line.len();
        }
        findings
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

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
