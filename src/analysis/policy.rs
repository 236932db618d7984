//! What of an analysis is a reason for a human to look.

use super::{Analysis, Verdict};
use crate::model::{Category, Finding, Severity};

/// At most so many findings are named one by one.
const MAX_NAMED: usize = 12;

/// Whether a finding calls for a human under `control_writes`.
pub(super) fn is_concern(finding: &Finding) -> bool {
    match finding.category {
        Category::Write | Category::PotentialWrite => true,
        Category::Read | Category::Notice => false,
        Category::Risk | Category::Syntax => {
            matches!(finding.severity, Severity::High | Severity::Critical)
        }
    }
}

/// Whether a finding makes the code one that writes, or may.
pub(super) fn is_write(category: Category) -> bool {
    matches!(category, Category::Write | Category::PotentialWrite)
}

/// The reasons for a human to look, as sentences.
pub(super) fn concerns(analysis: &Analysis) -> Vec<String> {
    let mut concerns = Vec::new();
    match &analysis.verdict {
        Verdict::Readable => {}
        Verdict::SyntaxError { line, message, .. } => {
            concerns.push(format!("The code is not valid Python (line {line}): {message}."));
        }
        Verdict::Unanalysable { message, .. } => {
            concerns.push(format!("The code could not be analyzed: {message}"));
        }
    }
    let mut grave = analysis
        .findings
        .iter()
        .filter(|finding| is_concern(finding) && finding.category != Category::Syntax);
    for finding in grave.by_ref().take(MAX_NAMED) {
        concerns.push(format!(
            "Line {}: {} ({})",
            finding.line, finding.explanation, finding.rule
        ));
    }
    let more = grave.count() + analysis.findings_total.saturating_sub(analysis.findings.len());
    if more > 0 {
        concerns.push(format!("There are {more} more findings."));
    }
    if concerns.is_empty() && analysis.has_writes {
        concerns.push("The code writes to a control system, or may.".to_owned());
    }
    concerns
}
