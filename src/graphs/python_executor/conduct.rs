//! What a program did to the control system: how it is kept, and what follows from it.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    execution::{Conduct, Execution, ProgramEnd, Trail, TrailError},
    graph::Context,
    model::{GatewayEvent, PutOutcome, VerificationLevel},
};

/// The longest array that stands in a record itself.
const MAX_ITEMS: usize = 64;

/// The trail of a program that runs for good: its thread's.
pub(super) struct Kept(pub(super) Context);

#[async_trait]
impl Trail for Kept {
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError> {
        let whole = serde_json::to_value(&event).map_err(|error| TrailError(error.to_string()))?;
        let name = whole
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or("event")
            .to_owned();
        let mut facts = whole.clone();
        let detail = shorten(&mut facts).then_some(whole);
        self.0
            .note(&name, facts, detail)
            .await
            .map_err(|error| TrailError(error.to_string()))
    }
}

/// Cuts long arrays of values; whether there were any. A record is read as a whole, and a waveform is longer
/// than everything else in it.
fn shorten(value: &mut Value) -> bool {
    match value {
        Value::Array(items) if items.len() > MAX_ITEMS && !items.iter().any(Value::is_object) => {
            let first: Vec<Value> = items.iter().take(8).cloned().collect();
            *value = json!({ "values": items.len(), "first": first });
            true
        }
        Value::Array(items) => items.iter_mut().fold(false, |cut, item| shorten(item) | cut),
        Value::Object(map) => map.values_mut().fold(false, |cut, item| shorten(item) | cut),
        _ => false,
    }
}

/// Why it is not known what a program with write access has done, if it is not.
pub(super) fn unknown(execution: &Execution, rehearsed: Option<u64>) -> Option<String> {
    if let ProgramEnd::Killed { reason, .. } = &execution.end {
        let done = account(execution, rehearsed).map(|done| format!("; {done}"));
        return Some(format!(
            "the program was ended from outside: {reason}{}",
            done.unwrap_or_default()
        ));
    }
    let conduct = execution.conduct.as_ref()?;
    let unanswered = conduct.puts.iter().find_map(|put| match &put.outcome {
        Some(PutOutcome::Unknown { reason }) if !is_confirmed(conduct, &put.pv) => Some((put, reason)),
        _ => None,
    });
    unanswered.map(|(put, reason)| {
        format!(
            "whether put {} of {} to {} was done is not known: {reason}",
            put.serial, put.new, put.pv
        )
    })
}

/// Whether a process variable was found to hold what was written to it last.
fn is_confirmed(conduct: &Conduct, pv: &str) -> bool {
    conduct.verified.iter().any(|verified| {
        verified.pv == pv && verified.confirmed && verified.level == VerificationLevel::Readback
    })
}

/// What went wrong with a program's writes, whatever the program says of itself: a stable code and a sentence.
pub(super) fn failure(execution: &Execution, must_hold: bool) -> Option<(&'static str, String)> {
    let conduct = execution.conduct.as_ref()?;
    if let Some(first) = conduct.refused.first() {
        let value = first
            .new
            .as_ref()
            .map(|new| format!(" of {new}"))
            .unwrap_or_default();
        let pv = first.pv.as_deref().unwrap_or("an unknown process variable");
        let more = match conduct.refused_total {
            0 | 1 => String::new(),
            total => format!(" ({total} puts were refused)"),
        };
        return Some((
            "write_refused",
            format!(
                "a put{value} to {pv} was refused: {} ({}){more}",
                first.reason, first.code
            ),
        ));
    }
    for put in &conduct.puts {
        if let Some(PutOutcome::Failed { status }) = put.outcome {
            return Some((
                "put_failed",
                format!(
                    "the server did not do put {} of {} to {} (status {status})",
                    put.serial, put.new, put.pv
                ),
            ));
        }
    }
    let lost = conduct
        .verified
        .iter()
        .find(|verified| !verified.confirmed && verified.level != VerificationLevel::None)?;
    let holds = lost.read.as_ref().map_or_else(
        || "it could not be read back".to_owned(),
        |read| format!("it holds {read}"),
    );
    must_hold.then(|| {
        (
            "write_not_verified",
            format!("{} was to hold {}, and {holds}", lost.pv, lost.wanted),
        )
    })
}

/// How much of what was to be written was written.
pub(super) fn account(execution: &Execution, rehearsed: Option<u64>) -> Option<String> {
    let conduct = execution.conduct.as_ref()?;
    let puts = match (conduct.puts_total, rehearsed) {
        (done, Some(all)) if all > 0 => format!("{done} of the {all} puts of the rehearsal were passed on"),
        (0, _) => "no put was passed on".to_owned(),
        (1, _) => "1 put was passed on".to_owned(),
        (done, _) => format!("{done} puts were passed on"),
    };
    let mut last: Vec<String> = Vec::new();
    for put in conduct.puts.iter().rev() {
        let line = format!("{} = {}", put.pv, put.new);
        if last.len() < 10
            && !last
                .iter()
                .any(|known| known.starts_with(&format!("{} = ", put.pv)))
        {
            last.push(line);
        }
    }
    last.reverse();
    Some(match last.is_empty() {
        true => puts,
        false => format!("{puts}: {}", last.join(", ")),
    })
}
