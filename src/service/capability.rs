//! What the code of a capability needs to let a human decide in the middle of its work.
//!
//! A capability runs inside an agent whose state is a JSON object. When a request stops at the gate,
//! the capability passes the question on to the agent and ends; the agent puts it before a human and
//! later runs the capability again, with the human's answer in its state.

use serde_json::{Map, Value, json};

use crate::model::Command;

use super::{RunReply, RunStatus};

/// The keys of the agent's state in which a human's answer lies.
const APPROVED: &str = "approval_approved";
const PAYLOAD: &str = "approved_payload";
/// The key of a payload that tells whose question it was.
const TYPE: &str = "approval_type";

/// The name under which a capability's questions are told from those of others.
pub fn approval_type(capability: &str) -> String {
    format!("python_executor:{capability}")
}

/// What the agent's state says of a capability's question.
#[derive(Debug, Clone, PartialEq)]
pub enum ResumeData {
    /// This is no resume: the capability runs for the first time.
    FirstCall,
    /// A human approved, and this is the question's payload.
    Approved(Map<String, Value>),
    /// A human rejected.
    Rejected,
}

/// Whether a capability runs again after a human answered a question of `approval_type`. Only the
/// boolean `true` approves; anything else that stands in its place rejects.
pub fn resume_data(agent_state: &Map<String, Value>, approval_type: &str) -> ResumeData {
    let payload = agent_state.get(PAYLOAD).and_then(Value::as_object);
    let ours =
        payload.is_some_and(|payload| payload.get(TYPE).and_then(Value::as_str) == Some(approval_type));
    match agent_state.get(APPROVED) {
        None | Some(Value::Null) => ResumeData::FirstCall,
        Some(_) if !ours => ResumeData::FirstCall,
        Some(Value::Bool(true)) => ResumeData::Approved(payload.cloned().unwrap_or_default()),
        Some(_) => ResumeData::Rejected,
    }
}

/// The update of the agent's state that makes it forget the answer, so that it serves no second question.
pub fn clear_approval_state() -> Map<String, Value> {
    Map::from_iter([
        (APPROVED.to_owned(), Value::Null),
        (PAYLOAD.to_owned(), Value::Null),
    ])
}

/// What the capability passes on to its agent while `reply` waits: the question's text, its payload
/// under `approval_type`, and where the answer goes. `None` if nothing waits.
pub fn interrupt_value(reply: &RunReply, approval_type: &str) -> Option<Value> {
    let asked = (reply.status == RunStatus::Interrupted).then(|| reply.interrupts.first())??;
    let mut payload = asked
        .question
        .get("resume_payload")
        .cloned()
        .unwrap_or_else(|| json!({}));
    if let Value::Object(payload) = &mut payload {
        payload.insert(TYPE.to_owned(), json!(approval_type));
        payload.insert("thread_id".to_owned(), json!(reply.thread_id));
        payload.insert("interrupt_id".to_owned(), json!(asked.interrupt_id));
    }
    Some(json!({ "user_message": asked.question.get("user_message"), "resume_payload": payload }))
}

/// The command that takes a human's answer back to the question: it names the interrupt it is for,
/// so that it can serve no other.
pub fn resume_command(data: &ResumeData, interrupt: crate::model::InterruptId) -> Option<Command> {
    match data {
        ResumeData::FirstCall => None,
        ResumeData::Approved(_) => Some(Command::answer(interrupt, json!({ "approved": true }))),
        ResumeData::Rejected => Some(Command::answer(interrupt, json!({ "approved": false }))),
    }
}
