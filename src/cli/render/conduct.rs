//! What a program did to the control system: in a result, and as it stands in a thread's history.

use owo_colors::OwoColorize;
use serde_json::Value;

use crate::{
    execution::Conduct,
    gate::text::visible_line,
    model::{GatewayEvent, PutOutcome, PvValue, VerificationLevel},
};

use super::Page;

/// The most lines of each kind.
const MAX_LINES: usize = 50;

/// Puts a program's conduct on the page, where there is anything to tell.
pub(super) fn conduct(page: &mut Page, conduct: &Conduct) {
    if conduct.puts.is_empty() && conduct.refused.is_empty() {
        return;
    }
    page.heading("What it did to the control system, as the gateway saw it");
    for put in conduct.puts.iter().take(MAX_LINES) {
        let outcome = put.outcome.as_ref().map(outcome).unwrap_or_default();
        page.line(&format!(
            "  {}: {} → {}, at {}{outcome}",
            visible_line(&put.pv),
            value(put.old.as_ref()),
            value(Some(&put.new)).bold(),
            visible_line(&put.ioc).dimmed()
        ));
    }
    let more = conduct.puts_total.saturating_sub(MAX_LINES as u64);
    if more > 0 {
        page.line(&format!("  and {more} more puts"));
    }
    for put in conduct.refused.iter().take(MAX_LINES) {
        page.line(&format!(
            "  {} {}{}: {} ({})",
            "refused:".red().bold(),
            put.pv
                .as_deref()
                .map_or_else(|| "unknown".to_owned(), visible_line),
            put.new
                .as_ref()
                .map(|new| format!(" = {}", value(Some(new))))
                .unwrap_or_default(),
            visible_line(&put.reason),
            put.code
        ));
    }
    let more = conduct.refused_total.saturating_sub(MAX_LINES as u64);
    if more > 0 {
        page.line(&format!("  and {more} more refusals"));
    }
    for verified in &conduct.verified {
        let how = match verified.level {
            VerificationLevel::None => continue,
            VerificationLevel::Callback => "by the server's answer",
            VerificationLevel::Readback => "by reading it back",
        };
        let found = match verified.confirmed {
            true => format!("verified {how}"),
            false => format!(
                "{} ({how}): it holds {}",
                "not verified".red().bold(),
                value(verified.read.as_ref())
            ),
        };
        page.line(&format!("  {}: {found}", visible_line(&verified.pv)));
    }
}

/// One fact of a gateway, as a line of the history; `None` for a fact of another kind.
pub(super) fn noted(facts: &Value) -> Option<String> {
    // What is too long for a record is cut in it, and has then no value that could be read.
    let event: GatewayEvent = serde_json::from_value(facts.clone()).ok()?;
    let pv = |pv: &str| visible_line(pv);
    Some(match event {
        GatewayEvent::Snapshot { readings, unread, .. } => {
            let unread = match unread.len() {
                0 => String::new(),
                count => format!(", {count} not readable"),
            };
            format!("snapshot of {} process variables{unread}", readings.len())
        }
        GatewayEvent::Put {
            serial,
            pv: name,
            ioc,
            old,
            new,
            ..
        } => format!(
            "put {serial}: {} {} → {}, at {}",
            pv(&name),
            value(old.as_ref()),
            value(Some(&new)),
            visible_line(&ioc)
        ),
        GatewayEvent::PutEnded {
            serial,
            outcome: ended,
            ..
        } => format!("put {serial}{}", outcome(&ended)),
        GatewayEvent::Swallowed { pv: name, new, .. } => {
            format!("rehearsed put: {} → {}", pv(&name), value(Some(&new)))
        }
        GatewayEvent::Refused {
            pv: name,
            new,
            code,
            reason,
            ..
        } => format!(
            "{} {}{}: {} ({})",
            "put refused:".red(),
            name.as_deref().map_or_else(|| "unknown".to_owned(), pv),
            new.as_ref()
                .map(|new| format!(" = {}", value(Some(new))))
                .unwrap_or_default(),
            visible_line(&reason),
            visible_line(&code)
        ),
        GatewayEvent::Verified {
            pv: name,
            wanted,
            read,
            confirmed,
            ..
        } => format!(
            "{} {}: wanted {}, holds {}",
            if confirmed { "verified" } else { "not verified" },
            pv(&name),
            value(Some(&wanted)),
            value(read.as_ref())
        ),
    })
}

fn value(value: Option<&PvValue>) -> String {
    value.map_or_else(|| "unknown".to_owned(), |value| visible_line(&value.to_string()))
}

fn outcome(outcome: &PutOutcome) -> String {
    match outcome {
        PutOutcome::Confirmed => ", done".to_owned(),
        PutOutcome::Sent => ", sent (servers don't answer puts of this kind)".to_owned(),
        PutOutcome::Failed { status } => format!(", {} (status {status})", "not done".red().bold()),
        PutOutcome::Unknown { reason } => {
            format!(", {}: {}", "outcome unknown".red().bold(), visible_line(reason))
        }
    }
}
