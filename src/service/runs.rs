//! Runs, answers, cancellations and steering.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use tokio::sync::mpsc::UnboundedSender;

use crate::{
    engine::{EngineError, Invocation, NewThread, RunOptions},
    gate::{self, Action, Subject},
    graph::END,
    graphs::python_executor::{NAME, Request, RequestError},
    model::{
        Actor, Caller, Channels, CheckpointId, Command, Event, Head, InterruptId, Outcome, ServiceEvent,
        ThreadId,
    },
};

use super::{Core, RunReply, Service, ServiceError, error::thread_of, permission};

/// The most characters of a thread's name.
const MAX_NAME: usize = 200;

impl Service {
    /// Runs a request to its end or to its first question, on a thread of the caller's naming or a new one.
    ///
    /// # Errors
    /// [`ServiceError`]: nothing ran. A request that fails, is refused or waits is not an error but a reply.
    pub async fn invoke(
        &self,
        request: Request,
        thread: Option<&str>,
        by: impl Into<Caller>,
    ) -> Result<RunReply, ServiceError> {
        self.core.invoke(request, thread, by.into(), None).await
    }

    /// Resumes or steers a thread.
    ///
    /// # Errors
    /// [`ServiceError`]: an answer that is not accepted leaves its question pending.
    pub async fn resume(
        &self,
        thread: &str,
        command: Command,
        by: impl Into<Caller>,
    ) -> Result<RunReply, ServiceError> {
        self.core
            .run(thread_of(thread), Invocation::Command(command), by.into(), None)
            .await
    }

    /// Answers the question `interrupt`.
    ///
    /// # Errors
    /// As [`Service::resume`].
    pub async fn answer(
        &self,
        interrupt: InterruptId,
        answer: Value,
        by: impl Into<Caller>,
    ) -> Result<RunReply, ServiceError> {
        self.core
            .answer(Some(interrupt), None, answer, by.into(), None)
            .await
    }
}

impl Core {
    pub(super) async fn invoke(
        &self,
        request: Request,
        thread: Option<&str>,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<RunReply, ServiceError> {
        let input = self.input_of(request)?;
        if thread.is_some_and(|name| name.chars().count() > MAX_NAME) {
            let problem = format!("a thread's name has at most {MAX_NAME} characters");
            return Err(RequestError::Field {
                field: "thread".into(),
                problem,
            }
            .into());
        }
        if let Err(refusal) = gate::may(&by, Action::Ask, Subject::NewThread) {
            return Err(self.refused(&by, refusal, None).await);
        }
        self.may_ask_more(&by.actor).await?;
        let (id, name) = match thread {
            Some(reference) => {
                let id = thread_of(reference);
                (id, own_name(id, reference))
            }
            None => (ThreadId::new(), None),
        };
        let new = NewThread {
            id,
            graph: NAME.to_owned(),
            name,
            by: by.actor.clone(),
            metadata: BTreeMap::new(),
        };
        self.carry_out(id, Invocation::Input(input), by, events, Some(new))
            .await
    }

    /// The input of a thread for `request`, once that is found to be in order.
    pub(super) fn input_of(&self, request: Request) -> Result<Channels, ServiceError> {
        request.check()?;
        request.check_against(&self.config.executor)?;
        if request.code.is_none() && self.config.generation.generator == "fixed" {
            return Err(RequestError::NoCode.into());
        }
        let request =
            serde_json::to_value(request).map_err(|error| EngineError::Internal(error.to_string()))?;
        Ok(Channels::from([("request".to_owned(), request)]))
    }

    /// One requester may have only so many questions pending.
    pub(super) async fn may_ask_more(&self, by: &Actor) -> Result<(), ServiceError> {
        let store = self.engine.store();
        let mut pending = 0;
        for waiting in store.pending().await? {
            let head = store.head(waiting.thread).await?;
            pending += u32::from(head.is_some_and(|head| head.requester.name == by.name));
        }
        if let Err(refusal) = gate::may_pend(&self.config.approval, &by.name, pending) {
            let event = ServiceEvent::Refused {
                what: "a new request".into(),
                reason: refusal.message.clone(),
                by: by.clone(),
                thread: None,
            };
            store.log(event).await?;
            return Err(ServiceError::Refused(refusal));
        }
        Ok(())
    }

    /// Carries out a run of a thread that exists and tells how the thread then stands.
    pub(super) async fn run(
        &self,
        thread: ThreadId,
        invocation: Invocation,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<RunReply, ServiceError> {
        self.carry_out(thread, invocation, by, events, None).await
    }

    async fn carry_out(
        &self,
        thread: ThreadId,
        invocation: Invocation,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
        create: Option<NewThread>,
    ) -> Result<RunReply, ServiceError> {
        let action = permission::action(&invocation);
        let before: Vec<InterruptId> = match self.engine.store().head(thread).await? {
            Some(head) if action != Action::Ask && !permission::sees(&by, &head) => {
                return Err(EngineError::UnknownThread(thread).into());
            }
            Some(head) => head.interrupts.iter().map(|interrupt| interrupt.id).collect(),
            None => Vec::new(),
        };
        let answers = matches!(&invocation, Invocation::Command(command) if command.resume.is_some());
        let options = RunOptions {
            events,
            create,
            recursion_limit: self.config.executor.recursion_limit,
            admission: Some(permission::admission(&by, action)),
            ..RunOptions::default()
        };
        let result = self.engine.invoke(thread, invocation, by.clone(), options).await;
        let report = match result {
            Ok(report) => report,
            Err(error) => {
                self.log_refusal(thread, &error, by.actor).await;
                return Err(error.into());
            }
        };
        let mut reply = self.reply(&report.head).await?;
        if !answers {
            let pending =
                |id: &&InterruptId| !reply.interrupts.iter().any(|asked| asked.interrupt_id == **id);
            reply.ended_interrupts = before.iter().filter(pending).copied().collect();
        }
        Ok(reply)
    }

    /// An answer that was refused, or came too late, stands in the audit log.
    pub(super) async fn log_refusal(&self, thread: ThreadId, error: &EngineError, by: Actor) {
        let told = matches!(
            error,
            EngineError::Answer(_)
                | EngineError::Resolved(_)
                | EngineError::Expired { .. }
                | EngineError::Ambiguous { .. }
                | EngineError::Protected(_)
                | EngineError::NotAdmitted(_)
        );
        if !told {
            return;
        }
        let event = ServiceEvent::Refused {
            what: "an answer, a request or a change of state".into(),
            reason: error.to_string(),
            by,
            thread: Some(thread),
        };
        if let Err(error) = self.engine.store().log(event).await {
            tracing::error!(%error, "a refusal could not be kept in the audit log");
        }
    }

    pub(super) async fn answer(
        &self,
        interrupt: Option<InterruptId>,
        thread: Option<&str>,
        answer: Value,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<RunReply, ServiceError> {
        let (thread, command) = match (interrupt, thread) {
            (Some(id), _) => {
                let asker = self.engine.store().asker(id).await?;
                let thread = asker.ok_or(EngineError::UnknownInterrupt(id))?;
                if !permission::sees(&by, &self.engine.head(thread).await?) {
                    return Err(EngineError::UnknownInterrupt(id).into());
                }
                (thread, Command::answer(id, answer))
            }
            (None, Some(thread)) => (
                thread_of(thread),
                Command {
                    resume: Some(crate::model::Resume::Value(answer)),
                    ..Command::default()
                },
            ),
            (None, None) => return Err(ServiceError::NoSubject),
        };
        self.run(thread, Invocation::Command(command), by, events).await
    }

    pub(super) async fn cancel(
        &self,
        thread: ThreadId,
        reason: Option<String>,
        by: Caller,
    ) -> Result<RunReply, ServiceError> {
        self.allow_on(&by, Action::Cancel, thread).await?;
        let by = by.actor;
        let reason = match reason {
            Some(reason) => format!("cancelled by {}: {reason}", by.name),
            None => format!("cancelled by {}", by.name),
        };
        if self.engine.cancel_run(thread, &reason) {
            self.engine.wait_for(thread).await;
        } else {
            let head = self.engine.cancel_questions(thread, reason, by).await?;
            return self.reply(&head).await;
        }
        let head = self.engine.head(thread).await?;
        self.reply(&head).await
    }

    pub(super) async fn fork(
        &self,
        thread: ThreadId,
        checkpoint: Option<String>,
        into: Option<String>,
        by: Caller,
        events: Option<UnboundedSender<Event>>,
    ) -> Result<RunReply, ServiceError> {
        let at = match checkpoint {
            Some(text) => Some(
                text.parse::<CheckpointId>()
                    .map_err(|_| ServiceError::InvalidCheckpoint(text.clone()))?,
            ),
            None => None,
        };
        let doing = match into {
            Some(_) => Action::Read,
            None => Action::Steer,
        };
        self.allow_on(&by, doing, thread).await?;
        let actor = by.actor.clone();
        let target = match into {
            Some(name) => {
                if let Err(refusal) = gate::may(&by, Action::Ask, Subject::NewThread) {
                    return Err(self.refused(&by, refusal, Some(thread)).await);
                }
                let into = thread_of(&name);
                let name = own_name(into, &name);
                self.engine.copy_named(thread, at, into, name, actor).await?;
                into
            }
            None => {
                let last = self.engine.head(thread).await?.checkpoint().map(|mark| mark.id);
                let at = at.or(last).ok_or(EngineError::NothingDue(thread))?;
                self.engine.fork(thread, at, actor).await?;
                thread
            }
        };
        match self.run(target, Invocation::Continue, by, events).await {
            Err(ServiceError::Engine(EngineError::NothingDue(_))) => {
                let head = self.engine.head(target).await?;
                self.reply(&head).await
            }
            other => other,
        }
    }

    pub(super) async fn update_state(
        &self,
        thread: ThreadId,
        values: Map<String, Value>,
        as_node: Option<&str>,
        by: Caller,
    ) -> Result<RunReply, ServiceError> {
        self.allow_on(&by, Action::Steer, thread).await?;
        let by = by.actor;
        let as_node = as_node.map(|node| if node == "END" { END } else { node });
        match self
            .engine
            .update_state(thread, values, as_node, by.clone())
            .await
        {
            Ok(head) => self.reply(&head).await,
            Err(error) => {
                self.log_refusal(thread, &error, by).await;
                Err(error.into())
            }
        }
    }

    /// How a thread stands.
    pub(super) async fn reply(&self, head: &Head) -> Result<RunReply, ServiceError> {
        let state = self.engine.state(head.thread).await?;
        let questions = self.engine.questions(head).await?;
        Ok(super::inspection::run_reply(head, state, questions))
    }
}

/// What the caller calls the thread `id`, unless it is the id itself.
fn own_name(id: ThreadId, reference: &str) -> Option<String> {
    (uuid::Uuid::parse_str(reference) != Ok(id.0)).then(|| reference.to_owned())
}

/// Whether a run ended because it was cancelled.
pub(super) fn was_cancelled(head: &Head) -> bool {
    matches!(&head.last_run, Some((_, Outcome::Cancelled { .. })))
}
