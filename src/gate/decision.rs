//! What a human decided, and what follows from it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Binding,
    binding::in_order,
    form::{self, Answered},
    question::KIND,
};
use crate::{
    config::ApprovalSettings,
    model::{Actor, CodeSha256, Digest, ExecutionMode, Finding, PvName, Timestamp},
};

/// A human's answer at the gate, in the one form the graph reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Decision {
    /// Exactly this code may run.
    Approve {
        /// The process variables it may write; `None` if the approver named none and the question's stand.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channels: Option<Vec<String>>,
        /// What the approver remarked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Other code, which is analysed and asked about anew. It approves nothing.
    Edit {
        /// The other code.
        code: String,
        /// What the editor remarked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// It does not run.
    Reject {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// It does not run as it is; the generator is told what to change.
    Respond {
        /// What to change.
        message: String,
    },
}

impl Decision {
    /// The decision's name: `approve`, `edit`, `reject` or `respond`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Edit { .. } => "edit",
            Self::Reject { .. } => "reject",
            Self::Respond { .. } => "respond",
        }
    }
}

/// Why an answer decides nothing. The question stays pending.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecisionError {
    /// The question's time is up.
    #[error("the question could be answered until {expires_at}, and it is {now}")]
    Expired {
        /// When its time was up.
        expires_at: Timestamp,
        /// The present.
        now: Timestamp,
    },
    /// The answer has none of the accepted forms.
    #[error("the answer decides nothing: {problem}; expected {expected}")]
    Unclear {
        /// What is wrong with it.
        problem: String,
        /// The accepted forms.
        expected: &'static str,
    },
    /// An edit that leaves the code as it is.
    #[error("the edit changes nothing; to run the code as it is, approve it")]
    NothingChanged,
    /// An edit that leaves no code.
    #[error("the edit leaves no code; to keep the program from running, reject it")]
    NothingLeft,
    /// The approval must name the process variables and doesn't.
    #[error(
        "not all process variables of this program could be resolved, so the approval must name those it may \
         write, or none: {{\"type\": \"approve\", \"channels\": [\"…\"]}}"
    )]
    ChannelsNeeded,
    /// The approval names process variables the question doesn't.
    #[error("an approval can leave out process variables, but not add any: {}", .0.join(", "))]
    ChannelsWidened(Vec<String>),
    /// The approval names what is no process variable.
    #[error("'{name}' is no process variable: {problem}")]
    NoChannel {
        /// What it names.
        name: String,
        /// Why it is none.
        problem: String,
    },
    /// The answer is too large or too deep.
    #[error("the answer is too large: at most {limit}")]
    TooLarge {
        /// The limit, in words.
        limit: &'static str,
    },
    /// The stored question is not one of this gate, or is damaged.
    #[error("the question cannot be decided: {0}")]
    Question(String),
}

impl DecisionError {
    /// The stable code, documented in `docs/errors.md`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "decision_expired",
            Self::Unclear { .. } => "decision_unclear",
            Self::NothingChanged => "decision_nothing_changed",
            Self::NothingLeft => "decision_nothing_left",
            Self::ChannelsNeeded => "decision_channels_needed",
            Self::ChannelsWidened(_) => "decision_channels_widened",
            Self::NoChannel { .. } => "decision_channels_invalid",
            Self::TooLarge { .. } => "decision_too_large",
            Self::Question(_) => "question_unreadable",
        }
    }
}

/// An answer that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// What was decided.
    pub decision: Decision,
    /// What the trail keeps beside it: who, when, from where, what they were shown.
    pub facts: Value,
    /// What a grant is to be bound to; `Some` if and only if it was approved.
    pub binding: Option<Binding>,
}

/// The parts of a stored question that a decision needs.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    kind: String,
    pub(super) code: String,
    asked_at: Timestamp,
    expires_at: Option<Timestamp>,
    findings: Vec<Finding>,
    binding: Binding,
    pub(super) resume_payload: Value,
    pub(super) action_request: Value,
}

impl Asked {
    fn read(question: &Value) -> Result<Self, DecisionError> {
        let asked =
            Self::deserialize(question).map_err(|error| DecisionError::Question(error.to_string()))?;
        if asked.kind != KIND {
            return Err(DecisionError::Question(format!(
                "it is a {}, not a {KIND}",
                asked.kind
            )));
        }
        if CodeSha256::of(asked.code.as_bytes()) != asked.binding.code_sha256 {
            return Err(DecisionError::Question(
                "its code does not have its SHA-256".to_owned(),
            ));
        }
        Ok(asked)
    }
}

/// Reads an answer to `question`. It is the only reader of answers: every door passes them on as they came.
///
/// # Errors
/// [`DecisionError`] says what was expected; nothing is decided then.
pub fn decide(
    question: &Value,
    answer: Value,
    by: &Actor,
    now: Timestamp,
    settings: &ApprovalSettings,
) -> Result<Decided, DecisionError> {
    let asked = Asked::read(question)?;
    let expires_at = asked
        .expires_at
        .unwrap_or_else(|| asked.asked_at.plus(settings.expires_after));
    if now >= expires_at {
        return Err(DecisionError::Expired { expires_at, now });
    }
    let Answered { form, decision } = form::read(answer, &asked)?;
    let binding = match &decision {
        Decision::Approve { channels, .. } => Some(approved(&asked.binding, channels.as_deref())?),
        Decision::Edit { code, .. } if *code == asked.code => return Err(DecisionError::NothingChanged),
        Decision::Edit { code, .. } if code.trim().is_empty() => return Err(DecisionError::NothingLeft),
        Decision::Edit { .. } | Decision::Reject { .. } | Decision::Respond { .. } => None,
    };
    let mut facts = json!({
        "decision": decision.name(),
        "form": form,
        "by": by,
        "at": now,
        "question": Digest::of_json(question),
        "code_sha256": asked.binding.code_sha256,
        "execution_mode": asked.binding.mode,
        "findings": asked.findings.iter()
            .map(|finding| json!({"rule": finding.rule, "line": finding.line, "column": finding.column}))
            .collect::<Vec<_>>(),
        "findings_digest": Digest::of_json(&json!(asked.findings)),
        "policy_version": asked.binding.policy_version,
    });
    match &decision {
        Decision::Approve { note, .. } => facts["note"] = json!(note),
        Decision::Edit { code, note } => {
            facts["edited_code_sha256"] = json!(CodeSha256::of(code.as_bytes()));
            facts["note"] = json!(note);
        }
        Decision::Reject { reason } => facts["reason"] = json!(reason),
        Decision::Respond { message } => facts["message"] = json!(message),
    }
    if let Some(binding) = &binding {
        facts["channels"] = json!(binding.channels);
    }
    Ok(Decided {
        decision,
        facts,
        binding,
    })
}

/// What an approval that names `channels` is bound to.
fn approved(asked: &Binding, channels: Option<&[String]>) -> Result<Binding, DecisionError> {
    let mut binding = asked.clone();
    let must_name = asked.mode == ExecutionMode::WriteAccess && !asked.channels_resolved;
    let channels = channels.map(canonical).transpose()?;
    let Some(channels) = channels else {
        return if must_name {
            Err(DecisionError::ChannelsNeeded)
        } else {
            Ok(binding)
        };
    };
    if !must_name {
        let added: Vec<String> = channels
            .iter()
            .filter(|name| !asked.channels.contains(name))
            .map(|name| super::text::visible_line(name))
            .collect();
        if !added.is_empty() {
            return Err(DecisionError::ChannelsWidened(added));
        }
    }
    binding.channels = in_order(channels.clone());
    binding.seen.retain(|reading| channels.contains(&reading.pv));
    Ok(binding)
}

/// The names an approver gave, each in its one spelling: what is permitted and what was shown are compared by it.
fn canonical(names: &[String]) -> Result<Vec<String>, DecisionError> {
    let one = |name: &String| {
        let parsed = PvName::parse(name).map_err(|error| DecisionError::NoChannel {
            name: super::text::visible_line(name),
            problem: error.to_string(),
        })?;
        Ok(parsed.canonical().to_owned())
    };
    names.iter().map(one).collect()
}
