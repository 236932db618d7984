//! What a run tells, in the events that clients' stream modes name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    model::{Channels, Checkpoint, Event, Interrupt, Namespace, Outcome, RunId, TaskId, ThreadId, Timestamp},
    service::{Assistant, RunEnd, Told},
};

use super::{run_request::Mode, shape};

/// One event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Frame {
    pub(super) event: String,
    pub(super) data: Value,
}

/// Puts what a run tells into the events that were asked for. It must hear everything from the beginning, as some
/// events carry what was told before.
pub(super) struct Teller {
    thread: ThreadId,
    run: RunId,
    assistant: Assistant,
    modes: BTreeSet<Mode>,
    subgraphs: bool,
    /// The newest state of each graph, with the superstep that comes next.
    states: BTreeMap<Namespace, (Channels, i64)>,
    asked: Vec<(Interrupt, Value)>,
    /// What each task's model has said so far.
    said: BTreeMap<(Namespace, String), String>,
    inputs: BTreeMap<TaskId, Value>,
    now: Timestamp,
}

impl Teller {
    pub(super) fn new(
        thread: ThreadId,
        run: RunId,
        assistant: Assistant,
        modes: BTreeSet<Mode>,
        subgraphs: bool,
    ) -> Self {
        Self {
            thread,
            run,
            assistant,
            modes,
            subgraphs,
            states: BTreeMap::new(),
            asked: Vec::new(),
            said: BTreeMap::new(),
            inputs: BTreeMap::new(),
            now: Timestamp::from_millis(0),
        }
    }

    /// What stands at the beginning of every stream.
    pub(super) fn metadata(&self) -> Frame {
        Frame {
            event: "metadata".into(),
            data: json!({ "run_id": self.run, "attempt": 1 }),
        }
    }

    /// The events for one thing that was told at `at`.
    pub(super) fn tell(&mut self, told: &Told, at: Timestamp) -> Vec<Frame> {
        self.now = at;
        let mut frames = Frames::default();
        match told {
            Told::State(values) => {
                self.states.insert(Namespace::root(), (values.clone(), 0));
                self.begin(values, &mut frames);
                if self.wants(Mode::Values) {
                    frames.add("values", shape::values(values));
                }
            }
            Told::Event(event) => self.event(event, &mut frames),
            Told::Ended(Ok(end)) => self.end(end, &mut frames),
            Told::Ended(Err(reply)) => {
                frames.add("error", json!({ "error": reply.code, "message": reply.message }));
            }
        }
        frames.0
    }

    fn wants(&self, mode: Mode) -> bool {
        self.modes.contains(&mode)
    }

    fn event(&mut self, event: &Event, frames: &mut Frames) {
        match event {
            Event::Checkpoint { checkpoint, values } => self.checkpoint(checkpoint, values, frames),
            Event::TaskStarted {
                namespace,
                task,
                node,
                attempt: 1,
            } if self.shows(namespace) => self.task(namespace, task, node, frames),
            Event::TaskFinished {
                namespace,
                task,
                node,
                writes,
            } if self.shows(namespace) => self.finished(namespace, task, node, writes, frames),
            Event::TaskFailed {
                namespace,
                task,
                node,
                failure,
                retry_in_ms: None,
            } if self.shows(namespace) => {
                let result = json!({
                    "id": shape::task_id(task), "name": node, "error": failure.message,
                    "result": null, "interrupts": [],
                });
                self.task_result(namespace, result, frames);
            }
            Event::Interrupted { interrupt, question } => self.interrupted(interrupt, question, frames),
            Event::Custom { namespace, value, .. } if self.shows(namespace) && self.wants(Mode::Custom) => {
                frames.add(named("custom", namespace), value.clone());
            }
            Event::Message {
                namespace,
                node,
                text,
            } if self.shows(namespace) => self.message(namespace, node, text, frames),
            _ => {}
        }
    }

    fn shows(&self, namespace: &Namespace) -> bool {
        self.subgraphs || namespace.0.is_empty()
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint, values: &Channels, frames: &mut Frames) {
        let namespace = &checkpoint.namespace;
        if namespace.0.is_empty() && self.states.is_empty() {
            self.begin(values, frames);
        }
        let known = (values.clone(), checkpoint.step + 1);
        self.states.insert(namespace.clone(), known);
        if !self.shows(namespace) {
            return;
        }
        if self.wants(Mode::Values) {
            frames.add(named("values", namespace), shape::values(values));
        }
        if self.wants(Mode::Checkpoints) {
            frames.add(named("checkpoints", namespace), self.saved(checkpoint, values));
        }
        if self.wants(Mode::Debug) {
            let mut payload = self.saved(checkpoint, values);
            payload["checkpoint"] = self.place(checkpoint, checkpoint.id);
            payload["parent_checkpoint"] = match checkpoint.parent {
                Some(parent) => self.place(checkpoint, parent),
                None => Value::Null,
            };
            self.debug(namespace, checkpoint.step, "checkpoint", payload, frames);
        }
    }

    fn place(&self, checkpoint: &Checkpoint, id: crate::model::CheckpointId) -> Value {
        json!({
            "checkpoint_id": id, "thread_id": self.thread, "checkpoint_ns": checkpoint.namespace.0,
        })
    }

    /// A checkpoint, as the modes `checkpoints` and `debug` have it.
    fn saved(&self, checkpoint: &Checkpoint, values: &Channels) -> Value {
        let config = |id| {
            let mut configurable = self.place(checkpoint, id);
            configurable["run_id"] = json!(self.run);
            configurable["graph_id"] = self.assistant.graph.clone().into();
            configurable["assistant_id"] = json!(self.assistant.id);
            json!({ "configurable": configurable })
        };
        let tasks = checkpoint.tasks.iter().map(|task| {
            json!({ "id": shape::task_id(&task.id), "name": task.node, "interrupts": [], "state": null })
        });
        json!({
            "config": config(checkpoint.id),
            "parent_config": checkpoint.parent.map(config),
            "values": shape::values(values),
            "metadata": {
                "source": shape::source(checkpoint.source), "step": checkpoint.step, "parents": {},
            },
            "next": checkpoint.tasks.iter().map(|task| &task.node).collect::<Vec<_>>(),
            "tasks": tasks.collect::<Vec<_>>(),
        })
    }

    fn task(&mut self, namespace: &Namespace, task: &TaskId, node: &str, frames: &mut Frames) {
        let (input, step) = match self.states.get(namespace) {
            Some((values, step)) => (shape::values(values), *step),
            None => (json!({}), 0),
        };
        let triggers = json!([format!("branch:to:{node}")]);
        let described = json!({
            "id": shape::task_id(task), "name": node, "input": input, "triggers": triggers,
            "metadata": self.described(),
        });
        if self.wants(Mode::Tasks) {
            frames.add(named("tasks", namespace), described.clone());
        }
        if self.wants(Mode::Debug) {
            self.debug(namespace, step, "task", described, frames);
        }
        if self.wants(Mode::Events) {
            let mut event = self.node_event("on_chain_start", namespace, task, node);
            event["data"] = json!({ "input": input });
            frames.add(named("events", namespace), event);
        }
        self.inputs.insert(*task, input);
    }

    fn finished(
        &mut self,
        namespace: &Namespace,
        task: &TaskId,
        node: &str,
        writes: &Channels,
        frames: &mut Frames,
    ) {
        let writes = shape::values(writes);
        if self.wants(Mode::Messages)
            && let Some(text) = self.said.remove(&(namespace.clone(), node.to_owned()))
        {
            frames.add(
                named("messages/complete", namespace),
                json!([self.chunk(node, &text, "ai")]),
            );
        }
        if self.wants(Mode::Updates) {
            frames.add(named("updates", namespace), json!({ node: writes }));
        }
        let result = json!({
            "id": shape::task_id(task), "name": node, "error": null, "result": writes, "interrupts": [],
        });
        self.task_result(namespace, result, frames);
        let input = self.inputs.remove(task).unwrap_or_default();
        if self.wants(Mode::Events) {
            let mut piece = self.node_event("on_chain_stream", namespace, task, node);
            piece["data"] = json!({ "chunk": writes });
            frames.add(named("events", namespace), piece);
            let mut event = self.node_event("on_chain_end", namespace, task, node);
            event["data"] = json!({ "output": writes, "input": input });
            frames.add(named("events", namespace), event);
        }
    }

    fn task_result(&self, namespace: &Namespace, result: Value, frames: &mut Frames) {
        if self.wants(Mode::Tasks) {
            frames.add(named("tasks", namespace), result.clone());
        }
        if self.wants(Mode::Debug) {
            let step = self.states.get(namespace).map_or(0, |(_, step)| *step);
            self.debug(namespace, step, "task_result", result, frames);
        }
    }

    fn interrupted(&mut self, interrupt: &Interrupt, question: &Value, frames: &mut Frames) {
        self.asked.push((interrupt.clone(), question.clone()));
        let told = shape::interrupts([(interrupt, question)]);
        // What a graph below asks, the thread asks.
        if self.wants(Mode::Updates) {
            frames.add("updates", json!({ "__interrupt__": told }));
        }
        if self.shows(&interrupt.namespace) {
            let result = json!({
                "id": shape::task_id(&interrupt.task), "name": interrupt.node, "error": null,
                "result": {}, "interrupts": [{ "value": question, "id": interrupt.id }],
            });
            self.task_result(&interrupt.namespace, result, frames);
        }
    }

    fn message(&mut self, namespace: &Namespace, node: &str, text: &str, frames: &mut Frames) {
        let about = self.node_described(namespace, node);
        if self.wants(Mode::MessagesTuple) {
            let chunk = self.chunk(node, text, "AIMessageChunk");
            frames.add(named("messages", namespace), json!([chunk, about]));
        }
        if self.wants(Mode::Messages) {
            let key = (namespace.clone(), node.to_owned());
            let begins = !self.said.contains_key(&key);
            let said = self.said.entry(key).or_default();
            said.push_str(text);
            let so_far = said.clone();
            if begins {
                let id = self.message_id(node);
                let about = json!({ id: { "metadata": about } });
                frames.add(named("messages/metadata", namespace), about);
            }
            let message = self.chunk(node, &so_far, "ai");
            frames.add(named("messages/partial", namespace), json!([message]));
        }
    }

    fn message_id(&self, node: &str) -> String {
        format!("run-{}-{node}", self.run)
    }

    fn chunk(&self, node: &str, text: &str, kind: &str) -> Value {
        json!({
            "content": text, "type": kind, "id": self.message_id(node), "name": null,
            "additional_kwargs": {}, "response_metadata": {}, "tool_calls": [], "invalid_tool_calls": [],
        })
    }

    /// The graph begins.
    fn begin(&self, values: &Channels, frames: &mut Frames) {
        if self.wants(Mode::Events) {
            let mut event = self.graph_event("on_chain_start");
            event["data"] = json!({ "input": shape::values(values) });
            frames.add("events", event);
        }
    }

    fn end(&mut self, end: &RunEnd, frames: &mut Frames) {
        let asked: Vec<(&Interrupt, &Value)> = end
            .interrupts
            .iter()
            .map(|asked| (&asked.interrupt, &asked.question))
            .collect();
        // What was asked before this run is asked still.
        let again: Vec<(&Interrupt, &Value)> = asked
            .iter()
            .copied()
            .filter(|(interrupt, _)| !self.asked.iter().any(|(told, _)| told.id == interrupt.id))
            .collect();
        if self.wants(Mode::Updates) && !again.is_empty() {
            frames.add("updates", json!({ "__interrupt__": shape::interrupts(again) }));
        }
        if self.wants(Mode::Values) && !asked.is_empty() {
            let mut values = shape::values(&end.values);
            values["__interrupt__"] = shape::interrupts(asked);
            frames.add("values", values);
        }
        if self.wants(Mode::Events) {
            let mut event = self.graph_event("on_chain_end");
            event["data"] = json!({ "output": shape::values(&end.values) });
            frames.add("events", event);
        }
        match &end.outcome {
            Outcome::Completed | Outcome::Interrupted { .. } => frames.add("end", Value::Null),
            outcome => frames.add("error", shape::failure(outcome).unwrap_or_default()),
        }
    }

    fn debug(&self, namespace: &Namespace, step: i64, kind: &str, payload: Value, frames: &mut Frames) {
        let at = shape::time(self.now);
        let told = json!({ "step": step, "timestamp": at, "type": kind, "payload": payload });
        frames.add(named("debug", namespace), told);
    }

    fn described(&self) -> Map<String, Value> {
        let mut described = Map::new();
        described.insert("graph_id".into(), self.assistant.graph.clone().into());
        described.insert("assistant_id".into(), json!(self.assistant.id));
        described.insert("thread_id".into(), json!(self.thread));
        described.insert("run_id".into(), json!(self.run));
        described.insert("run_attempt".into(), 1.into());
        described
    }

    fn node_described(&self, namespace: &Namespace, node: &str) -> Map<String, Value> {
        let step = self.states.get(namespace).map_or(0, |(_, step)| *step);
        let mut described = self.described();
        described.insert("langgraph_step".into(), step.into());
        described.insert("langgraph_node".into(), node.into());
        described.insert("langgraph_triggers".into(), json!([format!("branch:to:{node}")]));
        described.insert("langgraph_path".into(), json!(["__pregel_pull", node]));
        described
    }

    fn graph_event(&self, event: &str) -> Value {
        json!({
            "event": event, "data": {}, "name": self.assistant.graph, "tags": [], "run_id": self.run,
            "metadata": self.described(), "parent_ids": [],
        })
    }

    fn node_event(&self, event: &str, namespace: &Namespace, task: &TaskId, node: &str) -> Value {
        let step = self.states.get(namespace).map_or(0, |(_, step)| *step);
        let mut described = self.node_described(namespace, node);
        described.insert(
            "langgraph_checkpoint_ns".into(),
            namespace.child(node, task).0.into(),
        );
        json!({
            "event": event, "data": {}, "name": node, "tags": [format!("graph:step:{step}")],
            "run_id": shape::task_id(task), "metadata": described, "parent_ids": [self.run],
        })
    }
}

/// The name of an event of the graph in `namespace`.
fn named(mode: &str, namespace: &Namespace) -> String {
    match namespace.0.as_str() {
        "" => mode.to_owned(),
        below => format!("{mode}|{below}"),
    }
}

#[derive(Default)]
struct Frames(Vec<Frame>);

impl Frames {
    fn add(&mut self, event: impl Into<String>, data: Value) {
        let event = event.into();
        self.0.push(Frame { event, data });
    }
}
