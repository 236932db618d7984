//! What a thread is given from outside: input, steering, state updates, forks and copies.
//!
//! Whoever steers can never put a thread behind its hold point: what would be due there goes back
//! to its entry. What is asked when a thread is steered ends in the trail, as cancelled or superseded.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    graph::{END, Graph, InputPolicy, START},
    model::{
        Actor, Answer, Channels, Checkpoint, CheckpointId, Command, Entry, Head, Interrupt, InterruptKind,
        Namespace, Resolution, Source, ThreadId,
    },
    store::RecordRange,
};

use super::{
    Engine, EngineError, Invocation, NewThread, RunOptions, RunReport, StopBefore, Taken, Taking,
    checkpoint::{Live, Place, load_live},
    runner::Run,
    step, values,
    writer::Writer,
};

/// How pending questions end when a thread is steered.
pub(super) enum Ending {
    Cancelled(String),
    Superseded,
}

impl Engine {
    /// New input: the thread's work begins anew.
    pub(super) async fn take_input(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        input: Channels,
    ) -> Result<Live, EngineError> {
        refuse_unsettled(head)?;
        check_protected(graph, input.keys())?;
        let before = match head.checkpoint() {
            Some(mark) => Some(load_live(self.store.as_ref(), graph, head.thread, mark.id).await?),
            None => None,
        };
        let base = match (graph.input_policy(), &before) {
            (InputPolicy::Keep, Some(live)) => live.state.clone(),
            _ => graph.defaults().clone(),
        };
        let keep = graph.input_policy() == InputPolicy::Keep;
        let (state, written) = step::merge(graph, &base, std::slice::from_ref(&input))?;
        let due = step::next(graph, &state, [START])?;
        self.start(
            run,
            head,
            Some(&input),
            true,
            Some(Ending::Cancelled("new input".into())),
            true,
        )
        .await;
        let place = Place {
            namespace: &Namespace::root(),
            parent: before.as_ref().map(|live| &live.checkpoint),
            step: before.as_ref().map_or(-1, |live| live.checkpoint.step + 1),
            source: Source::Input,
            fresh: !keep,
        };
        let live = run
            .checkpoint(graph, place, state, |name| !keep || written.contains(name), due)
            .await;
        run.writer.lock().await.flush().await?;
        Ok(live)
    }

    /// Going on from the last checkpoint.
    pub(super) async fn take_continue(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
    ) -> Result<Live, EngineError> {
        let mark = head.checkpoint().ok_or(EngineError::NothingDue(head.thread))?;
        let live = load_live(self.store.as_ref(), graph, head.thread, mark.id).await?;
        if live.checkpoint.tasks.is_empty() {
            return Err(EngineError::NothingDue(head.thread));
        }
        check_nodes(graph, &live.checkpoint)?;
        self.start(run, head, None, false, None, false).await;
        run.writer.lock().await.flush().await?;
        Ok(live)
    }

    /// A command: answers, or steering.
    pub(super) async fn take_command(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        command: Command,
    ) -> Result<Taken, EngineError> {
        let steers = !command.update.is_empty() || !command.goto.is_empty();
        match command.resume {
            Some(_) if steers => Err(EngineError::Contradiction(
                "an answer goes alone: 'update' and 'goto' would change what it is an answer to".into(),
            )),
            Some(resume) => self.take_answers(run, graph, head, resume).await,
            None if !steers => Err(EngineError::Contradiction(
                "a command needs 'resume', 'update' or 'goto'".into(),
            )),
            None => self
                .take_steering(run, graph, head, command)
                .await
                .map(Taken::Live),
        }
    }

    async fn take_steering(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        command: Command,
    ) -> Result<Live, EngineError> {
        refuse_unsettled(head)?;
        let (state, written, parent) = self.updated(graph, head, command.update).await?;
        let (due, ending) = if command.goto.is_empty() {
            (pending(self, &parent).await?, Ending::Superseded)
        } else {
            (targets(graph, command.goto)?, Ending::Cancelled("goto".into()))
        };
        self.steer(run, graph, head, &parent, state, &written, due, ending)
            .await
    }

    /// The state changes under a pending question.
    pub(super) async fn take_update(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        update: Map<String, Value>,
        as_node: Option<&str>,
    ) -> Result<Live, EngineError> {
        refuse_unsettled(head)?;
        let (state, written, parent) = self.updated(graph, head, update).await?;
        let due = match as_node {
            Some(node) => step::next(graph, &state, [node])?,
            None => pending(self, &parent).await?,
        };
        let ending = match as_node {
            // Nothing will ask again in the questions' place.
            Some(node) if due.is_empty() => Ending::Cancelled(format!("resolved as '{node}'")),
            _ => Ending::Superseded,
        };
        self.steer(run, graph, head, &parent, state, &written, due, ending)
            .await
    }

    /// Begins a run on a steered checkpoint, in the commit that ends what was asked before.
    #[allow(clippy::too_many_arguments, reason = "the parts of one commit")]
    async fn steer(
        &self,
        run: &Run,
        graph: &Graph,
        head: &Head,
        parent: &Checkpoint,
        state: Channels,
        written: &BTreeSet<String>,
        due: Vec<step::Due>,
        ending: Ending,
    ) -> Result<Live, EngineError> {
        let due = step::held(graph, due);
        self.start(run, head, None, false, Some(ending), true).await;
        if !written.is_empty() {
            let by = run.caller.actor.clone();
            run.writer.lock().await.note(authored(by, "update"), []);
        }
        let place = Place {
            namespace: &Namespace::root(),
            parent: Some(parent),
            step: parent.step + 1,
            source: Source::Update,
            fresh: false,
        };
        let live = run
            .checkpoint(graph, place, state, |name| written.contains(name), due)
            .await;
        run.writer.lock().await.flush().await?;
        Ok(live)
    }

    /// Notes that a run starts, how pending questions end and that permissions are void.
    async fn start(
        &self,
        run: &Run,
        head: &Head,
        input: Option<&Channels>,
        new_input: bool,
        ending: Option<Ending>,
        voids: bool,
    ) {
        let mut writer = run.writer.lock().await;
        let stored = input.map(|input| {
            let input = Value::Object(
                input
                    .iter()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            );
            values::whole(&input)
        });
        let (reference, piece) = stored.unzip();
        writer.note(
            Entry::RunStarted {
                run: run.run,
                owner: self.owner,
                fence: head.fence + 1,
                by: run.caller.actor.clone(),
                input: reference,
                new_input,
                about: run.options.about.clone(),
            },
            piece,
        );
        if let Some(ending) = ending {
            end_questions(&mut writer, head, &ending, &run.caller.actor, self.clock.now());
        }
        if voids {
            void_grants(&mut writer, head, "the thread was steered");
        }
    }

    async fn updated(
        &self,
        graph: &Graph,
        head: &Head,
        update: Map<String, Value>,
    ) -> Result<(Channels, BTreeSet<String>, Checkpoint), EngineError> {
        check_protected(graph, update.keys())?;
        let mark = head.checkpoint().ok_or(EngineError::NothingDue(head.thread))?;
        let live = load_live(self.store.as_ref(), graph, head.thread, mark.id).await?;
        let (state, written) = step::merge(graph, &live.state, &[update.into_iter().collect()])?;
        Ok((state, written, live.checkpoint))
    }

    /// Writes `values` to a thread's state as if `as_node` had written them (the pending nodes stay
    /// due without one). A question that was pending is asked anew, about the new state; with
    /// `as_node` [`END`] and no values it is cancelled and nothing is due any more.
    ///
    /// # Errors
    /// [`EngineError::Protected`], [`EngineError::State`], [`EngineError::UnknownNode`],
    /// [`EngineError::MustSettle`], [`EngineError::Busy`], or the store's.
    pub async fn update_state(
        &self,
        thread: ThreadId,
        update: Map<String, Value>,
        as_node: Option<&str>,
        by: Actor,
    ) -> Result<Head, EngineError> {
        let head = self.unowned_head(thread).await?;
        refuse_unsettled(&head)?;
        let graph = self.graph(&head.graph)?.clone();
        if !head.interrupts.is_empty() && as_node != Some(END) {
            check_node(&graph, as_node)?;
            let taking = Taking::Update {
                update,
                as_node: as_node.map(str::to_owned),
            };
            let options = self.asking_only(thread).await?;
            return Ok(self
                .take(thread, taking, by.into(), options)
                .await?
                .finish()
                .await?
                .head);
        }
        check_node(&graph, as_node)?;
        let (state, written, parent) = self.updated(&graph, &head, update).await?;
        let (due, ending) = match as_node {
            Some(END) => (Vec::new(), Ending::Cancelled("resolved from outside".into())),
            Some(node) => (step::next(&graph, &state, [node])?, Ending::Superseded),
            None => (pending(self, &parent).await?, Ending::Superseded),
        };
        let due = step::held(&graph, due);
        let place = (&parent, Source::Update);
        self.plant(
            &head,
            &graph,
            place,
            state,
            &|name: &str| written.contains(name),
            due,
            &ending,
            &by,
            (!written.is_empty()).then(|| authored(by.clone(), "update")),
        )
        .await?;
        self.head(thread).await
    }

    /// Goes back to an earlier checkpoint of the thread: what was due there is due again, except
    /// that nothing behind the hold point is. Nothing runs; [`Invocation::Continue`] goes on.
    ///
    /// # Errors
    /// [`EngineError::UnknownCheckpoint`], [`EngineError::MustSettle`], [`EngineError::Busy`], or the store's.
    pub async fn fork(&self, thread: ThreadId, at: CheckpointId, by: Actor) -> Result<Head, EngineError> {
        let head = self.unowned_head(thread).await?;
        refuse_unsettled(&head)?;
        let graph = self.graph(&head.graph)?.clone();
        let live = self.own_checkpoint(&graph, thread, at).await?;
        let due = step::held(&graph, pending(self, &live.checkpoint).await?);
        let ending = Ending::Cancelled("forked from an earlier checkpoint".into());
        let place = (&live.checkpoint, Source::Fork);
        self.plant(
            &head,
            &graph,
            place,
            live.state,
            &|_: &str| false,
            due,
            &ending,
            &by,
            None,
        )
        .await?;
        self.head(thread).await
    }

    /// A checkpoint of the thread's own graph, not of one below it.
    async fn own_checkpoint(
        &self,
        graph: &Graph,
        thread: ThreadId,
        at: CheckpointId,
    ) -> Result<Live, EngineError> {
        let live = load_live(self.store.as_ref(), graph, thread, at).await?;
        if live.checkpoint.namespace == Namespace::root() {
            Ok(live)
        } else {
            Err(EngineError::UnknownCheckpoint {
                thread,
                checkpoint: at,
            })
        }
    }

    /// Makes a new thread that begins with the state of a checkpoint of `thread` (its last one
    /// without `at`). It carries no question and no permission along.
    ///
    /// # Errors
    /// [`EngineError::UnknownCheckpoint`], [`EngineError::ThreadExists`], [`EngineError::MustSettle`], or
    /// the store's.
    pub async fn copy(
        &self,
        thread: ThreadId,
        at: Option<CheckpointId>,
        into: ThreadId,
        by: Actor,
    ) -> Result<Head, EngineError> {
        self.copy_named(thread, at, into, None, by).await
    }

    /// As [`Engine::copy`]; the new thread carries the caller's own `name`.
    ///
    /// # Errors
    /// As [`Engine::copy`].
    pub async fn copy_named(
        &self,
        thread: ThreadId,
        at: Option<CheckpointId>,
        into: ThreadId,
        name: Option<String>,
        by: Actor,
    ) -> Result<Head, EngineError> {
        let source = self.head(thread).await?;
        // What may have been done once must not be due a second time elsewhere.
        refuse_unsettled(&source)?;
        let graph = self.graph(&source.graph)?.clone();
        let mut metadata = source.metadata.clone();
        metadata.insert("copied_from".to_owned(), Value::String(thread.to_string()));
        let new = NewThread {
            id: into,
            graph: source.graph.clone(),
            name,
            by: by.clone(),
            metadata,
        };
        let at = at.or(source.checkpoint().map(|mark| mark.id));
        let live = match at {
            Some(at) => Some(self.own_checkpoint(&graph, thread, at).await?),
            None => None,
        };
        let head = self.create_thread(new).await?;
        let Some(live) = live else { return Ok(head) };
        let due = step::held(&graph, pending(self, &live.checkpoint).await?);
        let ending = Ending::Superseded;
        // What it is about was asked for by others, who are not to approve it here either.
        let askers = source.askers().into_iter().filter(|asker| *asker != by);
        let theirs = askers.map(|asker| authored(asker, "copy"));
        let place = (&live.checkpoint, Source::Fork);
        self.plant(
            &head,
            &graph,
            place,
            live.state,
            &|_: &str| true,
            due,
            &ending,
            &by,
            theirs,
        )
        .await?;
        self.head(into).await
    }

    /// Commits a checkpoint without running anything.
    #[allow(clippy::too_many_arguments, reason = "the parts of one commit")]
    async fn plant(
        &self,
        head: &Head,
        graph: &Graph,
        (parent, source): (&Checkpoint, Source),
        state: Channels,
        written: &(dyn Fn(&str) -> bool + Sync),
        due: Vec<step::Due>,
        ending: &Ending,
        by: &Actor,
        authors: impl IntoIterator<Item = Entry>,
    ) -> Result<(), EngineError> {
        let mut writer = Writer::new(
            self.store.clone(),
            self.clock.clone(),
            head.thread,
            Some(head.clone()),
            None,
        );
        end_questions(&mut writer, head, ending, by, self.clock.now());
        void_grants(&mut writer, head, "the thread was steered");
        for author in authors {
            writer.note(author, []);
        }
        let root = Namespace::root();
        let place = Place {
            namespace: &root,
            parent: Some(parent),
            step: parent.step + 1,
            source,
            fresh: false,
        };
        let run = parent.run;
        let (_, entry, stored) =
            super::checkpoint::make_checkpoint(head.thread, run, graph, place, state, written, due);
        writer.note(entry, stored);
        match writer.flush().await {
            Err(crate::store::StoreError::Conflict { .. }) => {
                Err(self.lost_race(head.thread, head, &[]).await)
            }
            other => {
                self.turn();
                Ok(other?)
            }
        }
    }

    /// A run that goes only as far as the next question: it passes pure nodes and those that asked before.
    async fn asking_only(&self, thread: ThreadId) -> Result<RunOptions, EngineError> {
        let records = self.store.records(thread, RecordRange::ALL).await?;
        let asked = records
            .into_iter()
            .filter_map(|stored| match stored.record.entry {
                Entry::Asked(interrupt) if interrupt.kind == InterruptKind::Question => Some(interrupt.node),
                _ => None,
            });
        Ok(RunOptions {
            stop_before: StopBefore::AnythingOutside { but: asked.collect() },
            ..RunOptions::default()
        })
    }

    /// Goes on with the nodes that touch nothing outside, until something is asked.
    pub(super) async fn ask_again(
        &self,
        thread: ThreadId,
        by: Actor,
    ) -> Result<Option<RunReport>, EngineError> {
        let options = self.asking_only(thread).await?;
        match Box::pin(self.invoke(thread, Invocation::Continue, by, options)).await {
            Ok(report) => Ok(Some(report)),
            // Someone else has taken it up already.
            Err(EngineError::NothingDue(_) | EngineError::Busy { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Ends a thread's pending questions without an answer: nothing is due any more.
    ///
    /// # Errors
    /// [`EngineError::NothingAsked`], [`EngineError::MustSettle`], [`EngineError::Busy`], or the store's.
    pub async fn cancel_questions(
        &self,
        thread: ThreadId,
        reason: String,
        by: Actor,
    ) -> Result<Head, EngineError> {
        let head = self.unowned_head(thread).await?;
        if head.interrupts.is_empty() {
            return Err(EngineError::NothingAsked(thread));
        }
        refuse_unsettled(&head)?;
        let graph = self.graph(&head.graph)?.clone();
        let mark = head.checkpoint().ok_or(EngineError::NothingAsked(thread))?;
        let live = load_live(self.store.as_ref(), &graph, thread, mark.id).await?;
        let place = (&live.checkpoint, Source::Update);
        let ending = Ending::Cancelled(reason);
        self.plant(
            &head,
            &graph,
            place,
            live.state,
            &|_: &str| false,
            Vec::new(),
            &ending,
            &by,
            None,
        )
        .await?;
        self.head(thread).await
    }
}

pub(super) fn end_questions(
    writer: &mut Writer,
    head: &Head,
    ending: &Ending,
    by: &Actor,
    at: crate::model::Timestamp,
) {
    for interrupt in &head.interrupts {
        let resolution = match ending {
            Ending::Cancelled(reason) => Resolution::Cancelled {
                reason: (*reason).to_owned(),
            },
            Ending::Superseded => Resolution::Superseded,
        };
        writer.note(resolved(interrupt, resolution, by.clone(), at), []);
    }
}

/// Whoever changes what is asked about asks for it too.
pub(super) fn authored(by: Actor, what: &str) -> Entry {
    Entry::Authored {
        by,
        what: what.to_owned(),
    }
}

/// Notes that what was permitted is permitted no longer.
pub(super) fn void_grants(writer: &mut Writer, head: &Head, reason: &str) {
    for grant in &head.grants {
        writer.note(
            Entry::GrantVoided {
                grant: grant.id,
                reason: reason.to_owned(),
            },
            [],
        );
    }
}

/// The end of an interrupt that no answer ended.
pub(super) fn resolved(
    interrupt: &Interrupt,
    resolution: Resolution,
    by: Actor,
    at: crate::model::Timestamp,
) -> Entry {
    Entry::Resolved {
        answer: Answer {
            interrupt: interrupt.id,
            namespace: interrupt.namespace.clone(),
            checkpoint: interrupt.checkpoint,
            task: interrupt.task,
            ordinal: interrupt.ordinal,
            resolution,
            by,
            at,
            facts: Value::Null,
        },
        grant: None,
    }
}

/// While nobody knows how an effect ended, a thread does nothing but wait for someone to settle it.
pub(super) fn refuse_unsettled(head: &Head) -> Result<(), EngineError> {
    let unsettled = !head.effects.is_empty()
        || head
            .interrupts
            .iter()
            .any(|asked| asked.kind == InterruptKind::OutcomeUnknown);
    if unsettled {
        Err(EngineError::MustSettle { thread: head.thread })
    } else {
        Ok(())
    }
}

fn check_protected<'a>(graph: &Graph, names: impl Iterator<Item = &'a String>) -> Result<(), EngineError> {
    for name in names {
        if graph.channel(name).is_some_and(|channel| channel.protected) {
            return Err(EngineError::Protected(name.clone()));
        }
    }
    Ok(())
}

/// A thread paused under a graph that changed goes on only if its pending nodes still exist.
pub(super) fn check_nodes(graph: &Graph, checkpoint: &Checkpoint) -> Result<(), EngineError> {
    let gone: Vec<String> = checkpoint
        .tasks
        .iter()
        .filter(|task| graph.node(&task.node).is_none())
        .map(|task| task.node.clone())
        .collect();
    if gone.is_empty() {
        Ok(())
    } else {
        Err(EngineError::GraphChanged {
            graph: graph.name().to_owned(),
            nodes: gone,
        })
    }
}

fn check_node(graph: &Graph, node: Option<&str>) -> Result<(), EngineError> {
    match node {
        Some(node) if node != START && node != END && graph.node(node).is_none() => {
            Err(EngineError::UnknownNode {
                graph: graph.name().to_owned(),
                node: node.to_owned(),
            })
        }
        _ => Ok(()),
    }
}

fn targets(graph: &Graph, nodes: Vec<String>) -> Result<Vec<step::Due>, EngineError> {
    let mut due = Vec::new();
    for node in nodes {
        if node == END {
            continue;
        }
        if graph.node(&node).is_none() {
            return Err(EngineError::UnknownNode {
                graph: graph.name().to_owned(),
                node,
            });
        }
        due.push((node, None));
    }
    Ok(due)
}

/// What is due on a checkpoint, with the arguments of its tasks.
async fn pending(engine: &Engine, checkpoint: &Checkpoint) -> Result<Vec<step::Due>, EngineError> {
    let mut due = Vec::new();
    for planned in &checkpoint.tasks {
        due.push(super::checkpoint::due(engine.store.as_ref(), planned).await?);
    }
    Ok(due)
}
