//! How a thread stands.

use owo_colors::OwoColorize;
use serde_json::Value;

use crate::{
    gate::{Decision, text::visible_line},
    graphs::python_executor::{DecisionKind, PythonResult},
    service::{RunReply, RunStatus},
};

use super::{Hints, Page, conduct, page, pretty, question, status};

/// A thread: its questions, or what it came to.
pub(in crate::cli) fn thread(reply: &RunReply, hints: &Hints) -> String {
    let mut page = Page::default();
    page.line(&status(reply.status));
    let id = reply.thread_id.to_string();
    page.fact("thread", &page::thread_name(&id, reply.thread_name.as_deref()));
    if let Some(error) = &reply.error {
        page.fact("error", &visible_line(&error.code).red().to_string());
        page.block(&error.message);
    }
    if !reply.ended_interrupts.is_empty() {
        let ended: Vec<String> = reply.ended_interrupts.iter().map(ToString::to_string).collect();
        let noun = match ended.len() {
            1 => "question",
            _ => "questions",
        };
        page.fact("ended", &format!("the {noun} {}", ended.join(", ")));
    }
    for asked in &reply.interrupts {
        question::question(
            &mut page,
            &question::Asked {
                id: asked.interrupt_id,
                kind: asked.kind,
                node: Some(&asked.node),
                asked_at: asked.asked_at,
                expires_at: asked.expires_at,
                votes: &asked.votes,
                question: &asked.question,
            },
            hints,
        );
    }
    if let Some(found) = &reply.result {
        result(&mut page, found);
    } else if let (Some(hash), true) = (&reply.code_sha256, reply.interrupts.is_empty()) {
        page.fact("sha256", &visible_line(hash));
    }
    if let Some(values) = &reply.values {
        page.heading("State");
        page.block(&pretty(values));
    }
    let goes_on = !reply.next.is_empty() && reply.interrupts.is_empty();
    if goes_on && reply.status != RunStatus::Running {
        page.fact("due next", &visible_line(&reply.next.join(", ")));
        if !hints.quiet {
            let command = hints.command(&format!("run --continue {id}"));
            page.line(&format!("  {}", command.cyan()));
        }
    }
    page.done()
}

fn result(page: &mut Page, result: &PythonResult) {
    if let Some(hash) = &result.code_sha256 {
        page.fact("sha256", &hash.to_string());
    }
    page.fact("mode", result.execution_mode.as_str());
    if let Some(decision) = &result.decision {
        page.fact("decision", &decided(decision.kind, decision.decision.as_ref()));
    }
    if let Some(settled) = &result.settled {
        let by = page::who(&settled.by);
        let how = serde_json::to_value(settled.settlement).unwrap_or_default();
        page.fact(
            "settled",
            &format!("{} by {by}", how.as_str().unwrap_or_default()),
        );
    }
    if let Some(generator) = &result.generator {
        let model = result.model.as_deref().map(visible_line);
        let from = match model {
            Some(model) => format!("{} ({model})", visible_line(generator)),
            None => visible_line(generator),
        };
        page.fact("generator", &from);
    }
    page.fact("attempts", &result.attempts.to_string());
    if let Some(seconds) = result.execution_time_seconds {
        page.fact("ran", &format!("{seconds:.2} s"));
    }
    for error in &result.errors {
        let text = format!(
            "attempt {}, {}: {}",
            error.attempt,
            error.stage.as_str(),
            error.message
        );
        page.fact("failed", &visible_line(&text));
    }
    if let Some(found) = &result.conduct {
        conduct::conduct(page, found);
    }
    match &result.results {
        Some(Value::Null) | None => {}
        Some(results) => {
            page.heading("Results");
            page.block(&pretty(results));
        }
    }
    for (name, text) in [
        ("Standard output", &result.stdout),
        ("Standard error", &result.stderr),
    ] {
        if !text.is_empty() {
            page.heading(name);
            page.block(text);
        }
    }
    if !result.figures.is_empty() {
        page.heading("Figures");
        for figure in &result.figures {
            page.line(&format!("  {}", visible_line(&figure.display().to_string())));
        }
    }
    if let Some(folder) = &result.folder {
        page.heading("Files");
        page.fact("folder", &visible_line(&folder.display().to_string()));
        if let Some(notebook) = &result.notebook {
            page.fact("notebook", &visible_line(&notebook.display().to_string()));
        }
        if let Some(html) = &result.notebook_html {
            page.fact("as HTML", &visible_line(&html.display().to_string()));
        }
        if let Some(link) = &result.notebook_link {
            page.fact("in Jupyter", &visible_line(link));
        }
    }
    if !result.warnings.is_empty() {
        page.heading("Warnings");
        for warning in &result.warnings {
            page.item(&visible_line(warning).yellow().to_string());
        }
    }
}

fn decided(kind: DecisionKind, decision: Option<&Decision>) -> String {
    let (what, remark) = match kind {
        DecisionKind::Approved => ("approved", None),
        DecisionKind::Edited => ("edited", None),
        DecisionKind::Rejected => ("rejected", None),
        DecisionKind::ChangesRequested => ("changes requested", None),
        DecisionKind::Expired => ("nobody decided in time", Some("")),
    };
    let remark: Option<&str> = remark.or(match decision {
        Some(Decision::Approve { note, .. } | Decision::Edit { note, .. }) => note.as_deref(),
        Some(Decision::Reject { reason }) => reason.as_deref(),
        Some(Decision::Respond { message }) => Some(message),
        None => None,
    });
    match remark.filter(|remark| !remark.is_empty()) {
        Some(remark) => format!("{what}: {}", visible_line(remark)),
        None => what.to_owned(),
    }
}
