//! Whether a program runs, is put before a human, or is refused.

use crate::{
    config::{ApprovalSettings, CodeApproval, ControlSystemSettings, GlobalApproval, ReadOnlyWrite},
    model::ExecutionMode,
};

/// What the gate is told of a program.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// The mode the request asks for.
    pub mode: ExecutionMode,
    /// Whether the analysis found a write, or what may hide one.
    pub has_writes: bool,
    /// What else speaks for asking a human, one sentence each.
    pub concerns: &'a [String],
    /// Why the rules of the analysis forbid it, one sentence each.
    pub refusals: &'a [String],
    /// Whether they do so only because its writes have no way to the hardware.
    pub no_route: bool,
    /// Why the program could not be analysed, if that is the program's fault.
    pub unanalysable: Option<&'a str>,
    /// Whether the analysis failed by its own fault, so that nothing is known of the program.
    pub analysis_failed: bool,
}

/// A rule that forbids what was asked for. Asking for other code does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// A stable code, documented in `docs/errors.md`.
    pub code: &'static str,
    /// What is forbidden, and which setting says so.
    pub message: String,
}

impl Refusal {
    /// A refusal with a stable code.
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// What the gate says of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It runs without a question. Never said of write access, nor of a program with writes.
    Run,
    /// A human decides.
    Ask {
        /// Why, one sentence each; never empty.
        reasons: Vec<String>,
        /// Whether approval raises a `read_only` program to write access.
        raise_to_write_access: bool,
    },
    /// It does not run.
    Refuse(Refusal),
}

/// Refuses write access at the door where `control_system.writes_enabled` is false.
///
/// # Errors
/// [`Refusal`] `writes_disabled`.
pub fn admit(control_system: &ControlSystemSettings, mode: ExecutionMode) -> Result<(), Refusal> {
    if mode == ExecutionMode::WriteAccess && !control_system.writes_enabled {
        return Err(Refusal::new(
            "writes_disabled",
            "write access is switched off here (control_system.writes_enabled: false)",
        ));
    }
    Ok(())
}

/// Judges a program. One that cannot be analysed is refused: there would be nothing true to show. Where the
/// analysis itself failed a human is asked, whatever the modes say: the program is not to blame, and the
/// human is told that nothing is known of it; approval lets it run in the mode that was asked for.
pub fn judge(
    settings: &ApprovalSettings,
    control_system: &ControlSystemSettings,
    evidence: &Evidence<'_>,
) -> Verdict {
    if let Err(refusal) = admit(control_system, evidence.mode) {
        return Verdict::Refuse(refusal);
    }
    if let Some(why) = evidence.unanalysable {
        return Verdict::Refuse(Refusal::new(
            "analysis_failed",
            format!("the program could not be analysed, so it does not run: {why}"),
        ));
    }
    if !evidence.refusals.is_empty() {
        let why = evidence.refusals.join(" ");
        return Verdict::Refuse(match evidence.no_route {
            true => Refusal::new(
                "no_route",
                format!("the program writes only where nothing here leads to the hardware: {why}"),
            ),
            false => Refusal::new(
                "refused_by_rule",
                format!("a rule forbids what the program does (control_system.analysis.rules): {why}"),
            ),
        });
    }
    // Of a program that nobody knows anything about nothing is raised: it may do what was asked for.
    let writes = evidence.has_writes && !evidence.analysis_failed;
    let raise_to_write_access = evidence.mode == ExecutionMode::ReadOnly && writes;
    if raise_to_write_access && !control_system.writes_enabled {
        return Verdict::Refuse(Refusal::new(
            "writes_disabled",
            "the program writes or may write, and write access is switched off here \
             (control_system.writes_enabled: false)",
        ));
    }
    if raise_to_write_access && settings.read_only_write == ReadOnlyWrite::Refuse {
        return Verdict::Refuse(Refusal::new(
            "write_in_read_only",
            "the program writes or may write, but was asked for as read_only; \
             ask for write_access if it is meant to write",
        ));
    }
    let mut reasons = Vec::new();
    if evidence.mode == ExecutionMode::WriteAccess {
        reasons.push("The program asks for write access to the control system.".to_owned());
    }
    if raise_to_write_access {
        reasons.push(
            "The program was asked for as read_only, but it writes to the control system or may hide a write."
                .to_owned(),
        );
    } else if writes {
        reasons.push("It writes to the control system, or may hide a write.".to_owned());
    }
    if evidence.analysis_failed {
        reasons.push("The analysis itself failed, so nobody knows what the program does.".to_owned());
    }
    let must_ask = !reasons.is_empty();
    match asked_of(settings) {
        CodeApproval::AllCode => reasons.push("All code needs approval here.".to_owned()),
        CodeApproval::ControlWrites => {}
        CodeApproval::Disabled if must_ask => {}
        CodeApproval::Disabled => return Verdict::Run,
    }
    reasons.extend(evidence.concerns.iter().cloned());
    if reasons.is_empty() {
        return Verdict::Run;
    }
    Verdict::Ask {
        reasons,
        raise_to_write_access,
    }
}

/// What both modes together ask for: `all_capabilities` overrules a capability's own `disabled`.
pub fn asked_of(settings: &ApprovalSettings) -> CodeApproval {
    match settings.global_mode {
        GlobalApproval::Disabled => CodeApproval::Disabled,
        GlobalApproval::Selective => settings.python_execution,
        GlobalApproval::AllCapabilities => CodeApproval::AllCode,
    }
}

/// Refuses a further question of a request that has `asked` that many.
///
/// # Errors
/// [`Refusal`] `too_many_questions`.
pub fn may_ask(settings: &ApprovalSettings, asked: u32) -> Result<(), Refusal> {
    if asked >= settings.max_questions {
        return Err(Refusal::new(
            "too_many_questions",
            format!(
                "this request has asked {asked} questions, and {} is the most (approval.max_questions); \
                 make a new request",
                settings.max_questions
            ),
        ));
    }
    Ok(())
}

/// Refuses a further question while `requester` has `pending` that many.
///
/// # Errors
/// [`Refusal`] `too_many_pending`.
pub fn may_pend(settings: &ApprovalSettings, requester: &str, pending: u32) -> Result<(), Refusal> {
    if pending >= settings.max_pending_per_requester {
        return Err(Refusal::new(
            "too_many_pending",
            format!(
                "{} has {pending} questions pending, and {} is the most \
                 (approval.max_pending_per_requester); answer or cancel some first",
                super::text::visible_line(requester),
                settings.max_pending_per_requester
            ),
        ));
    }
    Ok(())
}
