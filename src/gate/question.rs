//! The question a human decides about: complete, in JSON, Holdpoint's own facts first, and of those what it
//! writes and what is risky.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Binding, Risk,
    binding::in_order,
    message, risks,
    text::{notices, shown, shown_json, shown_line, visible, visible_line},
    written,
};
use crate::model::{
    Actor, CodeSha256, Digest, ExecutionMode, Finding, PvLimits, PvValue, Reading, Timestamp,
};

/// What `kind` says of a question about a program.
pub(super) const KIND: &str = "code_approval";
/// The name of the one action a question is about.
pub(super) const ACTION: &str = "execute_python";

/// The fields of the request that a question shows. Nothing in them was checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestText {
    /// What the user said.
    pub user_query: String,
    /// The task, in one sentence.
    pub task_objective: String,
    /// Keys that `results` should hold, and what they mean.
    pub expected_results: Value,
    /// What the calling capability adds to the prompt.
    pub capability_prompts: Vec<String>,
    /// The name the requester wants for the run's folder.
    pub execution_folder_name: String,
}

/// One process variable that a program would write.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlannedWrite {
    /// Its name.
    pub pv: String,
    /// What it holds now; `None` if that is not known.
    pub now: Option<Reading>,
    /// What it held last in the rehearsal; `None` if the rehearsal did not write it, or there was none.
    pub wanted: Option<PvValue>,
    /// How often the rehearsal wrote it.
    pub puts: u64,
    /// Its limits, where it has any.
    pub limits: Option<PvLimits>,
    /// What stands against it, one sentence each.
    pub problems: Vec<String>,
}

/// How the rehearsal went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RehearsalFacts {
    /// Why there was none; `None` if there was one.
    pub not_rehearsed: Option<String>,
    /// How it went wrong, if it did.
    pub failed: Option<String>,
    /// How many puts it made.
    pub puts: u64,
    /// What the gateway remarked.
    pub notes: Vec<String>,
}

/// Everything a question is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct QuestionFacts {
    /// The thread.
    pub thread: String,
    /// The run that asks.
    pub run: String,
    /// The graph.
    pub graph: String,
    /// The program, byte for byte.
    pub code: String,
    /// The mode the request asks for.
    pub mode: ExecutionMode,
    /// Whether approval raises it to write access.
    pub raised: bool,
    /// Why it is asked, one sentence each.
    pub reasons: Vec<String>,
    /// What the analysis found.
    pub findings: Vec<Finding>,
    /// The process variables the program writes, as far as the analysis or the rehearsal found them.
    pub writes: Vec<PlannedWrite>,
    /// How the rehearsal went; `None` for a program that only reads.
    pub rehearsal: Option<RehearsalFacts>,
    /// Whether it may write others that could not be resolved.
    pub channels_unresolved: bool,
    /// What the backend says of itself.
    pub backend: Value,
    /// The analysis's summary.
    pub analysis: Value,
    /// The digest of the settings that decide what needs approval.
    pub policy_version: Digest,
    /// The digest of the data the program finds as its context.
    pub context_digest: Digest,
    /// Who asks.
    pub requester: Actor,
    /// What they wrote.
    pub request: RequestText,
    /// Where the notebook of this attempt lies.
    pub notebook: Option<String>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The number of this question in its request, from 1.
    pub question_number: u32,
    /// When it is asked.
    pub asked_at: Timestamp,
    /// When it can no longer be answered.
    pub expires_at: Option<Timestamp>,
    /// Why it is asked again, if it was asked before.
    pub previous: Option<String>,
}

impl QuestionFacts {
    /// The mode the program runs in if it is approved.
    pub fn mode_if_approved(&self) -> ExecutionMode {
        if self.raised {
            ExecutionMode::WriteAccess
        } else {
            self.mode
        }
    }

    /// Whether something outside the program holds it to the process variables that are approved.
    pub(super) fn channels_enforced(&self) -> bool {
        self.backend["facts"]["channels_enforced"] == Value::Bool(true)
    }

    /// Whether an approval must name the process variables.
    pub(super) fn needs_channels(&self) -> bool {
        self.mode_if_approved() == ExecutionMode::WriteAccess && self.channels_unresolved
    }

    /// The names of the process variables.
    pub(super) fn channels(&self) -> Vec<String> {
        self.writes.iter().map(|write| write.pv.clone()).collect()
    }

    /// What is risky in the program.
    pub(super) fn risks(&self) -> Vec<Risk> {
        let named = self.analysis["risks"].as_array();
        let named: Vec<String> = named
            .into_iter()
            .flatten()
            .filter_map(|rule| rule.as_str().map(str::to_owned))
            .collect();
        risks(&named, &self.findings)
    }

    /// What an approval is bound to.
    fn binding(&self) -> Binding {
        let mode = self.mode_if_approved();
        Binding {
            thread: self.thread.clone(),
            code_sha256: CodeSha256::of(self.code.as_bytes()),
            mode,
            backend: Digest::of_json(&self.backend),
            policy_version: self.policy_version,
            context: self.context_digest,
            channels: match mode {
                ExecutionMode::WriteAccess => in_order(self.channels()),
                ExecutionMode::ReadOnly => Vec::new(),
            },
            seen: match mode {
                ExecutionMode::WriteAccess => {
                    self.writes.iter().filter_map(|write| write.now.clone()).collect()
                }
                ExecutionMode::ReadOnly => Vec::new(),
            },
            channels_resolved: !self.needs_channels(),
        }
    }
}

/// The question as JSON: the same facts give the same question, and so the same digest.
pub fn question(facts: &QuestionFacts) -> Value {
    let binding = facts.binding();
    let mode = facts.mode_if_approved();
    let findings = findings(facts);
    let untrusted = untrusted(&facts.request);
    let user_message = message::of(facts, &binding, &findings);
    let mut question = json!({
        "kind": KIND,
        "format": 1,
        "thread_id": facts.thread,
        "run_id": facts.run,
        "graph": facts.graph,
        "code_sha256": binding.code_sha256,
        "execution_mode": mode,
        "requested_mode": facts.mode,
        "raised_to_write_access": facts.raised,
        "channels": facts.writes.iter().map(planned).collect::<Vec<_>>(),
        "writes_in_code": written(&facts.findings),
        "risks": facts.risks(),
        "reasons": lines(&facts.reasons),
        "findings": findings,
        "channels_unresolved": facts.channels_unresolved,
        "channels_enforced": facts.channels_enforced(),
        "rehearsal": facts.rehearsal.as_ref().map(|rehearsal| shown_json(&json!(rehearsal))),
        "asked_at": facts.asked_at,
        "expires_at": facts.expires_at,
        "attempt": facts.attempt,
        "question_number": facts.question_number,
        "previous": facts.previous.as_deref().map(shown),
        "notebook": facts.notebook.as_deref().map(visible_line),
        "requester": actor(&facts.requester),
        "backend": shown_json(&facts.backend),
        "analysis": shown_json(&facts.analysis),
        "policy_version": facts.policy_version,
        "context_digest": facts.context_digest,
        "code": facts.code,
        "binding": binding,
        "untrusted": untrusted,
        "user_message": user_message,
        "resume_payload": resume_payload(facts, mode),
    });
    let code_visible = visible(&facts.code);
    if code_visible != facts.code {
        question["code_visible"] = Value::String(code_visible);
    }
    for (key, value) in inboxes(facts, &user_message) {
        question[key] = value;
    }
    question
}

/// A line of the table: value now, value wanted, limits, the server that answers, what stands against it.
fn planned(write: &PlannedWrite) -> Value {
    json!({
        "name": visible_line(&write.pv),
        "value": write.now.as_ref().map(|now| shown_json(&json!(now.value))),
        "wanted": write.wanted.as_ref().map(|wanted| shown_json(&json!(wanted))),
        "puts": write.puts,
        "limits": write.limits,
        "ioc": write.now.as_ref().map(|now| visible_line(&now.ioc)),
        "read_at": write.now.as_ref().map(|now| now.at),
        "problems": lines(&write.problems),
    })
}

/// The analysis's findings, safe to show, and what the code's own characters give cause for.
fn findings(facts: &QuestionFacts) -> Vec<Finding> {
    let mut findings: Vec<Finding> = facts
        .findings
        .iter()
        .map(|finding| Finding {
            rule: visible_line(&finding.rule),
            snippet: visible_line(&finding.snippet),
            explanation: visible_line(&finding.explanation),
            channels: lines(&finding.channels),
            values: finding
                .values
                .iter()
                .map(|value| value.as_deref().map(visible_line))
                .collect(),
            resolved: visible_line(&finding.resolved),
            chain: lines(&finding.chain),
            advice: visible_line(&finding.advice),
            ..finding.clone()
        })
        .collect();
    findings.extend(notices(&facts.code));
    findings
}

fn untrusted(request: &RequestText) -> Value {
    json!({
        "note": "Written by the requester or a model; Holdpoint has not checked it.",
        "user_query": shown(&request.user_query),
        "task_objective": shown(&request.task_objective),
        "expected_results": shown_json(&request.expected_results),
        "capability_prompts": shown_json(&json!(request.capability_prompts)),
        "execution_folder_name": shown(&request.execution_folder_name),
    })
}

/// An actor, safe to show.
pub(super) fn actor(actor: &Actor) -> Value {
    let mut shown = shown_json(&json!(actor));
    shown["name"] = Value::String(shown_line(&actor.name));
    shown
}

/// What an Osprey client keeps and sends back with its `approved`.
fn resume_payload(facts: &QuestionFacts, mode: ExecutionMode) -> Value {
    json!({
        "approval_type": "python_executor",
        "step_objective": shown(&facts.request.task_objective),
        "code": facts.code,
        "analysis_details": shown_json(&facts.analysis),
        "execution_mode": mode,
        "safety_concerns": lines(&facts.reasons),
        "notebook_path": facts.notebook.as_deref().map(visible_line),
        "execution_request": {
            "user_query": shown(&facts.request.user_query),
            "task_objective": shown(&facts.request.task_objective),
            "execution_folder_name": shown(&facts.request.execution_folder_name),
        },
        "expected_results": shown_json(&facts.request.expected_results),
    })
}

/// The same question as Agent Inbox and agent-chat-ui read it. Neither can name process variables,
/// so where the approval must name them, they are not offered to approve.
fn inboxes(facts: &QuestionFacts, message: &str) -> [(&'static str, Value); 5] {
    let args = json!({"code": facts.code});
    let accept = !facts.needs_channels();
    let decisions = match accept {
        true => vec!["approve", "edit", "reject"],
        false => vec!["edit", "reject"],
    };
    [
        ("action_request", json!({"action": ACTION, "args": args})),
        (
            "config",
            json!({
                "allow_accept": accept,
                "allow_edit": true,
                "allow_respond": true,
                "allow_ignore": true,
            }),
        ),
        ("description", Value::String(message.to_owned())),
        (
            "action_requests",
            json!([{"name": ACTION, "args": args, "arguments": args, "description": message}]),
        ),
        (
            "review_configs",
            json!([{"action_name": ACTION, "allowed_decisions": decisions}]),
        ),
    ]
}

fn lines(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| visible_line(text)).collect()
}
