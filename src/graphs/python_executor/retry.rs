//! When code is written anew, and when it is enough.

use crate::{config::ExecutorSettings, graph::RetryPolicy, model::ErrorClass};

use super::state::{AttemptError, PythonExecution, Stage};

/// How often a model that cannot be reached is asked again; no attempt is used up.
pub(super) fn unreachable_model() -> RetryPolicy {
    RetryPolicy {
        classes: vec![ErrorClass::Transient],
        ..RetryPolicy::transient(3)
    }
}

/// Why no further attempt is made after `error`; `None` if one is.
pub(super) fn exhausted(
    state: &PythonExecution,
    settings: &ExecutorSettings,
    error: &AttemptError,
) -> Option<String> {
    let request = state.request();
    if request.code.is_some() {
        return Some("the code is the caller's own; no other is written in its place".into());
    }
    // What a human asked to change is not a failure: the cap on questions bounds it.
    let failed = |error: &&AttemptError| error.stage != Stage::Approval;
    let failures: Vec<&AttemptError> = state
        .error_chain
        .iter()
        .chain(std::iter::once(error))
        .filter(failed)
        .collect();
    if let [.., before, last] = failures.as_slice()
        && (before.stage, &before.code, &before.message) == (last.stage, &last.code, &last.message)
    {
        return Some("the same error came twice".into());
    }
    let count = |execution: bool| {
        let of_class = |error: &&&AttemptError| (error.stage == Stage::Execution) == execution;
        u32::try_from(failures.iter().filter(of_class).count()).unwrap_or(u32::MAX)
    };
    let (by_text, by_running) = (count(false), count(true));
    if by_text + by_running >= request.retries {
        return Some(format!(
            "{} attempts failed (the request's retries)",
            by_text + by_running
        ));
    }
    if error.stage == Stage::Execution && by_running > settings.max_execution_retries {
        return Some(format!(
            "{by_running} attempts failed while running (python_executor.max_execution_retries)"
        ));
    }
    if error.stage != Stage::Execution && by_text > settings.max_generation_retries {
        return Some(format!(
            "{by_text} attempts failed before running (python_executor.max_generation_retries)"
        ));
    }
    None
}
