//! The regular expressions for writes and reads: built in, and from the configuration.

use regex::{Regex, RegexSet};

use super::{AnalysisSetupError, mask::Masked};
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
    regex: Regex,
}

impl Pattern {
    pub(super) fn source(&self) -> &str {
        self.regex.as_str()
    }
}

/// All regular expressions, compiled.
#[derive(Debug)]
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    set: RegexSet,
}

/// A place where a regular expression matched.
pub(super) struct Hit<'a> {
    pub(super) pattern: &'a Pattern,
    /// The source's offset of the last identifier in the match: what is called.
    pub(super) name_at: usize,
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
            let regex = Regex::new(source).map_err(|error| AnalysisSetupError::InvalidPattern {
                key: key.to_owned(),
                message: error.to_string(),
            })?;
            patterns.push(Pattern {
                key: key.to_owned(),
                write,
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
        let set = RegexSet::new(patterns.iter().map(Pattern::source)).map_err(|error| {
            AnalysisSetupError::InvalidPattern {
                key: "control_system.patterns".to_owned(),
                message: error.to_string(),
            }
        })?;
        Ok(Self { patterns, set })
    }

    /// Every expression with its kind and key, for the policy digest.
    pub(super) fn facts(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        self.patterns
            .iter()
            .map(|pattern| (pattern.key.as_str(), pattern.source(), pattern.write))
    }

    /// All matches in `masked`.
    pub(super) fn hits<'a>(&'a self, masked: &'a Masked) -> impl Iterator<Item = Hit<'a>> {
        let text = masked.text.as_str();
        self.set.matches(text).into_iter().flat_map(move |index| {
            let pattern = &self.patterns[index];
            pattern.regex.find_iter(text).map(move |found| Hit {
                pattern,
                name_at: masked.source_offset(last_name(text, found.start(), found.end())),
            })
        })
    }
}

/// Where the last identifier of `text[start..end]` begins; it may begin before `start`.
fn last_name(text: &str, start: usize, end: usize) -> usize {
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let tail = text[start..end].trim_end_matches(|character| !is_name(character));
    if tail.is_empty() {
        return start;
    }
    let stop = start + tail.len();
    text[..stop].trim_end_matches(is_name).len()
}
