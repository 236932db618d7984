//! What the code would write: found out before a human is asked about it.
//!
//! The process variables are read, and where the policy lets code run before an approval the program is rehearsed:
//! it runs behind the same wall as any other, reads what is really there, and its puts go nowhere.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;

use crate::{
    config::{CodeApproval, RehearsalMode},
    execution::{Access, Conduct, Execution, ProgramEnd, RefusedPut, Trail, TrailError},
    gate::{self, PlannedWrite},
    graph::{Context, Node, NodeError},
    model::{Authentication, Category, ExecutionMode, GatewayEvent, Severity},
};

use super::{
    Parts, broken,
    conduct::Kept,
    execute,
    state::{PythonExecution, PythonPatch, Rehearsal},
};

/// The most process variables that are read for one question.
const MAX_READ: usize = 500;

pub(super) struct Rehearse(pub(super) Arc<Parts>);

#[async_trait]
impl Node<PythonExecution> for Rehearse {
    async fn run(&self, state: PythonExecution, context: Context) -> Result<PythonPatch, NodeError> {
        let Some(code) = state.generated_code.clone() else {
            return Err(broken("there is no code to rehearse"));
        };
        if state.effective_mode() != ExecutionMode::WriteAccess {
            return Ok(PythonPatch::new().rehearsal(None));
        }
        let (execution, not_rehearsed) = match self.why_not(&state, &context) {
            Some(why) => (None, Some(why)),
            None => match self.rehearse(&state, &code, &context).await? {
                Ok(execution) => (Some(execution), None),
                Err(why) => (None, Some(why)),
            },
        };
        let conduct = execution
            .as_ref()
            .and_then(|execution| execution.conduct.clone())
            .unwrap_or_default();
        let rehearsal = Rehearsal {
            not_rehearsed,
            failed: execution.as_ref().and_then(failure),
            puts: conduct.puts_total,
            writes: self.table(&state, &conduct).await,
            notes: conduct
                .notes
                .into_iter()
                .chain(unnamed(&conduct.refused))
                .collect(),
        };
        Ok(PythonPatch::new().rehearsal(rehearsal))
    }
}

impl Rehearse {
    /// Why the program is not rehearsed, if it is not.
    fn why_not(&self, state: &PythonExecution, context: &Context) -> Option<String> {
        let config = &self.0.config;
        if context.info().actor.authentication == Authentication::System {
            // A recovery starts no program, not even in a rehearsal.
            return Some("it is asked again after a restart, which starts nothing".into());
        }
        match config.control_system.rehearsal.mode {
            RehearsalMode::Never => {
                Some("rehearsals are switched off (control_system.rehearsal.mode)".into())
            }
            RehearsalMode::Always => None,
            RehearsalMode::Auto if gate::asked_of(&config.approval) == CodeApproval::AllCode => {
                Some("all code needs approval here, so none runs before it".into())
            }
            // What a human must look at for more than its plain writes does not run before they have.
            RehearsalMode::Auto => {
                let hides = state
                    .findings()
                    .into_iter()
                    .find(|finding| match finding.category {
                        Category::PotentialWrite => true,
                        Category::Risk => matches!(finding.severity, Severity::High | Severity::Critical),
                        _ => false,
                    })?;
                Some(format!(
                    "there is more to look at in it than its writes: line {}, {}",
                    hides.line, hides.rule
                ))
            }
        }
    }

    /// Lets the program run with its puts going nowhere; or says why that could not be.
    async fn rehearse(
        &self,
        state: &PythonExecution,
        code: &str,
        context: &Context,
    ) -> Result<Result<Execution, String>, NodeError> {
        let timeout = self.0.config.control_system.rehearsal.timeout;
        let start = execute::Start {
            access: Access::Rehearse,
            trail: Arc::new(RefusalsOnly(Kept(context.clone()))),
            folder: format!("rehearsal_{:02}", state.generation_attempt),
            timeout: timeout.min(execute::time(&self.0, state)),
        };
        match execute::prepare(&self.0, state, code, start, context).await? {
            Err(error) => Ok(Err(format!("the rehearsal could not be started: {error}"))),
            Ok(prepared) => {
                let execution = prepared.run(context.cancelled().clone()).await;
                match context.cancelled().is_cancelled() {
                    true => Err(NodeError::Cancelled),
                    false => Ok(Ok(execution)),
                }
            }
        }
    }

    /// One line for each process variable that the analysis or the rehearsal found: what it holds, what it
    /// would hold, and what stands against that.
    async fn table(&self, state: &PythonExecution, conduct: &Conduct) -> Vec<PlannedWrite> {
        let analysis = state
            .analysis_result
            .as_ref()
            .and_then(|result| result.analysis.as_ref());
        let found = analysis
            .map(|analysis| analysis.channels.clone())
            .unwrap_or_default();
        let rehearsed = conduct.puts.iter().map(|put| put.pv.clone());
        let by_channel_access = conduct.refused.iter().filter(|put| put.code != "pva_write");
        let refused = by_channel_access.filter_map(|put| put.pv.clone());
        let mut names: Vec<String> = found.iter().cloned().chain(rehearsed).chain(refused).collect();
        names.sort();
        names.dedup();
        names.truncate(MAX_READ);
        let mut lines: BTreeMap<String, PlannedWrite> = BTreeMap::new();
        let surveyed = self.0.executor.survey(&names).await;
        for pv in names.iter().skip(surveyed.len()) {
            lines.entry(pv.clone()).or_default().pv.clone_from(pv);
        }
        for surveyed in surveyed {
            let line = lines.entry(surveyed.pv.clone()).or_default();
            line.pv = surveyed.pv;
            match surveyed.reading {
                Ok(reading) => {
                    if !reading.writable {
                        line.problems
                            .push("its server lets nobody of ours write it".to_owned());
                    }
                    line.now = Some(reading);
                }
                Err(why) => line.problems.push(format!("it cannot be read: {why}")),
            }
            match surveyed.limits {
                Ok(limits) => {
                    if limits.as_ref().is_some_and(|limits| !limits.writable) {
                        line.problems
                            .push("the limits file forbids writing it (not_writable)".to_owned());
                    }
                    line.limits = limits;
                }
                Err(why) => line.problems.push(why),
            }
        }
        for put in &conduct.puts {
            let line = lines.entry(put.pv.clone()).or_default();
            line.pv.clone_from(&put.pv);
            line.puts += 1;
            line.wanted = Some(put.new.clone());
            if let Some((code, reason)) = &put.refusal {
                let problem = format!("it would be refused ({code}): {reason}");
                if !line.problems.contains(&problem) && line.problems.len() < 10 {
                    line.problems.push(problem);
                }
            }
        }
        for put in &conduct.refused {
            // What the gateway could not tell, and what PV Access named, stands in the notes alone.
            let Some(name) = put.pv.clone().filter(|_| put.code != "pva_write") else {
                continue;
            };
            let line = lines.entry(name.clone()).or_default();
            line.pv = name;
            let problem = format!("a put was refused ({}): {}", put.code, put.reason);
            if !line.problems.contains(&problem) && line.problems.len() < 10 {
                line.problems.push(problem);
            }
        }
        lines.into_values().collect()
    }
}

/// The refusals that name no process variable of Channel Access.
fn unnamed(refused: &[RefusedPut]) -> Vec<String> {
    let unnamed = refused
        .iter()
        .filter(|put| put.pv.is_none() || put.code == "pva_write");
    unnamed
        .take(10)
        .map(|put| format!("a put was refused ({}): {}", put.code, put.reason))
        .collect()
}

/// How a rehearsal went wrong, if it did. A program may fail in one only because nothing came of its puts.
fn failure(execution: &Execution) -> Option<String> {
    match &execution.end {
        ProgramEnd::Finished => None,
        ProgramEnd::Raised {
            error_type, message, ..
        } => Some(format!("it raised {error_type}: {message}")),
        ProgramEnd::Killed { reason, .. } => Some(reason.clone()),
    }
}

/// The trail of a rehearsal. What it put went nowhere and stands in the thread's state; what was refused is kept as
/// any other refusal.
struct RefusalsOnly(Kept);

#[async_trait]
impl Trail for RefusalsOnly {
    async fn record(&self, event: GatewayEvent) -> Result<(), TrailError> {
        match event {
            GatewayEvent::Refused { .. } => self.0.record(event).await,
            _ => Ok(()),
        }
    }
}
