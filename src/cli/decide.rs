//! Answers to questions.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    model::ThreadId,
    service::{ErrorKind, RunReply, RunStatus, ServiceCommand},
};

use super::{
    Work,
    arguments::{Command, Outcome},
    fault::{Fault, fault, usage},
    request::text,
    subject::{self, Subject},
};

/// Hands in the answer that a command is.
pub(super) async fn decide(work: &Work, decision: Command) -> Result<u8, Fault> {
    let (subject, answer, wanted) = match decision {
        Command::Approve {
            interrupt,
            channels,
            no_channels,
            note,
        } => {
            let channels = match no_channels {
                true => Some(Vec::new()),
                false => channels,
            };
            (
                interrupt,
                json!({ "type": "approve", "channels": channels, "note": note }),
                None,
            )
        }
        Command::Reject { interrupt, reason } => (
            interrupt,
            json!({ "type": "reject", "reason": reason }),
            Some(RunStatus::Rejected),
        ),
        Command::Respond { interrupt, message } => {
            (interrupt, json!({ "type": "respond", "message": message }), None)
        }
        Command::Edit {
            interrupt,
            code,
            note,
        } => {
            let (interrupt, code) = match code {
                Some(path) => (interrupt, text(&path)?),
                None => edited(work, &interrupt).await?,
            };
            (
                interrupt,
                json!({ "type": "edit", "code": code, "note": note }),
                None,
            )
        }
        Command::Settle {
            interrupt,
            outcome,
            note,
        } => {
            let (settlement, wanted) = match outcome {
                Outcome::Done => ("done", None),
                Outcome::Failed => ("failed", Some(RunStatus::Failed)),
                Outcome::AskAgain => ("ask_again", None),
            };
            (
                interrupt,
                json!({ "settlement": settlement, "note": note }),
                wanted,
            )
        }
        _ => return Err(usage("this command answers nothing")),
    };
    let reply = answer_to(work, &subject, answer).await?;
    match wanted {
        Some(wanted) => work.tell_wanted(&reply, wanted),
        None => work.tell(&reply),
    }
}

async fn answer_to(work: &Work, subject: &str, answer: Value) -> Result<RunReply, Fault> {
    let mut desk = work.open().await?;
    let reply = match subject::question(&mut desk, subject).await {
        Ok(Subject {
            interrupt,
            by_thread,
            thread,
        }) => {
            let command = ServiceCommand::Answer {
                interrupt: (!by_thread).then_some(interrupt),
                thread: thread.filter(|_| by_thread).map(|thread| thread.to_string()),
                answer,
            };
            // Where the question is not pending nothing will run that a signal could cancel.
            let thread = thread.unwrap_or_else(ThreadId::new);
            desk.carry_out(command, thread).await
        }
        Err(error) => Err(error),
    };
    desk.close().await?;
    reply
}

/// Lets a human edit the code of a question; the store is free while they do. Gives the question's
/// id, so that the edit answers what they saw.
async fn edited(work: &Work, subject: &str) -> Result<(String, String), Fault> {
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| {
        std::env::var(name)
            .ok()
            .filter(|editor| !editor.trim().is_empty())
    });
    let editor = match editor {
        Some(editor) if io::stdin().is_terminal() => editor,
        Some(_) => {
            return Err(usage(
                "there is no terminal to edit in; give the code with --code FILE",
            ));
        }
        None => return Err(usage("$EDITOR is not set; give the code with --code FILE")),
    };
    let mut desk = work.open().await?;
    let asked = match subject::question(&mut desk, subject).await {
        Ok(asked) => code_of(&mut desk, asked).await,
        Err(error) => Err(error),
    };
    desk.close().await?;
    let (interrupt, code) = asked?;
    let failed = |error: io::Error| fault(ErrorKind::Failed, "editor", format!("{editor}: {error}"));
    let mut file = tempfile::Builder::new()
        .prefix("holdpoint-edit-")
        .suffix(".py")
        .tempfile()
        .map_err(failed)?;
    file.write_all(code.as_bytes()).map_err(failed)?;
    let status = tokio::process::Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "holdpoint-edit"])
        .arg(file.path())
        .status()
        .await
        .map_err(failed)?;
    if !status.success() {
        let message = format!("{editor} ended with {status}; nothing was changed");
        return Err(fault(ErrorKind::Failed, "editor", message));
    }
    Ok((interrupt, text(Path::new(file.path()))?))
}

async fn code_of(desk: &mut super::Desk, asked: Subject) -> Result<(String, String), Fault> {
    let id = asked.interrupt;
    let shown: RunReply = desk
        .ask(ServiceCommand::Show {
            subject: id.to_string(),
        })
        .await?;
    let question = shown
        .interrupts
        .into_iter()
        .find(|asked| asked.interrupt_id == id);
    match question
        .as_ref()
        .and_then(|asked| asked.question["code"].as_str())
    {
        Some(code) => Ok((id.to_string(), code.to_owned())),
        None => Err(fault(
            ErrorKind::Conflict,
            "nothing_asked",
            format!("the interrupt {id} is not pending, or shows no code"),
        )),
    }
}
