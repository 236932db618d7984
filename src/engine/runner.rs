//! Runs a graph: superstep after superstep, until it ends, waits, fails or is cancelled.

use std::{
    collections::BTreeSet,
    sync::{Arc, OnceLock},
};

use serde_json::Value;
use tokio::{
    sync::{Mutex, mpsc::UnboundedSender},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    graph::{Graph, NodeClass, NodeError, NodeSpec, START, TaskInfo, Work},
    model::{
        Actor, Caller, Channels, Checkpoint, Clock, Entry, ErrorClass, Event, Failure, Grant, Interrupt,
        InterruptKind, Outcome, PlannedTask, RunId, Source, ThreadId,
    },
    store::Store,
};

use super::{
    EngineError, RunOptions, StopBefore,
    checkpoint::{
        Asking, Live, Place, due, load_live, make_checkpoint, make_interrupt, note_finished, supersede,
        unknown_ordinal,
    },
    journal::{Known, TaskJournal},
    step,
    task::{self, TaskEnd, Turn},
    values,
    writer::{Durability, Writer},
};

/// What a run needs to know of itself.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Clock,
    pub(super) thread: ThreadId,
    pub(super) run: RunId,
    pub(super) caller: Caller,
    pub(super) writer: Arc<Mutex<Writer>>,
    pub(super) options: RunOptions,
    pub(super) cancel: CancellationToken,
    /// Whether what runs stands behind the hold point of a graph above it.
    pub(super) held: bool,
    /// Who cancelled the run, and why.
    pub(super) stopped_by: Arc<OnceLock<String>>,
}

/// How one graph of a run ended.
pub(super) enum GraphEnd {
    Completed(Channels),
    Interrupted,
    Failed(Failure),
    Cancelled,
    /// The hold point of the graph above must be passed again.
    Return(String),
}

impl Run {
    fn events(&self) -> Option<UnboundedSender<Event>> {
        self.options.events.clone()
    }

    /// Makes a checkpoint behind `parent` and notes it.
    pub(super) async fn checkpoint(
        &self,
        graph: &Graph,
        place: Place<'_>,
        state: Channels,
        written: impl Fn(&str) -> bool,
        due: Vec<step::Due>,
    ) -> Live {
        let mut writer = self.writer.lock().await;
        let (live, entry, stored) = make_checkpoint(self.thread, self.run, graph, place, state, written, due);
        writer.note(entry, stored);
        writer.tell(Event::Checkpoint {
            checkpoint: Box::new(live.checkpoint.clone()),
            values: live.state.clone(),
        });
        live
    }

    /// Runs `graph` on from `live`.
    pub(super) fn graph<'a>(
        &'a self,
        graph: &'a Arc<Graph>,
        live: Live,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<GraphEnd, EngineError>> + Send + 'a>> {
        Box::pin(self.supersteps(graph, live))
    }

    async fn supersteps(&self, graph: &Arc<Graph>, mut live: Live) -> Result<GraphEnd, EngineError> {
        let mut steps = 0;
        loop {
            if live.checkpoint.tasks.is_empty() {
                return Ok(GraphEnd::Completed(live.state));
            }
            if self.cancel.is_cancelled() {
                return Ok(GraphEnd::Cancelled);
            }
            if self.stops_before(graph, &live) {
                return Ok(GraphEnd::Interrupted);
            }
            if steps >= self.options.recursion_limit {
                return Ok(GraphEnd::Failed(Failure {
                    code: "recursion_limit".into(),
                    class: ErrorClass::Refused,
                    message: format!(
                        "the graph '{}' had not come to its end after {steps} supersteps; next would be {}",
                        graph.name(),
                        nodes(&live).join(", ")
                    ),
                    node: None,
                    attempts: 1,
                }));
            }
            steps += 1;
            let io = live.checkpoint.tasks.iter().any(|task| {
                graph
                    .node(&task.node)
                    .is_some_and(|node| node.class != NodeClass::Pure)
            });
            if io {
                self.persist().await?;
            }
            let ends = self.superstep(graph, &live).await?;
            let after: Vec<String> = nodes(&live);
            live = match self.conclude(graph, live, ends).await? {
                Ok(live) => live,
                Err(end) => return Ok(end),
            };
            if io && !live.checkpoint.tasks.is_empty() {
                self.persist().await?;
            }
            let named = |name: &String| name == "*" || after.contains(name);
            if self.options.interrupt_after.iter().any(named) && !live.checkpoint.tasks.is_empty() {
                return Ok(GraphEnd::Interrupted);
            }
        }
    }

    async fn persist(&self) -> Result<(), EngineError> {
        let mut writer = self.writer.lock().await;
        match self.options.durability {
            Durability::Sync => writer.flush().await?,
            Durability::Async => writer.flush_behind().await?,
            Durability::Exit => writer.send_events(),
        }
        Ok(())
    }

    fn stops_before(&self, graph: &Graph, live: &Live) -> bool {
        let due = nodes(live);
        let named = self
            .options
            .interrupt_before
            .iter()
            .any(|name| name == "*" || due.contains(name));
        let outside = |name: &String, but: &BTreeSet<String>| match graph.node(name) {
            Some(NodeSpec {
                work: Work::Subgraph(_),
                ..
            }) => false,
            Some(node) => match node.class {
                NodeClass::Pure => false,
                NodeClass::Io => {
                    let leads_up = graph
                        .hold_point()
                        .is_some_and(|hold| hold.leading_up.contains(name));
                    !leads_up && !but.contains(name)
                }
                NodeClass::Effect => true,
            },
            None => true,
        };
        match &self.options.stop_before {
            StopBefore::AnythingOutside { but } if due.iter().any(|name| outside(name, but)) => true,
            _ => live.fresh && named,
        }
    }

    /// Runs all due tasks concurrently and gives their ends in task order.
    async fn superstep(&self, graph: &Arc<Graph>, live: &Live) -> Result<Vec<TaskEnd>, EngineError> {
        let grants = self.writer.lock().await.grants();
        let mut running = JoinSet::new();
        let mut ends: Vec<Option<TaskEnd>> = Vec::new();
        let several = live.checkpoint.tasks.len() > 1;
        for (index, planned) in live.checkpoint.tasks.iter().enumerate() {
            let known = live.known.get(&planned.id).cloned().unwrap_or_default();
            if let Some((writes, _)) = known.finished {
                ends.push(Some(TaskEnd::Finished { writes, attempts: 0 }));
                continue;
            }
            if known.waiting
                && graph
                    .node(&planned.node)
                    .is_some_and(|node| matches!(node.work, Work::Action(_)))
            {
                ends.push(Some(TaskEnd::Waiting));
                continue;
            }
            ends.push(None);
            let argument = match &planned.argument {
                Some(reference) => Some(values::load(self.store.as_ref(), reference).await?),
                None => None,
            };
            let (run, graph, planned) = (self.clone(), graph.clone(), planned.clone());
            let (checkpoint, step) = (live.checkpoint.clone(), live.checkpoint.step + 1);
            let (state, grants) = (live.state.clone(), grants.clone());
            running.spawn(async move {
                let end = run
                    .turn(
                        &graph,
                        &checkpoint,
                        step,
                        planned,
                        state,
                        argument,
                        known,
                        grants,
                        several,
                    )
                    .await;
                (index, end)
            });
        }
        while let Some(joined) = running.join_next().await {
            let (index, end) =
                joined.map_err(|error| EngineError::Internal(format!("a task broke off: {error}")))?;
            ends[index] = Some(end?);
        }
        Ok(ends.into_iter().flatten().collect())
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "each is one fact of the task, gathered by the superstep"
    )]
    async fn turn(
        &self,
        graph: &Arc<Graph>,
        checkpoint: &Checkpoint,
        step: i64,
        planned: PlannedTask,
        state: Channels,
        argument: Option<Value>,
        known: Known,
        grants: Vec<Grant>,
        several: bool,
    ) -> Result<TaskEnd, EngineError> {
        let Some(spec) = graph.node(&planned.node) else {
            let error = NodeError::failed(
                ErrorClass::Invalid,
                "graph_changed",
                format!(
                    "the graph '{}' no longer has the node '{}' that is due",
                    graph.name(),
                    planned.node
                ),
            );
            return Ok(TaskEnd::Failed { error, attempts: 0 });
        };
        let held = self.held
            || graph
                .hold_point()
                .is_some_and(|hold| hold.behind.contains(&planned.node));
        let requester = self.writer.lock().await.requester();
        let info = TaskInfo {
            thread: self.thread,
            run: self.run,
            actor: self.caller.actor.clone(),
            requester: requester.unwrap_or_else(|| self.caller.actor.clone()),
            namespace: checkpoint.namespace.clone(),
            checkpoint: checkpoint.id,
            task: planned.id,
            node: planned.node.clone(),
            step,
            attempt: 1,
        };
        let end = match &spec.work {
            Work::Subgraph(subgraph) => {
                if let Some(events) = &self.options.events {
                    // Nobody has to listen.
                    let _ = events.send(Event::TaskStarted {
                        namespace: info.namespace.clone(),
                        task: info.task,
                        node: info.node.clone(),
                        attempt: 1,
                    });
                }
                let below = Run { held, ..self.clone() };
                below.subgraph(subgraph, &info, state, argument).await?
            }
            Work::Action(action) => {
                let journal =
                    TaskJournal::new(info.clone(), self.writer.clone(), known, grants, self.events());
                let events = self.events();
                let turn = Turn {
                    spec: NodeSpec { ..spec.clone() },
                    info: info.clone(),
                    state,
                    argument,
                    held,
                    journal: Arc::new(journal),
                    cancel: self.cancel.clone(),
                    clock: self.clock.clone(),
                    tell: Arc::new(move |event| {
                        if let Some(events) = &events {
                            // Nobody has to listen.
                            let _ = events.send(event);
                        }
                    }),
                };
                task::run(action.clone(), turn).await
            }
        };
        if let TaskEnd::Finished { writes, attempts } = &end {
            let mut writer = self.writer.lock().await;
            note_finished(&mut writer, &info, writes, *attempts);
            // A finished sibling is not run again when another one fails or the process dies.
            if several && spec.class != NodeClass::Pure && self.options.durability == Durability::Sync {
                writer.flush().await?;
            }
        }
        Ok(end)
    }

    /// Runs a graph that is a node of this one, in its own namespace. A fan-out's argument is written
    /// over what the graph is given of the parent's state.
    async fn subgraph(
        &self,
        subgraph: &crate::graph::Subgraph,
        info: &TaskInfo,
        state: Channels,
        argument: Option<Value>,
    ) -> Result<TaskEnd, EngineError> {
        let namespace = info.namespace.child(&info.node, &info.task);
        let mark = {
            let mut writer = self.writer.lock().await;
            writer.flush().await?;
            writer
                .head()
                .and_then(|head| head.checkpoints.get(&namespace).copied())
        };
        let failed = |code: &str, error: String| TaskEnd::Failed {
            error: NodeError::failed(ErrorClass::Invalid, code, error),
            attempts: 1,
        };
        let live = match mark {
            Some(mark) => load_live(self.store.as_ref(), &subgraph.graph, self.thread, mark.id).await?,
            None => {
                let mut input = match subgraph.input(state) {
                    Ok(input) => input,
                    Err(error) => return Ok(failed("subgraph_input", error.to_string())),
                };
                // A fan-out's argument says what is this task's alone.
                match argument {
                    None => {}
                    Some(Value::Object(own)) => input.extend(own),
                    Some(_) => {
                        let message = "the argument of a graph must be an object of its channels";
                        return Ok(failed("subgraph_input", message.into()));
                    }
                }
                let defaults = subgraph.graph.defaults().clone();
                let (merged, _) = match step::merge(&subgraph.graph, &defaults, &[input]) {
                    Ok(merged) => merged,
                    Err(error) => return Ok(failed("subgraph_input", error.to_string())),
                };
                let due = match step::next(&subgraph.graph, &merged, [START]) {
                    Ok(due) => due,
                    Err(error) => return Ok(failed("route", error.to_string())),
                };
                let place = Place {
                    namespace: &namespace,
                    parent: None,
                    step: -1,
                    source: Source::Input,
                    fresh: true,
                };
                self.checkpoint(&subgraph.graph, place, merged, |_| true, due)
                    .await
            }
        };
        Ok(match self.graph(&subgraph.graph, live).await? {
            GraphEnd::Completed(state) => match subgraph.output(state) {
                Ok(writes) => TaskEnd::Finished { writes, attempts: 1 },
                Err(error) => failed("subgraph_output", error.to_string()),
            },
            GraphEnd::Interrupted => TaskEnd::Waiting,
            GraphEnd::Failed(failure) => TaskEnd::Failed {
                error: NodeError::failed(failure.class, failure.code, failure.message),
                attempts: failure.attempts,
            },
            GraphEnd::Cancelled => TaskEnd::Cancelled,
            GraphEnd::Return(reason) => TaskEnd::Return { reason },
        })
    }

    /// Draws the conclusion of a superstep: the next checkpoint, or how the graph ended.
    async fn conclude(
        &self,
        graph: &Graph,
        live: Live,
        ends: Vec<TaskEnd>,
    ) -> Result<Result<Live, GraphEnd>, EngineError> {
        let tasks = live.checkpoint.tasks.clone();
        let (mut failure, mut returned, mut waiting, mut cancelled, mut unknown) =
            (None, None, false, false, false);
        for (planned, end) in tasks.iter().zip(&ends) {
            match end {
                TaskEnd::Finished { .. } => {}
                TaskEnd::Unknown { effect, reason } => {
                    unknown = true;
                    let before = live.known.get(&planned.id).map_or(0, |known| known.unknowns);
                    self.note_unknown(graph, &live.checkpoint, planned, before, effect, reason)
                        .await;
                }
                TaskEnd::Waiting | TaskEnd::Asked { .. } => waiting = true,
                TaskEnd::Return { reason } => {
                    returned = returned.or(Some((planned.node.clone(), reason.clone())));
                }
                TaskEnd::Failed { error, attempts } => {
                    let error = error.to_failure(&planned.node, *attempts);
                    self.writer.lock().await.note(
                        Entry::TaskFailed {
                            namespace: live.checkpoint.namespace.clone(),
                            checkpoint: live.checkpoint.id,
                            task: planned.id,
                            failure: error.clone(),
                        },
                        [],
                    );
                    failure = failure.or(Some(error));
                }
                TaskEnd::Cancelled => cancelled = true,
            }
        }
        if unknown {
            return Ok(Err(GraphEnd::Interrupted));
        }
        if let Some(failure) = failure {
            return Ok(Err(GraphEnd::Failed(failure)));
        }
        if cancelled {
            return Ok(Err(GraphEnd::Cancelled));
        }
        // An outcome that nobody has settled is not lost sight of because a sibling turns back.
        let unsettled = |asked: &Interrupt| {
            asked.kind == InterruptKind::OutcomeUnknown
                && asked.namespace.is_within(&live.checkpoint.namespace)
        };
        if self
            .writer
            .lock()
            .await
            .pending_interrupts()
            .iter()
            .any(unsettled)
        {
            return Ok(Err(GraphEnd::Interrupted));
        }
        if let Some((node, reason)) = returned {
            return self.turn_back(graph, live, ends, node, reason).await;
        }
        if waiting {
            for (planned, end) in tasks.iter().zip(ends) {
                if let TaskEnd::Asked { ordinal, question } = end {
                    self.note_question(&live.checkpoint, planned, ordinal, question)
                        .await;
                }
            }
            return Ok(Err(GraphEnd::Interrupted));
        }
        let writes: Vec<Channels> = ends
            .into_iter()
            .map(|end| match end {
                TaskEnd::Finished { writes, .. } => writes,
                _ => Channels::new(),
            })
            .collect();
        let merged = step::merge(graph, &live.state, &writes);
        let (state, written) = match merged {
            Ok(merged) => merged,
            Err(error) => return Ok(Err(GraphEnd::Failed(invalid("state", error.to_string())))),
        };
        let due = match step::next(graph, &state, tasks.iter().map(|task| task.node.as_str())) {
            Ok(due) => due,
            Err(error) => return Ok(Err(GraphEnd::Failed(invalid("route", error.to_string())))),
        };
        let place = Place {
            namespace: &live.checkpoint.namespace,
            parent: Some(&live.checkpoint),
            step: live.checkpoint.step + 1,
            source: Source::Loop,
            fresh: false,
        };
        Ok(Ok(self
            .checkpoint(graph, place, state, |name| written.contains(name), due)
            .await))
    }

    /// Sends the graph back to the entry of its hold point, voiding what permission there was.
    async fn turn_back(
        &self,
        graph: &Graph,
        live: Live,
        ends: Vec<TaskEnd>,
        node: String,
        reason: String,
    ) -> Result<Result<Live, GraphEnd>, EngineError> {
        {
            let mut writer = self.writer.lock().await;
            for grant in writer.grants() {
                writer.note(
                    Entry::GrantVoided {
                        grant: grant.id,
                        reason: reason.clone(),
                    },
                    [],
                );
            }
        }
        let Some(hold) = graph.hold_point().filter(|hold| hold.behind.contains(&node)) else {
            return Ok(Err(GraphEnd::Return(reason)));
        };
        let mut tasks = Vec::new();
        for (planned, end) in live.checkpoint.tasks.iter().zip(ends) {
            let writes = match end {
                TaskEnd::Finished { writes, .. } => Some(writes),
                _ => None,
            };
            tasks.push((due(self.store.as_ref(), planned).await?, writes));
        }
        let mut writer = self.writer.lock().await;
        let by = Actor::system("hold point");
        supersede(&mut writer, &live.checkpoint.namespace, &by, self.clock.now());
        drop(writer);
        let place = Place {
            namespace: &live.checkpoint.namespace,
            parent: Some(&live.checkpoint),
            step: live.checkpoint.step + 1,
            source: Source::Return,
            fresh: false,
        };
        let (mut state, written, due) = match step::back(graph, &live.state, tasks) {
            Ok(back) => back,
            Err(error) => return Ok(Err(GraphEnd::Failed(invalid("state", error.to_string())))),
        };
        hold.note(&mut state, &reason);
        let written = |name: &str| written.contains(name) || hold.notes_in(name);
        Ok(Ok(self.checkpoint(graph, place, state, written, due).await))
    }

    async fn note_question(
        &self,
        checkpoint: &Checkpoint,
        planned: &PlannedTask,
        ordinal: u32,
        question: crate::graph::Question,
    ) {
        let asked = Asking {
            kind: InterruptKind::Question,
            ordinal,
            question,
        };
        self.note_asked(checkpoint, planned, asked).await;
    }

    async fn note_unknown(
        &self,
        graph: &Graph,
        checkpoint: &Checkpoint,
        planned: &PlannedTask,
        before: u32,
        effect: &str,
        reason: &str,
    ) {
        let reason = match self.stopped_by.get() {
            Some(who) => format!("{reason} ({who})"),
            None => reason.to_owned(),
        };
        let facts = {
            let writer = self.writer.lock().await;
            writer
                .head()
                .and_then(|head| head.effects.iter().find(|open| open.task == planned.id))
                .map_or(Value::Null, |open| open.facts.clone())
        };
        let value = match graph.node(&planned.node).map(|node| &node.work) {
            Some(Work::Action(action)) => action.outcome_unknown(effect, &facts, &reason),
            _ => Value::Null,
        };
        let question = crate::graph::Question {
            value,
            expires_at: None,
        };
        let asked = Asking {
            kind: InterruptKind::OutcomeUnknown,
            ordinal: unknown_ordinal(before),
            question,
        };
        self.note_asked(checkpoint, planned, asked).await;
    }

    async fn note_asked(&self, checkpoint: &Checkpoint, planned: &PlannedTask, asking: Asking) {
        let question = asking.question.value.clone();
        let (interrupt, stored) = make_interrupt(self.thread, self.clock.now(), checkpoint, planned, asking);
        let mut writer = self.writer.lock().await;
        writer.note(Entry::Asked(interrupt.clone()), [stored]);
        writer.tell(Event::Interrupted {
            interrupt: Box::new(interrupt),
            question,
        });
    }
}

fn nodes(live: &Live) -> Vec<String> {
    live.checkpoint
        .tasks
        .iter()
        .map(|task| task.node.clone())
        .collect()
}

fn invalid(code: &str, message: String) -> Failure {
    Failure {
        code: code.into(),
        class: ErrorClass::Internal,
        message,
        node: None,
        attempts: 1,
    }
}

/// How a run ended, from how its graph ended.
pub(super) fn outcome(end: GraphEnd, pending: Vec<Interrupt>, reason: Option<String>) -> Outcome {
    match end {
        GraphEnd::Completed(_) => Outcome::Completed,
        GraphEnd::Interrupted => Outcome::Interrupted {
            interrupts: pending.into_iter().map(|interrupt| interrupt.id).collect(),
        },
        GraphEnd::Failed(failure) => Outcome::Failed(failure),
        GraphEnd::Cancelled => Outcome::Cancelled {
            reason: reason.unwrap_or_else(|| "cancelled".into()),
        },
        GraphEnd::Return(reason) => Outcome::Failed(invalid("no_hold_point", reason)),
    }
}
