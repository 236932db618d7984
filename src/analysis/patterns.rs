//! The regular expressions for writes and reads: built in, and from the configuration.

use std::collections::HashSet;

use regex::{Regex, RegexSet};
use rustc_hash::FxHashSet;

use super::{
    AnalysisSetupError,
    mask::{Masked, is_name},
};
use crate::config::{AnalysisSettings, PatternMode};

/// The built-in expressions for writes.
const WRITES: &[&str] = &[
    r"\bwrite_channel\s*\(",
    r"\bwrite_channels\s*\(",
    r"\bcaput\s*\(",
    r"epics\.caput\(",
    r"\.put\s*\(",
    r"\.set_value\s*\(",
    r"PV\([^)]*\)\.put",
    r"epics\.PV\([^)]*\)\.put",
    r"DeviceProxy\([^)]*\)\.write_attribute\(",
    r"\.write_attribute\s*\(",
    r"\.write_attribute_asynch\s*\(",
    r"tango\.DeviceProxy\([^)]*\)\.write",
    r"labview\.set_control\(",
    r"\.SetControlValue\(",
    r"connector\.write_channel\(",
    r"\bp4p\b[\s\S]*?\.put\s*\(",
    r"\bp4p\b[\s\S]*?\.post\s*\(",
    r"\.rpc\s*\(",
    r"\bSharedPV\b",
];

/// The built-in expressions for reads.
const READS: &[&str] = &[
    r"\bread_channel\s*\(",
    r"\bcaget\s*\(",
    r"epics\.caget\(",
    r"\.get\s*\(",
    r"\.get_value\s*\(",
    r"PV\([^)]*\)\.get",
    r"epics\.PV\([^)]*\)\.get",
    r"DeviceProxy\([^)]*\)\.read_attribute\(",
    r"\.read_attribute\s*\(",
    r"\.read_attribute_asynch\s*\(",
    r"tango\.DeviceProxy\([^)]*\)\.read",
    r"labview\.get_control\(",
    r"\.GetControlValue\(",
    r"connector\.read_channel\(",
    r"\bp4p\b[\s\S]*?\.get\s*\(",
    r"\bp4p\b[\s\S]*?\.monitor\s*\(",
    r"\bContext\s*\(",
];

/// One regular expression and where it came from.
#[derive(Debug)]
pub(super) struct Pattern {
    /// The configuration key, or `built-in`.
    pub(super) key: String,
    /// Whether it means a write (or else a read).
    pub(super) write: bool,
    /// Whether it is one of the built-in ones, which end in the name of what is called.
    built_in: bool,
    source: String,
    regex: Regex,
}

impl Pattern {
    pub(super) fn source(&self) -> &str {
        &self.source
    }
}

/// All regular expressions, compiled.
#[derive(Debug)]
pub(super) struct Patterns {
    /// The built-in ones, and the others of the configuration. They are told apart for the sake of
    /// speed: one word boundary of Unicode slows down the whole set.
    sets: [(Vec<Pattern>, RegexSet); 2],
}

/// A place where a regular expression matched.
pub(super) struct Hit<'a> {
    pub(super) pattern: &'a Pattern,
    /// The source's offset of the last identifier in the match: what is called.
    pub(super) name_at: u32,
}

impl Patterns {
    pub(super) fn new(settings: &AnalysisSettings) -> Result<Self, AnalysisSetupError> {
        let mut patterns: Vec<Pattern> = Vec::new();
        let mut add = |key: &str, source: &str, write: bool| {
            if patterns
                .iter()
                .any(|known| known.write == write && known.source() == source)
            {
                return Ok(());
            }
            let built_in = WRITES.contains(&source) || READS.contains(&source);
            let regex = Regex::new(&compiled(source, built_in)).map_err(|error| invalid(key, &error))?;
            patterns.push(Pattern {
                key: key.to_owned(),
                write,
                built_in,
                source: source.to_owned(),
                regex,
            });
            Ok(())
        };
        let configured = [(&settings.write_patterns, true), (&settings.read_patterns, false)];
        for (own, write) in configured {
            for (key, source) in own {
                add(key, source, write)?;
            }
            // A kind for which the configuration has nothing keeps the built-in expressions even
            // under `override`: an empty list of write patterns would find no write at all.
            if settings.pattern_mode == PatternMode::Extend || own.is_empty() {
                for source in if write { WRITES } else { READS } {
                    add("built-in", source, write)?;
                }
            }
        }
        let (built_in, others) = patterns.into_iter().partition(|pattern| pattern.built_in);
        Ok(Self {
            sets: [together(built_in)?, together(others)?],
        })
    }

    /// Every expression with its kind and key, for the policy digest.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.sets
            .iter()
            .flat_map(|(patterns, _)| patterns)
            .map(|pattern| (pattern.key.as_str(), pattern.source(), pattern.write))
    }

    /// The matches in `masked`, but for those that call a name that begins at one of the offsets in
    /// `harmless`.
    ///
    /// A match may reach over much text to the next call that fits, and that one may be harmless
    /// where a later one isn't. So the text is searched again without the harmless names.
    pub(super) fn hits(&self, masked: &Masked, harmless: &FxHashSet<u32>) -> Vec<Hit<'_>> {
        let mut hits = Vec::new();
        if self.search(masked, harmless, &mut hits) {
            let erased = masked.without(harmless.iter().map(|&at| at as usize));
            self.search(&erased, harmless, &mut hits);
            let mut seen = HashSet::new();
            hits.retain(|hit| seen.insert((std::ptr::from_ref(hit.pattern), hit.name_at)));
        }
        hits
    }

    /// Appends the matches that stand; gives whether there were others.
    fn search<'a>(&'a self, masked: &Masked, harmless: &FxHashSet<u32>, hits: &mut Vec<Hit<'a>>) -> bool {
        let text = masked.text.as_str();
        let mut cleared = false;
        let matched = self
            .sets
            .iter()
            .flat_map(|(patterns, set)| set.matches(text).into_iter().map(|index| &patterns[index]));
        for pattern in matched {
            for found in pattern.regex.find_iter(text) {
                let name = last_name(text, found.start(), found.end());
                let name_at = u32::try_from(masked.source_offset(name)).unwrap_or(u32::MAX);
                if harmless.contains(&name_at)
                    && (pattern.built_in || ends_in_call(text, found.start(), name, found.end()))
                {
                    cleared = true;
                } else {
                    hits.push(Hit { pattern, name_at });
                }
            }
        }
        cleared
    }
}

/// `patterns` with the set that matches them all at once.
fn together(patterns: Vec<Pattern>) -> Result<(Vec<Pattern>, RegexSet), AnalysisSetupError> {
    let set = RegexSet::new(patterns.iter().map(|pattern| pattern.regex.as_str()))
        .map_err(|error| invalid("control_system.patterns", &error))?;
    Ok((patterns, set))
}

/// What of an expression is compiled. The word boundaries of the built-in ones are ASCII's: those of
/// Unicode are some hundred times slower where the text has other letters. At worst `écaput(` is
/// taken for `caput(`.
fn compiled(source: &str, built_in: bool) -> String {
    if built_in {
        source.replace(r"\b", r"(?-u:\b)")
    } else {
        source.to_owned()
    }
}

/// Where the last identifier of `text[start..end]` begins; it may begin before `start`.
fn last_name(text: &str, start: usize, end: usize) -> usize {
    let tail = text[start..end].trim_end_matches(|character| !is_name(character));
    if tail.is_empty() {
        return start;
    }
    let stop = start + tail.len();
    text[..stop].trim_end_matches(is_name).len()
}

/// Whether the match `text[start..end]` ends in the call of the identifier at `name`: it stands in no
/// bracket that the match opened before, and at most a parenthesis follows.
fn ends_in_call(text: &str, start: usize, name: usize, end: usize) -> bool {
    let mut open = 0_i32;
    for byte in text.as_bytes().get(start..name).unwrap_or_default() {
        match byte {
            b'(' | b'[' | b'{' => open += 1,
            b')' | b']' | b'}' => open -= 1,
            _ => {}
        }
    }
    let rest = text[name..end].trim_start_matches(is_name);
    open <= 0
        && rest
            .chars()
            .all(|character| character.is_whitespace() || character == '(')
}

/// What is wrong with a regular expression, without the drawing that `regex` makes of it.
fn invalid(key: &str, error: &regex::Error) -> AnalysisSetupError {
    let said = error.to_string();
    AnalysisSetupError::InvalidPattern {
        key: key.to_owned(),
        message: said.rsplit("error: ").next().unwrap_or(&said).trim().to_owned(),
    }
}
