//! EYES: what a program does to a control system, and what else a human should see in it.
//!
//! The analysis reads code; it never runs it. It fails closed: what cannot be read or resolved counts
//! as a potential write. It is a classifier, not a boundary: the sandbox and the gateway are.

mod builtins;
mod clock;
mod constants;
mod depth;
mod intake;
mod knowledge;
mod listing;
mod mask;
mod operations;
mod paths;
mod patterns;
mod places;
mod policy;
mod resolver;
mod scopes;
mod syntax;
mod values;

use std::{cmp::Reverse, sync::LazyLock};

use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use typed_arena::Arena;

pub use self::operations::{
    DetectedOperations, DetectedPatterns, detect_control_system_operations, detect_operations_with,
};
use self::{
    intake::Refusal, knowledge::Knowledge, mask::Masked, patterns::Patterns, places::Places, resolver::Facts,
};
use crate::{
    config::{AnalysisSettings, Knowledge as Shipped},
    model::{Category, CodeSha256, Digest, Evidence, Finding, Level, Severity},
};

/// The stable rule ids of risks.
pub const RISK_RULES: &[&str] = &[
    "subprocess",
    "dynamic_exec",
    "dynamic_import",
    "reflection",
    "native_code",
    "network",
    "file_write",
    "file_delete",
    "deserialization",
    "guard_tamper",
    "syntax_error",
];

/// The version of the built-in rules; it goes into the policy digest.
const RULES_VERSION: u32 = 2;

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
    /// What is said of a library, in the configuration or in what is shipped, cannot be used.
    #[error("{key}: {message}")]
    InvalidKnowledge {
        /// The library and the way to the entry in it, with dots.
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
    /// Why the rules forbid the code, as sentences; empty if they do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<String>,
    /// Whether they forbid it only because its writes have no way to the hardware.
    #[serde(default)]
    pub no_route: bool,
}

impl Analysis {
    /// Why a human must look under `control_writes`, as sentences; empty if nobody must.
    pub fn concerns(&self) -> Vec<String> {
        policy::concerns(self)
    }

    /// Whether the analysis failed by its own fault, so that nothing is known of the code.
    pub fn has_failed(&self) -> bool {
        matches!(&self.verdict, Verdict::Unanalysable { code, .. } if code == policy::ANALYSIS_FAILED)
    }

    /// Why nobody can be asked about the code: it cannot be analysed, and neither is that a failure of the
    /// analysis's own nor does the configuration want a human to look all the same.
    pub fn unanalysable(&self) -> Option<&str> {
        let Verdict::Unanalysable { message, .. } = &self.verdict else {
            return None;
        };
        let asks = |finding: &Finding| {
            policy::is_unreadable(&finding.rule) && finding.level.is_some_and(|level| level < Level::Refuse)
        };
        match self.has_failed() || self.findings.iter().any(asks) {
            true => None,
            false => Some(message),
        }
    }
}

/// The analysis, with its patterns and its knowledge compiled. It is made once and used for every program.
#[derive(Debug)]
pub struct Analyzer {
    settings: AnalysisSettings,
    patterns: Patterns,
    knowledge: Knowledge,
    digest: Digest,
}

/// An analysis, with the regular expressions that matched.
struct Examined {
    analysis: Analysis,
    matched_writes: Vec<String>,
    matched_reads: Vec<String>,
}

impl Analyzer {
    /// Compiles the patterns of `settings`, and what is known of libraries.
    ///
    /// # Errors
    /// [`AnalysisSetupError::InvalidPattern`] names the configuration key of a pattern that is not a
    /// valid regular expression, [`AnalysisSetupError::InvalidKnowledge`] an entry of a library that cannot
    /// be used. None is ever skipped.
    pub fn new(settings: &AnalysisSettings) -> Result<Self, AnalysisSetupError> {
        let patterns = Patterns::new(settings)?;
        let knowledge = Knowledge::new(settings)?;
        let facts: Vec<_> = patterns.facts().collect();
        let digest = Digest::of_json(&serde_json::json!({
            "rules": RULES_VERSION,
            "program": env!("CARGO_PKG_VERSION"),
            "settings": settings,
            "patterns": facts,
            "knowledge": shipped_digest(),
        }));
        Ok(Self {
            settings: settings.clone(),
            patterns,
            knowledge,
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

    /// What is left to say of `code` whose analysis failed by its own fault, and why.
    pub fn failed(&self, code: &[u8], why: &str) -> Analysis {
        let refusal = Refusal::unanalysable(policy::ANALYSIS_FAILED, why);
        self.refused(code, refusal).analysis
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
                if code == policy::ENCODING {
                    policy::ENCODING
                } else {
                    policy::UNANALYSABLE
                },
                1,
                1,
                message,
            ),
        };
        let unanalysable = policy::is_unreadable(rule);
        let mut analysis = self.empty(code, verdict);
        analysis.has_writes = unanalysable;
        analysis.writes_unresolved = unanalysable;
        analysis.findings_total = 1;
        if !unanalysable {
            analysis.risks.push(rule.to_owned());
        }
        let category = if unanalysable {
            Category::PotentialWrite
        } else {
            Category::Syntax
        };
        let level = match analysis.has_failed() {
            true => Level::Ask,
            // What is said of unreadable code holds for its encodings too, unless they are named.
            false if unanalysable => match self.knowledge.configured(rule) {
                Some(level) => level,
                None => self.knowledge.level(policy::UNANALYSABLE),
            },
            false => self.knowledge.level(rule),
        };
        let known = self.knowledge.rule(rule);
        analysis.findings.push(Finding {
            level: Some(level),
            evidence: Evidence::Unresolved,
            advice: known.map(|rule| rule.advice.clone()).unwrap_or_default(),
            ..Finding::new(rule, category, Severity::Critical, (line, column), explanation)
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
            refusals: Vec::new(),
            no_route: false,
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
        let hits = self.patterns.hits(&masked, &FxHashSet::default());
        let mut verdict = Verdict::Readable;
        let mut findings = Vec::new();
        let facts = match syntax::first_error(&parsed) {
            Some(error) => {
                let finding = places.finding(
                    TextRange::empty(error.at),
                    "syntax_error",
                    Category::Syntax,
                    Severity::Critical,
                    format!("The code is not valid Python: {}.", error.message),
                );
                verdict = Verdict::SyntaxError {
                    line: finding.line,
                    column: finding.column,
                    message: error.message,
                };
                findings.push(finding);
                findings.extend(places.magics());
                Facts::default()
            }
            None => {
                let hits: FxHashSet<u32> = hits.iter().map(|hit| hit.name_at).collect();
                let program = resolver::Program {
                    body: parsed.suite(),
                    text,
                    index: places.index(),
                    hits: &hits,
                    texts: &Arena::new(),
                    routes: &self.settings.routes,
                };
                resolver::resolve(&program, &self.knowledge).map_err(|resolver::TooDeep| {
                    Refusal::unanalysable("too_deep", "The code nests too deeply to be analyzed.")
                })?
            }
        };
        for fact in &facts.facts {
            let known = self
                .knowledge
                .rule(&fact.rule)
                .map_or(Severity::High, |rule| rule.severity);
            let severity = match fact.category {
                Category::Write | Category::PotentialWrite => known.max(Severity::High),
                _ => known,
            };
            findings.push(Finding {
                evidence: fact.evidence,
                channels: fact.channels.clone(),
                values: fact.values.clone(),
                resolved: fact.resolved.clone(),
                chain: fact.chain.steps(),
                ..places.finding(fact.at, &fact.rule, fact.category, severity, fact.why.clone())
            });
        }
        let mut matched_writes = Vec::new();
        let mut matched_reads = Vec::new();
        let none = FxHashSet::default();
        let harmless = if self.settings.strict {
            &none
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
            let channels = facts.channels_at.get(&at).cloned().unwrap_or_default();
            findings.push(places.match_finding(&hit, TextSize::new(at), channels));
        }
        let mut analysis = self.empty(code, verdict);
        analysis.imports = facts.imports;
        analysis.has_results = facts.has_results;
        for finding in &mut findings {
            if let Some(rule) = self.knowledge.rule(&finding.rule) {
                finding.advice.clone_from(&rule.advice);
            }
        }
        summarize(&self.knowledge, &mut analysis, findings);
        analysis.findings_total += facts.dropped;
        Ok(Examined {
            analysis,
            matched_writes,
            matched_reads,
        })
    }
}

/// A digest of all that is shipped, made once.
fn shipped_digest() -> Digest {
    static DIGEST: LazyLock<Digest> =
        LazyLock::new(|| Digest::of_json(&serde_json::json!(Shipped::shipped())));
    *DIGEST
}

/// Puts `findings` in order, and draws the conclusions from all of them.
fn summarize(knowledge: &Knowledge, analysis: &mut Analysis, mut findings: Vec<Finding>) {
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
    policy::set_levels(knowledge, &mut findings);
    (analysis.refusals, analysis.no_route) = policy::refusals(&findings);
    for finding in &findings {
        if policy::is_write(finding) {
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
        findings.sort_by_key(|finding| (Reverse(finding.level), finding.line, finding.column));
        findings.truncate(MAX_FINDINGS);
        findings.sort_by(|a, b| (a.line, a.column, &a.rule).cmp(&(b.line, b.column, &b.rule)));
    }
    analysis.findings = findings;
}
