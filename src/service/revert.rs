//! Puts back what a run wrote: a request like any other, whose program follows from the audit trail.

use std::fmt::Write;

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    engine::{EngineError, Note},
    gate::Action,
    graphs::python_executor::Request,
    model::{Caller, Event, ExecutionMode, GatewayEvent, PvValue, RunId},
    store::ThreadFilter,
};

use super::{Core, RunReply, Service, ServiceError, error::thread_of, permission};

/// How long the program waits for one server's answer, in seconds.
const PUT_SECONDS: u32 = 30;

impl Service {
    /// Asks for what the run `subject` wrote to be put back: `subject` is the run's id, or a thread, whose last
    /// run that wrote is meant. It is a new request with write access, analyzed and asked about like any other.
    ///
    /// # Errors
    /// [`ServiceError::NothingToRevert`], or as [`Service::invoke`].
    pub async fn revert(&self, subject: &str, by: impl Into<Caller>) -> Result<RunReply, ServiceError> {
        self.core.revert(subject, None, by.into(), None).await
    }
}

impl Core {
    pub(super) async fn revert(
        &self,
        subject: &str,
        thread: Option<&str>,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<RunReply, ServiceError> {
        let (run, notes) = self.writes_of(subject, &by).await?;
        let (before, untold) = held_before(&notes);
        if before.is_empty() {
            return Err(ServiceError::NothingToRevert(subject.to_owned()));
        }
        let names: Vec<&str> = before.iter().map(|(pv, _)| pv.as_str()).collect();
        let untold = match untold.is_empty() {
            true => String::new(),
            false => format!(
                "; NOT {}, of which nobody knows what they held",
                untold.join(", ")
            ),
        };
        let pause = 1.0 / self.config.control_system.epics.max_puts_per_second;
        let request = Request {
            user_query: format!("Put back what the run {run} wrote"),
            task_objective: format!("Restore {}{untold}", names.join(", ")),
            execution_folder_name: "revert".into(),
            execution_mode: ExecutionMode::WriteAccess,
            code: Some(program(run, &before, pause)),
            ..Request::default()
        };
        self.invoke(request, thread, by, events).await
    }

    /// What the run's gateway kept.
    async fn writes_of(&self, subject: &str, by: &Caller) -> Result<(RunId, Vec<Note>), ServiceError> {
        let by_thread = match self.allow_on(by, Action::Read, thread_of(subject)).await {
            Ok(head) => self.engine.notes(head.thread).await,
            Err(ServiceError::Engine(error)) => Err(error),
            Err(other) => return Err(other),
        };
        match by_thread {
            Ok(notes) => {
                let wrote = notes.iter().rev().find(|note| note.name == "put");
                let run = wrote
                    .map(|note| note.run)
                    .ok_or_else(|| ServiceError::NothingToRevert(subject.to_owned()))?;
                Ok((run, notes.into_iter().filter(|note| note.run == run).collect()))
            }
            Err(EngineError::UnknownThread(unknown)) => {
                let run: RunId = subject.parse().map_err(|_| EngineError::UnknownThread(unknown))?;
                let heads = self.engine.store().threads(ThreadFilter::everything()).await?;
                for head in heads.into_iter().filter(|head| permission::sees(by, head)) {
                    let notes = self.engine.notes(head.thread).await?;
                    let of_run: Vec<Note> = notes.into_iter().filter(|note| note.run == run).collect();
                    if !of_run.is_empty() {
                        return Ok((run, of_run));
                    }
                }
                Err(ServiceError::NothingToRevert(subject.to_owned()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What each process variable held that was written, the last one written first; and those of which that is not known.
fn held_before(notes: &[Note]) -> (Vec<(String, PvValue)>, Vec<String>) {
    let mut snapshot = Vec::new();
    let mut before: Vec<(String, PvValue)> = Vec::new();
    let mut untold: Vec<String> = Vec::new();
    let events = notes
        .iter()
        .filter_map(|note| serde_json::from_value::<GatewayEvent>(note.value.clone()).ok());
    for event in events {
        match event {
            GatewayEvent::Snapshot { readings, .. } => snapshot = readings,
            GatewayEvent::Put { pv, old, .. } if !before.iter().any(|(known, _)| *known == pv) => {
                let held = snapshot.iter().find(|reading| reading.pv == pv);
                match whole(held.map(|reading| reading.value.clone()), old) {
                    Some(value) => before.insert(0, (pv, value)),
                    None if !untold.contains(&pv) => untold.push(pv),
                    None => {}
                }
            }
            _ => {}
        }
    }
    (before, untold)
}

/// What was held: as the snapshot has it, unless that cut a long text which the put's own reading has whole.
fn whole(snapshot: Option<PvValue>, old: Option<PvValue>) -> Option<PvValue> {
    match (snapshot, old) {
        (Some(PvValue::Text(cut)), Some(PvValue::Text(old)))
            if old.len() > cut.len() && old.starts_with(&cut) =>
        {
            Some(PvValue::Text(old))
        }
        (Some(held), _) => Some(held),
        (None, old) => old,
    }
}

/// A program that puts these values, `pause` seconds apart so that it keeps within the rate, and fails unless each
/// server says that it did.
fn program(run: RunId, before: &[(String, PvValue)], pause: f64) -> String {
    let mut code = format!(
        "# Puts back what the run {run} wrote, the last first: the values its gateway read before the first put.\n\
         import time\n\nimport epics\n\nstatus = {{}}\n"
    );
    for (position, (pv, value)) in before.iter().enumerate() {
        if position > 0 {
            let _ = writeln!(code, "time.sleep({pause:?})");
        }
        let name = python(&Value::String(pv.clone()));
        let value = match value {
            PvValue::Choice { index, .. } => index.to_string(),
            value => python(&Value::from(value.clone())),
        };
        let _ = writeln!(
            code,
            "status[{name}] = epics.caput({name}, {value}, wait=True, timeout={PUT_SECONDS}, \
             connection_timeout={PUT_SECONDS})"
        );
    }
    code.push_str(
        "\nresults = {\"restored\": [pv for pv, done in status.items() if done == 1]}\n\
         missed = [pv for pv, done in status.items() if done != 1]\n\
         if missed:\n    raise RuntimeError(\"not put back: \" + \", \".join(missed))\n",
    );
    code
}

/// A value as a Python literal.
fn python(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(python).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => match map.get("value").and_then(Value::as_str) {
            Some(special) => format!("float(\"{special}\")"),
            None => "None".to_owned(),
        },
        // Texts in JSON are texts in Python, and so are finite numbers.
        other => other.to_string(),
    }
}
