//! The shapes in which threads, states and runs go over the wire.

use axum::http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    engine::{PendingQuestion, RunRecord, Snapshot},
    graph::{Graph, Work},
    model::{
        Channels, Entry, Head, Interrupt, Outcome, PlannedTask, RunId, Source, TaskId, ThreadId, Timestamp,
    },
    service::{Assistant, Standing, StateView, ThreadView, metadata},
};

/// A moment, with its offset written out.
pub(super) fn time(at: Timestamp) -> String {
    at.to_string().replace('Z', "+00:00")
}

/// Only the keys in `select`; everything without one.
pub(super) fn selected(value: Value, select: Option<&[String]>) -> Value {
    match (value, select) {
        (Value::Object(mut fields), Some(select)) => {
            fields.retain(|key, _| select.contains(key));
            Value::Object(fields)
        }
        (value, _) => value,
    }
}

/// How many there are, and where the next page begins.
pub(super) fn pages(total: usize, offset: usize, returned: usize) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("x-pagination-total", HeaderValue::from(total));
    if returned > 0 && offset + returned < total {
        headers.insert("x-pagination-next", HeaderValue::from(offset + returned));
    }
    headers
}

/// A task's id, as clients write ids.
pub(super) fn task_id(id: &TaskId) -> String {
    Uuid::from_bytes(*id.as_bytes()).to_string()
}

/// A state's channels.
pub(super) fn values(channels: &Channels) -> Value {
    Value::Object(channels.clone().into_iter().collect())
}

/// A question, as states and threads show it.
pub(super) fn question(asked: &PendingQuestion) -> Value {
    json!({ "id": asked.interrupt.id, "value": asked.question })
}

/// Questions, as streams and waits tell them.
pub(super) fn interrupts<'a>(asked: impl IntoIterator<Item = (&'a Interrupt, &'a Value)>) -> Value {
    let told = asked.into_iter().map(
        |(interrupt, question)| json!({ "value": question, "id": interrupt.id, "response_schema": null }),
    );
    Value::Array(told.collect())
}

/// Why a run came to nothing, as far as it did.
pub(super) fn failure(outcome: &Outcome) -> Option<Value> {
    match outcome {
        Outcome::Failed(failure) => Some(json!({ "error": failure.code, "message": failure.message })),
        Outcome::Cancelled { reason } => Some(json!({ "error": "UserInterrupt", "message": reason })),
        Outcome::Completed | Outcome::Interrupted { .. } => None,
    }
}

/// A thread.
pub(super) fn thread(view: &ThreadView) -> Value {
    let head = &view.head;
    let mut shown = json!({
        "thread_id": head.thread,
        "created_at": time(head.created_at),
        "updated_at": time(head.updated_at),
        "state_updated_at": time(head.updated_at),
        "metadata": metadata(head),
        "status": Standing::of(head).as_str(),
        "config": {},
        "values": view.values.as_ref().map(values),
    });
    if head.fence > 0 {
        let mut asked = Map::new();
        for pending in &view.interrupts {
            let of_task = asked
                .entry(task_id(&asking_task(&pending.interrupt)))
                .or_insert_with(|| json!([]));
            if let Some(of_task) = of_task.as_array_mut() {
                of_task.push(question(pending));
            }
        }
        shown["config"] = json!({ "configurable": {} });
        shown["error"] = match (&head.last_run, head.run.is_none()) {
            (Some((_, outcome)), true) => json!(failure(outcome)),
            _ => Value::Null,
        };
        shown["interrupts"] = asked.into();
    }
    shown
}

/// The task of the thread's own graph that asks: for a graph below, the one that runs it.
fn asking_task(interrupt: &Interrupt) -> TaskId {
    let outer = interrupt.namespace.0.split('|').next().unwrap_or_default();
    outer
        .rsplit_once(':')
        .and_then(|(_, task)| task.parse().ok())
        .unwrap_or(interrupt.task)
}

/// What stands in place of the state of a thread that never had input, or has no such checkpoint.
pub(super) fn no_state(checkpoint: Value) -> Value {
    let id = checkpoint.get("checkpoint_id").cloned().unwrap_or_default();
    json!({
        "values": {},
        "next": [],
        "tasks": [],
        "metadata": null,
        "created_at": null,
        "checkpoint": checkpoint,
        "parent_checkpoint": null,
        "interrupts": [],
        "checkpoint_id": id,
        "parent_checkpoint_id": null,
    })
}

/// A thread's state at a checkpoint.
pub(super) fn state(view: &StateView, graph: Option<&Graph>) -> Value {
    let StateView {
        head,
        snapshot,
        interrupts,
    } = view;
    let checkpoint = &snapshot.checkpoint;
    let place = |id: crate::model::CheckpointId| json!({ "checkpoint_id": id, "thread_id": head.thread, "checkpoint_ns": checkpoint.namespace.0 });
    let tasks: Vec<Value> = checkpoint
        .tasks
        .iter()
        .enumerate()
        .map(|(index, planned)| task(view, graph, index, planned))
        .collect();
    json!({
        "values": values(&snapshot.values),
        "next": snapshot.next(),
        "tasks": tasks,
        "metadata": state_metadata(head, snapshot),
        "created_at": time(snapshot.at),
        "checkpoint": place(checkpoint.id),
        "parent_checkpoint": checkpoint.parent.map(place),
        "interrupts": interrupts.iter().map(question).collect::<Vec<_>>(),
        "checkpoint_id": checkpoint.id,
        "parent_checkpoint_id": checkpoint.parent,
    })
}

/// The data that goes with a checkpoint: the thread's, and what made it.
pub(super) fn state_metadata(head: &Head, snapshot: &Snapshot) -> Map<String, Value> {
    let checkpoint = &snapshot.checkpoint;
    let mut shown = metadata(head);
    shown.insert("thread_id".into(), json!(head.thread));
    shown.insert("run_id".into(), json!(checkpoint.run));
    shown.insert("source".into(), source(checkpoint.source).into());
    shown.insert("step".into(), checkpoint.step.into());
    shown.insert("parents".into(), json!({}));
    shown
}

/// What made a checkpoint, in the words clients know.
pub(super) fn source(source: Source) -> &'static str {
    match source {
        Source::Input => "input",
        Source::Loop | Source::Return => "loop",
        Source::Update => "update",
        Source::Fork => "fork",
    }
}

/// The path of a task: whether an edge or a fan-out made it due.
pub(super) fn path(index: usize, planned: &PlannedTask) -> Value {
    match &planned.argument {
        None => json!(["__pregel_pull", planned.node]),
        Some(_) => json!(["__pregel_push", index, false]),
    }
}

fn task(view: &StateView, graph: Option<&Graph>, index: usize, planned: &PlannedTask) -> Value {
    let namespace = &view.snapshot.checkpoint.namespace;
    let asked: Vec<Value> = view
        .interrupts
        .iter()
        .filter(|asked| asking_task(&asked.interrupt) == planned.id || asked.interrupt.task == planned.id)
        .map(question)
        .collect();
    let failed = view
        .snapshot
        .entries
        .iter()
        .rev()
        .find_map(|(_, entry)| match entry {
            Entry::TaskFailed { task, failure, .. } if *task == planned.id => Some(failure.message.clone()),
            _ => None,
        });
    let runs_graph = graph
        .and_then(|graph| graph.node(&planned.node))
        .is_some_and(|spec| matches!(spec.work, Work::Subgraph(_)));
    let below = runs_graph.then(|| {
        json!({
            "thread_id": view.head.thread,
            "checkpoint_ns": namespace.child(&planned.node, &planned.id).0,
        })
    });
    json!({
        "id": task_id(&planned.id),
        "name": planned.node,
        "path": path(index, planned),
        "error": failed,
        "interrupts": asked,
        "checkpoint": below,
        "state": null,
        "result": null,
    })
}

/// How a run stands, in the words clients know: one that waits for an answer did what it could.
pub(super) fn run_status(ended: Option<&Outcome>) -> &'static str {
    match ended {
        None => "running",
        Some(Outcome::Completed | Outcome::Interrupted { .. }) => "success",
        Some(Outcome::Failed(failure)) if failure.code == "run_timeout" => "timeout",
        Some(Outcome::Failed(_)) => "error",
        Some(Outcome::Cancelled { .. }) => "interrupted",
    }
}

/// A run of the thread of `head`.
pub(super) fn run(head: &Head, record: &RunRecord, input: Option<Value>) -> Value {
    let ended = record.ended.as_ref();
    let status = run_status(ended.map(|(_, outcome)| outcome));
    let updated = ended.map_or(record.began_at, |(at, _)| *at);
    run_of(
        head.thread,
        record.run,
        &head.graph,
        status,
        record.about.clone(),
        input,
        (record.began_at, updated),
    )
}

/// A run, from what is known of it.
pub(super) fn run_of(
    thread: ThreadId,
    run: RunId,
    graph: &str,
    status: &str,
    about: Option<Value>,
    input: Option<Value>,
    (created, updated): (Timestamp, Timestamp),
) -> Value {
    let about = about.unwrap_or_default();
    let assistant = Assistant::of(graph);
    let mut metadata = about
        .get("metadata")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    metadata.insert("graph_id".into(), assistant.graph.into());
    metadata.insert("assistant_id".into(), assistant.id.to_string().into());
    let mut kwargs = about.get("kwargs").cloned().unwrap_or_else(|| json!({}));
    kwargs["input"] = input.unwrap_or_default();
    json!({
        "run_id": run,
        "thread_id": thread,
        "assistant_id": assistant.id,
        "metadata": metadata,
        "status": status,
        "kwargs": kwargs,
        "multitask_strategy": about.get("multitask_strategy").cloned().unwrap_or_else(|| "enqueue".into()),
        "created_at": time(created),
        "updated_at": time(updated),
    })
}
