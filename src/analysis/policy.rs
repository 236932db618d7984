//! What follows from findings: whether the code counts as one that writes, whether a human must look,
//! and whether it is refused.

use std::collections::HashSet;

use super::{Analysis, Verdict, knowledge::Knowledge};
use crate::model::{Category, Finding, Level, Severity};

/// At most so many findings are named one by one.
const MAX_NAMED: usize = 12;

/// The code of an analysis that failed by its own fault.
pub(super) const ANALYSIS_FAILED: &str = "analysis_failed";

/// The rule that tells of code of which nothing could be found out.
pub(super) const UNANALYSABLE: &str = "unanalysable";

/// The rule that tells so because of the code's encoding.
pub(super) const ENCODING: &str = "encoding_unsupported";

/// Whether a rule tells of code of which nothing could be found out.
pub(super) fn is_unreadable(rule: &str) -> bool {
    matches!(rule, UNANALYSABLE | ENCODING)
}

/// The rule that tells of a write that has no way to the hardware.
const NO_ROUTE: &str = "no_route";

/// Sets what follows from each finding.
pub(super) fn set_levels(knowledge: &Knowledge, findings: &mut [Finding]) {
    for finding in findings.iter_mut() {
        let level = level(knowledge, finding);
        finding.level = Some(level);
    }
    let place = |finding: &Finding| (finding.line, finding.column);
    let astray: HashSet<_> = findings
        .iter()
        .filter(|finding| finding.rule == NO_ROUTE)
        .map(place)
        .collect();
    let writes_elsewhere = findings
        .iter()
        .any(|finding| is_write(finding) && !astray.contains(&place(finding)));
    if writes_elsewhere {
        // A human is asked because of the other write, and sees that this one leads nowhere.
        for finding in findings.iter_mut().filter(|finding| finding.rule == NO_ROUTE) {
            finding.level = finding.level.min(Some(Level::Warn));
        }
    }
}

/// What follows from the finding. No default lets a write pass unseen: only a configuration that names the
/// rule does.
pub(super) fn level(knowledge: &Knowledge, finding: &Finding) -> Level {
    match knowledge.configured(&finding.rule) {
        Some(level) => level,
        None if concerns_writes(finding.category) => knowledge.level(&finding.rule).max(Level::Ask),
        // A notice of a risk, where nothing that could be reached is near, asks nobody by itself.
        None if finding.category == Category::Notice && finding.rule != NO_ROUTE => {
            knowledge.level(&finding.rule).min(Level::Warn)
        }
        None => knowledge.level(&finding.rule),
    }
}

/// Whether a finding calls for a human under `control_writes`.
pub(super) fn is_concern(finding: &Finding) -> bool {
    match (finding.level, finding.category) {
        (Some(level), _) => level >= Level::Ask,
        // Findings that were stored before there were levels.
        (None, Category::Write | Category::PotentialWrite) => true,
        (None, Category::Read | Category::Notice) => false,
        (None, Category::Risk | Category::Syntax) => {
            matches!(finding.severity, Severity::High | Severity::Critical)
        }
    }
}

/// Whether a finding makes the code one that writes, or may.
pub(super) fn is_write(finding: &Finding) -> bool {
    concerns_writes(finding.category) && is_concern(finding)
}

fn concerns_writes(category: Category) -> bool {
    matches!(category, Category::Write | Category::PotentialWrite)
}

/// Whether a rule forbids the code because of the finding. Code that could not be read is judged by its
/// verdict instead.
fn is_refused(finding: &&Finding) -> bool {
    finding.level == Some(Level::Refuse)
        && finding.category != Category::Syntax
        && !is_unreadable(&finding.rule)
}

/// Why the rules forbid the code, as sentences, and whether only the lack of a way to the hardware does.
pub(super) fn refusals(findings: &[Finding]) -> (Vec<String>, bool) {
    let mut refused = findings.iter().filter(is_refused);
    let mut sentences: Vec<String> = refused.by_ref().take(MAX_NAMED).map(sentence).collect();
    let more = refused.count();
    if more > 0 {
        sentences.push(format!("There are {more} more findings that forbid it."));
    }
    let mut refused = findings.iter().filter(is_refused).peekable();
    let no_route = refused.peek().is_some() && refused.all(|finding| finding.rule == NO_ROUTE);
    (sentences, no_route)
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
    // The verdict has said already what these findings tell.
    let said = |finding: &Finding| finding.category == Category::Syntax || is_unreadable(&finding.rule);
    let mut grave = analysis
        .findings
        .iter()
        .filter(|finding| is_concern(finding) && !said(finding));
    concerns.extend(grave.by_ref().take(MAX_NAMED).map(sentence));
    let more = grave.count() + analysis.findings_total.saturating_sub(analysis.findings.len());
    if more > 0 {
        concerns.push(format!("There are {more} more findings."));
    }
    if concerns.is_empty() && analysis.has_writes {
        concerns.push("The code writes to a control system, or may.".to_owned());
    }
    concerns
}

fn sentence(finding: &Finding) -> String {
    format!(
        "Line {}: {} ({})",
        finding.line, finding.explanation, finding.rule
    )
}
