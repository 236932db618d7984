//! What programs would do.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use crate::{
    analysis::{Analysis, Analyzer, Verdict as Readability},
    config::Config,
    gate::{self, Evidence, Verdict},
    model::{Category, ExecutionMode, Finding, Severity},
    service::ServiceError,
};

use super::{Work, about, exit, fault::Fault, render, request};

/// What the analysis and the policy say of a program.
#[derive(Debug, Serialize)]
pub(super) struct Analyzed {
    /// What was found.
    #[serde(flatten)]
    pub(super) analysis: Analysis,
    /// Whether the program would not just run if it were asked for as `read_only`.
    pub(super) needs_approval: bool,
    /// What would follow: `run`, `ask` or `refuse`.
    pub(super) policy: &'static str,
    /// Why, one sentence each.
    pub(super) reasons: Vec<String>,
}

/// Analyzes each file; one that can't be read doesn't keep the others from it.
pub(super) fn files(work: &Work, files: &[PathBuf]) -> Result<u8, Fault> {
    let analyzer = Analyzer::new(&work.config.analysis).map_err(ServiceError::from)?;
    let mut code = exit::DONE;
    for file in files {
        let analyzed = match request::bytes(file) {
            Ok(bytes) => judged(&work.config, as_run(analyzer.analyze(&bytes), &bytes)),
            Err(error) if work.output.json => {
                let kind = exit::status_of_error(error.kind);
                let reply = about("file", file, json!({ "status": kind, "error": error }));
                work.output.value(&reply)?;
                code = exit::USAGE;
                continue;
            }
            Err(error) => {
                code = work.output.error(&error);
                continue;
            }
        };
        match work.output.json {
            true => work.output.value(&about("file", file, json!(analyzed)))?,
            false => work.output.text(&render::analysis(file, &analyzed))?,
        }
    }
    Ok(code)
}

/// What `run` would make of it: it takes text in UTF-8 only, whatever the code declares.
fn as_run(mut analysis: Analysis, bytes: &[u8]) -> Analysis {
    let Err(error) = std::str::from_utf8(bytes) else {
        return analysis;
    };
    if analysis.verdict != Readability::Readable {
        return analysis;
    }
    let at = error.valid_up_to();
    let before = &bytes[..at];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let characters = String::from_utf8_lossy(before);
    let column = characters
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.chars().count())
        + 1;
    let message = format!("run takes code in UTF-8 only, and the byte at offset {at} is out of place.");
    let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    analysis.findings_total += 1;
    analysis.findings.insert(
        0,
        Finding::new(
            "encoding_unsupported",
            Category::Notice,
            Severity::Critical,
            (place(line), place(column)),
            message.clone(),
        ),
    );
    analysis.verdict = Readability::Unanalysable {
        code: "encoding_unsupported".to_owned(),
        message,
    };
    analysis
}

fn judged(config: &Config, analysis: Analysis) -> Analyzed {
    let unreadable = match &analysis.verdict {
        Readability::SyntaxError { message, .. } => Some(format!("it is not Python: {message}")),
        _ => analysis.unanalysable().map(str::to_owned),
    };
    let concerns = analysis.concerns();
    let evidence = Evidence {
        mode: ExecutionMode::ReadOnly,
        has_writes: analysis.has_writes,
        concerns: &concerns,
        refusals: &analysis.refusals,
        no_route: analysis.no_route,
        analysis_failed: analysis.has_failed(),
        unanalysable: unreadable.as_deref(),
    };
    let (policy, reasons) = match gate::judge(&config.approval, &config.control_system, &evidence) {
        Verdict::Run => ("run", Vec::new()),
        Verdict::Ask { reasons, .. } => ("ask", reasons),
        Verdict::Refuse(refusal) => ("refuse", vec![refusal.message]),
    };
    Analyzed {
        analysis,
        needs_approval: policy != "run",
        policy,
        reasons,
    }
}
