//! What was proven.

use owo_colors::OwoColorize;

use crate::{
    engine::ReplayReport,
    gate::text::visible_line,
    service::{ProblemReply, VerifyReply},
};

use super::{
    Page,
    page::{moment, who},
};

/// What a verification found.
pub(in crate::cli) fn verification(found: &VerifyReply) -> String {
    let mut page = Page::default();
    match found.ok {
        true => page.line(&"Everything fits.".green().bold().to_string()),
        false => page.line(&"Something does not fit.".red().bold().to_string()),
    }
    page.fact("threads", &found.threads.to_string());
    page.fact("records", &found.records.to_string());
    page.fact("values", &found.values.to_string());
    page.fact("audit", &format!("{} entries", found.audit_entries));
    if !found.executions.is_empty() {
        page.heading("What ran under an approval");
    }
    for proof in &found.executions {
        page.line(&format!(
            "  {}, thread {}, record {}",
            moment(proof.started_at),
            proof.thread_id,
            proof.seq
        ));
        page.fact("ran", &visible_line(&proof.ran_sha256));
        page.fact("approved", &visible_line(&proof.approved_sha256));
        if let Some(by) = &proof.approved_by {
            page.fact("by", &who(by));
        }
        page.fact("mode", &visible_line(&proof.execution_mode));
        page.fact("ended", &visible_line(&proof.ended));
    }
    if !found.problems.is_empty() {
        page.heading("Problems");
    }
    for ProblemReply { thread_id, seq, what } in &found.problems {
        let thread = thread_id
            .map(|thread| format!("thread {thread}, "))
            .unwrap_or_default();
        let record = seq.map(|seq| format!("record {seq}: ")).unwrap_or_default();
        page.item(
            &format!("{thread}{record}{}", visible_line(what))
                .red()
                .to_string(),
        );
    }
    page.done()
}

/// What a replay found.
pub(in crate::cli) fn replay(report: &ReplayReport) -> String {
    let mut page = Page::default();
    match report.divergences.is_empty() {
        true => page.line(
            &"Nothing was run, and everything would be decided as it was."
                .green()
                .bold()
                .to_string(),
        ),
        false => page.line(
            &"Nothing was run. Today's program and settings would decide otherwise."
                .red()
                .bold()
                .to_string(),
        ),
    }
    page.fact("thread", &report.thread.to_string());
    page.fact("checkpoints", &report.checkpoints.to_string());
    page.fact("routes", &report.routes.to_string());
    page.fact("verdicts", &report.verdicts.to_string());
    page.fact("questions", &report.questions.to_string());
    for divergence in &report.divergences {
        page.heading(&format!(
            "Step {}, checkpoint {}: {}",
            divergence.step,
            divergence.checkpoint,
            visible_line(&divergence.what)
        ));
        page.fact("recorded", &visible_line(&divergence.recorded.to_string()));
        page.fact("today", &visible_line(&divergence.today.to_string()));
    }
    page.done()
}
