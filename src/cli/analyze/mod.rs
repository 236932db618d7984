//! What programs would do.

mod bar;
mod crew;
mod sarif;
mod tally;
mod walk;

use std::{
    ops::ControlFlow,
    path::{Path, PathBuf},
    time::Instant,
};

use serde::Serialize;
use serde_json::json;

use crate::{
    analysis::{Analysis, Analyzer, Verdict as Readability},
    config::Config,
    gate::{self, Evidence, Verdict, text::visible_line},
    model::{Category, ExecutionMode, Finding, Severity},
    service::ServiceError,
};

use super::{
    Work, about,
    arguments::AnalyzeArguments,
    exit,
    fault::{Fault, usage},
    output::complain,
    render, request,
};

pub(super) use tally::Tally;

/// What the analysis and the policy say of a program.
#[derive(Debug, Serialize)]
pub(super) struct Analyzed {
    /// What was found.
    #[serde(flatten)]
    pub(super) analysis: Analysis,
    /// Whether the program would not just run if it were asked for as `read_only`.
    pub(super) needs_approval: bool,
    /// What would follow.
    pub(super) policy: Policy,
    /// Why, one sentence each.
    pub(super) reasons: Vec<String>,
}

/// What follows for a program that is asked for as `read_only`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Policy {
    /// It runs.
    Run,
    /// A human is asked.
    Ask,
    /// It does not run.
    Refuse,
}

/// A program that was read, with what is said of it.
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) analyzed: Analyzed,
}

impl Program {
    /// The text as the analysis counts its lines and columns. One that is not UTF-8 does not run; a character for each
    /// byte then keeps the columns.
    pub(super) fn text(&self) -> String {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
        }
    }
}

/// How the programs are told.
enum Form {
    /// A page for people, shorter where there are several.
    Text { several: bool },
    /// A line of JSON each.
    Json,
    /// One log at the end.
    Sarif(Box<sarif::Log>),
}

/// Analyzes each program; one that can't be read doesn't keep the others from it.
pub(super) fn programs(work: &Work, arguments: &AnalyzeArguments) -> Result<u8, Fault> {
    if work.output.json && arguments.sarif {
        return Err(usage(
            "--json and --sarif are two forms of one answer; give one of them",
        ));
    }
    let analyzer = Analyzer::new(&work.config.analysis).map_err(ServiceError::from)?;
    let (named, empty) = walk::programs(&arguments.paths, arguments.all)?;
    for directory in &empty {
        let name = visible_line(&directory.display().to_string());
        complain(&format!("{name}: there are no Python files in it\n"));
    }
    let several = named.len() > 1 || arguments.paths.iter().any(|path| path.is_dir());
    let mut form = match (work.output.json, arguments.sarif) {
        (true, _) => Form::Json,
        (_, true) => Form::Sarif(Box::new(sarif::Log::new())),
        _ => Form::Text { several },
    };
    let began = Instant::now();
    let mut bar = bar::Bar::new(work.output, named.len());
    let mut tally = Tally::default();
    let mut told: Result<bool, Fault> = Ok(true);
    let analyze = |named: walk::Named| match named.problem {
        Some(problem) => (named.path, Err(problem)),
        None => {
            let program = read(&analyzer, &work.config, &named.path);
            (named.path, program)
        }
    };
    crew::in_order(named, analyze, |(path, program)| {
        match &program {
            Ok(program) => tally.add(program.bytes.len(), &program.analyzed),
            Err(_) => tally.missing += 1,
        }
        bar.step(program.as_ref().map_or(0, |program| program.bytes.len()));
        if matches!(told, Ok(true)) {
            told = bar.aside(|| tell(work, &mut form, &path, program));
        }
        // Where the exit code is asked for it must be true of all, whether anybody reads on or not.
        match &told {
            Ok(true) => ControlFlow::Continue(()),
            Ok(false) if arguments.check => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        }
    });
    bar.end();
    let read_on = told?;
    match form {
        Form::Sarif(log) => work.output.value(&log.done())?,
        Form::Text { several: true } if read_on => {
            work.output.text(&render::tally(&tally, began.elapsed()))?;
        }
        _ => {}
    }
    Ok(tally.code(arguments.check))
}

/// Tells of one program, and whether anybody still reads.
fn tell(work: &Work, form: &mut Form, path: &Path, program: Result<Program, Fault>) -> Result<bool, Fault> {
    match (form, program) {
        (Form::Json, Ok(program)) => work
            .output
            .gets_value(&about("file", path, json!(program.analyzed))),
        (Form::Json, Err(error)) => {
            let kind = exit::status_of_error(error.kind);
            let reply = about("file", path, json!({ "status": kind, "error": error }));
            work.output.gets_value(&reply)
        }
        (Form::Text { several }, Ok(program)) => work.output.gets(&render::analysis(&program, *several)),
        (Form::Text { .. }, Err(error)) => {
            work.output.error(&error);
            Ok(true)
        }
        (Form::Sarif(log), Ok(program)) => {
            log.add(&program);
            Ok(true)
        }
        (Form::Sarif(log), Err(error)) => {
            log.not_read(path, &error);
            work.output.error(&error);
            Ok(true)
        }
    }
}

fn read(analyzer: &Analyzer, config: &Config, path: &Path) -> Result<Program, Fault> {
    let bytes = request::bytes(path)?;
    let analyzed = judged(config, as_run(analyzer.analyze(&bytes), &bytes));
    Ok(Program {
        path: path.to_owned(),
        bytes,
        analyzed,
    })
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
        Verdict::Run => (Policy::Run, Vec::new()),
        Verdict::Ask { reasons, .. } => (Policy::Ask, reasons),
        Verdict::Refuse(refusal) => (Policy::Refuse, vec![refusal.message]),
    };
    Analyzed {
        analysis,
        needs_approval: policy != Policy::Run,
        policy,
        reasons,
    }
}
