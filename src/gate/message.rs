//! The question as plain text.
//!
//! Everything that comes from outside stands indented by four spaces, and every line of it: no text
//! can pose as one of Holdpoint's own sentences, and where the message is read as Markdown it is code.

use std::fmt::Write;

use super::{
    Binding, CodedValue, CodedWrite, Listing, PlannedWrite, QuestionFacts, Risk, advice, basis, on_lines,
    origin,
    text::{shown, shown_json, shown_line, visible, visible_line},
    written,
};
use crate::model::{Actor, Authentication, Evidence, ExecutionMode, Finding, PvValue};

/// The most findings the message lists; the field `findings` has all.
const MAX_FINDINGS: usize = 100;

/// The most values from the code that are told of one process variable.
const MAX_CODED: usize = 5;

/// The whole message: what it writes, what is risky, why it is asked and the code; then what else is known.
pub(super) fn of(facts: &QuestionFacts, binding: &Binding, findings: &[Finding]) -> String {
    let mut message = String::from("HUMAN APPROVAL REQUIRED\n\n");
    message.push_str(headline(facts));
    message.push('\n');
    if let Some(previous) = &facts.previous {
        message.push_str("\nIt was asked before:\n");
        block(&mut message, &shown(previous));
    }
    channels(&mut message, facts, binding);
    message.push_str("\nRisks:\n");
    block(&mut message, &risk_lines(&facts.risks()));
    message.push_str("\nWhy it is asked:\n");
    let reasons: Vec<String> = facts
        .reasons
        .iter()
        .map(|reason| format!("- {}", visible_line(reason)))
        .collect();
    block(&mut message, &reasons.join("\n"));
    message.push_str("\nThe code, as it will run:\n");
    block(&mut message, &listing(facts, findings));
    if visible(&facts.code) != facts.code {
        message.push_str(
            "\nSome of its characters hide or deceive; they are written as \\u{…} above. \
             The exact text is in the field code.\n",
        );
    }
    message.push_str("\nFindings:\n");
    block(&mut message, &finding_lines(findings));
    let advice: Vec<String> = advice(findings)
        .into_iter()
        .take(MAX_FINDINGS)
        .map(|(rule, advice)| format!("{rule}: {advice}"))
        .collect();
    if !advice.is_empty() {
        message.push_str("\nWhat to look at:\n");
        block(&mut message, &advice.join("\n"));
    }
    message.push_str("\nFacts, established by Holdpoint:\n");
    block(&mut message, &plain_facts(facts, binding));
    message.push_str("\nFrom the requester, unchecked:\n");
    block(&mut message, &requester_text(facts));
    message.push_str(how_to_answer(facts));
    message
}

fn headline(facts: &QuestionFacts) -> &'static str {
    match (facts.mode_if_approved(), facts.raised) {
        (ExecutionMode::WriteAccess, true) => {
            "A program that was asked for as read_only writes, or may write. \
             APPROVING RAISES IT TO WRITE ACCESS: it will be able to change the control system."
        }
        (ExecutionMode::WriteAccess, false) => {
            "A program asks for WRITE ACCESS: it will be able to change the control system."
        }
        (ExecutionMode::ReadOnly, _) => "A program asks to run read_only.",
    }
}

fn plain_facts(facts: &QuestionFacts, binding: &Binding) -> String {
    let expires = match facts.expires_at {
        Some(at) => at.to_string(),
        None => "as configured".to_owned(),
    };
    let mut lines = format!(
        "mode if approved  {}\nmode asked for    {}\ncode SHA-256      {}\nrequested by      {}\n\
         thread            {}\nattempt           {}, question {}\nasked at          {}\nexpires at        {expires}\n\
         policy version    {}\n",
        binding.mode.as_str(),
        facts.mode.as_str(),
        binding.code_sha256,
        who(&facts.requester),
        visible_line(&facts.thread),
        facts.attempt,
        facts.question_number,
        facts.asked_at,
        facts.policy_version,
    );
    if let Some(notebook) = &facts.notebook {
        let _ = writeln!(lines, "notebook          {}", visible_line(notebook));
    }
    let _ = write!(lines, "backend           {}", shown_json(&facts.backend));
    lines
}

/// A name, and how it came to be known.
pub(super) fn who(actor: &Actor) -> String {
    let name = shown_line(&actor.name);
    match &actor.authentication {
        Authentication::Asserted { os_user } => {
            format!("{name} (name asserted by system user {})", visible_line(os_user))
        }
        Authentication::Key { id } => format!("{name} (key {})", visible_line(id)),
        Authentication::Proxy { address } => {
            format!("{name} (signed in, as the proxy {} says)", visible_line(address))
        }
        Authentication::Loopback => format!("{name} (a process on this host, unauthenticated)"),
        Authentication::Relayed { by } => {
            format!("{name} (relayed by {}, human unauthenticated)", visible_line(by))
        }
        Authentication::System => format!("{name} (Holdpoint itself)"),
    }
}

fn risk_lines(risks: &[Risk]) -> String {
    if risks.is_empty() {
        return "none".to_owned();
    }
    let lines = risks.iter().map(|risk| {
        let title = match risk.title.as_str() {
            "" => String::new(),
            title => format!(": {title}"),
        };
        match risk.lines.as_slice() {
            [] => format!("{}{title}", risk.rule),
            lines => format!("{}{title} ({})", risk.rule, on_lines(lines)),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The code with its line numbers. A mark stands in a line without a number, so that no code can pose as one.
fn listing(facts: &QuestionFacts, findings: &[Finding]) -> String {
    let lines = Listing::new(&facts.code).marked(findings);
    let width = lines.len().to_string().len();
    let mut text = String::new();
    for line in &lines {
        let _ = writeln!(text, "{:>width$} | {}", line.number, line.text);
        for mark in &line.marks {
            let _ = writeln!(text, "{:width$} | {} {}", "", mark.drawn(), mark.rules.join(", "));
        }
    }
    text
}

fn finding_lines(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "none".to_owned();
    }
    let mut lines: Vec<String> = findings
        .iter()
        .take(MAX_FINDINGS)
        .map(|finding| {
            let mut line = format!(
                "line {}, column {}: {} ({}): {}",
                finding.line,
                finding.column,
                finding.rule,
                format!("{:?}", finding.severity).to_lowercase(),
                finding.explanation,
            );
            if let Some(origin) = origin(finding) {
                let _ = write!(line, "\n    {origin}");
            }
            if finding.evidence != Evidence::Resolved {
                let _ = write!(line, "\n    {}", basis(finding.evidence));
            }
            line
        })
        .collect();
    if findings.len() > MAX_FINDINGS {
        lines.push(format!("and {} more", findings.len() - MAX_FINDINGS));
    }
    lines.join("\n")
}

fn channels(message: &mut String, facts: &QuestionFacts, binding: &Binding) {
    if binding.mode == ExecutionMode::ReadOnly {
        return;
    }
    message.push_str("\nProcess variables it writes:\n");
    let coded = written(&facts.findings);
    let of = |pv: &str| coded.iter().filter(|write| write.is_of(pv)).collect::<Vec<_>>();
    let mut writes: Vec<String> = facts
        .writes
        .iter()
        .map(|write| planned(write, &of(&write.pv)))
        .collect();
    let known = |write: &CodedWrite| facts.writes.iter().any(|known| write.is_of(&known.pv));
    let rest = coded.iter().filter(|write| !known(write));
    writes.extend(rest.map(|write| match &write.value {
        CodedValue::Unknown => format!("{}: {}", write.target(), in_code(write)),
        _ => format!("{} {}", write.target(), in_code(write)),
    }));
    let list = match (writes.is_empty(), facts.channels_unresolved) {
        (true, false) => "none".to_owned(),
        (true, true) => "unknown".to_owned(),
        (false, false) => writes.join("\n"),
        (false, true) => format!("{}\nand perhaps others", writes.join("\n")),
    };
    block(message, &list);
    message.push_str(match facts.channels_enforced() {
        true => {
            "\nThe gateway lets it write those that are approved and no others, within their limits, and only \
             while they hold what is shown here.\n"
        }
        false => "\nThe list is recorded with the approval, but nothing enforces it on the network.\n",
    });
    let Some(rehearsal) = &facts.rehearsal else { return };
    message.push_str(match (&rehearsal.not_rehearsed, &rehearsal.failed) {
        (Some(_), _) => "\nIt was not rehearsed:\n",
        (None, Some(_)) => "\nIts rehearsal, in which nothing came of its puts, went wrong:\n",
        (None, None) => "\nIts rehearsal, in which nothing came of its puts:\n",
    });
    let went = match (&rehearsal.not_rehearsed, &rehearsal.failed) {
        (Some(why), _) | (None, Some(why)) => shown(why),
        (None, None) => "it came to its end".to_owned(),
    };
    let notes = rehearsal.notes.iter().map(|note| visible_line(note));
    let lines: Vec<String> = std::iter::once(went)
        .chain((rehearsal.not_rehearsed.is_none()).then(|| format!("puts: {}", rehearsal.puts)))
        .chain(notes)
        .collect();
    block(message, &lines.join("\n"));
}

/// What the code says of a write.
fn in_code(write: &CodedWrite) -> String {
    let lines = on_lines(&write.lines);
    match &write.value {
        CodedValue::Unknown => format!("written on {lines}"),
        value => format!("← {} ({lines})", value.shown()),
    }
}

/// A line of the table, with what stands against it below. What the code says of it is told where no rehearsal did.
fn planned(write: &PlannedWrite, coded: &[&CodedWrite]) -> String {
    let mut line = visible_line(&write.pv);
    let value = |value: &PvValue| visible_line(&value.to_string());
    match (&write.now, &write.wanted) {
        (Some(now), Some(wanted)) => {
            let _ = write!(line, ": {} → {}", value(&now.value), value(wanted));
        }
        (Some(now), None) => {
            let _ = write!(line, ": {} now", value(&now.value));
        }
        (None, Some(wanted)) => {
            let _ = write!(line, ": unknown → {}", value(wanted));
        }
        (None, None) => line.push_str(": present value unknown"),
    }
    if write.wanted.is_none() {
        for coded in coded.iter().take(MAX_CODED) {
            let _ = write!(line, ", {}", in_code(coded));
        }
        if coded.len() > MAX_CODED {
            let _ = write!(line, ", and {} more", coded.len() - MAX_CODED);
        }
    }
    if write.puts > 1 {
        let _ = write!(line, ", in {} puts", write.puts);
    }
    if let Some(limits) = &write.limits {
        let bound = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |bound| bound.to_string());
        let _ = write!(line, ", limits {} to {}", bound(limits.min), bound(limits.max));
        if let Some(step) = limits.max_step {
            let _ = write!(line, ", at most {step} a step");
        }
    }
    if let Some(now) = &write.now {
        let _ = write!(line, ", at {}", visible_line(&now.ioc));
    }
    for problem in &write.problems {
        let _ = write!(line, "\n    ! {}", visible_line(problem));
    }
    line
}

fn requester_text(facts: &QuestionFacts) -> String {
    let request = &facts.request;
    format!(
        "query: {}\ntask: {}\nexpected results: {}\nfolder: {}",
        shown(&request.user_query),
        shown(&request.task_objective),
        shown_json(&request.expected_results),
        shown_line(&request.execution_folder_name),
    )
}

fn how_to_answer(facts: &QuestionFacts) -> &'static str {
    if facts.needs_channels() {
        "\nNot all process variables could be resolved, so a plain yes is not enough. To approve, name those it \
         may write, or none: {\"type\": \"approve\", \"channels\": [\"…\"]}. To reject, answer no. \
         To change the code, send an edit; it is analysed and asked about again.\n"
    } else {
        "\nTo approve exactly this code, answer yes. To reject it, answer no. \
         To change the code, send an edit; it is analysed and asked about again.\n"
    }
}

/// Appends `text` with every line indented, set off as a block.
pub(super) fn block(message: &mut String, text: &str) {
    message.push('\n');
    for line in text.lines() {
        let _ = writeln!(message, "    {line}");
    }
}
