//! Runs that are begun for callers who don't wait: acknowledged once what they take up is on disk, and carried
//! out to their end whoever listens.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};
use tokio::sync::{mpsc, oneshot};

use crate::{
    engine::{Durability, EngineError, Invocation, NewThread, RunOptions, RunReport},
    gate::{self, Action, Subject},
    graphs::python_executor::{NAME, Request},
    model::{Actor, Caller, Channels, CheckpointId, Command, Event, RunId, ThreadId},
};

use super::{
    Core, Service, ServiceError, permission,
    stream::{Channel, Listener, RunEnd, Told},
};

/// What a run is begun for.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// New input: for `python_executor` a request, for other graphs their channels.
    Input(Map<String, Value>),
    /// An answer, or steering.
    Command(Command),
    /// Going on from where the thread stands.
    Continue,
}

/// A run that is to begin.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The thread.
    pub thread: ThreadId,
    /// The graph.
    pub graph: String,
    /// What it is begun for.
    pub work: Work,
    /// The checkpoint it goes on from; the thread's last one if `None`.
    pub at: Option<CheckpointId>,
    /// Makes the thread with this data of the caller's own, if there is none yet.
    pub create: Option<BTreeMap<String, Value>>,
    /// Whether the thread is deleted when the run ends, unless it waits for someone.
    pub temporary: bool,
    /// When checkpoints are committed.
    pub durability: Durability,
    /// How many supersteps it may take, if fewer than configured.
    pub recursion_limit: Option<u32>,
    /// Static breakpoints before these nodes.
    pub interrupt_before: Vec<String>,
    /// Static breakpoints after these nodes.
    pub interrupt_after: Vec<String>,
    /// Whether what it tells is kept for a while after its end.
    pub resumable: bool,
    /// What the caller wants kept beside the run.
    pub about: Option<Value>,
}

/// A run that has begun.
#[derive(Debug)]
pub struct Launched {
    /// The run.
    pub run: RunId,
    /// Hears everything it tells.
    pub listener: Listener,
}

impl Service {
    /// Begins a run. Once this returns, what the run takes up is on disk; it goes on whatever becomes of the caller.
    ///
    /// # Errors
    /// [`ServiceError`]: nothing was taken up.
    pub async fn launch(&self, launch: Launch, by: impl Into<Caller>) -> Result<Launched, ServiceError> {
        if let Some(reason) = &self.core.not_startable {
            return Err(ServiceError::Remote(Box::new(reason.clone())));
        }
        let (accepted, begun) = oneshot::channel();
        let (core, by) = (self.core.clone(), by.into());
        // A task of its own, so that a caller who hangs up stops nothing half-way.
        tokio::spawn(async move { core.carry(launch, by, accepted).await });
        begun.await.unwrap_or(Err(ServiceError::Closing))
    }

    /// Cancels a run whose caller wanted it for as long as they listen.
    pub fn abandon(&self, run: RunId) {
        self.core.engine.cancel(run, "the client went away");
    }

    /// Listens to a run that goes on in this process, or has ended there not long ago: to what follows the thing
    /// numbered `after`, or to what is told from now on.
    pub fn listen(&self, run: RunId, after: Option<u64>) -> Option<Listener> {
        self.core.broker.listen(run, after)
    }
}

impl Core {
    async fn carry(
        &self,
        launch: Launch,
        by: Caller,
        accepted: oneshot::Sender<Result<Launched, ServiceError>>,
    ) {
        let run = RunId::new();
        let (thread, temporary, resumable) = (launch.thread, launch.temporary, launch.resumable);
        let (sender, mut events) = mpsc::unbounded_channel();
        let taken = match self.prepare(launch, run, by.clone(), sender).await {
            Ok((invocation, options)) => {
                let begun = self.engine.begin(thread, invocation, by.clone(), options).await;
                match begun {
                    Ok(begun) => Ok(begun),
                    Err(error) => {
                        let error = self.who_decided(error).await;
                        self.log_refusal(thread, &error, by.actor.clone()).await;
                        Err(error.into())
                    }
                }
            }
            Err(error) => Err(error),
        };
        let begun = match taken {
            Ok(begun) => begun,
            Err(error) => {
                // Whoever asked may have hung up.
                let _ = accepted.send(Err(error));
                return;
            }
        };
        let channel = self.broker.open(run);
        let listener = Listener::new(channel.clone(), Some(0));
        tell_beginning(&channel, begun.values(), &mut events);
        // As above.
        let _ = accepted.send(Ok(Launched { run, listener }));
        let report = {
            let mut work = std::pin::pin!(begun.finish());
            loop {
                tokio::select! {
                    Some(event) = events.recv() => channel.tell(Told::Event(event)),
                    report = &mut work => break report,
                }
            }
        };
        while let Ok(event) = events.try_recv() {
            channel.tell(Told::Event(event));
        }
        let waits = matches!(&report, Ok(report) if !report.interrupts.is_empty());
        channel.tell(Told::Ended(match report {
            Ok(report) => Ok(end_of(report)),
            Err(error) => {
                tracing::error!(%thread, %run, %error, "a run broke off");
                Err(ServiceError::from(error).reply())
            }
        }));
        self.broker.close(run, resumable);
        if temporary
            && !waits
            && let Err(error) = self.engine.delete(thread, by.actor).await
        {
            tracing::warn!(%thread, %error, "a temporary thread was not deleted");
        }
    }

    /// An answer where nothing is asked any more is told whose answer stands.
    async fn who_decided(&self, error: EngineError) -> EngineError {
        let EngineError::NothingAsked(thread) = error else {
            return error;
        };
        match self.engine.last_answer(thread).await {
            Ok(Some(answer)) => EngineError::Resolved(Box::new(answer)),
            Ok(None) => EngineError::NothingAsked(thread),
            Err(error) => error,
        }
    }

    /// What the engine is to do, once everything that the service's own rules ask for is found to be in order.
    async fn prepare(
        &self,
        launch: Launch,
        run: RunId,
        by: Caller,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<(Invocation, RunOptions), ServiceError> {
        self.may_work(&launch, &by).await?;
        let action = action(&launch.work);
        let invocation = match launch.work {
            Work::Continue => Invocation::Continue,
            Work::Command(command) => Invocation::Command(command),
            Work::Input(input) if launch.graph == NAME => {
                let input = self.input_of(Request::from_json(Value::Object(input))?)?;
                self.may_ask_more(&by.actor).await?;
                Invocation::Input(input)
            }
            Work::Input(input) => Invocation::Input(input.into_iter().collect()),
        };
        if let Some(at) = launch.at {
            self.go_to(launch.thread, at, &invocation, &by.actor).await?;
        }
        let most = self.config.executor.recursion_limit;
        let create = launch.create.map(|metadata| NewThread {
            id: launch.thread,
            graph: launch.graph.clone(),
            name: None,
            by: by.actor.clone(),
            metadata,
        });
        let options = RunOptions {
            durability: launch.durability,
            recursion_limit: launch.recursion_limit.map_or(most, |limit| limit.min(most)),
            interrupt_before: launch.interrupt_before,
            interrupt_after: launch.interrupt_after,
            events: Some(events),
            create,
            graph: Some(launch.graph),
            run: Some(run),
            about: launch.about,
            admission: Some(permission::admission(&by, action)),
            ..RunOptions::default()
        };
        Ok((invocation, options))
    }

    /// Whether `by` may do what is asked, before anything of it is done. Where a thread is still to be made the
    /// engine asks once more, on the head that the run is committed behind.
    async fn may_work(&self, launch: &Launch, by: &Caller) -> Result<(), ServiceError> {
        let action = action(&launch.work);
        match self.engine.head(launch.thread).await {
            Ok(head) => {
                if !permission::sees(by, &head) {
                    return Err(EngineError::UnknownThread(launch.thread).into());
                }
                self.allow_on(by, action, launch.thread).await?;
                // Going back is steering, whatever is asked for there.
                if launch.at.is_some() && action != Action::Answer {
                    self.allow_on(by, Action::Steer, launch.thread).await?;
                }
                Ok(())
            }
            Err(EngineError::UnknownThread(_)) if launch.create.is_some() => {
                match gate::may(by, action, Subject::NewThread) {
                    Ok(()) => Ok(()),
                    Err(refusal) => Err(self.refused(by, refusal, None).await),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Goes back to the checkpoint `at`, unless the thread stands there. An answer is never taken anywhere but to
    /// the question that stands.
    async fn go_to(
        &self,
        thread: ThreadId,
        at: CheckpointId,
        invocation: &Invocation,
        by: &Actor,
    ) -> Result<(), ServiceError> {
        let head = self.engine.head(thread).await?;
        if head.checkpoint().is_some_and(|mark| mark.id == at) {
            return Ok(());
        }
        if matches!(invocation, Invocation::Command(command) if command.resume.is_some()) {
            let answered = self.engine.snapshot(thread, at).await?.answers.into_iter().next();
            let stale = EngineError::NothingAsked(thread);
            return Err(match answered {
                Some(answer) => EngineError::Resolved(Box::new(answer)),
                None => self.who_decided(stale).await,
            }
            .into());
        }
        self.engine.fork(thread, at, by.clone()).await?;
        Ok(())
    }
}

/// What `work` does to a thread.
fn action(work: &Work) -> Action {
    match work {
        Work::Input(_) => Action::Ask,
        Work::Command(command) if command.resume.is_some() => Action::Answer,
        Work::Command(_) | Work::Continue => Action::Steer,
    }
}

/// Tells the state a run goes on with, unless its first events tell one.
fn tell_beginning(channel: &Arc<Channel>, values: &Channels, events: &mut mpsc::UnboundedReceiver<Event>) {
    let mut first = Vec::new();
    while let Ok(event) = events.try_recv() {
        first.push(event);
    }
    if !first
        .iter()
        .any(|event| matches!(event, Event::Checkpoint { .. }))
    {
        channel.tell(Told::State(values.clone()));
    }
    for event in first {
        channel.tell(Told::Event(event));
    }
}

fn end_of(report: RunReport) -> RunEnd {
    RunEnd {
        outcome: report.outcome,
        values: report.values,
        interrupts: report.interrupts,
    }
}
