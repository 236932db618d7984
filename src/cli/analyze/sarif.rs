//! The findings as SARIF 2.1.0, the form in which tools exchange them. The same programs give the same log.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Component, Path, PathBuf},
};

use serde_json::{Value, json};

use crate::{
    config::{Knowledge, Rule},
    gate::{self, CodedValue, Listing, text},
    model::{Digest, Finding, Severity},
    service::ErrorReply,
};

use super::{Program, walk::is_stdin};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The name of the directory that relative addresses start from.
const BASE: &str = "%SRCROOT%";

/// A log that grows.
pub(super) struct Log {
    here: Option<PathBuf>,
    rules: Vec<Value>,
    places: BTreeMap<String, usize>,
    known: BTreeSet<String>,
    artifacts: Vec<Value>,
    results: Vec<Value>,
    notifications: Vec<Value>,
    successful: bool,
}

impl Log {
    /// One that knows the shipped rules.
    pub(super) fn new() -> Self {
        let shipped = &Knowledge::shipped().rules;
        Self {
            here: env::current_dir().ok(),
            rules: shipped.iter().map(described).collect(),
            places: shipped
                .iter()
                .enumerate()
                .map(|(index, rule)| (rule.id.clone(), index))
                .collect(),
            known: BTreeSet::new(),
            artifacts: Vec::new(),
            results: Vec::new(),
            notifications: Vec::new(),
            successful: true,
        }
    }

    /// Adds what was found in a program, once however often it was named.
    pub(super) fn add(&mut self, program: &Program) {
        let analysis = &program.analyzed.analysis;
        let mut location = self.location(&program.path);
        if !self.known.insert(location.to_string()) {
            return;
        }
        let artifact = self.artifacts.len();
        self.artifacts.push(json!({
            "location": location,
            "length": program.bytes.len(),
            "roles": ["analysisTarget"],
            "sourceLanguage": "python",
            "hashes": { "sha-256": analysis.code_sha256 },
        }));
        location["index"] = json!(artifact);
        let source = program.text();
        let listing = Listing::new(&source);
        let mut seen = BTreeMap::new();
        for finding in &analysis.findings {
            let index = self.rule(finding);
            let snippet = listing.text_of(finding).unwrap_or_default();
            self.results.push(json!({
                "ruleId": finding.rule,
                "ruleIndex": index,
                "kind": "fail",
                "level": level(finding.severity),
                "message": { "text": message(finding) },
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": location,
                        "region": region(finding, &snippet),
                    },
                }],
                "partialFingerprints": { "findingHash/v1": fingerprint(finding, &snippet, &mut seen) },
                "properties": properties(finding),
            }));
        }
        let told = analysis.findings.len();
        if analysis.findings_total > told {
            self.notifications.push(json!({
                "level": "warning",
                "message": { "text": format!("Of {} findings the gravest {told} are told.", analysis.findings_total) },
                "locations": [{ "physicalLocation": { "artifactLocation": location } }],
            }));
        }
    }

    /// Adds that a file could not be read.
    pub(super) fn not_read(&mut self, path: &Path, error: &ErrorReply) {
        self.successful = false;
        self.notifications.push(json!({
            "level": "error",
            "descriptor": { "id": error.code },
            "message": { "text": plain(&error.message) },
            "locations": [{ "physicalLocation": { "artifactLocation": self.location(path) } }],
        }));
    }

    /// The whole log.
    pub(super) fn done(self) -> Value {
        json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": {
                    "driver": {
                        "name": "Holdpoint",
                        "version": env!("CARGO_PKG_VERSION"),
                        "semanticVersion": env!("CARGO_PKG_VERSION"),
                        "rules": self.rules,
                    },
                },
                "invocations": [{
                    "executionSuccessful": self.successful,
                    "toolExecutionNotifications": self.notifications,
                }],
                "originalUriBaseIds": {
                    BASE: { "description": { "text": "The directory that the analysis was started in." } },
                },
                "columnKind": "unicodeCodePoints",
                "artifacts": self.artifacts,
                "results": self.results,
            }],
        })
    }

    /// The place of a finding's rule among the rules; one that is not shipped is added with its name alone.
    fn rule(&mut self, finding: &Finding) -> usize {
        if let Some(&index) = self.places.get(&finding.rule) {
            return index;
        }
        let index = self.rules.len();
        self.rules.push(descriptor(&finding.rule, finding.severity));
        self.places.insert(finding.rule.clone(), index);
        index
    }

    /// The address of a file: relative to this directory if it lies below it.
    fn location(&self, path: &Path) -> Value {
        if is_stdin(path) {
            return json!({ "uri": "stdin", "description": { "text": "Standard input." } });
        }
        let plain = |path: &Path| {
            let mut parts = path.components();
            parts.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        };
        if plain(path) {
            return json!({ "uri": encoded(path), "uriBaseId": BASE });
        }
        // Only the system can say where `..` leads.
        let absolute = match path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
        {
            true => path.to_owned(),
            false => fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
        };
        let below = self
            .here
            .as_deref()
            .and_then(|here| absolute.strip_prefix(here).ok());
        match below {
            Some(below) => json!({ "uri": encoded(below), "uriBaseId": BASE }),
            None if absolute.is_absolute() => json!({ "uri": format!("file:///{}", encoded(&absolute)) }),
            None => json!({ "uri": encoded(path) }),
        }
    }
}

/// A rule by its id alone.
fn descriptor(id: &str, severity: Severity) -> Value {
    let mut rule = json!({ "id": id });
    let name = camel(id);
    // A name that only repeats the id is not wanted.
    if !name.eq_ignore_ascii_case(id) {
        rule["name"] = json!(name);
    }
    rule["defaultConfiguration"] = json!({ "level": level(severity) });
    rule
}

/// A shipped rule.
fn described(rule: &Rule) -> Value {
    let mut described = descriptor(&rule.id, rule.severity);
    described["shortDescription"] = json!({ "text": plain(&rule.title) });
    described["fullDescription"] = json!({ "text": plain(&rule.advice) });
    described["help"] = json!({ "text": plain(&rule.advice) });
    described["properties"] = json!({ "risk": rule.risk, "policy": rule.level });
    described
}

/// Where a finding is. SARIF takes an end that is left out for the line's own.
fn region(finding: &Finding, snippet: &str) -> Value {
    let mut region = json!({ "startLine": finding.line.max(1), "startColumn": finding.column.max(1) });
    if finding.end_line >= finding.line && finding.end_column > 0 {
        region["endLine"] = json!(finding.end_line);
        region["endColumn"] = json!(finding.end_column);
    }
    // A viewer draws it, so nothing in it may hide.
    if !snippet.is_empty() && finding.end_line <= finding.line {
        region["snippet"] = json!({ "text": text::visible(snippet) });
    }
    region
}

/// The explanation, how the name came to stand for it, and what is written.
fn message(finding: &Finding) -> String {
    let mut sentences = vec![text::visible_line(&finding.explanation)];
    if let Some(origin) = gate::origin(finding) {
        sentences.push(format!("{}.", origin.trim_end_matches('.')));
    }
    for write in gate::written(std::slice::from_ref(finding)) {
        sentences.push(match write.value {
            CodedValue::Unknown if write.name.is_none() => continue,
            CodedValue::Unknown => format!("It writes {}.", write.target()),
            ref value => format!("It writes {} ← {}.", write.target(), value.shown()),
        });
    }
    plain(&sentences.join(" "))
}

/// What else is known of a finding. Viewers draw this too.
fn properties(finding: &Finding) -> Value {
    let line = |text: &String| text::visible_line(text);
    json!({
        "category": finding.category,
        "severity": finding.severity,
        "evidence": finding.evidence,
        "resolved": line(&finding.resolved),
        "channels": finding.channels.iter().map(line).collect::<Vec<_>>(),
        "values": finding.values.iter().map(|value| value.as_ref().map(line)).collect::<Vec<_>>(),
    })
}

/// A hash that stays when lines are moved: of the rule and the code, and how often the two came before.
fn fingerprint(finding: &Finding, snippet: &str, seen: &mut BTreeMap<Digest, u64>) -> String {
    let about = json!([finding.rule, finding.resolved, finding.channels, snippet.trim()]);
    let before = seen.entry(Digest::of_json(&about)).or_default();
    let hash = Digest::of_json(&json!([about, *before])).short();
    *before += 1;
    hash
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// A text as a SARIF message: braces stand for themselves, and nothing in it is a link.
fn plain(text: &str) -> String {
    text.trim()
        .replace('{', "{{")
        .replace('}', "}}")
        .replace("](", "] (")
}

/// `control_write` as `ControlWrite`.
fn camel(id: &str) -> String {
    let words = id.split(['_', '.', '-']);
    words
        .map(|word| {
            let mut letters = word.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            first.into_iter().chain(letters).collect::<String>()
        })
        .collect()
}

/// A path as the path of a URI, byte for byte.
fn encoded(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name.as_encoded_bytes()),
        Component::ParentDir => Some(b"..".as_slice()),
        _ => None,
    });
    let mut uri = String::new();
    for (index, part) in parts.enumerate() {
        if index > 0 {
            uri.push('/');
        }
        for &byte in part {
            match byte {
                b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
                byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
                byte => uri.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    uri
}
