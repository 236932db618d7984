//! An effect was started and nobody knows how it ended: what a human is asked then, and what they may say.

use serde_json::{Value, json};

use super::{
    DecisionError,
    form::{self, Fields},
    message::{block, who},
    question::actor,
    text::{shown, visible, visible_line},
};
use crate::model::{Actor, CodeSha256, Digest, ExecutionMode, Settlement, Timestamp};

const KIND: &str = "outcome_unknown";
const EXPECTED: &str = "{\"settlement\": \"done\" | \"failed\" | \"ask_again\", \"note\": \"…\"}, \
    or exactly the word done, failed or ask_again";

/// What is known of an effect whose outcome is not.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeFacts {
    /// The thread.
    pub thread: String,
    /// The graph.
    pub graph: String,
    /// The node.
    pub node: String,
    /// The effect's name.
    pub effect: String,
    /// When it started.
    pub started_at: Timestamp,
    /// The program, byte for byte.
    pub code: String,
    /// The mode it ran in.
    pub mode: ExecutionMode,
    /// The process variables it was approved for.
    pub channels: Vec<String>,
    /// Who approved it.
    pub approved_by: Option<Actor>,
    /// Why the outcome is not known.
    pub reason: String,
}

/// The question about an effect whose outcome is unknown.
pub fn outcome_unknown_question(facts: &OutcomeFacts) -> Value {
    let code_sha256 = CodeSha256::of(facts.code.as_bytes());
    let channels: Vec<String> = facts.channels.iter().map(|name| visible_line(name)).collect();
    let check = match (facts.mode, channels.is_empty()) {
        (ExecutionMode::ReadOnly, _) => "The program had no write access. See what it left in its folder.",
        (ExecutionMode::WriteAccess, true) => {
            "See in the control system what the program may have written, and whether all of it."
        }
        (ExecutionMode::WriteAccess, false) => {
            "Read the process variables listed below: see whether they hold what the program writes, and all of them."
        }
    };
    let mut message =
        String::from("OUTCOME UNKNOWN\n\nA program was started, and it is not known how it ended. ");
    message.push_str(
        "It may have run in part, or wholly. It is not run again unless you say so.\n\nWhat is known:\n",
    );
    let known = format!(
        "started at    {}\nmode          {}\ncode SHA-256  {code_sha256}\nthread        {}\nnode          {}, {}\n\
         approved by   {}\nwhy unknown   {}",
        facts.started_at,
        facts.mode.as_str(),
        visible_line(&facts.thread),
        visible_line(&facts.node),
        visible_line(&facts.effect),
        facts
            .approved_by
            .as_ref()
            .map_or_else(|| "nobody".to_owned(), who),
        visible_line(&facts.reason),
    );
    block(&mut message, &known);
    message.push_str("\nProcess variables it was approved for:\n");
    let list = if channels.is_empty() {
        "none named".to_owned()
    } else {
        channels.join("\n")
    };
    block(&mut message, &list);
    message.push_str("\nThe code:\n");
    block(&mut message, &visible(&facts.code));
    message.push_str("\nWhat to check: ");
    message.push_str(check);
    message.push_str(
        "\n\nThen answer: done (it was done), failed (it was not done, or not rightly), \
         or ask_again (put the code before the gate again).\n",
    );
    json!({
        "kind": KIND,
        "format": 1,
        "thread_id": facts.thread,
        "graph": facts.graph,
        "node": facts.node,
        "effect": facts.effect,
        "started_at": facts.started_at,
        "code_sha256": code_sha256,
        "execution_mode": facts.mode,
        "channels": channels,
        "approved_by": facts.approved_by.as_ref().map(actor),
        "reason": shown(&facts.reason),
        "check": check,
        "code": facts.code,
        "user_message": message,
        "settlements": ["done", "failed", "ask_again"],
    })
}

/// An unknown outcome that a human settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// How.
    pub settlement: Settlement,
    /// What they remarked.
    pub note: Option<String>,
    /// What the trail keeps beside it.
    pub facts: Value,
}

/// Reads an answer to a question about an unknown outcome. Such a question doesn't expire.
///
/// # Errors
/// [`DecisionError`] says what was expected; nothing is settled then.
pub fn settle(question: &Value, answer: Value, by: &Actor, now: Timestamp) -> Result<Settled, DecisionError> {
    form::bound(&answer)?;
    let (word, note) = match answer {
        Value::String(text) => (form::word(&text).replace([' ', '-'], "_"), None),
        Value::Object(map) => {
            let mut fields = Fields(map);
            let parts = fields
                .required("settlement")
                .and_then(|word| Ok((word, fields.text("note")?)));
            let parts = parts.and_then(|parts| fields.done().map(|()| parts));
            parts.map_err(as_settlement)?
        }
        _ => return Err(unclear("it is neither an object nor a word")),
    };
    let settlement = match word.as_str() {
        "done" => Settlement::Done,
        "failed" => Settlement::Failed,
        "ask_again" => Settlement::AskAgain,
        _ => return Err(unclear("it names none of the settlements")),
    };
    let facts = json!({
        "settlement": settlement,
        "note": note,
        "by": by,
        "at": now,
        "question": Digest::of_json(question),
        "code_sha256": question.get("code_sha256"),
        "started_at": question.get("started_at"),
    });
    Ok(Settled {
        settlement,
        note,
        facts,
    })
}

fn unclear(problem: impl Into<String>) -> DecisionError {
    DecisionError::Unclear {
        problem: problem.into(),
        expected: EXPECTED,
    }
}

/// The same complaint, with the forms that are expected here.
fn as_settlement(error: DecisionError) -> DecisionError {
    match error {
        DecisionError::Unclear { problem, .. } => unclear(problem),
        other => other,
    }
}
