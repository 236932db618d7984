//! What findings come to: what a program writes, what is risky in it, and what to do about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::visible_line;
use crate::{
    config::Knowledge,
    model::{Category, Evidence, Finding, PvName},
};

/// The most writes, risks and lines that are told one by one.
const MAX_TOLD: usize = 100;

/// A write as the code has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodedWrite {
    /// The process variable; `None` if its name is computed.
    pub name: Option<String>,
    /// The value.
    pub value: CodedValue,
    /// The lines it is written on.
    pub lines: Vec<u32>,
}

/// A value as the code has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum CodedValue {
    /// It stands in the code, as Python would print it.
    Literal(String),
    /// It is computed when the program runs.
    Computed,
    /// The analysis does not tell.
    Unknown,
}

/// A risk, with where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// The rule's id.
    pub rule: String,
    /// What it tells, as a title; empty if the rule is not a shipped one.
    pub title: String,
    /// The lines it was found on.
    pub lines: Vec<u32>,
}

impl CodedWrite {
    /// Whether it writes the process variable `pv`, however the two are spelled.
    pub fn is_of(&self, pv: &str) -> bool {
        let canonical = |name: &str| PvName::parse(name).map(|name| name.canonical().to_owned());
        self.name.as_deref().is_some_and(|name| {
            name == pv || canonical(name).is_ok_and(|name| canonical(pv).is_ok_and(|pv| pv == name))
        })
    }

    /// What is written, for a table.
    pub fn target(&self) -> String {
        match &self.name {
            Some(name) => visible_line(name),
            None => "a process variable whose name is computed".to_owned(),
        }
    }
}

impl CodedValue {
    /// The value in words, safe to show.
    pub fn shown(&self) -> String {
        match self {
            Self::Literal(text) => visible_line(text),
            Self::Computed => "computed at run time".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// The writes that `findings` tell of, safe to show, in the order of the code; the same write on several lines once.
pub fn written(findings: &[Finding]) -> Vec<CodedWrite> {
    let mut writes: Vec<CodedWrite> = Vec::new();
    let mut add = |name: Option<String>, value: CodedValue, line: u32| {
        let same = writes
            .iter()
            .position(|write| write.name == name && write.value == value);
        match same {
            Some(index) => {
                let lines = &mut writes[index].lines;
                if !lines.contains(&line) && lines.len() < MAX_TOLD {
                    lines.push(line);
                }
            }
            None if writes.len() < MAX_TOLD => writes.push(CodedWrite {
                name,
                value,
                lines: vec![line],
            }),
            None => {}
        }
    };
    for finding in findings {
        let value = |index: usize| match finding.values.get(index) {
            Some(Some(text)) => CodedValue::Literal(visible_line(text)),
            Some(None) => CodedValue::Computed,
            None => CodedValue::Unknown,
        };
        match finding.category {
            Category::Write if finding.channels.is_empty() => add(None, value(0), finding.line),
            Category::Write | Category::PotentialWrite => {
                for (index, channel) in finding.channels.iter().enumerate() {
                    add(Some(visible_line(channel)), value(index), finding.line);
                }
            }
            _ => {}
        }
    }
    writes
}

/// The risks: the rules that the analysis names, and those of findings that are risks.
pub fn risks(named: &[String], findings: &[Finding]) -> Vec<Risk> {
    let mut lines: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for rule in named {
        lines.entry(rule).or_default();
    }
    for finding in findings {
        if finding.category == Category::Risk || lines.contains_key(finding.rule.as_str()) {
            let lines = lines.entry(&finding.rule).or_default();
            if !lines.contains(&finding.line) && lines.len() < MAX_TOLD {
                lines.push(finding.line);
            }
        }
    }
    lines
        .into_iter()
        .take(MAX_TOLD)
        .map(|(rule, lines)| Risk {
            rule: visible_line(rule),
            title: shipped(rule).map(|rule| rule.title.clone()).unwrap_or_default(),
            lines,
        })
        .collect()
}

/// What to do about `findings`, once for each rule, in the order they stand in.
pub fn advice(findings: &[Finding]) -> Vec<(String, String)> {
    let mut told: Vec<(String, String)> = Vec::new();
    for finding in findings {
        let advice = match finding.advice.as_str() {
            "" => shipped(&finding.rule).map_or("", |rule| &rule.advice),
            advice => advice,
        };
        if advice.is_empty() || told.iter().any(|(rule, _)| *rule == finding.rule) {
            continue;
        }
        told.push((finding.rule.clone(), advice.to_owned()));
    }
    for (rule, advice) in &mut told {
        *rule = visible_line(rule);
        *advice = visible_line(advice.trim());
    }
    told
}

/// How a name came to stand for what it does, safe to show; `None` where there is nothing to tell.
pub fn origin(finding: &Finding) -> Option<String> {
    let steps: Vec<String> = finding.chain.iter().map(|step| visible_line(step)).collect();
    match (steps.is_empty(), finding.resolved.is_empty()) {
        (false, _) => Some(steps.join("; ")),
        (true, false) => Some(format!("it is `{}`", visible_line(&finding.resolved))),
        (true, true) => None,
    }
}

/// What a finding rests on, in words.
pub fn basis(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Regex => "a configured pattern matches",
        Evidence::Resolved => "the code says so",
        Evidence::Unresolved => "it could not be resolved, so the worst is assumed",
    }
}

/// Lines in words: `line 4`, or `lines 4, 9 and 12`.
pub fn on_lines(numbers: &[u32]) -> String {
    let words: Vec<String> = numbers.iter().take(10).map(u32::to_string).collect();
    match (words.as_slice(), numbers.len().saturating_sub(words.len())) {
        ([], _) => String::new(),
        ([one], 0) => format!("line {one}"),
        ([first @ .., last], 0) => format!("lines {} and {last}", first.join(", ")),
        (all, more) => format!("lines {} and {more} more", all.join(", ")),
    }
}

fn shipped(id: &str) -> Option<&'static crate::config::Rule> {
    Knowledge::shipped().rules.iter().find(|rule| rule.id == id)
}
