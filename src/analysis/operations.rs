//! The detection of control-system operations under its traditional name.

use serde::{Deserialize, Serialize};

use super::{AnalysisSetupError, Analyzer};
use crate::{
    config::{AnalysisSettings, Config, PatternMode},
    model::{Category, Evidence},
};

/// The regular expressions that matched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectedPatterns {
    /// Those for writes.
    pub writes: Vec<String>,
    /// Those for reads.
    pub reads: Vec<String>,
}

/// What a program does to a control system, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectedOperations {
    /// Whether it writes, or may.
    pub has_writes: bool,
    /// Whether it reads.
    pub has_reads: bool,
    /// The control system's type.
    pub control_system_type: String,
    /// The regular expressions that matched.
    pub detected_patterns: DetectedPatterns,
}

/// Tells whether `code` writes to or reads from a control system, by the built-in rules.
///
/// Code that cannot be analyzed counts as code that may write.
pub fn detect_control_system_operations(code: &str) -> DetectedOperations {
    let settings = Config::builtin().analysis;
    match detect_operations_with(code, &settings) {
        Ok(operations) => operations,
        Err(_) => DetectedOperations {
            has_writes: true,
            has_reads: false,
            control_system_type: settings.control_system,
            detected_patterns: DetectedPatterns::default(),
        },
    }
}

/// The same by other settings. Under `override` only the regular expressions count, so that the
/// configuration alone decides; [`Analyzer::analyze`] never goes by them alone.
///
/// # Errors
/// [`AnalysisSetupError::InvalidPattern`] names the key of an invalid pattern.
pub fn detect_operations_with(
    code: &str,
    settings: &AnalysisSettings,
) -> Result<DetectedOperations, AnalysisSetupError> {
    let examined = Analyzer::new(settings)?.examine(code.as_bytes());
    let analysis = examined.analysis;
    let patterns_alone =
        settings.pattern_mode == PatternMode::Override && analysis.verdict == super::Verdict::Readable;
    let by_pattern = |category: Category| {
        analysis
            .findings
            .iter()
            .any(|finding| finding.category == category && finding.evidence == Evidence::Regex)
    };
    let (has_writes, has_reads) = if patterns_alone {
        (
            by_pattern(Category::Write) || !examined.matched_writes.is_empty(),
            by_pattern(Category::Read) || !examined.matched_reads.is_empty(),
        )
    } else {
        (analysis.has_writes, analysis.has_reads)
    };
    Ok(DetectedOperations {
        has_writes,
        has_reads,
        control_system_type: analysis.control_system,
        detected_patterns: DetectedPatterns {
            writes: examined.matched_writes,
            reads: examined.matched_reads,
        },
    })
}
