//! Which question is meant: by its id, the beginning of it, or the thread that asks it.

use serde_json::json;

use crate::{
    model::{InterruptId, ThreadId},
    service::{ErrorKind, PendingReply, RunReply, RunStatus, ServiceCommand},
};

use super::{desk::Desk, fault::Fault, fault::fault};

/// The shortest beginning of an id that is taken for it.
const SHORTEST: usize = 6;

/// A question, and its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) interrupt: InterruptId,
    /// Whether it was meant by its thread alone: an answer then counts only if the thread has asked
    /// nothing else since its last input, so that it never serves a question nobody saw.
    pub(super) by_thread: bool,
    /// `None` where the question is not pending: the service says why.
    pub(super) thread: Option<ThreadId>,
}

/// The question that `text` means.
pub(super) async fn question(desk: &mut Desk, text: &str) -> Result<Subject, Fault> {
    let pending: Vec<PendingReply> = desk.ask(ServiceCommand::Pending).await?;
    let id = text.parse::<InterruptId>().ok();
    let meant = match pending.iter().find(|asked| Some(asked.interrupt_id) == id) {
        Some(exact) => vec![exact],
        None => pending.iter().filter(|asked| is_meant(asked, text)).collect(),
    };
    match (meant.as_slice(), id) {
        ([one], _) => Ok(Subject {
            interrupt: one.interrupt_id,
            by_thread: !begins(one, text),
            thread: Some(one.thread_id),
        }),
        ([], Some(interrupt)) => Ok(Subject {
            interrupt,
            by_thread: false,
            thread: None,
        }),
        ([], None) => Err(not_pending(desk, text).await),
        (several, _) => {
            let ids: Vec<String> = several
                .iter()
                .map(|asked| asked.interrupt_id.to_string())
                .collect();
            let mut fault = fault(
                ErrorKind::Usage,
                "ambiguous_interrupt",
                format!("'{text}' can mean each of the interrupts {}", ids.join(", ")),
            );
            fault.detail = json!({ "pending": ids });
            Err(fault)
        }
    }
}

/// What `show` is asked for: the beginning of a pending interrupt's id becomes the whole of it.
pub(super) async fn shown(desk: &mut Desk, text: &str) -> Result<String, Fault> {
    if text.parse::<InterruptId>().is_ok() || text.len() < SHORTEST {
        return Ok(text.to_owned());
    }
    let shown: Result<RunReply, Fault> = desk
        .ask(ServiceCommand::Show {
            subject: text.to_owned(),
        })
        .await;
    match shown {
        Err(error) if error.kind == ErrorKind::NotFound => {
            let asked = question(desk, text).await?;
            Ok(asked.interrupt.to_string())
        }
        _ => Ok(text.to_owned()),
    }
}

fn is_meant(asked: &PendingReply, text: &str) -> bool {
    begins(asked, text) || asked.thread_id == ThreadId::of_name(text)
}

/// Whether the interrupt's id begins with `text`.
fn begins(asked: &PendingReply, text: &str) -> bool {
    let id = asked.interrupt_id.to_string();
    text.len() >= SHORTEST && id.starts_with(&text.to_ascii_lowercase())
}

/// Why nothing is meant: there is no such thing, or the thread asks nothing.
async fn not_pending(desk: &mut Desk, text: &str) -> Fault {
    let shown: Result<RunReply, Fault> = desk
        .ask(ServiceCommand::Show {
            subject: text.to_owned(),
        })
        .await;
    match shown {
        Ok(thread) if thread.status == RunStatus::Expired => fault(
            ErrorKind::Conflict,
            "nothing_asked",
            format!(
                "the question of the thread {} expired: nobody decided in time",
                thread.thread_id
            ),
        ),
        Ok(thread) => fault(
            ErrorKind::Conflict,
            "nothing_asked",
            format!(
                "the thread {} asks nothing; it is {}",
                thread.thread_id,
                thread.status.as_str()
            ),
        ),
        Err(error) if error.kind == ErrorKind::NotFound => fault(
            ErrorKind::NotFound,
            "unknown_interrupt",
            format!(
                "'{text}' is neither a pending interrupt's id, nor the beginning of one ({SHORTEST} digits or \
                 more), nor a thread"
            ),
        ),
        Err(error) => error,
    }
}
