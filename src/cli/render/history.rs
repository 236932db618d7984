//! What happened on a thread, oldest first.

use owo_colors::OwoColorize;
use serde_json::Value;

use crate::{
    gate::text::visible_line,
    model::{Resolution, Source},
    service::{HistoryEvent, HistoryReply},
};

use super::{
    Page, conduct,
    page::{moment, who},
};

/// A thread's history.
pub(in crate::cli) fn history(history: &[HistoryReply]) -> String {
    let mut page = Page::default();
    for (index, step) in history.iter().rev().enumerate() {
        if index > 0 {
            page.blank();
        }
        let from = match step.source {
            Source::Input => "new input",
            Source::Loop => "superstep",
            Source::Update => "update",
            Source::Fork => "fork",
            Source::Return => "back to the gate",
        };
        let place = match step.namespace.as_str() {
            "" => String::new(),
            inner => format!(" in {}", visible_line(inner)),
        };
        page.line(&format!(
            "{} {}{place}, {from}, {}",
            "step".bold(),
            step.step.bold(),
            moment(step.at).dimmed()
        ));
        page.fact("checkpoint", &step.checkpoint_id.to_string());
        let hash = step.hash.to_string();
        page.fact(
            "record",
            &format!("{}, hash {}…", step.seq, hash.get(..16).unwrap_or(&hash)),
        );
        if let Some(status) = &step.status {
            page.fact("status", &visible_line(status));
        }
        let next = match step.next.is_empty() {
            true => "nothing".to_owned(),
            false => visible_line(&step.next.join(", ")),
        };
        page.fact("due next", &next);
        for happened in &step.events {
            event(&mut page, happened);
        }
    }
    page.done()
}

fn event(page: &mut Page, event: &HistoryEvent) {
    let (what, detail) = match (&event.resolution, event.what.as_str()) {
        (Some(resolution), _) => ("", resolved(resolution, &event.facts)),
        (None, "effect_started") => ("started", format!(", {}", code(&event.facts["facts"]))),
        (None, "effect_finished") => ("finished", String::new()),
        (None, "task_finished") => ("done", String::new()),
        (None, "task_failed") => {
            let message = event.facts["message"].as_str().unwrap_or_default();
            ("failed", format!(": {}", visible_line(message)))
        }
        (None, other) => (other, String::new()),
    };
    let told = (event.what == "noted")
        .then(|| conduct::noted(&event.facts))
        .flatten();
    let subject = visible_line(&event.subject);
    let mut line = match event.resolution {
        Some(_) => format!("{detail}, question {subject}"),
        None => told.unwrap_or_else(|| format!("{subject} {what}{detail}")),
    };
    if let Some(by) = &event.by {
        line.push_str(&format!(", by {}", who(by)));
    }
    page.line(&format!("  {} {line}", moment(event.at).dimmed()));
}

/// How a question ended.
fn resolved(resolution: &Resolution, facts: &Value) -> String {
    match resolution {
        Resolution::Answered { .. } => {
            let said = facts["decision"].as_str().or(facts["settlement"].as_str());
            let what = match said {
                Some(said) => format!("answered {}", visible_line(said).bold()),
                None => "answered".to_owned(),
            };
            let remark = ["reason", "message", "note"]
                .iter()
                .find_map(|key| facts[*key].as_str());
            match remark {
                Some(remark) => format!("{what}: {}", visible_line(remark)),
                None => what,
            }
        }
        Resolution::Expired => "expired".to_owned(),
        Resolution::Cancelled { reason } => format!("cancelled: {}", visible_line(reason)),
        Resolution::Superseded => "superseded".to_owned(),
    }
}

fn code(facts: &Value) -> String {
    match facts["code_sha256"].as_str() {
        Some(hash) => format!(
            "code {}…, {}",
            visible_line(hash.get(..16).unwrap_or(hash)),
            visible_line(facts["execution_mode"].as_str().unwrap_or("unknown mode"))
        ),
        None => "code unknown".to_owned(),
    }
}
