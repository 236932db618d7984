//! A question: what is known first, then how to answer, then the requester's own words.

use owo_colors::OwoColorize;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    gate::{CodedValue, CodedWrite, Risk, on_lines, text::visible_line},
    model::{Actor, Finding, InterruptId, InterruptKind, PvLimits, PvValue, Timestamp, Vote},
};

use super::{Hints, Page, ago, analysis, deadline, page, pretty, who};

/// A question that is pending.
pub(super) struct Asked<'a> {
    pub(super) id: InterruptId,
    pub(super) kind: InterruptKind,
    pub(super) node: Option<&'a str>,
    pub(super) asked_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) votes: &'a [Vote],
    pub(super) question: &'a Value,
}

/// The parts of a question about a program that are shown.
#[derive(Deserialize)]
struct Program {
    code_sha256: String,
    code: String,
    execution_mode: String,
    raised_to_write_access: bool,
    reasons: Vec<String>,
    findings: Vec<Finding>,
    channels: Vec<Channel>,
    #[serde(default)]
    writes_in_code: Vec<CodedWrite>,
    #[serde(default)]
    risks: Vec<Risk>,
    channels_unresolved: bool,
    #[serde(default)]
    channels_enforced: bool,
    #[serde(default)]
    rehearsal: Option<Rehearsal>,
    #[serde(default)]
    previous: Option<String>,
    requester: Actor,
    attempt: u32,
    question_number: u32,
    notebook: Option<String>,
    backend: Value,
    untrusted: Value,
}

#[derive(Deserialize)]
struct Channel {
    name: String,
    #[serde(default)]
    value: Option<PvValue>,
    #[serde(default)]
    wanted: Option<PvValue>,
    #[serde(default)]
    puts: u64,
    #[serde(default)]
    limits: Option<PvLimits>,
    #[serde(default)]
    ioc: Option<String>,
    #[serde(default)]
    problems: Vec<String>,
}

#[derive(Deserialize)]
struct Rehearsal {
    not_rehearsed: Option<String>,
    failed: Option<String>,
    puts: u64,
    notes: Vec<String>,
}

/// The parts of a question about an unknown outcome that are shown.
#[derive(Deserialize)]
struct Unknown {
    code_sha256: String,
    code: String,
    execution_mode: String,
    started_at: Timestamp,
    channels: Vec<String>,
    approved_by: Option<Actor>,
    reason: String,
    check: String,
}

/// Puts a question on the page.
pub(super) fn question(page: &mut Page, asked: &Asked<'_>, hints: &Hints) {
    page.fact("interrupt", &asked.id.to_string().bold().to_string());
    page.fact("asked", &ago(asked.asked_at));
    page.fact("answer until", &deadline(asked.expires_at));
    for vote in asked.votes {
        page.fact(
            "approved by",
            &format!("{}, {}; it needs more", who(&vote.by), ago(vote.at)),
        );
    }
    let read = |value: &Value| value.clone();
    match asked.kind {
        InterruptKind::OutcomeUnknown => match serde_json::from_value(read(asked.question)) {
            Ok(unknown) => outcome_unknown(page, asked.id, &unknown, hints),
            Err(_) => anything(page, asked),
        },
        InterruptKind::Question => match serde_json::from_value(read(asked.question)) {
            Ok(program) => about_program(page, asked.id, &program, hints),
            Err(_) => anything(page, asked),
        },
    }
}

fn about_program(page: &mut Page, id: InterruptId, program: &Program, hints: &Hints) {
    let mode = visible_line(&program.execution_mode);
    page.fact(
        "mode",
        &match (program.raised_to_write_access, mode.as_str()) {
            (true, _) => format!("{} by approval, asked for as read_only", mode.red().bold()),
            (false, "write_access") => mode.red().bold().to_string(),
            (false, _) => mode,
        },
    );
    page.fact("requester", &who(&program.requester));
    if let Some(previous) = &program.previous {
        page.heading("Asked before");
        page.block(previous);
    }
    if program.execution_mode == "write_access" {
        planned(page, program);
    }
    analysis::risks(page, &program.risks);
    page.heading("Why it is asked");
    page.reasons(&program.reasons);
    page.heading("The code, as it will run");
    page.code(&program.code, &program.findings);
    page.findings(&program.findings);
    analysis::advice(page, &program.findings);
    page.heading("How it would run");
    placement(page, program);
    if !hints.quiet {
        let needs_channels = program.channels_unresolved && program.execution_mode == "write_access";
        let approve = match needs_channels {
            true => format!("approve {id} --channels PV,…   (or --no-channels)"),
            false => format!("approve {id}"),
        };
        page.heading("To answer");
        for command in [
            approve,
            format!("reject {id} --reason '…'"),
            format!("edit {id} --code FILE"),
            format!("respond {id} 'what to change'"),
        ] {
            page.line(&format!("  {}", hints.command(&command).cyan()));
        }
    }
    requester(page, &program.untrusted);
}

/// Where it would run, and on whose account.
fn placement(page: &mut Page, program: &Program) {
    page.fact("sha256", &visible_line(&program.code_sha256));
    let backend = |key: &str| visible_line(program.backend[key].as_str().unwrap_or("unknown"));
    page.fact(
        "runs in",
        &format!("{}, isolation: {}", backend("name"), backend("isolation")),
    );
    page.fact("interpreter", &backend("interpreter"));
    if let Some(seconds) = program.backend["facts"]["timeout_seconds"].as_f64() {
        page.fact("time", &format!("at most {seconds} s"));
    }
    page.fact("network", &network(program));
    page.fact(
        "attempt",
        &format!("{}, question {}", program.attempt, program.question_number),
    );
    if let Some(notebook) = &program.notebook {
        page.fact("notebook", &visible_line(notebook));
    }
}

/// What it would write: value now, value wanted, limits, and what stands against it.
fn planned(page: &mut Page, program: &Program) {
    page.heading("What it would write");
    for channel in &program.channels {
        let value = |value: &Option<PvValue>| {
            value.as_ref().map_or_else(
                || "unknown".yellow().to_string(),
                |value| visible_line(&value.to_string()),
            )
        };
        let wanted = match &channel.wanted {
            Some(wanted) => format!(" → {}", visible_line(&wanted.to_string()).bold()),
            None => String::new(),
        };
        let puts = match channel.puts {
            0 | 1 => String::new(),
            puts => format!(", in {puts} puts"),
        };
        let limits = channel.limits.as_ref().map(limits).unwrap_or_default();
        let ioc = channel
            .ioc
            .as_deref()
            .map(|ioc| format!(", at {}", visible_line(ioc)));
        page.line(&format!(
            "  {}: {}{wanted}{puts}{limits}{}",
            visible_line(&channel.name),
            value(&channel.value),
            ioc.unwrap_or_default().dimmed()
        ));
        let coded = program
            .writes_in_code
            .iter()
            .filter(|write| write.is_of(&channel.name));
        // What the rehearsal put is told above; without one it is for the code to say.
        for write in coded.filter(|write| channel.wanted.is_none() && write.value != CodedValue::Unknown) {
            page.line(&format!(
                "    ← {} in the code, {}",
                write.value.shown().bold(),
                on_lines(&write.lines)
            ));
        }
        for problem in &channel.problems {
            page.line(&format!(
                "    {} {}",
                "!".red().bold(),
                visible_line(problem).red()
            ));
        }
    }
    let named = |write: &CodedWrite| program.channels.iter().any(|channel| write.is_of(&channel.name));
    let rest: Vec<&CodedWrite> = program
        .writes_in_code
        .iter()
        .filter(|write| !named(write))
        .collect();
    analysis::coded(page, &rest);
    match (
        program.channels_unresolved,
        program.channels.is_empty() && rest.is_empty(),
    ) {
        (true, true) => page.line(&format!("  {}", "nothing that is known".yellow())),
        (false, true) => page.line("  nothing"),
        (true, false) => page.line(&format!("  {}", "and perhaps others".yellow())),
        (false, false) => {}
    }
    let Some(rehearsal) = &program.rehearsal else {
        return;
    };
    page.line(&match (&rehearsal.not_rehearsed, &rehearsal.failed) {
        (Some(why), _) => format!("  {}: {}", "not rehearsed".yellow(), visible_line(why)),
        (None, Some(why)) => format!("  {}: {}", "the rehearsal went wrong".yellow(), visible_line(why)),
        (None, None) if rehearsal.puts == 1 => "  as rehearsed, in one put that went nowhere".to_owned(),
        (None, None) => format!("  as rehearsed, in {} puts that went nowhere", rehearsal.puts),
    });
    for note in &rehearsal.notes {
        page.line(&format!("  {}", visible_line(note)));
    }
}

fn limits(limits: &PvLimits) -> String {
    let bound = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |bound| bound.to_string());
    let step = limits.max_step.map(|step| format!(", at most {step} a step"));
    format!(
        ", limits {} to {}{}",
        bound(limits.min),
        bound(limits.max),
        step.unwrap_or_default()
    )
}

/// What the program can reach.
fn network(program: &Program) -> String {
    let writes = program.execution_mode == "write_access";
    let reach = match program.backend["facts"]["network"].as_str() {
        Some("none") => "none".to_owned(),
        Some("gateway") => "the gateway to the control system alone".to_owned(),
        Some("host") => "the host's, unrestricted".red().bold().to_string(),
        Some(other) => visible_line(other).yellow().to_string(),
        None => "unknown".red().bold().to_string(),
    };
    match writes && !program.channels_enforced {
        true => format!("{reach}; the list of PVs is not enforced"),
        false => reach,
    }
}

/// The requester's own words.
fn requester(page: &mut Page, untrusted: &Value) {
    page.heading("From the requester or a model, unchecked");
    let fields = untrusted.as_object().into_iter().flatten();
    for (name, value) in fields.filter(|(name, _)| *name != "note") {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            Value::Array(items) if items.is_empty() => continue,
            Value::Object(fields) if fields.is_empty() => continue,
            other => pretty(other),
        };
        if !text.trim().is_empty() {
            page.line(&format!("  {}", visible_line(name).dimmed()));
            page.block(&text);
        }
    }
}

fn outcome_unknown(page: &mut Page, id: InterruptId, unknown: &Unknown, hints: &Hints) {
    page.fact("started", &ago(unknown.started_at));
    page.fact("mode", &visible_line(&unknown.execution_mode));
    page.fact("sha256", &visible_line(&unknown.code_sha256));
    page.fact("PVs written", &page::channels(&unknown.channels, false));
    page.fact(
        "approved by",
        &unknown
            .approved_by
            .as_ref()
            .map_or_else(|| "nobody".to_owned(), who),
    );
    page.fact("why unknown", &visible_line(&unknown.reason));
    page.heading("The code that was started");
    page.code(&unknown.code, &[]);
    page.heading("What to check");
    page.line(&format!("  {}", visible_line(&unknown.check)));
    if !hints.quiet {
        page.heading("To settle it");
        for (outcome, meaning) in [
            ("done", "it was done"),
            ("failed", "it was not done, or not rightly"),
            ("ask-again", "put the code before the gate again"),
        ] {
            let command = hints.command(&format!("settle {id} {outcome}"));
            page.line(&format!("  {}   {}", command.cyan(), meaning.dimmed()));
        }
    }
}

/// A question of a graph that this program knows nothing of.
fn anything(page: &mut Page, asked: &Asked<'_>) {
    if let Some(node) = asked.node {
        page.fact("node", &visible_line(node));
    }
    page.heading("The question");
    page.block(&pretty(asked.question));
}
