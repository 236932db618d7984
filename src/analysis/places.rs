//! Where in a text something is, for a reader.

use ruff_source_file::LineIndex;
use ruff_text_size::{TextRange, TextSize};

use super::patterns::Hit;
use crate::model::{Category, Evidence, Finding, Severity};

/// The longest snippet, in characters.
const MAX_SNIPPET: usize = 160;

/// Lines, columns and snippets of a text.
pub(super) struct Places<'a> {
    text: &'a str,
    index: &'a LineIndex,
}

impl<'a> Places<'a> {
    pub(super) fn new(text: &'a str, index: &'a LineIndex) -> Self {
        Self { text, index }
    }

    fn position(&self, at: TextSize) -> (u32, u32) {
        let at = self.clamp(at);
        let place = self.index.line_column(at, self.text);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        (number(place.line.get()), number(place.column.get()))
    }

    /// The nearest character's offset within the text.
    fn clamp(&self, at: TextSize) -> TextSize {
        let mut at = at.to_usize().min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        TextSize::new(u32::try_from(at).unwrap_or(0))
    }

    /// The line at `at`; of a very long line, the part around it.
    fn snippet(&self, at: TextSize) -> String {
        let at = self.clamp(at);
        let line = self.index.line_index(at);
        let start = self.index.line_start(line, self.text).to_usize();
        let end = self.index.line_end(line, self.text).to_usize();
        let mut from = at.to_usize().saturating_sub(MAX_SNIPPET / 2).max(start);
        while !self.text.is_char_boundary(from) {
            from -= 1;
        }
        let whole = self.text.get(from..end).unwrap_or_default().trim_end();
        let from = if at.to_usize().saturating_sub(start) < MAX_SNIPPET / 2 {
            whole.trim_start()
        } else {
            whole
        };
        from.chars().take(MAX_SNIPPET).collect()
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
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}
