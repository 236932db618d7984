//! EYES: what a program does to a control system, and what else a human should see in it.
//!
//! The analysis reads code; it never runs it. It fails closed: what cannot be read or resolved counts
//! as a potential write. It is a classifier, not a boundary: the sandbox and the gateway are.

mod calls;
mod depth;
mod expressions;
mod intake;
mod libraries;
mod mask;
mod names;
mod operations;
mod patterns;
mod places;
mod policy;
mod risk;
mod syntax;
mod walk;

use std::collections::HashSet;

use ruff_text_size::TextSize;
use serde::{Deserialize, Serialize};

use self::{intake::Refusal, mask::Masked, patterns::Patterns, places::Places, walk::Facts};
pub use self::{
    operations::{
        DetectedOperations, DetectedPatterns, detect_control_system_operations, detect_operations_with,
    },
    risk::RISK_RULES,
};
use crate::{
    config::AnalysisSettings,
    model::{Category, CodeSha256, Digest, Evidence, Finding, Severity},
};

/// The version of the built-in rules; it goes into the policy digest.
const RULES_VERSION: u32 = 1;

/// At most so many findings are kept.
const MAX_FINDINGS: usize = 200;

/// Why the analysis cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisSetupError {
    /// A regular expression of the configuration is not valid.
    #[error("{key}: the regular expression is not valid: {message}")]
    InvalidPattern {
        /// The configuration key.
        key: String,
        /// What is wrong with it.
        message: String,
    },
}

/// Whether the code could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Verdict {
    /// It is Python.
    Readable,
    /// It is not Python: it goes back to its author.
    SyntaxError {
        /// The line, from 1.
        line: u32,
        /// The column in characters, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// Nobody can tell what it does.
    Unanalysable {
        /// The stable code of the reason.
        code: String,
        /// The reason.
        message: String,
    },
}

/// What the analysis found in a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// The SHA-256 of the analyzed bytes.
    pub code_sha256: CodeSha256,
    /// Whether the code could be read.
    pub verdict: Verdict,
    /// Whether it writes to a control system, or may.
    pub has_writes: bool,
    /// Whether it reads from a control system.
    pub has_reads: bool,
    /// The ids of the risk rules that found something, sorted.
    pub risks: Vec<String>,
    /// The findings by line, column and rule; the gravest 200 if there are more.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub findings_total: usize,
    /// The process variables that writes name as literals, sorted.
    pub channels: Vec<String>,
    /// Whether some write's process variable is not a literal.
    pub writes_unresolved: bool,
    /// The imported modules, sorted.
    pub imports: Vec<String>,
    /// The control system's type, from the configuration.
    pub control_system: String,
    /// Whether the code plainly assigns a dictionary to `results`.
    pub has_results: bool,
}

impl Analysis {
    /// Why a human must look under `control_writes`, as sentences; empty if nobody must.
    pub fn concerns(&self) -> Vec<String> {
        policy::concerns(self)
    }
}

/// The analysis, with its patterns compiled. It is made once and used for every program.
#[derive(Debug)]
pub struct Analyzer {
    settings: AnalysisSettings,
    patterns: Patterns,
    digest: Digest,
}

/// An analysis, with the regular expressions that matched.
struct Examined {
    analysis: Analysis,
    matched_writes: Vec<String>,
    matched_reads: Vec<String>,
}

impl Analyzer {
    /// Compiles the patterns of `settings`.
    ///
    /// # Errors
    /// [`AnalysisSetupError::InvalidPattern`] names the configuration key of a pattern that is not a
    /// valid regular expression. None is ever skipped.
    pub fn new(settings: &AnalysisSettings) -> Result<Self, AnalysisSetupError> {
        let patterns = Patterns::new(settings)?;
        let facts: Vec<_> = patterns.facts().collect();
        let digest = Digest::of_json(&serde_json::json!({
            "rules": RULES_VERSION,
            "program": env!("CARGO_PKG_VERSION"),
            "settings": settings,
            "patterns": facts,
        }));
        Ok(Self {
            settings: settings.clone(),
            patterns,
            digest,
        })
    }

    /// A digest of the settings and of the built-in rules: two analyses with the same digest of the
    /// same code give the same result.
    pub fn policy_digest(&self) -> Digest {
        self.digest
    }

    /// Analyzes `code`. Whatever the bytes, this gives a verdict.
    pub fn analyze(&self, code: &[u8]) -> Analysis {
        self.examine(code).analysis
    }

    fn examine(&self, code: &[u8]) -> Examined {
        let text = match intake::decode(code, self.settings.max_bytes) {
            Ok(text) => text,
            Err(refusal) => return self.refused(code, refusal),
        };
        let result = depth::check(&text)
            .and_then(|()| intake::on_large_stack(|| self.read(code, &text)).and_then(|result| result));
        result.unwrap_or_else(|refusal| self.refused(code, refusal))
    }

    /// What is left to say of code that was refused.
    fn refused(&self, code: &[u8], refusal: Refusal) -> Examined {
        let (verdict, rule, line, column, explanation) = match refusal {
            Refusal::Syntax {
                line,
                column,
                message,
            } => (
                Verdict::SyntaxError {
                    line,
                    column,
                    message: message.clone(),
                },
                "syntax_error",
                line,
                column,
                format!("The code is not valid Python: {message}."),
            ),
            Refusal::Unanalysable { code, message } => (
                Verdict::Unanalysable {
                    code: code.to_owned(),
                    message: message.clone(),
                },
                "unanalysable",
                1,
                1,
                message,
            ),
        };
        let unanalysable = rule == "unanalysable";
        let mut analysis = self.empty(code, verdict);
        analysis.has_writes = unanalysable;
        analysis.writes_unresolved = unanalysable;
        analysis.findings_total = 1;
        if !unanalysable {
            analysis.risks.push(rule.to_owned());
        }
        analysis.findings.push(Finding {
            rule: rule.to_owned(),
            category: if unanalysable {
                Category::PotentialWrite
            } else {
                Category::Syntax
            },
            severity: Severity::Critical,
            line,
            column,
            snippet: String::new(),
            explanation,
            evidence: Evidence::Unresolved,
            channels: Vec::new(),
            ..Finding::new("", Category::Notice, Severity::Info, (1, 1), String::new())
        });
        Examined {
            analysis,
            matched_writes: Vec::new(),
            matched_reads: Vec::new(),
        }
    }

    fn empty(&self, code: &[u8], verdict: Verdict) -> Analysis {
        Analysis {
            code_sha256: CodeSha256::of(code),
            verdict,
            has_writes: false,
            has_reads: false,
            risks: Vec::new(),
            findings: Vec::new(),
            findings_total: 0,
            channels: Vec::new(),
            writes_unresolved: false,
            imports: Vec::new(),
            control_system: self.settings.control_system.clone(),
            has_results: false,
        }
    }

    /// Parses and analyzes `text`; runs on a large stack.
    fn read(&self, code: &[u8], text: &str) -> Result<Examined, Refusal> {
        let Some(parsed) = syntax::parse(text) else {
            return Err(Refusal::unanalysable(
                "analysis_failed",
                "The parser gave no module.",
            ));
        };
        let places = Places::new(text);
        let masked = Masked::new(text, parsed.tokens());
        let mut verdict = Verdict::Readable;
        let mut findings = Vec::new();
        let facts = match syntax::first_error(&parsed) {
            Some(error) => {
                let (line, column) = places.position(error.at);
                findings.push(Finding {
                    rule: "syntax_error".to_owned(),
                    category: Category::Syntax,
                    severity: Severity::Critical,
                    line,
                    column,
                    snippet: places.snippet(error.at),
                    explanation: format!("The code is not valid Python: {}.", error.message),
                    evidence: Evidence::Resolved,
                    channels: Vec::new(),
                    ..Finding::new("", Category::Notice, Severity::Info, (1, 1), String::new())
                });
                findings.extend(places.magics());
                verdict = Verdict::SyntaxError {
                    line,
                    column,
                    message: error.message,
                };
                Facts::default()
            }
            None => walk::walk(parsed.suite(), &self.settings.safe_modules).map_err(|walk::TooDeep| {
                Refusal::unanalysable("too_deep", "The code nests too deeply to be analyzed.")
            })?,
        };
        for fact in &facts.facts {
            findings.push(places.finding(fact));
        }
        let mut matched_writes = Vec::new();
        let mut matched_reads = Vec::new();
        let cleared = HashSet::new();
        let harmless = if self.settings.strict {
            &cleared
        } else {
            &facts.harmless_at
        };
        for hit in self.patterns.hits(&masked, harmless) {
            let at = hit.name_at;
            let write = hit.pattern.write;
            let matched = if write {
                &mut matched_writes
            } else {
                &mut matched_reads
            };
            if !matched.iter().any(|known: &String| known == hit.pattern.source()) {
                matched.push(hit.pattern.source().to_owned());
            }
            let channels = facts.first_texts.get(&at).cloned().unwrap_or_default();
            findings.push(places.match_finding(&hit, TextSize::new(at), channels));
        }
        let mut analysis = self.empty(code, verdict);
        analysis.imports = facts.imports;
        analysis.has_results = facts.has_results;
        summarize(&mut analysis, findings);
        Ok(Examined {
            analysis,
            matched_writes,
            matched_reads,
        })
    }
}

/// Puts `findings` in order, and draws the conclusions from all of them.
fn summarize(analysis: &mut Analysis, mut findings: Vec<Finding>) {
    // What the tree resolved says more than a pattern at the same place.
    findings.sort_by(|a, b| {
        let place = |finding: &Finding| (finding.line, finding.column, finding.category);
        place(a)
            .cmp(&place(b))
            .then_with(|| (a.evidence == Evidence::Regex).cmp(&(b.evidence == Evidence::Regex)))
            .then_with(|| a.rule.cmp(&b.rule))
    });
    findings.dedup_by(|later, earlier| {
        later.line == earlier.line
            && later.column == earlier.column
            && later.category == earlier.category
            && (later.evidence == Evidence::Regex || later.rule == earlier.rule)
    });
    findings.sort_by(|a, b| (a.line, a.column, &a.rule).cmp(&(b.line, b.column, &b.rule)));
    for finding in &findings {
        if policy::is_write(finding.category) {
            analysis.has_writes = true;
            analysis.writes_unresolved |= finding.channels.is_empty();
            analysis.channels.extend(finding.channels.iter().cloned());
        }
        analysis.has_reads |= finding.category == Category::Read;
        if RISK_RULES.contains(&finding.rule.as_str()) {
            analysis.risks.push(finding.rule.clone());
        }
    }
    for list in [&mut analysis.risks, &mut analysis.channels] {
        list.sort();
        list.dedup();
    }
    analysis.findings_total = findings.len();
    if findings.len() > MAX_FINDINGS {
        // The gravest stay: a flood of harmless ones must not hide a write.
        findings.sort_by_key(|finding| (!policy::is_concern(finding), finding.line, finding.column));
        findings.truncate(MAX_FINDINGS);
        findings.sort_by(|a, b| (a.line, a.column, &a.rule).cmp(&(b.line, b.column, &b.rule)));
    }
    analysis.findings = findings;
}

impl Places<'_> {
    fn finding(&self, fact: &walk::Fact) -> Finding {
        let (line, column) = self.position(fact.at);
        Finding {
            rule: fact.rule.to_owned(),
            category: fact.category,
            severity: fact.severity,
            line,
            column,
            snippet: self.snippet(fact.at),
            explanation: fact.why.clone(),
            evidence: fact.evidence,
            channels: fact.channels.clone(),
            ..Finding::new("", Category::Notice, Severity::Info, (1, 1), String::new())
        }
    }

    fn match_finding(&self, hit: &patterns::Hit<'_>, at: TextSize, channels: Vec<String>) -> Finding {
        let (line, column) = self.position(at);
        let (rule, category, severity, verb) = if hit.pattern.write {
            ("write_pattern", Category::Write, Severity::High, "writes")
        } else {
            ("read_pattern", Category::Read, Severity::Info, "reads")
        };
        Finding {
            rule: rule.to_owned(),
            category,
            severity,
            line,
            column,
            snippet: self.snippet(at),
            explanation: format!(
                "The pattern '{}' ({}) for {verb} matches.",
                hit.pattern.source(),
                hit.pattern.key
            ),
            evidence: Evidence::Regex,
            channels,
            ..Finding::new("", Category::Notice, Severity::Info, (1, 1), String::new())
        }
    }

    /// Lines that a notebook kernel would hand to a shell.
    fn magics(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut at = 0;
        for line in self.text().split_inclusive(['\n', '\r']) {
            let start = line.trim_start();
            let shell = start.starts_with('!')
                || ["%system", "%sx", "%%bash", "%%sh", "%%script", "%%cmd"]
                    .iter()
                    .any(|magic| start.starts_with(magic));
            if shell && findings.len() < MAX_FINDINGS {
                let place = TextSize::new(u32::try_from(at + line.len() - start.len()).unwrap_or(0));
                let (line, column) = self.position(place);
                findings.push(Finding {
                    rule: "subprocess".to_owned(),
                    category: Category::PotentialWrite,
                    severity: Severity::High,
                    line,
                    column,
                    snippet: self.snippet(place),
                    explanation: "A notebook would hand this line to a shell.".to_owned(),
                    evidence: Evidence::Unresolved,
                    channels: Vec::new(),
                    ..Finding::new("", Category::Notice, Severity::Info, (1, 1), String::new())
                });
            }
            at += line.len();
        }
        findings
    }
}
