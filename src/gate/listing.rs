//! A program line by line, as it is drawn, with marks under what was found.

use std::collections::BTreeMap;

use super::text::{drawn, line_ends, visible, visible_line};
use crate::model::{Category, Finding, Severity};

/// The most marks of one listing.
const MAX_MARKS: usize = 100;

/// The furthest place that a mark is drawn at; beyond it the column is told in words.
const MAX_PLACE: usize = 200;

/// The text of a program by its lines, which are counted as Python does.
#[derive(Debug)]
pub struct Listing<'a> {
    lines: Vec<&'a str>,
}

/// A line that is safe to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What is drawn.
    pub text: String,
    /// What is marked in it, from the left.
    pub marks: Vec<Mark>,
}

/// A mark under a part of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// How far from the left it is drawn.
    pub at: usize,
    /// How wide it is; 1 or more.
    pub width: usize,
    /// The column in the code, in characters from 1.
    pub column: u32,
    /// The rules that found it.
    pub rules: Vec<String>,
    /// How grave the gravest of them is.
    pub severity: Severity,
}

impl<'a> Listing<'a> {
    /// The lines of `text`.
    pub fn new(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let mut start = 0;
        for end in line_ends(text) {
            lines.push(&text[start..end]);
            start = end;
        }
        if start < text.len() {
            lines.push(&text[start..]);
        }
        Self { lines }
    }

    /// All lines, with what `findings` are about marked. Reads are not: they call for nobody.
    pub fn marked(&self, findings: &[Finding]) -> Vec<Line> {
        let mut by_line: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
        let wanted = findings
            .iter()
            .filter(|finding| finding.category != Category::Read);
        for finding in wanted.take(MAX_MARKS) {
            by_line.entry(finding.line as usize).or_default().push(finding);
        }
        (1..=self.lines.len())
            .filter_map(|number| self.line(number, by_line.get(&number).map_or(&[], Vec::as_slice)))
            .collect()
    }

    /// The line `number`, with what `findings` are about marked; `None` if there is no such line.
    pub fn line(&self, number: usize, findings: &[&Finding]) -> Option<Line> {
        let whole = *self.lines.get(number.checked_sub(1)?)?;
        let line = body(whole);
        if findings.is_empty() {
            return Some(Line {
                number,
                text: visible(line).replace('\t', "    ") + lone_return(whole),
                marks: Vec::new(),
            });
        }
        let (text, places) = drawn(line);
        let mut marks: Vec<Mark> = Vec::new();
        for finding in findings {
            let (from, to) = span(line, finding);
            let place = |character: usize| places.get(character).or(places.last()).copied().unwrap_or(0);
            let at = place(from);
            let width = place(to).saturating_sub(at).max(1);
            let rule = visible_line(&finding.rule);
            match marks.iter_mut().find(|mark| (mark.at, mark.width) == (at, width)) {
                Some(mark) => {
                    mark.severity = mark.severity.max(finding.severity);
                    if !mark.rules.contains(&rule) {
                        mark.rules.push(rule);
                    }
                }
                None => marks.push(Mark {
                    at,
                    width,
                    column: finding.column,
                    rules: vec![rule],
                    severity: finding.severity,
                }),
            }
        }
        marks.sort_by_key(|mark| (mark.at, mark.width));
        Some(Line {
            number,
            text: text + lone_return(whole),
            marks,
        })
    }

    /// The text that `finding` is about, as it stands in the code: on its first line, if it goes over several, and
    /// up to the line's end, if only its start is known. `None` if there is no such line.
    pub fn text_of(&self, finding: &Finding) -> Option<String> {
        let line = body(self.lines.get((finding.line as usize).checked_sub(1)?)?);
        let from = (finding.column as usize).saturating_sub(1);
        let taken = match finding.end_line == finding.line {
            true => (finding.end_column as usize).saturating_sub(1 + from),
            false => usize::MAX,
        };
        Some(line.chars().skip(from).take(taken).collect())
    }
}

impl Line {
    /// The line cut down to about `width` around its first mark; what was cut is shown by dots.
    #[must_use]
    pub fn cut(mut self, width: usize) -> Self {
        let length = self.text.chars().count();
        if length <= width {
            return self;
        }
        let first = self.marks.first().map_or(0, |mark| mark.at.min(length));
        let from = match first < width * 2 / 3 {
            true => 0,
            false => first - width / 3,
        };
        let mut text: String = self.text.chars().skip(from).take(width).collect();
        if from + width < length {
            text.push('…');
        }
        let dots = usize::from(from > 0);
        if dots > 0 {
            text.insert(0, '…');
        }
        self.marks
            .retain(|mark| (from..from + width).contains(&mark.at.min(length.saturating_sub(1))));
        for mark in &mut self.marks {
            mark.at = mark.at - from + dots;
            mark.width = mark.width.min((width + dots).saturating_sub(mark.at).max(1));
        }
        self.text = text;
        self
    }
}

impl Mark {
    /// What is drawn below the line.
    pub fn drawn(&self) -> String {
        match self.at <= MAX_PLACE {
            true => format!("{}{}", " ".repeat(self.at), "^".repeat(self.width.min(MAX_PLACE))),
            false => format!("at column {}:", self.column),
        }
    }
}

/// A line without its end.
fn body(line: &str) -> &str {
    line.trim_end_matches(['\n', '\r'])
}

/// A carriage return that stands alone ends a line for Python and hides one from an editor, so it is shown.
fn lone_return(line: &str) -> &'static str {
    match line.ends_with('\r') {
        true => "\\u{d}",
        false => "",
    }
}

/// The first character of `line` that `finding` is about, and the one behind the last.
fn span(line: &str, finding: &Finding) -> (usize, usize) {
    let from = (finding.column as usize).saturating_sub(1);
    let rest = || line.chars().skip(from);
    let word = |character: &char| character.is_alphanumeric() || *character == '_' || *character == '.';
    let length = match finding.end_line {
        // Only the start is known: the word that stands there is what it is about.
        0 => rest().take_while(word).count(),
        end if end == finding.line => (finding.end_column as usize).saturating_sub(1 + from),
        _ => rest().count(),
    };
    (from, from.saturating_add(length.max(1)))
}
