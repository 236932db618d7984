//! How the command ends, as a number.

use crate::service::{ErrorKind, RunStatus};

/// Everything was done as asked.
pub(super) const DONE: u8 = 0;
/// Something failed, or doesn't fit.
pub(super) const FAILED: u8 = 1;
/// What was given is wrong.
pub(super) const USAGE: u8 = 2;
/// A human must decide.
pub(super) const INTERRUPTED: u8 = 10;
/// A rule forbids it.
pub(super) const REFUSED: u8 = 12;
/// Someone was faster.
pub(super) const CONFLICT: u8 = 16;
/// A run is going on, or another process holds the store.
pub(super) const BUSY: u8 = 17;
/// A second signal: nothing more was waited for.
pub(super) const SIGNALLED: i32 = 130;

/// The codes, for `--help`.
pub(super) const HELP: &str = "\
Exit codes of run, decisions, fork and revert, by the status the thread then has:
   0  completed
   1  failed
  10  interrupted: it waits for a human
  11  rejected
  12  refused: a rule forbids it
  13  expired: nobody decided in time
  14  cancelled
  15  outcome_unknown: a program was started, and a human must say what became of it

Exit codes of every command that could not do what it was asked:
   1  failed
   2  usage: what was given is wrong, the configuration included
  12  refused: a rule forbids it
  16  conflict: someone was faster, or the question is no longer pending
  17  busy: a run is going on, or the process that holds the store does not answer
  18  not_found
 130  a second signal ended it at once

A decision that was carried out as asked is a success: reject, cancel and settle failed exit with
0 when the thread ends rejected, cancelled or failed. Commands that show something exit with 0 when
they could; verify and replay with 1 when something does not fit; analyze --check with 10 when a
human would be asked about some program, with 12 when some would be refused.

Under --json these names are the `status`.";

/// The code of a thread's status.
pub(super) fn of_status(status: RunStatus) -> u8 {
    match status {
        RunStatus::Completed | RunStatus::Idle => DONE,
        RunStatus::Failed => FAILED,
        RunStatus::Interrupted => INTERRUPTED,
        RunStatus::Rejected => 11,
        RunStatus::Refused => of_error(ErrorKind::Refused),
        RunStatus::Expired => 13,
        RunStatus::Cancelled => 14,
        RunStatus::OutcomeUnknown => 15,
        RunStatus::Running => BUSY,
    }
}

/// The code of a kind of error.
pub(super) fn of_error(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Usage => USAGE,
        ErrorKind::NotFound => 18,
        ErrorKind::Conflict => CONFLICT,
        ErrorKind::Busy => BUSY,
        ErrorKind::Refused | ErrorKind::Unauthenticated => REFUSED,
        ErrorKind::Failed => FAILED,
    }
}

/// The kind of an error as its `status` under `--json`.
pub(super) fn status_of_error(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Usage => "usage",
        ErrorKind::NotFound => "not_found",
        ErrorKind::Conflict => "conflict",
        ErrorKind::Busy => "busy",
        ErrorKind::Refused | ErrorKind::Unauthenticated => "refused",
        ErrorKind::Failed => "failed",
    }
}
